"""The running stack, once for all tests, and a market on it; the payment sandbox is left as it was found."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.corpus import plain_photo
from tests.e2e.market import Market, body
from tools.desk import STACK_FILE, Stack

NO_STACK = "No local stack is running: start one with `make up`, or run these tests with `make test`."
LAST = ("test_last_of_all.py",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks back at all tests comes after all of them."""
    items.sort(key=lambda item: item.path.name in LAST)


@pytest.fixture(scope="session")
def stack() -> Stack:
    if not STACK_FILE.exists():
        pytest.fail(NO_STACK, pytrace=False)
    stack = Stack()
    try:
        stack.anyone.get("health").raise_for_status()
    except httpx.HTTPError as error:
        pytest.fail(f"{NO_STACK} ({STACK_FILE} names one that does not answer: {error})", pytrace=False)
    return stack


@pytest.fixture(scope="session")
def started_at(stack: Stack) -> int:
    """When the tests began, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="session")
def _market(stack: Stack, started_at: int) -> Market:
    return Market(stack)


@pytest.fixture
def market(_market: Market) -> Iterator[Market]:
    yield _market
    _market.webhooks("normal")
    _market.release()


@pytest.fixture(scope="session")
def old_link(_market: Market) -> str:
    """A link to a photo that worked when it was given, and grows old while the other tests run."""
    sale = _market.sell()
    case_id = _market.apply(sale, reason="damaged")["case_id"]
    evidence_id = _market.show(sale, case_id, plain_photo())
    _market.until(sale, case_id, "completed")
    return str(body(sale.seller.get(f"cases/{case_id}/evidence/{evidence_id}"))["url"])
