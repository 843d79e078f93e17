"""Goods that go back under a label of the platform's, through the real functions, the real SDK and the carriers of the
sandbox."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from aftersales.adapters.easypost_carriers import EasyPostCarriers, _shipment, easypost_client
from aftersales.domain.parties import Party, Role
from tests.builders import BUYER, KILNS_DOOR, MEIS_DOOR, REVIEWER, SELLER
from tests.conformance.carrier import an_order
from tests.conformance.sandbox import Control
from tests.integration.harness import CARRIERS_SECRET, Answer, Desk, dies
from tests.integration.people import (
    Payer,
    apply,
    assert_ended,
    decide,
    events,
    order_of,
    paid,
    put,
    read,
    refunds,
    status,
    timeline,
    withdraw,
)
from tools.carrier_sandbox.events import signature

pytestmark = pytest.mark.enable_socket


def approved(desk: Desk, payer: Payer, key: str = "key-1", **changes: Any) -> str:
    """A return whose order has both addresses; the policy approves it."""
    ends = {"shipping_address": MEIS_DOOR, "return_address": KILNS_DOOR} | changes
    order = put(desk, paid(order_of(desk, 6_000, order_id=f"order-{key}", **ends), payer))
    case_id = apply(desk, order, key=key, kind="return")
    desk.pump()
    return case_id


def labelled(desk: Desk, payer: Payer, **changes: Any) -> str:
    """One whose label was bought."""
    case_id = approved(desk, payer, **changes)
    assert events(desk, case_id)[-1] == "label_bought"
    return case_id


def label(desk: Desk, case_id: str, by: Party = BUYER) -> Answer:
    return desk.call("GET", f"/cases/{case_id}/label", by=by)


def ship(desk: Desk, case_id: str, code: str = "1Z999AA10123456784") -> Answer:
    parcel = {"carrier": "ups", "tracking_code": code}
    return desk.call("POST", f"/cases/{case_id}/shipment", by=BUYER, body=parcel)


def sold(carriers: Control) -> list[Any]:
    labels: list[Any] = carriers.get("labels")["labels"]
    return labels


def test_an_approved_return_has_its_label_before_anybody_is_waited_for(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    _, entered = desk.execution(case_id)
    assert entered[2:] == ["Buy the label and wait for the goods"]
    [bought], [parcel] = sold(carriers), read(desk, case_id)["shipments"]
    assert (parcel["label"], parcel["tracking_code"]) == ("bought", bought["tracking_code"])
    assert bought["reference"] == f"{case_id}-s1"
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"], case["on_timeout"]) == ("awaiting_return", "buyer", "expired")


def test_only_the_buyer_is_shown_the_label(desk: Desk, payer: Payer, carriers: Control) -> None:
    case_id = labelled(desk, payer)
    shown = label(desk, case_id).ok()
    assert shown["url"].startswith("http")
    assert label(desk, case_id, SELLER).status == label(desk, case_id, REVIEWER).status == 403
    assert label(desk, case_id, Party(Role.BUYER, "somebody-else")).status == 404
    told = [
        desk.call("GET", f"/cases/{case_id}{path}", by=by).text
        for by in (BUYER, SELLER, REVIEWER)
        for path in ("", "/timeline")
    ]
    assert not any(shown["url"] in text for text in told)
    assert shown["url"] not in desk.history(case_id)


def test_a_seller_sees_the_buyers_address_only_while_a_parcel_is_due(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    path = f"/cases/{case_id}/addresses"
    for by in (SELLER, BUYER):
        seen = desk.call("GET", path, by=by).ok()
        assert (seen["from_address"]["street1"], seen["to_address"]["name"]) == (
            "179 N Harbor Dr",
            "Kiln and Clay",
        )
    assert desk.call("GET", path, by=REVIEWER).status == 403
    assert desk.call("GET", path, by=Party(Role.SELLER, "other-seller")).status == 404
    order = desk.call("GET", "/orders/order-key-1", by=SELLER).text
    assert MEIS_DOOR.street1 not in order + desk.call("GET", f"/cases/{case_id}", by=SELLER).text
    withdraw(desk, case_id).ok()
    assert desk.call("GET", path, by=SELLER).code == "no_parcel_due"


@pytest.mark.parametrize("missing", ["shipping_address", "return_address"])
def test_without_an_address_the_buyer_sends_a_parcel_of_their_own(
    missing: str, desk: Desk, payer: Payer, carriers: Control
) -> None:
    gone: dict[str, Any] = {missing: None}
    case_id = approved(desk, payer, **gone)
    assert (status(desk, case_id), read(desk, case_id)["shipments"]) == ("awaiting_return", [])
    assert label(desk, case_id).code == "label_not_ready"
    assert sold(carriers) == []


def test_over_a_border_goods_are_declared_or_go_without_a_label_and_have_longer(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    abroad = replace(MEIS_DOOR, country="DE", state="", zip="10117", city="Berlin")
    undeclared = approved(desk, payer, shipping_address=abroad)
    assert read(desk, undeclared)["shipments"] == []
    bowl = replace(order_of(desk).lines[0], total=6_000, origin_country="US")
    declared = labelled(desk, payer, key="key-2", shipping_address=abroad, lines=(bowl,))
    for case_id in (undeclared, declared):
        assert status(desk, case_id) == "awaiting_return"
    desk.silence(days=8)
    assert status(desk, declared) == "awaiting_return"
    desk.silence(days=3)
    assert_ended(desk, declared, "expired")
    assert_ended(desk, undeclared, "expired")


def test_a_carrier_that_refuses_leaves_the_buyer_an_own_parcel(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    carriers.order("no_rates", on="create")
    case_id = approved(desk, payer)
    assert events(desk, case_id)[-1] == "label_refused"
    case = read(desk, case_id)
    assert (case["shipments"][0]["label"], case["waiting_on"], case["on_timeout"]) == (
        "refused",
        "buyer",
        "expired",
    )
    assert ship(desk, case_id).ok()["status"] == "return_in_transit"


@pytest.mark.parametrize("fault", ["lost_answer", "status"])
def test_a_lost_answer_to_the_purchase_leaves_one_label(
    fault: str, desk: Desk, payer: Payer, carriers: Control
) -> None:
    carriers.order(fault, on="buy")
    case_id = labelled(desk, payer)
    assert [one["tracking_code"] for one in sold(carriers)] == [label(desk, case_id).ok()["tracking_code"]]


def test_a_worker_that_dies_after_the_purchase_leaves_one_label(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    desk.after(EasyPostCarriers, "buy_label", dies)
    case_id = labelled(desk, payer)
    assert len(desk.deaths) == 1
    assert [one["tracking_code"] for one in sold(carriers)] == [label(desk, case_id).ok()["tracking_code"]]


def test_carriers_that_are_silent_for_a_day_keep_no_buyer_waiting(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    carriers.order("refused", on="retrieve", times=10_000)
    case_id = approved(desk, payer)
    case = read(desk, case_id)
    assert (case["waiting_on"], case["on_timeout"]) == ("platform", "carrier_asked_again")
    for _ in range(25):
        desk.silence(hours=1)
    told = Counter(events(desk, case_id))
    assert (told["label_overdue"], told["label_refused"]) == (24, 1)
    assert ship(desk, case_id).ok()["status"] == "return_in_transit"


def test_carriers_that_answer_again_sell_the_label_an_hour_later(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    carriers.order("refused", on="retrieve", times=7)
    case_id = approved(desk, payer)
    assert events(desk, case_id)[-1] == "case_approved"
    desk.silence(hours=1)
    assert events(desk, case_id)[-2:] == ["label_overdue", "label_bought"]


def hear(desk: Desk, event: dict[str, Any] | str, secret: str = CARRIERS_SECRET, **headers: str) -> Answer:
    """A carrier's webhook, signed as EasyPost signs it."""
    body = event if isinstance(event, str) else json.dumps(event, indent=2)
    signed = {"X-Hmac-Signature": signature(body.encode(), secret), "Content-Type": "application/json"}
    return desk.call("POST", "/webhooks/easypost", body=body, headers=signed | headers)


def told(carriers: Control) -> list[Any]:
    """All events of the carriers, oldest first."""
    answer = carriers.http.get("/v2/events", params={"page_size": 100}, auth=("EZTKintegration", ""))
    return list(reversed(answer.raise_for_status().json()["events"]))


def travel(desk: Desk, carriers: Control, case_id: str, to: str = "delivered") -> list[Any]:
    """The parcel goes its way; the events that tell it, which nobody has sent yet."""
    before = len(told(carriers))
    [parcel] = read(desk, case_id)["shipments"]
    carriers.post(f"parcels/{parcel['tracking_code']}/travel", to=to)
    return told(carriers)[before:]


def test_goods_under_a_label_come_back_by_scans_alone_in_seven_states(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    """Nobody says that they were sent, nobody that they came, and the execution is not woken in between."""
    case_id = labelled(desk, payer)
    for event in travel(desk, carriers, case_id):
        assert hear(desk, event).ok() == {"heard": "recorded"}
    desk.pump()
    case = read(desk, case_id)
    assert (case["status"], case["on_timeout"]) == ("return_received", "received_as_announced")
    desk.silence(days=5)
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) == 7, entered
    assert [one["amount"] for one in refunds(desk)] == [6_000]


def test_a_return_under_a_label_that_the_seller_approves_enters_ten_states(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    ends: dict[str, Any] = {"shipping_address": MEIS_DOOR, "return_address": KILNS_DOOR}
    order = put(desk, paid(order_of(desk, 13_000, **ends), payer))
    case_id = apply(desk, order, "late", kind="return")
    desk.pump()
    decide(desk, case_id).ok()
    desk.pump()
    for event in travel(desk, carriers, case_id):
        hear(desk, event).ok()
    desk.silence(days=5)
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) == 10, entered


def test_a_parcel_that_is_lost_under_the_platforms_label_is_refunded(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    for event in travel(desk, carriers, case_id, "lost"):
        hear(desk, event).ok()
    assert read(desk, case_id)["on_timeout"] == "refunded"
    desk.silence(days=22)
    assert_ended(desk, case_id, "completed")


def test_events_in_any_order_and_twice_are_one_history(desk: Desk, payer: Payer, carriers: Control) -> None:
    cases = [labelled(desk, payer, key=f"key-{number}") for number in range(2)]
    legs = []
    for case_id, turn in zip(cases, (1, -1), strict=True):
        events_of_it = travel(desk, carriers, case_id)
        for event in [*events_of_it[::turn], *events_of_it]:
            hear(desk, event).ok()
        case = read(desk, case_id)
        legs.append((case["status"], case["shipments"][0]["arrived_at"], case["deadline_at"]))
    assert legs[0] == legs[1]


def test_what_nobody_signed_changes_nothing_and_is_counted(
    desk: Desk, payer: Payer, carriers: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id = labelled(desk, payer)
    genuine = travel(desk, carriers, case_id)[-1]
    before, body = read(desk, case_id), json.dumps(genuine)
    capsys.readouterr()
    forged = [
        hear(desk, body, secret="somebody else's"),
        hear(desk, body, **{"X-Hmac-Signature": ""}),
        hear(desk, body, **{"X-Hmac-Signature": signature(b"other", CARRIERS_SECRET)}),
        hear(desk, body[:-3]),
        hear(desk, "[]"),
        hear(desk, json.dumps(genuine | {"mode": "production"})),
        hear(desk, json.dumps(genuine | {"result": {"tracking_code": 7}})),
    ]
    assert {(answer.status, answer.code) for answer in forged} == {(400, "signature_invalid")}
    assert capsys.readouterr().out.count('"webhook_refused":[1.0]') == len(forged)
    assert hear(desk, body, **{"Content-Type": "text/plain"}).status == 415
    assert hear(desk, "x" * 400_000).status == 413
    assert read(desk, case_id) == before


def test_scans_of_a_parcel_that_no_case_has_named_are_nobodys(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    genuine = travel(desk, carriers, case_id)[-1]
    strange = genuine | {"result": genuine["result"] | {"tracking_code": "9400110898825022579493"}}
    assert hear(desk, strange).ok() == {"heard": "foreign"}


def test_goods_that_arrive_after_their_case_expired_are_paid_for(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    desk.silence(days=8)
    assert_ended(desk, case_id, "expired")
    for event in travel(desk, carriers, case_id):
        hear(desk, event).ok()
    desk.pump()
    assert (status(desk, case_id), events(desk, case_id)[-1]) == ("return_received", "return_reopened")
    desk.silence(days=5)
    assert_ended(desk, case_id, "completed")
    assert [one["amount"] for one in refunds(desk)] == [6_000]


def voids(desk: Desk, case_id: str) -> list[Any]:
    """What the timeline tells of labels that were settled or given back."""
    told = ("label_settled", "label_voided")
    return [(one["event"], one["data"]) for one in timeline(desk, case_id) if one["event"] in told]


def test_a_second_label_that_was_bought_at_the_same_time_is_given_back_and_the_books_show_both(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    """Another worker had looked before anything was bought, and buys after the first; then it dies."""
    twin = EasyPostCarriers(easypost_client("EZTKintegration", desk.carriers_url))

    def buys_again() -> None:
        [row] = [row for row in desk.rows("CasesTable") if row["sk"]["S"] == "CASE"]
        order = an_order(sender=MEIS_DOOR, receiver=KILNS_DOOR)
        shipment = _shipment(replace(order, shipment_id=f"{row['case_id']['S']}-s1"))
        made = twin._easypost.shipment.create(**shipment)
        twin._easypost.shipment.buy(made.id, rate={"id": made.rates[0].id})

    desk.after(EasyPostCarriers, "buy_label", buys_again)
    case_id = labelled(desk, payer)
    assert len(sold(carriers)) == 2
    desk.silence(minutes=6)
    kept = label(desk, case_id).ok()["tracking_code"]
    live = [one["tracking_code"] for one in sold(carriers) if one["refund_status"] is None]
    assert live == [kept]
    [(event, data)] = voids(desk, case_id)
    assert (event, [one["void"] for one in data["given_back"]]) == ("label_settled", ["submitted"])
    assert data["kept"] > 0
    desk.silence(days=1)
    assert len(voids(desk, case_id)) == 1


def test_an_unused_label_is_given_back_once_its_case_has_ended(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    desk.silence(minutes=6)
    withdraw(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "cancelled")
    carriers.order("refused", on="list")
    # Its words stay out of logs; the function's error is what an alarm counts.
    with pytest.raises(Exception, match=r"^$"):
        desk.silence(minutes=1)
    assert read(desk, case_id)["shipments"][0]["label"] == "bought"
    desk.silence(hours=1)
    assert read(desk, case_id)["shipments"][0]["label"] == "voided"
    assert [one["refund_status"] for one in sold(carriers)] == ["submitted"]
    carriers.post(f"refunds/{sold(carriers)[0]['shipment_id']}", status="refunded")
    desk.silence(days=7)
    assert voids(desk, case_id)[-1][1]["given_back"][0]["void"] == "refunded"


def test_a_parcel_of_the_buyers_own_is_followed_by_its_carriers_scans(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = approved(desk, payer, return_address=None)
    ship(desk, case_id).ok()
    desk.silence(minutes=1)
    for event in travel(desk, carriers, case_id):
        hear(desk, event).ok()
    assert status(desk, case_id) == "return_received"


def test_scans_that_no_webhook_brought_are_asked_for_within_a_day(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    case_id = labelled(desk, payer)
    desk.silence(minutes=6)
    travel(desk, carriers, case_id)
    assert status(desk, case_id) == "awaiting_return"
    desk.silence(days=1)
    assert status(desk, case_id) == "return_received"


def test_a_buyer_who_withdraws_beside_the_purchase_ends_the_case(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    desk.after(EasyPostCarriers, "buy_label", lambda: withdraw_any(desk))
    case_id = approved(desk, payer)
    assert_ended(desk, case_id, "cancelled")
    assert read(desk, case_id)["shipments"][0]["label"] == "ordered"
    desk.silence(minutes=6)
    assert read(desk, case_id)["shipments"][0]["label"] == "voided"
    assert [one["refund_status"] for one in sold(carriers)] == ["submitted"]


def withdraw_any(desk: Desk) -> None:
    [row] = [row for row in desk.rows("CasesTable") if row["sk"]["S"] == "CASE"]
    withdraw(desk, row["case_id"]["S"]).ok()
