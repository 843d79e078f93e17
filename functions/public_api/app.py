"""What anyone may ask: whether the desk answers, and how to speak to it."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aftersales.contracts.public import HealthView
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call

handler = Api("public_api", bootstrap.now)


@handler.operation
def get_health(call: Call) -> HealthView:
    """Say that the desk answers."""
    return HealthView()


@handler.operation
def get_openapi(call: Call) -> Mapping[str, Any]:
    """Serve the generated document."""
    return _document()


@cache
def _document() -> Mapping[str, Any]:
    document: dict[str, Any] = json.loads(Path(__file__).with_name("openapi.json").read_text("utf-8"))
    return document
