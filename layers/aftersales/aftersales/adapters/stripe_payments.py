"""Stripe, through its official SDK. Its errors are translated here and nowhere else."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import stripe
from pydantic import BaseModel, StrictBool, ValidationError
from stripe import StripeClient

from aftersales.domain.ledger import External, ExternalKind, ExternalState
from aftersales.domain.money import step
from aftersales.domain.order import Payment
from aftersales.domain.refund import Attempt, AttemptState, ProviderRefund, RefundAtProvider
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.ports import OutcomeUnknown, PaymentStatement, ProviderEvent

# A clock may be wrong in both directions; the SDK checks only the past.
_SKEW_SECONDS = 300
_MOMENT = r"[1-9][0-9]{0,11}"
# `charge.refunded` carries the charge, which names its payment all the same.
_PAYMENT_EVENTS = ("refund.", "charge.refund", "charge.dispute.", "payment_intent.")
# All that moves a refund or a dispute; at most 20 types a call.
_CHANGES = (
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
)
_PAGE = 100

# Errors after which the refund certainly does not exist and will not under this key with these parameters
# (https://docs.stripe.com/error-codes). Everything else is unknown: the key may have been used.
_DEFINITIVE = frozenset(
    {
        "charge_already_refunded",
        "charge_disputed",
        "charge_not_refundable",
        "amount_too_large",
        "amount_too_small",
        "refund_disputed_payment",
        "resource_missing",
        "parameter_invalid_integer",
    }
)


_NOT_PAID = ("failed", "canceled")
_DISPUTES: Mapping[str, ExternalState] = {
    "needs_response": ExternalState.OPEN,
    "under_review": ExternalState.OPEN,
    "lost": ExternalState.TAKEN,
    "won": ExternalState.RETURNED,
}

# Stripe's minor units are ISO 4217's but for these: it counts MGA in whole ariary, and ISK and UGX, which have
# no minor unit, in hundredths (https://docs.stripe.com/currencies). Ours to Stripe's as a fraction.
_UNITS = {"MGA": (1, 100), "ISK": (100, 1), "UGX": (100, 1)}


def to_stripe(amount: int, currency: str) -> int | None:
    """An amount in ISO 4217 minor units as Stripe counts it; None if Stripe cannot express it."""
    times, per = _UNITS.get(currency, (1, 1))
    return None if amount * times % per or amount % step(currency) else amount * times // per


def from_stripe(amount: int, currency: str) -> int:
    """An amount as Stripe counts it in ISO 4217 minor units."""
    times, per = _UNITS.get(currency, (1, 1))
    return amount * per // times


class StripePayments:
    """The `Payments` port for the provider `stripe`."""

    def __init__(self, client: StripeClient) -> None:
        self._stripe = client

    def refund(self, attempt: Attempt) -> ProviderRefund:
        """The refund id is the idempotency key and stands in the metadata, by which it is found again.

        The SDK itself does not retry (`max_network_retries` stays 0): a lost answer is asked for first.
        """
        amount = to_stripe(attempt.amount, attempt.currency)
        if amount is None:
            return _refused(attempt, "amount_not_payable_in_currency")
        try:
            refund = self._stripe.v1.refunds.create(
                params={
                    "payment_intent": attempt.reference,
                    "amount": amount,
                    "reason": "requested_by_customer",
                    "metadata": {"refund_id": attempt.refund_id, "case_id": attempt.case_id},
                },
                options={"idempotency_key": attempt.refund_id},
            )
        except stripe.InvalidRequestError as error:
            if not _is_definitive(error):
                raise OutcomeUnknown(error.code) from error
            return _refused(attempt, error.code or "amount_too_large")
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return _seen(refund, attempt.refund_id)

    def find(self, attempt: Attempt) -> ProviderRefund | None:
        """The refund of that id among all refunds of its payment, as it stands now."""
        try:
            refunds = self._stripe.v1.refunds.list(params={"payment_intent": attempt.reference, "limit": 100})
            mine = (
                refund
                for refund in refunds.auto_paging_iter()
                if _metadata(refund).get("refund_id") == attempt.refund_id
            )
            found = next(mine, None)
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return _seen(found, attempt.refund_id) if found else None

    def statement(self, payment: Payment, currency: str, attempts: Iterable[Attempt]) -> PaymentStatement:  # noqa: ARG002 - the port's words
        """What the desk did not do are refunds that carry no refund id of ours, and disputes.

        An inquiry (`warning_...`) is a dispute that has taken no money yet, and a prevented one never does
        (https://docs.stripe.com/api/disputes/object).
        """
        try:
            refunds = self._stripe.v1.refunds.list({"payment_intent": payment.reference, "limit": _PAGE})
            refunded = [*refunds.auto_paging_iter()]
            disputes = self._stripe.v1.disputes.list({"payment_intent": payment.reference, "limit": _PAGE})
            disputed = [one for one in disputes.auto_paging_iter() if one.status in _DISPUTES]
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        by_hand = [
            External(
                external_id=one.id,
                payment_id=payment.payment_id,
                kind=ExternalKind.REFUND,
                amount=from_stripe(one.amount, currency),
                state=ExternalState.RETURNED if one.status in _NOT_PAID else ExternalState.TAKEN,
            )
            for one in reversed(refunded)
            if not _metadata(one).get("refund_id")
        ]
        by_bank = [
            External(
                external_id=one.id,
                payment_id=payment.payment_id,
                kind=ExternalKind.DISPUTE,
                amount=from_stripe(one.amount, currency),
                state=_DISPUTES[one.status],
            )
            for one in reversed(disputed)
        ]
        return PaymentStatement(
            refunds=[
                RefundAtProvider(
                    provider_refund_id=one.id,
                    refund_id=_metadata(one).get("refund_id"),
                    payment_id=payment.payment_id,
                    amount=from_stripe(one.amount, currency),
                    state=AttemptState(one.status or "pending"),
                )
                for one in refunded
            ],
            external=by_hand + by_bank,
        )

    def changed(self, since: int) -> Iterable[tuple[str, str]]:
        """By Stripe's own record of events, which it keeps for 30 days
        (https://docs.stripe.com/api/events/list)."""
        try:
            events = self._stripe.v1.events.list(
                {"types": list(_CHANGES), "created": {"gte": since // 1000}, "limit": _PAGE}
            )
            subjects = [event.to_dict()["data"]["object"] for event in events.auto_paging_iter()]
        except stripe.StripeError as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return {("stripe", one["payment_intent"]) for one in subjects if one.get("payment_intent")}


class StripeEvents:
    """Signed events of Stripe."""

    def __init__(self, secrets: Callable[[], tuple[str, ...]], *, livemode: bool) -> None:
        self._secrets = secrets
        self._livemode = livemode

    def verify(self, body: bytes, signature: str, now: int) -> ProviderEvent:
        """The event, if Stripe signed exactly these bytes, now, for this mode.

        Two secrets may be valid while one is rotated. Raises `signature_invalid`.
        """
        signed_at = _signed_at(signature)
        if signed_at is None or abs(now // 1000 - signed_at) > _SKEW_SECONDS:
            raise _unsigned()
        if not any(_is_signed(body, signature, secret) for secret in self._secrets()):
            raise _unsigned()
        try:
            event = _SignedEvent.model_validate_json(body)
            reported = _reported(event)
        except ValidationError as error:
            raise _unsigned() from error
        if event.livemode is not self._livemode:
            raise _unsigned()
        return reported


class _Data(BaseModel):
    object: dict[str, Any]


class _SignedEvent(BaseModel):
    """What the desk reads of an event; what of its subject only where the event is one of payments."""

    id: str
    type: str
    livemode: StrictBool
    data: _Data


class _Subject(BaseModel):
    """A refund, a charge, a dispute or a payment, as far as the desk reads it before it asks the provider."""

    object: str
    metadata: dict[str, str] | None = None
    payment_intent: str | None = None
    status: str | None = None


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, tolerance=_SKEW_SECONDS)
    except (UnicodeDecodeError, stripe.SignatureVerificationError):
        return False
    return True


def _signed_at(signature: str) -> int | None:
    """The one time that the signature is of. The SDK takes the first of several and whoever reads another is fooled;
    letters beyond ASCII make it fail instead of refuse."""
    moments = [part[2:] for part in signature.split(",") if part.startswith("t=")]
    well_formed = signature.isascii() and len(moments) == 1 and re.fullmatch(_MOMENT, moments[0])
    return int(moments[0]) if well_formed else None


def _reported(event: _SignedEvent) -> ProviderEvent:
    if not event.type.startswith(_PAYMENT_EVENTS):
        return ProviderEvent(event.id, None, None, "stripe", None)
    subject = _Subject.model_validate(event.data.object)
    metadata = (subject.metadata or {}) if subject.object in ("refund", "payment_intent") else {}
    return ProviderEvent(
        event_id=event.id,
        case_id=metadata.get("case_id"),
        refund_id=metadata.get("refund_id"),
        provider="stripe",
        reference=subject.payment_intent,
        charge_id=metadata.get("charge_id"),
        succeeded=subject.object == "refund" and subject.status == "succeeded",
    )


def _metadata(refund: stripe.Refund) -> Mapping[str, str]:
    """What the desk wrote beside the refund; a refund made in the dashboard carries nothing of ours."""
    return refund.metadata.to_dict() if refund.metadata else {}


def _unsigned() -> Refusal:
    return Refusal(Code.SIGNATURE_INVALID, "The signature does not fit this body, this secret and this time.")


def _is_definitive(error: stripe.InvalidRequestError) -> bool:
    """Stripe reports a refund above what is left as an `amount` parameter error without a code."""
    return error.code in _DEFINITIVE or (error.code is None and error.param == "amount")


def _refused(attempt: Attempt, failure: str) -> ProviderRefund:
    return ProviderRefund(
        refund_id=attempt.refund_id,
        provider_refund_id="",
        state=AttemptState.FAILED,
        amount=attempt.amount,
        currency=attempt.currency,
        failure=failure,
    )


def _seen(refund: stripe.Refund, refund_id: str) -> ProviderRefund:
    currency = refund.currency.upper()
    return ProviderRefund(
        refund_id=refund_id,
        provider_refund_id=refund.id,
        state=AttemptState(refund.status or "pending"),
        amount=from_stripe(refund.amount, currency),
        currency=currency,
        failure=getattr(refund, "failure_reason", None),
    )
