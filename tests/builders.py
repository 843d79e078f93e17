"""One potter, one buyer, one order: what most tests start from.

The data has edges on purpose. Three bowls share a total that three does not divide, the food keeps a shorter
window, the portrait is made to order, and a gift card pays the first part of the bill. Every clock of the policy
differs from every other, so that a mistaken one shows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from aftersales.domain import advance, exchange, hearing, lifecycle, returns, shipment, silence
from aftersales.domain.address import Address
from aftersales.domain.calendar import DAY, MINUTE, Period
from aftersales.domain.case import Case, ExchangeLeg, Fees, FiredRule, InspectedLine, Kind, Reason, Status
from aftersales.domain.charge import ChargeState, ProviderCharge
from aftersales.domain.evidence import Evidence, EvidenceState
from aftersales.domain.exchange import Task, Wanted
from aftersales.domain.feedback_terms import BurstTerms, FeedbackTerms, RequestTerms
from aftersales.domain.invariants import Books
from aftersales.domain.label import Label, LabelRefused, SpareLabel
from aftersales.domain.ledger import (
    External,
    ExternalKind,
    ExternalState,
    Ledger,
    by_now,
    open_ledger,
    pick_units,
    record_external,
)
from aftersales.domain.lifecycle import Change
from aftersales.domain.money import Money
from aftersales.domain.order import SHIPPING, Line, Order, Payment, Shipping
from aftersales.domain.parcel import Scan, TrackingStatus
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import (
    Assessment,
    Clocks,
    ExchangeTerms,
    Facts,
    Grounds,
    HearingTerms,
    History,
    LabelTerms,
    Policy,
    ReasonTerms,
    ReturnTerms,
    RiskTerms,
    ShippingTerms,
    Verdict,
    Window,
)
from aftersales.domain.refund import Attempt, AttemptState, ProviderRefund, RefundAtProvider, live
from aftersales.domain.settlement import Lines, Posting, post_external, sum_of
from aftersales.domain.shipment import crosses_border
from aftersales.domain.stock import Sku
from aftersales.domain.timeline import Entry
from aftersales.domain.tracking_code import fits

NOON = 1_767_268_800_000  # 1 January 2026, 12:00 UTC
HOUR = 60 * MINUTE

BUYER = Party(Role.BUYER, "mei")
SELLER = Party(Role.SELLER, "kiln-and-clay")
REVIEWER = Party(Role.REVIEWER, "ines")
OTHER_REVIEWER = Party(Role.REVIEWER, "tomas")
OPERATOR = Party(Role.OPERATOR, "olga")
PROVIDER = Party(Role.PROVIDER, "payments")


# What the seller has: the same again, dearer, cheaper, and the part of a teapot.
def a_sku(sku: str, price: int = 1_999, on_hand: int = 10, **changes: Any) -> Sku:
    """Goods of the stock."""
    made = Sku(
        sku=sku,
        seller_id=SELLER.id,
        product="pottery",
        title=sku.title(),
        category="pottery",
        price=price,
        tax=price // 12,
        currency="USD",
        on_hand=on_hand,
        available=on_hand,
        held=0,
        confirmed=0,
    )
    return replace(made, **changes)


BOWLS, MARMALADE, PORTRAIT = "bowls", "marmalade", "portrait"
GIFT_CARD, CARD = "gift-card", "card"
CASE = "case-1"
VASE, CUP, LID = "sku-vase", "sku-cup", "sku-lid"
SKUS = {
    one.sku: one
    for one in (
        a_sku(f"sku-{BOWLS}", 3_900),
        a_sku(f"sku-{MARMALADE}", 850),
        a_sku(f"sku-{PORTRAIT}", 5_500),
        a_sku(VASE, 4_333),
        a_sku(CUP, 2_833),
        a_sku(LID, 900),
    )
}


def a_line(line_id: str = BOWLS, quantity: int = 3, total: int = 10_000, **changes: Any) -> Line:
    """Three tea bowls for 100.00, a sum that three does not divide."""
    line = Line(
        line_id=line_id,
        sku=f"sku-{line_id}",
        title=line_id.title(),
        category="pottery",
        quantity=quantity,
        total=total,
    )
    return replace(line, **changes)


def a_payment(payment_id: str = CARD, captured: int = 14_898, **changes: Any) -> Payment:
    """What the card paid of `an_order`."""
    payment = Payment(
        payment_id=payment_id, provider="stripe", reference=f"pi_{payment_id}", captured=captured
    )
    return replace(payment, **changes)


def an_order(**changes: Any) -> Order:
    """Bowls, marmalade, a portrait and the shipping: 173.98 dollars, 25.00 of them by gift card. The platform kept
    20.89, of which most shares are no whole cents."""
    order = Order(
        order_id="order-1",
        buyer_id=BUYER.id,
        seller_id=SELLER.id,
        currency="USD",
        placed_at=NOON - 8 * DAY,
        shipped_at=NOON - 7 * DAY,
        delivered_at=NOON - 5 * DAY,
        lines=(
            a_line(tax=833),
            a_line(MARMALADE, 2, 1_599, tax=133, category="food"),
            a_line(PORTRAIT, 1, 5_000, tax=417, category="art", returnable=False),
        ),
        shipping=Shipping(total=799, tax=67),
        payments=(a_payment(GIFT_CARD, 2_500, provider="store_credit", reference="gc_77"), a_payment()),
        platform_fee=2_089,
    )
    return replace(order, **changes)


MEIS_DOOR = Address(
    name="Mei Lin", street1="179 N Harbor Dr", city="Redondo Beach", state="CA", zip="90277", country="US"
)
KILNS_DOOR = Address(
    name="Kiln and Clay",
    street1="388 Townsend St",
    city="San Francisco",
    state="CA",
    zip="94107",
    country="US",
)


def a_label(**changes: Any) -> Label:
    """What a carrier sold for the bowls' way back."""
    label = Label(
        shipment_id=f"{CASE}-s1",
        provider_shipment_id="shp_1",
        carrier="usps",
        tracking_code="9400110898825022579493",
        url="https://labels.example/1.png",
        cost=Money(742, "USD"),
    )
    return replace(label, **changes)


FEEDBACK_TERMS = FeedbackTerms(
    window_days=60,
    edit_days=20,
    shown_from=10,
    prior_score=4,
    prior_weight=10,
    burst=BurstTerms(items=5, minutes=30, settled_hours=24, history=20, factor=3),
    request=RequestTerms(after_days=5, until_days=20),
)


def a_policy(**changes: Any) -> Policy:
    """30 days, 7 for food; 30.00 at once, 60.00 by silence, 80.00 by the seller alone."""
    fault = ReasonTerms(seller_fault=True, needs_evidence=True, auto_approve=True)
    unseen = replace(fault, needs_evidence=False)
    whim = ReasonTerms(seller_fault=False, needs_evidence=False, auto_approve=False)
    exceptions = {
        Reason.LATE: unseen,
        Reason.NOT_RECEIVED: unseen,
        Reason.CHANGED_MIND: whim,
        Reason.OTHER: whim,
    }
    policy = Policy(
        version="test-1",
        effective_from=0,
        windows={
            Kind.REFUND: Window(days=30, by_category={"food": 7}),
            Kind.RETURN: Window(days=40, by_category={"food": 7}),
            Kind.EXCHANGE: Window(days=50, by_category={"food": 7}),
        },
        reasons={reason: exceptions.get(reason, fault) for reason in Reason},
        auto_approval_cap={"USD": 3_000, "JPY": 4_500},
        silent_approval_cap={"USD": 6_000},
        seller_limit={"USD": 8_000},
        delivery_days=14,
        risk=RiskTerms(days=180, minimum_orders=5, high_percent=60),
        shipping=ShippingTerms(on_seller_fault=True, on_last_unit=True),
        reviewer_limit={"USD": 12_000},
        hearing=HearingTerms(offers=5, appeal_days=30),
        returns=ReturnTerms(
            auto_approval_cap={"USD": 5_000},
            keep_below={"USD": 500},
            restocking_percent=10,
            condition_percent=40,
            freight={"USD": 450},
            labels=LabelTerms(countries=("US", "DE"), unit_weight=400),
        ),
        exchanges=ExchangeTerms(reserve_days=60),
        feedback=FEEDBACK_TERMS,
        clocks=Clocks(
            evidence=Period(hours=72),
            seller=Period(hours=48),
            offer=Period(hours=36),
            declined=Period(days=7),
            statement=Period(hours=30),
            reviewer=Period(hours=24),
            assignment=Period(hours=8),
            first_inquiry=Period(minutes=1),
            inquiry=Period(hours=1),
            operator=Period(hours=12),
            warning=Period(hours=6),
            label=Period(minutes=50),
            ship=Period(days=6),
            ship_abroad=Period(days=9),
            unseen=Period(days=4),
            transit=Period(days=20),
            inspection=Period(hours=50),
            deduction=Period(days=5),
            alternative=Period(hours=40),
            payment=Period(hours=70),
            restock=Period(days=3),
            replacement_ship=Period(days=4),
            replacement_confirm=Period(days=9),
        ),
    )
    return replace(policy, **changes)


def some_facts(**changes: Any) -> Facts:
    """A small, proven and timely claim, which the policy approves by itself."""
    facts = Facts(
        kind=Kind.REFUND,
        reason=Reason.DAMAGED,
        amount=2_000,
        currency="USD",
        categories=("pottery",),
        returnable=True,
        sent_at=NOON - 8 * DAY,
        delivered_at=NOON - 5 * DAY,
        now=NOON,
        accepted_evidence=1,
        history=History(orders=2, cases=0),
    )
    return replace(facts, **changes)


def an_assessment(verdict: Verdict, *, silence_approves: bool = False, **changes: Any) -> Assessment:
    """A verdict of `a_policy` with one rule that explains it."""
    rule = FiredRule(code="a_rule", verdict=verdict, inputs={"amount": 2_000})
    return replace(
        Assessment(
            policy=a_policy(),
            verdict=verdict,
            rules=(rule,),
            silence_approves=silence_approves,
            grounds=Grounds(facts=some_facts(), in_force="test-1", at_purchase="test-1"),
        ),
        **changes,
    )


def a_photo(evidence_id: str = "e1", **changes: Any) -> Evidence:
    """A promised photo of a cracked bowl."""
    photo = Evidence(
        evidence_id=evidence_id,
        filename="crack.jpg",
        content_type="image/jpeg",
        size=48_213,
        added_by=Role.BUYER,
    )
    return replace(photo, **changes)


def an_answer(attempt: Attempt, state: AttemptState, **changes: Any) -> ProviderRefund:
    """What the provider says of this attempt."""
    answer = ProviderRefund(
        refund_id=attempt.refund_id,
        provider_refund_id=f"re_{attempt.refund_id}",
        state=state,
        amount=attempt.amount,
        currency=attempt.currency,
        failure="lost_or_stolen_card" if state is AttemptState.FAILED else None,
    )
    return replace(answer, **changes)


@dataclass
class Story:
    """The life of the cases on one order. Every change is kept as the store would keep it.

    Acts are named as in the life cycle and answer their change; they concern `CASE` unless told otherwise.
    """

    order: Order = field(default_factory=an_order)
    policy: Policy = field(default_factory=a_policy)
    now: int = NOON
    cases: dict[str, Case] = field(default_factory=dict)
    timelines: dict[str, list[Entry]] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = open_ledger(self.order)

    @property
    def case(self) -> Case:
        """The case that most stories are about."""
        return self.cases[CASE]

    @property
    def paid_order(self) -> Order:
        """The order as it is by now."""
        return by_now(self.order, self.ledger)

    @property
    def books(self) -> Books:
        """All that is known of the order; the provider has what the cases have heard of it."""
        return Books(
            ledger=self.ledger,
            cases=tuple(self.cases.values()),
            entries={case_id: tuple(entries) for case_id, entries in self.timelines.items()},
            refunds=tuple(
                RefundAtProvider(
                    provider_refund_id=f"re_{one.refund_id}",
                    refund_id=one.refund_id,
                    payment_id=one.payment_id,
                    amount=one.amount,
                    state=one.state,
                )
                for case in self.cases.values()
                for one in case.attempts
            ),
            postings=tuple(self.postings),
            accepted=frozenset(self.cases),
        )

    @property
    def account(self) -> Lines:
        """Where the case stands in the seller's accounts, by what was posted for it."""
        return sum_of(entry.posting.lines for entry in self.timeline if entry.posting)

    @property
    def timeline(self) -> list[Entry]:
        """What happened to it so far."""
        return self.timelines[CASE]

    @property
    def desk(self) -> Any:
        """As much of a desk as a view of the case asks: the policy and the time."""
        return SimpleNamespace(policies=SimpleNamespace(version=lambda _: self.policy), now=lambda: self.now)

    def open(
        self,
        wanted: Mapping[str, int] | None = None,
        *,
        case_id: str = CASE,
        reason: Reason = Reason.DAMAGED,
        evidence: tuple[Evidence, ...] = (),
        kind: Kind = Kind.REFUND,
        fees: Fees = Fees(),  # noqa: B008 - frozen
        keep_item: bool = False,
        goods: Sequence[Wanted] = (),
        label_offered: bool = False,
    ) -> Change:
        """Apply; for one bowl unless other units are wanted, and in an exchange for the same again unless other
        `goods` are."""
        wanted = wanted or {BOWLS: 1}
        if kind is Kind.EXCHANGE:
            keep_item = keep_item or reason is Reason.MISSING_PARTS
        return self._keep(
            lifecycle.open_case(
                case_id=case_id,
                order=self.order,
                ledger=self.ledger,
                kind=kind,
                fees=fees,
                keep_item=keep_item,
                exchange=self.exchange_of(wanted, goods, case_id, reason) if kind is Kind.EXCHANGE else None,
                label_offered=label_offered,
                crosses_border=crosses_border(self.order),
                reason=reason,
                description="It arrived cracked.",
                wanted=wanted,
                evidence=evidence,
                assessment=an_assessment(Verdict.APPROVE, policy=self.policy),
                request_hash="9f2c",
                buyer=BUYER,
                now=self.now,
            )
        )

    def assess(
        self,
        verdict: Verdict = Verdict.ASK_PERSON,
        *,
        silence_approves: bool = False,
        case_id: str = CASE,
        **changes: Any,
    ) -> Change:
        """The policy speaks."""
        assessment = an_assessment(verdict, silence_approves=silence_approves, policy=self.policy, **changes)
        return self._keep(lifecycle.apply_assessment(self.cases[case_id], assessment, self.now))

    def decide(
        self,
        *,
        approve: bool = True,
        amount: int | None = None,
        by: Party = REVIEWER,
        case_id: str = CASE,
    ) -> Change:
        """A person decides."""
        return self._keep(
            hearing.decide(
                self.cases[case_id],
                self.paid_order,
                self.ledger,
                approve=approve,
                by=by,
                reason_code="seen_on_photo",
                note="The crack runs through the glaze.",
                amount=amount,
                policy=self.policy,
                now=self.now,
            )
        )

    def make_offer(
        self,
        amount: int | None = 1_000,
        *,
        by: Party = SELLER,
        kind: Kind | None = None,
        exchange: ExchangeLeg | None = None,
        case_id: str = CASE,
    ) -> Change:
        """One side proposes another amount."""
        case = self.cases[case_id]
        return self._keep(
            hearing.make_offer(
                case,
                kind=kind,
                exchange=exchange,
                amount=amount,
                note="For the trouble.",
                by=by,
                policy=self.policy,
                now=self.now,
            )
        )

    def answer_offer(
        self, offer_id: str = "o1", *, accept: bool = True, by: Party = BUYER, case_id: str = CASE
    ) -> Change:
        """The other side answers."""
        case = self.cases[case_id]
        return self._keep(
            hearing.answer_offer(
                case, self.ledger, offer_id, accept=accept, by=by, policy=self.policy, now=self.now
            )
        )

    def dispute(self, *, by: Party = BUYER, case_id: str = CASE) -> Change:
        """The buyer asks the platform."""
        case = self.cases[case_id]
        return self._keep(
            hearing.open_dispute(case, "It is cracked.", by=by, policy=self.policy, now=self.now)
        )

    def make_statement(self, *, by: Party = SELLER, case_id: str = CASE) -> Change:
        """A side has its say."""
        case = self.cases[case_id]
        return self._keep(
            hearing.make_statement(case, "It left us whole.", by=by, policy=self.policy, now=self.now)
        )

    def appeal(self, *, by: Party = BUYER, case_id: str = CASE) -> Change:
        """The buyer asks another reviewer."""
        case = self.cases[case_id]
        return self._keep(
            hearing.appeal(
                case, self.ledger, "Look at the second photo.", by=by, policy=self.policy, now=self.now
            )
        )

    def take_review(self, *, by: Party = REVIEWER, case_id: str = CASE) -> Change:
        """A reviewer takes the case in hand."""
        case = self.cases[case_id]
        return self._keep(hearing.take_review(case, by=by, policy=self.policy, now=self.now))

    def release_review(self, *, by: Party = REVIEWER, case_id: str = CASE) -> Change | None:
        """A reviewer gives it back."""
        case = self.cases[case_id]
        return self._keep_any(hearing.release_review(case, by=by, policy=self.policy, now=self.now))

    def extend_deadline(self, hours: int = 24, *, by: Party = REVIEWER, case_id: str = CASE) -> Change:
        """More time."""
        case = self.cases[case_id]
        return self._keep(
            hearing.extend_deadline(case, hours * HOUR, "A holiday.", by=by, policy=self.policy, now=self.now)
        )

    def record_label(self, answer: Label | LabelRefused | None = None, case_id: str = CASE) -> Change | None:
        """The carrier sold a label, unless it is told to have refused."""
        case = self.cases[case_id]
        return self._keep_any(
            shipment.record_label(case, self.ledger, answer or a_label(), policy=self.policy, now=self.now)
        )

    def accept_all(self, case_id: str = CASE) -> Change:
        """The seller finds all of it, and all of it well."""
        case = self.cases[case_id]
        found = [
            InspectedLine(line_id=held.line_id, accepted=len(held.units))
            for held in case.claim.units
            if held.line_id != SHIPPING
        ]
        return self._keep(
            returns.confirm_receipt(case, self.ledger, found, "", by=SELLER, policy=self.policy, now=self.now)
        )

    def dispute_return(self, case_id: str = CASE) -> Change:
        """The seller brings what came back before a reviewer."""
        return self.dispute(by=SELLER, case_id=case_id)

    def ship(self, case_id: str = CASE) -> Change:
        """The buyer sends the goods."""
        case = self.cases[case_id]
        return self._keep(
            returns.ship_return(
                case,
                self.ledger,
                "ups",
                "1Z 999 AA1 01 2345 6784",
                by=BUYER,
                policy=self.policy,
                now=self.now,
            )
        )

    def settle_label(self, *given_back: SpareLabel, kept: bool = True, case_id: str = CASE) -> Change | None:
        """What was bought under the order was looked for, and what is not needed given back."""
        case = self.cases[case_id]
        return self._keep_any(
            shipment.settle_label(case, given_back, kept=kept, policy=self.policy, now=self.now)
        )

    def scan(
        self,
        *statuses: TrackingStatus,
        at: int | None = None,
        case_id: str = CASE,
        tracking_code: str | None = None,
    ) -> Change | None:
        """A carrier sees the parcel, now unless told otherwise; that of the case, unless it is told another."""
        case = self.cases[case_id]
        parcel = case.shipment.parcel if case.shipment else None
        number = tracking_code or (parcel.number if parcel else a_label().tracking_code)
        scans = [Scan(status=status, at=self.now if at is None else at) for status in statuses]
        return self._keep_any(
            returns.record_scans(case, self.ledger, number, scans, policy=self.policy, now=self.now)
        )

    def arrive(self, case_id: str = CASE) -> Change | None:
        """The parcel is with its seller."""
        case = self.cases[case_id]
        return self._keep_any(
            returns.confirm_arrival(case, self.ledger, by=SELLER, policy=self.policy, now=self.now)
        )

    def inspect(
        self,
        accepted: int,
        rejected: int = 0,
        case_id: str = CASE,
        line_id: str = BOWLS,
        deduction: int = 0,
        photos: tuple[str, ...] | None = None,
    ) -> Change:
        """The seller counts and looks at the units of one line, and names all photos of the seller's."""
        case = self.cases[case_id]
        shown = tuple(one.evidence_id for one in case.evidence if one.added_by == Role.SELLER)
        found = InspectedLine(
            line_id=line_id,
            accepted=accepted,
            rejected=rejected,
            deduction=deduction,
            reason="not_ours" if rejected or deduction else "",
            photos=shown if photos is None else photos,
        )
        return self._keep(
            returns.confirm_receipt(
                self.cases[case_id],
                self.ledger,
                [found],
                "As it came out of the box.",
                by=SELLER,
                policy=self.policy,
                now=self.now,
            )
        )

    def exchange_of(
        self,
        wanted: Mapping[str, int],
        goods: Sequence[Wanted] = (),
        case_id: str = CASE,
        reason: Reason = Reason.DAMAGED,
    ) -> ExchangeLeg:
        """Other goods for these units, or for those that the case has."""
        lines = {line.line_id: line for line in self.paid_order.lines}
        same = [
            Wanted(line_id=line_id, sku=lines[line_id].sku, quantity=count)
            for line_id, count in wanted.items()
            if line_id in lines
        ]
        case = self.cases.get(case_id)
        units = case.claim.units if case else pick_units(self.ledger, wanted)
        return exchange.priced(
            case_id, units, lines, goods or same, SKUS, reason=reason, currency=self.order.currency
        )

    def choose(self, choice: str = "wait", case_id: str = CASE, *goods: Wanted) -> Change:
        """The buyer says what shall be done where there are no such goods: wait, take others, or the money."""
        case = self.cases[case_id]
        if choice == "wait":
            return self._keep(exchange.choose_waiting(case, by=BUYER, policy=self.policy, now=self.now))
        if choice == "refund":
            return self._keep(exchange.choose_refund(case, by=BUYER, policy=self.policy, now=self.now))
        leg = self.exchange_of({}, goods, case_id, case.reason)
        return self._keep(exchange.choose_goods(case, leg, by=BUYER, policy=self.policy, now=self.now))

    def arrange(
        self, task: Task | None = None, *, in_stock: bool = True, case_id: str = CASE
    ) -> Change | None:
        """The next thing that is due at the stock or the payment provider is done there."""
        case = self.cases[case_id]
        due = task or next(iter(exchange.tasks(case)), None)
        match due:
            case None:
                return None
            case Task.RESERVE:
                until = self.now + self.policy.exchanges.reserve_days * DAY if in_stock else None
                return self._keep_any(
                    exchange.record_reservation(
                        case, exchange.reservation_id(case), until, policy=self.policy, now=self.now
                    )
                )
            case Task.PROMISE:
                return self._keep_any(
                    exchange.record_promise(
                        case, exchange.reservation_id(case), kept=in_stock, policy=self.policy, now=self.now
                    )
                )
            case Task.RELEASE:
                reservation = exchange.reservation_id(case)
                return self._keep_any(
                    exchange.record_released(case, reservation, policy=self.policy, now=self.now)
                )
            case Task.HOLD:
                asked = self._keep_any(exchange.ask_for_difference(case, policy=self.policy, now=self.now))
                self.charge(ChargeState.AWAITING, case_id)
                return asked
            case Task.CAPTURE:
                return self.charge(ChargeState.CAPTURED, case_id)
            case Task.CANCEL:
                return self.charge(ChargeState.CANCELED, case_id)
            case Task.COLLECT:
                leg = case.exchange
                if leg and leg.collection:
                    return self.charge(ChargeState.CAPTURED, case_id)
                return self._keep_any(
                    exchange.ask_for_debt(case, self.paid_order, policy=self.policy, now=self.now)
                )

    def arrange_all(self, case_id: str = CASE, *, in_stock: bool = True) -> None:
        """Everything that is due is done."""
        while exchange.tasks(self.cases[case_id]):
            self.arrange(in_stock=in_stock, case_id=case_id)

    def charge(self, state: ChargeState, case_id: str = CASE, **changes: Any) -> Change | None:
        """The provider says where the payment of the difference stands."""
        case = self.cases[case_id]
        assert case.exchange
        asked = case.exchange.asked[-1]
        seen = ProviderCharge(
            charge_id=asked.charge_id,
            reference=f"pi_{asked.charge_id}",
            state=state,
            amount=asked.amount,
            currency=asked.currency,
            captured=asked.amount if state is ChargeState.CAPTURED else 0,
        )
        seen = replace(seen, **changes)
        return self._keep_any(
            exchange.record_charge(case, self.ledger, seen, by=PROVIDER, policy=self.policy, now=self.now)
        )

    def ship_replacement(self, case_id: str = CASE) -> Change:
        """The seller sends the other goods."""
        case = self.cases[case_id]
        return self._keep(
            exchange.ship_replacement(
                case,
                self.ledger,
                "ups",
                "1Z 999 AA1 00 0000 0015",
                by=SELLER,
                policy=self.policy,
                now=self.now,
            )
        )

    def scan_replacement(self, *statuses: TrackingStatus, case_id: str = CASE) -> Change | None:
        """A carrier sees the newest parcel of other goods that was ever sent."""
        leg = self.cases[case_id].exchange
        parcels = (*leg.lost, *([leg.shipment] if leg.shipment else [])) if leg else ()
        number = parcels[-1].parcel.number if parcels and parcels[-1].parcel else "none"
        return self.scan(*statuses, case_id=case_id, tracking_code=number)

    def confirm_replacement(self, case_id: str = CASE) -> Change:
        """The buyer has them."""
        case = self.cases[case_id]
        return self._keep(
            exchange.confirm_replacement(case, self.ledger, by=BUYER, policy=self.policy, now=self.now)
        )

    def withdraw(self, case_id: str = CASE) -> Change:
        """The buyer steps back."""
        case = self.cases[case_id]
        return self._keep(lifecycle.withdraw(case, self.ledger, by=BUYER, policy=self.policy, now=self.now))

    def pay_elsewhere(self, case_id: str = CASE) -> Change:
        """An operator paid by another means."""
        return self._keep(
            lifecycle.pay_elsewhere(
                self.cases[case_id],
                self.paid_order,
                self.ledger,
                "By bank transfer, as agreed.",
                by=OPERATOR,
                policy=self.policy,
                now=self.now,
            )
        )

    def add_evidence(self, case_id: str = CASE) -> Change:
        """Promise one more photo."""
        case = self.cases[case_id]
        photo = a_photo(f"e{len(case.evidence) + 1}")
        return self._keep(lifecycle.add_evidence(case, photo, by=BUYER, policy=self.policy, now=self.now))

    def check_evidence(
        self,
        evidence_id: str = "e1",
        state: EvidenceState = EvidenceState.ACCEPTED,
        *,
        case_id: str = CASE,
    ) -> Change | None:
        """A photo arrived and was looked at."""
        refused = state is EvidenceState.REFUSED
        photo = a_photo(evidence_id, state=state, reason="not_an_image" if refused else None)
        return self._keep_any(
            lifecycle.check_evidence(self.cases[case_id], photo, policy=self.policy, now=self.now)
        )

    def show(self, case_id: str = CASE, *, by: Party = SELLER) -> None:
        """Somebody adds a photo, and it is accepted."""
        case = self.cases[case_id]
        photo = replace(a_photo(f"e{len(case.evidence) + 1}"), added_by=by.role)
        self._keep(lifecycle.add_evidence(case, photo, by=by, policy=self.policy, now=self.now))
        checked = replace(photo, state=EvidenceState.ACCEPTED)
        self._keep_any(
            lifecycle.check_evidence(self.cases[case_id], checked, policy=self.policy, now=self.now)
        )

    def view_evidence(self, case_id: str = CASE, *, by: Party = SELLER) -> Change:
        """Somebody looks at a photo."""
        case = self.cases[case_id]
        return self._keep(lifecycle.view_evidence(case, "e1", by=by, policy=self.policy, now=self.now))

    def send_message(self, case_id: str = CASE, *, by: Party = BUYER) -> Change:
        """A word to the other side."""
        case = self.cases[case_id]
        return self._keep(lifecycle.send_message(case, "Any news?", by=by, policy=self.policy, now=self.now))

    def pass_deadline(self, case_id: str = CASE) -> Change | None:
        """The sweep comes by, now."""
        case = self.cases[case_id]
        return self._keep_any(silence.pass_deadline(case, self.ledger, policy=self.policy, now=self.now))

    def silence(self, case_id: str = CASE) -> Change | None:
        """Nobody does anything until the deadline, to the millisecond; then the sweep comes by."""
        deadline = self.cases[case_id].deadline_at
        assert deadline is not None, "nobody's silence is awaited"
        self.now = max(self.now, deadline)
        return self.pass_deadline(case_id)

    def leave(self, amount: int, payment_id: str = CARD, **changes: Any) -> bool:
        """Money leaves a payment without the desk: by hand at the provider, unless told otherwise. Whether it was
        news."""
        external = External(
            external_id=f"external-{len(self.ledger.external)}",
            payment_id=payment_id,
            kind=ExternalKind.REFUND,
            amount=amount,
            state=ExternalState.TAKEN,
        )
        return self.hear_of_external([replace(external, **changes)])

    def hear_of_external(self, seen: Iterable[External]) -> bool:
        """The provider says how it stands with what left without the desk. Whether it was news."""
        after = record_external(self.ledger, seen)
        if after is None:
            return False
        self.ledger, posting = post_external(self.ledger, after, self.order.seller_id)
        self.postings += [posting] if posting else []
        return True

    def pay_ahead(self, case_id: str = CASE) -> Change | None:
        """The workflow writes down what goes ahead of the goods."""
        case = self.cases[case_id]
        return self._keep_any(
            advance.pay_ahead(case, self.paid_order, self.ledger, policy=self.policy, now=self.now)
        )

    def start_refund(self, case_id: str = CASE) -> Change:
        """The workflow writes the attempts down."""
        case = self.cases[case_id]
        return self._keep(
            lifecycle.start_refund(case, self.paid_order, self.ledger, policy=self.policy, now=self.now)
        )

    def record(self, seen: Iterable[ProviderRefund], case_id: str = CASE) -> Change | None:
        """The provider is heard."""
        return self._keep_any(
            lifecycle.record_refunds(
                self.cases[case_id], self.ledger, seen, by=PROVIDER, policy=self.policy, now=self.now
            )
        )

    def hear(self, state: AttemptState, *payments: str, case_id: str = CASE) -> Change | None:
        """The provider says the same of the newest attempt on each of these payments, or on all."""
        attempts = live(self.cases[case_id].attempts)
        return self.record(
            [an_answer(one, state) for one in attempts if not payments or one.payment_id in payments], case_id
        )

    def ask_operator(self, trouble: str = "step_gave_up", case_id: str = CASE) -> Change | None:
        """A step of the workflow gave up."""
        case = self.cases[case_id]
        return self._keep_any(lifecycle.ask_operator(case, trouble, policy=self.policy, now=self.now))

    def resume(self, case_id: str = CASE) -> Change:
        """An operator sends the case on."""
        case = self.cases[case_id]
        return self._keep(
            lifecycle.resume(
                case, self.paid_order, self.ledger, by=OPERATOR, policy=self.policy, now=self.now
            )
        )

    def _keep(self, change: Change) -> Change:
        case_id = change.case.case_id
        self.cases[case_id] = change.case
        self.timelines.setdefault(case_id, []).append(change.entry)
        if change.ledger:
            self.ledger = replace(change.ledger, version=self.ledger.version + 1)
        return change

    def _keep_any(self, change: Change | None) -> Change | None:
        return self._keep(change) if change else None


def story_at(status: Status, wanted: Mapping[str, int] | None = None) -> Story:
    """A story told up to this status, by acts alone."""
    story = Story()
    story.open(wanted)
    match status:
        case Status.REQUESTED:
            pass
        case Status.EVIDENCE_REQUIRED:
            story.assess(Verdict.ASK_EVIDENCE)
        case Status.UNDER_REVIEW:
            story.assess(Verdict.ASK_PERSON)
        case Status.OFFER_PENDING:
            story.assess(Verdict.ASK_PERSON)
            story.make_offer()
        case Status.DISPUTED:
            story.assess(Verdict.ASK_PERSON)
            story.silence()
        case Status.DECLINED:
            story.assess(Verdict.DECLINE)
        case Status.CANCELLED:
            story.withdraw()
        case (
            Status.AWAITING_RETURN
            | Status.RETURN_IN_TRANSIT
            | Status.RETURN_RECEIVED
            | Status.INSPECTION_FAILED
            | Status.EXPIRED
        ):
            story = returning_at(status, wanted)
        case (
            Status.OUT_OF_STOCK | Status.AWAITING_PAYMENT | Status.EXCHANGE_PENDING | Status.EXCHANGE_SHIPPED
        ):
            story = exchanging_at(status, wanted)
        case Status.CLOSED_DECLINED:
            story.assess(Verdict.DECLINE)
            story.silence()
        case Status.APPROVED:
            story.assess(Verdict.APPROVE)
        case Status.REFUND_PENDING | Status.REFUND_ACTION_REQUIRED | Status.COMPLETED:
            story.assess(Verdict.APPROVE)
            story.start_refund()
            if status is not Status.REFUND_PENDING:
                failed = status is Status.REFUND_ACTION_REQUIRED
                story.hear(AttemptState.FAILED if failed else AttemptState.SUCCEEDED)
    assert story.case.status is status
    return story


def returning_at(status: Status, wanted: Mapping[str, int] | None = None, **opened: Any) -> Story:
    """The story of a return, told up to this status."""
    story = Story()
    story.open(wanted, kind=Kind.RETURN, **opened)
    story.assess(Verdict.APPROVE)
    if status is Status.EXPIRED:
        story.silence()
    elif status is not Status.AWAITING_RETURN:
        story.ship()
    if status in (Status.RETURN_RECEIVED, Status.INSPECTION_FAILED):
        story.arrive()
    if status is Status.INSPECTION_FAILED:
        story.inspect(0)
    return story


def exchanging_at(status: Status, wanted: Mapping[str, int] | None = None, *goods: Wanted) -> Story:
    """The story of an exchange whose goods came back, told up to this status."""
    story = Story()
    if status is Status.AWAITING_PAYMENT:
        goods = goods or (Wanted(line_id=BOWLS, sku=VASE, quantity=1),)
    story.open(wanted, kind=Kind.EXCHANGE, goods=goods)
    story.assess(Verdict.APPROVE)
    story.arrange(in_stock=status is not Status.OUT_OF_STOCK)
    if status is Status.OUT_OF_STOCK:
        return story
    story.ship()
    story.arrive()
    story.silence()
    story.arrange(Task.PROMISE)
    if status is not Status.AWAITING_PAYMENT and story.case.status is Status.AWAITING_PAYMENT:
        story.arrange_all()
        story.charge(ChargeState.AUTHORIZED)
    if status is Status.EXCHANGE_SHIPPED:
        story.ship_replacement()
        story.arrange_all()
    return story


def parcel_of(case_id: str) -> str:
    """UPS's number of a parcel, another one for each case, with its check digit."""
    number = f"1Z999AA1{int(case_id[:8], 16) % 10**9:09d}"
    return next(code for digit in range(10) if fits("ups", code := f"{number}{digit}"))


def assert_balanced(ledger: Ledger) -> None:
    """I1: the parts of each payment are what was captured, and none is below zero."""
    for balance in ledger.balances:
        parts = (
            balance.available,
            balance.reserved,
            balance.refunded,
            balance.external,
            balance.disputed,
        )
        assert min(parts) >= 0
        assert sum(parts) == balance.captured
