"""EasyPost's documented rules for addresses, shipments, labels and trackers, as functions of values alone.

Every rule names the page of docs.easypost.com it was taken from; those pages are the authority. Where they are silent,
the shape is that of answers recorded in the tests of the official SDK (EasyPost/easypost-python, tests/cassettes).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tools.sandbox.http import Json, Refused


@dataclass(eq=False)
class Refusal(Refused):
    """An error answer: https://docs.easypost.com/docs/errors."""

    code: str
    message: str
    status: int = 422
    errors: list[Json] = field(default_factory=list)

    def body(self) -> Json:
        return {"error": {"code": self.code, "message": self.message, "errors": self.errors}}


def missing_resource() -> Refusal:
    return Refusal("NOT_FOUND", "The requested resource could not be found.", 404)


def required(name: str) -> Refusal:
    errors = [{"field": name, "message": "cannot be blank"}]
    return Refusal("PARAMETER.REQUIRED", "Missing required parameter.", errors=errors)


def invalid(name: str, message: str) -> Refusal:
    return Refusal("PARAMETER.INVALID", message, errors=[{"field": name, "message": message}])


def wrapped(params: Json, name: str) -> Json:
    """`{"shipment": {...}}`"""
    inner = params.get(name)
    if not isinstance(inner, dict) or not inner:
        raise required(name)
    return inner


# --- Addresses: https://docs.easypost.com/docs/addresses -----------------------------------------

ADDRESS = ("name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email")


def read_address(params: Json) -> Json:
    return {name: params.get(name) or None for name in ADDRESS} | {"country": params.get("country") or "US"}


def verify(address: Json) -> tuple[Json, list[Json]]:
    """The address as the post writes it, or what is wrong with it."""
    problems = []
    street = address["street1"] or ""
    if not (address["zip"] or (address["city"] and address["state"])) or re.search(
        r"\bunknown\b", street, re.I
    ):
        problems.append(_problem("E.ADDRESS.NOT_FOUND", "address", "Address not found"))
    if not re.search(r"\d", street):
        problems.append(_problem("E.HOUSE_NUMBER.MISSING", "street1", "House number is missing"))
    if problems or address["country"] != "US":
        return address, problems
    written = {
        name: value.upper() for name, value in address.items() if value and name not in ("email", "phone")
    }
    return address | written | {"residential": True}, []


def _problem(code: str, field: str, message: str) -> Json:
    return {"code": code, "field": field, "message": message, "suggestion": None}


# --- Parcels and customs -------------------------------------------------------------------------


def read_parcel(params: Json) -> Json:
    """https://docs.easypost.com/docs/parcels: inches and ounces; only the weight is always needed."""
    weight = params.get("weight")
    if not isinstance(weight, int | float) or weight <= 0:
        raise invalid("weight", "must be greater than 0")
    return {name: params.get(name) for name in ("length", "width", "height", "predefined_package")} | {
        "weight": float(weight)
    }


CONTENTS = (
    "documents",
    "gift",
    "merchandise",
    "returned_goods",
    "sample",
    "dangerous_goods",
    "humanitarian_donation",
)


def read_customs(params: Json) -> Json:
    """https://docs.easypost.com/docs/customs-infos"""
    if params.get("contents_type") not in (*CONTENTS, "other"):
        raise invalid("contents_type", "is not included in the list")
    if params.get("customs_certify") and not params.get("customs_signer"):
        raise required("customs_signer")
    items = params.get("customs_items") or []
    if not items:
        raise required("customs_items")
    for item in items:
        for name in ("description", "quantity", "value", "weight", "origin_country"):
            if not item.get(name):
                raise required(name)
    return params


# --- Rates: https://docs.easypost.com/docs/shipments/rates ---------------------------------------


@dataclass(frozen=True)
class Service:
    carrier: str
    name: str
    price: Decimal  # of the first pound
    days: int
    currency: str = "USD"


DOMESTIC: Mapping[str, Sequence[Service]] = {
    "US": (
        Service("USPS", "GroundAdvantage", Decimal("6.07"), 3),
        Service("USPS", "Priority", Decimal("7.42"), 2),
        Service("USPS", "Express", Decimal("34.15"), 1),
        Service("UPS", "Ground", Decimal("9.81"), 3),
    ),
    "BR": (Service("Correios", "PAC", Decimal("24.90"), 7, "BRL"),),
}
INTERNATIONAL = (Service("DHLExpress", "ExpressWorldwide", Decimal("58.40"), 4),)
WITHOUT_CUSTOMS = {
    "carrier": "DHLExpress",
    "carrier_account_id": "ca_carriersandbox",
    "type": "rate_error",
    "message": "customs_info is required for international shipments",
}


def services(origin: str, destination: str, declared: bool) -> tuple[Sequence[Service], list[Json]]:
    """Who carries it, and what the others say (https://docs.easypost.com/docs/shipments/messages)."""
    if origin == destination:
        return DOMESTIC.get(origin, ()) or INTERNATIONAL, []
    return (INTERNATIONAL, []) if declared else ((), [WITHOUT_CUSTOMS])


def price(service: Service, ounces: float) -> str:
    """Decimal text; each further pound costs a fifth more."""
    pounds = max(0, -int(-ounces // 16) - 1)
    return str((service.price * (1 + Decimal(pounds) / 5)).quantize(Decimal("0.01")))


# --- Trackers: https://docs.easypost.com/docs/trackers -------------------------------------------

STATUSES = (
    "unknown", "pre_transit", "in_transit", "out_for_delivery", "delivered", "available_for_pickup",
    "return_to_sender", "failure", "cancelled", "error",
)  # fmt: skip
# A parcel with one of these cannot be given back: the carrier has it, or had (docs/shipments/shipping-refund).
UNUSED = ("unknown", "pre_transit", "cancelled", "error")
TEST_CODES: Mapping[str, str] = {
    "EZ1000000001": "pre_transit",
    "EZ2000000002": "in_transit",
    "EZ3000000003": "out_for_delivery",
    "EZ4000000004": "delivered",
    "EZ5000000005": "return_to_sender",
    "EZ6000000006": "failure",
    "EZ7000000007": "unknown",
}
MESSAGES: Mapping[str, str] = {
    "pre_transit": "Shipping Label Created",
    "in_transit": "Arrived at Facility",
    "out_for_delivery": "Out for Delivery",
    "delivered": "Delivered",
    "available_for_pickup": "Available for Pickup",
    "return_to_sender": "Returned to Sender",
    "failure": "Delivery Exception",
    "cancelled": "Label Cancelled",
}
# What leads to each status.
WAY: Mapping[str, Sequence[str]] = {
    "unknown": (),
    "error": (),
    "pre_transit": ("pre_transit",),
    "cancelled": ("pre_transit", "cancelled"),
    "in_transit": ("pre_transit", "in_transit"),
    "out_for_delivery": ("pre_transit", "in_transit", "out_for_delivery"),
    "available_for_pickup": ("pre_transit", "in_transit", "available_for_pickup"),
    "failure": ("pre_transit", "in_transit", "failure"),
    "return_to_sender": ("pre_transit", "in_transit", "return_to_sender"),
    "delivered": ("pre_transit", "in_transit", "out_for_delivery", "delivered"),
}


# --- Lists: https://docs.easypost.com/docs/pagination --------------------------------------------


def page(newest_first: Sequence[Json], params: Mapping[str, str], name: str) -> Json:
    size = int(params.get("page_size") or 20)
    if not 1 <= size <= 100:
        raise invalid("page_size", "must be between 1 and 100")
    start, end = params.get("start_datetime"), params.get("end_datetime")
    kept = [
        item
        for item in newest_first
        if (not start or item["created_at"] >= _zulu(start)) and (not end or item["created_at"] < _zulu(end))
    ]
    ids = [item["id"] for item in kept]
    if before := params.get("before_id"):
        kept = kept[_position(ids, before) + 1 :]
    if after := params.get("after_id"):
        kept = kept[: _position(ids, after)]
    return {name: kept[:size], "has_more": len(kept) > size}


def _zulu(moment: str) -> str:
    return moment.replace("+00:00", "Z")


def _position(ids: Sequence[str], id: str) -> int:
    if id not in ids:
        raise missing_resource()
    return ids.index(id)


def flag(value: Any, default: bool) -> bool:
    return default if value is None else str(value).lower() == "true"
