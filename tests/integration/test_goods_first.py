"""Other goods that go out before those have come that they are for, through the real functions and both sandboxes."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import a_line, parcel_of
from tests.conformance.sandbox import Control
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    assert_books,
    assert_ended,
    events,
    order_of,
    paid,
    put,
    read,
    refunds,
    status,
)
from tests.integration.test_exchanges import SAME, asked, confirm, held, send, silent, stocked
from tests.integration.test_returns import line, receive, ship
from tests.integration.test_statement import assert_counted, lines

pytestmark = pytest.mark.enable_socket

WORTH = 4_000


def handed_over(desk: Desk, payer: Payer, customer: str | None = "cus_mei") -> tuple[Any, str]:
    """Somebody who has bought five times has other goods, and has sent nothing back yet."""
    stocked(desk, price=WORTH)
    for number in range(4):
        put(desk, paid(order_of(desk, 900, order_id=f"before-{number}"), payer))
    goods = (a_line(quantity=1, total=WORTH), a_line("jug", quantity=1, total=900, sku=SAME))
    order = put(desk, paid(order_of(desk, order_id="order-1", lines=goods), payer, customer=customer))
    case_id = asked(desk, order)
    assert (status(desk, case_id), held(desk)) == ("exchange_pending", (9, 0, 1))
    send(desk, case_id).ok()
    confirm(desk, case_id)
    case = read(desk, case_id)
    assert (case["status"], case["on_timeout"]) == ("awaiting_return", "charged")
    assert case["debt"] == {"amount": WORTH, "currency": "USD", "due": False}
    return order, case_id


def test_goods_that_come_back_settle_it_in_twelve_states(desk: Desk, payer: Payer) -> None:
    order, case_id = handed_over(desk, payer)
    ship(desk, case_id, parcel_of(case_id)).ok()
    receive(desk, case_id, line(desk, case_id, 1)).ok()
    desk.pump()
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) <= 12, entered
    assert (read(desk, case_id)["debt"], refunds(desk), payer.asked()) == (None, [], [])
    assert_books(desk, order)


def test_goods_that_never_come_are_charged_without_their_buyer(desk: Desk, payer: Payer) -> None:
    order, case_id = handed_over(desk, payer)
    silent(desk, days=9)
    assert_ended(desk, case_id, "completed")
    case = read(desk, case_id)
    assert (case["debt"], case["exchange"]["collection"], payer.asked()) == (None, "captured", ["succeeded"])
    assert events(desk, case_id)[-1] == "debt_charged"
    assert refunds(desk) == []
    assert_books(desk, order)
    assert lines(assert_counted(desk)["balances"][0]) == {"buyer_payment": WORTH, "seller_payable": -WORTH}


def test_a_buyer_whose_card_was_not_kept_goes_on_owing(desk: Desk, payer: Payer) -> None:
    order, case_id = handed_over(desk, payer, customer=None)
    silent(desk, days=9)
    assert_ended(desk, case_id, "completed")
    case = read(desk, case_id)
    assert case["debt"] == {"amount": WORTH, "currency": "USD", "due": True}
    assert (case["exchange"]["collection"], payer.asked()) == ("failed", [])
    assert_books(desk, order)
    assert lines(assert_counted(desk)["balances"][0]) == {"buyer_debt": WORTH, "seller_payable": -WORTH}


@pytest.mark.parametrize("on", ["hold", "capture"])
@pytest.mark.parametrize("fault", ["lost_answer", "refused"])
def test_it_is_charged_once_whatever_becomes_of_the_answer(
    desk: Desk, payer: Payer, sandbox: Control, fault: str, on: str
) -> None:
    order, case_id = handed_over(desk, payer)
    sandbox.order(fault, on=on)
    silent(desk, days=9)
    assert_ended(desk, case_id, "completed")
    assert (read(desk, case_id)["debt"], payer.asked()) == (None, ["succeeded"])
    assert_books(desk, order)


def test_an_order_with_a_debt_gets_nothing_more_ahead(desk: Desk, payer: Payer) -> None:
    order, _ = handed_over(desk, payer)
    again = asked(desk, replace(order, lines=order.lines[1:]), key="key-2")
    assert status(desk, again) == "awaiting_return"
