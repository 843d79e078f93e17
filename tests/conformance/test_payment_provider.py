"""Stripe's rules for refunds, written down as a list, each with the page it comes from.

Run through the official SDK against the payment sandbox of this repository; with STRIPE_TEST_KEY set to a
secret test key, the same list runs against Stripe's test mode, without the rules that need the sandbox's
control plane. It was NOT run against Stripe here: it says what Stripe's documentation says. Where the
documentation is silent and only reports of integrations are known, or nothing, the rule's text says so.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import stripe
from stripe import Event, InvalidRequestError, Refund

from tests.conformance.provider import SECRET, Provider, Shop
from tests.conformance.sandbox import Control, Inbox, wait_for

pytestmark = pytest.mark.enable_socket


def new_key() -> str:
    return str(uuid4())


def replayed(answer: Refund | stripe.StripeError) -> bool:
    response = answer.last_response if isinstance(answer, Refund) else answer
    assert response is not None
    headers = {name.lower(): value for name, value in (response.headers or {}).items()}
    return headers.get("idempotent-replayed") == "true"


# --- Payments


def test_a_confirmed_payment_names_the_charge_that_holds_the_captured_amount(shop: Shop) -> None:
    """https://docs.stripe.com/api/payment_intents/object#payment_intent_object-latest_charge"""
    payment = shop.pay(1299, "brl")
    charge = shop.charge(payment)
    assert (payment.status, payment.amount_received) == ("succeeded", 1299)
    assert (charge.amount, charge.amount_refunded, charge.refunded) == (1299, 0, False)
    assert charge.payment_intent == payment.id


def test_a_property_that_holds_an_id_can_be_expanded_into_its_object(shop: Shop) -> None:
    """https://docs.stripe.com/api/expanding_objects"""
    payment = shop.pay()
    expanded = shop.client.v1.payment_intents.retrieve(payment.id, {"expand": ["latest_charge"]})
    assert isinstance(expanded.latest_charge, stripe.Charge)
    assert expanded.latest_charge.id == payment.latest_charge


def test_a_call_without_a_secret_key_is_refused_with_401(provider: Provider) -> None:
    """https://docs.stripe.com/api/authentication"""
    with pytest.raises(stripe.AuthenticationError) as refused:
        Shop(provider.client(key="nonsense")).pay()
    assert refused.value.http_status == 401


@pytest.mark.parametrize("currency", ["jpy", "mga"])
def test_amounts_of_zero_decimal_currencies_are_whole_units(shop: Shop, currency: str) -> None:
    """https://docs.stripe.com/currencies#zero-decimal (MGA has two decimals in ISO 4217 and none here)"""
    payment = shop.pay(50_001, currency)
    refund = shop.refund(payment, amount=1)
    assert (refund.amount, refund.currency) == (1, currency)


def test_amounts_of_three_decimal_currencies_must_end_in_zero(shop: Shop) -> None:
    """https://docs.stripe.com/currencies#three-decimal

    The page says that these calls require it, not which error tells so.
    """
    payment = shop.pay(5120, "kwd")
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(payment, amount=1234)
    assert refused.value.http_status == 400
    assert shop.refund(payment, amount=1230).amount == 1230


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_currencies_that_lost_their_minor_unit_still_take_two_zero_decimals(
    shop: Shop, currency: str
) -> None:
    """https://docs.stripe.com/currencies#special-cases

    The page says that the amount must be divisible by 100, not which error tells so.
    """
    with pytest.raises(InvalidRequestError):
        shop.pay(500_050, currency)
    assert shop.pay(500_000, currency).amount == 500_000


# --- Refunds


def test_a_refund_without_an_amount_returns_all_that_is_left(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create"""
    payment = shop.pay(1000)
    shop.refund(payment, amount=300)
    rest = shop.refund(payment)
    assert (rest.amount, rest.status, rest.currency) == (700, "succeeded", "usd")


def test_a_charge_can_be_refunded_in_parts_until_it_is_refunded_whole(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create, https://docs.stripe.com/api/charges/object"""
    payment = shop.pay(1000)
    shop.refund(payment, amount=999)
    charge = shop.charge(payment)
    assert (charge.amount_refunded, charge.refunded) == (999, False)
    shop.refund(payment, amount=1)
    charge = shop.charge(payment)
    assert (charge.amount_refunded, charge.refunded) == (1000, True)


@pytest.mark.parametrize("already", [0, 400])
def test_asking_for_more_than_is_left_is_refused_and_books_nothing(shop: Shop, already: int) -> None:
    """https://docs.stripe.com/api/refunds/create

    The page says only that an error is raised. That it has status 400, `param` "amount" and no `code`, so
    that nothing may rely on one, is what integrations report (edx/commerce-coordinator#360,
    woocommerce/woocommerce-gateway-stripe#1315); https://docs.stripe.com/error-codes has an
    `amount_too_large` without saying that refunds use it.
    """
    payment = shop.pay(1000)
    if already:
        shop.refund(payment, amount=already)
    with pytest.raises(InvalidRequestError, match="greater than") as refused:
        shop.refund(payment, amount=1001 - already)
    assert (refused.value.http_status, refused.value.param) == (400, "amount")
    assert shop.charge(payment).amount_refunded == already


def test_a_charge_refunded_whole_cannot_be_refunded_again(shop: Shop) -> None:
    """https://docs.stripe.com/error-codes#charge-already-refunded"""
    payment = shop.pay()
    shop.refund(payment)
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(payment, amount=1)
    assert (refused.value.http_status, refused.value.code) == (400, "charge_already_refunded")


def test_parallel_refunds_never_exceed_the_captured_amount(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create (no more than is left on the charge)"""
    payment = shop.pay(1000)

    def attempt(_: int) -> int:
        try:
            return shop.refund(payment, amount=100).amount
        except stripe.StripeError:
            return 0

    with ThreadPoolExecutor(50) as pool:
        refunded = sum(pool.map(attempt, range(50)))
    assert 0 < refunded <= 1000
    assert shop.charge(payment).amount_refunded == refunded
    assert sum(refund.amount for refund in shop.refunds(payment)) == refunded


def test_a_refund_names_its_payment_by_charge_as_well(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create"""
    payment = shop.pay()
    refund = shop.client.v1.refunds.create({"charge": str(payment.latest_charge), "amount": 10})
    assert (refund.charge, refund.payment_intent) == (payment.latest_charge, payment.id)


def test_a_refund_must_name_a_charge_or_a_payment(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create (which error tells so is not documented)"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"amount": 10})
    assert refused.value.http_status == 400


def test_a_payment_that_was_never_paid_cannot_be_refunded(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create (the error's text is known from reports only)"""
    unpaid = shop.client.v1.payment_intents.create({"amount": 1000, "currency": "usd"})
    with pytest.raises(InvalidRequestError, match="does not have a successful charge to refund"):
        shop.refund(unpaid)


def test_a_refund_of_an_unknown_payment_is_refused_as_missing(shop: Shop) -> None:
    """https://docs.stripe.com/error-codes#resource-missing (whether with 400 or 404 is not documented)"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.client.v1.refunds.create({"payment_intent": "pi_unknown"})
    assert refused.value.code == "resource_missing"
    assert refused.value.http_status in (400, 404)


@pytest.mark.parametrize("amount", ["12.5", "ten", ""])
def test_an_amount_that_is_no_integer_is_refused(shop: Shop, amount: str) -> None:
    """https://docs.stripe.com/error-codes#parameter-invalid-integer"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(shop.pay(), amount=amount)
    assert (refused.value.http_status, refused.value.param) == (400, "amount")
    if amount:
        assert refused.value.code == "parameter_invalid_integer"


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_must_be_positive(shop: Shop, amount: int) -> None:
    """https://docs.stripe.com/api/refunds/create"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(shop.pay(), amount=amount)
    assert (refused.value.http_status, refused.value.param) == (400, "amount")


def test_a_parameter_stripe_does_not_know_is_refused(shop: Shop) -> None:
    """https://docs.stripe.com/error-codes#parameter-unknown"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(shop.pay(), colour="blue")
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "colour")


@pytest.mark.parametrize("reason", ["duplicate", "fraudulent", "requested_by_customer"])
def test_a_refund_takes_one_of_three_reasons(shop: Shop, reason: str) -> None:
    """https://docs.stripe.com/api/refunds/create#create_refund-reason"""
    assert shop.refund(shop.pay(), reason=reason).reason == reason


def test_a_refund_takes_no_other_reason(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/create#create_refund-reason"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(shop.pay(), reason="changed_mind")
    assert (refused.value.http_status, refused.value.param) == (400, "reason")


def test_metadata_comes_back_wherever_the_refund_is_read(shop: Shop) -> None:
    """https://docs.stripe.com/metadata"""
    payment = shop.pay()
    refund = shop.refund(payment, metadata={"refund_id": "r-1", "case_id": "c-1"})
    for seen in (refund, shop.read(refund), shop.refunds(payment)[0]):
        assert seen.metadata is not None
        assert (seen.metadata["refund_id"], seen.metadata["case_id"]) == ("r-1", "c-1")


@pytest.mark.parametrize(
    "metadata",
    [{"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}],
    ids=["key over 40", "value over 500", "over 50 pairs"],
)
def test_metadata_has_limits(shop: Shop, metadata: dict[str, str]) -> None:
    """https://docs.stripe.com/metadata#data (which error tells so is not documented)"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.refund(shop.pay(), metadata=metadata)
    assert refused.value.http_status == 400


def test_an_unknown_refund_is_missing_with_404(shop: Shop) -> None:
    """https://docs.stripe.com/api/errors, https://docs.stripe.com/error-codes#resource-missing"""
    with pytest.raises(InvalidRequestError) as refused:
        shop.client.v1.refunds.retrieve("re_unknown")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


# --- The life of a refund


def test_a_refund_may_start_pending_and_succeed_later(shop: Shop) -> None:
    """https://docs.stripe.com/testing#refunds"""
    refund = shop.refund(shop.pay(method="pm_card_pendingRefund"))
    assert refund.status == "pending"
    shop.settled(refund, "succeeded")
    wait_for(lambda: shop.events(refund, "refund.updated"), bool)


def test_a_refund_that_succeeded_may_fail_later(shop: Shop) -> None:
    """https://docs.stripe.com/testing#refunds, https://docs.stripe.com/refunds#failed-refunds"""
    refund = shop.refund(shop.pay(method="pm_card_refundFail"))
    assert refund.status == "succeeded"
    failed = shop.settled(refund, "failed")
    assert failed.failure_reason == "expired_or_canceled_card"
    wait_for(lambda: shop.events(refund, "refund.failed"), bool)


def test_a_pending_refund_holds_its_amount(shop: Shop) -> None:
    """Not stated in the documentation: it follows from refunding no more than is left on the charge."""
    payment = shop.pay(1000, method="pm_card_pendingRefund")
    shop.refund(payment, amount=800)
    with pytest.raises(InvalidRequestError):
        shop.refund(payment, amount=201)
    assert shop.charge(payment).amount_refunded == 800


def test_what_a_failed_refund_held_can_be_refunded_again(shop: Shop) -> None:
    """https://docs.stripe.com/refunds#failed-refunds says that the amount comes back to the balance.

    That it also leaves the charge's `amount_refunded` is not stated there.
    """
    payment = shop.pay(1000, method="pm_card_refundFail")
    shop.settled(shop.refund(payment), "failed")
    assert shop.charge(payment).amount_refunded == 0
    assert shop.refund(payment, amount=1000).amount == 1000


def test_only_a_refund_that_requires_action_can_be_canceled(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/cancel (which error tells so is not documented)"""
    refund = shop.refund(shop.pay())
    with pytest.raises(InvalidRequestError) as refused:
        shop.client.v1.refunds.cancel(refund.id)
    assert refused.value.http_status == 400
    assert shop.read(refund).status == "succeeded"


def test_a_canceled_refund_says_that_the_merchant_asked_for_it(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/api/refunds/cancel (that the amount is then free again is not stated there)"""
    payment = shop.pay()
    control.order("requires_action")
    refund = shop.refund(payment)
    assert refund.status == "requires_action"
    canceled = shop.client.v1.refunds.cancel(refund.id)
    assert (canceled.status, canceled.failure_reason) == ("canceled", "merchant_request")
    assert shop.charge(payment).amount_refunded == 0


# --- Lists


def test_a_list_is_newest_first_and_pages_to_its_end(shop: Shop) -> None:
    """https://docs.stripe.com/api/pagination"""
    payment = shop.pay(1000)
    made = [shop.refund(payment, amount=10).id for _ in range(5)]
    first = shop.client.v1.refunds.list({"payment_intent": payment.id, "limit": 2})
    assert ([refund.id for refund in first.data], first.has_more) == (made[:2:-1], True)
    assert [refund.id for refund in first.auto_paging_iter()] == made[::-1]


def test_a_list_can_be_narrowed_to_one_charge(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/list"""
    payment, other = shop.pay(), shop.pay()
    refund = shop.refund(payment)
    shop.refund(other)
    found = shop.client.v1.refunds.list({"charge": str(payment.latest_charge)})
    assert ([each.id for each in found.data], found.has_more) == ([refund.id], False)


def test_a_list_can_be_narrowed_by_the_time_of_creation(shop: Shop) -> None:
    """https://docs.stripe.com/api/refunds/list#list_refunds-created"""
    payment = shop.pay()
    refund = shop.refund(payment)
    listing = shop.client.v1.refunds.list
    since = listing({"payment_intent": payment.id, "created": {"gte": refund.created}})
    after = listing({"payment_intent": payment.id, "created": {"gt": refund.created}})
    assert ([each.id for each in since.data], after.data) == ([refund.id], [])


def test_a_page_has_at_most_a_hundred_entries(shop: Shop) -> None:
    """https://docs.stripe.com/api/pagination#pagination-limit (what a greater limit does is not stated)"""
    with pytest.raises(InvalidRequestError):
        shop.client.v1.refunds.list({"limit": 101})


# --- Idempotency


def test_the_same_key_gives_the_same_refund_and_says_that_it_is_replayed(shop: Shop) -> None:
    """https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/error-low-level#idempotency"""
    payment, key = shop.pay(), new_key()
    first = shop.refund(payment, key, amount=10)
    again = shop.refund(payment, key, amount=10)
    assert first.id == again.id
    assert (replayed(first), replayed(again)) == (False, True)
    assert len(shop.refunds(payment)) == 1


def test_the_same_key_with_other_parameters_is_an_idempotency_error(shop: Shop) -> None:
    """https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/api/errors"""
    payment, key = shop.pay(), new_key()
    shop.refund(payment, key, amount=10)
    with pytest.raises(stripe.IdempotencyError) as refused:
        shop.refund(payment, key, amount=11)
    assert refused.value.http_status == 400
    assert len(shop.refunds(payment)) == 1


def test_the_error_of_a_request_that_executed_is_replayed(shop: Shop) -> None:
    """https://docs.stripe.com/error-low-level#content-errors"""
    payment, key = shop.pay(), new_key()
    shop.refund(payment)
    seen = []
    for _ in range(2):
        with pytest.raises(InvalidRequestError) as refused:
            shop.refund(payment, key)
        seen.append((refused.value.code, replayed(refused.value)))
    assert seen == [("charge_already_refunded", False), ("charge_already_refunded", True)]


def test_a_request_that_failed_validation_leaves_its_key_free(shop: Shop) -> None:
    """https://docs.stripe.com/api/idempotent_requests"""
    payment, key = shop.pay(), new_key()
    with pytest.raises(InvalidRequestError):
        shop.refund(payment, key, reason="changed_mind")
    assert shop.refund(payment, key, reason="duplicate").status == "succeeded"


def test_a_key_is_known_for_a_day_and_forgotten_then(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/api/idempotent_requests (Stripe may keep it longer: "at least 24 hours")"""
    payment, key = shop.pay(), new_key()
    first = shop.refund(payment, key, amount=10)
    control.post("clock", advance_seconds=24 * 3600 - 60)
    assert shop.refund(payment, key, amount=10).id == first.id
    control.post("clock", advance_seconds=60)
    assert shop.refund(payment, key, amount=10).id != first.id


def test_a_key_whose_request_is_still_under_way_conflicts(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/error-codes#idempotency-key-in-use, https://docs.stripe.com/api/errors (409)"""
    payment, key = shop.pay(), new_key()
    control.order("delay", delay_ms=500)
    made: list[Refund] = []
    first = threading.Thread(target=lambda: made.append(shop.refund(payment, key)))
    first.start()
    wait_for(lambda: control.get("faults")["faults"], lambda waiting: not waiting)
    with pytest.raises(stripe.APIError) as refused:
        shop.refund(payment, key)
    first.join()
    assert refused.value.http_status == 409
    assert refused.value.error is not None
    assert (
        refused.value.error.code == "idempotency_key_in_use"
    )  # the SDK leaves the exception's own code empty
    assert [refund.id for refund in shop.refunds(payment)] == [made[0].id]


@pytest.mark.parametrize("effect", [False, True], ids=["nothing happened", "the refund was made"])
def test_a_500_is_saved_replayed_and_says_nothing_of_what_happened(
    shop: Shop, control: Control, effect: bool
) -> None:
    """https://docs.stripe.com/error-low-level#server-errors: indeterminate, and metadata tells it apart."""
    payment, key = shop.pay(), new_key()
    control.order("saved_500", effect=effect)
    for expected in (False, True):
        with pytest.raises(stripe.APIError) as refused:
            shop.refund(payment, key, metadata={"refund_id": "r-1"})
        assert (refused.value.http_status, replayed(refused.value)) == (500, expected)
    found = [refund.metadata["refund_id"] for refund in shop.refunds(payment) if refund.metadata]
    assert found == (["r-1"] if effect else [])


def test_a_rate_limited_request_is_not_saved(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/error-low-level#content-errors: the limiters come before idempotency."""
    payment, key = shop.pay(), new_key()
    control.order("status", status=429)
    with pytest.raises(stripe.RateLimitError):
        shop.refund(payment, key)
    assert shop.refund(payment, key).status == "succeeded"


def test_a_lost_answer_is_found_again_under_its_key(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/error-low-level#network-errors"""
    payment, key = shop.pay(), new_key()
    control.order("lost_answer")
    with pytest.raises(stripe.APIConnectionError):
        shop.refund(payment, key)
    again = shop.refund(payment, key)
    assert [refund.id for refund in shop.refunds(payment)] == [again.id]
    assert replayed(again)


def test_the_sdk_repeats_a_lost_call_under_one_key_by_itself(provider: Provider, control: Control) -> None:
    """https://docs.stripe.com/error-low-level#network-errors (`max_network_retries`)"""
    shop = Shop(provider.client(retries=2))
    payment = shop.pay()
    control.order("lost_answer")
    refund = shop.refund(payment)
    assert [each.id for each in shop.refunds(payment)] == [refund.id]


# --- Events


def test_a_refund_tells_of_itself_and_of_its_charge(shop: Shop) -> None:
    """https://docs.stripe.com/api/events/types#event_types-refund.created and -charge.refunded"""
    payment = shop.pay()
    refund = shop.refund(payment, amount=10)
    wait_for(lambda: shop.events(refund, "refund.created"), bool)
    told = wait_for(lambda: shop.client.v1.events.list({"type": "charge.refunded"}).data, bool)
    charges = [event.data.object for event in told if event.data.object["id"] == payment.latest_charge]
    assert [charge["amount_refunded"] for charge in charges] == [10]


def test_an_update_says_what_was_before(shop: Shop) -> None:
    """https://docs.stripe.com/api/events/object#event_object-data-previous_attributes"""
    refund = shop.refund(shop.pay(method="pm_card_pendingRefund"))
    [event] = wait_for(lambda: shop.events(refund, "refund.updated"), bool)
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes["status"] == "pending"
    assert event.data.object["status"] == "succeeded"


def test_an_event_can_be_read_again_and_names_the_key_that_caused_it(shop: Shop) -> None:
    """https://docs.stripe.com/api/events/object#event_object-request"""
    key = new_key()
    refund = shop.refund(shop.pay(), key)
    [event] = wait_for(lambda: shop.events(refund, "refund.created"), bool)
    read = shop.client.v1.events.retrieve(event.id)
    assert (read.id, read.type, read.livemode) == (event.id, "refund.created", False)
    assert read.request is not None
    assert read.request.idempotency_key == key


def test_a_webhook_is_signed_with_the_endpoints_secret(shop: Shop, inbox: Inbox[Event]) -> None:
    """https://docs.stripe.com/webhooks#verify-manually"""
    refund = shop.refund(shop.pay())
    payload, signature = inbox.arrived.get(timeout=10)
    event = stripe.Webhook.construct_event(payload, signature, SECRET)
    assert (event.type, event.data.object["id"]) == ("refund.created", refund.id)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload.replace(b"1000", b"9999"), signature, SECRET)


def test_a_webhook_is_sent_again_until_it_is_taken(shop: Shop, control: Control, inbox: Inbox[Event]) -> None:
    """https://docs.stripe.com/webhooks#retries (over hours at Stripe, over seconds here)"""
    inbox.answers = [500, 302]
    shop.refund(shop.pay())
    told = inbox.take(4)
    assert {event.type for event in told} == {"refund.created", "charge.refunded"}
    assert len({event.id for event in told}) == 2
    wait_for(lambda: control.get("health")["undelivered_events"], lambda left: left == 0)


def test_a_failing_refund_tells_by_three_events(shop: Shop, inbox: Inbox[Event]) -> None:
    """https://docs.stripe.com/api/events/types: refund.updated, charge.refund.updated, refund.failed

    Stripe sends charge.refund.updated "on selected payment methods", without saying which.
    """
    refund = shop.refund(shop.pay(method="pm_card_refundFail"))
    told = [event for event in inbox.take(5) if event.type not in ("refund.created", "charge.refunded")]
    assert {event.type for event in told} == {"refund.updated", "charge.refund.updated", "refund.failed"}
    assert {event.data.object["id"] for event in told} == {refund.id}
    assert {event.data.object["status"] for event in told} == {"failed"}


def test_events_may_come_twice_and_in_any_order(shop: Shop, control: Control, inbox: Inbox[Event]) -> None:
    """https://docs.stripe.com/webhooks#handle-duplicate-events and #event-ordering"""
    control.post("faults", events="hold")
    shop.settled(shop.refund(shop.pay(method="pm_card_pendingRefund")), "succeeded")
    assert control.post("events/release", order="reverse", repeat=2) == {"released": 4}
    reversed_order = ["charge.refund.updated", "refund.updated", "charge.refunded", "refund.created"]
    assert [event.type for event in inbox.take(8)] == reversed_order * 2


# --- disputes ---------------------------------------------------------------------------------------------------


def test_a_dispute_takes_what_is_left_of_the_payment_and_bars_its_refunds(
    shop: Shop, control: Control
) -> None:
    """https://docs.stripe.com/api/disputes/object and https://docs.stripe.com/error-codes#charge-disputed"""
    payment = shop.pay()
    shop.refund(payment, amount=400)
    opened = control.post("disputes", payment_intent=payment.id)
    [dispute] = shop.client.v1.disputes.list(params={"payment_intent": payment.id}).data
    assert (dispute.id, dispute.amount, dispute.status) == (opened["id"], 600, "needs_response")
    assert (dispute.payment_intent, dispute.charge) == (payment.id, payment.latest_charge)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.refund(payment, amount=1)
    assert refusal.value.code == "charge_disputed"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("lost", ["charge.dispute.closed"]),
        ("won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
    ],
)
def test_a_closed_dispute_tells_how_it_ended(
    shop: Shop, control: Control, inbox: Inbox[Event], end: str, told: list[str]
) -> None:
    """https://docs.stripe.com/api/events/types: charge.dispute.*"""
    opened = control.post("disputes", payment_intent=shop.pay().id)
    assert [event.type for event in inbox.take(2)] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    control.post(f"disputes/{opened['id']}/close", status=end)
    events = inbox.take(len(told))
    assert [event.type for event in events] == told
    assert {event.data.object["status"] for event in events} == {end}
    assert shop.client.v1.disputes.retrieve(opened["id"]).status == end


def test_a_payment_whose_dispute_was_won_can_be_refunded_again(shop: Shop, control: Control) -> None:
    """https://docs.stripe.com/disputes/how-disputes-work"""
    payment = shop.pay()
    opened = control.post("disputes", payment_intent=payment.id)
    control.post(f"disputes/{opened['id']}/close", status="won")
    assert shop.refund(payment).amount == 1000
