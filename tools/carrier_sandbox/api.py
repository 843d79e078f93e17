"""EasyPost's addresses: from a request to an answer, or to none where a fault cuts the line."""

import base64
import json
import time
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tools.carrier_sandbox import faults, labels
from tools.carrier_sandbox.depot import Depot
from tools.carrier_sandbox.rules import Refusal, flag, missing_resource, wrapped
from tools.sandbox.http import Answer, Json, Request

if TYPE_CHECKING:
    from tools.carrier_sandbox.sandbox import Sandbox


def answer(sandbox: "Sandbox", request: Request) -> Answer | None:
    fault = None
    try:
        if request.parts[0] == "labels":
            return _file(sandbox, request)
        met = _met(sandbox, request)
        fault = sandbox.faults.take(faults.TRANSPORT, met)
        if fault and fault.fault == "refused":
            return None
        authenticate(request.headers.get("Authorization", ""))
        if fault and fault.fault == "status":
            raise fault.refusal()
        result = _answer(sandbox, request, met)
    except Refusal as refusal:
        result = Answer(refusal.status, refusal.body())
    return None if fault and fault.fault == "lost_answer" else result


def authenticate(header: str) -> None:
    """A key of test mode, as bearer or as the user of basic: https://docs.easypost.com/docs/authentication."""
    scheme, _, credentials = header.partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key).decode().partition(":")[0]
        except ValueError:
            key = ""
    if not key:
        raise Refusal("APIKEY.REQUIRED", "The request could not be authenticated.", 401)
    if not key.startswith("EZTK"):
        raise Refusal("APIKEY.INACTIVE", "This api key is no longer active.", 401)


def _met(sandbox: "Sandbox", request: Request) -> Json:
    """What a fault can wait for: an operation, and whose shipment it is of."""
    reference = _body(request).get("shipment", {}).get("reference")
    if request.parts[:2] == ["v2", "shipments"] and len(request.parts) > 2:
        with suppress(Refusal):
            reference = sandbox.depot.shipment(request.parts[2])["reference"]
    return {"operation": operation(request.method, request.parts), "reference": reference}


def operation(method: str, parts: list[str]) -> str | None:
    """The name under which faults wait for such a call; nothing goes wrong with the others."""
    match method, parts:
        case "POST", ["v2", "shipments"]:
            return "create"
        case "GET", ["v2", "shipments"]:
            return "list"
        case "GET", ["v2", "shipments", _]:
            return "retrieve"
        case "POST", ["v2", "shipments", _, name]:
            return name
        case "POST", ["v2", "trackers"]:
            return "track"
        case "POST", ["v2", "addresses", *_]:
            return "verify"
    return None


def _answer(sandbox: "Sandbox", request: Request, met: Json) -> Answer:
    depot, body, query = sandbox.depot, _body(request), dict(parse_qsl(request.query))
    alone = depot.purchase(request.parts[2]) if met["operation"] == "buy" else nullcontext()
    with alone:
        if delay := sandbox.faults.take(faults.DELAY, met):
            time.sleep(delay.delay_ms / 1000)
        fault = sandbox.faults.take(faults.CARRIER, met)
        if fault and fault.fault != "no_rates" and not fault.effect:
            raise fault.refusal()
        result = _result(depot, request, body, query, rated=fault is None)
        if fault and fault.effect:
            raise fault.refusal()
        return result


def _result(depot: Depot, request: Request, body: Json, query: dict[str, str], *, rated: bool) -> Answer:
    match request.method, request.parts:
        case "POST", ["v2", "addresses"]:
            checks = {
                "check": flag(body.get("verify"), False),
                "strict": flag(body.get("verify_strict"), False),
            }
            return Answer(201, depot.address(wrapped(body, "address"), **checks))
        case "POST", ["v2", "addresses", "create_and_verify"]:
            return Answer(201, {"address": depot.address(wrapped(body, "address"), strict=True)})
        case "GET", ["v2", "addresses", id]:
            return Answer(200, depot.one_address(id))
        case "POST", ["v2", "shipments"]:
            return Answer(201, depot.ship(wrapped(body, "shipment"), rated=rated))
        case "GET", ["v2", "shipments"]:
            return Answer(200, depot.shipments(query))
        case "GET", ["v2", "shipments", id]:
            return Answer(200, depot.shipment(id))
        case "POST", ["v2", "shipments", id, "rerate"]:
            return Answer(200, depot.rerate(id))
        case "POST", ["v2", "shipments", id, "buy"]:
            return Answer(200, depot.buy(id, body))
        case "POST", ["v2", "shipments", id, "refund"]:
            return Answer(200, depot.refund(id))
        case "GET", ["v2", "shipments", id, "label"]:
            return Answer(200, depot.pdf(id))
        case "POST", ["v2", "trackers"]:
            return Answer(200, depot.track(wrapped(body, "tracker")))
        case "GET", ["v2", "trackers"]:
            return Answer(200, depot.trackers(query))
        case "GET", ["v2", "trackers", id]:
            return Answer(200, depot.tracker(id))
        case "GET", ["v2", "events"]:
            return Answer(200, depot.events(query))
        case "GET", ["v2", "events", id]:
            return Answer(200, depot.event(id))
    raise missing_resource()


def _file(sandbox: "Sandbox", request: Request) -> Answer:
    name, _, kind = request.parts[-1].partition(".")
    text = sandbox.depot.printed(name)
    if kind == "png":
        return Answer(200, labels.png(text), {"Content-Type": "image/png"})
    if kind == "pdf":
        return Answer(200, labels.pdf(text), {"Content-Type": "application/pdf"})
    raise missing_resource()


def _body(request: Request) -> Json:
    if request.method != "POST" or not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal("BAD_REQUEST", "The request could not be understood by the server.", 400)
    return body
