"""A walk through every state that the domain can bring a case to, by doing to it whatever can be done.

The life cycle is drawn from what the acts really do, not from a second description of them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

from aftersales.adapters.policies import PublishedPolicies
from aftersales.domain import advance, exchange, hearing, lifecycle, returns, shipment, silence
from aftersales.domain.case import (
    Case,
    ExchangeLeg,
    InspectedLine,
    Kind,
    Reason,
    Replacement,
    SetAside,
    Shipment,
    Status,
)
from aftersales.domain.charge import ChargeState, ProviderCharge
from aftersales.domain.evidence import Evidence, EvidenceState
from aftersales.domain.label import Label, LabelRefused
from aftersales.domain.ledger import (
    External,
    ExternalKind,
    ExternalState,
    Ledger,
    by_now,
    open_ledger,
    record_external,
)
from aftersales.domain.lifecycle import Act, Change
from aftersales.domain.money import Money
from aftersales.domain.order import Line, Order, Payment
from aftersales.domain.parcel import Scan, TrackingStatus
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import Assessment, Facts, History, Policy, Verdict, assess
from aftersales.domain.refund import AttemptState, ProviderRefund, live
from aftersales.domain.refusal import Refusal
from aftersales.domain.timeline import Entry

_BUYER = Party(Role.BUYER, "ana")
_SELLER = Party(Role.SELLER, "bazar")
_REVIEWER = Party(Role.REVIEWER, "rui")
_OTHER_REVIEWER = Party(Role.REVIEWER, "sol")
_OPERATOR = Party(Role.OPERATOR, "olga")
_PROVIDER = Party(Role.PROVIDER, "payments")
_START = 1_767_268_800_000
# The provider is asked hourly for a day and daily from then on; the hours between are all alike.
_INQUIRIES = 24
# One offer and one counter-offer show all that offers do.
_OFFERS = 2
_HOUR = 60 * 60 * 1000
_SEEN = (TrackingStatus.IN_TRANSIT, TrackingStatus.DELIVERED, TrackingStatus.RETURN_TO_SENDER)

_ORDER = Order(
    order_id="order-1",
    buyer_id=_BUYER.id,
    seller_id=_SELLER.id,
    currency="BRL",
    placed_at=_START,
    lines=(Line(line_id="1", sku="mug", title="Mug", category="kitchen", quantity=2, total=4900),),
    payments=(Payment(payment_id="p1", provider="stripe", reference="pi_1", captured=4900),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act that the domain carried out. No `act`: nobody acted, and the deadline passed."""

    act: Act | None
    before: Case
    after: Case
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """A case with the ledger beside it. Time stands still until a deadline passes."""

    case: Case
    ledger: Ledger

    @property
    def now(self) -> int:
        return self.case.updated_at


Doing = Callable[[], Change | None]
Doings = Callable[[_Stand], Iterator[Doing]]


@cache
def policy() -> Policy:
    """The newest policy that is shipped."""
    return PublishedPolicies().at(2**53, _SELLER.id)


def _dearer_goods() -> ExchangeLeg:
    """A jug for each mug."""
    jug = replace(_ORDER.lines[0], line_id="case-1.1", sku="jug", title="Jug", total=6000)
    goods = Replacement(line_id="1", sku="jug", quantity=2, line=jug)
    return ExchangeLeg(goods=(goods,), difference=1100)


@cache
def opened(kind: Kind = Kind.REFUND) -> Change:
    """The change that opens a case of this kind."""
    return lifecycle.open_case(
        case_id="case-1",
        order=_ORDER,
        ledger=open_ledger(_ORDER),
        kind=kind,
        reason=Reason.DAMAGED,
        description="",
        wanted={"1": 2},
        evidence=(),
        assessment=_assessment(Verdict.APPROVE),
        request_hash="",
        buyer=_BUYER,
        now=_START,
        label_offered=True,
        keep_item=kind is Kind.EXCHANGE,
        exchange=_dearer_goods() if kind is Kind.EXCHANGE else None,
    )


@cache
def walk() -> tuple[Step, ...]:
    """Every act on every state that can be reached, each state once: from an application on, for a return from its
    approval on, and for an exchange from when nothing has to come back any more, or other goods were sent first; for
    until then they go the same ways."""
    waiting = deque([_opened(Kind.REFUND)])
    steps: list[Step] = []
    for applied, pays_ahead in (
        (_opened(Kind.RETURN), False),
        (_opened(Kind.RETURN), True),
        (_opened(Kind.EXCHANGE), False),
    ):
        approved = _approved(applied, pays_ahead)
        waiting.append(_Stand(case=approved.case, ledger=applied.ledger))
        steps.append(Step(act=Act.ASSESS, before=applied.case, after=approved.case, entry=approved.entry))
    waiting.append(_sent_first())
    seen = {_state(stand.case) for stand in waiting}
    while waiting:
        stand = waiting.popleft()
        for act, change in _changes(stand):
            steps.append(Step(act=act, before=stand.case, after=change.case, entry=change.entry))
            case = _hours_later(change.case)
            if (state := _state(case)) not in seen:
                seen.add(state)
                waiting.append(_Stand(case=case, ledger=change.ledger or stand.ledger))
    return tuple(steps)


def _hours_later(case: Case) -> Case:
    """The case when the provider has been asked all day, if it has been asked at all."""
    return replace(case, inquiries=max(case.inquiries, _INQUIRIES - 1)) if case.inquiries else case


def _opened(kind: Kind) -> _Stand:
    first = opened(kind)
    assert first.ledger
    return _Stand(case=first.case, ledger=first.ledger)


def _sent_first() -> _Stand:
    """Other goods of the same price are on their way before those have come that they are for."""
    stand = _opened(Kind.EXCHANGE)
    case = _approved(replace(stand, case=replace(stand.case, keep_item=False)), True).case
    assert case.exchange
    sent = Shipment(shipment_id="x1", sent_at=case.updated_at)
    leg = replace(case.exchange, difference=0, set_aside=SetAside.PROMISED, shipment=sent)
    return _Stand(case=replace(case, exchange=leg), ledger=stand.ledger)


def _approved(stand: _Stand, pays_ahead: bool) -> Change:
    assessment = replace(_assessment(Verdict.APPROVE), pays_ahead=pays_ahead)
    return lifecycle.apply_assessment(stand.case, assessment, stand.now)


def clock_length(case: Case) -> int:
    """For how long the clock of this case was set, in milliseconds."""
    assert case.deadline_at is not None
    return case.deadline_at - case.updated_at


def _state(case: Case) -> object:
    """What tells two cases apart as far as the life cycle goes; without versions and times it is finite."""
    return (
        case.status,
        case.review,
        case.on_timeout,
        case.trouble is not None,
        tuple(attempt.state for attempt in live(case.attempts)),
        # Once a case is approved, its photos no longer matter; a return or an exchange is where the walk meets it.
        not case.owed and (case.kind is not Kind.REFUND or tuple(one.state for one in case.evidence)),
        min(case.run, 2),
        min(case.inquiries, _INQUIRIES),
        _hearing(case),
        case.advance,
        bool(case.debt),
        case.exchange and case.exchange.collection and case.exchange.collection.state,
        case.exchange and (case.exchange.end or _exchange(case.exchange)),
        case.returning and (case.returning.state, case.returning.shipment is not None),
        # How often the carrier was asked for a label, until one is bought or there will be none.
        case.label_due and case.label and case.label.inquiries,
        # What of the goods was accepted: the whole refund, a part of it, or nothing.
        case.status is Status.INSPECTION_FAILED and case.offers[-1].amount > 0,
    )


def _exchange(leg: ExchangeLeg) -> object:
    """Where the other goods are, and what may be done about them."""
    arrived = leg.shipment is not None and leg.shipment.arrived_at is not None
    return leg.state, leg.set_aside, leg.charge and leg.charge.state, arrived


def _hearing(case: Case) -> object:
    """How far people have come with it; and, once it is decided, whether it can still be appealed."""
    if case.dispute and not case.dispute.resolved:
        appealed = case.appeal and case.appeal.after_refund
        heard = (case.dispute.opened_by.role, case.dispute.turn)
        return appealed, heard, case.proposal is not None, case.assignment is not None
    if case.decision and not case.appeal:
        return case.decision.by.role is Role.REVIEWER and case.decision.amount < case.claim.amount
    return case.appeal is not None or (len(case.offers), case.offers and case.offers[-1].by.role)


def _changes(stand: _Stand) -> Iterator[tuple[Act | None, Change]]:
    for act, doings in (*_ACTS.items(), (None, _keep_silent)):
        for do in doings(stand):
            try:
                change = do()
            except Refusal:
                continue
            if change:
                yield act, change


def _keep_silent(stand: _Stand) -> Iterator[Doing]:
    deadline = stand.case.deadline_at
    for now in (stand.case.warn_at, deadline):
        if now is not None:
            yield lambda now=now: silence.pass_deadline(  # type: ignore[misc]
                stand.case, stand.ledger, policy=policy(), now=now
            )


def _assess(stand: _Stand) -> Iterator[Doing]:
    for verdict in Verdict:
        for silence_approves in (True, False):
            assessment = _assessment(verdict, silence_approves=silence_approves)
            yield lambda found=assessment: lifecycle.apply_assessment(  # type: ignore[misc]
                stand.case, found, stand.now
            )


def _assessment(verdict: Verdict, *, silence_approves: bool = False) -> Assessment:
    """As if the policy had said so, whatever the facts."""
    facts = Facts(
        kind=Kind.REFUND,
        reason=Reason.DAMAGED,
        amount=_ORDER.lines[0].total,
        currency=_ORDER.currency,
        categories=(_ORDER.lines[0].category,),
        returnable=True,
        sent_at=_START,
        delivered_at=None,
        now=_START,
        accepted_evidence=0,
        history=History(),
    )
    return replace(assess(facts, policy()), verdict=verdict, rules=(), silence_approves=silence_approves)


def _decide(stand: _Stand) -> Iterator[Doing]:
    for by in (_SELLER, _REVIEWER, _OTHER_REVIEWER):
        for approve, amount in ((True, None), (True, 1000), (False, None)):
            for limit in (policy(), replace(policy(), reviewer_limit={})):
                yield lambda by=by, approve=approve, amount=amount, limit=limit: hearing.decide(  # type: ignore[misc]
                    stand.case,
                    by_now(_ORDER, stand.ledger),
                    stand.ledger,
                    approve=approve,
                    by=by,
                    reason_code="seen",
                    note="",
                    amount=amount,
                    policy=limit,
                    now=stand.now,
                )


def _make_offer(stand: _Stand) -> Iterator[Doing]:
    for by in (_SELLER, _BUYER):
        if len(stand.case.offers) < _OFFERS:
            yield lambda by=by: hearing.make_offer(  # type: ignore[misc]
                stand.case, kind=None, amount=2000, note="", by=by, policy=policy(), now=stand.now
            )


def _answer_offer(stand: _Stand) -> Iterator[Doing]:
    for by in (_SELLER, _BUYER):
        for accept in (True, False):
            yield lambda by=by, accept=accept: hearing.answer_offer(  # type: ignore[misc]
                stand.case,
                stand.ledger,
                f"o{len(stand.case.offers)}",
                accept=accept,
                by=by,
                policy=policy(),
                now=stand.now,
            )


def _confirm_receipt(stand: _Stand) -> Iterator[Doing]:
    for accepted in (2, 1, 0):
        found = [InspectedLine(line_id="1", accepted=accepted)]
        yield lambda found=found: returns.confirm_receipt(  # type: ignore[misc]
            stand.case, stand.ledger, found, "", by=_SELLER, policy=policy(), now=stand.now
        )


def _record_label(stand: _Stand) -> Iterator[Doing]:
    label = Label(
        shipment_id="case-1-s1",
        provider_shipment_id="shp_1",
        carrier="correios",
        tracking_code="AA123456785BR",
        url="",
        cost=Money(1_800, "BRL"),
    )
    for answer in (label, LabelRefused(shipment_id="case-1-s1", reason="no_rates")):
        yield lambda answer=answer: shipment.record_label(  # type: ignore[misc]
            stand.case, stand.ledger, answer, policy=policy(), now=stand.now
        )


def _settle_label(stand: _Stand) -> Iterator[Doing]:
    for kept in (True, False):
        if not stand.case.label_due:
            yield lambda kept=kept: shipment.settle_label(  # type: ignore[misc]
                stand.case, (), kept=kept, policy=policy(), now=stand.now
            )


def _record_scans(stand: _Stand) -> Iterator[Doing]:
    """What a carrier sees of a parcel; goods that come late may find their order's money gone."""
    leg = stand.case.exchange
    goods = leg.shipment if leg and leg.shipment else stand.case.shipment
    if goods is None or goods.parcel is None:
        return
    number = goods.parcel.number
    for ledger, status in product(_after_external(stand.ledger), _SEEN):
        seen = [Scan(status=status, at=stand.now)]
        yield lambda ledger=ledger, seen=seen: returns.record_scans(  # type: ignore[misc]
            stand.case, ledger, number, seen, policy=policy(), now=stand.now
        )


def _make_statement(stand: _Stand) -> Iterator[Doing]:
    for by in (_SELLER, _BUYER):
        yield lambda by=by: hearing.make_statement(  # type: ignore[misc]
            stand.case, "", by=by, policy=policy(), now=stand.now
        )


def _take_review(stand: _Stand) -> Iterator[Doing]:
    for by in (_REVIEWER, _OTHER_REVIEWER):
        yield lambda by=by: hearing.take_review(stand.case, by=by, policy=policy(), now=stand.now)  # type: ignore[misc]


def _record_refund(stand: _Stand) -> Iterator[Doing]:
    for state in set(AttemptState) - {AttemptState.SUBMITTED}:
        seen = [
            ProviderRefund(
                refund_id=attempt.refund_id,
                provider_refund_id="re_1",
                state=state,
                amount=attempt.amount,
                currency=attempt.currency,
            )
            for attempt in live(stand.case.attempts)
        ]
        yield lambda seen=seen: lifecycle.record_refunds(  # type: ignore[misc]
            stand.case, stand.ledger, seen, by=_PROVIDER, policy=policy(), now=stand.now
        )


def _pay(pay: Callable[..., Change | None]) -> Doings:
    def doings(stand: _Stand) -> Iterator[Doing]:
        for ledger in _after_external(stand.ledger):
            order = by_now(_ORDER, ledger)
            yield partial(pay, stand.case, order, ledger, policy=policy(), now=stand.now)

    return doings


def _resume(stand: _Stand) -> Iterator[Doing]:
    for ledger in _after_external(stand.ledger):
        yield lambda ledger=ledger: lifecycle.resume(  # type: ignore[misc]
            stand.case, by_now(_ORDER, ledger), ledger, by=_OPERATOR, policy=policy(), now=stand.now
        )


def _after_external(ledger: Ledger) -> Iterator[Ledger]:
    """The ledger as it is, with all of its money disputed, and with all of it gone by another way."""
    yield ledger
    for kind, state in (
        (ExternalKind.DISPUTE, ExternalState.OPEN),
        (ExternalKind.REFUND, ExternalState.TAKEN),
    ):
        gone = [
            External(
                external_id=one.payment_id,
                payment_id=one.payment_id,
                kind=kind,
                amount=one.captured,
                state=state,
            )
            for one in ledger.balances
        ]
        yield record_external(ledger, gone) or ledger


def _add_evidence(stand: _Stand) -> Iterator[Doing]:
    if not stand.case.evidence:
        yield lambda: lifecycle.add_evidence(
            stand.case, _evidence(), by=_BUYER, policy=policy(), now=stand.now
        )


def _check_evidence(stand: _Stand) -> Iterator[Doing]:
    for state in (EvidenceState.ACCEPTED, EvidenceState.REFUSED):
        yield lambda state=state: lifecycle.check_evidence(  # type: ignore[misc]
            stand.case, _evidence(state), policy=policy(), now=stand.now
        )


def _evidence(state: EvidenceState = EvidenceState.AWAITING_UPLOAD) -> Evidence:
    return Evidence(
        evidence_id="e1",
        filename="crack.jpg",
        content_type="image/jpeg",
        size=1,
        added_by=_BUYER.role,
        state=state,
    )


def _with_photo(case: Case) -> Case:
    """The case after its seller has shown something."""
    shown = replace(_evidence(EvidenceState.ACCEPTED), evidence_id="e2", added_by=_SELLER.role)
    return replace(case, evidence=(*case.evidence, shown))


def _only(do: Callable[[_Stand], Change | None]) -> Doings:
    """An act that can be done in one way."""

    def doings(stand: _Stand) -> Iterator[Doing]:
        yield lambda: do(stand)

    return doings


# Act -> the ways in which it can be done.
def _arrange_replacement(stand: _Stand) -> Iterator[Doing]:
    """What the stock and the payment provider may say."""
    case, now = stand.case, stand.now
    asked = exchange.reservation_id(case) if case.exchange else ""
    for task in exchange.tasks(case):
        match task:
            case exchange.Task.RESERVE:
                for until in (now + _HOUR, None):
                    yield partial(exchange.record_reservation, case, asked, until, policy=policy(), now=now)
            case exchange.Task.PROMISE:
                for kept in (True, False):
                    yield partial(exchange.record_promise, case, asked, kept=kept, policy=policy(), now=now)
            case exchange.Task.RELEASE:
                yield partial(exchange.record_released, case, asked, policy=policy(), now=now)
            case exchange.Task.HOLD:
                yield partial(exchange.ask_for_difference, case, policy=policy(), now=now)
            case exchange.Task.COLLECT:
                yield partial(exchange.ask_for_debt, case, _ORDER, policy=policy(), now=now)
    newest = case.exchange.asked[-1:] if case.exchange else ()
    for charge, state in product(newest, ChargeState):
        seen = ProviderCharge(
            charge_id=charge.charge_id,
            reference="pi_2",
            state=state,
            amount=charge.amount,
            currency=charge.currency,
            captured=charge.amount if state is ChargeState.CAPTURED else 0,
        )
        yield partial(
            exchange.record_charge, case, stand.ledger, seen, by=_PROVIDER, policy=policy(), now=now
        )


def _choose_alternative(stand: _Stand) -> Iterator[Doing]:
    for choose in (exchange.choose_waiting, exchange.choose_refund):
        yield partial(choose, stand.case, by=_BUYER, policy=policy(), now=stand.now)


_ACTS: Mapping[Act, Doings] = {
    Act.ASSESS: _assess,
    Act.DECIDE: _decide,
    Act.WITHDRAW: _only(
        lambda stand: lifecycle.withdraw(stand.case, stand.ledger, by=_BUYER, policy=policy(), now=stand.now)
    ),
    Act.RECORD_LABEL: _record_label,
    Act.SHIP_RETURN: _only(
        lambda stand: returns.ship_return(
            stand.case, stand.ledger, "ups", "1Z999AA10123456784", by=_BUYER, policy=policy(), now=stand.now
        )
    ),
    Act.SETTLE_LABEL: _settle_label,
    Act.RECORD_SCANS: _record_scans,
    Act.CONFIRM_ARRIVAL: _only(
        # What is reopened by a seller's word after its end is reopened by a scan as well, and goes the same ways.
        lambda stand: (
            None
            if stand.case.status is Status.COMPLETED
            else returns.confirm_arrival(stand.case, stand.ledger, by=_SELLER, policy=policy(), now=stand.now)
        )
    ),
    Act.CONFIRM_RECEIPT: _confirm_receipt,
    Act.DISPUTE_RETURN: _only(
        lambda stand: hearing.open_dispute(
            _with_photo(stand.case), "", by=_SELLER, policy=policy(), now=stand.now
        )
    ),
    Act.ARRANGE_REPLACEMENT: _arrange_replacement,
    Act.CHOOSE_ALTERNATIVE: _choose_alternative,
    Act.SHIP_REPLACEMENT: _only(
        lambda stand: exchange.ship_replacement(
            stand.case,
            stand.ledger,
            "ups",
            "1Z999AA10123456784",
            by=_SELLER,
            policy=policy(),
            now=stand.now,
        )
    ),
    Act.CONFIRM_REPLACEMENT: _only(
        lambda stand: exchange.confirm_replacement(
            stand.case, stand.ledger, by=_BUYER, policy=policy(), now=stand.now
        )
    ),
    Act.MAKE_OFFER: _make_offer,
    Act.ANSWER_OFFER: _answer_offer,
    Act.DISPUTE: _only(
        lambda stand: hearing.open_dispute(stand.case, "", by=_BUYER, policy=policy(), now=stand.now)
    ),
    Act.MAKE_STATEMENT: _make_statement,
    Act.APPEAL: _only(
        lambda stand: hearing.appeal(stand.case, stand.ledger, "", by=_BUYER, policy=policy(), now=stand.now)
    ),
    Act.TAKE_REVIEW: _take_review,
    Act.RELEASE_REVIEW: _only(
        lambda stand: hearing.release_review(stand.case, by=_REVIEWER, policy=policy(), now=stand.now)
    ),
    Act.EXTEND_DEADLINE: _only(
        lambda stand: hearing.extend_deadline(
            stand.case, _HOUR, "", by=_REVIEWER, policy=policy(), now=stand.now
        )
    ),
    Act.ADD_EVIDENCE: _add_evidence,
    Act.CHECK_EVIDENCE: _check_evidence,
    Act.VIEW_EVIDENCE: _only(
        lambda stand: lifecycle.view_evidence(stand.case, "e1", by=_SELLER, policy=policy(), now=stand.now)
    ),
    Act.SEND_MESSAGE: _only(
        lambda stand: lifecycle.send_message(stand.case, "Hello", by=_BUYER, policy=policy(), now=stand.now)
    ),
    Act.PAY_AHEAD: _pay(advance.pay_ahead),
    Act.START_REFUND: _pay(lifecycle.start_refund),
    Act.RECORD_REFUND: _record_refund,
    Act.ASK_OPERATOR: _only(
        lambda stand: lifecycle.ask_operator(stand.case, "Broken", policy=policy(), now=stand.now)
    ),
    Act.RESUME: _resume,
    Act.PAY_ELSEWHERE: _only(
        lambda stand: lifecycle.pay_elsewhere(
            stand.case,
            by_now(_ORDER, stand.ledger),
            stand.ledger,
            "",
            by=_OPERATOR,
            policy=policy(),
            now=stand.now,
        )
    ),
}
