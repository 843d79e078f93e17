"""What the complaints about one seller or one category are about: the terms that stand out against all others.

Log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words: Lexical Feature
Selection and Evaluation for Identifying the Content of Political Conflict", section 3.5.1): how much likelier a term
is inside a group than outside, shrunk towards what all complaints say and measured in standard deviations, so that
neither the commonest words nor the rarest win. A term counts once a comment, however often it is repeated there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

from aftersales.domain.lexicons import LEXICONS
from aftersales.domain.lexicons.lexicon import is_han, words

STANDS_OUT_FROM = 1.96
"""Standard deviations: a term that says nothing of the group stands out so far once in forty times."""

MIN_COMMENTS = 3
"""In so many comments of a group a term has to be: one buyer's own words are no theme, and stay that buyer's."""

# Written in every comment, and about nothing. Of Han characters any may be half of a word that is about something.
_EVERYDAY = frozenset(
    word
    for lexicon in LEXICONS
    for word in words(f"{lexicon.common} {lexicon.contrasts}")
    if word.isalpha() and not is_han(word)
)

# The weight of what all complaints say, in terms: a group has to have said about as much before it is heard over it.
_PRIOR = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A term that stands out in a group: one or two words, without case and accents. `inside` and `outside` count the
    comments with it; `weight` is its log-odds ratio in standard deviations."""

    term: str
    weight: float
    inside: int
    outside: int


def themes(comments: Iterable[tuple[Iterable[str], str]]) -> Mapping[str, tuple[Theme, ...]]:
    """The themes of each group, the strongest first; each comment comes with the groups it belongs to.

    Groups are in the order of their names, and the answer depends on nothing but what is in the comments.
    """
    overall: Counter[str] = Counter()
    by_group: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for groups, comment in comments:
        found = frozenset(_terms(comment))
        overall.update(found)
        for group in set(groups):
            by_group[group].update(found)
    return {group: tuple(_themes(by_group[group], overall)) for group in sorted(by_group)}


def _themes(inside: Counter[str], overall: Counter[str]) -> list[Theme]:
    said, said_by_all = inside.total(), overall.total()
    found = []
    for term, count in inside.items():
        if overall[term] == said_by_all:
            continue  # the one thing that anybody says: its odds are infinite on both sides
        outside = overall[term] - count
        prior = _PRIOR * overall[term] / said_by_all
        weight = _log_odds(count, said, outside, said_by_all - said, prior)
        if count >= MIN_COMMENTS and weight >= STANDS_OUT_FROM:
            found.append(Theme(term=term, weight=round(weight, 2), inside=count, outside=outside))
    whole = {(word, one.inside) for one in found for word in one.term.split() if word != one.term}
    # A word that is only ever said as a part of another theme is that theme.
    told = [one for one in found if (one.term, one.inside) not in whole]
    return sorted(told, key=lambda one: (-one.weight, one.term))


def _log_odds(inside: int, said_inside: int, outside: int, said_outside: int, prior: float) -> float:
    """Equations 16 and 18 to 20 of the paper."""
    here, there = inside + prior, outside + prior
    ratio = log(here / (said_inside + _PRIOR - here)) - log(there / (said_outside + _PRIOR - there))
    return ratio / sqrt(1 / here + 1 / there)


def _terms(comment: str) -> Iterator[str]:
    """Its words and pairs of neighbours, without everyday ones. A single Han character is no word, and two of them
    need no space."""
    spoken = words(comment)
    telling = [word.isalpha() and word not in _EVERYDAY for word in spoken]
    yield from (word for word, tells in zip(spoken, telling, strict=True) if tells and not is_han(word))
    for (one, tells), (other, tells_too) in pairwise(zip(spoken, telling, strict=True)):
        if tells and tells_too:
            yield f"{one}{other}" if is_han(one) and is_han(other) else f"{one} {other}"
