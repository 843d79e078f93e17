"""The deployed functions as the template describes them: handlers, routes, timeouts, triggers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.simulation import asl
from tests.simulation.fakes.dynamodb import Keys
from tools.generate import sources

Json = dict[str, Any]
Handler = Callable[[Json, Any], Any]


@cache
def handler(folder: str) -> Handler:
    """The function's real handler."""
    made: Handler = sources.function_module(folder).handler
    return made


@cache
def seconds(folder: str) -> int:
    """After how long Lambda ends it."""
    own = next(one for _, one in _functions() if _folder(one) == folder)
    return int(own.get("Timeout") or sources.template()["Globals"]["Function"]["Timeout"])


@cache
def trigger(type_: str) -> tuple[str, Mapping[str, Any]]:
    """The one function with a trigger of that type, and the trigger."""
    ((folder, found),) = _events(type_)
    return folder, found


@cache
def told_of(key: str) -> str:
    """The one function that S3 tells of an object."""
    (folder,) = (
        folder
        for folder, one in _events("S3")
        for rule in one["Filter"]["S3Key"]["Rules"]
        if key.startswith(rule["Value"])
    )
    return folder


@cache
def relay() -> tuple[str, Mapping[str, Any]]:
    """The function that follows the timelines of cases, and its trigger."""
    return next((folder, one) for folder, one in _events("DynamoDB") if folder == "relay_timeline")


def folder_of(name: str) -> str:
    """The folder of a function by its name in the template."""
    return _folder(dict(_functions())[name])


@cache
def definition() -> Json:
    """The real state machine, its functions named by their folders."""
    return asl.checked(asl.functions_of(sources.state_machine(), folder_of))


@cache
def async_retries(folder: str) -> int:
    """How often Lambda repeats a failed asynchronous invocation."""
    own = next(one for _, one in _functions() if _folder(one) == folder)
    return int(own.get("EventInvokeConfig", {}).get("MaximumRetryAttempts", 2))


@dataclass(frozen=True, slots=True)
class TableShape:
    """What the template says of a table."""

    keys: Keys
    indexes: Mapping[str, Keys]
    streams: bool


@cache
def tables() -> Mapping[str, TableShape]:
    """Every table by its name in the template."""
    return {
        name: TableShape(
            _keys(one["Properties"]["KeySchema"]),
            {
                index["IndexName"]: _keys(index["KeySchema"])
                for index in one["Properties"].get("GlobalSecondaryIndexes", ())
            },
            "StreamSpecification" in one["Properties"],
        )
        for name, one in sources.template()["Resources"].items()
        if one["Type"] == "AWS::DynamoDB::Table"
    }


@cache
def stream_patterns() -> tuple[Any, ...]:
    """The filter of its trigger."""
    _, found = relay()
    return tuple(json.loads(one["Pattern"]) for one in found["FilterCriteria"]["Filters"])


@cache
def max_receives() -> int:
    """How often a mail is tried before it is a dead letter."""
    queue = sources.template()["Resources"]["BuyerMailQueue"]["Properties"]
    return int(queue["RedrivePolicy"]["maxReceiveCount"])


def route(method: str, path: str) -> tuple[str, str, dict[str, str]]:
    """Function, resource and path parameters of a request."""
    parts = path.split("/")
    for folder, pattern, verb in _routes():
        if verb == method and len(pattern) == len(parts):
            pairs = list(zip(pattern, parts, strict=True))
            if all(one == other or one.startswith("{") for one, other in pairs):
                found = {one[1:-1]: value for one, value in pairs if one.startswith("{")}
                return folder, "/".join(pattern), found
    raise LookupError(f"the template has no route {method} {path}")


@cache
def _routes() -> tuple[tuple[str, list[str], str], ...]:
    return tuple((folder, one["Path"].split("/"), one["Method"]) for folder, one in _events("Api"))


def _events(type_: str) -> list[tuple[str, Json]]:
    return [
        (_folder(function), event["Properties"])
        for _, function in _functions()
        for event in function.get("Events", {}).values()
        if event["Type"] == type_
    ]


def _functions() -> list[tuple[str, Json]]:
    resources = sources.template()["Resources"].items()
    return [
        (name, one["Properties"]) for name, one in resources if one["Type"] == "AWS::Serverless::Function"
    ]


def _folder(function: Json) -> str:
    return str(function["CodeUri"]).removeprefix("functions/")


def _keys(schema: list[Mapping[str, str]]) -> Keys:
    by_type = {one["KeyType"]: one["AttributeName"] for one in schema}
    return Keys(by_type["HASH"], by_type.get("RANGE"))
