"""What became of complaints: which had a case, how fast it ended, and how the stars moved.

A complaint is feedback that is negative, or began with the stars of a complaint and was edited since. What is told
here are counts side by side; that stars rose after a refund does not say that they rose for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low

from aftersales.domain.polarity import PolarityValue, polarity
from aftersales.domain.records import CaseRecord, FeedbackRecord


class Course(StrEnum):
    """What became of the order's cases, the best for the buyer if there were several."""

    NO_CASE = "no_case"
    PAID = "paid"
    OPEN = "open"
    UNPAID = "unpaid"


class Movement(StrEnum):
    """What became of the stars since they were first given."""

    RAISED = "raised"
    SAME = "same"
    LOWERED = "lowered"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A complaint with what became of it. `case_first` where a case was opened before the feedback was left;
    `took` is the milliseconds from the first case's opening to the last one's end, where all have ended."""

    feedback: FeedbackRecord
    course: Course
    movement: Movement
    case_first: bool
    took: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The complaints of one course. `took` is the (lower) median; the stars are sums over what was not withdrawn."""

    complaints: int
    case_first: int
    took: int | None
    movements: Mapping[Movement, int]
    stars_first: int
    stars_now: int


def complaints_of(feedback: Iterable[FeedbackRecord], cases: Iterable[CaseRecord]) -> list[Complaint]:
    """Every complaint with what became of it, in the order of the feedback. Cases are found by their order."""
    by_order: defaultdict[str, list[CaseRecord]] = defaultdict(list)
    for case in cases:
        by_order[case.order_id].append(case)
    return [_followed(one, by_order.get(one.order_id, [])) for one in feedback if _complains(one)]


def outcomes(complaints: Iterable[Complaint]) -> Mapping[Course, Outcome]:
    """Added up by what became of the cases; every course is there, if only with zeros."""
    by_course: Mapping[Course, list[Complaint]] = {course: [] for course in Course}
    for complaint in complaints:
        by_course[complaint.course].append(complaint)
    return {course: _added_up(of_course) for course, of_course in by_course.items()}


def _complains(feedback: FeedbackRecord) -> bool:
    return feedback.negative or polarity(feedback.first_score, {}, "").value is PolarityValue.NEGATIVE


def _followed(feedback: FeedbackRecord, cases: Sequence[CaseRecord]) -> Complaint:
    ends = [case.closed_at for case in cases if case.closed_at is not None]
    opened = min((case.opened_at for case in cases), default=feedback.left_at)
    return Complaint(
        feedback=feedback,
        course=_course(cases),
        movement=_movement(feedback),
        case_first=opened < feedback.left_at,
        took=max(ends) - opened if ends and len(ends) == len(cases) else None,
    )


def _course(cases: Sequence[CaseRecord]) -> Course:
    if not cases:
        return Course.NO_CASE
    if any(case.paid for case in cases):
        return Course.PAID
    return Course.OPEN if any(case.closed_at is None for case in cases) else Course.UNPAID


def _movement(feedback: FeedbackRecord) -> Movement:
    if feedback.status == "withdrawn":
        return Movement.WITHDRAWN
    if feedback.score == feedback.first_score:
        return Movement.SAME
    return Movement.RAISED if feedback.score > feedback.first_score else Movement.LOWERED


def _added_up(complaints: Sequence[Complaint]) -> Outcome:
    standing = [one.feedback for one in complaints if one.movement is not Movement.WITHDRAWN]
    times = [one.took for one in complaints if one.took is not None]
    return Outcome(
        complaints=len(complaints),
        case_first=sum(one.case_first for one in complaints),
        took=median_low(times) if times else None,
        movements={one: sum(it.movement is one for it in complaints) for one in Movement},
        stars_first=sum(feedback.first_score for feedback in standing),
        stars_now=sum(feedback.score for feedback in standing),
    )
