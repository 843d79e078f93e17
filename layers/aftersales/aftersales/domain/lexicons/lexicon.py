"""What a lexicon is, and how its tables are written.

A table holds phrases by what they weigh: `-3: veio errado | quebrad*`. Phrases are compared as `words` sees them:
without case, accents and stretched letters; `*` stands for any ending of a word. What weighs something else when it
is denied says so behind a slash: `0/-3: recebi` counts only in "não recebi". Elsewhere a denied phrase counts half,
the other way round.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

# A word, a number, or one character: Han has no spaces, and a smiley or a question mark says something too.
_WORD = re.compile(r"[^\W\d_㐀-鿿]+|\d+|\S")
_ACCENTS = re.compile(r"[\u0300-\u036f'’]")
_STRETCHED = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1")

# Nobody writes longer words on purpose; a comment may be one word of 100 kB.
_LONGEST_STEM = 24

# The same in every language.
SIGNS = """
3: 😍 | 🥰 | 💖 | 💕 | ❤ | 🤩 | 👏 | 😊 | 🤗 | 😀 | 😁 | 😃 | 😄 | 💯 | 👍
1: 😉 | 🙂
-3: 😡 | 😠 | 🤬 | 👎 | 😤 | 💩 | 😢 | 😭 | 😞 | 😒 | 😔 | 🤮
-1: ? | 🙄 | 😕
"""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a phrase adds, and what it adds where it is denied."""

    affirmed: int
    denied: float


@dataclass(frozen=True, slots=True)
class Denial:
    """Denies what follows in its clause, and weighs something by itself: who is content denies little."""

    weight: int


@dataclass(frozen=True, slots=True)
class Degree:
    """Makes what follows count more, or less."""

    factor: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """What comes after it is what the writer wanted to say."""


type Meaning = Weight | Denial | Degree | Contrast


@dataclass(slots=True)
class Node:
    """A place in the tree of phrases: what may come next, and what the way here means, if it is a phrase."""

    following: dict[str, "Node"] = field(default_factory=dict)
    phrase: str = ""
    meaning: Meaning | None = None


@dataclass(frozen=True)
class Lexicon:
    """The words of one language; all but `language` are tables or lists of phrases divided by `|`.

    `common` are its everyday words, by which a text is seen to be in it; `han` where its script is enough for that.
    """

    language: str
    weights: str
    denials: str
    degrees: Mapping[float, str]
    contrasts: str
    common: str = ""
    han: bool = False

    @cached_property
    def tree(self) -> Node:
        """All phrases, word by word."""
        root = Node()
        for phrase, meaning in self.meanings():
            node = root
            for word in _spelled(phrase):
                node = node.following.setdefault(word, Node())
            node.phrase, node.meaning = phrase, meaning
        return root

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words that speak for this language: its common ones and all that begin a phrase."""
        own = (phrase for phrase, _ in self.meanings() if phrase not in _SIGNS)
        return frozenset(_spelled(phrase)[0] for phrase in own) | frozenset(words(self.common))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The words of which any ending will do, without their star."""
        spelled = (word for phrase, _ in self.meanings() for word in _spelled(phrase))
        return frozenset(word[:-1] for word in spelled if word.endswith("*") and word != "*")

    def readings(self, word: str) -> list[str]:
        """How the tree may spell a word: as it stands, by its longest stem, or without doubled letters."""
        stems = (
            word[:end] for end in range(min(len(word), _LONGEST_STEM), 0, -1) if word[:end] in self.stems
        )
        stem = next(stems, None)
        single = _DOUBLED.sub(r"\1", word)
        return [word, *([f"{stem}*"] if stem else []), *([single] if single != word else [])]

    def knows(self, word: str) -> bool:
        """Whether the word speaks for this language."""
        return (self.han and is_han(word)) or not self.vocabulary.isdisjoint(self.readings(word))

    def meanings(self) -> Iterator[tuple[str, Meaning]]:
        """Every phrase as it is written in the tables, with what it means."""
        yield from _weighed(SIGNS)
        yield from _weighed(self.weights)
        for factor, phrases in self.degrees.items():
            yield from ((phrase, Degree(factor)) for phrase in _listed(phrases))
        yield from ((phrase, Denial(weight.affirmed)) for phrase, weight in _weighed(self.denials))
        yield from ((phrase, Contrast()) for phrase in _listed(self.contrasts))


def words(text: str) -> list[str]:
    """A text as its words, numbers and signs; each Han character is a word. Never fails, whatever the text."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return _WORD.findall(_STRETCHED.sub(r"\1\1", plain))


def is_han(word: str) -> bool:
    """Whether the word is a Han character."""
    return "㐀" <= word[0] <= "鿿"


def is_kana(word: str) -> bool:
    """Whether the word is in the syllables of Japanese."""
    return "ぁ" <= word[0] <= "ヿ"


def _spelled(phrase: str) -> list[str]:
    """The words of a phrase of a table, each with its star."""
    spelled: list[str] = []
    for word in words(phrase):
        if word == "*":
            spelled[-1] += word
        else:
            spelled.append(word)
    return spelled


def _weighed(table: str) -> Iterator[tuple[str, Weight]]:
    for line in table.strip().splitlines():
        weights, _, phrases = line.partition(":")
        affirmed, _, denied = weights.partition("/")
        weight = Weight(int(affirmed), float(denied or -int(affirmed) / 2))
        yield from ((phrase, weight) for phrase in _listed(phrases))


def _listed(phrases: str) -> Iterator[str]:
    return (phrase for part in phrases.split("|") if (phrase := " ".join(part.split())))


_SIGNS = frozenset(phrase for phrase, _ in _weighed(SIGNS))
