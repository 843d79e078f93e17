"""Stripe's addresses: from a request to an answer, or to none where a fault cuts the line."""

import base64
import time
from typing import TYPE_CHECKING

from tools.payment_sandbox import faults
from tools.payment_sandbox.idempotency import answer_to
from tools.payment_sandbox.rules import (
    Refusal,
    allow_only,
    check_method,
    page,
    parse_form,
    read_payment,
    read_refund,
    read_search,
)
from tools.sandbox.http import Answer, Json, Request

if TYPE_CHECKING:
    from tools.payment_sandbox.sandbox import Sandbox

ACCOUNT: Json = {
    "id": "acct_paymentsandbox",
    "object": "account",
    "charges_enabled": True,
    "country": "US",
    "default_currency": "usd",
    "type": "standard",
}
# Ids that can be replaced by what they name: https://docs.stripe.com/api/expanding_objects.
EXPANDABLE = {
    "payment_intents": {"latest_charge"},
    "charges": {"payment_intent"},
    "refunds": {"charge", "payment_intent"},
}
LISTING = ("limit", "starting_after", "ending_before", "created", "expand")


def answer(sandbox: "Sandbox", request: Request) -> Answer | None:
    params = parse_form(request.body if request.method == "POST" else request.query)
    fault = sandbox.faults.take(faults.TRANSPORT, _named(request, params))
    if fault and fault.fault == "refused":
        return None
    try:
        authenticate(request.headers.get("Authorization", ""))
        if fault and fault.fault == "status":
            # In front of the idempotency layer, so nothing is saved: https://docs.stripe.com/error-low-level.
            raise fault.refusal()
        result = (
            _post(sandbox, request, params) if request.method == "POST" else _get(sandbox, request, params)
        )
    except Refusal as refusal:
        result = Answer(refusal.status, refusal.body())
    return None if fault and fault.fault == "lost_answer" else result


def authenticate(header: str) -> None:
    """A secret test key, as bearer or as the user of basic: https://docs.stripe.com/api/authentication."""
    scheme, _, credentials = header.partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key).decode().partition(":")[0]
        except ValueError:
            key = ""
    if not key:
        message = (
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
        raise Refusal(message, 401)
    if not key.startswith("sk_test_"):
        raise Refusal(f"Invalid API Key provided: {key[:8]}****{key[-4:] if len(key) > 12 else ''}", 401)


def _named(request: Request, params: Json) -> Json:
    """The call by what faults are ordered for."""
    operation, payment = None, params.get("payment_intent")
    match request.method, request.parts:
        case "POST", ["v1", "refunds"]:
            operation = "refund"
        case "POST", ["v1", "payment_intents"] if params.get("capture_method") == "manual":
            operation = "hold"
        case "POST", ["v1", "payment_intents", id, "confirm" | "capture" | "cancel" as verb]:
            operation, payment = verb, id
        case "GET", ["v1", "payment_intents", "search"]:
            operation = "search"
        case "GET", ["v1", "payment_intents", id]:
            operation, payment = "retrieve", id
    return {"operation": operation, "payment_intent": payment, "charge": params.get("charge")}


def _post(sandbox: "Sandbox", request: Request, params: Json) -> Answer:
    def execute() -> Json:
        names = _expansions(request, params)
        return _expand(sandbox, _write(sandbox, request, params), names)

    key = request.headers.get("Idempotency-Key")
    return sandbox.saved_answers.answer(key, request.path, params, execute) if key else answer_to(execute)


def _write(sandbox: "Sandbox", request: Request, params: Json) -> Json:
    origin: Json = {"id": request.id, "idempotency_key": request.headers.get("Idempotency-Key")}
    match request.parts:
        case ["v1", "payment_intents"]:
            return _pay(sandbox, request, params, origin)
        case ["v1", "payment_intents", id, "confirm"]:
            allow_only(params, "payment_method", "return_url", "expand")
            check_method(params.get("payment_method"))
            return sandbox.ledger.confirm(id, params.get("payment_method"), origin)
        case ["v1", "payment_intents", id, "capture"]:
            allow_only(params, "expand")
            return sandbox.ledger.capture(id, origin)
        case ["v1", "payment_intents", id, "cancel"]:
            allow_only(params, "cancellation_reason", "expand")
            return sandbox.ledger.cancel_payment(id, params.get("cancellation_reason"), origin)
        case ["v1", "refunds"]:
            return _refund(sandbox, request, params, origin)
        case ["v1", "refunds", id, "cancel"]:
            allow_only(params, "expand")
            return sandbox.ledger.cancel(id, origin)
    raise _unrecognized(request)


def _pay(sandbox: "Sandbox", request: Request, params: Json, origin: Json) -> Json:
    asked = read_payment(params)
    fault = sandbox.faults.take(frozenset({"saved_500"}), _named(request, params))
    if fault is None or fault.effect:
        paid = sandbox.ledger.pay(asked, origin)
    if fault:
        raise _unknown_error()
    return paid


def _refund(sandbox: "Sandbox", request: Request, params: Json, origin: Json) -> Json:
    asked, named = read_refund(params), _named(request, params)
    if delay := sandbox.faults.take(faults.DELAY, named):
        time.sleep(delay.delay_ms / 1000)
    fault = sandbox.faults.take(faults.RESULT, named)
    if fault is None:
        return sandbox.ledger.refund(asked, origin)
    if fault.fault == "saved_500":
        if fault.effect:
            sandbox.ledger.refund(asked, origin)
        raise _unknown_error()
    return sandbox.ledger.refund(asked, origin, fault.outcome())


def _unknown_error() -> Refusal:
    return Refusal("An unknown error occurred", 500, type="api_error", began=True)


def _get(sandbox: "Sandbox", request: Request, params: Json) -> Answer:
    ledger = sandbox.ledger
    match request.parts:
        case ["v1", "payment_intents", "search"]:
            results = ledger.search(*read_search(params))
            found = {"object": "search_result", "url": request.path, "has_more": False, "data": results}
        case ["v1", "payment_intents"]:
            allow_only(params, "customer", *LISTING)
            found = page(ledger.payments(), params, request.path)
        case ["v1", "payment_intents", id]:
            found = ledger.payment(id)
        case ["v1", "charges", id]:
            found = ledger.charge(id)
        case ["v1", "refunds", id]:
            found = ledger.one_refund(id)
        case ["v1", "refunds"]:
            allow_only(params, "payment_intent", "charge", *LISTING)
            refunds = ledger.refunds(params.get("payment_intent"), params.get("charge"))
            found = page(refunds, params, request.path)
        case ["v1", "disputes", id]:
            found = ledger.one_dispute(id)
        case ["v1", "disputes"]:
            allow_only(params, "payment_intent", *LISTING)
            found = page(ledger.disputes(params.get("payment_intent")), params, request.path)
        case ["v1", "events", id]:
            found = ledger.event(id)
        case ["v1", "events"]:
            allow_only(params, "type", "types", *LISTING)
            types = [*params.get("types", {}).values(), *([params["type"]] if "type" in params else [])]
            found = page(ledger.events(types or None), params, request.path)
        case ["v1", "account"]:
            found = ACCOUNT
        case _:
            raise _unrecognized(request)
    return Answer(200, _expand(sandbox, found, _expansions(request, params)))


def _unrecognized(request: Request) -> Refusal:
    return Refusal(f"Unrecognized request URL ({request.method}: {request.path}).", 404)


def _expansions(request: Request, params: Json) -> list[str]:
    """The properties asked for as objects, checked before anything happens."""
    asked = params.get("expand") or {}
    if not isinstance(asked, dict):
        raise Refusal("Invalid array", param="expand")
    paths = [str(path) for path in asked.values()]
    for path in paths:
        if path.removeprefix("data.") not in EXPANDABLE.get(request.parts[1], ()):
            raise Refusal(f"This property cannot be expanded ({path}).", param="expand")
    return [path.removeprefix("data.") for path in paths]


def _expand(sandbox: "Sandbox", found: Json, names: list[str]) -> Json:
    for name in names:
        read = sandbox.ledger.payment if name == "payment_intent" else sandbox.ledger.charge
        for item in found.get("data", [found]):
            if item[name]:
                item[name] = read(item[name])
    return found
