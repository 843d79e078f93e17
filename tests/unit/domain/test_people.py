"""Who sees what, who is told, and what wakes the workflow."""

import socket

import pytest

from aftersales.domain.case import Status
from aftersales.domain.notice import notice_of
from aftersales.domain.parties import Party, Role, may_see_case, may_see_order
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.domain.timeline import EFFECTS, Event, Wake
from tests.builders import BUYER, MARMALADE, SELLER, an_order, story_at

SEES_CASE = {Role.BUYER, Role.SELLER, Role.REVIEWER}


def sees(party: Party) -> tuple[bool, bool]:
    """Whether the party may see the order, and a case on it."""
    parties = {"buyer_id": BUYER.id, "seller_id": SELLER.id}
    return may_see_order(party, **parties), may_see_case(party, **parties)


@pytest.mark.parametrize("role", Role)
def test_the_parties_see_their_order_and_case_the_reviewers_all_and_the_platform_its_orders(
    role: Role,
) -> None:
    own = {Role.BUYER: BUYER.id, Role.SELLER: SELLER.id}.get(role, "anybody")
    assert sees(Party(role, own)) == (role in SEES_CASE | {Role.PLATFORM}, role in SEES_CASE)


@pytest.mark.parametrize("role", [Role.BUYER, Role.SELLER])
def test_somebody_elses_order_is_not_seen(role: Role) -> None:
    assert sees(Party(role, "somebody-else")) == (False, False)


def test_a_seller_with_the_buyers_name_is_not_the_buyer() -> None:
    assert sees(Party(Role.SELLER, BUYER.id)) == sees(Party(Role.BUYER, SELLER.id)) == (False, False)


def test_what_belongs_to_somebody_else_does_not_exist() -> None:
    refusal = not_found("case")
    assert (refusal.code, refusal.detail, refusal.facts) == (Code.NOT_FOUND, "There is no such case.", {})
    assert str(refusal) == "not_found: There is no such case."


def test_a_refusal_carries_its_facts() -> None:
    assert Refusal(Code.BUSY, "Later.", seconds=3).facts == {"seconds": 3}


def test_an_order_knows_its_lines_and_payments_by_name() -> None:
    order = an_order()
    assert order.line(MARMALADE) is order.lines[1]
    assert order.line("teapot") is None
    assert order.payment("card") is order.payments[1]


def test_a_notice_tells_the_claim_until_something_is_approved_and_nothing_personal() -> None:
    story = story_at(Status.UNDER_REVIEW)
    notice = notice_of(story.timeline[-1], story.case)
    assert (notice.notice_id, notice.amount, notice.currency) == ("case-1:2", 3_333, "USD")
    assert (notice.from_status, notice.status, notice.at) == ("requested", "under_review", story.now)
    assert (notice.case_id, notice.order_id) == ("case-1", "order-1")
    assert notice.attributes == {
        "seller_id": SELLER.id,
        "event": "review_requested",
        "kind": "refund",
        "status": "under_review",
    }
    change = story.decide(amount=1_000)
    assert notice_of(change.entry, change.case).amount == 1_000


def test_every_event_says_what_follows_from_it() -> None:
    assert set(EFFECTS) == set(Event)


def test_an_execution_starts_when_a_case_opens_comes_back_or_is_sent_on() -> None:
    starts = {event for event, effect in EFFECTS.items() if effect.wake is Wake.START}
    assert starts == {
        Event.CASE_OPENED,
        Event.CASE_APPEALED,
        Event.REFUND_FAILED_LATE,
        Event.RETURN_REOPENED,
        Event.CASE_RESUMED,
        Event.REFUND_COVERED,
    }


def test_whoever_waits_is_rung_when_the_case_moves_from_outside() -> None:
    rings = {event for event, effect in EFFECTS.items() if effect.wake is Wake.RING}
    assert rings == {
        Event.CASE_APPROVED,
        Event.CASE_DECLINED,
        Event.CASE_DISPUTED,
        Event.OFFER_MADE,
        Event.OFFER_REFUSED,
        Event.OFFER_LAPSED,
        Event.DECISION_PROPOSED,
        Event.APPEAL_DECLINED,
        Event.CASE_WITHDRAWN,
        Event.CASE_CANCELLED,
        Event.CASE_CLOSED_DECLINED,
        Event.CASE_EXPIRED,
        Event.LABEL_OVERDUE,
        Event.PARCEL_TURNED_BACK,
        Event.PARCEL_LOST,
        Event.PARCEL_OVERDUE,
        Event.RETURN_ACCEPTED,
        Event.DEDUCTION_ACCEPTED,
        Event.ALTERNATIVE_CHOSEN,
        Event.RESTOCK_DUE,
        Event.DIFFERENCE_LAPSED,
        Event.REPLACEMENT_LOST,
        Event.EXCHANGE_COMPLETED,
        Event.EXCHANGE_FORGONE,
        Event.ASSESSMENT_OVERDUE,
        Event.EVIDENCE_ACCEPTED,
        Event.EVIDENCE_REFUSED,
        Event.ADVANCE_GRANTED,
        Event.ADVANCE_FAILED,
        Event.REFUND_OVERDUE,
        Event.REFUND_SUCCEEDED,
        Event.REFUND_FAILED,
    }


def test_nobody_is_told_of_what_only_the_books_and_the_platform_need() -> None:
    untold = {event for event, effect in EFFECTS.items() if not effect.told}
    assert untold == {
        Event.REVIEW_ASSIGNED,
        Event.REVIEW_RELEASED,
        Event.DECISION_PROPOSED,
        Event.LABEL_OVERDUE,
        Event.LABEL_SETTLED,
        Event.LABEL_VOIDED,
        Event.PARCEL_SCANNED,
        Event.PARCEL_LATE,
        Event.REPLACEMENT_ARRANGED,
        Event.RESTOCK_DUE,
        Event.DIFFERENCE_LAPSED,
        Event.ASSESSMENT_OVERDUE,
        Event.REVIEW_OVERDUE,
        Event.EVIDENCE_ADDED,
        Event.EVIDENCE_VIEWED,
        Event.REFUND_STARTED,
        Event.REFUND_OVERDUE,
        Event.OPERATOR_ASKED,
        Event.OPERATOR_OVERDUE,
        Event.CASE_RESUMED,
    }


def test_an_alarm_counts_what_a_person_of_the_platform_has_left_lying() -> None:
    counted = {event for event, effect in EFFECTS.items() if effect.counted}
    assert counted == {
        Event.PARCEL_LATE,
        Event.REVIEW_OVERDUE,
        Event.OPERATOR_ASKED,
        Event.OPERATOR_OVERDUE,
    }


def test_an_entry_from_which_nothing_follows_is_not_relayed() -> None:
    kept = {event for event, effect in EFFECTS.items() if not effect.relayed}
    assert kept == {
        Event.EVIDENCE_ADDED,
        Event.EVIDENCE_VIEWED,
        Event.REFUND_STARTED,
        Event.LABEL_SETTLED,
        Event.LABEL_VOIDED,
        Event.PARCEL_SCANNED,
        Event.REPLACEMENT_ARRANGED,
        Event.REVIEW_ASSIGNED,
        Event.REVIEW_RELEASED,
    }


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_no_unit_test_reaches_the_network() -> None:
    with pytest.raises(RuntimeError, match=r"A test tried to use socket\.socket"):
        socket.socket()
