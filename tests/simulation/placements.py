"""Every placement of a few faults on one journey, each situation gone through once.

A placement is a set of up to `most` faults, each at a call or delivery of the run that the earlier ones made of the
journey, in one of its kinds; everything else is uneventful. The plain way (`plainly`) plays a schedule for each of
them. Most of those lead to a situation that is known: whether a worker dies at its third read or at its fourth, its
caller tries again a second later, and what follows is the same. So a schedule ends when, after its last fault, it
meets a situation (see `situation`) from which as many faults as it has left were placed before, or are about to be.

Nothing is lost by that: what follows a situation depends on it alone, so each placement that would have followed has
an equal one among those that are played, with the same end and the same violations. The graph of situations also says
how many placements the plain way would have played, and how they end: `Found.ends` is that count, and a test compares
it with the plain way's.

Timers go off at full seconds, those of ten minutes and more at full minutes: so workers that died a call earlier or
later meet again.
"""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from tests.simulation.choices import Choices, Plan, Point, planned
from tests.simulation.journeys import Market
from tests.simulation.situation import Digest, digest_of, may_be_told
from tests.simulation.storm import Outcome, at_once, play

TICK = 1_000
_CHUNK = 100

# Where the cases stand and what was violated.
End = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(slots=True, eq=False)
class _Situation:
    """One situation: what follows where nothing breaks until the next, and what after each fault on the way."""

    after_faults: list["_Situation"] = field(default_factory=list)
    then: "_Situation | None" = None
    end: End | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """A schedule to play: its plan, the choice at which its last fault stands, and how many faults it has left."""

    journey: str
    plan: Plan
    after: int
    left: int


@dataclass(frozen=True, slots=True)
class _Played:
    """What was met after the last fault: situations and faults to place, by their place among the choices."""

    situations: tuple[tuple[int, Digest], ...]
    faults: tuple[tuple[int, Point, int], ...]
    end: End | None
    broken: tuple[Plan, str] | None


@dataclass(slots=True)
class Found:
    """How many schedules were played and through how many situations, how all placements that these stand for end,
    and which of the schedules were broken."""

    runs: int = 0
    situations: int = 0
    complete: bool = True
    ends: Counter[End] = field(default_factory=Counter)
    broken: list[tuple[Plan, str]] = field(default_factory=list)

    @property
    def placements(self) -> int:
        """How many placements there are."""
        return self.ends.total()


# Digest -> from there, so many faults were placed or are about to be. Of this process and those it comes from.
_known: dict[Digest, int] = {}


class _Known(BaseException):
    """What follows from here is gone through elsewhere."""


def explore(
    journey: str,
    most: int,
    *,
    kinds: int | None = None,
    jobs: int = 1,
    until: float = float("inf"),
    told: Callable[[int], object] = lambda _: None,
) -> Found:
    """Every placement of up to `most` faults, those with fewer faults first; of each fault only the first `kinds`."""
    _known.clear()
    found, known, start = Found(), dict[Digest, _Situation](), _Situation()
    left, tasks = most, [(_Task(journey, {}, 0, most), start)]
    while tasks:
        following: list[tuple[_Task, _Situation]] = []
        with ExitStack() as stack:
            for (task, begin), played in zip(tasks, _play_all(tasks, jobs, stack), strict=True):
                found.runs += 1
                told(found.runs)
                found.broken += [played.broken] if played.broken else []
                following += _enter(task, begin, played, known, kinds)
                if time.monotonic() > until:
                    found.complete = False
                    break
        if not found.complete:
            break
        _known.update({digest: max(left, _known.get(digest, 0)) for digest in known.keys() - _known.keys()})
        left, tasks = left - 1, following
    found.situations = len(known)
    found.ends = _ends(start, most)
    return found


def plainly(journey: str, most: int, *, kinds: int | None = None) -> Iterator[Outcome]:
    """Every placement by a schedule of its own: the next fault is put at every place that comes after the last one,
    in the run that the earlier ones made of it."""

    def extended(plan: Plan, after: int, left: int) -> Iterator[Outcome]:
        outcome = play(at_once(journey), planned(plan), tick=TICK)
        yield outcome
        if not left:
            return
        for position, choice in enumerate(outcome.met):
            if position >= after and choice.is_fault:
                for pick in _picks(choice.options, kinds):
                    yield from extended({**plan, choice.point: pick}, position + 1, left - 1)

    yield from extended({}, 0, most)


def end_of(outcome: Outcome) -> End:
    """How a schedule ended."""
    return outcome.ends, tuple(sorted({one.invariant for one in outcome.broken}))


def _play_all(tasks: list[tuple[_Task, _Situation]], jobs: int, stack: ExitStack) -> Iterable[_Played]:
    todo = [task for task, _ in tasks]
    if jobs == 1 or len(todo) < _CHUNK:
        return map(_play, todo)
    # Forked now, the workers know what is known now.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"))
    stack.callback(pool.shutdown, cancel_futures=True)
    return pool.map(_play, todo, chunksize=_CHUNK)


def _play(task: _Task) -> _Played:
    situations: list[tuple[int, Digest]] = []
    choices: list[Choices] = []
    last: tuple[int, int] | None = None

    def script(market: Market) -> None:
        choices.append(market.world.choices)
        at_once(task.journey)(market)

    def watch(market: Market) -> None:
        nonlocal last
        world = market.world
        place, moment = len(world.choices.met), (world.ended, world.now)
        if place < task.after or world.broken or not may_be_told(world) or moment == last:
            return
        last = moment
        digest = digest_of(market)
        situations.append((place, digest))
        if _known.get(digest, -1) >= task.left:
            raise _Known
        _known[digest] = task.left

    outcome: Outcome | None = None
    with suppress(_Known):
        outcome = play(script, planned(task.plan), tick=TICK, watch=watch)
    met = choices[0].met
    return _Played(
        situations=tuple(situations),
        faults=tuple(
            (place, one.point, one.options)
            for place, one in enumerate(met)
            if task.left and place >= task.after and one.is_fault
        ),
        end=end_of(outcome) if outcome else None,
        broken=(task.plan, outcome.story) if outcome and outcome.broken else None,
    )


def _enter(
    task: _Task, begin: _Situation, played: _Played, known: dict[Digest, _Situation], kinds: int | None
) -> list[tuple[_Task, _Situation]]:
    """Put a schedule into the graph; answers the schedules with one fault more, each with where it begins."""
    stretches = [(task.after, begin)]
    stop = None
    for place, digest in played.situations:
        *_, (_, before) = stretches
        if (old := known.get(digest)) is not None:
            before.then, stop = old, place
            break
        before.then = known[digest] = _Situation()
        stretches.append((place, before.then))
    else:
        stretches[-1][1].end = played.end
    following: list[tuple[_Task, _Situation]] = []
    for place, point, options in played.faults:
        if stop is not None and place >= stop:
            break
        owner = next(one for start, one in reversed(stretches) if start <= place)
        for pick in _picks(options, kinds):
            child = _Situation()
            owner.after_faults.append(child)
            plan = {**task.plan, point: pick}
            following.append((_Task(task.journey, plan, place + 1, task.left - 1), child))
    return following


def _picks(options: int, kinds: int | None) -> range:
    return range(1, options if kinds is None else min(options, kinds + 1))


def _ends(start: _Situation, most: int) -> Counter[End]:
    """How all placements of up to `most` faults after a situation end."""
    counted: dict[tuple[_Situation, int], Counter[End]] = {}

    def count(situation: _Situation, left: int) -> Counter[End]:
        way: list[_Situation] = []
        here: _Situation | None = situation
        while here is not None and (here, left) not in counted:
            way.append(here)
            here = here.then
        total = counted[here, left] if here else Counter([way[-1].end] if way[-1].end else [])
        for one in reversed(way):
            parts = [count(child, left - 1) for child in one.after_faults] if left else []
            total = sum(parts, Counter(total))
            counted[one, left] = total
        return total

    return count(start, most)
