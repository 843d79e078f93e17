"""Requests as API Gateway passes them on."""

import json
from collections.abc import Mapping
from typing import Any

from aftersales.domain.parties import Party
from tests.events import GROUPS
from tests.simulation import functions

Json = dict[str, Any]


def http_event(
    method: str, path: str, body: Any, headers: Mapping[str, str], by: Party | None = None
) -> tuple[str, Json]:
    """The function that serves the request, and its event
    (https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html)."""
    folder, resource, parameters = functions.route(method, path)
    sent = {"Content-Type": "application/json", **headers} if body is not None else dict(headers)
    return folder, {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": {},
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "request-1",
            "stage": "v1",
            "path": f"/v1{path}",
            "resourcePath": resource,
            "httpMethod": method,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "simulation"},
            "authorizer": {"claims": _claims(by)} if by else None,
        },
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def _claims(party: Party) -> Mapping[str, str]:
    return {
        "sub": "00000000-0000-4000-8000-000000000000",
        "token_use": "id",
        "custom:party_id": party.id,
        "cognito:groups": GROUPS[party.role],
    }
