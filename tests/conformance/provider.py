"""A payment provider as the tests see it, through its SDK."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from stripe import Charge, Event, PaymentIntent, Refund, StripeClient, Webhook

from tests.conformance.sandbox import Inbox, wait_for

SECRET = "whsec_conformance"


@dataclass(frozen=True)
class Provider:
    key: str
    url: str | None = None  # none for Stripe itself
    control: httpx.Client | None = None

    def client(self, key: str | None = None, retries: int = 0) -> StripeClient:
        addresses: Any = {"api": self.url} if self.url else {}
        return StripeClient(key or self.key, base_addresses=addresses, max_network_retries=retries)


@dataclass(frozen=True)
class Shop:
    """What the tests do most: pay, refund, and look at what the provider then says."""

    client: StripeClient

    def pay(
        self, amount: int = 1000, currency: str = "usd", method: str = "pm_card_visa", **kept: Any
    ) -> PaymentIntent:
        return self.client.v1.payment_intents.create(
            {
                **kept,  # type: ignore[typeddict-item]  # a customer, or nobody
                "amount": amount,
                "currency": currency,
                "payment_method": method,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "confirm": True,
            }
        )

    def refund(self, payment: PaymentIntent, key: str | None = None, **params: Any) -> Refund:
        asked: Any = {"payment_intent": payment.id, **params}
        return self.client.v1.refunds.create(asked, {"idempotency_key": key} if key else {})

    def charge(self, payment: PaymentIntent) -> Charge:
        return self.client.v1.charges.retrieve(str(payment.latest_charge))

    def refunds(self, payment: PaymentIntent) -> list[Refund]:
        return self.client.v1.refunds.list({"payment_intent": payment.id, "limit": 100}).data

    def read(self, refund: Refund) -> Refund:
        return self.client.v1.refunds.retrieve(refund.id)

    def settled(self, refund: Refund, status: str) -> Refund:
        return wait_for(lambda: self.read(refund), lambda now: now.status == status)

    def events(self, refund: Refund, type: str) -> list[Event]:
        """The events of one type whose subject is this refund."""
        found = self.client.v1.events.list({"type": type, "limit": 100}).data
        return [event for event in found if event.data.object["id"] == refund.id]


def payment_inbox() -> Inbox[Event]:
    """A receiver of the provider's webhooks."""
    return Inbox("Stripe-Signature", partial(Webhook.construct_event, secret=SECRET))
