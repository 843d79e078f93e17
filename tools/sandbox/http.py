"""The HTTP server: threads, this machine only."""

import json
import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

type Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    id: str
    method: str
    path: str
    query: str
    body: str
    headers: Message  # as the standard library's server reads them: names in any case

    @property
    def parts(self) -> list[str]:
        return self.path.strip("/").split("/")


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json | list[Json] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An error answer in the provider's own shape."""

    status: int

    def body(self) -> Json:
        raise NotImplementedError


class Sandbox(ABC):
    """One provider's whole state."""

    @abstractmethod
    def respond(self, request: Request) -> Answer | None:
        """The provider's own addresses; none where a fault cuts the line."""

    @abstractmethod
    def control(self, method: str, parts: list[str], body: str) -> Answer:
        """The control plane under /_sandbox/."""

    @abstractmethod
    def fresh(self) -> Self:
        """A new one; this one is closed."""

    @abstractmethod
    def close(self) -> None:
        """End its threads."""


class Server[S: Sandbox](ThreadingHTTPServer):
    request_queue_size = 256

    def __init__(self, sandbox: S, port: int = 0) -> None:
        self.sandbox = sandbox
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def reset(self) -> None:
        self.sandbox = self.sandbox.fresh()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a caller that gave up waiting is no error here
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        self.sandbox.close()


class Handler(BaseHTTPRequestHandler):
    server: Server[Any]
    protocol_version = "HTTP/1.1"  # connections are kept, or each call would pay for a new one
    wbufsize = -1  # head and body leave in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        id = f"req_{secrets.token_hex(7)}"
        answer = self._answer(Request(id, self.command, address.path, address.query, body, self.headers))
        if answer is None:
            self.close_connection = True
            return
        payload = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body, indent=2).encode()
        )
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("Request-Id", id)
        for name, value in ({"Content-Type": "application/json"} | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def _answer(self, request: Request) -> Answer | None:
        match request.method, request.parts:
            case "POST", ["_sandbox", "reset"]:
                self.server.reset()
                return Answer(200, {"status": "reset"})
            case method, ["_sandbox", *rest]:
                return self._sandbox.control(method, rest, request.body)
        return self._sandbox.respond(request)

    @property
    def _sandbox(self) -> Sandbox:
        sandbox: Sandbox = self.server.sandbox
        return sandbox

    def log_message(self, format: str, *args: object) -> None:
        """A line for each call would drown what the developer runs beside it."""
