"""Goods come back on the deployed stack, well or not so well; each story ends with books that add up."""

import pytest

from tests.builders import parcel_of
from tests.corpus import plain_photo
from tests.e2e.market import Market, Sale, body, refusal
from tools.desk import FINAL, Person, upload

pytestmark = pytest.mark.e2e


@pytest.fixture
def reviewer(market: Market) -> Person:
    return market.someone("reviewer")


def awaited(market: Market, sale: Sale, units: int = 1, reason: str = "late") -> str:
    """A return that the policy approved by itself."""
    case_id = str(market.apply(sale, units, kind="return", reason=reason)["case_id"])
    market.until(sale, case_id, "awaiting_return")
    return case_id


def send(sale: Sale, case_id: str) -> None:
    parcel = {"carrier": "ups", "tracking_code": parcel_of(case_id)}
    case = body(sale.buyer.post(f"cases/{case_id}/shipment", parcel))
    assert (case["status"], case["waiting_on"]) == ("return_in_transit", "carrier")


def arrive(sale: Sale, case_id: str) -> None:
    """The parcel is sent, and with its seller."""
    send(sale, case_id)
    case = body(sale.seller.post(f"cases/{case_id}/receipt"))
    assert (case["status"], case["waiting_on"]) == ("return_received", "seller")


def count(sale: Sale, case_id: str, accepted: int, **more: object) -> dict[str, object]:
    found = {"line_id": "kettle", "accepted": accepted} | more
    return body(sale.seller.post(f"cases/{case_id}/receipt", {"lines": [found]}))


def shown(market: Market, sale: Sale, case_id: str) -> str:
    """The seller adds a photo; answers its id."""
    photo = plain_photo()
    promise = {"filename": "box.jpg", "content_type": "image/jpeg", "size": len(photo)}
    added = body(sale.seller.post(f"cases/{case_id}/evidence", promise), 201)
    assert upload(added["upload"], photo).is_success
    evidence_id = str(added["evidence"]["evidence_id"])
    assert market.looked_at(sale, case_id, evidence_id)["state"] == "accepted"
    return evidence_id


def ends(market: Market, sale: Sale, case_id: str, status: str, *paid: int, free: int = 0) -> list[str]:
    """The case comes to this end with these refunds, and the provider, the ledger, the seller's statement and the
    execution say the same; answers the states that were entered."""
    case = market.until(sale, case_id, status)
    assert case["status"] in FINAL
    assert [one["amount"] for one in market.refunds(sale)] == list(paid)
    order = market.order(sale)
    assert (order["refunded"], order["reserved"]) == (sum(paid), 0)
    assert order["lines"][0]["refundable_quantity"] == free
    assert market.posted(sale).get("buyer_refund", 0) == -sum(paid)
    execution = market.finished(case_id)
    assert execution["status"] == "SUCCEEDED"
    return list(execution["states"])


def test_goods_come_back_in_seven_states_and_cost_what_the_quote_had_said(market: Market) -> None:
    sale = market.sell(units=2, total=10_000)
    asked = {"order_id": sale.order_id, "kind": "return", "reason": "changed_mind"}
    quote = body(sale.buyer.post("quotes", asked | {"lines": [{"line_id": "kettle", "quantity": 2}]}))
    assert quote["fees"] == {"restocking": 1_000, "freight": 0, "condition_percent": 50}
    case_id = awaited(market, sale, 2, "changed_mind")
    # Whoever acts while the execution is on its way there has it come by once more.
    market.waits_in(case_id, "Wait for the goods to come back")
    arrive(sale, case_id)
    count(sale, case_id, 2)
    assert len(ends(market, sale, case_id, "completed", quote["total"]["amount"])) == 7
    assert quote["total"]["amount"] == 9_000


def test_goods_of_little_worth_stay_and_are_paid_at_once(market: Market) -> None:
    sale = market.sell(total=1_900)
    case = market.apply(sale, kind="return")
    ends(market, sale, case["case_id"], "completed", 1_900)
    kept = market.case(sale, case["case_id"])
    assert (kept["keep_item"], kept["shipments"]) == (True, [])


def test_goods_that_are_not_sent_in_time_and_come_all_the_same_are_paid_in_the_end(market: Market) -> None:
    sale = market.sell()
    case_id = awaited(market, sale)
    market.silence(sale, case_id)
    ends(market, sale, case_id, "expired", free=1)
    assert body(sale.seller.post(f"cases/{case_id}/receipt"))["status"] == "return_received"
    market.silence(sale, case_id)
    assert market.until(sale, case_id, "completed")["receipt"]["by"]["role"] == "system"
    assert market.finished(f"{case_id}-2")["output"]["status"] == "completed"
    assert [one["amount"] for one in market.refunds(sale)] == [5_900]


def test_of_three_units_two_come_and_the_third_can_be_claimed_again(market: Market) -> None:
    sale = market.sell(units=3, total=10_000)
    case_id = awaited(market, sale, 3)
    arrive(sale, case_id)
    assert count(sale, case_id, 2)["waiting_on"] == "buyer"
    market.silence(sale, case_id)
    ends(market, sale, case_id, "completed", 6_667, free=1)


def test_something_else_comes_is_shown_and_a_reviewer_decides_on_the_deduction(
    market: Market, reviewer: Person
) -> None:
    sale = market.sell(units=2, total=10_000)
    case_id = awaited(market, sale, 2)
    send(sale, case_id)
    wrong = {"rejected": 1, "reason": "not_ours"}
    unseen = {"lines": [{"line_id": "kettle", "accepted": 1} | wrong]}
    assert refusal(sale.seller.post(f"cases/{case_id}/receipt", unseen)) == (409, "evidence_needed")
    photo = shown(market, sale, case_id)
    assert count(sale, case_id, 1, photos=[photo], **wrong)["status"] == "inspection_failed"
    body(sale.buyer.post(f"cases/{case_id}/dispute", {"text": "I sent both."}), 201)
    for side in (sale.seller, sale.buyer):
        body(side.post(f"cases/{case_id}/statements", {"text": "See the photo."}), 201)
    body(market.decide(sale, case_id, by=reviewer, amount=7_500))
    ends(market, sale, case_id, "completed", 7_500)


def test_a_buyer_who_keeps_the_goods_after_all_withdraws(market: Market) -> None:
    sale = market.sell()
    case_id = awaited(market, sale)
    body(sale.buyer.post(f"cases/{case_id}/withdrawal"))
    ends(market, sale, case_id, "cancelled", free=1)


def test_an_own_parcel_that_is_lost_is_a_reviewers_to_decide(market: Market, reviewer: Person) -> None:
    sale = market.sell()
    case_id = awaited(market, sale)
    send(sale, case_id)
    market.silence(sale, case_id)
    case = market.until(sale, case_id, "disputed")
    assert (case["waiting_on"], market.events(sale, case_id)[-1]) == ("platform", "parcel_overdue")
    body(market.decide(sale, case_id, by=reviewer, amount=4_000))
    ends(market, sale, case_id, "completed", 4_000)


def test_a_silent_seller_has_received_what_was_announced(market: Market) -> None:
    sale = market.sell()
    case_id = awaited(market, sale)
    arrive(sale, case_id)
    market.silence(sale, case_id)
    ends(market, sale, case_id, "completed", 5_900)


def test_nobody_misses_what_was_not_sent_and_nobody_sends_one_parcel_twice(market: Market) -> None:
    sale = market.sell(units=2, total=10_000)
    first, second = awaited(market, sale), awaited(market, sale)
    send(sale, first)
    nothing = {"lines": [{"line_id": "kettle", "accepted": 0}]}
    assert refusal(sale.seller.post(f"cases/{second}/receipt", nothing)) == (409, "parcel_not_arrived")
    parcel = {"carrier": "ups", "tracking_code": parcel_of(first)}
    assert refusal(sale.buyer.post(f"cases/{second}/shipment", parcel)) == (409, "tracking_code_used")
