"""The audit finds what it is there to find: each way of breaking good books is seen by the check that names it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tools import audit
from tools.audit import Account, CaseFile, Charged, Check, OrderFile, Paid

Books = dict[str, Any]


def good_books() -> Books:
    """Three units for 100 and shipping for 20 over two payments; one case paid in part, one withdrawn."""
    paid_case = {
        "case_id": "c1",
        "status": "completed",
        "version": 2,
        "kind": "refund",
        "reason": "other",
        "fees": {"restocking": 0, "freight": 0},
        "keep_item": False,
        "offers": [],
        "receipt": None,
        "decision": {"amount": {"amount": 70, "currency": "JPY"}, "reason_code": "looked_at_it"},
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
        "kind": "refund",
        "reason": "other",
        "fees": {"restocking": 0, "freight": 0},
        "keep_item": False,
        "offers": [],
        "receipt": None,
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
            "lines": [line("1", 3, 100, 1, 33)],
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


def returned_books() -> Books:
    """Three units for 10,000 were to come back, of which two came: 1,000 for restocking, 900 for the way, and of the
    8,100 that were granted the part of two."""
    returned = {
        "case_id": "c3",
        "status": "completed",
        "version": 4,
        "kind": "return",
        "reason": "changed_mind",
        "fees": {"restocking": 1_000, "freight": 900},
        "keep_item": False,
        "offers": [{"state": "accepted", "kind": "refund", "amount": money(5_400)}],
        "receipt": {"lines": [{"line_id": "1", "accepted": 2, "rejected": 0, "deduction": 0}]},
        "decision": {"amount": money(5_400), "reason_code": "deduction_accepted"},
        "quote": {
            "lines": [{"line_id": "1", "quantity": 2, "amount": 6_667}],
            "payments": [{"payment_id": "p2", "amount": 8_100}],
            "total": money(8_100),
        },
        "refunds": [
            {"refund_id": "c3.p2.1", "payment_id": "p2", "amount": money(5_400), "state": "succeeded"}
        ],
    }
    return {
        "order": {
            "order_id": "o2",
            "currency": "JPY",
            "captured": 10_000,
            "reserved": 0,
            "refunded": 5_400,
            "lines": [line("1", 3, 10_000, 1, 3_333)],
            "shipping": {"total": 0, "refundable_amount": 0},
            "payments": [balance("p2", 10_000, 4_600, 5_400)],
        },
        "cases": [returned],
        "timelines": [
            [
                entry(1, None, "requested", "case_opened"),
                entry(2, "requested", "awaiting_return", "case_approved", amount=8_100),
                entry(3, "awaiting_return", "approved", "deduction_accepted"),
                entry(4, "approved", "completed"),
            ]
        ],
        "executions": [[ended("completed")]],
        "paid": [Paid("c3.p2.1", "pi_2", 5_400, "JPY", "succeeded", "stripe")],
    }


def exchanged_books() -> Books:
    """One of two units for 100 came back, and other goods for 60 went out: the difference was taken."""
    return {
        "order": {
            "order_id": "o4",
            "currency": "JPY",
            "captured": 110,
            "reserved": 0,
            "refunded": 0,
            "lines": [line("1", 2, 100, 1, 50), line("c4.1", 1, 60, 1, 60)],
            "shipping": {"total": 0, "refundable_amount": 0},
            "payments": [balance("p1", 100, 100, 0), balance("c4.difference.1", 10, 10, 0)],
        },
        "cases": [exchange("c4", 60, 10)],
        "timelines": [
            [
                entry(1, None, "requested", "case_opened"),
                entry(2, "requested", "awaiting_return", "case_approved", amount=50),
                entry(3, "awaiting_return", "exchange_pending", "return_accepted"),
                entry(4, "exchange_pending", "exchange_shipped", "replacement_sent"),
                entry(5, "exchange_shipped", "completed", "exchange_completed"),
            ]
        ],
        "executions": [[ended("completed")]],
        "paid": [],
        "charged": [Charged("c4.difference.1", "pi_4", 10, "succeeded")],
        "postings": [posting("c4", buyer_payment=10, seller_payable=-10)],
    }


def lost_books() -> Books:
    """The other goods were lost, and there were no more of them: all that was paid for them went back."""
    books = exchanged_books()
    books["timelines"][0][4] = entry(5, "exchange_shipped", "completed", "exchange_forgone")
    books["cases"][0] |= {"kind": "return", "refunds": [repaid("p1", 50), repaid("c4.difference.1", 10)]}
    books["order"] |= {
        "refunded": 60,
        "lines": [line("1", 2, 100, 1, 50)],
        "payments": [balance("p1", 100, 50, 50), balance("c4.difference.1", 10, 0, 10)],
    }
    books["paid"] = [
        Paid("c4.p1.1", "credit-1", 50, "JPY", "succeeded", "store_credit"),
        Paid("c4.c4.difference.1.1", "pi_4", 10, "JPY", "succeeded", "stripe"),
    ]
    books["postings"] = [posting("c4", buyer_refund=-60, buyer_payment=10, platform_fee=6, seller_payable=44)]
    return books


def owed_books() -> Books:
    """The same goods went first, and those that they are for never came."""
    books = exchanged_books()
    books["cases"] = [exchange("c4", 50, 0) | {"debt": {**money(50), "due": True}}]
    books["order"] |= {
        "captured": 100,
        "lines": [line("1", 2, 100, 1, 50), line("c4.1", 1, 50, 1, 50)],
        "payments": [balance("p1", 100, 100, 0)],
    }
    books["timelines"][0][1:] = [
        entry(2, "requested", "exchange_pending", "case_approved", amount=50),
        entry(3, "exchange_pending", "exchange_shipped", "replacement_sent"),
        entry(4, "exchange_shipped", "awaiting_return", "exchange_completed"),
        entry(5, "awaiting_return", "completed", "case_expired"),
    ]
    books["charged"] = []
    books["postings"] = [posting("c4", buyer_debt=50, seller_payable=-50)]
    return books


def exchange(case_id: str, amount: int, difference: int) -> dict[str, Any]:
    """Of one unit that is worth 50."""
    goods = {"line_id": "1", "sku": "other", "quantity": 1, "amount": amount}
    return {
        "case_id": case_id,
        "status": "completed",
        "version": 5,
        "kind": "exchange",
        "reason": "late",
        "fees": {"restocking": 0, "freight": 0},
        "keep_item": False,
        "offers": [],
        "receipt": None,
        "decision": {"amount": money(50), "reason_code": "within_cap"},
        "quote": {
            "lines": [{"line_id": "1", "quantity": 1, "amount": 50}],
            "payments": [{"payment_id": "p1", "amount": 50}],
            "total": money(50),
        },
        "refunds": [],
        "debt": None,
        "exchange": {
            "goods": [goods],
            "difference": money(difference),
            "set_aside": "promised",
            "shipment": {},
        },
    }


def repaid(payment_id: str, amount: int) -> dict[str, Any]:
    refund_id = f"c4.{payment_id}.1"
    return {
        "refund_id": refund_id,
        "payment_id": payment_id,
        "amount": money(amount),
        "state": "succeeded",
    }


def line(line_id: str, quantity: int, total: int, left: int, worth: int) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "quantity": quantity,
        "total": total,
        "refundable_quantity": left,
        "refundable_amount": worth,
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


def entry(
    seq: int, before: str | None, after: str, event: str = "refund_succeeded", **data: Any
) -> dict[str, Any]:
    return {"seq": seq, "from": before, "to": after, "event": event, "data": data}


def ended(status: str) -> dict[str, Any]:
    return {"status": "SUCCEEDED", "output": {"status": status}}


def filed(books: Books) -> OrderFile:
    cases = zip(books["cases"], books["timelines"], books["executions"], strict=True)
    return OrderFile(
        order=books["order"],
        cases=[CaseFile(case, timeline, executions) for case, timeline, executions in cases],
        references={"p1": "credit-1", "p2": "pi_2"},
        paid=books["paid"],
        charged=books.get("charged", []),
        postings=books.get("postings") or postings_of(books),
    )


def posting(case_id: str, **lines: int) -> dict[str, Any]:
    """One balanced entry, but for what the caller bends."""
    return {
        "posting_id": f"{case_id}:9",
        "case_id": case_id,
        "lines": [{"account": account, "amount": money(amount)} for account, amount in lines.items()],
        "owed_to_seller": money(0),
    }


def postings_of(books: Books) -> list[dict[str, Any]]:
    """What follows from the refunds that succeeded; all of the fee's share goes with the last of them."""
    paid = {
        case["case_id"]: sum(
            one["amount"]["amount"] for one in case["refunds"] if one["state"] == "succeeded"
        )
        for case in books["cases"]
    }
    order = books["order"]
    share = round(order["captured"] * 12 // 100 * order["refunded"] / order["captured"])
    found = []
    for case in books["cases"]:
        if amount := paid[case["case_id"]]:
            kept = case["fees"]
            lines = {
                "buyer_refund": -amount,
                "restocking_fee": -kept["restocking"],
                "return_freight": -kept["freight"],
                "platform_fee": share,
            }
            found.append(posting(case["case_id"], **lines, seller_payable=-sum(lines.values())))
    return found


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


def add(value: Any, *path: str) -> Callable[[Books], None]:
    """One more of what is listed where the path leads."""

    def change(books: Books) -> None:
        place: Any = books
        for step in path:
            place = place[step]
        place.append(value)

    return change


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
        add(Paid("c1.p2.2", "pi_2", 40, "JPY", "succeeded", "stripe"), "paid"),
        audit.every_refund_was_paid_once,
    ),
    "a failed attempt went through after all": (
        add(Paid("c1.p2.1", "pi_2", 40, "JPY", "succeeded", "stripe"), "paid"),
        audit.every_refund_was_paid_once,
    ),
    "somebody refunded by hand": (
        add(Paid("re_1", "pi_2", 1, "JPY", "pending", "stripe"), "paid"),
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
    "a posting leaves something": (
        put([posting("c1", buyer_refund=-70, platform_fee=8, seller_payable=61)], "postings"),
        audit.refunds_are_posted_once,
    ),
    "a refund was posted twice": (
        put(2 * [posting("c1", buyer_refund=-70, platform_fee=4, seller_payable=66)], "postings"),
        audit.refunds_are_posted_once,
    ),
    "the seller bears the platform's fee": (
        put([posting("c1", buyer_refund=-70, seller_payable=70)], "postings"),
        audit.refunds_are_posted_once,
    ),
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


BROKEN_RETURNS: dict[str, tuple[Callable[[Books], None], Check]] = {
    "a unit that never came is still the case's": (
        put({"line_id": "1", "quantity": 3, "amount": 10_000}, "cases", 0, "quote", "lines", 0),
        audit.deductions_follow_what_came,
    ),
    "a unit that never came was paid": (
        put(money(8_100), "cases", 0, "decision", "amount"),
        audit.deductions_follow_what_came,
    ),
    "a cent of the accepted units was kept": (
        put(money(5_399), "cases", 0, "decision", "amount"),
        audit.deductions_follow_what_came,
    ),
    "money went before the goods": (
        put(entry(3, "awaiting_return", "approved", "refund_started"), "timelines", 0, 2),
        audit.goods_come_before_money,
    ),
    "its units carry more than it claims": (
        put({"restocking": 0, "freight": 0}, "cases", 0, "fees"),
        audit.deductions_follow_what_came,
    ),
    "its units make more than its total": (
        put(money(4_000), "cases", 0, "quote", "total"),
        audit.claims_are_worth_their_units,
    ),
}
BROKEN_EXCHANGES: dict[str, tuple[Callable[[Books], None], Check]] = {
    "other goods became the buyer's twice": (
        add(line("c4.2", 1, 60, 1, 60), "order", "lines"),
        audit.exchanges_leave_goods_or_money,
    ),
    "other goods never became the buyer's": (
        put([line("1", 2, 100, 1, 50)], "order", "lines"),
        audit.exchanges_leave_goods_or_money,
    ),
    "other goods are worth less than was paid": (
        put(59, "order", "lines", 1, "total"),
        audit.exchanges_leave_goods_or_money,
    ),
    "the money went back beside the goods": (
        put([repaid("p1", 50)], "cases", 0, "refunds"),
        audit.cases_are_paid_what_was_granted,
    ),
    "goods and money are more than was paid": (
        put([repaid("p1", 1)], "cases", 0, "refunds"),
        audit.exchanges_leave_goods_or_money,
    ),
    "a case without an end of its own took a difference": (
        put("expired", "cases", 0, "status"),
        audit.cases_are_paid_what_was_granted,
    ),
    "a difference was taken twice": (
        add(Charged("c4.difference.1", "pi_5", 10, "succeeded"), "charged"),
        audit.what_was_taken_is_a_payment,
    ),
    "a difference was taken and no payment of the order": (
        put([balance("p1", 100, 100, 0)], "order", "payments"),
        audit.what_was_taken_is_a_payment,
    ),
    "another difference was taken than was booked": (
        put(balance("c4.difference.1", 11, 11, 0), "order", "payments", 1),
        audit.what_was_taken_is_a_payment,
    ),
    "a hold outlived its case": (
        add(Charged("c4.difference.2", "pi_5", 0, "requires_capture"), "charged"),
        audit.what_was_taken_is_a_payment,
    ),
    "other goods went out before theirs came": (
        put(entry(3, "awaiting_return", "exchange_pending", "parcel_arrived"), "timelines", 0, 2),
        audit.goods_come_before_other_goods,
    ),
    "a difference was not posted": (
        put([posting("c4")], "postings"),
        audit.refunds_are_posted_once,
    ),
}
BROKEN_LOSSES: dict[str, tuple[Callable[[Books], None], Check]] = {
    "the difference was kept": (
        put([repaid("p1", 50)], "cases", 0, "refunds"),
        audit.cases_are_paid_what_was_granted,
    ),
    "neither goods nor money came": (
        put([], "cases", 0, "refunds"),
        audit.exchanges_leave_goods_or_money,
    ),
    "goods came that were forgone": (
        add(line("c4.1", 1, 60, 1, 60), "order", "lines"),
        audit.exchanges_leave_goods_or_money,
    ),
    "the difference went back over another payment": (
        put(Paid("c4.c4.difference.1.1", "pi_2", 10, "JPY", "succeeded", "stripe"), "paid", 1),
        audit.every_refund_was_paid_once,
    ),
    "the platform kept a fee of the difference": (
        put(
            [posting("c4", buyer_refund=-60, buyer_payment=10, platform_fee=7, seller_payable=43)], "postings"
        ),
        audit.refunds_are_posted_once,
    ),
}
BROKEN_DEBTS: dict[str, tuple[Callable[[Books], None], Check]] = {
    "goods that went first are owed by nobody": (
        put(None, "cases", 0, "debt"),
        audit.exchanges_leave_goods_or_money,
    ),
    "more is owed than they are worth": (
        put({**money(51), "due": True}, "cases", 0, "debt"),
        audit.exchanges_leave_goods_or_money,
    ),
    "they are owed and were charged": (
        add(balance("c4.debt.1", 50, 50, 0), "order", "payments"),
        audit.exchanges_leave_goods_or_money,
    ),
    "they are owed although theirs came": (
        put(entry(5, "awaiting_return", "completed", "return_accepted"), "timelines", 0, 4),
        audit.exchanges_leave_goods_or_money,
    ),
    "a debt was not posted": (put([posting("c4")], "postings"), audit.refunds_are_posted_once),
}
UNTOUCHED: dict[str, tuple[Callable[[Books], None], Check]] = {
    "the way back cost more than was published": (
        put({"restocking": 1_000, "freight": 1_000}, "cases", 0, "fees"),
        audit.returns_cost_what_was_published,
    ),
    "the seller's fault cost the buyer": (
        put("damaged", "cases", 0, "reason"),
        audit.returns_cost_what_was_published,
    ),
    "goods of some worth stayed": (put(True, "cases", 0, "keep_item"), audit.returns_cost_what_was_published),
    "freight was kept from who paid the carrier": (
        put([{"label": None}], "cases", 0, "shipments"),
        audit.returns_cost_what_was_published,
    ),
    "a cent of the claim got lost": (
        put(money(8_099), "cases", 0, "quote", "total"),
        audit.claims_are_worth_their_units,
    ),
}


def test_good_books_pass() -> None:
    assert seen_by(good_books()) == set()
    assert seen_by(returned_books()) == set()
    assert seen_by(expired_books()) == set()
    assert seen_by(exchanged_books()) == set()
    assert seen_by(lost_books()) == set()
    assert seen_by(owed_books()) == set()


def expired_books() -> Books:
    """The same return, whose goods never came."""
    books = returned_books()
    books["cases"][0] |= {
        "status": "expired",
        "offers": [],
        "receipt": None,
        "decision": {"amount": money(8_100), "reason_code": "within_cap"},
        "refunds": [],
    }
    books["cases"][0]["quote"]["lines"] = [{"line_id": "1", "quantity": 3, "amount": 10_000}]
    books["order"] |= {"refunded": 0, "payments": [balance("p2", 10_000, 10_000, 0)]}
    books["order"]["lines"][0] |= {"refundable_quantity": 3, "refundable_amount": 10_000}
    books["timelines"][0][2:] = [entry(3, "awaiting_return", "expired", "case_expired")]
    books["cases"][0]["version"] = 3
    books["executions"][0] = [ended("expired")]
    books["paid"] = []
    return books


@pytest.mark.parametrize("name", BROKEN_RETURNS)
def test_broken_books_of_a_return_are_seen(name: str) -> None:
    break_it, check = BROKEN_RETURNS[name]
    books = returned_books()
    break_it(books)
    assert check in seen_by(books)


@pytest.mark.parametrize(
    ("name", "books", "broken"),
    [
        (name, books, broken)
        for books, broken in (
            (exchanged_books, BROKEN_EXCHANGES),
            (lost_books, BROKEN_LOSSES),
            (owed_books, BROKEN_DEBTS),
        )
        for name in broken
    ],
)
def test_broken_books_of_an_exchange_are_seen(
    name: str, books: Callable[[], Books], broken: dict[str, tuple[Callable[[Books], None], Check]]
) -> None:
    break_it, check = broken[name]
    made = books()
    break_it(made)
    assert check in seen_by(made)


@pytest.mark.parametrize("name", UNTOUCHED)
def test_wrong_costs_of_a_return_are_seen(name: str) -> None:
    break_it, check = UNTOUCHED[name]
    books = expired_books()
    break_it(books)
    assert check in seen_by(books)


def test_an_appeal_claims_what_was_agreed_and_no_more() -> None:
    books = expired_books()
    books["cases"][0]["offers"] = [{"state": "accepted", "kind": "return", "amount": money(5_000)}]
    books["cases"][0]["quote"]["total"] = money(5_000)
    assert audit.claims_are_worth_their_units in seen_by(books)
    books["timelines"][0][1] = entry(2, "requested", "awaiting_return", "case_appealed")
    assert audit.claims_are_worth_their_units not in seen_by(books)
    books["cases"][0]["quote"]["total"] = money(5_001)
    assert audit.claims_are_worth_their_units in seen_by(books)


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
    granted = {"amount": money(30), "reason_code": "looked_at_it"}
    books["cases"][1] |= {"status": "refund_pending", "decision": granted}
    books["timelines"][1] = [entry(1, None, "refund_pending")]
    assert seen_by(books) == {audit.ledger_follows_cases}


def test_a_balance_that_is_not_the_sum_of_its_postings_is_seen() -> None:
    one, other = (
        posting("c1", buyer_refund=-7, seller_payable=7),
        posting("c2", buyer_refund=-3, seller_payable=3),
    )
    balance = {**posting("", buyer_refund=-10, seller_payable=10), "currency": "JPY", "postings": 2}
    assert not list(audit.balances_are_sums_of_postings(Account("s", [one, other], [balance])))
    assert list(audit.balances_are_sums_of_postings(Account("s", [one], [balance])))
    assert list(audit.balances_are_sums_of_postings(Account("s", [one, other], [])))
    assert list(audit.balances_are_sums_of_postings(Account("s", [], [{**balance, "lines": []}])))


def sku(held: int, confirmed: int, on_hand: int = 5) -> dict[str, Any]:
    there = {"sku": "other", "held": held, "confirmed": confirmed, "on_hand": on_hand}
    return there | {"available": 5 - held - confirmed}


def stock_of(case: CaseFile, *skus: dict[str, Any]) -> list[str]:
    return list(audit.stock_holds_what_is_under_way(Account("s", [], [], [case], skus)))


def test_stock_that_is_held_for_what_is_over_is_seen() -> None:
    [over] = filed(exchanged_books()).cases
    assert not stock_of(over, sku(0, 1))
    assert stock_of(over, sku(1, 1))
    assert stock_of(over, sku(0, 0))
    assert stock_of(over, sku(0, 2))
    assert stock_of(over, sku(0, 1, on_hand=6))


@pytest.mark.parametrize(
    ("set_aside", "held", "gone"), [("reserved", 1, 0), ("promised", 0, 1), ("short", 0, 0)]
)
def test_stock_is_held_for_what_goes_on(set_aside: str, held: int, gone: int) -> None:
    case = exchange("c4", 60, 10) | {"status": "exchange_pending"}
    case["exchange"] |= {"set_aside": set_aside, "shipment": None}
    going_on = CaseFile(case, [], [])
    assert not stock_of(going_on, sku(held, gone))
    assert stock_of(going_on, sku(held + 1, gone))


def test_stock_that_was_lost_has_left_although_others_were_chosen_since() -> None:
    case = exchange("c4", 60, 10)
    none_left = entry(3, "exchange_pending", "out_of_stock", "replacement_out_of_stock")
    none_left["data"] = {"lines": [{"sku": "first", "quantity": 2}]}
    sent = entry(2, "exchange_pending", "exchange_shipped", "replacement_sent")
    first = {"sku": "first", "held": 0, "confirmed": 2, "on_hand": 2, "available": 0}
    assert not stock_of(CaseFile(case, [sent, none_left, sent], []), sku(0, 1), first)
    assert stock_of(CaseFile(case, [none_left, sent, sent], []), sku(0, 1), first)
