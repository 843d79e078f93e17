"""The ledger of an order: no unit twice, no cent lost, nothing beyond what was captured."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.ledger import (
    Balance,
    External,
    ExternalKind,
    ExternalState,
    Ledger,
    LedgerLine,
    PaymentShare,
    Reservation,
    Unit,
    consume_units,
    declined_before,
    gone,
    hold_again,
    less,
    note_decline,
    open_ledger,
    pick_units,
    rebase,
    record_external,
    release,
    release_money,
    reserve,
    reverse,
    settle,
    split_over_payments,
)
from aftersales.domain.order import SHIPPING, Order, Shipping
from aftersales.domain.refusal import Code, Refusal
from tests.builders import (
    BOWLS,
    CARD,
    GIFT_CARD,
    MARMALADE,
    PORTRAIT,
    a_line,
    a_payment,
    an_order,
    assert_balanced,
)


def part(payment_id: str, amount: int) -> PaymentShare:
    return PaymentShare(payment_id=payment_id, amount=amount)


def total_of(parts: Iterable[PaymentShare]) -> int:
    return sum(one.amount for one in parts)


def units(ledger: Ledger, line_id: str) -> tuple[Unit, ...]:
    line = ledger.line(line_id)
    assert line
    return line.units


def money(ledger: Ledger) -> dict[str, tuple[int, int, int]]:
    """Per payment: available, reserved, refunded."""
    return {one.payment_id: (one.available, one.reserved, one.refunded) for one in ledger.balances}


# --- opening -----------------------------------------------------------------------------------------------


def test_the_words_in_which_a_ledger_is_stored_never_change() -> None:
    assert list(Unit) == ["available", "reserved", "refunded", "exchanged"]
    assert list(ExternalKind) == ["refund", "dispute"]
    assert list(ExternalState) == ["open", "taken", "returned"]


def test_a_ledger_stored_before_steps_and_chargebacks_were_known_reads_as_one_without_them() -> None:
    stored = Ledger(
        order_id="order-1",
        currency="USD",
        version=1,
        lines=(LedgerLine(line_id=BOWLS, total=10_000, tax=833, units=(Unit.AVAILABLE,) * 3),),
        balances=(Balance(payment_id=CARD, captured=14_898, available=14_898),),
    )
    whole = open_ledger(an_order())
    assert (stored.lines[0], stored.balances[0]) == (whole.lines[0], whole.balances[1])
    assert stored.external == whole.external == ()


def test_a_reservation_of_nothing_holds_nothing() -> None:
    assert (Reservation().units, Reservation().money, Reservation().amount) == ((), (), 0)


def test_a_new_ledger_has_every_unit_free_and_every_payment_whole() -> None:
    ledger = open_ledger(an_order())
    assert {line.line_id: len(line.free) for line in ledger.lines} == {
        BOWLS: 3,
        MARMALADE: 2,
        PORTRAIT: 1,
        SHIPPING: 1,
    }
    assert money(ledger) == {GIFT_CARD: (2_500, 0, 0), CARD: (14_898, 0, 0)}
    assert ledger.available == 17_398
    assert (ledger.version, ledger.frozen, ledger.currency) == (1, False, "USD")


# --- units -------------------------------------------------------------------------------------------------


def test_a_case_takes_the_lowest_free_units_with_their_stored_tax() -> None:
    (held,) = pick_units(open_ledger(an_order()), {BOWLS: 2})
    assert (held.units, held.amount, held.tax) == ((1, 2), 6_667, 555)


def test_two_cases_cannot_take_the_same_unit() -> None:
    ledger, first = reserve(open_ledger(an_order()), {BOWLS: 2})
    ledger, second = reserve(ledger, {BOWLS: 1})
    assert (first.units[0].units, second.units[0].units) == ((1, 2), (3,))
    with pytest.raises(Refusal) as refusal:
        reserve(ledger, {BOWLS: 1})
    assert refusal.value.code is Code.UNITS_UNAVAILABLE
    assert refusal.value.facts == {"line_id": BOWLS, "available": 0}
    assert refusal.value.detail == "Line bowls has 0 units that no other case holds; 1 were asked for."


def test_a_case_that_asks_for_more_units_than_are_free_gets_none_of_them() -> None:
    ledger, _ = reserve(open_ledger(an_order()), {BOWLS: 1})
    with pytest.raises(Refusal) as refusal:
        reserve(ledger, {MARMALADE: 1, BOWLS: 3})
    assert refusal.value.facts == {"line_id": BOWLS, "available": 2}
    assert units(ledger, MARMALADE) == (Unit.AVAILABLE, Unit.AVAILABLE)


def test_a_line_that_the_order_does_not_have_cannot_be_claimed() -> None:
    with pytest.raises(Refusal) as refusal:
        reserve(open_ledger(an_order()), {"teapot": 1})
    assert (refusal.value.code, refusal.value.facts) == (Code.LINE_UNKNOWN, {"line_id": "teapot"})
    assert refusal.value.detail == "The order has no line teapot."


def test_the_shipping_is_paid_back_once() -> None:
    ledger, claim = reserve(open_ledger(an_order()), {BOWLS: 1, SHIPPING: 1})
    assert claim.amount == 3_333 + 799
    with pytest.raises(Refusal) as refusal:
        reserve(ledger, {SHIPPING: 1})
    assert refusal.value.code is Code.UNITS_UNAVAILABLE
    ledger = consume_units(settle(ledger, claim.money), claim.units)
    with pytest.raises(Refusal):
        reserve(ledger, {SHIPPING: 1})


def test_a_freed_unit_carries_the_same_money_for_whoever_takes_it_next() -> None:
    start = open_ledger(an_order())
    ledger, first = reserve(start, {BOWLS: 1})
    ledger, second = reserve(ledger, {BOWLS: 1})
    ledger, again = reserve(release(ledger, first), {BOWLS: 1})
    assert again.units == first.units
    assert second.units[0].amount == 3_334
    assert release(release(ledger, again), second) == start


@given(
    total=st.integers(0, 10_000_000_000),
    quantity=st.integers(1, 1000),
    currency=st.sampled_from(["JPY", "USD", "KWD"]),
    tax_percent=st.integers(0, 100),
    cases=st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.integers(0, 10**6)), max_size=8),
)
def test_cases_in_any_order_share_a_line_to_the_last_minor_unit(
    total: int, quantity: int, currency: str, tax_percent: int, cases: list[tuple[int, bool, int]]
) -> None:
    tax = total * tax_percent // 100
    ledger = open_ledger(
        an_order(
            currency=currency,
            lines=(a_line(BOWLS, quantity, total, tax=tax),),
            shipping=Shipping(),
            payments=(a_payment(captured=total),),
        )
    )
    held: list[Reservation] = []

    def take(ledger: Ledger, wanted: int) -> Ledger:
        ledger, claim = reserve(ledger, {BOWLS: wanted})
        held.append(claim)
        return ledger

    def free() -> int:
        return units(ledger, BOWLS).count(Unit.AVAILABLE)

    for wanted, frees, which in cases:
        ledger = take(ledger, min(wanted, free()))
        if frees:
            ledger = release(ledger, held.pop(which % len(held)))
    ledger = take(ledger, free())

    assert sum(claim.amount for claim in held) == total
    assert sum(line.amount for claim in held for line in claim.units) == total
    assert sum(line.tax for claim in held for line in claim.units) == tax
    assert ledger.available == 0


# --- money -------------------------------------------------------------------------------------------------


def test_money_is_taken_from_the_oldest_payment_first_and_never_above_what_it_has() -> None:
    ledger, first = reserve(open_ledger(an_order()), {MARMALADE: 2})
    ledger, second = reserve(ledger, {BOWLS: 1})
    ledger, third = reserve(ledger, {PORTRAIT: 1})
    assert first.money == (part(GIFT_CARD, 1_599),)
    assert second.money == (part(GIFT_CARD, 901), part(CARD, 2_432))
    assert third.money == (part(CARD, 5_000),)
    assert money(ledger) == {GIFT_CARD: (0, 2_500, 0), CARD: (7_466, 7_432, 0)}


def test_a_claim_above_what_is_left_of_the_payments_is_refused() -> None:
    ledger = open_ledger(an_order(payments=(a_payment(GIFT_CARD, 2_500), a_payment(CARD, 500))))
    with pytest.raises(Refusal) as refusal:
        reserve(ledger, {BOWLS: 1})
    assert (refusal.value.code, refusal.value.facts) == (Code.MONEY_UNAVAILABLE, {"missing": 333})
    assert refusal.value.detail == "What is left of the order's payments does not cover this amount."


def test_a_claim_that_takes_exactly_what_is_left_is_served() -> None:
    ledger = open_ledger(an_order(payments=(a_payment(GIFT_CARD, 2_500), a_payment(CARD, 833))))
    ledger, claim = reserve(ledger, {BOWLS: 1})
    assert (claim.amount, ledger.available) == (3_333, 0)


def test_units_that_cost_nothing_hold_no_money() -> None:
    ledger = open_ledger(an_order(lines=(a_line(total=0),)))
    assert reserve(ledger, {BOWLS: 3})[1].money == ()


@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=6).flatmap(
        lambda captured: st.tuples(st.just(captured), st.integers(0, sum(captured)))
    )
)
def test_an_amount_is_spread_over_several_payments_oldest_first_each_capped(
    case: tuple[list[int], int],
) -> None:
    captured, amount = case
    parts = [part(f"p{k}", have) for k, have in enumerate(captured)]
    taken = {one.payment_id: one.amount for one in split_over_payments(amount, parts)}
    assert sum(taken.values()) == amount
    rest = amount
    for one in parts:
        assert taken.get(one.payment_id, 0) == min(rest, one.amount)
        rest -= min(rest, one.amount)


def test_a_frozen_order_takes_no_new_case() -> None:
    ledger = left(open_ledger(an_order()), a_dispute(1))
    with pytest.raises(Refusal) as refusal:
        reserve(ledger, {BOWLS: 1})
    assert (refusal.value.code, refusal.value.detail) == (
        Code.ORDER_FROZEN,
        "A payment of this order is disputed at the payment provider.",
    )


def test_a_frozen_order_still_settles_and_frees_what_its_cases_hold() -> None:
    ledger, first = reserve(open_ledger(an_order()), {BOWLS: 1})
    ledger, second = reserve(ledger, {BOWLS: 1})
    ledger = release(settle(left(ledger, a_dispute(1)), first.money), second)
    assert (ledger.frozen, money(ledger)) == (True, {GIFT_CARD: (0, 0, 2_500), CARD: (14_064, 0, 833)})


def test_disputed_money_is_not_there_for_a_case() -> None:
    ledger = open_ledger(an_order())
    ledger = left(ledger, a_dispute(14_898, ExternalState.TAKEN))
    assert_balanced(ledger)
    with pytest.raises(Refusal) as refusal:
        reserve(ledger, {BOWLS: 1})
    assert refusal.value.facts == {"missing": 833}


def test_what_was_paid_is_what_was_held_less_what_is_still_owed() -> None:
    held = (part(GIFT_CARD, 901), part(CARD, 2_432))
    assert less(held, (part(GIFT_CARD, 901), part(CARD, 32))) == (part(CARD, 2_400),)
    assert less(held, (part(CARD, 400), part(GIFT_CARD, 901), part(CARD, 32))) == (part(CARD, 2_000),)
    assert less(held, ()) == held
    assert less(held, held) == ()


def test_a_refund_goes_from_reserved_to_refunded_and_back_when_it_fails_late() -> None:
    held, claim = reserve(open_ledger(an_order()), {BOWLS: 1})
    paid = consume_units(settle(held, claim.money), claim.units)
    assert money(paid) == {GIFT_CARD: (0, 0, 2_500), CARD: (14_065, 0, 833)}
    assert units(paid, BOWLS) == (Unit.REFUNDED, Unit.AVAILABLE, Unit.AVAILABLE)
    assert hold_again(reverse(paid, claim.money), claim.units) == held


def test_money_that_is_not_owed_in_the_end_is_free_for_the_next_case() -> None:
    ledger, _ = reserve(open_ledger(an_order()), {BOWLS: 1})
    assert money(release_money(ledger, (part(CARD, 833),)))[CARD] == (14_898, 0, 0)


def test_books_that_would_go_below_zero_are_a_programming_error() -> None:
    ledger, claim = reserve(open_ledger(an_order()), {BOWLS: 1})
    with pytest.raises(ValueError, match="payment card has 833 reserved, not 834"):
        settle(ledger, (part(CARD, 834),))
    with pytest.raises(ValueError, match="payment gift-card has 0 refunded, not 1"):
        reverse(ledger, (part(GIFT_CARD, 1),))
    with pytest.raises(ValueError, match="unit 1 of line bowls is available, not reserved"):
        release(release(ledger, claim), claim)
    with pytest.raises(ValueError, match="unit 1 of line bowls is reserved, not refunded"):
        hold_again(ledger, claim.units)


@dataclass
class Claim:
    """A reservation on its walk through the books."""

    reservation: Reservation
    paid: list[PaymentShare] = field(default_factory=list)

    @property
    def due(self) -> list[PaymentShare]:
        return [one for one in self.reservation.money if one not in self.paid]


def orders() -> st.SearchStrategy[Order]:
    lines = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3_000)), min_size=1, max_size=3)
    payments = st.lists(st.integers(0, 4_000), min_size=1, max_size=3)
    return st.builds(
        lambda lines, shipping, payments: an_order(
            lines=tuple(a_line(f"line-{k}", quantity, total) for k, (quantity, total) in enumerate(lines)),
            shipping=Shipping(total=shipping),
            payments=tuple(a_payment(f"payment-{k}", captured) for k, captured in enumerate(payments)),
        ),
        lines,
        st.integers(0, 500),
        payments,
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "settle", "settle", "reverse"]),
        st.integers(0, 10**6),
        st.integers(1, 4),
    ),
    max_size=40,
)


@given(orders(), STEPS)
def test_whatever_cases_do_the_parts_of_each_payment_stay_what_was_captured(
    order: Order, steps: Iterable[tuple[str, int, int]]
) -> None:
    ledger = open_ledger(order)
    claims: list[Claim] = []
    for step, which, quantity in steps:
        claim = claims[which % len(claims)] if claims else None
        if step == "reserve":
            line = ledger.lines[which % len(ledger.lines)]
            wanted = {line.line_id: quantity}
            if quantity > len(line.free) or line.worth(line.free[:quantity])[0] > ledger.available:
                with pytest.raises(Refusal):
                    reserve(ledger, wanted)
            else:
                ledger, reservation = reserve(ledger, wanted)
                claims.append(Claim(reservation))
        elif claim and step == "release" and not claim.paid:
            ledger = release(ledger, claim.reservation)
            claims.remove(claim)
        elif claim and step == "settle" and claim.due:
            ledger = settle(ledger, claim.due[:1])
            claim.paid.append(claim.due[0])
            if not claim.due:
                ledger = consume_units(ledger, claim.reservation.units)
        elif claim and step == "reverse" and claim.paid:
            if not claim.due:
                ledger = hold_again(ledger, claim.reservation.units)
            ledger = reverse(ledger, (claim.paid.pop(),))

        assert_balanced(ledger)
        for balance in ledger.balances:
            paid = total_of(one for c in claims for one in c.paid if one.payment_id == balance.payment_id)
            due = total_of(one for c in claims for one in c.due if one.payment_id == balance.payment_id)
            assert (balance.refunded, balance.reserved) == (paid, due)
            assert paid + due <= balance.captured
        taken = [(u.line_id, k) for c in claims for u in c.reservation.units for k in u.units]
        assert len(set(taken)) == len(taken)
        assert set(taken) == {
            (line.line_id, k)
            for line in ledger.lines
            for k, unit in enumerate(line.units, 1)
            if unit is not Unit.AVAILABLE
        }


# --- the platform writes the order again --------------------------------------------------------------------


def test_a_decline_is_noted_on_its_line_for_good_and_never_on_the_shipping() -> None:
    ledger, claim = reserve(open_ledger(an_order()), {BOWLS: 1, SHIPPING: 1})
    assert not declined_before(ledger, claim.units)
    noted = note_decline(release(ledger, claim), claim.units)
    other_bowl = reserve(noted, {BOWLS: 1})[1]
    others = reserve(noted, {MARMALADE: 1, SHIPPING: 1})[1]
    assert declined_before(noted, other_bowl.units)
    assert not declined_before(noted, others.units)
    assert rebase(noted, an_order()) == noted
    elsewhere = an_order(lines=an_order().lines[1:])
    assert not any(line.declined for line in rebase(noted, elsewhere).lines)


def refused_rebase(ledger: Ledger, **changes: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        rebase(ledger, an_order(**changes))
    assert refusal.value.code is Code.ORDER_IN_USE
    return refusal.value.detail


def with_line(line_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "lines": tuple(
            replace(line, **changes) if line.line_id == line_id else line for line in an_order().lines
        )
    }


def with_payment(payment_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "payments": tuple(
            replace(one, **changes) if one.payment_id == payment_id else one for one in an_order().payments
        )
    }


@pytest.fixture
def in_use() -> Ledger:
    """A case holds a bowl, paid by the whole gift card and 8.33 of the card."""
    return reserve(open_ledger(an_order()), {BOWLS: 1})[0]


def test_an_order_written_again_unchanged_keeps_its_ledger(in_use: Ledger) -> None:
    assert rebase(in_use, an_order()) == in_use


def test_an_order_that_no_case_touched_may_change_in_every_way_but_its_currency() -> None:
    ledger = open_ledger(an_order())
    changed = an_order(
        lines=(a_line("teapot", 1, 4_500),), shipping=Shipping(total=10), payments=(a_payment("cash", 4_510),)
    )
    assert rebase(ledger, changed) == open_ledger(changed)
    assert refused_rebase(ledger, currency="EUR") == "The currency of an order cannot change."


def test_a_line_with_a_unit_in_a_case_cannot_be_taken_away(in_use: Ledger) -> None:
    detail = refused_rebase(in_use, lines=an_order().lines[1:])
    assert detail == "A case depends on line bowls; it cannot be taken away."


def test_a_line_whose_units_were_refunded_cannot_be_taken_away(in_use: Ledger) -> None:
    claim = pick_units(open_ledger(an_order()), {BOWLS: 1})
    detail = refused_rebase(consume_units(in_use, claim), lines=an_order().lines[1:])
    assert detail == "A case depends on line bowls; it cannot be taken away."


@pytest.mark.parametrize("change", [{"total": 9_999}, {"tax": 0}, {"quantity": 4}])
def test_a_line_with_a_unit_in_a_case_cannot_be_repriced(in_use: Ledger, change: dict[str, int]) -> None:
    detail = refused_rebase(in_use, **with_line(BOWLS, **change))
    assert detail == "A case depends on quantity and amounts of line bowls."


def test_a_shipping_that_a_case_holds_cannot_be_repriced() -> None:
    ledger, _ = reserve(open_ledger(an_order()), {SHIPPING: 1})
    assert refused_rebase(ledger, shipping=Shipping(total=1)) == (
        "A case depends on quantity and amounts of line shipping."
    )


def test_a_payment_that_a_case_draws_on_cannot_be_taken_away(in_use: Ledger) -> None:
    detail = refused_rebase(in_use, payments=an_order().payments[1:])
    assert detail == "A case depends on payment gift-card; it cannot be taken away."


def test_a_payment_cannot_shrink_below_what_cases_hold_and_were_paid(in_use: Ledger) -> None:
    paid = settle(in_use, (part(CARD, 800),))
    detail = refused_rebase(paid, **with_payment(CARD, captured=832))
    assert detail == "More than 832 of payment card is reserved or paid back."
    shrunk = rebase(paid, an_order(**with_payment(CARD, captured=833)))
    assert money(shrunk)[CARD] == (0, 33, 800)
    assert_balanced(shrunk)


def test_money_that_somebody_paid_back_by_hand_cannot_be_taken_away() -> None:
    ledger = left(open_ledger(an_order()), by_hand(898))
    refused_rebase(ledger, payments=an_order().payments[:1])
    refused_rebase(ledger, **with_payment(CARD, captured=897))
    shrunk = rebase(ledger, an_order(**with_payment(CARD, captured=898)))
    assert_balanced(shrunk)
    assert money(shrunk)[CARD] == (0, 0, 0)


def test_disputed_money_of_a_payment_cannot_be_taken_away() -> None:
    ledger = open_ledger(an_order())
    ledger = left(ledger, a_dispute(898))
    refused_rebase(ledger, payments=an_order().payments[:1])
    refused_rebase(ledger, **with_payment(CARD, captured=897))
    shrunk = rebase(ledger, an_order(**with_payment(CARD, captured=898)))
    assert_balanced(shrunk)
    assert money(shrunk)[CARD] == (0, 0, 0)


def test_everything_that_no_case_depends_on_can_change(in_use: Ledger) -> None:
    order = an_order(
        lines=(a_line(tax=833), a_line(MARMALADE, 5, 2_000), a_line("teapot", 1, 4_500)),
        shipping=Shipping(total=500),
        payments=(
            a_payment(GIFT_CARD, 2_500),
            a_payment(CARD, 20_000),
            a_payment("bank-transfer", 100),
        ),
    )
    ledger = rebase(replace(left(in_use, a_dispute(7)), version=7), order)
    assert [line.line_id for line in ledger.lines] == [BOWLS, MARMALADE, "teapot", SHIPPING]
    assert units(ledger, BOWLS) == (Unit.RESERVED, Unit.AVAILABLE, Unit.AVAILABLE)
    assert units(ledger, MARMALADE) == (Unit.AVAILABLE,) * 5
    assert money(ledger) == {
        GIFT_CARD: (0, 2_500, 0),
        CARD: (19_160, 833, 0),
        "bank-transfer": (100, 0, 0),
    }
    assert (ledger.frozen, ledger.version) == (True, 7)
    assert_balanced(ledger)


# --- what leaves without the desk ---------------------------------------------------------------------------


def test_a_refund_made_by_hand_takes_what_is_available_and_leaves_what_cases_hold() -> None:
    ledger, _ = reserve(open_ledger(an_order()), {SHIPPING: 1, BOWLS: 3})
    held = ledger.balances[0].reserved
    assert held == 2_500
    ledger = left(ledger, by_hand(2_000, payment_id=GIFT_CARD), by_hand(14_898, "re_2"))
    gift, card = ledger.balances
    assert (gift.available, gift.reserved, gift.external, gift.short) == (0, 2_500, 0, 2_000)
    assert card.available == 0
    assert card.external + card.short == 14_898
    assert_balanced(ledger)
    assert not ledger.frozen


def test_two_refunds_by_hand_on_one_payment_add_up_in_what_is_gone_and_in_what_is_short() -> None:
    ledger, _ = reserve(open_ledger(an_order()), {MARMALADE: 1})
    one, other = (by_hand(1_000, name, payment_id=GIFT_CARD) for name in ("re_1", "re_2"))
    gift = left(ledger, one, other).balances[0]
    assert (gift.available, gift.reserved, gift.external, gift.short) == (0, 800, 1_700, 300)
    third = by_hand(50, "re_3", payment_id=GIFT_CARD)
    assert left(ledger, one, other, third).balances[0].short == 350


def test_money_that_somebody_paid_back_by_hand_counts_as_taken() -> None:
    ledger, claim = reserve(open_ledger(an_order()), {BOWLS: 1})
    assert left(ledger, by_hand(900)).taken == claim.amount + 900


def test_what_a_case_gives_back_fills_what_is_short_first() -> None:
    ledger, held = reserve(open_ledger(an_order()), {BOWLS: 3})
    ledger = release(left(ledger, by_hand(2_000, payment_id=GIFT_CARD)), held)
    gift = ledger.balances[0]
    assert (gift.available, gift.reserved, gift.external, gift.short) == (500, 0, 2_000, 0)
    assert_balanced(ledger)


def test_an_open_dispute_freezes_the_order_and_one_that_was_won_gives_everything_back() -> None:
    whole = open_ledger(an_order())
    ledger = left(whole, a_dispute(900))
    assert (ledger.frozen, ledger.balances[1].disputed, ledger.available) == (True, 900, 16_498)
    lost, won = (
        left(ledger, a_dispute(900, state)) for state in (ExternalState.TAKEN, ExternalState.RETURNED)
    )
    assert (lost.frozen, lost.balances[1].disputed) == (False, 900)
    assert (won.frozen, won.balances) == (False, whole.balances)


@pytest.mark.parametrize(
    ("first", "late"),
    [
        (ExternalState.TAKEN, ExternalState.OPEN),
        (ExternalState.RETURNED, ExternalState.OPEN),
        (ExternalState.RETURNED, ExternalState.TAKEN),
        (ExternalState.OPEN, ExternalState.OPEN),
    ],
)
def test_old_news_of_what_left_changes_nothing(first: ExternalState, late: ExternalState) -> None:
    ledger = left(open_ledger(an_order()), a_dispute(900, first))
    assert record_external(ledger, [a_dispute(900, late)]) is None


def test_money_of_a_payment_that_the_order_does_not_have_is_not_booked() -> None:
    assert record_external(open_ledger(an_order()), [by_hand(5, payment_id="somebody-else-s")]) is None


def test_only_what_is_short_is_gone_from_what_a_case_is_owed() -> None:
    ledger, held = reserve(open_ledger(an_order()), {BOWLS: 3})
    assert gone(ledger, held.money) == ()
    ledger = left(ledger, by_hand(2_000, payment_id=GIFT_CARD))
    assert gone(ledger, held.money) == (PaymentShare(payment_id=GIFT_CARD, amount=2_000),)
    ledger = left(ledger, by_hand(2_500, payment_id=GIFT_CARD))
    assert gone(ledger, [PaymentShare(payment_id=GIFT_CARD, amount=7)]) == (
        PaymentShare(payment_id=GIFT_CARD, amount=7),
    )


def left(ledger: Ledger, *external: External) -> Ledger:
    """The ledger once that was booked."""
    after = record_external(ledger, external)
    assert after
    return after


def by_hand(amount: int, external_id: str = "re_1", *, payment_id: str = CARD) -> External:
    """A refund that somebody made at the provider."""
    return External(
        external_id=external_id,
        payment_id=payment_id,
        kind=ExternalKind.REFUND,
        amount=amount,
        state=ExternalState.TAKEN,
    )


def a_dispute(amount: int, state: ExternalState = ExternalState.OPEN) -> External:
    """What a bank took."""
    return External(
        external_id="dp_1", payment_id=CARD, kind=ExternalKind.DISPUTE, amount=amount, state=state
    )
