"""Provider, books, ledger, executions and timeline of an order, held against each other.

What does not fit is healed forward (settled, booked, started, rung) or given to a person, never undone; and it is
told, with the number of the invariant that it broke. Nothing that is merely under way is told: an order somebody
writes to meanwhile is read again, and later left to the next run. The balances of the orders' sellers are added up
anew, where the look goes back more than a day: that reads every posting of theirs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.calendar import DAY
from aftersales.domain.case import FINAL, Case
from aftersales.domain.charge import ProviderCharge
from aftersales.domain.invariants import IN_OPERATION, Books, ExecutionOfCase, Violation, violations
from aftersales.domain.lifecycle import LIFECYCLE, Act
from aftersales.domain.order import Order
from aftersales.domain.refund import ELSEWHERE, UNANSWERED
from aftersales.domain.timeline import Entry
from aftersales.usecases.commit import known_order
from aftersales.usecases.hear_provider import book_external
from aftersales.usecases.ports import (
    Accounts,
    Alarms,
    Charges,
    Desk,
    OutcomeUnknown,
    Payments,
    PaymentStatement,
    Workflow,
    every,
)
from aftersales.usecases.rebuild_balances import rebuild_balances
from aftersales.usecases.run_workflow import (
    execution_name,
    record_charge,
    record_refunds,
    report_stopped_execution,
)

_PATIENCE = 5 * 60 * 1000
"""What was written within this time may still be under way."""
_TRIES = 3
_PAGE = 100


class Healed(StrEnum):
    """What was done about an order that did not fit."""

    SETTLED = "settled"
    BOOKED = "booked"
    STARTED = "started"
    RUNG = "rung"
    GIVEN_TO_OPERATOR = "given_to_operator"
    REBUILT = "rebuilt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One order that did not fit: what was wrong, what was done about it, and what is wrong still."""

    order_id: str
    found: tuple[Violation, ...]
    healed: tuple[Healed, ...]
    left: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many orders were looked at, how many were too busy to judge, and those that did not fit; and the balances
    that were not what their postings add up to, which are by now."""

    orders: int
    busy: int
    drifted: tuple[Reconciled, ...]
    rebuilt: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the books are held against."""

    workflow: Workflow
    payments: Payments
    charges: Charges


class Busy(Exception):
    """Somebody writes to the order just now."""


def reconcile(desk: Desk, outside: Outside, accounts: Accounts, alarms: Alarms, since: int) -> Report:
    """Look at every order with an open case that has a clock, with entries that were not relayed, with an execution
    that stopped since then, or with a payment that changed since then at its provider."""
    drifted: list[Reconciled] = []
    failures: list[Exception] = []
    busy = 0
    orders = tuple(dict.fromkeys(_worklist(desk, outside, since)))
    for order_id in orders:
        try:
            found = reconcile_order(desk, outside, order_id)
        except (Busy, OutcomeUnknown):
            busy += 1
            continue
        except Exception as failure:  # noqa: BLE001 - one order that cannot be read holds up no other
            failures.append(failure)
            continue
        if found:
            drifted.append(found)
    rebuilt = tuple(_rebuild(desk, accounts, orders)) if desk.now() - since > DAY else ()
    if drifted or rebuilt:
        alarms.alert(
            f"{len(drifted)} orders and {len(rebuilt)} balances do not fit",
            [
                f"{violation} ({', '.join(one.healed) if violation not in one.left else 'LEFT'})"
                for one in drifted
                for violation in one.found
            ]
            + [f"{violation} ({Healed.REBUILT})" for violation in rebuilt],
        )
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(orders)} orders failed", failures)
    return Report(orders=len(orders), busy=busy, drifted=tuple(drifted), rebuilt=rebuilt)


def reconcile_order(desk: Desk, outside: Outside, order_id: str) -> Reconciled | None:
    """One order; None where everything fits. Raises `Busy` and `OutcomeUnknown`."""
    _catch_up(desk, outside, order_id)
    books = _at_one_moment(desk, outside, order_id)
    found = violations(books, IN_OPERATION)
    if not found:
        return None
    healed = tuple(_heal(desk, outside, books))
    # What was healed moves on from here by itself; only what was wrong before and still is was left.
    still = violations(_read(desk, outside, order_id), IN_OPERATION)
    left = tuple(one for one in found if one in still)
    return Reconciled(order_id=order_id, found=found, healed=healed, left=left)


def _worklist(desk: Desk, outside: Outside, since: int) -> Iterator[str]:
    unrelayed = desk.store.unrelayed(desk.now() - _PATIENCE, _PAGE)
    cases = dict.fromkeys(
        [*every(desk.store.clocked), *(case_id for case_id, _ in unrelayed), *outside.workflow.stopped(since)]
    )
    for case_id in cases:
        case = desk.store.case(case_id)
        if case:
            yield case.order_id
    for provider, reference in outside.payments.changed(since):
        yield from desk.store.orders_paid_by(provider, reference)


def _catch_up(desk: Desk, outside: Outside, order_id: str) -> None:
    """An answer that is waited for may have come while its event is still on its way; that is no drift."""
    order, _ = known_order(desk, order_id)
    for case in desk.store.cases_of_order(order):
        waiting = [one for one in case.attempts if one.state in UNANSWERED]
        answers = [found for one in waiting if (found := outside.payments.find(one))]
        if answers:
            record_refunds(desk, case.case_id, answers)
        for seen in _charges(outside.charges, [case]):
            record_charge(desk, case.case_id, seen)


def _at_one_moment(desk: Desk, outside: Outside, order_id: str) -> Books:
    """The order's books while nobody wrote to them: whatever moved while they were read, they are read again."""
    for n in range(_TRIES):
        books = _read(desk, outside, order_id)
        order, ledger = known_order(desk, order_id)
        again = ledger, tuple(desk.store.cases_of_order(order))
        if again == (books.ledger, books.cases) and not _under_way(books):
            return books
        desk.pause(n)
    raise Busy(order_id)


def _read(desk: Desk, outside: Outside, order_id: str) -> Books:
    order, ledger = known_order(desk, order_id)
    cases = tuple(desk.store.cases_of_order(order))
    statement = _statement(outside.payments, order, cases)
    return Books(
        ledger=ledger,
        cases=cases,
        entries={case.case_id: tuple(_timeline(desk, case)) for case in cases},
        refunds=tuple(statement.refunds),
        external=tuple(statement.external),
        charges=tuple(_charges(outside.charges, cases)),
        postings=tuple(desk.store.postings_of_order(order_id)),
        executions=tuple(_execution(outside.workflow, case) for case in cases),
        unrelayed=frozenset(_unrelayed(desk, cases)),
        at=desk.now(),
    )


def _under_way(books: Books) -> bool:
    """Whether a case moves just now: its execution may be about to start or to end."""
    return any(case.updated_at > books.at - _PATIENCE for case in books.cases) and any(
        violation.invariant in ("I4", "I5", "I6", "I9") for violation in violations(books, IN_OPERATION)
    )


def _timeline(desk: Desk, case: Case) -> Iterator[Entry]:
    after = 0
    while entries := desk.store.timeline(case.case_id, after=after, limit=_PAGE):
        yield from entries
        after = entries[-1].seq


def _execution(workflow: Workflow, case: Case) -> ExecutionOfCase:
    name = execution_name(case)
    return ExecutionOfCase(name=name, case_id=case.case_id, running=workflow.runs(name), failed=False)


def _unrelayed(desk: Desk, cases: Iterable[Case]) -> Iterator[str]:
    mine = {case.case_id for case in cases}
    for case_id, seq in desk.store.unrelayed(desk.now() - _PATIENCE, _PAGE):
        entry = desk.store.unrelayed_entry(case_id, seq) if case_id in mine else None
        if entry:
            yield entry.notice_id


def _statement(payments: Payments, order: Order, cases: Iterable[Case]) -> PaymentStatement:
    """Of all the order's payments together."""
    attempts = [attempt for case in cases for attempt in case.attempts]
    each = [payments.statement(payment, order.currency, attempts) for payment in order.payments]
    return PaymentStatement(
        refunds=[one for statement in each for one in statement.refunds],
        external=[one for statement in each for one in statement.external],
    )


def _charges(charges: Charges, cases: Iterable[Case]) -> Iterator[ProviderCharge]:
    """What their buyers were asked to pay besides, as it stands at the provider."""
    asked = (one for case in cases if case.exchange for one in case.exchange.asked)
    yield from filter(None, map(charges.find, asked))


def _heal(desk: Desk, outside: Outside, books: Books) -> Iterator[Healed]:
    """Forward only: what the provider did is booked, what should run is started, what should end is rung."""
    order_id = books.ledger.order_id
    book_external(desk, outside.payments, order_id)
    if known_order(desk, order_id)[1] != books.ledger:
        yield Healed.BOOKED
    for case in books.cases:
        for heal in (_settle(outside.payments), _sequence(outside.workflow)):
            healed = heal(desk, case)
            if healed:
                yield healed


def _settle(payments: Payments) -> Callable[[Desk, Case], Healed | None]:
    """What the provider says of the case's refunds is booked; a success that failed comes back."""

    def settle(desk: Desk, case: Case) -> Healed | None:
        if case.status not in LIFECYCLE[Act.RECORD_REFUND]:
            return None
        answers = [
            found for one in case.attempts if one.provider != ELSEWHERE and (found := payments.find(one))
        ]
        after = record_refunds(desk, case.case_id, answers)
        return Healed.SETTLED if after.version != case.version else None

    return settle


def _sequence(workflow: Workflow) -> Callable[[Desk, Case], Healed | None]:
    """An execution that never started is started; one that ended without its case is given to an operator; one that
    waits on although its case has ended is rung."""

    def sequence(desk: Desk, case: Case) -> Healed | None:
        name = execution_name(case)
        if workflow.runs(name):
            bell = desk.store.doorbell(case.case_id, name) if case.status in FINAL else None
            if bell is None:
                return None
            workflow.ring(bell.token)
            return Healed.RUNG
        if case.status in FINAL or case.trouble:
            return None
        if workflow.start(name, case.case_id):
            return Healed.STARTED
        report_stopped_execution(desk, case.case_id, name, "stopped")
        return Healed.GIVEN_TO_OPERATOR

    return sequence


def _rebuild(desk: Desk, accounts: Accounts, orders: Iterable[str]) -> Iterator[Violation]:
    """A balance is derived from what was posted: to put it right is no correction of the books."""
    for seller_id in dict.fromkeys(known_order(desk, order_id)[0].seller_id for order_id in orders):
        for drift in rebuild_balances(desk, accounts, seller_id):
            yield Violation(
                "I12",
                (seller_id, drift.currency),
                f"its balance was not what its postings add up to in shard {drift.shard}",
            )
