"""The sandboxes, which stand in for providers."""

import os
import secrets
import sys
from dataclasses import dataclass

import httpx

from tools.local_stack.checkout import Checkout
from tools.local_stack.daemon import Daemon, Running


@dataclass(frozen=True)
class Sandbox:
    """One of them: `secret_prefix` as the provider's own secrets begin, `webhook` where the desk listens."""

    name: str
    module: str
    secret_prefix: str
    webhook: str

    def daemon(self, checkout: Checkout) -> Daemon:
        return Daemon(self.name, checkout.home, f"AFTERSALES_{self.name.upper()}_PORT")

    def start(self, checkout: Checkout) -> Running:
        """The one that runs, or a new one."""
        daemon = self.daemon(checkout)
        if running := daemon.running():
            return running
        port = daemon.choose_port()
        return daemon.start(
            port,
            command=[
                *(sys.executable, "-m", self.module),
                *("--port", str(port), "--webhook-secret", self.webhook_secret(checkout)),
            ],
            environment={**os.environ, "PYTHONPATH": str(checkout.root)},
            health_path="/_sandbox/health",
        )

    def webhook_secret(self, checkout: Checkout) -> str:
        """What it signs with and the deployed desk verifies; made once for each checkout."""
        file = checkout.home / f"{self.name}-webhook-secret"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(self.secret_prefix + secrets.token_urlsafe(24))
        return file.read_text()

    def send_webhooks_to(self, running: Running, api_url: str) -> None:
        url = f"{api_url}{self.webhook}"
        httpx.post(f"{running.url}/_sandbox/webhook", json={"url": url}, trust_env=False).raise_for_status()


PAYMENTS = Sandbox("payments", "tools.payment_sandbox", "whsec_", "/webhooks/stripe")
CARRIERS = Sandbox("carriers", "tools.carrier_sandbox", "", "/webhooks/easypost")
