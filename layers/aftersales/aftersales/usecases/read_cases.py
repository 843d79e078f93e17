"""A case, its timeline, and the lists of cases that a party may see."""

from collections.abc import Mapping

from aftersales.domain.address import Address
from aftersales.domain.case import Case, Status, WaitingOn
from aftersales.domain.label import Label
from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import Entry
from aftersales.usecases.commit import admit, known_order, reviews_own
from aftersales.usecases.ports import Desk, Page


def read_case(desk: Desk, case_id: str, party: Party) -> Case:
    """The case, for its parties and the reviewers."""
    return admit(party, desk.store.case(case_id))


def read_label(desk: Desk, case_id: str, buyer: Party) -> Label:
    """The label that the platform has bought for the goods that go back."""
    leg = read_case(desk, case_id, buyer).label
    if leg is None or leg.label is None:
        raise Refusal(Code.LABEL_NOT_READY, "No label has been bought for this case.")
    return leg.label


def read_addresses(desk: Desk, case_id: str, party: Party) -> tuple[Address | None, Address | None]:
    """Where the case's parcel starts and ends, for its two sides and only while one is due. Raises `no_parcel_due`."""
    case = read_case(desk, case_id, party)
    if not case.parcel_awaited:
        raise Refusal(Code.NO_PARCEL_DUE, "Addresses are shown while goods are on their way, or about to be.")
    order, _ = known_order(desk, case.order_id)
    return order.shipping_address, order.return_address


def read_timeline(desk: Desk, case_id: str, party: Party, *, after: int, limit: int) -> Page[Entry]:
    """Entries oldest first. The cursor is the `seq` of the last one read."""
    read_case(desk, case_id, party)
    entries = desk.store.timeline(case_id, after=after, limit=limit)
    return Page(entries, str(entries[-1].seq) if len(entries) == limit else None)


def list_cases(
    desk: Desk, party: Party, *, limit: int, cursor: str | None, filters: Mapping[str, str]
) -> Page[Case]:
    """A party's cases, newest first; the reviewers' queue by deadline, the longest overdue first.

    Filters are applied to what was read, page by page, so a page may hold fewer cases than `limit` and still
    have a successor; no request reads more than one page of the index.
    """
    if party.role is Role.REVIEWER:
        page = desk.store.cases_waiting(WaitingOn.PLATFORM, Status.DISPUTED, limit=limit, cursor=cursor)
    else:
        page = desk.store.cases_of(party, limit=limit, cursor=cursor)
    kept = [
        case
        for case in page.items
        if not reviews_own(party, case) and all(_matches(case, *one) for one in filters.items())
    ]
    return Page(kept, page.next_cursor)


def _matches(case: Case, name: str, wanted: str) -> bool:
    return str(getattr(case, name)) == wanted
