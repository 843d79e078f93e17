"""The word that people read, from every combination of the legs that hold the truth."""

from itertools import product

import pytest

from aftersales.domain.case import FINAL, WAITING_ON, ReturnState, Review, Status, WaitingOn, status_of
from aftersales.domain.refund import RefundLeg
from tests.builders import story_at

BOTH = (False, True)
NO_GOODS = (None, ReturnState.CLOSED)
LEGS = tuple(product(BOTH, (None, *ReturnState), RefundLeg, BOTH))


@pytest.mark.parametrize(("disputed", "returning", "refund", "troubled"), LEGS)
@pytest.mark.parametrize("review", set(Review) - {Review.APPROVED, Review.UNDER_REVIEW})
def test_before_an_approval_and_after_a_refusal_the_review_speaks(
    review: Review, disputed: bool, returning: ReturnState | None, refund: RefundLeg, troubled: bool
) -> None:
    status = status_of(review, disputed=disputed, returning=returning, refund=refund, troubled=troubled)
    assert status.value == review.value


@pytest.mark.parametrize(("disputed", "returning", "refund", "troubled"), LEGS)
def test_a_dispute_shows_while_the_case_is_under_review(
    disputed: bool, returning: ReturnState | None, refund: RefundLeg, troubled: bool
) -> None:
    status = status_of(
        Review.UNDER_REVIEW, disputed=disputed, returning=returning, refund=refund, troubled=troubled
    )
    assert status is (Status.DISPUTED if disputed else Status.UNDER_REVIEW)


@pytest.mark.parametrize(("disputed", "refund", "troubled"), product(BOTH, RefundLeg, BOTH))
@pytest.mark.parametrize(
    ("returning", "expected"),
    [
        (ReturnState.AWAITED, Status.AWAITING_RETURN),
        (ReturnState.IN_TRANSIT, Status.RETURN_IN_TRANSIT),
        (ReturnState.ARRIVED, Status.RETURN_RECEIVED),
        (ReturnState.INSPECTION_FAILED, Status.INSPECTION_FAILED),
    ],
)
def test_once_approved_the_goods_speak_until_their_way_back_is_over(
    returning: ReturnState, expected: Status, disputed: bool, refund: RefundLeg, troubled: bool
) -> None:
    status = status_of(
        Review.APPROVED, disputed=disputed, returning=returning, refund=refund, troubled=troubled
    )
    assert status is expected


@pytest.mark.parametrize("returning", NO_GOODS)
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
def test_then_the_money_speaks(
    returning: ReturnState | None, disputed: bool, refund: RefundLeg, calm: Status, troubled: Status
) -> None:
    def status(*, trouble: bool) -> Status:
        return status_of(
            Review.APPROVED, disputed=disputed, returning=returning, refund=refund, troubled=trouble
        )

    assert (status(trouble=False), status(trouble=True)) == (calm, troubled)


@pytest.mark.parametrize("status", Status)
def test_somebody_is_waited_for_until_the_case_is_over(status: Status) -> None:
    waiting_on = story_at(status).case.waiting_on
    assert (waiting_on is None) is (status in FINAL)
    depends = {Status.OFFER_PENDING: WaitingOn.BUYER, Status.DISPUTED: WaitingOn.PLATFORM}
    assert waiting_on is ({**WAITING_ON, **depends})[status]


@pytest.mark.parametrize("status", set(Status) - FINAL)
def test_a_case_whose_step_gave_up_waits_for_the_platform_where_no_partys_time_runs(status: Status) -> None:
    story = story_at(status)
    turn = story.case.waiting_on
    story.ask_operator()
    if turn in (WaitingOn.BUYER, WaitingOn.SELLER, WaitingOn.CARRIER):
        assert story.case.waiting_on is turn
    else:
        assert story.case.waiting_on is WaitingOn.PLATFORM
