"""What reviewers do with feedback: look at what waits for them, hide, restore."""

from aftersales.contracts.feedback import (
    FeedbackPageView,
    FeedbackView,
    feedback_page_view,
    feedback_view,
)
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases import act_on_feedback, read_feedback

handler = Api("moderation_api", bootstrap.now)


@handler.operation
def list_feedback_to_look_at(call: Call) -> FeedbackPageView:
    """One page of what waits."""
    page = read_feedback.list_to_look_at(
        bootstrap.feedback_desk(), limit=call.query.limit, cursor=call.query.cursor
    )
    return feedback_page_view(page, call.party, call.now)


@handler.operation
def moderate_feedback(call: Call) -> FeedbackView:
    """Hide or restore."""
    feedback = act_on_feedback.moderate_feedback(
        bootstrap.feedback_desk(),
        call.path["feedback_id"],
        call.body.action,
        call.body.reason_code,
        by=call.party,
        if_match=call.if_match,
        receipt=call.receipt,
    )
    return feedback_view(feedback, call.party, call.now)
