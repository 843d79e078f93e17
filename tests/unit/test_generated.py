"""What is generated is what the code says now, and it says it well."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import openapi_spec_validator
import pytest

from aftersales.adapters.policies import PublishedPolicies
from aftersales.contracts.cases import case_view
from aftersales.contracts.routes import ROUTES, Route
from aftersales.domain.case import Status
from aftersales.domain.lifecycle import LIFECYCLE, Act
from aftersales.domain.parties import Party, Role
from aftersales.domain.timeline import Event
from aftersales.entrypoints.http import STATUSES, Api
from tools.generate.markdown import duration, table
from tools.generate.openapi import document
from tools.generate.refusals import edge_problems, problems_of
from tools.generate.walk import opened, walk


def operations() -> Iterator[tuple[Route, dict[str, Any]]]:
    """Every route with what the document says of it."""
    for route in ROUTES:
        yield route, document()["paths"][route.path][route.method.lower()]


def route_of(operation: str) -> Route:
    return next(route for route in ROUTES if route.operation == operation)


def test_the_document_is_valid_openapi() -> None:
    openapi_spec_validator.validate(document())


def test_every_operation_stands_in_the_document_under_its_name() -> None:
    assert {said["operationId"] for _, said in operations()} == {route.operation for route in ROUTES}
    assert sum(map(len, document()["paths"].values())) == len(ROUTES)


def test_only_operations_for_everybody_ask_for_no_token() -> None:
    for route, said in operations():
        assert (said["security"] == []) is (not route.roles)
        assert ("401" in said["responses"]) is bool(route.roles)


def test_every_variable_of_a_path_is_described() -> None:
    for route, said in operations():
        described = {one["name"] for one in said.get("parameters", []) if one["in"] == "path"}
        assert route.path.count("{") == len(described)
        assert all(f"{{{name}}}" in route.path for name in described)


def test_headers_are_described_where_the_table_says_so() -> None:
    for route, said in operations():
        headers = {
            one["name"]: one["required"] for one in said.get("parameters", []) if one["in"] == "header"
        }
        assert (
            headers.get("Idempotency-Key") == {"required": True, "accepted": False, "none": None}[route.key]
        )
        assert ("If-Match" in headers) is route.if_match
        assert ("412" in said["responses"]) is route.if_match


def test_every_problem_of_the_desk_can_be_met_somewhere() -> None:
    """A code that no operation can give is left over, or the search does not find its way."""
    met = {code for route in ROUTES for codes in problems_of(route).values() for code in codes}
    assert {str(code) for code in STATUSES} <= met


def test_a_read_of_a_case_is_refused_for_four_reasons_only() -> None:
    assert set(problems_of(route_of("get_case"))) == {401, 403, 404, 500}


def test_an_application_can_be_refused_for_what_the_order_lacks() -> None:
    conflicts = problems_of(route_of("open_case"))[409]
    assert {"units_unavailable", "order_frozen", "window_closed", "idempotency_key_reused"} <= set(conflicts)
    assert "act_not_possible" not in conflicts


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [("x" * 400_000, "application/json", 413), ("a=1", "application/x-www-form-urlencoded", 415)],
)
def test_the_edge_answers_the_problems_that_were_read_from_its_source(
    body: str, content_type: str, status: int
) -> None:
    answer = Api("public_api", lambda: 0)({"body": body, "headers": {"Content-Type": content_type}}, None)
    assert answer["statusCode"] == status
    assert (status, json.loads(answer["body"])["code"]) in edge_problems()


@pytest.mark.walk
def test_every_view_of_a_case_is_as_the_document_says() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    said = document()["components"]["schemas"]
    schema = {"$ref": "#/components/schemas/CaseView", "components": {"schemas": said}}
    validator = jsonschema.Draft202012Validator(schema)
    reviewer = Party(Role.REVIEWER, "rita")
    desk: Any = SimpleNamespace(policies=PublishedPolicies(), now=lambda: opened().case.opened_at)
    one_of_each = {step.entry.event: step.after for step in walk()}
    for case in one_of_each.values():
        view = case_view(case, reviewer, desk).model_dump(mode="json", by_alias=True)
        assert [error.message for error in validator.iter_errors(view)] == []


@pytest.mark.walk
def test_the_walk_leads_through_every_status_act_and_event() -> None:
    steps = walk()
    assert {step.before.status for step in steps} == set(Status)
    assert {step.act for step in steps} == {*Act, None}
    assert {step.entry.event for step in steps} | {opened().entry.event} == set(Event)


@pytest.mark.walk
def test_no_act_is_ever_carried_out_where_the_table_forbids_it() -> None:
    for step in walk():
        if step.act:
            assert step.before.status in LIFECYCLE[step.act], step.act


@pytest.mark.walk
def test_a_case_that_has_ended_waits_for_nobody() -> None:
    ended = [
        step.after for step in walk() if step.after.deadline_at is None and step.entry.to_status in _ENDS
    ]
    assert {(case.status, case.waiting_on) for case in ended} == {(Status(end), None) for end in _ENDS}


_ENDS = ("completed", "cancelled", "closed_declined")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 minute"), (90, "90 minutes"), (120, "2 hours"), (1440, "1 day"), (4320, "3 days")],
)
def test_durations_are_said_in_the_largest_unit_without_a_rest(minutes: int, said: str) -> None:
    assert duration(minutes) == said


def test_a_bar_does_not_end_a_cell() -> None:
    assert table(["a"], [["x|y"]]).splitlines()[-1] == "| x&#124;y |"
