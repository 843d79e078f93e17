"""The HTTP server: threads, this machine only."""

import json
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tools.payment_sandbox import api, control
from tools.payment_sandbox.idempotency import Answer
from tools.payment_sandbox.sandbox import Sandbox, Settings


class Server(ThreadingHTTPServer):
    request_queue_size = 256

    def __init__(self, settings: Settings, port: int = 0) -> None:
        self.sandbox = Sandbox(settings)
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
    server: Server
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
        request = api.Request(id, self.command, address.path, address.query, body, self.headers)
        answer = self._answer(request)
        if answer is None:
            self.close_connection = True
            return
        payload = json.dumps(answer.body, indent=2).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("Request-Id", id)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def _answer(self, request: api.Request) -> Answer | None:
        match request.method, request.parts:
            case "POST", ["_sandbox", "reset"]:
                self.server.reset()
                return Answer(200, {"status": "reset"})
            case method, ["_sandbox", *rest]:
                return control.answer(self.server.sandbox, method, rest, request.body)
        return api.answer(self.server.sandbox, request)

    def log_message(self, format: str, *args: object) -> None:
        """A line for each call would drown what the developer runs beside it."""
