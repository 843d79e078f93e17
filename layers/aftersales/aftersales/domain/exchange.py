"""How other goods go out: set aside, their difference paid, sent, handed over; and what that makes of the money.

    approved ── (the goods come back) ──► awaiting_payment ── paid ──► exchange_pending ── sent ──► exchange_shipped
        │                                       │                        │    ▲                         │
        └─ out_of_stock ── waits, or other      └─ unpaid ──► the refund │    └──── lost: once more ────┤
             └─ or the refund                                            └─ never sent ──► the refund   └─► completed

An exchange is one more way of being made whole of what is owed: until the other goods are with the buyer, all that they
stand for stays owed and held, so the way to the refund is always open. What they are worth is then no longer owed.

Where the buyer is trusted they go first, and the goods come back afterwards. What they stand for is given then, and the
buyer's debt until it is earned (see `advance`); if it never is, it is charged once to the method that the order was
paid with, and stays written down where that fails.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from aftersales.domain import ledger as books
from aftersales.domain.case import (
    FINAL,
    Advance,
    Case,
    ExchangeEnd,
    ExchangeLeg,
    ExchangeState,
    Kind,
    Reason,
    Replacement,
    Review,
    SetAside,
    Shipment,
    Status,
)
from aftersales.domain.charge import CLOSED, Charge, ChargeState, ProviderCharge, observe, payment_of
from aftersales.domain.ledger import Ledger, PaymentShare, ReservedUnits
from aftersales.domain.lifecycle import Act, Change, change, converted, goods_awaited, require, total
from aftersales.domain.money import step
from aftersales.domain.order import SHIPPING, Line, Order
from aftersales.domain.parcel import Scan, TrackingStatus
from aftersales.domain.parties import CARRIER, SYSTEM, Party
from aftersales.domain.policy import Policy
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.shipment import named_parcel, scanned
from aftersales.domain.stock import Sku, StockLine
from aftersales.domain.timeline import Event

# How often a difference is asked for whose hold ran out.
_HOLDS = 3
# Where nobody but buyer and seller is waited for any more, to pay and to send.
_PROMISED = frozenset({Status.AWAITING_PAYMENT, Status.EXCHANGE_PENDING})
# Where a buyer pays.
_CARDS = "stripe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Other goods that a buyer asks for: so many of this for the units of that line."""

    line_id: str
    sku: str
    quantity: int


class Task(StrEnum):
    """What has to be done at the stock or the payment provider, as the case stands."""

    RESERVE = "reserve"
    PROMISE = "promise"
    RELEASE = "release"
    HOLD = "hold"
    CAPTURE = "capture"
    CANCEL = "cancel"
    COLLECT = "collect"


def priced(
    case_id: str,
    units: Sequence[ReservedUnits],
    held_by: Mapping[str, Line],
    wanted: Sequence[Wanted],
    skus: Mapping[str, Sku],
    *,
    reason: Reason,
    currency: str,
) -> ExchangeLeg:
    """The exchange of these units for the goods that are wanted, at the prices of the stock.

    The same goods in the same number are even, whatever they cost today; so is a part that was missing, after which the
    buyer holds what was ordered, whole. A difference that the currency cannot pay stays with the first line.
    Raises `line_unknown` and `sku_unknown`.
    """
    goods = {held.line_id: held for held in units if held.line_id != SHIPPING}
    by_line = {one.line_id: one for one in wanted}
    if not goods or by_line.keys() != goods.keys() or len(by_line) < len(wanted):
        raise Refusal(Code.LINE_UNKNOWN, "Name what goes out for each line of the claim, once.")
    made = tuple(
        _priced(f"{case_id}.{n}", goods[one.line_id], held_by[one.line_id], one, skus, reason)
        for n, one in enumerate(wanted, 1)
    )
    exact = sum(one.line.total for one in made) - sum(held.amount for held in goods.values())
    odd = abs(exact) % step(currency) * (1 if exact > 0 else -1)
    head, *others = made
    head = replace(head, line=replace(head.line, total=head.line.total - odd))
    return ExchangeLeg(goods=(head, *others), difference=exact - odd)


def _priced(
    line_id: str, held: ReservedUnits, line: Line, wanted: Wanted, skus: Mapping[str, Sku], reason: Reason
) -> Replacement:
    sku = skus.get(wanted.sku)
    if sku is None:
        raise Refusal(Code.SKU_UNKNOWN, f"The seller has no {wanted.sku}.", sku=wanted.sku)
    count = len(held.units)
    same = (wanted.sku, wanted.quantity) == (line.sku, count)
    if same or reason is Reason.MISSING_PARTS:
        after = replace(line, line_id=line_id, quantity=count, total=held.amount, tax=held.tax)
    else:
        after = Line(
            line_id=line_id,
            sku=sku.sku,
            title=sku.title,
            category=sku.category,
            quantity=wanted.quantity,
            total=sku.price * wanted.quantity,
            tax=sku.tax * wanted.quantity,
        )
    return Replacement(line_id=wanted.line_id, sku=wanted.sku, quantity=wanted.quantity, line=after)


def tasks(case: Case) -> tuple[Task, ...]:
    """What is to be done outside, so that stock and payment are as the case says. Nothing, once they are.

    What is set aside is promised for good before anybody pays or sends: nothing goes out that the stock has given to
    another meanwhile. A difference is taken when the goods are sent. What is over gives both back. A hold whose time
    ran out is asked for again, a few times; a payment that was refused for good is not. What a buyer owes once it is
    over is asked for once.
    """
    leg = case.exchange
    if leg is None:
        return ()
    charge = leg.charge.state if leg.charge else None
    # What goes first is taken once it has come: until then all that its buyer has is the first goods, and no money of
    # theirs may be at stake on whether those come back.
    first = case.advance is not Advance.NONE
    sent = leg.shipment is not None and leg.end is not ExchangeEnd.FORGONE and (case.replaced or not first)
    goes_on = case.review is Review.APPROVED and leg.end is None
    over = not case.replaced and (leg.end is ExchangeEnd.FORGONE or case.status in FINAL - {Status.COMPLETED})
    # A worker may have asked the stock just before it was over, and nobody knows of its answer.
    asked = leg.set_aside is SetAside.NONE and (leg.end is not None or case.returning is not None)
    askable = charge in (None, ChargeState.SUBMITTED) or (
        charge is ChargeState.CANCELED and len(leg.charges) < _HOLDS
    )
    due = {
        Task.RESERVE: goes_on and leg.set_aside is SetAside.NONE,
        Task.PROMISE: goes_on and case.status in _PROMISED and leg.set_aside is SetAside.RESERVED,
        Task.RELEASE: over and (asked or leg.set_aside in (SetAside.RESERVED, SetAside.PROMISED)),
        Task.HOLD: goes_on and case.status is Status.AWAITING_PAYMENT and askable,
        Task.CAPTURE: sent and charge is ChargeState.AUTHORIZED,
        Task.CANCEL: over and charge is not None and charge not in CLOSED,
        Task.COLLECT: case.status is Status.COMPLETED
        and bool(case.given and _chargeable(case))
        and (leg.collection is None or leg.collection.state not in CLOSED),
    }
    return tuple(task for task, is_due in due.items() if is_due)


def reservation_id(case: Case) -> str:
    """The id of what the stock sets aside now; it stands on the case before the stock hears of it."""
    return f"{case.case_id}.{_leg(case).number}"


def stock_lines(case: Case) -> tuple[StockLine, ...]:
    """What leaves the stock for this case."""
    counts: dict[str, int] = {}
    for one in _leg(case).goods:
        counts[one.sku] = counts.get(one.sku, 0) + one.quantity
    return tuple(StockLine(sku=sku, quantity=count) for sku, count in counts.items())


def ship_replacement(
    case: Case, ledger: Ledger, carrier: str, tracking_code: str, *, by: Party, policy: Policy, now: int
) -> Change:
    """The seller has given the other goods to a carrier. Only what the stock has promised and the buyer has paid for is
    sent, and nothing for money that has left the order by another way.

    The change holds the parcel's number: it can be that of no other case. Raises `tracking_code_invalid`,
    `replacement_not_reserved`, `order_frozen` and `money_unavailable`.
    """
    require(Act.SHIP_REPLACEMENT, case, by)
    leg = _leg(case)
    refuse_unready(case, now)
    books.refuse_frozen(ledger)
    if books.gone(ledger, case.owed):
        raise Refusal(Code.MONEY_UNAVAILABLE, "What was paid for these goods went back by another way.")
    parcel = named_parcel(carrier, tracking_code)
    shipment = Shipment(shipment_id=f"x{len(leg.lost) + 1}", parcel=parcel, sent_at=now)
    after = replace(case, exchange=replace(leg, shipment=shipment))
    sent = change(case, after, Event.REPLACEMENT_SENT, by, now, policy, {"carrier": carrier})
    return replace(sent, parcel=parcel)


def refuse_unready(case: Case, now: int) -> None:
    """Raise `replacement_not_reserved` unless the stock has promised what is to be sent, and `money_unavailable` where
    the hold of its difference has run out and nobody has heard of it yet."""
    leg = _leg(case)
    if leg.set_aside is not SetAside.PROMISED:
        raise Refusal(Code.REPLACEMENT_NOT_RESERVED, "The stock has not set these goods aside yet.")
    if leg.charge and leg.charge.expires_at is not None and now >= leg.charge.expires_at:
        raise Refusal(Code.MONEY_UNAVAILABLE, "What the buyer paid for these goods is not held any longer.")


def replacement_scanned(
    case: Case, number: str, scans: Iterable[Scan], *, policy: Policy, now: int
) -> Change | None:
    """What a carrier has seen of the other goods under that number; nothing where it is old news, or of no parcel of
    theirs.

    Delivered, they are their buyer's to speak of; turned back, they are lost. One that was given up and comes after all
    is told an operator: the seller may have sent another by then, or paid.
    """
    leg = case.exchange
    parcels = (*([leg.shipment] if leg.shipment else []), *leg.lost) if leg else ()
    before = next((one for one in parcels if one.parcel and one.parcel.number == number), None)
    if leg is None or before is None:
        return None
    shipment = scanned(before, scans)
    if shipment == before or shipment.parcel is None:
        return None
    data = {"status": shipment.parcel.status, "scanned_at": shipment.parcel.status_at}
    if before in leg.lost:
        lost = tuple(shipment if one is before else one for one in leg.lost)
        late = shipment.arrived_at is not None and before.arrived_at is None
        event = Event.PARCEL_LATE if late else Event.PARCEL_SCANNED
        return change(
            case, replace(case, exchange=replace(leg, lost=lost)), event, CARRIER, now, policy, data
        )
    seen = replace(case, exchange=replace(leg, shipment=shipment))
    if case.status is not Status.EXCHANGE_SHIPPED:
        turned = case.replaced and shipment.parcel.status is TrackingStatus.RETURN_TO_SENDER
        event = Event.PARCEL_LATE if turned else Event.PARCEL_SCANNED
        return change(case, seen, event, CARRIER, now, policy, data)
    if shipment.parcel.status is TrackingStatus.RETURN_TO_SENDER:
        return _lost(case, shipment, CARRIER, policy, now)
    arrived = shipment.arrived_at is not None and before.arrived_at is None
    event = Event.REPLACEMENT_ARRIVED if arrived else Event.PARCEL_SCANNED
    return change(case, seen, event, CARRIER, now, policy, data)


def replacement_lost(case: Case, *, policy: Policy, now: int) -> Change:
    """Nobody has seen the parcel in its time: the seller sends the goods once more, from stock that is set aside anew,
    or pays."""
    shipment = _leg(case).shipment
    assert shipment  # noqa: S101 - the status says that there is one
    return _lost(case, shipment, SYSTEM, policy, now)


def _lost(case: Case, shipment: Shipment, by: Party, policy: Policy, now: int) -> Change:
    leg = _leg(case)
    lost = (*leg.lost, shipment)
    after = replace(case, exchange=replace(_asked_again(leg), shipment=None, lost=lost))
    return change(case, after, Event.REPLACEMENT_LOST, by, now, policy)


def confirm_replacement(case: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer has the other goods."""
    require(Act.CONFIRM_REPLACEMENT, case, by)
    return replaced(case, ledger, by=by, policy=policy, now=now)


def replaced(case: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer has the other goods, or has said nothing to their delivery. In the same write the ledger takes them in
    for those that they stand for, and only what they are worth less is still owed.

    From then on they are goods of the order like any others, and a case about them is possible. Where they went first,
    what they stand for is given, and earned once the others have come.
    """
    leg = _leg(case)
    goods, shipping = _by_kind(case.claim.units)
    done = replace(
        case,
        claim=replace(case.claim, units=goods),
        exchange=replace(leg, end=ExchangeEnd.REPLACED),
    )
    worth_less = max(0, -leg.difference)
    if case.goods_go_first:
        after = _given(done, worth_less, now)
    else:
        kept = min(worth_less, total(case.owed))
        after = replace(done, owed=books.split_over_payments(kept, case.owed))
    freed = books.less(case.owed, after.payable)
    return change(
        case,
        after,
        Event.EXCHANGE_COMPLETED,
        by,
        now,
        policy,
        {"amount": total(after.payable), "lines": [_told(one) for one in leg.goods]},
        ledger=books.exchange(ledger, goods, shipping, _paid_lines(leg), freed),
    )


def _given(case: Case, worth_less: int, now: int) -> Case:
    """The goods that these went ahead of are to come back now, and earn what was paid for them, but for the shipping.

    What is given is the first part of it, so that whatever they earn is set against that before any money goes out.
    """
    worth = min(sum(held.amount for held in case.claim.units), total(case.owed))
    owed = books.split_over_payments(worth, case.owed)
    return replace(
        case,
        owed=owed,
        given=books.split_over_payments(max(0, worth - worth_less), owed),
        claim=replace(case.claim, money=owed),
        advance=Advance.GRANTED,
        returning=goods_awaited(case, now),
    )


def forgo(case: Case, reason: str, *, by: Party, policy: Policy, now: int) -> Change:
    """No other goods will come: the buyer gets the money instead, once the goods are back that were to come back. Of
    what lacks a part all comes back then."""
    after = forgone(case, now)
    data = {"reason_code": reason, "amount": total(case.owed)}
    return change(case, after, Event.EXCHANGE_FORGONE, by, now, policy, data)


def forgone(case: Case, now: int) -> Case:
    """The case without its exchange; what is owed stays owed."""
    stays = case.keep_item and case.reason is not Reason.MISSING_PARTS
    returning = case.returning or (None if stays else goods_awaited(case, now))
    return replace(
        converted(case, Kind.REFUND if stays else Kind.RETURN),
        keep_item=stays,
        returning=returning,
        exchange=replace(_leg(case), end=ExchangeEnd.FORGONE),
    )


def choose_refund(case: Case, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer no longer wants other goods."""
    require(Act.CHOOSE_ALTERNATIVE, case, by)
    return forgo(case, "chosen_by_buyer", by=by, policy=policy, now=now)


def choose_waiting(case: Case, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer waits for the goods: the stock is asked again later, and once the goods are back that come back."""
    require(Act.CHOOSE_ALTERNATIVE, case, by)
    leg = _short(case)
    after = replace(case, exchange=replace(leg, set_aside=SetAside.WAITED_FOR))
    return change(case, after, Event.ALTERNATIVE_CHOSEN, by, now, policy, {"reason_code": "wait"})


def choose_goods(case: Case, goods: ExchangeLeg, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer takes other goods instead of those that are out of stock. Where a difference was paid already, the
    goods that it was paid for are sent, or the money goes back."""
    require(Act.CHOOSE_ALTERNATIVE, case, by)
    leg = _short(case)
    if leg.charge:
        raise Refusal(
            Code.INVALID, "The difference to these goods was paid: wait for them, or take the money."
        )
    after = replace(case, exchange=replace(_asked_again(leg), goods=goods.goods, difference=goods.difference))
    data = {"reason_code": "other_goods", "lines": [_told(one) for one in goods.goods]}
    return change(case, after, Event.ALTERNATIVE_CHOSEN, by, now, policy, data)


def restocked(case: Case, *, policy: Policy, now: int) -> Change:
    """The buyer has waited for a while: the stock is asked again."""
    after = replace(case, exchange=_asked_again(_leg(case)))
    return change(case, after, Event.RESTOCK_DUE, SYSTEM, now, policy)


def goods_are_back(case: Case) -> Case:
    """The case whose goods came back: if no others are set aside for them, the stock is asked again."""
    leg = case.exchange
    if (
        leg is None
        or leg.end
        or leg.set_aside not in (SetAside.SHORT, SetAside.WAITED_FOR, SetAside.RELEASED)
    ):
        return case
    return replace(case, exchange=_asked_again(leg))


def record_reservation(
    case: Case, reservation: str, until: int | None, *, policy: Policy, now: int
) -> Change | None:
    """What the stock said to this reservation: set aside until then, or that there is not enough. Old news changes
    nothing."""
    if Task.RESERVE not in tasks(case) or reservation != reservation_id(case):
        return None
    leg = _leg(case)
    if until is None:
        after = replace(case, exchange=replace(leg, set_aside=SetAside.SHORT, reserved_until=None))
        data = {"lines": [_told(one) for one in leg.goods]}
        return change(case, after, Event.REPLACEMENT_OUT_OF_STOCK, SYSTEM, now, policy, data)
    after = replace(case, exchange=replace(leg, set_aside=SetAside.RESERVED, reserved_until=until))
    return _arranged(case, after, Task.RESERVE, policy, now)


def record_promise(case: Case, reservation: str, *, kept: bool, policy: Policy, now: int) -> Change | None:
    """The stock keeps the goods for the buyer, for good; or it holds them no longer, and is asked anew."""
    if Task.PROMISE not in tasks(case) or reservation != reservation_id(case):
        return None
    leg = _leg(case)
    after = replace(leg, set_aside=SetAside.PROMISED, reserved_until=None) if kept else _asked_again(leg)
    return _arranged(case, replace(case, exchange=after), Task.PROMISE, policy, now)


def record_released(case: Case, reservation: str, *, policy: Policy, now: int) -> Change | None:
    """The stock has the goods on its shelf again. A case that goes on after all, because what it awaited came, asks it
    anew."""
    leg = _leg(case)
    held = (SetAside.NONE, SetAside.RESERVED, SetAside.PROMISED)
    if leg.set_aside not in held or reservation != reservation_id(case):
        return None
    released = replace(leg, set_aside=SetAside.RELEASED, reserved_until=None)
    goes_on = case.review is Review.APPROVED and leg.end is None
    after = replace(case, exchange=_asked_again(released) if goes_on else released)
    return _arranged(case, after, Task.RELEASE, policy, now)


def ask_for_difference(case: Case, *, policy: Policy, now: int) -> Change | None:
    """The durable charge, before the provider hears of it."""
    leg = _leg(case)
    if Task.HOLD not in tasks(case) or (leg.charge and leg.charge.state is ChargeState.SUBMITTED):
        return None
    charge = Charge(
        charge_id=f"{case.case_id}.difference.{len(leg.charges) + 1}",
        case_id=case.case_id,
        order_id=case.order_id,
        provider=_CARDS,
        amount=leg.difference,
        currency=case.currency,
        asked_at=now,
    )
    after = replace(case, exchange=replace(leg, charges=(*leg.charges, charge)))
    return _arranged(case, after, Task.HOLD, policy, now)


def record_charge(
    case: Case, ledger: Ledger, seen: ProviderCharge, *, by: Party, policy: Policy, now: int
) -> Change | None:
    """What the provider says of the difference; nothing where it is old news.

    What was taken is a payment of the order from then on, and held like all else until the goods have come.
    """
    leg = case.exchange
    known = next((one for one in leg.asked if one.charge_id == seen.charge_id), None) if leg else None
    if leg is None or known is None:
        return None
    charge = observe(known, seen)
    if charge == known:
        return None
    if known is leg.collection:
        return _collected(case, ledger, charge, by=by, policy=policy, now=now)
    charges = tuple(charge if one is known else one for one in leg.charges)
    after = replace(case, exchange=replace(leg, charges=charges))
    moved = charge.state is not known.state
    if moved and charge.state is ChargeState.CAPTURED:
        held = not case.replaced
        if held:
            share = PaymentShare(payment_id=charge.charge_id, amount=charge.captured)
            after = replace(after, owed=books.plus(case.owed, [share]))
        payment = payment_of(charge)
        books_after = books.take_in(ledger, payment, held=held)
        data = {"task": Task.CAPTURE, "amount": charge.captured}
        taken = change(case, after, Event.REPLACEMENT_ARRANGED, by, now, policy, data, ledger=books_after)
        return replace(taken, payment=payment)
    if moved and charge.state is ChargeState.FAILED and after.status is Status.AWAITING_PAYMENT:
        # The provider will never take it, as where it is less than its smallest amount: nobody waits for that.
        data = {"reason_code": "difference_refused", "amount": total(case.owed)}
        return change(case, forgone(after, now), Event.EXCHANGE_FORGONE, by, now, policy, data)
    event, task = Event.REPLACEMENT_ARRANGED, Task.HOLD
    corrected = books.reprice(ledger, _paid_lines(_leg(after))) if case.replaced else None
    if moved and charge.state is ChargeState.AUTHORIZED:
        event = Event.DIFFERENCE_PAID
    elif moved and charge.state is ChargeState.AWAITING:
        event = Event.DIFFERENCE_ASKED
    elif after.status is Status.AWAITING_PAYMENT and case.status is not Status.AWAITING_PAYMENT:
        event = Event.DIFFERENCE_LAPSED
    elif charge.state is ChargeState.CANCELED:
        task = Task.CANCEL
    data = {"task": task, "amount": charge.amount}
    return change(case, after, event, by, now, policy, data, ledger=corrected)


def ask_for_debt(case: Case, order: Order, *, policy: Policy, now: int) -> Change | None:
    """The durable charge of what never came back, before the provider hears of it; once, and without the buyer, to the
    method that the order was paid with."""
    leg = _leg(case)
    if Task.COLLECT not in tasks(case) or leg.collection:
        return None
    by_card = (payment for payment in order.payments if payment.provider == _CARDS)
    charge = Charge(
        charge_id=f"{case.case_id}.debt.1",
        case_id=case.case_id,
        order_id=case.order_id,
        provider=_CARDS,
        amount=_chargeable(case),
        currency=case.currency,
        asked_at=now,
        saved_from=next(by_card, order.payments[0]).reference,
    )
    return _arranged(case, replace(case, exchange=replace(leg, collection=charge)), Task.COLLECT, policy, now)


def _chargeable(case: Case) -> int:
    """What of its debt the currency can pay."""
    return total(case.debt) - total(case.debt) % step(case.currency)


def _collected(case: Case, ledger: Ledger, charge: Charge, *, by: Party, policy: Policy, now: int) -> Change:
    """Goods that were paid for are given no longer: nobody owes anything for them. Else the debt stays written down."""
    after = replace(case, exchange=replace(_leg(case), collection=charge))
    data = {"task": Task.COLLECT, "amount": charge.amount}
    if charge.state is not ChargeState.CAPTURED:
        return change(case, after, Event.REPLACEMENT_ARRANGED, by, now, policy, data)
    payment = payment_of(charge)
    settled = books.split_over_payments(min(charge.captured, total(case.debt)), case.debt)
    after = replace(after, given=books.less(case.given, settled))
    books_after = books.take_in(ledger, payment, held=False)
    data = {"amount": charge.captured}
    taken = change(case, after, Event.DEBT_CHARGED, by, now, policy, data, ledger=books_after)
    return replace(taken, payment=payment)


def _arranged(case: Case, after: Case, task: Task, policy: Policy, now: int) -> Change:
    return change(case, after, Event.REPLACEMENT_ARRANGED, SYSTEM, now, policy, {"task": task})


def _leg(case: Case) -> ExchangeLeg:
    assert case.exchange  # noqa: S101 - the status says that there is one
    return case.exchange


def _short(case: Case) -> ExchangeLeg:
    leg = _leg(case)
    if leg.state is not ExchangeState.SHORT:
        raise Refusal(Code.INVALID, "These goods are set aside: pay what they cost more, or take the money.")
    return leg


def _asked_again(leg: ExchangeLeg) -> ExchangeLeg:
    return replace(leg, number=leg.number + 1, set_aside=SetAside.NONE, reserved_until=None)


def _paid_lines(leg: ExchangeLeg) -> tuple[Line, ...]:
    """The other goods at what was paid for them: where the hold of a difference ran out before it was taken, the seller
    has sent more than that."""
    rest = 0 if leg.is_paid else leg.difference
    lines: list[Line] = []
    for one in leg.goods:
        less = min(rest, one.line.total)
        rest -= less
        lines.append(
            replace(one.line, total=one.line.total - less, tax=min(one.line.tax, one.line.total - less))
        )
    return tuple(lines)


def _by_kind(
    units: Sequence[ReservedUnits],
) -> tuple[tuple[ReservedUnits, ...], tuple[ReservedUnits, ...]]:
    """Goods, and the shipping."""
    goods = tuple(held for held in units if held.line_id != SHIPPING)
    return goods, tuple(held for held in units if held.line_id == SHIPPING)


def _told(one: Replacement) -> Mapping[str, object]:
    return {"line_id": one.line_id, "sku": one.sku, "quantity": one.quantity}
