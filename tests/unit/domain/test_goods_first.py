"""Other goods that go out before those have come that they are for, and what their buyer owes until then."""

from dataclasses import replace

import pytest

from aftersales.domain.case import Advance, Kind, ReturnState, SetAside, Status, WaitingOn
from aftersales.domain.charge import ChargeState
from aftersales.domain.exchange import Task, Wanted, ask_for_debt, tasks
from aftersales.domain.invariants import ALWAYS, Books, exchanges_make_whole, violations
from aftersales.domain.ledger import ExternalKind, ExternalState, PaymentShare, Unit
from aftersales.domain.lifecycle import Act, total
from aftersales.domain.mail import Letter, occasion_of
from aftersales.domain.notice import notice_of
from aftersales.domain.parcel import TrackingStatus
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import AdvanceTerms, History, Verdict, assess
from aftersales.domain.possible import possible
from aftersales.domain.refund import AttemptState
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.settlement import Account
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    BUYER,
    CARD,
    CASE,
    CUP,
    GIFT_CARD,
    MEIS_DOOR,
    OTHER_REVIEWER,
    PORTRAIT,
    VASE,
    Story,
    a_payment,
    a_policy,
    an_order,
    some_facts,
)

WORTH = 3_333
THIRD_REVIEWER = Party(Role.REVIEWER, "wen")
DEBT = f"{CASE}.debt.1"


def applied(*goods: Wanted, **opened: object) -> Story:
    """One bowl is to be exchanged for a buyer who is trusted, by card alone."""
    story = Story(order=an_order(payments=(a_payment(CARD, 17_398),)))
    story.open(kind=Kind.EXCHANGE, goods=goods, **opened)  # type: ignore[arg-type]
    story.assess(Verdict.APPROVE, pays_ahead=True)
    return story


def handed_over(*goods: Wanted, **opened: object) -> Story:
    """The other goods are with their buyer, who has sent nothing back yet."""
    story = applied(*goods, **opened)
    story.arrange_all()
    if story.case.status is Status.AWAITING_PAYMENT:
        story.charge(ChargeState.AUTHORIZED)
    story.ship_replacement()
    story.confirm_replacement()
    story.arrange_all()
    return story


def one(sku: str) -> Wanted:
    return Wanted(line_id=BOWLS, sku=sku, quantity=1)


def owes(story: Story) -> int:
    return total(story.case.debt)


def letter(story: Story) -> Letter | None:
    """What the buyer is written of what happened last."""
    occasion = occasion_of(notice_of(story.timeline[-1], story.case))
    return occasion.letter if occasion else None


def books_agree(story: Story) -> None:
    """What the desk holds, paid, gave and is owed is what its cases say."""
    over = () if tasks(story.case) else (exchanges_make_whole,)
    assert not violations(story.books, (*ALWAYS, *over))
    assert not {Task.RELEASE, Task.CANCEL} & set(tasks(story.case)) or not story.case.replaced


# --- who is trusted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({}, True),
        ({"amount": 3_001}, False),
        ({"history": History(orders=4, cases=0)}, False),
        ({"history": History(orders=10, cases=3)}, False),
        ({"kind": Kind.RETURN}, False),
        ({"keep_item": True}, False),
        ({"declined_before": True}, False),
    ],
)
def test_goods_go_first_to_buyers_whose_history_says_enough(changes: dict[str, object], first: bool) -> None:
    known = {"kind": Kind.EXCHANGE, "amount": 3_000, "history": History(orders=10, cases=2)}
    terms = AdvanceTerms(cap={"USD": 3_000}, minimum_orders=5, cases_percent=20)
    policy = replace(a_policy(), exchanges=replace(a_policy().exchanges, advance=terms))
    assert assess(some_facts(**known | changes), policy).pays_ahead is first


# --- they go out -------------------------------------------------------------------------------------------


def test_the_other_goods_are_sent_while_their_buyer_has_the_first_ones() -> None:
    story = applied()
    assert (story.case.status, story.case.returning) == (Status.EXCHANGE_PENDING, None)
    assert letter(story) is Letter.EXCHANGE_APPROVED
    story.arrange_all()
    story.ship_replacement()
    assert (story.case.given, owes(story), story.ledger.taken) == ((), 0, WORTH)
    story.confirm_replacement()
    assert (story.case.status, story.case.waiting_on) == (Status.AWAITING_RETURN, WaitingOn.BUYER)
    assert (story.case.on_timeout, story.case.advance) == ("charged", Advance.GRANTED)
    assert letter(story) is Letter.GOODS_DUE
    assert (owes(story), story.ledger.taken) == (WORTH, 0)
    assert story.account == {Account.BUYER_DEBT: WORTH, Account.SELLER_PAYABLE: -WORTH}
    [bowls, new] = [line for line in story.ledger.lines if line.line_id in (BOWLS, f"{CASE}.1")]
    assert (bowls.units[0], new.units, new.total) == (Unit.EXCHANGED, (Unit.AVAILABLE,), WORTH)
    books_agree(story)


def test_what_went_ahead_is_not_withdrawn_from() -> None:
    story = handed_over()
    assert Act.WITHDRAW not in possible(story.case, BUYER, story.policy, story.now)
    with pytest.raises(Refusal) as refusal:
        story.withdraw()
    assert refusal.value.code is Code.ACT_NOT_POSSIBLE


def test_their_label_is_ordered_once_the_goods_are_to_come_back() -> None:
    story = applied(label_offered=True)
    assert story.case.label is None
    story.arrange_all()
    story.ship_replacement()
    story.confirm_replacement()
    assert story.case.label_due
    story.record_label()
    story.scan(TrackingStatus.IN_TRANSIT)
    assert (story.case.status, story.case.advance_due) == (Status.RETURN_IN_TRANSIT, False)
    story.silence()
    # Lost under the platform's label: that is not the buyer's loss.
    assert (story.case.status, owes(story), tasks(story.case)) == (Status.COMPLETED, 0, ())
    assert letter(story) is Letter.GOODS_EARNED
    assert story.account == {}
    books_agree(story)


def test_goods_that_are_never_sent_leave_an_ordinary_return() -> None:
    story = applied()
    story.arrange_all()
    story.silence()
    assert (story.case.kind, story.case.status) == (Kind.RETURN, Status.AWAITING_RETURN)
    assert (story.case.advance, owes(story), story.case.on_timeout) == (Advance.NONE, 0, "expired")
    books_agree(story)


@pytest.mark.parametrize("kind", [Kind.RETURN, Kind.EXCHANGE])
def test_what_goes_first_was_promised_for_an_exchange_and_for_nothing_else(kind: Kind) -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.ASK_PERSON, pays_ahead=True)
    leg = story.case.exchange if kind is Kind.EXCHANGE else None
    story.make_offer(WORTH, kind=kind, exchange=leg)
    story.answer_offer()
    first = kind is Kind.EXCHANGE
    assert story.case.goods_go_first is first
    assert (story.case.status is Status.EXCHANGE_PENDING) is first


def test_a_part_that_is_granted_is_money_and_goes_after_the_goods() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.ASK_PERSON, pays_ahead=True)
    story.decide(amount=1_000)
    assert (story.case.kind, story.case.status) == (Kind.RETURN, Status.AWAITING_RETURN)
    assert story.case.advance is Advance.NONE


# --- the others come back ----------------------------------------------------------------------------------


def returned(story: Story, accepted: int = 1) -> None:
    story.ship()
    story.arrive()
    story.inspect(accepted)


def test_goods_that_come_back_earn_the_others() -> None:
    story = handed_over()
    returned(story)
    assert (story.case.status, owes(story), story.case.attempts) == (Status.COMPLETED, 0, ())
    assert letter(story) is Letter.GOODS_EARNED
    assert (story.account, tasks(story.case)) == ({}, ())
    books_agree(story)


def test_what_cheaper_goods_leave_is_paid_once_the_others_have_come() -> None:
    story = handed_over(one(CUP))
    assert (owes(story), story.ledger.taken) == (CUP_WORTH, WORTH - CUP_WORTH)
    returned(story)
    assert story.case.status is Status.APPROVED
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert (story.case.status, story.ledger.taken) == (Status.COMPLETED, WORTH - CUP_WORTH)
    books_agree(story)


CUP_WORTH = 2_833


def test_the_difference_to_dearer_goods_is_paid_and_never_owed() -> None:
    story = handed_over(one(VASE))
    assert (owes(story), story.case.owed) == (WORTH, (PaymentShare(payment_id=CARD, amount=WORTH),))
    assert (story.ledger.available, story.ledger.taken) == (17_398 + 1_000, 0)
    books_agree(story)
    returned(story)
    assert (story.case.status, owes(story)) == (Status.COMPLETED, 0)
    books_agree(story)


def test_shipping_that_was_claimed_is_not_owed_by_goods() -> None:
    story = Story(order=an_order(payments=(a_payment(CARD, 17_398),)))
    story.open({BOWLS: 1, "shipping": 1}, kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.arrange_all()
    story.ship_replacement()
    story.confirm_replacement()
    assert owes(story) == WORTH
    books_agree(story)


# --- they never come ---------------------------------------------------------------------------------------


def never_returned(*goods: Wanted) -> Story:
    story = handed_over(*goods)
    story.silence()
    assert (story.case.status, story.timeline[-1].event) == (Status.COMPLETED, Event.CASE_EXPIRED)
    return story


def test_goods_that_never_come_are_owed_and_charged_once() -> None:
    story = never_returned()
    assert (owes(story), letter(story)) == (WORTH, Letter.GOODS_OWED)
    assert tasks(story.case) == (Task.COLLECT,)
    asked = story.arrange()
    assert asked
    assert asked.entry.event is Event.REPLACEMENT_ARRANGED
    assert story.case.exchange
    assert story.case.exchange.collection
    charge = story.case.exchange.collection
    assert (charge.charge_id, charge.amount, charge.saved_from) == (DEBT, WORTH, a_payment().reference)
    # Whoever asks once more asks for the same.
    assert tasks(story.case) == (Task.COLLECT,)
    assert ask_for_debt(story.case, story.paid_order, policy=story.policy, now=story.now) is None
    story.charge(ChargeState.AUTHORIZED)
    taken = story.charge(ChargeState.CAPTURED)
    assert taken
    assert taken.payment
    assert (taken.payment.payment_id, taken.payment.captured) == (DEBT, WORTH)
    assert (taken.entry.event, letter(story)) == (Event.DEBT_CHARGED, Letter.DEBT_CHARGED)
    assert (owes(story), story.ledger.debts, tasks(story.case)) == (0, (), ())
    assert story.account == {Account.BUYER_PAYMENT: WORTH, Account.SELLER_PAYABLE: -WORTH}
    assert story.ledger.fee_returned == 0
    assert story.charge(ChargeState.CAPTURED) is None
    books_agree(story)


def test_what_the_provider_refuses_stays_written_down() -> None:
    story = never_returned()
    story.arrange()
    assert story.charge(ChargeState.FAILED, failure="no_saved_payment_method")
    assert (owes(story), tasks(story.case)) == (WORTH, ())
    assert [(one.case_id, one.goods) for one in story.ledger.debts] == [(CASE, True)]
    books_agree(story)


def test_it_is_asked_of_a_card_although_a_gift_card_was_used_first() -> None:
    story = Story()
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.arrange_all()
    story.ship_replacement()
    story.confirm_replacement()
    story.silence()
    story.arrange()
    assert story.case.exchange
    assert story.case.exchange.collection
    assert story.case.debt[0].payment_id == GIFT_CARD
    assert story.case.exchange.collection.saved_from == a_payment().reference


def test_a_part_that_is_accepted_leaves_the_rest_owed() -> None:
    story = Story(order=an_order(payments=(a_payment(CARD, 17_398),)))
    story.open({BOWLS: 2}, kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.arrange_all()
    story.ship_replacement()
    story.confirm_replacement()
    returned(story, accepted=1)
    offer = story.case.offers[-1].amount
    agreed = story.answer_offer("o1")
    assert (agreed.case.status, owes(story)) == (Status.COMPLETED, 6_667 - offer)
    assert (agreed.case.kind, letter(story)) == (Kind.EXCHANGE, Letter.GOODS_OWED)
    books_agree(story)
    story.arrange_all()
    assert owes(story) == 0
    books_agree(story)


def test_nothing_that_is_accepted_leaves_all_of_it_owed() -> None:
    story = handed_over()
    returned(story, accepted=0)
    story.answer_offer("o1")
    assert (story.case.status, owes(story)) == (Status.COMPLETED, WORTH)
    books_agree(story)


def overdue() -> Story:
    """An own parcel that nobody saw arrive is before a reviewer."""
    story = handed_over()
    story.ship()
    story.silence()
    assert story.case.status is Status.DISPUTED
    return story


def test_a_reviewer_who_finds_for_the_buyer_lifts_the_debt() -> None:
    story = overdue()
    story.decide()
    assert (story.case.status, owes(story), story.case.attempts) == (Status.COMPLETED, 0, ())
    books_agree(story)


def test_an_appeal_that_is_granted_pays_back_what_was_charged() -> None:
    story = overdue()
    story.decide(approve=False)
    assert (owes(story), letter(story)) == (WORTH, Letter.GOODS_OWED)
    story.arrange_all()
    books_agree(story)
    story.appeal()
    story.silence()
    story.decide(by=OTHER_REVIEWER)
    assert story.case.status is Status.APPROVED
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert (story.case.status, story.ledger.taken, owes(story)) == (Status.COMPLETED, WORTH, 0)
    books_agree(story)


def test_an_appeal_waits_while_the_provider_is_asked() -> None:
    story = overdue()
    story.decide(approve=False)
    story.arrange()
    with pytest.raises(Refusal) as refusal:
        story.appeal()
    assert refusal.value.code is Code.CHARGE_UNDER_WAY
    assert Act.APPEAL not in possible(story.case, BUYER, story.policy, story.now)


def test_an_appeal_before_anybody_was_asked_holds_the_charge_back() -> None:
    story = overdue()
    story.decide(approve=False)
    story.appeal()
    assert tasks(story.case) == ()
    story.silence()
    story.decide(approve=False, by=OTHER_REVIEWER)
    assert tasks(story.case) == (Task.COLLECT,)
    books_agree(story)


@pytest.mark.parametrize("charged", [False, True])
@pytest.mark.parametrize("granted", [False, True])
def test_goods_that_come_after_all_are_looked_at_by_another_reviewer(charged: bool, granted: bool) -> None:
    story = overdue()
    story.decide(approve=False)
    if charged:
        story.arrange_all()
    late = story.scan(TrackingStatus.DELIVERED)
    assert late
    assert (late.entry.event, late.case.status) == (Event.RETURN_REOPENED, Status.DISPUTED)
    books_agree(story)
    story.decide(approve=granted, by=OTHER_REVIEWER)
    books_agree(story)
    if charged and granted:
        story.start_refund()
        story.hear(AttemptState.SUCCEEDED)
    assert owes(story) == (0 if charged or granted else WORTH)
    assert story.ledger.taken == (WORTH if charged and granted else 0)
    books_agree(story)


def test_goods_that_come_while_the_provider_is_asked_are_told_an_operator() -> None:
    story = overdue()
    story.decide(approve=False)
    story.arrange()
    late = story.scan(TrackingStatus.DELIVERED)
    assert late
    assert (late.entry.event, late.case.status) == (Event.PARCEL_LATE, Status.COMPLETED)


def test_goods_that_were_never_sent_and_come_after_they_were_charged_are_looked_at() -> None:
    story = handed_over(label_offered=True)
    story.record_label()
    story.silence()
    assert story.case.returning
    assert story.case.returning.state is ReturnState.CLOSED
    story.arrange_all()
    late = story.scan(TrackingStatus.DELIVERED)
    assert late
    assert (late.entry.event, late.case.status) == (Event.RETURN_REOPENED, Status.DISPUTED)
    books_agree(story)


def test_a_payment_that_left_by_another_way_changes_no_debt() -> None:
    story = handed_over()
    story.leave(17_398, kind=ExternalKind.DISPUTE, state=ExternalState.TAKEN)
    returned(story)
    assert (story.case.status, owes(story)) == (Status.COMPLETED, 0)


def test_the_same_goods_abroad_have_their_time_to_come_back() -> None:
    door = replace(MEIS_DOOR, country="CA", zip="V6B 1A1")
    order = an_order(payments=(a_payment(CARD, 17_398),), shipping_address=door, return_address=MEIS_DOOR)
    story = Story(order=order)
    story.open(kind=Kind.EXCHANGE)
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.arrange_all()
    story.ship_replacement()
    story.confirm_replacement()
    assert story.case.crosses_border
    assert story.case.on_timeout == "charged"
    assert story.case.deadline_at
    near = handed_over()
    assert near.case.deadline_at
    assert story.case.deadline_at - story.now > near.case.deadline_at - near.now


def test_a_difference_is_not_taken_before_what_goes_first_has_come() -> None:
    story = applied(one(VASE))
    story.arrange_all()
    story.charge(ChargeState.AUTHORIZED)
    story.arrange_all()
    story.ship_replacement()
    assert tasks(story.case) == ()
    story.silence()
    story.arrange(in_stock=False)
    story.choose("refund")
    story.arrange_all()
    assert story.case.exchange
    assert (story.case.exchange.charged, story.case.status) == (0, Status.AWAITING_RETURN)
    story.silence()
    assert (story.case.status, story.ledger.taken) == (Status.EXPIRED, 0)
    books_agree(story)


def test_what_was_charged_goes_back_over_the_payment_that_took_it() -> None:
    story = overdue()
    story.decide(approve=False)
    story.arrange_all()
    story.appeal()
    story.silence()
    story.decide(by=OTHER_REVIEWER)
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert [(one.payment_id, one.amount) for one in story.case.attempts] == [(DEBT, WORTH)]
    assert (story.ledger.fee_returned, story.account.get(Account.PLATFORM_FEE)) == (0, None)
    books_agree(story)


def test_what_was_charged_and_given_back_by_hand_is_not_appealed_for_once_more() -> None:
    story = overdue()
    story.decide(approve=False)
    story.arrange_all()
    story.leave(WORTH, DEBT)
    with pytest.raises(Refusal) as refusal:
        story.appeal()
    assert refusal.value.code is Code.NOTHING_TO_APPEAL


def test_who_was_charged_and_declined_once_more_keeps_the_other_goods_and_may_appeal() -> None:
    story = overdue()
    story.decide(approve=False)
    story.arrange_all()
    story.scan(TrackingStatus.DELIVERED)
    with pytest.raises(Refusal):
        story.withdraw()
    story.decide(approve=False, by=OTHER_REVIEWER)
    assert (story.case.status, tasks(story.case)) == (Status.COMPLETED, ())
    assert story.case.exchange
    assert story.case.exchange.set_aside is SetAside.PROMISED
    story.appeal()
    books_agree(story)


@pytest.mark.parametrize("charged", [False, True])
def test_a_seller_may_say_that_goods_came_which_nobody_awaited_any_more(charged: bool) -> None:
    story = never_returned()
    if charged:
        story.arrange_all()
    came = story.arrive()
    assert came
    assert (came.entry.event, came.case.status) == (Event.RETURN_REOPENED, Status.DISPUTED)
    books_agree(story)
    story.silence()
    story.decide(by=OTHER_REVIEWER)
    if charged:
        story.start_refund()
        story.hear(AttemptState.SUCCEEDED)
    assert (story.case.status, owes(story)) == (Status.COMPLETED, 0)
    assert story.ledger.taken == (WORTH if charged else 0)
    books_agree(story)


def test_no_goods_are_awaited_by_a_case_that_is_settled() -> None:
    story = handed_over()
    returned(story)
    with pytest.raises(Refusal) as refusal:
        story.arrive()
    assert refusal.value.code is Code.ACT_NOT_POSSIBLE


@pytest.mark.parametrize("charged", [False, True])
def test_late_goods_of_a_cheaper_exchange_are_paid_in_full(charged: bool) -> None:
    story = handed_over(one(CUP))
    story.ship()
    story.silence()
    story.decide(approve=False)
    if charged:
        story.arrange_all()
    story.scan(TrackingStatus.DELIVERED)
    story.decide(by=OTHER_REVIEWER)
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert story.ledger.taken == (WORTH if charged else WORTH - CUP_WORTH)
    books_agree(story)


def by_gift_card_and_card(*goods: Wanted) -> Story:
    story = Story()
    story.open(kind=Kind.EXCHANGE, goods=goods)
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.arrange_all()
    story.ship_replacement()
    story.confirm_replacement()
    return story


@pytest.mark.parametrize("earned", [1_000, 2_500, 2_833, 3_000])
def test_nobody_is_paid_and_owes_at_once_however_the_order_was_paid(earned: int) -> None:
    story = by_gift_card_and_card(one(CUP))
    story.ship()
    story.silence()
    story.decide(amount=earned)
    assert (total(story.case.payable), owes(story)) == (
        max(0, earned - CUP_WORTH),
        max(0, CUP_WORTH - earned),
    )
    books_agree(story)
    if story.case.status is Status.APPROVED:
        story.start_refund()
        story.hear(AttemptState.SUCCEEDED)
    story.appeal()
    story.silence()
    story.decide(amount=earned + 100, by=OTHER_REVIEWER)
    paid = max(0, earned + 100 - CUP_WORTH)
    if story.case.attempts:
        story.hear(AttemptState.SUCCEEDED)
    elif story.case.status is Status.APPROVED:
        story.start_refund()
        story.hear(AttemptState.SUCCEEDED)
    assert (story.ledger.taken, owes(story)) == (paid, max(0, CUP_WORTH - earned - 100))
    books_agree(story)


def test_what_another_case_took_meanwhile_is_held_where_it_is_by_then() -> None:
    story = by_gift_card_and_card()
    story.open({PORTRAIT: 1}, case_id="case-2")
    story.ship()
    story.silence()
    story.decide(approve=False)
    story.arrange_all()
    story.scan(TrackingStatus.DELIVERED)
    story.decide(by=OTHER_REVIEWER)
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert story.case.status is Status.COMPLETED
    books_agree(story)


def test_goods_that_turn_back_after_they_were_taken_for_handed_over_are_told_an_operator() -> None:
    story = applied()
    story.arrange_all()
    story.ship_replacement()
    story.scan_replacement(TrackingStatus.DELIVERED)
    story.silence()
    turned = story.scan_replacement(TrackingStatus.RETURN_TO_SENDER)
    assert turned
    assert turned.entry.event is Event.PARCEL_LATE


def test_of_goods_that_are_contested_after_an_appeal_all_that_was_granted_is_at_stake() -> None:
    story = Story(order=an_order(payments=(a_payment(CARD, 17_398),)))
    story.open(kind=Kind.RETURN)
    story.assess(Verdict.ASK_PERSON)
    story.silence()
    story.decide(approve=False)
    story.appeal()
    story.silence()
    story.decide(amount=2_000, by=OTHER_REVIEWER)
    story.ship()
    story.silence()
    assert (story.case.status, total(story.case.stake), story.ledger.taken) == (Status.DISPUTED, 2_000, 2_000)
    books_agree(story)
    story.decide(approve=False, by=THIRD_REVIEWER)
    assert (story.case.status, story.ledger.taken) == (Status.CLOSED_DECLINED, 0)
    books_agree(story)


def test_an_exchange_that_ends_with_more_than_it_stands_for_is_found() -> None:
    story = never_returned()
    story.arrange_all()
    books = Books(ledger=story.ledger, cases=(story.case,), entries={})
    assert not violations(books, (exchanges_make_whole,))
    assert story.case.exchange
    assert story.case.exchange.collection
    free = replace(story.case.exchange.collection, captured=0)
    [line] = [one for one in story.ledger.lines if one.goods]
    richer = replace(
        story.ledger,
        lines=tuple(replace(one, total=one.total + 1) if one is line else one for one in story.ledger.lines),
    )
    wrong = replace(story.case, exchange=replace(story.case.exchange, collection=free))
    found = violations(Books(ledger=richer, cases=(wrong,), entries={}), (exchanges_make_whole,))
    assert [one.invariant for one in found] == ["I13"]
