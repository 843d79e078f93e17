"""Every interleaving of a small race.

Four workers decide one case in the same moment: its seller approves, a reviewer declines, its buyer withdraws, and by
the clock of the fourth, which is ahead, its deadline has passed. Each gives way at every call. All orders of all calls
are gone through, depth first, by playing a prefix again and then taking the next branch. Two orders that lead to the
same tables and to workers that have heard the same go on alike, so what follows is gone through once; how many orders
there are in all follows from the graph of those states.
"""

from dataclasses import dataclass, field

from tests.builders import BUYER, REVIEWER, SELLER
from tests.simulation.choices import RACE, Point
from tests.simulation.journeys import Market
from tests.simulation.requests import http_event
from tests.simulation.storm import Outcome, play
from tests.simulation.world import DAY

State = int
_END = 0
_AHEAD = 2_000


class _KnownState(BaseException):
    """What follows from here has been gone through."""


@dataclass(slots=True)
class Exploration:
    """What was gone through: `ends` counts the final statuses, `orders` all interleavings."""

    runs: int = 0
    branches: dict[State, dict[int, State]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    broken: list[Outcome] = field(default_factory=list)
    start: State = _END

    @property
    def states(self) -> int:
        """How many different situations there were in which somebody had to go first."""
        return len(self.branches)

    @property
    def orders(self) -> int:
        """How many interleavings lead from the start to an end."""
        known: dict[State, int] = {_END: 1}

        def count(state: State) -> int:
            if state not in known:
                known[state] = sum(count(following) for following in self.branches[state].values())
            return known[state]

        return count(self.start)


def explore() -> Exploration:
    """All of it."""
    found = Exploration()
    prefixes: list[tuple[int, ...]] = [()]
    while prefixes:
        found.runs += 1
        _follow(prefixes.pop(), prefixes, found)
    return found


def _follow(prefix: tuple[int, ...], prefixes: list[tuple[int, ...]], found: Exploration) -> None:
    markets: list[Market] = []
    taken: list[int] = []
    last: list[tuple[State, int]] = []

    def arrived(state: State) -> None:
        if last:
            found.branches[last[-1][0]][last[-1][1]] = state
        elif not found.start:
            found.start = state

    def source(n: int, point: Point) -> int:
        if point[0] != RACE:
            return 0
        state = _state_of(markets[0])
        arrived(state)
        depth = len(taken)
        pick = prefix[depth] if depth < len(prefix) else 0
        if depth >= len(prefix):
            if state in found.branches:
                raise _KnownState
            found.branches[state] = {}
            prefixes.extend((*taken, other) for other in range(1, n))
        taken.append(pick)
        last.append((state, pick))
        return pick

    def script(market: Market) -> None:
        markets.append(market)
        market.begin("silent_seller", 1)
        market.world.scheduler.spawn("referee", lambda: _start(market))

    try:
        outcome = play(script, source)
    except _KnownState:
        return
    arrived(_END)
    for status in outcome.ends:
        found.ends[status] = found.ends.get(status, 0) + 1
    if outcome.broken:
        found.broken.append(outcome)


def _start(market: Market) -> None:
    """All four, a moment before the deadline or after it."""
    world = market.world
    case_id = next(iter(market.opened), "")
    while not (
        case_id and world.until(case_id, lambda row: row["status"]["S"] == "under_review", patience=DAY)
    ):
        world.scheduler.sleep(1_000)
        case_id = next(iter(market.opened), "")
    row = world.case_row(case_id)
    assert row
    world.scheduler.wait(int(row["deadline_at"]["N"]) - _AHEAD)
    approval = {"decision": "approve", "reason_code": "fair", "note": ""}
    decision, withdrawal = f"/cases/{case_id}/decision", f"/cases/{case_id}/withdrawal"
    starters = {
        "seller": http_event("POST", decision, approval, {}, SELLER),
        "reviewer": http_event("POST", decision, approval | {"decision": "decline"}, {}, REVIEWER),
        "buyer": http_event("POST", withdrawal, {}, {}, BUYER),
        "deadline": ("sweep_deadlines", {}),
    }
    racers = world.scheduler.racers

    def arrived(_answer: object, _failure: object) -> None:
        assert world.scheduler.current
        racers.discard(world.scheduler.current)

    for who, (folder, event) in starters.items():
        racer = world.invoke(folder, event, arrived, about=who)
        racers.add(racer)
        world.ahead[racer] = _AHEAD if who == "deadline" else 0


def _state_of(market: Market) -> State:
    """Tables and workers; equal if nothing that follows can tell the difference."""
    world = market.world
    rows = sorted(repr(row) for table in world.dynamodb.tables.values() for row in table.rows())
    workers = sorted((task.name, task.seen) for task in world.scheduler.racers)
    return hash((tuple(rows), tuple(workers))) or 1
