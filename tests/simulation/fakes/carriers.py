"""The carriers: the sandbox's own rules and depot, in this process and by the world's clock.

The real SDK talks to it through a transport that opens no connection, so its errors are the real ones.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from tests.simulation.fakes.sandbox import Accidents, world_clock
from tests.simulation.scheduler import Scheduler
from tools.carrier_sandbox import api
from tools.carrier_sandbox.depot import Depot
from tools.carrier_sandbox.faults import Fault
from tools.carrier_sandbox.sandbox import Sandbox
from tools.sandbox.http import Json, Request

API_KEY, WEBHOOK_SECRET = "EZTKsimulation", "carrier_simulation"


class Carriers(Sandbox):
    """The sandbox with its state, but without its threads and its deliveries."""

    def __init__(self, scheduler: Scheduler, publish: Callable[[list[Json]], None]) -> None:
        self.clock = world_clock(scheduler)
        self.depot = Depot(self.clock, publish)
        self.faults: Accidents[Fault] = Accidents()
        self._calls = 0

    def answer(
        self, method: str, url: str, headers: Mapping[str, str], body: str, accident: Fault | None = None
    ) -> Any:
        """One request of the SDK: status and body."""
        if accident:
            self.faults.first(accident)
        self._calls += 1
        address = urlsplit(url)
        answer = api.answer(
            self, Request(f"req_{self._calls}", method, address.path, address.query, body, cast(Any, headers))
        )
        assert answer, "lines are cut before the sandbox is asked"
        if accident:
            self.faults.over(accident)
        return answer.status, json.dumps(answer.body).encode()


class Line(BaseAdapter):
    """The SDK's way to the carriers of whichever world is there now."""

    def __init__(self, call: Callable[..., Any]) -> None:
        super().__init__()
        self._call = call

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Whatever the SDK asks, under the name that faults know it by."""
        url, body = request.url or "", request.body or b""
        response = Response()
        response.request, response.url = request, url
        # As JSON is by its own standard; without it the SDK's client would guess, for long.
        response.encoding = "utf-8"
        response.status_code, response._content = self._call(
            api.operation(request.method or "", urlsplit(url).path.strip("/").split("/")),
            method=request.method,
            url=url,
            headers=request.headers,
            body=body.decode() if isinstance(body, bytes) else body,
        )
        return response

    def close(self) -> None:
        """Nothing is open."""
