"""The reconciler: what was lost outside is found, healed forward where that is possible, and told to operators."""

from dataclasses import replace
from typing import Any

import pytest

from aftersales.domain.order import Order, Payment
from tests.builders import GIFT_CARD
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    apply,
    assert_books,
    assert_ended,
    assert_told,
    decide,
    events,
    listen,
    order_of,
    paid,
    put,
    resume,
    status,
)

pytestmark = pytest.mark.enable_socket


def completed(desk: Desk, order: Order) -> str:
    """A case that was paid, an hour ago."""
    case_id = apply(desk, order)
    desk.pump()
    assert status(desk, case_id) == "completed"
    desk.clock.advance(hours=1)
    return case_id


def under_review(desk: Desk, order: Order) -> str:
    """A case that waits for its seller, since an hour."""
    case_id = apply(desk, order, "other")
    desk.pump()
    desk.clock.advance(hours=1)
    return case_id


def reconciled(desk: Desk) -> tuple[Any, list[str]]:
    """What the reconciler answers, and what operators are told."""
    heard = listen(desk, "AlarmsTopic")
    answer = desk.invoke("ReconcileBooks", {"hours": 2})
    return answer, [line for message in heard() for line in message.splitlines()]


def at_provider(desk: Desk, to: str) -> None:
    """Something happens to the newest refund at the provider, and its events are lost."""
    refund = desk.sandbox.get("refunds")["refunds"][0]
    desk.sandbox.post(f"refunds/{refund['id']}/settle", status=to)


def edit_ledger(desk: Desk, order: Order, change: str) -> None:
    """Somebody writes to the order's ledger by hand."""
    words = {":none": {"N": "7"}, ":free": {"S": "available"}}
    desk.stack.client("dynamodb").update_item(
        TableName=desk.stack.ref("OrdersTable"),
        Key={"pk": {"S": f"ORDER#{order.order_id}"}, "sk": {"S": "LEDGER"}},
        UpdateExpression=change,
        ExpressionAttributeValues={name: value for name, value in words.items() if name in change},
        **({"ExpressionAttributeNames": {"#lines": "lines"}} if "#lines" in change else {}),
    )


def test_books_that_fit_are_told_to_nobody(desk: Desk, payer: Payer) -> None:
    for number, reason in enumerate(("late", "other", "damaged")):
        apply(
            desk, put(desk, paid(order_of(desk, order_id=f"order-{number}"), payer)), reason, key=f"k{number}"
        )
    desk.pump()
    assert reconciled(desk) == ({"orders": 3, "busy": 0, "drifted": 0, "rebuilt": 0}, [])
    desk.clock.advance(hours=1)
    assert reconciled(desk) == ({"orders": 3, "busy": 0, "drifted": 0, "rebuilt": 0}, [])


def test_a_success_that_failed_while_the_endpoint_was_down_comes_back(desk: Desk, order: Order) -> None:
    case_id = completed(desk, order)
    at_provider(desk, "failed")
    answer, told = reconciled(desk)
    assert answer == {"orders": 1, "busy": 0, "drifted": 1, "rebuilt": 0}
    assert [line.split()[0] for line in told] == ["I6"]
    assert told[0].endswith("(settled)")
    desk.pump()
    assert status(desk, case_id) == "refund_action_required"
    resume(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")
    desk.clock.advance(hours=1)
    assert reconciled(desk)[0]["drifted"] == 0


def test_an_answer_that_is_waited_for_is_booked_without_an_alarm(desk: Desk, order: Order) -> None:
    desk.sandbox.order("pending")
    case_id = apply(desk, order)
    desk.pump()
    at_provider(desk, "succeeded")
    assert reconciled(desk) == ({"orders": 1, "busy": 1, "drifted": 0, "rebuilt": 0}, [])
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_a_refund_by_hand_that_nobody_reported_is_booked(desk: Desk, order: Order) -> None:
    desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference, amount=700)
    answer, told = reconciled(desk)
    assert (answer["drifted"], told[0].split()[0], told[0].endswith("(booked)")) == (1, "I6", True)
    assert assert_books(desk, order)["payments"][0]["external"] == 700


def test_an_execution_that_was_stopped_unseen_is_given_to_an_operator(desk: Desk, order: Order) -> None:
    case_id = under_review(desk, order)
    desk.stop(case_id)
    answer, told = reconciled(desk)
    assert (answer["drifted"], told[0].split()[0]) == (1, "I4")
    assert told[0].endswith("(given_to_operator)")
    assert events(desk, case_id)[-1] == "operator_asked"
    resume(desk, case_id).ok()
    desk.pump()
    decide(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_a_case_whose_start_was_lost_is_started(desk: Desk, order: Order) -> None:
    case_id = apply(desk, order, "other")
    desk.new_records()
    desk.clock.advance(hours=2)
    answer, told = reconciled(desk)
    assert answer["drifted"] == 1
    assert {line.split()[0] for line in told} == {"I4", "I5", "I9"}
    assert all("started" in line or "LEFT" in line for line in told)
    desk.settle()
    assert status(desk, case_id) == "under_review"
    desk.sweep()
    assert assert_told(desk, case_id)


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("SET balances[0].refunded = :none", "I1"),
        ("SET balances[0].reserved = :none", "I1"),
        ("SET #lines[0].units[0] = :free", "I8"),
    ],
)
def test_a_ledger_that_somebody_edited_is_told_and_left_alone(
    desk: Desk, order: Order, change: str, number: str
) -> None:
    under_review(desk, order)
    edit_ledger(desk, order, change)
    answer, told = reconciled(desk)
    assert answer["drifted"] == 1
    assert number in {line.split()[0] for line in told if line.endswith("(LEFT)")}


def test_an_order_that_was_paid_back_as_store_credit_alone_is_looked_at(desk: Desk) -> None:
    credit = Payment(payment_id=GIFT_CARD, provider="store_credit", reference="gc_77", captured=2_000)
    order = put(desk, replace(order_of(desk), payments=(credit,)))
    completed(desk, order)
    assert reconciled(desk)[0]["drifted"] == 0
    edit_ledger(desk, order, "SET balances[0].refunded = :none")
    assert {line.split()[0] for line in reconciled(desk)[1]} == {"I1", "I8"}
    desk.clock.advance(hours=2)
    assert reconciled(desk)[0]["orders"] == 0


def test_an_entry_that_was_deleted_is_told(desk: Desk, order: Order) -> None:
    case_id = under_review(desk, order)
    desk.stack.client("dynamodb").delete_item(
        TableName=desk.stack.ref("CasesTable"),
        Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "TIMELINE#00000001"}},
    )
    _, told = reconciled(desk)
    assert [line.split()[0] for line in told] == ["I7"]
