"""A payment provider as the tests see it: its SDK, its control plane, and a receiver for its webhooks."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from stripe import Charge, Event, PaymentIntent, Refund, StripeClient, Webhook

SECRET = "whsec_conformance"


def wait_for[T](read: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 60) -> T:
    deadline = time.monotonic() + seconds
    while not wanted(value := read()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.02)
    return value


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

    def pay(self, amount: int = 1000, currency: str = "usd", method: str = "pm_card_visa") -> PaymentIntent:
        return self.client.v1.payment_intents.create(
            {
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


@dataclass(frozen=True)
class Control:
    http: httpx.Client

    def get(self, path: str) -> Any:
        return self.http.get(f"/_sandbox/{path}").raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(f"/_sandbox/{path}", json=body).raise_for_status().json()

    def order(self, fault: str, **details: Any) -> None:
        self.post("faults", fault=fault, **details)


class Inbox:
    """A webhook's receiver: keeps what came and answers as told, 200 once nothing more is told."""

    def __init__(self) -> None:
        inbox = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.arrived.put((payload, self.headers["Stripe-Signature"]))
                self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The test's own output is enough."""

        self.arrived: queue.SimpleQueue[tuple[bytes, str]] = queue.SimpleQueue()
        self.answers: list[int] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def next(self) -> Event:
        payload, signature = self.arrived.get(timeout=10)
        event: Event = Webhook.construct_event(payload, signature, SECRET)
        return event

    def take(self, count: int) -> list[Event]:
        return [self.next() for _ in range(count)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
