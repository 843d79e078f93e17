"""One line for each step when it is done, with what it did and how long it took."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Steps:
    """Steps may run side by side; on a terminal a spinner names those under way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("")
        self._under_way: list[str] = []
        self._lock = threading.Lock()

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """Yields a list: whatever the step puts there is said at the end of its line."""
        started = time.monotonic()
        remarks: list[str] = []
        self._show(title, begins=True)
        try:
            yield remarks
            seconds = time.monotonic() - started
            line = f"[green]✓[/] {title:<16} [dim]{seconds:5.1f} s[/]  {', '.join(remarks)}".rstrip()
            self._console.print(line, highlight=False, soft_wrap=True)
        finally:
            self._show(title, begins=False)

    def _show(self, title: str, *, begins: bool) -> None:
        with self._lock:
            (self._under_way.append if begins else self._under_way.remove)(title)
            self._status.update(" · ".join(self._under_way))
            (self._status.start if self._under_way else self._status.stop)()
