"""What the template says about tables, functions and the state machine."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.bench.capacity import Table

ROOT = Path(__file__).parent.parent.parent


class _Loader(yaml.SafeLoader):
    """CloudFormation's short functions are read as what stands behind them."""


def _inner(loader: yaml.SafeLoader, _tag: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _inner)


@cache
def _document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.load((ROOT / "template.yaml").read_text("utf-8"), _Loader)
    return document


def resources() -> Mapping[str, Mapping[str, Any]]:
    """The template's resources by their logical ids."""
    found: Mapping[str, Mapping[str, Any]] = _document()["Resources"]
    return found


def tables() -> Mapping[str, Mapping[str, Any]]:
    """The properties of every table."""
    return _of_type("AWS::DynamoDB::Table")


def keys(properties: Mapping[str, Any]) -> Table:
    """The keys of a table and of its indexes, which must project keys only: the formulas count on it."""
    indexes = properties.get("GlobalSecondaryIndexes", [])
    assert all(index["Projection"] == {"ProjectionType": "KEYS_ONLY"} for index in indexes)
    return Table(_names(properties), {index["IndexName"]: _names(index) for index in indexes})


def functions() -> Mapping[str, Mapping[str, Any]]:
    """The properties of every function, by the name of its folder."""
    return {
        Path(properties["CodeUri"]).name: properties
        for properties in _of_type("AWS::Serverless::Function").values()
    }


def literal_settings() -> Mapping[str, str]:
    """The environment of every function, as far as the template itself knows it."""
    variables = _usual()["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if value not in resources()}


def memory(function: str) -> int:
    """Megabytes of a function."""
    return int((_usual() | dict(functions()[function]))["MemorySize"])


def is_traced(function: str) -> bool:
    """Whether a function that nobody traced before it begins a trace."""
    return bool((_usual() | dict(functions()[function])).get("Tracing") == "Active")


def machine_is_traced() -> bool:
    """Whether executions are traced."""
    return bool(_machine().get("Tracing", {}).get("Enabled"))


def api_is_traced() -> bool:
    """Whether calls of the API are traced."""
    return bool(resources()["Api"]["Properties"].get("TracingEnabled"))


def api_methods() -> list[str]:
    """Every method of the API, if each of them has metrics of its own."""
    settings = resources()["Api"]["Properties"].get("MethodSettings", [])
    if not any(one.get("MetricsEnabled") for one in settings):
        return []
    events = (event for one in functions().values() for event in one.get("Events", {}).items())
    return [name for name, event in events if event["Type"] == "Api"]


def stream_pattern() -> Any:
    """The filter between the stream of cases and the relay."""
    (event,) = functions()["relay_timeline"]["Events"].values()
    (one,) = event["Properties"]["FilterCriteria"]["Filters"]
    return json.loads(one["Pattern"])


def definition(arn_of: Mapping[str, str]) -> str:
    """The state machine with the ARNs of its functions filled in."""
    text = (ROOT / "statemachines" / "after_sales.asl.json").read_text("utf-8")
    for name, arn in arn_of.items():
        text = text.replace(f"${{{name}}}", arn)
    json.loads(text)
    return text


def substitutions() -> Mapping[str, str]:
    """`AssessCaseArn` -> `assess_case`."""
    return {
        name: Path(resources()[target.split(".")[0]]["Properties"]["CodeUri"]).name
        for name, target in _machine()["DefinitionSubstitutions"].items()
    }


def _usual() -> dict[str, Any]:
    usual: dict[str, Any] = _document()["Globals"]["Function"]
    return usual


def _machine() -> Mapping[str, Any]:
    return _of_type("AWS::Serverless::StateMachine")["AfterSales"]


def _of_type(kind: str) -> Mapping[str, Mapping[str, Any]]:
    return {name: one["Properties"] for name, one in resources().items() if one["Type"] == kind}


def _names(properties: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in properties["KeySchema"])
