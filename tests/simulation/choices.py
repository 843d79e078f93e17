"""One function behind everything that could also have gone otherwise: `choose`.

Which task goes on, what order things arrive in, whether a call fails and how: each is a number below `n`, and 0 is
the uneventful one. So a run is fully told by the picks that are not 0, each under its label and how often that label
had come before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from typing import NamedTuple

NEXT = "next"
RACE = "race"
FAULT = "fault "
# A fault's label begins with so many words that name its place: "fault dynamodb.query by relay_timeline".
_PLACE = 4
# How often a place breaks that is prone to.
_MOST_OFTEN = 0.3

# A label and how often it had come before.
Point = tuple[str, int]
Plan = Mapping[Point, int]
# Number of options, point -> pick.
Source = Callable[[int, Point], int]


class Choice(NamedTuple):
    """One choice that was met: where, out of how many, and what was picked."""

    point: Point
    options: int
    pick: int

    @property
    def is_fault(self) -> bool:
        """Whether it decides if something breaks."""
        return self.point[0].startswith(FAULT)


@dataclass(slots=True)
class Choices:
    """Asks the source and remembers what it said."""

    source: Source
    met: list[Choice] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def choose(self, n: int, label: str) -> int:
        """A number from 0 to n - 1."""
        if n < 2:
            return 0
        times = self._seen.get(label, 0)
        self._seen[label] = times + 1
        point = (label, times)
        pick = self.source(n, point)
        self.met.append(Choice(point, n, pick))
        return pick

    @property
    def plan(self) -> dict[Point, int]:
        """What tells this run from the uneventful one."""
        return {one.point: one.pick for one in self.met if one.pick}

    @property
    def faults(self) -> int:
        """How many things broke."""
        return sum(one.is_fault and one.pick > 0 for one in self.met)


def trace(met: Iterable[Choice]) -> str:
    """Equal for two runs that went the same way."""
    digest = blake2b(digest_size=8)
    for one in met:
        digest.update(f"{one.point}{one.options}{one.pick}\n".encode())
    return digest.hexdigest()


def planned(plan: Plan) -> Source:
    """Uneventful but for the plan."""
    return lambda n, point: min(plan.get(point, 0), n - 1)


def seeded(seed: int, *, faults: int | None) -> Source:
    """At random. How wild it goes is drawn first: some runs break early and often, some once and late; in some
    anything may break, in others a few places do, again and again; in some everybody goes on until they wait, in
    others anybody may be next at any call. `faults` bounds what breaks; None never stops."""
    rng = Random(seed)
    rate = rng.choice((0.003, 0.01, 0.03, 0.1))
    # Of the places that can break; two faults that need each other rarely meet where all can
    # (Groce et al., Swarm Testing, ISSTA 2012).
    prone = rng.choice((1.0, 0.3, 0.1))
    restless = rng.choice((0.0, 0.05, 0.3, 1.0))
    often = min(_MOST_OFTEN, rate / prone)
    places: dict[str, bool] = {}
    known: dict[str, bool] = {}
    left = [faults]

    def breaks(label: str) -> bool:
        can = known.get(label)
        if can is None:
            place = " ".join(label.split(" ", _PLACE)[:_PLACE])
            if place not in places:
                places[place] = rng.random() < prone
            can = known[label] = places[place]
        return can and rng.random() < often

    def pick(n: int, point: Point) -> int:
        label = point[0]
        if label.startswith(FAULT):
            if left[0] == 0 or not breaks(label):
                return 0
            if left[0] is not None:
                left[0] -= 1
            return rng.randrange(1, n)
        if label == NEXT and rng.random() >= restless:
            return 0
        return rng.randrange(n)

    return pick
