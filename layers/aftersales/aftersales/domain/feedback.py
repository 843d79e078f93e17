"""Feedback: a buyer's verdict on one delivered order, from submission to withdrawal.

`POSSIBLE` says what can be done in which status and `ACTORS` by whom; the functions below them are the acts. Each
takes the feedback as it was read and returns the `Change` to commit: the next version and one entry that tells it.
None of them reads a clock. What is shown is decided in `moderation`, which knows nothing of the verdict.

    (new) ── published ◄─ restore ─ hidden
      │          │  └──── hide ────►  │ edit
      └─ held ◄──┼────────────────────┘        each but withdrawn may be withdrawn, and counts nothing from then on
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from aftersales.domain import moderation
from aftersales.domain.calendar import Period
from aftersales.domain.evidence import MAX_PER_FEEDBACK, Evidence, find
from aftersales.domain.feedback_terms import FeedbackTerms
from aftersales.domain.moderation import Action, Look, Reason, Standing, Status
from aftersales.domain.order import Order
from aftersales.domain.parties import POLICY, Party, Role
from aftersales.domain.polarity import Polarity, PolarityValue, judge, polarity
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.domain.sentiment import Sentiment


class Dimension(StrEnum):
    """What can be scored beside the whole."""

    ITEM_AS_DESCRIBED = "item_as_described"
    SELLER_SERVICE = "seller_service"
    DELIVERY = "delivery"
    PLATFORM = "platform"


class Event(StrEnum):
    """What can happen to feedback, in the past tense."""

    LEFT = "feedback_left"
    EDITED = "feedback_edited"
    WITHDRAWN = "feedback_withdrawn"
    REPLIED = "feedback_replied"
    HIDDEN = "feedback_hidden"
    RESTORED = "feedback_restored"
    PHOTO_CHECKED = "feedback_photo_checked"
    COMMENT_READ = "feedback_comment_read"


class Act(StrEnum):
    """What can be done to feedback that was left."""

    EDIT = "edit"
    WITHDRAW = "withdraw"
    REPLY = "reply"
    HIDE = "hide"
    RESTORE = "restore"


_LIVE = frozenset({Status.PUBLISHED, Status.HELD, Status.HIDDEN})
_READABLE = frozenset({Status.PUBLISHED, Status.HELD})

# Act -> the statuses in which it is possible; a reviewer's two stand in `moderation` and depend on a look as well.
POSSIBLE: Mapping[Act, frozenset[Status]] = {
    Act.EDIT: _LIVE,
    Act.WITHDRAW: _LIVE,
    Act.REPLY: _READABLE,
}
ACTORS: Mapping[Act, Role] = {
    Act.EDIT: Role.BUYER,
    Act.WITHDRAW: Role.BUYER,
    Act.REPLY: Role.SELLER,
    Act.HIDE: Role.REVIEWER,
    Act.RESTORE: Role.REVIEWER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the buyer says: 1 to 5 stars, for the whole and for what they choose to score, and words."""

    score: int
    dimensions: Mapping[Dimension, int] = field(default_factory=dict)
    comment: str = ""
    polarity: Polarity

    def says_as(self, other: "Verdict") -> bool:
        """Whether its author said the same, whichever model has read it."""
        return (self.score, self.dimensions, self.comment) == (other.score, other.dimensions, other.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What the order was of."""

    sku: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The seller's one public answer. `edited_at` is when it was last changed."""

    text: str
    by: Party
    at: int
    edited_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One feedback as it stands. Times are epoch milliseconds.

    `edit_until` was fixed when it was left, and moved on where a reviewer hid it. `first_score` is that of the first
    version. `request_hash` is the body that left it, so that a repeated key with another body is noticed.
    """

    feedback_id: str
    order_id: str
    buyer_id: str
    seller_id: str
    products: tuple[Product, ...]
    verdict: Verdict
    photos: tuple[Evidence, ...] = ()
    standing: Standing
    reply: Reply | None = None
    request_hash: str
    version: int
    left_at: int
    updated_at: int
    edit_until: int
    first_score: int
    edited: bool = False

    @property
    def status(self) -> Status:
        """Whether it is shown."""
        return self.standing.status

    @property
    def live(self) -> bool:
        """Whether it was not withdrawn."""
        return self.status in _LIVE

    @property
    def negative(self) -> bool:
        """Whether its seller is alerted."""
        return self.live and self.verdict.polarity.value is PolarityValue.NEGATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the history of a feedback, which is also its outbox: what happened, by whom, when. Never changed.

    `seq` equals the version that the same transaction wrote. `data` keeps what was said: the verdict of this version,
    the text of a reply, the reason of a reviewer. `alerts` marks the one that made the feedback negative.
    """

    feedback_id: str
    seq: int
    at: int
    actor: Party
    event: Event
    alerts: bool = False
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def notice_id(self) -> str:
        """The id by which a receiver drops repeats."""
        return f"{self.feedback_id}:{self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One transaction: the feedback as it will be, and the entry that tells it. `frees_order` where its buyer may leave
    another one for the order afterwards."""

    feedback: Feedback
    entry: Entry
    frees_order: bool = False


def verdict_of(score: int, dimensions: Mapping[Dimension, int], comment: str) -> Verdict:
    """What was said, with its polarity."""
    judged = polarity(score, {str(name): one for name, one in dimensions.items()}, comment)
    return Verdict(score=score, dimensions=dimensions, comment=comment, polarity=judged)


def leave(
    *,
    feedback_id: str,
    order: Order,
    verdict: Verdict,
    photos: tuple[Evidence, ...] = (),
    burst: bool,
    terms: FeedbackTerms,
    request_hash: str,
    buyer: Party,
    now: int,
) -> Change:
    """The buyer of a delivered order says what they think of it. In a burst it is held for a look first."""
    if (buyer.role, buyer.id) != (Role.BUYER, order.buyer_id):
        raise not_found("order")
    if order.delivered_at is None or order.delivered_at > now:
        raise Refusal(Code.NOT_DELIVERED, "Feedback is left once the order was delivered.")
    closes_at = order.delivered_at + _days(terms.window_days)
    if now > closes_at:
        raise Refusal(
            Code.WINDOW_CLOSED,
            f"Feedback is left within {terms.window_days} days of delivery.",
            closed_at=closes_at,
        )
    products = dict.fromkeys(Product(sku=line.sku, category=line.category) for line in order.lines)
    feedback = Feedback(
        feedback_id=feedback_id,
        order_id=order.order_id,
        buyer_id=buyer.id,
        seller_id=order.seller_id,
        products=tuple(products),
        verdict=verdict,
        photos=_few(photos),
        standing=_standing(
            Status.HELD if burst else Status.PUBLISHED, Look.BURST if burst else None, verdict
        ),
        request_hash=request_hash,
        version=1,
        left_at=now,
        updated_at=now,
        edit_until=now + _days(terms.edit_days),
        first_score=verdict.score,
    )
    return Change(
        feedback=feedback,
        entry=_entry(feedback, Event.LEFT, buyer, now, _said(feedback), alerts=feedback.negative),
    )


def edit(
    feedback: Feedback,
    verdict: Verdict,
    *,
    photos: tuple[Evidence, ...] | None = None,
    by: Party,
    now: int,
) -> Change:
    """The buyer changes their mind, or mends what a reviewer hid, which is then held for another look. None leaves the
    photos as they are."""
    _require(Act.EDIT, feedback)
    if now > feedback.edit_until:
        raise Refusal(
            Code.WINDOW_CLOSED, "The time to edit this feedback is over.", closed_at=feedback.edit_until
        )
    before = feedback.standing
    if feedback.status is Status.HIDDEN:
        after = replace(before, status=Status.HELD, look=Look.FIXED)
    else:
        after = _judged_anew(before, verdict)
    shown = feedback.photos if photos is None else _few(photos)
    edited = replace(feedback, verdict=verdict, photos=shown, standing=after, edited=True)
    alerts = edited.negative and not feedback.negative
    return _change(edited, Event.EDITED, by, now, _said(edited), alerts=alerts)


def withdraw(feedback: Feedback, *, by: Party, now: int) -> Change:
    """The buyer takes it back. It counts nothing from now on, and its versions are kept.

    Another one may be left for the order only if this one was shown: what was held or hidden is not left anew past its
    reviewer.
    """
    _require(Act.WITHDRAW, feedback)
    after = replace(feedback, standing=replace(feedback.standing, status=Status.WITHDRAWN, look=None))
    change = _change(after, Event.WITHDRAWN, by, now)
    return replace(change, frees_order=feedback.status is Status.PUBLISHED)


def reply(feedback: Feedback, text: str, *, by: Party, now: int) -> Change:
    """Its seller answers publicly: once, and may put it better later."""
    _require(Act.REPLY, feedback)
    known = feedback.reply
    said = replace(known, text=text, by=by, edited_at=now) if known else Reply(text=text, by=by, at=now)
    return _change(replace(feedback, reply=said), Event.REPLIED, by, now, {"text": text})


def moderate(
    feedback: Feedback, action: Action, reason: Reason, *, by: Party, terms: FeedbackTerms, now: int
) -> Change:
    """A reviewer hides it or shows it again. Its author has the time of an edit to mend what was hidden."""
    standing = moderation.moderate(
        feedback.standing,
        action,
        reason,
        parties=frozenset({feedback.buyer_id, feedback.seller_id}),
        by=by,
        now=now,
    )
    hidden = action is Action.HIDE
    edit_until = max(feedback.edit_until, now + _days(terms.edit_days)) if hidden else feedback.edit_until
    after = replace(feedback, standing=standing, edit_until=edit_until)
    return _change(after, Event.HIDDEN if hidden else Event.RESTORED, by, now, {"reason_code": reason})


def check_photo(feedback: Feedback, photo: Evidence, *, now: int) -> Change | None:
    """A photo was looked at. None where it was taken away meanwhile, or all of it taken back."""
    if not feedback.live or find(feedback.photos, photo.evidence_id) is None:
        return None
    photos = tuple(photo if one.evidence_id == photo.evidence_id else one for one in feedback.photos)
    said = {"evidence_id": photo.evidence_id, "state": photo.state, "reason": photo.reason}
    return _change(replace(feedback, photos=photos), Event.PHOTO_CHECKED, POLICY, now, said)


def read_comment(feedback: Feedback, comment: str, sentiment: Sentiment, *, now: int) -> Change | None:
    """Another model has read the comment: the verdict is judged anew by what it found, and says which model it was.

    None where it read so before, or where the author has said something else meanwhile, which is read in its turn.
    """
    said = feedback.verdict
    if not feedback.live or said.comment != comment or said.polarity.source == sentiment.model:
        return None
    scores = {str(name): score for name, score in said.dimensions.items()}
    verdict = replace(said, polarity=judge(said.score, scores, sentiment))
    standing = feedback.standing
    # What a reviewer hid waits for its author, and not for a look at how it reads.
    after = standing if feedback.status is Status.HIDDEN else _judged_anew(standing, verdict)
    judged = replace(feedback, verdict=verdict, standing=after)
    data = {"score": sentiment.score, "model": sentiment.model, "language": sentiment.language}
    alerts = judged.negative and not feedback.negative
    return _change(judged, Event.COMMENT_READ, POLICY, now, data, alerts=alerts)


def may_see(feedback: Feedback, reader: Party) -> bool:
    """What is published is everybody's; the rest is for its parties and the reviewers, once withdrawn not even for
    the seller."""
    if reader.role is Role.REVIEWER or (reader.role, reader.id) == (Role.BUYER, feedback.buyer_id):
        return True
    if (reader.role, reader.id) == (Role.SELLER, feedback.seller_id):
        return feedback.live
    return feedback.status is Status.PUBLISHED


def party_to(feedback: Feedback, reader: Party) -> bool:
    """Whether they may know which order, and whose, it is about."""
    return reader.role in (Role.REVIEWER, Role.PLATFORM) or (reader.role, reader.id) in (
        (Role.BUYER, feedback.buyer_id),
        (Role.SELLER, feedback.seller_id),
    )


def possible(feedback: Feedback, reader: Party, now: int) -> list[Act]:
    """What this reader can do with it now."""
    if not party_to(feedback, reader):
        return []
    return [act for act, role in ACTORS.items() if role is reader.role and _possible(act, feedback, now)]


def _possible(act: Act, feedback: Feedback, now: int) -> bool:
    match act:
        case Act.HIDE:
            return feedback.standing.hideable
        case Act.RESTORE:
            return feedback.standing.restorable
        case Act.EDIT if now > feedback.edit_until:
            return False
    return feedback.status in POSSIBLE[act]


def _require(act: Act, feedback: Feedback) -> None:
    if feedback.status not in POSSIBLE[act]:
        raise Refusal(Code.ACT_NOT_POSSIBLE, f"This feedback is {feedback.status}.", status=feedback.status)


def _judged_anew(before: Standing, verdict: Verdict) -> Standing:
    """The same but for a contradiction, which follows the verdict."""
    look = None if before.look is Look.CONTRADICTION else before.look
    return replace(_standing(before.status, look, verdict), moderation=before.moderation)


def _standing(status: Status, look: Look | None, verdict: Verdict) -> Standing:
    """What contradicts itself is marked for a look, and shown meanwhile."""
    marked = Look.CONTRADICTION if verdict.polarity.contradiction else None
    return Standing(status=status, look=look or marked)


def _change(
    feedback: Feedback,
    event: Event,
    by: Party,
    now: int,
    data: Mapping[str, object] | None = None,
    *,
    alerts: bool = False,
) -> Change:
    after = replace(feedback, version=feedback.version + 1, updated_at=now)
    return Change(feedback=after, entry=_entry(after, event, by, now, data or {}, alerts=alerts))


def _entry(
    feedback: Feedback, event: Event, by: Party, now: int, data: Mapping[str, object], *, alerts: bool
) -> Entry:
    return Entry(
        feedback_id=feedback.feedback_id,
        seq=feedback.version,
        at=now,
        actor=by,
        event=event,
        alerts=alerts,
        data=data,
    )


def _few(photos: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    if len(photos) > MAX_PER_FEEDBACK:
        raise Refusal(Code.EVIDENCE_LIMIT, f"A feedback shows at most {MAX_PER_FEEDBACK} photos.")
    return photos


def _said(feedback: Feedback) -> Mapping[str, object]:
    said, photos = feedback.verdict, [one.evidence_id for one in feedback.photos]
    words = {"score": said.score, "dimensions": dict(said.dimensions), "comment": said.comment}
    return words | ({"photos": photos} if photos else {})


def _days(days: int) -> int:
    return Period(days=days).millis
