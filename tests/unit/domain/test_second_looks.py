"""What a first reading of the rules missed: silence that was none, money of another amount, books of nowhere."""

from dataclasses import replace

import pytest

from aftersales.domain.case import Status
from aftersales.domain.ledger import PaymentShare, ReservedUnits, consume_units, open_ledger, reserve, settle
from aftersales.domain.money import share
from aftersales.domain.policy import Verdict, above_cap, better_for_buyer, within_cap
from aftersales.domain.refund import AttemptState, live, observe
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    BUYER,
    CARD,
    CASE,
    GIFT_CARD,
    OPERATOR,
    Story,
    a_photo,
    a_policy,
    an_answer,
    an_assessment,
    an_order,
    some_facts,
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
    assert (refused.value.code, refused.value.detail) == (
        Code.FORBIDDEN,
        "Somebody else's part in the case takes this step.",
    )


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
    nowhere = [PaymentShare(payment_id=payment_id, amount=1) for payment_id in ("cheque", "cash")]
    with pytest.raises(ValueError, match=r"^the ledger has no cash, cheque$"):
        settle(open_ledger(an_order()), nowhere)


def test_units_of_a_line_the_order_does_not_have_cannot_be_booked() -> None:
    with pytest.raises(ValueError, match="spoons"):
        consume_units(open_ledger(an_order()), [ReservedUnits(line_id="spoons", units=(1,), amount=1, tax=0)])


@pytest.mark.parametrize(("currency", "smallest"), [("KWD", 10), ("MGA", 100), ("JPY", 1), ("BRL", 1)])
def test_each_unit_is_worth_what_can_be_paid_back_in_its_currency(currency: str, smallest: int) -> None:
    bowls = open_ledger(an_order(currency=currency)).line(BOWLS)
    assert bowls
    worth = [bowls.worth([k])[0] for k in (1, 2, 3)]
    assert sum(worth) == bowls.total == 10_000
    assert all(amount % smallest == 0 for amount in worth)


def test_what_cannot_be_paid_back_in_steps_stays_with_the_last_unit() -> None:
    assert [share(10_007, k, 3, 10) for k in (1, 2, 3)] == [3_330, 3_340, 3_337]


def test_a_part_is_granted_in_amounts_that_can_be_paid_back() -> None:
    story = Story(order=an_order(currency="KWD"), policy=a_policy(reviewer_limit={"KWD": 5_000}))
    story.open()
    story.assess()
    with pytest.raises(Refusal) as refused:
        story.decide(amount=1_005)
    assert (refused.value.code, refused.value.detail) == (
        Code.INVALID,
        "Amounts in KWD are paid back in steps of 10.",
    )
    assert story.decide(amount=1_010).case.owed


def test_many_small_claims_on_one_order_are_one_large_one_to_the_cap() -> None:
    small = some_facts(amount=1_000, taken_before=0)
    policy = a_policy(auto_approval_cap={small.currency: 1_500})
    assert above_cap(small, policy) is None
    assert above_cap(replace(small, taken_before=501), policy)
    assert within_cap(replace(small, taken_before=501), policy) is None


def test_what_cases_hold_and_were_paid_counts_as_taken() -> None:
    ledger, claim = reserve(open_ledger(an_order()), {BOWLS: 1})
    assert ledger.taken == claim.amount
    assert settle(ledger, claim.money).taken == claim.amount


def test_a_sellers_promises_do_not_keep_the_buyers_photo_out() -> None:
    story = story_at(Status.EVIDENCE_REQUIRED)
    mine = replace(story.cases[CASE], evidence=tuple(a_photo(f"s{n}", added_by="seller") for n in range(10)))
    story.cases[CASE] = mine
    assert story.add_evidence().case.evidence[-1].added_by == "buyer"
