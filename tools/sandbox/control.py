"""The control plane under /_sandbox/, as far as every sandbox has it."""

import json
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveInt

from tools.sandbox.clock import Clock
from tools.sandbox.delivery import Delivery, Mode
from tools.sandbox.faults import Fault, Faults
from tools.sandbox.http import Answer, Json, Refused


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


class Advance(Body):
    advance_seconds: NonNegativeFloat


class Unrecognized(Refused):
    status = 404

    def body(self) -> Json:
        return {"error": {"message": f"Unrecognized request URL ({self})."}}


def answer(execute: Callable[[Json], Json], body: str) -> Answer:
    """What the control plane says to one request."""
    try:
        parsed = json.loads(body or "{}")
        if not isinstance(parsed, dict):
            raise ValueError("The body must be a JSON object.")
        return Answer(200, execute(parsed))
    except Refused as refusal:
        return Answer(refusal.status, refusal.body())
    except ValueError as error:
        return Answer(400, {"error": {"message": str(error), "type": "invalid_request_error"}})


def common[F: Fault](
    clock: Clock,
    delivery: Delivery,
    faults: Faults[F],
    fault: type[F],
    method: str,
    parts: list[str],
    body: Json,
) -> Json:
    """The routes that all have."""
    match method, parts:
        case "POST", ["webhook"]:
            delivery.url = Webhook(**body).url
            return {"webhook_url": delivery.url}
        case "GET", ["faults"]:
            return {"faults": faults.waiting()}
        case "POST", ["faults"] if "events" in body:
            events = Events(**body)
            delivery.arrange(events.events, events.delay_ms / 1000)
            return {"events": events.events}
        case "POST", ["faults"]:
            faults.order(fault(**body))
            return {"faults": faults.waiting()}
        case "POST", ["events", "release"]:
            release = Release(**body)
            return {"released": delivery.release(release.order == "reverse", release.repeat)}
        case "POST", ["clock"]:
            clock.advance(Advance(**body).advance_seconds)
            return {"clock": int(clock.now())}
    raise Unrecognized(f"{method}: /_sandbox/{'/'.join(parts)}")


def health(clock: Clock, delivery: Delivery, counts: dict[str, Any]) -> Json:
    """That it runs, and what it holds."""
    return {
        "status": "ok",
        "clock": int(clock.now()),
        "webhook_url": delivery.url,
        "held_events": delivery.held(),
        "undelivered_events": delivery.undelivered,
    } | counts
