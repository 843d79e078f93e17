"""Other goods that go out: set aside, paid for, sent, handed over; and never neither goods nor money, nor both."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from aftersales.domain.calendar import DAY
from aftersales.domain.case import (
    Case,
    ExchangeEnd,
    Kind,
    OfferState,
    Reason,
    ReturnState,
    Review,
    SetAside,
    Status,
    WaitingOn,
)
from aftersales.domain.charge import ChargeState, ProviderCharge
from aftersales.domain.exchange import (
    Task,
    Wanted,
    ask_for_difference,
    record_charge,
    record_promise,
    record_released,
    record_reservation,
    reservation_id,
    ship_replacement,
    stock_lines,
    tasks,
)
from aftersales.domain.invariants import (
    ALWAYS,
    Books,
    exchanges_make_whole,
    nothing_is_held_in_vain,
    violations,
)
from aftersales.domain.ledger import ExternalState, Ledger, LedgerLine, Unit, by_now, rebase, release
from aftersales.domain.lifecycle import Act
from aftersales.domain.order import SHIPPING
from aftersales.domain.parcel import TrackingStatus
from aftersales.domain.parties import CARRIER, SYSTEM
from aftersales.domain.policy import Verdict
from aftersales.domain.possible import possible
from aftersales.domain.refund import AttemptState
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.stock import StockLine
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    CASE,
    CUP,
    HOUR,
    LID,
    MARMALADE,
    NOON,
    PROVIDER,
    SELLER,
    VASE,
    Story,
    a_line,
    an_order,
    exchanging_at,
    story_at,
)


def refused(act: Callable[[], object]) -> Refusal:
    """What the act is refused with."""
    with pytest.raises(Refusal) as refusal:
        act()
    return refusal.value


def for_a_bowl(sku: str, quantity: int = 1) -> Wanted:
    return Wanted(line_id=BOWLS, sku=sku, quantity=quantity)


def exchanged(*goods: Wanted) -> Story:
    """Other goods are with their buyer, and all that was to be done outside is done."""
    story = exchanging_at(Status.EXCHANGE_SHIPPED, None, *goods)
    story.confirm_replacement()
    story.arrange_all()
    return story


def pay(story: Story) -> None:
    """The money goes back."""
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert story.case.status is Status.COMPLETED


def books_agree(story: Story) -> None:
    """What the desk holds and paid is what its cases say."""
    over = () if tasks(story.case) else (exchanges_make_whole,)
    assert not violations(story.books, (*ALWAYS, *over))


def money_again(story: Story, paid: int) -> None:
    """No goods, all the money, nothing set aside and nothing charged."""
    story.arrange_all()
    pay(story)
    assert sum(attempt.amount for attempt in story.case.attempts) == paid
    assert not [line for line in story.ledger.lines if line.goods]
    assert story.case.exchange
    assert story.case.exchange.set_aside is not SetAside.RESERVED
    assert not tasks(story.case)
    books_agree(story)


# --- the same again ----------------------------------------------------------------------------------------


def test_goods_come_back_and_the_same_goods_go_out_for_them() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    assert (story.case.status, tasks(story.case)) == (Status.AWAITING_RETURN, (Task.RESERVE,))
    reserved = story.arrange()
    assert reserved
    assert (reserved.entry.event, reserved.entry.data) == (
        Event.REPLACEMENT_ARRANGED,
        {"task": Task.RESERVE},
    )
    story.ship()
    story.arrive()
    story.inspect(1)
    assert (story.case.status, story.case.waiting_on) == (Status.EXCHANGE_PENDING, WaitingOn.SELLER)
    assert (story.case.deadline_at, story.case.on_timeout) == (NOON + 4 * DAY, "refunded")
    assert tasks(story.case) == (Task.PROMISE,)
    assert refused(story.ship_replacement).code is Code.REPLACEMENT_NOT_RESERVED
    story.arrange()
    sent = story.ship_replacement()
    assert (sent.entry.event, sent.case.status) == (Event.REPLACEMENT_SENT, Status.EXCHANGE_SHIPPED)
    assert sent.parcel
    assert sent.parcel.tracking_code == "1Z999AA10000000015"
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.CARRIER, "sent_once_more")
    assert not tasks(story.case)
    assert story.ledger.taken == 3_333
    done = story.confirm_replacement()
    assert (done.entry.event, done.case.status) == (Event.EXCHANGE_COMPLETED, Status.COMPLETED)
    assert done.entry.data == {
        "amount": 0,
        "lines": [{"line_id": BOWLS, "sku": "sku-bowls", "quantity": 1}],
    }
    assert (done.case.owed, done.case.attempts, story.ledger.taken) == ((), (), 0)
    [bowls, new] = [line for line in story.ledger.lines if line.line_id in (BOWLS, f"{CASE}.1")]
    assert bowls.units == (Unit.EXCHANGED, Unit.AVAILABLE, Unit.AVAILABLE)
    assert (new.total, new.tax, new.units) == (3_333, 278, (Unit.AVAILABLE,))
    assert new.goods
    assert (new.goods.title, new.goods.category) == ("Bowls", "pottery")
    books_agree(story)


def test_the_same_goods_are_even_whatever_they_cost_today() -> None:
    leg = Story().exchange_of({BOWLS: 2, MARMALADE: 1})
    assert leg.difference == 0
    assert [one.line.total for one in leg.goods] == [6_667, 800]


def test_a_parcel_that_the_carrier_handed_over_is_the_buyers_to_speak_of() -> None:
    story = exchanging_at(Status.EXCHANGE_SHIPPED)
    story.now += DAY
    arrived = story.scan_replacement(TrackingStatus.DELIVERED)
    assert arrived
    assert arrived.entry.event is Event.REPLACEMENT_ARRIVED
    assert (story.case.status, story.case.waiting_on) == (Status.EXCHANGE_SHIPPED, WaitingOn.BUYER)
    assert (story.case.deadline_at, story.case.on_timeout) == (story.now + 9 * DAY, "completed")
    assert story.scan_replacement(TrackingStatus.DELIVERED) is None
    silent = story.silence()
    assert silent
    assert (silent.entry.event, silent.entry.actor, silent.case.status) == (
        Event.EXCHANGE_COMPLETED,
        SYSTEM,
        Status.COMPLETED,
    )
    books_agree(story)


def test_the_delivery_of_goods_that_were_not_sent_changes_nothing() -> None:
    assert exchanging_at(Status.EXCHANGE_PENDING).scan_replacement(TrackingStatus.DELIVERED) is None


def test_a_parcel_that_turned_around_is_lost_at_once() -> None:
    story = exchanging_at(Status.EXCHANGE_SHIPPED)
    assert story.scan_replacement(TrackingStatus.IN_TRANSIT)
    assert story.case.status is Status.EXCHANGE_SHIPPED
    turned = story.scan_replacement(TrackingStatus.RETURN_TO_SENDER)
    assert turned
    assert (turned.entry.event, turned.entry.actor) == (Event.REPLACEMENT_LOST, CARRIER)


def test_an_operator_is_told_of_a_parcel_that_comes_after_it_was_given_up() -> None:
    story = exchanging_at(Status.EXCHANGE_SHIPPED)
    story.silence()
    seen = story.scan_replacement(TrackingStatus.IN_TRANSIT)
    assert seen
    assert seen.entry.event is Event.PARCEL_SCANNED
    late = story.scan_replacement(TrackingStatus.DELIVERED)
    assert late
    assert (late.entry.event, late.case.status) == (Event.PARCEL_LATE, Status.EXCHANGE_PENDING)


def test_scans_of_goods_that_their_buyer_has_are_kept() -> None:
    story = exchanged()
    seen = story.scan_replacement(TrackingStatus.DELIVERED)
    assert seen
    assert (seen.entry.event, seen.case.status) == (Event.PARCEL_SCANNED, Status.COMPLETED)


def test_what_came_in_an_exchange_can_be_exchanged_and_paid_back_in_turn() -> None:
    story = exchanged()
    again = f"{CASE}.1"
    story.open({again: 1}, case_id="case-2", kind=Kind.EXCHANGE, reason=Reason.LATE)
    story.assess(Verdict.APPROVE, case_id="case-2")
    assert story.cases["case-2"].claim.amount == 3_333
    story.arrange_all("case-2")
    story.ship("case-2")
    story.arrive("case-2")
    story.silence("case-2")
    story.arrange_all("case-2")
    story.ship_replacement("case-2")
    story.confirm_replacement("case-2")
    story.open({"case-2.1": 1}, case_id="case-3")
    story.assess(Verdict.APPROVE, case_id="case-3")
    story.start_refund("case-3")
    story.hear(AttemptState.SUCCEEDED, case_id="case-3")
    assert story.cases["case-3"].status is Status.COMPLETED
    assert story.ledger.taken == 3_333
    story.arrange_all("case-2")
    books_agree(story)


def test_goods_of_exchanges_stay_when_the_platform_writes_its_order_again() -> None:
    story = exchanged(for_a_bowl(VASE))
    again = rebase(story.ledger, story.order)
    assert (again.lines, again.balances) == (story.ledger.lines, story.ledger.balances)
    order = by_now(story.order, again)
    assert order.lines[-1].title == "Sku-Vase"
    assert order.payment(f"{CASE}.difference.1").captured == 1_000
    story.open({f"{CASE}.1": 1}, case_id="case-2")
    held = rebase(story.ledger, story.order)
    assert (held.lines, held.balances) == (story.ledger.lines, story.ledger.balances)


# --- dearer and cheaper ------------------------------------------------------------------------------------


def test_what_other_goods_cost_more_is_paid_before_they_are_sent() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    assert story.case.exchange
    assert (story.case.exchange.difference, story.case.waiting_on) == (1_000, WaitingOn.BUYER)
    assert (story.case.deadline_at, story.case.on_timeout) == (story.now + 70 * HOUR, "refunded")
    assert tasks(story.case) == (Task.HOLD,)
    story.arrange()
    assert not tasks(story.case)
    held = story.charge(ChargeState.AUTHORIZED)
    assert held
    assert (held.entry.event, held.entry.data) == (
        Event.DIFFERENCE_PAID,
        {"task": Task.HOLD, "amount": 1_000},
    )
    assert (story.case.status, story.ledger.taken) == (Status.EXCHANGE_PENDING, 3_333)
    assert story.charge(ChargeState.AUTHORIZED) is None
    story.ship_replacement()
    assert tasks(story.case) == (Task.CAPTURE,)
    story.arrange_all()
    assert sum(balance.captured for balance in story.ledger.balances) == 17_398 + 1_000
    assert story.ledger.taken == 4_333
    books_agree(story)
    story.confirm_replacement()
    assert (story.case.status, story.ledger.taken) == (Status.COMPLETED, 0)
    [new] = [line for line in story.ledger.lines if line.goods]
    assert new.total == 4_333
    books_agree(story)


def test_goods_that_came_before_their_difference_was_captured_are_worth_it_afterwards() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, for_a_bowl(VASE))
    story.ship_replacement()
    story.confirm_replacement()
    assert (story.case.status, tasks(story.case)) == (Status.COMPLETED, (Task.CAPTURE,))
    story.arrange_all()
    assert story.ledger.available == 17_398 + 1_000
    books_agree(story)


def test_a_difference_whose_hold_ran_out_is_asked_for_again() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, for_a_bowl(VASE))
    lapsed = story.charge(ChargeState.CANCELED)
    assert lapsed
    assert (lapsed.entry.event, lapsed.case.status) == (Event.DIFFERENCE_LAPSED, Status.AWAITING_PAYMENT)
    for _ in range(2):
        assert tasks(story.case) == (Task.HOLD,)
        story.arrange()
        story.charge(ChargeState.CANCELED)
    assert not tasks(story.case)
    assert story.case.exchange
    assert [one.charge_id for one in story.case.exchange.charges] == [
        f"{CASE}.difference.{n}" for n in (1, 2, 3)
    ]
    story.silence()
    money_again(story, 3_333)


def test_a_difference_that_the_provider_will_never_take_is_waited_for_by_nobody() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    story.arrange()
    refused_for_good = story.charge(ChargeState.FAILED)
    assert refused_for_good
    assert (refused_for_good.entry.event, refused_for_good.entry.data) == (
        Event.EXCHANGE_FORGONE,
        {"reason_code": "difference_refused", "amount": 3_333},
    )
    assert tasks(story.case) == (Task.RELEASE,)
    money_again(story, 3_333)


def test_a_difference_that_fails_when_the_buyer_no_longer_waits_for_the_goods_is_written_down_only() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    story.arrange()
    story.silence()
    gone = story.case
    refused = story.charge(ChargeState.FAILED)
    assert refused
    assert (refused.entry.event, refused.case.status) == (Event.REPLACEMENT_ARRANGED, gone.status)
    assert refused.case.exchange
    assert [one.state for one in refused.case.exchange.charges] == [ChargeState.FAILED]
    money_again(story, 3_333)


@pytest.mark.parametrize("come", [False, True])
def test_goods_whose_difference_could_not_be_taken_any_more_are_worth_what_was_paid(come: bool) -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, for_a_bowl(VASE))
    story.ship_replacement()
    if come:
        story.confirm_replacement()
    story.charge(ChargeState.CANCELED)
    if not come:
        story.confirm_replacement()
    story.arrange_all()
    [new] = [line for line in story.ledger.lines if line.goods]
    assert (new.total, story.ledger.available) == (3_333, 17_398)
    books_agree(story)


def test_what_was_taken_although_nothing_goes_out_is_paid_back_as_well() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, for_a_bowl(VASE))
    story.silence()
    story.charge(ChargeState.CAPTURED)
    money_again(story, 4_333)


def test_words_of_charges_that_nobody_asked_for_change_nothing() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    story.arrange()
    assert story.charge(ChargeState.CAPTURED, charge_id="somebody-elses") is None
    refund = story_at(Status.APPROVED)
    seen = ProviderCharge(charge_id="x", reference="pi", state=ChargeState.CAPTURED, amount=1, currency="USD")
    answer = record_charge(refund.case, refund.ledger, seen, by=PROVIDER, policy=refund.policy, now=NOON)
    assert (answer, tasks(refund.case)) == (None, ())
    for old_news in (
        record_reservation(story.case, f"{CASE}.1", NOON, policy=story.policy, now=NOON),
        record_promise(story.case, f"{CASE}.1", kept=True, policy=story.policy, now=NOON),
        record_released(story.case, f"{CASE}.2", policy=story.policy, now=NOON),
        ask_for_difference(story.case, policy=story.policy, now=NOON),
    ):
        assert old_news is None


def test_each_reservation_has_an_id_of_its_own_and_asks_for_all_that_goes_out() -> None:
    goods = (for_a_bowl(VASE), Wanted(line_id=MARMALADE, sku=VASE, quantity=2))
    story = exchanging_at(Status.EXCHANGE_PENDING, {BOWLS: 1, MARMALADE: 1}, *goods)
    assert reservation_id(story.case) == f"{CASE}.1"
    assert stock_lines(story.case) == (StockLine(sku=VASE, quantity=3),)


def test_what_other_goods_cost_less_is_paid_back_once_they_have_come() -> None:
    story = exchanging_at(Status.EXCHANGE_SHIPPED, None, for_a_bowl(CUP))
    done = story.confirm_replacement()
    assert (done.case.status, done.entry.data["amount"]) == (Status.APPROVED, 500)
    books_agree(story)
    pay(story)
    assert [attempt.amount for attempt in story.case.attempts] == [500]
    [new] = [line for line in story.ledger.lines if line.goods]
    assert new.total == 2_833
    books_agree(story)
    story.hear(AttemptState.FAILED)
    assert story.case.status is Status.REFUND_ACTION_REQUIRED
    books_agree(story)


def test_a_difference_that_is_not_paid_in_its_time_makes_it_a_return() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    story.arrange()
    change = story.silence()
    assert change
    assert (change.entry.event, change.entry.data) == (
        Event.EXCHANGE_FORGONE,
        {"reason_code": "difference_unpaid", "amount": 3_333},
    )
    assert (change.case.status, change.case.kind) == (Status.APPROVED, Kind.RETURN)
    assert tasks(story.case) == (Task.RELEASE, Task.CANCEL)
    money_again(story, 3_333)


def test_a_buyer_who_would_rather_have_the_money_need_not_let_the_time_pass() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    assert refused(story.choose).code is Code.INVALID
    assert refused(lambda: story.choose("other", CASE, for_a_bowl(CUP))).code is Code.INVALID
    story.choose("refund")
    money_again(story, 3_333)


def test_of_two_lines_each_gets_its_goods_and_one_difference_is_paid() -> None:
    goods = (for_a_bowl(VASE), Wanted(line_id=MARMALADE, sku=CUP, quantity=1))
    story = exchanging_at(Status.EXCHANGE_PENDING, {BOWLS: 1, MARMALADE: 1}, *goods)
    assert story.case.exchange
    assert story.case.exchange.difference == 1_000 + 2_033
    assert [one.line.line_id for one in story.case.exchange.goods] == [f"{CASE}.1", f"{CASE}.2"]
    story.ship_replacement()
    story.arrange_all()
    story.confirm_replacement()
    assert [line.total for line in story.ledger.lines if line.goods] == [4_333, 2_833]
    books_agree(story)


@pytest.mark.parametrize(("total", "difference", "worth"), [(3_331, 1_000, 4_331), (5_338, -1_000, 4_338)])
def test_a_difference_is_one_that_the_currency_can_pay(total: int, difference: int, worth: int) -> None:
    order = an_order(currency="KWD", lines=(a_line(quantity=1, total=total),))
    leg = Story(order=order).exchange_of({BOWLS: 1}, (for_a_bowl(VASE),))
    assert (leg.difference, leg.goods[0].line.total) == (difference, worth)


@pytest.mark.parametrize(
    "goods",
    [
        (for_a_bowl("sku-nobody-has"),),
        (Wanted(line_id=MARMALADE, sku=CUP, quantity=1),),
        (for_a_bowl(CUP), for_a_bowl(VASE)),
    ],
)
def test_only_goods_that_the_seller_has_go_out_for_lines_that_are_claimed(goods: tuple[Wanted, ...]) -> None:
    code = refused(lambda: Story().exchange_of({BOWLS: 1}, goods)).code
    assert code in (Code.SKU_UNKNOWN, Code.LINE_UNKNOWN)


# --- out of stock ------------------------------------------------------------------------------------------


def test_where_there_are_no_such_goods_the_buyer_is_asked_before_any_are_sent() -> None:
    story = exchanging_at(Status.OUT_OF_STOCK)
    assert story.timeline[-1].event is Event.REPLACEMENT_OUT_OF_STOCK
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.BUYER, "refunded")
    assert story.case.deadline_at == NOON + 40 * HOUR
    story.choose("refund")
    assert (story.case.status, story.case.kind) == (Status.AWAITING_RETURN, Kind.RETURN)
    story.ship()
    story.arrive()
    story.silence()
    money_again(story, 3_333)


def test_a_buyer_who_waits_is_served_when_there_are_some_again() -> None:
    story = exchanging_at(Status.OUT_OF_STOCK)
    story.choose("wait")
    assert story.case.status is Status.AWAITING_RETURN
    assert not tasks(story.case)
    story.ship()
    story.arrive()
    story.inspect(1)
    assert (story.case.status, tasks(story.case)) == (Status.EXCHANGE_PENDING, (Task.RESERVE,))
    story.arrange(in_stock=False)
    assert story.case.status.value == "out_of_stock"
    story.choose("wait")
    assert (story.case.status, story.case.on_timeout) == (Status.EXCHANGE_PENDING, "stock_asked_again")
    assert refused(story.ship_replacement).code is Code.REPLACEMENT_NOT_RESERVED
    due = story.silence()
    assert due
    assert (due.entry.event, story.case.on_timeout) == (Event.RESTOCK_DUE, "refunded")
    story.arrange_all()
    assert story.ship_replacement().case.status is Status.EXCHANGE_SHIPPED


def test_nobody_pays_more_for_goods_that_are_not_there() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE, goods=(for_a_bowl(VASE),))
    story.assess(Verdict.APPROVE)
    story.arrange(in_stock=False)
    story.choose("wait")
    story.ship()
    story.arrive()
    story.silence()
    story.arrange(in_stock=False)
    story.choose("wait")
    assert story.case.status.value == "exchange_pending"
    story.silence()
    story.arrange()
    assert story.case.status.value == "awaiting_payment"


def test_a_buyer_may_take_other_goods_instead() -> None:
    story = exchanging_at(Status.OUT_OF_STOCK)
    chosen = story.choose("other", CASE, for_a_bowl(CUP))
    assert (chosen.entry.event, chosen.entry.data) == (
        Event.ALTERNATIVE_CHOSEN,
        {"reason_code": "other_goods", "lines": [{"line_id": BOWLS, "sku": CUP, "quantity": 1}]},
    )
    assert (story.case.status, tasks(story.case)) == (Status.AWAITING_RETURN, (Task.RESERVE,))
    assert story.case.exchange
    assert (story.case.exchange.difference, story.case.exchange.number) == (-500, 2)


def test_a_buyer_who_says_nothing_gets_the_money() -> None:
    story = exchanging_at(Status.OUT_OF_STOCK)
    change = story.silence()
    assert change
    assert change.entry.data["reason_code"] == "nothing_chosen"
    assert story.case.status is Status.AWAITING_RETURN


def test_a_parcel_that_is_under_way_already_is_waited_for_before_the_buyer_is_asked() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    story.ship()
    story.arrange(in_stock=False)
    assert story.case.status is Status.RETURN_IN_TRANSIT
    story.arrive()
    story.silence()
    assert (story.case.status, tasks(story.case)) == (Status.EXCHANGE_PENDING, (Task.RESERVE,))


# --- sent, lost, never sent --------------------------------------------------------------------------------


def test_a_seller_who_does_not_send_pays() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING)
    change = story.silence()
    assert change
    assert change.entry.data["reason_code"] == "replacement_not_sent"
    assert tasks(story.case) == (Task.RELEASE,)
    money_again(story, 3_333)


def test_a_lost_replacement_is_sent_once_more_from_stock_that_is_set_aside_anew() -> None:
    story = exchanging_at(Status.EXCHANGE_SHIPPED, None, for_a_bowl(VASE))
    lost = story.silence()
    assert lost
    assert (lost.entry.event, lost.case.status) == (Event.REPLACEMENT_LOST, Status.EXCHANGE_PENDING)
    leg = story.case.exchange
    assert leg
    assert (leg.number, leg.set_aside, len(leg.lost), leg.shipment) == (2, SetAside.NONE, 1, None)
    assert tasks(story.case) == (Task.RESERVE,)
    story.arrange_all()
    story.ship_replacement()
    story.arrange_all()
    story.confirm_replacement()
    assert story.case.status is Status.COMPLETED
    assert sum(balance.captured for balance in story.ledger.balances) == 17_398 + 1_000
    books_agree(story)


def test_a_lost_replacement_that_is_not_sent_again_is_paid_with_what_was_paid_for_it_besides() -> None:
    story = exchanging_at(Status.EXCHANGE_SHIPPED, None, for_a_bowl(VASE))
    story.silence()
    story.arrange(in_stock=False)
    assert story.case.status is Status.OUT_OF_STOCK
    assert refused(lambda: story.choose("other", CASE, for_a_bowl(CUP))).code is Code.INVALID
    story.silence()
    money_again(story, 4_333)


def test_nothing_is_sent_for_money_that_the_bank_looks_at_or_took() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING)
    story.leave(14_898, state=ExternalState.OPEN)
    assert refused(story.ship_replacement).code is Code.ORDER_FROZEN
    story.leave(14_898, state=ExternalState.TAKEN, external_id="external-0")
    assert refused(story.ship_replacement).code is Code.MONEY_UNAVAILABLE


def test_what_the_stock_holds_no_longer_is_set_aside_anew_before_anybody_sends_it() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    leg = story.case.exchange
    assert leg
    assert (leg.set_aside, leg.reserved_until) == (SetAside.PROMISED, None)
    late = Story()
    late.open(kind=Kind.EXCHANGE)
    late.assess(Verdict.APPROVE)
    late.arrange()
    late.ship()
    late.arrive()
    late.silence()
    late.arrange(in_stock=False)
    assert (reservation_id(late.case), tasks(late.case)) == (f"{CASE}.2", (Task.RESERVE,))
    assert refused(late.ship_replacement).code is Code.REPLACEMENT_NOT_RESERVED
    late.arrange_all()
    late.ship_replacement()
    assert late.case.status is Status.EXCHANGE_SHIPPED


def test_nothing_is_sent_for_a_hold_whose_time_has_run_out() -> None:
    story = exchanging_at(Status.AWAITING_PAYMENT)
    story.arrange()
    story.charge(ChargeState.AUTHORIZED, expires_at=story.now + HOUR)
    assert Act.SHIP_REPLACEMENT in possible(story.case, SELLER, story.policy, story.now)
    story.now += HOUR
    assert Act.SHIP_REPLACEMENT not in possible(story.case, SELLER, story.policy, story.now)
    assert refused(story.ship_replacement).code is Code.MONEY_UNAVAILABLE


def test_a_number_that_is_none_of_the_carriers_is_no_parcel() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING)
    answer = refused(
        lambda: ship_replacement(
            story.case, story.ledger, "ups", "1Z1", by=SELLER, policy=story.policy, now=NOON
        )
    )
    assert answer.code is Code.TRACKING_CODE_INVALID


# --- what never came back as announced ---------------------------------------------------------------------


def test_what_did_not_all_come_back_is_settled_in_money() -> None:
    story = Story()
    story.open({BOWLS: 2}, kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    story.arrange()
    story.ship()
    story.arrive()
    story.inspect(1)
    story.answer_offer()
    assert (story.case.status, story.case.kind) == (Status.APPROVED, Kind.RETURN)
    money_again(story, 3_333)


def test_a_dispute_about_what_came_back_ends_in_money() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    story.arrange()
    story.ship()
    story.silence()
    assert (story.case.status, tasks(story.case)) == (Status.DISPUTED, (Task.RELEASE,))
    story.decide()
    money_again(story, 3_333)


@pytest.mark.parametrize("end", ["withdraw", "silence"])
def test_an_exchange_that_ends_before_anything_was_sent_frees_everything(end: str) -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    story.arrange()
    getattr(story, end)()
    assert (story.ledger.taken, tasks(story.case)) == (0, (Task.RELEASE,))
    released = story.arrange()
    assert released
    assert released.case.status is released.entry.from_status
    assert not tasks(story.case)
    books_agree(story)


def test_goods_that_come_after_all_are_exchanged_after_all() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    story.arrange()
    story.ship()
    story.cases[CASE] = replace(story.case, review=Review.EXPIRED, owed=())
    story.ledger = release(story.ledger, story.case.claim)
    story.arrange_all()
    story.arrive()
    assert (story.case.status, tasks(story.case)) == (Status.RETURN_RECEIVED, (Task.RESERVE,))
    story.arrange()
    story.inspect(1)
    assert story.case.status is Status.EXCHANGE_PENDING


def test_what_the_stock_took_back_too_late_is_asked_for_anew() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING)
    change = record_released(story.case, f"{CASE}.1", policy=story.policy, now=story.now)
    assert change
    assert tasks(change.case) == (Task.RESERVE,)
    assert reservation_id(change.case) == f"{CASE}.2"


# --- a missing part ----------------------------------------------------------------------------------------


def with_missing_lid() -> Story:
    story = Story()
    story.open(kind=Kind.EXCHANGE, reason=Reason.MISSING_PARTS, goods=(for_a_bowl(LID),))
    story.assess(Verdict.APPROVE)
    story.arrange_all()
    return story


def test_a_missing_part_is_sent_and_nothing_comes_back() -> None:
    story = with_missing_lid()
    assert (story.case.status, story.case.returning) == (Status.EXCHANGE_PENDING, None)
    assert story.case.exchange
    assert story.case.exchange.difference == 0
    story.ship_replacement()
    story.arrange_all()
    story.confirm_replacement()
    [whole] = [line for line in story.ledger.lines if line.goods]
    assert (whole.goods, whole.total) == (
        replace(story.order.lines[0], line_id=f"{CASE}.1", quantity=1, total=3_333, tax=278),
        3_333,
    )
    books_agree(story)


def test_what_lacks_a_part_that_never_comes_goes_back_for_the_money() -> None:
    story = with_missing_lid()
    story.silence()
    assert (story.case.status, story.case.kind) == (Status.AWAITING_RETURN, Kind.RETURN)
    story.ship()
    story.arrive()
    story.silence()
    money_again(story, 3_333)


def test_goods_that_are_not_worth_their_way_back_stay_also_where_no_others_come() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE, keep_item=True)
    story.assess(Verdict.APPROVE)
    story.arrange()
    assert story.case.status is Status.EXCHANGE_PENDING
    story.silence()
    assert (story.case.status, story.case.kind) == (Status.APPROVED, Kind.REFUND)
    money_again(story, 3_333)


# --- money instead of goods, goods instead of money --------------------------------------------------------


def test_what_is_granted_in_part_is_money() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess()
    story.decide(amount=2_000)
    assert (story.case.status, story.case.kind) == (Status.AWAITING_RETURN, Kind.RETURN)
    assert story.case.exchange
    assert (story.case.exchange.end, tasks(story.case)) == (ExchangeEnd.FORGONE, ())
    story.ship()
    story.arrive()
    story.silence()
    money_again(story, 2_000)


def test_a_buyer_may_agree_to_the_money_instead_of_other_goods() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess()
    story.make_offer(None, kind=Kind.REFUND)
    story.answer_offer()
    assert (story.case.status, story.case.kind) == (Status.APPROVED, Kind.REFUND)
    money_again(story, 3_333)


def test_a_buyer_may_agree_to_other_goods_instead_of_the_money() -> None:
    story = Story()
    story.open({BOWLS: 1, SHIPPING: 1}, kind=Kind.RETURN)
    story.assess()
    answer = refused(lambda: story.make_offer(None, kind=Kind.EXCHANGE))
    assert answer.code is Code.INVALID
    leg = story.exchange_of({BOWLS: 1}, (for_a_bowl(VASE),))
    assert refused(lambda: story.make_offer(2_000, kind=Kind.EXCHANGE, exchange=leg)).code is Code.INVALID
    story.make_offer(None, kind=Kind.EXCHANGE, exchange=leg)
    story.answer_offer()
    assert story.case.offers[0].state is OfferState.ACCEPTED
    assert (story.case.status, story.case.kind) == (Status.AWAITING_RETURN, Kind.EXCHANGE)
    story.arrange()
    story.ship()
    story.arrive()
    story.inspect(1)
    story.arrange_all()
    story.charge(ChargeState.AUTHORIZED)
    story.ship_replacement()
    story.arrange_all()
    story.confirm_replacement()
    assert story.case.status is Status.COMPLETED
    shipping = story.ledger.line(SHIPPING)
    assert shipping
    assert (shipping.units, story.ledger.taken) == ((Unit.AVAILABLE,), 0)
    books_agree(story)


def test_a_part_that_was_missing_may_be_sent_instead_of_a_refund() -> None:
    story = Story()
    story.open(reason=Reason.MISSING_PARTS)
    story.assess()
    leg = story.exchange_of({BOWLS: 1}, (for_a_bowl(LID),), reason=Reason.MISSING_PARTS)
    story.make_offer(None, kind=Kind.EXCHANGE, exchange=leg)
    story.answer_offer()
    assert (story.case.status, story.case.keep_item) == (Status.EXCHANGE_PENDING, True)


def test_an_exchange_that_becomes_a_return_by_agreement_awaits_its_goods() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE, reason=Reason.MISSING_PARTS, goods=(for_a_bowl(LID),))
    story.assess()
    story.make_offer(None, kind=Kind.RETURN)
    story.answer_offer()
    assert (story.case.status, story.case.keep_item) == (Status.AWAITING_RETURN, False)
    assert story.case.returning
    assert story.case.returning.state is ReturnState.AWAITED


# --- whether it made whole ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "told"), [(ChargeState.AUTHORIZED, 1), (ChargeState.AWAITING, 1), (ChargeState.CANCELED, 0)]
)
def test_money_that_is_held_for_an_exchange_that_is_over_is_told(state: ChargeState, told: int) -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, for_a_bowl(VASE))
    seen = ProviderCharge(
        charge_id=f"{CASE}.difference.1", reference="pi_1", state=state, amount=1_000, currency="USD"
    )

    def found() -> int:
        books = Books(ledger=story.ledger, cases=(story.case,), entries={}, charges=(seen,))
        return len(violations(books, (nothing_is_held_in_vain,)))

    assert not found()
    story.silence()
    money_again(story, 3_333)
    assert found() == told


def lines_of(ledger: Ledger, change: Callable[[LedgerLine], LedgerLine | None]) -> Ledger:
    """The ledger with its exchanged goods changed, or gone."""
    changed = (change(line) if line.goods else line for line in ledger.lines)
    return replace(ledger, lines=tuple(line for line in changed if line))


def paid_for(story: Story) -> Case:
    """The case as if it had been paid as well."""
    return replace(story.case, attempts=story_at(Status.COMPLETED).case.attempts)


def given_up() -> Story:
    """An exchange that its buyer withdrew, with nothing left to do."""
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE)
    story.arrange()
    story.withdraw()
    story.arrange()
    return story


def with_stock(case: Case) -> Case:
    assert case.exchange
    return replace(case, exchange=replace(case.exchange, set_aside=SetAside.PROMISED))


def without_goods(case: Case) -> Case:
    assert case.exchange
    leg = replace(case.exchange, end=ExchangeEnd.FORGONE, set_aside=SetAside.RELEASED)
    return replace(case, exchange=leg)


@pytest.mark.parametrize(
    ("told", "story", "spoil"),
    [
        ("there is still to", given_up, lambda it: (with_stock(it.case), it.ledger)),
        ("0 of its goods", exchanged, lambda it: (it.case, lines_of(it.ledger, lambda _: None))),
        (
            "stand for",
            exchanged,
            lambda it: (it.case, lines_of(it.ledger, lambda line: replace(line, total=line.total + 1))),
        ),
        (
            "stand for",
            exchanged,
            lambda it: (it.case, lines_of(it.ledger, lambda line: replace(line, total=line.total - 1))),
        ),
        (
            "neither goods nor money",
            exchanged,
            lambda it: (without_goods(it.case), lines_of(it.ledger, lambda _: None)),
        ),
        ("it ended with", given_up, lambda it: (paid_for(it), it.ledger)),
    ],
)
def test_an_exchange_that_did_not_make_its_buyer_whole_is_told(
    told: str, story: Callable[[], Story], spoil: Callable[[Story], tuple[Case, Ledger]]
) -> None:
    lived = story()
    books_agree(lived)
    case, ledger = spoil(lived)
    books = Books(ledger=ledger, cases=(case,), entries={}, accepted=frozenset())
    [violation] = violations(books, (exchanges_make_whole,))
    assert violation.invariant == "I13"
    assert told in violation.sentence
