"""The life of a case: every act, who may do it, from which statuses it is possible, and what silence does.

`LIFECYCLE` is the table and `CLOCKS` what silence does; the functions below them are the acts, those of a
disagreement stand in `hearing`. Each takes the case (and, where units or money move, the ledger) as they were read
and returns the `Change` to commit: the next case, one timeline entry, and the next ledger if it moved. None of them
reads a clock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from aftersales.domain import ledger as books
from aftersales.domain.calendar import DAY, Period
from aftersales.domain.case import (
    FINAL,
    Advance,
    Case,
    Decision,
    ExchangeEnd,
    ExchangeLeg,
    Fees,
    Kind,
    Offer,
    OfferState,
    Reason,
    ReturnLeg,
    ReturnState,
    Review,
    SetAside,
    Shipment,
    Status,
    WaitingOn,
)
from aftersales.domain.charge import CLOSED
from aftersales.domain.evidence import MAX_PER_CASE, Evidence, EvidenceState
from aftersales.domain.label import LabelLeg
from aftersales.domain.ledger import Ledger, PaymentShare, Reservation, ReservedUnits
from aftersales.domain.order import Order, Payment
from aftersales.domain.parcel import Parcel
from aftersales.domain.parties import POLICY, SYSTEM, Party, Role
from aftersales.domain.policy import Assessment, Clocks, Policy, Verdict
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
from aftersales.domain.settlement import post
from aftersales.domain.timeline import Entry, Event


class Act(StrEnum):
    """What can be done to a case."""

    ASSESS = "assess"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    RECORD_LABEL = "record_label"
    SETTLE_LABEL = "settle_label"
    SHIP_RETURN = "ship_return"
    RECORD_SCANS = "record_scans"
    CONFIRM_ARRIVAL = "confirm_arrival"
    CONFIRM_RECEIPT = "confirm_receipt"
    ARRANGE_REPLACEMENT = "arrange_replacement"
    CHOOSE_ALTERNATIVE = "choose_alternative"
    SHIP_REPLACEMENT = "ship_replacement"
    CONFIRM_REPLACEMENT = "confirm_replacement"
    DISPUTE_RETURN = "dispute_return"
    MAKE_OFFER = "make_offer"
    ANSWER_OFFER = "answer_offer"
    DISPUTE = "dispute"
    MAKE_STATEMENT = "make_statement"
    APPEAL = "appeal"
    TAKE_REVIEW = "take_review"
    RELEASE_REVIEW = "release_review"
    EXTEND_DEADLINE = "extend_deadline"
    ADD_EVIDENCE = "add_evidence"
    CHECK_EVIDENCE = "check_evidence"
    VIEW_EVIDENCE = "view_evidence"
    SEND_MESSAGE = "send_message"
    PAY_AHEAD = "pay_ahead"
    START_REFUND = "start_refund"
    RECORD_REFUND = "record_refund"
    ASK_OPERATOR = "ask_operator"
    RESUME = "resume"
    PAY_ELSEWHERE = "pay_elsewhere"


_NO_FEES = Fees()
_OPEN = frozenset(Status) - FINAL
_DECIDABLE = frozenset({Status.UNDER_REVIEW, Status.DISPUTED})
_ASSESSABLE = frozenset({Status.REQUESTED, Status.EVIDENCE_REQUIRED})
_NEGOTIABLE = frozenset({Status.UNDER_REVIEW, Status.OFFER_PENDING, Status.DECLINED})
_HEARD = _ASSESSABLE | _DECIDABLE | _NEGOTIABLE
GOODS_AWAITED = frozenset({Status.AWAITING_RETURN, Status.RETURN_IN_TRANSIT, Status.RETURN_RECEIVED})
_RETURNING = GOODS_AWAITED | {Status.INSPECTION_FAILED}
_EXCHANGING = frozenset(
    {Status.OUT_OF_STOCK, Status.AWAITING_PAYMENT, Status.EXCHANGE_PENDING, Status.EXCHANGE_SHIPPED}
)
_MONEY = frozenset({Status.APPROVED, Status.REFUND_PENDING, Status.REFUND_ACTION_REQUIRED, Status.COMPLETED})

# Act -> the statuses from which it is possible.
LIFECYCLE: Mapping[Act, frozenset[Status]] = {
    Act.ASSESS: _ASSESSABLE,
    Act.DECIDE: _DECIDABLE,
    # A buyer may step back until money or goods move.
    Act.WITHDRAW: _HEARD | {Status.AWAITING_RETURN},
    Act.RECORD_LABEL: frozenset({Status.AWAITING_RETURN}),
    # What was bought twice, or is not used, is given back whatever became of the case.
    Act.SETTLE_LABEL: frozenset(Status),
    Act.SHIP_RETURN: frozenset({Status.AWAITING_RETURN}),
    # A carrier has its say whatever became of the case.
    Act.RECORD_SCANS: frozenset(Status),
    # Goods that were given up, or that their buyer owes for, come as well, and then the case goes on.
    Act.CONFIRM_ARRIVAL: frozenset(
        {Status.RETURN_IN_TRANSIT, Status.RETURN_RECEIVED, Status.EXPIRED, Status.COMPLETED}
    ),
    # Goods in a parcel that nobody announced can be accepted; what they lack cannot be held against their buyer yet.
    Act.CONFIRM_RECEIPT: GOODS_AWAITED,
    # Stock and payment are brought to what the case says, whatever it is by then.
    Act.ARRANGE_REPLACEMENT: frozenset(Status),
    Act.CHOOSE_ALTERNATIVE: frozenset({Status.OUT_OF_STOCK, Status.AWAITING_PAYMENT}),
    Act.SHIP_REPLACEMENT: frozenset({Status.EXCHANGE_PENDING}),
    Act.CONFIRM_REPLACEMENT: frozenset({Status.EXCHANGE_SHIPPED}),
    Act.DISPUTE_RETURN: frozenset({Status.RETURN_RECEIVED}),
    Act.MAKE_OFFER: _NEGOTIABLE,
    # What the seller would deduct after looking at the goods is an offer too.
    Act.ANSWER_OFFER: frozenset({Status.OFFER_PENDING, Status.INSPECTION_FAILED}),
    Act.DISPUTE: _NEGOTIABLE | {Status.INSPECTION_FAILED},
    Act.MAKE_STATEMENT: frozenset({Status.DISPUTED}),
    Act.APPEAL: frozenset({Status.COMPLETED, Status.CLOSED_DECLINED}),
    Act.TAKE_REVIEW: frozenset({Status.DISPUTED}),
    Act.RELEASE_REVIEW: frozenset({Status.DISPUTED}),
    # Only people's time can be extended; a provider is asked again whether or not there is a holiday.
    Act.EXTEND_DEADLINE: (_HEARD | _RETURNING | _EXCHANGING) - {Status.REQUESTED},
    Act.ADD_EVIDENCE: _HEARD | _RETURNING,
    Act.CHECK_EVIDENCE: _OPEN,
    Act.VIEW_EVIDENCE: frozenset(Status),
    Act.SEND_MESSAGE: frozenset(Status),
    # Only while a carrier has the goods does money go ahead of them.
    Act.PAY_AHEAD: frozenset({Status.RETURN_IN_TRANSIT}),
    Act.START_REFUND: frozenset({Status.APPROVED}),
    # What the provider reports is recorded whatever the status: a success may fail after completion, also while an
    # appeal asks for more, and what was sent ahead arrives, or is told once more, wherever the case is by then.
    Act.RECORD_REFUND: frozenset(Status),
    Act.ASK_OPERATOR: _OPEN,
    # A new execution may take over at any time, for example where the old one was stopped by hand.
    Act.RESUME: _OPEN,
    Act.PAY_ELSEWHERE: frozenset({Status.REFUND_ACTION_REQUIRED}),
}

_BUYER, _SELLER = frozenset({Role.BUYER}), frozenset({Role.SELLER})
_REVIEWER, _OPERATOR_ROLE = frozenset({Role.REVIEWER}), frozenset({Role.OPERATOR})
_PARTIES = _BUYER | _SELLER
_ANYBODY = _PARTIES | _REVIEWER

# Act -> who does it. Acts of nobody are the desk's own: a step of the execution, a file that arrived, the provider.
ACTORS: Mapping[Act, frozenset[Role]] = {
    Act.ASSESS: frozenset(),
    Act.DECIDE: _SELLER | _REVIEWER,
    Act.WITHDRAW: _BUYER,
    Act.RECORD_LABEL: frozenset(),
    Act.SETTLE_LABEL: frozenset(),
    Act.SHIP_RETURN: _BUYER,
    Act.RECORD_SCANS: frozenset(),
    Act.CONFIRM_ARRIVAL: _SELLER,
    Act.CONFIRM_RECEIPT: _SELLER,
    Act.ARRANGE_REPLACEMENT: frozenset(),
    Act.CHOOSE_ALTERNATIVE: _BUYER,
    Act.SHIP_REPLACEMENT: _SELLER,
    Act.CONFIRM_REPLACEMENT: _BUYER,
    Act.DISPUTE_RETURN: _SELLER,
    Act.MAKE_OFFER: _PARTIES,
    Act.ANSWER_OFFER: _PARTIES,
    Act.DISPUTE: _BUYER,
    Act.MAKE_STATEMENT: _PARTIES,
    Act.APPEAL: _BUYER,
    Act.TAKE_REVIEW: _REVIEWER,
    Act.RELEASE_REVIEW: _REVIEWER,
    Act.EXTEND_DEADLINE: _REVIEWER,
    Act.ADD_EVIDENCE: _PARTIES,
    Act.CHECK_EVIDENCE: frozenset(),
    Act.VIEW_EVIDENCE: _ANYBODY,
    Act.SEND_MESSAGE: _ANYBODY,
    Act.PAY_AHEAD: frozenset(),
    Act.START_REFUND: frozenset(),
    Act.RECORD_REFUND: frozenset(),
    Act.ASK_OPERATOR: frozenset(),
    Act.RESUME: _OPERATOR_ROLE,
    Act.PAY_ELSEWHERE: _OPERATOR_ROLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One transaction: the case as it will be, the entry that tells it, the ledger if units or money moved, the parcel
    if it is one that no other case may name, and the payment of the order if the desk has taken one."""

    case: Case
    entry: Entry
    ledger: Ledger | None = None
    parcel: Parcel | None = None
    payment: Payment | None = None


def _from_now(_: Case, now: int) -> int:
    return now


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a status may last, the event that silence causes, how the parties are told of it before, and from when
    on it counts."""

    period: Callable[[Clocks, Case], Period]
    event: Callable[[Case], Event]
    on_timeout: str | None
    since: Callable[[Case, int], int] = _from_now


def _since_scan(case: Case, now: int) -> int:
    """The carrier's scans count and not when the desk heard of them; but one that it heard of late is a day old at
    most, for its parties have not heard of it before either."""
    shipment = case.shipment or Shipment(shipment_id="")
    at = shipment.arrived_at if case.status is Status.RETURN_RECEIVED else shipment.sent_at
    return now if at is None else max(min(at, now), now - DAY)


def _silent_buyer(case: Case) -> Event:
    """A buyer who sent an accepted photo was not silent: it is the assessment that is late, and is rung again."""
    return Event.ASSESSMENT_OVERDUE if case.accepted_evidence else Event.CASE_CANCELLED


def _silent_seller(case: Case) -> Event:
    return Event.CASE_APPROVED if case.on_timeout == Status.APPROVED else Event.CASE_DISPUTED


_INQUIRIES_A_DAY = 24


def _patience_with_provider(clocks: Clocks, case: Case) -> Period:
    """The first question comes soon, for the answer may just be lost; then hourly, and daily after a day."""
    if not case.inquiries and any(attempt.state is AttemptState.SUBMITTED for attempt in case.attempts):
        return clocks.first_inquiry
    return clocks.inquiry if case.inquiries < _INQUIRIES_A_DAY else Period(days=1)


def _unsold_label(case: Case) -> Event:
    """After a day the buyer is not kept waiting any longer."""
    asked = case.label.inquiries if case.label else 0
    return Event.LABEL_OVERDUE if asked < _INQUIRIES_A_DAY else Event.LABEL_REFUSED


# Under the platform's label a parcel that does not come is the carrier's loss and not the buyer's.
_CARRIER = Clock(lambda clocks, _: clocks.transit, lambda _: Event.PARCEL_LOST, "refunded", _since_scan)
_LABEL = Clock(lambda clocks, _: clocks.label, _unsold_label, "carrier_asked_again")
_OPERATOR = Clock(lambda clocks, _: clocks.operator, lambda _: Event.OPERATOR_OVERDUE, "operator_reminded")
_STATEMENT = Clock(lambda clocks, _: clocks.statement, lambda _: Event.STATEMENT_FORGONE, "statement_forgone")

_RESTOCK = Clock(lambda clocks, _: clocks.restock, lambda _: Event.RESTOCK_DUE, "stock_asked_again")
_ARRIVED = Clock(
    lambda clocks, _: clocks.replacement_confirm, lambda _: Event.EXCHANGE_COMPLETED, "completed"
)

# What silence does. While a side's statement is due, a dispute has the clock of statements instead; goods that are
# awaited under a label that was not bought yet have the carrier's, other goods that the buyer waits for that of the
# stock, and those that have arrived that of their buyer's word.
CLOCKS: Mapping[Status, Clock] = {
    Status.EVIDENCE_REQUIRED: Clock(lambda clocks, _: clocks.evidence, _silent_buyer, "cancelled"),
    # Silence approves or opens a dispute, as the policy said when it asked the seller.
    Status.UNDER_REVIEW: Clock(lambda clocks, _: clocks.seller, _silent_seller, None),
    Status.OFFER_PENDING: Clock(lambda clocks, _: clocks.offer, lambda _: Event.OFFER_LAPSED, "under_review"),
    Status.DISPUTED: Clock(
        lambda clocks, _: clocks.reviewer, lambda _: Event.REVIEW_OVERDUE, "reviewer_reminded"
    ),
    Status.DECLINED: Clock(
        lambda clocks, _: clocks.declined, lambda _: Event.CASE_CLOSED_DECLINED, "closed_declined"
    ),
    Status.AWAITING_RETURN: Clock(
        lambda clocks, case: clocks.ship_abroad if case.crosses_border else clocks.ship,
        lambda _: Event.CASE_EXPIRED,
        "expired",
    ),
    # Where the buyer chose the carrier, what became of the parcel is for a reviewer to find out.
    Status.RETURN_IN_TRANSIT: Clock(
        lambda clocks, _: clocks.transit, lambda _: Event.PARCEL_OVERDUE, "disputed", _since_scan
    ),
    Status.RETURN_RECEIVED: Clock(
        lambda clocks, _: clocks.inspection,
        lambda _: Event.RETURN_ACCEPTED,
        "received_as_announced",
        _since_scan,
    ),
    Status.INSPECTION_FAILED: Clock(
        lambda clocks, _: clocks.deduction, lambda _: Event.DEDUCTION_ACCEPTED, "deduction_accepted"
    ),
    Status.OUT_OF_STOCK: Clock(
        lambda clocks, _: clocks.alternative, lambda _: Event.EXCHANGE_FORGONE, "refunded"
    ),
    Status.AWAITING_PAYMENT: Clock(
        lambda clocks, _: clocks.payment, lambda _: Event.EXCHANGE_FORGONE, "refunded"
    ),
    Status.EXCHANGE_PENDING: Clock(
        lambda clocks, _: clocks.replacement_ship, lambda _: Event.EXCHANGE_FORGONE, "refunded"
    ),
    # The seller chose the carrier, and sends once more or pays.
    Status.EXCHANGE_SHIPPED: Clock(
        lambda clocks, _: clocks.transit, lambda _: Event.REPLACEMENT_LOST, "sent_once_more"
    ),
    Status.REFUND_PENDING: Clock(
        _patience_with_provider, lambda _: Event.REFUND_OVERDUE, "provider_asked_again"
    ),
    Status.REFUND_ACTION_REQUIRED: _OPERATOR,
}

# What other goods went ahead of is charged.
_GOODS_DUE = replace(CLOCKS[Status.AWAITING_RETURN], on_timeout="charged")

# What sets the clock again although the status stays: silence used it up, or it is another side's turn.
_NEW_TURN = frozenset(
    {
        Event.ASSESSMENT_OVERDUE,
        Event.LABEL_OVERDUE,
        Event.REVIEW_OVERDUE,
        Event.REFUND_OVERDUE,
        Event.OPERATOR_OVERDUE,
        Event.OFFER_MADE,
        Event.STATEMENT_MADE,
        Event.STATEMENT_FORGONE,
        Event.DECISION_PROPOSED,
        Event.ALTERNATIVE_CHOSEN,
        Event.RESTOCK_DUE,
    }
)

# What only reminds whoever's turn it is still.
_REMINDERS = frozenset({Event.REVIEW_OVERDUE, Event.OPERATOR_OVERDUE})

# What the policy's verdict makes of a case.
_VERDICTS = {
    Verdict.APPROVE: (Review.APPROVED, Event.CASE_APPROVED),
    Verdict.ASK_EVIDENCE: (Review.EVIDENCE_REQUIRED, Event.EVIDENCE_REQUESTED),
    Verdict.ASK_PERSON: (Review.UNDER_REVIEW, Event.REVIEW_REQUESTED),
    Verdict.DECLINE: (Review.DECLINED, Event.CASE_DECLINED),
}


def require(act: Act, case: Case, by: Party | None = None) -> None:
    """Refuse an act that the status does not allow, or that is another role's."""
    if case.status not in LIFECYCLE[act]:
        raise not_possible(case, f"A case that is {case.status} cannot take this step.")
    if by and by.role not in ACTORS[act]:
        raise Refusal(Code.FORBIDDEN, "Somebody else's part in the case takes this step.")


def not_possible(case: Case, detail: str) -> Refusal:
    """Said of an act that its case cannot take as it stands; what it can take instead is said where a request ends."""
    return Refusal(Code.ACT_NOT_POSSIBLE, detail, status=case.status)


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
    assessment: Assessment,
    request_hash: str,
    buyer: Party,
    now: int,
    fees: Fees = _NO_FEES,
    keep_item: bool = False,
    exchange: ExchangeLeg | None = None,
    label_offered: bool = False,
    crosses_border: bool = False,
) -> Change:
    """A new case with its units and money reserved in the same change. What a return costs its buyer is not held."""
    refuse_return_of_nothing(kind, reason)
    ledger, claim = books.reserve(ledger, wanted, fees.total)
    if not claim.amount:
        raise Refusal(
            Code.NOTHING_TO_REFUND,
            "To send these units back would cost all that was paid for them."
            if fees.total
            else "Nothing was paid for these units.",
        )
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
        policy_version=assessment.policy.version,
        request_hash=request_hash,
        version=1,
        opened_at=now,
        updated_at=now,
        evidence=evidence,
        market=order.market,
        fees=fees,
        keep_item=keep_item,
        exchange=exchange,
        label_offered=label_offered,
        crosses_border=crosses_border,
    )
    entry = Entry(
        case_id=case_id,
        seq=1,
        at=now,
        actor=buyer,
        event=Event.CASE_OPENED,
        from_status=None,
        to_status=case.status,
        data={"reason": reason, "amount": claim.amount, "policy_version": assessment.policy.version},
        grounds=assessment.grounds,
        run=case.run,
    )
    return Change(case=case, entry=entry, ledger=ledger)


# Why goods go out for which none come back: a part of them was missing, or all of them never came.
NOTHING_COMES_BACK = frozenset({Reason.MISSING_PARTS, Reason.NOT_RECEIVED})


def refuse_return_of_nothing(kind: Kind, reason: Reason) -> None:
    """What never came cannot go back: nobody would wait for it but the clock. Raises `invalid_request`."""
    if kind is Kind.RETURN and reason is Reason.NOT_RECEIVED:
        raise Refusal(Code.INVALID, "What was not received cannot be sent back; apply for a refund.")


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
    granted = review is Review.APPROVED
    case = replace(case, advance=Advance.OFFERED if assessment.pays_ahead else Advance.NONE)
    after = approved(case, case.claim.amount, now) if granted else replace(case, review=review)
    data = dict(told(decision))
    if review is Review.UNDER_REVIEW:
        after = replace(after, silence_approves=assessment.silence_approves)
        data["silence_approves"] = assessment.silence_approves
    made = change(case, after, event, POLICY, now, assessment.policy, data)
    return replace(made, entry=replace(made.entry, grounds=assessment.grounds))


def withdraw(case: Case, ledger: Ledger, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer steps back; everything that was held is freed. An appeal is decided, not withdrawn: the decision
    that it is about stands until then."""
    require(Act.WITHDRAW, case, by)
    refuse_withdrawal(case)
    return closed(case, case, Review.CANCELLED, Event.CASE_WITHDRAWN, ledger, by, now, policy)


def refuse_withdrawal(case: Case) -> None:
    """Raises `act_not_possible` while the case is appealed, or something went ahead of its goods; goods that the appeal
    let come back may be kept."""
    if ((case.appeal or case.sent) and case.status is Status.DISPUTED) or case.replaced:
        raise not_possible(case, "An appeal, and what something went ahead of, is decided or comes back.")


def waits_for(party: str | None) -> str:
    """The reason code of a warning: whose turn it is."""
    return f"waits_for_{party}"


def start_refund(case: Case, order: Order, ledger: Ledger, *, policy: Policy, now: int) -> Change:
    """The durable attempts, before the provider hears of any: one for each part of a payment that is owed.

    While the bank looks at a payment nothing is paid, and an operator is asked instead.
    """
    require(Act.START_REFUND, case)
    if ledger.frozen:
        return _troubled(case, Code.ORDER_FROZEN, policy, now)
    after, ledger_after = less_what_is_gone(case, ledger)
    after = with_attempts(after, order, now)
    return change(
        case,
        after,
        Event.REFUND_STARTED if after.attempts else Event.REFUND_SUCCEEDED,
        SYSTEM,
        now,
        policy,
        {"covered": total(case.owed) - total(after.owed), **told_start(after)},
        ledger=ledger_after,
    )


def record_refunds(
    case: Case, ledger: Ledger, seen: Iterable[ProviderRefund], *, by: Party, policy: Policy, now: int
) -> Change | None:
    """Book what the provider says of this case's refunds; nothing where it is old news.

    Money is settled per attempt as it succeeds, and comes back to `reserved` when a success fails late; what was sent
    ahead and failed is held no longer where less is owed by now. The write that books the last success also completes
    the case.
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
    freed = books.less(books.plus(case.held, lost), books.plus(won, after.held))
    ledger_after = None
    if won or lost or freed:
        ledger_after = books.release_money(books.reverse(books.settle(ledger, won), lost), freed)
    was_complete = case.status is Status.COMPLETED
    is_complete = after.status is Status.COMPLETED
    if is_complete and not was_complete:
        ledger_after = books.consume_units(ledger_after or ledger, case.repaid_units)
    if was_complete and not is_complete:
        ledger_after = books.hold_again(ledger_after or ledger, case.repaid_units)
        after = replace(after, run=case.run + 1)
    heard = case.payable if is_complete else news
    return change(
        case,
        after,
        _refund_event(after, news, was_complete=was_complete),
        by,
        now,
        policy,
        {"amount": sum(part.amount for part in heard), "refunds": [told_refund(one) for one in news]},
        ledger=ledger_after,
    )


_DEAD_EXECUTION = "execution_"


def trouble_of_execution(status: str) -> str:
    """The trouble of a case whose execution ended without it, in this status of Step Functions."""
    return f"{_DEAD_EXECUTION}{status.lower()}"


def execution_is_dead(case: Case) -> bool:
    """Whether the case is known to have no execution that could be woken."""
    return case.trouble is not None and case.trouble.startswith(_DEAD_EXECUTION)


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
        books.refuse_frozen(ledger)
    sent, ledger_after = less_what_is_gone(case, ledger)
    kept = tuple(
        replace(attempt, state=AttemptState.SUBMITTED, submitted_at=now)
        if attempt.state is AttemptState.REQUIRES_ACTION
        else attempt
        for attempt in case.attempts
    )
    sent = replace(sent, attempts=kept, trouble=None, inquiries=0, run=case.run + 1)
    after = with_attempts(sent, order, now) if kept and case.review is Review.APPROVED else sent
    covered = after.status is Status.COMPLETED
    data = {
        "amount": total(case.owed) - total(sent.owed),
        "refunds": [told_refund(attempt) for attempt in live(after.attempts)],
    }
    event = Event.REFUND_COVERED if covered else Event.CASE_RESUMED
    return change(case, after, event, by, now, policy, data, ledger=ledger_after)


def pay_elsewhere(
    case: Case, order: Order, ledger: Ledger, note: str, *, by: Party, policy: Policy, now: int
) -> Change:
    """An operator has paid what is still owed by another means: the provider refuses for good, for example beside a
    lost chargeback. Only what cannot arrive any more by the desk's own keys may be paid so."""
    require(Act.PAY_ELSEWHERE, case)
    books.refuse_frozen(ledger)
    refuse_under_way(case)
    rest, ledger_after = less_what_is_gone(case, ledger)
    paid = tuple(
        replace(attempt, provider=ELSEWHERE, state=AttemptState.SUCCEEDED)
        for attempt in new_attempts(rest, order, now)
    )
    after = replace(rest, trouble=None, attempts=case.attempts + paid, run=case.run + 1)
    settled = books.settle(ledger_after or ledger, map(_share, paid))
    data = {
        "amount": total(case.payable) - total(case.paid),
        "note": note,
        "refunds": [told_refund(attempt) for attempt in paid],
    }
    return change(
        case,
        after,
        Event.REFUND_COVERED,
        by,
        now,
        policy,
        data,
        ledger=books.consume_units(settled, case.repaid_units) if paid else settled,
    )


def reserve_again(
    case: Case, ledger: Ledger, units: Iterable[ReservedUnits], amount: int
) -> tuple[Ledger, tuple[PaymentShare, ...]]:
    """Hold once more what a case had given up. What its buyer was charged for goods goes back over that very payment,
    as far as it is still there: what has left it by another way reached the buyer so. Raises as the ledger's does."""
    collection = case.exchange.collection if case.exchange else None
    if collection is None:
        return books.reserve_again(ledger, units, amount)
    collected = min(amount, collection.captured)
    ledger, back = books.reserve_money(ledger, collected, collection.charge_id)
    held, more = books.reserve_again(ledger, units, amount - collected)
    return held, (*back, *more)


def refuse_charging(case: Case) -> None:
    """Raises `charge_under_way`: what is held again follows from whether it was charged."""
    if case.exchange and case.exchange.collection and case.exchange.collection.state not in CLOSED:
        raise Refusal(
            Code.CHARGE_UNDER_WAY,
            "The payment provider is being asked for what is owed; wait for its answer.",
        )


def refuse_under_way(case: Case) -> None:
    """Raises `refund_under_way`."""
    if any(attempt.state not in DEAD | {AttemptState.SUCCEEDED} for attempt in case.attempts):
        raise Refusal(
            Code.REFUND_UNDER_WAY,
            "A refund of this case may still arrive; wait until the provider has decided.",
        )


def add_evidence(case: Case, evidence: Evidence, *, by: Party, policy: Policy, now: int) -> Change:
    """Promise one more file."""
    require(Act.ADD_EVIDENCE, case, by)
    refuse_more_evidence(case, by)
    after = replace(case, evidence=(*case.evidence, evidence))
    return change(case, after, Event.EVIDENCE_ADDED, by, now, policy, {"evidence_id": evidence.evidence_id})


def refuse_more_evidence(case: Case, by: Party) -> None:
    """Raises `evidence_limit`. Counted for each side: a seller who fills the case with promises must not keep the
    buyer's photo out."""
    if sum(one.added_by == by.role for one in case.evidence) >= MAX_PER_CASE:
        raise Refusal(Code.EVIDENCE_LIMIT, f"A case takes at most {MAX_PER_CASE} files of each side.")


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
    return change(
        case,
        after,
        Event.EVIDENCE_ACCEPTED if accepted else Event.EVIDENCE_REFUSED,
        SYSTEM,
        now,
        policy,
        {"evidence_id": checked.evidence_id, "reason": checked.reason},
    )


def view_evidence(case: Case, evidence_id: str, *, by: Party, policy: Policy, now: int) -> Change:
    """Somebody was given a link to a clean copy."""
    return change(case, case, Event.EVIDENCE_VIEWED, by, now, policy, {"evidence_id": evidence_id})


def send_message(
    case: Case, text: str, evidence: Sequence[str] = (), *, by: Party, policy: Policy, now: int
) -> Change:
    """A word to the other parties, and which of the sender's own files it is about. It lives in the timeline only."""
    own = {one.evidence_id for one in case.evidence if one.added_by == by.role}
    if strange := sorted(set(evidence) - own):
        raise Refusal(Code.INVALID, "A message goes with files that its sender has added.", evidence=strange)
    attached = {"evidence": list(evidence)} if evidence else {}
    return change(case, case, Event.MESSAGE_SENT, by, now, policy, {"text": text, **attached})


def approved(case: Case, amount: int, now: int) -> Case:
    """The case with so much more granted of what is at stake; if its goods are to come back, they are awaited.

    Other goods go out for the whole of a claim: what is granted in part is money.
    """
    more = books.split_over_payments(amount, case.stake)
    kind, exchange = case.kind, case.exchange
    if kind is Kind.EXCHANGE and amount < total(case.stake) and not case.replaced:
        kind = Kind.RETURN
    if exchange and kind is not Kind.EXCHANGE and not exchange.end:
        exchange = replace(exchange, end=ExchangeEnd.FORGONE, set_aside=SetAside.RELEASED)
    case = converted(case, kind)
    stays = kind is Kind.REFUND or case.keep_item or case.goods_go_first
    return replace(
        case,
        review=Review.APPROVED,
        owed=books.plus(case.owed, more),
        granted=(),
        returning=case.returning if stays else case.returning or goods_awaited(case, now),
        exchange=exchange,
    )


def converted(case: Case, kind: Kind) -> Case:
    """The case as one of that kind; what goes ahead was promised for the kind that it had."""
    return case if kind is case.kind else replace(case, kind=kind, advance=Advance.NONE)


def goods_awaited(case: Case, now: int) -> ReturnLeg:
    """The goods are to come back; their label is ordered in the same write, where one is offered."""
    label = LabelLeg(ordered_at=now) if case.label_offered else None
    return ReturnLeg(shipment=Shipment(shipment_id="s1", label=label) if label else None)


def offers_closed(case: Case, state: OfferState) -> tuple[Offer, ...]:
    """The offers, the last of them no longer open."""
    *before, last = case.offers
    return (*before, replace(last, state=state))


def new_attempts(case: Case, order: Order, now: int) -> tuple[Attempt, ...]:
    """One attempt for each part of a payment that is owed and neither paid nor under way."""
    numbers = {attempt.payment_id: attempt.number for attempt in live(case.attempts)}
    return tuple(
        _attempt(case, order, part, numbers.get(part.payment_id, 0) + 1, now) for part in case.uncovered
    )


def with_attempts(case: Case, order: Order, now: int) -> Case:
    """The case with its new attempts written down."""
    return replace(case, attempts=case.attempts + new_attempts(case, order, now))


def _troubled(case: Case, trouble: str, policy: Policy, now: int) -> Change:
    after = replace(case, trouble=trouble)
    return change(case, after, Event.OPERATOR_ASKED, SYSTEM, now, policy, {"trouble": trouble})


def less_what_is_gone(case: Case, ledger: Ledger) -> tuple[Case, Ledger | None]:
    """The case without the parts of its debt that reached the buyer by another way, and the ledger that gives them
    up, if there are any. A part that may still be on its way under the desk's own key is never given up.
    """
    covered = books.gone(ledger, case.uncovered) if case.status in _MONEY else ()
    if not covered:
        return case, None
    after = replace(case, owed=books.less(case.owed, covered))
    given_up = books.release_money(ledger, covered)
    if after.status is Status.COMPLETED:
        given_up = books.consume_units(given_up, case.repaid_units)
    return after, given_up


def booked(before: Case, after: Case, ledger: Ledger) -> Ledger | None:
    """The ledger without what the case holds no longer, its units consumed where that completes it because its money
    went ahead; None where it stays as it is. A debt that has changed is written with it."""
    ledger_after = ledger if after.debt != before.debt else None
    if freed := books.less(before.held, after.held):
        ledger_after = books.release_money(ledger, freed)
    if after.status is Status.COMPLETED:
        ledger_after = books.consume_units(ledger_after or ledger, after.repaid_units)
    return ledger_after


def closed(
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
    """An end without money: all that the case holds goes back to the ledger in the same write.

    Where money went ahead it is not over before that has arrived, and then its buyer owes it, as what other goods stand
    for that did; the units stay with it, for nobody is paid for them once more. So it ends where the buyer has paid for
    those goods by now.
    """
    after = replace(case, review=review, owed=(), granted=())
    if before.status is Status.OFFER_PENDING:
        after = replace(after, offers=offers_closed(case, OfferState.OVERTAKEN))
    if case.sent or case.replaced:
        back = case.returning and replace(case.returning, state=ReturnState.CLOSED)
        after = replace(after, review=Review.APPROVED, returning=back)
        return change(before, after, event, by, now, policy, data, ledger=booked(before, after, ledger))
    freed = books.release(ledger, Reservation(units=before.claim.units, money=before.held))
    if review is Review.CLOSED_DECLINED:
        freed = books.note_decline(freed, before.claim.units)
    return change(before, after, event, by, now, policy, data, ledger=freed)


def change(
    before: Case,
    after: Case,
    event: Event,
    actor: Party,
    now: int,
    policy: Policy,
    data: Mapping[str, object] | None = None,
    *,
    ledger: Ledger | None = None,
) -> Change:
    """Raise the version, set the clock if another one runs now or silence used it up, write the entry, and in it what
    the seller's account is posted, and what the buyer owes by now.

    A case that moved on leaves its trouble behind, unless its execution is dead: then nobody moves it further until an
    operator sends it on under another one. A word or a photo never sets a clock: one that comes after
    the deadline and before the sweep must not undo what silence has already decided.
    """
    after = replace(after, version=before.version + 1, updated_at=now)
    moved = after.status is not before.status
    if moved and after.trouble == before.trouble and (after.status in FINAL or not execution_is_dead(after)):
        after = replace(after, trouble=None)
    if moved and after.status in FINAL:
        after = replace(after, ended_at=now)
    reclocked = moved or clock_of(after) is not clock_of(before) or event in _NEW_TURN
    # While goods travel or a reviewer decides, the provider's word moves no clock.
    if reclocked or (after.attempts != before.attempts and after.status in _MONEY):
        overdue = before.due_at if event in _REMINDERS else None
        after = _set_clock(replace(after, overdue_since=overdue), policy, now)
    posting = None
    if ledger:
        written = books.write_debt(ledger, after.case_id, after.debt, goods=bool(after.given))
        ledger, posting = post(before, after, written)
    elif after.debt != before.debt:
        raise ValueError(f"what the buyer of {after.case_id} owes has changed, and the ledger is not written")
    if after.debt != before.debt or (moved and after.status in FINAL and after.debt):
        data = {**(data or {}), "debt": total(after.debt)}
    entry = Entry(
        case_id=after.case_id,
        seq=after.version,
        at=now,
        actor=actor,
        event=event,
        from_status=before.status,
        to_status=after.status,
        data=data or {},
        posting=posting,
        run=after.run if after.run != before.run else None,
    )
    return Change(case=after, entry=entry, ledger=ledger)


def clock_of(case: Case) -> Clock | None:
    """The clock that runs. A case in trouble whose status has none of its own waits for an operator like any other."""
    if case.status is Status.DISPUTED and case.dispute and case.dispute.turn:
        return _STATEMENT
    if case.replacement_arrived:
        return _ARRIVED
    if (
        case.status is Status.EXCHANGE_PENDING
        and case.exchange
        and case.exchange.set_aside is SetAside.WAITED_FOR
    ):
        return _RESTOCK
    if case.label_due:
        return _LABEL
    if case.status is Status.AWAITING_RETURN and case.given:
        return _GOODS_DUE
    if case.status is Status.RETURN_IN_TRANSIT and case.shipment and case.shipment.under_label:
        return _CARRIER
    return CLOCKS.get(case.status) or (_OPERATOR if case.trouble else None)


def _set_clock(case: Case, policy: Policy, now: int) -> Case:
    clock = clock_of(case)
    if clock is None:
        return replace(case, deadline_at=None, warn_at=None, on_timeout=None)
    start = clock.since(case, now)
    deadline = clock.period(policy.clocks, case).after(start, policy.calendar(case.market))
    return with_deadline(
        replace(case, on_timeout=clock.on_timeout or _seller_silence(case)), deadline, policy, now
    )


def _seller_silence(case: Case) -> Status:
    """What the seller's silence does. One who has spoken was not silent: what is left undone afterwards goes to a
    reviewer."""
    return Status.APPROVED if case.silence_approves and not seller_has_spoken(case) else Status.DISPUTED


def seller_has_spoken(case: Case) -> bool:
    """Whether the seller has answered the application: offered something, or refused an offer; or a person has
    declined it, the seller or a reviewer, which nobody's silence undoes."""
    declined = case.decision is not None and case.decision.by.role in (Role.SELLER, Role.REVIEWER)
    return declined or any(
        offer.by.role is Role.SELLER or offer.state is OfferState.REFUSED for offer in case.offers
    )


def with_deadline(case: Case, deadline: int, policy: Policy, now: int) -> Case:
    """The case with this deadline, and a warning before it where a buyer or seller is waited for and there is time.
    Goods that no carrier has seen yet are asked about earlier."""
    shipment = case.shipment
    if case.status is Status.RETURN_IN_TRANSIT and shipment and shipment.is_unseen:
        ask_at = (shipment.sent_at or now) + policy.clocks.unseen.millis
        return replace(case, deadline_at=deadline, warn_at=ask_at if now < ask_at < deadline else None)
    ahead = policy.clocks.warning.millis
    warned = case.waiting_on in (WaitingOn.BUYER, WaitingOn.SELLER) and now + 2 * ahead < deadline
    return replace(case, deadline_at=deadline, warn_at=deadline - ahead if warned and ahead else None)


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


def total(parts: Iterable[PaymentShare]) -> int:
    """The sum of the parts."""
    return sum(part.amount for part in parts)


def _share(attempt: Attempt) -> PaymentShare:
    return PaymentShare(payment_id=attempt.payment_id, amount=attempt.amount)


def _refund_event(case: Case, heard: Iterable[Attempt], *, was_complete: bool) -> Event:
    """What was heard just now, said once: a part that goes well is no second failure of one that did not. What fails
    although nothing is owed for it was sent ahead."""
    failed = any(attempt.state in DEAD | {AttemptState.REQUIRES_ACTION} for attempt in heard)
    if case.refund_leg is RefundLeg.SUCCEEDED:
        if failed:
            return Event.ADVANCE_FAILED
        ahead = case.debt and case.status is not Status.COMPLETED
        return Event.REFUND_ADVANCED if ahead else Event.REFUND_SUCCEEDED
    if failed:
        return Event.REFUND_FAILED_LATE if was_complete else Event.REFUND_FAILED
    return Event.REFUND_PENDING


def told(decision: Decision) -> Mapping[str, object]:
    """What the timeline keeps of a decision."""
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


def told_start(case: Case) -> Mapping[str, object]:
    """What the timeline keeps of attempts that were written down."""
    return {"refunds": [{"refund_id": one.refund_id, "amount": one.amount} for one in case.attempts]}


def told_refund(attempt: Attempt) -> Mapping[str, object]:
    return {
        "refund_id": attempt.refund_id,
        "payment_id": attempt.payment_id,
        "amount": attempt.amount,
        "state": attempt.state,
        "failure": attempt.failure,
    }
