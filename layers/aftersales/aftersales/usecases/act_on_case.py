"""What people do to a case that exists: decide, offer, dispute, appeal, withdraw, write. One transaction each."""

from collections.abc import Sequence

from aftersales.domain import exchange, hearing, lifecycle, returns
from aftersales.domain.calendar import Period
from aftersales.domain.case import Case, InspectedLine, Kind
from aftersales.domain.exchange import Wanted
from aftersales.domain.lifecycle import Change
from aftersales.domain.parties import Party
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.commit import Read, change_case, refuse_own
from aftersales.usecases.ports import Desk, Receipt, Stock
from aftersales.usecases.quote_case import price


def decide_case(
    desk: Desk,
    case_id: str,
    *,
    by: Party,
    approve: bool,
    reason_code: str,
    note: str,
    amount: int | None,
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """A seller or reviewer approves, in whole or in part, or declines."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.decide(
            read.case,
            read.order,
            read.ledger,
            approve=approve,
            by=by,
            reason_code=reason_code,
            note=note,
            amount=amount,
            policy=read.policy,
            now=desk.now(),
        ),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def withdraw_case(
    desk: Desk, case_id: str, *, by: Party, if_match: int | None, receipt: Receipt | None
) -> Case:
    """The buyer steps back."""
    return change_case(
        desk,
        case_id,
        lambda read: lifecycle.withdraw(read.case, read.ledger, by=by, policy=read.policy, now=desk.now()),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def ship_return(
    desk: Desk,
    case_id: str,
    *,
    by: Party,
    carrier: str,
    tracking_code: str,
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """The buyer has sent the goods, in a parcel that no other case has named. Raises `tracking_code_used`."""

    def ship(read: Read) -> Change:
        return _of_this_case_alone(
            desk,
            returns.ship_return(read.case, carrier, tracking_code, by=by, policy=read.policy, now=desk.now()),
        )

    return change_case(desk, case_id, ship, party=by, if_match=if_match, receipt=receipt)


def _of_this_case_alone(desk: Desk, change: Change) -> Change:
    if change.parcel and desk.store.case_of_parcel(change.parcel.carrier, change.parcel.tracking_code):
        raise Refusal(Code.TRACKING_CODE_USED, "The goods of another case are in this parcel.")
    return change


def confirm_receipt(
    desk: Desk,
    case_id: str,
    *,
    by: Party,
    lines: Sequence[InspectedLine],
    note: str,
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """The seller has the parcel; and, where lines are given, has counted and looked."""

    def confirm(read: Read) -> Change | None:
        if not lines:
            return returns.confirm_arrival(read.case, read.ledger, by=by, policy=read.policy, now=desk.now())
        return returns.confirm_receipt(
            read.case, read.ledger, lines, note, by=by, policy=read.policy, now=desk.now()
        )

    return change_case(desk, case_id, confirm, party=by, if_match=if_match, receipt=receipt)


def ship_replacement(
    desk: Desk,
    case_id: str,
    *,
    by: Party,
    carrier: str,
    tracking_code: str,
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """The seller has sent the other goods, in a parcel that no other case has named. Raises `tracking_code_used`."""

    def ship(read: Read) -> Change:
        return _of_this_case_alone(
            desk,
            exchange.ship_replacement(
                read.case, read.ledger, carrier, tracking_code, by=by, policy=read.policy, now=desk.now()
            ),
        )

    return change_case(desk, case_id, ship, party=by, if_match=if_match, receipt=receipt)


def confirm_replacement(
    desk: Desk, case_id: str, *, by: Party, if_match: int | None, receipt: Receipt | None
) -> Case:
    """The buyer has the other goods."""
    return change_case(
        desk,
        case_id,
        lambda read: exchange.confirm_replacement(
            read.case, read.ledger, by=by, policy=read.policy, now=desk.now()
        ),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def choose_alternative(
    desk: Desk,
    stock: Stock,
    case_id: str,
    *,
    by: Party,
    choice: str,
    replacement: Sequence[Wanted],
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """There are none of the goods that were wanted: the buyer waits, takes others, or the money."""

    def choose(read: Read) -> Change:
        case, policy, now = read.case, read.policy, desk.now()
        match choice:
            case "wait":
                return exchange.choose_waiting(case, by=by, policy=policy, now=now)
            case "refund":
                return exchange.choose_refund(case, by=by, policy=policy, now=now)
            case _:
                goods = price(stock, read.order, case_id, case.claim.units, replacement, case.reason)
                return exchange.choose_goods(case, goods, by=by, policy=policy, now=now)

    return change_case(desk, case_id, choose, party=by, if_match=if_match, receipt=receipt)


def make_offer(
    desk: Desk,
    stock: Stock,
    case_id: str,
    *,
    by: Party,
    kind: Kind | None,
    amount: int | None,
    replacement: Sequence[Wanted],
    note: str,
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """The seller offers a part or other goods, or the buyer would take them."""

    def offer(read: Read) -> Change:
        case = read.case
        goods = (
            price(stock, read.order, case_id, case.claim.units, replacement, case.reason)
            if replacement
            else None
        )
        return hearing.make_offer(
            case,
            kind=kind,
            amount=amount,
            exchange=goods,
            note=note,
            by=by,
            policy=read.policy,
            now=desk.now(),
        )

    return change_case(desk, case_id, offer, party=by, if_match=if_match, receipt=receipt)


def answer_offer(
    desk: Desk,
    case_id: str,
    offer_id: str,
    *,
    by: Party,
    accept: bool,
    if_match: int | None,
    receipt: Receipt | None,
) -> Case:
    """The other side takes an offer or refuses it."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.answer_offer(
            read.case, read.ledger, offer_id, accept=accept, by=by, policy=read.policy, now=desk.now()
        ),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def open_dispute(
    desk: Desk, case_id: str, text: str, *, by: Party, if_match: int | None, receipt: Receipt | None
) -> Case:
    """The buyer asks the platform to decide."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.open_dispute(read.case, text, by=by, policy=read.policy, now=desk.now()),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def make_statement(
    desk: Desk, case_id: str, text: str, *, by: Party, if_match: int | None, receipt: Receipt | None
) -> Case:
    """A side of a dispute states its view, and gives up the rest of its time."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.make_statement(read.case, text, by=by, policy=read.policy, now=desk.now()),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def appeal(
    desk: Desk, case_id: str, text: str, *, by: Party, if_match: int | None, receipt: Receipt | None
) -> Case:
    """The buyer asks another reviewer."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.appeal(read.case, read.ledger, text, by=by, policy=read.policy, now=desk.now()),
        party=by,
        if_match=if_match,
        receipt=receipt,
    )


def take_review(desk: Desk, case_id: str, *, by: Party, receipt: Receipt | None) -> Case:
    """A reviewer takes a case in hand."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.take_review(read.case, by=by, policy=read.policy, now=desk.now()),
        party=by,
        receipt=receipt,
    )


def release_review(desk: Desk, case_id: str, *, by: Party) -> Case:
    """A reviewer gives a case back to the queue."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.release_review(read.case, by=by, policy=read.policy, now=desk.now()),
        party=by,
    )


def extend_deadline(
    desk: Desk, case_id: str, hours: int, reason: str, *, by: Party, receipt: Receipt | None
) -> Case:
    """A reviewer gives whoever's turn it is more time."""
    return change_case(
        desk,
        case_id,
        lambda read: hearing.extend_deadline(
            read.case, Period(hours=hours).millis, reason, by=by, policy=read.policy, now=desk.now()
        ),
        party=by,
        receipt=receipt,
    )


def send_message(
    desk: Desk, case_id: str, text: str, evidence: Sequence[str], *, by: Party, receipt: Receipt | None
) -> Case:
    """A word to the other parties, with files of the case that it is about."""
    return change_case(
        desk,
        case_id,
        lambda read: lifecycle.send_message(
            read.case, text, evidence, by=by, policy=read.policy, now=desk.now()
        ),
        party=by,
        receipt=receipt,
    )


def pay_elsewhere(desk: Desk, case_id: str, note: str, *, by: Party, receipt: Receipt | None) -> Case:
    """An operator paid by another means what the provider refuses for good."""

    def pay(read: Read) -> Change:
        refuse_own(by, read.case)
        return lifecycle.pay_elsewhere(
            read.case, read.order, read.ledger, note, by=by, policy=read.policy, now=desk.now()
        )

    return change_case(desk, case_id, pay, receipt=receipt)


def resume_case(desk: Desk, case_id: str, *, by: Party, receipt: Receipt | None) -> Case:
    """An operator sends a case on that waits for a person. Operators see executions, so every case is theirs."""

    def resume(read: Read) -> Change:
        refuse_own(by, read.case)
        return lifecycle.resume(read.case, read.order, read.ledger, by=by, policy=read.policy, now=desk.now())

    return change_case(desk, case_id, resume, receipt=receipt)
