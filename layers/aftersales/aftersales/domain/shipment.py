"""Parcels of a case under labels that the platform pays: where one is offered, what a carrier is asked for, and what it
answered.

    ordered ── bought ──► the goods go under it
       │         └── not used ──► given back
       └────── refused, or not sold for a day ──► the buyer's own parcel, as where no label is offered
"""

from collections.abc import Iterable
from dataclasses import replace

from aftersales.domain import ledger as books
from aftersales.domain.case import Case, Shipment
from aftersales.domain.label import (
    Customs,
    CustomsItem,
    Label,
    LabelLeg,
    LabelOrder,
    LabelRefused,
    LabelState,
    Package,
    SpareLabel,
)
from aftersales.domain.ledger import Ledger, ReservedUnits
from aftersales.domain.lifecycle import Act, Change, change, require
from aftersales.domain.money import Money
from aftersales.domain.order import Line, Order
from aftersales.domain.parcel import Parcel, Scan, TrackingStatus, merge_all
from aftersales.domain.parties import SYSTEM
from aftersales.domain.policy import Policy
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import Event
from aftersales.domain.tracking_code import FORMS, fits, plain

# Of a number that no carrier knows yet, told anew each time that it is asked about.
_SAYS_NOTHING = frozenset({TrackingStatus.UNKNOWN, TrackingStatus.ERROR})
# Why there is no label although no carrier refused it: the order has lost an address since, or nobody sold one.
ADDRESS_MISSING, CARRIER_SILENT = "address_missing", "carrier_silent"


def crosses_border(order: Order) -> bool:
    """Whether what comes back goes from one country to another, as far as the addresses are known."""
    start, end = order.shipping_address, order.return_address
    return start is not None and end is not None and start.country != end.country


def offers_label(policy: Policy, order: Order, line_ids: Iterable[str]) -> bool:
    """Whether the platform buys the label for these lines: both ends are known, parcels from there are offered one, and
    where there is a border between them it is known where the goods were made."""
    start, end = order.shipping_address, order.return_address
    if start is None or end is None or start.country not in policy.returns.labels.countries:
        return False
    lines = (order.line(line_id) for line_id in line_ids)
    return not crosses_border(order) or all(line.origin_country for line in lines if line)


def label_order(case: Case, order: Order, policy: Policy) -> LabelOrder | None:
    """What the carrier is asked for, under an id that never changes; nothing where an address is gone since.

    Made anew for each question: so no address is kept in the case, where nobody would erase it.
    """
    start, end = order.shipping_address, order.return_address
    if start is None or end is None:
        return None
    goods = [(line, units) for units in case.claim.units if (line := order.line(units.line_id)) is not None]
    weights = [_weight(line, units, policy) for line, units in goods]
    items = tuple(
        _customs_item(line, units, weight, case.currency)
        for (line, units), weight in zip(goods, weights, strict=True)
    )
    return LabelOrder(
        shipment_id=label_order_id(case),
        ordered_at=_leg(case).ordered_at,
        from_address=start,
        to_address=end,
        package=Package(weight=sum(weights)),
        customs=Customs(signer=start.name, items=items) if crosses_border(order) else None,
    )


def label_order_id(case: Case) -> str:
    """The id that the carriers know the order by."""
    return f"{case.case_id}-{_shipment(case).shipment_id}"


def record_label(
    case: Case, ledger: Ledger, answer: Label | LabelRefused, *, policy: Policy, now: int
) -> Change | None:
    """What the carrier said to the order; nothing where none waits for it. The number under which the goods go is this
    case's alone."""
    require(Act.RECORD_LABEL, case)
    if not case.label_due:
        return None
    if isinstance(answer, LabelRefused):
        return without_label(case, ledger, answer.reason, policy=policy, now=now)
    parcel = Parcel(carrier=answer.carrier, tracking_code=answer.tracking_code)
    leg = replace(_leg(case), state=LabelState.BOUGHT, label=answer)
    after = _with(case, replace(_shipment(case), label=leg, parcel=parcel))
    data = {"carrier": answer.carrier, "cost": answer.cost.amount, "currency": answer.cost.currency}
    bought = change(case, after, Event.LABEL_BOUGHT, SYSTEM, now, policy, data)
    return replace(bought, parcel=parcel)


def named_parcel(carrier: str, tracking_code: str) -> Parcel:
    """The parcel that somebody has given to a carrier. Raises `tracking_code_invalid`."""
    if not fits(carrier, tracking_code):
        raise Refusal(
            Code.TRACKING_CODE_INVALID,
            "This is no number of a parcel of that carrier.",
            carriers=sorted(FORMS),
        )
    return Parcel(carrier=carrier, tracking_code=plain(tracking_code))


def settle_label(
    case: Case, given_back: Iterable[SpareLabel], *, kept: bool, policy: Policy, now: int
) -> Change | None:
    """What was bought under the order and is not needed was given back; nothing where that is known. `kept` is whether
    the label that the case has recorded was left out of it.

    A later look finds what became of those that the carrier had only taken note of.
    """
    require(Act.SETTLE_LABEL, case)
    if case.label is None:
        return None
    state = case.label.state if kept or case.label.state is LabelState.REFUSED else LabelState.VOIDED
    leg = replace(case.label, state=state, settled=True, given_back=tuple(given_back))
    if leg == case.label:
        return None
    event = Event.LABEL_VOIDED if state is LabelState.VOIDED else Event.LABEL_SETTLED
    cost = leg.label.cost if leg.label and kept else None
    data = {
        "kept": cost.amount if cost else 0,
        "given_back": [
            {"cost": one.label.cost.amount, "currency": one.label.cost.currency, "void": one.void}
            for one in leg.given_back
        ],
    }
    return change(case, _with(case, replace(_shipment(case), label=leg)), event, SYSTEM, now, policy, data)


def scanned(shipment: Shipment, scans: Iterable[Scan]) -> Shipment:
    """The shipment after these scans. Goods under a label were sent when their carrier first had them in hand; when
    they were delivered its carrier knows best, whoever has said so before."""
    assert shipment.parcel  # noqa: S101 - scans are of a number that the case has named
    parcel = merge_all(shipment.parcel, (scan for scan in scans if scan.status not in _SAYS_NOTHING))
    sent_at = parcel.first_scan_at if shipment.under_label else shipment.sent_at
    arrived_at = shipment.arrived_at if parcel.delivered_at is None else parcel.delivered_at
    return replace(shipment, parcel=parcel, sent_at=sent_at, arrived_at=arrived_at)


def label_overdue(case: Case, *, policy: Policy, now: int) -> Change:
    """Nobody has sold it yet: the carrier is asked again."""
    leg = replace(_leg(case), inquiries=_leg(case).inquiries + 1)
    after = _with(case, replace(_shipment(case), label=leg))
    return change(case, after, Event.LABEL_OVERDUE, SYSTEM, now, policy, {"inquiries": leg.inquiries})


def without_label(case: Case, ledger: Ledger, reason: str, *, policy: Policy, now: int) -> Change:
    """There will be no label: the buyer sends the goods by a carrier of their own choice, and has the whole time for
    it."""
    leg = replace(_leg(case), state=LabelState.REFUSED, refused=reason)
    paid_by_buyer, held = without_freight(case, ledger)
    after = _with(paid_by_buyer, replace(_shipment(case), label=leg))
    data = {"reason_code": reason}
    return change(case, after, Event.LABEL_REFUSED, SYSTEM, now, policy, data, ledger=held)


def without_freight(case: Case, ledger: Ledger) -> tuple[Case, Ledger | None]:
    """The case whose buyer pays the carrier, and so bears no freight besides: what was kept for it is owed too, and
    held; nothing moves where none was kept. What has left the payments by another way since stays kept."""
    freight = case.fees.freight
    held, more = books.reserve_money(ledger, freight)
    if not more:
        return case, None
    waived = sum(part.amount for part in more)
    assert case.decision  # noqa: S101 - goods are awaited only once somebody has approved
    return replace(
        case,
        fees=replace(case.fees, freight=freight - waived),
        claim=replace(case.claim, money=books.plus(case.claim.money, more)),
        owed=books.plus(case.owed, more),
        decision=replace(case.decision, amount=case.decision.amount + waived),
    ), held


def _weight(line: Line, units: ReservedUnits, policy: Policy) -> int:
    return (line.weight or policy.returns.labels.unit_weight) * len(units.units)


def _customs_item(line: Line, units: ReservedUnits, weight: int, currency: str) -> CustomsItem:
    return CustomsItem(
        description=line.title,
        quantity=len(units.units),
        value=Money(units.amount, currency),
        weight=weight,
        origin_country=line.origin_country,
        hs_tariff_number=line.hs_tariff_number,
    )


def _shipment(case: Case) -> Shipment:
    assert case.returning  # noqa: S101 - only what is on its way has a label
    assert case.returning.shipment  # noqa: S101
    return case.returning.shipment


def _leg(case: Case) -> LabelLeg:
    assert case.label  # noqa: S101 - nobody asks for a label that was not ordered
    return case.label


def _with(case: Case, shipment: Shipment) -> Case:
    assert case.returning  # noqa: S101
    return replace(case, returning=replace(case.returning, shipment=shipment))
