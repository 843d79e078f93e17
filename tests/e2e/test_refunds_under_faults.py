"""The payment provider and our own workers fail in every way; the buyer is paid exactly once."""

from typing import Any

import pytest

from tests.e2e import workers
from tests.e2e.market import Market, Sale, body, refusal, wait

pytestmark = pytest.mark.e2e

REFUND = "Refund the buyer"
OPERATOR = "Ask an operator"


def was_paid_once(market: Market, sale: Sale, case_id: str) -> None:
    """Provider, ledger, timeline and execution agree on one refund."""
    [refund] = market.refunds(sale)
    assert (refund["status"], refund["amount"]) == ("succeeded", sale.order["payments"][0]["captured"])
    assert refund["refund_id"] == f"{case_id}.p1.1"
    assert market.events(sale, case_id).count("refund_succeeded") == 1
    order = market.order(sale)
    assert (order["reserved"], order["refunded"], order["refundable"]) == (0, refund["amount"], 0)
    execution = market.finished(case_id)
    assert (execution["status"], execution["output"]["status"]) == ("SUCCEEDED", "completed")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"fault": "lost_answer"}, id="the answer is lost after the effect"),
        pytest.param({"fault": "lost_answer", "times": 2}, id="two answers are lost after the effect"),
        pytest.param({"fault": "refused"}, id="the connection breaks before the effect"),
        pytest.param({"fault": "status", "status": 409}, id="the key is said to be in use"),
        pytest.param({"fault": "status", "status": 429}, id="the provider wants less traffic"),
        pytest.param({"fault": "status", "status": 500}, id="the provider breaks before the effect"),
        pytest.param({"fault": "saved_500", "effect": True}, id="the provider breaks after the effect"),
    ],
)
def test_the_buyer_is_paid_once_although(market: Market, fault: dict[str, Any]) -> None:
    sale = market.sell()
    market.fault(sale, **fault)

    case = market.apply(sale)

    market.until(sale, case["case_id"], "completed")
    was_paid_once(market, sale, case["case_id"])


def test_while_the_provider_is_down_the_money_stays_reserved_and_the_clock_asks_again(market: Market) -> None:
    sale = market.sell()
    market.fault(sale, "refused", times=2)

    case_id = market.apply(sale)["case_id"]

    market.waits_in(case_id, REFUND)
    wait(lambda: not orders_waiting(market, sale), "both calls to fail")
    case = market.until(sale, case_id, "refund_pending")
    assert (case["waiting_on"], case["on_timeout"]) == ("payment", "provider_asked_again")
    assert market.order(sale)["reserved"] == 5_900
    assert market.refunds(sale) == []
    market.silence(sale, case_id)
    market.until(sale, case_id, "completed")
    assert "refund_overdue" in market.events(sale, case_id)
    was_paid_once(market, sale, case_id)


def test_a_worker_that_dies_in_the_call_is_healed_by_the_providers_event(market: Market) -> None:
    sale = market.sell()
    case_id = a_worker_died_in_the_call(market, sale)

    market.until(sale, case_id, "completed")

    was_paid_once(market, sale, case_id)
    assert "refund_overdue" not in market.events(sale, case_id)


def test_a_worker_that_dies_in_the_call_is_healed_by_the_clock_where_no_event_comes(market: Market) -> None:
    sale = market.sell()
    market.webhooks("hold")
    case_id = a_worker_died_in_the_call(market, sale)
    assert market.case(sale, case_id)["status"] == "refund_pending"

    market.silence(sale, case_id)

    market.until(sale, case_id, "completed")
    was_paid_once(market, sale, case_id)
    market.release()
    was_paid_once(market, sale, case_id)


def test_a_refund_that_is_pending_completes_its_case_when_it_succeeds(market: Market) -> None:
    sale = market.sell()
    market.fault(sale, "pending")
    case_id = market.apply(sale)["case_id"]
    wait(lambda: "refund_pending" in market.events(sale, case_id), "the provider's answer")
    case = market.case(sale, case_id)
    assert (case["status"], case["refunds"][0]["state"]) == ("refund_pending", "pending")
    assert market.order(sale)["reserved"] == 5_900

    market.settle(sale, "succeeded")

    market.until(sale, case_id, "completed")
    was_paid_once(market, sale, case_id)


def test_a_refund_that_fails_at_once_waits_for_an_operator_who_sends_it_again_under_a_new_id(
    market: Market,
) -> None:
    sale = market.sell()
    market.fault(sale, "fail", failure_reason="expired_or_canceled_card")
    case_id = market.apply(sale)["case_id"]
    case = market.until(sale, case_id, "refund_action_required")
    assert case["waiting_on"] == "platform"
    assert case["refunds"][0]["failure"] == "expired_or_canceled_card"
    assert market.order(sale)["reserved"] == 5_900
    market.waits_in(case_id, OPERATOR)

    resumed = body(market.stack.person("operator").post(f"cases/{case_id}/resumption"))

    assert resumed["status"] in ("refund_pending", "completed")
    assert "description" not in resumed
    case = market.until(sale, case_id, "completed")
    assert [(one["refund_id"], one["state"]) for one in case["refunds"]] == [
        (f"{case_id}.p1.1", "failed"),
        (f"{case_id}.p1.2", "succeeded"),
    ]
    assert [one["status"] for one in market.refunds(sale)] == ["failed", "succeeded"]
    order = market.order(sale)
    assert (order["reserved"], order["refunded"]) == (0, 5_900)
    assert market.finished(case_id)["status"] == "SUCCEEDED"


def test_a_refund_that_asks_for_something_completes_its_case_once_it_was_given(market: Market) -> None:
    sale = market.sell()
    market.fault(sale, "requires_action")
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "refund_action_required")
    market.waits_in(case_id, OPERATOR)

    market.settle(sale, "succeeded")

    market.until(sale, case_id, "completed")
    was_paid_once(market, sale, case_id)


def test_a_refund_that_fails_late_comes_back_under_a_second_execution(market: Market) -> None:
    sale = market.sell()
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")
    market.finished(case_id)

    market.settle(sale, "failed")

    wait(lambda: market.case(sale, case_id)["status"] == "refund_action_required", "the case to come back")
    assert market.events(sale, case_id)[-1] == "refund_failed_late"
    order = market.order(sale)
    assert (order["reserved"], order["refunded"], order["refundable"]) == (5_900, 0, 0)
    assert order["lines"][0]["refundable_quantity"] == 0
    second = f"{case_id}-2"
    market.waits_in(second, OPERATOR)

    body(market.stack.person("operator").post(f"cases/{case_id}/resumption"))

    market.until(sale, case_id, "completed")
    assert [one["status"] for one in market.refunds(sale)] == ["failed", "succeeded"]
    assert market.refunds(sale)[-1]["refund_id"] == f"{case_id}.p1.2"
    order = market.order(sale)
    assert (order["reserved"], order["refunded"], order["refundable"]) == (0, 5_900, 0)
    assert market.finished(second)["output"]["status"] == "superseded"
    assert market.finished(f"{case_id}-3")["output"]["status"] == "completed"


def test_an_operator_cannot_send_on_what_does_not_wait_for_one(market: Market) -> None:
    sale = market.sell()
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")

    answer = market.stack.person("operator").post(f"cases/{case_id}/resumption")

    assert refusal(answer) == (409, "act_not_possible")
    was_paid_once(market, sale, case_id)


def test_a_case_whose_execution_was_stopped_by_hand_is_sent_on_by_an_operator(market: Market) -> None:
    sale = market.sell()
    case_id = market.apply(sale, reason="other")["case_id"]
    market.waits_in(case_id, "Wait for the seller")

    market.stop(case_id)

    wait(lambda: market.events(sale, case_id)[-1] == "operator_asked", "an operator to be asked")
    assert market.timeline(sale, case_id)[-1]["data"] == {"trouble": "execution_aborted"}
    body(market.stack.person("operator").post(f"cases/{case_id}/resumption"))
    market.waits_in(f"{case_id}-2", "Wait for the seller")
    market.decide(sale, case_id, "approve")
    market.until(sale, case_id, "completed")
    assert [(one["refund_id"], one["status"]) for one in market.refunds(sale)] == [
        (f"{case_id}.p1.1", "succeeded")
    ]
    assert market.finished(f"{case_id}-2")["output"]["status"] == "completed"


def test_two_operators_at_once_send_one_refund(market: Market) -> None:
    sale = market.sell()
    market.fault(sale, "fail")
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "refund_action_required")
    market.waits_in(case_id, OPERATOR)
    operators = [market.stack.person("operator"), market.someone("operator")]

    answers = [operator.post(f"cases/{case_id}/resumption") for operator in operators]

    assert [answer.status_code for answer in answers] == [200, 200]
    market.until(sale, case_id, "completed")
    assert [one["status"] for one in market.refunds(sale)] == ["failed", "succeeded"]


def a_worker_died_in_the_call(market: Market, sale: Sale) -> str:
    """The provider has the call in hand and takes its time; the worker that waits for it is killed."""
    market.fault(sale, "delay", delay_ms=3_000)
    case_id = str(market.apply(sale)["case_id"])
    wait(lambda: market.case(sale, case_id)["status"] == "refund_pending", "the refund to be sent")
    wait(lambda: not orders_waiting(market, sale), "the call to arrive at the provider")
    assert market.refunds(sale) == []
    assert workers.kill("refund_buyer")
    wait(lambda: bool(market.refunds(sale)), "the provider to carry out the call")
    return case_id


def orders_waiting(market: Market, sale: Sale) -> bool:
    """Whether a fault that was ordered for this sale has not happened yet."""
    faults = market.stack.sandbox("GET", "faults")["faults"]
    return any(fault["payment_intent"] in sale.payments for fault in faults)
