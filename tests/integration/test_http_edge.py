"""The edge: whatever is sent, the answer is a problem that says what is wrong, and never a 5xx."""

import base64
import io
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.contracts.routes import ROUTES, Route
from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Code
from aftersales.entrypoints.http import STATUSES
from aftersales.entrypoints.logs import logger
from tests.builders import BUYER, OPERATOR, REVIEWER, SELLER, an_order
from tests.integration.harness import Answer, Desk, claims_of
from tests.integration.people import PLATFORM, an_application, body_of, order_of

pytestmark = pytest.mark.enable_socket

PEOPLE = {
    Role.BUYER: BUYER,
    Role.SELLER: SELLER,
    Role.REVIEWER: REVIEWER,
    Role.PLATFORM: PLATFORM,
    Role.OPERATOR: OPERATOR,
}
ORDER = an_order()
SPOKEN = [route for route in ROUTES if route.roles]
WRITES = [route for route in SPOKEN if route.body]


@pytest.fixture(scope="module")
def deployed(shared_desk: Desk) -> Iterator[Desk]:
    """One desk with one order; nothing here may change it."""
    order = order_of(shared_desk)
    body = body_of(order) | {
        "payments": [
            {"payment_id": "card", "provider": "stripe", "reference": "pi_1", "captured": 2_000},
        ]
    }
    shared_desk.call("PUT", f"/orders/{order.order_id}", by=PLATFORM, body=body).ok()
    before = _everything(shared_desk)
    yield shared_desk
    assert _everything(shared_desk) == before


def _everything(desk: Desk) -> list[list[dict[str, Any]]]:
    return [desk.rows(table) for table in ("OrdersTable", "CasesTable", "FeedbackTable", "IdempotencyTable")]


def path_of(route: Route) -> str:
    """The route's path with ids in it."""
    ids = {
        "order_id": ORDER.order_id,
        "seller_id": SELLER.id,
        "channel": "email",
        "case_id": "case-1",
        "evidence_id": "e1",
        "offer_id": "o1",
        "market": "BR",
        "feedback_id": "feedback-1",
        "sku": "sku-1",
    }
    return route.path.format(**ids)


def ask(desk: Desk, route: Route, body: Any = None, **event: Any) -> Answer:
    """By somebody who may."""
    by = PEOPLE[min(route.roles)] if route.roles else None
    return desk.call(route.method, path_of(route), by=by, body=body, key="hostile", **event)


def assert_problem(answer: Answer) -> None:
    """RFC 9457, with a stable code, and not our fault."""
    assert 400 <= answer.status < 500, (answer.status, answer.text)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == answer.status
    assert problem["code"] in set(Code)
    assert problem["type"] == f"urn:aftersales:problem:{problem['code']}"
    assert problem["title"] == HTTPStatus(answer.status).phrase
    assert problem["detail"]


_DEEP = 10_000
HOSTILE: dict[str, Any] = {
    "no JSON": "{not json",
    "half of it": '{"order_id": "ord',
    "nothing but space": "   ",
    "a number": "7",
    "null": "null",
    "a list": "[]",
    "a string": '"hello"',
    "deep lists": "[" * _DEEP + "]" * _DEEP,
    "deep objects": '{"a":' * _DEEP + "1" + "}" * _DEEP,
    "open brackets": "[" * _DEEP,
    "10 MB": '{"a": "' + "x" * 10_000_000 + '"}',
    "300 kB": '{"a": "' + "x" * 300_000 + '"}',
    "NUL": "\0",
    "NUL in a key": '{"\\u0000": 1}',
    "half a surrogate": '{"note": "\\ud800"}',
    "half a surrogate, raw": '{"note": "\ud800"}',
    "a byte order mark": "\ufeff{}",
    "NaN": '{"amount": NaN}',
    "a huge number": '{"amount": 1' + "0" * 5_000 + "}",
    "a key twice": '{"note": 1, "note": 2}',
    "a prototype": '{"__proto__": {"admin": true}}',
    "an unknown field": '{"colour": "red"}',
    "wrong types": '{"order_id": 1, "kind": [], "lines": {}, "decision": 7, "text": {}, "endpoint": null}',
    "XML": "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
}


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.operation)
def test_hostile_bodies_are_refused_as_problems(deployed: Desk, route: Route) -> None:
    empty_is_fine = route.operation in (
        "withdraw_case",
        "resume_case",
        "take_review",
        "confirm_receipt",
        "confirm_replacement",
    )
    for name, body in HOSTILE.items():
        answer = ask(deployed, route, body)
        assert_problem(answer)
        # An act that takes no words refuses everything but the empty object before it looks for the case.
        assert answer.code in {"invalid_request", "body_too_large"}, (name, answer.text)
    assert_problem(ask(deployed, route, None))
    if not empty_is_fine:
        assert ask(deployed, route, "{}").code == "invalid_request"


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.operation)
def test_bodies_of_other_kinds_and_junk_encodings_are_refused(deployed: Desk, route: Route) -> None:
    kinds = {
        "multipart/form-data": 415,
        "multipart/form-data; boundary=": 415,
        "application/x-www-form-urlencoded": 415,
        "text/plain": 415,
        "": 422,
        ";;;": 415,
        "application/json; charset=utf-16": 422,
    }
    for kind, status in kinds.items():
        answer = ask(deployed, route, "--\r\n\r\n--", headers={"Content-Type": kind})
        assert_problem(answer)
        assert answer.status == status, (kind, answer.text)
    for junk in ("%%%", "=", "AAAA=", base64.b64encode(b"\xff\xfe\x00").decode(), "\N{SNOWMAN}"):
        answer = ask(deployed, route, junk, isBase64Encoded=True)
        assert_problem(answer)
        assert answer.code == "invalid_request", junk
    assert_problem(
        ask(deployed, route, "{}", headers={"content-type": "application/json"}, isBase64Encoded=True)
    )
    assert_problem(ask(deployed, route, "{", headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "a\0b"),
        ("description", "\x1b[31mred"),
        ("description", "x" * 4_001),
        ("order_id", "order 1"),
        ("order_id", "../orders"),
        ("order_id", "order-1\n"),
        ("order_id", "x" * 65),
        ("order_id", ""),
        ("kind", "gift"),
        ("reason", "boredom"),
        ("lines", []),
        ("lines", [{"line_id": "bowls", "quantity": 0}]),
        ("lines", [{"line_id": "bowls", "quantity": -1}]),
        ("lines", [{"line_id": "bowls", "quantity": 1.5}]),
        ("lines", [{"line_id": "bowls", "quantity": 10**30}]),
        ("lines", [{"line_id": "bowls", "quantity": 1}] * 2),
        ("lines", [{"line_id": "shipping", "quantity": 1}]),
        ("lines", [{"line_id": f"l{n}", "quantity": 1} for n in range(201)]),
        ("evidence", [{"filename": "a.svg", "content_type": "image/svg+xml", "size": 5}]),
        ("evidence", [{"filename": "a.jpg", "content_type": "image/jpeg", "size": 0}]),
        ("evidence", [{"filename": "a.jpg", "content_type": "image/jpeg", "size": 10 * 2**20 + 1}]),
        ("evidence", [{"filename": "a\0.jpg", "content_type": "image/jpeg", "size": 5}]),
        ("evidence", [{"filename": "a.jpg", "content_type": "image/jpeg", "size": 5}] * 11),
        ("price", 1),
        ("buyer_id", "somebody"),
    ],
    ids=str,
)
def test_an_application_is_refused_by_the_field_that_is_wrong(
    deployed: Desk, field: str, value: object
) -> None:
    body = an_application(ORDER) | {field: value}
    refused = deployed.call("POST", "/cases", by=BUYER, body=body, key="wrong")
    assert_problem(refused)
    assert refused.code == "invalid_request"
    named = [error["field"].split(".")[0] for error in refused.json["errors"]]
    assert field in named or "body" in named, refused.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("placed_at", "0001-01-01T00:00:00+14:00"),
        ("placed_at", "9999-12-31T23:59:59-14:00"),
        ("placed_at", "1969-12-31T23:59:59Z"),
        ("placed_at", "2026-01-01T12:00:00"),
        ("placed_at", "yesterday"),
        ("placed_at", 10**30),
        ("currency", "usd"),
        ("currency", "US$"),
        ("lines", [{"line_id": "a", "sku": "s", "title": "t", "quantity": 1, "total": 5, "tax": 6}]),
        ("lines", [{"line_id": "a", "sku": "s", "title": "t", "quantity": 1, "total": -5}]),
        ("lines", [{"line_id": "a", "sku": "s", "title": "t", "quantity": 1, "total": 10**11}]),
        ("lines", [{"line_id": "shipping", "sku": "s", "title": "t", "quantity": 1, "total": 5}]),
        ("payments", []),
        ("payments", [{"payment_id": "p", "provider": "cash", "reference": "r", "captured": 5}]),
        ("contact", {"email": "no address", "language": "en"}),
        ("contact", {"email": "a@b\r\nBcc: c@d", "language": "en"}),
        ("contact", {"email": "a\0@b", "language": "en"}),
        ("order_id", "another-order"),
    ],
    ids=str,
)
def test_an_order_is_refused_by_the_field_that_is_wrong(deployed: Desk, field: str, value: object) -> None:
    payments = [{"payment_id": "p", "provider": "stripe", "reference": "pi_9", "captured": 2_000}]
    body = body_of(order_of(deployed)) | {"payments": payments, field: value}
    refused = deployed.call("PUT", "/orders/refused", by=PLATFORM, body=body)
    assert_problem(refused)
    assert refused.code == "invalid_request"


@pytest.mark.parametrize("route", SPOKEN, ids=lambda route: route.operation)
def test_an_operation_is_refused_to_all_tokens_but_those_it_is_for(deployed: Desk, route: Route) -> None:
    party = PEOPLE[min(route.roles)]
    good = claims_of(party)
    refused: dict[str, dict[str, Any]] = {
        "an access token": good | {"token_use": "access"},
        "a token without use": {name: value for name, value in good.items() if name != "token_use"},
        "nobody's token": {name: value for name, value in good.items() if name != "custom:party_id"},
        "an empty party": good | {"custom:party_id": ""},
        "no group": {name: value for name, value in good.items() if name != "cognito:groups"},
        "a group of no name": good | {"cognito:groups": "[]"},
        "a longer name": good | {"cognito:groups": "buyersandsellers,platforms,xreviewers"},
        "no claims": {},
    }
    refused |= {f"a {role}'s token": claims_of(PEOPLE[role]) for role in set(PEOPLE) - route.roles}
    for name, claims in refused.items():
        answer = ask(deployed, route, {}, claims=claims)
        assert (answer.status, answer.code) == (403, "forbidden"), name
    assert ask(deployed, route, {}, claims=None).code == "forbidden"
    assert ask(deployed, route, {}, claims=good).status != 403


@pytest.mark.parametrize(
    "groups",
    ["buyers", "[buyers]", "buyers,sellers", "[sellers buyers]", "[sellers, buyers]", ["sellers", "buyers"]],
    ids=str,
)
def test_groups_are_read_in_every_form_in_which_they_come(deployed: Desk, groups: object) -> None:
    claims = claims_of(BUYER) | {"cognito:groups": groups}
    assert deployed.call("GET", "/cases", claims=claims).ok() == {"items": [], "next_cursor": None}


def test_somebody_of_two_groups_acts_in_the_one_that_the_operation_is_for(deployed: Desk) -> None:
    claims = claims_of(Party(Role.BUYER, PLATFORM.id)) | {"cognito:groups": "[buyers platform]"}
    assert deployed.call("GET", f"/orders/{ORDER.order_id}", claims=claims).status in (200, 404)


def test_somebody_who_sells_and_buys_says_which_they_mean(deployed: Desk) -> None:
    claims = claims_of(Party(Role.BUYER, ORDER.seller_id)) | {"cognito:groups": "[sellers buyers reviewers]"}
    path = f"/orders/{ORDER.order_id}"
    assert deployed.call("GET", path, claims=claims).status == 404
    assert deployed.call("GET", path, claims=claims, headers={"Acting-As": "seller"}).status == 200
    for nobody in ("platform", "king", ""):
        answer = deployed.call("GET", path, claims=claims, headers={"Acting-As": nobody})
        assert (answer.status, answer.code) == (403, "forbidden")


def test_every_code_has_its_status() -> None:
    assert set(STATUSES) == set(Code)
    assert all(400 <= status < 600 for status in STATUSES.values())


@pytest.mark.parametrize(
    "name",
    ["x" * 65, "x" * 5_000, "%00", "..", "a b", "a#b", "\N{SNOWMAN}", "CASE%23x", "-x", "'; DROP TABLE"],
    ids=range(10),
)
def test_a_name_that_is_none_names_nothing(deployed: Desk, name: str) -> None:
    """DynamoDB answers too long a key with a validation error, which must not become a 5xx."""
    for by, method, path in [
        (BUYER, "GET", f"/cases/{name}"),
        (BUYER, "GET", f"/cases/{name}/timeline"),
        (BUYER, "GET", f"/cases/case-1/evidence/{name}"),
        (BUYER, "POST", f"/cases/{name}/withdrawal"),
        (SELLER, "DELETE", f"/sellers/{SELLER.id}/subscriptions/{name}"),
        (SELLER, "DELETE", f"/sellers/{name}/subscriptions/email"),
        (BUYER, "GET", f"/feedback/{name}"),
        (BUYER, "GET", f"/sellers/{name}/feedback"),
        (BUYER, "GET", f"/sellers/{name}/rating"),
        (BUYER, "DELETE", f"/feedback/{name}"),
        (SELLER, "POST", f"/feedback/{name}/reply"),
        (PLATFORM, "GET", f"/orders/{name}"),
        (OPERATOR, "POST", f"/cases/{name}/resumption"),
    ]:
        answer = deployed.call(method, path, by=by, body={} if method == "POST" else None)
        assert_problem(answer)
        assert answer.status == 404, (path, answer.text)


@pytest.mark.parametrize("key", ["x" * 256, "a\nb", "a\0b", "\ud800"], ids=range(4))
def test_a_key_that_is_none_is_refused(deployed: Desk, key: str) -> None:
    answer = deployed.call("POST", "/cases", by=BUYER, body=an_application(ORDER), key=key)
    assert_problem(answer)
    assert answer.code == "invalid_request"


@pytest.mark.parametrize("tag", ["7", "abc", '"x"', "W/", '"1", "2"', '"99999999999"', '"٧"'], ids=str)
def test_a_version_that_is_none_is_412_or_finds_no_case(deployed: Desk, tag: str) -> None:
    answer = deployed.call("POST", "/cases/case-1/withdrawal", by=BUYER, body={}, headers={"If-Match": tag})
    assert_problem(answer)
    assert answer.code in ("version_conflict", "not_found")


def test_headers_and_queries_may_be_missing_altogether(deployed: Desk) -> None:
    missing: list[dict[str, Any]] = [
        {"headers": {}},
        {"multiValueHeaders": None},
        {"queryStringParameters": None},
    ]
    for event in missing:
        assert deployed.call("GET", "/cases", by=BUYER, **event).status == 200
    for cursor in ("9" * 5_000, "-1", "x", "1.5", ""):
        answer = deployed.call("GET", "/cases/case-1/timeline", by=BUYER, query={"cursor": cursor})
        assert_problem(answer)


def test_what_the_desk_logs_holds_no_word_of_a_person(deployed: Desk) -> None:
    said = io.StringIO()
    before = logger.registered_handler.setStream(said)  # type: ignore[attr-defined]  # a stream's handler
    body = an_application(ORDER, description="12 Hidden Lane") | {"lines": "Hidden Lane"}
    deployed.call("POST", "/cases", by=BUYER, body=body, key="hidden-key")
    logger.registered_handler.setStream(before)  # type: ignore[attr-defined]
    assert "invalid_request" in said.getvalue()
    for secret in ("Hidden Lane", "hidden-key"):
        assert secret not in said.getvalue()


def test_the_public_operations_answer_without_a_token(deployed: Desk) -> None:
    assert deployed.call("GET", "/health").ok() == {"status": "ok"}
    assert deployed.call("GET", "/openapi.json").ok()["openapi"].startswith("3.1")


def test_a_failure_of_ours_is_a_problem_without_a_stack(
    deployed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret internals")

    with monkeypatch.context() as broken:
        broken.setattr(DynamoDBStore, "case", fail)
        answer = deployed.call("GET", "/cases/case-1", by=BUYER)
    assert (answer.status, answer.code) == (500, "internal")
    assert "secret" not in answer.text
    assert json.loads(answer.text)["type"] == "urn:aftersales:problem:internal"


@pytest.mark.parametrize("function", sorted({route.function for route in ROUTES}))
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/cases"),
        ("TRACE", "/health"),
        ("get", "/nowhere"),
        ("", ""),
        ("POST", "/cases/../orders"),
        ("GET", "/" + "x" * 10_000),
        ("GET", "/\0"),
    ],
    ids=range(7),
)
def test_a_request_that_no_operation_is_for_is_not_found(
    deployed: Desk, function: str, method: str, path: str
) -> None:
    """API Gateway lets none of them through; a function that is called past it refuses them as well."""
    name = next(
        name
        for name, one in deployed.stack.of_type("AWS::Serverless::Function")
        if one["CodeUri"] == f"functions/{function}"
    )
    event = {"httpMethod": method, "path": path, "resource": path, "requestContext": {"stage": "v1"}}
    for body in (None, "{}", "["):
        said = deployed.invoke(name, event | {"body": body, "headers": {"Content-Type": "application/json"}})
        assert (said["statusCode"], json.loads(said["body"])["code"]) == (404, "not_found")
