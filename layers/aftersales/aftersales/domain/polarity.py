"""Whether a verdict is positive or negative, with its reasons. It moves lists and alerts, and never money.

The stars are the buyer's own word and decide. Three stars say neither: there the dimensions and the comment decide.
Where one part praises and another complains, the verdict stays what the stars say and is marked for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.sentiment import Mood, Sentiment, sentiment_of

RULES = "rules"
"""The source where there was no comment to read."""

_NEGATIVE_UP_TO, _POSITIVE_FROM = 2, 4


class PolarityValue(StrEnum):
    """The direction of a verdict, or of a part of it."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class PolarityReason(StrEnum):
    """What spoke for a direction. The stars always say something, the other parts only where they take a side."""

    SCORE_POSITIVE = "score_positive"
    SCORE_NEUTRAL = "score_neutral"
    SCORE_NEGATIVE = "score_negative"
    DIMENSIONS_POSITIVE = "dimensions_positive"
    DIMENSIONS_NEGATIVE = "dimensions_negative"
    COMMENT_POSITIVE = "comment_positive"
    COMMENT_NEGATIVE = "comment_negative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polarity:
    """The direction, the stable codes of what spoke for it or against, whether the parts contradict each other, and
    which model read the comment, with its score from -100 to 100."""

    value: PolarityValue
    reasons: tuple[str, ...] = ()
    contradiction: bool = False
    source: str = RULES
    comment_score: int | None = None


def polarity(score: int, dimensions: Mapping[str, int], comment: str) -> Polarity:
    """The polarity of a verdict, its comment read by the lexicon. `score` and dimensions are 1 to 5 stars."""
    return judge(score, dimensions, sentiment_of(comment) if comment.strip() else None)


def judge(score: int, dimensions: Mapping[str, int], sentiment: Sentiment | None) -> Polarity:
    """The polarity of a verdict whose comment, if there is one, was read by any model."""
    stars = _direction(score)
    sides = [_side(dimensions), PolarityValue(sentiment.mood if sentiment else Mood.NEUTRAL)]
    parts = [
        (part, side)
        for part, side in zip(("dimensions", "comment"), sides, strict=True)
        if side is not PolarityValue.NEUTRAL
    ]
    named = [PolarityReason(f"{part}_{side}") for part, side in (("score", stars), *parts)]
    return Polarity(
        value=stars if stars is not PolarityValue.NEUTRAL else _agreed(sides),
        reasons=tuple(named),
        contradiction={stars, *sides} >= {PolarityValue.POSITIVE, PolarityValue.NEGATIVE},
        source=sentiment.model if sentiment else RULES,
        comment_score=sentiment.score if sentiment else None,
    )


def _direction(stars: int) -> PolarityValue:
    if stars <= _NEGATIVE_UP_TO:
        return PolarityValue.NEGATIVE
    return PolarityValue.POSITIVE if stars >= _POSITIVE_FROM else PolarityValue.NEUTRAL


def _side(dimensions: Mapping[str, int]) -> PolarityValue:
    """The side that some dimensions take and none opposes."""
    return _agreed([_direction(stars) for stars in dimensions.values()])


def _agreed(sides: list[PolarityValue]) -> PolarityValue:
    taken = set(sides) - {PolarityValue.NEUTRAL}
    return taken.pop() if len(taken) == 1 else PolarityValue.NEUTRAL
