"""What may go wrong on demand, ordered through the control plane for the calls to come."""

import threading
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ConfigDict, PositiveInt

from tools.sandbox.http import Json


class Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    times: PositiveInt = 1

    def matches(self, kinds: Collection[str], params: Json) -> bool:
        """Whether it waits for such a call."""
        raise NotImplementedError


class Faults[F: Fault]:
    def __init__(self) -> None:
        self._ordered: list[F] = []
        self._lock = threading.Lock()

    def order(self, fault: F) -> None:
        with self._lock:
            self._ordered.append(fault)

    def take(self, kinds: Collection[str], params: Json) -> F | None:
        with self._lock:
            fault = next((each for each in self._ordered if each.matches(kinds, params)), None)
            if fault:
                fault.times -= 1
                self._ordered = [each for each in self._ordered if each.times]
            return fault

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.model_dump() for fault in self._ordered]
