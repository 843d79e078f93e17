"""Money that is taken through Stripe: a PaymentIntent for each charge, held first (`capture_method=manual`)."""

from collections.abc import Callable, Mapping
from typing import Any

import stripe
from stripe import StripeClient

from aftersales.adapters.stripe_payments import from_stripe, to_stripe
from aftersales.domain.charge import Charge, ChargeState, ProviderCharge
from aftersales.usecases.ports import KEY_LIFE, OutcomeUnknown

# https://docs.stripe.com/payments/paymentintents/lifecycle
_STATES: Mapping[str, ChargeState] = {
    "requires_capture": ChargeState.AUTHORIZED,
    "succeeded": ChargeState.CAPTURED,
    "canceled": ChargeState.CANCELED,
}
# Errors after which no PaymentIntent exists and none will under this key (https://docs.stripe.com/error-codes).
_DEFINITIVE = frozenset(
    {"amount_too_large", "amount_too_small", "parameter_invalid_integer", "resource_missing"}
)
_EXPANDED = ["latest_charge"]


class StripeCharges:
    """The `Charges` port for the provider `stripe`.

    The charge id is the idempotency key of what is created, and stands in its metadata, by which it is found once
    Stripe has forgotten the key. What is taken and given back goes without keys: a PaymentIntent is captured or
    canceled once, and says so, while a key would repeat a refusal for a day that is none any more.
    """

    def __init__(self, client: StripeClient, now: Callable[[], int]) -> None:
        self._stripe = client
        self._now = now

    def hold(self, charge: Charge) -> ProviderCharge:
        """Under one key Stripe answers the same for a day, a failure of its own included: what that one has left is
        looked for by its metadata. Later nothing is sent any more, and what is not found then is not there."""
        if charge.reference or self._now() - charge.asked_at > KEY_LIFE:
            return self.find(charge) or _refused(charge, "not_found_after_key_expired")
        amount = to_stripe(charge.amount, charge.currency)
        if amount is None:
            return _refused(charge, "amount_not_payable_in_currency")
        params: Any = {
            "amount": amount,
            "currency": charge.currency.lower(),
            "capture_method": "manual",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"charge_id": charge.charge_id, "case_id": charge.case_id},
            "expand": _EXPANDED,
        }
        try:
            if charge.saved_from:
                saved = self._saved_method(charge.saved_from)
                if saved is None:
                    return _refused(charge, "no_saved_payment_method")
                params |= saved
            intent = self._stripe.v1.payment_intents.create(params, {"idempotency_key": charge.charge_id})
        except stripe.CardError as error:
            return _refused(charge, error.code or "card_declined")
        except stripe.InvalidRequestError as error:
            if error.code not in _DEFINITIVE:
                raise OutcomeUnknown(error.code) from error
            return _refused(charge, error.code)
        except stripe.APIError as error:
            if found := self.find(charge):
                return found
            raise OutcomeUnknown(type(error).__name__) from error
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return _seen(intent, charge)

    def client_secret(self, charge: Charge) -> str | None:
        """Asked for each time it is needed: it opens the payment to whoever has it."""
        intent = self._intent(charge)
        if intent is None or _seen(intent, charge).state is not ChargeState.AWAITING:
            return None
        return intent.client_secret

    def find(self, charge: Charge) -> ProviderCharge | None:
        """By its name where one is known, else by its metadata, which Stripe finds after a minute
        (https://docs.stripe.com/search#data-freshness)."""
        intent = self._intent(charge)
        return _seen(intent, charge) if intent else None

    def capture(self, charge: Charge) -> ProviderCharge:
        """All of it; Stripe captures a hold once."""
        return self._close(
            charge,
            lambda reference: self._stripe.v1.payment_intents.capture(reference, {"expand": _EXPANDED}),
        )

    def cancel(self, charge: Charge) -> ProviderCharge:
        """One whose answer was lost is asked for once more first: so its key is spent, and nothing comes later."""
        return self._close(
            charge,
            lambda reference: self._stripe.v1.payment_intents.cancel(reference, {"expand": _EXPANDED}),
        )

    def _close(self, charge: Charge, call: Callable[[str], stripe.PaymentIntent]) -> ProviderCharge:
        known = None if charge.reference else self.hold(charge)
        reference = known.reference if known else charge.reference
        if not reference:
            return known or _refused(charge, "not_found")
        try:
            return _seen(call(reference), charge)
        except stripe.InvalidRequestError as error:
            # It was captured, canceled or never paid meanwhile: what it has become is the answer.
            if error.code != "payment_intent_unexpected_state":
                raise OutcomeUnknown(error.code) from error
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return _seen(self._retrieved(reference), charge)

    def _intent(self, charge: Charge) -> stripe.PaymentIntent | None:
        if charge.reference:
            return self._retrieved(charge.reference)
        query = f"metadata['charge_id']:'{charge.charge_id}'"
        try:
            found = self._stripe.v1.payment_intents.search({"query": query, "limit": 1}).data
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        # Search shows it as it was some time ago.
        return self._retrieved(found[0].id) if found else None

    def _retrieved(self, reference: str) -> stripe.PaymentIntent:
        try:
            return self._stripe.v1.payment_intents.retrieve(reference, {"expand": _EXPANDED})
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error

    def _saved_method(self, reference: str) -> dict[str, Any] | None:
        """What a payment was made with, if its buyer let it be kept: without a customer, nothing can be charged again
        (https://docs.stripe.com/payments/save-during-payment)."""
        paid = self._stripe.v1.payment_intents.retrieve(reference)
        if not paid.customer or not paid.payment_method:
            return None
        return {
            "customer": _id(paid.customer),
            "payment_method": _id(paid.payment_method),
            "off_session": True,
            "confirm": True,
        }


def _id(one: str | stripe.Customer | stripe.PaymentMethod) -> str:
    return one if isinstance(one, str) else one.id


def _refused(charge: Charge, failure: str) -> ProviderCharge:
    return ProviderCharge(
        charge_id=charge.charge_id,
        reference=charge.reference or "",
        state=ChargeState.FAILED,
        amount=charge.amount,
        currency=charge.currency,
        failure=failure,
    )


def _seen(intent: stripe.PaymentIntent, charge: Charge) -> ProviderCharge:
    currency = intent.currency.upper()
    state = _STATES.get(intent.status, ChargeState.AWAITING)
    declined = intent.last_payment_error.code if intent.last_payment_error else None
    if charge.saved_from and intent.status == "requires_payment_method":
        # Nobody is there to try another card.
        state = ChargeState.FAILED
    return ProviderCharge(
        charge_id=charge.charge_id,
        reference=intent.id,
        state=state,
        amount=from_stripe(intent.amount, currency),
        currency=currency,
        captured=from_stripe(intent.amount_received, currency),
        expires_at=_expires_at(intent) if state is ChargeState.AUTHORIZED else None,
        failure="expired" if intent.cancellation_reason == "automatic" else declined,
    )


def _expires_at(intent: stripe.PaymentIntent) -> int | None:
    """Seven days for most cards that a buyer pays with online, less than five for one charged without its buyer
    (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method): the charge itself says when."""
    paid = intent.latest_charge
    if paid is None or isinstance(paid, str):
        return None
    details = paid.to_dict().get("payment_method_details") or {}
    until = (details.get("card") or {}).get("capture_before")
    return until * 1000 if until else None
