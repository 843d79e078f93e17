"""Saved answers by idempotency key: https://docs.stripe.com/api/idempotent_requests."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from tools.payment_sandbox.rules import Refusal
from tools.sandbox.clock import Clock
from tools.sandbox.http import Answer, Json

DAY = 24 * 60 * 60
LONGEST_KEY = 255


@dataclass
class _Entry:
    path: str
    params: Json
    since: float
    answer: Answer | None = None  # none while the first request is under way


def answer_to(execute: Callable[[], Json]) -> Answer:
    try:
        return Answer(200, execute())
    except Refusal as refusal:
        if refusal.status == 500 and refusal.began:
            # The saved answer would only be replayed: https://docs.stripe.com/error-low-level.
            return Answer(500, refusal.body(), {"Stripe-Should-Retry": "false"})
        if refusal.began:
            return Answer(refusal.status, refusal.body())
        raise


class SavedAnswers:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def answer(self, key: str, path: str, params: Json, execute: Callable[[], Json]) -> Answer:
        """Execute once per key and day; afterwards repeat the first answer, whatever it was."""
        if len(key) > LONGEST_KEY:
            raise Refusal(f"Idempotency keys can be at most {LONGEST_KEY} characters")
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or self._clock.now() - entry.since >= DAY:
                entry = self._entries[key] = _Entry(path, params, self._clock.now())
            else:
                return self._replay(key, entry, path, params)
        try:
            entry.answer = answer_to(execute)
        finally:
            if entry.answer is None:  # the endpoint never began: the key stays free
                with self._lock:
                    del self._entries[key]
        return entry.answer

    def _replay(self, key: str, entry: _Entry, path: str, params: Json) -> Answer:
        if (entry.path, entry.params) != (path, params):
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise Refusal(message, type="idempotency_error")
        if entry.answer is None:
            raise key_in_use(key)
        return replace(entry.answer, headers={**entry.answer.headers, "Idempotent-Replayed": "true"})


def key_in_use(key: str) -> Refusal:
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably means you "
        f"submitted twice, and the other request is still going through): {key}. Please try again later."
    )
    return Refusal(message, 409, code="idempotency_key_in_use")
