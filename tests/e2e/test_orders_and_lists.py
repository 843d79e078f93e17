"""Orders that the platform writes again, and lists that people page through."""

from typing import Any

import pytest

from tests.e2e.market import Market, Sale, application, body, days_ago, refusal

pytestmark = pytest.mark.e2e


def changed_line(sale: Sale, **changes: Any) -> list[dict[str, Any]]:
    return [sale.order["lines"][0] | changes]


def test_the_same_order_twice_is_the_same_answer(market: Market) -> None:
    sale = market.sell(units=2)

    again = [body(market.write(sale)) for _ in range(2)]

    assert again[0] == again[1] == market.order(sale)


def test_an_order_that_no_case_depends_on_can_be_written_anew(market: Market) -> None:
    sale = market.sell()

    changed = body(market.write(sale, lines=changed_line(sale, quantity=3, total=5_000)))

    assert changed["lines"][0]["refundable_quantity"] == 3
    assert changed["lines"][0]["refundable_amount"] == 5_000


def test_what_a_live_case_depends_on_cannot_be_taken_away(market: Market) -> None:
    sale = market.sell(units=2, total=100_000)
    case_id = market.apply(sale, reason="other")["case_id"]
    before = market.order(sale)
    payment = sale.order["payments"][0]

    for changes in (
        {"lines": changed_line(sale, line_id="pot")},
        {"lines": changed_line(sale, quantity=1)},
        {"lines": changed_line(sale, total=90_000)},
        {"payments": [payment | {"captured": 10_000}]},
        {"payments": [payment | {"payment_id": "p9"}]},
        {"currency": "USD"},
        {"buyer_id": "somebody-else"},
        {"seller_id": "somebody-else"},
    ):
        assert refusal(market.write(sale, **changes)) == (409, "order_in_use"), changes

    assert market.order(sale) == before
    harmless = changed_line(sale, title="Copper kettle", category="kitchen")
    assert body(market.write(sale, lines=harmless))["lines"][0]["title"] == "Copper kettle"
    assert market.case(sale, case_id)["quote"]["total"]["amount"] == 50_000


def test_an_order_whose_path_and_body_name_different_ones_is_refused(market: Market) -> None:
    sale = market.sell()

    assert refusal(market.write(sale, order_id="another")) == (422, "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": []},
        {"payments": []},
        {"currency": "reais"},
        {"placed_at": "yesterday"},
        {"placed_at": "2026-01-01T00:00:00"},
        {"shipping": {"total": 1.5}},
        {"shipping": {"total": 100, "tax": 101}},
        {"discount": 5},
    ],
    ids=str,
)
def test_an_order_that_is_none_is_refused_field_by_field(market: Market, changes: dict[str, Any]) -> None:
    sale = market.sell()

    answer = market.write(sale, **changes)

    assert refusal(answer) == (422, "invalid_request")
    assert answer.json()["errors"]


def test_an_order_is_seen_by_its_parties_and_is_nobody_elses(market: Market) -> None:
    sale = market.sell()
    path = f"orders/{sale.order_id}"

    seen = [body(person.get(path)) for person in (sale.buyer, sale.seller, market.stack.person("reviewer"))]

    assert seen == [market.order(sale)] * 3
    assert sale.contact not in str(seen)
    for stranger in (market.someone("buyer"), market.someone("seller")):
        assert refusal(stranger.get(path)) == (404, "not_found")
    assert refusal(sale.buyer.get("orders/nothing")) == (404, "not_found")


def test_nobody_applies_for_somebody_elses_order(market: Market) -> None:
    sale, stranger = market.sell(), market.someone("buyer")

    assert refusal(stranger.post("cases", application(sale))) == (404, "not_found")
    assert refusal(sale.buyer.post("cases", application(sale) | {"order_id": "nothing"})) == (
        404,
        "not_found",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": []},
        {"lines": [{"line_id": "kettle", "quantity": 0}]},
        {"lines": [{"line_id": "kettle", "quantity": 1}] * 2},
        {"lines": [{"line_id": "shipping", "quantity": 1}]},
        {"lines": [{"line_id": "pot", "quantity": 1}]},
        {"kind": "gift"},
        {"reason": "because"},
        {"amount": 1},
        {"description": "a\u0000b"},
    ],
    ids=str,
)
def test_an_application_that_is_none_holds_nothing(market: Market, changes: dict[str, Any]) -> None:
    sale = market.sell()

    answer = sale.buyer.post("cases", application(sale) | changes)

    assert answer.status_code == 422
    assert refusal(answer)[1] in ("invalid_request", "line_unknown")
    assert market.order(sale)["reserved"] == 0


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff\xfe"], ids=repr)
def test_a_body_that_is_no_application_is_refused(market: Market, sent: bytes) -> None:
    headers = {"Idempotency-Key": "junk", "Content-Type": "application/json"}

    answer = market.someone("buyer").http.post("cases", content=sent, headers=headers)

    assert refusal(answer) == (422, "invalid_request")


def test_a_list_is_paged_newest_first_and_filtered(market: Market) -> None:
    buyer, seller = market.someone("buyer"), market.someone("seller")
    sales = [market.sell(total=50_000, buyer=buyer, seller=seller) for _ in range(5)]
    opened = [str(market.apply(sale, reason="other")["case_id"]) for sale in sales]
    for sale, case_id in zip(sales, opened, strict=True):
        market.until(sale, case_id, "under_review")
    body(market.decide(sales[0], opened[0], "decline"))

    for person in (buyer, seller):
        pages = pages_of(person.get, limit=2)
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [case["case_id"] for page in pages for case in page] == opened[::-1]
        assert ids(person.each("cases", status="declined")) == opened[:1]
        assert ids(person.each("cases", waiting_on="seller")) == opened[:0:-1]
        assert ids(person.each("cases", order_id=sales[3].order_id)) == [opened[3]]
        assert ids(person.each("cases", kind="refund", status="cancelled")) == []


def test_a_cursor_opens_nobody_elses_list(market: Market) -> None:
    buyer = market.someone("buyer")
    for _ in range(2):
        market.apply(market.sell(total=50_000, buyer=buyer), reason="other")
    cursor = body(buyer.get("cases", limit=1))["next_cursor"]
    assert cursor

    for junk in (cursor, "junk", "e30="):
        answer = market.someone("buyer").get("cases", cursor=junk)
        assert refusal(answer) == (422, "invalid_request")


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "many"}, {"status": "lost"}, {"sort": "up"}], ids=str
)
def test_a_query_that_is_none_is_refused(market: Market, query: dict[str, Any]) -> None:
    assert refusal(market.someone("buyer").get("cases", **query)) == (422, "invalid_request")


def test_the_reviewers_queue_is_sorted_by_deadline(market: Market) -> None:
    sales = [market.sell(total=50_000) for _ in range(3)]
    opened = [str(market.apply(sale, reason="other")["case_id"]) for sale in sales]
    for sale, case_id in zip(sales, opened, strict=True):
        market.until(sale, case_id, "under_review")
        market.silence(sale, case_id)
        market.until(sale, case_id, "disputed")
    reviewer = market.stack.person("reviewer")

    queue = list(reviewer.each("cases"))

    due = [case["overdue_since"] or case["deadline_at"] for case in queue]
    assert due == sorted(due)
    assert [case["case_id"] for case in queue if case["case_id"] in opened] == opened
    assert {case["status"] for case in queue} == {"disputed"}


def test_a_timeline_is_paged_oldest_first_without_gaps(market: Market) -> None:
    sale = market.sell()
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")
    for number in range(4):
        body(sale.buyer.post(f"cases/{case_id}/messages", {"text": f"word {number}"}), 201)

    pages = pages_of(lambda _, **query: sale.buyer.get(f"cases/{case_id}/timeline", **query), limit=3)

    entries = [entry for page in pages for entry in page]
    assert [entry["seq"] for entry in entries] == list(range(1, 9))
    assert [len(page) for page in pages] == [3, 3, 2]
    assert entries[-1]["seq"] == market.case(sale, case_id)["version"]
    moves = [(entry["from"], entry["to"]) for entry in entries[:4]]
    assert moves == [
        (None, "requested"),
        ("requested", "approved"),
        ("approved", "refund_pending"),
        ("refund_pending", "completed"),
    ]
    assert entries[0]["at"] <= entries[-1]["at"] < days_ago(-1)


def pages_of(get: Any, **query: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list."""
    pages, cursor = [], None
    while True:
        page = body(get("cases", **query | ({"cursor": cursor} if cursor else {})))
        pages.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return [page for page in pages if page]


def ids(cases: Any) -> list[str]:
    return [case["case_id"] for case in cases]
