"""The provider under test: the payment sandbox, or Stripe's test mode where STRIPE_TEST_KEY is set."""

import os
import threading
from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.conformance.provider import SECRET, Provider, Shop, payment_inbox
from tests.conformance.sandbox import Control, Inbox
from tools.payment_sandbox.sandbox import Settings
from tools.payment_sandbox.server import Server

NO_CONTROL = "needs the sandbox's control plane, which Stripe's test mode has not"


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    if key := os.environ.get("STRIPE_TEST_KEY"):
        assert key.startswith("sk_test_"), "STRIPE_TEST_KEY must be a secret key of Stripe's test mode"
        yield Provider(key)
        return
    with Server(Settings(webhook_secret=SECRET, settle_seconds=0.05)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with httpx.Client(base_url=server.url) as control:
            yield Provider("sk_test_conformance", server.url, control)
        server.shutdown()


@pytest.fixture(autouse=True)
def fresh_sandbox(provider: Provider) -> None:
    if provider.control:
        provider.control.post("/_sandbox/reset").raise_for_status()


@pytest.fixture(scope="session")
def shop(provider: Provider) -> Shop:
    return Shop(provider.client())


@pytest.fixture
def control(provider: Provider) -> Control:
    if not provider.control:
        pytest.skip(NO_CONTROL)
    return Control(provider.control)


@pytest.fixture
def inbox(control: Control) -> Iterator[Inbox[stripe.Event]]:
    inbox = payment_inbox()
    control.post("webhook", url=inbox.url)
    yield inbox
    inbox.close()
