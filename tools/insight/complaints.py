"""The page of complaints: how many had a case, how fast it ended, how the stars moved."""

from collections import Counter
from collections.abc import Sequence

from aftersales.domain.complaints import Complaint, Course, Movement, complaints_of, outcomes
from aftersales.domain.records import CaseRecord, FeedbackRecord
from tools.generate.markdown import table

_HOUR = 60 * 60 * 1000
_COURSES = {
    Course.NO_CASE: "no case",
    Course.PAID: "a case, money paid back",
    Course.OPEN: "a case, still open",
    Course.UNPAID: "a case, nothing paid back",
}
_HEADS = (
    "complaints with",
    "count",
    "case came first",
    "hours to the end (median)",
    *Movement,
    "stars first → now",
)


def report(feedback: Sequence[FeedbackRecord], cases: Sequence[CaseRecord], *, sellers: int) -> str:
    """For all, then for the sellers with the most complaints."""
    complaints = complaints_of(feedback, cases)
    with_case = sum(one.course is not Course.NO_CASE for one in complaints)
    parts = [
        "# Complaints and their cases",
        f"{len(complaints):,} of {len(feedback):,} feedbacks complain; {with_case:,} of them are on an order that had "
        f"a case. There are {len(cases):,} cases. Counts side by side: that stars rose after a refund does not say "
        "that they rose for it.",
        _table(complaints),
    ]
    most = Counter(one.feedback.seller_id for one in complaints).most_common()
    for seller_id, _ in sorted(most, key=lambda one: (-one[1], one[0]))[:sellers]:
        of_seller = [one for one in complaints if one.feedback.seller_id == seller_id]
        parts += [f"## Seller {seller_id}", _table(of_seller)]
    return "\n\n".join(parts) + "\n"


def _table(complaints: Sequence[Complaint]) -> str:
    rows = []
    for course, outcome in outcomes(complaints).items():
        standing = outcome.complaints - outcome.movements[Movement.WITHDRAWN]
        rows.append(
            (
                _COURSES[course],
                str(outcome.complaints),
                str(outcome.case_first),
                "—" if outcome.took is None else f"{outcome.took / _HOUR:.1f}",
                *(str(outcome.movements[one]) for one in Movement),
                f"{outcome.stars_first / standing:.2f} → {outcome.stars_now / standing:.2f}"
                if standing
                else "—",
            )
        )
    return table(_HEADS, rows)
