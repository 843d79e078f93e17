"""The schemas of bodies, queries and answers, as the API really takes and gives them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from aftersales.contracts.fields import Id
from aftersales.contracts.problems import Problem
from aftersales.contracts.routes import ROUTES
from aftersales.contracts.subscriptions import CHANNELS
from tools.generate.refusals import all_problems

Schema = dict[str, Any]
_REF = "#/components/schemas/{model}"


class WithoutTitles(GenerateJsonSchema):
    """A title that only repeats the field's name says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def body(model: type[BaseModel]) -> Schema:
    """What a client sends."""
    return _generated()[0][model, "validation"]


def answer(model: type[BaseModel]) -> Schema:
    """What a client receives; here every field is there."""
    return _generated()[0][model, "serialization"]


def query_parameters(model: type[BaseModel]) -> list[Schema]:
    """Each field of a query as a parameter of its own."""
    schema = _generated()[1][model.__name__]
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": _given(field)}
        for name, field in schema["properties"].items()
    ]


def path_parameter(name: str) -> Schema:
    """One part of a path: an id, or one of the channels."""
    schema = (
        {"type": "string", "enum": sorted(CHANNELS)} if name == "channel" else TypeAdapter(Id).json_schema()
    )
    return {"name": name, "in": "path", "required": True, "schema": schema}


def components() -> Mapping[str, Schema]:
    """All schemas by name, the queries' own left out; problems with the codes that the API knows."""
    queries = {route.query.__name__ for route in ROUTES if route.query}
    schemas = {name: schema for name, schema in _generated()[1].items() if name not in queries}
    lines = [
        f"{status}: {', '.join(f'`{code}`' for code in codes)}" for status, codes in all_problems().items()
    ]
    schemas["ProblemCode"] = {
        "type": "string",
        "description": "The stable word for what is wrong, by status.\n\n"
        + "\n".join(f"- {line}" for line in lines),
        "enum": sorted(code for codes in all_problems().values() for code in codes),
    }
    schemas[Problem.__name__]["properties"]["code"] = {"$ref": _REF.format(model="ProblemCode")}
    return dict(sorted(schemas.items()))


@cache
def _generated() -> tuple[Mapping[Any, Schema], dict[str, Schema]]:
    """A reference for each model and mode, and what the references lead to."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for route in ROUTES:
        wanted |= {(model, "validation"): None for model in (route.body, route.query) if model}
        wanted |= {(route.answer, "serialization"): None} if route.answer else {}
    references, schema = models_json_schema(list(wanted), ref_template=_REF, schema_generator=WithoutTitles)
    return references, schema["$defs"]


def _given(field: Schema) -> Schema:
    """A parameter that may be left out is either there or not; it is never null."""
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    rest = {
        name: value for name, value in field.items() if name != "anyOf" and (name, value) != ("default", None)
    }
    return rest | kinds[0] if len(kinds) == 1 else field
