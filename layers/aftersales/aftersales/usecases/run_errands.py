"""What there is to do at the carriers beside the execution of a case: labels are settled, parcels asked about.

Due by data, like deadlines: a case that is to be looked at says when (`Case.errand_at`), in the very write that makes
it so. A worker that dies leaves it due.
"""

from aftersales.domain.calendar import DAY, HOUR
from aftersales.domain.case import VOIDS_DECIDED, Case
from aftersales.domain.label import LabelState
from aftersales.domain.shipment import label_order_id, settle_label
from aftersales.usecases.commit import change_case, for_each
from aftersales.usecases.hear_carrier import record_scans
from aftersales.usecases.ports import Carriers, Desk, OutcomeUnknown
from aftersales.usecases.void_spare_labels import void_spare_labels

# A case takes at most a handful of calls, and the next run takes what this one did not.
_PER_RUN = 30


def run_errands(desk: Desk, carriers: Carriers) -> int:
    """Run every errand that is due; answers how many there were."""
    return for_each(
        list(desk.store.errands(desk.now(), _PER_RUN)), lambda case_id: run_errand(desk, carriers, case_id)
    )


def run_errand(desk: Desk, carriers: Carriers, case_id: str) -> None:
    """Settle the case's label and ask where its parcel is. The index may be behind: a case that needs nothing by now is
    left alone. Repeatable. Raises `OutcomeUnknown`, after which it is due again within the hour."""
    case = desk.store.case(case_id)
    if case is None or not _is_due(case, desk.now()):
        return
    try:
        case = _ask_about_parcel(desk, carriers, _settle_label(desk, carriers, case))
    except OutcomeUnknown:
        desk.store.put_off_errand(case, desk.now() + HOUR)
        raise
    if _is_due(case, desk.now()):
        desk.store.put_off_errand(case, _again_at(case, desk.now()))


def _is_due(case: Case, now: int) -> bool:
    return case.errand_at is not None and case.errand_at <= now


def _again_at(case: Case, now: int) -> int:
    """Parcels move daily; over labels carriers take longer, and one that is to be settled later than now is."""
    again = now + (DAY if case.parcel_awaited else VOIDS_DECIDED)
    return min(again, at) if (at := case.label_errand_at) and at > now else again


def _settle_label(desk: Desk, carriers: Carriers, case: Case) -> Case:
    """Whatever was bought under the order and is not needed is given back, before it is written that it was:

    worker   read: not needed ─ give back ──────────── write   a scan in between finds the label given back; then the
    carrier                             └ scanned              carrier refuses, which a later look finds
    """
    leg = case.label
    if leg is None or case.label_errand_at is None or case.label_errand_at > desk.now():
        return case
    kept = case.label_needed and leg.state is LabelState.BOUGHT
    mine = leg.label.provider_shipment_id if leg.label and kept else None
    given_back = void_spare_labels(carriers, label_order_id(case), leg.ordered_at, mine)
    return change_case(
        desk,
        case.case_id,
        lambda read: settle_label(read.case, given_back, kept=kept, policy=read.policy, now=desk.now()),
    )


def _ask_about_parcel(desk: Desk, carriers: Carriers, case: Case) -> Case:
    """All that its carrier knows; from the first question on its events come by themselves."""
    parcel = case.shipment.parcel if case.shipment else None
    if parcel is None or not case.parcel_awaited:
        return case
    return record_scans(desk, case.case_id, parcel, carriers.tracking(parcel))
