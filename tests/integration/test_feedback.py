"""Feedback over the API, and the ratings that the stream counts of it, whatever the stream does."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from aftersales.adapters import tables
from aftersales.adapters.comprehend import MODEL as COMPREHEND
from aftersales.adapters.comprehend import ComprehendSentiment, SentimentUnavailable
from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback
from aftersales.adapters.s3_evidence import S3EvidenceFiles
from aftersales.adapters.ses import MailRefused, SesMailer
from aftersales.domain.order import Contact
from aftersales.domain.parties import Party, Role
from aftersales.domain.rating import Tally, plus, tally
from aftersales.domain.sentiment import Sentiment
from aftersales.entrypoints import bootstrap
from aftersales.usecases.feedback_ports import Subject
from aftersales.usecases.rebuild_ratings import feedback_of_seller, rebuild_ratings
from tests.builders import BUYER, REVIEWER, SELLER
from tests.corpus import PNG, photo_with_gps, plain_photo
from tests.integration.harness import Answer, Desk, WorkerDied, claims_of, dies, running_desk
from tests.integration.people import PLATFORM, a_promise, body_of, listen, order_of

pytestmark = pytest.mark.enable_socket

STRANGER = Party(Role.BUYER, "lan")
STREAM = "CountFeedback"


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A desk that needs no provider."""
    with running_desk(None, "") as desk:  # type: ignore[arg-type]  # nobody pays here
        yield desk


def delivered(desk: Desk, order_id: str = "order-1", buyer: Party = BUYER, **changes: Any) -> str:
    """An order that was delivered five days ago."""
    body = body_of(order_of(desk)) | {
        "buyer_id": buyer.id,
        "payments": [{"payment_id": "card", "provider": "stripe", "reference": "pi_1", "captured": 2_000}],
        **changes,
    }
    desk.call("PUT", f"/orders/{order_id}", by=PLATFORM, body=body).ok()
    return order_id


def leave(
    desk: Desk,
    score: Any = 5,
    comment: str = "",
    *,
    order_id: str = "order-1",
    by: Party = BUYER,
    **more: Any,
) -> Answer:
    key = more.pop("key", f"key of {order_id}")
    body = {"order_id": order_id, "score": score, "comment": comment} | more
    return desk.call("POST", "/feedback", by=by, body=body, key=key)


def edit(desk: Desk, feedback_id: str, by: Party = BUYER, **changes: Any) -> Answer:
    return desk.call("PATCH", f"/feedback/{feedback_id}", by=by, body=changes)


def withdraw(desk: Desk, feedback_id: str, by: Party = BUYER) -> Answer:
    return desk.call("DELETE", f"/feedback/{feedback_id}", by=by)


def moderate(desk: Desk, feedback_id: str, action: str, reason: str, by: Party = REVIEWER) -> Answer:
    body = {"action": action, "reason_code": reason}
    return desk.call("POST", f"/feedback/{feedback_id}/moderation", by=by, body=body)


def read(desk: Desk, feedback_id: str, by: Party = STRANGER) -> Answer:
    return desk.call("GET", f"/feedback/{feedback_id}", by=by)


def listed(desk: Desk, by: Party = STRANGER, **query: str) -> list[Any]:
    items: list[Any] = desk.call("GET", f"/sellers/{SELLER.id}/feedback", by=by, query=query).ok()["items"]
    return items


def rating(desk: Desk, **query: str) -> Any:
    return desk.call("GET", f"/sellers/{SELLER.id}/rating", by=STRANGER, query=query).ok()


def many(desk: Desk, *scores: int, minutes_apart: int = 10) -> list[str]:
    """So many buyers of as many orders, one after the other."""
    left = []
    for number, score in enumerate(scores):
        buyer = Party(Role.BUYER, f"buyer-{number}")
        order_id = delivered(desk, f"order-{number}", buyer)
        left.append(leave(desk, score, order_id=order_id, by=buyer).ok()["feedback_id"])
        desk.clock.advance(minutes=minutes_apart)
    return left


def author_of(number: int) -> Party:
    return Party(Role.BUYER, f"buyer-{number}")


# ---------------------------------------------------------------- what may be said


def test_a_buyer_says_what_an_order_was_like_and_everybody_reads_it(desk: Desk) -> None:
    delivered(desk)
    dimensions = {"delivery": 4, "item_as_described": 5}

    said = leave(desk, 5, "Lovely glaze.", dimensions=dimensions).ok()
    shown = read(desk, said["feedback_id"]).ok()

    assert (shown["score"], shown["comment"], shown["dimensions"]) == (5, "Lovely glaze.", dimensions)
    assert (shown["status"], shown["polarity"]["value"]) == ("published", "positive")
    assert said["possible"] == ["edit", "withdraw"]
    assert (said["order_id"], said["buyer_id"]) == ("order-1", BUYER.id)
    assert (shown["order_id"], shown["buyer_id"], shown["possible"]) == (None, None, [])


def test_a_lost_answer_is_asked_for_again_and_another_body_under_the_key_is_refused(desk: Desk) -> None:
    delivered(desk)
    first, again = leave(desk, 4), leave(desk, 4)

    assert first.ok() == again.ok()
    assert (first.status, again.status) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert leave(desk, 1).code == "idempotency_key_reused"


def test_an_order_has_one_live_feedback(desk: Desk) -> None:
    delivered(desk)
    first = leave(desk, 4).ok()["feedback_id"]

    second = leave(desk, 5, key="another")
    assert (second.status, second.code) == (409, "feedback_left_before")
    assert second.json["feedback_id"] == first

    withdraw(desk, first).ok()
    assert leave(desk, 5, key="another").ok()["feedback_id"] != first
    assert read(desk, first).code == "not_found"


def test_of_two_tabs_at_once_one_leaves_it_and_the_other_learns_of_it(desk: Desk) -> None:
    delivered(desk)
    other: list[Answer] = []
    desk.after(DynamoDBFeedback, "feedback_of_order", lambda: other.append(leave(desk, 5, key="tab 2")))

    answer = leave(desk, 4, key="tab 1")

    assert (answer.status, answer.code) == (409, "feedback_left_before")
    assert answer.json["feedback_id"] == other[0].ok()["feedback_id"]


def test_twins_of_one_request_at_once_are_one_feedback(desk: Desk) -> None:
    delivered(desk)
    twin: list[Answer] = []
    desk.after(DynamoDBFeedback, "order_of_buyer", lambda: twin.append(leave(desk, 5)))

    assert leave(desk, 5).ok() == twin[0].ok()


def test_what_was_hidden_is_not_left_anew_past_its_reviewer(desk: Desk) -> None:
    delivered(desk)
    feedback_id = leave(desk, 1, "Call me: 555").ok()["feedback_id"]
    moderate(desk, feedback_id, "hide", "personal_data").ok()
    withdraw(desk, feedback_id).ok()

    assert leave(desk, 1, "Call me: 555", key="again").code == "feedback_left_before"


@pytest.mark.parametrize(
    ("changes", "by", "code"),
    [
        ({"delivered_at": None}, BUYER, "order_not_delivered"),
        ({}, STRANGER, "not_found"),
        (
            {
                "placed_at": "2025-01-01T00:00:00Z",
                "shipped_at": "2025-01-02T00:00:00Z",
                "delivered_at": "2025-01-03T00:00:00Z",
            },
            BUYER,
            "window_closed",
        ),
    ],
    ids=["undelivered", "another's", "too late"],
)
def test_what_is_no_delivered_order_of_ones_own_in_time_has_no_feedback(
    desk: Desk, changes: dict[str, Any], by: Party, code: str
) -> None:
    delivered(desk, **changes)
    assert leave(desk, by=by).code == code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", 0),
        ("score", 6),
        ("score", 4.5),
        ("score", "5"),
        ("score", True),
        ("dimensions", {"delivery": 6}),
        ("dimensions", {"beauty": 5}),
        ("comment", "x" * 3_001),
        ("comment", "x" * 100_000),
        ("comment", "a\0b"),
        ("comment", "\x1b[31mred"),
        ("photos", [{"filename": "a.gif", "content_type": "image/gif", "size": 100}]),
        ("photos", [{"filename": "a.jpg", "content_type": "image/jpeg", "size": 10_485_761}]),
        ("photos", [{"filename": "a.jpg", "content_type": "image/jpeg", "size": 100}] * 6),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_said_is_refused_by_its_field(desk: Desk, field: str, value: object) -> None:
    delivered(desk)
    refused = leave(desk, **{field: value})  # type: ignore[arg-type]  # that is the point

    assert (refused.status, refused.code) == (422, "invalid_request")
    assert [error["field"].split(".")[0] for error in refused.json["errors"]] == [field]
    assert listed(desk) == []


@pytest.mark.parametrize(
    "comment",
    [
        "😠👎🏽",
        "منتج رائع جداً",
        "המוצר הגיע שבור",
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "很好\n\n满意",
    ],
)
def test_what_people_write_is_kept_as_they_wrote_it(desk: Desk, comment: str) -> None:
    delivered(desk)
    said = leave(desk, 2, comment)

    assert said.headers["Content-Type"] == "application/json"
    assert read(desk, said.ok()["feedback_id"]).ok()["comment"] == comment


def test_a_mind_is_changed_for_as_long_as_the_policy_says(desk: Desk) -> None:
    delivered(desk)
    feedback_id = leave(desk, 5, "Lovely.", dimensions={"delivery": 3}).ok()["feedback_id"]

    changed = edit(desk, feedback_id, score=2, comment="It chipped.").ok()
    same = edit(desk, feedback_id, score=2).ok()
    desk.clock.advance(days=31)

    assert (changed["score"], changed["dimensions"], changed["version"]) == (2, {"delivery": 3}, 2)
    assert (changed["edited"], changed["first_score"]) == (True, 5)
    assert same == changed
    assert edit(desk, feedback_id, score=1).code == "window_closed"
    assert edit(desk, feedback_id).code == "invalid_request"
    versions = [row for row in desk.rows("FeedbackTable") if row["sk"]["S"].startswith(tables.TIMELINE)]
    assert [row["data"]["M"]["comment"]["S"] for row in versions] == ["Lovely.", "It chipped."]


def test_a_stale_version_is_refused(desk: Desk) -> None:
    delivered(desk)
    path = f"/feedback/{leave(desk).ok()['feedback_id']}"
    desk.call("PATCH", path, by=BUYER, body={"score": 4}, if_match=1).ok()

    assert desk.call("PATCH", path, by=BUYER, body={"score": 3}, if_match=1).code == "version_conflict"
    assert desk.call("DELETE", path, by=BUYER, if_match=1).code == "version_conflict"


def test_nobody_acts_on_anothers_feedback(desk: Desk) -> None:
    delivered(desk)
    feedback_id = leave(desk).ok()["feedback_id"]
    reply = {"by": Party(Role.SELLER, "copper-and-co"), "body": {"text": "Thanks."}}

    assert edit(desk, feedback_id, by=STRANGER, score=1).code == "not_found"
    assert withdraw(desk, feedback_id, by=STRANGER).code == "not_found"
    assert desk.call("POST", f"/feedback/{feedback_id}/reply", **reply).code == "not_found"  # type: ignore[arg-type]
    assert (
        moderate(desk, feedback_id, "hide", "threat", by=Party(Role.REVIEWER, BUYER.id)).code == "forbidden"
    )


def test_a_seller_answers_publicly_and_finds_what_is_unanswered(desk: Desk) -> None:
    first, second = many(desk, 1, 2)
    path = f"/feedback/{first}/reply"

    answered = desk.call("POST", path, by=SELLER, body={"text": "Sorry."}, key="reply").ok()
    again = desk.call("POST", path, by=SELLER, body={"text": "Sorry."}, key="reply").ok()

    assert answered == again
    assert read(desk, first).ok()["reply"]["text"] == "Sorry."
    assert [one["feedback_id"] for one in listed(desk, SELLER, unanswered="true")] == [second]


def test_a_list_is_newest_first_and_filtered(desk: Desk) -> None:
    left = many(desk, 1, 3, 5, 5)
    third = read(desk, left[2]).ok()["left_at"]

    assert [one["feedback_id"] for one in listed(desk)] == left[::-1]
    assert [one["feedback_id"] for one in listed(desk, polarity="negative")] == left[:1]
    assert [one["feedback_id"] for one in listed(desk, score="5")] == left[:1:-1]
    assert [one["feedback_id"] for one in listed(desk, to=third)] == left[2::-1]
    assert [one["feedback_id"] for one in listed(desk, **{"from": third})] == left[:1:-1]
    page = desk.call("GET", f"/sellers/{SELLER.id}/feedback", by=BUYER, query={"limit": "3"}).ok()
    assert [one["feedback_id"] for one in listed(desk, cursor=page["next_cursor"])] == left[:1]
    other = {"cursor": page["next_cursor"]}
    assert desk.call("GET", "/sellers/another/feedback", by=BUYER, query=other).code == "invalid_request"


def table_of(answer: Answer) -> list[list[str]]:
    assert answer.headers["Content-Type"] == "text/csv"
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def test_a_seller_takes_all_feedback_into_a_spreadsheet_and_none_of_it_is_a_formula(desk: Desk) -> None:
    left = many(desk, 5, 1, 4)
    edit(desk, left[1], by=author_of(1), comment="=HYPERLINK(1)").ok()
    withdraw(desk, left[2], by=author_of(2)).ok()
    path = f"/sellers/{SELLER.id}/feedback.csv"

    heads, *rows = table_of(desk.call("GET", path, by=SELLER))
    assert [dict(zip(heads, row, strict=True))["feedback_id"] for row in rows] == [left[1], left[0]]
    assert dict(zip(heads, rows[0], strict=True))["comment"] == "'=HYPERLINK(1)"

    pages, cursor = "", dict[str, str]()
    while True:
        page = desk.call("GET", path, by=SELLER, query={"limit": "1", **cursor})
        pages += page.text
        if "Next-Cursor" not in page.headers:
            break
        cursor = {"cursor": page.headers["Next-Cursor"]}
    assert pages == desk.call("GET", path, by=SELLER).text
    assert len(table_of(desk.call("GET", path, by=SELLER, query={"polarity": "negative"}))) == 2

    for other in (Party(Role.SELLER, "copper-and-co"), BUYER):
        assert desk.call("GET", path, by=other).status in (403, 404)


# ---------------------------------------------------------------- photos


def photographed(desk: Desk, *photos: bytes) -> tuple[str, list[Any]]:
    """A feedback with so many photos, of which none has come; the forms to upload them."""
    delivered(desk)
    said = leave(desk, 2, "See for yourself.", photos=[a_promise(one) for one in photos]).ok()
    return said["feedback_id"], said["uploads"]


def upload(desk: Desk, form: Any, content: bytes) -> None:
    desk.upload_to(form["fields"]["key"], content)
    desk.pump()


def states(desk: Desk, feedback_id: str, by: Party = BUYER) -> list[tuple[str, str]]:
    return [(one["evidence_id"], one["state"]) for one in read(desk, feedback_id, by).ok()["photos"]]


def look(desk: Desk, feedback_id: str, by: Party = STRANGER, photo: str = "p1.1") -> Answer:
    return desk.call("GET", f"/feedback/{feedback_id}/photos/{photo}", by=by)


def test_a_photo_is_cleaned_and_then_shown_to_everybody(desk: Desk) -> None:
    photo = photo_with_gps()
    feedback_id, [form] = photographed(desk, photo)
    assert form["fields"]["key"] == f"incoming/feedback/{feedback_id}/p1.1"
    assert (states(desk, feedback_id, STRANGER), look(desk, feedback_id).code) == ([], "evidence_not_ready")

    upload(desk, form, photo)

    assert states(desk, feedback_id, STRANGER) == [("p1.1", "accepted")]
    link = look(desk, feedback_id).ok()["url"]
    assert f"clean/feedback/{feedback_id}/p1.1/" in link
    assert "p1.1.jpeg" in link
    key = urlsplit(link).path[urlsplit(link).path.index("clean/") :]
    bucket = desk.stack.ref("EvidenceBucket")
    shown = desk.stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert b"Exif" in photo
    assert b"Exif" not in shown


def test_what_is_no_photo_is_refused_with_its_reason_and_shown_to_its_author_alone(desk: Desk) -> None:
    feedback_id, [form] = photographed(desk, b"#!/bin/sh")
    upload(desk, form, b"#!/bin/sh")

    [photo] = read(desk, feedback_id, BUYER).ok()["photos"]
    assert (photo["state"], photo["reason"]) == ("refused", "not_an_image")
    assert [states(desk, feedback_id, one) for one in (STRANGER, SELLER, REVIEWER)] == [[], [], []]
    assert look(desk, feedback_id).code == "evidence_not_ready"
    assert desk.uploads.given_up == []


def test_photos_are_hidden_and_taken_back_with_their_feedback(desk: Desk) -> None:
    feedback_id, [form] = photographed(desk, plain_photo())
    upload(desk, form, plain_photo())

    moderate(desk, feedback_id, "hide", "personal_data").ok()
    assert (look(desk, feedback_id).code, look(desk, feedback_id, BUYER).status) == ("not_found", 200)
    edit(desk, feedback_id, without_photos=["p1.1"]).ok()
    assert look(desk, feedback_id, BUYER).code == "not_found"
    moderate(desk, feedback_id, "restore", "fixed_by_author").ok()
    assert states(desk, feedback_id, STRANGER) == []

    withdraw(desk, feedback_id).ok()
    assert look(desk, feedback_id, SELLER).code == "not_found"


def test_photos_are_added_once_however_often_an_edit_is_sent_and_no_id_is_given_twice(desk: Desk) -> None:
    feedback_id, _ = photographed(desk)
    close, wide = a_promise(plain_photo()), a_promise(plain_photo(PNG), PNG)

    first = edit(desk, feedback_id, photos=[close]).ok()
    assert edit(desk, feedback_id, photos=[close]).ok()["version"] == first["version"]
    edit(desk, feedback_id, without_photos=["p2.1"], photos=[wide]).ok()

    assert states(desk, feedback_id) == [("p3.1", "awaiting_upload")]
    upload(desk, first["uploads"][0], plain_photo())
    assert states(desk, feedback_id) == [("p3.1", "awaiting_upload")]
    assert edit(desk, feedback_id, photos=[close] * 5).code == "evidence_limit"


def test_the_same_key_again_answers_fresh_forms_for_what_has_not_come(desk: Desk) -> None:
    _, forms = photographed(desk, plain_photo(), plain_photo())
    upload(desk, forms[0], plain_photo())

    again = leave(desk, 2, "See for yourself.", photos=[a_promise(plain_photo())] * 2)

    assert again.headers["Idempotency-Replayed"] == "true"
    assert [one["evidence_id"] for one in again.ok()["uploads"]] == ["p1.2"]


def test_an_edit_while_a_photo_is_looked_at_is_not_lost(desk: Desk) -> None:
    feedback_id, [form] = photographed(desk, plain_photo())
    desk.after(S3EvidenceFiles, "check", lambda: edit(desk, feedback_id, comment="It is worse.").ok())

    upload(desk, form, plain_photo())

    shown = read(desk, feedback_id).ok()
    assert (shown["comment"], shown["photos"][0]["state"], shown["version"]) == (
        "It is worse.",
        "accepted",
        3,
    )


# ---------------------------------------------------------------- moderation


def test_what_a_reviewer_hides_is_mended_by_its_author_and_looked_at_again(desk: Desk) -> None:
    delivered(desk)
    feedback_id = leave(desk, 1, "Call me: 555").ok()["feedback_id"]

    moderate(desk, feedback_id, "hide", "personal_data").ok()
    assert read(desk, feedback_id).code == "not_found"
    assert listed(desk) == []
    assert read(desk, feedback_id, BUYER).ok()["moderation"]["reason_code"] == "personal_data"

    edit(desk, feedback_id, comment="It came broken.").ok()
    waiting = desk.call("GET", "/feedback", by=REVIEWER).ok()["items"]
    assert [(one["feedback_id"], one["look"]) for one in waiting] == [(feedback_id, "fixed")]

    moderate(desk, feedback_id, "restore", "fixed_by_author").ok()
    assert read(desk, feedback_id).ok()["comment"] == "It came broken."
    assert desk.call("GET", "/feedback", by=REVIEWER).ok()["items"] == []


def test_a_reason_that_is_not_on_the_list_hides_nothing(desk: Desk) -> None:
    delivered(desk)
    feedback_id = leave(desk, 1).ok()["feedback_id"]

    for reason in ("too_negative", "genuine", ""):
        assert moderate(desk, feedback_id, "hide", reason).code == "invalid_request"
    assert read(desk, feedback_id).ok()["status"] == "published"


@pytest.mark.parametrize("score", [1, 5])
def test_a_burst_is_held_for_a_look_and_visibly_counted(desk: Desk, score: int) -> None:
    left = many(desk, *[score] * 22, minutes_apart=1)
    desk.pump()

    held = [one["feedback_id"] for one in desk.call("GET", "/feedback", by=REVIEWER).ok()["items"]]
    assert held == left[20:]
    shown = rating(desk)
    assert (shown["count"], shown["moderation"]["held"][str(score)]) == (20, 2)
    assert [one["status"] for one in listed(desk, SELLER, limit="2")] == ["held", "held"]
    assert len(listed(desk)) == 20

    moderate(desk, held[0], "restore", "genuine").ok()
    desk.pump()
    assert (rating(desk)["count"], rating(desk)["moderation"]["held"][str(score)]) == (21, 1)


# ---------------------------------------------------------------- what is told


def test_negative_feedback_reaches_the_seller_at_once_and_links_to_the_case(desk: Desk) -> None:
    heard = listen(desk, "NoticesTopic")
    delivered(desk)
    delivered(desk, "order-2")
    application = {
        "order_id": "order-1",
        "kind": "refund",
        "reason": "other",
        "lines": [{"line_id": "bowls", "quantity": 1}],
    }
    case_id = desk.call("POST", "/cases", by=BUYER, body=application, key="case").ok()["case_id"]

    first = leave(desk, 1, "It came broken.").ok()["feedback_id"]
    second = leave(desk, 1, order_id="order-2").ok()["feedback_id"]
    leave(desk, 5, order_id=delivered(desk, "order-3"))
    edit(desk, first, comment="It came in pieces.").ok()
    for record in desk.new_records(STREAM):
        desk.deliver([record], STREAM)

    notices = [json.loads(body) for body in heard()]
    assert [(one["event"], one["feedback_id"], one["case_id"], one["link"]) for one in notices] == [
        ("feedback_negative", first, case_id, f"/cases/{case_id}"),
        ("feedback_negative", second, None, "/orders/order-2"),
    ]
    assert "broken" not in json.dumps(notices)


def test_authors_are_mailed_what_became_of_it_once_and_no_word_of_it(desk: Desk) -> None:
    delivered(desk)
    feedback_id = leave(desk, 1, "It came broken.").ok()["feedback_id"]
    desk.call("POST", f"/feedback/{feedback_id}/reply", by=SELLER, body={"text": "Sorry."}).ok()
    moderate(desk, feedback_id, "hide", "personal_data").ok()
    records = desk.new_records(STREAM)
    for record in records * 2:
        desk.deliver([record], STREAM)
    desk.pump()

    assert [mail.subject for mail in desk.mails()] == [
        "Is something wrong with your order?",
        "The seller has answered your feedback",
        "Your feedback is not shown at present",
    ]
    assert "broken" not in str([mail.body for mail in desk.mails()])


# ---------------------------------------------------------------- read by another model


READER = "ReadComments"


def test_comprehend_reads_after_the_request_and_what_it_finds_is_counted_and_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ComprehendSentiment, "read", lambda *_: Sentiment(score=-97, language="en", model=COMPREHEND)
    )
    heard = listen(desk, "NoticesTopic")
    left = [
        leave(desk, score, "It came.", order_id=delivered(desk, f"order-{score}")).ok()["feedback_id"]
        for score in (5, 3)
    ]
    desk.pump()
    assert heard() == []

    said = desk.new_records(READER)
    desk.deliver(said * 2, READER)
    desk.pump()

    first, second = (read(desk, one).ok() for one in left)
    assert [one["polarity"]["source"] for one in (first, second)] == [COMPREHEND] * 2
    assert [one["polarity"]["comment_score"] for one in (first, second)] == [-97] * 2
    assert [one["version"] for one in (first, second)] == [2, 2]
    assert (first["polarity"]["value"], second["polarity"]["value"]) == ("positive", "negative")
    waiting = desk.call("GET", "/feedback", by=REVIEWER).ok()["items"]
    assert [(one["feedback_id"], one["look"]) for one in waiting] == [(first["feedback_id"], "contradiction")]
    assert [json.loads(one)["feedback_id"] for one in heard()] == [second["feedback_id"]]
    assert desk.new_records(READER) == []
    assert_equal_to_a_rebuild()
    # The same words again are no edit, whoever has read them.
    assert edit(desk, first["feedback_id"], score=5).ok()["version"] == 2


def test_a_comment_that_comprehend_does_not_read_stands_as_the_lexicon_read_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: Any) -> None:
        raise SentimentUnavailable("ThrottlingException")

    monkeypatch.setattr(ComprehendSentiment, "read", unavailable)
    delivered(desk)
    feedback_id = leave(desk, 1, "It came broken.").ok()["feedback_id"]
    desk.deliver(desk.new_records(READER), READER)
    desk.pump()

    assert len(desk.stream.given_up) == 1
    assert read(desk, feedback_id).ok()["polarity"]["source"].startswith("lexicon")
    assert rating(desk)["count"] == 1


# ---------------------------------------------------------------- who is asked


ASKED = {"en": "How was your order?", "zh": "您的订单怎么样？"}


def requests(desk: Desk) -> list[str]:
    return [mail.subject for mail in desk.mails() if mail.subject in ASKED.values()]


def told_in(language: str) -> dict[str, Any]:
    return {"contact": {"email": f"{language}@example.com", "language": language}}


def test_a_buyer_is_asked_once_in_their_language_some_days_after_delivery(desk: Desk) -> None:
    delivered(desk, "order-1", **told_in("en"))
    delivered(desk, "order-2", **told_in("zh"))

    desk.silence(days=1)
    assert requests(desk) == []
    desk.silence(days=2)
    desk.silence(days=1)

    assert sorted(requests(desk)) == sorted(ASKED.values())
    assert "order-1" in next(mail.body for mail in desk.mails() if mail.subject == ASKED["en"])
    # A correction of the delivery is another snapshot, and no reason to ask again.
    delivered(desk, "order-1", delivered_at="2026-01-01T00:00:00Z", **told_in("en"))
    desk.silence(days=5)
    assert len(requests(desk)) == 2


@pytest.mark.parametrize("took_back", [False, True])
def test_who_said_something_is_not_asked_for_it(desk: Desk, took_back: bool) -> None:
    delivered(desk, **told_in("en"))
    feedback_id = leave(desk, 4).ok()["feedback_id"]
    if took_back:
        withdraw(desk, feedback_id).ok()

    desk.silence(days=3)

    assert requests(desk) == []
    assert not [row for row in desk.rows("FeedbackTable") if row["pk"]["S"].startswith("REQUEST#")]


def test_whether_a_buyer_is_asked_does_not_depend_on_a_case_or_its_outcome(desk: Desk) -> None:
    for order_id in ("order-1", "order-2", "order-3"):
        delivered(desk, order_id, **told_in("en"))
    for order_id, decision in (("order-2", "approve"), ("order-3", "decline")):
        lines = [{"line_id": "bowls", "quantity": 1}]
        said = {"order_id": order_id, "kind": "refund", "reason": "other", "lines": lines}
        case_id = desk.call("POST", "/cases", by=BUYER, body=said, key=order_id).ok()["case_id"]
        desk.call(
            "POST",
            f"/cases/{case_id}/decision",
            by=SELLER,
            body={"decision": decision, "reason_code": "looked_at", "note": "Looked at."},
        )

    desk.clock.advance(days=3)
    desk.invoke("RequestFeedback", {})

    assert len(requests(desk)) == 3


def test_a_request_that_cannot_be_mailed_is_tried_again_and_holds_up_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(desk, "order-1", **told_in("en"))
    delivered(desk, "order-2", **told_in("zh"))
    desk.clock.advance(days=3)
    send = SesMailer.send

    def not_in_english(mailer: SesMailer, contact: Contact, *mail: str) -> None:
        if contact.language == "en":
            raise MailRefused("Throttling")
        send(mailer, contact, *mail)

    with monkeypatch.context() as broken:
        broken.setattr(SesMailer, "send", not_in_english)
        for _ in range(2):
            with suppress(Exception):
                desk.invoke("RequestFeedback", {})
    assert requests(desk) == [ASKED["zh"]]

    desk.invoke("RequestFeedback", {})
    assert requests(desk) == [ASKED["zh"]]
    desk.clock.advance(hours=1)
    desk.invoke("RequestFeedback", {})
    assert requests(desk) == [ASKED["zh"], ASKED["en"]]


def test_who_dies_after_the_mail_asks_twice_and_who_dies_after_writing_it_down_does_not(desk: Desk) -> None:
    delivered(desk, **told_in("en"))
    desk.clock.advance(days=3)
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(DynamoDBFeedback, "drop_request", lambda *_: dies())
        with pytest.raises(WorkerDied):
            desk.invoke("RequestFeedback", {})
    desk.invoke("RequestFeedback", {})

    assert requests(desk) == [ASKED["en"]]


# ---------------------------------------------------------------- digests


def digests(desk: Desk) -> list[Any]:
    desk.invoke("MailDigests", {})
    return [mail for mail in desk.mails() if "order" not in mail.subject]


def wants_digest(desk: Desk, by: Party = SELLER, **said: str) -> Answer:
    return desk.call("PUT", f"/sellers/{SELLER.id}/digest", by=by, body=said)


def test_a_seller_is_told_of_a_day_once_when_it_has_passed_and_of_none_in_which_nothing_came(
    desk: Desk,
) -> None:
    wanted = wants_digest(desk, rhythm="daily").ok()
    assert (wanted["address"], wanted["due_at"]) == (f"{SELLER.id}@example.com", "2026-01-02T00:00:00Z")
    many(desk, 1, 5)
    assert digests(desk) == []

    desk.clock.advance(hours=12)
    assert [mail.subject for mail in digests(desk)] == ["Your feedback of 2026-01-01"]
    assert len(digests(desk)) == 1
    desk.clock.advance(days=1)
    assert len(digests(desk)) == 1
    assert "Positive: 1, neutral: 0, negative: 1." in digests(desk)[0].body


def test_a_seller_is_told_of_a_week_in_their_language_until_they_want_it_no_more(desk: Desk) -> None:
    wants_digest(desk, rhythm="daily").ok()
    wants_digest(desk, rhythm="weekly", language="zh").ok()
    many(desk, 4)

    desk.clock.advance(days=4)
    [mail] = digests(desk)
    assert mail.subject == "您的店铺评价周报（2025-12-29 至 2026-01-04）"
    leave(desk, 3, by=STRANGER, order_id=delivered(desk, "order-late", STRANGER)).ok()
    desk.call("DELETE", f"/sellers/{SELLER.id}/digest", by=SELLER)
    desk.call("DELETE", f"/sellers/{SELLER.id}/digest", by=SELLER)
    desk.clock.advance(days=8)
    assert len(digests(desk)) == 1


def test_a_digest_that_cannot_be_mailed_is_due_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wants_digest(desk, rhythm="daily").ok()
    many(desk, 4)
    desk.clock.advance(hours=12)
    with monkeypatch.context() as broken:
        broken.setattr(SesMailer, "send", lambda *_: (_ for _ in ()).throw(MailRefused("Throttling")))
        with suppress(Exception):
            desk.invoke("MailDigests", {})
    assert len(digests(desk)) == 1


def test_a_mind_that_is_changed_while_a_digest_is_written_counts(desk: Desk) -> None:
    wants_digest(desk, rhythm="daily").ok()
    desk.clock.advance(hours=12)
    desk.after(DynamoDBFeedback, "feedback_of_seller", lambda: wants_digest(desk, rhythm="weekly").ok())

    desk.invoke("MailDigests", {})

    [row] = [row for row in desk.rows("FeedbackTable") if row["sk"]["S"].startswith("DIGEST#")]
    assert row["rhythm"]["S"] == "weekly"
    assert int(row["due_at"]["N"]) == 1_767_571_200_000  # Monday, 5 January


def test_nobody_has_a_digest_sent_to_somebody_else(desk: Desk) -> None:
    path, body = f"/sellers/{SELLER.id}/digest", {"rhythm": "daily"}
    unverified = claims_of(SELLER) | {"email": "victim@example.com", "email_verified": "false"}

    assert wants_digest(desk, Party(Role.SELLER, "copper-and-co"), rhythm="daily").code == "not_found"
    assert desk.call("PUT", path, body=body, claims=unverified).code == "invalid_request"
    assert wants_digest(desk, rhythm="daily", email="victim@example.com").code == "invalid_request"
    assert wants_digest(desk, rhythm="hourly").code == "invalid_request"


# ---------------------------------------------------------------- what it adds up to


def shards_of(subject: Subject) -> list[Tally]:
    """What every shard holds, all periods of it."""
    store = bootstrap.feedback_store()
    return [store.counted_in(subject, shard)[2] for shard in store.shards()]


def assert_equal_to_a_rebuild() -> None:
    """The seller's shards, and those of the product, come to what the feedback itself is worth."""
    all_of_it = list(feedback_of_seller(bootstrap.feedback_desk(), SELLER.id))
    for subject in (Subject(SELLER.id), Subject(SELLER.id, "sku-bowls")):
        assert plus(*shards_of(subject)) == plus(*map(tally, all_of_it))


def whatever_people_do(desk: Desk, left: list[str], chance: random.Random, times: int) -> None:
    for _ in range(times):
        number = chance.randrange(len(left))
        author, feedback_id = author_of(number), left[number]
        acts: list[Callable[[], Answer]] = [
            lambda a=author, f=feedback_id: edit(  # type: ignore[misc]
                desk, f, by=a, score=chance.randint(1, 5), dimensions={"delivery": chance.randint(1, 5)}
            ),
            lambda f=feedback_id: moderate(desk, f, "hide", "threat"),  # type: ignore[misc]
            lambda f=feedback_id: moderate(desk, f, "restore", "genuine"),  # type: ignore[misc]
            lambda a=author, f=feedback_id: withdraw(desk, f, by=a),  # type: ignore[misc]
        ]
        assert chance.choice([*acts, *acts[:3] * 2])().status in (200, 404, 409)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_stream_does_ratings_equal_a_rebuild(
    desk: Desk, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It delivers twice, out of order, and in batches of which some fail."""
    chance = random.Random(seed)
    left = many(desk, *(chance.randint(1, 5) for _ in range(25)))
    whatever_people_do(desk, left, chance, 60)
    records = desk.new_records(STREAM) * 2
    chance.shuffle(records)
    count = DynamoDBFeedback.count

    def fails_at_times(*args: Any, **kwargs: Any) -> None:
        if chance.random() < 0.2:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "TransactWriteItems")
        count(*args, **kwargs)
        if chance.random() < 0.1:
            raise ClientError({"Error": {"Code": "RequestTimeout"}}, "TransactWriteItems")

    with monkeypatch.context() as broken:
        broken.setattr(DynamoDBFeedback, "count", fails_at_times)
        while records:
            batch, records = records[:7], records[7:]
            desk.deliver(batch, STREAM)

    assert_equal_to_a_rebuild()
    assert list(rebuild_ratings(bootstrap.feedback_desk(), SELLER.id)) == []


def test_two_workers_who_count_one_feedback_at_once_count_it_once(desk: Desk) -> None:
    [feedback_id] = many(desk, 5)
    records = desk.new_records(STREAM)
    desk.after(DynamoDBFeedback, "counted", lambda: desk.deliver(records, STREAM))

    desk.deliver(records, STREAM)

    assert_equal_to_a_rebuild()
    assert rating(desk)["count"] == 1
    assert read(desk, feedback_id).ok()["version"] == 1


def test_what_a_slow_worker_read_before_an_edit_is_not_counted_over_it(desk: Desk) -> None:
    """
    slow    counted nothing, reads v1 ─────────────────────── is told `Stale`, reads v2: nothing to do
    quick                            edit v2, counts v2
    """
    [feedback_id] = many(desk, 5)
    records = desk.new_records(STREAM)

    def edited_and_counted() -> None:
        edit(desk, feedback_id, by=author_of(0), score=1).ok()
        desk.deliver(desk.new_records(STREAM), STREAM)

    desk.after(DynamoDBFeedback, "feedback", edited_and_counted, nth=2)
    desk.deliver(records, STREAM)

    assert_equal_to_a_rebuild()


def test_what_the_stream_loses_is_counted_and_told_by_the_sweep(desk: Desk) -> None:
    heard = listen(desk, "NoticesTopic")
    many(desk, 1, 5)
    desk.new_records(STREAM)  # dropped

    desk.invoke("SweepFeedback", {})
    assert rating(desk)["count"] == 2
    assert [json.loads(body)["event"] for body in heard()] == ["feedback_negative"]
    desk.clock.advance(minutes=6)
    desk.invoke("SweepFeedback", {})
    assert heard() == []


def test_a_rebuild_finds_a_wrong_shard_and_mends_it_while_the_desk_counts_on(desk: Desk) -> None:
    many(desk, *[5] * 6, 1)
    desk.pump()
    for shard in range(tables.RATING_SHARDS):
        spoilt = tables.tally_key(tables.seller_subject(SELLER.id), shard, "ALL")
        desk.stack.client("dynamodb").update_item(
            TableName=desk.stack.ref("FeedbackTable"),
            Key={name: {"S": value} for name, value in spoilt.items()},
            UpdateExpression="ADD published_5 :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
    buyer = Party(Role.BUYER, "late")
    order_id = delivered(desk, "order-late", buyer)
    counted = []

    def one_more() -> None:
        leave(desk, 3, order_id=order_id, by=buyer).ok()
        counted.extend(desk.new_records(STREAM))
        desk.deliver(counted, STREAM)

    desk.after(DynamoDBFeedback, "counted_in", one_more)
    drifts = list(rebuild_ratings(bootstrap.feedback_desk(), SELLER.id))

    assert {drift.subject for drift in drifts} == {Subject(SELLER.id)}
    assert counted
    assert_equal_to_a_rebuild()
    assert list(rebuild_ratings(bootstrap.feedback_desk(), SELLER.id)) == []
    assert rating(desk)["count"] == 8


def test_a_rebuild_counts_what_was_never_counted(desk: Desk) -> None:
    many(desk, 4, 2)
    desk.new_records(STREAM)  # dropped

    assert list(rebuild_ratings(bootstrap.feedback_desk(), SELLER.id)) == []
    assert rating(desk)["count"] == 2
    assert rating(desk, sku="sku-bowls")["count"] == 2
    assert rating(desk, sku="sku-nothing")["count"] == 0


def test_reading_a_rating_costs_the_same_however_many_feedbacks_there_are(desk: Desk) -> None:
    calls: list[str] = []
    bootstrap.client("dynamodb").meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name)
    )

    def cost() -> list[str]:
        calls.clear()
        rating(desk)
        return calls[:]

    nothing = cost()
    many(desk, *[5] * 15)
    desk.pump()

    assert cost() == nothing == ["Query"] * tables.RATING_SHARDS
    assert rating(desk)["average"] == 5.0
    assert sum(1 for one in shards_of(Subject(SELLER.id)) if one) > 1
