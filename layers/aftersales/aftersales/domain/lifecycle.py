"""The life of a case: every act, who may do it, from which statuses it is possible, and what silence does.

`LIFECYCLE` is the table; the functions below it are the acts. Each takes the case (and, where units or money
move, the ledger) as they were read and returns the `Change` to commit: the next case, one timeline entry, and
the next ledger if it moved. None of them reads a clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from aftersales.domain import ledger as books
from aftersales.domain.case import FINAL, Case, Decision, Dispute, Kind, Reason, Review, Status
from aftersales.domain.evidence import MAX_PER_CASE, Evidence, EvidenceState
from aftersales.domain.ledger import Ledger, PaymentShare, Reservation
from aftersales.domain.money import step
from aftersales.domain.order import Order
from aftersales.domain.parties import POLICY, SYSTEM, Party, Role
from aftersales.domain.policy import MINUTE, Assessment, Clocks, Policy, Verdict
from aftersales.domain.refund import (
    DEAD,
    ELSEWHERE,
    Attempt,
    AttemptState,
    ProviderRefund,
    RefundLeg,
    live,
    observe,
)
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import Entry, Event


class Act(StrEnum):
    """What can be done to a case."""

    ASSESS = "assess"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    ADD_EVIDENCE = "add_evidence"
    CHECK_EVIDENCE = "check_evidence"
    VIEW_EVIDENCE = "view_evidence"
    SEND_MESSAGE = "send_message"
    START_REFUND = "start_refund"
    RECORD_REFUND = "record_refund"
    ASK_OPERATOR = "ask_operator"
    RESUME = "resume"
    PAY_ELSEWHERE = "pay_elsewhere"


_OPEN = frozenset(Status) - FINAL
_DECIDABLE = frozenset({Status.UNDER_REVIEW, Status.DISPUTED})
_ASSESSABLE = frozenset({Status.REQUESTED, Status.EVIDENCE_REQUIRED})
_MONEY = frozenset({Status.APPROVED, Status.REFUND_PENDING, Status.REFUND_ACTION_REQUIRED, Status.COMPLETED})

# Act -> the statuses from which it is possible.
LIFECYCLE: Mapping[Act, frozenset[Status]] = {
    Act.ASSESS: _ASSESSABLE,
    Act.DECIDE: _DECIDABLE,
    # A buyer may step back until money moves.
    Act.WITHDRAW: _ASSESSABLE | _DECIDABLE | {Status.DECLINED},
    Act.ADD_EVIDENCE: _ASSESSABLE | _DECIDABLE | {Status.DECLINED},
    Act.CHECK_EVIDENCE: _OPEN,
    Act.VIEW_EVIDENCE: frozenset(Status),
    Act.SEND_MESSAGE: frozenset(Status),
    Act.START_REFUND: frozenset({Status.APPROVED}),
    # What the provider reports is recorded whatever the status: a success may fail after completion.
    Act.RECORD_REFUND: _MONEY,
    Act.ASK_OPERATOR: _OPEN,
    # A new execution may take over at any time, for example where the old one was stopped by hand.
    Act.RESUME: _OPEN,
    Act.PAY_ELSEWHERE: frozenset({Status.REFUND_ACTION_REQUIRED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One transaction: the case as it will be, the entry that tells it, the ledger if units or money moved."""

    case: Case
    entry: Entry
    ledger: Ledger | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a status may last, the event that silence causes, and how the parties are told of it before."""

    minutes: Callable[[Clocks, Case], int]
    event: Callable[[Case], Event]
    on_timeout: str | None


def _silent_buyer(case: Case) -> Event:
    """A buyer who sent an accepted photo was not silent: it is the assessment that is late, and is rung again."""
    return Event.ASSESSMENT_OVERDUE if case.accepted_evidence else Event.CASE_CANCELLED


def _silent_seller(case: Case) -> Event:
    return Event.CASE_APPROVED if case.on_timeout == Status.APPROVED else Event.CASE_DISPUTED


_INQUIRIES_A_DAY = 24


def _patience_with_provider(clocks: Clocks, case: Case) -> int:
    """The first question comes soon, for the answer may just be lost; then hourly, and daily after a day."""
    if not case.inquiries and any(attempt.state is AttemptState.SUBMITTED for attempt in case.attempts):
        return clocks.first_inquiry
    return clocks.inquiry if case.inquiries < _INQUIRIES_A_DAY else 24 * 60


_OPERATOR = Clock(lambda clocks, _: clocks.operator, lambda _: Event.OPERATOR_OVERDUE, "operator_reminded")

CLOCKS: Mapping[Status, Clock] = {
    Status.EVIDENCE_REQUIRED: Clock(lambda clocks, _: clocks.evidence, _silent_buyer, "cancelled"),
    # Silence approves or opens a dispute, as the policy said when it asked the seller.
    Status.UNDER_REVIEW: Clock(lambda clocks, _: clocks.seller, _silent_seller, None),
    Status.DISPUTED: Clock(
        lambda clocks, _: clocks.reviewer, lambda _: Event.REVIEW_OVERDUE, "reviewer_reminded"
    ),
    Status.DECLINED: Clock(
        lambda clocks, _: clocks.declined, lambda _: Event.CASE_CLOSED_DECLINED, "closed_declined"
    ),
    Status.REFUND_PENDING: Clock(
        _patience_with_provider, lambda _: Event.REFUND_OVERDUE, "provider_asked_again"
    ),
    Status.REFUND_ACTION_REQUIRED: _OPERATOR,
}

# What silence causes where the status stays: its clock starts again.
_REMINDERS = frozenset(
    {Event.ASSESSMENT_OVERDUE, Event.REVIEW_OVERDUE, Event.REFUND_OVERDUE, Event.OPERATOR_OVERDUE}
)

# What the policy's verdict makes of a case.
_VERDICTS = {
    Verdict.APPROVE: (Review.APPROVED, Event.CASE_APPROVED),
    Verdict.ASK_EVIDENCE: (Review.EVIDENCE_REQUIRED, Event.EVIDENCE_REQUESTED),
    Verdict.ASK_PERSON: (Review.UNDER_REVIEW, Event.REVIEW_REQUESTED),
    Verdict.DECLINE: (Review.DECLINED, Event.CASE_DECLINED),
}


def require(act: Act, case: Case) -> None:
    """Refuse an act that the status does not allow, saying which acts it does allow."""
    if case.status not in LIFECYCLE[act]:
        raise Refusal(
            Code.ACT_NOT_POSSIBLE,
            f"A case that is {case.status} cannot take this step.",
            status=case.status,
            possible=sorted(other for other, statuses in LIFECYCLE.items() if case.status in statuses),
        )


def open_case(
    *,
    case_id: str,
    order: Order,
    ledger: Ledger,
    kind: Kind,
    reason: Reason,
    description: str,
    wanted: Mapping[str, int],
    evidence: tuple[Evidence, ...],
    policy: Policy,
    request_hash: str,
    buyer: Party,
    now: int,
) -> Change:
    """A new case with its units and money reserved in the same change."""
    ledger, claim = books.reserve(ledger, wanted)
    if not claim.amount:
        raise Refusal(Code.NOTHING_TO_REFUND, "Nothing was paid for these units.")
    case = Case(
        case_id=case_id,
        order_id=order.order_id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        kind=kind,
        reason=reason,
        description=description,
        currency=order.currency,
        claim=claim,
        policy_version=policy.version,
        request_hash=request_hash,
        version=1,
        opened_at=now,
        updated_at=now,
        evidence=evidence,
    )
    entry = Entry(
        case_id=case_id,
        seq=1,
        at=now,
        actor=buyer,
        event=Event.CASE_OPENED,
        from_status=None,
        to_status=case.status,
        data={"reason": reason, "amount": claim.amount},
    )
    return Change(case=case, entry=entry, ledger=ledger)


def apply_assessment(case: Case, assessment: Assessment, now: int) -> Change:
    """The policy's decision, stored with the rules that fired."""
    require(Act.ASSESS, case)
    decision = Decision(
        verdict=assessment.verdict,
        by=POLICY,
        at=now,
        reason_code=assessment.reason_code,
        amount=case.claim.amount if assessment.verdict is Verdict.APPROVE else 0,
        policy_version=assessment.policy.version,
        rules=assessment.rules,
    )
    case = replace(case, decision=decision, policy_version=assessment.policy.version, trouble=None)
    review, event = _VERDICTS[assessment.verdict]
    approved = review is Review.APPROVED
    after = _approved(case, case.claim.amount) if approved else replace(case, review=review)
    silence = Status.APPROVED if assessment.silence_approves else Status.DISPUTED
    return _change(
        case, after, event, POLICY, now, assessment.policy.clocks, _told(decision), silence=silence
    )


def decide(
    case: Case,
    ledger: Ledger,
    *,
    approve: bool,
    by: Party,
    reason_code: str,
    note: str,
    amount: int | None,
    policy: Policy,
    now: int,
) -> Change:
    """A person's decision. Approving a part frees the rest of the money at once."""
    require(Act.DECIDE, case)
    _refuse_wrong_decider(case, by)
    granted = case.claim.amount if amount is None else amount
    if approve and not 0 < granted <= case.claim.amount:
        raise Refusal(
            Code.AMOUNT_ABOVE_CASE, "The amount must be more than nothing and at most what the case reserves."
        )
    if approve and granted % step(case.currency) and granted != case.claim.amount:
        raise Refusal(
            Code.INVALID, f"Amounts in {case.currency} are paid back in steps of {step(case.currency)}."
        )
    if approve and by.role is Role.SELLER and granted > policy.seller_limit.get(case.currency, 0):
        raise Refusal(Code.AMOUNT_ABOVE_LIMIT, "A reviewer of the platform decides amounts this high.")
    decision = Decision(
        verdict=Verdict.APPROVE if approve else Verdict.DECLINE,
        by=by,
        at=now,
        reason_code=reason_code,
        note=note,
        amount=granted if approve else 0,
        policy_version=case.policy_version,
    )
    dispute = replace(case.dispute, resolved=True) if case.dispute else None
    case_after = replace(case, decision=decision, dispute=dispute)
    if approve:
        rest = books.less(case.claim.money, (after := _approved(case_after, granted)).owed)
        return _change(
            case,
            after,
            Event.CASE_APPROVED,
            by,
            now,
            policy.clocks,
            _told(decision),
            ledger=books.release_money(ledger, rest) if rest else None,
        )
    if case.status is Status.DISPUTED:
        # The reviewer's word ends the case; what was held is freed in the same write.
        event, data = Event.CASE_CLOSED_DECLINED, _told(decision)
        return _closed(case, case_after, Review.CLOSED_DECLINED, event, ledger, by, now, policy, data)
    after = replace(case_after, review=Review.DECLINED)
    return _change(case, after, Event.CASE_DECLINED, by, now, policy.clocks, _told(decision))


def withdraw(case: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer steps back; everything that was held is freed."""
    require(Act.WITHDRAW, case)
    return _closed(case, case, Review.CANCELLED, Event.CASE_WITHDRAWN, ledger, by, now, policy)


def pass_deadline(case: Case, ledger: Ledger, *, policy: Policy, now: int) -> Change | None:
    """What silence does once the deadline has passed; nothing if it has not, or the case moved on."""
    clock = _clock_of(case)
    if clock is None or case.deadline_at is None or now < case.deadline_at:
        return None
    event = clock.event(case)
    clocks = policy.clocks
    match event:
        case Event.CASE_CANCELLED:
            return _closed(case, case, Review.CANCELLED, event, ledger, SYSTEM, now, policy)
        case Event.CASE_CLOSED_DECLINED:
            return _closed(case, case, Review.CLOSED_DECLINED, event, ledger, SYSTEM, now, policy)
        case Event.CASE_APPROVED:
            decision = Decision(
                verdict=Verdict.APPROVE,
                by=SYSTEM,
                at=now,
                reason_code="seller_silent",
                amount=case.claim.amount,
                policy_version=case.policy_version,
            )
            after = _approved(replace(case, decision=decision), case.claim.amount)
            return _change(case, after, event, SYSTEM, now, clocks, _told(decision))
        case Event.CASE_DISPUTED:
            after = replace(case, dispute=Dispute(opened_by=SYSTEM, opened_at=now))
            return _change(case, after, event, SYSTEM, now, clocks)
        case Event.REFUND_OVERDUE:
            after = replace(case, inquiries=case.inquiries + 1)
            return _change(case, after, event, SYSTEM, now, clocks, {"inquiries": after.inquiries})
        case _:
            return _change(case, case, event, SYSTEM, now, clocks)


def start_refund(case: Case, order: Order, ledger: Ledger, *, policy: Policy, now: int) -> Change:
    """The durable attempts, before the provider hears of any: one for each part of a payment that is owed.

    While the bank looks at a payment nothing is paid, and an operator is asked instead.
    """
    require(Act.START_REFUND, case)
    if ledger.frozen:
        return _troubled(case, Code.ORDER_FROZEN, policy, now)
    after, ledger_after = _less_what_is_gone(case, ledger)
    attempts = tuple(_attempt(case, order, part, 1, now) for part in after.owed)
    after = replace(after, attempts=attempts)
    return _change(
        case,
        after,
        Event.REFUND_STARTED if attempts else Event.REFUND_SUCCEEDED,
        SYSTEM,
        now,
        policy.clocks,
        {
            "covered": _total(case.owed) - _total(after.owed),
            "refunds": [{"refund_id": a.refund_id, "amount": a.amount} for a in attempts],
        },
        ledger=ledger_after,
    )


def record_refunds(
    case: Case, ledger: Ledger, seen: Iterable[ProviderRefund], *, by: Party, policy: Policy, now: int
) -> Change | None:
    """Book what the provider says of this case's refunds; nothing where it is old news.

    Money is settled per attempt as it succeeds, and comes back to `reserved` when a success fails late. The
    write that books the last success also completes the case.
    """
    require(Act.RECORD_REFUND, case)
    seen = tuple(seen)
    attempts = tuple(
        reduce(observe, (one for one in seen if one.refund_id == attempt.refund_id), attempt)
        for attempt in case.attempts
    )
    moved = tuple(
        (old, new) for old, new in zip(case.attempts, attempts, strict=True) if old.state is not new.state
    )
    if not moved:
        return None
    after = replace(case, attempts=attempts)
    news = tuple(new for _, new in moved)
    won = tuple(_share(new) for new in news if new.state is AttemptState.SUCCEEDED)
    lost = tuple(_share(old) for old, _ in moved if old.state is AttemptState.SUCCEEDED)
    ledger_after = books.reverse(books.settle(ledger, won), lost) if won or lost else None
    was_complete = case.refund_leg is RefundLeg.SUCCEEDED
    is_complete = after.refund_leg is RefundLeg.SUCCEEDED
    if is_complete and not was_complete:
        ledger_after = books.consume_units(ledger_after or ledger, case.claim.units)
    if was_complete and not is_complete:
        ledger_after = books.hold_again(ledger_after or ledger, case.claim.units)
        after = replace(after, run=case.run + 1)
    told = case.owed if is_complete else news
    return _change(
        case,
        after,
        _refund_event(after, news, was_complete=was_complete),
        by,
        now,
        policy.clocks,
        {"amount": sum(part.amount for part in told), "refunds": [_told_refund(one) for one in news]},
        ledger=ledger_after,
    )


def ask_operator(case: Case, trouble: str, *, policy: Policy, now: int) -> Change | None:
    """A step gave up: name the trouble on the case, so that an operator is asked and nothing is silent."""
    require(Act.ASK_OPERATOR, case)
    if case.trouble or case.status is Status.REFUND_ACTION_REQUIRED:
        return None
    return _troubled(case, trouble, policy, now)


def resume(case: Case, order: Order, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """An operator sends the case on, under a new execution: nobody need know whether the old one still lives.

    Only a failed attempt gets a successor with a key of its own. One that asks for something keeps its key; the
    provider is asked before it is sent again. What the buyer got by another way meanwhile, by hand at the provider
    or from the bank, is no longer owed; where that is all, the case is complete.
    """
    require(Act.RESUME, case)
    if case.status is Status.REFUND_ACTION_REQUIRED:
        _refuse_frozen(ledger)
    sent, ledger_after = _less_what_is_gone(case, ledger)
    kept = tuple(
        replace(attempt, state=AttemptState.SUBMITTED, submitted_at=now)
        if attempt.state is AttemptState.REQUIRES_ACTION
        else attempt
        for attempt in case.attempts
    )
    owed = {part.payment_id: part for part in sent.owed}
    successors = tuple(
        _attempt(case, order, owed[attempt.payment_id], attempt.number + 1, now)
        for attempt in live(case.attempts)
        if attempt.state in DEAD and attempt.payment_id in owed
    )
    after = replace(sent, trouble=None, inquiries=0, attempts=kept + successors, run=case.run + 1)
    covered = after.status is Status.COMPLETED
    data = {
        "amount": _total(case.owed) - _total(sent.owed),
        "refunds": [_told_refund(attempt) for attempt in live(after.attempts)],
    }
    event = Event.REFUND_COVERED if covered else Event.CASE_RESUMED
    return _change(case, after, event, by, now, policy.clocks, data, ledger=ledger_after)


def pay_elsewhere(
    case: Case, order: Order, ledger: Ledger, note: str, *, by: Party, policy: Policy, now: int
) -> Change:
    """An operator has paid what is still owed by another means: the provider refuses for good, for example beside a
    lost chargeback. Only what cannot arrive any more by the desk's own keys may be paid so."""
    require(Act.PAY_ELSEWHERE, case)
    _refuse_frozen(ledger)
    if any(attempt.state not in DEAD | {AttemptState.SUCCEEDED} for attempt in live(case.attempts)):
        raise Refusal(
            Code.REFUND_UNDER_WAY,
            "A refund of this case may still arrive; wait until the provider has decided.",
        )
    rest, ledger_after = _less_what_is_gone(case, ledger)
    numbers = {attempt.payment_id: attempt.number for attempt in live(case.attempts)}
    paid = tuple(
        replace(
            _attempt(case, order, part, numbers.get(part.payment_id, 0) + 1, now),
            provider=ELSEWHERE,
            state=AttemptState.SUCCEEDED,
        )
        for part in books.less(rest.owed, case.paid)
    )
    after = replace(rest, trouble=None, attempts=case.attempts + paid, run=case.run + 1)
    settled = books.settle(ledger_after or ledger, map(_share, paid))
    data = {
        "amount": _total(case.owed) - _total(case.paid),
        "note": note,
        "refunds": [_told_refund(attempt) for attempt in paid],
    }
    return _change(
        case,
        after,
        Event.REFUND_COVERED,
        by,
        now,
        policy.clocks,
        data,
        ledger=books.consume_units(settled, case.claim.units) if paid else settled,
    )


def add_evidence(case: Case, evidence: Evidence, *, by: Party, policy: Policy, now: int) -> Change:
    """Promise one more file."""
    require(Act.ADD_EVIDENCE, case)
    # Counted for each side: a seller who fills the case with promises must not keep the buyer's photo out.
    if sum(one.added_by == evidence.added_by for one in case.evidence) >= MAX_PER_CASE:
        raise Refusal(Code.EVIDENCE_LIMIT, f"A case takes at most {MAX_PER_CASE} files of each side.")
    after = replace(case, evidence=(*case.evidence, evidence))
    return _change(
        case, after, Event.EVIDENCE_ADDED, by, now, policy.clocks, {"evidence_id": evidence.evidence_id}
    )


def check_evidence(case: Case, checked: Evidence, *, policy: Policy, now: int) -> Change | None:
    """A file arrived and was looked at. The first look counts; a repeat changes nothing."""
    require(Act.CHECK_EVIDENCE, case)
    old = next((one for one in case.evidence if one.evidence_id == checked.evidence_id), None)
    if old is None or old.state is not EvidenceState.AWAITING_UPLOAD:
        return None
    after = replace(
        case,
        evidence=tuple(checked if one.evidence_id == checked.evidence_id else one for one in case.evidence),
    )
    accepted = checked.state is EvidenceState.ACCEPTED
    return _change(
        case,
        after,
        Event.EVIDENCE_ACCEPTED if accepted else Event.EVIDENCE_REFUSED,
        SYSTEM,
        now,
        policy.clocks,
        {"evidence_id": checked.evidence_id, "reason": checked.reason},
    )


def view_evidence(case: Case, evidence_id: str, *, by: Party, policy: Policy, now: int) -> Change:
    """Somebody was given a link to a clean copy."""
    return _change(case, case, Event.EVIDENCE_VIEWED, by, now, policy.clocks, {"evidence_id": evidence_id})


def send_message(case: Case, text: str, *, by: Party, policy: Policy, now: int) -> Change:
    """A word to the other parties. It lives in the timeline only."""
    return _change(case, case, Event.MESSAGE_SENT, by, now, policy.clocks, {"text": text})


def _refuse_frozen(ledger: Ledger) -> None:
    if ledger.frozen:
        raise Refusal(Code.ORDER_FROZEN, "A payment of this order is disputed at the payment provider.")


def _refuse_wrong_decider(case: Case, by: Party) -> None:
    """A case is first its seller's to decide; a disputed one is the reviewer's alone; nobody else decides."""
    if case.status is Status.DISPUTED and by.role is not Role.REVIEWER:
        raise Refusal(
            Code.ACT_NOT_POSSIBLE, "A reviewer decides disputed cases.", status=case.status, possible=[]
        )
    if by.role not in (Role.SELLER, Role.REVIEWER):
        raise Refusal(Code.FORBIDDEN, "Sellers and reviewers decide.")


def _approved(case: Case, amount: int) -> Case:
    owed = books.split_over_payments(amount, case.claim.money)
    return replace(case, review=Review.APPROVED, owed=owed)


def _troubled(case: Case, trouble: str, policy: Policy, now: int) -> Change:
    after = replace(case, trouble=trouble)
    return _change(case, after, Event.OPERATOR_ASKED, SYSTEM, now, policy.clocks, {"trouble": trouble})


def _less_what_is_gone(case: Case, ledger: Ledger) -> tuple[Case, Ledger | None]:
    """The case without the parts of its debt that reached the buyer by another way, and the ledger that gives them
    up, if there are any. A part that may still be on its way under the desk's own key is never given up.
    """
    dead = {attempt.payment_id for attempt in live(case.attempts) if attempt.state in DEAD}
    free = [part for part in case.owed if part.payment_id in dead or not case.attempts]
    covered = books.gone(ledger, free)
    if not covered:
        return case, None
    after = replace(case, owed=books.less(case.owed, covered))
    given_up = books.release_money(ledger, covered)
    if after.refund_leg is RefundLeg.SUCCEEDED:
        given_up = books.consume_units(given_up, case.claim.units)
    return after, given_up


def _closed(
    before: Case,
    case: Case,
    review: Review,
    event: Event,
    ledger: Ledger,
    by: Party,
    now: int,
    policy: Policy,
    data: Mapping[str, object] | None = None,
) -> Change:
    """An end without money: the whole claim goes back to the ledger in the same write."""
    after = replace(case, review=review)
    freed = books.release(ledger, Reservation(units=case.claim.units, money=case.claim.money))
    return _change(before, after, event, by, now, policy.clocks, data, ledger=freed)


def _change(
    before: Case,
    after: Case,
    event: Event,
    actor: Party,
    now: int,
    clocks: Clocks,
    data: Mapping[str, object] | None = None,
    *,
    ledger: Ledger | None = None,
    silence: Status | None = None,
) -> Change:
    """Raise the version, set the clock if another one runs now or silence used it up, write the entry.

    A case that moved on leaves its trouble behind. A word or a photo never sets a clock: one that comes after
    the deadline and before the sweep must not undo what silence has already decided.
    """
    after = replace(after, version=before.version + 1, updated_at=now)
    moved = after.status is not before.status
    if moved and after.trouble == before.trouble:
        after = replace(after, trouble=None)
    reclocked = moved or _clock_of(after) is not _clock_of(before)
    if reclocked or after.attempts != before.attempts or event in _REMINDERS:
        after = _set_clock(after, clocks, now, silence)
    entry = Entry(
        case_id=after.case_id,
        seq=after.version,
        at=now,
        actor=actor,
        event=event,
        from_status=before.status,
        to_status=after.status,
        data=data or {},
    )
    return Change(case=after, entry=entry, ledger=ledger)


def _clock_of(case: Case) -> Clock | None:
    """A case in trouble whose status has no clock of its own waits for an operator like any other."""
    return CLOCKS.get(case.status) or (_OPERATOR if case.trouble else None)


def _set_clock(case: Case, clocks: Clocks, now: int, silence: Status | None) -> Case:
    clock = _clock_of(case)
    if clock is None:
        return replace(case, deadline_at=None, on_timeout=None)
    on_timeout = clock.on_timeout or silence
    return replace(case, deadline_at=now + clock.minutes(clocks, case) * MINUTE, on_timeout=on_timeout)


def _attempt(case: Case, order: Order, part: PaymentShare, number: int, now: int) -> Attempt:
    payment = order.payment(part.payment_id)
    return Attempt(
        refund_id=f"{case.case_id}.{part.payment_id}.{number}",
        case_id=case.case_id,
        order_id=case.order_id,
        payment_id=part.payment_id,
        provider=payment.provider,
        reference=payment.reference,
        amount=part.amount,
        currency=case.currency,
        number=number,
        submitted_at=now,
    )


def _total(parts: Iterable[PaymentShare]) -> int:
    return sum(part.amount for part in parts)


def _share(attempt: Attempt) -> PaymentShare:
    return PaymentShare(payment_id=attempt.payment_id, amount=attempt.amount)


def _refund_event(case: Case, heard: Iterable[Attempt], *, was_complete: bool) -> Event:
    """What was heard just now, said once: a part that goes well is no second failure of one that did not."""
    if case.refund_leg is RefundLeg.SUCCEEDED:
        return Event.REFUND_SUCCEEDED
    if any(attempt.state in DEAD | {AttemptState.REQUIRES_ACTION} for attempt in heard):
        return Event.REFUND_FAILED_LATE if was_complete else Event.REFUND_FAILED
    return Event.REFUND_PENDING


def _told(decision: Decision) -> Mapping[str, object]:
    return {
        "verdict": decision.verdict,
        "reason_code": decision.reason_code,
        "amount": decision.amount,
        "policy_version": decision.policy_version,
        "rules": [
            {"code": rule.code, "verdict": rule.verdict, "inputs": dict(rule.inputs)}
            for rule in decision.rules
        ],
    } | ({"note": decision.note} if decision.note else {})


def _told_refund(attempt: Attempt) -> Mapping[str, object]:
    return {
        "refund_id": attempt.refund_id,
        "payment_id": attempt.payment_id,
        "amount": attempt.amount,
        "state": attempt.state,
        "failure": attempt.failure,
    }
