"""Every operation of the API in one table: who may call it, what it takes and what it answers.

The handlers register by operation name, the OpenAPI document is generated from it, and the tests compare it with
the template and ask every role for every operation.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from aftersales.contracts import cases, feedback, orders, public, subscriptions
from aftersales.domain.parties import Role

_EVERY_PARTY = frozenset({Role.BUYER, Role.SELLER, Role.REVIEWER})
_READERS = _EVERY_PARTY | {Role.PLATFORM}
_SIGNED_IN = _READERS | {Role.OPERATOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. No `roles` means that it is answered without a token."""

    operation: str
    method: Literal["GET", "PUT", "POST", "PATCH", "DELETE"]
    path: str
    function: str
    summary: str
    roles: frozenset[Role] = frozenset()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    key: Literal["required", "accepted", "none"] = "none"
    if_match: bool = False


def _post(**fields: Any) -> Route:
    return Route(method="POST", **{"key": "accepted"} | fields)


ROUTES: tuple[Route, ...] = (
    Route(
        operation="put_order",
        method="PUT",
        path="/orders/{order_id}",
        function="orders_api",
        summary="Write or update the snapshot of an order",
        roles=frozenset({Role.PLATFORM}),
        body=orders.OrderBody,
        answer=orders.OrderView,
    ),
    Route(
        operation="get_order",
        method="GET",
        path="/orders/{order_id}",
        function="orders_api",
        summary="Read an order with what is still refundable",
        roles=_READERS,
        answer=orders.OrderView,
    ),
    _post(
        operation="quote_case",
        path="/quotes",
        function="buyer_api",
        summary="See what an application would reserve and pay",
        roles=frozenset({Role.BUYER}),
        body=cases.QuoteBody,
        answer=cases.QuoteView,
        key="none",
    ),
    _post(
        operation="open_case",
        path="/cases",
        function="buyer_api",
        summary="Apply for a refund",
        roles=frozenset({Role.BUYER}),
        body=cases.OpenCaseBody,
        answer=cases.OpenedCaseView,
        status=201,
        key="required",
    ),
    _post(
        operation="withdraw_case",
        path="/cases/{case_id}/withdrawal",
        function="buyer_api",
        summary="Withdraw an application",
        roles=frozenset({Role.BUYER}),
        body=cases.EmptyBody,
        answer=cases.CaseView,
        if_match=True,
    ),
    _post(
        operation="open_dispute",
        path="/cases/{case_id}/dispute",
        function="buyer_api",
        summary="Ask the platform to decide",
        roles=frozenset({Role.BUYER}),
        body=cases.StatementBody,
        answer=cases.CaseView,
        status=201,
        if_match=True,
    ),
    _post(
        operation="appeal",
        path="/cases/{case_id}/appeal",
        function="buyer_api",
        summary="Ask another reviewer, once",
        roles=frozenset({Role.BUYER}),
        body=cases.StatementBody,
        answer=cases.CaseView,
        status=201,
        if_match=True,
    ),
    _post(
        operation="decide_case",
        path="/cases/{case_id}/decision",
        function="seller_api",
        summary="Approve, in whole or in part, or decline",
        roles=frozenset({Role.SELLER, Role.REVIEWER}),
        body=cases.DecisionBody,
        answer=cases.CaseView,
        if_match=True,
    ),
    Route(
        operation="put_subscription",
        method="PUT",
        path="/sellers/{seller_id}/subscriptions/{channel}",
        function="seller_api",
        summary="Be alerted by e-mail, HTTPS or SQS",
        roles=frozenset({Role.SELLER}),
        body=subscriptions.SubscriptionBody,
        answer=subscriptions.SubscriptionView,
    ),
    Route(
        operation="delete_subscription",
        method="DELETE",
        path="/sellers/{seller_id}/subscriptions/{channel}",
        function="seller_api",
        summary="Stop the alerts of a channel",
        roles=frozenset({Role.SELLER}),
        status=204,
    ),
    Route(
        operation="list_cases",
        method="GET",
        path="/cases",
        function="cases_api",
        summary="List own cases; reviewers see the queue by deadline",
        roles=_EVERY_PARTY,
        query=cases.ListCasesQuery,
        answer=cases.CasePageView,
    ),
    Route(
        operation="get_case",
        method="GET",
        path="/cases/{case_id}",
        function="cases_api",
        summary="Read a case",
        roles=_EVERY_PARTY,
        answer=cases.CaseView,
    ),
    Route(
        operation="get_timeline",
        method="GET",
        path="/cases/{case_id}/timeline",
        function="cases_api",
        summary="Read who did what, oldest first",
        roles=_EVERY_PARTY,
        query=cases.TimelineQuery,
        answer=cases.TimelineView,
    ),
    _post(
        operation="make_offer",
        path="/cases/{case_id}/offers",
        function="cases_api",
        summary="Offer another amount or kind, or counter an offer",
        roles=frozenset({Role.BUYER, Role.SELLER}),
        body=cases.OfferBody,
        answer=cases.CaseView,
        status=201,
        if_match=True,
    ),
    _post(
        operation="answer_offer",
        path="/cases/{case_id}/offers/{offer_id}/answer",
        function="cases_api",
        summary="Accept or refuse an offer",
        roles=frozenset({Role.BUYER, Role.SELLER}),
        body=cases.OfferAnswerBody,
        answer=cases.CaseView,
        if_match=True,
    ),
    _post(
        operation="make_statement",
        path="/cases/{case_id}/statements",
        function="cases_api",
        summary="State a view in a dispute",
        roles=frozenset({Role.BUYER, Role.SELLER}),
        body=cases.StatementBody,
        answer=cases.CaseView,
        status=201,
        if_match=True,
    ),
    _post(
        operation="send_message",
        path="/cases/{case_id}/messages",
        function="cases_api",
        summary="Write to the other parties",
        roles=_EVERY_PARTY,
        body=cases.MessageBody,
        answer=cases.CaseView,
        status=201,
    ),
    _post(
        operation="add_evidence",
        path="/cases/{case_id}/evidence",
        function="cases_api",
        summary="Promise one more photo and receive its upload form",
        roles=frozenset({Role.BUYER, Role.SELLER}),
        body=cases.EvidenceBody,
        answer=cases.AddedEvidenceView,
        status=201,
    ),
    Route(
        operation="view_evidence",
        method="GET",
        path="/cases/{case_id}/evidence/{evidence_id}",
        function="cases_api",
        summary="Receive a link to a photo; the view is recorded",
        roles=_EVERY_PARTY,
        answer=cases.LinkView,
    ),
    _post(
        operation="take_review",
        path="/cases/{case_id}/review",
        function="reviewer_api",
        summary="Take a disputed case in hand",
        roles=frozenset({Role.REVIEWER}),
        body=cases.EmptyBody,
        answer=cases.CaseView,
    ),
    Route(
        operation="release_review",
        method="DELETE",
        path="/cases/{case_id}/review",
        function="reviewer_api",
        summary="Give a case back to the queue",
        roles=frozenset({Role.REVIEWER}),
        answer=cases.CaseView,
    ),
    _post(
        operation="extend_deadline",
        path="/cases/{case_id}/extension",
        function="reviewer_api",
        summary="Give more time to whoever has the turn",
        roles=frozenset({Role.REVIEWER}),
        body=cases.ExtensionBody,
        answer=cases.CaseView,
    ),
    _post(
        operation="leave_feedback",
        path="/feedback",
        function="feedback_api",
        summary="Say what a delivered order was like",
        roles=frozenset({Role.BUYER}),
        body=feedback.FeedbackBody,
        answer=feedback.FeedbackView,
        status=201,
        key="required",
    ),
    Route(
        operation="get_feedback",
        method="GET",
        path="/feedback/{feedback_id}",
        function="feedback_api",
        summary="Read one feedback",
        roles=_READERS,
        answer=feedback.FeedbackView,
    ),
    Route(
        operation="edit_feedback",
        method="PATCH",
        path="/feedback/{feedback_id}",
        function="feedback_api",
        summary="Change one's feedback, or mend what a reviewer hid",
        roles=frozenset({Role.BUYER}),
        body=feedback.EditBody,
        answer=feedback.FeedbackView,
        if_match=True,
    ),
    _post(
        operation="reply_to_feedback",
        path="/feedback/{feedback_id}/reply",
        function="feedback_api",
        summary="Answer a feedback publicly, or put the answer better",
        roles=frozenset({Role.SELLER}),
        body=feedback.ReplyBody,
        answer=feedback.FeedbackView,
    ),
    Route(
        operation="list_feedback",
        method="GET",
        path="/sellers/{seller_id}/feedback",
        function="feedback_api",
        summary="List a seller's feedback, newest first",
        roles=_READERS,
        query=feedback.ListFeedbackQuery,
        answer=feedback.FeedbackPageView,
    ),
    Route(
        operation="get_rating",
        method="GET",
        path="/sellers/{seller_id}/rating",
        function="feedback_api",
        summary="What the feedback of a seller, or of one product, adds up to",
        roles=_SIGNED_IN,
        query=feedback.RatingQuery,
        answer=feedback.RatingView,
    ),
    Route(
        operation="list_feedback_to_look_at",
        method="GET",
        path="/feedback",
        function="moderation_api",
        summary="List what waits for a reviewer's look, the longest waiting first",
        roles=frozenset({Role.REVIEWER}),
        query=feedback.PageQuery,
        answer=feedback.FeedbackPageView,
    ),
    _post(
        operation="moderate_feedback",
        path="/feedback/{feedback_id}/moderation",
        function="moderation_api",
        summary="Hide a feedback, or show it again",
        roles=frozenset({Role.REVIEWER}),
        body=feedback.ModerationBody,
        answer=feedback.FeedbackView,
        if_match=True,
    ),
    Route(
        operation="withdraw_feedback",
        method="DELETE",
        path="/feedback/{feedback_id}",
        function="feedback_api",
        summary="Take one's feedback back",
        roles=frozenset({Role.BUYER}),
        answer=feedback.FeedbackView,
        if_match=True,
    ),
    _post(
        operation="resume_case",
        path="/cases/{case_id}/resumption",
        function="operator_api",
        summary="Send on a case whose refund waits for a person",
        roles=frozenset({Role.OPERATOR}),
        body=cases.EmptyBody,
        answer=cases.CaseProgressView,
    ),
    _post(
        operation="pay_elsewhere",
        path="/cases/{case_id}/payment",
        function="operator_api",
        summary="Close a case that was paid by another means, since the provider refuses it for good",
        roles=frozenset({Role.OPERATOR}),
        body=cases.PaidElsewhereBody,
        answer=cases.CaseProgressView,
    ),
    _post(
        operation="extend_market",
        path="/markets/{market}/extension",
        function="operator_api",
        summary="Give more time to every open case of a market",
        roles=frozenset({Role.OPERATOR}),
        body=cases.ExtensionBody,
        answer=cases.ExtensionView,
        status=202,
        key="required",
    ),
    Route(
        operation="stripe_event",
        method="POST",
        path="/webhooks/stripe",
        function="webhooks",
        summary="Stripe's signed events",
        answer=public.HeardView,
    ),
    Route(
        operation="get_health",
        method="GET",
        path="/health",
        function="public_api",
        summary="Whether the desk answers",
        answer=public.HealthView,
    ),
    Route(
        operation="get_openapi",
        method="GET",
        path="/openapi.json",
        function="public_api",
        summary="This document",
    ),
)
