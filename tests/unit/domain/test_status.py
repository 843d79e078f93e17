"""The word that people read, from every combination of the legs that hold the truth."""

from itertools import product

import pytest

from aftersales.domain.case import FINAL, WAITING_ON, Review, Status, WaitingOn, status_of
from aftersales.domain.refund import RefundLeg
from tests.builders import story_at

BOTH = (False, True)
LEGS = tuple(product(BOTH, RefundLeg, BOTH))


@pytest.mark.parametrize(("disputed", "refund", "troubled"), LEGS)
@pytest.mark.parametrize("review", set(Review) - {Review.APPROVED, Review.UNDER_REVIEW})
def test_before_an_approval_and_after_a_refusal_the_review_speaks(
    review: Review, disputed: bool, refund: RefundLeg, troubled: bool
) -> None:
    status = status_of(review, disputed=disputed, refund=refund, troubled=troubled)
    assert status.value == review.value


@pytest.mark.parametrize(("disputed", "refund", "troubled"), LEGS)
def test_a_dispute_shows_while_the_case_is_under_review(
    disputed: bool, refund: RefundLeg, troubled: bool
) -> None:
    status = status_of(Review.UNDER_REVIEW, disputed=disputed, refund=refund, troubled=troubled)
    assert status is (Status.DISPUTED if disputed else Status.UNDER_REVIEW)


@pytest.mark.parametrize("disputed", BOTH)
@pytest.mark.parametrize(
    ("refund", "calm", "troubled"),
    [
        (RefundLeg.NONE, Status.APPROVED, Status.REFUND_ACTION_REQUIRED),
        (RefundLeg.PENDING, Status.REFUND_PENDING, Status.REFUND_ACTION_REQUIRED),
        (RefundLeg.ACTION_REQUIRED, Status.REFUND_ACTION_REQUIRED, Status.REFUND_ACTION_REQUIRED),
        (RefundLeg.SUCCEEDED, Status.COMPLETED, Status.COMPLETED),
    ],
)
def test_once_approved_the_money_speaks(
    disputed: bool, refund: RefundLeg, calm: Status, troubled: Status
) -> None:
    assert status_of(Review.APPROVED, disputed=disputed, refund=refund, troubled=False) is calm
    assert status_of(Review.APPROVED, disputed=disputed, refund=refund, troubled=True) is troubled


@pytest.mark.parametrize("status", Status)
def test_somebody_is_waited_for_until_the_case_is_over(status: Status) -> None:
    waiting_on = story_at(status).case.waiting_on
    assert (waiting_on is None) is (status in FINAL)
    depends = {Status.OFFER_PENDING: WaitingOn.BUYER, Status.DISPUTED: WaitingOn.PLATFORM}
    assert waiting_on is ({**WAITING_ON, **depends})[status]


@pytest.mark.parametrize("status", set(Status) - FINAL)
def test_a_case_whose_step_gave_up_waits_for_the_platform(status: Status) -> None:
    story = story_at(status)
    story.ask_operator()
    assert story.case.waiting_on is WaitingOn.PLATFORM
