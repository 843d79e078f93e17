"""Cases at the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from aftersales.contracts.evidence import EvidenceBody, EvidenceView, UploadView, evidence_view, upload_view
from aftersales.contracts.fields import (
    Amount,
    Body,
    Id,
    Instant,
    OptionalText,
    Quantity,
    ReasonCode,
    Text,
    View,
)
from aftersales.domain.address import Address
from aftersales.domain.case import (
    FINAL,
    Case,
    Decision,
    Dispute,
    ExchangeLeg,
    ExchangeState,
    Fees,
    FiredRule,
    InspectedLine,
    Kind,
    Offer,
    OfferState,
    Reason,
    SetAside,
    Shipment,
    Status,
    WaitingOn,
)
from aftersales.domain.case import Receipt as ParcelReceipt
from aftersales.domain.charge import Charge, ChargeState
from aftersales.domain.evidence import MAX_PER_CASE, Evidence
from aftersales.domain.exchange import Wanted
from aftersales.domain.hearing import Extension
from aftersales.domain.label import Label, LabelState
from aftersales.domain.ledger import Reservation
from aftersales.domain.lifecycle import Act
from aftersales.domain.order import SHIPPING
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import PERSONAL, Verdict
from aftersales.domain.refund import Attempt, AttemptState
from aftersales.domain.timeline import Entry, Event
from aftersales.usecases.commit import possible_now
from aftersales.usecases.ports import Desk, Page, UploadForm
from aftersales.usecases.quote_case import Application, Quote


class MoneyView(View):
    """An amount in minor units with its ISO 4217 currency."""

    amount: int
    currency: str


class ClaimedLineBody(Body):
    """How many units of which line."""

    line_id: Id
    quantity: Quantity


class ReplacementBody(Body):
    """Other goods for the units of one line: how many of which SKU."""

    line_id: Id
    sku: Id
    quantity: Quantity

    def to_wanted(self) -> Wanted:
        """The domain's word for it."""
        return Wanted(line_id=self.line_id, sku=self.sku, quantity=self.quantity)


Replacements = Annotated[list[ReplacementBody], Field(max_length=200)]


class QuoteBody(Body):
    """What the buyer would apply for; in an exchange, what goes out for each line."""

    order_id: Id
    kind: Kind
    reason: Reason
    lines: Annotated[list[ClaimedLineBody], Field(min_length=1, max_length=200)]
    replacement: Replacements = []

    @model_validator(mode="after")
    def _lines_are_unique(self) -> Self:
        names = [line.line_id for line in self.lines]
        if len(set(names)) < len(names) or SHIPPING in names:
            raise ValueError("name each line of the order once; shipping follows by itself")
        return self

    @model_validator(mode="after")
    def _an_exchange_says_for_what(self) -> Self:
        if (self.kind is Kind.EXCHANGE) is not bool(self.replacement):
            raise ValueError("say what goes out in an exchange, and only then")
        return self

    def to_application(self) -> Application:
        """The domain's word for it."""
        return Application(
            order_id=self.order_id,
            kind=self.kind,
            reason=self.reason,
            lines={line.line_id: line.quantity for line in self.lines},
            replacement=tuple(one.to_wanted() for one in self.replacement),
        )


class OpenCaseBody(QuoteBody):
    """An application."""

    description: OptionalText = ""
    evidence: Annotated[list[EvidenceBody], Field(max_length=MAX_PER_CASE)] = []


class DecisionBody(Body):
    """`amount` grants a part; without it the whole claim is granted."""

    decision: Literal["approve", "decline"]
    reason_code: ReasonCode
    note: Text
    amount: Annotated[Amount, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _a_decline_has_no_amount(self) -> Self:
        if self.decision == "decline" and self.amount is not None:
            raise ValueError("a decline has no amount")
        return self


class ShipmentBody(Body):
    """The parcel as the buyer gave it to a carrier: the carrier's name and its number of the parcel."""

    carrier: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
    tracking_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{4,48}[A-Za-z0-9]$")]


class InspectedLineBody(Body):
    """How many units of a line the seller takes back, and how many not; the others did not come. `deduction` is what
    the accepted ones have lost of their worth by use. Either has a reason, and `photos` of the seller's to show it."""

    line_id: Id
    accepted: Annotated[int, Field(ge=0, le=1000)]
    rejected: Annotated[int, Field(ge=0, le=1000)] = 0
    deduction: Amount = 0
    reason: ReasonCode | None = None
    photos: Annotated[list[Id], Field(max_length=MAX_PER_CASE)] = []

    @model_validator(mode="after")
    def _what_is_wrong_has_a_reason(self) -> Self:
        if bool(self.rejected or self.deduction) != (self.reason is not None):
            raise ValueError("say why units are rejected or worth less, and only then")
        return self

    def to_line(self) -> InspectedLine:
        """The domain's word for it."""
        return InspectedLine(
            line_id=self.line_id,
            accepted=self.accepted,
            rejected=self.rejected,
            deduction=self.deduction,
            reason=self.reason or "",
            photos=tuple(self.photos),
        )


class ReceiptBody(Body):
    """What came back. Without lines: the parcel has arrived, and is looked at later."""

    lines: Annotated[list[InspectedLineBody], Field(max_length=200)] = []
    note: OptionalText = ""

    @model_validator(mode="after")
    def _lines_are_unique(self) -> Self:
        names = [line.line_id for line in self.lines]
        if len(set(names)) < len(names):
            raise ValueError("name each line once")
        return self


class MessageBody(Body):
    """A word to the other parties; `evidence` names files of the case that its sender has added."""

    text: Text
    evidence: Annotated[list[Id], Field(max_length=MAX_PER_CASE)] = []


class StatementBody(Body):
    """What a side has to say: why it disputes, what it answers, why it appeals."""

    text: Text


class OfferBody(Body):
    """Another amount, another kind, or both; without an amount, the whole claim. For an exchange, what goes out for
    each line, unless it was said before."""

    kind: Kind | None = None
    amount: Annotated[Amount, Field(ge=1)] | None = None
    replacement: Replacements = []
    note: Text


class AlternativeBody(Body):
    """There are none of the goods that were wanted: wait for them, take the money back, or other goods."""

    choice: Literal["wait", "refund", "other"]
    replacement: Replacements = []

    @model_validator(mode="after")
    def _other_goods_have_names(self) -> Self:
        if (self.choice == "other") is not bool(self.replacement):
            raise ValueError("say which other goods, and only then")
        return self


class OfferAnswerBody(Body):
    """Yes or no."""

    accept: bool


class ExtensionBody(Body):
    """More time, and why."""

    hours: Annotated[int, Field(ge=1, le=30 * 24)]
    reason: Text


class EmptyBody(Body):
    """An act that needs no words."""


class PaidElsewhereBody(Body):
    """How the buyer was paid, and what was agreed."""

    note: Text


class ListCasesQuery(Body):
    """Filters and page of a list of cases."""

    status: Status | None = None
    kind: Kind | None = None
    waiting_on: WaitingOn | None = None
    order_id: Id | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[str, Field(max_length=2000)] | None = None

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters that were given."""
        chosen = self.model_dump(include={"status", "kind", "waiting_on", "order_id"}, mode="json")
        return {name: value for name, value in chosen.items() if value is not None}


class TimelineQuery(Body):
    """The page of a timeline; the cursor is the last `seq` that was read."""

    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[int, Field(ge=0, le=99_999_999)] = 0


class RuleView(View):
    """A rule of the policy that fired, with what it looked at."""

    code: str
    verdict: Verdict
    inputs: Mapping[str, Any]


class ClaimLineView(View):
    """What a line contributes; `shipping` is one."""

    line_id: str
    quantity: int
    amount: int
    tax: int


class PaymentPartView(View):
    """What comes back over which payment."""

    payment_id: str
    amount: int


class ClaimView(View):
    """The claim line by line and payment by payment."""

    lines: list[ClaimLineView]
    payments: list[PaymentPartView]
    total: MoneyView


class FeesView(View):
    """What a return costs its buyer, in minor units; it is not in the total. Where goods come back used, their seller
    may deduct up to `condition_percent` of their worth besides."""

    restocking: int
    freight: int
    condition_percent: int


class GoodsView(View):
    """Other goods for the units of one line, at what they cost, tax included."""

    line_id: str
    sku: str
    title: str
    quantity: int
    amount: int
    tax: int


class DifferenceView(View):
    """What the other goods cost more than those that they are for; less, where it is below zero. `tax` is what of it is
    tax."""

    amount: int
    tax: int
    currency: str


class ExchangeQuoteView(View):
    """What would go out, and the difference: paid before it is sent, or paid back once it has come."""

    goods: list[GoodsView]
    difference: DifferenceView


class QuoteView(ClaimView):
    """What an application would reserve and pay, and how the policy sees it as things stand. With `keep_item` the goods
    stay with the buyer although it is a return: their way back would cost `freight_saved`. With `label_offered` the
    platform pays the label of what comes back, and with `paid_ahead` the money goes as soon as a carrier has it, or the
    other goods of an exchange at once."""

    fees: FeesView
    keep_item: bool
    freight_saved: int
    exchange: ExchangeQuoteView | None
    label_offered: bool
    paid_ahead: bool
    verdict: Verdict
    rules: list[RuleView]
    policy_version: str


class PartyView(View):
    """Who acted."""

    role: Role
    id: str


class DecisionView(View):
    """What was decided, by whom, and why."""

    verdict: Verdict
    by: PartyView
    at: Instant
    reason_code: str
    note: str
    amount: MoneyView
    policy_version: str
    rules: list[RuleView]


class RefundView(View):
    """One attempt to pay a part back."""

    refund_id: str
    payment_id: str
    amount: MoneyView
    state: AttemptState
    failure: str | None


class ShipmentView(View):
    """A parcel of the case, or one to be: `label` tells what became of a label that the platform pays, whose link is
    for the buyer alone."""

    shipment_id: str
    label: LabelState | None
    carrier: str | None
    tracking_code: str | None
    sent_at: Instant | None
    arrived_at: Instant | None


class AddressView(View):
    """Where a parcel starts or ends; what nobody knows is empty."""

    name: str
    company: str
    street1: str
    street2: str
    city: str
    state: str
    zip: str
    country: str
    phone: str
    email: str


class AddressesView(View):
    """Where the parcel of a case starts and ends; null where the order does not say."""

    from_address: AddressView | None
    to_address: AddressView | None


class LabelView(View):
    """A label that the platform has paid: `url` shows it to whoever knows it."""

    shipment_id: str
    carrier: str
    tracking_code: str
    url: str


class ExchangeView(ExchangeQuoteView):
    """The other goods of an exchange. `state` is where they are, `set_aside` what the stock holds for the case,
    `charge` where the payment of a difference stands, `collection` that of goods that did not come back; `shipment` is
    their parcel, and `lost` those that never came."""

    state: ExchangeState
    set_aside: SetAside
    charge: ChargeState | None
    collection: ChargeState | None
    shipment: ShipmentView | None
    lost: list[ShipmentView]


class DifferencePaymentView(View):
    """What the buyer's browser pays a difference with, at the payment provider."""

    provider: str
    client_secret: str
    amount: MoneyView


class InspectedLineView(View):
    """What came of the units of one line."""

    line_id: str
    accepted: int
    rejected: int
    deduction: int
    reason: str | None
    photos: list[str]


class ReceiptView(View):
    """What the seller found in the parcel, or, where the seller said nothing, what was announced."""

    by: PartyView
    at: Instant
    lines: list[InspectedLineView]
    note: str


class OfferView(View):
    """A counter-proposal."""

    offer_id: str
    by: PartyView
    at: Instant
    kind: Kind
    amount: MoneyView
    note: str
    state: OfferState


class DisputeView(View):
    """The case went to a reviewer. `turn` is the side whose statement is due; `assigned_to` the reviewer who has it in
    hand; `proposal`, for reviewers only, the decision that another one has to confirm; `appealed_at` is when another
    reviewer was asked."""

    opened_by: PartyView
    opened_at: Instant
    turn: Role | None
    resolved: bool
    assigned_to: str | None
    proposal: DecisionView | None
    appealed_at: Instant | None


class ExtensionView(View):
    """A market's extension; `done` once it reached every case."""

    extension_id: str
    market: str
    hours: int
    reason: str
    at: Instant
    done: bool


class DebtView(View):
    """What its buyer owes for money, or other goods, that went ahead of goods: nothing any more once they are accepted.
    `due` once it is settled how much of it stays."""

    amount: int
    currency: str
    due: bool


class CaseView(View):
    """A case. `shipments` and `receipt` tell of goods that come back, `fees` what that costs the buyer, `exchange` of
    goods that go out for them; `possible` is what the reader can do now; `overdue_since` is the deadline that the
    platform let pass first."""

    case_id: str
    order_id: str
    buyer_id: str
    seller_id: str
    kind: Kind
    status: Status
    waiting_on: WaitingOn | None
    deadline_at: Instant | None
    on_timeout: str | None
    overdue_since: Instant | None
    version: int
    lines: list[ClaimedLineBody]
    reason: Reason
    description: str
    quote: ClaimView
    decision: DecisionView | None
    evidence: list[EvidenceView]
    offers: list[OfferView]
    refunds: list[RefundView]
    debt: DebtView | None
    fees: FeesView
    keep_item: bool
    shipments: list[ShipmentView]
    receipt: ReceiptView | None
    exchange: ExchangeView | None
    dispute: DisputeView | None
    possible: list[Act]
    opened_at: Instant
    updated_at: Instant


class CaseProgressView(View):
    """A case as operators see it: where it stands, why an operator is asked, and no word that a buyer wrote."""

    case_id: str
    status: Status
    waiting_on: WaitingOn | None
    trouble: str | None
    version: int
    refunds: list[RefundView]


class OpenedCaseView(CaseView):
    """A new case with an upload form for each promised file."""

    uploads: list[UploadView]


class CasePageView(View):
    """One page of cases."""

    items: list[CaseView]
    next_cursor: str | None


class EntryView(View):
    """One line of the timeline."""

    seq: int
    at: Instant
    actor: PartyView
    event: Event
    from_status: Annotated[Status | None, Field(serialization_alias="from")]
    to_status: Annotated[Status, Field(serialization_alias="to")]
    data: Mapping[str, Any]


class TimelineView(View):
    """One page of a timeline, oldest first."""

    items: list[EntryView]
    next_cursor: str | None


class AddedEvidenceView(View):
    """A promised file and its upload form."""

    evidence: EvidenceView
    upload: UploadView


def case_view(case: Case, reader: Party, desk: Desk) -> CaseView:
    """The case as this party sees it now."""
    return CaseView(**_case_fields(case, reader, desk))


def opened_case_view(
    case: Case, forms: Sequence[tuple[Evidence, UploadForm]], reader: Party, desk: Desk
) -> OpenedCaseView:
    """The case with its upload forms."""
    uploads = [upload_view(evidence, form) for evidence, form in forms]
    return OpenedCaseView(**_case_fields(case, reader, desk), uploads=uploads)


def difference_payment_view(charge: Charge, client_secret: str) -> DifferencePaymentView:
    """How a difference is paid."""
    return DifferencePaymentView(
        provider=charge.provider,
        client_secret=client_secret,
        amount=MoneyView(amount=charge.amount, currency=charge.currency),
    )


def label_view(label: Label) -> LabelView:
    """The label, for its buyer."""
    return LabelView(
        shipment_id=label.shipment_id,
        carrier=label.carrier,
        tracking_code=label.tracking_code,
        url=label.url,
    )


def addresses_view(start: Address | None, end: Address | None) -> AddressesView:
    """Both ends, as far as the order knows them."""
    return AddressesView(
        from_address=AddressView(**asdict(start)) if start else None,
        to_address=AddressView(**asdict(end)) if end else None,
    )


def extension_view(extension: Extension) -> ExtensionView:
    """A market's extension."""
    return ExtensionView(
        extension_id=extension.extension_id,
        market=extension.market,
        hours=extension.hours,
        reason=extension.reason,
        at=extension.at,
        done=extension.done,
    )


def case_progress_view(case: Case) -> CaseProgressView:
    """The case without anything personal."""
    return CaseProgressView(
        case_id=case.case_id,
        status=case.status,
        waiting_on=case.waiting_on,
        trouble=case.trouble,
        version=case.version,
        refunds=[_refund_view(attempt) for attempt in case.attempts],
    )


def quote_view(quote: Quote, reader: Party) -> QuoteView:
    """The quote as the buyer sees it."""
    return QuoteView(
        **dict(_claim_view(quote.claim, quote.order.currency)),
        verdict=quote.assessment.verdict,
        rules=_rules(quote.assessment.rules, reader),
        policy_version=quote.assessment.policy.version,
        fees=_fees_view(quote.fees),
        keep_item=quote.keep_item,
        freight_saved=quote.freight_saved,
        exchange=_exchange_quote_view(quote.exchange, quote.claim, quote.order.currency)
        if quote.exchange
        else None,
        label_offered=quote.label_offered,
        paid_ahead=quote.assessment.pays_ahead,
    )


def case_page_view(page: Page[Case], reader: Party, desk: Desk) -> CasePageView:
    """One page of cases."""
    items = [case_view(case, reader, desk) for case in page.items]
    return CasePageView(items=items, next_cursor=page.next_cursor)


def timeline_view(page: Page[Entry], reader: Party) -> TimelineView:
    """One page of a timeline."""
    return TimelineView(
        items=[_entry_view(entry, reader) for entry in page.items], next_cursor=page.next_cursor
    )


def _case_fields(case: Case, reader: Party, desk: Desk) -> dict[str, Any]:
    claim = _claim_view(case.claim, case.currency)
    return {
        "case_id": case.case_id,
        "order_id": case.order_id,
        "buyer_id": case.buyer_id,
        "seller_id": case.seller_id,
        "kind": case.kind,
        "status": case.status,
        "waiting_on": case.waiting_on,
        "deadline_at": case.deadline_at,
        "on_timeout": case.on_timeout,
        "overdue_since": case.overdue_since,
        "version": case.version,
        "lines": [
            ClaimedLineBody(line_id=line.line_id, quantity=line.quantity)
            for line in claim.lines
            if line.line_id != SHIPPING
        ],
        "reason": case.reason,
        "description": case.description,
        "quote": claim,
        "decision": _decision_view(case.decision, case.currency, reader) if case.decision else None,
        "evidence": [evidence_view(evidence) for evidence in case.evidence],
        "offers": [_offer_view(offer, case.currency) for offer in case.offers],
        "refunds": [_refund_view(attempt) for attempt in case.attempts],
        "debt": _debt_view(case) if case.debt else None,
        "fees": _fees_view(case.fees),
        "keep_item": case.keep_item,
        "shipments": [_shipment_view(case.returning.shipment)]
        if case.returning and case.returning.shipment
        else [],
        "receipt": _receipt_view(case.returning.receipt)
        if case.returning and case.returning.receipt
        else None,
        "exchange": _exchange_view(case, case.exchange) if case.exchange else None,
        "dispute": case.dispute and _dispute_view(case, case.dispute, reader),
        "possible": possible_now(desk, case, reader),
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
    }


def _fees_view(fees: Fees) -> FeesView:
    return FeesView(
        restocking=fees.restocking, freight=fees.freight, condition_percent=fees.condition_percent
    )


def _debt_view(case: Case) -> DebtView:
    amount = sum(part.amount for part in case.debt)
    return DebtView(amount=amount, currency=case.currency, due=case.status in FINAL)


def _shipment_view(shipment: Shipment) -> ShipmentView:
    return ShipmentView(
        shipment_id=shipment.shipment_id,
        label=shipment.label.state if shipment.label else None,
        carrier=shipment.parcel.carrier if shipment.parcel else None,
        tracking_code=shipment.parcel.tracking_code if shipment.parcel else None,
        sent_at=shipment.sent_at,
        arrived_at=shipment.arrived_at,
    )


def _exchange_quote_view(leg: ExchangeLeg, claim: Reservation, currency: str) -> ExchangeQuoteView:
    tax = sum(held.tax for held in claim.units if held.line_id != SHIPPING)
    return ExchangeQuoteView(
        goods=[
            GoodsView(
                line_id=one.line_id,
                sku=one.sku,
                title=one.line.title,
                quantity=one.quantity,
                amount=one.line.total,
                tax=one.line.tax,
            )
            for one in leg.goods
        ],
        difference=DifferenceView(
            amount=leg.difference, tax=sum(one.line.tax for one in leg.goods) - tax, currency=currency
        ),
    )


def _exchange_view(case: Case, leg: ExchangeLeg) -> ExchangeView:
    return ExchangeView(
        **dict(_exchange_quote_view(leg, case.claim, case.currency)),
        state=leg.state,
        set_aside=leg.set_aside,
        charge=leg.charge.state if leg.charge else None,
        collection=leg.collection.state if leg.collection else None,
        shipment=_shipment_view(leg.shipment) if leg.shipment else None,
        lost=[_shipment_view(one) for one in leg.lost],
    )


def _receipt_view(receipt: ParcelReceipt) -> ReceiptView:
    return ReceiptView(
        by=_party(receipt.by),
        at=receipt.at,
        lines=[
            InspectedLineView(
                line_id=line.line_id,
                accepted=line.accepted,
                rejected=line.rejected,
                deduction=line.deduction,
                reason=line.reason or None,
                photos=list(line.photos),
            )
            for line in receipt.lines
        ],
        note=receipt.note,
    )


def _offer_view(offer: Offer, currency: str) -> OfferView:
    return OfferView(
        offer_id=offer.offer_id,
        by=_party(offer.by),
        at=offer.at,
        kind=offer.kind,
        amount=MoneyView(amount=offer.amount, currency=currency),
        note=offer.note,
        state=offer.state,
    )


def _dispute_view(case: Case, dispute: Dispute, reader: Party) -> DisputeView:
    shown = case.proposal if reader.role is Role.REVIEWER else None
    return DisputeView(
        opened_by=_party(dispute.opened_by),
        opened_at=dispute.opened_at,
        turn=dispute.turn,
        resolved=dispute.resolved,
        assigned_to=case.assignment.reviewer_id if case.assignment else None,
        proposal=_decision_view(shown, case.currency, reader) if shown else None,
        appealed_at=case.appeal.at if case.appeal else None,
    )


def _claim_view(claim: Reservation, currency: str) -> ClaimView:
    return ClaimView(
        lines=[
            ClaimLineView(line_id=held.line_id, quantity=len(held.units), amount=held.amount, tax=held.tax)
            for held in claim.units
        ],
        payments=[PaymentPartView(payment_id=part.payment_id, amount=part.amount) for part in claim.money],
        total=MoneyView(amount=claim.amount, currency=currency),
    )


def _decision_view(decision: Decision, currency: str, reader: Party) -> DecisionView:
    return DecisionView(
        verdict=Verdict(decision.verdict),
        by=_party(decision.by),
        at=decision.at,
        reason_code=decision.reason_code,
        note=decision.note,
        amount=MoneyView(amount=decision.amount, currency=currency),
        policy_version=decision.policy_version,
        rules=_rules(decision.rules, reader),
    )


def _rules(rules: Sequence[FiredRule], reader: Party) -> list[RuleView]:
    return [
        RuleView(
            code=rule.code, verdict=Verdict(rule.verdict), inputs=_inputs(rule.code, rule.inputs, reader)
        )
        for rule in rules
    ]


def _inputs(code: str, inputs: Mapping[str, Any], reader: Party) -> Mapping[str, Any]:
    return {} if code in PERSONAL and reader.role is Role.SELLER else inputs


def _refund_view(attempt: Attempt) -> RefundView:
    return RefundView(
        refund_id=attempt.refund_id,
        payment_id=attempt.payment_id,
        amount=MoneyView(amount=attempt.amount, currency=attempt.currency),
        state=attempt.state,
        failure=attempt.failure,
    )


def _entry_view(entry: Entry, reader: Party) -> EntryView:
    # A decision that waits for a second reviewer is nobody else's business yet.
    hidden = entry.event is Event.DECISION_PROPOSED and reader.role is not Role.REVIEWER
    data: dict[str, Any] = {} if hidden else dict(entry.data)
    if "rules" in data:
        data["rules"] = [
            rule | {"inputs": _inputs(rule["code"], rule["inputs"], reader)} for rule in data["rules"]
        ]
    return EntryView(
        seq=entry.seq,
        at=entry.at,
        actor=_party(entry.actor),
        event=entry.event,
        from_status=Status(entry.from_status) if entry.from_status else None,
        to_status=Status(entry.to_status),
        data=data,
    )


def _party(party: Party) -> PartyView:
    return PartyView(role=party.role, id=party.id)
