"""The JSON Schemas of policies and overrides: what an editor checks while somebody writes one.

They follow from the dataclasses that the documents are read into. What a schema cannot say (caps that rise, calendars
with working days, a seller's leeway) is said by `python -m tools.policy validate`.
"""

import json
from typing import Any

from aftersales.contracts.policies import adapter
from aftersales.domain.case import Kind, Reason
from aftersales.domain.override import Override
from aftersales.domain.policy import Policy
from tools.generate.schemas import WithoutTitles

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_CURRENCY = {"pattern": "^[A-Z]{3}$"}
# Fields whose members are named by currency.
_BY_CURRENCY = ("auto_approval_cap", "silent_approval_cap", "seller_limit", "reviewer_limit")
# Whole numbers that say something else than how much.
_BOUNDS: dict[str, dict[str, int]] = {
    "utc_offset_minutes": {"minimum": -720, "maximum": 840},
    "weekend": {"minimum": 1, "maximum": 7},
    "high_percent": {"minimum": 1, "maximum": 100},
}


def policy() -> str:
    """The platform's document, in which nothing may be missing."""
    schema = _schema(Policy)
    for name, members in (("windows", Kind), ("reasons", Reason)):
        schema["properties"][name]["required"] = [str(member) for member in members]
    return _text(schema)


def override() -> str:
    """A seller's document, which holds what is otherwise."""
    return _text(_schema(Override))


def _schema(type_: type) -> dict[str, Any]:
    schema = adapter(type_).json_schema(schema_generator=WithoutTitles)
    return {"$schema": _DRAFT, **_strict(schema, "")}


def _strict(part: Any, field: str) -> Any:
    """No field besides those that are known; no number below zero."""
    if isinstance(part, list):
        return [_strict(one, field) for one in part]
    if not isinstance(part, dict):
        return part
    made = {
        name: {one: _strict(value, one) for one, value in inner.items()}
        if name in ("properties", "$defs")
        else _strict(inner, field)
        for name, inner in part.items()
    }
    if "properties" in made:
        made["additionalProperties"] = False
    if made.get("type") == "integer":
        made |= _BOUNDS.get(field, {"minimum": 0})
    if made.get("type") == "object" and field in _BY_CURRENCY:
        made["propertyNames"] = _CURRENCY
    return made


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2) + "\n"
