"""What must be true of the books of an order, whatever broke on the way.

Each check looks at a snapshot (`Books`) and says what is wrong with it. Those of `ALWAYS` hold after every single
write and every single refund; those of `IN_OPERATION` whenever nobody writes to the order just now, which is what the
reconciler looks at; those of `AT_REST` once nothing is under way any more. The numbers are those of
`docs/simulation.md`; I10 (who may) and I11 (nothing personal in logs) cannot be seen in books.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from aftersales.domain.calendar import HOUR
from aftersales.domain.case import FINAL, Advance, Case, Status
from aftersales.domain.charge import CLOSED, ChargeState, ProviderCharge
from aftersales.domain.exchange import tasks
from aftersales.domain.ledger import External, Ledger, PaymentShare, Unit
from aftersales.domain.lifecycle import CLOCKS
from aftersales.domain.refund import ELSEWHERE, AttemptState, RefundAtProvider
from aftersales.domain.settlement import Account, Lines, Posting, standing, standing_of_external, sum_of
from aftersales.domain.timeline import EFFECTS, Entry, Event

# Money that is on its way back or there.
LIVE = frozenset({AttemptState.PENDING, AttemptState.REQUIRES_ACTION, AttemptState.SUCCEEDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOfCase:
    """One execution; `failed` also where it was stopped or timed out."""

    name: str
    case_id: str
    running: bool
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All that is known of one order, read at one moment, `at`. `external` is what left its payments without the desk,
    as the provider shows it; `postings` what was posted for that. `accepted` are the ids that a client was told of;
    `unrelayed` the ids of entries whose effects are still due, `told` those of notices that went out."""

    ledger: Ledger
    cases: tuple[Case, ...] = ()
    entries: Mapping[str, tuple[Entry, ...]]
    refunds: tuple[RefundAtProvider, ...] = ()
    external: tuple[External, ...] = ()
    charges: tuple[ProviderCharge, ...] = ()
    postings: tuple[Posting, ...] = ()
    executions: tuple[ExecutionOfCase, ...] = ()
    accepted: frozenset[str] = frozenset()
    unrelayed: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    at: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """Which invariant is broken, by what, in one sentence."""

    invariant: str
    ids: tuple[str, ...]
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant} {' '.join(self.ids)}: {self.sentence}"


Check = Callable[[Books], Iterator[Violation]]


def violations(books: Books, checks: Iterable[Check]) -> tuple[Violation, ...]:
    """Everything that is wrong."""
    return tuple(found for check in checks for found in check(books))


def money_adds_up(books: Books) -> Iterator[Violation]:
    """I1: each payment's parts are what was captured, none below zero."""
    for balance in books.ledger.balances:
        parts = {
            name: getattr(balance, name)
            for name in ("available", "reserved", "refunded", "external", "disputed")
        }
        if sum(parts.values()) != balance.captured or min(parts.values()) < 0:
            said = ", ".join(f"{name} {amount}" for name, amount in parts.items())
            yield Violation(
                "I1",
                (books.ledger.order_id, balance.payment_id),
                f"{said} are not the {balance.captured} captured",
            )
        if balance.short < 0 or (balance.short and balance.available):
            yield Violation(
                "I1",
                (books.ledger.order_id, balance.payment_id),
                f"{balance.available} are available although {balance.short} are short",
            )


def refunds_are_single(books: Books) -> Iterator[Violation]:
    """I2: one live refund for each refund id, and never more on a payment than was captured."""
    live = [refund for refund in books.refunds if refund.state in LIVE]
    for refund_id, times in Counter(refund.refund_id for refund in live if refund.refund_id).items():
        if times > 1:
            yield Violation("I2", (refund_id,), f"the provider has {times} live refunds for it")
    paid = _sums((refund.payment_id, refund.amount) for refund in live)
    for balance in books.ledger.balances:
        if paid[balance.payment_id] > balance.captured:
            yield Violation(
                "I2",
                (books.ledger.order_id, balance.payment_id),
                f"{paid[balance.payment_id]} are refunded of {balance.captured} captured",
            )


def refunds_have_reservations(books: Books) -> Iterator[Violation]:
    """I2: what a provider pays back for a case was reserved by that case: a live refund belongs to an attempt, and
    the live refunds of a case on one payment are no more than it is owed there."""
    attempts = {attempt.refund_id: attempt for case in books.cases for attempt in case.attempts}
    by_case = _sums(
        ((attempts[refund.refund_id].case_id, refund.payment_id), refund.amount)
        for refund in books.refunds
        if refund.state in LIVE and refund.refund_id in attempts
    )
    for refund in books.refunds:
        if refund.refund_id and refund.refund_id not in attempts:
            yield Violation(
                "I2", (refund.refund_id,), "the provider has a refund that no case has written down"
            )
    for case in books.cases:
        # Less may be owed by now than went ahead; but never did more go than was claimed.
        owed = _amounts(case.claim.money if case.advance is Advance.GRANTED else case.owed)
        for payment_id in owed.keys() | {payment for case_id, payment in by_case if case_id == case.case_id}:
            paid = by_case[case.case_id, payment_id]
            if paid > owed[payment_id]:
                yield Violation(
                    "I2",
                    (case.case_id, payment_id),
                    f"{paid} are on their way or paid, {owed[payment_id]} are owed",
                )


def debts_are_written(books: Books) -> Iterator[Violation]:
    """I14: what the buyers of an order's cases owe stands in its ledger, to the cent and by payment; and nobody owes
    anything but for what went ahead of goods."""
    written = {debt.case_id: dict(_amounts(debt.money)) for debt in books.ledger.debts}
    owed = {case.case_id: dict(_amounts(case.debt)) for case in books.cases if case.debt}
    for case_id in sorted(written.keys() | owed.keys()):
        stands, should = written.get(case_id, {}), owed.get(case_id, {})
        if stands != should:
            yield Violation("I14", (case_id,), f"a debt of {stands} is written, and should be {should}")
    for case in books.cases:
        if case.debt and case.advance is not Advance.GRANTED:
            yield Violation(
                "I14", (case.case_id,), f"its buyer owes {owed[case.case_id]}, though nothing went ahead"
            )


def accepted_goods_leave_no_debt(books: Books) -> Iterator[Violation]:
    """I14: whose goods have all come and were all well owes nothing for them."""
    for case in books.cases:
        receipt = case.returning.receipt if case.returning else None
        undisputed = case.dispute is None and not case.offers
        if case.status is Status.COMPLETED and receipt and undisputed and case.debt:
            yield Violation("I14", (case.case_id,), "its goods were accepted, and its buyer owes for them")


def charges_are_single(books: Books) -> Iterator[Violation]:
    """I2: for each charge a buyer is asked once, and pays once."""
    live = (one.charge_id for one in books.charges if one.state not in CLOSED - {ChargeState.CAPTURED})
    for charge_id, times in Counter(live).items():
        if times > 1:
            yield Violation("I2", (charge_id,), f"the provider has {times} live payments for it")


def accepted_cases_exist(books: Books) -> Iterator[Violation]:
    """I3: a case that its buyer was told of is there."""
    for case_id in sorted(books.accepted - {case.case_id for case in books.cases}):
        yield Violation("I3", (case_id,), "its buyer was told that it exists, and it does not")


def cases_have_executions(books: Books) -> Iterator[Violation]:
    """I4: one execution for each run of a case, and none that ended without its case."""
    for case in books.cases:
        names = sorted(one.name for one in books.executions if one.case_id == case.case_id)
        wanted = sorted([case.case_id, *(f"{case.case_id}-{run}" for run in range(2, case.run + 1))])
        if names != wanted:
            yield Violation("I4", (case.case_id,), f"its executions are {names} and should be {wanted}")
    for one in books.executions:
        if one.failed:
            yield Violation("I4", (one.name,), "the execution has failed")
        elif one.running:
            yield Violation("I4", (one.name,), "nothing is under way any more, and the execution still waits")


def cases_end_once(books: Books) -> Iterator[Violation]:
    """I5: every case reaches a final state, and reaches one once, and once more each time it came back."""
    for case in books.cases:
        if case.status not in FINAL:
            yield Violation(
                "I5", (case.case_id,), f"nothing is under way any more, and the case is {case.status}"
            )
            continue
        ends = [
            entry.to_status
            for entry in books.entries[case.case_id]
            if Status(entry.to_status) in FINAL and entry.from_status != entry.to_status
        ]
        comebacks = sum(
            entry.event in (Event.REFUND_FAILED_LATE, Event.CASE_APPEALED, Event.RETURN_REOPENED)
            for entry in books.entries[case.case_id]
        )
        if len(ends) != 1 + comebacks:
            yield Violation("I5", (case.case_id,), f"it came back {comebacks} times and ended so: {ends}")


def books_agree_with_provider(books: Books) -> Iterator[Violation]:
    """I6: an attempt stands where the provider's refund of its id stands; nothing is booked that is not there."""
    seen = {refund.refund_id: refund for refund in books.refunds}
    for attempt in (attempt for case in books.cases for attempt in case.attempts):
        refund = seen.get(attempt.refund_id)
        if attempt.provider == ELSEWHERE:
            continue
        if refund is None:
            if attempt.state in LIVE - {AttemptState.REQUIRES_ACTION}:
                yield Violation(
                    "I6", (attempt.refund_id,), f"booked as {attempt.state}, unknown to the provider"
                )
        elif (refund.state, refund.amount) != (attempt.state, attempt.amount):
            yield Violation(
                "I6",
                (attempt.refund_id,),
                f"booked as {attempt.state} of {attempt.amount}, "
                f"at the provider {refund.state} of {refund.amount}",
            )


def external_is_booked(books: Books) -> Iterator[Violation]:
    """I6: what left the payments without the desk stands in the ledger as it stands at the provider."""
    booked = {one.external_id: one for one in books.ledger.external}
    for one in books.external:
        if booked.pop(one.external_id, None) != one:
            yield Violation(
                "I6", (books.ledger.order_id, one.external_id), f"{one.kind} of {one.amount} is not booked"
            )
    for external_id in booked:
        yield Violation(
            "I6", (books.ledger.order_id, external_id), "booked as external, unknown to the provider"
        )


def charges_are_booked(books: Books) -> Iterator[Violation]:
    """I6: what was taken from the buyer is a payment of the order, to the cent, and nothing else is."""
    taken = {
        (one.charge_id, one.reference, one.captured)
        for one in books.charges
        if one.state is ChargeState.CAPTURED
    }
    booked = {(one.payment_id, one.reference, one.captured) for one in books.ledger.payments}
    for charge_id, reference, amount in sorted(taken - booked):
        yield Violation("I6", (charge_id, reference), f"{amount} were taken and are not booked")
    for charge_id, reference, amount in sorted(booked - taken):
        yield Violation(
            "I6", (charge_id, reference), f"{amount} are booked, and the provider did not take them"
        )


def charges_are_closed(books: Books) -> Iterator[Violation]:
    """I5: once nothing is under way any more, no buyer is asked for money, and none of it is held."""
    for one in books.charges:
        if one.state not in CLOSED:
            yield Violation("I5", (one.charge_id,), f"nothing is under way any more, and it is {one.state}")


def nothing_is_held_in_vain(books: Books) -> Iterator[Violation]:
    """I13: no money is held for a case that is over and has nothing left to do."""
    over = {
        one.charge_id: case
        for case in books.cases
        if case.exchange and case.status in FINAL and not tasks(case)
        for one in case.exchange.asked
    }
    for one in books.charges:
        if one.state not in CLOSED and (case := over.get(one.charge_id)):
            yield Violation(
                "I13", (case.case_id, one.charge_id), f"the case is {case.status}, and it is {one.state}"
            )


def timelines_have_no_gap(books: Books) -> Iterator[Violation]:
    """I7: one entry for each version, each beginning where the one before ended, the last where the case is."""
    for case in books.cases:
        entries = books.entries[case.case_id]
        numbers = [entry.seq for entry in entries]
        if numbers != list(range(1, case.version + 1)):
            yield Violation("I7", (case.case_id,), f"version {case.version} has the entries {numbers}")
        for before, after in pairwise(entries):
            if before.to_status != after.from_status:
                yield Violation(
                    "I7",
                    (after.notice_id,),
                    f"starts at {after.from_status} where the one before ended at {before.to_status}",
                )
        if entries and entries[-1].to_status != case.status:
            yield Violation(
                "I7", (case.case_id,), f"told as {entries[-1].to_status}, but it is {case.status}"
            )


def reservations_are_exact(books: Books) -> Iterator[Violation]:
    """I8: the ledger holds what its cases hold, to the cent and to the unit: nothing was released twice, never,
    or while a refund may still be under way."""
    held = _sums((part.payment_id, part.amount) for case in books.cases for part in case.held)
    paid = _sums((part.payment_id, part.amount) for case in books.cases for part in case.paid)
    for balance in books.ledger.balances:
        for name, is_, should in (
            ("reserved", balance.reserved, held[balance.payment_id]),
            ("refunded", balance.refunded, paid[balance.payment_id]),
        ):
            if is_ != should:
                yield Violation(
                    "I8",
                    (books.ledger.order_id, balance.payment_id),
                    f"{is_} {name} in the ledger, {should} by its cases",
                )
    for case in books.cases:
        unit = _unit_of(case)
        for units in case.claim.units:
            line = books.ledger.line(units.line_id)
            marks = {line.units[k - 1] for k in units.units} if line else set()
            if unit and marks != {unit}:
                yield Violation(
                    "I8", (case.case_id, units.line_id), f"its units are {sorted(marks)}, not {unit}"
                )


def executions_follow_cases(books: Books) -> Iterator[Violation]:
    """I4: an open case is sequenced by an execution that runs, or an operator was asked; a final one by none."""
    executions = {one.case_id: one for one in books.executions}
    for case in books.cases:
        execution = executions.get(case.case_id)
        runs = execution is not None and execution.running
        if case.status in FINAL and runs:
            yield Violation("I4", (case.case_id,), f"the case is {case.status} and its execution still runs")
        if case.status not in FINAL and not runs and not case.trouble:
            yield Violation("I4", (case.case_id,), f"the case is {case.status} and no execution runs for it")


def cases_move(books: Books) -> Iterator[Violation]:
    """I5: an open case has a clock that has not run out, or moved within the last hour."""
    for case in books.cases:
        if case.status in FINAL:
            continue
        clocked = case.status in CLOCKS or case.trouble is not None
        if clocked and case.deadline_at is None:
            yield Violation("I5", (case.case_id,), f"the case is {case.status} and has no clock")
        elif max(case.deadline_at or 0, case.updated_at) < books.at - HOUR:
            yield Violation("I5", (case.case_id,), f"the case is {case.status} and has been due for an hour")


def exchanges_make_whole(books: Books) -> Iterator[Violation]:
    """I13: an exchange that is over left its buyer with the other goods, or with the money, or with goods and the money
    that they are worth less: never with neither, and never with more. Nothing is set aside or held for it any more."""
    for case in books.cases:
        leg = case.exchange
        if leg is None or case.status not in FINAL:
            continue
        there = [line for one in leg.goods if (line := books.ledger.line(one.line.line_id))]
        charged = leg.charged
        paid = sum(part.amount for part in case.paid)
        if left := tasks(case):
            yield Violation("I13", (case.case_id,), f"it is over, and there is still to {', '.join(left)}")
        if len(there) != (len(leg.goods) if case.replaced else 0):
            yield Violation("I13", (case.case_id,), f"{len(there)} of its goods are in the ledger")
        elif case.replaced:
            worth = sum(units.amount for units in case.claim.units) + charged
            goods = sum(line.total for line in there)
            if case.advance is Advance.GRANTED:
                # They went first: what was not charged for is given, and earned or owed, which I14 looks at.
                given = sum(part.amount for part in case.given)
                unpaid = goods != charged + given + leg.collected and not books.ledger.external
                wrong = unpaid or goods + paid > worth + leg.collected
            else:
                wrong = goods + paid > worth or (goods + paid < worth and not books.ledger.external)
            if wrong:
                yield Violation(
                    "I13", (case.case_id,), f"goods of {goods} and {paid} in money stand for {worth}"
                )
        elif case.status is Status.COMPLETED:
            if not paid and not books.ledger.external:
                yield Violation("I13", (case.case_id,), "its buyer has neither goods nor money")
        elif paid or charged:
            yield Violation("I13", (case.case_id,), f"it ended with {paid} paid and {charged} charged")


def entries_are_relayed(books: Books) -> Iterator[Violation]:
    """I9: every entry that has effects was relayed."""
    for entries in books.entries.values():
        for entry in entries:
            if entry.notice_id in books.unrelayed:
                yield Violation("I9", (entry.notice_id,), f"{entry.event} was never relayed")


def parties_are_told(books: Books) -> Iterator[Violation]:
    """I9: the parties were told of what they are told of."""
    for entries in books.entries.values():
        for entry in entries:
            if EFFECTS[entry.event].told and entry.notice_id not in books.told | books.unrelayed:
                yield Violation("I9", (entry.notice_id,), f"nobody was told of {entry.event}")


def postings_sum_to_zero(books: Books) -> Iterator[Violation]:
    """I12: every posting is a balanced entry."""
    for ids, posting in _postings(books):
        if rest := sum(posting.lines.values()):
            yield Violation("I12", ids, f"its lines leave {rest}")


def money_is_posted_once(books: Books) -> Iterator[Violation]:
    """I12: what went back to a buyer stands in the seller's account, once, and so does what of it came back; and of the
    platform's fee as much was given back as the ledger says. An order from before there were postings has none."""
    order_id = books.ledger.order_id
    if books.ledger.platform_fee is None:
        return
    for case in books.cases:
        entries = books.entries[case.case_id]
        yield from _posted((case.case_id,), standing(case), (one.posting for one in entries if one.posting))
    yield from _posted((order_id,), standing_of_external(books.ledger), books.postings)
    fee = sum(posting.lines.get(Account.PLATFORM_FEE, 0) for _, posting in _postings(books))
    if fee != books.ledger.fee_returned:
        yield Violation(
            "I12", (order_id,), f"{fee} of the fee are posted, {books.ledger.fee_returned} were given back"
        )


ALWAYS: tuple[Check, ...] = (
    money_adds_up,
    refunds_are_single,
    refunds_have_reservations,
    charges_are_single,
    accepted_cases_exist,
    timelines_have_no_gap,
    reservations_are_exact,
    debts_are_written,
    postings_sum_to_zero,
    money_is_posted_once,
)
IN_OPERATION: tuple[Check, ...] = (
    *ALWAYS,
    books_agree_with_provider,
    external_is_booked,
    charges_are_booked,
    nothing_is_held_in_vain,
    executions_follow_cases,
    cases_move,
    entries_are_relayed,
)
AT_REST: tuple[Check, ...] = (
    *ALWAYS,
    cases_have_executions,
    cases_end_once,
    exchanges_make_whole,
    accepted_goods_leave_no_debt,
    books_agree_with_provider,
    external_is_booked,
    charges_are_booked,
    charges_are_closed,
    entries_are_relayed,
    parties_are_told,
)


def _unit_of(case: Case) -> Unit | None:
    """Where the units of a case stand; those of a case that ended without money may be another's by now."""
    if case.replaced:
        return Unit.EXCHANGED
    if case.status in FINAL - {Status.COMPLETED}:
        return None
    return Unit.REFUNDED if case.status is Status.COMPLETED else Unit.RESERVED


def _postings(books: Books) -> Iterator[tuple[tuple[str, ...], Posting]]:
    """All of an order's: those of its cases and those that are no case's."""
    for entries in books.entries.values():
        for entry in entries:
            if entry.posting:
                yield (entry.notice_id,), entry.posting
    for posting in books.postings:
        yield (posting.order_id,), posting


def _posted(ids: tuple[str, ...], should: Lines, postings: Iterable[Posting]) -> Iterator[Violation]:
    """The seller's payable and the fee follow from the other accounts."""
    lines = sum_of(posting.lines for posting in postings)
    stands = {account: amount for account, amount in lines.items() if account not in _FOLLOWS}
    if stands != should:
        yield Violation("I12", ids, f"posted {_told(stands)}, and should be {_told(should)}")


_FOLLOWS = frozenset({Account.SELLER_PAYABLE, Account.PLATFORM_FEE})


def _told(lines: Lines) -> str:
    return ", ".join(f"{amount} to {account}" for account, amount in lines.items()) or "nothing"


def _sums[K](pairs: Iterable[tuple[K, int]]) -> Counter[K]:
    sums: Counter[K] = Counter()
    for key, amount in pairs:
        sums[key] += amount
    return sums


def _amounts(parts: Iterable[PaymentShare]) -> Counter[str]:
    return _sums((part.payment_id, part.amount) for part in parts)
