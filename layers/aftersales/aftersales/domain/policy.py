"""Policy before people: what the desk decides by itself, as data, rules and a decision that explains itself.

A policy is a versioned document. Its rules stand in one table (`RULES`); each is a small pure function that
looks at the facts and says nothing or gives a verdict with the inputs it used. The gravest verdict wins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from aftersales.domain.calendar import DAY, Calendar, Period
from aftersales.domain.case import Fees, FiredRule, Kind, Reason
from aftersales.domain.feedback_terms import FeedbackTerms
from aftersales.domain.money import step


class Verdict(StrEnum):
    """What a rule, or the policy as a whole, says."""

    APPROVE = "approve"
    ASK_PERSON = "ask_person"
    ASK_EVIDENCE = "ask_for_evidence"
    DECLINE = "decline"


# The graver verdict wins. A missing photo is asked for before a person looks; a hard bar ends it.
_GRAVITY = {Verdict.APPROVE: 0, Verdict.ASK_PERSON: 1, Verdict.ASK_EVIDENCE: 2, Verdict.DECLINE: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonTerms:
    """What a reason means here: whose fault it is and what it asks of the buyer."""

    seller_fault: bool
    needs_evidence: bool
    auto_approve: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """For how many days after delivery a kind of case may be opened, with exceptions by category."""

    days: int
    by_category: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryTerms:
    """How much of one category is decided without a person; a currency that is absent is capped like all goods."""

    auto_approval_cap: Mapping[str, int] = field(default_factory=dict)
    silent_approval_cap: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTerms:
    """When a buyer's history slows a case down. It never takes a right away.

    Nothing is concluded from fewer than `minimum_orders` orders in `days`.
    """

    days: int
    minimum_orders: int
    high_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingTerms:
    """When the shipping is paid back, once an order at most."""

    on_seller_fault: bool
    on_last_unit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """How long each party has. What silence does stands in the life cycle.

    `warning` is how long before the end a buyer or seller is reminded; `assignment` how long a case that a reviewer
    took is that reviewer's alone; `label` how soon a carrier is asked again that did not sell a label; `ship_abroad`
    is `ship` where the goods cross a border. After `unseen` a buyer is asked about a parcel that no carrier has seen;
    after `transit` it counts as lost.
    """

    evidence: Period
    seller: Period
    offer: Period
    declined: Period
    statement: Period
    reviewer: Period
    assignment: Period
    first_inquiry: Period
    inquiry: Period
    operator: Period
    warning: Period
    label: Period
    ship: Period
    ship_abroad: Period
    unseen: Period
    transit: Period
    inspection: Period
    deduction: Period
    alternative: Period
    payment: Period
    restock: Period
    replacement_ship: Period
    replacement_confirm: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingTerms:
    """How disagreements are heard: offers a case at most, and for how many days after a reviewer's decision its
    buyer may appeal."""

    offers: int
    appeal_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTerms:
    """Where the platform buys the label of a return: for parcels that start in one of these `countries`. A unit whose
    weight nobody knows is taken to weigh `unit_weight` grams."""

    countries: tuple[str, ...]
    unit_weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceTerms:
    """Whom something goes ahead to of the goods that come back, the money as soon as their carrier has them, or other
    goods at once: up to `cap`, buyers of at least `minimum_orders` orders in the days that their history is looked at,
    who have complained about no more than `cases_percent` of them. Without a cap it never does."""

    cap: Mapping[str, int] = field(default_factory=dict)
    minimum_orders: int = 0
    cases_percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTerms:
    """What a return costs whom. Where the seller is at fault nothing is deducted, and below `keep_below` the goods
    stay.

    `freight` is what a parcel back costs, `restocking_percent` of the goods' worth; of goods that come back used the
    seller may deduct up to `condition_percent`. The policy approves returns up to `auto_approval_cap` by itself, for
    the money goes only after the goods have come. Amounts by currency.
    """

    auto_approval_cap: Mapping[str, int]
    keep_below: Mapping[str, int]
    restocking_percent: int
    condition_percent: int
    freight: Mapping[str, int]
    labels: LabelTerms
    advance: AdvanceTerms = field(default_factory=AdvanceTerms)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeTerms:
    """For how many days the stock sets other goods aside, while those come back that they are for, and to whom they go
    ahead of those."""

    reserve_days: int
    advance: AdvanceTerms = field(default_factory=AdvanceTerms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leeway:
    """How far a seller's number may lie from the platform's. Without `at_least` it may never be lower, which would be
    worse for the buyer; without `at_most` never higher."""

    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridable:
    """What sellers may have otherwise; what is absent is for the platform alone. Caps are given by currency."""

    window_days: Leeway = field(default_factory=Leeway)
    auto_approval_cap: Mapping[str, Leeway] = field(default_factory=dict)
    silent_approval_cap: Mapping[str, Leeway] = field(default_factory=dict)
    waived_evidence: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the policy. Amounts are minor units by currency; an absent currency means zero.

    `delivery_days` is how long after it was sent an order may be on its way before nobody wonders any more.
    `categories` are capped otherwise than all goods; `overridable` is what a seller's override may change.
    """

    version: str
    effective_from: int
    windows: Mapping[Kind, Window]
    reasons: Mapping[Reason, ReasonTerms]
    auto_approval_cap: Mapping[str, int]
    silent_approval_cap: Mapping[str, int]
    seller_limit: Mapping[str, int]
    reviewer_limit: Mapping[str, int]
    risk: RiskTerms
    delivery_days: int
    shipping: ShippingTerms
    hearing: HearingTerms
    returns: ReturnTerms
    exchanges: ExchangeTerms
    feedback: FeedbackTerms
    clocks: Clocks
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    categories: Mapping[str, CategoryTerms] = field(default_factory=dict)
    overridable: Overridable = field(default_factory=Overridable)

    def calendar(self, market: str) -> Calendar:
        """The market's working days, however its name is written; Monday to Friday where the policy knows nothing of
        it."""
        named = {name.casefold(): calendar for name, calendar in self.calendars.items()}
        return named.get(market.casefold(), Calendar())

    def window_days(self, kind: Kind, category: str) -> int:
        """The window of this kind for goods of this category."""
        window = self.windows[kind]
        return window.by_category.get(category, window.days)

    def auto_cap(self, category: str, currency: str) -> int:
        """Up to what the policy decides by itself on goods of this category."""
        return self._terms(category).auto_approval_cap.get(currency, self.auto_approval_cap.get(currency, 0))

    def silent_cap(self, category: str, currency: str) -> int:
        """Up to what the seller's silence approves for goods of this category."""
        return self._terms(category).silent_approval_cap.get(
            currency, self.silent_approval_cap.get(currency, 0)
        )

    def _terms(self, category: str) -> CategoryTerms:
        return self.categories.get(category, CategoryTerms())


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The buyer's last months: orders and cases, counted up to a small bound."""

    orders: int = 0
    cases: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the rules may look at. `sent_at` is when the order was shipped, or placed where nobody knows;
    `categories`, `returnable` and `declined_before` speak of the claimed lines, `taken_before` is what other cases of
    the order hold or were paid."""

    kind: Kind
    reason: Reason
    amount: int
    currency: str
    categories: tuple[str, ...]
    returnable: bool
    sent_at: int
    delivered_at: int | None
    now: int
    accepted_evidence: int
    history: History
    taken_before: int = 0
    declined_before: bool = False
    keep_item: bool = False

    @property
    def order_amount(self) -> int:
        """This claim with all that other cases of the order hold or were paid: many small claims are one large."""
        return self.amount + self.taken_before


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingClaim:
    """Whether an application took the order's shipping, what it was worth, and whether it claimed all that was left."""

    worth: int
    last_unit: bool
    claimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """All that a decision was made on, so that it can be made again: the facts, and the versions in force and at the
    purchase, of which the buyer got the better. `shipping` where an application could have claimed it.

    The buyer's history is in it: it is kept beside the decision, and shown to nobody.
    """

    facts: Facts
    in_force: str
    at_purchase: str
    shipping: ShippingClaim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The policy's decision: the verdict, the rules that fired, what the seller's silence will mean, whether the money
    or other goods would go ahead of those that come back, and on what grounds."""

    policy: Policy
    verdict: Verdict
    rules: tuple[FiredRule, ...]
    silence_approves: bool
    grounds: Grounds
    pays_ahead: bool = False

    @property
    def reason_code(self) -> str:
        """The code of the rule that decided."""
        return next((rule.code for rule in self.rules if rule.verdict == self.verdict), "no_rule_approves")


Finding = tuple[Verdict, Mapping[str, object]]
Check = Callable[[Facts, Policy], Finding | None]


def window_closed(facts: Facts, policy: Policy) -> Finding | None:
    """The shortest window among the claimed categories, counted from delivery."""
    days = min(policy.window_days(facts.kind, category) for category in facts.categories)
    if facts.delivered_at is None or facts.now <= facts.delivered_at + days * DAY:
        return None
    return Verdict.DECLINE, {"window_days": days, "delivered_at": facts.delivered_at, "now": facts.now}


def not_returnable(facts: Facts, policy: Policy) -> Finding | None:
    """Goods sold as not returnable are not taken back for a change of mind; a fault is another matter."""
    if facts.returnable or policy.reasons[facts.reason].seller_fault:
        return None
    return Verdict.DECLINE, {"returnable": facts.returnable, "reason": facts.reason}


def evidence_needed(facts: Facts, policy: Policy) -> Finding | None:
    """Some reasons can be seen on a photo, and are believed with one."""
    if facts.accepted_evidence or not policy.reasons[facts.reason].needs_evidence:
        return None
    return Verdict.ASK_EVIDENCE, {"reason": facts.reason, "accepted_evidence": facts.accepted_evidence}


def delivery_contradicts(facts: Facts, policy: Policy) -> Finding | None:
    """Not received though delivered, or a complaint about goods that have not come: a person looks."""
    if (facts.reason is Reason.NOT_RECEIVED) != (facts.delivered_at is not None):
        return None
    return Verdict.ASK_PERSON, {"reason": facts.reason, "delivered": facts.delivered_at is not None}


def still_under_way(facts: Facts, policy: Policy) -> Finding | None:
    """Not received, but sent only the other day: the seller knows more of the parcel than the policy."""
    due = facts.sent_at + policy.delivery_days * DAY
    if facts.reason is not Reason.NOT_RECEIVED or facts.delivered_at is not None or facts.now > due:
        return None
    return Verdict.ASK_PERSON, {"sent_at": facts.sent_at, "delivery_days": policy.delivery_days}


def history_of_claims(facts: Facts, policy: Policy) -> Finding | None:
    """A buyer who complains about most orders is looked at by a person, never refused for it."""
    history, terms = facts.history, policy.risk
    if history.orders < terms.minimum_orders or history.cases * 100 < terms.high_percent * history.orders:
        return None
    return Verdict.ASK_PERSON, {"orders": history.orders, "cases": history.cases}


def declined_before(facts: Facts, policy: Policy) -> Finding | None:
    """A claim on these goods was declined for good. There may be another reason now, a defect that showed since: a
    person looks, and neither the policy nor silence grants what people did not."""
    if not facts.declined_before:
        return None
    return Verdict.ASK_PERSON, {"declined_before": True}


def above_cap(facts: Facts, policy: Policy) -> Finding | None:
    """More money than the policy decides by itself."""
    cap = _cap(facts, policy)
    if facts.order_amount <= cap:
        return None
    return Verdict.ASK_PERSON, {"amount": facts.order_amount, "cap": cap, "currency": facts.currency}


def within_cap(facts: Facts, policy: Policy) -> Finding | None:
    """A small claim for a reason that the policy decides by itself; any reason will do where goods come back first."""
    cap = _cap(facts, policy)
    if facts.order_amount > cap or not (_comes_back(facts) or policy.reasons[facts.reason].auto_approve):
        return None
    return Verdict.APPROVE, {"amount": facts.order_amount, "cap": cap, "reason": facts.reason}


RULES: tuple[tuple[str, Check], ...] = (
    ("window_closed", window_closed),
    ("not_returnable", not_returnable),
    ("evidence_needed", evidence_needed),
    ("delivery_contradicts", delivery_contradicts),
    ("still_under_way", still_under_way),
    ("history_of_claims", history_of_claims),
    ("declined_before", declined_before),
    ("above_cap", above_cap),
    ("within_cap", within_cap),
)

# What these rules looked at is the buyer's own affair: a seller is told that they fired, not how often the buyer
# bought from others or complained to them.
PERSONAL = frozenset({"history_of_claims"})


def assess(facts: Facts, policy: Policy) -> Assessment:
    """Every rule is asked; the gravest verdict wins; where no rule approves, a person decides."""
    findings = ((code, check(facts, policy)) for code, check in RULES)
    fired = tuple(
        FiredRule(code=code, verdict=found[0], inputs=found[1]) for code, found in findings if found
    )
    verdicts = [Verdict(rule.verdict) for rule in fired] or [Verdict.ASK_PERSON]
    return Assessment(
        policy=policy,
        verdict=max(verdicts, key=_GRAVITY.__getitem__),
        rules=fired,
        silence_approves=_silence_approves(facts, policy),
        pays_ahead=_pays_ahead(facts, policy),
        grounds=Grounds(facts=facts, in_force=policy.version, at_purchase=policy.version),
    )


def decide(facts: Facts, in_force: Policy, at_purchase: Policy) -> Assessment:
    """The decision, under whichever of the two versions is better for the buyer."""
    decided = assess(facts, in_force)
    if at_purchase.version != in_force.version:
        decided = better_for_buyer(decided, assess(facts, at_purchase))
    grounds = Grounds(facts=facts, in_force=in_force.version, at_purchase=at_purchase.version)
    return replace(decided, grounds=grounds)


def better_for_buyer(one: Assessment, other: Assessment) -> Assessment:
    """When the policy changed since the purchase, the buyer gets the milder verdict, then the one under which
    silence approves; `one` if they agree."""
    return min(one, other, key=lambda it: (_GRAVITY[it.verdict], not it.silence_approves))


def pays_shipping(policy: Policy, reason: Reason, *, last_unit: bool) -> bool:
    """Whether this claim also takes the shipping: the seller's fault, or nothing of the order is left."""
    terms = policy.shipping
    return (terms.on_seller_fault and policy.reasons[reason].seller_fault) or (
        terms.on_last_unit and last_unit
    )


def return_fees(policy: Policy, reason: Reason, currency: str, worth: int, *, under_label: bool) -> Fees:
    """What a return of goods of this worth costs its buyer, never more than they are worth; nothing where the seller is
    at fault, and no freight where the buyer pays the carrier. Rounded down to what can be left of a refund."""
    if policy.reasons[reason].seller_fault:
        return Fees()
    terms, part = policy.returns, step(currency)
    restocking = worth * terms.restocking_percent // 100
    restocking -= restocking % part
    freight = min(terms.freight.get(currency, 0), worth - restocking) if under_label else 0
    return Fees(
        restocking=restocking, freight=freight - freight % part, condition_percent=terms.condition_percent
    )


def keeps_item(policy: Policy, reason: Reason, currency: str, worth: int) -> bool:
    """Whether the goods are worth less than their way back, for a fault that is not the buyer's."""
    return policy.reasons[reason].seller_fault and worth < policy.returns.keep_below.get(currency, 0)


def _comes_back(facts: Facts) -> bool:
    return facts.kind is not Kind.REFUND and not facts.keep_item


def _cap(facts: Facts, policy: Policy) -> int:
    if _comes_back(facts):
        return policy.returns.auto_approval_cap.get(facts.currency, 0)
    return _lowest(policy.auto_cap, facts)


def _silence_approves(facts: Facts, policy: Policy) -> bool:
    slowed = history_of_claims(facts, policy) or declined_before(facts, policy)
    return facts.order_amount <= _lowest(policy.silent_cap, facts) and not slowed


def _pays_ahead(facts: Facts, policy: Policy) -> bool:
    """Whether money or other goods may go before the goods have come: little of it, to a buyer whose history says
    enough."""
    history = facts.history
    terms = policy.exchanges.advance if facts.kind is Kind.EXCHANGE else policy.returns.advance
    trusted = (
        history.orders >= terms.minimum_orders and history.cases * 100 <= terms.cases_percent * history.orders
    )
    small = facts.order_amount <= terms.cap.get(facts.currency, 0)
    return _comes_back(facts) and trusted and small and not facts.declined_before


def _lowest(cap: Callable[[str, str], int], facts: Facts) -> int:
    """The lowest cap among the claimed categories: a dear thing does not slip through beside a cheap one."""
    return min(cap(category, facts.currency) for category in facts.categories)
