"""One schedule, and schedules by the thousand at random."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aftersales.domain.invariants import Violation
from tests.simulation.choices import Choice, Choices, Plan, Source, planned, seeded, trace
from tests.simulation.journeys import JOURNEYS, Market
from tests.simulation.process import running
from tests.simulation.story import tell
from tests.simulation.world import World

MOST_FAULTS = 6
_CASES = 3
# One schedule in so many never stops breaking; nothing need come to an end there, but nothing may be wrong either.
_RELENTLESS_EVERY = 10

# What happens in a world: sets people out.
Script = Callable[[Market], None]
# Looks at a world between any two of its steps.
Watch = Callable[[Market], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one schedule went."""

    broken: tuple[Violation, ...]
    met: tuple[Choice, ...]
    plan: Plan
    story: str
    steps: int
    ends: tuple[str, ...]

    @property
    def trace(self) -> str:
        """Equal for two schedules that went the same way."""
        return trace(self.met)

    @property
    def faults(self) -> int:
        """How many things broke on the way."""
        return sum(one.is_fault and one.pick > 0 for one in self.met)


def play(
    script: Script,
    source: Source,
    *,
    stream_is_down: bool = False,
    finishes: bool = True,
    tick: int = 1,
    watch: Watch | None = None,
) -> Outcome:
    """One schedule. Where faults end, everything must be final in the end."""
    choices = Choices(source)
    world = World(choices, stream_is_down=stream_is_down, tick=tick)
    with running(world):
        market = Market(world)
        script(market)
        if watch:
            world.between_steps = partial(watch, market)
        world.run()
        if finishes and not world.broken:
            market.close()
        ends = market.ends()
    broken = tuple(one for one in world.broken if finishes or one.invariant not in ("I4", "I5", "I9"))
    return Outcome(
        broken=broken,
        met=tuple(choices.met),
        plan=choices.plan,
        story=tell(world, market.opened) if broken else "",
        steps=world.scheduler.steps,
        ends=ends,
    )


# ---------------------------------------------------------------- at random


# A parcel takes steps of its own, and for weeks a carrier is asked every day about one under a label or with a debt on
# it. What takes longer is drawn less often, so that about as much time goes to each kind.
_DRAWN = [
    name
    for name, one in JOURNEYS.items()
    for _ in range(1 if one.labelled or one.ahead else 2 if one.kind != "refund" else 4)
]


def several_cases(market: Market) -> None:
    """Three cases on two orders, now and then a stranger."""
    choose = market.world.choose
    for number in range(1, _CASES + 1):
        market.begin(_DRAWN[choose(len(_DRAWN), "journey")], number)
    if choose(5, "stranger") == 1:
        market.pry()


def at_random(seed: int) -> Outcome:
    """The schedule of a seed."""
    relentless = seed % _RELENTLESS_EVERY == 0
    source = seeded(seed, faults=None if relentless else MOST_FAULTS)
    return play(several_cases, source, stream_is_down=seed % 7 == 3, finishes=not relentless)


def shrunk(seed: int, outcome: Outcome) -> Outcome:
    """The same violation with as little as possible that is out of the ordinary."""
    finishes, is_down = seed % _RELENTLESS_EVERY != 0, seed % 7 == 3
    wanted = {one.invariant for one in outcome.broken}

    def still_fails(plan: Plan) -> Outcome | None:
        again = play(several_cases, planned(plan), stream_is_down=is_down, finishes=finishes)
        return again if wanted & {one.invariant for one in again.broken} else None

    best, size = outcome, max(1, len(outcome.plan) // 2)
    while size:
        points = list(best.plan)
        for start in range(0, len(points), size):
            dropped = set(points[start : start + size])
            smaller = {point: pick for point, pick in best.plan.items() if point not in dropped}
            if (
                len(smaller) < len(best.plan)
                and (again := still_fails(smaller))
                and len(again.plan) < len(best.plan)
            ):
                best = again
        size //= 2
    return best


def at_once(*journeys: str) -> Script:
    """These journeys beside each other."""

    def script(market: Market) -> None:
        for number, name in enumerate(journeys, 1):
            market.begin(name, number)

    return script
