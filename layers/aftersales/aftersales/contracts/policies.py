"""Policies and overrides as JSON documents, read strictly: what is misspelt is refused and not ignored."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aftersales.contracts.ids import ID_PATTERN
from aftersales.domain.override import Override, breaches, effective
from aftersales.domain.policy import Policy
from aftersales.domain.policy_check import flaws, negative_numbers

# Pydantic's kinds of errors in the words of those who write policies.
_SAID = {
    "missing": "is missing",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be a text in quotes",
    "dict_type": "must be an object: {...}",
    "dataclass_type": "must be an object: {...}",
    "tuple_type": "must be a list: [...]",
}


class InvalidDocument(Exception):
    """A document that cannot be published; `problems` says why, a sentence each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def read_policy(text: str) -> Policy:
    """The policy of this document. Raises `InvalidDocument`."""
    policy: Policy = _read(Policy, text)
    _refuse(flaws(policy))
    return policy


def read_override(text: str) -> Override:
    """The override of this document, whatever it may override. Raises `InvalidDocument`."""
    override: Override = _read(Override, text)
    _refuse([*negative_numbers(override), *_unnamed(override)])
    return override


def refuse_breaches(policy: Policy, override: Override) -> None:
    """Raises `InvalidDocument` where a seller goes further than this policy allows, or the two make no sense
    together."""
    _refuse(
        f"{problem} (under {policy.version})"
        for problem in breaches(policy, override)
        or (flaw for flaw in flaws(effective(policy, override)) if not flaw.startswith("version:"))
    )


def _read(type_: type, text: str) -> Any:
    try:
        json.loads(text, object_pairs_hook=_once)
        return adapter(type_).validate_json(text, strict=True, extra="forbid")
    except json.JSONDecodeError as error:
        problem = f"line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})"
        raise InvalidDocument([problem]) from error
    except ValidationError as error:
        raise InvalidDocument(_sentences(error, type_)) from error


def _unnamed(override: Override) -> Iterator[str]:
    """Both parts of its name end up in the versions that cases are decided under, and in the name of its file."""
    if not re.fullmatch(ID_PATTERN, override.seller_id):
        yield f"seller_id: {override.seller_id!r} is no id of a seller"
    if override.number == 0:
        yield "number: a seller's terms are numbered from 1"


@cache
def adapter(type_: type) -> TypeAdapter[Any]:
    """What reads a document and knows its schema."""
    return TypeAdapter(type_)


def _refuse(problems: Iterable[str]) -> None:
    if found := tuple(problems):
        raise InvalidDocument(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name JSON keeps the last, and nobody notices."""
    names = [name for name, _ in pairs]
    _refuse(f"{name} stands there twice" for name in sorted({one for one in names if names.count(one) > 1}))
    return dict(pairs)


def _sentences(error: ValidationError, type_: type) -> Iterator[str]:
    for one in error.errors(include_url=False):
        where = ".".join(str(part) for part in one["loc"] if part != "[key]")
        match one["type"]:
            case "unexpected_keyword_argument":
                # Only a draft is misspelt; every function that reads policies would import this.
                from difflib import get_close_matches

                known = {name for part in _objects(type_) for name in part["properties"]}
                close = get_close_matches(str(one["loc"][-1]), known, n=1)
                yield f"{where}: there is no such field" + (f"; did you mean {close[0]}?" if close else "")
            case "enum":
                yield f"{where}: must be {one['ctx']['expected']}"
            case kind:
                yield f"{where}: {_SAID.get(kind, one['msg'])}"


def _objects(type_: type) -> Iterator[dict[str, Any]]:
    schema = adapter(type_).json_schema()
    return (part for part in (schema, *schema["$defs"].values()) if "properties" in part)
