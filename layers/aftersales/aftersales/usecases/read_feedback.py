"""Feedback as people read it: one, a seller's list, what waits for a look, and what it all adds up to."""

from dataclasses import dataclass

from aftersales.domain.feedback import Feedback, may_see
from aftersales.domain.parties import Party
from aftersales.domain.polarity import PolarityValue
from aftersales.domain.rating import Rating, rating, since
from aftersales.domain.refusal import not_found
from aftersales.usecases.commit import refuse_other_sellers
from aftersales.usecases.feedback_ports import FeedbackDesk, Subject
from aftersales.usecases.ports import Page

# What DynamoDB reads by key at once.
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of a seller's feedback: left between `first` and `last`, and what else was chosen."""

    first: int
    last: int
    polarity: PolarityValue | None = None
    score: int | None = None
    unanswered: bool = False

    def includes(self, feedback: Feedback) -> bool:
        """Whether this one is wanted; its time is a matter of the index."""
        return (
            self.polarity in (None, feedback.verdict.polarity.value)
            and self.score in (None, feedback.verdict.score)
            and not (self.unanswered and feedback.reply)
        )


def read_feedback(desk: FeedbackDesk, feedback_id: str, reader: Party) -> Feedback:
    """One feedback, for whoever may see it."""
    feedback = desk.store.feedback(feedback_id)
    if feedback is None or not may_see(feedback, reader):
        raise not_found("feedback")
    return feedback


def list_feedback(
    desk: FeedbackDesk, seller_id: str, wanted: Wanted, reader: Party, *, limit: int, cursor: str | None
) -> Page[Feedback]:
    """A seller's feedback, newest first. A page may hold fewer than `limit` and still have a successor, as in lists of
    cases: no request reads more than one page of the index."""
    page = desk.store.feedback_of_seller(
        seller_id, first=wanted.first, last=wanted.last, limit=limit, cursor=cursor
    )
    seen = [one for one in page.items if may_see(one, reader) and wanted.includes(one)]
    return Page(seen, page.next_cursor)


def export_feedback(
    desk: FeedbackDesk, seller_id: str, wanted: Wanted, seller: Party, *, limit: int, cursor: str | None
) -> Page[Feedback]:
    """The same for its seller alone, and more of it at once: as many pages of the index as `limit` takes."""
    refuse_other_sellers(seller_id, seller)
    found: list[Feedback] = []
    read, next_cursor = 0, cursor
    while read < limit and (next_cursor or not read):
        size = min(limit - read, _PAGE)
        page = list_feedback(desk, seller_id, wanted, seller, limit=size, cursor=next_cursor)
        found += page.items
        read, next_cursor = read + size, page.next_cursor
    return Page(found, next_cursor)


def list_to_look_at(desk: FeedbackDesk, *, limit: int, cursor: str | None) -> Page[Feedback]:
    """What waits for a reviewer, the longest waiting first."""
    return desk.store.feedback_to_look_at(limit=limit, cursor=cursor)


def read_rating(desk: FeedbackDesk, subject: Subject) -> Rating:
    """What the feedback of a seller or product adds up to; of one that nobody knows, nothing."""
    now = desk.now()
    return rating(
        desk.store.tallies(subject, since(desk.today)),
        today=desk.today,
        terms=desk.policies.at(now).feedback,
    )
