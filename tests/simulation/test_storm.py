"""A short part of the storm, on every test run; `make storm` is the long one."""

from collections import Counter
from itertools import batched, islice

import pytest

from tests.simulation import placements, race, storm
from tests.simulation.choices import planned
from tests.simulation.drifts import DRIFTS, reconciled
from tests.simulation.journeys import JOURNEYS
from tests.simulation.plants import planted

# Mistakes that fall within a few seeds, each by another invariant; `python -m tests.simulation --plants` has all.
QUICKLY_FOUND = {
    "a_new_key_for_each_call": "I2",
    "lost_race_counts_as_done": "I3",
    "no_way_back_from_completed": "I4",
    "nobody_sweeps_deadlines": "I5",
    "a_success_is_for_ever": "I6",
    "approved_twice": "I8",
    "everybody_may_see": "I10",
    "words_in_the_log": "I11",
}


@pytest.mark.parametrize("first", range(1, 201, 50))
def test_nothing_is_lost_and_nothing_happens_twice_in_two_hundred_random_schedules(first: int) -> None:
    for seed in range(first, first + 50):
        outcome = storm.at_random(seed)
        assert not outcome.broken, f"seed {seed}\n{outcome.story}"


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_ends_as_it_is_meant_to_when_nothing_breaks(name: str) -> None:
    outcome = storm.play(storm.at_once(name), planned({}))
    assert not outcome.broken, outcome.story
    assert outcome.ends == (JOURNEYS[name].ends,)


def test_every_single_fault_of_the_policy_refund_leaves_the_books_right() -> None:
    found = placements.explore("policy_refund", 1)
    assert found.placements > 200
    assert [story for _, story in found.broken] == []


def test_placements_that_meet_a_known_situation_end_as_they_would_have_by_themselves() -> None:
    with planted("nobody_sweeps_the_timeline"):
        found = placements.explore("withdrawn", 2, kinds=1)
        plain = [placements.end_of(one) for one in placements.plainly("withdrawn", 2, kinds=1)]
    assert found.ends == Counter(plain)
    assert found.runs < len(plain) / 2
    assert len([violated for _, violated in plain if violated]) > 10


@pytest.mark.parametrize("names", list(batched(JOURNEYS, 6, strict=False)))
def test_the_sweeps_alone_finish_everything_when_the_stream_brings_nothing(names: tuple[str, ...]) -> None:
    outcome = storm.play(storm.at_once(*names), planned({}), stream_is_down=True)
    assert not outcome.broken, outcome.story
    assert len(outcome.ends) == len(names)


def test_every_interleaving_of_two_decisions_a_deadline_and_a_withdrawal_ends_once() -> None:
    found = race.explore()
    assert [one.story for one in found.broken] == []
    assert set(found.ends) == {"completed", "cancelled"}
    assert found.orders > 100_000


@pytest.mark.parametrize("seed", [1, 10, 17])
def test_a_seed_goes_the_same_way_twice(seed: int) -> None:
    assert storm.at_random(seed).trace == storm.at_random(seed).trace


@pytest.mark.parametrize(("mistake", "invariant"), QUICKLY_FOUND.items())
def test_a_planted_mistake_is_found(mistake: str, invariant: str) -> None:
    with planted(mistake):
        broken = ({one.invariant for one in storm.at_random(seed).broken} for seed in range(1, 80))
        assert any(invariant in found for found in broken)


def test_a_failing_seed_is_told_and_shrunk() -> None:
    with planted("no_way_back_from_completed"):
        seed, outcome = next((seed, one) for seed in range(1, 200) if (one := storm.at_random(seed)).broken)
        smallest = storm.shrunk(seed, outcome)
    assert len(smallest.plan) < len(outcome.plan)
    assert "BROKEN  I4" in smallest.story


# --- the reconciler -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drift", DRIFTS)
def test_the_reconciler_tells_each_drift_in_one_pass(drift: str) -> None:
    told_of = (told for seed in range(1, 80) if (told := reconciled(seed, drift)) is not None)
    found = list(islice(told_of, 3))
    assert len(found) == 3
    for told in found:
        assert DRIFTS[drift].invariant in {line.split()[0] for line in told}, told


def test_the_reconciler_is_silent_about_worlds_in_which_nothing_drifted() -> None:
    assert [reconciled(seed) for seed in range(1, 41)] == [[]] * 40
