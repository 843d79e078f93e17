"""What follows from feedback: it is counted, and its seller and author are told. At least once each."""

from collections.abc import Iterable

from aftersales.domain.feedback import Entry, Feedback
from aftersales.domain.feedback_notice import Told, notice_of, told
from aftersales.domain.rating import delta, tally
from aftersales.usecases.commit import for_each, until_committed
from aftersales.usecases.feedback_ports import Counted, FeedbackDesk, FeedbackNotices, Subject

_ACKNOWLEDGED_WITHIN = 5 * 60 * 1000
_PER_SWEEP = 200


def relay_feedback(desk: FeedbackDesk, notices: FeedbackNotices, entry: Entry) -> None:
    """All effects of one entry, then the acknowledgement. May run any number of times, in any order."""
    feedback = count_feedback(desk, entry.feedback_id)
    event = told(entry)
    if event:
        notices.publish(notice_of(entry, event, feedback, _case_of(desk, feedback, event)))
    desk.store.mark_feedback_relayed(entry)


def count_feedback(desk: FeedbackDesk, feedback_id: str) -> Feedback:
    """Bring every rating that the feedback is part of up to it; answers the feedback.

    An entry is only a hint that something changed. What is counted is the feedback as it stands now, less what of it
    was counted before, so it does not matter which entries came, how often or in which order.
    """
    ratings = tuple(subjects(_known(desk, feedback_id)))

    def attempt() -> Feedback:
        # In this order: what was counted is read before the feedback, so it is never newer.
        counted = {subject: desk.store.counted(subject, feedback_id) for subject in ratings}
        feedback = _known(desk, feedback_id)
        worth = tally(feedback)
        for subject, before in counted.items():
            if worth != before.tally:
                after = Counted(before.version + 1, worth)
                desk.store.count(subject, feedback_id, after, delta(before.tally, worth))
        return feedback

    return until_committed(desk, attempt)


def subjects(feedback: Feedback) -> Iterable[Subject]:
    """The ratings that it is part of: its seller's, and those of the products of its order."""
    yield Subject(feedback.seller_id)
    for sku in dict.fromkeys(product.sku for product in feedback.products):
        yield Subject(feedback.seller_id, sku)


def sweep_feedback(desk: FeedbackDesk, notices: FeedbackNotices) -> int:
    """Carry again what was not acknowledged in five minutes; answers how many entries that were."""

    def carry(due: tuple[str, int]) -> None:
        entry = desk.store.unrelayed_feedback_entry(*due)
        if entry:
            relay_feedback(desk, notices, entry)

    return for_each(list(desk.store.unrelayed_feedback(desk.now() - _ACKNOWLEDGED_WITHIN, _PER_SWEEP)), carry)


def _known(desk: FeedbackDesk, feedback_id: str) -> Feedback:
    """Feedback is never deleted."""
    feedback = desk.store.feedback(feedback_id)
    if feedback is None:
        raise LookupError(feedback_id)
    return feedback


def _case_of(desk: FeedbackDesk, feedback: Feedback, event: Told) -> str | None:
    if event is not Told.NEGATIVE:
        return None
    order = desk.store.order_of_buyer(feedback.order_id)
    return desk.store.case_of_order(order) if order else None
