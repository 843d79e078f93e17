"""A payment that the desk took is one of the order's: held, paid back and kept by the same rules."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.ledger import (
    Ledger,
    open_ledger,
    payments_of,
    rebase,
    release_money,
    reserve,
    reserve_again,
    settle,
    with_payment,
)
from aftersales.domain.order import Payment
from aftersales.domain.refusal import Code, Refusal
from tests.builders import BOWLS, an_order, assert_balanced

DIFFERENCE = Payment(
    payment_id="case-1.charge.1", provider="stripe", reference="pi_difference", captured=1_250
)


def a_ledger() -> Ledger:
    return with_payment(open_ledger(an_order()), DIFFERENCE)


def test_what_was_captured_grows_by_it_and_can_be_paid_back() -> None:
    before, after = open_ledger(an_order()), a_ledger()
    assert after.available == before.available + 1_250
    assert payments_of(an_order(), after) == (*an_order().payments, DIFFERENCE)
    assert_balanced(after)


def test_it_counts_once_however_often_it_is_booked() -> None:
    assert with_payment(a_ledger(), DIFFERENCE) == a_ledger()


def test_another_payment_of_its_name_is_not_booked() -> None:
    with pytest.raises(ValueError, match=DIFFERENCE.payment_id):
        with_payment(a_ledger(), replace(DIFFERENCE, captured=1))


def test_the_platform_writes_its_order_again_and_the_payment_stays() -> None:
    ledger, _ = reserve(a_ledger(), {BOWLS: 1})
    assert rebase(ledger, an_order()) == ledger


@pytest.mark.parametrize(
    "copied",
    [replace(DIFFERENCE, payment_id="pay-3"), replace(DIFFERENCE, reference="pi_other")],
    ids=["by its reference", "by its id"],
)
def test_a_platform_that_adds_the_payment_to_its_own_is_told(copied: Payment) -> None:
    order = an_order()
    with pytest.raises(Refusal) as refused:
        rebase(a_ledger(), replace(order, payments=(*order.payments, copied)))
    assert (refused.value.code, refused.value.detail) == (
        Code.ORDER_IN_USE,
        f"The desk took payment {copied.payment_id} itself and keeps it.",
    )


@given(
    taken=st.lists(st.integers(1, 10_000), max_size=4),
    asked=st.lists(st.tuples(st.integers(1, 20_000), st.booleans()), max_size=6),
)
def test_no_payment_gives_back_more_than_it_brought(taken: list[int], asked: list[tuple[int, bool]]) -> None:
    ledger = open_ledger(an_order())
    for number, amount in enumerate(taken):
        payment = replace(DIFFERENCE, payment_id=f"charge-{number}", captured=amount)
        ledger = with_payment(with_payment(ledger, payment), payment)
    captured = {balance.payment_id: balance.captured for balance in ledger.balances}
    paid = dict.fromkeys(captured, 0)
    for amount, refunded in asked:
        if amount > ledger.available:
            with pytest.raises(Refusal):
                reserve_again(ledger, (), amount)
            continue
        held, money = reserve_again(ledger, (), amount)
        ledger = settle(held, money) if refunded else release_money(held, money)
        assert_balanced(ledger)
        for part in money if refunded else ():
            paid[part.payment_id] += part.amount
    assert all(paid[one] <= captured[one] for one in captured)
    assert sum(captured.values()) == ledger.available + sum(paid.values())
