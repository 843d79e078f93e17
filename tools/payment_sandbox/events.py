"""Events and their delivery: https://docs.stripe.com/webhooks."""

import hashlib
import hmac
import json
import queue
import secrets
import threading
import time
from functools import partial
from typing import Literal

import urllib3

from tools.payment_sandbox.clock import Clock
from tools.payment_sandbox.rules import Json

# The version the stripe SDK 16.1 is pinned to.
API_VERSION = "2026-10-28.endive"

# Stripe repeats over hours and days; a developer does not wait that long.
RETRY_AFTER = (0.2, 0.5, 1, 2, 5, 10, 30, 60)
WORKERS = 8

# The origin of an event that no call caused.
NO_REQUEST: Json = {"id": None, "idempotency_key": None}

type Mode = Literal["normal", "hold", "duplicate", "reverse", "delay"]


def event(type: str, subject: Json, created: int, request: Json, previous: Json | None = None) -> Json:
    """https://docs.stripe.com/api/events/object"""
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": subject} | ({"previous_attributes": previous} if previous else {}),
        "livemode": False,
        "pending_webhooks": 1,
        "request": request,
        "type": type,
    }


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """https://docs.stripe.com/webhooks#verify-manually"""
    digest = hmac.new(secret.encode(), b"%d.%b" % (timestamp, payload), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Delivery:
    """Sends events in the background, at least once and, on demand, late, repeated or out of order."""

    def __init__(self, clock: Clock, secret: str, url: str | None) -> None:
        self.url = url
        self.undelivered = 0
        self._mode: Mode = "normal"
        self._delay = 0.0
        self._clock = clock
        self._secret = secret
        self._held: list[Json] = []
        self._lock = threading.RLock()
        self._queue: queue.SimpleQueue[tuple[list[Json], int] | None] = queue.SimpleQueue()
        self._http = urllib3.PoolManager(maxsize=WORKERS, timeout=30, retries=False)
        for _ in range(WORKERS):
            threading.Thread(target=self._work, name="payment-sandbox-webhook", daemon=True).start()

    def arrange(self, mode: Mode, delay: float) -> None:
        """What was held stays so until it is released; `delay` is for the modes that gather events."""
        with self._lock:
            self._mode, self._delay = mode, delay

    def send(self, events: list[Json]) -> None:
        """One call's events go out in their order; those of different calls overlap, as at Stripe."""
        with self._lock:
            match self._mode:
                case "normal":
                    self._enqueue(events)
                case "duplicate":
                    self._enqueue(events)
                    self._enqueue(events)
                case "hold":
                    self._held += events
                case "delay" | "reverse":
                    self._held += events
                    self._clock.after(self._delay, partial(self.release, self._mode == "reverse"))

    def release(self, reverse: bool = False, repeat: int = 1) -> int:
        with self._lock:
            events, self._held = self._held[:: -1 if reverse else 1], []
            self._enqueue(events * repeat)
            return len(events)

    def held(self) -> int:
        return len(self._held)

    def close(self) -> None:
        for _ in range(WORKERS):
            self._queue.put(None)

    def _enqueue(self, events: list[Json], attempt: int = 0) -> None:
        if self.url and events:
            with self._lock:
                self.undelivered += 0 if attempt else len(events)
            self._queue.put((events, attempt))

    def _work(self) -> None:
        while job := self._queue.get():
            events, attempt = job
            failed = [each for each in events if not self._post(each)]
            retry = bool(failed) and attempt < len(RETRY_AFTER)
            with self._lock:
                self.undelivered -= len(events) - (len(failed) if retry else 0)
            if retry:
                self._clock.after(RETRY_AFTER[attempt], partial(self._enqueue, failed, attempt + 1))

    def _post(self, event: Json) -> bool:
        payload = json.dumps(event, indent=2).encode()
        # Signed anew at each attempt, by the machine's clock and not the sandbox's: the receiver compares it
        # with its own.
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, self._secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = self._http.request("POST", str(self.url), body=payload, headers=headers, redirect=False)
            return 200 <= answer.status < 300
        except urllib3.exceptions.HTTPError:
            return False
