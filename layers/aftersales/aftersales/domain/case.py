"""A case: one application by a buyer on one order.

Its legs hold the truth (review, refund, dispute); the coarse status that people read is computed from them by
one pure function. Times are epoch milliseconds, amounts minor units of `currency`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.evidence import Evidence, EvidenceState
from aftersales.domain.ledger import PaymentShare, Reservation
from aftersales.domain.parties import Party, Role
from aftersales.domain.refund import Attempt, AttemptState, RefundLeg, refund_leg


class Kind(StrEnum):
    """How the buyer is made whole. `refund`: the goods stay, the money goes back."""

    REFUND = "refund"


class Reason(StrEnum):
    """Why the buyer applies."""

    DAMAGED = "damaged"
    NOT_AS_DESCRIBED = "not_as_described"
    WRONG_ITEM = "wrong_item"
    MISSING_PARTS = "missing_parts"
    DEFECTIVE = "defective"
    LATE = "late"
    CHANGED_MIND = "changed_mind"
    NOT_RECEIVED = "not_received"
    OTHER = "other"


class Review(StrEnum):
    """The leg of the decision."""

    REQUESTED = "requested"
    EVIDENCE_REQUIRED = "evidence_required"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    DECLINED = "declined"
    CLOSED_DECLINED = "closed_declined"
    CANCELLED = "cancelled"


class Status(StrEnum):
    """What people are told. Computed by `status_of`, never set."""

    REQUESTED = "requested"
    EVIDENCE_REQUIRED = "evidence_required"
    UNDER_REVIEW = "under_review"
    DISPUTED = "disputed"
    APPROVED = "approved"
    DECLINED = "declined"
    REFUND_PENDING = "refund_pending"
    REFUND_ACTION_REQUIRED = "refund_action_required"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CLOSED_DECLINED = "closed_declined"


FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.CLOSED_DECLINED})


class WaitingOn(StrEnum):
    """Whose turn it is."""

    BUYER = "buyer"
    SELLER = "seller"
    PLATFORM = "platform"
    PAYMENT = "payment"


WAITING_ON: Mapping[Status, WaitingOn | None] = {
    Status.REQUESTED: WaitingOn.PLATFORM,
    Status.EVIDENCE_REQUIRED: WaitingOn.BUYER,
    Status.UNDER_REVIEW: WaitingOn.SELLER,
    Status.DISPUTED: WaitingOn.PLATFORM,
    Status.APPROVED: WaitingOn.PLATFORM,
    Status.DECLINED: WaitingOn.BUYER,
    Status.REFUND_PENDING: WaitingOn.PAYMENT,
    Status.REFUND_ACTION_REQUIRED: WaitingOn.PLATFORM,
    Status.COMPLETED: None,
    Status.CANCELLED: None,
    Status.CLOSED_DECLINED: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredRule:
    """A rule of the policy that had something to say: its code, its verdict and what it looked at."""

    code: str
    verdict: str
    inputs: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, by whom and why. `rules` explains a decision of the policy."""

    verdict: str
    by: Party
    at: int
    reason_code: str
    note: str = ""
    amount: int = 0
    policy_version: str = ""
    rules: tuple[FiredRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """The case went to the platform's reviewers; open until one of them decides."""

    opened_by: Party
    opened_at: int
    resolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. `claim` is what was reserved at opening; `owed` is what was approved,
    payment by payment, less what has left the payment by another way since.

    `request_hash` is the body that opened it, so that a repeated key with another body is noticed.
    `run` counts its executions: 1, and one more each time a closed case comes back or an operator sends it on.
    `trouble` names why an operator is asked; `inquiries` counts how often the provider was asked about money.
    """

    case_id: str
    order_id: str
    buyer_id: str
    seller_id: str
    kind: Kind
    reason: Reason
    description: str
    currency: str
    claim: Reservation
    policy_version: str
    request_hash: str
    version: int
    opened_at: int
    updated_at: int
    review: Review = Review.REQUESTED
    decision: Decision | None = None
    dispute: Dispute | None = None
    evidence: tuple[Evidence, ...] = ()
    owed: tuple[PaymentShare, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    deadline_at: int | None = None
    on_timeout: str | None = None
    run: int = 1
    trouble: str | None = None
    inquiries: int = 0

    @property
    def status(self) -> Status:
        """The coarse status, computed from the legs."""
        return status_of(
            self.review,
            disputed=self.dispute is not None and not self.dispute.resolved,
            refund=self.refund_leg,
            troubled=self.trouble is not None,
        )

    @property
    def refund_leg(self) -> RefundLeg:
        """What became of the money that is owed; means nothing before something was approved."""
        return refund_leg((part.payment_id for part in self.owed), self.attempts)

    @property
    def waiting_on(self) -> WaitingOn | None:
        """Whose turn it is; an operator's, whatever the status, where a step gave up."""
        return WaitingOn.PLATFORM if self.trouble else WAITING_ON[self.status]

    @property
    def accepted_evidence(self) -> int:
        """How many of the buyer's files were looked at and accepted; a seller's photo proves no buyer's claim."""
        return sum(
            evidence.state is EvidenceState.ACCEPTED and evidence.added_by == Role.BUYER
            for evidence in self.evidence
        )

    @property
    def paid(self) -> tuple[PaymentShare, ...]:
        """What the provider paid back so far, payment by payment."""
        return tuple(
            PaymentShare(payment_id=attempt.payment_id, amount=attempt.amount)
            for attempt in self.attempts
            if attempt.state is AttemptState.SUCCEEDED
        )


def status_of(review: Review, *, disputed: bool, refund: RefundLeg, troubled: bool) -> Status:
    """The one place that turns legs into the word people read.

    A dispute shows only while the review is open. Once approved, the money speaks; a step that gave up while
    money was due shows as `refund_action_required`, for then a person is asked.
    """
    if review is Review.UNDER_REVIEW and disputed:
        return Status.DISPUTED
    if review is not Review.APPROVED:
        return Status(review)
    if refund is RefundLeg.SUCCEEDED:
        return Status.COMPLETED
    if troubled or refund is RefundLeg.ACTION_REQUIRED:
        return Status.REFUND_ACTION_REQUIRED
    return Status.REFUND_PENDING if refund is RefundLeg.PENDING else Status.APPROVED
