"""The control plane under /_sandbox/: what Stripe's dashboard, time and bad luck would do."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveInt

from tools.payment_sandbox.events import Mode
from tools.payment_sandbox.faults import Fault
from tools.payment_sandbox.idempotency import Answer
from tools.payment_sandbox.rules import Json, RefundRequest, Refusal
from tools.payment_sandbox.sandbox import Sandbox


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Webhook(Body):
    url: str


class Events(Body):
    events: Mode
    delay_ms: PositiveInt = 500


class Release(Body):
    order: Literal["normal", "reverse"] = "normal"
    repeat: PositiveInt = 1


class Settlement(Body):
    status: Literal["succeeded", "failed"]
    failure_reason: str = "expired_or_canceled_card"


class DashboardRefund(Body):
    payment_intent: str
    amount: PositiveInt | None = None


class DashboardDispute(Body):
    payment_intent: str
    amount: PositiveInt | None = None


class DisputeClosed(Body):
    status: Literal["won", "lost"]


class Advance(Body):
    advance_seconds: NonNegativeFloat


def answer(sandbox: Sandbox, method: str, parts: list[str], body: str) -> Answer:
    try:
        parsed = json.loads(body or "{}")
        if not isinstance(parsed, dict):
            raise Refusal("The body must be a JSON object.")
        return Answer(200, _answer(sandbox, method, parts, parsed))
    except Refusal as refusal:
        return Answer(refusal.status, refusal.body())
    except ValueError as error:
        return Answer(400, {"error": {"message": str(error), "type": "invalid_request_error"}})


def _answer(sandbox: Sandbox, method: str, parts: list[str], body: Json) -> Json:
    ledger, delivery = sandbox.ledger, sandbox.delivery
    match method, parts:
        case "GET", ["health"]:
            return {
                "status": "ok",
                "clock": int(sandbox.clock.now()),
                "webhook_url": delivery.url,
                "held_events": delivery.held(),
                "undelivered_events": delivery.undelivered,
            } | ledger.counts()
        case "GET", ["refunds"]:
            return {"refunds": ledger.refunds()}
        case "POST", ["webhook"]:
            delivery.url = Webhook(**body).url
            return {"webhook_url": delivery.url}
        case "GET", ["faults"]:
            return {"faults": sandbox.faults.waiting()}
        case "POST", ["faults"] if "events" in body:
            events = Events(**body)
            delivery.arrange(events.events, events.delay_ms / 1000)
            return {"events": events.events}
        case "POST", ["faults"]:
            sandbox.faults.order(Fault(**body))
            return {"faults": sandbox.faults.waiting()}
        case "POST", ["events", "release"]:
            release = Release(**body)
            return {"released": delivery.release(release.order == "reverse", release.repeat)}
        case "POST", ["refunds", id, "settle"]:
            settlement = Settlement(**body)
            failed = settlement.status == "failed"
            return ledger.settle(id, settlement.status, settlement.failure_reason if failed else None)
        case "POST", ["dashboard", "refunds"]:
            wanted = DashboardRefund(**body)
            return ledger.refund(RefundRequest(wanted.payment_intent, None, wanted.amount, None, {}))
        case "POST", ["disputes"]:
            opened = DashboardDispute(**body)
            return ledger.dispute(opened.payment_intent, opened.amount)
        case "POST", ["disputes", id, "close"]:
            return ledger.close_dispute(id, DisputeClosed(**body).status)
        case "POST", ["clock"]:
            sandbox.clock.advance(Advance(**body).advance_seconds)
            return {"clock": int(sandbox.clock.now())}
    raise Refusal(f"Unrecognized request URL ({method}: /_sandbox/{'/'.join(parts)}).", 404)
