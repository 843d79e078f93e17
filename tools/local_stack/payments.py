"""The payment sandbox, which stands in for the provider."""

import os
import secrets
import sys

import httpx

from tools.local_stack.checkout import Checkout
from tools.local_stack.daemon import Daemon, Running


def payments(checkout: Checkout) -> Daemon:
    return Daemon("payments", checkout.home, "AFTERSALES_PAYMENTS_PORT")


def start(checkout: Checkout) -> Running:
    """The sandbox that runs, or a new one."""
    daemon = payments(checkout)
    if running := daemon.running():
        return running
    port = daemon.choose_port()
    return daemon.start(
        port,
        command=[
            *(sys.executable, "-m", "tools.payment_sandbox"),
            *("--port", str(port), "--webhook-secret", webhook_secret(checkout)),
        ],
        environment={**os.environ, "PYTHONPATH": str(checkout.root)},
        health_path="/_sandbox/health",
    )


def webhook_secret(checkout: Checkout) -> str:
    """What the sandbox signs with and the deployed desk verifies; made once for each checkout."""
    file = checkout.home / "webhook-secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(f"whsec_{secrets.token_urlsafe(24)}")
    return file.read_text()


def send_webhooks_to(sandbox: Running, url: str) -> None:
    httpx.post(f"{sandbox.url}/_sandbox/webhook", json={"url": url}, trust_env=False).raise_for_status()
