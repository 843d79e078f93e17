"""What a first reading of the rules missed: silence that was none, money of another amount, books of nowhere."""

from dataclasses import replace

import pytest

from aftersales.domain.case import Status
from aftersales.domain.ledger import PaymentShare, ReservedUnits, consume_units, open_ledger, settle
from aftersales.domain.policy import Verdict, better_for_buyer
from aftersales.domain.refund import AttemptState, live, observe
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import Event
from tests.builders import (
    BUYER,
    CARD,
    CASE,
    GIFT_CARD,
    OPERATOR,
    an_answer,
    an_assessment,
    an_order,
    story_at,
)


def test_a_buyer_whose_photo_was_accepted_was_not_silent_even_if_nobody_assessed_it() -> None:
    story = story_at(Status.EVIDENCE_REQUIRED)
    story.add_evidence()
    story.check_evidence("e1")

    rung = story.silence()

    assert rung
    assert rung.entry.event is Event.ASSESSMENT_OVERDUE
    assert rung.case.status is Status.EVIDENCE_REQUIRED
    assert rung.case.deadline_at
    assert rung.case.deadline_at > story.now


@pytest.mark.parametrize("party", [BUYER, OPERATOR])
def test_a_case_under_review_is_decided_by_its_seller_or_a_reviewer_only(party: object) -> None:
    story = story_at(Status.UNDER_REVIEW)
    with pytest.raises(Refusal) as refused:
        story.decide(by=party)  # type: ignore[arg-type]  # one of the builders' parties
    assert refused.value.code is Code.FORBIDDEN


def test_a_refund_of_another_amount_is_nobodys_success() -> None:
    attempt = live(story_at(Status.REFUND_PENDING).cases[CASE].attempts)[0]
    less = replace(an_answer(attempt, AttemptState.SUCCEEDED), amount=attempt.amount - 1)

    seen = observe(attempt, less)

    assert (seen.state, seen.failure) == (AttemptState.REQUIRES_ACTION, "amount_differs")


def test_a_success_and_an_older_word_heard_together_are_a_success() -> None:
    story = story_at(Status.REFUND_PENDING)
    attempts = live(story.cases[CASE].attempts)
    heard = [
        an_answer(one, state) for one in attempts for state in (AttemptState.SUCCEEDED, AttemptState.PENDING)
    ]

    change = story.record(heard)

    assert change
    assert change.case.status is Status.COMPLETED


def test_a_part_that_goes_well_is_no_second_failure_of_one_that_did_not() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.FAILED, GIFT_CARD)

    change = story.hear(AttemptState.SUCCEEDED, CARD)

    assert change
    assert change.entry.event is Event.REFUND_PENDING
    assert change.case.status is Status.REFUND_ACTION_REQUIRED


def test_of_two_policies_that_both_ask_the_seller_the_one_where_silence_approves_is_milder() -> None:
    strict = an_assessment(Verdict.ASK_PERSON, silence_approves=False)
    mild = an_assessment(Verdict.ASK_PERSON, silence_approves=True)
    assert better_for_buyer(strict, mild) is mild
    assert better_for_buyer(mild, strict) is mild


def test_money_of_a_payment_the_order_does_not_have_cannot_be_booked() -> None:
    with pytest.raises(ValueError, match="cash"):
        settle(open_ledger(an_order()), [PaymentShare(payment_id="cash", amount=1)])


def test_units_of_a_line_the_order_does_not_have_cannot_be_booked() -> None:
    with pytest.raises(ValueError, match="spoons"):
        consume_units(open_ledger(an_order()), [ReservedUnits(line_id="spoons", units=(1,), amount=1, tax=0)])
