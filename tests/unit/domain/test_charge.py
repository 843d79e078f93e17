"""Money that a case asks of its buyer: held and taken once, whatever order its news arrives in."""

from itertools import permutations

import pytest

from aftersales.domain.charge import Charge, ChargeState, ProviderCharge, observe, payment_of
from aftersales.domain.order import Payment
from tests.builders import NOON

OPEN = (ChargeState.SUBMITTED, ChargeState.AWAITING, ChargeState.AUTHORIZED)
CLOSED = (ChargeState.CAPTURED, ChargeState.CANCELED, ChargeState.FAILED)


def a_charge(state: ChargeState = ChargeState.SUBMITTED) -> Charge:
    return Charge(
        charge_id="case-1.charge.1",
        case_id="case-1",
        order_id="order-1",
        provider="stripe",
        amount=1_250,
        currency="USD",
        asked_at=NOON,
        state=state,
    )


def news(state: ChargeState, *, amount: int = 1_250, captured: int = 0) -> ProviderCharge:
    return ProviderCharge(
        charge_id="case-1.charge.1",
        reference="pi_difference",
        state=state,
        amount=amount,
        currency="USD",
        captured=captured,
        expires_at=NOON + 1,
    )


def test_the_words_in_which_a_charge_is_stored_never_change() -> None:
    assert [*OPEN, *CLOSED] == ["submitted", "awaiting", "authorized", "captured", "canceled", "failed"]


@pytest.mark.parametrize("order", list(permutations(OPEN)))
def test_a_hold_stays_a_hold_in_whatever_order_it_is_told(order: tuple[ChargeState, ...]) -> None:
    charge = a_charge()
    for state in order:
        charge = observe(charge, news(state))
    assert (charge.state, charge.reference, charge.expires_at) == (
        ChargeState.AUTHORIZED,
        "pi_difference",
        NOON + 1,
    )


@pytest.mark.parametrize("end", CLOSED)
@pytest.mark.parametrize("late", [*OPEN, *CLOSED])
def test_what_has_ended_is_moved_by_no_late_word(end: ChargeState, late: ChargeState) -> None:
    ended = observe(a_charge(), news(end, captured=1_250))
    assert ended.state is end
    assert observe(ended, news(late)) == ended


def test_the_same_word_twice_changes_nothing() -> None:
    held = observe(a_charge(), news(ChargeState.AUTHORIZED))
    assert observe(held, news(ChargeState.AUTHORIZED)) == held


def test_a_hold_of_another_amount_is_not_ours_to_take() -> None:
    seen = observe(a_charge(), news(ChargeState.AUTHORIZED, amount=1_251))
    assert (seen.state, seen.failure) == (ChargeState.AWAITING, "amount_differs")


def test_what_was_taken_is_a_payment_of_that_amount() -> None:
    taken = observe(a_charge(), news(ChargeState.CAPTURED, captured=1_000))
    assert payment_of(taken) == Payment(
        payment_id="case-1.charge.1", provider="stripe", reference="pi_difference", captured=1_000
    )
