"""A carrier reports what it has seen of a parcel."""

from collections.abc import Iterable

from aftersales.domain import returns
from aftersales.domain.case import Case
from aftersales.domain.parcel import Parcel, Scan
from aftersales.usecases.commit import change_case
from aftersales.usecases.hear_provider import Heard
from aftersales.usecases.ports import CarrierEvent, Desk


def hear_carrier(desk: Desk, event: CarrierEvent) -> Heard:
    """Merge the scans into the parcel of whichever case has named it.

    What is late, repeated or out of order merges to the same, so no event is remembered. One of a parcel that is
    nobody's yet, because its label is still being recorded, need not come again: the next one tells all its scans.
    """
    parcel = Parcel(carrier=event.carrier, tracking_code=event.tracking_code)
    case_id = desk.store.case_of_parcel(parcel.carrier, parcel.tracking_code) if event.scans else None
    if case_id is None:
        return Heard.FOREIGN
    record_scans(desk, case_id, parcel, event.scans)
    return Heard.RECORDED


def record_scans(desk: Desk, case_id: str, parcel: Parcel, scans: Iterable[Scan]) -> Case:
    """Book what the carrier has seen, in one transaction; old news changes nothing."""
    seen = tuple(scans)
    return change_case(
        desk,
        case_id,
        lambda read: returns.record_scans(
            read.case, read.ledger, parcel.number, seen, policy=read.policy, now=desk.now()
        ),
    )
