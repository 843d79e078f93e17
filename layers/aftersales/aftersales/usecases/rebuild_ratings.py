"""Ratings from scratch, on a running desk: every feedback of a seller is counted anew, and what differs is mended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aftersales.domain.feedback import Feedback
from aftersales.domain.rating import Tally, plus
from aftersales.usecases.commit import until_committed
from aftersales.usecases.count_feedback import count_feedback, subjects
from aftersales.usecases.feedback_ports import FeedbackDesk, Subject
from aftersales.usecases.ports import every

_PAGE = 100
_END_OF_TIME = 10**15 - 1


@dataclass(frozen=True, slots=True)
class Drift:
    """A shard that was not what its feedback adds up to; it is now."""

    subject: Subject
    shard: int


def rebuild_ratings(desk: FeedbackDesk, seller_id: str) -> Iterator[Drift]:
    """Count what was never counted, then hold every shard of the seller's ratings against the feedback in it.

    Works a shard at a time and holds nothing up: a shard that is counted into meanwhile is summed up again.
    """
    found: set[Subject] = set()
    for feedback in feedback_of_seller(desk, seller_id):
        found.update(subjects(feedback))
        count_feedback(desk, feedback.feedback_id)
    for subject in sorted(found, key=lambda one: one.sku or ""):
        for shard in desk.store.shards():
            if until_committed(desk, lambda s=subject, n=shard: _mended(desk, s, n)):  # type: ignore[misc]
                yield Drift(subject, shard)


def feedback_of_seller(desk: FeedbackDesk, seller_id: str) -> Iterable[Feedback]:
    """All of it, newest first."""
    return every(
        lambda cursor: desk.store.feedback_of_seller(
            seller_id, first=0, last=_END_OF_TIME, limit=_PAGE, cursor=cursor
        )
    )


def _mended(desk: FeedbackDesk, subject: Subject, shard: int) -> bool:
    revision, counted, stands = desk.store.counted_in(subject, shard)
    should: Tally = plus(*(one.tally for one in counted.values()))
    if stands == should:
        return False
    desk.store.replace_tally(subject, shard, revision, stands, should)
    return True
