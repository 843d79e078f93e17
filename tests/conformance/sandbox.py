"""What the tests of every sandbox need: its control plane, a receiver for its webhooks, patience."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


def wait_for[T](read: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 60) -> T:
    deadline = time.monotonic() + seconds
    while not wanted(value := read()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.02)
    return value


@dataclass(frozen=True)
class Control:
    http: httpx.Client

    def get(self, path: str) -> Any:
        return self.http.get(f"/_sandbox/{path}").raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(f"/_sandbox/{path}", json=body).raise_for_status().json()

    def order(self, fault: str, **details: Any) -> None:
        self.post("faults", fault=fault, **details)


class Inbox[Event]:
    """A webhook's receiver: keeps what came, read by whoever knows its signature, and answers as told, 200 once
    nothing more is told."""

    def __init__(self, signature: str, read: Callable[[bytes, str], Event]) -> None:
        inbox = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.arrived.put((payload, self.headers[signature]))
                self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The test's own output is enough."""

        self.arrived: queue.SimpleQueue[tuple[bytes, str]] = queue.SimpleQueue()
        self.answers: list[int] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        self._read = read
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def next(self) -> Event:
        return self._read(*self.arrived.get(timeout=10))

    def take(self, count: int) -> list[Event]:
        return [self.next() for _ in range(count)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
