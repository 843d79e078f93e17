"""Money on its way back: an answer lost, repeated, late or in the wrong order moves it once."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, permutations

import pytest

from aftersales.domain.case import Status
from aftersales.domain.ledger import ExternalKind, ExternalState, PaymentShare, Unit
from aftersales.domain.policy import Verdict
from aftersales.domain.refund import (
    Attempt,
    AttemptState,
    ProviderRefund,
    RefundLeg,
    live,
    observe,
    refund_leg,
    uncovered,
)
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    CARD,
    GIFT_CARD,
    HOUR,
    NOON,
    Story,
    an_answer,
    assert_balanced,
    story_at,
)

UNSETTLED = (AttemptState.PENDING, AttemptState.REQUIRES_ACTION)
DEAD = (AttemptState.FAILED, AttemptState.CANCELED)


def an_attempt(
    state: AttemptState = AttemptState.SUBMITTED, payment_id: str = CARD, number: int = 1
) -> Attempt:
    return Attempt(
        refund_id=f"case-1.{payment_id}.{number}",
        case_id="case-1",
        order_id="order-1",
        payment_id=payment_id,
        provider="stripe",
        reference="pi_card",
        amount=833,
        currency="USD",
        number=number,
        submitted_at=NOON,
        state=state,
    )


def heard(attempt: Attempt, *states: AttemptState) -> Attempt:
    for state in states:
        attempt = observe(attempt, an_answer(attempt, state))
    return attempt


# --- one attempt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [AttemptState.PENDING, AttemptState.SUCCEEDED, *DEAD])
def test_the_first_answer_is_believed(state: AttemptState) -> None:
    attempt = heard(an_attempt(), state)
    assert (attempt.state, attempt.provider_refund_id) == (state, "re_case-1.card.1")
    assert (attempt.failure is not None) is (state is AttemptState.FAILED)


@pytest.mark.parametrize("state", set(AttemptState))
@pytest.mark.parametrize("word", set(AttemptState))
def test_a_failure_is_final_for_its_attempt(state: AttemptState, word: AttemptState) -> None:
    attempt = heard(an_attempt(), AttemptState.FAILED, state)
    assert attempt == heard(attempt, word) == heard(an_attempt(), AttemptState.FAILED)


def test_a_success_gives_way_to_a_failure_and_to_nothing_else() -> None:
    won = heard(an_attempt(), AttemptState.SUCCEEDED)
    assert heard(won, *UNSETTLED, AttemptState.SUBMITTED, AttemptState.SUCCEEDED) is won
    assert heard(won, AttemptState.FAILED).state is AttemptState.FAILED


def test_while_the_provider_has_not_settled_its_latest_word_counts() -> None:
    pending, asking = UNSETTLED
    assert heard(an_attempt(), pending, asking).state is asking
    assert heard(an_attempt(), asking, pending).state is pending


def settled_histories() -> Iterator[tuple[AttemptState, ...]]:
    """Up to five words of a provider about one refund, each said any number of times, that settle it."""
    for end in DEAD:
        words = (*UNSETTLED, AttemptState.SUCCEEDED, end)
        for length in range(1, 6):
            for said in combinations_with_replacement(words, length):
                if not set(said) <= set(UNSETTLED):
                    yield said


def test_words_of_the_provider_in_any_order_and_number_give_the_same_final_attempt() -> None:
    for said in settled_histories():
        ends = {heard(an_attempt(), *order) for order in permutations(said)}
        assert len(ends) == 1, said
        final = next(word for word in (*DEAD, AttemptState.SUCCEEDED) if word in said)
        assert ends.pop().state is final


def test_a_new_id_at_the_provider_is_noted_for_the_same_state() -> None:
    attempt = heard(an_attempt(), AttemptState.PENDING)
    moved = observe(attempt, an_answer(attempt, AttemptState.PENDING, provider_refund_id="re_2"))
    assert moved.provider_refund_id == "re_2"


# --- what attempts add up to --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "leg"),
    [
        ([AttemptState.SUBMITTED], RefundLeg.PENDING),
        ([AttemptState.PENDING], RefundLeg.PENDING),
        ([AttemptState.REQUIRES_ACTION], RefundLeg.ACTION_REQUIRED),
        ([AttemptState.FAILED], RefundLeg.ACTION_REQUIRED),
        ([AttemptState.CANCELED], RefundLeg.ACTION_REQUIRED),
        ([AttemptState.SUCCEEDED], RefundLeg.SUCCEEDED),
        ([AttemptState.SUCCEEDED, AttemptState.SUCCEEDED], RefundLeg.SUCCEEDED),
        ([AttemptState.SUCCEEDED, AttemptState.PENDING], RefundLeg.PENDING),
        ([AttemptState.SUCCEEDED, AttemptState.FAILED], RefundLeg.ACTION_REQUIRED),
        ([AttemptState.PENDING, AttemptState.REQUIRES_ACTION], RefundLeg.ACTION_REQUIRED),
    ],
)
def test_success_needs_every_payment_and_one_trouble_outweighs_the_rest(
    states: list[AttemptState], leg: RefundLeg
) -> None:
    attempts = [an_attempt(state, f"payment-{n}") for n, state in enumerate(states)]
    assert refund_leg({one.payment_id: one.amount for one in attempts}, attempts) is leg


def test_what_was_not_sent_is_no_refund_and_what_is_not_owed_any_more_is_one() -> None:
    failed = an_attempt(AttemptState.FAILED)
    assert refund_leg({CARD: failed.amount}, []) is RefundLeg.NONE
    assert refund_leg({}, [failed]) is RefundLeg.SUCCEEDED
    assert refund_leg({GIFT_CARD: failed.amount}, [failed]) is RefundLeg.NONE


def test_only_the_newest_attempt_on_a_payment_counts() -> None:
    failed, again = an_attempt(AttemptState.FAILED), an_attempt(AttemptState.SUCCEEDED, number=2)
    other = an_attempt(AttemptState.SUCCEEDED, GIFT_CARD)
    assert set(live([failed, other, again])) == {other, again}
    owed = {CARD: again.amount, GIFT_CARD: other.amount}
    assert refund_leg(owed, [failed, other, again]) is RefundLeg.SUCCEEDED


def test_a_debt_that_no_attempt_pays_is_a_persons_to_see_to() -> None:
    paid = an_attempt(AttemptState.SUCCEEDED)
    assert refund_leg({CARD: paid.amount + 1}, [paid]) is RefundLeg.ACTION_REQUIRED
    more = replace(an_attempt(AttemptState.PENDING, number=2), amount=1)
    assert refund_leg({CARD: paid.amount + 1}, [paid, more]) is RefundLeg.PENDING
    assert uncovered({CARD: paid.amount + 3}, [paid, more]) == {CARD: 2}


# --- the refund of a case -----------------------------------------------------------------------------------


def test_a_refund_is_written_down_per_payment_before_the_provider_hears_of_it() -> None:
    story = story_at(Status.APPROVED)
    change = story.start_refund()
    gift, card = change.case.attempts
    assert (gift.refund_id, gift.amount, gift.provider, gift.reference) == (
        "case-1.gift-card.1",
        2_500,
        "store_credit",
        "gc_77",
    )
    assert (card.refund_id, card.amount, card.provider, card.reference) == (
        "case-1.card.1",
        833,
        "stripe",
        "pi_card",
    )
    for attempt in (gift, card):
        assert (attempt.case_id, attempt.order_id, attempt.currency) == ("case-1", "order-1", "USD")
        assert (attempt.state, attempt.number, attempt.submitted_at) == (AttemptState.SUBMITTED, 1, NOON)
    assert change.entry.event is Event.REFUND_STARTED
    assert change.entry.data == {
        "covered": 0,
        "refunds": [
            {"refund_id": "case-1.gift-card.1", "amount": 2_500},
            {"refund_id": "case-1.card.1", "amount": 833},
        ],
    }
    assert change.ledger is None


def test_money_is_booked_payment_by_payment_and_the_last_one_completes_the_case() -> None:
    story = story_at(Status.REFUND_PENDING)
    first = story.hear(AttemptState.SUCCEEDED, GIFT_CARD)
    assert first
    assert (first.entry.event, first.case.status) == (Event.REFUND_PENDING, Status.REFUND_PENDING)
    assert first.case.paid == (PaymentShare(payment_id=GIFT_CARD, amount=2_500),)
    assert [(b.reserved, b.refunded) for b in story.ledger.balances] == [(0, 2_500), (833, 0)]
    last = story.hear(AttemptState.SUCCEEDED, CARD)
    assert last
    assert (last.entry.event, last.case.status) == (Event.REFUND_SUCCEEDED, Status.COMPLETED)
    assert last.case.paid == last.case.owed
    assert [(b.reserved, b.refunded) for b in story.ledger.balances] == [(0, 2_500), (0, 833)]
    assert last.entry.data == {
        "amount": 3_333,
        "refunds": [
            {
                "refund_id": "case-1.card.1",
                "payment_id": CARD,
                "amount": 833,
                "state": AttemptState.SUCCEEDED,
                "failure": None,
            }
        ],
    }


def test_the_same_word_of_the_provider_twice_moves_money_once() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.SUCCEEDED)
    ledger = story.ledger
    assert story.hear(AttemptState.SUCCEEDED) is None
    assert story.hear(AttemptState.PENDING) is None
    assert story.ledger is ledger


def test_a_word_about_a_refund_of_another_case_changes_nothing() -> None:
    story = story_at(Status.REFUND_PENDING)
    stranger = ProviderRefund(
        refund_id="case-9.card.1",
        provider_refund_id="re_9",
        state=AttemptState.SUCCEEDED,
        amount=833,
        currency="USD",
    )
    assert story.record([stranger]) is None
    assert story.record([]) is None


def test_a_refund_that_only_became_pending_moves_no_money() -> None:
    story = story_at(Status.REFUND_PENDING)
    change = story.hear(AttemptState.PENDING)
    assert change
    assert (change.ledger, change.entry.event) == (None, Event.REFUND_PENDING)


@pytest.mark.parametrize("state", [*DEAD, AttemptState.REQUIRES_ACTION])
def test_a_refund_that_does_not_go_through_keeps_its_money_reserved_and_asks_a_person(
    state: AttemptState,
) -> None:
    story = story_at(Status.REFUND_PENDING)
    change = story.hear(state, CARD)
    assert change
    assert (change.entry.event, change.case.status) == (Event.REFUND_FAILED, Status.REFUND_ACTION_REQUIRED)
    assert change.ledger is None
    assert [balance.reserved for balance in story.ledger.balances] == [2_500, 833]
    assert change.case.run == 1


def test_a_refund_that_fails_days_after_completion_brings_the_case_back() -> None:
    story = story_at(Status.COMPLETED)
    story.now += 5 * 24 * HOUR
    change = story.hear(AttemptState.FAILED, CARD)
    assert change
    assert (change.entry.event, change.entry.from_status) == (Event.REFUND_FAILED_LATE, Status.COMPLETED)
    assert (change.case.status, change.case.run) == (Status.REFUND_ACTION_REQUIRED, 2)
    assert [(b.reserved, b.refunded) for b in story.ledger.balances] == [(0, 2_500), (833, 0)]
    bowls = story.ledger.line(BOWLS)
    assert bowls
    assert bowls.units == (Unit.RESERVED, Unit.AVAILABLE, Unit.AVAILABLE)


def test_two_late_failures_bring_the_case_back_once() -> None:
    story = story_at(Status.COMPLETED)
    story.hear(AttemptState.FAILED, CARD)
    change = story.hear(AttemptState.FAILED, GIFT_CARD)
    assert change
    assert (change.entry.event, change.case.run) == (Event.REFUND_FAILED, 2)
    assert [(b.reserved, b.refunded) for b in story.ledger.balances] == [(2_500, 0), (833, 0)]


def test_both_refunds_failing_late_in_one_word_bring_the_case_back_once() -> None:
    story = story_at(Status.COMPLETED)
    change = story.hear(AttemptState.CANCELED)
    assert change
    assert (change.entry.event, change.case.run) == (Event.REFUND_FAILED_LATE, 2)
    assert [(b.reserved, b.refunded) for b in story.ledger.balances] == [(2_500, 0), (833, 0)]


def test_a_failure_before_completion_does_not_count_as_a_new_run() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.SUCCEEDED, CARD)
    change = story.hear(AttemptState.FAILED, CARD)
    assert change
    assert (change.entry.event, change.case.run) == (Event.REFUND_FAILED, 1)
    assert [(b.reserved, b.refunded) for b in story.ledger.balances] == [(2_500, 0), (833, 0)]


def test_an_operator_starts_a_second_attempt_under_a_new_id_only_where_the_first_one_failed() -> None:
    story = story_at(Status.COMPLETED)
    story.hear(AttemptState.FAILED, CARD)
    story.now += HOUR
    change = story.resume()
    gift, card, again = change.case.attempts
    assert (gift.state, card.state) == (AttemptState.SUCCEEDED, AttemptState.FAILED)
    assert (again.refund_id, again.number, again.amount) == ("case-1.card.2", 2, 833)
    assert (again.state, again.submitted_at, again.reference) == (
        AttemptState.SUBMITTED,
        story.now,
        "pi_card",
    )
    assert change.case.status is Status.REFUND_PENDING
    assert [refund["refund_id"] for refund in _refunds(change.entry.data)] == [
        "case-1.gift-card.1",
        "case-1.card.2",
    ]


def _refunds(data: object) -> list[dict[str, object]]:
    assert isinstance(data, dict)
    refunds = data["refunds"]
    assert isinstance(refunds, list)
    return refunds


def test_the_second_attempt_completes_the_case_and_pays_the_buyer_once() -> None:
    story = story_at(Status.COMPLETED)
    paid_once = story.ledger.balances
    story.hear(AttemptState.FAILED, CARD)
    story.resume()
    change = story.hear(AttemptState.SUCCEEDED, CARD)
    assert change
    assert (change.case.status, change.case.run) == (Status.COMPLETED, 3)
    assert set(change.case.paid) == set(change.case.owed)
    assert story.ledger.balances == paid_once


def test_a_word_about_the_first_attempt_does_not_touch_the_second() -> None:
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    first = story.case.attempts[0]
    story.resume()
    assert story.record([an_answer(first, AttemptState.SUCCEEDED)]) is None


def test_every_failed_attempt_gets_one_successor_and_its_number() -> None:
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    for _ in range(3):
        story.resume()
        story.hear(AttemptState.FAILED)
    assert [attempt.refund_id for attempt in story.case.attempts] == [
        f"case-1.{payment}.{number}" for number in (1, 2, 3, 4) for payment in (GIFT_CARD, CARD)
    ]


def test_an_unknown_outcome_keeps_its_id_and_its_time() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.ask_operator("provider_unreachable")
    before = story.case.attempts
    story.now += HOUR
    change = story.resume()
    assert change.case.attempts == before
    assert change.case.status is Status.REFUND_PENDING


def test_a_refund_that_asks_for_something_is_sent_again_under_its_own_id() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.REQUIRES_ACTION)
    story.now += HOUR
    change = story.resume()
    assert [attempt.refund_id for attempt in change.case.attempts] == ["case-1.gift-card.1", "case-1.card.1"]
    assert {(attempt.state, attempt.submitted_at) for attempt in change.case.attempts} == {
        (AttemptState.SUBMITTED, story.now)
    }


def test_a_success_that_arrives_while_an_operator_is_asked_completes_the_case() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.ask_operator("provider_unreachable")
    change = story.hear(AttemptState.SUCCEEDED)
    assert change
    assert (change.case.status, change.case.trouble) == (Status.COMPLETED, None)
    assert (change.case.waiting_on, change.case.deadline_at) == (None, None)


def test_no_refund_starts_before_an_approval_or_twice() -> None:
    story = Story()
    story.open()
    story.assess(Verdict.APPROVE)
    story.start_refund()
    ids = [attempt.refund_id for attempt in story.case.attempts]
    assert len(set(ids)) == len(ids) == 2


# --- money that reached the buyer by another way -------------------------------------------------------------


def test_what_left_a_payment_by_hand_is_not_paid_a_second_time() -> None:
    story = story_at(Status.APPROVED)
    story.leave(14_898 - 833 + 500)
    [gift, card] = story.start_refund().case.attempts
    assert (gift.amount, card.amount) == (2_500, 333)
    change = story.hear(AttemptState.SUCCEEDED)
    assert change
    assert change.case.status is Status.COMPLETED
    assert set(change.case.paid) == set(change.case.owed)
    card_balance = story.ledger.balances[1]
    assert (card_balance.refunded, card_balance.external, card_balance.short) == (333, 14_565, 0)


def test_a_case_whose_money_is_all_gone_by_hand_completes_without_a_refund() -> None:
    story = story_at(Status.APPROVED)
    story.leave(2_500, GIFT_CARD)
    story.leave(14_898)
    change = story.start_refund()
    assert (change.entry.event, change.entry.data["covered"]) == (Event.REFUND_SUCCEEDED, 3_333)
    assert (change.case.status, change.case.attempts) == (Status.COMPLETED, ())
    bowls = story.ledger.line(BOWLS)
    assert bowls
    assert Unit.RESERVED not in bowls.units
    assert_balanced(story.ledger)


def test_a_refund_that_failed_because_somebody_paid_by_hand_is_covered_when_it_is_sent_on() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.SUCCEEDED, GIFT_CARD)
    story.leave(14_898)
    story.hear(AttemptState.FAILED, CARD)
    change = story.resume()
    assert (change.entry.event, change.entry.data["amount"]) == (Event.REFUND_COVERED, 833)
    assert (change.case.status, change.case.run) == (Status.COMPLETED, 2)
    assert [part.payment_id for part in change.case.paid] == [GIFT_CARD]
    assert_balanced(story.ledger)


def test_a_part_that_may_still_arrive_is_never_given_up() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.SUCCEEDED, GIFT_CARD)
    story.leave(14_898)
    story.hear(AttemptState.REQUIRES_ACTION, CARD)
    change = story.resume()
    assert (change.case.status, change.ledger) == (Status.REFUND_PENDING, None)
    assert change.case.owed == story_at(Status.REFUND_PENDING).case.owed


def test_while_the_bank_looks_at_a_payment_nothing_is_paid_and_then_it_goes_on() -> None:
    story = story_at(Status.APPROVED)
    story.leave(900, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN)
    change = story.start_refund()
    assert (change.entry.event, change.case.trouble) == (Event.OPERATOR_ASKED, "order_frozen")
    assert (change.case.status, change.case.attempts) == (Status.REFUND_ACTION_REQUIRED, ())
    with pytest.raises(Refusal) as refusal:
        story.resume()
    assert (refusal.value.code, refusal.value.detail) == (
        Code.ORDER_FROZEN,
        "A payment of this order is disputed at the payment provider.",
    )
    story.leave(900, kind=ExternalKind.DISPUTE, external_id="external-0", state=ExternalState.RETURNED)
    assert story.resume().case.status is Status.APPROVED
    assert story.start_refund().case.status is Status.REFUND_PENDING


def test_what_the_bank_took_for_good_completes_the_case_that_held_it() -> None:
    story = story_at(Status.APPROVED)
    story.leave(14_898, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN)
    story.leave(2_500, GIFT_CARD)
    story.start_refund()
    story.leave(14_898, kind=ExternalKind.DISPUTE, external_id="external-0", state=ExternalState.TAKEN)
    change = story.resume()
    assert (change.entry.event, change.case.status) == (Event.REFUND_COVERED, Status.COMPLETED)
    assert [(one.disputed, one.external, one.short) for one in story.ledger.balances] == [
        (0, 2_500, 0),
        (14_898, 0, 0),
    ]


# --- paid by another means ------------------------------------------------------------------------------------


def test_what_the_provider_refuses_for_good_is_paid_by_another_means() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.SUCCEEDED, GIFT_CARD)
    story.hear(AttemptState.FAILED, CARD)
    change = story.pay_elsewhere()
    assert (change.entry.event, change.entry.data["amount"]) == (Event.REFUND_COVERED, 833)
    assert change.entry.data["note"] == "By bank transfer, as agreed."
    assert (change.case.status, change.case.run) == (Status.COMPLETED, 2)
    assert set(change.case.paid) == set(change.case.owed)
    assert [(one.refund_id, one.provider, one.state) for one in change.case.attempts[-1:]] == [
        ("case-1.card.2", "elsewhere", AttemptState.SUCCEEDED)
    ]
    assert [(one.reserved, one.refunded) for one in story.ledger.balances] == [(0, 2_500), (0, 833)]
    assert_balanced(story.ledger)


def test_a_case_that_never_got_as_far_as_the_provider_can_be_paid_by_another_means() -> None:
    story = story_at(Status.APPROVED)
    story.ask_operator()
    assert story.pay_elsewhere().case.status is Status.COMPLETED
    assert [one.refunded for one in story.ledger.balances] == [2_500, 833]


def test_what_has_left_by_hand_is_not_paid_by_another_means_as_well() -> None:
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    story.leave(14_898)
    change = story.pay_elsewhere()
    assert [part.payment_id for part in change.case.owed] == [GIFT_CARD]
    assert [one.external for one in story.ledger.balances] == [0, 14_898]
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    story.leave(14_898)
    story.leave(2_500, GIFT_CARD)
    assert story.pay_elsewhere().case.owed == ()
    assert_balanced(story.ledger)


def test_what_may_still_arrive_is_not_paid_by_another_means() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.REQUIRES_ACTION, CARD)
    with pytest.raises(Refusal) as refusal:
        story.pay_elsewhere()
    assert refusal.value.code is Code.REFUND_UNDER_WAY


def test_nothing_is_paid_by_another_means_while_the_bank_looks_at_the_payment() -> None:
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    story.leave(1, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN)
    with pytest.raises(Refusal) as refusal:
        story.pay_elsewhere()
    assert refusal.value.code is Code.ORDER_FROZEN
