"""A background process that can be recognised later as ours, whoever asks.

The process inherits an open, locked file. The system frees that lock when, and only when, the process
is gone. So a held lock means that the number in the file is still ours, and a number the system has
given to a stranger since can never be killed by mistake.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.local_stack.checkout import Problem, tail

STARTS_WITHIN_SECONDS = 30
STOPS_WITHIN_SECONDS = 10


@dataclass(frozen=True)
class Running:
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Daemon:
    name: str
    home: Path
    port_variable: str

    @property
    def pid_file(self) -> Path:
        return self.home / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        return self.home / f"{self.name}.log"

    @property
    def data(self) -> Path:
        """Scratch space that lives as long as the process."""
        return self.home / f"{self.name}-data"

    def running(self) -> Running | None:
        """The process an earlier `start` left, if it still lives."""
        try:
            file = self.pid_file.open("r")
        except FileNotFoundError:
            return None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Running(**json.load(file))
        return None

    def start(
        self, port: int, command: list[str], environment: Mapping[str, str], health_path: str
    ) -> Running:
        """Start it and wait until it answers at that path."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self.pid_file.open("w") as file, self.log_file.open("wb") as log:
            fcntl.flock(file, fcntl.LOCK_EX)
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[file.fileno()],
            )
            running = Running(process.pid, port)
            json.dump({"pid": running.pid, "port": running.port}, file)

        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not _answers(running.url + health_path):
            if process.poll() is not None:
                raise Problem(f"the {self.name} ended at once ({self.log_file}):\n{tail(self.log_file)}")
            if time.monotonic() > deadline:
                self.stop()
                raise Problem(f"the {self.name} does not answer at {running.url} ({self.log_file})")
            time.sleep(0.05)
        return running

    def stop(self) -> bool:
        """End the process and its children; whether there was one."""
        running = self.running()
        if running:
            self._end(running, signal.SIGTERM) or self._end(running, signal.SIGKILL)
        self.pid_file.unlink(missing_ok=True)
        self._forget()
        return running is not None

    def _forget(self) -> None:
        """Every worker of the engine leaves a copy of its code; deleting them all takes minutes on a busy disk, and
        nobody needs to wait for it."""
        if self.data.exists():
            gone = self.data.rename(self.data.with_name(f"{self.data.name}.{time.monotonic_ns()}.gone"))
            subprocess.Popen(["rm", "-rf", str(gone)], start_new_session=True)

    def _end(self, running: Running, sign: signal.Signals) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, sign)
        deadline = time.monotonic() + STOPS_WITHIN_SECONDS
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.running() is None

    def choose_port(self) -> int:
        """The port asked for by environment variable, or any free one."""
        wanted = os.environ.get(self.port_variable, "0")
        if not wanted.isdecimal():
            raise Problem(f"{self.port_variable} is {wanted!r}, not a port number.")
        with socket.socket() as probe:
            # As servers do, or a port that was left seconds ago would count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", int(wanted)))
            except OSError as error:
                raise Problem(
                    f"port {wanted} for the {self.name} is taken by another process: "
                    f"end that one or set {self.port_variable} to another port."
                ) from error
            return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
