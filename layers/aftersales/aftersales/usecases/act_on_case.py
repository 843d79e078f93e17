"""What people do to a case that exists: decide, withdraw, write, resume. One transaction each."""

from aftersales.domain import lifecycle
from aftersales.domain.case import Case
from aftersales.domain.parties import Party
from aftersales.usecases.commit import change_case
from aftersales.usecases.ports import Desk, Receipt


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
        lambda read: lifecycle.decide(
            read.case,
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


def send_message(desk: Desk, case_id: str, text: str, *, by: Party, receipt: Receipt | None) -> Case:
    """A word to the other parties."""
    return change_case(
        desk,
        case_id,
        lambda read: lifecycle.send_message(read.case, text, by=by, policy=read.policy, now=desk.now()),
        party=by,
        receipt=receipt,
    )


def pay_elsewhere(desk: Desk, case_id: str, note: str, *, by: Party, receipt: Receipt | None) -> Case:
    """An operator paid by another means what the provider refuses for good."""
    return change_case(
        desk,
        case_id,
        lambda read: lifecycle.pay_elsewhere(
            read.case, read.order, read.ledger, note, by=by, policy=read.policy, now=desk.now()
        ),
        receipt=receipt,
    )


def resume_case(desk: Desk, case_id: str, *, by: Party, receipt: Receipt | None) -> Case:
    """An operator sends a case on that waits for a person. Operators see executions, so every case is theirs."""
    return change_case(
        desk,
        case_id,
        lambda read: lifecycle.resume(
            read.case, read.order, read.ledger, by=by, policy=read.policy, now=desk.now()
        ),
        receipt=receipt,
    )
