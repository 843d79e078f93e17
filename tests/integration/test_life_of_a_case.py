"""A case's life from the application to its end, and what its execution shows of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import BUYER, REVIEWER, SELLER
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    a_promise,
    apply,
    assert_books,
    assert_ended,
    assert_told,
    decide,
    events,
    order_of,
    paid,
    put,
    read,
    refunds,
    resume,
    status,
    timeline,
    withdraw,
)

pytestmark = pytest.mark.enable_socket


def test_a_small_late_claim_is_refunded_by_the_policy_alone(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order)
    desk.pump()
    entered = assert_ended(desk, case_id, "completed")
    assert entered == [
        "Assess the case",
        "What does the case need?",
        "Refund the buyer",
        "Settle and close the case",
    ]
    assert events(desk, case_id) == ["case_opened", "case_approved", "refund_started", "refund_succeeded"]
    (refund,) = refunds(desk)
    assert (refund["amount"], refund["status"]) == (2_000, "succeeded")
    assert refund["metadata"] == {"refund_id": f"{case_id}.card.1", "case_id": case_id}
    view = assert_books(desk, order)
    assert (view["refunded"], view["reserved"], view["refundable"]) == (2_000, 0, 0)
    assert view["lines"][0]["refundable_quantity"] == 0


def test_a_seller_s_refund_enters_seven_states(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, "changed_mind")
    desk.pump()
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"], case["on_timeout"]) == ("under_review", "seller", "approved")
    decide(desk, case_id).ok()
    desk.pump()
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) == 7, entered
    assert_books(desk, order)


def test_approving_a_part_frees_the_rest_at_once_and_pays_the_part(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk, 10_000), payer))
    case_id = apply(desk, order)
    desk.pump()
    decide(desk, case_id, amount=3_333).ok()
    assert assert_books(desk, order)["reserved"] == 3_333
    desk.pump()
    assert_ended(desk, case_id, "completed")
    view = assert_books(desk, order)
    assert (view["refunded"], view["reserved"], view["payments"][0]["available"]) == (3_333, 0, 6_667)


def _requested(desk: Desk, payer: Payer) -> str:
    return apply(desk, put(desk, paid(order_of(desk), payer)))


def _evidence_required(desk: Desk, payer: Payer) -> str:
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)), "damaged")
    desk.pump()
    return case_id


def _under_review(desk: Desk, payer: Payer) -> str:
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)), "changed_mind")
    desk.pump()
    return case_id


def _disputed(desk: Desk, payer: Payer) -> str:
    case_id = apply(desk, put(desk, paid(order_of(desk, 9_000), payer)), "changed_mind")
    desk.pump()
    desk.silence(days=2)
    return case_id


def _declined(desk: Desk, payer: Payer) -> str:
    case_id = _under_review(desk, payer)
    decide(desk, case_id, "decline").ok()
    desk.pump()
    return case_id


Brought = Callable[[Desk, Payer], str]


@pytest.mark.parametrize(
    ("bring", "where"),
    [
        (_requested, "requested"),
        (_evidence_required, "evidence_required"),
        (_under_review, "under_review"),
        (_disputed, "disputed"),
        (_declined, "declined"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_case_that_is_withdrawn_ends_cancelled_from_every_status_before_money_moves(
    desk: Desk, payer: Payer, bring: Brought, where: str
) -> None:
    case_id = bring(desk, payer)
    assert status(desk, case_id) == where
    withdraw(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "cancelled")
    order_id = read(desk, case_id)["order_id"]
    view = desk.call("GET", f"/orders/{order_id}", by=BUYER).ok()
    assert view["refundable"] == view["captured"]
    assert refunds(desk) == []


def test_a_case_without_its_evidence_is_cancelled_by_the_clock(desk: Desk, payer: Payer) -> None:
    case_id = _evidence_required(desk, payer)
    desk.silence(hours=71, minutes=59)
    assert status(desk, case_id) == "evidence_required"
    desk.silence(minutes=1)
    assert_ended(desk, case_id, "cancelled")


def test_a_declined_case_that_nobody_objects_to_is_closed(desk: Desk, payer: Payer) -> None:
    case_id = _declined(desk, payer)
    desk.silence(days=7)
    assert_ended(desk, case_id, "closed_declined")
    assert events(desk, case_id)[-1] == "case_closed_declined"


def test_a_seller_s_silence_approves_a_small_claim(desk: Desk, payer: Payer) -> None:
    case_id = _under_review(desk, payer)
    desk.silence(days=2)
    entered = assert_ended(desk, case_id, "completed")
    assert len(entered) == 7, entered
    approval = next(one for one in timeline(desk, case_id) if one["event"] == "case_approved")
    assert (approval["actor"]["role"], approval["data"]["reason_code"]) == ("system", "seller_silent")


def test_a_seller_s_silence_brings_a_high_claim_to_a_reviewer_who_approves(desk: Desk, payer: Payer) -> None:
    case_id = _disputed(desk, payer)
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"], case["on_timeout"]) == (
        "disputed",
        "platform",
        "reviewer_reminded",
    )
    assert decide(desk, case_id).code == "act_not_possible"  # no longer the seller's
    decide(desk, case_id, by=REVIEWER).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_a_reviewer_s_no_closes_the_case_and_frees_the_money(desk: Desk, payer: Payer) -> None:
    case_id = _disputed(desk, payer)
    decide(desk, case_id, "decline", by=REVIEWER).ok()
    desk.pump()
    assert_ended(desk, case_id, "closed_declined")
    assert refunds(desk) == []


def test_what_was_declined_for_good_is_not_granted_by_the_policy_under_another_reason(
    desk: Desk, payer: Payer
) -> None:
    order = put(desk, paid(order_of(desk), payer))
    first = apply(desk, order, "changed_mind")
    desk.pump()
    decide(desk, first, "decline").ok()
    desk.pump()
    desk.silence(days=8)
    assert_ended(desk, first, "closed_declined")
    again = apply(desk, order, "late", key="another")
    desk.pump()
    case = read(desk, again)
    assert (case["status"], case["waiting_on"], case["on_timeout"]) == ("under_review", "seller", "disputed")
    assert "declined_before" in [rule["code"] for rule in case["decision"]["rules"]]


def test_a_reviewer_s_silence_decides_nothing_and_is_told_each_time(desk: Desk, payer: Payer) -> None:
    case_id = _disputed(desk, payer)
    for _ in range(3):
        desk.silence(days=4)  # two business days, over any weekend
    assert status(desk, case_id) == "disputed"
    assert events(desk, case_id).count("review_overdue") == 3


@pytest.mark.parametrize("what", ["message", "evidence"])
def test_a_word_after_the_deadline_and_before_the_sweep_gives_nobody_more_time(
    desk: Desk, payer: Payer, what: str
) -> None:
    """The schedule comes once a minute; within that minute nobody may win two more days by writing."""
    case_id = _under_review(desk, payer)
    desk.clock.advance(days=2)
    if what == "message":
        desk.call("POST", f"/cases/{case_id}/messages", by=SELLER, body={"text": "Patience, please."}).ok()
    else:
        promise = a_promise(b"..")
        late = desk.call("POST", f"/cases/{case_id}/evidence", by=SELLER, body=promise)
        assert late.code == "act_not_possible"
    assert status(desk, case_id) == "approved"
    desk.sweep()
    assert_ended(desk, case_id, "completed")


def test_an_execution_stopped_by_hand_is_seen_and_its_case_sent_on_under_the_next(
    desk: Desk, payer: Payer
) -> None:
    case_id = _under_review(desk, payer)
    desk.stop(case_id)
    _report_stopped(desk, case_id)
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"]) == ("under_review", "seller")
    assert events(desk, case_id)[-1] == "operator_asked"
    assert resume(desk, case_id).ok()["trouble"] is None
    desk.pump()
    decide(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")


def test_a_healthy_execution_gives_way_when_its_case_is_sent_on(desk: Desk, payer: Payer) -> None:
    case_id = _under_review(desk, payer)
    resume(desk, case_id).ok()
    desk.pump()
    assert desk.execution(case_id)[1][-1] == "Continued by another execution"
    assert desk.execution(f"{case_id}-2")[1][-1] == "Wait for the seller"
    _report_stopped(desk, case_id)
    assert read(desk, case_id)["waiting_on"] == "seller"
    decide(desk, case_id).ok()
    desk.pump()
    assert desk.execution(f"{case_id}-2")[1][-1] == "Settle and close the case"


def _report_stopped(desk: Desk, execution: str) -> None:
    """EventBridge's event, as documented."""
    sample = json.loads(Path("events/watch_executions.execution_stopped.json").read_text("utf-8"))
    case_id = execution[:36]
    sample["detail"] |= {"name": execution, "input": json.dumps({"case_id": case_id, "schema": 1})}
    desk.invoke("WatchExecutions", sample)


def test_the_execution_s_input_and_history_hold_nothing_personal(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, "changed_mind", description="The courier left it at 12 Hidden Lane.")
    desk.pump()
    decide(desk, case_id, note="Sorry, Mei.").ok()
    desk.pump()
    assert_told(desk, case_id)
    history = desk.history(case_id)
    for secret in ("Hidden Lane", "Sorry", "mei", SELLER.id, "example.com", "sk_test", "whsec"):
        assert secret not in history


def test_every_function_finds_all_it_needs_in_its_own_environment(desk: Desk, payer: Payer) -> None:
    """Workers that start cold for every invocation, each with the variables that the template gives to it."""
    with desk.cold_workers():
        order = put(desk, paid(order_of(desk), payer))
        case_id = apply(desk, order, "changed_mind")
        desk.pump()
        decide(desk, case_id).ok()
        desk.sweep()
        assert_ended(desk, case_id, "completed")
        assert desk.mails()
