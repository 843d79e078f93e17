"""A bad and a good feedback on the running stack: what everybody sees, who is told, and what it adds up to."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.corpus import JPEG, plain_photo
from tests.e2e.market import Market, Sale, body, days_ago, refusal, wait
from tools.desk import upload

pytestmark = pytest.mark.e2e


def leave(sale: Sale, score: int, comment: str = "", **more: Any) -> dict[str, Any]:
    said = {"order_id": sale.order_id, "score": score, "comment": comment, **more}
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


def test_a_photo_of_a_feedback_is_looked_at_and_shown_to_everybody_until_it_is_taken_back(
    market: Market,
) -> None:
    sale, stranger, photo = market.sell(), market.someone("buyer"), plain_photo()
    promises = [{"filename": "bowl.jpg", "content_type": JPEG, "size": len(photo)}]
    said = leave(sale, 2, photos=promises)
    path = f"feedback/{said['feedback_id']}"
    [form] = said["uploads"]

    assert upload(form, photo).status_code == 204
    wait(lambda: bool(body(stranger.get(path))["photos"]), "the photo to be looked at")

    link = body(stranger.get(f"{path}/photos/{form['evidence_id']}"))["url"]
    assert Image.open(io.BytesIO(httpx.get(link).content)).size == (64, 48)
    assert f"clean/{path}/" in link
    elsewhere = {
        **form,
        "fields": {**form["fields"], "key": form["fields"]["key"].replace("feedback", "cases")},
    }
    assert upload(elsewhere, photo).status_code == 403
    body(sale.buyer.http.request("DELETE", path))
    assert refusal(stranger.get(f"{path}/photos/{form['evidence_id']}")) == (404, "not_found")


def test_an_order_that_has_not_come_or_came_long_ago_has_no_feedback(market: Market) -> None:
    not_yet = market.sell(delivered_at=None)
    long_ago = market.sell(placed_at=days_ago(120), shipped_at=days_ago(110), delivered_at=days_ago(100))

    for sale, code in ((not_yet, "order_not_delivered"), (long_ago, "window_closed")):
        assert refusal(sale.buyer.post("feedback", {"order_id": sale.order_id, "score": 5})) == (409, code)
