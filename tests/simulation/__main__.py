"""The storm from the command line: `python -m tests.simulation --help`."""

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.simulation import placements, race, storm
from tests.simulation.drifts import DRIFTS, reconciled
from tests.simulation.journeys import JOURNEYS
from tests.simulation.plants import PLANTS, planted

_CHUNK = 50
_SHOWN = 3
_DRIFTS, _DRIFT_SEEDS, _CLEAN = 500, 200, 2_000


@dataclass(slots=True)
class Tally:
    """What a stretch of seeds came to."""

    schedules: int = 0
    faults: int = 0
    steps: int = 0
    cpu: float = 0.0
    broken: list[int] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.schedules += other.schedules
        self.faults += other.faults
        self.steps += other.steps
        self.cpu += other.cpu
        self.broken += other.broken
        return self


def main() -> int:
    """0 if nothing was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000, help="how many random schedules")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--replay", type=int, metavar="SEED", help="one seed, told and shrunk")
    parser.add_argument("--placements", type=int, metavar="K", help="every placement of up to K faults")
    parser.add_argument("--journey", choices=[*JOURNEYS, "all"], default="all", help="of --placements")
    parser.add_argument("--minutes", type=float, default=600, help="stop --placements after that")
    parser.add_argument("--race", action="store_true", help="every interleaving of the race for one case")
    parser.add_argument(
        "--drifts", action="store_true", help="500 drifts the reconciler has to tell, 2,000 worlds without"
    )
    parser.add_argument("--hash", action="store_true", help="of all traces: the same in every process")
    parser.add_argument("--plants", action="store_true", help="find every planted mistake")
    asked = parser.parse_args()
    if asked.replay is not None:
        return _replay(asked.replay)
    if asked.placements is not None:
        names = list(JOURNEYS) if asked.journey == "all" else [asked.journey]
        return max([_place(name, asked.placements, asked.minutes, asked.jobs) for name in names])
    if asked.race:
        return _race()
    if asked.hash:
        return _hash(asked.seed, asked.schedules)
    if asked.drifts:
        return _drift()
    if asked.plants:
        return max(_find(name, asked.seed, asked.schedules) for name in PLANTS)
    return _storm(asked.seed, asked.schedules, asked.jobs)


def _hash(first: int, schedules: int) -> int:
    """One number for everything that happened in all of them."""
    digest = hashlib.sha256()
    for seed in range(first, first + schedules):
        digest.update(storm.at_random(seed).trace.encode())
    print(f"{schedules} schedules from seed {first}: {digest.hexdigest()[:16]}")
    return 0


def _drift() -> int:
    """Every kind of drift by turns until there are enough, then worlds in which nothing drifted."""
    told: Counter[str] = Counter()
    untold: list[str] = []
    for seed in range(1, _DRIFT_SEEDS):
        for name, drift in DRIFTS.items():
            lines = reconciled(seed, name) if told.total() < _DRIFTS else None
            if lines is not None and drift.invariant in {line.split()[0] for line in lines}:
                told[name] += 1
            elif lines is not None:
                untold.append(f"{name}, seed {seed}: {lines}")
        _progress(f"{told.total()} drifts told, {len(untold)} not")
        if told.total() >= _DRIFTS:
            break
    print(
        f"\n{told.total()} drifts of {len(told)} kinds told in one pass each, {len(untold)} not",
        *untold,
        sep="\n",
    )
    false = [seed for seed in range(1, _CLEAN + 1) if reconciled(seed)]
    print(f"{_CLEAN} worlds without a drift: {len(false)} false alarms", *false)
    return int(bool(untold or false))


def _storm(first: int, schedules: int, jobs: int) -> int:
    total, begun = Tally(), time.monotonic()
    for part in _parts(first, schedules, jobs):
        total += part
        took = time.monotonic() - begun
        _progress(
            f"{total.schedules} of {schedules}, {total.schedules / took:.1f} a second, {len(total.broken)} broken"
        )
    print(
        f"\n{total.schedules} schedules from seed {first}: {total.faults} faults, {total.steps} steps, "
        f"{total.schedules / total.cpu:.1f} schedules a second and core; {len(total.broken)} broken"
    )
    for seed in total.broken[:_SHOWN]:
        _replay(seed)
    if total.broken:
        print("broken seeds:", *total.broken)
    return int(bool(total.broken))


def _parts(first: int, schedules: int, jobs: int) -> Iterator[Tally]:
    starts = range(first, first + schedules, _CHUNK)
    sizes = [min(_CHUNK, first + schedules - start) for start in starts]
    if jobs == 1:
        yield from map(_stretch, starts, sizes)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_stretch, starts, sizes)


def _stretch(first: int, schedules: int) -> Tally:
    tally, begun = Tally(), time.process_time()
    for seed in range(first, first + schedules):
        outcome = storm.at_random(seed)
        tally.schedules += 1
        tally.faults += outcome.faults
        tally.steps += outcome.steps
        if outcome.broken:
            tally.broken.append(seed)
    tally.cpu = time.process_time() - begun
    return tally


def _replay(seed: int) -> int:
    outcome = storm.at_random(seed)
    print(f"\n=== seed {seed}: {outcome.faults} faults, trace {outcome.trace}")
    if not outcome.broken:
        print("nothing is wrong")
        return 0
    smallest = storm.shrunk(seed, outcome)
    print(f"shrunk from {len(outcome.plan)} choices out of the ordinary to {len(smallest.plan)}:")
    for (label, nth), pick in smallest.plan.items():
        print(f"    {label} ({nth}) -> {pick}")
    print(smallest.story)
    return 1


def _place(name: str, most: int, minutes: float, jobs: int) -> int:
    begun = time.monotonic()
    found = placements.explore(
        name,
        most,
        jobs=jobs,
        until=begun + minutes * 60,
        told=lambda runs: _progress(f"{name}: {runs} schedules") if runs % _CHUNK == 0 else None,
    )
    took = time.monotonic() - begun
    print(
        f"\n{name}: {found.placements} placements of up to {most} faults, "
        f"{'all of them' if found.complete else 'as far as time went'}, by {found.runs} schedules through "
        f"{found.situations} situations in {took:.0f} s ({found.runs / took:.0f} a second); "
        f"{_broken_ends(found)} broken, those of {len(found.broken)} schedules",
        flush=True,
    )
    for plan, story in found.broken[:_SHOWN]:
        print(dict(plan), story, sep="\n")
    return int(bool(found.broken))


def _broken_ends(found: placements.Found) -> int:
    return sum(times for (_, violated), times in found.ends.items() if violated)


def _race() -> int:
    begun = time.monotonic()
    found = race.explore()
    print(
        f"{found.orders} interleavings through {found.states} situations in {found.runs} runs and "
        f"{time.monotonic() - begun:.1f} s; ends {dict(Counter(found.ends))}; {len(found.broken)} broken"
    )
    for one in found.broken[:_SHOWN]:
        print(one.story)
    return int(bool(found.broken))


def _find(name: str, first: int, most: int) -> int:
    with planted(name):
        for seed in range(first, first + most):
            found = [one for one in storm.at_random(seed).broken if one.invariant != "I0"]
            if found:
                print(f"{name}: seed {seed}, {found[0]}")
                return 0
    print(f"{name}: NOT FOUND in {most} schedules")
    return 1


def _progress(text: str) -> None:
    print(f"\r{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
