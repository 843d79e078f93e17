"""What time does to a case: what silence decides once a deadline has passed, and the word of warning before."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from aftersales.domain.case import Case, Decision, Dispute, OfferState, Review, Status
from aftersales.domain.evidence import EvidenceState
from aftersales.domain.exchange import forgo, replaced, replacement_lost, restocked
from aftersales.domain.hearing import Extension, extend_for_market
from aftersales.domain.ledger import Ledger
from aftersales.domain.lifecycle import (
    Change,
    approved,
    change,
    clock_of,
    closed,
    offers_closed,
    told,
    waits_for,
)
from aftersales.domain.parties import SYSTEM, Role
from aftersales.domain.policy import Policy, Verdict
from aftersales.domain.returns import accept_deduction, contested, lose_parcel, receive_as_announced
from aftersales.domain.shipment import CARRIER_SILENT, label_overdue, without_label
from aftersales.domain.timeline import Event

# Why money goes back instead of other goods, by whose silence it was.
_UNANSWERED = {
    Status.OUT_OF_STOCK: "nothing_chosen",
    Status.AWAITING_PAYMENT: "difference_unpaid",
    Status.EXCHANGE_PENDING: "replacement_not_sent",
}
# When the files of a case came that nobody has looked at yet, by their ids.
Uploads = Mapping[str, int]
_NO_UPLOADS: Uploads = MappingProxyType({})


def fall_silent(
    case: Case,
    ledger: Ledger,
    extensions: Iterable[Extension],
    *,
    policy: Policy,
    now: int,
    uploads: Uploads | None,
) -> Change | None:
    """What time does to a case. One that an extension under way has not reached yet is given it instead of its
    silence."""
    given = (extend_for_market(case, extension, policy=policy, now=now) for extension in extensions)
    return next(filter(None, given), None) or pass_deadline(
        case, ledger, policy=policy, now=now, uploads=uploads
    )


def files_to_come(case: Case) -> frozenset[str]:
    """The buyer's files that the case waits for, and that nobody has looked at yet."""
    waiting = case.status is Status.EVIDENCE_REQUIRED
    return frozenset(
        one.evidence_id
        for one in case.evidence
        if waiting and one.added_by == Role.BUYER and one.state is EvidenceState.AWAITING_UPLOAD
    )


def pass_deadline(
    case: Case, ledger: Ledger, *, policy: Policy, now: int, uploads: Uploads | None = _NO_UPLOADS
) -> Change | None:
    """What silence does once the deadline has passed, or a word of warning before; nothing if neither is due, or the
    case moved on.

    A buyer whose file came in time was not silent: it is the look at it that is late. Without `uploads`, who asks does
    not know of any, and leaves a case that waits for files to the sweep, which does.
    """
    clock = clock_of(case)
    if clock is None or case.deadline_at is None:
        return None
    if now < case.deadline_at:
        return _warn(case, policy, now)
    event = clock.event(case)
    if event is Event.CASE_CANCELLED and (awaited := files_to_come(case)):
        if uploads is None:
            return None
        if any(uploads.get(name, now) <= case.deadline_at for name in awaited):
            event = Event.ASSESSMENT_OVERDUE
    match event:
        case Event.CASE_CANCELLED:
            return closed(case, case, Review.CANCELLED, event, ledger, SYSTEM, now, policy)
        case Event.CASE_CLOSED_DECLINED:
            return closed(case, case, Review.CLOSED_DECLINED, event, ledger, SYSTEM, now, policy)
        case Event.CASE_EXPIRED:
            return closed(case, case, Review.EXPIRED, event, ledger, SYSTEM, now, policy)
        case Event.LABEL_OVERDUE:
            return label_overdue(case, policy=policy, now=now)
        case Event.LABEL_REFUSED:
            return without_label(case, ledger, CARRIER_SILENT, policy=policy, now=now)
        case Event.RETURN_ACCEPTED:
            return receive_as_announced(case, ledger, policy=policy, now=now)
        case Event.DEDUCTION_ACCEPTED:
            return accept_deduction(case, ledger, by=SYSTEM, policy=policy, now=now)
        case Event.PARCEL_LOST:
            return lose_parcel(case, ledger, policy=policy, now=now)
        case Event.PARCEL_OVERDUE:
            return change(case, contested(case, SYSTEM, now), event, SYSTEM, now, policy)
        case Event.EXCHANGE_FORGONE:
            return forgo(case, _UNANSWERED[case.status], by=SYSTEM, policy=policy, now=now)
        case Event.RESTOCK_DUE:
            return restocked(case, policy=policy, now=now)
        case Event.REPLACEMENT_LOST:
            return replacement_lost(case, policy=policy, now=now)
        case Event.EXCHANGE_COMPLETED:
            return replaced(case, ledger, by=SYSTEM, policy=policy, now=now)
        case Event.CASE_APPROVED:
            decision = Decision(
                verdict=Verdict.APPROVE,
                by=SYSTEM,
                at=now,
                reason_code="seller_silent",
                amount=case.claim.amount,
                policy_version=case.policy_version,
            )
            after = approved(replace(case, decision=decision), case.claim.amount, now)
            return change(case, after, event, SYSTEM, now, policy, told(decision))
        case Event.CASE_DISPUTED:
            # The seller's silence was the seller's turn, the application the buyer's: a reviewer is next.
            after = replace(case, dispute=Dispute(opened_by=SYSTEM, opened_at=now))
            return change(case, after, event, SYSTEM, now, policy)
        case Event.OFFER_LAPSED:
            after = replace(case, review=Review.UNDER_REVIEW, offers=offers_closed(case, OfferState.LAPSED))
            return change(case, after, event, SYSTEM, now, policy, {"offer_id": case.offers[-1].offer_id})
        case Event.STATEMENT_FORGONE if case.dispute:
            after = replace(case, dispute=replace(case.dispute, turn=None))
            return change(case, after, event, SYSTEM, now, policy, {"side": case.dispute.turn})
        case Event.REFUND_OVERDUE:
            after = replace(case, inquiries=case.inquiries + 1)
            return change(case, after, event, SYSTEM, now, policy, {"inquiries": after.inquiries})
        case _:
            return change(case, case, event, SYSTEM, now, policy)


def _warn(case: Case, policy: Policy, now: int) -> Change | None:
    if case.warn_at is None or now < case.warn_at:
        return None
    data = {"deadline_at": case.deadline_at, "reason_code": waits_for(case.waiting_on)}
    unseen = case.status is Status.RETURN_IN_TRANSIT
    event = Event.PARCEL_UNSEEN if unseen else Event.DEADLINE_NEAR
    return change(case, replace(case, warn_at=None), event, SYSTEM, now, policy, data)
