"""Webhooks: events on their way to whoever listens."""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

import urllib3

from tools.sandbox.clock import Clock
from tools.sandbox.http import Json

# Providers repeat over hours and days; a developer does not wait that long.
RETRY_AFTER = (0.2, 0.5, 1, 2, 5, 10, 30, 60)
WORKERS = 8

type Mode = Literal["normal", "hold", "duplicate", "reverse", "delay"]


class Delivery:
    """Sends events in the background, at least once and, on demand, late, repeated or out of order.

    `headers` gives those that a payload is sent with, its signature above all.
    """

    def __init__(self, clock: Clock, headers: Callable[[bytes], Mapping[str, str]], url: str | None) -> None:
        self.url = url
        self.undelivered = 0
        self._mode: Mode = "normal"
        self._delay = 0.0
        self._clock = clock
        self._headers = headers
        self._held: list[Json] = []
        self._lock = threading.RLock()
        self._queue: queue.SimpleQueue[tuple[list[Json], int] | None] = queue.SimpleQueue()
        self._http = urllib3.PoolManager(maxsize=WORKERS, timeout=30, retries=False)
        for _ in range(WORKERS):
            threading.Thread(target=self._work, name="sandbox-webhook", daemon=True).start()

    def arrange(self, mode: Mode, delay: float) -> None:
        """What was held stays so until it is released; `delay` is for the modes that gather events."""
        with self._lock:
            self._mode, self._delay = mode, delay

    def send(self, events: list[Json]) -> None:
        """One call's events go out in their order; those of different calls overlap, as at the providers."""
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

    def post(self, payload: bytes, headers: Mapping[str, str]) -> int:
        """The receiver's status at once, whatever the mode; 0 where nobody answers."""
        try:
            answer = self._http.request(
                "POST", str(self.url), body=payload, headers=dict(headers), redirect=False
            )
        except urllib3.exceptions.HTTPError:
            return 0
        return answer.status

    def _enqueue(self, events: list[Json], attempt: int = 0) -> None:
        if self.url and events:
            with self._lock:
                self.undelivered += 0 if attempt else len(events)
            self._queue.put((events, attempt))

    def _work(self) -> None:
        while job := self._queue.get():
            events, attempt = job
            failed = [each for each in events if not self._deliver(each)]
            retry = bool(failed) and attempt < len(RETRY_AFTER)
            with self._lock:
                self.undelivered -= len(events) - (len(failed) if retry else 0)
            if retry:
                self._clock.after(RETRY_AFTER[attempt], partial(self._enqueue, failed, attempt + 1))

    def _deliver(self, event: Json) -> bool:
        payload = json.dumps(event, indent=2).encode()
        # Signed anew at each attempt, as the receiver may compare a time with its own clock.
        return 200 <= self.post(payload, self._headers(payload)) < 300
