"""The control plane under /_sandbox/: what Stripe's dashboard, time and bad luck would do."""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from tools.payment_sandbox.faults import Fault
from tools.payment_sandbox.rules import RefundRequest
from tools.sandbox.control import Body, common, health
from tools.sandbox.http import Json

if TYPE_CHECKING:
    from tools.payment_sandbox.sandbox import Sandbox


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


def execute(sandbox: "Sandbox", method: str, parts: list[str], body: Json) -> Json:
    ledger = sandbox.ledger
    match method, parts:
        case "GET", ["health"]:
            return health(sandbox.clock, sandbox.delivery, ledger.counts())
        case "GET", ["refunds"]:
            return {"refunds": ledger.refunds()}
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
    return common(sandbox.clock, sandbox.delivery, sandbox.faults, Fault, method, parts, body)
