"""Tasks that go one at a time and give way at every call; virtual time that passes when nobody can go on."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from greenlet import getcurrent, greenlet

from tests.simulation.choices import NEXT, RACE, Choices

# Of a tick: what an invocation takes.
_PARTS = 20
# Waits of at least so many ticks end at a multiple of so many: with ticks of a second, those of ten minutes at full
# minutes, those of ten hours at full hours.
_COARSER = ((36_000, 3_600), (600, 60))


class WorkerDied(BaseException):
    """The process ends in the middle of its work: no handler catches it."""


class Restless(Exception):
    """The world does not come to rest."""


class Task:
    """Somebody who works: a handler's invocation, an execution, a person. `seen` grows with every answer it gets,
    so that two tasks with the same name and the same `seen` will do the same."""

    __slots__ = ("_turn", "asleep", "greenlet", "name", "seen", "value")

    def __init__(self, name: str, work: Callable[[], object], hub: greenlet) -> None:
        self.name = name
        self.greenlet = greenlet(work, hub)
        self.asleep = False
        self.value: Any = None
        self.seen = 0
        self._turn = 0

    def fall_asleep(self) -> int:
        """Wait for a wake-up; answers the number by which only this sleep can be ended."""
        self.asleep = True
        self._turn += 1
        return self._turn

    def sleeps(self, turn: int) -> bool:
        """Whether it is still in that sleep."""
        return self.asleep and self._turn == turn


@dataclass(frozen=True, slots=True)
class Timer:
    """What is to be done at some time, and whether it no longer is."""

    do: Callable[[], object]
    unless: Callable[[], bool]


class Scheduler:
    """Who goes next is chosen; 0 lets whoever went last go on until they wait. Timers go off at full ticks;
    a tick of 1 ms is none."""

    def __init__(self, choices: Choices, now: int, tick: int = 1) -> None:
        self.now = now
        self.steps = 0
        self.ready: list[Task] = []
        self.current: Task | None = None
        # While there are any, nobody but them goes on.
        self.racers: set[Task] = set()
        self._choices = choices
        self._tick = tick
        self._hub = getcurrent()
        self._tasks: list[Task] = []
        self._timers: list[tuple[int, int, Timer]] = []
        self._made = 0

    def spawn(self, name: str, work: Callable[[], object]) -> Task:
        """A new task, behind those that can go on already."""
        task = Task(name, work, self._hub)
        self._tasks.append(task)
        self.ready.append(task)
        return task

    def at(self, when: int, do: Callable[[], object], *, unless: Callable[[], bool] = lambda: False) -> None:
        """Carried out once that time has come, at the next tick, unless nobody waits for it any more."""
        self._made += 1
        when = self.tick(when)
        heapq.heappush(self._timers, (when, self._made, Timer(do, unless)))

    @property
    def next_timer(self) -> int | None:
        """When time would have to pass to."""
        while self._timers and self._timers[0][2].unless():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    @property
    def pending(self) -> list[tuple[int, Callable[[], object]]]:
        """What will be carried out when, the next one first."""
        return [(when, timer.do) for when, _, timer in sorted(self._timers) if not timer.unless()]

    @property
    def waiting(self) -> list[Task]:
        """Everybody whose work has not ended."""
        return [task for task in self._tasks if not task.greenlet.dead]

    def give_way(self) -> None:
        """Anybody may go first, if there is anybody."""
        if self.current and (self.ready or self.racers):
            self.ready.insert(0, self.current)
            self._leave()

    def sleep(self, milliseconds: int) -> None:
        """Go on later."""
        self.wait(self.now + milliseconds)

    def wait(self, until: int | None = None) -> bool:
        """Until somebody wakes this task; False if the time came first."""
        task = self.current
        assert task, "only a task can wait"
        turn = task.fall_asleep()
        task.value = False
        if until is not None:
            self.at(until, partial(self.wake, task, False), unless=lambda: not task.sleeps(turn))
        self._leave()
        return bool(task.value)

    def wake(self, task: Task, value: bool = True) -> None:
        """Let a task go on that waits."""
        if task.asleep:
            task.asleep, task.value = False, value
            self.ready.append(task)

    def kill(self, task: Task) -> None:
        """The task's worker ends where it stands."""
        task.asleep = False
        if task in self.ready:
            self.ready.remove(task)
        if not task.greenlet.dead:
            self._enter(task, WorkerDied)

    def run(
        self, pass_time: Callable[[], bool], most_steps: int, between: Callable[[], object] = lambda: None
    ) -> None:
        """Until nobody can go on and no time will change that."""
        while True:
            between()
            if not self.ready:
                if not pass_time():
                    return
                continue
            self.steps += 1
            if self.steps > most_steps:
                raise Restless(f"no rest after {most_steps} steps")
            self._enter(self._next())

    def advance(self, when: int) -> None:
        """It is that late now; what waited for it goes on."""
        self.now = max(self.now, when)
        while self._timers and self._timers[0][0] <= self.now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.unless():
                timer.do()

    def tick(self, when: int) -> int:
        """When a timer for that time goes off: the later, the coarser."""
        if self._tick == 1:
            return when
        wait = when - self.now
        tick = self._tick * next((many for least, many in _COARSER if wait >= least * self._tick), 1)
        return -(-when // tick) * tick

    def round_up(self) -> None:
        """What worked for a moment longer or shorter ends at the same time."""
        part = max(1, self._tick // _PARTS)
        self.now = -(-self.now // part) * part

    def abandon(self) -> None:
        """Nobody goes on any more: what still waits ends here, and not in the midst of another world."""
        for task in self._tasks:
            if task.greenlet and not task.greenlet.dead:
                task.greenlet.throw()

    def _next(self) -> Task:
        if not self.racers:
            return self.ready.pop(self._choices.choose(len(self.ready), NEXT))
        starters = sorted((task for task in self.ready if task in self.racers), key=lambda task: task.name)
        task = starters[self._choices.choose(len(starters), RACE)]
        self.ready.remove(task)
        task.seen = hash((task.seen, "its turn"))
        return task

    def _enter(self, task: Task, thrown: type[BaseException] | None = None) -> None:
        before, self.current = self.current, task
        try:
            if thrown:
                task.greenlet.throw(thrown)
            else:
                task.greenlet.switch()
        finally:
            self.current = before

    def _leave(self) -> None:
        self._hub.switch()
