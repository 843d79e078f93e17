"""A case: one application by a buyer on one order.

Its legs hold the truth (review, refund, dispute); the coarse status that people read is computed from them by
one pure function. Times are epoch milliseconds, amounts minor units of `currency`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.calendar import DAY
from aftersales.domain.charge import Charge, ChargeState
from aftersales.domain.evidence import Evidence, EvidenceState
from aftersales.domain.label import LabelLeg, LabelState, VoidState
from aftersales.domain.ledger import (
    PaymentShare,
    Reservation,
    ReservedUnits,
    at_least,
    by_payment,
    less,
    plus,
)
from aftersales.domain.order import Line
from aftersales.domain.parcel import Parcel
from aftersales.domain.parties import Party, Role
from aftersales.domain.refund import DEAD, Attempt, AttemptState, RefundLeg, refund_leg, uncovered


class Kind(StrEnum):
    """How the buyer is made whole. `refund`: the goods stay, money goes back. `return`: the goods come back first.
    `exchange`: other goods go out for them."""

    REFUND = "refund"
    RETURN = "return"
    EXCHANGE = "exchange"


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
    OFFER_PENDING = "offer_pending"
    APPROVED = "approved"
    DECLINED = "declined"
    CLOSED_DECLINED = "closed_declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Status(StrEnum):
    """What people are told. Computed by `status_of`, never set."""

    REQUESTED = "requested"
    EVIDENCE_REQUIRED = "evidence_required"
    UNDER_REVIEW = "under_review"
    OFFER_PENDING = "offer_pending"
    DISPUTED = "disputed"
    APPROVED = "approved"
    DECLINED = "declined"
    AWAITING_RETURN = "awaiting_return"
    RETURN_IN_TRANSIT = "return_in_transit"
    RETURN_RECEIVED = "return_received"
    INSPECTION_FAILED = "inspection_failed"
    OUT_OF_STOCK = "out_of_stock"
    AWAITING_PAYMENT = "awaiting_payment"
    EXCHANGE_PENDING = "exchange_pending"
    EXCHANGE_SHIPPED = "exchange_shipped"
    REFUND_PENDING = "refund_pending"
    REFUND_ACTION_REQUIRED = "refund_action_required"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CLOSED_DECLINED = "closed_declined"


FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.EXPIRED, Status.CLOSED_DECLINED})


class WaitingOn(StrEnum):
    """Whose turn it is."""

    BUYER = "buyer"
    SELLER = "seller"
    PLATFORM = "platform"
    CARRIER = "carrier"
    PAYMENT = "payment"


# Whose turn a status is, where it is always the same one's: an offer waits for the other side, a dispute for whoever's
# statement is due, goods that go back under the platform's label for the platform until that is bought, and a
# replacement that has arrived for its buyer's word.
WAITING_ON: Mapping[Status, WaitingOn | None] = {
    Status.REQUESTED: WaitingOn.PLATFORM,
    Status.EVIDENCE_REQUIRED: WaitingOn.BUYER,
    Status.UNDER_REVIEW: WaitingOn.SELLER,
    Status.APPROVED: WaitingOn.PLATFORM,
    Status.DECLINED: WaitingOn.BUYER,
    Status.AWAITING_RETURN: WaitingOn.BUYER,
    Status.RETURN_IN_TRANSIT: WaitingOn.CARRIER,
    Status.RETURN_RECEIVED: WaitingOn.SELLER,
    Status.INSPECTION_FAILED: WaitingOn.BUYER,
    Status.OUT_OF_STOCK: WaitingOn.BUYER,
    Status.AWAITING_PAYMENT: WaitingOn.BUYER,
    Status.EXCHANGE_PENDING: WaitingOn.SELLER,
    Status.EXCHANGE_SHIPPED: WaitingOn.CARRIER,
    Status.REFUND_PENDING: WaitingOn.PAYMENT,
    Status.REFUND_ACTION_REQUIRED: WaitingOn.PLATFORM,
    Status.COMPLETED: None,
    Status.CANCELLED: None,
    Status.EXPIRED: None,
    Status.CLOSED_DECLINED: None,
}


# A worker that asked for a label has its answer, or is dead, long before this is over.
_PURCHASES_END = 5 * 60 * 1000
# Carriers take weeks over a label that is given back, at most 30 days
# (https://docs.easypost.com/docs/shipments/shipping-refund).
VOIDS_DECIDED = 7 * DAY
_PARTIES = frozenset({WaitingOn.BUYER, WaitingOn.SELLER, WaitingOn.CARRIER})


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
    """The case went to the platform's reviewers; open until one of them decides.

    `turn` is the side whose statement is due; None once both were heard, or had their time.
    """

    opened_by: Party
    opened_at: int
    turn: Role | None = None
    resolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """The buyer asked another reviewer. `at_stake` is what was held again for it: all that the first decision did not
    grant. `after_refund` where that decision had granted a part, which was paid."""

    by: Party
    at: int
    at_stake: tuple[PaymentShare, ...]
    after_refund: bool


class ReturnState(StrEnum):
    """Where the goods are that come back. `closed`: the return has told all it can, whatever came of it."""

    AWAITED = "awaited"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived"
    INSPECTION_FAILED = "inspection_failed"
    CLOSED = "closed"


_RETURNING: Mapping[ReturnState, Status] = {
    ReturnState.AWAITED: Status.AWAITING_RETURN,
    ReturnState.IN_TRANSIT: Status.RETURN_IN_TRANSIT,
    ReturnState.ARRIVED: Status.RETURN_RECEIVED,
    ReturnState.INSPECTION_FAILED: Status.INSPECTION_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Goods on their way, or about to be. `label` is the platform's, where it pays one; `parcel` what is known of them
    under the carrier's own number, once there is one."""

    shipment_id: str
    label: LabelLeg | None = None
    parcel: Parcel | None = None
    sent_at: int | None = None
    arrived_at: int | None = None

    @property
    def is_unseen(self) -> bool:
        """Whether it has a number, and no carrier had it in hand yet."""
        return self.parcel is not None and self.parcel.first_scan_at is None

    @property
    def under_label(self) -> bool:
        """Whether the goods go under the label that the platform pays, and so at its risk."""
        bought = self.label.label if self.label else None
        return (
            bought is not None
            and self.parcel is not None
            and self.parcel.tracking_code == bought.tracking_code
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedLine:
    """What came of the units of one line: accepted, or rejected for a reason; the rest of them did not come.

    `deduction` is what the accepted ones have lost of their worth by use. `photos` are files of the seller's that show
    what was rejected or deducted for.
    """

    line_id: str
    accepted: int
    rejected: int = 0
    deduction: int = 0
    reason: str = ""
    photos: tuple[str, ...] = ()


class Advance(StrEnum):
    """Whether something goes ahead of the goods that come back: money, promised for when a carrier first has them in
    hand, or other goods, promised with the approval; granted once it goes, or they have come."""

    NONE = "none"
    OFFERED = "offered"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What its seller found in the parcel, or, where the seller said nothing, what was announced."""

    by: Party
    at: int
    lines: tuple[InspectedLine, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLeg:
    """The way of the goods back to their seller."""

    state: ReturnState = ReturnState.AWAITED
    shipment: Shipment | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """Other goods for the units of one line: so many of this `sku` leave the stock. `line` is how the order has what
    its buyer holds from then on, at the worth that it inherits and that was paid for it."""

    line_id: str
    sku: str
    quantity: int
    line: Line


class SetAside(StrEnum):
    """What of the other goods the stock has set aside for the case: `reserved` until its time runs out, `promised` for
    good. `waited_for`: it had none, and the buyer waits."""

    NONE = "none"
    RESERVED = "reserved"
    SHORT = "short"
    WAITED_FOR = "waited_for"
    PROMISED = "promised"
    RELEASED = "released"


class ExchangeEnd(StrEnum):
    """How an exchange ended: the other goods are with their buyer, or money goes back instead."""

    REPLACED = "replaced"
    FORGONE = "forgone"


class ExchangeState(StrEnum):
    """Where the goods are that go out. `closed`: they have come, or never will."""

    SHORT = "short"
    UNPAID = "unpaid"
    PENDING = "pending"
    SHIPPED = "shipped"
    CLOSED = "closed"


# Held money is as good as taken until its time runs out, and nothing is taken before goods are sent for it.
_PAID = frozenset({ChargeState.AUTHORIZED, ChargeState.CAPTURED})

_EXCHANGING: Mapping[ExchangeState, Status] = {
    ExchangeState.SHORT: Status.OUT_OF_STOCK,
    ExchangeState.UNPAID: Status.AWAITING_PAYMENT,
    ExchangeState.PENDING: Status.EXCHANGE_PENDING,
    ExchangeState.SHIPPED: Status.EXCHANGE_SHIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLeg:
    """The way of other goods to their buyer. `difference` is what they cost more than what is exchanged, or less.

    `number` counts its reservations: another one is made where a parcel was lost or another variant was chosen. Like an
    attempt to pay back, each has its id before the stock hears of it; `reserved_until` is when the stock forgets it.
    `charges` are the payments of the difference that were asked for, `lost` the parcels that never came. `collection`
    is the payment for what they went ahead of and that never came.
    """

    goods: tuple[Replacement, ...]
    difference: int = 0
    number: int = 1
    set_aside: SetAside = SetAside.NONE
    reserved_until: int | None = None
    charges: tuple[Charge, ...] = ()
    shipment: Shipment | None = None
    lost: tuple[Shipment, ...] = ()
    end: ExchangeEnd | None = None
    collection: Charge | None = None

    @property
    def state(self) -> ExchangeState:
        """Where the goods are, by what is known of stock, money and parcel."""
        if self.end:
            return ExchangeState.CLOSED
        if self.shipment:
            return ExchangeState.SHIPPED
        if self.set_aside is SetAside.SHORT:
            return ExchangeState.SHORT
        # Nobody pays for goods that are not there yet.
        if self.set_aside is SetAside.WAITED_FOR or self.is_paid:
            return ExchangeState.PENDING
        return ExchangeState.UNPAID

    @property
    def charge(self) -> Charge | None:
        """The payment of the difference that was asked for last."""
        return self.charges[-1] if self.charges else None

    @property
    def charged(self) -> int:
        """What was taken of the buyer for the difference, all in all."""
        return sum(one.captured for one in self.charges if one.state is ChargeState.CAPTURED)

    @property
    def collected(self) -> int:
        """What was taken of the buyer for goods that did not come back."""
        return self.collection.captured if self.collection else 0

    @property
    def asked(self) -> tuple[Charge, ...]:
        """Every payment that its buyer was asked for."""
        return (*self.charges, self.collection) if self.collection else self.charges

    @property
    def is_paid(self) -> bool:
        """Whether the difference is not the buyer's to pay any more."""
        return self.difference <= 0 or (self.charge is not None and self.charge.state in _PAID)


class OfferState(StrEnum):
    """What became of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    COUNTERED = "countered"
    LAPSED = "lapsed"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A counter-proposal: another amount, another kind or other goods, for the other side to answer."""

    offer_id: str
    by: Party
    at: int
    kind: Kind
    amount: int
    note: str
    state: OfferState = OfferState.OPEN
    exchange: ExchangeLeg | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a return costs its buyer, by the policy; it was never part of the claim.

    `condition_percent` of the goods' worth may be deducted besides, at most, where they come back used.
    """

    restocking: int = 0
    freight: int = 0
    condition_percent: int = 0

    @property
    def total(self) -> int:
        """All that is known before the goods come back."""
        return self.restocking + self.freight


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A reviewer took the case; until then it is nobody else's to decide."""

    reviewer_id: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. `claim` is what was reserved at opening, but for units that never came back; `owed` is what was
    approved, payment by payment, less what has left the payment by another way since.

    `request_hash` is the body that opened it, so that a repeated key with another body is noticed.
    `run` counts its executions: 1, and one more each time a closed case comes back or an operator sends it on.
    `trouble` names why an operator is asked; `inquiries` counts how often the provider was asked about money.
    `reviewed_by` are the reviewers who have decided on it, or proposed to; `proposal` is a decision above the limit of
    the reviewer who made it, which another one has to confirm. `extended_by` are the market's extensions it was given.
    `overdue_since` is the deadline that passed first, where reminders have moved it since; `ended_at` is when it last
    came to an end.
    `silence_approves` where the policy takes a seller's silence for a yes. `fees` is what of the units' worth is not
    claimed; `keep_item` where the goods stay although it is a return; `granted` what was granted before the goods
    came back, and a dispute is about now. `label_offered` where the platform pays the label of what comes back, and
    `crosses_border` where that goes from one country to another; `advance` where something goes ahead of the goods, and
    `given` what other goods stand for that went ahead, and that their buyer was not charged for.
    `exchange` is what goes out for what is claimed: while it may still come, all that it stands for is owed and held.
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
    market: str = ""
    offers: tuple[Offer, ...] = ()
    appeal: Appeal | None = None
    assignment: Assignment | None = None
    proposal: Decision | None = None
    reviewed_by: tuple[str, ...] = ()
    deadline_at: int | None = None
    warn_at: int | None = None
    on_timeout: str | None = None
    overdue_since: int | None = None
    extended_by: tuple[str, ...] = ()
    silence_approves: bool = False
    fees: Fees = Fees()
    keep_item: bool = False
    label_offered: bool = False
    crosses_border: bool = False
    advance: Advance = Advance.NONE
    given: tuple[PaymentShare, ...] = ()
    returning: ReturnLeg | None = None
    exchange: ExchangeLeg | None = None
    granted: tuple[PaymentShare, ...] = ()
    ended_at: int | None = None
    run: int = 1
    trouble: str | None = None
    inquiries: int = 0

    @property
    def status(self) -> Status:
        """The coarse status, computed from the legs."""
        return status_of(
            self.review,
            disputed=self.dispute is not None and not self.dispute.resolved,
            returning=self.returning.state if self.returning else None,
            exchange=self.exchange.state if self.exchange else None,
            refund=self.refund_leg,
            troubled=self.trouble is not None,
        )

    @property
    def refund_leg(self) -> RefundLeg:
        """What became of the money that is owed; means nothing before something was approved."""
        return refund_leg(by_payment(self.payable), self.attempts)

    @property
    def waiting_on(self) -> WaitingOn | None:
        """Whose turn it is. Where a step gave up an operator is asked, unless a party is waited for, whose time runs
        on."""
        turn = self._turn
        return WaitingOn.PLATFORM if self.trouble and turn not in _PARTIES else turn

    @property
    def label_due(self) -> bool:
        """Whether goods are awaited under a label that is ordered and was not bought yet."""
        ordered = self.label is not None and self.label.state is LabelState.ORDERED
        return ordered and self.status is Status.AWAITING_RETURN

    @property
    def shipment(self) -> Shipment | None:
        """The goods that come back, once they are on their way or their label was ordered."""
        return self.returning.shipment if self.returning else None

    @property
    def label(self) -> LabelLeg | None:
        """The label that the platform pays for them, from its order on."""
        return self.shipment.label if self.shipment else None

    @property
    def label_needed(self) -> bool:
        """Whether goods go under the label, or may still."""
        shipment = self.shipment
        if shipment is None or not shipment.under_label:
            return self.label_due
        return not shipment.is_unseen or self.status is Status.AWAITING_RETURN

    @property
    def parcel_awaited(self) -> bool:
        """Whether its goods are on their way, or about to be."""
        return self.status in (Status.AWAITING_RETURN, Status.RETURN_IN_TRANSIT)

    @property
    def errand_at(self) -> int | None:
        """When there is something to do at the carrier's: about its label, or to ask where a parcel is."""
        return min(
            (at for at in (self.label_errand_at, self._parcel_errand_at) if at is not None), default=None
        )

    @property
    def label_errand_at(self) -> int | None:
        """When to look for what was bought under the order of a label and is not needed, and give it back; or for what
        became of that."""
        label = self.label
        if label is None or self.label_due:
            return None
        if not label.settled:
            return self.updated_at + _PURCHASES_END
        if label.state is LabelState.BOUGHT and not self.label_needed:
            return self.updated_at
        if any(spare.void is VoidState.SUBMITTED for spare in label.given_back):
            return self.updated_at + VOIDS_DECIDED
        return None

    @property
    def _parcel_errand_at(self) -> int | None:
        if self.shipment is None or self.shipment.parcel is None or not self.parcel_awaited:
            return None
        told = self.shipment.sent_at is not None and self.shipment.is_unseen
        return self.updated_at if told else self.updated_at + DAY

    @property
    def _turn(self) -> WaitingOn | None:
        if self.label_due:
            return WaitingOn.PLATFORM
        if self.status is Status.OFFER_PENDING:
            return WaitingOn.BUYER if self.offers[-1].by.role is Role.SELLER else WaitingOn.SELLER
        if self.status is Status.DISPUTED:
            return WaitingOn(self.dispute.turn) if self.dispute and self.dispute.turn else WaitingOn.PLATFORM
        if self.replacement_arrived:
            return WaitingOn.BUYER
        return WAITING_ON[self.status]

    @property
    def replaced(self) -> bool:
        """Whether other goods are with the buyer for the units of the claim."""
        return self.exchange is not None and self.exchange.end is ExchangeEnd.REPLACED

    @property
    def replacement_arrived(self) -> bool:
        """Whether the other goods were handed over, and the buyer has not spoken yet."""
        leg = self.exchange
        arrived = leg is not None and leg.shipment is not None and leg.shipment.arrived_at is not None
        return arrived and self.status is Status.EXCHANGE_SHIPPED

    @property
    def goods_go_first(self) -> bool:
        """Whether other goods go out before those have come that they are for."""
        return self.kind is Kind.EXCHANGE and self.advance is Advance.OFFERED and not self.keep_item

    @property
    def repaid_units(self) -> tuple[ReservedUnits, ...]:
        """The units that its money pays back; none where other goods went out for them."""
        return () if self.replaced else self.claim.units

    @property
    def due_at(self) -> int | None:
        """When whoever's turn it is was to act, whatever reminders came since."""
        return self.overdue_since or self.deadline_at

    @property
    def stake(self) -> tuple[PaymentShare, ...]:
        """What a decision can still grant: of what was granted before the goods were contested, or appealed."""
        return self.granted or (self.appeal.at_stake if self.appeal else self.claim.money)

    @property
    def held(self) -> tuple[PaymentShare, ...]:
        """What it holds of the ledger's reserved money: what is at stake until it is decided, and what it is owed and
        was not paid yet; nothing once it ended without money. What was sent ahead is held until it has arrived, though
        less may be owed by then."""
        if self.status in FINAL - {Status.COMPLETED}:
            return ()
        promised = self.owed if self.review is Review.APPROVED else plus(self.stake, self.owed)
        return less(at_least(promised, self.sent), self.received)

    @property
    def sent(self) -> tuple[PaymentShare, ...]:
        """What was paid back or may still arrive, or was given in goods, payment by payment."""
        live = _sum_of(attempt for attempt in self.attempts if attempt.state not in DEAD)
        return plus(live, self.given) if self.given else live

    @property
    def received(self) -> tuple[PaymentShare, ...]:
        """What its buyer has, in money or in goods that went ahead, payment by payment."""
        return plus(self.paid, self.given) if self.given else self.paid

    @property
    def payable(self) -> tuple[PaymentShare, ...]:
        """What of all that is owed is money."""
        return less(self.owed, self.given) if self.given else self.owed

    @property
    def advance_due(self) -> bool:
        """Whether money is to go ahead of goods that are on their way."""
        granted = self.advance is Advance.GRANTED and self.kind is Kind.RETURN and not self.attempts
        return granted and self.status is Status.RETURN_IN_TRANSIT

    @property
    def debt(self) -> tuple[PaymentShare, ...]:
        """What of all that its buyer has received is not earned: all of it while the goods are still to come, and
        afterwards what is more than was owed for them."""
        still_out = self.returning is not None and self.returning.state is not ReturnState.CLOSED
        return less(self.received, () if still_out else self.owed)

    @property
    def uncovered(self) -> tuple[PaymentShare, ...]:
        """What is owed and neither paid nor under way."""
        rest = uncovered(by_payment(self.payable), self.attempts)
        return tuple(
            PaymentShare(payment_id=payment_id, amount=amount) for payment_id, amount in rest.items()
        )

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
        return _sum_of(attempt for attempt in self.attempts if attempt.state is AttemptState.SUCCEEDED)


def _sum_of(attempts: Iterable[Attempt]) -> tuple[PaymentShare, ...]:
    return plus(PaymentShare(payment_id=attempt.payment_id, amount=attempt.amount) for attempt in attempts)


def status_of(
    review: Review,
    *,
    disputed: bool,
    returning: ReturnState | None,
    exchange: ExchangeState | None,
    refund: RefundLeg,
    troubled: bool,
) -> Status:
    """The one place that turns legs into the word people read.

    A dispute shows only while the review is open. Once approved, the goods speak if they are to come back, then the
    goods that go out for them, then the money; a step that gave up while money was due shows as
    `refund_action_required`, for then a person is asked. That there are no other goods is asked before the buyer sends
    any, or after they have come.
    """
    if review is Review.UNDER_REVIEW and disputed:
        return Status.DISPUTED
    if review is not Review.APPROVED:
        return Status(review)
    if exchange is ExchangeState.SHORT and returning in (None, ReturnState.AWAITED):
        return Status.OUT_OF_STOCK
    if returning and returning in _RETURNING:
        return _RETURNING[returning]
    if exchange and exchange in _EXCHANGING:
        return _EXCHANGING[exchange]
    if refund is RefundLeg.SUCCEEDED:
        return Status.COMPLETED
    if troubled or refund is RefundLeg.ACTION_REQUIRED:
        return Status.REFUND_ACTION_REQUIRED
    return Status.REFUND_PENDING if refund is RefundLeg.PENDING else Status.APPROVED
