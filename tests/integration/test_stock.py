"""What can be sent in exchange: no unit is promised twice, none is lost, and every id gets one answer."""

import threading
from collections import Counter
from dataclasses import replace

import pytest

from aftersales.adapters.dynamodb_stock import DynamoDBStock
from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.stock import OutOfStock, StockLine, StockReservation, StockState
from aftersales.entrypoints import bootstrap
from tests.builders import NOON, a_sku
from tests.integration.harness import Desk

pytestmark = pytest.mark.enable_socket

HOUR = 60 * 60 * 1000
PLATFORM = Party(Role.PLATFORM, "platform")
NUMBERS = ("available", "held", "confirmed", "on_hand")


@pytest.fixture(scope="module")
def deployed(shared_desk: Desk) -> Desk:
    """One desk for the whole module: each test writes SKUs of its own."""
    return shared_desk


@pytest.fixture
def stock(deployed: Desk) -> DynamoDBStock:
    """The stock as the functions have it, at noon."""
    deployed.clock.now = NOON
    return bootstrap.stock()


def units(sku: str, quantity: int) -> StockLine:
    return StockLine(sku=sku, quantity=quantity)


def numbers(stock: DynamoDBStock, sku: str) -> tuple[int, ...]:
    """Available, held, confirmed and on hand: the first three are the last."""
    found = stock.sku(sku)
    assert found
    *parts, on_hand = (getattr(found, name) for name in NUMBERS)
    assert min(parts) >= 0
    assert sum(parts) == on_hand
    return (*parts, on_hand)


def test_units_are_held_then_promised(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("promised", on_hand=5))

    held = stock.reserve("promised-1", [units("promised", 2)], NOON + HOUR)

    assert held == StockReservation(
        reservation_id="promised-1",
        lines=(units("promised", 2),),
        state=StockState.HELD,
        expires_at=NOON + HOUR,
    )
    assert numbers(stock, "promised") == (3, 2, 0, 5)
    assert stock.confirm("promised-1").state is StockState.CONFIRMED
    assert numbers(stock, "promised") == (3, 0, 2, 5)


def test_every_call_may_be_repeated(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("repeated", on_hand=5))
    for _ in range(3):
        assert stock.reserve("repeated-1", [units("repeated", 2)], NOON + HOUR)
        assert numbers(stock, "repeated") == (3, 2, 0, 5)
    for _ in range(3):
        assert stock.confirm("repeated-1").state is StockState.CONFIRMED
        assert numbers(stock, "repeated") == (3, 0, 2, 5)
    again = stock.reserve("repeated-1", [units("repeated", 2)], NOON + HOUR)
    assert isinstance(again, StockReservation)
    assert again.state is StockState.CONFIRMED
    for _ in range(3):
        assert stock.release("repeated-1").state is StockState.RELEASED
        assert numbers(stock, "repeated") == (5, 0, 0, 5)
    assert stock.confirm("repeated-1").state is StockState.RELEASED


def test_other_lines_under_one_id_are_refused(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("other-lines", on_hand=5))
    stock.reserve("other-lines-1", [units("other-lines", 2)], NOON + HOUR)
    with pytest.raises(ValueError, match="other-lines-1"):
        stock.reserve("other-lines-1", [units("other-lines", 3)], NOON + HOUR)
    assert numbers(stock, "other-lines") == (3, 2, 0, 5)


def test_all_lines_are_held_or_none(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("both-there", on_hand=5))
    stock.put_sku(a_sku("both-short", on_hand=1))

    answer = stock.reserve("both-1", [units("both-there", 1), units("both-short", 2)], NOON + HOUR)

    assert answer == OutOfStock(reservation_id="both-1", missing=("both-short",))
    assert numbers(stock, "both-there") == (5, 0, 0, 5)
    assert numbers(stock, "both-short") == (1, 0, 0, 1)


def test_what_was_refused_stays_refused_and_a_new_try_has_a_new_id(stock: DynamoDBStock) -> None:
    lines = [units("restocked", 1)]
    refused = stock.reserve("restocked-1", lines, NOON + HOUR)
    assert refused == OutOfStock(reservation_id="restocked-1", missing=("restocked",))

    stock.put_sku(a_sku("restocked", on_hand=1))

    assert stock.reserve("restocked-1", lines, NOON + HOUR) == refused
    assert stock.confirm("restocked-1").state is StockState.RELEASED
    assert isinstance(stock.reserve("restocked-2", lines, NOON + HOUR), StockReservation)


def test_a_reserve_that_comes_after_its_release_holds_nothing(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("too-late", on_hand=5))
    assert stock.release("too-late-1").state is StockState.RELEASED

    late = stock.reserve("too-late-1", [units("too-late", 2)], NOON + HOUR)

    assert isinstance(late, StockReservation)
    assert late.state is StockState.RELEASED
    assert numbers(stock, "too-late") == (5, 0, 0, 5)


def test_what_was_held_too_long_comes_back_once_and_is_confirmed_by_nobody(
    deployed: Desk, stock: DynamoDBStock
) -> None:
    stock.put_sku(a_sku("expired", on_hand=5))
    stock.reserve("expired-1", [units("expired", 2)], NOON + HOUR)
    stock.reserve("expired-2", [units("expired", 1)], NOON + 3 * HOUR)
    assert stock.expire("expired-1").state is StockState.HELD

    deployed.clock.advance(hours=1)
    for _ in range(3):
        deployed.invoke("SweepStock", {})
        assert numbers(stock, "expired") == (4, 1, 0, 5)

    assert stock.confirm("expired-1").state is StockState.EXPIRED
    assert stock.release("expired-1").state is StockState.EXPIRED
    assert numbers(stock, "expired") == (4, 1, 0, 5)


def test_one_that_is_confirmed_before_the_sweep_sees_it_is_expired_all_the_same(
    deployed: Desk, stock: DynamoDBStock
) -> None:
    stock.put_sku(a_sku("unswept", on_hand=5))
    stock.reserve("unswept-1", [units("unswept", 2)], NOON + HOUR)
    deployed.clock.advance(hours=1)

    assert stock.confirm("unswept-1").state is StockState.EXPIRED
    assert numbers(stock, "unswept") == (5, 0, 0, 5)


def test_a_promise_never_expires(deployed: Desk, stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("kept", on_hand=5))
    stock.reserve("kept-1", [units("kept", 2)], NOON + HOUR)
    stock.confirm("kept-1")
    deployed.clock.advance(days=30)
    deployed.invoke("SweepStock", {})
    assert stock.expire("kept-1").state is StockState.CONFIRMED
    assert numbers(stock, "kept") == (3, 0, 2, 5)


def test_the_platform_counts_and_what_was_promised_stays(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("counted", on_hand=5))
    stock.reserve("counted-1", [units("counted", 2)], NOON + HOUR)
    stock.reserve("counted-2", [units("counted", 1)], NOON + HOUR)
    stock.confirm("counted-2")

    more = stock.put_sku(replace(a_sku("counted", on_hand=9), price=2_499))

    assert (more.price, numbers(stock, "counted")) == (2_499, (6, 2, 1, 9))
    assert stock.put_sku(replace(a_sku("counted", on_hand=9), price=2_499)) == more
    stock.put_sku(a_sku("counted", on_hand=3))
    assert numbers(stock, "counted") == (0, 2, 1, 3)
    with pytest.raises(Refusal) as refused:
        stock.put_sku(a_sku("counted", on_hand=2))
    assert (refused.value.code, refused.value.facts) == (Code.STOCK_PROMISED, {"promised": 3})
    assert numbers(stock, "counted") == (0, 2, 1, 3)


def test_fifty_buyers_race_for_the_last_ten_units(stock: DynamoDBStock) -> None:
    stock.put_sku(a_sku("race", on_hand=10))
    answers: list[StockReservation | OutOfStock] = []
    start = threading.Barrier(50)

    def buy(number: int) -> None:
        start.wait()
        answers.append(stock.reserve(f"race-{number}", [units("race", 1)], NOON + HOUR))

    buyers = [threading.Thread(target=buy, args=(number,)) for number in range(50)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()

    assert Counter(type(answer) for answer in answers) == {StockReservation: 10, OutOfStock: 40}
    assert numbers(stock, "race") == (0, 10, 0, 10)
    for answer in answers:
        stock.release(answer.reservation_id)
    assert numbers(stock, "race") == (10, 0, 0, 10)


# ---------------------------------------------------------------- over the API

BODY = {
    "seller_id": "seller-1",
    "product": "lamp",
    "title": "A lamp",
    "category": "housewares",
    "currency": "BRL",
    "price": 8_990,
    "tax": 1_350,
    "on_hand": 4,
}


def test_the_platform_writes_and_parties_look(deployed: Desk, stock: DynamoDBStock) -> None:
    for name in ("LAMP-AMBER", "LAMP-BLUE"):
        deployed.call("PUT", f"/skus/{name}", by=PLATFORM, body=BODY).ok()
    stock.reserve("lamp-1", [units("LAMP-AMBER", 1)], NOON + HOUR)

    buyer = deployed.call("GET", "/skus/LAMP-AMBER", by=Party(Role.BUYER, "buyer-1"))
    seller = deployed.call("GET", "/skus/LAMP-AMBER", by=Party(Role.SELLER, "seller-1"))
    other = deployed.call("GET", "/skus/LAMP-AMBER", by=Party(Role.SELLER, "seller-2"))
    variants = deployed.call("GET", "/skus/LAMP-AMBER/variants", by=Party(Role.BUYER, "buyer-1"))

    assert (buyer.json["available"], buyer.json["price"], buyer.json["on_hand"]) == (3, 8_990, None)
    assert tuple(seller.json[name] for name in NUMBERS) == (3, 1, 0, 4)
    assert (other.status, other.json["code"]) == (404, "not_found")
    assert [one["sku"] for one in variants.json["items"]] == ["LAMP-AMBER", "LAMP-BLUE"]


def test_a_name_is_one_sellers_and_what_was_promised_cannot_be_taken_away(
    deployed: Desk, stock: DynamoDBStock
) -> None:
    deployed.call("PUT", "/skus/LAMP-RED", by=PLATFORM, body=BODY)
    stock.reserve("lamp-red-1", [units("LAMP-RED", 3)], NOON + HOUR)

    taken = deployed.call("PUT", "/skus/LAMP-RED", by=PLATFORM, body=BODY | {"seller_id": "seller-2"})
    promised = deployed.call("PUT", "/skus/LAMP-RED", by=PLATFORM, body=BODY | {"on_hand": 2})
    taxed = deployed.call("PUT", "/skus/LAMP-RED", by=PLATFORM, body=BODY | {"tax": 9_000})

    assert (taken.status, taken.json["code"]) == (409, "sku_taken")
    assert (promised.status, promised.json["code"], promised.json["promised"]) == (409, "stock_promised", 3)
    assert taxed.status == 422
