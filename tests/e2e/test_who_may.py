"""Who may do what: every role asks for every operation, on things of their own and on things of others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from aftersales.contracts import cases, evidence, feedback, orders, skus, subscriptions
from aftersales.contracts.routes import ROUTES, Route
from aftersales.domain.parties import Role
from tests.e2e.market import Market, Sale, application, body, refusal
from tools.desk import Person

pytestmark = pytest.mark.e2e

SIGNED_IN = (Role.BUYER, Role.SELLER, Role.REVIEWER, Role.PLATFORM, Role.OPERATOR)
# Those who see only what is theirs. The others see the things of everybody, where they see such things at all.
PARTIES = (Role.BUYER, Role.SELLER)
WHOSE = ("own", "other's")


@dataclass(frozen=True)
class Thing:
    """A case with its order, a promised photo, the buyer's feedback with another, and the seller's alerts."""

    sale: Sale
    case_id: str
    feedback_id: str

    @property
    def sku(self) -> dict[str, Any]:
        """Something else that the seller has."""
        return {
            "seller_id": self.sale.seller.party_id,
            "product": f"other-{self.sale.order_id}",
            "title": "Something else",
            "currency": "USD",
            "price": 1_000,
            "on_hand": 5,
        }

    def path(self, route: Route) -> str:
        return route.path.format(
            case_id=self.case_id,
            evidence_id="p1.1" if "{feedback_id}" in route.path else "e1",
            order_id=self.sale.order_id,
            sku=self.sku["product"],
            seller_id=self.sale.seller.party_id,
            channel="email",
            offer_id="o1",
            market="atlantis",
            feedback_id=self.feedback_id,
        ).lstrip("/")


# What is sent for each kind of body, all of it well-formed: only who asks may make a difference.
BODIES: Mapping[type[BaseModel], Callable[[Thing], dict[str, Any]]] = {
    orders.OrderBody: lambda thing: thing.sale.order,
    skus.SkuBody: lambda thing: thing.sku,
    cases.QuoteBody: lambda thing: {
        name: value for name, value in application(thing.sale).items() if name != "evidence"
    },
    cases.OpenCaseBody: lambda thing: application(thing.sale),
    cases.EmptyBody: lambda _: {},
    cases.PaidElsewhereBody: lambda _: {"note": "By bank transfer, as agreed."},
    cases.ShipmentBody: lambda _: {"carrier": "ups", "tracking_code": "1Z999AA10123456784"},
    cases.ReceiptBody: lambda _: {},
    cases.DecisionBody: lambda _: {"decision": "decline", "reason_code": "not_ours", "note": "Not ours."},
    cases.MessageBody: lambda _: {"text": "Good day."},
    cases.StatementBody: lambda _: {"text": "It is cracked."},
    cases.OfferBody: lambda _: {"amount": 100, "note": "For the trouble."},
    cases.OfferAnswerBody: lambda _: {"accept": False},
    cases.ExtensionBody: lambda _: {"hours": 24, "reason": "A postal strike."},
    evidence.EvidenceBody: lambda _: {"filename": "photo.jpg", "content_type": "image/jpeg", "size": 100},
    feedback.FeedbackBody: lambda thing: {"order_id": thing.sale.order_id, "score": 4},
    feedback.EditBody: lambda _: {"comment": "It came in time."},
    feedback.ReplyBody: lambda _: {"text": "Thank you."},
    feedback.DigestBody: lambda _: {"rhythm": "weekly"},
    feedback.ModerationBody: lambda _: {"action": "hide", "reason_code": "advertising"},
    subscriptions.SubscriptionBody: lambda _: {"endpoint": "alerts@example.com"},
}


@pytest.fixture(scope="module")
def things(_market: Market) -> dict[str, Thing]:
    """Two cases of two buyers and two sellers: `own` for those who ask, and `other's`."""
    found = {}
    for whose in WHOSE:
        sale = _market.sell(units=50, total=50_000)
        promised = [{"filename": "photo.jpg", "content_type": "image/jpeg", "size": 100}]
        case_id = str(_market.apply(sale, reason="damaged", files=promised)["case_id"])
        alerts = sale.seller.put(
            f"sellers/{sale.seller.party_id}/subscriptions/email", {"endpoint": "alerts@example.com"}
        )
        assert alerts.status_code == 200, alerts.text
        left = sale.buyer.post("feedback", {"order_id": sale.order_id, "score": 5, "photos": promised})
        found[whose] = thing = Thing(sale, case_id, body(left, 201)["feedback_id"])
        body(_market.stack.person("platform").put(f"skus/{thing.sku['product']}", thing.sku), 200)
    return found


def names_a_thing(route: Route, role: Role) -> bool:
    """Lists name nobody's things: everybody sees their own. What is published is everybody's, and what a seller has is
    every buyer's."""
    if route.operation in ("get_feedback", "view_photo", "list_feedback", "get_rating"):
        return False
    if route.operation in ("get_sku", "list_variants") and role is Role.BUYER:
        return False
    return "{" in route.path or route.body in (cases.QuoteBody, cases.OpenCaseBody, feedback.FeedbackBody)


def expected(route: Route, role: Role | None, whose: str) -> int | None:
    """The status that the table of routes promises; None where the door is open and the case decides."""
    if not route.roles:
        return 400 if route.path.startswith("/webhooks/") else 200
    if role is None:
        return 401
    if role not in route.roles:
        return 403
    if whose == "other's" and role in PARTIES and names_a_thing(route, role):
        return 404
    return None


def ask(person: Person, route: Route, thing: Thing) -> httpx.Response:
    sent = BODIES[route.body](thing) if route.body else None
    key = {"Idempotency-Key": f"{route.operation} {thing.case_id}"} if route.key != "none" else {}
    return person.http.request(route.method, thing.path(route), json=sent, headers=key)


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("role", [None, *SIGNED_IN], ids=lambda role: role or "nobody")
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_the_door_opens_for_those_whom_the_table_of_routes_names(
    market: Market, things: dict[str, Thing], route: Route, role: Role | None, whose: str
) -> None:
    own = things["own"].sale
    parties = {None: market.stack.anyone, Role.BUYER: own.buyer, Role.SELLER: own.seller}
    person = parties[role] if role in parties else market.stack.person(str(role))

    answer = ask(person, route, things[whose])

    status = expected(route, role, whose)
    if status is None:
        assert answer.status_code in (200, 201, 202, 204, 409), answer.text
    else:
        assert answer.status_code == status, answer.text
    if status in (400, 403, 404):
        assert refusal(answer)[1] in ("signature_invalid", "forbidden", "not_found")
        assert things[whose].case_id not in answer.text


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.roles], ids=lambda route: str(route.operation)
)
def test_an_access_token_opens_no_door(market: Market, things: dict[str, Thing], route: Route) -> None:
    role = min(route.roles)
    own = things["own"].sale
    party = {Role.BUYER: own.buyer, Role.SELLER: own.seller}.get(role) or market.stack.person(role)
    token = market.stack.access_token(role, party.party_id)

    answer = ask(market.stack.bearer(role, party.party_id, token), route, things["own"])

    assert refusal(answer) == (403, "forbidden")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer junk", "Basic YTpi", "Bearer a.b.c"])
def test_what_is_no_token_opens_no_door(market: Market, token: str) -> None:
    answer = market.stack.anyone.http.get("cases", headers={"Authorization": token})

    assert answer.status_code == 401


def test_a_token_whose_claims_were_changed_opens_no_door(market: Market) -> None:
    head, claims, signature = market.stack.id_token("buyer", market.someone("buyer").party_id).split(".")
    changed = f"{head}.{claims[:-4]}AAAA.{signature}"

    answer = market.stack.anyone.http.get("cases", headers={"Authorization": f"Bearer {changed}"})

    assert answer.status_code == 401


def test_anyone_may_ask_whether_the_desk_answers(market: Market) -> None:
    assert body(market.stack.anyone.get("health"))["status"] == "ok"


def test_the_document_that_anyone_may_read_names_every_operation(market: Market) -> None:
    document = body(market.stack.anyone.get("openapi.json"))

    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path, operation["operationId"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {(route.method, route.path, route.operation) for route in ROUTES}


def test_what_nobody_offers_is_refused(market: Market) -> None:
    buyer = market.someone("buyer")

    assert buyer.get("nothing/here").status_code == 403
    assert buyer.http.request("PATCH", "cases").status_code == 403
