"""One provider's whole state; a reset is a new one."""

from dataclasses import dataclass, replace

from tools.payment_sandbox.clock import Clock
from tools.payment_sandbox.events import Delivery
from tools.payment_sandbox.faults import Faults
from tools.payment_sandbox.idempotency import SavedAnswers
from tools.payment_sandbox.ledger import Ledger


@dataclass(frozen=True)
class Settings:
    webhook_secret: str = "whsec_sandbox"
    webhook_url: str | None = None
    settle_seconds: float = 2.0  # how long pm_card_pendingRefund and pm_card_refundFail take to change


class Sandbox:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.delivery = Delivery(self.clock, settings.webhook_secret, settings.webhook_url)
        self.ledger = Ledger(self.clock, self.delivery.send, settings.settle_seconds)
        self.saved_answers = SavedAnswers(self.clock)
        self.faults = Faults()

    def fresh(self) -> "Sandbox":
        """Nothing is kept but where the webhooks go."""
        self.close()
        return Sandbox(replace(self.settings, webhook_url=self.delivery.url))

    def close(self) -> None:
        self.clock.close()
        self.delivery.close()
