"""What sellers and authors are told of feedback: an entry of its history, without a word that anybody wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.feedback import Entry, Event, Feedback

KIND = "feedback"


class Told(StrEnum):
    """What somebody is told of. That something negative was said is told once, whether it was left or edited so."""

    NEGATIVE = "feedback_negative"
    REPLIED = "feedback_replied"
    HIDDEN = "feedback_hidden"
    RESTORED = "feedback_restored"


_TOLD = {Event.REPLIED: Told.REPLIED, Event.HIDDEN: Told.HIDDEN, Event.RESTORED: Told.RESTORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackNotice:
    """One change of one feedback. `notice_id` is stable, so that receivers can drop repeats.

    `case_id` is the order's case, open or past; where there is none, a case can be opened for what went wrong, and
    `link` invites to it. `link` is a path of the API.
    """

    notice_id: str
    event: str
    feedback_id: str
    order_id: str
    seller_id: str
    status: str
    polarity: str
    score: int
    reason: str | None = None
    case_id: str | None = None
    link: str
    at: int

    @property
    def attributes(self) -> Mapping[str, str]:
        """What subscribers may filter by, under the names that notices of cases have."""
        return {"seller_id": self.seller_id, "event": self.event, "kind": KIND, "status": self.status}


def told(entry: Entry) -> Told | None:
    """As what somebody is told of an entry, if anybody is."""
    return Told.NEGATIVE if entry.alerts else _TOLD.get(entry.event)


def notice_of(entry: Entry, event: Told, feedback: Feedback, case_id: str | None) -> FeedbackNotice:
    """The notice of an entry."""
    reason = entry.data.get("reason_code")
    if event is Told.NEGATIVE:
        link = f"/cases/{case_id}" if case_id else f"/orders/{feedback.order_id}"
    else:
        link = f"/feedback/{feedback.feedback_id}"
    return FeedbackNotice(
        notice_id=entry.notice_id,
        event=event,
        feedback_id=feedback.feedback_id,
        order_id=feedback.order_id,
        seller_id=feedback.seller_id,
        status=feedback.status,
        polarity=feedback.verdict.polarity.value,
        score=feedback.verdict.score,
        reason=str(reason) if reason else None,
        case_id=case_id,
        link=link,
        at=entry.at,
    )
