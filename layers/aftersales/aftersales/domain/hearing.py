"""How a disagreement is heard: decisions of people, offers, disputes, appeals, and who has the case in hand.

    under_review ── offers ──► approved
         │  ▲         │
         ▼  └─ refused┘
      declined ── dispute ──► the seller's statement, the buyer's reply ──► a reviewer decides ── appeal ──► another

A reviewer decides a case once. What is above a reviewer's limit takes two of them.
"""

from dataclasses import dataclass, replace

from aftersales.domain import ledger as books
from aftersales.domain.calendar import DAY, Period
from aftersales.domain.case import (
    Appeal,
    Assignment,
    Case,
    Decision,
    Dispute,
    ExchangeLeg,
    Kind,
    Offer,
    OfferState,
    Review,
    Status,
)
from aftersales.domain.ledger import Ledger
from aftersales.domain.lifecycle import (
    LIFECYCLE,
    NOTHING_COMES_BACK,
    Act,
    Change,
    approved,
    booked,
    change,
    closed,
    converted,
    less_what_is_gone,
    not_possible,
    offers_closed,
    refuse_charging,
    refuse_return_of_nothing,
    require,
    reserve_again,
    seller_has_spoken,
    told,
    total,
    with_attempts,
    with_deadline,
)
from aftersales.domain.money import step
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import Policy, Verdict
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.domain.returns import accept_deduction, dispute_deduction, dispute_return
from aftersales.domain.timeline import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More time for every case of a market that was open `at` that moment: a holiday, a postal strike.

    It is one row; the sweep carries it to the cases, from `cursor` on, until it is `done`. A case may move behind the
    cursor meanwhile, or fail to take it: the way is gone again from its start while there was anybody to give it to
    (`again`).
    """

    extension_id: str
    market: str
    hours: int
    reason: str
    by: Party
    at: int
    request_hash: str
    cursor: str | None = None
    again: bool = False
    done: bool = False


OFFER_ACCEPTED = "offer_accepted"
_OTHER_SIDE = {Role.BUYER: Role.SELLER, Role.SELLER: Role.BUYER}


def decide(
    case: Case,
    order: Order,
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
    """A person's decision. Approving a part frees the rest of the money at once.

    `amount` is all that the case grants then, with what an appealed decision had granted; without it, the whole claim.
    What an appealed decision had granted stays granted where the appeal is declined.
    """
    require(Act.DECIDE, case, by)
    refuse_decider(case, by, now)
    granted = (_most(case) if amount is None else amount) if approve else _granted_before(case)
    if approve:
        _refuse_amount(case, granted, by, policy)
    decision = Decision(
        verdict=Verdict.APPROVE if approve else Verdict.DECLINE,
        by=by,
        at=now,
        reason_code=reason_code,
        note=note,
        amount=granted,
        policy_version=case.policy_version,
    )
    reviewed_by = case.reviewed_by
    if by.role is Role.REVIEWER:
        reviewed_by = (*reviewed_by, by.id)
        if approve and granted > policy.reviewer_limit.get(case.currency, 0):
            if case.proposal is None:
                return _propose(replace(case, reviewed_by=reviewed_by), decision, before=case, policy=policy)
            if case.proposal.amount != granted:
                raise Refusal(
                    Code.SECOND_OPINION_DIFFERS,
                    "Another reviewer proposes another amount: confirm that one, or decide within your limit.",
                    proposed=case.proposal.amount,
                )
    decided = replace(
        case,
        decision=decision,
        dispute=replace(case.dispute, resolved=True) if case.dispute else None,
        proposal=None,
        assignment=None,
        reviewed_by=reviewed_by,
    )
    return (_grant if approve else _decline)(case, decided, decision, order, ledger, policy)


def make_offer(
    case: Case,
    *,
    kind: Kind | None,
    amount: int | None,
    note: str,
    by: Party,
    policy: Policy,
    now: int,
    exchange: ExchangeLeg | None = None,
) -> Change:
    """The seller proposes less, or the buyer asks for less; or other goods instead of money (`exchange`), which go out
    for the whole of the claim. A new offer instead of an answer refuses the one before."""
    require(Act.MAKE_OFFER, case, by)
    refuse_offer(case, by, policy)
    refuse_return_of_nothing(kind or case.kind, case.reason)
    wanted = case.claim.amount if amount is None else amount
    _refuse_amount(case, wanted, by, policy)
    kind = kind or case.kind
    goes_out = (exchange or case.exchange) if kind is Kind.EXCHANGE else None
    if kind is Kind.EXCHANGE and (goes_out is None or wanted < case.claim.amount):
        raise Refusal(
            Code.INVALID,
            "Other goods go out for the whole of the claim: say which; or, for a part of it, another kind.",
        )
    offer = Offer(
        offer_id=f"o{len(case.offers) + 1}",
        by=by,
        at=now,
        kind=kind,
        amount=wanted,
        note=note,
        exchange=goes_out,
    )
    countered = case.status is Status.OFFER_PENDING
    before = offers_closed(case, OfferState.COUNTERED) if countered else case.offers
    after = replace(case, review=Review.OFFER_PENDING, offers=(*before, offer))
    data = {"offer_id": offer.offer_id, "kind": offer.kind, "amount": wanted, "note": note}
    return change(case, after, Event.OFFER_MADE, by, now, policy, data)


def answer_offer(
    case: Case, ledger: Ledger, offer_id: str, *, accept: bool, by: Party, policy: Policy, now: int
) -> Change:
    """The other side's answer. An accepted offer converts the case, under the reservation that it has."""
    require(Act.ANSWER_OFFER, case, by)
    offer = next((one for one in case.offers if one.offer_id == offer_id), None)
    if offer is None:
        raise not_found("offer")
    if offer.state is not OfferState.OPEN:
        raise Refusal(Code.OFFER_CLOSED, f"This offer was {offer.state}.", state=offer.state)
    refuse_other_turn(case, by)
    if case.status is Status.INSPECTION_FAILED:
        return (accept_deduction if accept else dispute_deduction)(
            case, ledger, by=by, policy=policy, now=now
        )
    if not accept:
        after = replace(case, review=Review.UNDER_REVIEW, offers=offers_closed(case, OfferState.REFUSED))
        return change(case, after, Event.OFFER_REFUSED, by, now, policy, {"offer_id": offer_id})
    _refuse_amount(case, offer.amount, by, policy)
    decision = Decision(
        verdict=Verdict.APPROVE,
        by=by,
        at=now,
        reason_code=OFFER_ACCEPTED,
        amount=offer.amount,
        policy_version=case.policy_version,
    )
    agreed = replace(
        converted(case, offer.kind),
        keep_item=_keeps(case, offer.kind),
        exchange=offer.exchange or case.exchange,
        decision=decision,
        offers=offers_closed(case, OfferState.ACCEPTED),
    )
    after = approved(agreed, offer.amount, now)
    rest = books.less(case.claim.money, after.owed)
    return change(
        case,
        after,
        Event.CASE_APPROVED,
        by,
        now,
        policy,
        {**told(decision), "offer_id": offer_id},
        ledger=books.release_money(ledger, rest) if rest else None,
    )


def open_dispute(case: Case, text: str, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer asks the platform, once the seller has spoken: declined, or offered less. The seller is heard first,
    for the buyer has just stated the case. A seller asks it about goods that came back."""
    if by.role is Role.SELLER:
        return dispute_return(case, text, by=by, policy=policy, now=now)
    require(Act.DISPUTE, case, by)
    if case.status is Status.INSPECTION_FAILED:
        return dispute_deduction(case, text=text, by=by, policy=policy, now=now)
    refuse_early_dispute(case)
    offers = case.offers
    if case.status is Status.OFFER_PENDING:
        offers = offers_closed(case, OfferState.OVERTAKEN)
    dispute = Dispute(opened_by=by, opened_at=now, turn=_OTHER_SIDE[by.role])
    after = replace(case, review=Review.UNDER_REVIEW, dispute=dispute, offers=offers)
    return change(case, after, Event.CASE_DISPUTED, by, now, policy, {"text": text})


def make_statement(case: Case, text: str, *, by: Party, policy: Policy, now: int) -> Change:
    """A side states its view in its time. Whoever opened the dispute may reply to it once; then a reviewer is next."""
    require(Act.MAKE_STATEMENT, case, by)
    refuse_other_statement(case, by)
    dispute = case.dispute
    assert dispute  # noqa: S101 - a statement is due
    turn = _OTHER_SIDE[by.role] if by.role is not dispute.opened_by.role else None
    after = replace(case, dispute=replace(dispute, turn=turn))
    return change(case, after, Event.STATEMENT_MADE, by, now, policy, {"text": text})


def appeal(case: Case, ledger: Ledger, text: str, *, by: Party, policy: Policy, now: int) -> Change:
    """The buyer asks a reviewer for what was not granted, another one where a reviewer has decided; it is held again
    until then. What the buyer had agreed to is not asked about again.

    Money that was paid to a buyer is never asked back, so there is nothing that a seller's appeal could change.
    """
    require(Act.APPEAL, case, by)
    decision = refuse_appeal(case, policy, now)
    granted = books.split_over_payments(decision.amount, case.claim.money)
    asked = _ceiling(case) - decision.amount
    paid = case.status is Status.COMPLETED
    # What the buyer owes is there already: it went ahead.
    owes = books.split_over_payments(min(asked, total(case.debt)), case.debt)
    held, more = reserve_again(case, ledger, () if paid else case.claim.units, asked - total(owes))
    # In this order: what the buyer has already is granted before any more goes out.
    at_stake = (*owes, *more)
    if not at_stake:
        raise Refusal(Code.NOTHING_TO_APPEAL, "All that could be granted has gone back to the buyer.")
    after = replace(
        case,
        review=Review.UNDER_REVIEW,
        dispute=Dispute(opened_by=by, opened_at=now, turn=_OTHER_SIDE[by.role]),
        appeal=Appeal(by=by, at=now, at_stake=at_stake, after_refund=paid),
        claim=replace(case.claim, money=books.plus(granted, at_stake)),
        inquiries=0,
        run=case.run + 1,
    )
    data = {"text": text, "amount": asked}
    ledger_after = books.hold_again(held, case.repaid_units) if paid else held
    return change(case, after, Event.CASE_APPEALED, by, now, policy, data, ledger=ledger_after)


def take_review(case: Case, *, by: Party, policy: Policy, now: int) -> Change:
    """A reviewer takes a case in hand, so that no other decides it meanwhile; or keeps it for longer."""
    require(Act.TAKE_REVIEW, case, by)
    refuse_reviewer(case, by, now)
    until = policy.clocks.assignment.after(now, policy.calendar(case.market))
    after = replace(case, assignment=Assignment(reviewer_id=by.id, until=until))
    return change(case, after, Event.REVIEW_ASSIGNED, by, now, policy, {"until": until})


def release_review(case: Case, *, by: Party, policy: Policy, now: int) -> Change | None:
    """The reviewer gives it back to the queue; nothing where it is in nobody's hand."""
    require(Act.RELEASE_REVIEW, case, by)
    if case.assignment is None:
        return None
    refuse_assigned(case, by, now)
    return change(case, replace(case, assignment=None), Event.REVIEW_RELEASED, by, now, policy)


def extend_deadline(
    case: Case, millis: int, reason: str, *, by: Party, policy: Policy, now: int, extension: str | None = None
) -> Change:
    """More time for whoever's turn it is. What silence has already decided stays decided.

    `extension` is the id of a market's extension that the case is given, so that it is given once.
    """
    require(Act.EXTEND_DEADLINE, case, None if extension else by)
    if extension is None:
        refuse_extension(case, now)
    assert case.deadline_at is not None  # noqa: S101 - every status whose time can be extended has a clock
    after = with_deadline(case, case.deadline_at + millis, policy, now)
    if case.warn_at is not None and after.warn_at is None and after.deadline_at is not None:
        # The word of warning is still owed, however little time there is.
        after = replace(after, warn_at=max(now, after.deadline_at - policy.clocks.warning.millis))
    if extension:
        after = replace(after, extended_by=(*case.extended_by, extension))
    data = {"text": reason, "from": case.deadline_at, "to": after.deadline_at} | (
        {"extension": extension} if extension else {}
    )
    return change(case, after, Event.DEADLINE_EXTENDED, by, now, policy, data)


def extend_for_market(case: Case, extension: Extension, *, policy: Policy, now: int) -> Change | None:
    """The market's extension for one case; nothing where it has it, came later, or waits for no person's turn.

    A deadline that had passed before is not lifted: what silence decided by then stays decided.
    """
    if (
        extension.market.casefold() != case.market.casefold()
        or extension.extension_id in case.extended_by
        or case.opened_at > extension.at
        or case.status not in LIFECYCLE[Act.EXTEND_DEADLINE]
        or case.deadline_at is None
        or case.deadline_at <= extension.at
    ):
        return None
    return extend_deadline(
        case,
        Period(hours=extension.hours).millis,
        extension.reason,
        by=extension.by,
        policy=policy,
        now=now,
        extension=extension.extension_id,
    )


def _grant(
    before: Case, decided: Case, decision: Decision, order: Order, ledger: Ledger, policy: Policy
) -> Change:
    """Owe what was granted, and free what was held beyond it.

    Where a part was paid before an appeal, the rest is written down as attempts at once: there is no other sign by
    which a debt that grew differs from one whose refund failed. What was freed first makes up for what left the
    payments without the desk meanwhile; whatever is still missing has reached the buyer so, and is not paid twice.
    """
    more = decision.amount - _granted_before(before)
    granted = after = approved(decided, more, decision.at)
    ledger_after = booked(before, granted, ledger)
    if before.attempts:
        books.refuse_frozen(ledger)
        after, given_up = less_what_is_gone(granted, ledger_after or ledger)
        after = with_attempts(after, order, decision.at)
        ledger_after = given_up or ledger_after
    covered = total(granted.owed) - total(after.owed)
    data = {**told(decision), "amount": more - covered} if before.appeal else told(decision)
    if before.replaced:
        data = {**data, "amount": total(after.payable)}
    return change(
        before,
        after,
        Event.CASE_APPROVED,
        decision.by,
        decision.at,
        policy,
        {**data, "covered": covered} if covered else data,
        ledger=ledger_after,
    )


def _decline(
    before: Case, decided: Case, decision: Decision, _order: Order, ledger: Ledger, policy: Policy
) -> Change:
    """A seller's no can be disputed; a reviewer's no in a dispute ends the case and frees what was held."""
    by, now, data = decision.by, decision.at, told(decision)
    if before.status is not Status.DISPUTED:
        after = replace(decided, review=Review.DECLINED)
        return change(before, after, Event.CASE_DECLINED, by, now, policy, data)
    if before.appeal and before.appeal.after_refund:
        after = replace(decided, review=Review.APPROVED)
        freed = booked(before, after, ledger)
        return change(before, after, Event.APPEAL_DECLINED, by, now, policy, data, ledger=freed)
    event, review = Event.CASE_CLOSED_DECLINED, Review.CLOSED_DECLINED
    return closed(before, decided, review, event, ledger, by, now, policy, data)


def _propose(case: Case, decision: Decision, *, before: Case, policy: Policy) -> Change:
    """Too much for one reviewer: another one has to agree. The case stands before the reviewers until then."""
    by, now = decision.by, decision.at
    dispute = replace(case.dispute or Dispute(opened_by=by, opened_at=now), turn=None)
    after = replace(case, dispute=dispute, proposal=decision, assignment=None)
    return change(before, after, Event.DECISION_PROPOSED, by, now, policy, told(decision))


def _keeps(case: Case, kind: Kind) -> bool:
    """Whether nothing comes back although it is a return or an exchange."""
    if kind is case.kind:
        return case.keep_item
    return kind is Kind.EXCHANGE and (case.keep_item or case.reason in NOTHING_COMES_BACK)


def _ceiling(case: Case) -> int:
    """What an appeal can reach: the claim, or less where the buyer has agreed to less since."""
    agreed = (offer.amount for offer in case.offers if offer.state is OfferState.ACCEPTED)
    return min([case.claim.amount, *agreed])


def _granted_before(case: Case) -> int:
    """What a decision granted that was appealed."""
    return case.claim.amount - total(case.stake) if case.appeal and not case.granted else 0


def _most(case: Case) -> int:
    """All that the case can grant in the end."""
    return _granted_before(case) + total(case.stake)


def _refuse_amount(case: Case, amount: int, by: Party, policy: Policy) -> None:
    granted_before = _granted_before(case)
    if not granted_before < amount <= _most(case):
        raise Refusal(
            Code.AMOUNT_ABOVE_CASE,
            "The amount must be more than nothing and at most what the case reserves."
            if not granted_before
            else f"The amount must be more than the {granted_before} granted before, at most the whole claim.",
        )
    if amount % step(case.currency) and amount != _most(case):
        raise Refusal(
            Code.INVALID, f"Amounts in {case.currency} are paid back in steps of {step(case.currency)}."
        )
    if by.role is Role.SELLER and amount > policy.seller_limit.get(case.currency, 0):
        raise Refusal(Code.AMOUNT_ABOVE_LIMIT, "A reviewer of the platform decides amounts this high.")


def refuse_decider(case: Case, by: Party, now: int) -> None:
    """A case is first its seller's to decide; a disputed one is for reviewers, once both sides had their time."""
    if by.role is Role.SELLER:
        if case.status is Status.DISPUTED:
            raise not_possible(case, "A reviewer decides disputed cases.")
        return
    refuse_reviewer(case, by, now)
    if case.dispute and case.dispute.turn:
        raise Refusal(
            Code.HEARING_OPEN,
            f"The {case.waiting_on} still has time to make a statement.",
            deadline_at=case.deadline_at,
        )


def refuse_reviewer(case: Case, by: Party, now: int) -> None:
    """Raises `decided_before` and `assigned_to_another`."""
    if by.id in case.reviewed_by:
        raise Refusal(Code.DECIDED_BEFORE, "Another reviewer decides: nobody decides a case twice.")
    refuse_assigned(case, by, now)


def refuse_assigned(case: Case, by: Party, now: int) -> None:
    """Raises `assigned_to_another`."""
    taken = case.assignment
    if taken and taken.reviewer_id != by.id and now < taken.until:
        raise Refusal(Code.ASSIGNED_TO_ANOTHER, "Another reviewer has taken this case.", until=taken.until)


def refuse_offer(case: Case, by: Party, policy: Policy) -> None:
    """Raises `not_your_turn` and `offers_exhausted`."""
    if case.status is Status.OFFER_PENDING:
        refuse_other_turn(case, by)
    if len(case.offers) >= policy.hearing.offers:
        raise Refusal(
            Code.OFFERS_EXHAUSTED, f"After {policy.hearing.offers} offers the case is decided or disputed."
        )


def refuse_other_turn(case: Case, by: Party) -> None:
    """An offer is for the other side to answer. Raises `not_your_turn`."""
    offerer = case.offers[-1].by.role
    if by.role is offerer:
        raise _not_your_turn()


def refuse_early_dispute(case: Case) -> None:
    """Raises `dispute_too_early` while nobody has said no to the buyer."""
    refused = case.status in (Status.DECLINED, Status.INSPECTION_FAILED)
    if not refused and not seller_has_spoken(case):
        raise Refusal(
            Code.DISPUTE_TOO_EARLY,
            "The seller has not answered yet; a seller who stays silent is not waited for.",
            deadline_at=case.deadline_at,
        )


def refuse_other_statement(case: Case, by: Party) -> None:
    """Raises `not_your_turn`."""
    if case.dispute is None or case.dispute.turn is not by.role:
        raise _not_your_turn()


def refuse_appeal(case: Case, policy: Policy, now: int) -> Decision:
    """The decision that is appealed. Raises `appealed_before`, `charge_under_way`, `nothing_to_appeal` and
    `window_closed`."""
    refuse_charging(case)
    decision = case.decision
    if case.appeal:
        raise Refusal(Code.APPEALED_BEFORE, "A case is appealed once.")
    imposed = decision is not None and (
        decision.by.role is Role.REVIEWER
        or (decision.by.role is Role.SELLER and decision.reason_code != OFFER_ACCEPTED)
    )
    if decision is None or not imposed or decision.amount >= _ceiling(case):
        raise Refusal(
            Code.NOTHING_TO_APPEAL,
            "Only what a seller or a reviewer did not grant can be appealed to a reviewer.",
        )
    days = policy.hearing.appeal_days
    # Counted from its end: while money that was granted is stuck, there is nothing to appeal from yet.
    if now > max(decision.at, case.ended_at or 0) + days * DAY:
        raise Refusal(
            Code.WINDOW_CLOSED, f"The {days} days after the decision have passed.", decided_at=decision.at
        )
    return decision


def refuse_extension(case: Case, now: int) -> None:
    """Raises `deadline_passed`: what silence has decided stays decided."""
    if case.deadline_at is None or now >= case.deadline_at:
        raise Refusal(Code.DEADLINE_PASSED, "The time was over before this; what silence does is under way.")


def _not_your_turn() -> Refusal:
    return Refusal(Code.NOT_YOUR_TURN, "It is the other side's turn.")
