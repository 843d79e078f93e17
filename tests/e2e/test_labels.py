"""Goods come back under the platform's label on the deployed stack, and nobody says more of them than their carrier."""

from typing import Any

import httpx
import pytest

from tests.builders import parcel_of
from tests.e2e.market import Market, Sale, body
from tests.e2e.test_returns import ends
from tools.desk import Person

pytestmark = pytest.mark.e2e

HOME = {
    "name": "Ana",
    "street1": "179 N Harbor Dr",
    "city": "Redondo Beach",
    "state": "CA",
    "zip": "90277",
    "country": "US",
}
SHOP = HOME | {
    "name": "Bazar",
    "street1": "388 Townsend St",
    "city": "San Francisco",
    "zip": "94107",
}


def labelled(market: Market, **sold: Any) -> tuple[Sale, str, str]:
    """A return that the policy approved, its case and the number on its label."""
    sale = market.sell(**sold, shipping_address=HOME, return_address=SHOP)
    case_id = str(market.apply(sale, kind="return")["case_id"])

    def bought(case: dict[str, Any]) -> bool:
        return bool(case["shipments"] and case["shipments"][0]["label"] == "bought")

    market.until_it(sale, case_id, bought)
    label = body(sale.buyer.get(f"cases/{case_id}/label"))
    assert label["url"]
    return sale, case_id, str(label["tracking_code"])


def carriers(market: Market, path: str, **said: Any) -> Any:
    url = f"{market.stack.facts['carriers_url']}/_sandbox/{path}"
    return httpx.post(url, json=said, trust_env=False).raise_for_status().json()


def labels(market: Market) -> list[dict[str, Any]]:
    url = f"{market.stack.facts['carriers_url']}/_sandbox/labels"
    sold: list[dict[str, Any]] = httpx.get(url, trust_env=False).raise_for_status().json()["labels"]
    return sold


def refund_status(market: Market, code: str) -> str | None:
    status: str | None = next(one["refund_status"] for one in labels(market) if one["tracking_code"] == code)
    return status


def test_goods_come_back_by_scans_alone_in_seven_states(market: Market) -> None:
    sale, case_id, code = labelled(market)
    carriers(market, f"parcels/{code}/travel")
    market.until(sale, case_id, "return_received")
    market.silence(sale, case_id)
    assert len(ends(market, sale, case_id, "completed", 5_900)) == 7


def test_a_parcel_that_is_lost_is_refunded(market: Market) -> None:
    sale, case_id, code = labelled(market)
    carriers(market, f"parcels/{code}/travel", to="lost")
    assert market.until(sale, case_id, "return_in_transit")["on_timeout"] == "refunded"
    market.silence(sale, case_id)
    ends(market, sale, case_id, "completed", 5_900)


def test_a_buyer_who_withdraws_leaves_no_label_to_pay(market: Market) -> None:
    sale, case_id, code = labelled(market)
    body(sale.buyer.post(f"cases/{case_id}/withdrawal"))
    ends(market, sale, case_id, "cancelled", free=1)
    market.stack.move_errand(case_id)
    market.stack.sweep("run_errands")
    market.until_it(sale, case_id, lambda case: case["shipments"][0]["label"] == "voided")
    assert refund_status(market, code) == "submitted"


def test_a_buyer_who_withdraws_before_there_is_a_label_has_none_bought(market: Market) -> None:
    carriers(market, "faults", fault="refused", on="retrieve", times=3)
    sale = market.sell(shipping_address=HOME, return_address=SHOP)
    case_id = str(market.apply(sale, kind="return")["case_id"])
    assert market.until(sale, case_id, "awaiting_return")["waiting_on"] == "platform"
    body(sale.buyer.post(f"cases/{case_id}/withdrawal"))
    ends(market, sale, case_id, "cancelled", free=1)
    assert not [one for one in labels(market) if one["reference"] == f"{case_id}-s1"]


def known(market: Market) -> Person:
    """A buyer who has bought four times and complained about nothing."""
    buyer = market.someone("buyer")
    for _ in range(4):
        market.sell(buyer=buyer)
    return buyer


def test_money_goes_ahead_of_goods_and_is_earned_when_they_come(market: Market) -> None:
    sale, case_id, code = labelled(market, buyer=known(market), platform_fee=590)
    carriers(market, f"parcels/{code}/scan", status="in_transit")
    ahead = market.until_it(sale, case_id, lambda case: case["debt"] is not None)
    assert (ahead["status"], ahead["debt"]) == (
        "return_in_transit",
        {"amount": 5_900, "currency": "BRL", "due": False},
    )
    assert market.posted(sale) == {"buyer_refund": -5_900, "buyer_debt": 5_900}
    carriers(market, f"parcels/{code}/scan", status="delivered")
    market.until(sale, case_id, "return_received")
    market.silence(sale, case_id)
    assert len(ends(market, sale, case_id, "completed", 5_900)) == 7
    assert market.case(sale, case_id)["debt"] is None
    assert market.posted(sale) == {"buyer_refund": -5_900, "seller_payable": 5_310, "platform_fee": 590}


def test_money_that_went_ahead_of_goods_that_never_came_is_owed(market: Market) -> None:
    sale = market.sell(buyer=known(market))
    case_id = str(market.apply(sale, kind="return")["case_id"])
    market.until(sale, case_id, "awaiting_return")
    parcel = {"carrier": "ups", "tracking_code": parcel_of(case_id)}
    body(sale.buyer.post(f"cases/{case_id}/shipment", parcel))
    # The parcel is registered at the carriers', who tell its scans from then on.
    market.stack.sweep("run_errands")
    carriers(market, f"parcels/{parcel_of(case_id)}/scan", status="in_transit")
    market.until_it(sale, case_id, lambda case: case["debt"] is not None)
    market.silence(sale, case_id)
    market.until(sale, case_id, "disputed")
    body(market.decide(sale, case_id, "decline", by=market.someone("reviewer")))
    ends(market, sale, case_id, "completed", 5_900)
    assert market.case(sale, case_id)["debt"] == {"amount": 5_900, "currency": "BRL", "due": True}
    assert market.posted(sale) == {"buyer_refund": -5_900, "buyer_debt": 5_900}


def test_goods_that_arrive_after_their_case_expired_are_paid_for(market: Market) -> None:
    sale, case_id, code = labelled(market)
    market.silence(sale, case_id)
    ends(market, sale, case_id, "expired", free=1)
    carriers(market, f"parcels/{code}/travel")
    market.until_it(sale, case_id, lambda case: case["status"] == "return_received")
    market.silence(sale, case_id)
    market.until(sale, case_id, "completed")
    assert market.finished(f"{case_id}-2")["output"]["status"] == "completed"
    assert [one["amount"] for one in market.refunds(sale)] == [5_900]
