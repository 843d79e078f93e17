"""Other goods go out on the deployed stack. However it ends, the buyer has the goods, or the money, or both parts of
what was paid; the stock holds nothing for a case that is over."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response

from tests.builders import parcel_of
from tests.corpus import plain_photo
from tests.e2e.market import SECONDS, Market, Sale, application, body, refusal, wait
from tests.e2e.test_parallel_cases import MANY, UNITS, patient
from tests.e2e.test_returns import arrive, count
from tools.desk import FINAL, upload, wait_for

pytestmark = pytest.mark.e2e

WORTH = 5_900


def stocked(market: Market, sale: Sale, on_hand: int = 5, price: int = WORTH, sku: str = "") -> str:
    """The platform says how many of these goods their seller has."""
    sku = sku or f"kettle-{uuid4().hex[:12]}"
    said = {
        "seller_id": sale.seller.party_id,
        "product": "kettles",
        "title": "Another kettle",
        "currency": sale.order["currency"],
        "price": price,
        "on_hand": on_hand,
    }
    body(market.stack.person("platform").put(f"skus/{sku}", said))
    return sku


def counted(market: Market, sku: str) -> tuple[int, int, int]:
    """How many are to be had, are held for cases, and have gone out."""
    seen = body(market.stack.person("platform").get(f"skus/{sku}"))
    return seen["available"], seen["held"], seen["confirmed"]


def wanted(sku: str, line_id: str = "kettle") -> list[dict[str, Any]]:
    return [{"line_id": line_id, "sku": sku, "quantity": 1}]


def answered(case: dict[str, Any]) -> bool:
    """Whether the stock has said that it has the goods, or that it has none."""
    has_it = case["exchange"]["set_aside"] in ("reserved", "promised")
    return has_it or case["status"] == "out_of_stock"


def asked(market: Market, sale: Sale, sku: str, status: str = "awaiting_return") -> str:
    """An exchange that the policy approved."""
    case_id = str(market.apply(sale, kind="exchange", replacement=wanted(sku))["case_id"])
    assert market.until_it(sale, case_id, answered)["status"] == status
    return case_id


def came_back(market: Market, sale: Sale, case_id: str, status: str = "exchange_pending") -> None:
    """The goods are with their seller, as they should be."""
    arrive(sale, case_id)
    line = market.case(sale, case_id)["lines"][0]["line_id"]
    count(sale, case_id, 1, line_id=line)
    market.until(sale, case_id, status)


def goes_out(market: Market, sale: Sale, case_id: str, number: str = "") -> None:
    """The seller sends the other goods, once they are promised."""
    market.until_it(sale, case_id, lambda case: case["exchange"]["set_aside"] == "promised")
    parcel = {"carrier": "ups", "tracking_code": parcel_of(number or case_id[24:])}
    assert body(sale.seller.post(f"cases/{case_id}/replacement", parcel))["exchange"]["state"] == "shipped"


def comes(market: Market, sale: Sale, case_id: str) -> None:
    body(sale.buyer.post(f"cases/{case_id}/replacement/confirmation"))
    ended(market, sale, case_id, "completed")


def ended(market: Market, sale: Sale, case_id: str, status: str) -> None:
    """The case is over, and its execution with it."""
    assert market.until(sale, case_id, status)["status"] in FINAL
    assert market.finished(case_id)["status"] == "SUCCEEDED"


def paid(market: Market, sale: Sale) -> list[int]:
    """What was paid back; the ledger and the seller's statement say the same, and hold nothing more."""
    amounts = [one["amount"] for one in market.refunds(sale)]
    order = market.order(sale)
    assert (order["refunded"], order["reserved"]) == (sum(amounts), 0)
    postings = body(sale.seller.get(f"sellers/{sale.seller.party_id}/statement"))["items"]
    lines = [line for posting in postings for line in posting["lines"]]
    assert sum(line["amount"]["amount"] for line in lines) == 0
    assert -sum(line["amount"]["amount"] for line in lines if line["account"] == "buyer_refund") == sum(
        amounts
    )
    return amounts


def test_goods_of_the_same_price_are_exchanged(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale)
    case_id = asked(market, sale, sku)
    assert counted(market, sku) == (4, 1, 0)
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    comes(market, sale, case_id)
    assert (paid(market, sale), counted(market, sku)) == ([], (4, 0, 1))
    lines = market.order(sale)["lines"]
    assert [(one["total"], one["refundable_quantity"]) for one in lines] == [(WORTH, 0), (WORTH, 1)]


def difference(market: Market, sale: Sale, case_id: str) -> dict[str, Any]:
    """How what they cost more is paid, once the provider was asked for it."""

    def look() -> Response | None:
        answer = sale.buyer.get(f"cases/{case_id}/payment")
        return answer if answer.is_success else None

    return body(wait_for(look, "what is to be paid", SECONDS))


def test_what_other_goods_cost_more_is_held_before_they_are_sent_and_then_taken(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale, price=WORTH + 900)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id, "awaiting_payment")
    due = difference(market, sale, case_id)
    charge = due["client_secret"].partition("_secret_")[0]
    assert due["amount"] == {"amount": 900, "currency": "BRL"}
    assert counted(market, sku) == (4, 0, 1)
    market.stack.pay_with(due["client_secret"])
    market.until(sale, case_id, "exchange_pending")
    assert market.stack.payment_state(charge) == "requires_capture"
    goes_out(market, sale, case_id)
    wait(lambda: market.stack.payment_state(charge) == "succeeded", "the difference to be taken")
    comes(market, sale, case_id)
    assert (paid(market, sale), market.order(sale)["captured"]) == ([], WORTH + 900)
    lines = market.order(sale)["lines"]
    assert [(one["total"], one["refundable_quantity"]) for one in lines] == [(WORTH, 0), (WORTH + 900, 1)]
    [posting] = body(sale.seller.get(f"sellers/{sale.seller.party_id}/statement"))["items"]
    assert posting["owed_to_seller"]["amount"] == 900


def test_a_difference_that_nobody_pays_ends_in_the_money_that_was_paid(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale, price=WORTH + 900)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id, "awaiting_payment")
    charge = difference(market, sale, case_id)["client_secret"].partition("_secret_")[0]
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    assert (paid(market, sale), market.stack.payment_state(charge)) == ([WORTH], "canceled")
    assert counted(market, sku) == (5, 0, 0)


def test_what_other_goods_cost_less_is_paid_back_when_they_have_come(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale, price=4_000)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    assert market.refunds(sale) == []
    comes(market, sale, case_id)
    assert paid(market, sale) == [1_900]
    assert counted(market, sku) == (4, 0, 1)


def test_a_buyer_who_is_told_that_there_are_none_takes_others(market: Market) -> None:
    sale = market.sell()
    none, other = stocked(market, sale, on_hand=0), stocked(market, sale, price=5_000)
    case_id = asked(market, sale, none, "out_of_stock")
    chosen = {"choice": "other", "replacement": wanted(other)}
    body(sale.buyer.post(f"cases/{case_id}/alternative", chosen))
    market.until(sale, case_id, "awaiting_return")
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    comes(market, sale, case_id)
    assert (paid(market, sale), counted(market, other)) == ([900], (4, 0, 1))


def test_a_buyer_who_waited_in_vain_takes_the_money_after_the_goods_came_back(market: Market) -> None:
    sale = market.sell()
    none = stocked(market, sale, on_hand=0)
    case_id = asked(market, sale, none, "out_of_stock")
    body(sale.buyer.post(f"cases/{case_id}/alternative", {"choice": "wait"}))
    market.until(sale, case_id, "awaiting_return")
    came_back(market, sale, case_id, "out_of_stock")
    body(sale.buyer.post(f"cases/{case_id}/alternative", {"choice": "refund"}))
    ended(market, sale, case_id, "completed")
    assert (paid(market, sale), counted(market, none)) == ([WORTH], (0, 0, 0))


def test_goods_that_are_lost_on_the_way_out_are_sent_once_more_or_paid(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale, on_hand=2)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    market.silence(sale, case_id)
    market.until(sale, case_id, "exchange_pending")
    goes_out(market, sale, case_id, case_id[28:])
    market.silence(sale, case_id)
    # Two were sent and none came; the stock has no third one.
    market.until(sale, case_id, "out_of_stock")
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    assert (paid(market, sale), counted(market, sku)) == ([WORTH], (0, 0, 2))


def test_what_came_in_an_exchange_is_exchanged_in_turn(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale)
    first = asked(market, sale, sku)
    came_back(market, sale, first)
    goes_out(market, sale, first)
    comes(market, sale, first)
    came = f"{first}.1"
    units = [{"line_id": came, "quantity": 1}]
    again = application(sale, kind="exchange", lines=units, replacement=wanted(sku, came))
    opened = sale.buyer.post("cases", again)
    second = str(body(opened, 201)["case_id"])
    market.until(sale, second, "awaiting_return")
    came_back(market, sale, second)
    goes_out(market, sale, second)
    comes(market, sale, second)
    assert (paid(market, sale), counted(market, sku)) == ([], (3, 0, 2))
    lines = {one["line_id"]: one["refundable_quantity"] for one in market.order(sale)["lines"]}
    assert lines == {"kettle": 0, came: 0, f"{second}.1": 1}


def test_a_part_that_was_missing_is_sent_and_nothing_comes_back(market: Market) -> None:
    sale = market.sell()
    lid = stocked(market, sale, price=700)
    photo = plain_photo()
    promise = {"filename": "box.jpg", "content_type": "image/jpeg", "size": len(photo)}
    opened = market.apply(
        sale, kind="exchange", reason="missing_parts", replacement=wanted(lid), files=[promise]
    )
    case_id = str(opened["case_id"])
    assert upload(opened["uploads"][0], photo).is_success
    market.until(sale, case_id, "exchange_pending")
    goes_out(market, sale, case_id)
    comes(market, sale, case_id)
    assert (paid(market, sale), counted(market, lid)) == ([], (4, 0, 1))
    # The whole of it, which is what was paid, can be claimed for what came.
    lines = market.order(sale)["lines"]
    assert [(one["total"], one["refundable_quantity"]) for one in lines] == [(WORTH, 0), (WORTH, 1)]


def test_of_fifty_buyers_at_once_ten_get_the_last_goods_and_forty_the_choice(market: Market) -> None:
    seller = market.someone("seller")
    with ThreadPoolExecutor(8) as crowd:
        sales = list(crowd.map(lambda _: market.sell(seller=seller), range(MANY)))
    sku = stocked(market, sales[0], on_hand=UNITS)

    def ask(sale: Sale) -> str:
        said = application(sale, kind="exchange", replacement=wanted(sku))
        return str(body(patient(sale.buyer).post("cases", said), 201)["case_id"])

    with ThreadPoolExecutor(MANY) as crowd:
        cases = list(crowd.map(ask, sales))
    became = [
        market.until_it(sale, case_id, answered)["status"] for sale, case_id in zip(sales, cases, strict=True)
    ]
    assert (became.count("awaiting_return"), became.count("out_of_stock")) == (UNITS, MANY - UNITS)
    assert counted(market, sku) == (0, UNITS, 0)
    without = cases[became.index("out_of_stock")]
    parcel = {"carrier": "ups", "tracking_code": parcel_of(without)}
    refused = seller.post(f"cases/{without}/replacement", parcel)
    assert refusal(refused) == (409, "act_not_possible")
