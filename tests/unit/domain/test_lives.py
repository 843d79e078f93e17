"""Several cases live on one order, in any interleaving: whatever happens, the books are right after each step.

Everything that can happen to a case happens here in any order: words of the provider that come late, twice or
about a refund long dead; sweeps that come early, late or never; the platform that writes its order again.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aftersales.domain import ledger as books
from aftersales.domain.case import FINAL, Advance, Case, Fees, Kind, Reason, Review, SetAside, Status
from aftersales.domain.charge import ChargeState
from aftersales.domain.evidence import EvidenceState
from aftersales.domain.exchange import Wanted, tasks
from aftersales.domain.invariants import (
    Books,
    accepted_goods_leave_no_debt,
    debts_are_written,
    exchanges_make_whole,
    money_is_posted_once,
    postings_sum_to_zero,
    violations,
)
from aftersales.domain.ledger import ExternalKind, ExternalState, PaymentShare, Unit, by_payment, rebase
from aftersales.domain.lifecycle import CLOCKS
from aftersales.domain.order import SHIPPING
from aftersales.domain.parcel import TrackingStatus
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import Verdict
from aftersales.domain.refund import DEAD, AttemptState, live
from aftersales.domain.refusal import Refusal
from aftersales.domain.timeline import EFFECTS, Wake
from tests.builders import (
    BOWLS,
    BUYER,
    CARD,
    CUP,
    GIFT_CARD,
    HOUR,
    MARMALADE,
    OTHER_REVIEWER,
    PORTRAIT,
    REVIEWER,
    SELLER,
    VASE,
    Story,
    a_payment,
    an_answer,
    an_order,
    assert_balanced,
)
from tools.turns import wrong_turn

WANTED = st.dictionaries(
    st.sampled_from([BOWLS, MARMALADE, PORTRAIT, SHIPPING]), st.sampled_from([1, 1, 1, 2]), min_size=1
)
WHICH = st.integers(0, 9)
CAPTURED = st.sampled_from([2_500, 4_000, 14_898])
_ON_THEIR_WAY = (
    Status.AWAITING_RETURN,
    Status.RETURN_IN_TRANSIT,
    Status.RETURN_RECEIVED,
    Status.INSPECTION_FAILED,
)
PARCEL = ("send", "arrive", "accept all", "count", "count", "object", "show to a reviewer", "be forgotten")
_GOING_OUT = (
    *_ON_THEIR_WAY,
    Status.OUT_OF_STOCK,
    Status.AWAITING_PAYMENT,
    Status.EXCHANGE_PENDING,
    Status.EXCHANGE_SHIPPED,
)
_MOVING = sorted(set(Status) - FINAL)
PARTIES = {BUYER.role: BUYER, SELLER.role: SELLER}
REVIEWERS = (REVIEWER, OTHER_REVIEWER, *(Party(Role.REVIEWER, name) for name in ("wen", "abla", "jo")))


def held(case: Case) -> Counter[str]:
    """The money that a case has reserved, by payment."""
    if case.review is not Review.APPROVED and case.status in FINAL:
        return Counter()
    promised = _by_payment(case.owed)
    if case.review is not Review.APPROVED:
        promised += _by_payment(case.stake)
    under_way = sum(
        (Counter({one.payment_id: one.amount}) for one in case.attempts if one.state not in DEAD),
        Counter[str](),
    )
    given = _by_payment(case.given)
    return (promised | (under_way + given)) - _by_payment(case.paid) - given


def _by_payment(parts: Iterable[PaymentShare]) -> Counter[str]:
    return Counter(dict(by_payment(parts)))


def told_of(case: Case) -> dict[str, object]:
    """What an answer about the case says of whose turn it is."""
    label = case.label.state if case.label else None
    return {
        "status": case.status,
        "waiting_on": case.waiting_on,
        "deadline_at": case.deadline_at,
        "on_timeout": case.on_timeout,
        "offers": [{"by": {"role": offer.by.role}} for offer in case.offers],
        "dispute": {"turn": case.dispute.turn if case.dispute else None},
        "shipments": [{"label": label}],
        "debt": bool(case.debt),
        "exchange": {"shipment": {"arrived_at": case.replacement_arrived}},
    }


class LivesOnOneOrder(RuleBasedStateMachine):
    """Buyers, sellers, reviewers, operators, the clock and the provider, all at one order."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.deadlines: dict[str, int | None] = {}

    @initialize(
        gift_card=CAPTURED,
        card=CAPTURED,
        steps=st.integers(0, 4),
        used=st.booleans(),
        label=st.booleans(),
        ahead=st.booleans(),
        first=st.integers(0, 6),
    )
    def the_platform_writes_the_order_and_buyers_apply(
        self, gift_card: int, card: int, steps: int, used: bool, label: bool, ahead: bool, first: int
    ) -> None:
        """For a refund and for a return, whose parcel may be on its way, its money ahead of it, or with its seller; and
        perhaps for other goods, that may have come first and been charged."""
        payments = (a_payment(GIFT_CARD, gift_card), a_payment(CARD, card))
        self.story = Story(order=an_order(payments=payments))
        self.story.open({MARMALADE: 1}, case_id="case-1")
        fees = Fees(freight=300, condition_percent=30) if used else Fees()
        self.story.open(
            {BOWLS: 1, MARMALADE: 1}, case_id="case-2", kind=Kind.RETURN, fees=fees, label_offered=label
        )
        on_its_way: tuple[Callable[[], object], ...] = (
            lambda: self.story.assess(Verdict.APPROVE, case_id="case-2", pays_ahead=ahead),
            lambda: self.story.record_label(case_id="case-2") if label else self.story.ship("case-2"),
            lambda: self.story.scan(TrackingStatus.IN_TRANSIT, case_id="case-2"),
            lambda: self.pay_ahead("case-2") if ahead else self.story.arrive("case-2"),
        )
        for step in on_its_way[:steps]:
            step()
        if self.story.ledger.available >= self.story.order.lines[0].total // 3 + 1:
            going_first: tuple[Callable[[], object], ...] = (
                lambda: self.story.open(
                    {BOWLS: 1}, case_id="case-3", kind=Kind.EXCHANGE, label_offered=label
                ),
                lambda: self.story.assess(Verdict.APPROVE, case_id="case-3", pays_ahead=True),
                lambda: self.story.arrange_all("case-3"),
                lambda: self.story.ship_replacement("case-3"),
                lambda: self.story.confirm_replacement("case-3"),
                lambda: self.story.silence("case-3"),
            )
            for step in going_first[:first]:
                step()

    def act(self, do: Callable[[], object]) -> None:
        """Do something that may be refused; a refusal changes nothing."""
        before = (dict(self.story.cases), self.story.ledger)
        try:
            do()
        except Refusal:
            assert (self.story.cases, self.story.ledger) == before

    def one(self, which: int, *statuses: Status) -> str:
        """Some case; one of these statuses, if there is any."""
        cases = self.story.cases
        fit = [case_id for case_id, case in cases.items() if case.status in statuses] or list(cases)
        return fit[which % len(fit)]

    @staticmethod
    def fresh_reviewer(case: Case) -> Party:
        """One who has not decided on it yet."""
        return next(one for one in REVIEWERS if one.id not in case.reviewed_by)

    def pay_ahead(self, case_id: str) -> None:
        """The worker writes down what goes ahead, and the bank has it at once."""
        self.story.pay_ahead(case_id)
        self.story.hear(AttemptState.SUCCEEDED, case_id=case_id)

    def go_on(self, case_id: str) -> None:
        """Whoever is waited for does their part."""
        story, case = self.story, self.story.cases[case_id]
        if case.trouble or case.status is Status.REFUND_ACTION_REQUIRED:
            story.resume(case_id)
            return
        match case.status:
            case Status.REQUESTED | Status.EVIDENCE_REQUIRED:
                story.assess(Verdict.ASK_PERSON, case_id=case_id)
            case Status.DISPUTED if case.dispute and case.dispute.turn:
                story.make_statement(by=PARTIES[case.dispute.turn], case_id=case_id)
            case Status.UNDER_REVIEW | Status.DISPUTED:
                story.now = max(story.now, case.assignment.until if case.assignment else 0)
                amount = case.proposal.amount if case.proposal else None
                story.decide(amount=amount, by=self.fresh_reviewer(case), case_id=case_id)
            case Status.OFFER_PENDING:
                offer = case.offers[-1]
                by = SELLER if offer.by == BUYER else BUYER
                story.answer_offer(offer.offer_id, accept=len(case.offers) > 1, by=by, case_id=case_id)
            case Status.RETURN_IN_TRANSIT if case.advance_due:
                story.pay_ahead(case_id)
            case Status.DECLINED | Status.RETURN_IN_TRANSIT | Status.RETURN_RECEIVED:
                story.silence(case_id)
            case Status.AWAITING_RETURN if case.label_due:
                story.record_label(case_id=case_id)
            case Status.AWAITING_RETURN:
                story.ship(case_id)
            case Status.INSPECTION_FAILED:
                story.answer_offer(f"o{len(case.offers)}", case_id=case_id)
            case Status.OUT_OF_STOCK:
                story.choose("refund", case_id)
            case Status.AWAITING_PAYMENT:
                if case.exchange and case.exchange.charge and not tasks(case):
                    story.charge(ChargeState.AUTHORIZED, case_id)
                    if story.cases[case_id] == case:
                        story.silence(case_id)
                else:
                    story.arrange_all(case_id)
            case Status.EXCHANGE_PENDING:
                self.send_replacement(case_id)
            case Status.EXCHANGE_SHIPPED:
                story.arrange_all(case_id)
                story.confirm_replacement(case_id)
            case Status.APPROVED:
                story.start_refund(case_id)
            case Status.REFUND_PENDING:
                story.hear(AttemptState.SUCCEEDED, case_id=case_id)

    def send_replacement(self, case_id: str) -> None:
        """What is set aside is sent; otherwise the stock is asked first, or its time passes."""
        story = self.story
        story.arrange_all(case_id)
        case = story.cases[case_id]
        if case.status is not Status.EXCHANGE_PENDING:
            return
        waits = case.exchange and case.exchange.set_aside is SetAside.WAITED_FOR
        if waits or books.gone(story.ledger, case.owed) or story.ledger.frozen:
            story.silence(case_id)
        else:
            story.ship_replacement(case_id)

    @precondition(lambda self: len(self.story.cases) < 8)
    @rule(
        wanted=WANTED,
        kind=st.sampled_from(Kind),
        freight=st.sampled_from([0, 0, 300]),
        reason=st.sampled_from([Reason.DAMAGED, Reason.MISSING_PARTS]),
        sku=st.sampled_from([VASE, CUP, None]),
        which=WHICH,
    )
    def a_buyer_applies(
        self, wanted: dict[str, int], kind: Kind, freight: int, reason: Reason, sku: str | None, which: int
    ) -> None:
        """Also for what came in an exchange; and in an exchange for the same goods, or for dearer or cheaper ones."""
        came = [line.line_id for line in self.story.ledger.lines if line.goods]
        if came and which % 2:
            wanted = {came[which % len(came)]: 1}
        case_id = f"case-{len(self.story.cases) + 1}"
        # An exchange costs its buyer nothing.
        fees = Fees(freight=0 if kind is Kind.EXCHANGE else freight, condition_percent=freight // 10)
        goods = [
            Wanted(line_id=line_id, sku=sku, quantity=count)
            for line_id, count in wanted.items()
            if sku and line_id != SHIPPING
        ]
        self.act(
            lambda: self.story.open(wanted, case_id=case_id, kind=kind, reason=reason, goods=goods, fees=fees)
        )

    @rule(
        which=WHICH,
        event=st.sampled_from(
            ["arrange", "none left", "pay", "send", "hand over", "confirm", "lapse", "refuse"]
        ),
    )
    def other_goods_go_out(self, which: int, event: str) -> None:
        """In stock or not, paid or not, handed over or never seen."""
        story = self.story
        case_id = self.one(which, *_GOING_OUT, Status.COMPLETED)
        case = story.cases[case_id]
        asked = case.exchange is not None and bool(case.exchange.asked)
        acts: dict[str, Callable[[], object]] = {
            "arrange": lambda: story.arrange_all(case_id),
            "none left": lambda: story.arrange(in_stock=False, case_id=case_id),
            "pay": lambda: story.charge(ChargeState.AUTHORIZED, case_id) if asked else None,
            "send": lambda: story.ship_replacement(case_id),
            "hand over": lambda: story.scan_replacement(TrackingStatus.DELIVERED, case_id=case_id),
            "confirm": lambda: story.confirm_replacement(case_id),
            "lapse": lambda: story.charge(ChargeState.CANCELED, case_id) if asked else None,
            "refuse": lambda: story.charge(ChargeState.FAILED, case_id) if asked else None,
        }
        self.act(acts[event])

    @rule(which=WHICH, choice=st.sampled_from(["wait", "refund", "other"]))
    def a_buyer_chooses(self, which: int, choice: str) -> None:
        case_id = self.one(which, Status.OUT_OF_STOCK, Status.AWAITING_PAYMENT)
        lines = [one.line_id for one in self.story.cases[case_id].claim.units if one.line_id != SHIPPING]
        goods = [Wanted(line_id=line_id, sku=CUP, quantity=1) for line_id in lines]
        self.act(lambda: self.story.choose(choice, case_id, *goods))

    @rule(which=WHICH)
    def a_case_goes_on(self, which: int) -> None:
        case_id = self.one(which, *_MOVING)
        self.act(lambda: self.go_on(case_id))

    @rule(which=WHICH)
    def a_case_goes_all_the_way(self, which: int) -> None:
        case_id = self.one(which)
        for _ in range(6):
            self.act(lambda: self.go_on(case_id))

    @rule(which=WHICH, verdict=st.sampled_from(Verdict), silence=st.booleans(), ahead=st.booleans())
    def the_policy_speaks(self, which: int, verdict: Verdict, silence: bool, ahead: bool) -> None:
        case_id = self.one(which, Status.REQUESTED, Status.EVIDENCE_REQUIRED)
        self.act(
            lambda: self.story.assess(verdict, silence_approves=silence, case_id=case_id, pays_ahead=ahead)
        )

    @rule(
        which=WHICH,
        approve=st.booleans(),
        percent=st.integers(0, 110),
        by=st.sampled_from([SELLER, *REVIEWERS[:2]]),
    )
    def a_person_decides(self, which: int, approve: bool, percent: int, by: Party) -> None:
        case_id = self.one(which, Status.UNDER_REVIEW, Status.DISPUTED)
        amount = self.story.cases[case_id].claim.amount * percent // 100
        self.act(lambda: self.story.decide(approve=approve, amount=amount, by=by, case_id=case_id))

    @rule(
        which=WHICH,
        by=st.sampled_from([BUYER, SELLER]),
        percent=st.integers(1, 110),
        kind=st.sampled_from([None, *Kind]),
    )
    def a_side_makes_an_offer(self, which: int, by: Party, percent: int, kind: Kind | None) -> None:
        case_id = self.one(which, Status.UNDER_REVIEW, Status.OFFER_PENDING, Status.DECLINED)
        case = self.story.cases[case_id]
        amount = case.claim.amount * percent // 100
        if kind is not Kind.EXCHANGE:
            self.act(lambda: self.story.make_offer(amount, by=by, kind=kind, case_id=case_id))
        elif any(one.line_id != SHIPPING for one in case.claim.units):
            same = {one.line_id: len(one.units) for one in case.claim.units}
            leg = self.story.exchange_of(same, (), case_id, case.reason)
            self.act(lambda: self.story.make_offer(None, by=by, kind=kind, exchange=leg, case_id=case_id))

    @rule(which=WHICH, by=st.sampled_from([BUYER, SELLER]), accept=st.booleans())
    def a_side_answers_an_offer(self, which: int, by: Party, accept: bool) -> None:
        case_id = self.one(which, Status.OFFER_PENDING)
        offer_id = f"o{len(self.story.cases[case_id].offers)}"
        self.act(lambda: self.story.answer_offer(offer_id, accept=accept, by=by, case_id=case_id))

    @rule(which=WHICH)
    def a_buyer_disputes(self, which: int) -> None:
        case_id = self.one(which, Status.DECLINED, Status.OFFER_PENDING)
        self.act(lambda: self.story.dispute(case_id=case_id))

    @rule(which=WHICH, events=st.lists(st.sampled_from(PARCEL), min_size=1, max_size=4), well=st.data())
    def a_parcel_comes_back(self, which: int, events: list[str], well: st.DataObject) -> None:
        """Well or not so well, sent or never announced; and its buyer may object to what was found in it."""
        for event in events:
            self.what_becomes_of_a_parcel(which, event, well)

    def what_becomes_of_a_parcel(self, which: int, event: str, well: st.DataObject) -> None:
        story = self.story
        case_id = self.one(which, *_ON_THEIR_WAY)
        case = story.cases[case_id]
        lines = [one for one in case.claim.units if one.line_id != SHIPPING]
        if event == "object" or not lines:
            self.act(lambda: story.dispute(case_id=case_id))
            return
        if event == "be forgotten":
            if case.deadline_at is not None:
                story.silence(case_id)
            return
        line = lines[which % len(lines)]
        accepted = well.draw(st.integers(0, len(line.units)))
        rejected = well.draw(st.integers(0, len(line.units) - accepted + which // 9))
        deduction = line.amount * case.fees.condition_percent * accepted // (200 * len(line.units))
        acts: dict[str, Callable[[], object]] = {
            "send": lambda: story.ship(case_id),
            "arrive": lambda: story.arrive(case_id),
            "accept all": lambda: story.accept_all(case_id),
            "count": lambda: story.inspect(accepted, rejected, case_id, line.line_id, deduction),
            "show to a reviewer": lambda: story.dispute_return(case_id),
        }
        if rejected or deduction or event == "show to a reviewer":
            self.act(lambda: story.show(case_id))
        self.act(acts[event])

    @rule(which=WHICH, seen=st.lists(st.sampled_from(TrackingStatus), min_size=1, max_size=3))
    def a_carrier_sells_a_label_or_sees_a_parcel(self, which: int, seen: list[TrackingStatus]) -> None:
        story = self.story
        case_id = self.one(which, *_ON_THEIR_WAY, *FINAL)
        if story.cases[case_id].label_due:
            self.act(lambda: story.record_label(case_id=case_id))
        else:
            self.act(lambda: story.scan(*seen, case_id=case_id))

    @rule(which=WHICH)
    def goods_come_when_nobody_waits_for_them(self, which: int) -> None:
        case_id = self.one(which, Status.EXPIRED)
        self.act(lambda: self.story.arrive(case_id))

    @rule(which=WHICH)
    def a_buyer_appeals(self, which: int) -> None:
        case_id = self.one(which, Status.CLOSED_DECLINED, Status.COMPLETED)
        self.act(lambda: self.story.appeal(case_id=case_id))

    @rule(
        which=WHICH,
        by=st.sampled_from([BUYER, SELLER]),
        also=st.sampled_from(["state", "take", "give back", "extend"]),
    )
    def a_dispute_is_heard(self, which: int, by: Party, also: str) -> None:
        story, case_id = self.story, self.one(which, Status.DISPUTED)
        acts: dict[str, Callable[[], object]] = {
            "state": lambda: story.make_statement(by=by, case_id=case_id),
            "take": lambda: story.take_review(case_id=case_id),
            "give back": lambda: story.release_review(case_id=case_id),
            "extend": lambda: story.extend_deadline(case_id=case_id),
        }
        self.act(acts[also])

    @rule(
        which=WHICH,
        detour=st.sampled_from(["withdraw", "write", "give up", "refund", "ahead", "resume", "pay"]),
    )
    def something_comes_in_between(self, which: int, detour: str) -> None:
        story, case_id = self.story, self.one(which)
        acts: dict[str, Callable[[], object]] = {
            "withdraw": lambda: story.withdraw(case_id),
            "write": lambda: story.send_message(case_id),
            "give up": lambda: story.ask_operator(case_id=case_id),
            "refund": lambda: story.start_refund(case_id),
            "ahead": lambda: story.pay_ahead(case_id),
            "resume": lambda: story.resume(case_id),
            "pay": lambda: story.pay_elsewhere(case_id),
        }
        self.act(acts[detour])

    @rule(which=WHICH, state=st.sampled_from([EvidenceState.ACCEPTED, EvidenceState.REFUSED]))
    def a_photo_is_promised_and_comes(self, which: int, state: EvidenceState) -> None:
        case_id = self.one(which, Status.EVIDENCE_REQUIRED)
        self.act(lambda: self.story.add_evidence(case_id))
        newest = f"e{len(self.story.cases[case_id].evidence)}"
        self.act(lambda: self.story.check_evidence(newest, state, case_id=case_id))

    @rule(hours=st.sampled_from([0, 1, 24, 72, 200]), sweep=st.booleans())
    def time_passes_and_the_sweep_may_come_by(self, hours: int, sweep: bool) -> None:
        self.story.now += hours * HOUR
        for case_id in self.story.cases if sweep else ():
            self.story.pass_deadline(case_id)
            assert self.story.pass_deadline(case_id) is None

    @precondition(lambda self: any(case.attempts for case in self.story.cases.values()))
    @rule(which=WHICH, word=st.sampled_from(AttemptState))
    def the_provider_speaks_of_a_refund_twice(self, which: int, word: AttemptState) -> None:
        attempts = [attempt for case in self.story.cases.values() for attempt in case.attempts]
        attempt = attempts[which % len(attempts)]
        answer = an_answer(attempt, word)
        self.story.record([answer], attempt.case_id)
        assert self.story.record([answer], attempt.case_id) is None

    @precondition(lambda self: any(case.attempts for case in self.story.cases.values()))
    @rule(which=WHICH, word=st.sampled_from([AttemptState.SUCCEEDED, AttemptState.FAILED]))
    def the_provider_settles_a_whole_case(self, which: int, word: AttemptState) -> None:
        case_id = self.one(which, Status.REFUND_PENDING, Status.COMPLETED, Status.RETURN_IN_TRANSIT)
        self.act(lambda: self.story.hear(word, case_id=case_id))

    @rule(
        which=WHICH,
        payment=st.sampled_from([GIFT_CARD, CARD]),
        amount=st.integers(1, 4_000),
        kind=st.sampled_from(ExternalKind),
        state=st.sampled_from(ExternalState),
    )
    def money_leaves_without_the_desk(
        self, which: int, payment: str, amount: int, kind: ExternalKind, state: ExternalState
    ) -> None:
        """A few refunds by hand and chargebacks, each heard of again and again and in any order."""
        if kind is ExternalKind.REFUND and state is ExternalState.OPEN:
            return
        self.story.leave(amount, payment, kind=kind, state=state, external_id=f"{kind}-{payment}-{which % 2}")

    @rule(gift_card=CAPTURED, card=CAPTURED)
    def the_platform_writes_the_order_again(self, gift_card: int, card: int) -> None:
        payments = (a_payment(GIFT_CARD, gift_card), a_payment(CARD, card))
        order = replace(self.story.order, payments=payments)

        def write() -> None:
            self.story.ledger = rebase(self.story.ledger, order)
            self.story.order = order

        self.act(write)

    @invariant()
    def the_books_balance_and_agree_with_the_cases(self) -> None:
        assert_balanced(self.story.ledger)
        cases = self.story.cases.values()
        reserved = sum((held(case) for case in cases), Counter[str]())
        refunded = sum((_by_payment(case.paid) for case in cases), Counter[str]())
        for balance in self.story.ledger.balances:
            assert balance.reserved == reserved[balance.payment_id]
            assert balance.refunded == refunded[balance.payment_id]

    @invariant()
    def no_unit_is_in_two_cases(self) -> None:
        expected: dict[tuple[str, int], Unit] = {}
        for case in self.story.cases.values():
            if case.status in FINAL - {Status.COMPLETED} and not case.replaced:
                continue
            gone = Unit.REFUNDED if case.status is Status.COMPLETED else Unit.RESERVED
            taken = [(line.line_id, k) for line in case.claim.units for k in line.units]
            assert not expected.keys() & set(taken)
            expected |= dict.fromkeys(taken, Unit.EXCHANGED if case.replaced else gone)
        assert expected == {
            (line.line_id, k): unit
            for line in self.story.ledger.lines
            for k, unit in enumerate(line.units, 1)
            if unit is not Unit.AVAILABLE
        }

    @invariant()
    def everybody_knows_whose_turn_it_is_and_until_when(self) -> None:
        for case_id, case in self.story.cases.items():
            over = case.status in FINAL
            clocked = case.status in CLOCKS or case.trouble is not None
            assert (case.waiting_on is None) is over
            assert (case.deadline_at is not None) is (case.on_timeout is not None) is clocked
            assert not (over and case.trouble)
            told = told_of(case)
            assert wrong_turn(told) is None
            if case.deadline_at != self.deadlines.get(case_id):
                assert case.deadline_at is None or case.deadline_at > case.updated_at
                self.deadlines[case_id] = case.deadline_at

    @invariant()
    def a_refund_is_tried_again_only_after_it_failed_and_under_another_id(self) -> None:
        for case in self.story.cases.values():
            ids = [attempt.refund_id for attempt in case.attempts]
            assert len(set(ids)) == len(ids)
            # Only an appeal adds to what was paid; whatever else is tried again had failed.
            over = DEAD | {AttemptState.SUCCEEDED} if case.appeal else DEAD
            assert all(attempt.state in over for attempt in set(case.attempts) - set(live(case.attempts)))
            owed = _by_payment(case.payable)
            counting = sum(
                (
                    Counter({one.payment_id: one.amount})
                    for one in case.attempts
                    if one.payment_id in owed and one.state not in DEAD
                ),
                Counter[str](),
            )
            # What went ahead may be more than is owed by now.
            ahead = case.advance is Advance.GRANTED
            assert not case.attempts or ahead or owed == counting + _by_payment(case.uncovered)
            assert owed <= counting + _by_payment(case.uncovered) or not case.attempts

    @invariant()
    def all_money_that_moved_is_posted(self) -> None:
        assert not violations(
            self.story.books, (postings_sum_to_zero, money_is_posted_once, debts_are_written)
        )

    @invariant()
    def the_timeline_tells_every_change_once(self) -> None:
        for case_id, case in self.story.cases.items():
            timeline = self.story.timelines[case_id]
            assert [entry.seq for entry in timeline] == list(range(1, case.version + 1))
            told = [None, *(entry.to_status for entry in timeline)]
            assert told == [*(entry.from_status for entry in timeline), case.status]
            starts = sum(EFFECTS[entry.event].wake is Wake.START for entry in timeline)
            assert case.run == starts

    def teardown(self) -> None:
        """From wherever a case is, it comes to its end once everybody does their part, and then holds nothing."""
        decided = [replace(one, state=ExternalState.TAKEN) for one in self.story.ledger.external]
        self.story.hear_of_external(decided)
        for case_id in self.story.cases:
            for _ in range(24):
                self.go_on(case_id)
            self.story.arrange_all(case_id)
            assert self.story.cases[case_id].status in FINAL
        assert not any(balance.reserved for balance in self.story.ledger.balances)
        over = Books(ledger=self.story.ledger, cases=tuple(self.story.cases.values()), entries={})
        assert not violations(over, (exchanges_make_whole, accepted_goods_leave_no_debt))
        self.the_books_balance_and_agree_with_the_cases()
        self.no_unit_is_in_two_cases()


LivesOnOneOrder.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestLivesOnOneOrder = LivesOnOneOrder.TestCase
