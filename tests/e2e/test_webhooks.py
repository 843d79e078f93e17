"""The provider's events come twice, early, late, in disorder, and from people who are not the provider."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e import workers
from tests.e2e.market import Market, Sale, application, now, refusal, wait
from tools.payment_sandbox.events import signature

pytestmark = pytest.mark.e2e

type Forged = Callable[[bytes, str], tuple[bytes, str]]


def test_every_event_twice_is_booked_once(market: Market) -> None:
    sale = market.sell()
    market.webhooks("duplicate")

    case_id = market.apply(sale)["case_id"]

    market.until(sale, case_id, "completed")
    market.all_delivered()
    nothing_more_happened(market, sale, case_id)


def test_an_event_that_overtakes_the_answer_is_booked_and_the_answer_is_old_news(market: Market) -> None:
    """The worker stands still from before the call is carried out until the event has completed the case."""
    sale = market.sell()
    market.fault(sale, "delay", delay_ms=2_000)
    case_id = market.apply(sale)["case_id"]
    wait(lambda: market.case(sale, case_id)["status"] == "refund_pending", "the refund to be sent")
    faults = market.stack.sandbox
    wait(lambda: sale.payments[0] not in str(faults("GET", "faults")), "the call to arrive")

    with workers.held_up("refund_buyer"):
        market.until(sale, case_id, "completed")

    nothing_more_happened(market, sale, case_id)


def test_events_that_come_after_the_case_has_completed_change_nothing(market: Market) -> None:
    sale = market.sell()
    market.webhooks("hold")
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")
    market.finished(case_id)
    before = market.case(sale, case_id)

    assert market.release(repeat=3) == 2

    assert market.case(sale, case_id) == before
    nothing_more_happened(market, sale, case_id)


def test_events_in_the_wrong_order_end_as_events_in_the_right_one(market: Market) -> None:
    sale = market.sell()
    market.webhooks("hold")
    market.fault(sale, "pending")
    case_id = market.apply(sale)["case_id"]
    wait(lambda: "refund_pending" in market.events(sale, case_id), "the provider's answer")
    market.settle(sale, "succeeded")
    assert market.case(sale, case_id)["status"] == "refund_pending"

    assert market.release(order="reverse") == 4

    market.until(sale, case_id, "completed")
    nothing_more_happened(market, sale, case_id, "refund_pending")


def with_a_byte_changed(event: bytes, secret: str) -> tuple[bytes, str]:
    return event.replace(b'"pending"', b'"succeeded"'), signature(event, secret, now() // 1000)


def with_a_space_more(event: bytes, secret: str) -> tuple[bytes, str]:
    return event + b" ", signature(event, secret, now() // 1000)


def signed_at(seconds: int) -> Forged:
    return lambda event, secret: (event, signature(event, secret, now() // 1000 + seconds))


def with_its_time_changed(event: bytes, secret: str) -> tuple[bytes, str]:
    genuine = signature(event, secret, now() // 1000 - 600)
    return event, f"t={now() // 1000},{genuine.split(',')[1]}"


def of_the_other_mode(event: bytes, secret: str) -> tuple[bytes, str]:
    live = json.dumps(json.loads(event) | {"livemode": True}).encode()
    return live, signature(live, secret, now() // 1000)


FORGED: dict[str, Forged] = {
    "without a signature": lambda event, _: (event, ""),
    "with junk for a signature": lambda event, _: (event, "t=now,v1=please"),
    "with a signature of zeros": lambda event, _: (event, f"t={now() // 1000},v1={'0' * 64}"),
    "signed with another secret": lambda event, _: (event, signature(event, "whsec_x", now() // 1000)),
    "signed with no secret": lambda event, _: (event, signature(event, "", now() // 1000)),
    "with another body": with_a_byte_changed,
    "with one space more": with_a_space_more,
    "of ten minutes ago": signed_at(-600),
    "of in ten minutes": signed_at(600),
    "of the year 2100": signed_at(75 * 365 * 24 * 3600),
    "with its time changed": with_its_time_changed,
    "of the other mode": of_the_other_mode,
    "that is no JSON": lambda _, secret: (b"{", signature(b"{", secret, now() // 1000)),
    "that is empty": lambda _, secret: (b"", signature(b"", secret, now() // 1000)),
}


@pytest.fixture(scope="module")
def pending(_market: Market) -> tuple[Sale, str]:
    """A case whose refund is on its way, which a forger would like to see succeed."""
    sale = _market.sell()
    _market.fault(sale, "pending")
    case_id = str(_market.apply(sale)["case_id"])
    wait(lambda: "refund_pending" in _market.events(sale, case_id), "the provider's answer")
    _market.all_delivered()
    return sale, case_id


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_nothing_changes_through_an_event(market: Market, pending: tuple[Sale, str], forge: Forged) -> None:
    sale, case_id = pending
    before = market.case(sale, case_id), market.timeline(sale, case_id), market.order(sale)

    answer = send(market, *forge(an_event(market, sale), market.stack.facts["webhook_secret"]))

    assert refusal(answer) == (400, "signature_invalid")
    assert (market.case(sale, case_id), market.timeline(sale, case_id), market.order(sale)) == before


@pytest.mark.parametrize("seconds", [-280, 0, 280])
def test_a_genuine_event_is_heard_but_what_it_says_is_asked_of_the_provider(
    market: Market, pending: tuple[Sale, str], seconds: int
) -> None:
    """It claims success; at the provider the refund is still pending."""
    sale, case_id = pending
    before = market.case(sale, case_id)
    event = an_event(market, sale).replace(b'"pending"', b'"succeeded"')
    secret = market.stack.facts["webhook_secret"]

    answer = send(market, event, signature(event, secret, now() // 1000 + seconds))

    assert (answer.status_code, answer.json()) == (200, {"heard": "recorded"})
    assert market.case(sale, case_id) == before


def test_an_event_of_a_refund_that_is_not_ours_is_let_pass(market: Market, pending: tuple[Sale, str]) -> None:
    sale, _ = pending
    event = an_event(market, sale, metadata={}, payment_intent="pi_of_another_shop")

    answer = send(market, event, signature(event, market.stack.facts["webhook_secret"], now() // 1000))

    assert (answer.status_code, answer.json()) == (200, {"heard": "foreign"})


def test_an_event_of_a_refund_that_nobody_knows_yet_has_to_be_sent_again(
    market: Market, pending: tuple[Sale, str]
) -> None:
    sale, case_id = pending
    event = an_event(market, sale, metadata={"case_id": case_id, "refund_id": f"{case_id}.p1.9"})

    answer = send(market, event, signature(event, market.stack.facts["webhook_secret"], now() // 1000))

    assert answer.status_code >= 400


def test_a_refund_made_in_the_providers_dashboard_is_booked_and_not_made_again(market: Market) -> None:
    sale = market.sell(units=2, total=10_000)
    market.stack.sandbox("POST", "dashboard/refunds", {"payment_intent": sale.payments[0], "amount": 1_000})
    market.all_delivered()

    case_id = market.apply(sale)["case_id"]

    market.until(sale, case_id, "completed")
    assert sum(one["amount"] for one in market.stack.refunds_at_provider(sale.payments[0])) == 6_000
    wait(lambda: market.order(sale)["payments"][0]["external"] == 1_000, "the refund by hand to be booked")
    assert market.order(sale)["refundable"] == 4_000


def test_a_chargeback_freezes_its_order_until_the_bank_has_decided(market: Market) -> None:
    sale = market.sell()
    dispute = market.stack.sandbox("POST", "disputes", {"payment_intent": sale.payments[0]})
    wait(lambda: market.order(sale)["frozen"], "the order to be frozen")

    assert market.order(sale)["payments"][0]["disputed"] == 5_900
    assert refusal(sale.buyer.post("cases", application(sale), key="beside a chargeback")) == (
        409,
        "order_frozen",
    )
    market.stack.sandbox("POST", f"disputes/{dispute['id']}/close", {"status": "won"})
    wait(lambda: not market.order(sale)["frozen"], "the order to thaw")
    market.until(sale, market.apply(sale)["case_id"], "completed")


def an_event(market: Market, sale: Sale, **changes: Any) -> bytes:
    """What the provider would send about the newest refund of an order."""
    refund = market.stack.refunds_at_provider(sale.payments[0])[0] | changes
    event = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": now() // 1000,
        "data": {"object": refund},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "refund.updated",
    }
    return json.dumps(event).encode()


def send(market: Market, event: bytes, header: str) -> httpx.Response:
    headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
    return market.stack.anyone.http.post("webhooks/stripe", content=event, headers=headers)


def nothing_more_happened(market: Market, sale: Sale, case_id: str, *between: str) -> None:
    """One refund at the provider, one success in the books, and an execution that ended well."""
    assert market.finished(case_id)["status"] == "SUCCEEDED"
    market.all_delivered()
    events = ["case_opened", "case_approved", "refund_started", *between, "refund_succeeded"]
    assert market.events(sale, case_id) == events
    [refund] = market.refunds(sale)
    assert refund["status"] == "succeeded"
    order = market.order(sale)
    assert (order["reserved"], order["refunded"]) == (0, refund["amount"])
