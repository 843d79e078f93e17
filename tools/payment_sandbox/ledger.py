"""Payments and refunds, in memory and under one lock; what is read from here are Stripe's objects."""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tools.payment_sandbox.events import NO_REQUEST, event
from tools.payment_sandbox.rules import (
    CANCELABLE,
    HOLD_SECONDS,
    HOLDING,
    METHODS,
    SEARCHABLE_AFTER,
    SETTLEMENTS,
    DisputeStatus,
    Outcome,
    PaymentRequest,
    PaymentStatus,
    RefundRequest,
    Refusal,
    Status,
    amount_to_refund,
    missing_resource,
    refuse_declined,
    refuse_disputed,
    unexpected_state,
)
from tools.sandbox.clock import Clock
from tools.sandbox.http import Json

# An event to be: its type, its subject, and what of the subject was different before.
type Happening = tuple[str, Json, Json | None]


@dataclass
class Payment:
    id: str
    client_secret: str
    amount: int
    currency: str
    method: str | None
    metadata: dict[str, str]
    created: int
    manual: bool
    customer: str | None
    status: PaymentStatus
    charge: str | None = None  # none until the payment is confirmed
    captured: int = 0
    capture_before: int | None = None
    cancellation_reason: str | None = None
    error: str | None = None
    refunds: list["Refund"] = field(default_factory=list)
    disputes: list["Dispute"] = field(default_factory=list)

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds if refund.status in HOLDING)


@dataclass
class Refund:
    id: str
    payment: Payment
    amount: int
    reason: str | None
    metadata: dict[str, str]
    created: int
    status: Status
    failure_reason: str | None


@dataclass
class Dispute:
    id: str
    payment: Payment
    amount: int
    created: int
    status: DisputeStatus


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class Ledger:
    def __init__(self, clock: Clock, publish: Callable[[list[Json]], None], settle_after: float) -> None:
        self._clock = clock
        self._publish = publish
        self._settle_after = settle_after
        self._payments: dict[str, Payment] = {}
        self._charges: dict[str, Payment] = {}
        self._refunds: dict[str, Refund] = {}
        self._disputes: dict[str, Dispute] = {}
        self._events: dict[str, Json] = {}
        self._lock = threading.RLock()

    # --- Calls -----------------------------------------------------------------------------------

    def pay(self, request: PaymentRequest, origin: Json = NO_REQUEST) -> Json:
        """What is paid at once is told to nobody: the desk has it from the platform."""
        with self._lock:
            id = new_id("pi")
            payment = Payment(
                id=id,
                client_secret=f"{id}_{new_id('secret')}",
                amount=request.amount,
                currency=request.currency,
                method=request.method,
                metadata=request.metadata,
                created=int(self._clock.now()),
                manual=request.manual,
                customer=request.customer,
                status="requires_confirmation" if request.method else "requires_payment_method",
            )
            self._payments[payment.id] = payment
            self._tell_of(payment, "created", origin)
            if request.confirm:
                self._confirm(payment, request.method or "", origin, off_session=request.off_session)
            return payment_object(payment)

    def confirm(self, id: str, method: str | None, origin: Json) -> Json:
        """The buyer pays: https://docs.stripe.com/api/payment_intents/confirm."""
        with self._lock:
            payment = self._payment(id)
            if payment.status not in ("requires_payment_method", "requires_confirmation"):
                raise unexpected_state(payment.status, "confirm")
            method = method or payment.method
            if method is None:
                raise Refusal("You cannot confirm this PaymentIntent because it's missing a payment method.")
            self._confirm(payment, method, origin)
            return payment_object(payment)

    def capture(self, id: str, origin: Json) -> Json:
        """https://docs.stripe.com/api/payment_intents/capture"""
        with self._lock:
            payment = self._payment(id)
            if payment.status != "requires_capture":
                raise unexpected_state(payment.status, "capture")
            payment.status, payment.captured = "succeeded", payment.amount
            self._tell_of(payment, "succeeded", origin)
            return payment_object(payment)

    def cancel_payment(self, id: str, reason: str | None, origin: Json) -> Json:
        """https://docs.stripe.com/api/payment_intents/cancel"""
        with self._lock:
            payment = self._payment(id)
            if payment.status not in CANCELABLE:
                raise unexpected_state(payment.status, "cancel")
            self._end(payment, reason, origin)
            return payment_object(payment)

    def refund(
        self, request: RefundRequest, origin: Json = NO_REQUEST, outcome: Outcome | None = None
    ) -> Json:
        """Check and book in one step, so that parallel refunds can never exceed the captured amount."""
        with self._lock:
            payment = self._payment_to_refund(request)
            charge = str(payment.charge)
            refuse_disputed(charge, (dispute.status for dispute in payment.disputes))
            amount = amount_to_refund(
                request.amount, payment.captured, payment.refunded, charge, payment.currency
            )
            outcome = outcome or METHODS[payment.method or ""]
            refund = Refund(
                id=new_id("re"),
                payment=payment,
                amount=amount,
                reason=request.reason,
                metadata=request.metadata,
                created=int(self._clock.now()),
                status=outcome.status,
                failure_reason=outcome.failure_reason if outcome.status == "failed" else None,
            )
            payment.refunds.append(refund)
            self._refunds[refund.id] = refund
            happened: list[Happening] = [("refund.created", refund_object(refund), None)]
            if refund.status == "failed":
                happened.append(("refund.failed", refund_object(refund), None))
            else:
                happened.append(("charge.refunded", charge_object(payment), None))
            self._tell(happened, origin)
            if outcome.later:
                settle = partial(self._settle_by_itself, refund, outcome)
                self._clock.after(self._settle_after, settle)
            return refund_object(refund)

    def cancel(self, id: str, origin: Json) -> Json:
        """Only while it asks for the customer's action: https://docs.stripe.com/api/refunds/cancel."""
        with self._lock:
            refund = self._refund(id)
            if refund.status != "requires_action":
                message = f"You cannot cancel refund {id} because it has status {refund.status}."
                raise Refusal(message, began=True)
            self._move(refund, "canceled", "merchant_request", origin)
            return refund_object(refund)

    def settle(self, id: str, status: Status, failure_reason: str | None) -> Json:
        with self._lock:
            refund = self._refund(id)
            if (refund.status, status) not in SETTLEMENTS:
                raise Refusal(f"Refund {id} is {refund.status} and cannot become {status}.")
            self._move(refund, status, failure_reason, NO_REQUEST)
            return refund_object(refund)

    def dispute(self, payment_intent: str, amount: int | None) -> Json:
        """The cardholder's bank takes the money back at once: https://docs.stripe.com/disputes/how-disputes-work."""
        with self._lock:
            payment = self._payment_to_refund(RefundRequest(payment_intent, None, None, None, {}))
            left = payment.captured - payment.refunded
            if not 0 < (amount or left) <= left:
                raise Refusal(f"There is {left} left to dispute on {payment_intent}.")
            dispute = Dispute(new_id("dp"), payment, amount or left, int(self._clock.now()), "needs_response")
            payment.disputes.append(dispute)
            self._disputes[dispute.id] = dispute
            told = dispute_object(dispute)
            self._tell(
                [("charge.dispute.created", told, None), ("charge.dispute.funds_withdrawn", told, None)],
                NO_REQUEST,
            )
            return told

    def close_dispute(self, id: str, status: DisputeStatus) -> Json:
        with self._lock:
            dispute = self._dispute(id)
            if dispute.status in ("won", "lost"):
                raise Refusal(f"Dispute {id} was {dispute.status} already.")
            previous: Json = {"status": dispute.status}
            dispute.status = status
            told = dispute_object(dispute)
            happened: list[Happening] = [("charge.dispute.closed", told, previous)]
            if status == "won":
                happened.append(("charge.dispute.funds_reinstated", told, None))
            self._tell(happened, NO_REQUEST)
            return told

    # --- Reading ---------------------------------------------------------------------------------

    def payment(self, id: str) -> Json:
        with self._lock:
            return payment_object(self._payment(id))

    def payments(self) -> list[Json]:
        """Newest first."""
        with self._lock:
            return [payment_object(payment) for payment in reversed(list(self._payments.values()))]

    def search(self, name: str, value: str) -> list[Json]:
        """What carries this metadata and is old enough to be found, newest first."""
        with self._lock:
            known = self._clock.now() - SEARCHABLE_AFTER
            found = [one for one in self._payments.values() if one.metadata.get(name) == value]
            return [payment_object(one) for one in reversed(found) if one.created <= known]

    def charge(self, id: str) -> Json:
        with self._lock:
            if id not in self._charges:
                raise missing_resource("charge", id)
            return charge_object(self._charges[id])

    def one_refund(self, id: str) -> Json:
        with self._lock:
            return refund_object(self._refund(id))

    def refunds(self, payment_intent: str | None = None, charge: str | None = None) -> list[Json]:
        """Newest first."""
        with self._lock:
            if payment_intent and payment_intent not in self._payments:
                raise missing_resource("payment_intent", payment_intent, "payment_intent", 400)
            if charge and charge not in self._charges:
                raise missing_resource("charge", charge, "charge", 400)
            payment = self._payments.get(payment_intent or "") or self._charges.get(charge or "")
            found: Iterable[Refund] = payment.refunds if payment else self._refunds.values()
            return [refund_object(refund) for refund in reversed(list(found))]

    def disputes(self, payment_intent: str | None = None) -> list[Json]:
        """Newest first."""
        with self._lock:
            if payment_intent and payment_intent not in self._payments:
                raise missing_resource("payment_intent", payment_intent, "payment_intent", 400)
            payment = self._payments.get(payment_intent or "")
            found: Iterable[Dispute] = payment.disputes if payment else self._disputes.values()
            return [dispute_object(dispute) for dispute in reversed(list(found))]

    def one_dispute(self, id: str) -> Json:
        with self._lock:
            return dispute_object(self._dispute(id))

    def event(self, id: str) -> Json:
        with self._lock:
            if id not in self._events:
                raise missing_resource("event", id)
            return self._events[id]

    def events(self, types: Sequence[str] | None = None) -> list[Json]:
        """Newest first."""
        with self._lock:
            newest_first = reversed(list(self._events.values()))
            return [event for event in newest_first if types is None or event["type"] in types]

    def counts(self) -> Json:
        with self._lock:
            return {
                "payments": len(self._payments),
                "refunds": len(self._refunds),
                "events": len(self._events),
            }

    # --- Inside ----------------------------------------------------------------------------------

    def _payment(self, id: str) -> Payment:
        if id not in self._payments:
            raise missing_resource("payment_intent", id, "intent")
        return self._payments[id]

    def _confirm(self, payment: Payment, method: str, origin: Json, *, off_session: bool = False) -> None:
        if code := refuse_declined(method, off_session=off_session):
            payment.status, payment.method, payment.error = "requires_payment_method", None, code
            self._tell_of(payment, "payment_failed", origin)
            message = (
                "Your card was declined." if code == "card_declined" else "This payment needs its cardholder."
            )
            told = payment_object(payment)
            raise Refusal(message, 402, "card_error", code, began=True, payment_intent=told)
        payment.method, payment.charge = method, new_id("ch")
        self._charges[payment.charge] = payment
        if not payment.manual:
            payment.status, payment.captured = "succeeded", payment.amount
            return
        payment.status = "requires_capture"
        payment.capture_before = int(self._clock.now()) + HOLD_SECONDS
        self._clock.after(HOLD_SECONDS, partial(self._expire, payment))
        self._tell_of(payment, "amount_capturable_updated", origin)

    def _expire(self, payment: Payment) -> None:
        with self._lock:
            if payment.status == "requires_capture":
                self._end(payment, "automatic", NO_REQUEST)

    def _end(self, payment: Payment, reason: str | None, origin: Json) -> None:
        payment.status, payment.cancellation_reason = "canceled", reason
        self._tell_of(payment, "canceled", origin)

    def _tell_of(self, payment: Payment, what: str, origin: Json) -> None:
        if payment.manual:
            self._tell([(f"payment_intent.{what}", payment_object(payment), None)], origin)

    def _refund(self, id: str) -> Refund:
        if id not in self._refunds:
            raise missing_resource("refund", id)
        return self._refunds[id]

    def _dispute(self, id: str) -> Dispute:
        if id not in self._disputes:
            raise missing_resource("dispute", id)
        return self._disputes[id]

    def _payment_to_refund(self, request: RefundRequest) -> Payment:
        if request.charge:
            if request.charge not in self._charges:
                raise missing_resource("charge", request.charge, "charge")
            return self._charges[request.charge]
        id = request.payment_intent or ""
        if id not in self._payments:
            raise missing_resource("payment_intent", id, "payment_intent")
        payment = self._payments[id]
        if not payment.captured:
            message = f"This PaymentIntent ({id}) does not have a successful charge to refund."
            raise Refusal(message, began=True)
        return payment

    def _settle_by_itself(self, refund: Refund, outcome: Outcome) -> None:
        with self._lock:
            if outcome.later and refund.status == outcome.status:
                self._move(refund, outcome.later, outcome.failure_reason, NO_REQUEST)

    def _move(self, refund: Refund, status: Status, failure_reason: str | None, origin: Json) -> None:
        previous: Json = {"status": refund.status}
        if failure_reason:
            previous["failure_reason"] = refund.failure_reason
        refund.status, refund.failure_reason = status, failure_reason
        after = refund_object(refund)
        happened: list[Happening] = [
            ("refund.updated", after, previous),
            ("charge.refund.updated", after, previous),
        ]
        if status == "failed":
            happened.append(("refund.failed", after, None))
        self._tell(happened, origin)

    def _tell(self, happened: list[Happening], origin: Json) -> None:
        created = int(self._clock.now())
        events = [event(type, subject, created, origin, previous) for type, subject, previous in happened]
        self._events |= {each["id"]: each for each in events}
        self._publish(events)


# --- Stripe's objects ---------------------------------------------------------------------------


def payment_object(payment: Payment) -> Json:
    """https://docs.stripe.com/api/payment_intents/object"""
    return {
        "id": payment.id,
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_capturable": payment.amount if payment.status == "requires_capture" else 0,
        "amount_received": payment.captured,
        "cancellation_reason": payment.cancellation_reason,
        "capture_method": "manual" if payment.manual else "automatic",
        "client_secret": payment.client_secret,
        "created": payment.created,
        "customer": payment.customer,
        "currency": payment.currency,
        "last_payment_error": {"code": payment.error, "type": "card_error"} if payment.error else None,
        "latest_charge": payment.charge,
        "livemode": False,
        "metadata": payment.metadata,
        "payment_method": payment.method,
        "payment_method_types": ["card"],
        "status": payment.status,
    }


def charge_object(payment: Payment) -> Json:
    """https://docs.stripe.com/api/charges/object"""
    return {
        "id": payment.charge,
        "object": "charge",
        "amount": payment.amount,
        "amount_captured": payment.captured,
        "amount_refunded": payment.refunded,
        "captured": payment.captured > 0,
        "created": payment.created,
        "currency": payment.currency,
        "disputed": bool(payment.disputes),
        "livemode": False,
        "metadata": payment.metadata,
        "paid": True,
        "payment_intent": payment.id,
        "payment_method": payment.method,
        "payment_method_details": {"card": {"capture_before": payment.capture_before}, "type": "card"},
        "refunded": payment.captured > 0 and payment.refunded == payment.captured,
        "status": "succeeded",
    }


def refund_object(refund: Refund) -> Json:
    """https://docs.stripe.com/api/refunds/object"""
    extra: Json = {}
    if refund.status == "pending":
        extra["pending_reason"] = "processing"
    if refund.failure_reason:
        extra["failure_reason"] = refund.failure_reason
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": None,
        "charge": refund.payment.charge,
        "created": refund.created,
        "currency": refund.payment.currency,
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": refund.metadata,
        "payment_intent": refund.payment.id,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status,
        "transfer_reversal": None,
    } | extra


def dispute_object(dispute: Dispute) -> Json:
    """https://docs.stripe.com/api/disputes/object"""
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "charge": dispute.payment.charge,
        "created": dispute.created,
        "currency": dispute.payment.currency,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": dispute.payment.id,
        "reason": "product_not_received",
        "status": dispute.status,
    }
