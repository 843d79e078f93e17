"""Carriers as the tests see them, through EasyPost's SDK."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from easypost.easypost_client import EasyPostClient
from easypost.util import validate_webhook

from aftersales.adapters.easypost_carriers import EasyPostCarriers, easypost_client
from aftersales.domain.address import Address
from aftersales.domain.label import Customs, LabelOrder, Package
from tests.conformance.sandbox import Inbox

SECRET = "c\u00e4rrier"  # normalised by whoever signs and by whoever checks

BUYER = Address(
    name="Elizabeth Swan",
    street1="179 N Harbor Dr",
    city="Redondo Beach",
    state="CA",
    zip="90277",
    country="US",
    phone="5555555555",
)
SELLER = Address(
    name="Jack Sparrow",
    street1="388 Townsend St",
    city="San Francisco",
    state="CA",
    zip="94107",
    country="US",
    phone="5555555555",
)


@dataclass(frozen=True)
class Service:
    key: str
    url: str = ""  # none for EasyPost itself

    def client(self, key: str | None = None, timeout: float = 20) -> EasyPostClient:
        return easypost_client(key or self.key, self.url, timeout)

    def carriers(self, timeout: float = 20) -> EasyPostCarriers:
        """As a worker that has just started has them."""
        return EasyPostCarriers(self.client(timeout=timeout))


def an_order(
    *, sender: Address = BUYER, receiver: Address = SELLER, grams: int = 400, customs: Customs | None = None
) -> LabelOrder:
    """Goods go back, under an id that nobody used before."""
    return LabelOrder(
        shipment_id=f"return-{uuid4().hex}",
        ordered_at=time.time_ns() // 1_000_000,
        from_address=sender,
        to_address=receiver,
        package=Package(weight=grams, length=250, width=200, height=100),
        customs=customs,
    )


def a_shipment(**more: Any) -> dict[str, Any]:
    """What the SDK is asked for, in EasyPost's own units."""
    fields = ("name", "street1", "city", "state", "zip", "country", "phone")
    return {
        "from_address": {name: getattr(SELLER, name) for name in fields},
        "to_address": {name: getattr(BUYER, name) for name in fields},
        "parcel": {"length": 10, "width": 8, "height": 4, "weight": 15.4},
    } | more


def _event(payload: bytes, signature: str) -> dict[str, Any]:
    return validate_webhook(payload, {"X-Hmac-Signature": signature}, SECRET)


def carrier_inbox() -> Inbox[dict[str, Any]]:
    """A receiver of the carriers' webhooks."""
    return Inbox("X-Hmac-Signature", _event)
