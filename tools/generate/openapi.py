"""`functions/public_api/openapi.json`: the API in OpenAPI 3.1, from the table of routes."""

import inspect
import json
import re
import tomllib
from http import HTTPStatus
from typing import Any

from aftersales.contracts.routes import ROUTES, Route
from aftersales.entrypoints import http
from tools.generate import schemas
from tools.generate.refusals import problems_of
from tools.generate.sources import ROOT, function_module, template

Part = dict[str, Any]
_JSON = "application/json"
_SIGN_IN = "cognito"
_OPENS_A_CASE = "open_case"
# Where a link needs more than the case's id.
_MADE_WITH_IT: dict[str, Part] = {
    "view_evidence": {"evidence_id": "$response.body#/evidence/0/evidence_id"},
}


def render() -> str:
    """The document; the same code gives the same bytes."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Part:
    """The document as data."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    paths: dict[str, Part] = {}
    for route in sorted(ROUTES, key=lambda route: route.path):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aftersales",
            "version": project["version"],
            "description": project["description"],
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        "servers": [{"url": f"/{template()['Resources']['Api']['Properties']['StageName']}"}],
        "tags": [
            {"name": function, "description": inspect.getdoc(function_module(function))}
            for function in sorted({route.function for route in ROUTES})
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "responses": _shared_problems(),
            "securitySchemes": {
                _SIGN_IN: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The ID token of the Cognito user pool. The role that an operation asks for is"
                    " a group of the pool; whose things are shown follows from `custom:party_id`.",
                }
            },
        },
    }


def _operation(route: Route) -> Part:
    described = inspect.getdoc(getattr(function_module(route.function), route.operation))
    operation: Part = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": described,
        "tags": [route.function],
        # One requirement a role: any of them opens the door, and an empty list asks for nothing.
        "security": [{_SIGN_IN: [role]} for role in sorted(route.roles)],
        "parameters": _parameters(route),
    }
    if not operation["parameters"]:
        del operation["parameters"]
    if route.method in ("POST", "PUT", "PATCH"):
        operation["requestBody"] = _request_body(route)
    operation["responses"] = {
        str(route.status): _success(route),
        **{str(status): _problem(status, codes) for status, codes in problems_of(route).items()},
    }
    return operation


def _parameters(route: Route) -> list[Part]:
    parameters = [schemas.path_parameter(name) for name in re.findall(r"{(\w+)}", route.path)]
    if route.query:
        parameters += schemas.query_parameters(route.query)
    if route.key != "none":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": route.key == "required",
                "description": "The same key with the same request is the same answer; nothing is done twice.",
                "schema": {"type": "string", "minLength": 1, "maxLength": http.MAX_KEY_LENGTH},
            }
        )
    if route.if_match:
        parameters.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "The version that was seen, as the `ETag` says it; another one is refused.",
                "schema": {"type": "string", "examples": ['"3"']},
            }
        )
    if len(route.roles) > 1:
        parameters.append(
            {
                "name": "Acting-As",
                "in": "header",
                "required": False,
                "description": "The part that somebody who has several of them plays in this request.",
                "schema": {"type": "string", "enum": sorted(route.roles)},
            }
        )
    return parameters


def _request_body(route: Route) -> Part:
    """A route that has no model takes what somebody else defines, whole and signed."""
    schema = schemas.body(route.body) if route.body else {"type": "object"}
    required = route.body is None or any(field.is_required() for field in route.body.model_fields.values())
    return {"required": required, "content": {_JSON: {"schema": schema}}}


def _success(route: Route) -> Part:
    response: Part = {"description": HTTPStatus(route.status).phrase}
    headers: Part = {}
    if route.answer and "version" in route.answer.model_fields:
        headers["ETag"] = {
            "description": "The version, for `If-Match`.",
            "schema": {"type": "string", "examples": ['"3"']},
        }
    if route.media != _JSON:
        headers["Next-Cursor"] = {
            "description": "The cursor of the next page; absent on the last one.",
            "schema": {"type": "string"},
        }
    if headers:
        response["headers"] = headers
    if route.status != HTTPStatus.NO_CONTENT:
        nothing_said = {"type": "object" if route.media == _JSON else "string"}
        schema = schemas.answer(route.answer) if route.answer else nothing_said
        response["content"] = {route.media: {"schema": schema}}
    if links := _links(route):
        response["links"] = links
    return response


def _links(route: Route) -> Part:
    """What can be done with the case that an operation opened: whatever stands under its address."""
    if route.operation != _OPENS_A_CASE:
        return {}
    return {
        other.operation: {
            "operationId": other.operation,
            "description": other.summary,
            "parameters": {"case_id": "$response.body#/case_id"} | _MADE_WITH_IT.get(other.operation, {}),
        }
        for other in ROUTES
        if "{case_id}" in other.path
    }


def _problem(status: int, codes: tuple[str, ...]) -> Part:
    """Problems of one code are the same everywhere and stand among the components."""
    if len(codes) == 1:
        return {"$ref": f"#/components/responses/{codes[0]}"}
    return _problem_response(status, codes)


def _problem_response(status: int, codes: tuple[str, ...]) -> Part:
    said = {"properties": {"status": {"const": status}, "code": {"enum": list(codes)}}}
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}",
        "content": {
            "application/problem+json": {
                "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, said]}
            }
        },
    }


def _shared_problems() -> Part:
    alone = {
        (status, codes) for route in ROUTES for status, codes in problems_of(route).items() if len(codes) == 1
    }
    return {codes[0]: _problem_response(status, codes) for status, codes in sorted(alone)}
