"""The sandbox's own promises: the control plane and the command lines."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import stripe

from tests.conformance.provider import Shop
from tests.conformance.sandbox import Control, Inbox, wait_for

pytestmark = pytest.mark.enable_socket


def test_a_refused_connection_has_no_effect(shop: Shop, control: Control) -> None:
    payment = shop.pay()
    control.order("refused", times=2)
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            shop.refund(payment, "key")
    assert shop.refunds(payment) == []
    assert shop.refund(payment, "key").status == "succeeded"


@pytest.mark.parametrize("status", [409, 500])
def test_an_error_before_the_effect_is_not_saved(shop: Shop, control: Control, status: int) -> None:
    payment = shop.pay()
    control.order("status", status=status)
    with pytest.raises(stripe.APIError) as refused:
        shop.refund(payment, "key")
    assert refused.value.http_status == status
    assert shop.refunds(payment) == []
    assert shop.refund(payment, "key").status == "succeeded"


def test_a_fault_can_wait_for_one_payment(shop: Shop, control: Control) -> None:
    payment, other = shop.pay(), shop.pay()
    control.order("refused", payment_intent=payment.id)
    assert shop.refund(other).status == "succeeded"
    with pytest.raises(stripe.APIConnectionError):
        shop.refund(payment)


def test_a_fault_inside_the_endpoint_waits_for_a_call_that_executes(shop: Shop, control: Control) -> None:
    payment = shop.pay()
    shop.refund(payment, "key", amount=10)
    control.order("pending")
    assert shop.refund(payment, "key", amount=10).status == "succeeded"
    assert shop.refund(payment, amount=10).status == "pending"


def test_a_refund_can_fail_at_once_and_holds_nothing(
    shop: Shop, control: Control, inbox: Inbox[stripe.Event]
) -> None:
    payment = shop.pay()
    control.order("fail", failure_reason="insufficient_funds")
    refund = shop.refund(payment)
    assert (refund.status, refund.failure_reason) == ("failed", "insufficient_funds")
    assert [event.type for event in inbox.take(2)] == ["refund.created", "refund.failed"]
    assert shop.refund(payment).status == "succeeded"


def test_a_refund_can_be_told_to_fail_later(shop: Shop, control: Control) -> None:
    control.order("fail_later")
    refund = shop.refund(shop.pay())
    assert refund.status == "succeeded"
    shop.settled(refund, "failed")


def test_a_pending_refund_waits_until_it_is_settled(shop: Shop, control: Control) -> None:
    control.order("pending")
    refund = shop.refund(shop.pay())
    control.post("clock", advance_seconds=7 * 24 * 3600)
    assert shop.read(refund).status == "pending"
    assert control.post(f"refunds/{refund.id}/settle", status="succeeded")["status"] == "succeeded"
    assert control.post(f"refunds/{refund.id}/settle", status="failed")["status"] == "failed"
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        control.post(f"refunds/{refund.id}/settle", status="succeeded")


def test_a_refund_made_in_the_dashboard_carries_no_metadata(
    shop: Shop, control: Control, inbox: Inbox[stripe.Event]
) -> None:
    payment = shop.pay(1000)
    made = control.post("dashboard/refunds", payment_intent=payment.id, amount=400)
    event = inbox.next()
    assert (event.type, event.data.object["id"]) == ("refund.created", made["id"])
    assert event.request is not None
    assert event.request.idempotency_key is None
    assert made["metadata"] == {}
    assert shop.charge(payment).amount_refunded == 400


def test_all_refunds_can_be_read_at_once(shop: Shop, control: Control) -> None:
    refunds = [shop.refund(shop.pay(), amount=amount, metadata={"n": str(amount)}) for amount in (1, 2, 3)]
    dump = control.get("refunds")["refunds"]
    assert [(each["id"], each["amount"], each["status"]) for each in dump] == [
        (refund.id, refund.amount, "succeeded") for refund in reversed(refunds)
    ]
    assert dump[0]["payment_intent"] == refunds[-1].payment_intent
    assert dump[0]["metadata"] == {"n": "3"}


def test_events_can_come_twice(shop: Shop, control: Control, inbox: Inbox[stripe.Event]) -> None:
    control.post("faults", events="duplicate")
    shop.refund(shop.pay())
    assert len({event.id for event in inbox.take(4)}) == 2


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("delay", ["refund.created", "charge.refunded"]), ("reverse", ["charge.refunded", "refund.created"])],
)
def test_events_can_come_late(
    shop: Shop, control: Control, inbox: Inbox[stripe.Event], mode: str, expected: list[str]
) -> None:
    control.post("faults", events=mode, delay_ms=60_000)
    shop.refund(shop.pay())
    assert control.get("health")["held_events"] == 2
    control.post("clock", advance_seconds=60)
    assert [event.type for event in inbox.take(2)] == expected


def test_a_reset_forgets_everything_but_the_webhook(
    shop: Shop, control: Control, inbox: Inbox[stripe.Event]
) -> None:
    control.post("faults", events="hold")
    control.order("refused")
    shop.pay()
    control.post("reset")
    health = control.get("health")
    assert (health["payments"], health["held_events"], health["webhook_url"]) == (0, 0, inbox.url)
    shop.refund(shop.pay())
    assert inbox.next().type == "refund.created"


def test_an_order_it_does_not_understand_is_refused(control: Control) -> None:
    for body in ({"fault": "earthquake"}, {"events": "sideways"}, {"fault": "refused", "time": 2}):
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            control.post("faults", **body)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "tools.payment_sandbox", "--port", "0"]
    arguments = ["--webhook-secret", "whsec_x", "--port-file", str(tmp_path / "port")]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        yield it, it.stdout.readline().strip()
        it.kill()


def test_the_command_prints_where_it_answers_and_ends_quietly(
    process: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    running, url = process
    assert url == f"http://127.0.0.1:{(tmp_path / 'port').read_text().strip()}"
    wait_for(lambda: httpx.get(f"{url}/_sandbox/health").json()["status"], lambda status: status == "ok")
    running.send_signal(signal.SIGTERM)
    assert running.communicate(timeout=10) == ("", "")
    assert running.returncode == 0


def test_the_pay_command_prints_references_of_paid_payments(
    process: tuple[subprocess.Popen[str], str],
) -> None:
    _, url = process
    command = [sys.executable, "-m", "tools.payment_sandbox.pay", "--url", url, "--count", "3"]
    done = subprocess.run(
        [*command, "--amount", "1299", "--currency", "BRL"], capture_output=True, text=True, check=True
    )
    references = done.stdout.split()
    assert len(set(references)) == 3
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": url})
    payment = client.v1.payment_intents.retrieve(references[0])
    assert (payment.status, payment.amount, payment.currency) == ("succeeded", 1299, "brl")
