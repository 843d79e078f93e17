"""The moment at which silence decides: what comes later is too late, unless more time was given before."""

from typing import Any

import pytest

from aftersales.adapters import dynamodb, tables
from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.domain.parties import Party, Role
from aftersales.usecases import sweep_deadlines
from tests.builders import BUYER, OPERATOR, REVIEWER, SELLER
from tests.integration.harness import Answer, Desk
from tests.integration.people import (
    PLATFORM,
    Payer,
    apply,
    assert_told,
    body_of,
    decide,
    events,
    order_of,
    paid,
    put,
    read,
    status,
)

pytestmark = pytest.mark.enable_socket

REVIEWING_BUYER = Party(Role.REVIEWER, BUYER.id)


def under_review(desk: Desk, payer: Payer, market: str = "", key: str = "key-1") -> str:
    """A small case before its seller, whose silence approves it within two days."""
    order = paid(order_of(desk, order_id=f"order-{key}"), payer)
    body = body_of(order) | {"market": market}
    desk.call("PUT", f"/orders/{order.order_id}", by=PLATFORM, body=body).ok()
    case_id = apply(desk, order, "changed_mind", key=key)
    desk.pump()
    assert read(desk, case_id)["on_timeout"] == "approved"
    return case_id


def extend_market(desk: Desk, market: str, key: str = "strike") -> Answer:
    """A day more for everybody of the market."""
    body = {"hours": 24, "reason": "A postal strike."}
    return desk.call("POST", f"/markets/{market}/extension", by=OPERATOR, body=body, key=key)


def test_a_seller_who_comes_after_the_deadline_and_before_the_sweep_is_too_late(
    desk: Desk, payer: Payer
) -> None:
    case_id = under_review(desk, payer)
    desk.clock.advance(days=2)
    answer = decide(desk, case_id, "decline")
    assert (answer.status, answer.code) == (409, "act_not_possible")
    assert (status(desk, case_id), events(desk, case_id)[-1]) == ("approved", "case_approved")
    desk.sweep()
    assert status(desk, case_id) == "completed"
    assert_told(desk, case_id)


def test_a_seller_who_comes_a_millisecond_before_is_in_time(desk: Desk, payer: Payer) -> None:
    case_id = under_review(desk, payer)
    desk.clock.advance(days=2, milliseconds=-1)
    assert decide(desk, case_id, "decline").ok()["status"] == "declined"


def test_a_buyer_who_objects_too_late_finds_the_case_closed(desk: Desk, payer: Payer) -> None:
    case_id = under_review(desk, payer)
    decide(desk, case_id, "decline").ok()
    desk.clock.advance(days=7)
    answer = desk.call("POST", f"/cases/{case_id}/dispute", by=BUYER, body={"text": "It is cracked."})
    assert (answer.status, answer.code) == (409, "act_not_possible")
    assert status(desk, case_id) == "closed_declined"


def test_whoever_saw_the_case_before_its_deadline_is_told_that_it_moved_on(desk: Desk, payer: Payer) -> None:
    case_id = under_review(desk, payer)
    version = read(desk, case_id)["version"]
    desk.clock.advance(days=2)
    answer = decide(desk, case_id, "decline", if_match=version)
    assert (answer.status, answer.code) == (412, "version_conflict")


def test_an_extension_that_has_not_come_to_a_case_yet_counts_from_when_it_was_accepted(
    desk: Desk, payer: Payer
) -> None:
    case_id, other = under_review(desk, payer, "BR"), under_review(desk, payer, "CN", "key-2")
    extend_market(desk, "BR").ok()
    desk.clock.advance(days=2)
    assert decide(desk, case_id, "decline").ok()["status"] == "declined"
    assert events(desk, case_id)[-2:] == ["deadline_extended", "case_declined"]
    assert decide(desk, other, "decline").code == "act_not_possible"


def test_a_case_that_cannot_be_given_more_time_holds_up_neither_the_others_nor_itself(
    desk: Desk, payer: Payer
) -> None:
    cases = [under_review(desk, payer, "BR", f"key-{n}") for n in range(4)]
    broken = cases[2]
    extend_market(desk, "BR").ok()
    whole = _replace_reason(desk, broken, "of another version")
    with pytest.raises(Exception, match=r"^$"):
        desk.sweep()
    _replace_reason(desk, broken, whole)
    for case_id in cases:
        expected = 0 if case_id == broken else 1
        assert events(desk, case_id).count("deadline_extended") == expected
    desk.sweep()
    assert events(desk, broken)[-1] == "deadline_extended"
    assert extend_market(desk, "BR").ok()["extension_id"] == extend_market(desk, "BR").ok()["extension_id"]
    desk.sweep()
    assert events(desk, broken).count("deadline_extended") == 1


def _replace_reason(desk: Desk, case_id: str, reason: str) -> str:
    """The stored reason is replaced by this one; answers what it was."""
    table, key = desk.stack.ref("CasesTable"), {"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}}
    before: Any = desk.stack.client("dynamodb").update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET reason = :reason",
        ExpressionAttributeValues={":reason": {"S": reason}},
        ReturnValues="UPDATED_OLD",
    )
    return str(before["Attributes"]["reason"]["S"])


def test_nobody_reviews_a_case_of_their_own(desk: Desk, payer: Payer) -> None:
    case_id = under_review(desk, payer)
    more = {"hours": 24, "reason": "A holiday."}
    path = f"/cases/{case_id}"
    answers = [
        desk.call("GET", path, by=REVIEWING_BUYER),
        desk.call("GET", f"{path}/timeline", by=REVIEWING_BUYER),
        desk.call("POST", f"{path}/messages", by=REVIEWING_BUYER, body={"text": "I find for the buyer."}),
        desk.call("POST", f"{path}/extension", by=REVIEWING_BUYER, body=more),
        decide(desk, case_id, by=REVIEWING_BUYER),
        decide(desk, case_id, by=Party(Role.REVIEWER, SELLER.id)),
    ]
    assert {(one.status, one.code) for one in answers} == {(403, "forbidden")}
    assert {one.json["detail"] for one in answers} == {"Nobody reviews a case of their own."}
    assert desk.call("GET", path, by=REVIEWER).status == 200


def test_the_queue_of_a_reviewer_holds_no_case_of_their_own(desk: Desk, payer: Payer) -> None:
    case_id = apply(desk, put(desk, paid(order_of(desk, 9_000), payer)), "changed_mind")
    desk.pump()
    desk.silence(days=2)
    queue = [desk.call("GET", "/cases", by=one).ok()["items"] for one in (REVIEWER, REVIEWING_BUYER)]
    assert [[one["case_id"] for one in page] for page in queue] == [[case_id], []]


def test_an_extension_reaches_a_case_that_moved_behind_its_cursor(
    desk: Desk, payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way goes along the deadlines, and an offer brings a far deadline near."""
    monkeypatch.setattr(tables, "SHARDS", 1)
    monkeypatch.setattr(dynamodb, "_CLOCKED_PAGE", 1)
    monkeypatch.setattr(sweep_deadlines, "_PAGES_PER_SWEEP", 2)
    near, far, moved = (under_review(desk, payer, "BR", f"key-{n}") for n in range(3))
    for case_id in (far, moved):
        decide(desk, case_id, "decline").ok()
    desk.pump()
    extend_market(desk, "BR").ok()
    desk.sweep()
    offer = {"amount": 500, "note": "Please."}
    desk.call("POST", f"/cases/{moved}/offers", by=BUYER, body=offer).ok()
    for _ in range(6):
        desk.sweep()
    assert [events(desk, one).count("deadline_extended") for one in (near, far, moved)] == [1, 1, 1]
    assert extend_market(desk, "BR").ok()["done"]


def test_an_extension_that_is_accepted_while_the_sweep_begins_comes_before_the_silence(
    desk: Desk, payer: Payer
) -> None:
    case_id = under_review(desk, payer, "BR")
    desk.clock.advance(days=2)

    def accepted() -> None:
        desk.clock.advance(milliseconds=-1)
        extend_market(desk, "BR").ok()
        desk.clock.advance(milliseconds=1)

    desk.after(DynamoDBStore, "due", accepted)
    desk.sweep()
    assert (status(desk, case_id), events(desk, case_id)[-1]) == ("under_review", "deadline_extended")


def test_an_operator_closes_no_case_of_their_own(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference, amount=500)
    case_id = apply(desk, order)
    desk.pump()
    seller = Party(Role.OPERATOR, SELLER.id)
    for path, body in (("payment", {"note": "I paid, trust me."}), ("resumption", {})):
        answer = desk.call("POST", f"/cases/{case_id}/{path}", by=seller, body=body)
        assert (answer.status, answer.code) == (403, "forbidden")
    assert desk.call("POST", f"/cases/{case_id}/resumption", by=OPERATOR, body={}).status == 200
