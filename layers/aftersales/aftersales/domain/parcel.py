"""A parcel under way: what its carrier's scans add up to, whatever the order in which they arrive."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from aftersales.domain.tracking_code import number


class TrackingStatus(StrEnum):
    """What a carrier says of a parcel, in the words of https://docs.easypost.com/docs/trackers."""

    UNKNOWN = "unknown"
    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    RETURN_TO_SENDER = "return_to_sender"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    ERROR = "error"


# A higher rank never gives way to a lower one, whenever either was scanned: delivered does not go back to in transit.
# What moves is of one rank, and there the latest scan counts: a parcel that failed to be delivered and is on the road
# again is not lost. A parcel that turned around is "delivered" once more, to whoever sent it, so turning around is
# last. A label that was cancelled and is scanned all the same is a parcel that moves.
_RANK = {
    TrackingStatus.UNKNOWN: 0,
    TrackingStatus.ERROR: 0,
    TrackingStatus.PRE_TRANSIT: 1,
    TrackingStatus.CANCELLED: 2,
    TrackingStatus.IN_TRANSIT: 3,
    TrackingStatus.OUT_FOR_DELIVERY: 3,
    TrackingStatus.AVAILABLE_FOR_PICKUP: 3,
    TrackingStatus.FAILURE: 3,
    TrackingStatus.DELIVERED: 4,
    TrackingStatus.RETURN_TO_SENDER: 5,
}
_MOVED = _RANK[TrackingStatus.IN_TRANSIT]
# Of scans of one rank and one moment the later in this list counts, so that their order of arrival does not.
_PLACE = {status: place for place, status in enumerate(TrackingStatus)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One word of a carrier: `at` is when the parcel was scanned, `weight` in grams if it was weighed there."""

    status: TrackingStatus
    at: int
    weight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel and what is known of its way. Times are epoch milliseconds of scans, never of their arrival here.

    `first_scan_at` is when the carrier had it in hand, `delivered_at` when it was first handed over, which a repeated
    delivery scan does not move; `weight` is the latest that the carrier measured, in grams.
    """

    carrier: str
    tracking_code: str
    status: TrackingStatus = TrackingStatus.UNKNOWN
    status_at: int = 0
    first_scan_at: int | None = None
    delivered_at: int | None = None
    weight: int | None = None
    weighed_at: int = 0

    @property
    def number(self) -> str:
        """What names it, however its code was read."""
        return number(self.carrier, self.tracking_code)


def merge(parcel: Parcel, scan: Scan) -> Parcel:
    """The parcel after one more scan: the same for every order of the same scans, repeats or not.

    Each field is a maximum or a minimum over a total order of the scans, which is what makes it so.
    """
    if _height(scan.status, scan.at) > _height(parcel.status, parcel.status_at):
        parcel = replace(parcel, status=scan.status, status_at=scan.at)
    if _RANK[scan.status] >= _MOVED:
        parcel = replace(parcel, first_scan_at=_earlier(parcel.first_scan_at, scan.at))
    if scan.status is TrackingStatus.DELIVERED:
        parcel = replace(parcel, delivered_at=_earlier(parcel.delivered_at, scan.at))
    if scan.weight is not None and (scan.at, scan.weight) > (parcel.weighed_at, parcel.weight or 0):
        parcel = replace(parcel, weight=scan.weight, weighed_at=scan.at)
    return parcel


def merge_all(parcel: Parcel, scans: Iterable[Scan]) -> Parcel:
    """The parcel after all of these scans."""
    return reduce(merge, scans, parcel)


def _height(status: TrackingStatus, at: int) -> tuple[int, int, int]:
    return _RANK[status], at, _PLACE[status]


def _earlier(known: int | None, seen: int) -> int:
    return seen if known is None else min(known, seen)
