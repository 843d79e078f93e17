"""What people do to a case that exists: decide, offer, dispute, appeal, withdraw, write. One transaction each."""

from collections.abc import Sequence

from aftersales.domain import exchange, hearing, lifecycle, returns
from aftersales.domain.calendar import Period
from aftersales.domain.case import Case, InspectedLine, Kind
from aftersales.domain.exchange import Wanted
from aftersales.domain.lifecycle import Change
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.commit import Read, carry_out, change_case, refuse_own
from aftersales.usecases.ports import CaseRequest, Desk, Stock
from aftersales.usecases.quote_case import price


def decide_case(
    desk: Desk, request: CaseRequest, *, approve: bool, reason_code: str, note: str, amount: int | None
) -> Case:
    """A seller or reviewer approves, in whole or in part, or declines."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.decide(
            read.case,
            read.order,
            read.ledger,
            approve=approve,
            by=request.by,
            reason_code=reason_code,
            note=note,
            amount=amount,
            policy=read.policy,
            now=desk.now(),
        ),
    )


def withdraw_case(desk: Desk, request: CaseRequest) -> Case:
    """The buyer steps back."""
    return carry_out(
        desk,
        request,
        lambda read: lifecycle.withdraw(
            read.case, read.ledger, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def ship_return(desk: Desk, request: CaseRequest, *, carrier: str, tracking_code: str) -> Case:
    """The buyer has sent the goods, in a parcel that no other case has named. Raises `tracking_code_used`."""

    def ship(read: Read) -> Change:
        return _of_this_case_alone(
            desk,
            returns.ship_return(
                read.case,
                read.ledger,
                carrier,
                tracking_code,
                by=request.by,
                policy=read.policy,
                now=desk.now(),
            ),
        )

    return carry_out(desk, request, ship)


def _of_this_case_alone(desk: Desk, change: Change) -> Change:
    if change.parcel and desk.store.case_of_parcel(change.parcel.carrier, change.parcel.tracking_code):
        raise Refusal(Code.TRACKING_CODE_USED, "The goods of another case are in this parcel.")
    return change


def confirm_receipt(desk: Desk, request: CaseRequest, *, lines: Sequence[InspectedLine], note: str) -> Case:
    """The seller has the parcel; and, where lines are given, has counted and looked."""

    def confirm(read: Read) -> Change | None:
        if not lines:
            return returns.confirm_arrival(
                read.case, read.ledger, by=request.by, policy=read.policy, now=desk.now()
            )
        return returns.confirm_receipt(
            read.case, read.ledger, lines, note, by=request.by, policy=read.policy, now=desk.now()
        )

    return carry_out(desk, request, confirm)


def ship_replacement(desk: Desk, request: CaseRequest, *, carrier: str, tracking_code: str) -> Case:
    """The seller has sent the other goods, in a parcel that no other case has named. Raises `tracking_code_used`."""

    def ship(read: Read) -> Change:
        return _of_this_case_alone(
            desk,
            exchange.ship_replacement(
                read.case,
                read.ledger,
                carrier,
                tracking_code,
                by=request.by,
                policy=read.policy,
                now=desk.now(),
            ),
        )

    return carry_out(desk, request, ship)


def confirm_replacement(desk: Desk, request: CaseRequest) -> Case:
    """The buyer has the other goods."""
    return carry_out(
        desk,
        request,
        lambda read: exchange.confirm_replacement(
            read.case, read.ledger, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def choose_alternative(
    desk: Desk, stock: Stock, request: CaseRequest, *, choice: str, replacement: Sequence[Wanted]
) -> Case:
    """There are none of the goods that were wanted: the buyer waits, takes others, or the money."""

    def choose(read: Read) -> Change:
        case, policy, now = read.case, read.policy, desk.now()
        match choice:
            case "wait":
                return exchange.choose_waiting(case, by=request.by, policy=policy, now=now)
            case "refund":
                return exchange.choose_refund(case, by=request.by, policy=policy, now=now)
            case _:
                goods = price(stock, read.order, request.case_id, case.claim.units, replacement, case.reason)
                return exchange.choose_goods(case, goods, by=request.by, policy=policy, now=now)

    return carry_out(desk, request, choose)


def make_offer(
    desk: Desk,
    stock: Stock,
    request: CaseRequest,
    *,
    kind: Kind | None,
    amount: int | None,
    replacement: Sequence[Wanted],
    note: str,
) -> Case:
    """The seller offers a part or other goods, or the buyer would take them."""

    def offer(read: Read) -> Change:
        case = read.case
        goods = (
            price(stock, read.order, request.case_id, case.claim.units, replacement, case.reason)
            if replacement
            else None
        )
        return hearing.make_offer(
            case,
            kind=kind,
            amount=amount,
            exchange=goods,
            note=note,
            by=request.by,
            policy=read.policy,
            now=desk.now(),
        )

    return carry_out(desk, request, offer)


def answer_offer(desk: Desk, request: CaseRequest, offer_id: str, *, accept: bool) -> Case:
    """The other side takes an offer or refuses it."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.answer_offer(
            read.case, read.ledger, offer_id, accept=accept, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def open_dispute(desk: Desk, request: CaseRequest, text: str) -> Case:
    """The buyer asks the platform to decide."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.open_dispute(read.case, text, by=request.by, policy=read.policy, now=desk.now()),
    )


def make_statement(desk: Desk, request: CaseRequest, text: str) -> Case:
    """A side of a dispute states its view, and gives up the rest of its time."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.make_statement(
            read.case, text, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def appeal(desk: Desk, request: CaseRequest, text: str) -> Case:
    """The buyer asks another reviewer."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.appeal(
            read.case, read.ledger, text, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def take_review(desk: Desk, request: CaseRequest) -> Case:
    """A reviewer takes a case in hand."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.take_review(read.case, by=request.by, policy=read.policy, now=desk.now()),
    )


def release_review(desk: Desk, request: CaseRequest) -> Case:
    """A reviewer gives a case back to the queue."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.release_review(read.case, by=request.by, policy=read.policy, now=desk.now()),
    )


def extend_deadline(desk: Desk, request: CaseRequest, hours: int, reason: str) -> Case:
    """A reviewer gives whoever's turn it is more time."""
    return carry_out(
        desk,
        request,
        lambda read: hearing.extend_deadline(
            read.case, Period(hours=hours).millis, reason, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def send_message(desk: Desk, request: CaseRequest, text: str, evidence: Sequence[str]) -> Case:
    """A word to the other parties, with files of the case that it is about."""
    return carry_out(
        desk,
        request,
        lambda read: lifecycle.send_message(
            read.case, text, evidence, by=request.by, policy=read.policy, now=desk.now()
        ),
    )


def pay_elsewhere(desk: Desk, request: CaseRequest, note: str) -> Case:
    """An operator paid by another means what the provider refuses for good."""

    def pay(read: Read) -> Change:
        refuse_own(request.by, read.case)
        return lifecycle.pay_elsewhere(
            read.case, read.order, read.ledger, note, by=request.by, policy=read.policy, now=desk.now()
        )

    return change_case(desk, request.case_id, pay, receipt=request.receipt)


def resume_case(desk: Desk, request: CaseRequest) -> Case:
    """An operator sends a case on that waits for a person. Operators see executions, so every case is theirs."""

    def resume(read: Read) -> Change:
        refuse_own(request.by, read.case)
        return lifecycle.resume(
            read.case, read.order, read.ledger, by=request.by, policy=read.policy, now=desk.now()
        )

    return change_case(desk, request.case_id, resume, receipt=request.receipt)
