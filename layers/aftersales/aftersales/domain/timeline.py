"""The timeline of a case, which is also its outbox.

An entry is written in the same transaction as the change that it tells. Whatever must happen outside (start or
wake the workflow, tell buyer and seller) is derived from entries afterwards, at least once, each under the
stable id `case_id:seq`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aftersales.domain.parties import Party
from aftersales.domain.policy import Grounds
from aftersales.domain.settlement import Posting


class Event(StrEnum):
    """What can happen to a case, in the past tense."""

    CASE_OPENED = "case_opened"
    EVIDENCE_REQUESTED = "evidence_requested"
    REVIEW_REQUESTED = "review_requested"
    CASE_APPROVED = "case_approved"
    CASE_DECLINED = "case_declined"
    CASE_DISPUTED = "case_disputed"
    OFFER_MADE = "offer_made"
    OFFER_REFUSED = "offer_refused"
    OFFER_LAPSED = "offer_lapsed"
    STATEMENT_MADE = "statement_made"
    STATEMENT_FORGONE = "statement_forgone"
    REVIEW_ASSIGNED = "review_assigned"
    REVIEW_RELEASED = "review_released"
    DECISION_PROPOSED = "decision_proposed"
    CASE_APPEALED = "case_appealed"
    APPEAL_DECLINED = "appeal_declined"
    DEADLINE_NEAR = "deadline_near"
    DEADLINE_EXTENDED = "deadline_extended"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_CANCELLED = "case_cancelled"
    CASE_CLOSED_DECLINED = "case_closed_declined"
    CASE_EXPIRED = "case_expired"
    LABEL_BOUGHT = "label_bought"
    LABEL_OVERDUE = "label_overdue"
    LABEL_REFUSED = "label_refused"
    LABEL_SETTLED = "label_settled"
    LABEL_VOIDED = "label_voided"
    PARCEL_SENT = "parcel_sent"
    PARCEL_UNSEEN = "parcel_unseen"
    PARCEL_SCANNED = "parcel_scanned"
    PARCEL_TURNED_BACK = "parcel_turned_back"
    PARCEL_LOST = "parcel_lost"
    PARCEL_LATE = "parcel_late"
    PARCEL_ARRIVED = "parcel_arrived"
    PARCEL_OVERDUE = "parcel_overdue"
    RETURN_REOPENED = "return_reopened"
    RETURN_ACCEPTED = "return_accepted"
    DEDUCTION_PROPOSED = "deduction_proposed"
    DEDUCTION_ACCEPTED = "deduction_accepted"
    REPLACEMENT_ARRANGED = "replacement_arranged"
    REPLACEMENT_OUT_OF_STOCK = "replacement_out_of_stock"
    ALTERNATIVE_CHOSEN = "alternative_chosen"
    RESTOCK_DUE = "restock_due"
    DIFFERENCE_ASKED = "difference_asked"
    DIFFERENCE_PAID = "difference_paid"
    DIFFERENCE_LAPSED = "difference_lapsed"
    REPLACEMENT_SENT = "replacement_sent"
    REPLACEMENT_ARRIVED = "replacement_arrived"
    REPLACEMENT_LOST = "replacement_lost"
    EXCHANGE_COMPLETED = "exchange_completed"
    EXCHANGE_FORGONE = "exchange_forgone"
    DEBT_CHARGED = "debt_charged"
    REVIEW_OVERDUE = "review_overdue"
    ASSESSMENT_OVERDUE = "assessment_overdue"
    EVIDENCE_ADDED = "evidence_added"
    EVIDENCE_ACCEPTED = "evidence_accepted"
    EVIDENCE_REFUSED = "evidence_refused"
    EVIDENCE_VIEWED = "evidence_viewed"
    MESSAGE_SENT = "message_sent"
    ADVANCE_GRANTED = "advance_granted"
    ADVANCE_FORGONE = "advance_forgone"
    ADVANCE_FAILED = "advance_failed"
    REFUND_STARTED = "refund_started"
    REFUND_ADVANCED = "refund_advanced"
    REFUND_PENDING = "refund_pending"
    REFUND_OVERDUE = "refund_overdue"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    REFUND_FAILED_LATE = "refund_failed_late"
    REFUND_COVERED = "refund_covered"
    OPERATOR_ASKED = "operator_asked"
    OPERATOR_OVERDUE = "operator_overdue"
    CASE_RESUMED = "case_resumed"


class Wake(StrEnum):
    """What an entry does to the case's workflow; `arrange` rings where stock or payment have something to do."""

    START = "start"
    RING = "ring"
    ARRANGE = "arrange"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows from an event outside the case: the workflow's wake-up, whether the parties are told, and
    whether it is counted although nobody is told, so that an alarm can see it."""

    wake: Wake
    told: bool
    counted: bool = False

    @property
    def relayed(self) -> bool:
        """Whether anything follows at all."""
        return self.told or self.counted or self.wake is not Wake.NOTHING


_START_AND_TELL = Effect(Wake.START, told=True)
_RING_AND_TELL = Effect(Wake.RING, told=True)
_TELL = Effect(Wake.NOTHING, told=True)
_START = Effect(Wake.START, told=False)
_RING = Effect(Wake.RING, told=False)
_COUNT = Effect(Wake.NOTHING, told=False, counted=True)
_RECORD = Effect(Wake.NOTHING, told=False)

# The workflow's own steps need no wake-up for what they wrote themselves: the execution goes on by itself.
EFFECTS: Mapping[Event, Effect] = {
    Event.CASE_OPENED: _START_AND_TELL,
    Event.EVIDENCE_REQUESTED: _TELL,
    Event.REVIEW_REQUESTED: _TELL,
    Event.CASE_APPROVED: _RING_AND_TELL,
    Event.CASE_DECLINED: _RING_AND_TELL,
    Event.CASE_DISPUTED: _RING_AND_TELL,
    Event.OFFER_MADE: _RING_AND_TELL,
    Event.OFFER_REFUSED: _RING_AND_TELL,
    Event.OFFER_LAPSED: _RING_AND_TELL,
    Event.STATEMENT_MADE: _TELL,
    Event.STATEMENT_FORGONE: _TELL,
    Event.REVIEW_ASSIGNED: _RECORD,
    Event.REVIEW_RELEASED: _RECORD,
    # It may have brought the case before the reviewers; the parties learn of it when it is confirmed.
    Event.DECISION_PROPOSED: _RING,
    Event.CASE_APPEALED: _START_AND_TELL,
    Event.APPEAL_DECLINED: _RING_AND_TELL,
    Event.DEADLINE_NEAR: _TELL,
    Event.DEADLINE_EXTENDED: _TELL,
    Event.CASE_WITHDRAWN: _RING_AND_TELL,
    Event.CASE_CANCELLED: _RING_AND_TELL,
    Event.CASE_CLOSED_DECLINED: _RING_AND_TELL,
    Event.CASE_EXPIRED: _RING_AND_TELL,
    Event.LABEL_BOUGHT: _TELL,
    Event.LABEL_OVERDUE: _RING,
    Event.LABEL_REFUSED: _TELL,
    Event.LABEL_SETTLED: _RECORD,
    Event.LABEL_VOIDED: _RECORD,
    # While goods come back the execution waits in one state: it is woken when that is over.
    Event.PARCEL_SENT: _TELL,
    Event.PARCEL_UNSEEN: _TELL,
    Event.PARCEL_SCANNED: _RECORD,
    Event.PARCEL_TURNED_BACK: _RING_AND_TELL,
    Event.PARCEL_LOST: _RING_AND_TELL,
    Event.PARCEL_LATE: _COUNT,
    Event.PARCEL_ARRIVED: _TELL,
    Event.PARCEL_OVERDUE: _RING_AND_TELL,
    Event.RETURN_REOPENED: _START_AND_TELL,
    Event.RETURN_ACCEPTED: _RING_AND_TELL,
    Event.DEDUCTION_PROPOSED: _TELL,
    Event.DEDUCTION_ACCEPTED: _RING_AND_TELL,
    # What the steps have the stock and the payment provider do is the execution's own.
    Event.REPLACEMENT_ARRANGED: _RECORD,
    Event.REPLACEMENT_OUT_OF_STOCK: _TELL,
    Event.ALTERNATIVE_CHOSEN: _RING_AND_TELL,
    Event.RESTOCK_DUE: _RING,
    Event.DIFFERENCE_ASKED: _TELL,
    # While other goods are paid for, sent and handed over the execution waits in one state as well.
    Event.DIFFERENCE_PAID: _TELL,
    # The buyer is told when it is asked for again.
    Event.DIFFERENCE_LAPSED: _RING,
    Event.REPLACEMENT_SENT: Effect(Wake.ARRANGE, told=True),
    Event.REPLACEMENT_ARRIVED: _TELL,
    Event.REPLACEMENT_LOST: _RING_AND_TELL,
    Event.EXCHANGE_COMPLETED: _RING_AND_TELL,
    Event.EXCHANGE_FORGONE: _RING_AND_TELL,
    # The step that asked for it goes on by itself.
    Event.DEBT_CHARGED: _TELL,
    Event.REVIEW_OVERDUE: _COUNT,
    Event.ASSESSMENT_OVERDUE: _RING,
    Event.EVIDENCE_ADDED: _RECORD,
    Event.EVIDENCE_ACCEPTED: _RING_AND_TELL,
    Event.EVIDENCE_REFUSED: _RING_AND_TELL,
    Event.EVIDENCE_VIEWED: _RECORD,
    Event.MESSAGE_SENT: _TELL,
    # A carrier has the goods: the execution pays ahead, and waits on.
    Event.ADVANCE_GRANTED: _RING_AND_TELL,
    Event.ADVANCE_FORGONE: _TELL,
    Event.ADVANCE_FAILED: _RING_AND_TELL,
    Event.REFUND_STARTED: _RECORD,
    Event.REFUND_ADVANCED: _TELL,
    Event.REFUND_PENDING: _TELL,
    Event.REFUND_OVERDUE: _RING,
    Event.REFUND_SUCCEEDED: _RING_AND_TELL,
    Event.REFUND_FAILED: _RING_AND_TELL,
    Event.REFUND_FAILED_LATE: _START_AND_TELL,
    Event.REFUND_COVERED: _START_AND_TELL,
    Event.OPERATOR_ASKED: _COUNT,
    Event.OPERATOR_OVERDUE: _COUNT,
    Event.CASE_RESUMED: _START,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline: who did what, from which status to which, when. Never changed afterwards.

    `seq` equals the version of the case that the same transaction wrote. `data` holds what explains the event:
    the rules that fired, an amount, the text of a message. `grounds` is what the policy decided on, for those who
    decide it again; no view shows it. `posting` is what it does to the seller's account, where money moved. `run` is
    the execution that takes over with it, by number, where one does.
    """

    case_id: str
    seq: int
    at: int
    actor: Party
    event: Event
    from_status: str | None
    to_status: str
    data: Mapping[str, object] = field(default_factory=dict)
    grounds: Grounds | None = None
    posting: Posting | None = None
    run: int | None = None

    @property
    def notice_id(self) -> str:
        """The id by which a receiver drops repeats."""
        return f"{self.case_id}:{self.seq}"
