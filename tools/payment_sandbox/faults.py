"""What may go wrong on demand, ordered through the control plane for the next refund calls.

One call can meet one fault of each of the three groups below, so that they combine.
"""

import threading
from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveInt

from tools.payment_sandbox.idempotency import key_in_use
from tools.payment_sandbox.rules import FAILS_LATER, Json, Outcome, Refusal

# On the way: spent by any call that arrives, a repeated one too.
TRANSPORT = frozenset({"lost_answer", "refused", "status"})
# In the endpoint: spent only by a call that executes, since a saved answer would hide them.
DELAY = frozenset({"delay"})
RESULT = frozenset({"saved_500", "pending", "requires_action", "fail", "fail_later"})


class Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fault: Literal[
        "lost_answer", "refused", "status", "delay",
        "saved_500", "pending", "requires_action", "fail", "fail_later",
    ]  # fmt: skip
    times: PositiveInt = 1
    payment_intent: str | None = None  # or the charge's id, when the caller refunds by charge
    status: Literal[409, 429, 500] = 500  # of status
    delay_ms: PositiveInt = 500  # of delay
    failure_reason: str = "declined"  # of fail
    effect: bool = False  # of saved_500: the refund was made all the same

    def matches(self, kinds: Collection[str], params: Json) -> bool:
        payments = (None, params.get("payment_intent"), params.get("charge"))
        return self.fault in kinds and self.payment_intent in payments

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


class Faults:
    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._ordered.append(fault)

    def take(self, kinds: Collection[str], params: Json) -> Fault | None:
        with self._lock:
            fault = next((each for each in self._ordered if each.matches(kinds, params)), None)
            if fault:
                fault.times -= 1
                self._ordered = [each for each in self._ordered if each.times]
            return fault

    def waiting(self) -> list[Json]:
        with self._lock:
            return [fault.model_dump() for fault in self._ordered]
