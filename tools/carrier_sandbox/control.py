"""The control plane under /_sandbox/: what happens on the road, in the mail room of a forger, and by bad luck."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import PositiveFloat

from tools.carrier_sandbox.events import headers
from tools.carrier_sandbox.faults import Fault
from tools.carrier_sandbox.rules import STATUSES, WAY, invalid
from tools.sandbox.control import Body, common, health
from tools.sandbox.http import Json

if TYPE_CHECKING:
    from tools.carrier_sandbox.sandbox import Sandbox


class Scan(Body):
    status: str
    at: datetime | None = None
    weight: PositiveFloat | None = None  # ounces


class Travel(Body):
    """`half` is an ordinary way on which the carrier weighs half of what the label was bought for."""

    to: Literal["delivered", "half", "lost", "returned"] = "delivered"


class Forgery(Body):
    """`signed` by somebody who does not know the secret, not at all, or rightly over a `body` of their own."""

    signed: Literal["wrongly", "not", "rightly"] = "wrongly"
    body: str | None = None


class RefundDecision(Body):
    status: Literal["submitted", "refunded", "rejected", "not_applicable"]


ENDS = {"delivered": "delivered", "half": "delivered", "lost": "failure", "returned": "return_to_sender"}


def execute(sandbox: "Sandbox", method: str, parts: list[str], body: Json) -> Json:
    depot, delivery = sandbox.depot, sandbox.delivery
    match method, parts:
        case "GET", ["health"]:
            return health(sandbox.clock, delivery, depot.counts())
        case "GET", ["labels"]:
            return {"labels": depot.labels()}
        case "POST", ["parcels", code, "scan"]:
            scan = Scan(**body)
            if scan.status not in STATUSES:
                raise invalid("status", "is not included in the list")
            return depot.scan(code, [scan.status], scan.at.isoformat() if scan.at else None, scan.weight)
        case "POST", ["parcels", code, "travel"]:
            travel = Travel(**body)
            weight = depot.shipped_weight(code) / 2 if travel.to == "half" else None
            return depot.scan(code, WAY[ENDS[travel.to]], weight=weight)
        case "POST", ["parcels", code, "replay"]:
            payload = json.dumps(depot.latest_event(code), indent=2).encode()
            return {"status": delivery.post(payload, headers(payload, sandbox.settings.webhook_secret))}
        case "POST", ["parcels", code, "forge"]:
            return {"status": _forge(sandbox, code, Forgery(**body))}
        case "POST", ["refunds", id]:
            return depot.decide_refund(id, RefundDecision(**body).status)
    return common(sandbox.clock, delivery, sandbox.faults, Fault, method, parts, body)


def _forge(sandbox: "Sandbox", code: str, forgery: Forgery) -> int:
    """A delivery that never happened, unless told otherwise."""
    genuine = sandbox.depot.latest_event(code)
    invented = genuine | {"id": "evt_forged", "result": genuine["result"] | {"status": "delivered"}}
    payload = (json.dumps(invented) if forgery.body is None else forgery.body).encode()
    secret = sandbox.settings.webhook_secret if forgery.signed == "rightly" else "somebody else's"
    sent = dict(headers(payload, secret))
    if forgery.signed == "not":
        del sent["X-Hmac-Signature"]
    return sandbox.delivery.post(payload, sent)
