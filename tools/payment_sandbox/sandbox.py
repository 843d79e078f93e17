"""One provider's whole state; a reset is a new one."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from tools.payment_sandbox import api, control
from tools.payment_sandbox.events import headers
from tools.payment_sandbox.faults import Fault
from tools.payment_sandbox.idempotency import SavedAnswers
from tools.payment_sandbox.ledger import Ledger
from tools.sandbox import http
from tools.sandbox.clock import Clock
from tools.sandbox.control import answer
from tools.sandbox.delivery import Delivery
from tools.sandbox.faults import Faults


@dataclass(frozen=True)
class Settings:
    webhook_secret: str = "whsec_sandbox"
    webhook_url: str | None = None
    settle_seconds: float = 2.0  # how long pm_card_pendingRefund and pm_card_refundFail take to change


class Sandbox(http.Sandbox):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        sign = partial(headers, secret=settings.webhook_secret)
        self.delivery = Delivery(self.clock, sign, settings.webhook_url)
        self.ledger = Ledger(self.clock, self.delivery.send, settings.settle_seconds)
        self.saved_answers = SavedAnswers(self.clock)
        self.faults = Faults[Fault]()

    def respond(self, request: http.Request) -> http.Answer | None:
        return api.answer(self, request)

    def control(self, method: str, parts: list[str], body: str) -> http.Answer:
        return answer(partial(control.execute, self, method, parts), body)

    def fresh(self) -> Self:
        """Nothing is kept but where the webhooks go."""
        self.close()
        return type(self)(replace(self.settings, webhook_url=self.delivery.url))

    def close(self) -> None:
        self.clock.close()
        self.delivery.close()
