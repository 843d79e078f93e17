"""A bad and a good feedback on the running stack: what everybody sees, who is told, and what it adds up to."""

from typing import Any

import pytest

from tests.e2e.market import Market, Sale, body, days_ago, refusal, wait

pytestmark = pytest.mark.e2e


def leave(sale: Sale, score: int, comment: str = "") -> dict[str, Any]:
    said = {"order_id": sale.order_id, "score": score, "comment": comment}
    return body(sale.buyer.post("feedback", said), 201)


def test_a_bad_feedback_is_shown_answered_counted_hidden_and_mended(market: Market) -> None:
    sale = market.sell()
    reviewer, stranger = market.stack.person("reviewer"), market.someone("buyer")
    rating = f"sellers/{sale.seller.party_id}/rating"

    feedback = leave(sale, 1, "O bule veio quebrado 😠")
    path = f"feedback/{feedback['feedback_id']}"
    assert refusal(sale.buyer.post("feedback", {"order_id": sale.order_id, "score": 5})) == (
        409,
        "feedback_left_before",
    )
    assert body(stranger.get(path))["comment"] == "O bule veio quebrado 😠"
    assert body(sale.seller.post(f"{path}/reply", {"text": "Sentimos muito."}))["reply"]["text"]
    wait(lambda: body(stranger.get(rating))["count"] == 1, "the feedback to be counted")

    body(reviewer.post(f"{path}/moderation", {"action": "hide", "reason_code": "abusive_language"}))
    assert refusal(stranger.get(path)) == (404, "not_found")
    wait(
        lambda: body(stranger.get(rating))["moderation"]["refused"]["1"] == 1, "the hidden one to be counted"
    )

    mended = sale.buyer.http.request("PATCH", path, json={"comment": "Veio quebrado."})
    assert body(mended)["status"] == "held"
    body(reviewer.post(f"{path}/moderation", {"action": "restore", "reason_code": "fixed_by_author"}))
    assert [one["comment"] for one in body(stranger.get(f"{rating[:-6]}feedback"))["items"]] == [
        "Veio quebrado."
    ]

    assert body(sale.buyer.http.request("DELETE", path))["status"] == "withdrawn"
    wait(lambda: body(stranger.get(rating))["count"] == 0, "the withdrawn one to be taken off")
    assert leave(sale, 4)["status"] == "published"


def test_an_order_that_has_not_come_or_came_long_ago_has_no_feedback(market: Market) -> None:
    not_yet = market.sell(delivered_at=None)
    long_ago = market.sell(placed_at=days_ago(120), shipped_at=days_ago(110), delivered_at=days_ago(100))

    for sale, code in ((not_yet, "order_not_delivered"), (long_ago, "window_closed")):
        assert refusal(sale.buyer.post("feedback", {"order_id": sale.order_id, "score": 5})) == (409, code)
