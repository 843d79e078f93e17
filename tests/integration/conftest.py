"""A desk for each test, and one payment sandbox for all."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from aftersales.domain.order import Order
from tests.conformance.sandbox import Control
from tests.integration.harness import CARRIERS_SECRET, WEBHOOK_SECRET, Desk, running_desk
from tests.integration.people import Payer, order_of, paid, put
from tools.carrier_sandbox.sandbox import Settings as CarriersSettings
from tools.carrier_sandbox.server import Server as CarriersServer
from tools.payment_sandbox.sandbox import Settings
from tools.payment_sandbox.server import Server


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Server]:
    with Server(Settings(webhook_secret=WEBHOOK_SECRET)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def sandbox(sandbox_server: Server) -> Iterator[Control]:
    """The provider's control plane; nothing happened there yet."""
    with httpx.Client(base_url=sandbox_server.url) as http:
        http.post("/_sandbox/reset").raise_for_status()
        yield Control(http)


@pytest.fixture(scope="session")
def carriers_server() -> Iterator[CarriersServer]:
    settings = CarriersSettings(webhook_secret=CARRIERS_SECRET)
    with CarriersServer(settings) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def carriers(carriers_server: CarriersServer) -> Iterator[Control]:
    """The carriers' control plane; no parcel is under way yet."""
    with httpx.Client(base_url=carriers_server.url) as http:
        http.post("/_sandbox/reset").raise_for_status()
        yield Control(http)


@pytest.fixture
def desk(sandbox: Control, sandbox_server: Server, carriers_server: CarriersServer) -> Iterator[Desk]:
    """The whole desk, empty."""
    with running_desk(sandbox, sandbox_server.url, carriers_server.url) as desk:
        yield desk


@pytest.fixture
def payer(sandbox_server: Server, sandbox: Control) -> Payer:
    """Somebody with a card."""
    return Payer.at(sandbox_server.url)


@pytest.fixture(scope="module")
def shared_desk() -> Iterator[Desk]:
    """A desk for a whole module that needs no provider."""
    with httpx.Client(base_url="http://127.0.0.1:9") as nobody, running_desk(Control(nobody), "") as desk:
        yield desk


@pytest.fixture
def order(desk: Desk, payer: Payer) -> Order:
    """An order whose only line the policy pays back by itself."""
    return put(desk, paid(order_of(desk), payer))
