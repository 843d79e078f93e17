"""Feedback and ratings at the edge."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from aftersales.contracts.evidence import EvidenceBody, UploadView, upload_view
from aftersales.contracts.fields import Body, Comment, Id, Instant, Name, Text, View
from aftersales.contracts.pages import PageQuery, PeriodQuery
from aftersales.domain.digest import Reader, Rhythm
from aftersales.domain.evidence import MAX_PER_FEEDBACK, Evidence, EvidenceState
from aftersales.domain.feedback import Act, Dimension, Feedback, Verdict, party_to, possible, verdict_of
from aftersales.domain.moderation import REASONS, Action, Look, Reason, Status
from aftersales.domain.parties import Party, Role
from aftersales.domain.polarity import PolarityValue
from aftersales.domain.rating import SCORES, Mean, Rating, Share
from aftersales.usecases.act_on_feedback import Edit
from aftersales.usecases.feedback_ports import Subject
from aftersales.usecases.ports import Page, UploadForm
from aftersales.usecases.read_feedback import Wanted

Score = Annotated[int, Field(ge=1, le=5, strict=True)]
Photos = Annotated[list[EvidenceBody], Field(max_length=MAX_PER_FEEDBACK)]


class VerdictBody(Body):
    """1 to 5 stars for the whole, and for whatever the buyer chooses to score; words are shown as they are."""

    score: Score
    dimensions: Mapping[Dimension, Score] = {}
    comment: Comment = ""

    def to_verdict(self) -> Verdict:
        """The domain's word for it."""
        return verdict_of(self.score, self.dimensions, self.comment)


class FeedbackBody(VerdictBody):
    """A buyer's verdict on one of their orders, with the photos that will be uploaded."""

    order_id: Id
    photos: Photos = []


class EditBody(Body):
    """What is changed; what is not named stays as it was said. `photos` are added, and `without_photos` names those
    that are taken away."""

    score: Score | None = None
    dimensions: Mapping[Dimension, Score] | None = None
    comment: Comment | None = None
    photos: Photos = []
    without_photos: Annotated[list[Id], Field(max_length=MAX_PER_FEEDBACK)] = []

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what is to be changed")
        return self

    def to_edit(self) -> Edit:
        """The domain's word for it."""
        return Edit(
            score=self.score,
            dimensions=self.dimensions,
            comment=self.comment,
            photos=[photo.to_file() for photo in self.photos],
            without=frozenset(self.without_photos),
        )


class ReplyBody(Body):
    """The seller's public answer."""

    text: Text


class ModerationBody(Body):
    """What a reviewer does, and why, from the closed list."""

    action: Action
    reason_code: Reason

    @model_validator(mode="after")
    def _reason_is_of_the_action(self) -> Self:
        if self.reason_code not in REASONS[self.action]:
            raise ValueError(f"to {self.action}, choose one of {', '.join(sorted(REASONS[self.action]))}")
        return self


class FeedbackQuery(PeriodQuery):
    """Which of a seller's feedback: by polarity, score, time, and what the seller has not answered."""

    polarity: PolarityValue | None = None
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    unanswered: bool = False

    def to_wanted(self) -> Wanted:
        """The domain's word for it."""
        return Wanted(
            first=self.first,
            last=self.last,
            polarity=self.polarity,
            score=self.score,
            unanswered=self.unanswered,
        )


class ListFeedbackQuery(PageQuery, FeedbackQuery):
    """A page of them."""


class ExportFeedbackQuery(FeedbackQuery):
    """A page of the table. Pages put one behind the other are the whole of it: only the first has the heads. As many
    comments of 3,000 letters fit into the 6 MB that a function may answer."""

    limit: Annotated[int, Field(ge=1, le=400)] = 400
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class RatingQuery(Body):
    """Of the seller as a whole, or of one product."""

    sku: Name | None = None

    def to_subject(self, seller_id: str) -> Subject:
        """The domain's word for it."""
        return Subject(seller_id, self.sku)


class DigestBody(Body):
    """How often, and in which language. The mail goes to the address that the caller's account was verified for."""

    rhythm: Rhythm
    language: Literal["en", "zh"] = "en"


class DigestView(View):
    """A digest that somebody of a seller is sent, and when the next time."""

    seller_id: str
    rhythm: Rhythm
    language: str
    address: str
    due_at: Instant


class PolarityView(View):
    """The direction of a feedback, what spoke for it, and which model read the comment, as a score from -100 to 100."""

    value: PolarityValue
    reasons: list[str]
    source: str
    comment_score: int | None


class ReplyView(View):
    """The seller's answer."""

    text: str
    at: Instant
    edited_at: Instant | None


class ModerationView(View):
    """What a reviewer decided last. Who it was is the platform's business."""

    action: Action
    reason_code: Reason
    at: Instant


class PhotoView(View):
    """A photo; `reason` says why it was refused. Those that have not come or were refused are their author's alone."""

    evidence_id: str
    content_type: str
    state: EvidenceState
    reason: str | None


class FeedbackView(View):
    """A feedback; `first_score` is what it began with. Order, buyer, moderation and what waits for a look are shown to
    its parties and the reviewers; `possible` is what the reader can do now."""

    feedback_id: str
    seller_id: str
    skus: list[str]
    score: int
    dimensions: Mapping[Dimension, int]
    comment: str
    photos: list[PhotoView]
    polarity: PolarityView
    status: Status
    reply: ReplyView | None
    version: int
    left_at: Instant
    updated_at: Instant
    edited: bool
    first_score: int
    order_id: str | None
    buyer_id: str | None
    look: Look | None
    moderation: ModerationView | None
    edit_until: Instant | None
    possible: list[Act]


class SaidFeedbackView(FeedbackView):
    """A feedback as its author has just left or changed it, with an upload form for each photo that has not come."""

    uploads: list[UploadView]


class FeedbackPageView(View):
    """One page of feedback."""

    items: list[FeedbackView]
    next_cursor: str | None


class MeanView(View):
    """An average of stars; null where there are too few to say."""

    count: int
    average: float | None


class ShareView(View):
    """How many were positive; null where there are too few to say."""

    count: int
    positive: int | None
    percent: float | None


class ModerationCountsView(View):
    """How many, by stars, are shown, held for a look, and hidden. The shown ones are null where there are too few."""

    accepted: Mapping[str, int] | None
    held: Mapping[str, int]
    refused: Mapping[str, int]


class RatingView(View):
    """What the feedback of a seller or product adds up to. Below ten ratings, only how many there are."""

    seller_id: str
    sku: str | None
    count: int
    stars: Mapping[str, int] | None
    average: float | None
    bayesian_average: float | None
    polarity: Mapping[PolarityValue, int] | None
    positive: Mapping[str, ShareView]
    dimensions: Mapping[Dimension, MeanView]
    trend: Mapping[str, MeanView]
    moderation: ModerationCountsView


def feedback_view(feedback: Feedback, reader: Party, now: int) -> FeedbackView:
    """The feedback as this reader sees it."""
    return FeedbackView(**_fields(feedback, reader, now))


def said_feedback_view(
    feedback: Feedback, forms: Sequence[tuple[Evidence, UploadForm]], reader: Party, now: int
) -> SaidFeedbackView:
    """The feedback with its upload forms."""
    uploads = [upload_view(photo, form) for photo, form in forms]
    return SaidFeedbackView(**_fields(feedback, reader, now), uploads=uploads)


def _fields(feedback: Feedback, reader: Party, now: int) -> dict[str, Any]:
    mine, standing, verdict = party_to(feedback, reader), feedback.standing, feedback.verdict
    decided, reply = standing.moderation, feedback.reply
    author = (reader.role, reader.id) == (Role.BUYER, feedback.buyer_id)
    return {
        "feedback_id": feedback.feedback_id,
        "seller_id": feedback.seller_id,
        "skus": [product.sku for product in feedback.products],
        "score": verdict.score,
        "dimensions": verdict.dimensions,
        "comment": verdict.comment,
        "photos": [
            _photo_view(one) for one in feedback.photos if author or one.state is EvidenceState.ACCEPTED
        ],
        "polarity": PolarityView(
            value=verdict.polarity.value,
            reasons=list(verdict.polarity.reasons),
            source=verdict.polarity.source,
            comment_score=verdict.polarity.comment_score,
        ),
        "status": feedback.status,
        "reply": ReplyView(text=reply.text, at=reply.at, edited_at=reply.edited_at) if reply else None,
        "version": feedback.version,
        "left_at": feedback.left_at,
        "updated_at": feedback.updated_at,
        "edited": feedback.edited,
        "first_score": feedback.first_score,
        "order_id": feedback.order_id if mine else None,
        "buyer_id": feedback.buyer_id if mine else None,
        "look": standing.look if mine else None,
        "moderation": (
            ModerationView(action=decided.action, reason_code=decided.reason, at=decided.at)
            if decided and mine
            else None
        ),
        "edit_until": feedback.edit_until if reader.role is Role.BUYER and mine else None,
        "possible": possible(feedback, reader, now),
    }


def digest_view(reader: Reader) -> DigestView:
    """The digest as its reader sees it."""
    return DigestView(
        seller_id=reader.seller_id,
        rhythm=reader.rhythm,
        language=reader.contact.language,
        address=reader.contact.email,
        due_at=reader.due_at,
    )


def feedback_page_view(page: Page[Feedback], reader: Party, now: int) -> FeedbackPageView:
    """One page of feedback."""
    return FeedbackPageView(
        items=[feedback_view(one, reader, now) for one in page.items], next_cursor=page.next_cursor
    )


def rating_view(rating: Rating, subject: Subject) -> RatingView:
    """The rating as everybody sees it."""
    return RatingView(
        seller_id=subject.seller_id,
        sku=subject.sku,
        count=rating.count,
        stars=_by_star(rating.stars) if rating.stars else None,
        average=_hundredths(rating.mean.average),
        bayesian_average=_hundredths(rating.bayesian),
        polarity=rating.polarity,
        positive={name: _share_view(share) for name, share in rating.positive.items()},
        dimensions={name: _mean_view(mean) for name, mean in rating.dimensions.items()},
        trend={month: _mean_view(mean) for month, mean in rating.trend.items()},
        moderation=ModerationCountsView(
            accepted=_by_star(rating.stars) if rating.stars else None,
            held=_by_star(rating.held),
            refused=_by_star(rating.hidden),
        ),
    )


def _photo_view(photo: Evidence) -> PhotoView:
    return PhotoView(
        evidence_id=photo.evidence_id,
        content_type=photo.content_type,
        state=photo.state,
        reason=photo.reason,
    )


def _mean_view(mean: Mean) -> MeanView:
    return MeanView(count=mean.count, average=_hundredths(mean.average))


def _share_view(share: Share) -> ShareView:
    return ShareView(
        count=share.count,
        positive=share.positive,
        percent=None if share.permille is None else share.permille / 10,
    )


def _hundredths(value: int | None) -> float | None:
    return None if value is None else value / 100


def _by_star(counts: Mapping[int, int]) -> Mapping[str, int]:
    return {str(score): counts[score] for score in SCORES}
