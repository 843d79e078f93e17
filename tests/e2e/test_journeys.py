"""Whole ways of a case, as the people see them who take part."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e import workers
from tests.e2e.market import Market, Sale, body, refusal, wait

pytestmark = pytest.mark.e2e

FREE = (0, 0)


def booked(market: Market, sale: Sale) -> tuple[int, int]:
    """What is reserved and what was refunded of the order."""
    order = market.order(sale)
    return order["reserved"], order["refunded"]


def under_review(market: Market, sale: Sale, units: int = 1) -> str:
    """A case that its seller has to look at."""
    case_id = str(market.apply(sale, units, reason="other")["case_id"])
    market.until(sale, case_id, "under_review")
    return case_id


def disputed(market: Market, sale: Sale) -> str:
    """A case whose seller said nothing for too long."""
    case_id = under_review(market, sale)
    market.silence(sale, case_id)
    market.until(sale, case_id, "disputed")
    return case_id


def test_what_is_quoted_is_what_is_reserved_and_what_is_paid(market: Market) -> None:
    sale = market.sell(units=3, total=10_000, shipping=700)
    wanted = {"order_id": sale.order_id, "kind": "refund", "reason": "late"}
    quote = body(sale.buyer.post("quotes", wanted | {"lines": [{"line_id": "kettle", "quantity": 2}]}))
    assert booked(market, sale) == FREE
    assert (quote["verdict"], quote["total"]) == ("approve", {"amount": 6_667 + 700, "currency": "BRL"})

    case = market.apply(sale, 2)

    assert case["quote"]["lines"] == quote["lines"]
    assert case["quote"]["payments"] == quote["payments"]
    case = market.until(sale, case["case_id"], "completed")
    assert booked(market, sale) == (0, 6_667 + 700)
    assert [refund["amount"]["amount"] for refund in case["refunds"]] == [6_667 + 700]
    # The rest, taken later, is exactly what is left; the shipping is not paid twice.
    market.until(sale, market.apply(sale, 1)["case_id"], "completed")
    assert booked(market, sale) == (0, 10_000 + 700)


def test_a_seller_reads_what_a_refund_does_to_the_account(market: Market) -> None:
    sale = market.sell(platform_fee=708)
    path = f"sellers/{sale.seller.party_id}/statement"
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")
    wait(lambda: bool(body(sale.seller.get(path))["balances"]), "the balance of the seller")
    statement = body(sale.seller.get(path))
    (posting,), (balance,) = statement["items"], statement["balances"]
    assert (posting["case_id"], posting["event"]) == (case_id, "refund_succeeded")
    assert posting["lines"] == balance["lines"]
    assert posting["owed_to_seller"] == {"amount": 708 - 5_900, "currency": "BRL"}


def test_the_seller_approves_and_the_buyer_is_paid(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = under_review(market, sale)
    case = market.case(sale, case_id)
    assert (case["waiting_on"], case["on_timeout"]) == ("seller", "disputed")
    deadline = datetime.fromisoformat(case["deadline_at"]) - datetime.now(UTC)
    assert timedelta(hours=47) < deadline <= timedelta(hours=48)

    decided = body(market.decide(sale, case_id))

    assert decided["decision"]["by"] == {"role": "seller", "id": sale.seller.party_id}
    case = market.until(sale, case_id, "completed")
    assert (case["waiting_on"], case["deadline_at"]) == (None, None)
    assert booked(market, sale) == (0, 50_000)
    assert market.events(sale, case_id) == [
        "case_opened",
        "review_requested",
        "case_approved",
        "refund_started",
        "refund_succeeded",
    ]
    states = market.finished(case_id)["states"]
    assert [state for state in states if state != "What does the case need?"] == [
        "Assess the case",
        "Wait for the seller",
        "Assess the case",
        "Refund the buyer",
        "Settle and close the case",
    ]


def test_the_seller_approves_a_part_and_the_rest_is_free_again(market: Market) -> None:
    sale = market.sell(total=20_000)
    case_id = under_review(market, sale)

    decided = body(market.decide(sale, case_id, amount=7_500))

    assert decided["decision"]["amount"] == {"amount": 7_500, "currency": "BRL"}
    market.until(sale, case_id, "completed")
    assert booked(market, sale) == (0, 7_500)
    assert [refund["amount"] for refund in market.refunds(sale)] == [7_500]
    order = market.order(sale)
    assert (order["payments"][0]["available"], order["lines"][0]["refundable_quantity"]) == (12_500, 0)


@pytest.mark.parametrize(("amount", "status"), [(20_001, 422), (0, 422), (-1, 422)])
def test_more_than_was_asked_for_cannot_be_approved(market: Market, amount: int, status: int) -> None:
    sale = market.sell(total=20_000)
    case_id = under_review(market, sale)

    answer = market.decide(sale, case_id, amount=amount)

    assert refusal(answer)[0] == status
    assert market.case(sale, case_id)["status"] == "under_review"
    assert booked(market, sale) == (20_000, 0)


def test_above_the_sellers_limit_a_reviewer_decides(market: Market) -> None:
    sale = market.sell(total=1_000_001)
    case_id = under_review(market, sale)

    assert refusal(market.decide(sale, case_id)) == (403, "amount_above_limit")

    body(market.decide(sale, case_id, by=market.stack.person("reviewer")))
    market.until(sale, case_id, "completed")
    assert booked(market, sale) == (0, 1_000_001)


def test_a_declined_case_is_closed_by_the_clock_and_its_units_are_free_again(market: Market) -> None:
    sale = market.sell(units=2, total=40_000)
    case_id = under_review(market, sale, 2)
    body(market.decide(sale, case_id, "decline"))
    case = market.until(sale, case_id, "declined")
    assert (case["waiting_on"], case["on_timeout"]) == ("buyer", "closed_declined")
    assert booked(market, sale) == (40_000, 0)

    market.silence(sale, case_id)

    market.until(sale, case_id, "closed_declined")
    assert booked(market, sale) == FREE
    assert market.order(sale)["lines"][0]["refundable_quantity"] == 2
    assert market.finished(case_id)["output"]["status"] == "closed_declined"
    assert market.refunds(sale) == []


def test_a_small_claim_is_approved_by_the_sellers_silence(market: Market) -> None:
    sale = market.sell(total=20_000)
    case_id = under_review(market, sale)
    assert market.case(sale, case_id)["on_timeout"] == "approved"

    market.silence(sale, case_id)

    case = market.until(sale, case_id, "completed")
    assert (case["decision"]["by"]["role"], case["decision"]["reason_code"]) == ("system", "seller_silent")
    assert booked(market, sale) == (0, 20_000)


def test_after_the_sellers_silence_on_a_large_claim_a_reviewer_decides(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = disputed(market, sale)
    case = market.case(sale, case_id)
    assert (case["waiting_on"], case["on_timeout"]) == ("platform", "reviewer_reminded")
    assert case["dispute"]["resolved"] is False
    reviewer = market.stack.person("reviewer")
    assert case_id in {one["case_id"] for one in reviewer.each("cases")}
    assert refusal(market.decide(sale, case_id)) == (409, "act_not_possible")

    body(market.decide(sale, case_id, by=reviewer, amount=30_000))

    case = market.until(sale, case_id, "completed")
    assert case["dispute"]["resolved"] is True
    assert booked(market, sale) == (0, 30_000)
    assert case_id not in {one["case_id"] for one in reviewer.each("cases")}


def test_a_reviewer_who_declines_closes_the_case(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = disputed(market, sale)

    body(market.decide(sale, case_id, "decline", by=market.stack.person("reviewer")))

    market.until(sale, case_id, "closed_declined")
    assert booked(market, sale) == FREE
    assert market.finished(case_id)["output"]["status"] == "closed_declined"


def test_a_reviewers_silence_reminds_and_never_decides(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = disputed(market, sale)

    market.silence(sale, case_id)

    case = market.case(sale, case_id)
    assert case["status"] == "disputed"
    assert datetime.fromisoformat(case["deadline_at"]) > datetime.now(UTC)
    assert market.events(sale, case_id)[-1] == "review_overdue"
    body(market.decide(sale, case_id, by=market.stack.person("reviewer")))
    market.until(sale, case_id, "completed")


def test_a_claim_after_the_window_is_refused_before_anything_is_held(market: Market) -> None:
    sale = market.sell(placed_at=ago(50), shipped_at=ago(45), delivered_at=ago(31))

    answer = sale.buyer.post("cases", {"lines": [{"line_id": "kettle", "quantity": 1}]} | claim(sale))

    assert refusal(answer) == (409, "window_closed")
    assert booked(market, sale) == FREE


def evidence_required(market: Market, sale: Sale) -> str:
    case_id = str(market.apply(sale, reason="damaged")["case_id"])
    market.until(sale, case_id, "evidence_required")
    return case_id


def declined(market: Market, sale: Sale) -> str:
    case_id = under_review(market, sale)
    body(market.decide(sale, case_id, "decline"))
    return case_id


@pytest.mark.parametrize(
    "come_to",
    [
        pytest.param(evidence_required, id="while photos are asked for"),
        pytest.param(under_review, id="while the seller looks at it"),
        pytest.param(disputed, id="while a reviewer looks at it"),
        pytest.param(declined, id="after it was declined"),
    ],
)
def test_the_buyer_withdraws(market: Market, come_to: Callable[[Market, Sale], str]) -> None:
    sale = market.sell(total=50_000)
    case_id = come_to(market, sale)

    withdrawn = body(sale.buyer.post(f"cases/{case_id}/withdrawal"))

    assert withdrawn["status"] == "cancelled"
    assert booked(market, sale) == FREE
    assert market.order(sale)["lines"][0]["refundable_quantity"] == 1
    assert market.finished(case_id)["output"]["status"] == "cancelled"
    again = sale.buyer.post(f"cases/{case_id}/withdrawal")
    assert refusal(again) == (409, "act_not_possible")
    assert booked(market, sale) == FREE


def test_the_buyer_withdraws_before_the_policy_has_looked(market: Market) -> None:
    market.until(other := market.sell(), market.apply(other)["case_id"], "completed")
    sale = market.sell()
    with workers.held_up("assess_case"):
        case_id = market.apply(sale)["case_id"]
        market.waits_in(case_id, "Assess the case")
        assert body(sale.buyer.post(f"cases/{case_id}/withdrawal"))["status"] == "cancelled"

    assert market.finished(case_id)["output"]["status"] == "cancelled"
    assert market.events(sale, case_id) == ["case_opened", "case_withdrawn"]
    assert booked(market, sale) == FREE
    assert market.refunds(sale) == []


def test_the_buyer_cannot_withdraw_once_money_moves(market: Market) -> None:
    sale = market.sell()
    market.fault(sale, "pending")
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "refund_pending")

    assert refusal(sale.buyer.post(f"cases/{case_id}/withdrawal")) == (409, "act_not_possible")

    wait(lambda: bool(market.refunds(sale)), "the provider to be asked")
    market.settle(sale, "succeeded")
    market.until(sale, case_id, "completed")
    assert refusal(sale.buyer.post(f"cases/{case_id}/withdrawal")) == (409, "act_not_possible")


def test_a_refusal_says_what_is_possible_instead(market: Market) -> None:
    sale = market.sell()
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")

    answer = market.decide(sale, case_id)

    assert refusal(answer) == (409, "act_not_possible")
    assert answer.json()["case_status"] == "completed"
    assert "send_message" in answer.json()["possible"]


def test_people_write_to_each_other_and_each_word_stands_in_the_timeline_once(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = under_review(market, sale)
    said = [
        (sale.buyer, "It arrived broken. 它坏了。"),
        (sale.seller, "<b>Which part?</b>"),
        (market.stack.person("reviewer"), "I am reading along."),
        (sale.buyer, "The handle."),
    ]

    for person, text in said:
        for _ in range(2):
            body(person.post(f"cases/{case_id}/messages", {"text": text}, key=f"{case_id} {len(text)}"), 201)

    words = [entry for entry in market.timeline(sale, case_id) if entry["event"] == "message_sent"]
    assert [(word["actor"]["id"], word["data"]["text"]) for word in words] == [
        (person.party_id, text) for person, text in said
    ]
    assert market.case(sale, case_id)["status"] == "under_review"
    other = sale.buyer.post(
        f"cases/{case_id}/messages", {"text": "else"}, key=f"{case_id} {len('The handle.')}"
    )
    assert refusal(other) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("text", ["", "a\u0000b", "x" * 4_001, "\u202e\u0007"])
def test_a_message_that_is_none_is_refused(market: Market, text: str) -> None:
    sale = market.sell(total=50_000)
    case_id = under_review(market, sale)

    assert refusal(sale.buyer.post(f"cases/{case_id}/messages", {"text": text})) == (422, "invalid_request")


def test_who_decides_on_an_old_version_is_told_so(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = under_review(market, sale)
    read = sale.seller.get(f"cases/{case_id}")
    seen = read.headers["etag"]
    assert seen == f'"{read.json()["version"]}"'
    body(sale.buyer.post(f"cases/{case_id}/messages", {"text": "One more thing."}), 201)
    decision = {"decision": "approve", "reason_code": "looked_at_it", "note": "Fine."}

    stale = sale.seller.post(f"cases/{case_id}/decision", decision, If_Match=seen)

    assert refusal(stale) == (412, "version_conflict")
    assert market.case(sale, case_id)["status"] == "under_review"
    seen = sale.seller.get(f"cases/{case_id}").headers["etag"]
    body(sale.seller.post(f"cases/{case_id}/decision", decision, If_Match=seen))
    market.until(sale, case_id, "completed")


def test_a_decision_sent_twice_under_one_key_is_one_decision(market: Market) -> None:
    sale = market.sell(total=50_000)
    case_id = under_review(market, sale)
    decision = {"decision": "approve", "reason_code": "looked_at_it", "note": "Fine."}

    for _ in range(2):
        body(sale.seller.post(f"cases/{case_id}/decision", decision, key=case_id))

    market.until(sale, case_id, "completed")
    assert market.events(sale, case_id).count("case_approved") == 1


def test_a_refund_goes_back_over_several_payments_oldest_first(market: Market) -> None:
    sale = market.sell(units=2, total=12_000, paid=[4_000, 8_000])

    first = market.until(sale, market.apply(sale)["case_id"], "completed")
    second = market.until(sale, market.apply(sale)["case_id"], "completed")

    assert [(part["payment_id"], part["amount"]) for part in first["quote"]["payments"]] == [
        ("p1", 4_000),
        ("p2", 2_000),
    ]
    assert [(part["payment_id"], part["amount"]) for part in second["quote"]["payments"]] == [("p2", 6_000)]
    assert [refund["amount"] for refund in market.refunds(sale)] == [4_000, 2_000, 6_000]
    assert market.order(sale)["refunded"] == 12_000


def test_of_two_payments_one_fails_and_only_that_one_is_sent_again(market: Market) -> None:
    sale = market.sell(total=10_000, paid=[4_000, 6_000])
    market.fault(sale, "fail")
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "refund_action_required")
    assert booked(market, sale) == (4_000, 6_000)
    market.waits_in(case_id, "Ask an operator")

    body(market.stack.person("operator").post(f"cases/{case_id}/resumption"))

    market.until(sale, case_id, "completed")
    assert [(one["refund_id"], one["status"]) for one in market.refunds(sale)] == [
        (f"{case_id}.p1.1", "failed"),
        (f"{case_id}.p1.2", "succeeded"),
        (f"{case_id}.p2.1", "succeeded"),
    ]
    assert booked(market, sale) == (0, 10_000)


def test_what_was_paid_with_store_credit_comes_back_as_store_credit(market: Market) -> None:
    card = market.stack.pay(3_000, "BRL")
    payments = [
        {"payment_id": "gift", "provider": "store_credit", "reference": "card-77", "captured": 2_000},
        {"payment_id": "card", "provider": "stripe", "reference": card, "captured": 3_000},
    ]
    sale = market.sell(total=5_000, payments=payments)

    case = market.until(sale, market.apply(sale)["case_id"], "completed")

    [credit] = [one for one in market.stack.store_credits() if one["order_id"] == sale.order_id]
    assert (credit["amount"], credit["reference"]) == (2_000, "card-77")
    assert credit["refund_id"] == f"{case['case_id']}.gift.1"
    assert [one["amount"] for one in market.stack.refunds_at_provider(card)] == [3_000]


@pytest.mark.parametrize(
    ("currency", "total", "first", "second"),
    [("JPY", 3_333, 1_667, 1_666), ("USD", 2_999, 1_500, 1_499), ("CNY", 10_001, 5_001, 5_000)],
)
def test_every_currency_is_split_to_the_last_unit(
    market: Market, currency: str, total: int, first: int, second: int
) -> None:
    sale = market.sell(units=2, total=total, currency=currency)

    for expected in (first, second):
        case = market.until(sale, market.apply(sale)["case_id"], "completed")
        assert case["quote"]["total"] == {"amount": expected, "currency": currency}

    assert [(one["amount"], one["currency"]) for one in market.refunds(sale)] == [
        (first, currency.lower()),
        (second, currency.lower()),
    ]
    assert market.order(sale)["refundable"] == 0


def ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def claim(sale: Sale) -> dict[str, str]:
    return {"order_id": sale.order_id, "kind": "refund", "reason": "late"}
