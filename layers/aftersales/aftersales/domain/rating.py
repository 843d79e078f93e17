"""What feedback adds up to. Every version of a feedback is worth a tally; a change is worth the difference of two.

A tally says, for each period (`ALL`, a month `2026-11`), how often each counter was counted; the days of a month are
counters of it. Tallies form a group under `plus`, so it does not matter in which order differences arrive, or over how
many shards they are spread: their sum is what a rebuild from scratch gives. Days are UTC; a feedback counts on the day
on which it was left, whenever it is edited.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from aftersales.domain.feedback import Dimension, Feedback
from aftersales.domain.feedback_terms import FeedbackTerms
from aftersales.domain.moderation import Status
from aftersales.domain.polarity import PolarityValue

Tally = Mapping[str, Mapping[str, int]]

ALL = "ALL"
NOTHING: Tally = {}
SCORES = (1, 2, 3, 4, 5)
WINDOWS = (30, 90, 365)
MONTHS = 12


def tally(feedback: Feedback) -> Tally:
    """What this version counts for: once, as long as it was not withdrawn."""
    if not feedback.live:
        return NOTHING
    verdict = feedback.verdict
    counted = Counter({_by_star(feedback.status, verdict.score): 1})
    if feedback.status is not Status.PUBLISHED:
        return {ALL: counted}
    counted[verdict.polarity.value] += 1
    for name, score in verdict.dimensions.items():
        counted[f"{name}_sum"] += score
        counted[f"{name}_count"] += 1
    day = day_of(feedback.left_at)
    of_day = Counter({_on(day, "count"): 1})
    if verdict.polarity.value is PolarityValue.POSITIVE:
        of_day[_on(day, "positive")] += 1
    return {ALL: counted, _month(day): counted + of_day}


def plus(*tallies: Tally) -> Tally:
    """All of them together."""
    return _summed((one, 1) for one in tallies)


def delta(before: Tally, after: Tally) -> Tally:
    """What has to be added where `before` is counted already."""
    return _summed(((after, 1), (before, -1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of `count` were positive, and how many in a thousand. None where there are too few to say: the numbers
    of a few would tell what each of them said."""

    count: int
    positive: int | None
    permille: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """An average in hundredths of a star, and None where there are too few to say."""

    count: int
    average: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What is shown of a seller or a product. Below `shown_from` ratings only `count` is told, and what was held or
    hidden, by stars; those two are always told, so that nobody has to believe that moderation is fair."""

    count: int
    stars: Mapping[int, int] | None
    mean: Mean
    bayesian: int | None
    positive: Mapping[str, Share]
    polarity: Mapping[PolarityValue, int] | None
    dimensions: Mapping[Dimension, Mean]
    trend: Mapping[str, Mean]
    held: Mapping[int, int]
    hidden: Mapping[int, int]


def rating(tallies: Iterable[Tally], *, today: date, terms: FeedbackTerms) -> Rating:
    """The rating that all shards of a subject add up to. They need not reach further back than `since(today)`."""
    total = plus(*tallies)
    ever: Mapping[str, int] = total.get(ALL, {})
    stars = {score: ever.get(_by_star(Status.PUBLISHED, score), 0) for score in SCORES}
    count, shown = sum(stars.values()), sum(stars.values()) >= terms.shown_from
    weighed = sum(score * times for score, times in stars.items())
    windows = {str(days): _share(*_window(total, today, days), terms) for days in WINDOWS}
    return Rating(
        count=count,
        stars=stars if shown else None,
        mean=_mean(weighed, count, terms),
        bayesian=(
            _rounded(100 * (weighed + terms.prior_score * terms.prior_weight), count + terms.prior_weight)
            if shown
            else None
        ),
        positive=windows | {"lifetime": _share(ever.get(PolarityValue.POSITIVE, 0), count, terms)},
        polarity={value: ever.get(value, 0) for value in PolarityValue} if shown else None,
        dimensions={
            name: _mean(ever.get(f"{name}_sum", 0), ever.get(f"{name}_count", 0), terms) for name in Dimension
        },
        trend={month: _mean(*_of_month(total.get(month, {})), terms) for month in _last_months(today)},
        held={score: ever.get(_by_star(Status.HELD, score), 0) for score in SCORES},
        hidden={score: ever.get(_by_star(Status.HIDDEN, score), 0) for score in SCORES},
    )


def since(today: date) -> str:
    """The oldest month that a rating looks at."""
    return _month(today - timedelta(days=max(WINDOWS) - 1))


def day_of(moment: int) -> date:
    """The day (UTC) of a moment in epoch milliseconds."""
    return datetime.fromtimestamp(moment // 1000, UTC).date()


def _summed(terms: Iterable[tuple[Tally, int]]) -> Tally:
    """Counters that come to nothing are left out, so that equal tallies are equal."""
    total: dict[str, Counter[str]] = {}
    for one, sign in terms:
        for period, counters in one.items():
            counted = total.setdefault(period, Counter())
            for name, times in counters.items():
                counted[name] += sign * times
    nonzero = {period: {name: n for name, n in one.items() if n} for period, one in total.items()}
    return {period: counters for period, counters in nonzero.items() if counters}


def _by_star(status: Status, score: int) -> str:
    return f"{status}_{score}"


def _on(day: date, what: str) -> str:
    return f"{what}_{day.day:02d}"


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _window(total: Tally, today: date, days: int) -> tuple[int, int]:
    """Positives and all of the last days, today included."""
    found = [today - timedelta(days=n) for n in range(days)]
    return (
        sum(total.get(_month(day), {}).get(_on(day, "positive"), 0) for day in found),
        sum(total.get(_month(day), {}).get(_on(day, "count"), 0) for day in found),
    )


def _of_month(counters: Mapping[str, int]) -> tuple[int, int]:
    times = {score: counters.get(_by_star(Status.PUBLISHED, score), 0) for score in SCORES}
    return sum(score * n for score, n in times.items()), sum(times.values())


def _last_months(today: date) -> Iterator[str]:
    """Oldest first, the current one last."""
    for back in reversed(range(MONTHS)):
        months = today.year * 12 + today.month - 1 - back
        yield f"{months // 12:04d}-{months % 12 + 1:02d}"


def _share(positive: int, count: int, terms: FeedbackTerms) -> Share:
    if count < terms.shown_from:
        return Share(count=count, positive=None, permille=None)
    return Share(count=count, positive=positive, permille=_rounded(1000 * positive, count))


def _mean(weighed: int, count: int, terms: FeedbackTerms) -> Mean:
    return Mean(count=count, average=_rounded(100 * weighed, count) if count >= terms.shown_from else None)


def _rounded(numerator: int, denominator: int) -> int:
    """Half up, in integers."""
    return (2 * numerator + denominator) // (2 * denominator)
