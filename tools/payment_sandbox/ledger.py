"""Payments and refunds, in memory and under one lock; what is read from here are Stripe's objects."""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tools.payment_sandbox.events import NO_REQUEST, event
from tools.payment_sandbox.rules import (
    HOLDING,
    METHODS,
    SETTLEMENTS,
    DisputeStatus,
    Outcome,
    PaymentRequest,
    RefundRequest,
    Refusal,
    Status,
    amount_to_refund,
    missing_resource,
    refuse_disputed,
)
from tools.sandbox.clock import Clock
from tools.sandbox.http import Json

# An event to be: its type, its subject, and what of the subject was different before.
type Happening = tuple[str, Json, Json | None]


@dataclass
class Payment:
    id: str
    charge: str | None  # none until the payment is confirmed
    amount: int
    currency: str
    method: str | None
    metadata: dict[str, str]
    created: int
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

    def pay(self, request: PaymentRequest) -> Json:
        with self._lock:
            payment = Payment(
                id=new_id("pi"),
                charge=new_id("ch") if request.confirm else None,
                amount=request.amount,
                currency=request.currency,
                method=request.method,
                metadata=request.metadata,
                created=int(self._clock.now()),
            )
            self._payments[payment.id] = payment
            if payment.charge:
                self._charges[payment.charge] = payment
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
                request.amount, payment.amount, payment.refunded, charge, payment.currency
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
            left = payment.amount - payment.refunded
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
            if id not in self._payments:
                raise missing_resource("payment_intent", id, "intent")
            return payment_object(self._payments[id])

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
        if not payment.charge:
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
    waiting = "requires_confirmation" if payment.method else "requires_payment_method"
    return {
        "id": payment.id,
        "object": "payment_intent",
        "amount": payment.amount,
        "amount_received": payment.amount if payment.charge else 0,
        "capture_method": "automatic",
        "created": payment.created,
        "currency": payment.currency,
        "latest_charge": payment.charge,
        "livemode": False,
        "metadata": payment.metadata,
        "payment_method": payment.method,
        "payment_method_types": ["card"],
        "status": "succeeded" if payment.charge else waiting,
    }


def charge_object(payment: Payment) -> Json:
    """https://docs.stripe.com/api/charges/object"""
    return {
        "id": payment.charge,
        "object": "charge",
        "amount": payment.amount,
        "amount_captured": payment.amount,
        "amount_refunded": payment.refunded,
        "captured": True,
        "created": payment.created,
        "currency": payment.currency,
        "disputed": bool(payment.disputes),
        "livemode": False,
        "metadata": payment.metadata,
        "paid": True,
        "payment_intent": payment.id,
        "payment_method": payment.method,
        "refunded": payment.refunded == payment.amount,
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
