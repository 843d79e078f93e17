"""All carriers' whole state; a reset is a new one."""

import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from tools.carrier_sandbox import api, control
from tools.carrier_sandbox.depot import Depot
from tools.carrier_sandbox.events import headers
from tools.carrier_sandbox.faults import Fault
from tools.sandbox import http
from tools.sandbox.clock import Clock
from tools.sandbox.control import answer
from tools.sandbox.delivery import Delivery
from tools.sandbox.faults import Faults


@dataclass(frozen=True)
class Settings:
    webhook_secret: str = "carrier_sandbox"
    webhook_url: str | None = None


class Sandbox(http.Sandbox):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        sign = partial(headers, secret=settings.webhook_secret)
        self.delivery = Delivery(self.clock, sign, settings.webhook_url)
        # Another series each time: a desk that stays while this is reset must not see a tracking code twice.
        self.depot = Depot(self.clock, self.delivery.send, secrets.randbelow(9_000_000))
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
