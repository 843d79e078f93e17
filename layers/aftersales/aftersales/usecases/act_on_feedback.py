"""What people do to feedback that was left: edit, withdraw, reply, moderate. One transaction each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aftersales.domain import feedback as rules
from aftersales.domain.evidence import Evidence, EvidenceState, PromisedFile, promised
from aftersales.domain.feedback import Change, Dimension, Feedback, Verdict, may_see, verdict_of
from aftersales.domain.moderation import Action, Reason
from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.usecases.commit import until_committed
from aftersales.usecases.feedback_ports import FeedbackDesk
from aftersales.usecases.ports import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What an author changes; None stays as it was said. `photos` are promised, those in `without` taken away."""

    score: int | None
    dimensions: Mapping[Dimension, int] | None
    comment: str | None
    photos: Sequence[PromisedFile] = ()
    without: frozenset[str] = frozenset()

    def of(self, said: Verdict) -> Verdict:
        """The verdict after the edit."""
        return verdict_of(
            said.score if self.score is None else self.score,
            said.dimensions if self.dimensions is None else self.dimensions,
            said.comment if self.comment is None else self.comment,
        )

    def photos_of(self, feedback: Feedback, by: Party) -> tuple[Evidence, ...]:
        """The photos after the edit. What was promised before and has not come is not promised twice, so that a repeat
        changes nothing; an id is never given again."""
        kept = [one for one in feedback.photos if one.evidence_id not in self.without]
        awaited = {one.promise for one in kept if one.state is EvidenceState.AWAITING_UPLOAD}
        new = [file for file in self.photos if file not in awaited]
        return (*kept, *promised(new, by, name=photo_name(feedback.version + 1)))


def photo_name(version: int) -> str:
    """What the ids of the photos begin with that a version promises."""
    return f"p{version}."


def edit_feedback(
    desk: FeedbackDesk, feedback_id: str, wanted: Edit, *, by: Party, if_match: int | None
) -> Feedback:
    """The author changes their mind. The same words again change nothing, so a repeat needs no key."""

    def edit(feedback: Feedback) -> Change | None:
        verdict, photos = wanted.of(feedback.verdict), wanted.photos_of(feedback, by)
        if verdict.says_as(feedback.verdict) and photos == feedback.photos:
            return None
        return rules.edit(feedback, verdict, photos=photos, by=by, now=desk.now())

    return _change(desk, feedback_id, edit, by=by, if_match=if_match)


def withdraw_feedback(desk: FeedbackDesk, feedback_id: str, *, by: Party, if_match: int | None) -> Feedback:
    """The author takes it back; once more is once."""

    def withdraw(feedback: Feedback) -> Change | None:
        return rules.withdraw(feedback, by=by, now=desk.now()) if feedback.live else None

    return _change(desk, feedback_id, withdraw, by=by, if_match=if_match)


def reply_to_feedback(
    desk: FeedbackDesk, feedback_id: str, text: str, *, by: Party, receipt: Receipt | None
) -> Feedback:
    """The seller answers, or puts the answer better."""
    return _change(
        desk,
        feedback_id,
        lambda feedback: rules.reply(feedback, text, by=by, now=desk.now()),
        by=by,
        receipt=receipt,
    )


def moderate_feedback(
    desk: FeedbackDesk,
    feedback_id: str,
    action: Action,
    reason: Reason,
    *,
    by: Party,
    if_match: int | None,
    receipt: Receipt | None,
) -> Feedback:
    """A reviewer hides it or shows it again."""
    return _change(
        desk,
        feedback_id,
        lambda feedback: rules.moderate(
            feedback,
            action,
            reason,
            by=by,
            terms=desk.policies.at(desk.now()).feedback,
            now=desk.now(),
        ),
        by=by,
        if_match=if_match,
        receipt=receipt,
    )


def _change(
    desk: FeedbackDesk,
    feedback_id: str,
    decide: Callable[[Feedback], Change | None],
    *,
    by: Party,
    if_match: int | None = None,
    receipt: Receipt | None = None,
) -> Feedback:
    """One act in one transaction; answers the feedback as it then is. It is there for whoever may act on it only: its
    author, its seller, a reviewer."""

    def attempt() -> Feedback:
        feedback = desk.store.feedback(feedback_id)
        if feedback is None or not _is_party(feedback, by):
            raise not_found("feedback")
        if receipt and _done_before(desk, receipt):
            return feedback
        if if_match is not None and if_match != feedback.version:
            raise Refusal(
                Code.VERSION_CONFLICT, "The feedback has changed since it was read.", version=feedback.version
            )
        change = decide(feedback)
        if change is None:
            return feedback
        desk.store.commit_feedback(change, receipt)
        return change.feedback

    return until_committed(desk, attempt)


def _is_party(feedback: Feedback, by: Party) -> bool:
    """Reading is everybody's, acting is not."""
    mine = {Role.BUYER: feedback.buyer_id, Role.SELLER: feedback.seller_id}
    return may_see(feedback, by) and mine.get(by.role, by.id) == by.id


def _done_before(desk: FeedbackDesk, receipt: Receipt) -> bool:
    known = desk.store.feedback_receipt(receipt.key, desk.now())
    if known and known.request_hash != receipt.request_hash:
        raise Refusal(Code.IDEMPOTENCY_KEY_REUSED, "This key was used for another request.")
    return known is not None
