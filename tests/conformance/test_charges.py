"""Stripe's rules for payments that are held before they are taken, each with the page it comes from.

Run as `test_payment_provider` is: against the sandbox, or with STRIPE_TEST_KEY against Stripe's test mode, where it
has not been run.
"""

from typing import Any
from uuid import uuid4

import pytest
import stripe
from stripe import CardError, InvalidRequestError, PaymentIntent

from aftersales.adapters.stripe_charges import StripeCharges
from aftersales.domain.charge import Charge, ChargeState
from aftersales.usecases.ports import OutcomeUnknown
from tests.conformance.provider import Shop
from tests.conformance.sandbox import Control, Inbox, wait_for

pytestmark = pytest.mark.enable_socket

DAY = 24 * 60 * 60


def ask(shop: Shop, key: str | None = None, **params: Any) -> PaymentIntent:
    """A payment that waits for its buyer."""
    asked: Any = {
        "amount": 1_250,
        "currency": "usd",
        "capture_method": "manual",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        **params,
    }
    return shop.client.v1.payment_intents.create(asked, {"idempotency_key": key} if key else {})


def pay(shop: Shop, intent: PaymentIntent, method: str = "pm_card_visa") -> PaymentIntent:
    return shop.client.v1.payment_intents.confirm(intent.id, {"payment_method": method})


def read(shop: Shop, intent: PaymentIntent) -> PaymentIntent:
    return shop.client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})


# --- Stripe's rules


def test_a_payment_waits_for_its_buyer_then_it_is_held_then_taken(shop: Shop) -> None:
    """https://docs.stripe.com/payments/place-a-hold-on-a-payment-method"""
    intent = ask(shop)
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert intent.client_secret
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    held = pay(shop, intent)
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 1_250, 0)
    taken = shop.client.v1.payment_intents.capture(intent.id)
    assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 1_250)


def test_what_is_held_cannot_be_refunded_and_what_was_taken_can(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create"""
    held = pay(shop, ask(shop))
    with pytest.raises(InvalidRequestError):
        shop.refund(held)
    taken = shop.client.v1.payment_intents.capture(held.id)
    assert shop.refund(taken).amount == 1_250


@pytest.mark.parametrize("verb", ["capture", "cancel"])
def test_what_was_taken_is_neither_taken_nor_given_back_again(shop: Shop, verb: str) -> None:
    """https://docs.stripe.com/error-codes#payment-intent-unexpected-state"""
    held = pay(shop, ask(shop))
    shop.client.v1.payment_intents.capture(held.id)
    with pytest.raises(InvalidRequestError) as refused:
        getattr(shop.client.v1.payment_intents, verb)(held.id)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize("paid", [False, True])
def test_a_payment_can_be_given_up_before_it_is_taken(shop: Shop, paid: bool) -> None:
    """https://docs.stripe.com/api/payment_intents/cancel"""
    intent = ask(shop)
    if paid:
        pay(shop, intent)
    assert shop.client.v1.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(InvalidRequestError) as refused:
        pay(shop, intent)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_declined_card_leaves_the_payment_to_another_card(shop: Shop) -> None:
    """https://docs.stripe.com/payments/paymentintents/lifecycle"""
    intent = ask(shop)
    with pytest.raises(CardError) as declined:
        pay(shop, intent, "pm_card_chargeDeclined")
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    assert read(shop, intent).status == "requires_payment_method"
    assert pay(shop, intent).status == "requires_capture"


def test_a_hold_that_nobody_takes_ends_after_a_week(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/payments/place-a-hold-on-a-payment-method"""
    intent = pay(shop, ask(shop))
    charge = read(shop, intent).latest_charge
    assert isinstance(charge, stripe.Charge)
    until = charge.to_dict()["payment_method_details"]["card"]["capture_before"]
    assert abs(until - charge.created - 7 * DAY) <= 1
    control.post("clock", advance_seconds=7 * DAY + 1)
    ended = wait_for(lambda: read(shop, intent), lambda now: now.status == "canceled")
    assert ended.cancellation_reason == "automatic"


def test_a_payment_is_found_by_its_metadata_after_a_minute(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/search#data-freshness: not read after write."""
    name = str(uuid4())
    intent = ask(shop, metadata={"charge_id": name})

    def search() -> list[str]:
        query = f"metadata['charge_id']:'{name}'"
        return [one.id for one in shop.client.v1.payment_intents.search({"query": query}).data]

    assert search() == []
    control.post("clock", advance_seconds=61)
    assert search() == [intent.id]


def test_what_happens_to_a_payment_that_is_held_is_told(shop: Shop, inbox: Inbox[stripe.Event]) -> None:
    """https://docs.stripe.com/api/events/types"""
    taken, given_up = ask(shop), ask(shop)
    with pytest.raises(CardError):
        pay(shop, taken, "pm_card_chargeDeclined")
    pay(shop, taken)
    shop.client.v1.payment_intents.capture(taken.id)
    shop.client.v1.payment_intents.cancel(given_up.id)
    assert sorted(event.type for event in inbox.take(6)) == [
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    ]


# --- the desk's adapter


class Clock:
    """The adapter's own time, beside the provider's."""

    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def charges(shop: Shop, clock: Clock) -> StripeCharges:
    return StripeCharges(shop.client, clock)


def a_charge(**changes: Any) -> Charge:
    fields: dict[str, Any] = {
        "charge_id": f"case-1.charge.{uuid4()}",
        "case_id": "case-1",
        "order_id": "order-1",
        "provider": "stripe",
        "amount": 1_250,
        "currency": "USD",
        "asked_at": 0,
    }
    return Charge(**fields | changes)


def test_a_charge_is_held_and_taken_once(shop: Shop, charges: StripeCharges) -> None:
    charge = a_charge()
    asked = charges.hold(charge)
    assert (asked.state, charges.hold(charge)) == (ChargeState.AWAITING, asked)
    secret = charges.client_secret(a_charge(charge_id=charge.charge_id, reference=asked.reference))
    assert secret
    assert secret.startswith(asked.reference)

    shop.client.v1.payment_intents.confirm(asked.reference, {"payment_method": "pm_card_visa"})

    known = a_charge(charge_id=charge.charge_id, reference=asked.reference)
    held = charges.find(known)
    assert held
    assert held.state is ChargeState.AUTHORIZED
    assert held.expires_at
    assert held.expires_at > 0
    assert charges.client_secret(known) is None
    for _ in range(2):
        taken = charges.capture(known)
        assert (taken.state, taken.captured) == (ChargeState.CAPTURED, 1_250)
    assert charges.cancel(known).state is ChargeState.CAPTURED


def test_a_charge_that_was_given_up_can_be_paid_by_nobody(charges: StripeCharges) -> None:
    charge = a_charge()
    for _ in range(2):
        ended = charges.cancel(charge)
        assert (ended.state, ended.captured) == (ChargeState.CANCELED, 0)
    # The key is spent: a worker that is late gets what was given up.
    late = charges.hold(charge)
    assert charges.find(a_charge(charge_id=charge.charge_id, reference=late.reference)) == ended


def test_a_hold_whose_time_is_up_says_so(shop: Shop, charges: StripeCharges, control: Control) -> None:
    asked = charges.hold(a_charge())
    known = a_charge(reference=asked.reference)
    shop.client.v1.payment_intents.confirm(asked.reference, {"payment_method": "pm_card_visa"})
    control.post("clock", advance_seconds=7 * DAY + 1)
    ended = wait_for(
        lambda: charges.find(known), lambda now: now is not None and now.state is ChargeState.CANCELED
    )
    assert ended
    assert ended.failure == "expired"
    assert charges.capture(known) == ended


@pytest.mark.parametrize("made", [True, False], ids=["made all the same", "not made"])
def test_a_failure_that_is_saved_is_looked_for_by_metadata(
    charges: StripeCharges, clock: Clock, control: Control, made: bool
) -> None:
    charge = a_charge()
    control.order("saved_500", on="hold", effect=made)
    with pytest.raises(OutcomeUnknown):
        charges.hold(charge)
    with pytest.raises(OutcomeUnknown):
        charges.hold(charge)
    control.post("clock", advance_seconds=DAY + 61)
    clock.now = (DAY + 61) * 1000
    found = charges.hold(charge)
    if made:
        assert found.state is ChargeState.AWAITING
    else:
        assert (found.state, found.failure) == (ChargeState.FAILED, "not_found_after_key_expired")


@pytest.mark.parametrize(
    ("method", "failure"),
    [
        ("pm_card_visa", None),
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_card_mastercard", "no_saved_payment_method"),
    ],
)
def test_a_saved_method_is_charged_without_its_buyer_or_it_has_failed(
    shop: Shop, charges: StripeCharges, method: str, failure: str | None
) -> None:
    kept: Any = {} if failure == "no_saved_payment_method" else {"customer": "cus_returning"}
    paid = ask(shop, amount=9_000, capture_method="automatic", payment_method=method, confirm=True, **kept)
    charge = a_charge(saved_from=paid.id)
    answer = charges.hold(charge)
    assert answer == charges.hold(charge)
    assert answer.failure == failure
    assert answer.state is (ChargeState.FAILED if failure else ChargeState.AUTHORIZED)


@pytest.mark.parametrize(
    ("amount", "currency", "failure"),
    [(1_255, "KWD", "amount_not_payable_in_currency"), (9_999_999_999, "USD", "amount_too_large")],
)
def test_what_cannot_be_paid_has_failed(
    charges: StripeCharges, amount: int, currency: str, failure: str
) -> None:
    answer = charges.hold(a_charge(amount=amount, currency=currency))
    assert (answer.state, answer.failure) == (ChargeState.FAILED, failure)
