"""Goods come back under the platform's label on the deployed stack, and nobody says more of them than their carrier."""

from typing import Any

import httpx
import pytest

from tests.e2e.market import Market, Sale, body
from tests.e2e.test_returns import ends

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


def labelled(market: Market) -> tuple[Sale, str, str]:
    """A return that the policy approved, its case and the number on its label."""
    sale = market.sell(shipping_address=HOME, return_address=SHOP)
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


def refund_status(market: Market, code: str) -> str | None:
    url = f"{market.stack.facts['carriers_url']}/_sandbox/labels"
    labels = httpx.get(url, trust_env=False).raise_for_status().json()["labels"]
    status: str | None = next(one["refund_status"] for one in labels if one["tracking_code"] == code)
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
    assert refund_status(market, code) == "submitted"
    assert market.case(sale, case_id)["shipments"][0]["label"] == "voided"


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
