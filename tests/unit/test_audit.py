"""The audit finds what it is there to find: each way of breaking good books is seen by the check that names it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tools import audit
from tools.audit import CaseFile, Check, OrderFile, Paid

Books = dict[str, Any]


def good_books() -> Books:
    """Three units for 100 and shipping for 20 over two payments; one case paid in part, one withdrawn."""
    paid_case = {
        "case_id": "c1",
        "status": "completed",
        "version": 2,
        "decision": {"amount": {"amount": 70, "currency": "JPY"}},
        "quote": {
            "lines": [
                {"line_id": "1", "quantity": 2, "amount": 67},
                {"line_id": "shipping", "quantity": 1, "amount": 20},
            ],
            "payments": [{"payment_id": "p1", "amount": 30}, {"payment_id": "p2", "amount": 57}],
            "total": {"amount": 87, "currency": "JPY"},
        },
        "refunds": [
            {"refund_id": "c1.p1.1", "payment_id": "p1", "amount": money(30), "state": "succeeded"},
            {"refund_id": "c1.p2.1", "payment_id": "p2", "amount": money(40), "state": "failed"},
            {"refund_id": "c1.p2.2", "payment_id": "p2", "amount": money(40), "state": "succeeded"},
        ],
    }
    withdrawn = {
        "case_id": "c2",
        "status": "cancelled",
        "version": 1,
        "decision": None,
        "quote": {
            "lines": [{"line_id": "1", "quantity": 1, "amount": 33}],
            "payments": [{"payment_id": "p2", "amount": 33}],
            "total": {"amount": 33, "currency": "JPY"},
        },
        "refunds": [],
    }
    return {
        "order": {
            "order_id": "o1",
            "currency": "JPY",
            "captured": 120,
            "reserved": 0,
            "refunded": 70,
            "lines": [
                {
                    "line_id": "1",
                    "quantity": 3,
                    "total": 100,
                    "refundable_quantity": 1,
                    "refundable_amount": 33,
                }
            ],
            "shipping": {"total": 20, "refundable_amount": 0},
            "payments": [balance("p1", 30, 0, 30), balance("p2", 90, 50, 40)],
        },
        "cases": [paid_case, withdrawn],
        "timelines": [
            [entry(1, None, "requested"), entry(2, "requested", "completed")],
            [entry(1, None, "cancelled")],
        ],
        "executions": [[ended("completed"), ended("completed")], [ended("cancelled")]],
        "paid": [
            Paid("c1.p1.1", "credit-1", 30, "JPY", "succeeded", "store_credit"),
            Paid("c1.p2.1", "pi_2", 40, "JPY", "failed", "stripe"),
            Paid("c1.p2.2", "pi_2", 40, "JPY", "succeeded", "stripe"),
        ],
    }


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "JPY"}


def balance(payment_id: str, captured: int, available: int, refunded: int) -> dict[str, Any]:
    return {
        "payment_id": payment_id,
        "captured": captured,
        "available": available,
        "reserved": 0,
        "refunded": refunded,
        "disputed": 0,
    }


def entry(seq: int, before: str | None, after: str) -> dict[str, Any]:
    return {"seq": seq, "from": before, "to": after}


def ended(status: str) -> dict[str, Any]:
    return {"status": "SUCCEEDED", "output": {"status": status}}


def filed(books: Books) -> OrderFile:
    cases = zip(books["cases"], books["timelines"], books["executions"], strict=True)
    return OrderFile(
        order=books["order"],
        cases=[CaseFile(case, timeline, executions) for case, timeline, executions in cases],
        references={"p1": "credit-1", "p2": "pi_2"},
        paid=books["paid"],
    )


def seen_by(books: Books) -> set[Check]:
    file = filed(books)
    return {check for check in audit.CHECKS if list(check(file))}


def put(value: Any, *path: str | int) -> Callable[[Books], None]:
    """Write `value` where the path leads."""

    def change(books: Books) -> None:
        place: Any = books
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def pay(*extra: Paid) -> Callable[[Books], None]:
    return lambda books: books["paid"].extend(extra)


BROKEN: dict[str, tuple[Callable[[Books], None], Check]] = {
    "a payment lost a cent": (put(49, "order", "payments", 1, "available"), audit.balances_add_up),
    "a payment gives what it has not": (
        put({**balance("p1", 30, -5, 35)}, "order", "payments", 0),
        audit.balances_add_up,
    ),
    "the order sums up wrongly": (put(71, "order", "refunded"), audit.balances_add_up),
    "the ledger refunded what no case was paid": (
        put(balance("p2", 90, 40, 50), "order", "payments", 1),
        audit.ledger_follows_cases,
    ),
    "a closed case still holds money": (
        put({**balance("p2", 90, 40, 40), "reserved": 10}, "order", "payments", 1),
        audit.ledger_follows_cases,
    ),
    "a unit was taken twice": (put("under_review", "cases", 1, "status"), audit.units_are_sold_once),
    "a unit got lost": (put(0, "order", "lines", 0, "refundable_quantity"), audit.units_are_sold_once),
    "a cent of a line got lost": (
        put(32, "order", "lines", 0, "refundable_amount"),
        audit.units_are_sold_once,
    ),
    "shipping went out twice": (
        put({"line_id": "shipping", "quantity": 2, "amount": 20}, "cases", 0, "quote", "lines", 1),
        audit.units_are_sold_once,
    ),
    "more was paid than granted": (
        put(money(60), "cases", 0, "decision", "amount"),
        audit.cases_are_paid_what_was_granted,
    ),
    "the newer payment went first": (
        put(money(29), "cases", 0, "refunds", 0, "amount"),
        audit.cases_are_paid_what_was_granted,
    ),
    "a withdrawn case was paid": (
        put("cancelled", "cases", 0, "status"),
        audit.cases_are_paid_what_was_granted,
    ),
    "a refund was made twice": (
        pay(Paid("c1.p2.2", "pi_2", 40, "JPY", "succeeded", "stripe")),
        audit.every_refund_was_paid_once,
    ),
    "a failed attempt went through after all": (
        pay(Paid("c1.p2.1", "pi_2", 40, "JPY", "succeeded", "stripe")),
        audit.every_refund_was_paid_once,
    ),
    "somebody refunded by hand": (
        pay(Paid("re_1", "pi_2", 1, "JPY", "pending", "stripe")),
        audit.every_refund_was_paid_once,
    ),
    "the provider paid another amount": (
        put(Paid("c1.p2.2", "pi_2", 39, "JPY", "succeeded", "stripe"), "paid", 2),
        audit.every_refund_was_paid_once,
    ),
    "the provider paid over another payment": (
        put(Paid("c1.p2.2", "pi_9", 40, "JPY", "succeeded", "stripe"), "paid", 2),
        audit.every_refund_was_paid_once,
    ),
    "the provider never paid": (put([], "paid"), audit.every_refund_was_paid_once),
    "an execution still runs": (
        put({"status": "RUNNING", "output": None}, "executions", 0, 1),
        audit.executions_end_like_cases,
    ),
    "an execution ended otherwise": (
        put(ended("cancelled"), "executions", 0, 1),
        audit.executions_end_like_cases,
    ),
    "an earlier execution failed": (
        put({"status": "FAILED", "output": None}, "executions", 0, 0),
        audit.executions_end_like_cases,
    ),
    "an entry is missing": (put(3, "cases", 0, "version"), audit.timelines_have_no_gap),
    "an entry begins elsewhere": (
        put(entry(2, "approved", "completed"), "timelines", 0, 1),
        audit.timelines_have_no_gap,
    ),
}


def test_good_books_pass() -> None:
    assert seen_by(good_books()) == set()


@pytest.mark.parametrize("name", BROKEN)
def test_broken_books_are_seen(name: str) -> None:
    break_it, check = BROKEN[name]
    books = deepcopy(good_books())
    break_it(books)
    assert check in seen_by(books)


def test_open_cases_hold_what_they_claim_or_were_granted() -> None:
    books = good_books()
    books["cases"][1]["status"] = "declined"
    books["order"]["lines"][0] |= {"refundable_quantity": 0, "refundable_amount": 0}
    books["order"]["payments"][1] |= {"available": 17, "reserved": 33}
    books["order"]["reserved"] = 33
    books["timelines"][1] = [entry(1, None, "declined")]
    books["executions"][1] = [{"status": "RUNNING", "output": None}]
    assert seen_by(books) == set()
    books["cases"][1] |= {"status": "refund_pending", "decision": {"amount": money(30)}}
    books["timelines"][1] = [entry(1, None, "refund_pending")]
    assert seen_by(books) == {audit.ledger_follows_cases}
