"""Other goods go out, through the real functions and the real state machine."""

from typing import Any

import pytest

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.domain.order import Order
from aftersales.entrypoints import bootstrap
from tests.builders import BUYER, SELLER, a_line
from tests.corpus import plain_photo
from tests.integration.harness import Answer, Desk
from tests.integration.people import (
    PLATFORM,
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
    provider_events,
    put,
    read,
    refunds,
    status,
)

pytestmark = pytest.mark.enable_socket

SAME, CUP, VASE, LID = "sku-bowls", "sku-cup", "sku-vase", "sku-lid"
_PARCELS = ("1Z999AA10123456784", "1Z999AA10000000015", "1Z999AA10000000024")


def stocked(desk: Desk, sku: str = SAME, on_hand: int = 10, price: int = 6_000, **changes: Any) -> None:
    """The platform says what there is."""
    body = {
        "seller_id": SELLER.id,
        "product": "bowls",
        "title": sku.removeprefix("sku-").title(),
        "category": "pottery",
        "currency": "USD",
        "price": price,
        "on_hand": on_hand,
    }
    desk.call("PUT", f"/skus/{sku}", by=PLATFORM, body=body | changes).ok()


def held(desk: Desk, sku: str = SAME) -> tuple[int, int, int]:
    """What is available of it, held by cases and promised to buyers."""
    view = desk.call("GET", f"/skus/{sku}", by=PLATFORM).ok()
    return view["available"], view["held"], view["confirmed"]


def exchanged(
    desk: Desk,
    payer: Payer,
    sku: str = SAME,
    reason: str = "late",
    key: str = "key-1",
    quantity: int = 1,
    total: int = 6_000,
) -> tuple[Order, str]:
    """An exchange that the policy approved."""
    order = put(
        desk, paid(order_of(desk, order_id=f"order-{key}", lines=(a_line(quantity=1, total=total),)), payer)
    )
    return order, asked(desk, order, sku, reason, key, quantity)


def asked(
    desk: Desk, order: Order, sku: str = SAME, reason: str = "late", key: str = "key-1", quantity: int = 1
) -> str:
    """The buyer asks for other goods for the first line."""
    wanted = [{"line_id": order.lines[0].line_id, "sku": sku, "quantity": quantity}]
    case_id = apply(desk, order, reason, key=key, kind="exchange", replacement=wanted)
    desk.pump()
    return case_id


def sent_back(desk: Desk, case_id: str, code: str = _PARCELS[0]) -> None:
    """The goods come back, and all is well with them."""
    parcel = {"carrier": "ups", "tracking_code": code}
    desk.call("POST", f"/cases/{case_id}/shipment", by=BUYER, body=parcel).ok()
    line = read(desk, case_id)["lines"][0]
    found = {"lines": [{"line_id": line["line_id"], "accepted": line["quantity"]}]}
    desk.call("POST", f"/cases/{case_id}/receipt", by=SELLER, body=found).ok()
    desk.pump()


def send(desk: Desk, case_id: str, code: str = _PARCELS[1]) -> Answer:
    """The seller sends the other goods."""
    body = {"carrier": "ups", "tracking_code": code}
    answer = desk.call("POST", f"/cases/{case_id}/replacement", by=SELLER, body=body)
    desk.pump()
    return answer


def confirm(desk: Desk, case_id: str) -> None:
    """The buyer has them."""
    desk.call("POST", f"/cases/{case_id}/replacement/confirmation", by=BUYER, body={}).ok()
    desk.pump()


def choose(desk: Desk, case_id: str, choice: str, **more: Any) -> Answer:
    """The buyer says what shall be done where there are no such goods."""
    answer = desk.call("POST", f"/cases/{case_id}/alternative", by=BUYER, body={"choice": choice} | more)
    desk.pump()
    return answer


def lines(desk: Desk, order: Order) -> dict[str, tuple[int, int]]:
    """What each line is worth and how many of its units can be claimed."""
    view = desk.call("GET", f"/orders/{order.order_id}", by=BUYER).ok()
    return {line["line_id"]: (line["total"], line["refundable_quantity"]) for line in view["lines"]}


def silent(desk: Desk, days: int) -> None:
    """Nobody does anything for so many days."""
    for _ in range(days):
        desk.clock.advance(days=1)
        desk.sweep()
        desk.pump()


def test_an_even_exchange_enters_nine_states_and_takes_one_unit_of_the_stock(
    desk: Desk, payer: Payer
) -> None:
    stocked(desk)
    order, case_id = exchanged(desk, payer)
    assert (status(desk, case_id), held(desk)) == ("awaiting_return", (9, 1, 0))
    sent_back(desk, case_id)
    assert (status(desk, case_id), held(desk)) == ("exchange_pending", (9, 0, 1))
    assert send(desk, case_id).ok()["exchange"]["state"] == "shipped"
    confirm(desk, case_id)
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) <= 9, entered
    assert (refunds(desk), held(desk)) == ([], (9, 0, 1))
    view = assert_books(desk, order)
    assert view["payments"][0]["available"] == 6_000
    assert lines(desk, order) == {"bowls": (6_000, 0), f"{case_id}.1": (6_000, 1)}


def test_an_exchange_that_the_seller_approves_enters_twelve(desk: Desk, payer: Payer) -> None:
    stocked(desk)
    _, case_id = exchanged(desk, payer, total=13_000)
    decide(desk, case_id).ok()
    desk.pump()
    sent_back(desk, case_id)
    send(desk, case_id).ok()
    confirm(desk, case_id)
    assert len(assert_ended(desk, case_id, "completed")) <= 12


def test_entries_that_come_again_and_late_wake_no_step_for_nothing(desk: Desk, payer: Payer) -> None:
    stocked(desk)
    _, case_id = exchanged(desk, payer)
    desk.pump_again()
    sent_back(desk, case_id)
    desk.pump_again()
    send(desk, case_id).ok()
    desk.pump_again()
    confirm(desk, case_id)
    desk.pump_again()
    assert len(assert_ended(desk, case_id, "completed")) <= 9


def test_a_parcel_that_is_faster_than_the_step_that_waits_for_it_costs_no_states(
    desk: Desk, payer: Payer
) -> None:
    stocked(desk)
    order = put(desk, paid(order_of(desk, 6_000), payer))
    wanted = [{"line_id": "bowls", "sku": SAME, "quantity": 1}]
    case_id = apply(desk, order, kind="exchange", replacement=wanted)
    parcel = {"carrier": "ups", "tracking_code": _PARCELS[0]}
    path = f"/cases/{case_id}/shipment"
    desk.after(DynamoDBStore, "park", lambda: desk.call("POST", path, by=BUYER, body=parcel).ok())
    desk.pump()
    assert status(desk, case_id) == "return_in_transit"
    found = {"lines": [{"line_id": "bowls", "accepted": 1}]}
    desk.call("POST", f"/cases/{case_id}/receipt", by=SELLER, body=found).ok()
    desk.pump()
    send(desk, case_id).ok()
    confirm(desk, case_id)
    assert len(assert_ended(desk, case_id, "completed")) <= 9


def test_stock_that_was_given_to_others_meanwhile_is_not_promised(desk: Desk, payer: Payer) -> None:
    stocked(desk, on_hand=1)
    _, case_id = exchanged(desk, payer)
    bootstrap.stock().release(f"{case_id}.1")
    assert held(desk) == (1, 0, 0)
    sent_back(desk, case_id)
    assert (held(desk), status(desk, case_id)) == ((0, 0, 1), "exchange_pending")


def test_stock_that_is_gone_when_the_goods_are_back_is_no_promise(desk: Desk, payer: Payer) -> None:
    stocked(desk, on_hand=1)
    _, case_id = exchanged(desk, payer)
    bootstrap.stock().release(f"{case_id}.1")
    _, other = exchanged(desk, payer, key="key-2")
    sent_back(desk, case_id)
    assert (status(desk, case_id), status(desk, other)) == ("out_of_stock", "awaiting_return")
    assert send(desk, case_id).status == 409
    choose(desk, case_id, "refund").ok()
    assert_ended(desk, case_id, "completed")


def test_the_quote_tells_what_other_goods_cost_less_and_that_is_paid_back(desk: Desk, payer: Payer) -> None:
    stocked(desk, CUP, price=4_500, tax=375)
    order = put(desk, paid(order_of(desk, 6_000), payer))
    wanted = {name: value for name, value in an_application(order).items() if name != "description"} | {
        "kind": "exchange",
        "replacement": [{"line_id": "bowls", "sku": CUP, "quantity": 1}],
    }
    quote = desk.call("POST", "/quotes", by=BUYER, body=wanted).ok()
    assert quote["exchange"] == {
        "goods": [
            {
                "line_id": "bowls",
                "sku": CUP,
                "title": "Cup",
                "quantity": 1,
                "amount": 4_500,
                "tax": 375,
            }
        ],
        "difference": {"amount": -1_500, "tax": 375, "currency": "USD"},
    }
    case_id = asked(desk, order, CUP)
    sent_back(desk, case_id)
    send(desk, case_id).ok()
    confirm(desk, case_id)
    assert_ended(desk, case_id, "completed")
    assert [one["amount"] for one in refunds(desk)] == [1_500]
    assert_books(desk, order)
    assert lines(desk, order)[f"{case_id}.1"] == (4_500, 1)


def test_prices_are_the_sellers_own_and_no_buyers(desk: Desk, payer: Payer) -> None:
    stocked(desk, VASE, seller_id="another-stall")
    order = put(desk, paid(order_of(desk, 6_000), payer))
    wanted = [{"line_id": "bowls", "sku": VASE, "quantity": 1}]
    body = an_application(order, kind="exchange", replacement=wanted)
    assert desk.call("POST", "/cases", by=BUYER, body=body, key="k").code == "sku_unknown"
    cheap = an_application(order, kind="exchange", replacement=[wanted[0] | {"price": 1}])
    assert desk.call("POST", "/cases", by=BUYER, body=cheap, key="k").status == 422
    for wrong in ({"kind": "exchange"}, {"kind": "return", "replacement": wanted}):
        body = an_application(order, **wrong)
        assert desk.call("POST", "/cases", by=BUYER, body=body, key="k").status == 422


def test_where_there_are_none_the_buyer_waits_and_is_served_or_takes_the_money(
    desk: Desk, payer: Payer
) -> None:
    stocked(desk, on_hand=0)
    _, case_id = exchanged(desk, payer)
    assert status(desk, case_id) == "out_of_stock"
    assert choose(desk, case_id, "wait").ok()["status"] == "awaiting_return"
    sent_back(desk, case_id)
    assert status(desk, case_id) == "out_of_stock"
    choose(desk, case_id, "wait").ok()
    assert send(desk, case_id).code == "replacement_not_reserved"
    stocked(desk, on_hand=1)
    silent(desk, 3)
    assert held(desk) == (0, 0, 1)
    send(desk, case_id).ok()
    confirm(desk, case_id)
    assert_ended(desk, case_id, "completed")


def test_where_there_are_none_the_buyer_takes_others(desk: Desk, payer: Payer) -> None:
    stocked(desk, on_hand=0)
    stocked(desk, CUP, price=5_000)
    _, case_id = exchanged(desk, payer)
    wanted = [{"line_id": "bowls", "sku": CUP, "quantity": 1}]
    assert choose(desk, case_id, "other", replacement=wanted).ok()["exchange"]["goods"][0]["sku"] == CUP
    assert held(desk, CUP) == (9, 1, 0)
    sent_back(desk, case_id)
    send(desk, case_id).ok()
    confirm(desk, case_id)
    assert_ended(desk, case_id, "completed")
    assert [one["amount"] for one in refunds(desk)] == [1_000]


def test_where_there_are_none_and_the_buyer_says_nothing_the_goods_come_back_for_money(
    desk: Desk, payer: Payer
) -> None:
    stocked(desk, on_hand=0)
    order, case_id = exchanged(desk, payer)
    silent(desk, 2)
    assert status(desk, case_id) == "awaiting_return"
    sent_back(desk, case_id)
    assert_ended(desk, case_id, "completed")
    assert [one["amount"] for one in refunds(desk)] == [6_000]
    assert_books(desk, order)


def test_a_seller_who_does_not_send_gives_the_goods_back_to_the_stock_and_pays(
    desk: Desk, payer: Payer
) -> None:
    stocked(desk)
    order, case_id = exchanged(desk, payer)
    sent_back(desk, case_id)
    silent(desk, 5)
    assert_ended(desk, case_id, "completed")
    assert (held(desk), [one["amount"] for one in refunds(desk)]) == ((10, 0, 0), [6_000])
    assert_books(desk, order)


def test_a_buyer_who_withdraws_gives_the_goods_back_to_the_stock(desk: Desk, payer: Payer) -> None:
    stocked(desk)
    _, case_id = exchanged(desk, payer)
    desk.call("POST", f"/cases/{case_id}/withdrawal", by=BUYER, body={}).ok()
    desk.pump()
    assert_ended(desk, case_id, "cancelled")
    assert held(desk) == (10, 0, 0)


def test_a_replacement_that_is_lost_is_sent_once_more(desk: Desk, payer: Payer) -> None:
    stocked(desk)
    _, case_id = exchanged(desk, payer)
    sent_back(desk, case_id)
    send(desk, case_id).ok()
    silent(desk, 21)
    assert (status(desk, case_id), held(desk)) == ("exchange_pending", (8, 0, 2))
    assert send(desk, case_id).code == "tracking_code_used"
    send(desk, case_id, _PARCELS[2]).ok()
    confirm(desk, case_id)
    assert_ended(desk, case_id, "completed")
    assert (held(desk), refunds(desk)) == ((8, 0, 2), [])


def test_a_missing_part_is_sent_and_nothing_comes_back(desk: Desk, payer: Payer) -> None:
    stocked(desk, LID, price=900)
    order = put(desk, paid(order_of(desk, 2_000), payer))
    photo = plain_photo()
    wanted = [{"line_id": "bowls", "sku": LID, "quantity": 1}]
    body = an_application(
        order, "missing_parts", kind="exchange", replacement=wanted, evidence=[a_promise(photo)]
    )
    opened = desk.call("POST", "/cases", by=BUYER, body=body, key="key-1").ok()
    desk.upload(opened["case_id"], "e1", photo)
    desk.pump()
    case_id = opened["case_id"]
    assert (status(desk, case_id), held(desk, LID)) == ("exchange_pending", (9, 0, 1))
    send(desk, case_id).ok()
    confirm(desk, case_id)
    assert_ended(desk, case_id, "completed")
    assert (lines(desk, order)[f"{case_id}.1"], refunds(desk)) == ((2_000, 1), [])
    again = {"order_id": order.order_id, "lines": [{"line_id": f"{case_id}.1", "quantity": 1}]}
    claimed = desk.call("POST", "/cases", by=BUYER, body=an_application(order) | again, key="key-2").ok()
    desk.pump()
    assert_ended(desk, claimed["case_id"], "completed")
    assert [one["amount"] for one in refunds(desk)] == [2_000]


def test_what_came_in_an_exchange_is_exchanged_in_turn(desk: Desk, payer: Payer) -> None:
    stocked(desk)
    order, case_id = exchanged(desk, payer)
    sent_back(desk, case_id)
    send(desk, case_id).ok()
    confirm(desk, case_id)
    came = [{"line_id": f"{case_id}.1", "quantity": 1}]
    wanted = [{"line_id": f"{case_id}.1", "sku": SAME, "quantity": 1}]
    again = apply(desk, order, key="key-2", kind="exchange", lines=came, replacement=wanted)
    desk.pump()
    sent_back(desk, again, "1Z999AA10000000033")
    send(desk, again, "1Z999AA10000000042").ok()
    confirm(desk, again)
    assert_ended(desk, again, "completed")
    assert lines(desk, order)[f"{again}.1"] == (6_000, 1)
    assert "exchange_completed" in events(desk, again)
    assert_books(desk, order)


def pay_difference(desk: Desk, payer: Payer, case_id: str) -> int:
    """The buyer pays what is asked, and the provider tells of it, twice; answers how much it was."""
    asked = desk.call("GET", f"/cases/{case_id}/payment", by=BUYER).ok()
    assert desk.call("GET", f"/cases/{case_id}/payment", by=SELLER).status == 403
    payer.pay_with(asked["client_secret"])
    tell(desk)
    return int(asked["amount"]["amount"])


def tell(desk: Desk) -> None:
    """All that the provider has to say of payments, twice and the last first."""
    told = [event for event in provider_events(desk) if event["type"].startswith("payment_intent.")]
    for event in (*reversed(told), *told):
        desk.hear(event).ok()
    desk.pump()


def test_dearer_goods_are_paid_for_before_they_are_sent(desk: Desk, payer: Payer) -> None:
    stocked(desk, VASE, price=2_500)
    order, case_id = exchanged(desk, payer, VASE, total=2_000)
    assert desk.call("GET", f"/cases/{case_id}/payment", by=BUYER).code == "no_payment_due"
    sent_back(desk, case_id)
    assert status(desk, case_id) == "awaiting_payment"
    assert pay_difference(desk, payer, case_id) == 500
    assert (status(desk, case_id), payer.asked()) == (
        "exchange_pending",
        ["requires_capture"],
    )
    send(desk, case_id).ok()
    assert payer.asked() == ["succeeded"]
    tell(desk)
    confirm(desk, case_id)
    assert_ended(desk, case_id, "completed")
    view = assert_books(desk, order)
    assert (view["captured"], refunds(desk), held(desk, VASE)) == (2_500, [], (9, 0, 1))
    assert lines(desk, order)[f"{case_id}.1"] == (2_500, 1)

    back = {"lines": [{"line_id": f"{case_id}.1", "quantity": 1}]}
    again = desk.call("POST", "/cases", by=BUYER, body=an_application(order) | back, key="key-2").ok()
    desk.pump()
    assert_ended(desk, again["case_id"], "completed")
    assert sorted(one["amount"] for one in refunds(desk)) == [500, 2_000]
    assert_books(desk, order)


def test_a_difference_that_nobody_pays_becomes_a_return(desk: Desk, payer: Payer) -> None:
    stocked(desk, VASE, price=8_000)
    order, case_id = exchanged(desk, payer, VASE)
    sent_back(desk, case_id)
    silent(desk, 4)
    assert_ended(desk, case_id, "completed")
    assert payer.asked() == ["canceled"]
    assert (held(desk, VASE), [one["amount"] for one in refunds(desk)]) == ((10, 0, 0), [6_000])
    assert_books(desk, order)


def test_goods_that_are_paid_for_and_never_sent_cost_the_buyer_nothing(desk: Desk, payer: Payer) -> None:
    stocked(desk, VASE, price=8_000)
    order, case_id = exchanged(desk, payer, VASE)
    sent_back(desk, case_id)
    pay_difference(desk, payer, case_id)
    silent(desk, 6)
    assert_ended(desk, case_id, "completed")
    assert payer.asked() == ["canceled"]
    assert [one["amount"] for one in refunds(desk)] == [6_000]
    assert_books(desk, order)
