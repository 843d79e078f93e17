"""What silence does, and when."""

from dataclasses import replace
from datetime import datetime

import pytest

from aftersales.domain.calendar import MINUTE, Period, epoch_ms
from aftersales.domain.case import Case, Status
from aftersales.domain.lifecycle import CLOCKS, Change
from aftersales.domain.parties import SYSTEM, Role
from aftersales.domain.policy import Verdict
from aftersales.domain.refund import AttemptState
from aftersales.domain.silence import Uploads, pass_deadline
from aftersales.domain.timeline import Event
from tests.builders import HOUR, NOON, Story, a_photo, story_at

# Status, its time in hours, what the parties are told of it, the event of the silence, where it leads.
CLOCKED = [
    (Status.EVIDENCE_REQUIRED, 72, "cancelled", Event.CASE_CANCELLED, Status.CANCELLED),
    (Status.UNDER_REVIEW, 48, "disputed", Event.CASE_DISPUTED, Status.DISPUTED),
    (Status.OFFER_PENDING, 36, "under_review", Event.OFFER_LAPSED, Status.UNDER_REVIEW),
    (Status.DISPUTED, 24, "reviewer_reminded", Event.REVIEW_OVERDUE, Status.DISPUTED),
    (Status.DECLINED, 7 * 24, "closed_declined", Event.CASE_CLOSED_DECLINED, Status.CLOSED_DECLINED),
    (Status.AWAITING_RETURN, 6 * 24, "expired", Event.CASE_EXPIRED, Status.EXPIRED),
    (Status.RETURN_IN_TRANSIT, 20 * 24, "disputed", Event.PARCEL_OVERDUE, Status.DISPUTED),
    (Status.RETURN_RECEIVED, 50, "received_as_announced", Event.RETURN_ACCEPTED, Status.APPROVED),
    (
        Status.INSPECTION_FAILED,
        5 * 24,
        "deduction_accepted",
        Event.DEDUCTION_ACCEPTED,
        Status.CLOSED_DECLINED,
    ),
    (Status.OUT_OF_STOCK, 40, "refunded", Event.EXCHANGE_FORGONE, Status.AWAITING_RETURN),
    (Status.AWAITING_PAYMENT, 70, "refunded", Event.EXCHANGE_FORGONE, Status.APPROVED),
    (Status.EXCHANGE_PENDING, 4 * 24, "refunded", Event.EXCHANGE_FORGONE, Status.APPROVED),
    (Status.EXCHANGE_SHIPPED, 20 * 24, "sent_once_more", Event.REPLACEMENT_LOST, Status.EXCHANGE_PENDING),
    (
        Status.REFUND_ACTION_REQUIRED,
        12,
        "operator_reminded",
        Event.OPERATOR_OVERDUE,
        Status.REFUND_ACTION_REQUIRED,
    ),
]
UNCLOCKED = set(Status) - set(CLOCKS)


def test_every_status_has_a_clock_or_needs_none() -> None:
    assert {status for status, *_ in CLOCKED} | {Status.REFUND_PENDING} == set(CLOCKS)
    assert {
        Status.REQUESTED,
        Status.APPROVED,
        Status.COMPLETED,
        Status.CANCELLED,
        Status.EXPIRED,
        Status.CLOSED_DECLINED,
    } == UNCLOCKED


@pytest.mark.parametrize(("status", "hours", "on_timeout", "event", "leads_to"), CLOCKED)
def test_silence_does_what_it_said_it_would_and_not_a_millisecond_earlier(
    status: Status, hours: int, on_timeout: str, event: Event, leads_to: Status
) -> None:
    story = story_at(status)
    deadline = story.now + hours * HOUR
    assert (story.case.deadline_at, story.case.on_timeout) == (deadline, on_timeout)
    story.now = deadline - 1
    warned = story.pass_deadline()
    assert warned is None or warned.entry.event in (Event.DEADLINE_NEAR, Event.PARCEL_UNSEEN)
    assert story.pass_deadline() is None
    story.now = deadline
    change = story.pass_deadline()
    assert change
    assert (change.entry.event, change.entry.actor, change.case.status) == (event, SYSTEM, leads_to)
    assert change.entry.at == change.case.updated_at == deadline


@pytest.mark.parametrize("status", UNCLOCKED)
def test_where_nobody_is_waited_for_time_does_nothing(status: Status) -> None:
    story = story_at(status)
    assert (story.case.deadline_at, story.case.on_timeout) == (None, None)
    story.now += 900 * 24 * HOUR
    assert story.pass_deadline() is None


@pytest.mark.parametrize(("status", "deadline_at"), [(Status.REQUESTED, NOON), (Status.UNDER_REVIEW, None)])
def test_a_case_stored_with_a_clock_that_its_status_does_not_have_now_is_left_alone(
    status: Status, deadline_at: int | None
) -> None:
    story = story_at(status)
    stored = replace(story.case, deadline_at=deadline_at)
    story.cases[stored.case_id] = stored
    story.now += 900 * 24 * HOUR
    assert story.pass_deadline() is None


def test_a_silent_seller_approves_where_the_policy_says_so() -> None:
    story = Story()
    story.open()
    story.assess(Verdict.ASK_PERSON, silence_approves=True)
    assert story.case.on_timeout == "approved"
    change = story.silence()
    assert change
    assert (change.case.status, change.case.owed) == (Status.APPROVED, change.case.claim.money)
    decision = change.case.decision
    assert decision
    assert (decision.verdict, decision.by, decision.at) == (Verdict.APPROVE, SYSTEM, story.now)
    assert (decision.reason_code, decision.amount, decision.policy_version) == (
        "seller_silent",
        3_333,
        "test-1",
    )
    assert (change.entry.event, change.entry.actor) == (Event.CASE_APPROVED, SYSTEM)
    assert change.entry.at == change.case.updated_at == story.now
    assert change.entry.data["reason_code"] == "seller_silent"


def test_a_silent_seller_brings_a_large_case_before_a_reviewer() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.silence()
    dispute = story.case.dispute
    assert dispute
    assert (dispute.opened_by, dispute.opened_at, dispute.resolved) == (SYSTEM, story.now, False)


def test_a_buyer_whose_photo_came_in_time_was_not_silent_although_nobody_has_looked_at_it() -> None:
    story = Story()
    story.open(evidence=(a_photo("e1"), a_photo("e2", added_by=Role.SELLER)))
    story.assess(Verdict.ASK_EVIDENCE)
    deadline = story.case.deadline_at
    assert deadline

    def silence(uploads: Uploads | None, case: Case = story.case) -> Change | None:
        return pass_deadline(case, story.ledger, policy=story.policy, now=deadline + 1, uploads=uploads)

    overdue = silence({"e1": deadline})
    assert overdue
    assert (overdue.entry.event, overdue.case.status) == (Event.ASSESSMENT_OVERDUE, Status.EVIDENCE_REQUIRED)
    assert overdue.case.deadline_at == deadline + 1 + 72 * HOUR
    for uploads in ({}, {"e1": deadline + 1}, {"e2": deadline}):
        late = silence(uploads)
        assert late
        assert late.case.status is Status.CANCELLED
    assert silence(None) is None
    promised_nothing = silence(None, replace(story.case, evidence=()))
    assert promised_nothing
    assert promised_nothing.case.status is Status.CANCELLED


def test_a_silent_reviewer_is_reminded_again_and_again_and_nothing_is_decided_for_them() -> None:
    story = story_at(Status.DISPUTED)
    first = story.case.deadline_at
    for _ in range(5):
        before = story.now
        change = story.silence()
        assert change
        assert story.now == before + 24 * HOUR
        assert (change.entry.event, change.case.status) == (Event.REVIEW_OVERDUE, Status.DISPUTED)
        assert change.ledger is None
        assert story.case.on_timeout == "reviewer_reminded"
        assert story.case.due_at == story.case.overdue_since == first
    story.decide()
    assert story.case.overdue_since is None


def test_the_provider_is_asked_soon_then_hourly_and_after_a_day_daily() -> None:
    story = story_at(Status.REFUND_PENDING)
    waits = []
    for n in range(27):
        assert story.case.deadline_at
        assert story.case.on_timeout == "provider_asked_again"
        waits.append((story.case.deadline_at - story.now) // MINUTE)
        change = story.silence()
        assert change
        assert (change.entry.event, change.entry.data) == (Event.REFUND_OVERDUE, {"inquiries": n + 1})
    assert waits == [1, *[60] * 23, *[1440] * 3]


def test_a_provider_that_answered_pending_is_asked_again_in_an_hour() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.PENDING)
    assert story.case.deadline_at == story.now + HOUR


def test_a_resumed_refund_is_asked_for_soon_again() -> None:
    story = story_at(Status.REFUND_PENDING)
    for _ in range(4):
        story.silence()
    story.hear(AttemptState.FAILED)
    story.resume()
    assert (story.case.inquiries, story.case.deadline_at) == (0, story.now + MINUTE)


@pytest.mark.parametrize("status", CLOCKS)
def test_the_same_deadline_passes_once(status: Status) -> None:
    story = story_at(status)
    assert story.silence()
    assert story.pass_deadline() is None


@pytest.mark.parametrize("status", CLOCKS)
def test_a_deadline_is_nothing_to_a_case_that_moved_on(status: Status) -> None:
    story = story_at(status)
    stale = story.case.deadline_at
    assert stale
    match status:
        case Status.EVIDENCE_REQUIRED:
            story.assess(Verdict.APPROVE)
        case Status.UNDER_REVIEW | Status.DISPUTED:
            story.decide()
        case Status.OFFER_PENDING | Status.INSPECTION_FAILED:
            story.answer_offer()
        case Status.DECLINED | Status.AWAITING_RETURN:
            story.withdraw()
        case Status.RETURN_IN_TRANSIT | Status.RETURN_RECEIVED:
            story.inspect(1)
        case Status.OUT_OF_STOCK | Status.AWAITING_PAYMENT:
            story.choose("refund")
        case Status.EXCHANGE_PENDING:
            story.ship_replacement()
        case Status.EXCHANGE_SHIPPED:
            story.confirm_replacement()
        case Status.REFUND_PENDING:
            story.hear(AttemptState.SUCCEEDED)
        case _:
            story.now = stale - 1
            story.resume()
            stale = story.now
    story.now = stale
    before = story.case
    assert story.pass_deadline() is None
    assert story.case == before


@pytest.mark.parametrize("status", CLOCKS)
def test_words_and_photos_do_not_move_a_deadline(status: Status) -> None:
    story = story_at(status)
    clock = (story.case.deadline_at, story.case.on_timeout)
    story.now += MINUTE // 2
    story.send_message()
    story.view_evidence()
    assert (story.case.deadline_at, story.case.on_timeout) == clock


@pytest.mark.parametrize("late", [0, 1, HOUR])
def test_a_word_after_the_deadline_and_before_the_sweep_takes_nobodys_right_away(late: int) -> None:
    story = Story()
    story.open()
    story.assess(Verdict.ASK_PERSON, silence_approves=True)
    assert story.case.deadline_at
    story.now = story.case.deadline_at + late
    story.send_message()
    story.view_evidence()
    story.add_evidence()
    change = story.pass_deadline()
    assert change
    assert change.case.status is Status.APPROVED


@pytest.mark.parametrize("silence_approves", [True, False])
def test_a_step_that_gives_up_does_not_lengthen_the_sellers_time_or_change_what_silence_does(
    silence_approves: bool,
) -> None:
    story = Story()
    story.open()
    story.assess(Verdict.ASK_PERSON, silence_approves=silence_approves)
    clock = (story.case.deadline_at, story.case.on_timeout)
    story.now += HOUR
    story.ask_operator()
    assert (story.case.deadline_at, story.case.on_timeout) == clock
    story.resume()
    assert (story.case.deadline_at, story.case.on_timeout) == clock


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.APPROVED])
def test_an_operator_is_reminded_of_a_case_in_trouble_until_it_is_sent_on(status: Status) -> None:
    story = story_at(status)
    story.ask_operator()
    for _ in range(3):
        assert (story.case.deadline_at, story.case.on_timeout) == (story.now + 12 * HOUR, "operator_reminded")
        change = story.silence()
        assert change
        assert change.entry.event is Event.OPERATOR_OVERDUE
    story.resume()
    assert (story.case.deadline_at, story.case.on_timeout) == (None, None)


def test_a_second_request_for_photos_does_not_give_more_time() -> None:
    story = Story()
    story.open(evidence=(a_photo(),))
    story.assess(Verdict.ASK_EVIDENCE)
    deadline = story.case.deadline_at
    story.now = NOON + HOUR
    story.assess(Verdict.ASK_EVIDENCE)
    assert story.case.deadline_at == deadline


def test_a_clock_that_was_stored_survives_a_change_of_the_policy() -> None:
    story = story_at(Status.UNDER_REVIEW)
    deadline = story.case.deadline_at
    story.policy = replace(story.policy, clocks=replace(story.policy.clocks, seller=Period(minutes=1)))
    story.send_message()
    assert story.case.deadline_at == deadline


def test_a_moment_is_counted_in_whole_milliseconds() -> None:
    noon = datetime.fromisoformat("2026-01-01T12:00:00.777999+00:00")
    assert epoch_ms(noon) == NOON + 777
