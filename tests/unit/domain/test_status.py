"""The word that people read, from every combination of the legs that hold the truth."""

from collections.abc import Iterable
from itertools import product

import pytest

from aftersales.domain.case import (
    FINAL,
    WAITING_ON,
    ExchangeState,
    ReturnState,
    Review,
    Status,
    WaitingOn,
    status_of,
)
from aftersales.domain.refund import RefundLeg
from tests.builders import story_at

BOTH = (False, True)
NO_GOODS = (None, ReturnState.CLOSED)
GOODS = tuple(product((None, *ReturnState), (None, *ExchangeState)))


def statuses(
    review: Review,
    goods: Iterable[tuple[ReturnState | None, ExchangeState | None]] = GOODS,
    *,
    disputed: Iterable[bool] = BOTH,
    refund: Iterable[RefundLeg] = RefundLeg,
    troubled: Iterable[bool] = BOTH,
) -> set[Status]:
    """The word for each combination of these legs."""
    return {
        status_of(review, disputed=one, returning=back, exchange=out, refund=money, troubled=trouble)
        for one, (back, out), money, trouble in product(disputed, goods, refund, troubled)
    }


@pytest.mark.parametrize("review", set(Review) - {Review.APPROVED, Review.UNDER_REVIEW})
def test_before_an_approval_and_after_a_refusal_the_review_speaks(review: Review) -> None:
    assert statuses(review) == {Status(review)}


def test_a_dispute_shows_while_the_case_is_under_review() -> None:
    assert statuses(Review.UNDER_REVIEW, disputed=[True]) == {Status.DISPUTED}
    assert statuses(Review.UNDER_REVIEW, disputed=[False]) == {Status.UNDER_REVIEW}


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
    returning: ReturnState, expected: Status
) -> None:
    calm = (None, *(set(ExchangeState) - {ExchangeState.SHORT}))
    assert statuses(Review.APPROVED, product([returning], calm)) == {expected}


@pytest.mark.parametrize("returning", [None, *ReturnState])
def test_that_there_are_no_other_goods_is_asked_before_any_are_sent_or_once_they_are_back(
    returning: ReturnState | None,
) -> None:
    told = statuses(Review.APPROVED, [(returning, ExchangeState.SHORT)])
    under_way = returning not in (None, ReturnState.AWAITED, ReturnState.CLOSED)
    assert (told == {Status.OUT_OF_STOCK}) is not under_way


@pytest.mark.parametrize("returning", NO_GOODS)
@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (ExchangeState.UNPAID, Status.AWAITING_PAYMENT),
        (ExchangeState.PENDING, Status.EXCHANGE_PENDING),
        (ExchangeState.SHIPPED, Status.EXCHANGE_SHIPPED),
    ],
)
def test_then_the_goods_speak_that_go_out(
    exchange: ExchangeState, expected: Status, returning: ReturnState | None
) -> None:
    assert statuses(Review.APPROVED, [(returning, exchange)]) == {expected}


@pytest.mark.parametrize(
    ("refund", "calm", "troubled"),
    [
        (RefundLeg.NONE, Status.APPROVED, Status.REFUND_ACTION_REQUIRED),
        (RefundLeg.PENDING, Status.REFUND_PENDING, Status.REFUND_ACTION_REQUIRED),
        (RefundLeg.ACTION_REQUIRED, Status.REFUND_ACTION_REQUIRED, Status.REFUND_ACTION_REQUIRED),
        (RefundLeg.SUCCEEDED, Status.COMPLETED, Status.COMPLETED),
    ],
)
def test_then_the_money_speaks(refund: RefundLeg, calm: Status, troubled: Status) -> None:
    goods = tuple(product(NO_GOODS, (None, ExchangeState.CLOSED)))
    assert statuses(Review.APPROVED, goods, refund=[refund], troubled=[False]) == {calm}
    assert statuses(Review.APPROVED, goods, refund=[refund], troubled=[True]) == {troubled}


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
