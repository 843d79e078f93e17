"""What the carrier says adds up to the same whatever the order in which it is heard."""

from itertools import combinations_with_replacement, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.parcel import Parcel, Scan, TrackingStatus, merge, merge_all

HOUR = 3_600_000
POSTED = Parcel(carrier="usps", tracking_code="9400111206206406260787")

LABEL = Scan(status=TrackingStatus.PRE_TRANSIT, at=1 * HOUR)
ACCEPTED = Scan(status=TrackingStatus.IN_TRANSIT, at=2 * HOUR, weight=900)
MISSED = Scan(status=TrackingStatus.FAILURE, at=3 * HOUR)
VAN = Scan(status=TrackingStatus.OUT_FOR_DELIVERY, at=4 * HOUR, weight=450)
DOORSTEP = Scan(status=TrackingStatus.DELIVERED, at=5 * HOUR)
SIGNATURE = Scan(status=TrackingStatus.DELIVERED, at=30 * HOUR)
TURNED = Scan(status=TrackingStatus.RETURN_TO_SENDER, at=4 * HOUR)

scans = st.builds(
    Scan,
    status=st.sampled_from(TrackingStatus),
    at=st.integers(1, 5),
    weight=st.none() | st.integers(1, 3),
)


@pytest.mark.parametrize(
    "five",
    [
        (LABEL, ACCEPTED, MISSED, VAN, DOORSTEP),
        (ACCEPTED, MISSED, VAN, DOORSTEP, SIGNATURE),
        (LABEL, ACCEPTED, VAN, TURNED, DOORSTEP),
    ],
    ids=["delivered", "delivered twice", "returned"],
)
def test_every_order_of_five_scans_with_repeats_ends_the_same(five: tuple[Scan, ...]) -> None:
    """All 120 orders, and of each all 126 ways to hear five of them once more somewhere later."""
    expected = merge_all(POSTED, five)
    for order in permutations(five):
        once = merge_all(POSTED, order)
        assert once == expected
        for repeats in combinations_with_replacement(order, 5):
            assert merge_all(once, repeats) == expected


@given(st.lists(scans, min_size=5, max_size=5), st.data())
def test_any_five_scans_in_any_order_with_repeats_end_the_same(five: list[Scan], data: st.DataObject) -> None:
    expected = merge_all(POSTED, five)
    for order in permutations(five):
        assert merge_all(POSTED, order) == expected
    repeated = data.draw(st.permutations(five + data.draw(st.lists(st.sampled_from(five)))))
    assert merge_all(POSTED, repeated) == expected


def test_what_was_delivered_does_not_go_back_to_in_transit() -> None:
    delivered = merge(POSTED, DOORSTEP)
    late = Scan(status=TrackingStatus.IN_TRANSIT, at=9 * HOUR)
    assert merge(delivered, late).status is TrackingStatus.DELIVERED


@pytest.mark.parametrize(("first", "second"), [*product(TrackingStatus, repeat=2)])
def test_no_scan_takes_a_handover_back(first: TrackingStatus, second: TrackingStatus) -> None:
    before = merge_all(POSTED, [DOORSTEP, Scan(status=first, at=6 * HOUR)])
    after = merge(before, Scan(status=second, at=7 * HOUR))
    assert after.status in (TrackingStatus.DELIVERED, TrackingStatus.RETURN_TO_SENDER)
    assert after.delivered_at == DOORSTEP.at


def test_a_parcel_that_turned_around_stays_so_when_its_sender_has_it_back() -> None:
    assert merge_all(POSTED, [TURNED, DOORSTEP]).status is TrackingStatus.RETURN_TO_SENDER


def test_a_missed_delivery_is_over_once_the_parcel_moves_again() -> None:
    assert merge_all(POSTED, [ACCEPTED, MISSED]).status is TrackingStatus.FAILURE
    assert merge_all(POSTED, [VAN, MISSED]).status is TrackingStatus.OUT_FOR_DELIVERY


def test_a_label_is_no_scan() -> None:
    labelled = merge(POSTED, LABEL)
    assert (labelled.status, labelled.first_scan_at) == (TrackingStatus.PRE_TRANSIT, None)
    assert merge_all(labelled, [VAN, ACCEPTED]).first_scan_at == ACCEPTED.at


def test_a_cancelled_label_that_is_scanned_all_the_same_moves() -> None:
    cancelled = merge(POSTED, Scan(status=TrackingStatus.CANCELLED, at=9 * HOUR))
    assert merge(cancelled, ACCEPTED).status is TrackingStatus.IN_TRANSIT


def test_a_repeated_delivery_scan_gives_nobody_more_time() -> None:
    assert merge_all(POSTED, [SIGNATURE, DOORSTEP]).delivered_at == DOORSTEP.at


def test_the_latest_weight_counts() -> None:
    assert merge_all(POSTED, [VAN, ACCEPTED]).weight == 450
