"""Feedback: buyers leave, edit and withdraw it, its seller replies, everybody reads it and what it adds up to."""

from aftersales.contracts.evidence import LinkView
from aftersales.contracts.feedback import (
    DigestView,
    FeedbackPageView,
    FeedbackView,
    RatingView,
    SaidFeedbackView,
    digest_view,
    feedback_page_view,
    feedback_view,
    rating_view,
    said_feedback_view,
)
from aftersales.domain.feedback import Feedback
from aftersales.domain.records import feedback_record
from aftersales.domain.spreadsheet import table
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Answer, Api, Call
from aftersales.usecases import act_on_feedback, handle_photos, mail_digests, read_feedback
from aftersales.usecases import leave_feedback as leaving

handler = Api("feedback_api", bootstrap.now)


@handler.operation
def leave_feedback(call: Call) -> Answer:
    """Leave feedback; the same key and body find the same feedback."""
    feedback, created = leaving.leave_feedback(
        bootstrap.feedback_desk(),
        call.body.order_id,
        call.body.to_verdict(),
        [photo.to_file() for photo in call.body.photos],
        buyer=call.party,
        idempotency_key=call.idempotency_key,
        request_hash=call.request_hash,
    )
    headers = {} if created else {"Idempotency-Replayed": "true"}
    return Answer(_said(feedback, call), call.route.status, headers)


@handler.operation
def get_feedback(call: Call) -> FeedbackView:
    """Read one feedback."""
    feedback = read_feedback.read_feedback(bootstrap.feedback_desk(), call.path["feedback_id"], call.party)
    return feedback_view(feedback, call.party, call.now)


@handler.operation
def edit_feedback(call: Call) -> SaidFeedbackView:
    """Change what was said."""
    feedback = act_on_feedback.edit_feedback(
        bootstrap.feedback_desk(),
        call.path["feedback_id"],
        call.body.to_edit(),
        by=call.party,
        if_match=call.if_match,
    )
    return _said(feedback, call)


@handler.operation
def view_photo(call: Call) -> LinkView:
    """Give a link to a photo."""
    url, expires_at = handle_photos.view_photo(
        bootstrap.feedback_desk(),
        bootstrap.evidence_files(),
        call.path["feedback_id"],
        call.path["evidence_id"],
        call.party,
    )
    return LinkView(url=url, expires_at=expires_at)


@handler.operation
def withdraw_feedback(call: Call) -> FeedbackView:
    """Take it back."""
    feedback = act_on_feedback.withdraw_feedback(
        bootstrap.feedback_desk(), call.path["feedback_id"], by=call.party, if_match=call.if_match
    )
    return feedback_view(feedback, call.party, call.now)


@handler.operation
def reply_to_feedback(call: Call) -> FeedbackView:
    """Answer publicly."""
    feedback = act_on_feedback.reply_to_feedback(
        bootstrap.feedback_desk(),
        call.path["feedback_id"],
        call.body.text,
        by=call.party,
        receipt=call.receipt,
    )
    return feedback_view(feedback, call.party, call.now)


@handler.operation
def list_feedback(call: Call) -> FeedbackPageView:
    """One page of a seller's feedback."""
    page = read_feedback.list_feedback(
        bootstrap.feedback_desk(),
        call.path["seller_id"],
        call.query.to_wanted(),
        call.party,
        limit=call.query.limit,
        cursor=call.query.cursor,
    )
    return feedback_page_view(page, call.party, call.now)


@handler.operation
def export_feedback(call: Call) -> Answer:
    """One page of a seller's own feedback for a spreadsheet; `Next-Cursor` leads to the next one."""
    page = read_feedback.export_feedback(
        bootstrap.feedback_desk(),
        call.path["seller_id"],
        call.query.to_wanted(),
        call.party,
        limit=call.query.limit,
        cursor=call.query.cursor,
    )
    records = [feedback_record(one, with_text=True) for one in page.items]
    headers = {"Next-Cursor": page.next_cursor} if page.next_cursor else {}
    return Answer(table(records, heads=call.query.cursor is None), call.route.status, headers)


@handler.operation
def put_digest(call: Call) -> DigestView:
    """Be told by mail."""
    reader = mail_digests.put_digest(
        bootstrap.feedback_desk(),
        call.path["seller_id"],
        rhythm=call.body.rhythm,
        language=call.body.language,
        by=call.party,
        address=call.address,
    )
    return digest_view(reader)


@handler.operation
def delete_digest(call: Call) -> None:
    """Be told no more."""
    mail_digests.delete_digest(
        bootstrap.feedback_desk(), call.path["seller_id"], by=call.party, address=call.address
    )


@handler.operation
def get_rating(call: Call) -> RatingView:
    """What it all adds up to."""
    subject = call.query.to_subject(call.path["seller_id"])
    return rating_view(read_feedback.read_rating(bootstrap.feedback_desk(), subject), subject)


def _said(feedback: Feedback, call: Call) -> SaidFeedbackView:
    forms = handle_photos.upload_forms(bootstrap.evidence_files(), feedback) if feedback.photos else []
    return said_feedback_view(feedback, forms, call.party, call.now)
