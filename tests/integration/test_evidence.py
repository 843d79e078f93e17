"""Photos: promised, uploaded, looked at; what they wake, and who may see them."""

import pytest

from aftersales.domain.parties import Party, Role
from tests.builders import BUYER, REVIEWER, SELLER
from tests.corpus import PNG, plain_photo
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    a_promise,
    an_application,
    apply,
    assert_books,
    assert_ended,
    events,
    order_of,
    paid,
    put,
    read,
    status,
    withdraw,
)

pytestmark = pytest.mark.enable_socket

STRANGERS = [Party(Role.BUYER, "someone-else"), Party(Role.SELLER, "another-shop")]


@pytest.fixture
def case_id(desk: Desk, payer: Payer) -> str:
    """A claim of damage whose photo is promised; the policy waits for it."""
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, "damaged", evidence=[a_promise(plain_photo())])
    desk.pump()
    return case_id


def test_an_accepted_photo_wakes_the_machine_and_the_policy_pays(desk: Desk, case_id: str) -> None:
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"], case["on_timeout"]) == (
        "evidence_required",
        "buyer",
        "cancelled",
    )
    desk.upload(case_id, "e1", plain_photo())
    desk.pump()
    assert_ended(desk, case_id, "completed")
    (photo,) = read(desk, case_id)["evidence"]
    assert (photo["state"], len(photo["sha256"])) == ("accepted", 64)


def test_a_refused_photo_leaves_the_case_usable(desk: Desk, case_id: str) -> None:
    desk.upload(case_id, "e1", b"#!/bin/sh\nrm -rf /\n")
    desk.pump()
    case = read(desk, case_id)
    assert (case["status"], case["evidence"][0]["state"]) == ("evidence_required", "refused")
    assert case["evidence"][0]["reason"] == "not_an_image"
    photo = plain_photo(PNG)
    added = desk.call("POST", f"/cases/{case_id}/evidence", by=BUYER, body=a_promise(photo, PNG)).ok()
    assert added["evidence"]["evidence_id"] == "e2"
    assert added["upload"]["fields"]["key"] == f"incoming/cases/{case_id}/e2"
    desk.upload(case_id, "e2", photo)
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_a_photo_that_came_in_time_counts_although_nobody_has_looked_at_it_yet(
    desk: Desk, case_id: str
) -> None:
    """Its notification is late: it lies in the bucket when the deadline passes."""
    desk.upload(case_id, "e1", plain_photo())
    late, desk.uploads.records = desk.uploads.records, []
    desk.silence(hours=72)
    assert events(desk, case_id)[-1] == "assessment_overdue"
    desk.uploads.records = late
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_whoever_acts_after_the_deadline_does_not_lose_the_buyer_a_photo_that_came_before(
    desk: Desk, case_id: str
) -> None:
    desk.upload(case_id, "e1", plain_photo())
    late, desk.uploads.records = desk.uploads.records, []
    desk.clock.advance(hours=72, minutes=1)
    said = {"text": "Did my photo arrive?"}
    assert desk.call("POST", f"/cases/{case_id}/messages", by=BUYER, body=said).ok()["status"] == (
        "evidence_required"
    )
    desk.uploads.records = late
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_a_photo_that_came_after_the_deadline_is_late(desk: Desk, case_id: str) -> None:
    desk.clock.advance(hours=72, minutes=1)
    desk.upload(case_id, "e1", plain_photo())
    desk.uploads.records = []
    desk.sweep()
    assert_ended(desk, case_id, "cancelled")


def test_a_notification_that_comes_twice_is_one_look(desk: Desk, case_id: str) -> None:
    desk.upload(case_id, "e1", plain_photo())
    desk.notify_upload(f"incoming/cases/{case_id}/e1")
    desk.pump()
    desk.notify_upload(f"incoming/cases/{case_id}/e1")
    desk.pump()
    assert events(desk, case_id).count("evidence_accepted") == 1


@pytest.mark.parametrize(
    "key", ["incoming/cases/{}/e9", "incoming/cases/00000000-0000-4000-8000-000000000000/e1"]
)
def test_a_file_that_nobody_promised_changes_nothing(desk: Desk, case_id: str, key: str) -> None:
    before = read(desk, case_id)
    desk.notify_upload(key.format(case_id))
    desk.pump()
    assert read(desk, case_id) == before
    assert desk.uploads.given_up == []


def test_a_photo_of_a_case_that_was_withdrawn_meanwhile_alarms_nobody(desk: Desk, case_id: str) -> None:
    withdraw(desk, case_id).ok()
    desk.upload(case_id, "e1", plain_photo())
    desk.pump()
    assert_ended(desk, case_id, "cancelled")
    assert desk.uploads.given_up == []


def test_a_photo_larger_than_promised_is_refused(desk: Desk, case_id: str) -> None:
    desk.upload(case_id, "e1", plain_photo() + b"\0")
    desk.pump()
    (photo,) = read(desk, case_id)["evidence"]
    assert (photo["state"], photo["reason"]) == ("refused", "too_large")


def test_a_view_is_a_short_link_and_stands_in_the_timeline(desk: Desk, case_id: str) -> None:
    path = f"/cases/{case_id}/evidence/e1"
    assert desk.call("GET", path, by=SELLER).code == "evidence_not_ready"
    desk.upload(case_id, "e1", plain_photo())
    desk.pump()
    for viewer in (BUYER, SELLER, REVIEWER):
        link = desk.call("GET", path, by=viewer).ok()
        assert f"clean/cases/{case_id}/e1" in link["url"]
    assert events(desk, case_id)[-3:] == ["evidence_viewed"] * 3
    assert desk.call("GET", f"/cases/{case_id}/evidence/e2", by=SELLER).code == "not_found"


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: one.id)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/timeline", None),
        ("GET", "/evidence/e1", None),
        ("POST", "/evidence", a_promise(b"..")),
        ("POST", "/messages", {"text": "Let me in."}),
        ("POST", "/withdrawal", {}),
        ("POST", "/decision", {"decision": "approve", "reason_code": "mine", "note": "All mine."}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_somebody_else_s_case_does_not_exist(
    desk: Desk, case_id: str, stranger: Party, method: str, path: str, body: object
) -> None:
    before = read(desk, case_id)
    answer = desk.call(method, f"/cases/{case_id}{path}", by=stranger, body=body)
    unknown = desk.call(method, f"/cases/unknown{path}", by=stranger, body=body)
    assert answer.code in ("not_found", "forbidden")  # forbidden: no such operation for this role at all
    assert (answer.status, answer.text) == (unknown.status, unknown.text)
    assert read(desk, case_id) == before


def test_a_repeated_promise_answers_the_same_file_whatever_came_in_between(desk: Desk, case_id: str) -> None:
    path = f"/cases/{case_id}/evidence"
    wide, close = a_promise(b"..", filename="wide.jpg"), a_promise(b"...", filename="close.jpg")
    first = desk.call("POST", path, by=BUYER, body=wide, key="wide").ok()
    desk.call("POST", path, by=BUYER, body=close, key="close").ok()
    again = desk.call("POST", path, by=BUYER, body=wide, key="wide").ok()
    assert again["evidence"] == first["evidence"]
    assert len(read(desk, case_id)["evidence"]) == 3


def test_a_case_takes_ten_files_and_no_more(desk: Desk, case_id: str) -> None:
    path = f"/cases/{case_id}/evidence"
    for _ in range(9):
        desk.call("POST", path, by=BUYER, body=a_promise(b"..")).ok()
    assert desk.call("POST", path, by=BUYER, body=a_promise(b"..")).code == "evidence_limit"


def test_the_seller_s_photo_does_not_prove_the_buyer_s_claim(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, "damaged")
    desk.pump()
    photo = plain_photo()
    desk.call("POST", f"/cases/{case_id}/evidence", by=SELLER, body=a_promise(photo)).ok()
    desk.upload(case_id, "e1", photo)
    desk.pump()
    assert status(desk, case_id) == "evidence_required"
    assert assert_books(desk, order)["refunded"] == 0


def test_opening_again_with_the_same_key_answers_fresh_forms_for_what_has_not_come(
    desk: Desk, payer: Payer
) -> None:
    order = put(desk, paid(order_of(desk), payer))
    promises = [a_promise(plain_photo()), a_promise(plain_photo(PNG), PNG, "box.png")]
    body = an_application(order, "damaged", evidence=promises)
    opened = desk.call("POST", "/cases", by=BUYER, body=body, key="once").ok()
    assert [one["evidence_id"] for one in opened["uploads"]] == ["e1", "e2"]
    desk.upload(opened["case_id"], "e1", plain_photo())
    desk.pump()
    again = desk.call("POST", "/cases", by=BUYER, body=body, key="once")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [one["evidence_id"] for one in again.ok()["uploads"]] == ["e2"]
