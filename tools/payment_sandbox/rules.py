"""Stripe's documented rules for payments and refunds, as functions of values alone.

Every rule names the page of docs.stripe.com it was taken from; those pages are the authority.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from tools.sandbox.http import Json, Refused

type Status = Literal["pending", "requires_action", "succeeded", "failed", "canceled"]


@dataclass(eq=False)
class Refusal(Refused):
    """An error answer in Stripe's shape: https://docs.stripe.com/api/errors.

    `began` says whether the endpoint had begun to execute, which decides whether an idempotency key keeps
    the answer: https://docs.stripe.com/api/idempotent_requests.
    """

    message: str
    status: int = 400
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    began: bool = False
    payment_intent: Json | None = None

    def body(self) -> Json:
        details = {
            "code": self.code,
            "doc_url": self._doc_url(),
            "message": self.message,
            "param": self.param,
            "payment_intent": self.payment_intent,
        }
        return {"error": {name: value for name, value in details.items() if value} | {"type": self.type}}

    def _doc_url(self) -> str | None:
        return self.code and f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"


def missing_resource(kind: str, id: str, param: str = "id", status: int = 404) -> Refusal:
    return Refusal(f"No such {kind}: '{id}'", status, code="resource_missing", param=param)


# --- Form bodies --------------------------------------------------------------------------------


def parse_form(text: str) -> Json:
    """``metadata[order]=7&expand[0]=charge`` to nested dictionaries; a list is a dictionary by position."""
    params: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, leaf = name.replace("]", "").split("[")
        target = params
        for step in path:
            if not isinstance(target.get(step), dict):
                target[step] = {}
            target = target[step]
        target[leaf or str(len(target))] = value
    return params


def allow_only(params: Mapping[str, Any], *known: str) -> None:
    if unknown := [name for name in params if name not in known]:
        plural = "s" if len(unknown) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise Refusal(message, code="parameter_unknown", param=unknown[0])


def require(params: Mapping[str, Any], name: str) -> str:
    if not params.get(name):
        raise Refusal(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return str(params[name])


def integer(params: Mapping[str, Any], name: str, default: int) -> int:
    if name not in params:
        return default
    text = str(params[name])
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise Refusal(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    if int(text) < 1:
        message = "This value must be greater than or equal to 1."
        raise Refusal(message, code="parameter_invalid_integer", param=name)
    return int(text)


def metadata(params: Mapping[str, Any]) -> dict[str, str]:
    """At most 50 pairs, keys up to 40 characters, values up to 500: https://docs.stripe.com/metadata."""
    pairs = params.get("metadata") or {}
    if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
        raise Refusal("Invalid metadata: metadata must be a set of key-value pairs", param="metadata")
    if len(pairs) > 50:
        raise Refusal("Metadata can have at most 50 key-value pairs", param="metadata")
    for key, value in pairs.items():
        if len(key) > 40:
            raise Refusal("Metadata keys can be at most 40 characters", param=f"metadata[{key}]")
        if len(value) > 500:
            raise Refusal("Metadata values can be at most 500 characters", param=f"metadata[{key}]")
    return {key: value for key, value in pairs.items() if value}


# --- Money: https://docs.stripe.com/currencies --------------------------------------------------

# MGA has two decimals in ISO 4217 and none at Stripe.
ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# No minor unit any more, yet still passed with two decimals that must be 00.
WHOLE_ONLY = frozenset({"isk", "ugx"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "brl": "R$"}


def format_money(amount: int, currency: str) -> str:
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    number = f"{amount // 10**decimals:,}" + (f".{amount % 10**decimals:0{decimals}d}" if decimals else "")
    return SYMBOLS.get(currency, f"{currency.upper()} ") + number


def check_amount(amount: int, currency: str) -> None:
    step = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_ONLY else 1
    if amount % step:
        raise Refusal(f"Amounts in {currency.upper()} must be divisible by {step}", param="amount")
    digits = 12 if currency == "idr" else 8
    if amount >= 10**digits:
        most = format_money(10**digits - 1, currency)
        raise Refusal(f"Amount must be no more than {most}", code="amount_too_large", param="amount")


# --- Payments -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How a refund starts and, if it changes by itself, how it ends."""

    status: Status
    later: Literal["succeeded", "failed"] | None = None
    failure_reason: str | None = None


FAILS_LATER = Outcome("succeeded", "failed", "expired_or_canceled_card")

# The test methods of https://docs.stripe.com/testing and what becomes of a refund on each (#refunds there).
METHODS: Mapping[str, Outcome] = {
    "pm_card_visa": Outcome("succeeded"),
    "pm_card_mastercard": Outcome("succeeded"),
    "pm_card_pendingRefund": Outcome("pending", "succeeded"),
    "pm_card_refundFail": FAILS_LATER,
}


# The test methods whose bank refuses: always, or where the cardholder is not there to prove who it is.
DECLINED: Mapping[str, str] = {
    "pm_card_chargeDeclined": "card_declined",
    "pm_card_authenticationRequired": "authentication_required",
}

type PaymentStatus = Literal[
    "requires_payment_method", "requires_confirmation", "requires_capture", "succeeded", "canceled"
]
# https://docs.stripe.com/api/payment_intents/cancel
CANCELABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_capture"})
# How long a card that was paid with online is held: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method.
HOLD_SECONDS = 7 * 24 * 60 * 60
# "Under normal operating conditions, data is searchable in under 1 minute": https://docs.stripe.com/search.
SEARCHABLE_AFTER = 60


@dataclass(frozen=True)
class PaymentRequest:
    amount: int
    currency: str
    method: str | None
    confirm: bool
    metadata: dict[str, str]
    manual: bool = False
    off_session: bool = False
    customer: str | None = None


def refuse_declined(method: str, *, off_session: bool) -> str | None:
    """Why the bank refuses, if it does: https://docs.stripe.com/testing#declined-payments."""
    code = DECLINED.get(method)
    return None if code == "authentication_required" and not off_session else code


def unexpected_state(status: str, verb: str) -> Refusal:
    """https://docs.stripe.com/error-codes#payment-intent-unexpected-state"""
    message = f"You cannot {verb} this PaymentIntent because it has a status of {status}."
    return Refusal(message, code="payment_intent_unexpected_state", param="intent", began=True)


def read_search(params: Json) -> tuple[str, str]:
    """Name and value of the metadata that is searched for, the one query that the sandbox knows:
    https://docs.stripe.com/search#search-query-language."""
    allow_only(params, "query", "limit", "page", "expand")
    found = re.fullmatch(r"metadata\['([^']+)'\]:'([^']*)'", require(params, "query"))
    if not found:
        raise Refusal("We were unable to parse your search query.", param="query")
    return found[1], found[2]


def read_payment(params: Json) -> PaymentRequest:
    """https://docs.stripe.com/api/payment_intents/create"""
    allow_only(
        params, "amount", "currency", "payment_method", "confirm", "metadata", "expand",
        "description", "allowed_payment_method_types", "automatic_payment_methods", "return_url",
        "capture_method", "off_session", "customer", "setup_future_usage",
    )  # fmt: skip
    require(params, "amount")
    amount = integer(params, "amount", 0)
    currency = require(params, "currency").lower()
    if not re.fullmatch("[a-z]{3}", currency):
        raise Refusal(f"Invalid currency: {currency}", param="currency")
    check_amount(amount, currency)
    method = params.get("payment_method")
    check_method(method)
    confirm = params.get("confirm") == "true"
    if confirm and method is None:
        raise Refusal("You cannot confirm this PaymentIntent because it's missing a payment method.")
    off_session = params.get("off_session") == "true"
    if off_session and not confirm:
        raise Refusal("You cannot use off_session without confirm=true.", param="off_session")
    capture_method = params.get("capture_method", "automatic")
    if capture_method not in ("automatic", "automatic_async", "manual"):
        raise Refusal("Invalid capture_method: must be one of automatic or manual", param="capture_method")
    return PaymentRequest(
        amount,
        currency,
        method,
        confirm,
        metadata(params),
        manual=capture_method == "manual",
        off_session=off_session,
        customer=params.get("customer"),
    )


def check_method(method: str | None) -> None:
    if method is not None and method not in METHODS and method not in DECLINED:
        raise missing_resource("PaymentMethod", str(method), "payment_method", 400)


# --- Refunds ------------------------------------------------------------------------------------

REASONS = ("duplicate", "fraudulent", "requested_by_customer")

# Money that is on its way back or there: a failed or canceled refund gives it free again.
HOLDING = frozenset({"pending", "requires_action", "succeeded"})

# https://docs.stripe.com/refunds#failed-refunds: a refund that succeeded can still fail.
SETTLEMENTS = frozenset(
    {
        ("pending", "succeeded"),
        ("pending", "failed"),
        ("requires_action", "succeeded"),
        ("requires_action", "failed"),
        ("succeeded", "failed"),
    }
)


@dataclass(frozen=True)
class RefundRequest:
    payment_intent: str | None
    charge: str | None
    amount: int | None
    reason: str | None
    metadata: dict[str, str]


def read_refund(params: Json) -> RefundRequest:
    """https://docs.stripe.com/api/refunds/create"""
    allow_only(params, "payment_intent", "charge", "amount", "reason", "metadata", "expand")
    payment_intent, charge = params.get("payment_intent"), params.get("charge")
    if payment_intent and charge:
        message = "You may only specify one of these parameters: charge, payment_intent."
        raise Refusal(message, code="parameters_exclusive", param="charge")
    if not payment_intent and not charge:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise Refusal(message, code="parameter_missing")
    reason = params.get("reason")
    if reason is not None and reason not in REASONS:
        message = "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer"
        raise Refusal(message, param="reason")
    amount = integer(params, "amount", 0) or None
    return RefundRequest(payment_intent, charge, amount, reason, metadata(params))


def amount_to_refund(asked: int | None, captured: int, refunded: int, charge: str, currency: str) -> int:
    """The whole rest unless an amount is asked for, and never more than the rest.

    The errors of a call that already executes, so an idempotency key keeps them. Stripe's page says only that
    an error is raised; integrations report that asking for too much comes without a `code` and with `param`
    "amount" (edx/commerce-coordinator#360, woocommerce/woocommerce-gateway-stripe#1315).
    """
    left = captured - refunded
    if left == 0:
        message = f"Charge {charge} has already been refunded."
        raise Refusal(message, code="charge_already_refunded", began=True)
    amount = left if asked is None else asked
    if amount > left:
        bound = "unrefunded amount on charge" if refunded else "charge amount"
        message = (
            f"Refund amount ({format_money(amount, currency)}) is greater than "
            f"{bound} ({format_money(left, currency)})"
        )
        raise Refusal(message, param="amount", began=True)
    check_amount(amount, currency)
    return amount


DisputeStatus = Literal["needs_response", "won", "lost"]


def refuse_disputed(charge: str, disputes: Iterable[DisputeStatus]) -> None:
    """Nothing is refunded beside a chargeback, unless the bank gave the money back:
    https://docs.stripe.com/error-codes#charge-disputed."""
    if any(status != "won" for status in disputes):
        message = f"Charge {charge} has been charged back; cannot issue a refund."
        raise Refusal(message, code="charge_disputed", began=True)


# --- Lists: https://docs.stripe.com/api/pagination ----------------------------------------------


def page(newest_first: Sequence[Json], params: Json, url: str) -> Json:
    limit = integer(params, "limit", 10)
    if limit > 100:
        raise Refusal("This value must be less than or equal to 100.", param="limit")
    kept = [item for item in newest_first if _created_within(item["created"], params.get("created"))]
    if after := params.get("starting_after"):
        kept = kept[_position(kept, after, "starting_after") + 1 :]
        shown, more = kept[:limit], len(kept) > limit
    elif before := params.get("ending_before"):
        kept = kept[: _position(kept, before, "ending_before")]
        shown, more = kept[-limit:], len(kept) > limit
    else:
        shown, more = kept[:limit], len(kept) > limit
    return {"object": "list", "url": url, "has_more": more, "data": shown}


def _position(items: Iterable[Json], id: str, param: str) -> int:
    for position, item in enumerate(items):
        if item["id"] == id:
            return position
    raise missing_resource("object", id, param, 400)


def _created_within(created: int, asked: Any) -> bool:
    bounds = asked if isinstance(asked, dict) else {"gte": asked, "lte": asked} if asked else {}
    times = {name: integer(bounds, name, 0) for name in bounds}
    return (
        created > times.get("gt", -1)
        and created >= times.get("gte", 0)
        and created < times.get("lt", created + 1)
        and created <= times.get("lte", created)
    )
