"""The sandbox's own time, and what is due when."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Clock:
    """The machine's time plus what the control plane added, so that a day passes in no time."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._run, name="sandbox-clock", daemon=True).start()

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        with self._changed:
            self._ahead += seconds
            self._changed.notify()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        with self._changed:
            heapq.heappush(self._due, (self.now() + seconds, next(self._order), action))
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while action := self._next():
            action()

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - self.now() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
