"""Whether a verdict is positive or negative, with its reasons. It moves feedback and alerts, and never money."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_NEGATIVE_UP_TO, _POSITIVE_FROM = 2, 4
RULES = "rules"


class PolarityValue(StrEnum):
    """The direction of a verdict."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polarity:
    """The direction, stable codes of what spoke for it, whether its parts contradict each other, and what judged."""

    value: PolarityValue
    reasons: tuple[str, ...] = ()
    contradiction: bool = False
    source: str = RULES


def polarity(score: int, dimensions: Mapping[str, int], comment: str) -> Polarity:  # noqa: ARG001 - read next
    """The score decides; a dimension at the other end of the scale contradicts it."""
    value = _of(score)
    ends = {_of(one) for one in dimensions.values()}
    opposite = {
        PolarityValue.POSITIVE: PolarityValue.NEGATIVE,
        PolarityValue.NEGATIVE: PolarityValue.POSITIVE,
    }
    return Polarity(
        value=value,
        reasons=(f"score_{value}",),
        contradiction=bool(ends) and ends == {opposite.get(value)},
    )


def _of(score: int) -> PolarityValue:
    if score <= _NEGATIVE_UP_TO:
        return PolarityValue.NEGATIVE
    return PolarityValue.POSITIVE if score >= _POSITIVE_FROM else PolarityValue.NEUTRAL
