"""What carriers see of parcels that come back, and what that makes of their cases."""

from itertools import permutations

import pytest

from aftersales.domain.case import Case, Kind, ReturnLeg, ReturnState, Status, WaitingOn
from aftersales.domain.ledger import Unit
from aftersales.domain.lifecycle import Change
from aftersales.domain.parcel import Scan, TrackingStatus
from aftersales.domain.parties import CARRIER, SYSTEM, Role
from aftersales.domain.policy import Verdict
from aftersales.domain.returns import record_scans
from aftersales.domain.timeline import Event
from tests.builders import BOWLS, HOUR, NOON, Story, a_label, an_order, returning_at

DAY = 24 * HOUR
IN_TRANSIT, OUT, DELIVERED = (
    TrackingStatus.IN_TRANSIT,
    TrackingStatus.OUT_FOR_DELIVERY,
    TrackingStatus.DELIVERED,
)
FAILURE, TURNED_BACK = TrackingStatus.FAILURE, TrackingStatus.RETURN_TO_SENDER


def labelled() -> Story:
    """A return whose goods are awaited under the platform's label."""
    story = Story(order=an_order())
    story.open({BOWLS: 2}, kind=Kind.RETURN, label_offered=True)
    story.assess(Verdict.APPROVE)
    story.record_label()
    return story


def leg_of(case: Case) -> ReturnLeg:
    assert case.returning
    return case.returning


def news(change: Change | None) -> tuple[Event, Role, Status]:
    """What was written, by whom, and where that left the case."""
    assert change
    return change.entry.event, change.entry.actor.role, change.case.status


def test_the_first_scan_under_a_label_says_that_the_goods_were_sent() -> None:
    story = labelled()
    story.now += DAY
    assert story.scan(TrackingStatus.PRE_TRANSIT)
    assert story.case.status is Status.AWAITING_RETURN
    sent = story.scan(IN_TRANSIT, at=story.now - HOUR)
    assert news(sent) == (Event.PARCEL_SENT, Role.PROVIDER, Status.RETURN_IN_TRANSIT)
    assert story.case.shipment
    assert story.case.shipment.sent_at == story.now - HOUR
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.CARRIER, "refunded")
    assert story.case.deadline_at == story.now - HOUR + 20 * DAY


def test_delivery_starts_the_sellers_time_when_the_carrier_delivered_and_not_when_that_was_heard() -> None:
    story = labelled()
    story.scan(IN_TRANSIT)
    story.now += 3 * DAY
    arrived = story.scan(DELIVERED, at=story.now - 5 * HOUR)
    assert news(arrived) == (Event.PARCEL_ARRIVED, Role.PROVIDER, Status.RETURN_RECEIVED)
    assert (story.case.deadline_at, story.case.on_timeout) == (
        story.now + 45 * HOUR,
        "received_as_announced",
    )


def test_a_scan_that_is_heard_of_late_or_told_ahead_counts_as_one_of_the_last_day() -> None:
    for told, counted in ((-9 * DAY, -DAY), (5 * HOUR, 0)):
        story = labelled()
        story.now += 10 * DAY
        story.scan(DELIVERED, at=story.now + told)
        assert story.case.deadline_at == story.now + counted + 50 * HOUR


FIVE = ((IN_TRANSIT, 1), (OUT, 2), (FAILURE, 3), (DELIVERED, 4), (DELIVERED, 5))
FIVE_THAT_END_BADLY = ((IN_TRANSIT, 1), (OUT, 2), (DELIVERED, 3), (FAILURE, 4), (TURNED_BACK, 5))


@pytest.mark.parametrize("five", [FIVE, FIVE_THAT_END_BADLY], ids=["delivered", "turned back"])
@pytest.mark.parametrize("own", [False, True], ids=["under a label", "own parcel"])
def test_five_scans_in_any_order_and_with_repeats_lead_to_the_same_leg(
    five: tuple[tuple[TrackingStatus, int], ...], own: bool
) -> None:
    ends = set()
    for order in permutations(five):
        for repeated in range(len(order)):
            story = returning_at(Status.RETURN_IN_TRANSIT) if own else labelled()
            story.now = NOON + 10 * HOUR
            for status, hours in (*order, order[repeated]):
                story.scan(status, at=NOON + hours * HOUR)
            ends.add((story.case.status, story.case.returning))
    assert len(ends) == 1
    [(ended, leg)] = ends
    assert leg
    assert leg.shipment
    assert leg.shipment.arrived_at == NOON + (4 if five is FIVE else 3) * HOUR
    assert ended is (Status.RETURN_RECEIVED if five is FIVE else Status.DISPUTED)


def test_old_news_and_another_parcels_scans_change_nothing() -> None:
    story = labelled()
    assert story.scan(IN_TRANSIT)
    assert story.scan(IN_TRANSIT) is None
    assert story.scan(DELIVERED, tracking_code="1Z999AA10123456784") is None


def test_a_parcel_that_turns_back_goes_to_a_reviewer() -> None:
    story = labelled()
    story.scan(IN_TRANSIT)
    turned = story.scan(TURNED_BACK)
    assert news(turned) == (Event.PARCEL_TURNED_BACK, Role.PROVIDER, Status.DISPUTED)
    assert story.case.dispute
    assert (story.case.dispute.opened_by, story.case.dispute.turn) == (CARRIER, None)
    assert story.case.granted == story.case.claim.money


def test_a_lost_parcel_is_refunded_under_the_platforms_label_and_reviewed_under_the_buyers() -> None:
    story = labelled()
    story.scan(IN_TRANSIT)
    story.scan(FAILURE)
    lost = story.silence()
    assert news(lost) == (Event.PARCEL_LOST, Role.SYSTEM, Status.APPROVED)
    assert leg_of(story.case).state is ReturnState.CLOSED
    own = returning_at(Status.RETURN_IN_TRANSIT)
    own.scan(IN_TRANSIT)
    assert news(own.silence()) == (Event.PARCEL_OVERDUE, Role.SYSTEM, Status.DISPUTED)


def test_what_arrives_after_it_was_refunded_as_lost_is_only_noted() -> None:
    story = labelled()
    story.scan(IN_TRANSIT)
    story.silence()
    assert news(story.scan(DELIVERED)) == (Event.PARCEL_SCANNED, Role.PROVIDER, Status.APPROVED)


def test_a_buyer_is_asked_about_a_parcel_that_no_carrier_has_seen() -> None:
    story = returning_at(Status.RETURN_IN_TRANSIT)
    story.now = NOON + 4 * DAY - 1
    assert story.pass_deadline() is None
    story.now += 1
    asked = story.pass_deadline()
    assert asked
    assert (asked.entry.event, asked.entry.actor) == (Event.PARCEL_UNSEEN, SYSTEM)
    assert story.pass_deadline() is None


def test_a_parcel_that_was_seen_is_not_asked_about() -> None:
    story = returning_at(Status.RETURN_IN_TRANSIT)
    story.scan(TrackingStatus.PRE_TRANSIT)
    assert story.case.warn_at == NOON + 4 * DAY
    assert news(story.scan(IN_TRANSIT)) == (
        Event.PARCEL_SCANNED,
        Role.PROVIDER,
        Status.RETURN_IN_TRANSIT,
    )
    assert story.case.warn_at is None
    story.extend_deadline()
    assert story.case.warn_at is None


def test_half_a_parcel_is_told_by_its_weight() -> None:
    story = labelled()
    scan = Scan(status=DELIVERED, at=NOON, weight=200)
    change = record_scans(
        story.case, story.ledger, a_label().tracking_code, [scan], policy=story.policy, now=NOON
    )
    assert change
    assert change.entry.data["weight"] == 200


def taken_back(story: Story) -> None:
    story.withdraw()


def never_sent(story: Story) -> None:
    story.silence()


@pytest.mark.parametrize("end", [taken_back, never_sent])
def test_goods_that_are_delivered_after_their_case_has_ended_bring_it_back(end: object) -> None:
    assert callable(end)
    story = labelled()
    owed = story.case.owed
    end(story)
    assert sum(balance.reserved for balance in story.ledger.balances) == 0
    assert story.scan(IN_TRANSIT)
    assert story.case.held == ()
    assert news(story.scan(DELIVERED)) == (
        Event.RETURN_REOPENED,
        Role.PROVIDER,
        Status.RETURN_RECEIVED,
    )
    assert (story.case.owed, story.case.held, story.case.run) == (owed, owed, 2)
    story.silence()
    assert story.case.status is Status.APPROVED


def test_goods_whose_units_another_case_has_by_now_are_an_operators() -> None:
    story = labelled()
    story.silence()
    story.open({BOWLS: 3}, case_id="case-2")
    late = story.scan(DELIVERED)
    assert news(late) == (Event.PARCEL_LATE, Role.PROVIDER, Status.EXPIRED)
    assert late
    assert late.entry.data == {"reason_code": "units_unavailable"}


def test_goods_that_a_reviewer_decided_without_come_before_another_one() -> None:
    story = returning_at(Status.RETURN_IN_TRANSIT)
    story.silence()
    story.decide(approve=False)
    assert story.case.status is Status.CLOSED_DECLINED
    assert news(story.scan(DELIVERED)) == (Event.RETURN_REOPENED, Role.PROVIDER, Status.DISPUTED)
    assert (story.case.stake, story.case.held) == (story.case.claim.money, story.case.claim.money)
    bowls = story.ledger.line(BOWLS)
    assert bowls
    assert Unit.RESERVED in bowls.units
