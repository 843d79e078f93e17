"""What may go wrong on demand for the calls to come.

One call can meet one fault of each of the three groups below, so that they combine.
"""

from collections.abc import Collection
from typing import Literal

from pydantic import PositiveInt

from tools.carrier_sandbox.rules import Refusal
from tools.sandbox import faults
from tools.sandbox.http import Json

type Operation = Literal["create", "rerate", "buy", "refund", "retrieve", "list", "track", "verify"]

# On the way. The answer to a call that was carried out is lost, or the call itself; or it is refused at the door.
TRANSPORT = frozenset({"lost_answer", "refused", "status"})
# In the endpoint, before anything happens there.
DELAY = frozenset({"delay"})
# Of the carrier behind it.
CARRIER = frozenset({"carrier_refuses", "carrier_times_out", "no_rates"})


class Fault(faults.Fault):
    fault: Literal[
        "lost_answer", "refused", "status", "delay", "carrier_refuses", "carrier_times_out", "no_rates"
    ]
    on: Operation = "buy"
    reference: str | None = None  # of the shipment
    status: Literal[402, 429, 500, 503] = 500  # of status
    delay_ms: PositiveInt = 500  # of delay
    effect: bool = False  # of carrier_times_out: the label was printed all the same

    def matches(self, kinds: Collection[str], params: Json) -> bool:
        references = (None, params["reference"])
        return self.fault in kinds and self.on == params["operation"] and self.reference in references

    def refusal(self) -> Refusal:
        match self.fault:
            case "carrier_refuses":
                return Refusal("SHIPMENT.POSTAGE.FAILURE", "The carrier refused to print this label.")
            case "carrier_times_out":
                return Refusal("SHIPMENT.POSTAGE.TIMED_OUT", "The carrier did not answer in time.")
        match self.status:
            case 402:
                return Refusal("PAYMENT_REQUIRED", "Insufficient funds.", 402)
            case 429:
                return Refusal("RATE_LIMITED", "You are being rate-limited.", 429)
            case 503:
                return Refusal("SERVICE_UNAVAILABLE", "The service is unavailable.", 503)
        return Refusal("INTERNAL_SERVER_ERROR", "An unexpected error occurred.", 500)
