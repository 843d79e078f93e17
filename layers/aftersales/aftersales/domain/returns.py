"""How goods come back: sent, on their way, arrived, looked at; and what that makes of the money.

    awaiting_return ── sent ──► return_in_transit ── arrived ──► return_received ── all well ──► the refund
          │                            │                               │
          └─ never sent: expired       └─ never came: disputed         └─ inspection_failed ── accepted ──► the refund
                 └─ it came after all: return_received                        └─ disputed ──► a reviewer decides

The refund follows what the seller accepted, unit by unit. What the seller would deduct is an offer to the buyer; what
no count can say, the seller brings before a reviewer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from aftersales.domain import ledger as books
from aftersales.domain.advance import with_advance
from aftersales.domain.case import (
    Case,
    Decision,
    Dispute,
    InspectedLine,
    Offer,
    OfferState,
    Receipt,
    ReturnLeg,
    ReturnState,
    Review,
    Shipment,
    Status,
)
from aftersales.domain.evidence import EvidenceState
from aftersales.domain.exchange import forgone, goods_are_back, replacement_scanned
from aftersales.domain.ledger import Ledger, Reservation, ReservedUnits
from aftersales.domain.lifecycle import (
    GOODS_AWAITED,
    Act,
    Change,
    booked,
    change,
    closed,
    not_possible,
    offers_closed,
    refuse_charging,
    require,
    reserve_again,
    told,
    total,
)
from aftersales.domain.money import step
from aftersales.domain.order import SHIPPING
from aftersales.domain.parcel import Scan, TrackingStatus
from aftersales.domain.parties import CARRIER, SYSTEM, Party, Role
from aftersales.domain.policy import Policy, Verdict, pays_shipping
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.shipment import named_parcel, scanned, without_freight
from aftersales.domain.timeline import Event

# Its buyer, or time, has ended the case although it was approved.
_GIVEN_UP = frozenset({Status.EXPIRED, Status.CANCELLED})
_OTHER_SIDE = {Role.BUYER: Role.SELLER, Role.SELLER: Role.BUYER}


def ship_return(
    case: Case, ledger: Ledger, carrier: str, tracking_code: str, *, by: Party, policy: Policy, now: int
) -> Change:
    """The buyer has given the parcel to a carrier of their own choice, and pays it.

    The change holds the parcel's number: it can be that of no other case. Raises `tracking_code_invalid`.
    """
    require(Act.SHIP_RETURN, case, by)
    parcel = named_parcel(carrier, tracking_code)
    shipment = replace(_leg(case).shipment or Shipment(shipment_id="s1"), parcel=parcel, sent_at=now)
    paid_by_buyer, held = without_freight(case, ledger)
    after = _with_leg(paid_by_buyer, ReturnState.IN_TRANSIT, shipment=shipment)
    sent = change(case, after, Event.PARCEL_SENT, by, now, policy, {"carrier": carrier}, ledger=held)
    return replace(sent, parcel=parcel)


def confirm_arrival(case: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change | None:
    """The parcel is with its seller, who now has time to look at it; nothing where that was said before.

    Goods that come when nobody waited for them any more bring their case back, and are held once more.
    """
    require(Act.CONFIRM_ARRIVAL, case, by)
    refuse_arrival(case)
    leg = _leg(case)
    if leg.state is ReturnState.ARRIVED:
        return None
    shipment = replace(leg.shipment, arrived_at=now) if leg.shipment else None
    after = _with_leg(case, ReturnState.ARRIVED, shipment=shipment)
    if case.status is Status.EXPIRED:
        return _reopened(case, after, ledger, by=by, policy=policy, now=now)
    if case.status is Status.COMPLETED:
        return _reviewed_again(case, after, ledger, by=by, policy=policy, now=now)
    return change(case, after, Event.PARCEL_ARRIVED, by, now, policy)


def refuse_arrival(case: Case) -> None:
    """Raises `act_not_possible` where the case is over and its buyer is owed nothing for goods that come."""
    if case.status is Status.COMPLETED and not _is_owed_for(case):
        raise not_possible(case, f"A case that is {case.status} cannot take this step.")


def record_scans(
    case: Case, ledger: Ledger, number: str, scans: Iterable[Scan], *, policy: Policy, now: int
) -> Change | None:
    """What a carrier has seen of the parcel under that number; nothing where it is old news, or of another parcel.

    What follows depends on all scans together and not on the last, so that their order of arrival makes no difference.
    """
    require(Act.RECORD_SCANS, case)
    before = _leg(case).shipment
    if before is None or before.parcel is None or before.parcel.number != number:
        return replacement_scanned(case, number, scans, policy=policy, now=now)
    shipment = scanned(before, scans)
    if shipment == before or shipment.parcel is None:
        return None
    parcel = shipment.parcel
    data = {"status": parcel.status, "scanned_at": parcel.status_at} | (
        {"weight": parcel.weight} if parcel.weight else {}
    )
    seen = _with_leg(case, _leg(case).state, shipment=shipment)
    if parcel.status is TrackingStatus.RETURN_TO_SENDER:
        if case.status in GOODS_AWAITED:
            after = contested(seen, CARRIER, now)
            return change(case, after, Event.PARCEL_TURNED_BACK, CARRIER, now, policy, data)
    elif parcel.delivered_at is not None:
        if case.parcel_awaited:
            after = _with_leg(seen, ReturnState.ARRIVED)
            return change(case, after, Event.PARCEL_ARRIVED, CARRIER, now, policy, data)
        if before.parcel.delivered_at is None and _is_owed_for(case):
            return _late(case, seen, ledger, policy=policy, now=now)
    elif parcel.first_scan_at is not None and case.parcel_awaited:
        # Nobody need be asked any more where a parcel is that its carrier has in hand.
        sent = replace(_with_leg(seen, ReturnState.IN_TRANSIT), warn_at=None)
        after = with_advance(sent, ledger)
        if after is not sent:
            told_ahead = {**data, "amount": total(case.owed)}
            return change(case, after, Event.ADVANCE_GRANTED, CARRIER, now, policy, told_ahead)
        event = Event.PARCEL_SENT if case.status is Status.AWAITING_RETURN else Event.PARCEL_SCANNED
        return change(case, sent, event, CARRIER, now, policy, data)
    return change(case, seen, Event.PARCEL_SCANNED, CARRIER, now, policy, data)


def lose_parcel(case: Case, ledger: Ledger, *, policy: Policy, now: int) -> Change:
    """A parcel under the platform's label has not come in its carrier's time: that is not the buyer's loss."""
    after = goods_are_back(_with_leg(case, ReturnState.CLOSED))
    data = {"amount": total(case.payable)}
    return change(
        case, after, Event.PARCEL_LOST, SYSTEM, now, policy, data, ledger=booked(case, after, ledger)
    )


def confirm_receipt(
    case: Case,
    ledger: Ledger,
    lines: Sequence[InspectedLine],
    note: str,
    *,
    by: Party,
    policy: Policy,
    now: int,
) -> Change:
    """The seller has counted and looked: what is accepted is refunded, and for the rest an offer is made.

    Raises `deduction_above_terms`; `evidence_needed` where nobody can see on a photo of the seller's what is wrong; and
    `parcel_not_arrived` where goods are missed that were not sent yet, or that their carrier has in hand: the buyer's
    silence would mean nothing then.
    """
    require(Act.CONFIRM_RECEIPT, case, by)
    found = _counted(case, ledger, lines)
    _refuse_unseen(case, found)
    receipt = Receipt(by=by, at=now, lines=found, note=note)
    if _as_announced(case, found):
        return _accepted(case, ledger, receipt, policy)
    if not _may_be_there(_leg(case)):
        raise Refusal(
            Code.PARCEL_NOT_ARRIVED,
            "Nobody has sent a parcel yet, or its carrier has not delivered it: goods can be accepted as a whole.",
        )
    amount = _due(case, ledger, found, policy)
    offer = Offer(
        offer_id=f"o{len(case.offers) + 1}", by=by, at=now, kind=case.kind, amount=amount, note=note
    )
    after = _with_leg(
        replace(case, offers=(*case.offers, offer)), ReturnState.INSPECTION_FAILED, receipt=receipt
    )
    data = {"offer_id": offer.offer_id, "amount": amount, "note": note, "lines": list(map(_told_line, found))}
    return change(case, after, Event.DEDUCTION_PROPOSED, by, now, policy, data)


def receive_as_announced(case: Case, ledger: Ledger, *, policy: Policy, now: int) -> Change:
    """The seller had the parcel and said nothing: all of it came, and all of it is well."""
    found = tuple(
        InspectedLine(line_id=line_id, accepted=len(units.units)) for line_id, units in _goods(case).items()
    )
    return _accepted(case, ledger, Receipt(by=SYSTEM, at=now, lines=found), policy)


def accept_deduction(case: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer agrees with what the seller found, or has said nothing to it. What never came may be claimed again,
    unless money went ahead for it: that is a debt then."""
    leg, offer = _leg(case), case.offers[-1]
    decision = Decision(
        verdict=Verdict.APPROVE,
        by=by,
        at=now,
        reason_code="deduction_accepted",
        note=offer.note,
        amount=offer.amount,
        policy_version=case.policy_version,
    )
    agreed = replace(
        _with_leg(_for_money(case, now), ReturnState.CLOSED),
        decision=decision,
        offers=offers_closed(case, OfferState.ACCEPTED),
    )
    data = {**told(decision), "offer_id": offer.offer_id}
    if not offer.amount:
        return closed(
            case, agreed, Review.CLOSED_DECLINED, Event.DEDUCTION_ACCEPTED, ledger, by, now, policy, data
        )
    assert leg.receipt  # noqa: S101 - a deduction is proposed with what was found
    came, missing = _split_by_arrival(case, ledger, leg.receipt.lines, policy)
    owed = books.split_over_payments(offer.amount, case.owed)
    if case.sent:
        after = replace(agreed, owed=owed)
        held = booked(case, after, ledger)
        return change(case, after, Event.DEDUCTION_ACCEPTED, by, now, policy, data, ledger=held)
    freed = Reservation(units=missing, money=books.less(case.owed, owed))
    after = replace(agreed, owed=owed, claim=replace(case.claim, units=came))
    return change(
        case,
        after,
        Event.DEDUCTION_ACCEPTED,
        by,
        now,
        policy,
        data,
        ledger=books.release(ledger, freed),
    )


def dispute_deduction(
    case: Case, _ledger: Ledger | None = None, *, text: str = "", by: Party, policy: Policy, now: int
) -> Change:
    """The buyer does not agree with what the seller found: a reviewer decides, once the seller has answered."""
    after = contested(replace(case, offers=offers_closed(case, OfferState.REFUSED)), by, now)
    return change(case, after, Event.CASE_DISPUTED, by, now, policy, {"text": text})


def dispute_return(case: Case, text: str, *, by: Party, policy: Policy, now: int) -> Change:
    """What came back is bad in a way that no count can say: its seller shows it to a reviewer, and the buyer answers.

    Raises `evidence_needed`.
    """
    require(Act.DISPUTE_RETURN, case, by)
    if not _shown(case):
        raise _evidence_needed()
    return change(case, contested(case, by, now), Event.CASE_DISPUTED, by, now, policy, {"text": text})


def contested(case: Case, by: Party, now: int) -> Case:
    """The case before the reviewers: what was granted is what is at stake now, and still held."""
    return replace(
        _with_leg(_for_money(case, now), ReturnState.CLOSED),
        review=Review.UNDER_REVIEW,
        dispute=Dispute(opened_by=by, opened_at=now, turn=_OTHER_SIDE.get(by.role)),
        granted=case.owed,
        owed=(),
    )


def _for_money(case: Case, now: int) -> Case:
    """Where it is disputed what came back, or less did, money settles it and no other goods."""
    return forgone(case, now) if case.exchange and not case.exchange.end else case


def _is_owed_for(case: Case) -> bool:
    """Whether its buyer has neither goods nor money, or owes what went ahead or has paid it, once they are delivered:
    it was given up, or a reviewer decided without them."""
    collected = case.exchange.collected if case.exchange else 0
    owed_ahead = case.status is Status.COMPLETED and (case.debt or collected)
    against = case.status is Status.CLOSED_DECLINED or owed_ahead
    unseen = against and _leg(case).receipt is None and case.appeal is None
    return case.status in _GIVEN_UP or bool(unseen)


def _late(case: Case, seen: Case, ledger: Ledger, *, policy: Policy, now: int) -> Change:
    """Goods were delivered after their case had ended. It goes on, before another reviewer where one has declined it;
    where another case has the units or the money by now, or a bank looks at the payment, an operator is told."""
    arrived = _with_leg(seen, ReturnState.ARRIVED)
    reopened = _reopened if case.status in _GIVEN_UP else _reviewed_again
    try:
        return reopened(case, arrived, ledger, by=CARRIER, policy=policy, now=now)
    except Refusal as refusal:
        return change(case, seen, Event.PARCEL_LATE, CARRIER, now, policy, {"reason_code": refusal.code})


def _reopened(case: Case, after: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """A case that was given up and whose goods came after all owes what it owed, held once more: its very units, and
    the money from where it is by now. Raises `units_unavailable`, `money_unavailable` where another case has them."""
    assert case.decision  # noqa: S101 - goods are awaited only once somebody has approved
    held, owed = books.reserve_again(ledger, case.claim.units, case.decision.amount)
    rest = books.less(case.claim.money, books.split_over_payments(case.decision.amount, case.claim.money))
    after = replace(
        goods_are_back(after),
        review=Review.APPROVED,
        owed=owed,
        claim=replace(case.claim, money=books.plus(owed, rest)),
        run=case.run + 1,
    )
    data = {"amount": case.decision.amount}
    return change(case, after, Event.RETURN_REOPENED, by, now, policy, data, ledger=held)


def _reviewed_again(
    case: Case, after: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int
) -> Change:
    """What was decided, or ended, without the goods is looked at once more, all of it held again unless it went ahead.
    Raises as above, and `charge_under_way`."""
    refuse_charging(case)
    if case.status is Status.COMPLETED:
        rest = case.claim.amount - total(case.owed) - total(case.debt) if case.replaced else 0
        held, more = reserve_again(case, ledger, (), rest)
        held = books.hold_again(held, case.repaid_units)
        # In this order: what the buyer has already is granted before any more goes out.
        money = (*case.owed, *case.debt, *more)
        after = replace(after, owed=money)
    else:
        held, money = books.reserve_again(ledger, case.claim.units, case.claim.amount)
    claimed = replace(after, claim=replace(case.claim, money=books.plus(money)), run=case.run + 1)
    data = {"amount": total(money)}
    return change(
        case, contested(claimed, by, now), Event.RETURN_REOPENED, by, now, policy, data, ledger=held
    )


def _accepted(case: Case, ledger: Ledger, receipt: Receipt, policy: Policy) -> Change:
    after = goods_are_back(_with_leg(case, ReturnState.CLOSED, receipt=receipt))
    data = {"lines": list(map(_told_line, receipt.lines)), "amount": total(case.payable)}
    held = booked(case, after, ledger)
    return change(case, after, Event.RETURN_ACCEPTED, receipt.by, receipt.at, policy, data, ledger=held)


def _counted(case: Case, ledger: Ledger, lines: Iterable[InspectedLine]) -> tuple[InspectedLine, ...]:
    """One count for each line of the claim; of a line that is not named nothing came."""
    named = {line.line_id: line for line in lines}
    goods = _goods(case)
    if unknown := sorted(named.keys() - goods.keys()):
        raise Refusal(Code.LINE_UNKNOWN, f"The case has no line {unknown[0]}.", line_id=unknown[0])
    for line_id, line in named.items():
        claimed = len(goods[line_id].units)
        if line.accepted + line.rejected > claimed:
            raise Refusal(
                Code.UNITS_UNAVAILABLE,
                f"Of line {line_id} {claimed} units were to come back.",
                line_id=line_id,
                claimed=claimed,
            )
        at_most = _worth(ledger, goods[line_id], line.accepted) * case.fees.condition_percent // 100
        if line.deduction > at_most:
            raise Refusal(
                Code.DEDUCTION_ABOVE_TERMS,
                f"For the condition of these units at most {at_most} may be deducted.",
                line_id=line_id,
                at_most=at_most,
            )
    return tuple(named.get(line_id, InspectedLine(line_id=line_id, accepted=0)) for line_id in goods)


def _refuse_unseen(case: Case, lines: Iterable[InspectedLine]) -> None:
    """Whatever the seller has against units that came is to be seen on a photo that the seller added to this case."""
    shown = _shown(case)
    for line in lines:
        if (line.rejected or line.deduction) and not (line.photos and shown.issuperset(line.photos)):
            raise _evidence_needed()


def _shown(case: Case) -> frozenset[str]:
    """The photos that the seller has added, and that were looked at and accepted."""
    return frozenset(
        one.evidence_id
        for one in case.evidence
        if one.added_by == Role.SELLER and one.state is EvidenceState.ACCEPTED
    )


def _evidence_needed() -> Refusal:
    return Refusal(
        Code.EVIDENCE_NEEDED,
        "Show the buyer what is wrong: add a photo to the case, and name it with the count.",
    )


def _due(case: Case, ledger: Ledger, lines: Sequence[InspectedLine], policy: Policy) -> int:
    """What of the sum that was granted goes with the accepted units, after what they have lost of their worth.

    So what the return costs its buyer shrinks with the goods. Rounded down to what can be paid back: it is an offer,
    and the buyer may object to it.
    """
    goods = _goods(case)
    worth = sum(_worth(ledger, goods[line.line_id], line.accepted) - line.deduction for line in lines)
    shipping = sum(units.amount for units in case.claim.units if units.line_id == SHIPPING)
    if not _takes_shipping(case, lines, policy):
        shipping = 0
    whole = sum(units.amount for units in case.claim.units)
    due = total(case.owed) * (worth + shipping) // whole if worth else 0
    return due - due % step(case.currency)


def _takes_shipping(case: Case, lines: Sequence[InspectedLine], policy: Policy) -> bool:
    """Whether shipping that was granted is due: for the seller's fault with any of the goods, and else only where all
    of them were accepted, for it was granted as nothing would be left of the order."""
    last_unit = all(line.accepted == len(_goods(case)[line.line_id].units) for line in lines)
    return pays_shipping(policy, case.reason, last_unit=last_unit)


def _split_by_arrival(
    case: Case, ledger: Ledger, lines: Sequence[InspectedLine], policy: Policy
) -> tuple[tuple[ReservedUnits, ...], tuple[ReservedUnits, ...]]:
    """The units of the claim that came, accepted or not, and those that did not: of each line the last ones. Shipping
    that is not due stays with what did not come."""
    came = {line.line_id: line.accepted + line.rejected for line in lines}
    came[SHIPPING] = int(_takes_shipping(case, lines, policy))
    parts = [
        (_some(ledger, units, slice(count)), _some(ledger, units, slice(count, None)))
        for units in case.claim.units
        for count in [came[units.line_id]]
    ]
    return tuple(one for one, _ in parts if one.units), tuple(rest for _, rest in parts if rest.units)


def _some(ledger: Ledger, held: ReservedUnits, which: slice) -> ReservedUnits:
    line = ledger.line(held.line_id)
    units = held.units[which]
    amount, tax = line.worth(units) if line else (0, 0)
    return ReservedUnits(line_id=held.line_id, units=units, amount=amount, tax=tax)


def _worth(ledger: Ledger, held: ReservedUnits, count: int) -> int:
    return _some(ledger, held, slice(count)).amount


def _goods(case: Case) -> Mapping[str, ReservedUnits]:
    return {units.line_id: units for units in case.claim.units if units.line_id != SHIPPING}


def _may_be_there(leg: ReturnLeg) -> bool:
    """Whether a parcel can be with its seller, by what its buyer and its carrier say."""
    parcel = leg.shipment.parcel if leg.shipment else None
    moves = parcel is not None and parcel.first_scan_at is not None and parcel.delivered_at is None
    return leg.state is not ReturnState.AWAITED and not moves


def _as_announced(case: Case, lines: Iterable[InspectedLine]) -> bool:
    goods = _goods(case)
    return all(line.accepted == len(goods[line.line_id].units) and not line.deduction for line in lines)


def _leg(case: Case) -> ReturnLeg:
    return case.returning or ReturnLeg()


def _with_leg(
    case: Case, state: ReturnState, *, shipment: Shipment | None = None, receipt: Receipt | None = None
) -> Case:
    leg = _leg(case)
    return replace(
        case,
        returning=ReturnLeg(state=state, shipment=shipment or leg.shipment, receipt=receipt or leg.receipt),
    )


def _told_line(line: InspectedLine) -> Mapping[str, object]:
    return {
        "line_id": line.line_id,
        "accepted": line.accepted,
        "rejected": line.rejected,
        "deduction": line.deduction,
        "reason": line.reason,
        "photos": list(line.photos),
    }
