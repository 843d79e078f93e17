"""Have a comment read by another model than the lexicon, after it was left or edited; never in its author's request."""

from aftersales.domain.feedback import Feedback, read_comment
from aftersales.usecases.commit import until_committed
from aftersales.usecases.feedback_ports import CommentReader, FeedbackDesk


def read_comment_again(desk: FeedbackDesk, reader: CommentReader, feedback_id: str) -> Feedback | None:
    """Judge the feedback anew by what the model reads in its comment; None where nothing is to be changed.

    The model is asked before the transaction. Who edits in between has said something else, and the entry of that edit
    has it read; the rest of what may happen in between (a photo, a reply) is read again and kept.
    """
    before = desk.store.feedback(feedback_id)
    if before is None or not before.live or not before.verdict.comment.strip():
        return None
    comment = before.verdict.comment
    sentiment = reader.read(comment)

    def attempt() -> Feedback | None:
        feedback = desk.store.feedback(feedback_id)
        change = read_comment(feedback, comment, sentiment, now=desk.now()) if feedback else None
        if change is None:
            return None
        desk.store.commit_feedback(change)
        return change.feedback

    return until_committed(desk, attempt)
