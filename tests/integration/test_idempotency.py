"""Asked twice, done once: keys, receipts, versions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import BUYER, SELLER, a_line
from tests.integration.harness import Answer, Desk
from tests.integration.people import (
    PLATFORM,
    Payer,
    an_application,
    apply,
    assert_books,
    assert_ended,
    assert_told,
    body_of,
    decide,
    events,
    order_of,
    paid,
    put,
    read,
    withdraw,
)

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def case_id(desk: Desk, payer: Payer) -> str:
    """A case that waits for its seller."""
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)), "changed_mind")
    desk.pump()
    return case_id


def test_twenty_parallel_requests_with_one_key_open_one_case(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk, lines=(a_line(quantity=3, total=6_000),)), payer))
    body = an_application(order)

    def ask(_: int) -> Answer:
        return desk.call("POST", "/cases", by=BUYER, body=body, key="double-click")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["case_id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    desk.pump()
    assert_ended(desk, answers[0].json["case_id"], "completed")
    assert assert_books(desk, order)["refunded"] == 2_000


def test_a_key_with_another_body_is_refused_and_the_first_case_stays(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, key="k")
    body = an_application(order, description="Something else.")
    refused = desk.call("POST", "/cases", by=BUYER, body=body, key="k")
    assert (refused.status, refused.code) == (409, "idempotency_key_reused")
    assert read(desk, case_id)["description"] == "It came a month late."


def test_the_same_key_of_two_buyers_are_two_keys(desk: Desk, payer: Payer) -> None:
    mine = put(desk, paid(order_of(desk), payer))
    theirs = put(desk, paid(order_of(desk, order_id="order-2", buyer_id="jun"), payer))
    assert apply(desk, mine, key="k") != apply(desk, theirs, key="k")


def test_a_case_is_recognised_by_its_key_years_later(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, key="k")
    desk.pump()
    desk.clock.advance(days=800)
    assert apply(desk, order, key="k") == case_id


def test_opening_without_a_key_is_refused(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    refused = desk.call("POST", "/cases", by=BUYER, body=an_application(order))
    assert (refused.status, refused.code) == (400, "idempotency_key_required")
    assert desk.rows("CasesTable") == []


def test_two_keys_on_one_unit_are_one_case_and_one_refusal(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda n: desk.call("POST", "/cases", by=BUYER, body=an_application(order), key=f"k{n}"),
                range(8),
            )
        )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert {answer.code for answer in answers if answer.status == 409} == {"units_unavailable"}
    assert assert_books(desk, order)["reserved"] == 2_000


def test_a_repeated_decision_answers_the_case_and_decides_nothing_again(desk: Desk, case_id: str) -> None:
    first = decide(desk, case_id, key="d", amount=1_500).ok()
    desk.pump()
    again = decide(desk, case_id, key="d", amount=1_500).ok()
    assert again["decision"] == first["decision"]
    assert events(desk, case_id).count("case_approved") == 1
    other = decide(desk, case_id, key="d", amount=1_600)
    assert (other.status, other.code) == (409, "idempotency_key_reused")


def test_a_repeated_message_is_written_once(desk: Desk, case_id: str) -> None:
    path, body = f"/cases/{case_id}/messages", {"text": "Where is my refund?"}
    first = desk.call("POST", path, by=BUYER, body=body, key="m").ok()
    assert desk.call("POST", path, by=BUYER, body=body, key="m").ok() == first
    assert events(desk, case_id).count("message_sent") == 1
    desk.call("POST", path, by=BUYER, body=body, key="another").ok()
    desk.call("POST", path, by=BUYER, body=body).ok()
    assert events(desk, case_id).count("message_sent") == 3


def test_a_repeated_withdrawal_is_not_an_error(desk: Desk, case_id: str) -> None:
    withdraw(desk, case_id, key="w").ok()
    assert withdraw(desk, case_id, key="w").ok()["status"] == "cancelled"
    assert withdraw(desk, case_id, key="another").code == "act_not_possible"
    desk.pump()
    assert_ended(desk, case_id, "cancelled")


def test_one_key_for_two_operations_is_refused(desk: Desk, case_id: str) -> None:
    desk.call("POST", f"/cases/{case_id}/messages", by=BUYER, body={"text": "No."}, key="k").ok()
    assert withdraw(desk, case_id, key="k").code == "idempotency_key_reused"


def test_a_receipt_ends_after_two_days(desk: Desk, case_id: str) -> None:
    path, body = f"/cases/{case_id}/messages", {"text": "Hello?"}
    desk.call("POST", path, by=BUYER, body=body, key="m").ok()
    desk.clock.advance(hours=47)
    desk.call("POST", path, by=BUYER, body=body, key="m").ok()
    assert events(desk, case_id).count("message_sent") == 1
    desk.clock.advance(hours=2)
    desk.call("POST", path, by=BUYER, body=body, key="m").ok()
    assert events(desk, case_id).count("message_sent") == 2


def test_parallel_repeats_of_a_message_are_one_message(desk: Desk, case_id: str) -> None:
    def say(_: int) -> Answer:
        body = {"text": "Hello?"}
        return desk.call("POST", f"/cases/{case_id}/messages", by=BUYER, body=body, key="m")

    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(say, range(8))} == {201}
    assert events(desk, case_id).count("message_sent") == 1
    assert_told(desk, case_id)


@pytest.mark.parametrize("act", [decide, withdraw], ids=["decision", "withdrawal"])
def test_a_stale_version_is_412_and_the_current_one_goes_through(
    desk: Desk, case_id: str, act: Callable[..., Answer]
) -> None:
    seen = desk.call("GET", f"/cases/{case_id}", by=BUYER)
    version = seen.ok()["version"]
    assert seen.headers["ETag"] == f'"{version}"'
    desk.call("POST", f"/cases/{case_id}/messages", by=SELLER, body={"text": "One moment."}).ok()
    stale = act(desk, case_id, if_match=version)
    assert (stale.status, stale.code) == (412, "version_conflict")
    assert stale.json["version"] == version + 1
    act(desk, case_id, if_match=version + 1).ok()


def test_an_order_written_twice_is_the_same_answer_and_no_write(desk: Desk, payer: Payer) -> None:
    order = paid(order_of(desk), payer)
    path = f"/orders/{order.order_id}"
    first = desk.call("PUT", path, by=PLATFORM, body=body_of(order)).ok()
    before = desk.rows("OrdersTable")
    assert desk.call("PUT", path, by=PLATFORM, body=body_of(order)).ok() == first
    assert desk.rows("OrdersTable") == before
