"""Money that goes ahead of the goods, through the real functions, the real SDKs and both sandboxes."""

from typing import Any

import pytest

from tests.builders import BUYER, KILNS_DOOR, MEIS_DOOR, REVIEWER, SELLER, parcel_of
from tests.conformance.sandbox import Control
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    an_application,
    apply,
    assert_books,
    assert_ended,
    decide,
    events,
    order_of,
    paid,
    provider_events,
    put,
    read,
    refunds,
    status,
)
from tests.integration.test_labels import hear, travel
from tests.integration.test_returns import line, receive, ship
from tests.integration.test_statement import assert_counted, lines

pytestmark = pytest.mark.enable_socket

WORTH = 4_000


def a_known_buyer(desk: Desk, payer: Payer, label: bool = True) -> Any:
    """Somebody who has bought five times and complained about none; answers the order that is to come back."""
    for number in range(4):
        put(desk, paid(order_of(desk, 900, order_id=f"before-{number}"), payer))
    ends: dict[str, Any] = {"shipping_address": MEIS_DOOR, "return_address": KILNS_DOOR} if label else {}
    return put(desk, paid(order_of(desk, WORTH, order_id="order-1", **ends), payer))


def approved(desk: Desk, payer: Payer, label: bool = True, reason: str = "late") -> tuple[Any, str]:
    order = a_known_buyer(desk, payer, label)
    case_id = apply(desk, order, reason, kind="return")
    desk.pump()
    assert status(desk, case_id) == "awaiting_return"
    return order, case_id


def seen(desk: Desk, carriers: Control, case_id: str, to: str) -> list[Any]:
    """The parcel goes its way, and what its carrier says of it on the way there is heard; the last word is kept."""
    *before, last = travel(desk, carriers, case_id, to)
    for event in before:
        hear(desk, event).ok()
        desk.pump()
    return [last]


def test_the_quote_says_that_money_goes_ahead_and_to_whom(desk: Desk, payer: Payer) -> None:
    order = a_known_buyer(desk, payer)
    wanted = {name: value for name, value in an_application(order, kind="return").items()}
    del wanted["description"]
    assert desk.call("POST", "/quotes", by=BUYER, body=wanted).ok()["paid_ahead"]
    dear = put(desk, paid(order_of(desk, WORTH + 100, order_id="dear"), payer))
    quote = desk.call("POST", "/quotes", by=BUYER, body=wanted | {"order_id": dear.order_id}).ok()
    assert not quote["paid_ahead"]


def test_at_the_first_scan_the_money_goes_and_the_goods_come_in_seven_states(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    order, case_id = approved(desk, payer)
    [delivered] = seen(desk, carriers, case_id, "delivered")
    case = read(desk, case_id)
    assert (case["status"], case["debt"]) == (
        "return_in_transit",
        {"amount": WORTH, "currency": "USD", "due": False},
    )
    assert [one["amount"] for one in refunds(desk)] == [WORTH]
    assert "advance_granted" in events(desk, case_id)
    assert "refund_advanced" in events(desk, case_id)
    hear(desk, delivered).ok()
    desk.silence(days=5)
    entered = assert_ended(desk, case_id, "completed")
    assert entered == [
        "Assess the case",
        "What does the case need?",
        "Buy the label and wait for the goods",
        "Assess the case",
        "What does the case need?",
        "Refund the buyer",
        "Settle and close the case",
    ]
    assert read(desk, case_id)["debt"] is None
    assert [one["amount"] for one in refunds(desk)] == [WORTH]
    assert_books(desk, order)
    accounts = lines(assert_counted(desk)["balances"][0])
    assert "buyer_debt" not in accounts
    assert accounts["buyer_refund"] == -WORTH


def test_a_parcel_of_the_buyers_own_that_never_comes_leaves_a_debt(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    order, case_id = approved(desk, payer, label=False)
    ship(desk, case_id, parcel_of(case_id)).ok()
    desk.silence(minutes=1)
    seen(desk, carriers, case_id, "lost")
    assert [one["amount"] for one in refunds(desk)] == [WORTH]
    desk.silence(days=22)
    assert status(desk, case_id) == "disputed"
    decide(desk, case_id, "decline", by=REVIEWER).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")
    for by in (BUYER, SELLER, REVIEWER):
        case = desk.call("GET", f"/cases/{case_id}", by=by).ok()
        assert case["debt"] == {"amount": WORTH, "currency": "USD", "due": True}
    accounts = lines(assert_counted(desk)["balances"][0])
    assert accounts == {"buyer_refund": -WORTH, "buyer_debt": WORTH}
    assert_books(desk, order)
    wanted = an_application(order, "late")
    assert desk.call("POST", "/cases", by=BUYER, body=wanted, key="again").code == "units_unavailable"


def test_of_goods_that_are_not_accepted_the_buyer_owes_what_went_ahead(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    order, case_id = approved(desk, payer)
    [delivered] = seen(desk, carriers, case_id, "delivered")
    hear(desk, delivered).ok()
    receive(desk, case_id, line(desk, case_id, 0)).ok()
    desk.silence(days=8)
    assert_ended(desk, case_id, "completed")
    assert read(desk, case_id)["debt"] == {"amount": WORTH, "currency": "USD", "due": True}
    assert_books(desk, order)


def test_a_lost_answer_of_the_provider_pays_ahead_once(desk: Desk, payer: Payer, carriers: Control) -> None:
    order, case_id = approved(desk, payer)
    desk.sandbox.order("lost_answer")
    [delivered] = seen(desk, carriers, case_id, "delivered")
    assert read(desk, case_id)["debt"]["amount"] == WORTH
    hear(desk, delivered).ok()
    desk.silence(days=5)
    assert_ended(desk, case_id, "completed")
    assert len(refunds(desk)) == 1
    assert_books(desk, order)


def test_money_that_failed_late_is_sent_again_once_the_goods_have_come(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    order, case_id = approved(desk, payer)
    [delivered] = seen(desk, carriers, case_id, "delivered")
    desk.sandbox.post(f"refunds/{refunds(desk)[0]['id']}/settle", status="failed")
    for event in provider_events(desk):
        if event["type"] == "refund.failed":
            desk.hear(event).ok()
    desk.pump()
    assert (status(desk, case_id), read(desk, case_id)["debt"]) == ("return_in_transit", None)
    hear(desk, delivered).ok()
    desk.silence(days=5)
    assert status(desk, case_id) == "refund_action_required"
    assert_books(desk, order)


def test_a_change_of_mind_pays_no_freight_in_a_parcel_of_its_own(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    """Neither where no label was offered, nor where it was refused, nor where it was bought and is not used."""
    order = put(desk, paid(order_of(desk, 6_000), payer))
    wanted = {name: value for name, value in an_application(order, "changed_mind", kind="return").items()}
    del wanted["description"]
    quote = desk.call("POST", "/quotes", by=BUYER, body=wanted).ok()
    assert quote["fees"] == {"restocking": 600, "freight": 0, "condition_percent": 50}
    doors: dict[str, Any] = {"shipping_address": MEIS_DOOR, "return_address": KILNS_DOOR}
    for key, fault in (("refused", "no_rates"), ("unused", None)):
        order = put(desk, paid(order_of(desk, 6_000, order_id=key, **doors), payer))
        quote = desk.call("POST", "/quotes", by=BUYER, body=wanted | {"order_id": key}).ok()
        assert (quote["fees"]["freight"], quote["total"]["amount"]) == (600, 4_800)
        if fault:
            carriers.order(fault, on="create")
        case_id = apply(desk, order, "changed_mind", kind="return", key=key)
        desk.pump()
        sent = ship(desk, case_id, parcel_of(case_id)).ok()
        assert (sent["fees"]["freight"], sent["quote"]["total"]["amount"]) == (0, 5_400)
        receive(desk, case_id, line(desk, case_id, 1)).ok()
        desk.pump()
        assert_ended(desk, case_id, "completed")
        assert refunds(desk)[-1]["amount"] == 5_400
        assert_books(desk, order)
