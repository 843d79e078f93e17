"""Loading orders: dates move together, payments are made once, bad lines are told and nothing else stops."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tools.load_orders import (
    BadLine,
    Journal,
    Loader,
    days_to_move,
    load_lines,
    read_order,
    snapshot,
)

TODAY = date(2026, 11, 23)
SAMPLES = (Path(__file__).parents[2] / "tools" / "sample_orders.jsonl").read_text("utf-8").splitlines()


def order_line(order_id: str = "o1", **changes: Any) -> str:
    order = {
        "order_id": order_id,
        "buyer_id": "b1",
        "seller_id": "s1",
        "currency": "BRL",
        "placed_at": "2018-02-26T22:00:00Z",
        "shipped_at": "2018-02-28T08:00:00Z",
        "delivered_at": "2018-03-02T23:59:59Z",
        "lines": [{"line_id": "1", "sku": "k", "title": "Kettle", "quantity": 3, "total": 5900}],
        "payments": [
            {"payment_id": "p1", "provider": "stripe", "method": "voucher", "captured": 900},
            {"payment_id": "p2", "provider": "stripe", "method": "credit_card", "captured": 5000},
        ],
    }
    return json.dumps({name: value for name, value in (order | changes).items() if value is not ...})


def payment(method: str) -> list[dict[str, Any]]:
    return [{"payment_id": "p1", "method": method, "captured": 1}]


@dataclass
class Desk:
    """A desk that remembers what it was sent; it refuses the orders in `refuses`, the sandbox amounts of 13."""

    refuses: dict[str, httpx.Response] = field(default_factory=dict)
    paid: list[tuple[int, str]] = field(default_factory=list)
    put_bodies: list[Any] = field(default_factory=list)

    def pay(self, amount: int, currency: str) -> str:
        if amount == 13:
            raise stripe.StripeError("Amounts like this are unlucky.")
        self.paid.append((amount, currency))
        return f"pi_{len(self.paid)}"

    def person(self, role: str) -> "Desk":
        assert role == "platform"
        return self

    def put(self, path: str, body: Any) -> httpx.Response:
        if body["order_id"] in self.refuses:
            return self.refuses[body["order_id"]]
        assert path == f"orders/{body['order_id']}"
        self.put_bodies.append(json.loads(json.dumps(body)))
        return httpx.Response(200, json=body)


def load(desk: Desk, journal: Journal, *lines: str, today: date = TODAY) -> dict[int, Counter[str] | str]:
    """Line number to what was made, or why it was refused."""
    heard: dict[int, Counter[str] | str] = {}
    loader = Loader(desk, journal, today)  # type: ignore[arg-type]  # as much of a desk as a loader needs
    load_lines(
        loader,
        lines,
        lambda number, said: heard.update({number: str(said) if isinstance(said, BadLine) else said}),
        workers=2,
    )
    return heard


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    "dates",
    [
        {},
        {"delivered_at": None},
        {"delivered_at": ..., "shipped_at": ...},
        {"delivered_at": "2018-03-02T23:59:59-03:00"},
        {"delivered_at": "2030-01-01T00:00:00Z"},
    ],
)
def test_the_last_thing_that_happened_is_yesterday_at_its_own_time_of_day(dates: dict[str, Any]) -> None:
    order = read_order(order_line(**dates))
    body = snapshot(order, days_to_move(order, TODAY), {"p1": "r1", "p2": "r2"})
    before = order.delivered_at or order.shipped_at or order.placed_at
    after = datetime.fromisoformat(body["delivered_at"] or body["shipped_at"] or body["placed_at"])
    assert after.date() == TODAY - timedelta(days=1)
    assert after.time() == before.astimezone(UTC).time()


def test_all_dates_of_an_order_move_by_one_offset() -> None:
    order = read_order(order_line())
    body = snapshot(order, days_to_move(order, TODAY), {"p1": "r1", "p2": "r2"})
    assert (body["placed_at"], body["shipped_at"], body["delivered_at"]) == (
        "2026-11-18T22:00:00Z",
        "2026-11-20T08:00:00Z",
        "2026-11-22T23:59:59Z",
    )


# ---------------------------------------------------------------- payments


def test_only_cards_are_charged_and_the_rest_becomes_store_credit() -> None:
    desk = Desk()
    methods = ("credit_card", "debit_card", "voucher", "boleto")
    payments = [
        {"payment_id": f"p{n}", "method": method, "captured": n} for n, method in enumerate(methods, 1)
    ]
    assert load(desk, Journal(), order_line(payments=payments)) == {
        1: Counter({"stripe made": 2, "store_credit made": 2})
    }
    assert sorted(desk.paid) == [(1, "BRL"), (2, "BRL")]
    assert [(one["provider"], one["reference"], one["method"]) for one in desk.put_bodies[0]["payments"]] == [
        ("stripe", "pi_1", "credit_card"),
        ("stripe", "pi_2", "debit_card"),
        ("store_credit", "voucher-o1-p3", "voucher"),
        ("store_credit", "boleto-o1-p4", "boleto"),
    ]


def test_contact_is_derived_from_the_buyer_unless_the_line_has_one() -> None:
    desk = Desk()
    own = {"email": "me@example.org", "language": "zh"}
    load(desk, Journal(), *(order_line(f"o{n}", buyer_id=f"b{n}") for n in range(20)))
    load(desk, Journal(), order_line(contact=own))
    *derived, given = [body["contact"] for body in desk.put_bodies]
    assert {contact["email"] for contact in derived} == {f"b{n}@example.com" for n in range(20)}
    assert {contact["language"] for contact in derived} == {"en", "zh"}
    assert given == own


# ---------------------------------------------------------------- again


def test_loading_again_pays_nothing_and_puts_the_same_also_on_another_day(tmp_path: Path) -> None:
    desk, file = Desk(), tmp_path / "journal"
    load(desk, Journal(file, "stack"), order_line())
    again = load(desk, Journal(file, "stack"), order_line(), today=TODAY + timedelta(days=3))
    assert again == {1: Counter({"stripe known": 1, "store_credit known": 1})}
    assert len(desk.paid) == 1
    assert desk.put_bodies[0] == desk.put_bodies[1]


def test_a_run_that_was_killed_goes_on_behind_its_half_line(tmp_path: Path) -> None:
    desk, file = Desk(), tmp_path / "journal"
    load(desk, Journal(file, "stack"), order_line("o1"))
    with file.open("a") as journal:
        journal.write('{"order_id": "o2", "refer')
    load(desk, Journal(file, "stack"), order_line("o1"), order_line("o2"))
    assert len(desk.paid) == 2
    kept = Journal(file, "stack")
    assert {order_id: done.units for order_id, done in kept.loaded().items()} == {"o1": 3, "o2": 3}
    assert kept.of("o2").references == {"p1": "voucher-o2-p1", "p2": "pi_2"}


def test_what_was_paid_is_kept_though_the_order_was_refused(tmp_path: Path) -> None:
    desk, file = Desk({"o1": httpx.Response(503, text="down")}), tmp_path / "journal"
    assert load(desk, Journal(file, "stack"), order_line()) == {1: "refused with 503"}
    assert not Journal(file, "stack").loaded()
    desk.refuses.clear()
    load(desk, Journal(file, "stack"), order_line())
    assert len(desk.paid) == 1
    assert Journal(file, "stack").loaded()


def test_the_journal_of_another_stack_is_forgotten(tmp_path: Path) -> None:
    desk, file = Desk(), tmp_path / "journal"
    load(desk, Journal(file, "yesterday's stack"), order_line())
    load(desk, Journal(file, "today's stack"), order_line())
    assert len(desk.paid) == 2
    assert list(Journal(file, "today's stack").references()) == ["voucher-o1-p1", "pi_2"]


# ---------------------------------------------------------------- bad lines


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        (order_line(buyer_id=...), "buyer_id: Field required"),
        (order_line(placed_at="soon"), "placed_at: "),
        (order_line(placed_at="2018-02-26T22:00:00"), "placed_at: Input should have timezone info"),
        (order_line(payments=payment("bitcoin")), "payments.0.method: "),
        (
            order_line(payments=[{"method": "voucher", "captured": 1}]),
            "payments.0.payment_id: Field required",
        ),
    ],
)
def test_a_line_that_is_no_order_is_told_and_costs_no_payment(line: str, why: str) -> None:
    desk = Desk()
    heard = load(desk, Journal(), line)
    assert why in str(heard[1])
    assert not desk.paid
    assert not desk.put_bodies


def test_bad_lines_have_their_numbers_and_do_not_stop_the_rest() -> None:
    problem = {"code": "invalid_request", "errors": [{"field": "currency", "message": "no such currency"}]}
    in_use = {"code": "order_in_use", "detail": "A case depends on line 1."}
    desk = Desk({"o3": httpx.Response(422, json=problem), "o5": httpx.Response(409, json=in_use)})
    unlucky = order_line("o7", payments=[{"payment_id": "p1", "method": "credit_card", "captured": 13}])
    same = order_line("o4")
    texts = ("{", "", order_line("o3"), same, order_line("o5"), same, unlucky, order_line("o8"))
    heard = load(desk, Journal(), *texts)
    assert {number: said for number, said in heard.items() if isinstance(said, str)} == {
        1: heard[1],
        3: "refused with invalid_request: currency: no such currency",
        5: "refused with order_in_use: A case depends on line 1.",
        6: "order o4 stands in line 4 already",
        7: "payment p1 was not made: Amounts like this are unlucky.",
    }
    assert sorted(body["order_id"] for body in desk.put_bodies) == ["o4", "o8"]


# ---------------------------------------------------------------- the sample


@pytest.mark.parametrize("line", SAMPLES)
def test_sample_orders_are_whole(line: str) -> None:
    order = read_order(line)
    body = json.loads(line)
    bought = sum(one["total"] for one in body["lines"]) + body["shipping"]["total"]
    assert bought == sum(one.captured for one in order.payments)
    if order.currency == "KWD":
        assert all(one.captured % 10 == 0 for one in order.payments)


def test_sample_orders_show_what_there_is() -> None:
    orders = [json.loads(line) for line in SAMPLES]
    assert len({order["order_id"] for order in orders}) == 12
    assert {"JPY", "KWD", "BRL", "CNY"} <= {order["currency"] for order in orders}
    assert any(order.get("contact", {}).get("language") == "zh" for order in orders)
    assert any(order["delivered_at"] is None for order in orders)
    assert {one["method"] for order in orders for one in order["payments"]} == {
        "credit_card",
        "debit_card",
        "voucher",
        "boleto",
    }
