"""Money that goes ahead of the goods, and what its buyer owes until they have come."""

from dataclasses import replace

import pytest

from aftersales.domain.case import Advance, Case, Fees, Kind, Status
from aftersales.domain.invariants import (
    Books,
    accepted_goods_leave_no_debt,
    debts_are_written,
    money_is_posted_once,
    violations,
)
from aftersales.domain.ledger import ExternalKind, ExternalState, PaymentShare, Unit
from aftersales.domain.lifecycle import change, total
from aftersales.domain.parcel import TrackingStatus
from aftersales.domain.policy import AdvanceTerms, History, Verdict, assess
from aftersales.domain.possible import possible
from aftersales.domain.refund import AttemptState
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.settlement import Account
from aftersales.domain.timeline import EFFECTS, Event, Wake
from tests.builders import (
    BOWLS,
    BUYER,
    CARD,
    CASE,
    HOUR,
    MARMALADE,
    OTHER_REVIEWER,
    Story,
    a_label,
    a_payment,
    a_policy,
    an_order,
    some_facts,
)

DAY = 24 * HOUR
WORTH = 10_000
SUCCEEDED, FAILED = AttemptState.SUCCEEDED, AttemptState.FAILED


def trusted(label: bool = True, **opened: object) -> Story:
    """A return of three bowls, whose money may go ahead of them; under the platform's label or in an own parcel."""
    story = Story(order=an_order(payments=(a_payment(CARD, 14_898),)))
    story.open({BOWLS: 3}, kind=Kind.RETURN, label_offered=label, **opened)  # type: ignore[arg-type]
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.now += HOUR
    if label:
        story.record_label()
    else:
        story.ship()
    return story


def paid_ahead(label: bool = True, word: AttemptState = SUCCEEDED) -> Story:
    """The carrier has them, and the provider has spoken of the money."""
    story = trusted(label)
    story.scan(TrackingStatus.IN_TRANSIT)
    story.pay_ahead()
    story.hear(word)
    return story


def debt_of(case: Case) -> int:
    return total(case.debt)


def books_are_right(story: Story) -> bool:
    """What cases owe stands in the ledger, and in the seller's account is what they are owed for good."""
    return not violations(story.books, (debts_are_written, money_is_posted_once))


# --- who is trusted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "ahead"),
    [
        ({}, True),
        ({"amount": 3_001}, False),
        ({"amount": 2_000, "taken_before": 1_001}, False),
        ({"currency": "EUR"}, False),
        ({"history": History(orders=4, cases=0)}, False),
        ({"history": History(orders=10, cases=3)}, False),
        ({"kind": Kind.REFUND}, False),
        ({"kind": Kind.EXCHANGE}, False),
        ({"keep_item": True}, False),
    ],
)
def test_little_money_goes_ahead_to_buyers_whose_history_says_enough(
    changes: dict[str, object], ahead: bool
) -> None:
    known = {"kind": Kind.RETURN, "amount": 3_000, "history": History(orders=10, cases=2)}
    terms = AdvanceTerms(cap={"USD": 3_000}, minimum_orders=5, cases_percent=20)
    policy = replace(a_policy(), returns=replace(a_policy().returns, advance=terms))
    assert assess(some_facts(**known | changes), policy).pays_ahead is ahead


def test_a_policy_that_says_nothing_of_it_pays_nothing_ahead() -> None:
    facts = some_facts(kind=Kind.RETURN, amount=1, history=History(orders=50))
    assert not assess(facts, a_policy()).pays_ahead


# --- the first scan ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [True, False])
def test_the_money_goes_when_a_carrier_has_the_goods_and_not_before(label: bool) -> None:
    story = trusted(label)
    assert story.scan(TrackingStatus.PRE_TRANSIT)
    assert (story.case.advance, story.case.advance_due) == (Advance.OFFERED, False)
    granted = story.scan(TrackingStatus.IN_TRANSIT)
    assert granted
    assert (granted.entry.event, granted.entry.data["amount"]) == (Event.ADVANCE_GRANTED, WORTH)
    assert EFFECTS[Event.ADVANCE_GRANTED].wake is Wake.RING
    assert (story.case.status, story.case.advance_due) == (Status.RETURN_IN_TRANSIT, True)
    deadline = story.case.deadline_at
    story.now += HOUR
    story.pay_ahead()
    (attempt,) = story.case.attempts
    assert (attempt.refund_id, attempt.amount) == (f"{CASE}.{CARD}.1", WORTH)
    assert story.pay_ahead() is None
    paid = story.hear(SUCCEEDED)
    assert paid
    assert (paid.entry.event, paid.entry.data["debt"]) == (Event.REFUND_ADVANCED, WORTH)
    # Goods are still awaited, as before.
    assert (story.case.status, story.case.deadline_at) == (Status.RETURN_IN_TRANSIT, deadline)
    assert debt_of(story.case) == WORTH
    assert books_are_right(story)


def test_a_parcel_that_was_scanned_before_anybody_had_asked_for_it_is_another_one() -> None:
    story = trusted(label=False)
    story.scan(TrackingStatus.IN_TRANSIT, at=story.now - 3 * HOUR)
    assert (story.case.status, story.case.advance) == (Status.RETURN_IN_TRANSIT, Advance.OFFERED)


def test_a_scan_in_the_second_of_the_approval_counts_though_its_carrier_tells_whole_seconds() -> None:
    story = Story(order=an_order(payments=(a_payment(CARD, 14_898),)))
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.now += 293
    story.assess(Verdict.APPROVE, pays_ahead=True)
    story.ship()
    told = story.now - story.now % 1000
    assert story.case.decision
    assert told < story.case.decision.at
    story.scan(TrackingStatus.IN_TRANSIT, at=told)
    assert story.case.advance is Advance.GRANTED


def test_goods_that_are_delivered_at_the_first_scan_need_no_advance() -> None:
    story = trusted()
    story.scan(TrackingStatus.IN_TRANSIT, TrackingStatus.DELIVERED)
    assert (story.case.status, story.case.advance) == (Status.RETURN_RECEIVED, Advance.OFFERED)
    story.accept_all()
    assert story.case.status is Status.APPROVED


def test_nothing_goes_ahead_while_the_bank_looks_at_a_payment() -> None:
    story = trusted()
    story.leave(500, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN)
    story.scan(TrackingStatus.IN_TRANSIT)
    assert story.case.advance is Advance.OFFERED


@pytest.mark.parametrize(
    ("kind", "state", "amount"),
    [(ExternalKind.DISPUTE, ExternalState.OPEN, 500), (ExternalKind.REFUND, ExternalState.TAKEN, 14_898)],
)
def test_what_the_bank_or_the_shop_has_moved_meanwhile_goes_after_the_goods(
    kind: ExternalKind, state: ExternalState, amount: int
) -> None:
    story = trusted()
    story.scan(TrackingStatus.IN_TRANSIT)
    story.leave(amount, kind=kind, state=state)
    forgone = story.pay_ahead()
    assert forgone
    assert (forgone.entry.event, story.case.attempts) == (Event.ADVANCE_FORGONE, ())
    assert (story.case.status, story.case.advance_due) == (Status.RETURN_IN_TRANSIT, False)


def test_while_a_debt_stands_nothing_more_goes_ahead_on_its_order() -> None:
    story = paid_ahead()
    story.open({MARMALADE: 1}, case_id="case-2", kind=Kind.RETURN, label_offered=True)
    story.assess(Verdict.APPROVE, case_id="case-2", pays_ahead=True)
    label = replace(a_label(), tracking_code="1Z999AA10123456792")
    story.record_label(label, case_id="case-2")
    story.scan(TrackingStatus.IN_TRANSIT, case_id="case-2")
    assert (story.cases["case-2"].status, story.cases["case-2"].advance) == (
        Status.RETURN_IN_TRANSIT,
        Advance.OFFERED,
    )


# --- the goods come ----------------------------------------------------------------------------------------


def test_once_the_goods_are_accepted_the_debt_is_nil_and_nothing_is_paid_twice() -> None:
    story = paid_ahead()
    assert story.account == {Account.BUYER_REFUND: -WORTH, Account.BUYER_DEBT: WORTH}
    story.scan(TrackingStatus.DELIVERED)
    assert (story.case.status, debt_of(story.case)) == (Status.RETURN_RECEIVED, WORTH)
    accepted = story.accept_all()
    assert (accepted.entry.event, accepted.entry.data["debt"]) == (Event.RETURN_ACCEPTED, 0)
    assert (story.case.status, debt_of(story.case), story.ledger.debts) == (Status.COMPLETED, 0, ())
    assert len(story.case.attempts) == 1
    line = story.ledger.line(BOWLS)
    assert line
    assert line.units == (Unit.REFUNDED,) * 3
    assert story.account[Account.BUYER_REFUND] == -WORTH
    assert Account.BUYER_DEBT not in story.account
    assert story.account[Account.PLATFORM_FEE] == story.ledger.fee_returned > 0
    assert books_are_right(story)


def test_a_silent_seller_has_accepted_them() -> None:
    story = paid_ahead()
    story.scan(TrackingStatus.DELIVERED)
    story.silence()
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, 0)
    assert books_are_right(story)


def test_a_parcel_that_is_lost_under_the_platforms_label_is_no_debt() -> None:
    story = paid_ahead()
    lost = story.silence()
    assert lost
    assert (lost.entry.event, lost.entry.data["debt"]) == (Event.PARCEL_LOST, 0)
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, 0)
    assert books_are_right(story)


def test_money_that_is_still_under_way_when_the_goods_are_accepted_is_waited_for() -> None:
    story = paid_ahead(word=AttemptState.PENDING)
    assert debt_of(story.case) == 0
    story.scan(TrackingStatus.DELIVERED)
    accepted = story.accept_all()
    assert (accepted.ledger, story.case.status) == (None, Status.REFUND_PENDING)
    assert story.case.on_timeout == "provider_asked_again"
    story.hear(SUCCEEDED)
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, 0)
    assert books_are_right(story)


def test_money_that_failed_on_its_way_is_an_operators_to_send_once_the_goods_have_come() -> None:
    story = paid_ahead(word=FAILED)
    assert story.timeline[-1].event is Event.REFUND_FAILED
    assert (story.case.status, story.case.advance_due) == (Status.RETURN_IN_TRANSIT, False)
    story.scan(TrackingStatus.DELIVERED)
    story.accept_all()
    assert story.case.status is Status.REFUND_ACTION_REQUIRED
    story.resume()
    assert [attempt.number for attempt in story.case.attempts] == [1, 2]
    story.hear(SUCCEEDED)
    assert (story.case.status, story.ledger.taken) == (Status.COMPLETED, WORTH)
    assert books_are_right(story)


def test_what_arrived_ahead_and_fails_late_is_owed_by_nobody() -> None:
    story = paid_ahead()
    late = story.hear(FAILED)
    assert late
    assert (late.entry.event, late.entry.data["debt"]) == (Event.REFUND_FAILED, 0)
    assert (debt_of(story.case), story.ledger.debts) == (0, ())
    assert total(story.case.held) == WORTH
    assert books_are_right(story)


# --- fewer goods come, or none -----------------------------------------------------------------------------


def counted_two_of_three(word: AttemptState = SUCCEEDED) -> Story:
    story = paid_ahead(word=word)
    story.scan(TrackingStatus.DELIVERED)
    story.inspect(2)
    return story


def test_of_units_that_did_not_come_the_buyer_owes_what_went_ahead_for_them() -> None:
    story = counted_two_of_three()
    offer = story.case.offers[-1].amount
    agreed = story.answer_offer("o1")
    debt = WORTH - offer
    assert (agreed.entry.event, agreed.entry.data["debt"]) == (Event.DEDUCTION_ACCEPTED, debt)
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, debt)
    assert story.case.debt == (PaymentShare(payment_id=CARD, amount=debt),)
    assert [(one.case_id, one.money) for one in story.ledger.debts] == [(CASE, story.case.debt)]
    # Nobody is paid once more for what did not come.
    line = story.ledger.line(BOWLS)
    assert line
    assert line.units == (Unit.REFUNDED,) * 3
    # The seller bears what was due, and the platform the buyer's debt.
    assert story.account[Account.BUYER_DEBT] == debt
    seller_bears = (Account.SELLER_PAYABLE, Account.PLATFORM_FEE, Account.RETURN_FREIGHT)
    assert sum(story.account[one] for one in seller_bears) == offer
    assert books_are_right(story)


def test_where_nothing_of_it_is_accepted_all_of_it_is_owed() -> None:
    story = paid_ahead()
    story.scan(TrackingStatus.DELIVERED)
    story.inspect(0)
    ended = story.silence()
    assert ended
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, WORTH)
    assert story.account == {Account.BUYER_REFUND: -WORTH, Account.BUYER_DEBT: WORTH}
    assert story.ledger.fee_returned == 0
    assert books_are_right(story)


def test_less_is_held_once_money_fails_of_which_less_is_owed_by_now() -> None:
    story = counted_two_of_three(word=AttemptState.PENDING)
    offer = story.case.offers[-1].amount
    story.answer_offer("o1")
    assert (story.case.status, total(story.case.held)) == (Status.REFUND_PENDING, WORTH)
    story.hear(FAILED)
    assert (story.case.status, total(story.case.held)) == (Status.REFUND_ACTION_REQUIRED, offer)
    assert sum(balance.reserved for balance in story.ledger.balances) == offer
    story.resume()
    story.hear(SUCCEEDED)
    assert (story.case.status, story.ledger.taken, debt_of(story.case)) == (Status.COMPLETED, offer, 0)
    assert books_are_right(story)


def test_what_fails_although_nothing_of_it_is_owed_leaves_nobody_owing() -> None:
    story = paid_ahead()
    story.scan(TrackingStatus.DELIVERED)
    story.inspect(0)
    story.silence()
    late = story.hear(FAILED)
    assert late
    assert (late.entry.event, late.entry.data["debt"]) == (Event.ADVANCE_FAILED, 0)
    assert (story.case.status, story.ledger.taken, story.ledger.debts) == (Status.COMPLETED, 0, ())
    assert books_are_right(story)


def overdue() -> Story:
    """A parcel of the buyer's own never came, and a reviewer is to decide."""
    story = paid_ahead(label=False)
    story.silence()
    assert (story.case.status, debt_of(story.case)) == (Status.DISPUTED, WORTH)
    assert books_are_right(story)
    return story


def test_what_a_reviewer_does_not_grant_for_goods_that_never_came_is_owed() -> None:
    story = overdue()
    declined = story.decide(approve=False)
    assert (declined.entry.event, declined.entry.data["debt"]) == (Event.CASE_CLOSED_DECLINED, WORTH)
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, WORTH)
    assert books_are_right(story)
    story = overdue()
    granted = story.decide(amount=7_000)
    assert (granted.entry.event, granted.entry.data["debt"]) == (Event.CASE_APPROVED, 3_000)
    assert (story.case.status, len(story.case.attempts)) == (Status.COMPLETED, 1)
    assert books_are_right(story)
    story = overdue()
    story.decide()
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, 0)
    assert books_are_right(story)


def test_a_parcel_that_turns_back_goes_to_a_reviewer_with_its_debt() -> None:
    story = paid_ahead()
    story.scan(TrackingStatus.RETURN_TO_SENDER)
    assert (story.case.status, debt_of(story.case)) == (Status.DISPUTED, WORTH)
    assert books_are_right(story)


def test_nobody_steps_back_from_a_dispute_about_money_that_went_ahead() -> None:
    story = overdue()
    with pytest.raises(Refusal) as refusal:
        story.withdraw()
    assert refusal.value.code is Code.ACT_NOT_POSSIBLE
    assert "withdraw" not in possible(story.case, BUYER, story.policy, story.now)


def test_an_appeal_against_a_debt_asks_for_no_money_a_second_time() -> None:
    story = overdue()
    story.decide(amount=7_000)
    asked = story.appeal()
    assert (asked.entry.data["amount"], total(story.case.stake)) == (3_000, 3_000)
    assert sum(balance.reserved for balance in story.ledger.balances) == 0
    story.silence()
    story.decide(approve=False, by=OTHER_REVIEWER)
    assert (story.case.status, debt_of(story.case)) == (Status.COMPLETED, 3_000)
    assert books_are_right(story)


def test_an_appeal_that_is_granted_lifts_the_debt() -> None:
    story = overdue()
    story.decide(approve=False)
    story.appeal()
    story.silence()
    story.decide(by=OTHER_REVIEWER)
    assert (story.case.status, debt_of(story.case), len(story.case.attempts)) == (Status.COMPLETED, 0, 1)
    assert books_are_right(story)


def test_goods_that_come_after_their_debt_was_written_are_looked_at_by_another_reviewer() -> None:
    story = overdue()
    story.decide(approve=False)
    late = story.scan(TrackingStatus.DELIVERED)
    assert late
    assert (late.entry.event, late.case.status) == (Event.RETURN_REOPENED, Status.DISPUTED)
    assert debt_of(story.case) == WORTH
    assert books_are_right(story)
    story.decide(by=OTHER_REVIEWER)
    assert (story.case.status, debt_of(story.case), len(story.case.attempts)) == (Status.COMPLETED, 0, 1)
    assert books_are_right(story)


def test_goods_that_come_once_more_after_they_were_paid_for_change_nothing() -> None:
    story = overdue()
    story.decide()
    seen = story.scan(TrackingStatus.DELIVERED)
    assert seen
    assert (seen.entry.event, seen.case.status) == (Event.PARCEL_SCANNED, Status.COMPLETED)


def test_what_a_return_costs_its_buyer_is_kept_once_goods_have_come_and_not_before() -> None:
    story = trusted(fees=Fees(restocking=500, freight=300))
    story.scan(TrackingStatus.IN_TRANSIT)
    story.pay_ahead()
    story.hear(SUCCEEDED)
    paid = WORTH - 800
    assert story.account == {Account.BUYER_REFUND: -paid, Account.BUYER_DEBT: paid}
    story.scan(TrackingStatus.DELIVERED)
    story.accept_all()
    assert story.account[Account.RESTOCKING_FEE] == -500
    assert story.account[Account.RETURN_FREIGHT] == -300
    assert books_are_right(story)


# --- the invariant -----------------------------------------------------------------------------------------


def test_a_debt_that_is_not_written_or_was_never_made_is_found() -> None:
    story = paid_ahead()
    wrong = replace(story.ledger, debts=())
    books = Books(ledger=wrong, cases=(story.case,), entries={})
    assert [one.invariant for one in violations(books, (debts_are_written,))] == ["I14"]
    story.scan(TrackingStatus.DELIVERED)
    story.accept_all()
    owing = replace(story.case, owed=())
    books = Books(ledger=story.ledger, cases=(owing,), entries={})
    assert [one.invariant for one in violations(books, (accepted_goods_leave_no_debt,))] == ["I14"]
    story = paid_ahead()
    never = replace(story.case, advance=Advance.NONE)
    books = Books(ledger=story.ledger, cases=(never,), entries={})
    assert [one.invariant for one in violations(books, (debts_are_written,))] == ["I14"]


def test_what_changes_a_debt_has_to_write_the_ledger() -> None:
    story = paid_ahead()
    forgotten = replace(story.case, attempts=())
    with pytest.raises(ValueError, match="owes has changed"):
        change(story.case, forgotten, Event.MESSAGE_SENT, BUYER, story.now, a_policy())
