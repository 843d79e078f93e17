"""Money under faults: whatever the provider, the network and the workers do, each refund is paid once and booked."""

from dataclasses import replace
from typing import Any

import pytest

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.store_credit import StoreCredit
from aftersales.adapters.stripe_payments import StripePayments
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, Role
from aftersales.domain.refund import Attempt
from aftersales.entrypoints import bootstrap
from aftersales.usecases.hear_provider import Heard, hear_provider
from aftersales.usecases.ports import ProviderEvent
from tests.builders import BUYER, CARD, GIFT_CARD
from tests.integration.harness import Desk, dies
from tests.integration.people import (
    Payer,
    an_application,
    apply,
    assert_books,
    assert_ended,
    assert_told,
    count,
    credits_given,
    decide,
    events,
    order_of,
    paid,
    provider_events,
    put,
    read,
    refunds,
    resume,
    status,
    timeline,
)

pytestmark = pytest.mark.enable_socket


def refund(desk: Desk, order: Order) -> str:
    """The buyer applies, the policy approves, the money is asked back as far as that goes by itself."""
    case_id = apply(desk, order)
    desk.pump()
    return case_id


def assert_paid_once(desk: Desk, order: Order, case_id: str) -> list[str]:
    """The case is completed, all of it was paid back, each refund id once; answers the states entered."""
    entered = assert_ended(desk, case_id, "completed")
    view = assert_books(desk, order)
    assert view["refunded"] == sum(payment.captured for payment in order.payments)
    assert view["reserved"] == 0
    assert events(desk, case_id).count("refund_succeeded") == 1 + events(desk, case_id).count(
        "refund_failed_late"
    )
    return entered


def settle_at_provider(desk: Desk, to: str = "succeeded") -> None:
    """The provider's one refund that is not yet there comes to its end."""
    newest = refunds(desk)[-1]
    desk.sandbox.post(f"refunds/{newest['id']}/settle", status=to)


def of_type(desk: Desk, type_: str) -> Any:
    """The newest event of this type."""
    return next(event for event in reversed(provider_events(desk)) if event["type"] == type_)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_answer_that_is_lost_after_the_effect_is_found(desk: Desk, order: Order, times: int) -> None:
    desk.sandbox.order("lost_answer", times=times)
    assert len(assert_paid_once(desk, order, refund(desk, order))) == 4
    assert len(refunds(desk)) == 1


def test_a_call_that_never_arrived_is_sent_again_under_its_key(desk: Desk, order: Order) -> None:
    desk.sandbox.order("refused")
    assert len(assert_paid_once(desk, order, refund(desk, order))) == 4


@pytest.mark.parametrize("code", [409, 429, 500])
def test_an_error_of_the_provider_is_not_an_answer(desk: Desk, order: Order, code: int) -> None:
    desk.sandbox.order("status", status=code)
    assert_paid_once(desk, order, refund(desk, order))


def test_a_provider_that_is_down_is_asked_again_by_the_clock(desk: Desk, order: Order) -> None:
    desk.sandbox.order("refused", times=4)
    case_id = refund(desk, order)
    case = read(desk, case_id)
    assert (case["status"], case["on_timeout"]) == ("refund_pending", "provider_asked_again")
    assert assert_books(desk, order)["reserved"] == 2_000
    desk.silence(minutes=1)
    assert status(desk, case_id) == "refund_pending"
    desk.silence(hours=1)
    assert_paid_once(desk, order, case_id)
    assert events(desk, case_id).count("refund_overdue") == 2


def test_a_500_that_is_saved_with_its_effect_is_found(desk: Desk, order: Order) -> None:
    desk.sandbox.order("saved_500", effect=True)
    assert_paid_once(desk, order, refund(desk, order))


def test_a_500_that_is_saved_without_effect_is_never_sent_past_its_key_s_life(
    desk: Desk, order: Order
) -> None:
    """After 23 hours nothing is sent under the key, for the provider may forget it; a person sends it on."""
    desk.sandbox.order("saved_500")
    case_id = refund(desk, order)
    desk.silence(minutes=1)
    desk.silence(hours=1)
    assert status(desk, case_id) == "refund_pending"
    desk.silence(hours=23)
    case = read(desk, case_id)
    assert (case["status"], case["refunds"][0]["failure"]) == (
        "refund_action_required",
        "not_found_after_key_expired",
    )
    assert refunds(desk) == []
    assert assert_books(desk, order)["reserved"] == 2_000
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    assert [one["refund_id"] for one in read(desk, case_id)["refunds"]] == [f"{case_id}.card.1"]


# ---------------------------------------------------------------- workers


@pytest.mark.parametrize(
    ("owner", "method", "nth", "noticed"),
    [
        pytest.param(DynamoDBStore, "park", 1, True, id="after parking"),
        pytest.param(DynamoDBStore, "commit", 3, True, id="after the attempt's row"),
        pytest.param(DynamoDBStore, "commit", 3, False, id="after the attempt's row, unnoticed"),
        pytest.param(StripePayments, "refund", 1, True, id="after the provider's call"),
        pytest.param(StripePayments, "refund", 1, False, id="after the provider's call, unnoticed"),
        pytest.param(DynamoDBStore, "commit", 4, True, id="after booking"),
        pytest.param(DynamoDBStore, "commit", 4, False, id="after booking, unnoticed"),
    ],
)
def test_a_worker_that_dies_in_the_refund_loses_and_doubles_nothing(
    desk: Desk, order: Order, owner: type, method: str, nth: int, noticed: bool
) -> None:
    """Step Functions runs the step again; where it heard nothing, the bell or the clock does."""
    desk.deaths_are_noticed = noticed
    desk.after(owner, method, dies, nth=nth)
    case_id = refund(desk, order)
    if not noticed:
        desk.silence(minutes=1)
    assert desk.deaths.count("WorkerDied: ") == 1
    assert_paid_once(desk, order, case_id)
    assert len(refunds(desk)) == 1


def test_a_worker_that_dies_each_time_asks_an_operator_and_pays_after_the_resumption(
    desk: Desk, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(StripePayments, "refund", lambda *_: dies())
        case_id = refund(desk, order)
    assert len(desk.deaths) == 7  # once and six retries
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"]) == ("refund_action_required", "platform")
    asked = next(entry for entry in timeline(desk, case_id) if entry["event"] == "operator_asked")
    assert asked["data"]["trouble"] == "WorkerDied"
    assert assert_books(desk, order)["reserved"] == 2_000
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    assert read(desk, case_id)["waiting_on"] is None


def test_a_step_that_fails_by_an_exception_is_tried_again_under_its_name(
    desk: Desk, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ConnectionError("the table is away")

    desk.after(StripePayments, "refund", fail)
    case_id = refund(desk, order)
    assert_paid_once(desk, order, case_id)
    assert "ConnectionError" in desk.history(case_id)
    assert "the table is away" not in desk.history(case_id)


def test_an_execution_that_was_aborted_is_no_loss_of_money(desk: Desk, order: Order) -> None:
    """An operator redrives it, or the provider's event books what is missing: the case does not need it for that."""
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    desk.stop(case_id)
    settle_at_provider(desk)
    desk.hear(of_type(desk, "refund.updated")).ok()
    desk.pump()
    assert status(desk, case_id) == "completed"
    assert_books(desk, order)


def test_the_policy_s_own_approval_does_not_disturb_the_refund_under_way(desk: Desk, order: Order) -> None:
    """The stream carries the approval while the refund waits for its provider: the step must go on waiting."""
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    assert desk.execution(case_id)[1][-1] == "Refund the buyer"
    assert len(desk.execution(case_id)[1]) == 3


# ---------------------------------------------------------------- webhooks


def test_of_a_refund_that_is_booked_as_a_success_only_another_word_is_asked_about(
    desk: Desk, order: Order
) -> None:
    case_id = refund(desk, order)
    assert_paid_once(desk, order, case_id)

    class Asked(Exception):
        """The provider was."""

    class Provider:
        def find(self, attempt: Attempt) -> None:
            raise Asked

    refund_id = read(desk, case_id)["refunds"][0]["refund_id"]
    said = ProviderEvent("evt_1", case_id, refund_id, "stripe", succeeded=True)
    provider: Any = Provider()
    assert hear_provider(bootstrap.desk(), provider, provider, said) is Heard.RECORDED
    with pytest.raises(Asked):
        hear_provider(bootstrap.desk(), provider, provider, replace(said, succeeded=False))


def test_an_event_that_arrives_before_the_answer_completes_the_case(desk: Desk, order: Order) -> None:
    heard: list[int] = []
    desk.after(
        StripePayments,
        "refund",
        lambda: heard.append(desk.hear(of_type(desk, "refund.created")).status),
    )
    case_id = refund(desk, order)
    assert heard == [200]
    assert_paid_once(desk, order, case_id)
    actors = [one["actor"]["role"] for one in timeline(desk, case_id) if one["event"] == "refund_succeeded"]
    assert actors == ["provider"]


def test_pending_money_is_settled_by_the_provider_s_event(desk: Desk, order: Order) -> None:
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    assert (status(desk, case_id), events(desk, case_id)[-1]) == ("refund_pending", "refund_pending")
    assert assert_books(desk, order)["reserved"] == 2_000
    settle_at_provider(desk)
    assert desk.hear(of_type(desk, "refund.updated")).ok() == {"heard": "recorded"}
    desk.pump()
    assert len(assert_paid_once(desk, order, case_id)) == 4


def test_pending_money_is_settled_by_asking_when_no_event_comes(desk: Desk, order: Order) -> None:
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    settle_at_provider(desk)
    desk.silence(minutes=59)
    assert status(desk, case_id) == "refund_pending"
    desk.silence(minutes=1)
    assert_paid_once(desk, order, case_id)


def test_events_twice_and_in_any_order_book_once(desk: Desk, order: Order) -> None:
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    settle_at_provider(desk)
    all_events = [event for event in provider_events(desk) if event["type"].startswith(("refund", "charge"))]
    assert len(all_events) == 4
    for event in [*reversed(all_events), *all_events]:
        assert desk.hear(event).status == 200
    desk.pump()
    assert_paid_once(desk, order, case_id)
    assert_told(desk, case_id)
    assert count(events(desk, case_id))["refund_succeeded"] == 1


@pytest.mark.parametrize(
    ("change", "signed"),
    [
        ({}, {"secret": "whsec_of_somebody_else"}),
        ({}, {"late": -301}),
        ({}, {"late": 301}),
        ({"livemode": True}, {}),
    ],
    ids=["forged", "replayed later", "from the future", "of the other mode"],
)
def test_an_event_that_is_not_the_provider_s_of_now_changes_nothing(
    desk: Desk, order: Order, change: dict[str, Any], signed: dict[str, Any]
) -> None:
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    settle_at_provider(desk)
    before = read(desk, case_id)
    moment = desk.clock.now // 1000 + signed.get("late", 0)
    refused = desk.hear(
        of_type(desk, "refund.updated") | change, signed_at=moment, secret=signed.get("secret", "")
    )
    assert (refused.status, refused.code) == (400, "signature_invalid")
    assert read(desk, case_id) == before
    assert desk.hear(of_type(desk, "refund.updated"), signed_at=desk.clock.now // 1000 + 299).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=00",
        "t=,v1=00",
        "t=-1,v1=00",
        "t=1767268800",
        "t=" + "9" * 5_000 + ",v1=00",
        "t=١٧٦٧٢٦٨٨٠٠,v1=00",
        "t=1767268800,v1=\N{SNOWMAN}",
        "=,=,=",
    ],
    ids=range(9),
)
def test_a_signature_that_is_none_is_refused(desk: Desk, header: str) -> None:
    refused = desk.call("POST", "/webhooks/stripe", body="{}", headers={"Stripe-Signature": header})
    assert (refused.status, refused.code) == (400, "signature_invalid")


def test_an_event_of_a_case_that_is_not_here_yet_is_asked_for_again(desk: Desk, order: Order) -> None:
    refund(desk, order)
    event = of_type(desk, "refund.created")
    event["data"]["object"]["metadata"] |= {"case_id": "00000000-0000-4000-8000-000000000000"}
    assert desk.hear(event).status == 409


def test_an_event_of_somebody_else_s_refund_is_acknowledged(desk: Desk, order: Order) -> None:
    reference = order.payments[0].reference
    desk.sandbox.post("dashboard/refunds", payment_intent=reference, amount=5)
    for kind in ("refund.created", "charge.refunded"):
        event = of_type(desk, kind)
        event["data"]["object"]["payment_intent"] = "pi_of_another_shop"
        assert desk.hear(event).ok() == {"heard": "foreign"}


# --- what leaves a payment without the desk -------------------------------------------------------------------


def test_a_refund_made_by_hand_is_booked_once_and_cannot_be_refunded_again(desk: Desk, order: Order) -> None:
    reference = order.payments[0].reference
    made = desk.sandbox.post("dashboard/refunds", payment_intent=reference, amount=1_500)
    for kind in ("refund.created", "charge.refunded", "refund.created"):
        assert desk.hear(of_type(desk, kind)).ok() == {"heard": "external"}
    view = assert_books(desk, order)
    assert (view["payments"][0]["external"], view["refundable"]) == (1_500, 500)
    answer = desk.call("POST", "/cases", by=BUYER, body=an_application(order), key="too much")
    assert (answer.status, answer.code) == (409, "money_unavailable")
    desk.sandbox.post(f"refunds/{made['id']}/settle", status="failed")
    assert desk.hear(of_type(desk, "refund.failed")).ok() == {"heard": "external"}
    assert assert_books(desk, order)["refundable"] == 2_000


def test_a_refund_made_by_hand_while_a_case_holds_the_money_is_not_paid_twice(
    desk: Desk, order: Order
) -> None:
    case_id = apply(desk, order, "other")
    desk.pump()
    desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference, amount=1_500)
    assert desk.hear(of_type(desk, "refund.created")).ok() == {"heard": "short"}
    decide(desk, case_id).ok()
    desk.pump()
    assert status(desk, case_id) == "completed"
    view = assert_books(desk, order)
    assert (view["refunded"], view["payments"][0]["external"]) == (500, 1_500)
    assert sorted(one["amount"] for one in desk.sandbox.get("refunds")["refunds"]) == [500, 1_500]


def test_a_refund_that_the_provider_refused_because_of_one_by_hand_is_covered_by_it(
    desk: Desk, order: Order
) -> None:
    desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference)
    case_id = refund(desk, order)
    assert status(desk, case_id) == "refund_action_required"
    assert desk.hear(of_type(desk, "refund.created")).ok() == {"heard": "short"}
    resume(desk, case_id).ok()
    desk.pump()
    assert assert_told(desk, case_id)[-1]["event"] == "refund_covered"
    assert_ended(desk, case_id, "completed")
    view = assert_books(desk, order)
    assert (view["refunded"], view["reserved"], view["payments"][0]["external"]) == (0, 0, 2_000)
    assert view["lines"][0]["refundable_quantity"] == 0


@pytest.mark.parametrize(("end", "refunded", "disputed"), [("won", 2_000, 0), ("lost", 0, 2_000)])
def test_a_chargeback_freezes_the_order_and_its_case_is_made_whole_once(
    desk: Desk, order: Order, end: str, refunded: int, disputed: int
) -> None:
    case_id = apply(desk, order, "other")
    desk.pump()
    dispute = desk.sandbox.post("disputes", payment_intent=order.payments[0].reference)
    assert desk.hear(of_type(desk, "charge.dispute.created")).ok() == {"heard": "frozen"}
    decide(desk, case_id).ok()
    desk.pump()
    assert status(desk, case_id) == "refund_action_required"
    assert assert_told(desk, case_id)[-1]["data"] == {"trouble": "order_frozen"}
    assert desk.sandbox.get("refunds")["refunds"] == []
    assert resume(desk, case_id).code == "order_frozen"
    desk.sandbox.post(f"disputes/{dispute['id']}/close", status=end)
    desk.hear(of_type(desk, "charge.dispute.closed")).ok()
    resume(desk, case_id).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")
    view = assert_books(desk, order)
    assert (view["refunded"], view["payments"][0]["disputed"]) == (refunded, disputed)
    assert (view["reserved"], view["frozen"]) == (0, False)


def test_what_the_provider_refuses_beside_a_lost_chargeback_is_paid_by_another_means(
    desk: Desk, order: Order
) -> None:
    case_id = apply(desk, order, "other")
    desk.pump()
    reference = order.payments[0].reference
    dispute = desk.sandbox.post("disputes", payment_intent=reference, amount=1_500)
    desk.sandbox.post(f"disputes/{dispute['id']}/close", status="lost")
    assert desk.hear(of_type(desk, "charge.dispute.closed")).ok() == {"heard": "short"}
    decide(desk, case_id).ok()
    desk.pump()
    case = read(desk, case_id)
    assert (case["status"], case["refunds"][0]["failure"]) == ("refund_action_required", "charge_disputed")
    olga = Party(Role.OPERATOR, "olga")
    body = {"note": "By bank transfer, as agreed."}
    desk.call("POST", f"/cases/{case_id}/payment", by=olga, body=body).ok()
    desk.pump()
    assert_ended(desk, case_id, "completed")
    [balance] = desk.call("GET", f"/orders/{order.order_id}", by=BUYER).ok()["payments"]
    assert (balance["disputed"], balance["refunded"], balance["reserved"]) == (1_500, 500, 0)


def test_what_left_a_payment_that_orders_share_is_left_to_a_person(desk: Desk, order: Order) -> None:
    put(desk, replace(order, order_id="the-other-seller-s"))
    desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference, amount=5)
    assert desk.hear(of_type(desk, "refund.created")).ok() == {"heard": "shared"}
    view = desk.call("GET", f"/orders/{order.order_id}", by=BUYER).ok()
    assert (view["payments"][0]["external"], view["refundable"]) == (0, 2_000)


def test_an_event_while_the_provider_is_silent_is_asked_for_again(
    desk: Desk, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sandbox.order("pending")
    case_id = refund(desk, order)
    settle_at_provider(desk)
    event = of_type(desk, "refund.updated")
    with monkeypatch.context() as dark:
        dark.setenv("STRIPE_API_BASE", "http://127.0.0.1:9")
        desk.forget_workers()
        answer = desk.hear(event)
    assert (answer.status, answer.code) == (503, "provider_unavailable")
    desk.forget_workers()
    desk.hear(event).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)


# ---------------------------------------------------------------- failures


def test_a_refund_that_fails_at_once_is_tried_again_by_an_operator_under_a_new_key(
    desk: Desk, order: Order
) -> None:
    desk.sandbox.order("fail", failure_reason="expired_or_canceled_card")
    case_id = refund(desk, order)
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"], case["on_timeout"]) == (
        "refund_action_required",
        "platform",
        "operator_reminded",
    )
    assert desk.execution(case_id)[1][-1] == "Ask an operator"
    assert assert_books(desk, order)["reserved"] == 2_000
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    assert [(one["refund_id"], one["state"]) for one in read(desk, case_id)["refunds"]] == [
        (f"{case_id}.card.1", "failed"),
        (f"{case_id}.card.2", "succeeded"),
    ]


def test_a_refund_that_asks_for_something_keeps_its_key(desk: Desk, order: Order) -> None:
    desk.sandbox.order("requires_action")
    case_id = refund(desk, order)
    assert status(desk, case_id) == "refund_action_required"
    settle_at_provider(desk)
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    assert len(refunds(desk)) == 1


@pytest.mark.parametrize(
    ("elsewhere", "failure"), [(None, "charge_already_refunded"), (1, "amount_too_large")]
)
def test_money_that_was_paid_back_elsewhere_is_a_failure_for_an_operator(
    desk: Desk, order: Order, elsewhere: int | None, failure: str
) -> None:
    asked = {"amount": elsewhere} if elsewhere else {}
    desk.sandbox.post("dashboard/refunds", payment_intent=order.payments[0].reference, **asked)
    case_id = refund(desk, order)
    case = read(desk, case_id)
    assert (case["status"], case["refunds"][0]["failure"]) == ("refund_action_required", failure)
    assert desk.call("GET", f"/orders/{order.order_id}", by=BUYER).ok()["reserved"] == 2_000


def test_a_refund_that_fails_after_its_success_comes_back_as_a_second_execution(
    desk: Desk, order: Order
) -> None:
    case_id = refund(desk, order)
    assert_paid_once(desk, order, case_id)
    desk.clock.advance(days=3)
    settle_at_provider(desk, "failed")
    desk.hear(of_type(desk, "refund.failed")).ok()
    view = assert_books(desk, order)
    assert (view["reserved"], view["refunded"], view["lines"][0]["refundable_quantity"]) == (2_000, 0, 0)
    desk.pump()
    assert desk.executions(case_id) == [case_id, f"{case_id}-2"]
    assert desk.execution(case_id)[0] == "SUCCEEDED"
    assert desk.execution(f"{case_id}-2")[1][-1] == "Ask an operator"
    case = read(desk, case_id)
    assert (case["status"], case["waiting_on"]) == ("refund_action_required", "platform")
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    settle_at_provider(desk, "failed")
    desk.hear(of_type(desk, "refund.failed")).ok()
    desk.pump()
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    runs = [case_id, *(f"{case_id}-{run}" for run in (2, 3, 4, 5))]
    assert desk.executions(case_id) == runs
    settled, taken_over = "Settle and close the case", "Continued by another execution"
    ends = [desk.execution(run)[1][-1] for run in runs]
    assert ends == [settled, taken_over, settled, taken_over, settled]


def test_a_success_that_fails_before_its_execution_could_end_leaves_one_execution_in_charge(
    desk: Desk, order: Order
) -> None:
    """The failure is booked while the success still waits in the stream."""
    case_id = apply(desk, order)
    desk.deliver(desk.new_records())
    desk.settle()
    assert status(desk, case_id) == "completed"
    settle_at_provider(desk, "failed")
    desk.hear(of_type(desk, "refund.failed")).ok()
    desk.pump()
    assert desk.execution(case_id)[0] == "SUCCEEDED"
    assert desk.execution(f"{case_id}-2")[1][-1] == "Ask an operator"
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)


def test_several_payments_are_paid_back_each_and_only_the_failed_one_again(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk, 2_500), payer, 1_500, 1_000))
    second = order.payments[1]
    desk.sandbox.order("fail", payment_intent=second.reference)
    case_id = refund(desk, order)
    assert status(desk, case_id) == "refund_action_required"
    view = assert_books(desk, order)
    assert [(one["refunded"], one["reserved"]) for one in view["payments"]] == [(1_500, 0), (0, 1_000)]
    resume(desk, case_id).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)
    assert [one["metadata"]["refund_id"] for one in refunds(desk)] == [
        f"{case_id}.{CARD}.1",
        f"{case_id}.{second.payment_id}.1",
        f"{case_id}.{second.payment_id}.2",
    ]


def test_of_several_payments_one_may_stay_pending(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk, 2_500), payer, 1_500, 1_000))
    desk.sandbox.order("pending", payment_intent=order.payments[0].reference)
    case_id = refund(desk, order)
    assert status(desk, case_id) == "refund_pending"
    view = assert_books(desk, order)
    assert [(one["refunded"], one["reserved"]) for one in view["payments"]] == [(0, 1_500), (1_000, 0)]
    pending = next(one for one in refunds(desk) if one["status"] == "pending")
    desk.sandbox.post(f"refunds/{pending['id']}/settle", status="succeeded")
    desk.hear(of_type(desk, "refund.updated")).ok()
    desk.pump()
    assert_paid_once(desk, order, case_id)


def test_a_voucher_comes_back_as_store_credit_beside_the_card(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer, vouchers=500))
    case_id = refund(desk, order)
    assert_paid_once(desk, order, case_id)
    assert credits_given(desk) == [(f"{case_id}.{GIFT_CARD}.1", 500)]
    assert [one["amount"] for one in refunds(desk)] == [1_500]


@pytest.mark.parametrize("owner", [StoreCredit, StripePayments], ids=["credit given", "card paid"])
def test_a_worker_that_dies_between_voucher_and_card_pays_both_once(
    desk: Desk, payer: Payer, owner: type
) -> None:
    order = put(desk, paid(order_of(desk), payer, vouchers=500))
    desk.after(owner, "refund", dies)
    case_id = refund(desk, order)
    assert desk.deaths == ["WorkerDied: "]
    assert_paid_once(desk, order, case_id)
    assert len(credits_given(desk)) == len(refunds(desk)) == 1
