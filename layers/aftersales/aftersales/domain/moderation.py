"""Whether feedback is shown: what reviewers decide, from a closed list of reasons, and what waits for their look.

Nothing here is given a score, a polarity or a word of what was written. A rule that cannot see the stars cannot
follow them; an architecture test keeps it so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.calendar import MINUTE
from aftersales.domain.feedback_terms import BurstTerms
from aftersales.domain.parties import Party
from aftersales.domain.refusal import Code, Refusal


class Status(StrEnum):
    """`held` waits for a reviewer before it is shown; `withdrawn` is final."""

    PUBLISHED = "published"
    HELD = "held"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"


class Look(StrEnum):
    """Why a person has to look: many came at once, the parts contradict each other, or its author mended it."""

    BURST = "burst"
    CONTRADICTION = "contradiction"
    FIXED = "fixed"


class Action(StrEnum):
    """What a reviewer does."""

    HIDE = "hide"
    RESTORE = "restore"


class Reason(StrEnum):
    """Why. The list is closed, and none of it is about how good or bad a feedback is."""

    PERSONAL_DATA = "personal_data"
    ABUSIVE_LANGUAGE = "abusive_language"
    THREAT = "threat"
    ILLEGAL_CONTENT = "illegal_content"
    ADVERTISING = "advertising"
    NOT_ABOUT_THE_ORDER = "not_about_the_order"
    COERCION = "coercion"
    NOT_GENUINE = "not_genuine"
    GENUINE = "genuine"
    FIXED_BY_AUTHOR = "fixed_by_author"
    HIDDEN_IN_ERROR = "hidden_in_error"


_SHOWS = frozenset({Reason.GENUINE, Reason.FIXED_BY_AUTHOR, Reason.HIDDEN_IN_ERROR})
REASONS: Mapping[Action, frozenset[Reason]] = {
    Action.HIDE: frozenset(Reason) - _SHOWS,
    Action.RESTORE: _SHOWS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """What a reviewer decided last."""

    action: Action
    reason: Reason
    by: Party
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether it is shown, why somebody has to look, and what was decided last."""

    status: Status = Status.PUBLISHED
    look: Look | None = None
    moderation: Moderation | None = None

    @property
    def hideable(self) -> bool:
        """Whether there is anything to hide."""
        return self.status in (Status.PUBLISHED, Status.HELD)

    @property
    def restorable(self) -> bool:
        """Whether it is not shown, or is shown and waits for a look that finds nothing wrong."""
        return self.status in (Status.HELD, Status.HIDDEN) or self.look is not None


def moderate(
    standing: Standing, action: Action, reason: Reason, *, parties: frozenset[str], by: Party, now: int
) -> Standing:
    """A reviewer hides it or shows it again. Nobody moderates what they are a party of."""
    if by.id in parties:
        raise Refusal(Code.FORBIDDEN, "Another reviewer decides: nobody moderates feedback of their own.")
    if reason not in REASONS[action]:
        raise Refusal(
            Code.INVALID, f"This is no reason to {action}.", possible_reasons=sorted(REASONS[action])
        )
    if not (standing.hideable if action is Action.HIDE else standing.restorable):
        raise Refusal(
            Code.ACT_NOT_POSSIBLE,
            f"It is {standing.status}; {action} is not possible.",
            status=standing.status,
        )
    return Standing(
        status=Status.HIDDEN if action is Action.HIDE else Status.PUBLISHED,
        moderation=Moderation(action=action, reason=reason, by=by, at=now),
    )


def is_burst(recent: Sequence[int], settled: Sequence[int], *, now: int, terms: BurstTerms) -> bool:
    """Whether the next one is held for a look, whichever way it points.

    `recent` are the times of the seller's newest feedbacks, `settled` of those older than `settled_hours`, both newest
    first. A seller without a settled history has no usual pace: whatever reaches `items` is unusual.

        settled pace ──┤◄── settled_hours ──►┤ now          items / (now - recent[-1]) > factor * settled pace
    """
    if not crowded(recent, now=now, terms=terms):
        return False
    if len(settled) < terms.items:
        return True
    usual_span = max(now - terms.settled_hours * 60 * MINUTE - settled[-1], 1)
    recent_span = max(now - recent[-1], 1)
    return terms.items * usual_span > terms.factor * len(settled) * recent_span


def crowded(recent: Sequence[int], *, now: int, terms: BurstTerms) -> bool:
    """Whether there are enough of them within `minutes` to ask what is usual."""
    return len(recent) >= terms.items and now - recent[-1] <= terms.minutes * MINUTE
