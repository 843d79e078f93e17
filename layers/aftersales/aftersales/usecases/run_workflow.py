"""The steps of a case's execution. Each reads the case, lets the domain decide, and writes once.

A step that waits parks its doorbell first and reads the case afterwards. Whoever changes the case afterwards
finds the doorbell and rings; whoever changed it before is seen by the read:

    step   park ───────── read ──► moved on? ring at once
    other        ── write ──► look for the doorbell ──► ring
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from aftersales.domain import advance, exchange, lifecycle
from aftersales.domain.calendar import DAY
from aftersales.domain.case import Case, Status
from aftersales.domain.charge import Charge, ChargeState, ProviderCharge
from aftersales.domain.exchange import Task
from aftersales.domain.label import Label, LabelOrder, LabelRefused
from aftersales.domain.ledger import declined_before, less
from aftersales.domain.lifecycle import GOODS_AWAITED, LIFECYCLE, Act, Change
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import History
from aftersales.domain.refund import UNANSWERED, Attempt, AttemptState, ProviderRefund
from aftersales.domain.shipment import ADDRESS_MISSING, label_order, record_label
from aftersales.domain.stock import StockReservation, StockState
from aftersales.usecases.assess_claim import assess_claim, recent_history
from aftersales.usecases.commit import Read, change_case, known_order
from aftersales.usecases.ports import (
    KEY_LIFE,
    Carriers,
    Charges,
    Desk,
    Doorbell,
    OutcomeUnknown,
    Payments,
    Receipt,
    Stock,
    Workflow,
)


class RefundUnsettled(Exception):
    """The books of the case are not closed; the execution must look at the case again."""


class ReplacementUnsettled(Exception):
    """Stock or payment did not do what was asked of them, and said nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A step of an execution that parks: its doorbell, when it was entered, and what its route was: the version of the
    case that was read, and the status that it waits in."""

    execution: str
    token: str
    entered_at: str
    version: int
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step tells its execution: where the case is, and at which version that was read."""

    case_id: str
    status: str
    version: int


# What an execution is told whose case came back and runs under another name now, one whose case needs its label before
# anybody is waited for, one whose money goes ahead of its goods, and one where stock or payment have to be brought to
# what the case says.
SUPERSEDED, LABEL_DUE, ADVANCE_DUE, ARRANGEMENT_DUE = (
    "superseded",
    "label_due",
    "advance_due",
    "arrangement_due",
)


# While goods come back the execution waits in one state.
_COMING_BACK = GOODS_AWAITED | {Status.INSPECTION_FAILED}


def execution_name(case: Case) -> str:
    """The case's id; a case that came back or was sent on runs under the next name."""
    return execution_of_run(case.case_id, case.run)


def execution_of_run(case_id: str, run: int) -> str:
    """The name of the case's execution of that number."""
    return case_id if run == 1 else f"{case_id}-{run}"


def assess_case(desk: Desk, case_id: str, execution: str) -> Outcome:
    """Let the policy decide where it is its turn; otherwise only say where the case is.

    The first assessment is also the claim of the execution: it moves the case away from `requested`.
    """

    def decide(read: Read) -> Change | None:
        case = read.case
        ours = execution_name(case) == execution
        if not ours or case.status not in LIFECYCLE[Act.ASSESS] or not _has_news(case):
            return None
        assessment = assess_claim(
            desk,
            read.order,
            case.kind,
            case.reason,
            case.claim,
            keep_item=case.keep_item,
            accepted_evidence=case.accepted_evidence,
            # The case itself stands in the history by now; what counts is what came before it.
            history=_before_this_case(recent_history(desk, read.order)),
            taken_before=read.ledger.taken - case.claim.amount,
            declined_before=declined_before(read.ledger, case.claim.units),
            indebted=bool(read.ledger.debts),
            at=case.opened_at,
        )
        return lifecycle.apply_assessment(case, assessment, desk.now())

    case = change_case(desk, case_id, decide)
    if execution_name(case) != execution:
        return Outcome(case_id=case_id, status=SUPERSEDED, version=case.version)
    return _outcome(case)


def buy_label(desk: Desk, workflow: Workflow, carriers: Carriers, case_id: str, waiting: Waiting) -> None:
    """Buy the label that the case has ordered, and record it; then wait until the goods have come under it, or ring at
    once where that is over.

    A worker that dies after the purchase leaves a label that the next run finds under the order's id. Of two that both
    bought, the case's conditional write keeps one; the other is given back by `run_errands`.

    Raises `OutcomeUnknown`: run it again.
    """
    _park(desk, case_id, waiting)

    def record(read: Read) -> Change | None:
        if not read.case.label_due:
            # The case moved on beside the purchase, and what was bought is given back.
            return None
        return record_label(read.case, read.ledger, answer, policy=read.policy, now=desk.now())

    case = desk.store.case(case_id)
    if case and case.label_due:
        order, _ = known_order(desk, case.order_id)
        answer = _ask_for_label(
            carriers, label_order(case, order, desk.policies.version(case.policy_version)), case_id
        )
        case = change_case(desk, case_id, record)
    if case is None or case.status not in _COMING_BACK or case.advance_due:
        workflow.ring(waiting.token)


def _ask_for_label(carriers: Carriers, order: LabelOrder | None, case_id: str) -> Label | LabelRefused:
    if order is None:
        return LabelRefused(shipment_id=case_id, reason=ADDRESS_MISSING)
    return carriers.buy_label(order)


def wait_for_party(desk: Desk, workflow: Workflow, case_id: str, waiting: Waiting) -> None:
    """Park until something happens to the case; ring at once if it already has."""
    _park(desk, case_id, waiting)
    case = desk.store.case(case_id)
    if case is None or (case.version != waiting.version and not _waits_on(case, waiting)):
        workflow.ring(waiting.token)


def _waits_on(case: Case, waiting: Waiting) -> bool:
    """Whether the case, which has changed since, still needs what this step waits for."""
    ours = execution_name(case) == waiting.execution
    assessed = case.status in LIFECYCLE[Act.ASSESS] and _has_news(case)
    route = _outcome(case).status
    one_state = route in _COMING_BACK and waiting.status in _COMING_BACK
    return ours and not assessed and (one_state or route == waiting.status)


def ask_operator(desk: Desk, workflow: Workflow, case_id: str, trouble: str | None, waiting: Waiting) -> None:
    """Name the trouble of the step before, if it was one that failed; then wait for an operator."""
    _park(desk, case_id, waiting)

    def ask(read: Read) -> Change | None:
        # Without a trouble the case's status sent the execution here: if that has been lifted since, none is named.
        if trouble is None or read.case.status not in LIFECYCLE[Act.ASK_OPERATOR]:
            return None
        return lifecycle.ask_operator(read.case, trouble, policy=read.policy, now=desk.now())

    case = change_case(desk, case_id, ask)
    if not case.trouble and case.status is not Status.REFUND_ACTION_REQUIRED:
        workflow.ring(waiting.token)


def report_stopped_execution(desk: Desk, case_id: str, execution: str, status: str) -> Case:
    """An execution ended in another way than with its case: an operator is asked, who sends the case on.

    One that was superseded, or whose case has ended, is nobody's trouble.
    """

    def ask(read: Read) -> Change | None:
        case = read.case
        if execution_name(case) != execution or case.status not in LIFECYCLE[Act.ASK_OPERATOR]:
            return None
        trouble = lifecycle.trouble_of_execution(status)
        return lifecycle.ask_operator(case, trouble, policy=read.policy, now=desk.now())

    return change_case(desk, case_id, ask)


def refund_buyer(desk: Desk, workflow: Workflow, payments: Payments, case_id: str, waiting: Waiting) -> Case:
    """Pay back what is owed: durable attempts, then the provider, then what it said. What goes ahead of goods is paid
    while they are on their way, and the step waits on until they have come.

    The step parks first, so it may die anywhere: the next run, the provider's event or the clock finds the
    attempts and goes on under the same keys.
    """
    _park(desk, case_id, waiting)
    fresh: set[str] = set()

    def start(read: Read) -> Change | None:
        fresh.clear()
        pay = _START.get(read.case.status)
        change = pay and pay(read.case, read.order, read.ledger, policy=read.policy, now=desk.now())
        if change is None:
            return None
        fresh.update(attempt.refund_id for attempt in change.case.attempts)
        return change

    case = change_case(desk, case_id, start)
    ahead = bool(case.attempts) and case.status in _ON_THEIR_WAY
    if not ahead and case.status is not Status.REFUND_PENDING:
        workflow.ring(waiting.token)
        return case
    unanswered = [attempt for attempt in case.attempts if attempt.state in UNANSWERED]
    answers = [_pay(payments, one, one.refund_id in fresh, desk.now) for one in unanswered]
    return record_refunds(desk, case_id, [answer for answer in answers if answer])


def arrange_replacement(desk: Desk, stock: Stock, charges: Charges, case_id: str) -> Outcome:
    """Bring stock and payment to what the case says, and tell where it is then."""
    return _outcome(_arrange(desk, stock, charges, case_id))


def send_replacement(
    desk: Desk, workflow: Workflow, stock: Stock, charges: Charges, case_id: str, waiting: Waiting
) -> Case:
    """Park while the other goods are paid for, sent and handed over, with stock and payment as the case says; ring at
    once where that is over."""
    _park(desk, case_id, waiting)
    case = _arrange(desk, stock, charges, case_id)
    if case.status not in _GOING_OUT:
        workflow.ring(waiting.token)
    return case


_START: Mapping[Status, Callable[..., Change | None]] = {
    Status.APPROVED: lifecycle.start_refund,
    Status.RETURN_IN_TRANSIT: advance.pay_ahead,
}
_ON_THEIR_WAY = frozenset({Status.RETURN_IN_TRANSIT, Status.RETURN_RECEIVED, Status.INSPECTION_FAILED})
_COMING_BACK = _ON_THEIR_WAY | {Status.AWAITING_RETURN}
_GOING_OUT = frozenset({Status.AWAITING_PAYMENT, Status.EXCHANGE_PENDING, Status.EXCHANGE_SHIPPED})


def _arrange(desk: Desk, stock: Stock, charges: Charges, case_id: str) -> Case:
    """One task after another, each under an id that stands on the case already: a worker that dies in between, or whose
    answer was lost, is followed by one that asks for the same. Raises `ReplacementUnsettled` where a task stays due.
    """
    case = change_case(desk, case_id, lambda _: None)
    while due := exchange.tasks(case):
        before = case
        case = _ARRANGE[due[0]](desk, stock, charges, case)
        if case == before:
            raise ReplacementUnsettled(f"case {case_id} has still to {due[0]}")
    return case


def _reserve(desk: Desk, stock: Stock, _charges: Charges, case: Case) -> Case:
    policy = desk.policies.version(case.policy_version)
    expires_at = desk.now() + policy.exchanges.reserve_days * DAY
    asked = exchange.reservation_id(case)
    answer = stock.reserve(asked, exchange.stock_lines(case), expires_at)
    until = None
    if isinstance(answer, StockReservation) and answer.state is StockState.HELD:
        until = answer.expires_at
    return change_case(
        desk,
        case.case_id,
        lambda read: exchange.record_reservation(read.case, asked, until, policy=read.policy, now=desk.now()),
    )


def _promise(desk: Desk, stock: Stock, _charges: Charges, case: Case) -> Case:
    asked = exchange.reservation_id(case)
    kept = stock.confirm(asked).state is StockState.CONFIRMED
    return change_case(
        desk,
        case.case_id,
        lambda read: exchange.record_promise(read.case, asked, kept=kept, policy=read.policy, now=desk.now()),
    )


def _release(desk: Desk, stock: Stock, _charges: Charges, case: Case) -> Case:
    asked = exchange.reservation_id(case)
    stock.release(asked)
    return change_case(
        desk,
        case.case_id,
        lambda read: exchange.record_released(read.case, asked, policy=read.policy, now=desk.now()),
    )


def _hold(desk: Desk, _stock: Stock, charges: Charges, case: Case) -> Case:
    asked = change_case(
        desk,
        case.case_id,
        lambda read: exchange.ask_for_difference(read.case, policy=read.policy, now=desk.now()),
    )
    if asked.exchange is None or asked.exchange.charge is None:
        return asked
    return record_charge(desk, case.case_id, charges.hold(asked.exchange.charge))


def _capture(desk: Desk, _stock: Stock, charges: Charges, case: Case) -> Case:
    return record_charge(desk, case.case_id, charges.capture(_charge(case)))


def _cancel(desk: Desk, _stock: Stock, charges: Charges, case: Case) -> Case:
    return record_charge(desk, case.case_id, charges.cancel(_charge(case)))


def _collect(desk: Desk, _stock: Stock, charges: Charges, case: Case) -> Case:
    """Held, then taken; what only its buyer could release is given up, for nobody is there to."""
    case = change_case(
        desk,
        case.case_id,
        lambda read: exchange.ask_for_debt(read.case, read.order, policy=read.policy, now=desk.now()),
    )
    charge = case.exchange.collection if case.exchange else None
    if charge is None:
        return case
    ask = {ChargeState.SUBMITTED: charges.hold, ChargeState.AUTHORIZED: charges.capture}
    return record_charge(desk, case.case_id, ask.get(charge.state, charges.cancel)(charge))


def _charge(case: Case) -> Charge:
    assert case.exchange  # noqa: S101 - the task says that there is one
    return case.exchange.charges[-1]


_ARRANGE: Mapping[Task, Callable[[Desk, Stock, Charges, Case], Case]] = {
    Task.RESERVE: _reserve,
    Task.PROMISE: _promise,
    Task.RELEASE: _release,
    Task.HOLD: _hold,
    Task.CAPTURE: _capture,
    Task.CANCEL: _cancel,
    Task.COLLECT: _collect,
}


def record_charge(desk: Desk, case_id: str, seen: ProviderCharge, receipt: Receipt | None = None) -> Case:
    """Book what the provider said of a charge, in one transaction; old news changes nothing."""
    provider = Party(Role.PROVIDER, "payments")
    return change_case(
        desk,
        case_id,
        lambda read: exchange.record_charge(
            read.case, read.ledger, seen, by=provider, policy=read.policy, now=desk.now()
        ),
        receipt=receipt,
    )


def record_refunds(
    desk: Desk, case_id: str, seen: Iterable[ProviderRefund], receipt: Receipt | None = None
) -> Case:
    """Book what the provider said, in one transaction; old news changes nothing."""
    heard = tuple(seen)
    provider = Party(Role.PROVIDER, "payments")

    return change_case(
        desk,
        case_id,
        lambda read: lifecycle.record_refunds(
            read.case, read.ledger, heard, by=provider, policy=read.policy, now=desk.now()
        ),
        receipt=receipt,
    )


def settle_case(desk: Desk, case_id: str) -> Outcome:
    """Prove that the case's books are closed before its execution ends: every part that is owed was paid, and nothing
    is set aside or held for it any more.

    Raises `RefundUnsettled`.
    """
    case = desk.store.case(case_id)
    closed = case is not None and case.status is Status.COMPLETED and not less(case.payable, case.paid)
    if case is None or not closed or exchange.tasks(case):
        raise RefundUnsettled(f"case {case_id} is {case.status if case else 'missing'}")
    return _outcome(case)


def _park(desk: Desk, case_id: str, waiting: Waiting) -> None:
    bell = Doorbell(waiting.token, waiting.version)
    desk.store.park(case_id, waiting.execution, bell, waiting.entered_at)


def _outcome(case: Case) -> Outcome:
    """Where the case is; or what has to be done outside first, unless the step that waits there sees to that."""
    status = LABEL_DUE if case.label_due else ADVANCE_DUE if case.advance_due else str(case.status)
    if case.status not in _GOING_OUT and exchange.tasks(case):
        status = ARRANGEMENT_DUE
    return Outcome(case_id=case.case_id, status=status, version=case.version)


def _before_this_case(history: History) -> History:
    return replace(history, cases=max(history.cases - 1, 0))


def _has_news(case: Case) -> bool:
    """A case that waits for evidence is assessed again only when some was accepted."""
    return case.status is not Status.EVIDENCE_REQUIRED or case.accepted_evidence > 0


def _pay(payments: Payments, attempt: Attempt, fresh: bool, now: Callable[[], int]) -> ProviderRefund | None:
    """One attempt's way through a provider that may lose answers.

    Ask first, unless nobody can have called yet; then send under the same key. A lost answer is asked for once
    more and otherwise left to the provider's events and the clock.
    """
    for ask in (not fresh, True):
        try:
            return _ask_and_send(payments, attempt, ask=ask, now=now())
        except OutcomeUnknown:
            continue
    return None


def _ask_and_send(payments: Payments, attempt: Attempt, *, ask: bool, now: int) -> ProviderRefund:
    found = payments.find(attempt) if ask else None
    if found:
        return found
    if now - attempt.submitted_at > KEY_LIFE:
        return ProviderRefund(
            refund_id=attempt.refund_id,
            provider_refund_id="",
            state=AttemptState.REQUIRES_ACTION,
            amount=attempt.amount,
            currency=attempt.currency,
            failure="not_found_after_key_expired",
        )
    return payments.refund(attempt)
