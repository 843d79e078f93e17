"""A seller's account: what refunds post is counted once, whatever the stream does, and can be read by its seller."""

from collections.abc import Iterable
from typing import Any

import pytest

from aftersales.domain.order import Order
from aftersales.domain.parties import Party, Role
from aftersales.entrypoints import bootstrap
from aftersales.usecases.rebuild_balances import rebuild_balances
from tests.builders import BUYER, OPERATOR, SELLER
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    apply,
    listen,
    order_of,
    paid,
    provider_events,
    put,
    refunds,
    status,
)

pytestmark = pytest.mark.enable_socket

OTHER_SELLER = Party(Role.SELLER, "elsewhere")


def sold(desk: Desk, payer: Payer, number: int = 1, **changes: Any) -> Order:
    """Twenty dollars by card, of which the platform kept 2.33."""
    return put(desk, paid(order_of(desk, order_id=f"order-{number}", **changes), payer))


def refunded(desk: Desk, payer: Payer, count: int) -> list[str]:
    """So many orders, each refunded a minute after the other."""
    case_ids = []
    for number in range(1, count + 1):
        case_ids.append(apply(desk, sold(desk, payer, number), key=f"key-{number}"))
        desk.pump()
        desk.clock.advance(minutes=1)
    return case_ids


def statement(desk: Desk, by: Party = SELLER, **query: str) -> Any:
    return desk.call("GET", f"/sellers/{SELLER.id}/statement", by=by, query=query).ok()


def lines(shown: Any) -> dict[str, int]:
    return {line["account"]: line["amount"]["amount"] for line in shown["lines"]}


def assert_counted(desk: Desk) -> Any:
    """Each posting sums to zero, and the balance is the sum of all; answers the statement."""
    shown = statement(desk, limit="100")
    sums: dict[str, int] = {}
    for posting in shown["items"]:
        assert sum(lines(posting).values()) == 0
        for account, amount in lines(posting).items():
            sums[account] = sums.get(account, 0) + amount
    (balance,) = shown["balances"]
    assert lines(balance) == {account: amount for account, amount in sums.items() if amount}
    assert balance["postings"] == len(shown["items"])
    assert balance["owed_to_seller"]["amount"] == sum(
        posting["owed_to_seller"]["amount"] for posting in shown["items"]
    )
    return shown


def test_a_seller_reads_what_a_refund_costs_and_what_the_platform_gives_back_of_its_fee(
    desk: Desk, payer: Payer
) -> None:
    (case_id,) = refunded(desk, payer, 1)
    shown = assert_counted(desk)
    (posting,) = shown["items"]
    assert posting["posting_id"].startswith(f"{case_id}:")
    assert (posting["case_id"], posting["order_id"], posting["event"]) == (
        case_id,
        "order-1",
        "refund_succeeded",
    )
    assert lines(posting) == {"seller_payable": 1_767, "platform_fee": 233, "buyer_refund": -2_000}
    assert posting["owed_to_seller"] == {"amount": -1_767, "currency": "USD"}
    assert statement(desk, by=OPERATOR) == statement(desk)


def test_nobody_else_reads_it(desk: Desk, payer: Payer) -> None:
    refunded(desk, payer, 1)
    path = f"/sellers/{SELLER.id}/statement"
    assert desk.call("GET", path, by=OTHER_SELLER).status == 404
    assert desk.call("GET", path, by=BUYER).status == 403
    assert desk.call("GET", f"/sellers/{OTHER_SELLER.id}/statement", by=OTHER_SELLER).ok() == {
        "seller_id": OTHER_SELLER.id,
        "balances": [],
        "items": [],
        "next_cursor": None,
    }


@pytest.mark.parametrize("stream", ["each record three times", "never"])
def test_whatever_the_stream_does_a_posting_is_counted_once(desk: Desk, payer: Payer, stream: str) -> None:
    case_id = apply(desk, sold(desk, payer))
    if stream == "never":
        for _ in range(4):
            desk.new_records()
            desk.clock.advance(minutes=6)
            desk.sweep()
    else:
        old: list[dict[str, Any]] = []
        while fresh := desk.new_records():
            old += fresh
            desk.deliver([record for record in fresh for _ in range(3)])
            desk.deliver(old)
            desk.settle()
    assert status(desk, case_id) == "completed"
    assert assert_counted(desk)["balances"][0]["postings"] == 1


def test_what_is_posted_but_not_counted_yet_is_in_the_list_alone(desk: Desk, payer: Payer) -> None:
    apply(desk, sold(desk, payer))
    # The entries are relayed up to the one in which money moved.
    for record in desk.new_records():
        desk.deliver([record])
    desk.settle()
    shown = statement(desk)
    assert (len(shown["items"]), shown["balances"]) == (1, [])
    desk.pump()
    assert_counted(desk)


def test_a_refund_that_fails_late_is_posted_back_and_its_successor_posted_again(
    desk: Desk, payer: Payer
) -> None:
    refunded(desk, payer, 1)
    desk.sandbox.post(f"refunds/{refunds(desk)[0]['id']}/settle", status="failed")
    hear_all(desk, "refund.failed")
    shown = assert_counted(desk)
    assert [lines(posting).get("buyer_refund") for posting in shown["items"]] == [2_000, -2_000]
    assert shown["balances"][0]["lines"] == []


def test_what_left_without_the_desk_is_posted_once_and_posted_back(desk: Desk, payer: Payer) -> None:
    order = sold(desk, payer)
    made = desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference, amount=700)
    hear_all(desk, "refund.created", "charge.refunded")
    (posting,) = assert_counted(desk)["items"]
    assert (posting["event"], posting["case_id"]) == ("external_booked", None)
    assert lines(posting) == {"seller_payable": 618, "platform_fee": 82, "buyer_refund": -700}
    desk.sandbox.post(f"refunds/{made['id']}/settle", status="failed")
    hear_all(desk, "refund.failed")
    assert assert_counted(desk)["balances"][0]["lines"] == []


def hear_all(desk: Desk, *kinds: str) -> None:
    """The provider tells of it, twice."""
    for event in 2 * [one for one in provider_events(desk) if one["type"] in kinds]:
        desk.hear(event).ok()
    desk.pump()


def test_a_statement_is_read_by_pages_newest_first_and_by_period(desk: Desk, payer: Payer) -> None:
    case_ids = refunded(desk, payer, 3)
    page = statement(desk, limit="2")
    rest = statement(desk, limit="2", cursor=page["next_cursor"])
    shown = [*page["items"], *rest["items"]]
    assert [posting["case_id"] for posting in shown] == case_ids[::-1]
    assert rest["next_cursor"] is None
    assert page["balances"] == rest["balances"]
    second = shown[1]["at"]
    (one,) = statement(desk, **{"from": second, "to": second})["items"]
    assert one == shown[1]


def test_a_cursor_opens_no_other_account(desk: Desk, payer: Payer) -> None:
    refunded(desk, payer, 2)
    cursor = statement(desk, limit="1")["next_cursor"]
    answer = desk.call(
        "GET", f"/sellers/{OTHER_SELLER.id}/statement", by=OTHER_SELLER, query={"cursor": cursor}
    )
    assert (answer.status, answer.code) == (422, "invalid_request")


# --- balances are derived, and can be derived again ------------------------------------------------------------


def rebuild(desk: Desk) -> int:
    """How many parts of the balance had to be mended."""
    return len(rebuild_balances(bootstrap.desk(), bootstrap.accounts(), SELLER.id))


def balance_rows(desk: Desk) -> Iterable[dict[str, Any]]:
    return (row for row in desk.rows("CasesTable") if row["pk"]["S"].startswith("ACCOUNT#"))


@pytest.fixture
def _at_the_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator runs finds the desk's tables, and need not wait between its looks."""
    for name, value in desk.stack.environment("ReconcileBooks").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("aftersales.entrypoints.bootstrap.pause", lambda _: None)
    desk.forget_workers()


@pytest.mark.usefixtures("_at_the_desk")
def test_a_rebuild_mends_what_was_bent_and_leaves_what_is_right(desk: Desk, payer: Payer) -> None:
    refunded(desk, payer, 3)
    assert rebuild(desk) == 0
    before = statement(desk)["balances"]
    table = desk.stack.ref("CasesTable")
    bent, gone, *_ = balance_rows(desk)
    db = desk.stack.client("dynamodb")
    db.put_item(TableName=table, Item=bent | {"seller_payable": {"N": "5"}})
    db.delete_item(TableName=table, Key={"pk": gone["pk"], "sk": gone["sk"]})
    db.put_item(TableName=table, Item=bent | {"sk": {"S": "EUR"}})
    assert rebuild(desk) == 3
    assert rebuild(desk) == 0
    assert [one for one in statement(desk)["balances"] if one["postings"]] == before


@pytest.mark.usefixtures("_at_the_desk")
def test_a_rebuild_does_not_count_what_the_stream_still_will(desk: Desk, payer: Payer) -> None:
    apply(desk, sold(desk, payer))
    for record in desk.new_records():
        desk.deliver([record])
    desk.settle()
    assert rebuild(desk) == 0
    desk.pump()
    assert_counted(desk)


def test_the_daily_look_mends_a_balance_and_tells_of_it_and_the_hourly_reads_no_postings(
    desk: Desk, payer: Payer
) -> None:
    apply(desk, sold(desk, payer, 2), "changed_mind", key="waits")
    refunded(desk, payer, 1)
    desk.clock.advance(hours=1)
    (row,) = balance_rows(desk)
    bent = row | {"buyer_refund": {"N": "-1"}}
    desk.stack.client("dynamodb").put_item(TableName=desk.stack.ref("CasesTable"), Item=bent)
    heard = listen(desk, "AlarmsTopic")
    assert desk.invoke("ReconcileBooks", {"hours": 2})["rebuilt"] == 0
    assert desk.invoke("ReconcileBooks", {"hours": 200})["rebuilt"] == 1
    (told,) = [line for message in heard() for line in message.splitlines() if line.startswith("I12")]
    assert told.endswith("(rebuilt)")
    assert_counted(desk)
