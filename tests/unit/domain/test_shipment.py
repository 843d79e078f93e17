"""Labels that the platform pays: when one is offered, what the carrier is asked for, what comes of its answer."""

from dataclasses import replace

import pytest

from aftersales.domain.address import Address
from aftersales.domain.case import Kind, Status, WaitingOn
from aftersales.domain.label import (
    Customs,
    CustomsItem,
    LabelRefused,
    LabelState,
    Package,
    SpareLabel,
    VoidState,
)
from aftersales.domain.money import Money
from aftersales.domain.order import Order
from aftersales.domain.parcel import TrackingStatus
from aftersales.domain.policy import Verdict
from aftersales.domain.shipment import crosses_border, label_order, offers_label
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    HOUR,
    KILNS_DOOR,
    MARMALADE,
    MEIS_DOOR,
    NOON,
    Story,
    a_label,
    a_line,
    a_policy,
    an_order,
)

DAY = 24 * HOUR
BERLIN = Address(name="Mei Lin", street1="Torstraße 1", city="Berlin", zip="10119", country="DE")


def an_addressed_order(**changes: object) -> Order:
    """Both ends of the way back are known."""
    return an_order(**{"shipping_address": MEIS_DOOR, "return_address": KILNS_DOOR} | changes)


def ordered(order: Order | None = None) -> Story:
    """A return that was approved, whose label the case has ordered."""
    story = Story(order=order or an_addressed_order())
    story.open({BOWLS: 2}, kind=Kind.RETURN, label_offered=True)
    story.assess(Verdict.APPROVE)
    return story


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        pytest.param({}, True, id="both ends are known"),
        pytest.param({"shipping_address": None}, False, id="nobody knows where the buyer lives"),
        pytest.param({"return_address": None}, False, id="nobody knows where goods go back to"),
        pytest.param(
            {"shipping_address": replace(BERLIN, country="KW")}, False, id="none is offered from there"
        ),
        pytest.param(
            {"shipping_address": BERLIN}, False, id="over a border, and nobody knows where bowls are made"
        ),
        pytest.param(
            {"shipping_address": BERLIN, "lines": (a_line(origin_country="US"),)}, True, id="declared"
        ),
    ],
)
def test_a_label_is_offered_where_a_carrier_can_be_asked_for_one(
    changes: dict[str, object], offered: bool
) -> None:
    assert offers_label(a_policy(), an_addressed_order(**changes), [BOWLS]) is offered


def test_an_approval_orders_the_label_in_the_same_write() -> None:
    story = ordered()
    assert story.case.label
    assert (story.case.label.state, story.case.label.ordered_at) == (LabelState.ORDERED, NOON)
    assert (story.case.status, story.case.waiting_on) == (Status.AWAITING_RETURN, WaitingOn.PLATFORM)
    assert (story.case.on_timeout, story.case.deadline_at) == ("carrier_asked_again", NOON + 50 * 60_000)


def test_the_carrier_is_asked_under_an_id_that_never_changes() -> None:
    story = ordered()
    first = label_order(story.case, story.order, story.policy)
    story.silence()
    assert first == label_order(story.case, story.order, story.policy)
    assert first
    assert (first.shipment_id, first.ordered_at, first.customs) == ("case-1-s1", NOON, None)
    assert (first.from_address, first.to_address) == (MEIS_DOOR, KILNS_DOOR)
    assert first.package == Package(weight=2 * 400)


def test_what_crosses_a_border_is_declared_at_what_was_paid_for_it() -> None:
    bowls = a_line(origin_country="US", hs_tariff_number="6912.00", weight=310)
    jam = a_line(MARMALADE, 2, 1_599, origin_country="ES")
    story = Story(order=an_addressed_order(shipping_address=BERLIN, lines=(bowls, jam)))
    story.open({BOWLS: 2}, kind=Kind.RETURN, label_offered=True)
    story.assess(Verdict.APPROVE)
    order = label_order(story.case, story.order, story.policy)
    assert order
    assert order.customs == Customs(
        signer="Mei Lin",
        items=(
            CustomsItem(
                description="Bowls",
                quantity=2,
                value=Money(6_667, "USD"),
                weight=620,
                origin_country="US",
                hs_tariff_number="6912.00",
            ),
        ),
    )


def test_an_order_that_lost_an_address_since_has_no_label() -> None:
    story = ordered()
    for poorer in (replace(story.order, shipping_address=None), replace(story.order, return_address=None)):
        assert label_order(story.case, poorer, story.policy) is None


def test_a_label_that_was_bought_gives_the_buyer_the_whole_time() -> None:
    story = ordered()
    story.now += HOUR
    bought = story.record_label()
    assert bought
    assert bought.parcel
    assert (bought.entry.event, bought.parcel.tracking_code) == (
        Event.LABEL_BOUGHT,
        a_label().tracking_code,
    )
    assert a_label().url not in str(bought.entry)
    assert story.case.label
    assert story.case.label.label == a_label()
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.BUYER, "expired")
    assert story.case.deadline_at == story.now + 6 * DAY
    assert story.record_label() is None


def test_a_refused_label_leaves_the_buyer_an_own_parcel() -> None:
    story = ordered()
    refused = story.record_label(LabelRefused(shipment_id="case-1-s1", reason="no_rates"))
    assert refused
    assert (refused.entry.event, refused.entry.data) == (Event.LABEL_REFUSED, {"reason_code": "no_rates"})
    assert (story.case.waiting_on, story.case.deadline_at) == (WaitingOn.BUYER, NOON + 6 * DAY)
    story.ship()
    assert story.case.status is Status.RETURN_IN_TRANSIT


def test_a_carrier_is_asked_for_a_day_and_then_the_buyer_sends_the_goods_without() -> None:
    story = ordered()
    told = []
    while story.case.label_due:
        change = story.silence()
        assert change
        told.append(change.entry.event)
    assert told == [Event.LABEL_OVERDUE] * 24 + [Event.LABEL_REFUSED]
    assert story.case.label
    assert story.case.label.refused == "carrier_silent"
    assert story.case.on_timeout == "expired"


def test_a_label_is_settled_once_everything_that_was_bought_under_its_order_is_known() -> None:
    story = ordered()
    assert story.case.errand_at is None
    story.record_label()
    assert story.case.errand_at == NOON + 5 * 60_000
    spare = SpareLabel(label=a_label(provider_shipment_id="shp_2"), void=VoidState.SUBMITTED)
    settled = story.settle_label(spare)
    assert settled
    assert (settled.entry.event, settled.entry.data) == (
        Event.LABEL_SETTLED,
        {"kept": 742, "given_back": [{"cost": 742, "currency": "USD", "void": "submitted"}]},
    )
    assert story.case.errand_at == NOON + DAY
    assert story.settle_label(spare) is None
    story.settle_label(replace(spare, void=VoidState.REFUNDED))
    assert story.case.errand_at == NOON + DAY
    story.scan(TrackingStatus.IN_TRANSIT)
    story.scan(TrackingStatus.DELIVERED)
    assert story.case.errand_at is None


@pytest.mark.parametrize("bought", [False, True])
def test_a_label_that_nobody_needs_any_more_is_given_back(bought: bool) -> None:
    story = ordered()
    if bought:
        story.record_label()
        story.settle_label()
    story.withdraw()
    assert story.case.errand_at == NOON + (0 if bought else 5 * 60_000)
    assert not story.case.label_needed
    voided = story.settle_label(SpareLabel(label=a_label(), void=VoidState.SUBMITTED), kept=False)
    assert voided
    assert (voided.entry.event, voided.entry.data["kept"]) == (Event.LABEL_VOIDED, 0)
    assert story.case.label
    assert story.case.label.state is LabelState.VOIDED
    assert story.case.errand_at == NOON + 7 * DAY
    story.settle_label(SpareLabel(label=a_label(), void=VoidState.REJECTED), kept=False)
    assert story.case.errand_at is None


def test_a_label_that_was_scanned_is_kept_whatever_becomes_of_its_case() -> None:
    story = ordered()
    story.record_label()
    story.settle_label()
    story.silence()
    story.scan(TrackingStatus.IN_TRANSIT)
    assert story.case.label_needed
    assert story.case.errand_at is None


def test_an_own_parcel_beside_a_label_leaves_the_label_unneeded() -> None:
    story = ordered()
    story.record_label()
    story.settle_label()
    story.ship()
    assert not story.case.label_needed
    assert story.case.errand_at == NOON
    story.settle_label(SpareLabel(label=a_label(), void=VoidState.SUBMITTED), kept=False)
    assert (story.case.errand_at, story.case.label_errand_at) == (NOON, NOON + 7 * DAY)


def test_a_refused_label_stays_refused_and_its_order_is_settled_too() -> None:
    story = ordered()
    story.record_label(LabelRefused(shipment_id="case-1-s1", reason="no_rates"))
    assert story.case.errand_at == NOON + 5 * 60_000
    settled = story.settle_label(kept=False)
    assert settled
    assert settled.entry.event is Event.LABEL_SETTLED
    assert story.case.errand_at is None
    assert story.case.label
    assert story.case.label.state is LabelState.REFUSED


def test_a_parcel_of_the_buyers_own_is_asked_about_at_once_and_then_every_day() -> None:
    story = Story()
    story.open(kind=Kind.RETURN)
    story.assess(Verdict.APPROVE)
    assert story.case.errand_at is None
    story.ship()
    assert story.case.errand_at == NOON
    story.scan(TrackingStatus.IN_TRANSIT)
    assert story.case.errand_at == NOON + DAY
    story.arrive()
    assert story.case.errand_at is None


def test_what_says_nothing_is_not_noted() -> None:
    story = Story()
    story.open(kind=Kind.RETURN)
    story.assess(Verdict.APPROVE)
    story.ship()
    assert story.scan(TrackingStatus.UNKNOWN, TrackingStatus.ERROR, at=NOON + 1) is None


def test_a_buyer_need_not_wait_for_the_label() -> None:
    story = ordered()
    story.ship()
    assert (story.case.status, story.case.waiting_on) == (Status.RETURN_IN_TRANSIT, WaitingOn.CARRIER)


def test_goods_that_cross_a_border_have_longer() -> None:
    story = Story(order=an_addressed_order(shipping_address=BERLIN))
    assert crosses_border(story.order)
    story.open(kind=Kind.RETURN)
    story.assess(Verdict.APPROVE)
    assert story.case.deadline_at == NOON + 9 * DAY
