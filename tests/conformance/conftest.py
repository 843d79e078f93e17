"""The providers under test: the sandboxes, or Stripe's and EasyPost's test modes where a key of theirs is set.

`STRIPE_TEST_KEY` and `EASYPOST_TEST_KEY`; what needs a control plane is then skipped and says so.
"""

import os
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from tests.conformance.carrier import SECRET as CARRIER_SECRET
from tests.conformance.carrier import Service, carrier_inbox
from tests.conformance.provider import SECRET, Provider, Shop, payment_inbox
from tests.conformance.sandbox import Control, Inbox
from tools.carrier_sandbox.sandbox import Settings as CarrierSettings
from tools.carrier_sandbox.server import Server as CarrierServer
from tools.payment_sandbox.sandbox import Settings
from tools.payment_sandbox.server import Server

NO_CONTROL = "needs the sandbox's control plane, which no test mode has"


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


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """Carriers."""
    if key := os.environ.get("EASYPOST_TEST_KEY"):
        assert key.startswith("EZTK"), "EASYPOST_TEST_KEY must be a key of EasyPost's test mode"
        yield Service(key)
        return
    with CarrierServer(CarrierSettings(webhook_secret=CARRIER_SECRET)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Service("EZTKconformance", server.url)
        server.shutdown()


@pytest.fixture
def road(service: Service) -> Iterator[Control]:
    """What happens to parcels; nothing did yet."""
    if not service.url:
        pytest.skip(NO_CONTROL)
    with httpx.Client(base_url=service.url) as http:
        control = Control(http)
        control.post("reset")
        yield control


@pytest.fixture
def mail(road: Control) -> Iterator[Inbox[dict[str, Any]]]:
    inbox = carrier_inbox()
    road.post("webhook", url=inbox.url)
    yield inbox
    inbox.close()
