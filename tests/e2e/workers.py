"""The processes in which the engine runs functions, found by their command line: they can be held up and killed."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tools.desk import STACK_FILE
from tools.local_stack.checkout import STACK_NAME


def workers(function: str) -> list[int]:
    """The process ids of one function's workers of this checkout's engine."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
    ).stdout
    path = f"{STACK_FILE.parent}/engine-data/ministack-lambda-{STACK_NAME}-{function}-"
    return [int(line.split()[0]) for line in listed.splitlines() if path in line]


def kill(function: str) -> int:
    """End all workers of a function at once, as a machine that fails does; answers how many there were."""
    found = workers(function)
    for pid in found:
        _signal(pid, signal.SIGKILL)
    return len(found)


@contextmanager
def held_up(function: str) -> Iterator[None]:
    """All workers of a function stand still, wherever they are, until the block ends."""
    found = workers(function)
    assert found, f"{function} has no worker yet"
    for pid in found:
        _signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in found:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
