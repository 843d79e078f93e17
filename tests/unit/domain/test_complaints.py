"""What became of complaints: their cases and their stars."""

from dataclasses import replace
from typing import Any

import pytest

from aftersales.domain.case import Status
from aftersales.domain.complaints import Course, Movement, complaints_of, outcomes
from aftersales.domain.records import CaseRecord, FeedbackRecord, case_record
from tests.builders import NOON, story_at

HOUR = 60 * 60 * 1000


def a_feedback(score: int = 1, **changes: Any) -> FeedbackRecord:
    record = FeedbackRecord(
        feedback_id="f1",
        order_id="o1",
        seller_id="lin-pottery",
        skus=("bowl",),
        categories=("pottery",),
        status="published",
        score=score,
        first_score=score,
        polarity="negative" if score < 3 else "positive",
        polarity_reasons=(),
        contradiction=False,
        polarity_source="rules",
        version=1,
        left_at=NOON,
        updated_at=NOON,
    )
    return replace(record, **changes)


def a_case(status: Status = Status.COMPLETED, **changes: Any) -> CaseRecord:
    story = story_at(status)
    return replace(case_record(story.case, story.timeline), order_id="o1", **changes)


def the_course(*cases: CaseRecord) -> Course:
    (complaint,) = complaints_of([a_feedback()], cases)
    return complaint.course


def test_a_complaint_without_a_case_is_told_apart() -> None:
    assert the_course() is Course.NO_CASE
    assert the_course(replace(a_case(), order_id="another")) is Course.NO_CASE


@pytest.mark.parametrize(
    ("statuses", "course"),
    [
        ([Status.COMPLETED], Course.PAID),
        ([Status.UNDER_REVIEW], Course.OPEN),
        ([Status.CLOSED_DECLINED], Course.UNPAID),
        ([Status.CANCELLED], Course.UNPAID),
        ([Status.CLOSED_DECLINED, Status.COMPLETED], Course.PAID),
        ([Status.CLOSED_DECLINED, Status.DISPUTED], Course.OPEN),
        ([Status.DISPUTED, Status.COMPLETED], Course.PAID),
    ],
)
def test_of_several_cases_the_best_for_the_buyer_counts(statuses: list[Status], course: Course) -> None:
    assert the_course(*map(a_case, statuses)) is course


@pytest.mark.parametrize(
    ("feedback", "movement"),
    [
        (a_feedback(1), Movement.SAME),
        (a_feedback(5, first_score=1), Movement.RAISED),
        (a_feedback(1, first_score=2), Movement.LOWERED),
        (a_feedback(1, first_score=5), Movement.LOWERED),
        (a_feedback(1, status="withdrawn"), Movement.WITHDRAWN),
    ],
)
def test_the_stars_moved_since_they_were_first_given(feedback: FeedbackRecord, movement: Movement) -> None:
    (complaint,) = complaints_of([feedback], [])
    assert complaint.movement is movement


def test_praise_is_no_complaint_but_three_stars_with_an_angry_text_are() -> None:
    praise, open_ = a_feedback(5), a_feedback(3, polarity="neutral")
    angry = a_feedback(3, polarity="negative")
    assert [one.feedback for one in complaints_of([praise, open_, angry], [])] == [angry]


def test_it_took_from_the_first_opening_to_the_last_end_and_is_not_known_while_one_is_open() -> None:
    first = a_case(opened_at=NOON, closed_at=NOON + 5 * HOUR)
    second = a_case(opened_at=NOON + HOUR, closed_at=NOON + 9 * HOUR)
    for cases, took in (
        ([first], 5 * HOUR),
        ([second, first], 9 * HOUR),
        ([first, a_case(Status.UNDER_REVIEW)], None),
        ([], None),
    ):
        (complaint,) = complaints_of([a_feedback()], cases)
        assert complaint.took == took


@pytest.mark.parametrize(("opened_at", "case_first"), [(NOON - 1, True), (NOON, False), (NOON + 1, False)])
def test_who_tried_the_desk_before_complaining_is_told(opened_at: int, case_first: bool) -> None:
    (complaint,) = complaints_of([a_feedback()], [a_case(opened_at=opened_at)])
    assert complaint.case_first is case_first


def test_complaints_are_added_up_by_what_became_of_them() -> None:
    feedback = [
        a_feedback(4, first_score=1, order_id="o1"),
        a_feedback(2, order_id="o2"),
        a_feedback(1, order_id="o3", status="withdrawn"),
        a_feedback(1, order_id="o4"),
    ]
    cases = [
        replace(a_case(opened_at=NOON - 1, closed_at=NOON - 1 + hours * HOUR), order_id=order_id)
        for order_id, hours in (("o1", 3), ("o2", 7), ("o3", 20))
    ]
    added_up = outcomes(complaints_of(feedback, cases))
    paid = added_up[Course.PAID]
    assert (paid.complaints, paid.case_first, paid.took) == (3, 3, 7 * HOUR)
    assert paid.movements == {
        Movement.RAISED: 1,
        Movement.SAME: 1,
        Movement.LOWERED: 0,
        Movement.WITHDRAWN: 1,
    }
    assert (paid.stars_first, paid.stars_now) == (3, 6)
    assert added_up[Course.NO_CASE].complaints == 1
    assert added_up[Course.OPEN].complaints == 0
    assert added_up[Course.OPEN].took is None
    assert list(added_up) == list(Course)
