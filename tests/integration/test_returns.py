"""Goods that come back, through the real functions and the real state machine."""

from typing import Any

import pytest

from aftersales.domain.parties import Party, Role
from tests.builders import BUYER, REVIEWER, SELLER, a_line
from tests.corpus import plain_photo
from tests.integration.harness import Answer, Desk
from tests.integration.people import (
    Payer,
    a_promise,
    an_application,
    apply,
    assert_books,
    assert_ended,
    decide,
    events,
    order_of,
    paid,
    put,
    read,
    refunds,
    status,
    withdraw,
)

pytestmark = pytest.mark.enable_socket

CODE = "1Z999AA10123456784"


def returned(
    desk: Desk, payer: Payer, reason: str = "late", units: int = 1, key: str = "key-1", total: int = 6_000
) -> str:
    """A return that the policy approved: the goods are awaited."""
    lines = (a_line(quantity=units, total=total),)
    order = put(desk, paid(order_of(desk, order_id=f"order-{key}", lines=lines), payer))
    claimed = [{"line_id": order.lines[0].line_id, "quantity": units}]
    case_id = apply(desk, order, reason, key=key, kind="return", lines=claimed)
    desk.pump()
    assert status(desk, case_id) == "awaiting_return"
    return case_id


def ship(desk: Desk, case_id: str, code: str = CODE, carrier: str = "ups", by: Party = BUYER) -> Answer:
    body = {"carrier": carrier, "tracking_code": code}
    return desk.call("POST", f"/cases/{case_id}/shipment", by=by, body=body)


def receive(desk: Desk, case_id: str, *lines: dict[str, Any]) -> Answer:
    body = {"lines": list(lines), "note": "As it came out of the box."} if lines else {}
    return desk.call("POST", f"/cases/{case_id}/receipt", by=SELLER, body=body)


def line(desk: Desk, case_id: str, accepted: int, **more: Any) -> dict[str, Any]:
    return {"line_id": read(desk, case_id)["lines"][0]["line_id"], "accepted": accepted} | more


def shown(desk: Desk, case_id: str) -> str:
    """The seller shows something; answers the photo's id."""
    promise = a_promise(plain_photo())
    added = desk.call("POST", f"/cases/{case_id}/evidence", by=SELLER, body=promise).ok()
    evidence_id = str(added["evidence"]["evidence_id"])
    desk.upload(case_id, evidence_id, plain_photo())
    desk.pump()
    return evidence_id


def test_goods_come_back_and_the_money_follows_in_seven_states(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    assert ship(desk, case_id).ok()["status"] == "return_in_transit"
    assert receive(desk, case_id).ok()["status"] == "return_received"
    desk.pump()
    accepted = receive(desk, case_id, line(desk, case_id, 1)).ok()
    assert accepted["receipt"]["lines"][0]["accepted"] == 1
    [parcel] = accepted["shipments"]
    assert (parcel["carrier"], parcel["tracking_code"]) == ("ups", CODE)
    desk.pump()
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) == 7, entered
    assert [one["amount"] for one in refunds(desk)] == [6_000]


def test_a_return_that_the_seller_approves_enters_ten_states(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk, 13_000), payer))
    case_id = apply(desk, order, "late", kind="return")
    desk.pump()
    decide(desk, case_id).ok()
    desk.pump()
    ship(desk, case_id).ok()
    receive(desk, case_id, line(desk, case_id, 1)).ok()
    desk.pump()
    assert len(assert_ended(desk, case_id, "completed")) == 10


def test_a_change_of_mind_is_shown_its_costs_before_and_pays_them(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk, 6_000), payer))
    wanted = {name: value for name, value in an_application(order, "changed_mind").items()}
    del wanted["description"]
    quote = desk.call("POST", "/quotes", by=BUYER, body=wanted | {"kind": "return"}).ok()
    # Whoever pays the carrier bears no freight besides.
    fees = {"restocking": 600, "freight": 0, "condition_percent": 50}
    assert (quote["fees"], quote["total"]["amount"]) == (fees, 5_400)
    assert quote["verdict"] == "approve"
    case_id = apply(desk, order, "changed_mind", kind="return")
    desk.pump()
    ship(desk, case_id).ok()
    receive(desk, case_id, line(desk, case_id, 1)).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")
    assert [one["amount"] for one in refunds(desk)] == [5_400]
    assert_books(desk, order)


def test_goods_of_little_worth_stay_and_what_their_way_would_have_cost_is_shown(
    desk: Desk, payer: Payer
) -> None:
    order = put(desk, paid(order_of(desk, 499), payer))
    wanted = an_application(order, "late", kind="return")
    del wanted["description"]
    quote = desk.call("POST", "/quotes", by=BUYER, body=wanted).ok()
    assert (quote["keep_item"], quote["freight_saved"], quote["fees"]["freight"]) == (True, 600, 0)
    case_id = apply(desk, order, "late", kind="return")
    desk.pump()
    assert_ended(desk, case_id, "completed")
    assert read(desk, case_id)["keep_item"]


def test_goods_that_are_never_sent_expire_and_everything_is_free_again(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    desk.silence(days=7)
    assert_ended(desk, case_id, "expired")
    assert refunds(desk) == []
    order_id = read(desk, case_id)["order_id"]
    seen = desk.call("GET", f"/orders/{order_id}", by=BUYER).ok()
    assert seen["lines"][0]["refundable_quantity"] == 1


def test_a_buyer_withdraws_until_the_goods_are_sent(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    withdraw(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "cancelled")
    sent = returned(desk, payer, key="key-2")
    ship(desk, sent).ok()
    assert withdraw(desk, sent).code == "act_not_possible"


def test_a_silent_seller_has_received_what_was_announced(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    ship(desk, case_id).ok()
    receive(desk, case_id).ok()
    desk.silence(days=4)  # two business days, over any weekend
    assert_ended(desk, case_id, "completed")
    assert read(desk, case_id)["receipt"]["by"]["role"] == "system"


def test_a_parcel_that_never_comes_goes_to_a_reviewer(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    ship(desk, case_id).ok()
    desk.silence(days=21)
    assert (status(desk, case_id), events(desk, case_id)[-1]) == ("disputed", "parcel_overdue")
    decide(desk, case_id, by=REVIEWER).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_of_fewer_units_those_that_came_are_paid_and_the_others_can_be_claimed(
    desk: Desk, payer: Payer
) -> None:
    case_id = returned(desk, payer, units=3)
    ship(desk, case_id).ok()
    proposed = receive(desk, case_id, line(desk, case_id, 2)).ok()
    assert (proposed["status"], proposed["offers"][0]["amount"]["amount"]) == ("inspection_failed", 4_000)
    answer = desk.call("POST", f"/cases/{case_id}/offers/o1/answer", by=BUYER, body={"accept": True})
    assert answer.ok()["status"] == "approved"
    desk.pump()
    assert_ended(desk, case_id, "completed")
    order_id = read(desk, case_id)["order_id"]
    seen = desk.call("GET", f"/orders/{order_id}", by=BUYER).ok()
    assert (seen["lines"][0]["refundable_quantity"], seen["refundable"]) == (1, 2_000)


def test_a_wrong_thing_is_shown_on_a_photo_and_a_contested_deduction_is_decided_by_a_reviewer(
    desk: Desk, payer: Payer
) -> None:
    case_id = returned(desk, payer, units=2)
    ship(desk, case_id).ok()
    wrong = line(desk, case_id, 1, rejected=1, reason="not_ours")
    assert receive(desk, case_id, wrong).code == "evidence_needed"
    photo = shown(desk, case_id)
    proposed = receive(desk, case_id, wrong | {"photos": [photo]}).ok()
    assert proposed["offers"][0]["amount"]["amount"] == 3_000
    assert proposed["receipt"]["lines"][0]["photos"] == [photo]
    disputed = desk.call("POST", f"/cases/{case_id}/dispute", by=BUYER, body={"text": "I sent both."})
    assert disputed.ok()["waiting_on"] == "seller"
    desk.pump()
    for by in (SELLER, BUYER):
        desk.call("POST", f"/cases/{case_id}/statements", by=by, body={"text": "See the photo."}).ok()
    decide(desk, case_id, by=REVIEWER, amount=4_500).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")
    assert [one["amount"] for one in refunds(desk)] == [4_500]


def test_goods_that_come_after_their_time_are_counted_and_paid_all_the_same(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    desk.silence(days=7)
    assert_ended(desk, case_id, "expired")
    late = receive(desk, case_id).ok()
    assert (late["status"], late["waiting_on"]) == ("return_received", "seller")
    desk.pump()
    receive(desk, case_id, line(desk, case_id, 1)).ok()
    desk.pump()
    assert status(desk, case_id) == "completed"
    assert [one["amount"] for one in refunds(desk)] == [6_000]


def test_a_seller_who_got_something_else_shows_it_to_a_reviewer(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    ship(desk, case_id).ok()
    receive(desk, case_id).ok()
    path, said = f"/cases/{case_id}/dispute", {"text": "A brick."}
    assert desk.call("POST", path, by=BUYER, body=said).code == "act_not_possible"
    assert desk.call("POST", path, by=SELLER, body=said).code == "evidence_needed"
    shown(desk, case_id)
    disputed = desk.call("POST", path, by=SELLER, body=said).ok()
    assert (disputed["status"], disputed["waiting_on"]) == ("disputed", "buyer")
    desk.pump()
    desk.silence(days=2)
    decide(desk, case_id, decision="decline", by=REVIEWER).ok()
    desk.pump()
    assert_ended(desk, case_id, "closed_declined")


def test_before_a_parcel_is_named_nothing_can_be_missed_in_it(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    assert receive(desk, case_id).code == "act_not_possible"
    assert receive(desk, case_id, line(desk, case_id, 0)).code == "parcel_not_arrived"
    assert receive(desk, case_id, line(desk, case_id, 1)).ok()["status"] == "approved"


def test_nobody_gets_two_refunds_for_sending_one_parcel(desk: Desk, payer: Payer) -> None:
    first, second = returned(desk, payer), returned(desk, payer, key="key-2")
    ship(desk, first).ok()
    again = ship(desk, second, "1Z 999 AA1 01 2345 6784")
    assert (again.status, again.code) == (409, "tracking_code_used")
    none = ship(desk, second, "1Z999AA10123456785")
    assert (none.status, none.code) == (422, "tracking_code_invalid")
    assert status(desk, second) == "awaiting_return"


@pytest.mark.parametrize(
    ("named", "read"),
    [
        (("usps", "9400111206206406260787"), ("usps", "420787459400111206206406260787")),
        (("fedex", "986578788855"), ("sf_express", "986578788855")),
    ],
)
def test_nor_by_naming_it_in_another_way(desk: Desk, payer: Payer, named: Any, read: Any) -> None:
    first, second = returned(desk, payer), returned(desk, payer, key="key-2")
    ship(desk, first, named[1], named[0]).ok()
    again = ship(desk, second, read[1], read[0])
    assert (again.status, again.code) == (409, "tracking_code_used")


def test_only_the_buyer_ships_and_only_the_seller_receives(desk: Desk, payer: Payer) -> None:
    case_id = returned(desk, payer)
    assert ship(desk, case_id, by=SELLER).status == 403
    other = Party(Role.BUYER, "somebody-else")
    assert ship(desk, case_id, by=other).status == 404
    path, body = f"/cases/{case_id}/receipt", {"lines": [line(desk, case_id, 1)]}
    assert desk.call("POST", path, by=BUYER, body=body).status == 403
    assert desk.call("POST", path, by=Party(Role.SELLER, "other-seller"), body=body).status == 404
