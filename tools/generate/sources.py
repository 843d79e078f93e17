"""What the generated files are made from: the template, the state machine and the functions of this checkout."""

import json
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


@cache
def template() -> dict[str, Any]:
    """The template, its short tags in their long form: `!GetAtt Table.Arn` is `{"Fn::GetAtt": "Table.Arn"}`."""
    document: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text("utf-8"), _CloudFormation)
    return document


@cache
def state_machine() -> dict[str, Any]:
    """The definition as it is deployed, before its substitutions."""
    definition: dict[str, Any] = json.loads(
        (ROOT / "statemachines" / "after_sales.asl.json").read_text("utf-8")
    )
    return definition


@cache
def function_module(name: str) -> ModuleType:
    """`functions/<name>/app.py`, which is in no package: Lambda imports each as the top-level module `app`."""
    spec = spec_from_file_location(f"functions.{name}.app", ROOT / "functions" / name / "app.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _CloudFormation(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    match node:
        case yaml.ScalarNode():
            return {name: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case yaml.MappingNode():
            return {name: loader.construct_mapping(node, deep=True)}
        case _:
            raise ValueError(f"!{tag} takes a value, a list or a mapping")


_CloudFormation.add_multi_constructor("!", _intrinsic)
