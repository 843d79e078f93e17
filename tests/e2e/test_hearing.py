"""Disagreements over HTTP: offers, disputes with both sides heard, appeal, and more time for those who need it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.e2e.market import Market, Sale, body, now, refusal, wait
from tools.desk import Person

pytestmark = pytest.mark.e2e

SAYS = {"text": "The lid was whole when it left us."}


@pytest.fixture
def sale(market: Market) -> Sale:
    """Goods for 500.00, too much for the policy and for silence to grant."""
    return market.sell(total=50_000)


def under_review(market: Market, sale: Sale) -> str:
    case_id = str(market.apply(sale, reason="other")["case_id"])
    market.until(sale, case_id, "under_review")
    return case_id


def disputed(market: Market, sale: Sale) -> str:
    """Declined by the seller, and disputed by the buyer."""
    case_id = under_review(market, sale)
    body(market.decide(sale, case_id, "decline"))
    body(sale.buyer.post(f"cases/{case_id}/dispute", {"text": "The lid is broken."}), 201)
    return case_id


def heard(market: Market, sale: Sale) -> str:
    """Disputed, and both sides had their say."""
    case_id = disputed(market, sale)
    for side in (sale.seller, sale.buyer):
        body(side.post(f"cases/{case_id}/statements", SAYS), 201)
    return case_id


def offer(side: Person, case_id: str, amount: int) -> dict[str, Any]:
    return body(side.post(f"cases/{case_id}/offers", {"amount": amount, "note": "For the lid."}), 201)


def turn(case: dict[str, Any]) -> tuple[str, str, str]:
    """Where the case is, whose turn it is, and what silence would do."""
    assert case["deadline_at"]
    return case["status"], case["waiting_on"], case["on_timeout"]


def test_the_parties_haggle_and_the_buyer_is_paid_what_they_agreed_on(market: Market, sale: Sale) -> None:
    case_id = under_review(market, sale)
    case = offer(sale.seller, case_id, 10_000)
    assert turn(case) == ("offer_pending", "buyer", "under_review")
    assert refusal(sale.seller.post(f"cases/{case_id}/offers", {"amount": 1, "note": "No."})) == (
        409,
        "not_your_turn",
    )
    case = offer(sale.buyer, case_id, 20_000)
    assert turn(case) == ("offer_pending", "seller", "under_review")
    assert [one["state"] for one in case["offers"]] == ["countered", "open"]
    market.waits_in(case_id, "Wait for an answer to the offer")

    case = body(sale.seller.post(f"cases/{case_id}/offers/o2/answer", {"accept": True}))

    assert case["decision"]["reason_code"] == "offer_accepted"
    market.until(sale, case_id, "completed")
    assert [one["amount"] for one in market.refunds(sale)] == [20_000]
    assert market.order(sale)["reserved"] == 0


def test_an_offer_that_nobody_answers_lapses_and_the_sellers_clock_runs_again(
    market: Market, sale: Sale
) -> None:
    case_id = under_review(market, sale)
    offer(sale.seller, case_id, 10_000)

    market.silence(sale, case_id)

    case = market.case(sale, case_id)
    assert turn(case) == ("under_review", "seller", "disputed")
    assert case["offers"][0]["state"] == "lapsed"
    assert refusal(sale.buyer.post(f"cases/{case_id}/offers/o1/answer", {"accept": True})) == (
        409,
        "act_not_possible",
    )


def test_both_sides_are_heard_before_a_reviewer_decides(market: Market, sale: Sale) -> None:
    case_id = disputed(market, sale)
    reviewer = market.someone("reviewer")
    assert turn(market.case(sale, case_id)) == ("disputed", "seller", "statement_forgone")
    assert refusal(market.decide(sale, case_id, by=reviewer)) == (409, "hearing_open")
    body(sale.seller.post(f"cases/{case_id}/statements", SAYS), 201)
    assert turn(market.case(sale, case_id)) == ("disputed", "buyer", "statement_forgone")

    market.silence(sale, case_id)

    assert turn(market.case(sale, case_id)) == ("disputed", "platform", "reviewer_reminded")
    body(market.decide(sale, case_id, by=reviewer, amount=30_000))
    market.until(sale, case_id, "completed")
    assert [one["amount"] for one in market.refunds(sale)] == [30_000]


def test_two_reviewers_do_not_collide(market: Market, sale: Sale) -> None:
    case_id = heard(market, sale)
    one, other = market.someone("reviewer"), market.someone("reviewer")
    assert body(one.post(f"cases/{case_id}/review"))["dispute"]["assigned_to"] == one.party_id
    assert refusal(other.post(f"cases/{case_id}/review")) == (409, "assigned_to_another")
    assert refusal(market.decide(sale, case_id, by=other)) == (409, "assigned_to_another")
    assert body(one.http.delete(f"cases/{case_id}/review"))["dispute"]["assigned_to"] is None

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda by: market.decide(sale, case_id, by=by), (one, other)))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    market.until(sale, case_id, "completed")
    assert len(market.refunds(sale)) == 1


def test_buyer_and_clock_at_the_same_instant(market: Market, sale: Sale) -> None:
    case_id = under_review(market, sale)
    offer(sale.seller, case_id, 10_000)
    market.stack.move_deadline(case_id, now())

    with ThreadPoolExecutor(2) as pool:
        swept = pool.submit(market.stack.sweep)
        answer = sale.buyer.post(f"cases/{case_id}/offers/o1/answer", {"accept": True})
        swept.result()

    events = market.events(sale, case_id)
    if answer.status_code == 200:
        assert "offer_lapsed" not in events
        market.until(sale, case_id, "completed")
    else:
        assert refusal(answer) == (409, "act_not_possible")
        assert "case_approved" not in events
        assert market.case(sale, case_id)["status"] == "under_review"


def test_an_appeal_goes_to_another_reviewer_who_may_grant_what_the_first_did_not(
    market: Market, sale: Sale
) -> None:
    case_id = heard(market, sale)
    first, second = market.someone("reviewer"), market.someone("reviewer")
    body(market.decide(sale, case_id, by=first, amount=20_000))
    market.until(sale, case_id, "completed")
    market.finished(case_id)

    appealed = body(sale.buyer.post(f"cases/{case_id}/appeal", {"text": "Look at the second photo."}), 201)

    assert turn(appealed) == ("disputed", "seller", "statement_forgone")
    assert market.order(sale)["reserved"] == 30_000
    market.silence(sale, case_id)
    assert refusal(market.decide(sale, case_id, by=first)) == (409, "decided_before")
    body(market.decide(sale, case_id, by=second, amount=45_000))
    market.until(sale, case_id, "completed")
    assert sorted(one["amount"] for one in market.refunds(sale)) == [20_000, 25_000]
    order = market.order(sale)
    assert (order["reserved"], order["refunded"]) == (0, 45_000)
    assert market.finished(f"{case_id}-2")["output"]["status"] == "completed"
    assert refusal(sale.buyer.post(f"cases/{case_id}/appeal", {"text": "More."})) == (409, "appealed_before")


def test_an_appeal_that_is_declined_leaves_the_case_as_it_was(market: Market, sale: Sale) -> None:
    case_id = heard(market, sale)
    body(market.decide(sale, case_id, "decline", by=market.someone("reviewer")))
    market.finished(case_id)
    body(sale.buyer.post(f"cases/{case_id}/appeal", {"text": "Please look again."}), 201)
    market.silence(sale, case_id)

    body(market.decide(sale, case_id, "decline", by=market.someone("reviewer")))

    market.until(sale, case_id, "closed_declined")
    assert market.finished(f"{case_id}-2")["output"]["status"] == "closed_declined"
    assert market.order(sale)["reserved"] == 0


def test_a_reviewer_gives_one_case_more_time(market: Market, sale: Sale) -> None:
    case_id = under_review(market, sale)
    before = market.case(sale, case_id)
    more = {"hours": 24, "reason": "The carrier is on strike."}

    after = body(market.someone("reviewer").post(f"cases/{case_id}/extension", more))

    assert moved(before, after) == timedelta(hours=24)
    assert refusal(sale.seller.post(f"cases/{case_id}/extension", more)) == (403, "forbidden")


def test_an_operator_gives_a_whole_market_more_time(market: Market) -> None:
    strike, calm = market.sell(total=50_000, market="BR-south"), market.sell(total=50_000, market="BR-north")
    cases = [(sale, under_review(market, sale)) for sale in (strike, calm)]
    before = [market.case(*one) for one in cases]
    said = {"hours": 72, "reason": "A postal strike."}
    operator = market.stack.person("operator")
    key = {"Idempotency-Key": f"strike-{cases[0][1]}"}
    first = operator.http.post("markets/BR-south/extension", json=said, headers=key)
    again = operator.http.post("markets/BR-south/extension", json=said, headers=key)
    assert body(first, 202)["extension_id"] == body(again, 202)["extension_id"]

    market.stack.sweep()

    wait(lambda: market.events(*cases[0])[-1] == "deadline_extended", "the market's extension to arrive")
    assert moved(before[0], market.case(*cases[0])) == timedelta(hours=72)
    assert moved(before[1], market.case(*cases[1])) == timedelta(0)
    market.stack.sweep()
    assert market.events(*cases[0]).count("deadline_extended") == 1


def moved(before: dict[str, Any], after: dict[str, Any]) -> timedelta:
    """By how much the deadline was moved."""
    return datetime.fromisoformat(after["deadline_at"]) - datetime.fromisoformat(before["deadline_at"])
