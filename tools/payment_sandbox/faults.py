"""What may go wrong on demand, ordered through the control plane for the next refunds, or calls of charges.

One call can meet one fault of each of the three groups below, so that they combine.
"""

from collections.abc import Collection
from typing import Literal

from pydantic import PositiveInt

from tools.payment_sandbox.idempotency import key_in_use
from tools.payment_sandbox.rules import FAILS_LATER, Outcome, Refusal
from tools.sandbox import faults
from tools.sandbox.http import Json

# On the way: spent by any call that arrives, a repeated one too.
TRANSPORT = frozenset({"lost_answer", "refused", "status"})
# In the endpoint: spent only by a call that executes, since a saved answer would hide them.
DELAY = frozenset({"delay"})
RESULT = frozenset({"saved_500", "pending", "requires_action", "fail", "fail_later"})


type Operation = Literal["refund", "hold", "confirm", "capture", "cancel", "retrieve", "search"]


class Fault(faults.Fault):
    fault: Literal[
        "lost_answer", "refused", "status", "delay",
        "saved_500", "pending", "requires_action", "fail", "fail_later",
    ]  # fmt: skip
    on: Operation = "refund"
    payment_intent: str | None = None  # or the charge's id, when the caller refunds by charge
    status: Literal[409, 429, 500] = 500  # of status
    delay_ms: PositiveInt = 500  # of delay
    failure_reason: str = "declined"  # of fail
    effect: bool = False  # of saved_500: the refund or the hold was made all the same

    def matches(self, kinds: Collection[str], params: Json) -> bool:
        payments = (None, params.get("payment_intent"), params.get("charge"))
        return self.fault in kinds and self.on == params["operation"] and self.payment_intent in payments

    def outcome(self) -> Outcome | None:
        match self.fault:
            case "pending":
                return Outcome("pending")
            case "requires_action":
                return Outcome("requires_action")
            case "fail":
                return Outcome("failed", failure_reason=self.failure_reason)
            case "fail_later":
                return FAILS_LATER
        return None

    def refusal(self) -> Refusal:
        match self.status:
            case 409:
                return key_in_use("ordered through the control plane")
            case 429:
                return Refusal("Request rate limit exceeded.", 429, code="rate_limit")
        return Refusal("An unknown error occurred", 500, type="api_error")
