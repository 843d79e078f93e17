"""What the providers of a world have in common: their rules and books are the sandboxes' own, but without threads, by
the world's clock, and with accidents."""

from collections.abc import Callable
from typing import cast

from tests.simulation.scheduler import Scheduler
from tools.sandbox.clock import Clock
from tools.sandbox.faults import Fault, Faults


class _WorldClock:
    """The sandbox's clock, without its thread."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> float:
        return self._scheduler.now / 1000

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self._scheduler.at(self._scheduler.now + int(seconds * 1000), action)


def world_clock(scheduler: Scheduler) -> Clock:
    """The world's time as a sandbox asks for it."""
    return cast(Clock, _WorldClock(scheduler))


class Accidents[F: Fault](Faults[F]):
    """Faults that a journey ordered wait for their refund or label; an accident is for this one call and no other."""

    def first(self, accident: F) -> None:
        self._ordered.insert(0, accident)

    def over(self, accident: F) -> None:
        self._ordered = [one for one in self._ordered if one is not accident]
