"""The payment provider: the sandbox's own rules and books, in this process and by the world's clock.

The real SDK talks to it through an HTTP client that opens no connection, so its errors are the real ones.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import stripe

from tests.simulation.fakes.sandbox import Accidents, world_clock
from tests.simulation.scheduler import Scheduler
from tools.payment_sandbox import api
from tools.payment_sandbox.faults import Fault
from tools.payment_sandbox.idempotency import SavedAnswers
from tools.payment_sandbox.ledger import Ledger
from tools.payment_sandbox.rules import PaymentRequest
from tools.payment_sandbox.sandbox import Sandbox
from tools.sandbox.http import Json, Request

API_KEY, WEBHOOK_SECRET = "sk_test_simulation", "whsec_simulation"
# How long refunds that change by themselves take.
SETTLE_AFTER = 2 * 60 * 60


class Provider(Sandbox):
    """The sandbox with its state, but without its threads and its deliveries."""

    def __init__(self, scheduler: Scheduler, publish: Callable[[list[Json]], None]) -> None:
        self.clock = world_clock(scheduler)
        self.ledger = Ledger(self.clock, publish, SETTLE_AFTER)
        self.saved_answers = SavedAnswers(self.clock)
        self.faults: Accidents[Fault] = Accidents()
        self._calls = 0

    def pay(self, amount: int, currency: str, method: str) -> str:
        """The id of a captured payment, whose method its buyer let be kept."""
        asked = PaymentRequest(amount, currency, method, True, {}, customer="cus_mei")
        return str(self.ledger.pay(asked)["id"])

    def order(self, fault: str, payment: str) -> None:
        """What will become of the next refund on that payment."""
        self.faults.order(Fault(fault=cast(Any, fault), payment_intent=payment))

    def answer(
        self, method: str, url: str, headers: Mapping[str, str], body: str, accident: Fault | None = None
    ) -> tuple[str, int, Mapping[str, str]]:
        """One request of the SDK."""
        if accident:
            self.faults.first(accident)
        self._calls += 1
        path, _, query = url.removeprefix("https://api.stripe.com").partition("?")
        request = Request(f"req_{self._calls}", method.upper(), path, query, body, cast(Any, headers))
        answer = api.answer(self, request)
        assert answer, "lines are cut before the sandbox is asked"
        if accident:
            self.faults.over(accident)
        return json.dumps(answer.body), answer.status, answer.headers


class Wire(stripe.HTTPClient):
    """The SDK's way to the provider of whichever world is there now."""

    name = "simulation"

    def __init__(self, call: Callable[..., Any]) -> None:
        super().__init__()
        self._call = call

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """Whatever the SDK asks."""
        operation = "create" if method == "post" else "list"
        said: tuple[str, int, Mapping[str, str]] = self._call(
            operation, method=method, url=url, headers=headers or {}, body=post_data or ""
        )
        return said

    def close(self) -> None:
        """Nothing is open."""
