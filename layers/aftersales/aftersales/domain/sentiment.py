"""The mood of a comment, from its words alone, in a way that can be explained: what counted, and how much.

A small lexicon a language holds phrases and what they weigh. A denial before a phrase turns it round ("not good"), a
degree makes it stronger or weaker ("very good"), and in a sentence with a contrast what comes after it counts more
("good, but broken"). That is all: irony is not understood, and words that are in no table say nothing.

The method is that of VADER (Hutto and Gilbert 2014, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis
of Social Media Text"): the window of a denial, the factors of a contrast and the squashing of the sum are its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from aftersales.domain.lexicons import LEXICONS, SIGNS_ONLY, VERSION
from aftersales.domain.lexicons.lexicon import (
    Contrast,
    Degree,
    Denial,
    Lexicon,
    Meaning,
    Weight,
    is_kana,
    words,
)

UNKNOWN = "und"
"""BCP 47 for a text whose language is not known: empty, or in none of the lexicons."""

MODEL = f"lexicon-{VERSION}"

# How far a denial and a degree reach, in words.
_DENIED, _GRADED = 4, 2
# VADER's: what a contrast does to the words before and after it, and the sum at which half the scale is about reached.
_BEFORE_CONTRAST, _AFTER_CONTRAST, _HALFWAY = 0.5, 1.5, 15.0

# A text is in a language if one in so many of its words is known there.
_KNOWN = 4

_CLAUSE_ENDS = frozenset(".,;!?:()。、")
_SENTENCE_ENDS = frozenset(".;!?。")

NEGATIVE_FROM, POSITIVE_FROM = -50, 20
"""The scores from which a mood is told; between them nothing is said. Chosen on the half for development."""


class Mood(StrEnum):
    """What a comment sounds like."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase of the lexicon that counted, and with what weight: after denial, degree and contrast."""

    phrase: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """The mood of one comment. `score` is from -100 to 100; `model` is what said so; `language` is BCP 47.

    `terms` explain the score of the lexicon, each phrase once, in the order of the text; another model has none.
    """

    score: int
    language: str
    model: str
    terms: tuple[Term, ...] = ()

    @property
    def mood(self) -> Mood:
        """What the score means."""
        if self.score <= NEGATIVE_FROM:
            return Mood.NEGATIVE
        return Mood.POSITIVE if self.score >= POSITIVE_FROM else Mood.NEUTRAL


@dataclass(frozen=True, slots=True)
class _Found:
    """A phrase of the text that the lexicon knows; `at` is the place of its first word and `to` behind its last."""

    at: int
    to: int
    phrase: str
    meaning: Meaning


def sentiment_of(comment: str) -> Sentiment:
    """The mood of a comment by the lexicon of its language. Never fails, whatever the text."""
    text = words(comment)
    lexicon, known = _lexicon_of(text)
    # Of a text in no language that is known, a stray word says nothing; its smileys do.
    spoken = sum(map(str.isalpha, text))
    language = lexicon.language if known * _KNOWN >= spoken > 0 else UNKNOWN
    terms = tuple(_counted(text, lexicon if language != UNKNOWN else SIGNS_ONLY))
    return Sentiment(score=_score(terms), language=language, model=MODEL, terms=terms)


def _lexicon_of(text: list[str]) -> tuple[Lexicon, int]:
    """The one that knows most of the words, the first of equals, and how many those are."""
    if any(map(is_kana, text)):
        return SIGNS_ONLY, 0  # Japanese has Chinese characters too
    known = [(lexicon, sum(map(lexicon.knows, text))) for lexicon in LEXICONS]
    return max(known, key=lambda one: one[1])


def _phrases(text: list[str], lexicon: Lexicon) -> Iterator[_Found]:
    """From left to right, at each place the longest phrase that begins there."""
    readings = [lexicon.readings(word) for word in text]
    at = 0
    while at < len(text):
        found = _longest(readings, at, lexicon)
        if found:
            yield found
        at = found.to if found else at + 1


def _longest(readings: list[list[str]], at: int, lexicon: Lexicon) -> _Found | None:
    nodes, to, found = [lexicon.tree], at, None
    while to < len(readings) and nodes:
        nodes = [node.following[word] for node in nodes for word in readings[to] if word in node.following]
        to += 1
        # A word is what it is spelled before it is what it begins with.
        known = next((node for node in nodes if node.meaning), None)
        if known and known.meaning:
            found = _Found(at, to, known.phrase, known.meaning)
    return found


def _counted(text: list[str], lexicon: Lexicon) -> Iterator[Term]:
    """What each phrase adds; of one that is repeated, only the place where it says most."""
    said: dict[str, float] = {}
    for sentence in _sentences(text):
        for phrase, weight in _weighed(sentence, list(_phrases(sentence, lexicon))):
            if abs(weight) > abs(said.get(phrase, 0)):
                said[phrase] = weight
    return (Term(phrase, weight) for phrase, weight in said.items())


def _weighed(sentence: list[str], found: list[_Found]) -> Iterator[tuple[str, float]]:
    """The phrases of one sentence, each with its weight after denial, degree and contrast."""
    turn = max((one.at for one in found if isinstance(one.meaning, Contrast)), default=None)
    factor, denied_to, graded_to, before = 1.0, 0, 0, 0
    for one in found:
        if not _CLAUSE_ENDS.isdisjoint(sentence[before : one.at]):
            denied_to = graded_to = 0
        before = one.at
        match one.meaning:
            case Degree(factor):
                graded_to = one.to + _GRADED
            case Denial(weight):
                denied_to = one.to + _DENIED
                yield one.phrase, weight * _emphasis(one.at, turn)
            case Weight(affirmed, denied):
                told = denied if one.at < denied_to else affirmed
                grade = factor if one.at < graded_to else 1.0
                yield one.phrase, told * grade * _emphasis(one.at, turn)


def _emphasis(at: int, turn: int | None) -> float:
    if turn is None:
        return 1.0
    return _AFTER_CONTRAST if at > turn else _BEFORE_CONTRAST


def _sentences(text: list[str]) -> Iterator[list[str]]:
    start = 0
    for at, word in enumerate(text, 1):
        if word in _SENTENCE_ENDS or at == len(text):
            yield text[start:at]
            start = at


def _score(terms: tuple[Term, ...]) -> int:
    total = sum(term.weight for term in terms)
    return round(100 * total / sqrt(total * total + _HALFWAY))
