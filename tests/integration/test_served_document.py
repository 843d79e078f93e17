"""The served OpenAPI document against the desk: schemathesis asks every operation by every role that may, with what
the document allows and with what it forbids, and follows its links. No answer is a 5xx or outside the document.

`FUZZ=50 pytest tests/integration/test_served_document.py` asks fifty times as long.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as of_openapi

from aftersales.contracts.routes import ROUTES
from aftersales.domain.parties import Party
from aftersales.usecases.open_case import case_id_of
from tests.builders import BUYER, OPERATOR, REVIEWER, SELLER, a_line
from tests.conformance.sandbox import Control
from tests.corpus import plain_photo
from tests.integration.harness import Desk, NoRoute, running_desk
from tests.integration.people import (
    PLATFORM,
    Payer,
    a_promise,
    apply,
    order_of,
    paid,
    put,
    withdraw,
)
from tools.generate import sources
from tools.generate.refusals import unauthorized
from tools.payment_sandbox.server import Server

pytestmark = pytest.mark.enable_socket

TIMES = int(os.environ.get("FUZZ", "1"))
PEOPLE: dict[str, Party] = {party.role: party for party in (BUYER, SELLER, REVIEWER, PLATFORM, OPERATOR)}
ORDERS = [f"known-{number}" for number in range(4)]
CASES = {
    key: case_id_of(BUYER, key) for key in ("in review", "without photo", "with photo", "paid", "withdrawn")
}
FOR_ANYBODY = {route.path for route in ROUTES if not route.roles}
PROBLEM = {"Content-Type": "application/problem+json"}
GATEWAY_RESPONSES = {
    name: next(iter(response["ResponseTemplates"].values()))
    for name, response in sources.template()["Resources"]["Api"]["Properties"]["GatewayResponses"].items()
}
FILE = sources.ROOT / "functions" / "public_api" / "openapi.json"


class Gateway:
    """API Gateway in front of the desk as a WSGI application. A token is the name of a role."""

    def __init__(self) -> None:
        self.desk: Desk | None = None

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        assert self.desk, "the desk is open during the tests of this module"
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
        }
        role = headers.get("Authorization", "").removeprefix("Bearer ")
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").removeprefix("/v1")
        if role not in PEOPLE and path not in FOR_ANYBODY:
            return _said(start, unauthorized()[0], PROBLEM, GATEWAY_RESPONSES["UNAUTHORIZED"])
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            answer = self.desk.call(
                environ["REQUEST_METHOD"],
                path,
                by=PEOPLE.get(role),
                headers=headers,
                query=dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)) or None,
                body=sent.decode("utf-8", "surrogateescape") if sent else None,
            )
        except NoRoute:
            return _said(start, 403, PROBLEM, GATEWAY_RESPONSES["DEFAULT_4XX"])
        return _said(start, answer.status, answer.headers, answer.text)


def _said(
    start: Callable[..., object], status: int, headers: Mapping[str, str], text: str
) -> Iterable[bytes]:
    start(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    return [text.encode()]


def document_with_what_is_there(*, only: bool = False) -> dict[str, Any]:
    """The served document; where it allows any id, those of things that are there are tried as well, or only they."""
    document: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    known = {
        "order_id": ORDERS,
        "case_id": list(CASES.values()),
        "evidence_id": ["e1"],
        "seller_id": [SELLER.id],
    }

    def known_too(schema: dict[str, Any], values: list[Any]) -> dict[str, Any]:
        return {"enum": values} if only else {"anyOf": [{"enum": values}, schema]}

    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if names := known.get(parameter["name"]):
                    parameter["schema"] = known_too(parameter["schema"], names)
    bodies = document["components"]["schemas"]
    for body in ("QuoteBody", "OpenCaseBody"):
        fields = bodies[body]["properties"]
        fields["order_id"] = known_too(fields["order_id"], ORDERS)
    line = bodies["ClaimedLineBody"]["properties"]
    line["line_id"] = known_too(line["line_id"], ["bowls"])
    line["quantity"] = known_too(line["quantity"], [1, 2])
    if only:
        bodies["OpenCaseBody"]["properties"]["lines"]["maxItems"] = 1
    return document


gateway = Gateway()
schema = schemathesis.openapi.from_dict(document_with_what_is_there())
schema.app = gateway
# Where journeys begin, cases must really be opened: of what is there, as the document allows it.
journeys = schemathesis.openapi.from_dict(document_with_what_is_there(only=True))
journeys.app = gateway
journeys.config.generation.modes = [schemathesis.GenerationMode.POSITIVE]
# The document's own links, not those that can be guessed from its names.
journeys.config.phases.stateful.inference.algorithms = []
CHECKS = [
    checks.not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
    of_openapi.negative_data_rejection,
    of_openapi.missing_required_header,
]
ROLES: dict[str, list[Any]] = {route.operation: sorted(route.roles) for route in ROUTES}
bounded: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
}


@pytest.fixture(scope="module")
def market(sandbox_server: Server) -> Iterator[Desk]:
    """A desk with orders, and with cases wherever a case can stand."""
    with httpx.Client(base_url=sandbox_server.url) as http:
        http.post("/_sandbox/reset").raise_for_status()
        with running_desk(Control(http), sandbox_server.url) as desk:
            payer = Payer.at(sandbox_server.url)
            for name in ORDERS:
                line = a_line(quantity=1_000, total=1_000_000)
                put(desk, paid(order_of(desk, order_id=name, lines=(line,)), payer))
            order = order_of(desk, order_id=ORDERS[0])
            apply(desk, order, "changed_mind", key="in review")
            apply(desk, order, "damaged", key="without photo")
            apply(desk, order, "damaged", key="with photo", evidence=[a_promise(plain_photo())])
            apply(desk, order, key="paid")
            withdraw(desk, apply(desk, order, key="withdrawn")).ok()
            desk.pump()
            desk.upload(CASES["with photo"], "e1", plain_photo())
            desk.pump()
            gateway.desk = desk
            yield desk
            gateway.desk = None


def test_the_document_is_served_as_it_was_generated(market: Desk) -> None:
    assert market.call("GET", "/openapi.json").ok() == json.loads(FILE.read_text("utf-8"))


@schema.parametrize()
@settings(max_examples=10 * TIMES, **bounded)
def test_every_operation_answers_as_the_document_says(case: schemathesis.Case[Any], market: Desk) -> None:
    for role in ROLES[case.operation.definition.raw["operationId"]] or [None]:
        headers = {"Authorization": f"Bearer {role}"} if role else {}
        case.call_and_validate(headers=headers, checks=CHECKS)


class Journeys(journeys.as_state_machine()):  # type: ignore[misc]  # made while the tests run
    """Operations in a row, led by the document's links: what was opened is read, talked about, decided, withdrawn."""

    _turn = 0
    opened = 0

    def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
        """Each role that may has its turn."""
        roles = ROLES[case.operation.definition.raw["operationId"]]
        self._turn += 1
        return {"headers": {"Authorization": f"Bearer {roles[self._turn % len(roles)]}"} if roles else {}}

    def validate_response(
        self, response: schemathesis.Response, case: schemathesis.Case[Any], **kwargs: Any
    ) -> None:
        """By the same checks."""
        Journeys.opened += response.status_code == 201 and case.path == "/cases"
        case.validate_response(response, checks=CHECKS)


def test_journeys_along_the_document_s_links_answer_as_it_says(market: Desk) -> None:
    Journeys.run(settings=settings(max_examples=20 * TIMES, stateful_step_count=8, **bounded))
    assert Journeys.opened > 10 * TIMES
