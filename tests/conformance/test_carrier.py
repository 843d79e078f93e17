"""The desk's carriers: the adapter, through the official SDK, against the carrier sandbox.

With EASYPOST_TEST_KEY set to a key of EasyPost's test mode the same runs there, without what needs the sandbox's
control plane. It was NOT run against EasyPost here.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from aftersales.adapters.easypost_carriers import EasyPostEvents
from aftersales.domain.label import Customs, CustomsItem, Label, LabelOrder, LabelRefused, VoidState
from aftersales.domain.money import Money
from aftersales.domain.parcel import Parcel, TrackingStatus, merge_all
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.tracking_code import fits
from aftersales.usecases.ports import Carriers, OutcomeUnknown
from aftersales.usecases.void_spare_labels import void_spare_labels
from tests.conformance.carrier import BUYER, SECRET, SELLER, Service, an_order
from tests.conformance.sandbox import Control, Inbox, wait_for
from tools.carrier_sandbox.events import signature

pytestmark = pytest.mark.enable_socket

BRAZILIAN = replace(
    BUYER, name="Elisa", street1="Rua Augusta 100", city="Sao Paulo", state="SP", zip="01304000", country="BR"
)
DECLARED = Customs(
    signer="Elisa",
    items=(
        CustomsItem(
            description="Kettle",
            quantity=1,
            value=Money(4900, "USD"),
            weight=900,
            origin_country="US",
            hs_tariff_number="851671",
        ),
    ),
)


def bought(carriers: Carriers, order: LabelOrder) -> Label:
    label = carriers.buy_label(order)
    assert isinstance(label, Label)
    return label


def parcel_of(label: Label) -> Parcel:
    return Parcel(carrier=label.carrier, tracking_code=label.tracking_code)


def live_labels(road: Control, order: LabelOrder) -> list[Any]:
    """What the carriers will be paid for."""
    labels = [one for one in road.get("labels")["labels"] if one["reference"] == order.shipment_id]
    return [one for one in labels if one["refund_status"] is None]


# --- A label


def test_a_return_label_has_a_number_of_its_carrier_a_price_and_a_picture(service: Service) -> None:
    label = bought(service.carriers(), an_order())
    assert fits(label.carrier, label.tracking_code)
    assert label.cost.amount > 0
    assert label.cost.currency == "USD"
    assert httpx.get(label.url).content.startswith(b"\x89PNG")


def test_it_leads_from_the_buyer_to_the_seller(service: Service, road: Control) -> None:
    """With `is_return` EasyPost wants the addresses of the way out, and prints the way back."""
    bought(service.carriers(), an_order())
    [label] = road.get("labels")["labels"]
    assert f"FROM {BUYER.name}" in label["printed"]
    assert f"TO {SELLER.name}" in label["printed"]


def test_the_cheapest_rate_is_taken(service: Service, road: Control) -> None:
    assert bought(service.carriers(), an_order()).cost == Money(607, "USD")


def test_asked_again_it_is_the_same_label(service: Service) -> None:
    order = an_order()
    label = bought(service.carriers(), order)
    assert bought(service.carriers(), order) == label
    assert service.carriers().labels(order.shipment_id, order.ordered_at) == [label]


def test_two_orders_have_two_labels(service: Service) -> None:
    carriers = service.carriers()
    first, second = bought(carriers, an_order()), bought(carriers, an_order())
    assert first.tracking_code != second.tracking_code


def test_a_border_needs_a_declaration(service: Service, road: Control) -> None:
    order = an_order(sender=BRAZILIAN)
    assert service.carriers().buy_label(order) == LabelRefused(
        shipment_id=order.shipment_id, reason="no_rates"
    )
    label = bought(service.carriers(), an_order(sender=BRAZILIAN, customs=DECLARED))
    assert label.carrier == "dhl_express"
    assert fits(label.carrier, label.tracking_code)
    assert "CUSTOMS DECLARED" in road.get("labels")["labels"][0]["printed"]


def test_a_label_inside_brazil_costs_reais_and_has_a_number_of_the_post(
    service: Service, road: Control
) -> None:
    label = bought(service.carriers(), an_order(sender=BRAZILIAN, receiver=replace(BRAZILIAN, name="Loja")))
    assert (label.carrier, label.cost) == ("correios", Money(2490, "BRL"))
    assert fits("correios", label.tracking_code)


def test_what_cannot_be_sent_is_refused_by_a_code(service: Service, road: Control) -> None:
    """Which code EasyPost has for it is not documented."""
    order = an_order(grams=0)
    refused = service.carriers().buy_label(order)
    assert isinstance(refused, LabelRefused)
    assert refused.shipment_id == order.shipment_id
    assert refused.reason == "parameter.invalid"


# --- One label, whatever fails


@pytest.mark.parametrize("on", ["create", "buy"])
def test_a_lost_answer_buys_no_second_label(service: Service, road: Control, on: str) -> None:
    order = an_order()
    road.order("lost_answer", on=on)
    with pytest.raises(OutcomeUnknown):
        service.carriers().buy_label(order)
    label = bought(service.carriers(), order)
    assert [one["tracking_code"] for one in live_labels(road, order)] == [label.tracking_code]


@pytest.mark.parametrize("fault", ["refused", "lost_answer"])
@pytest.mark.parametrize("on", ["retrieve", "create", "buy"])
def test_the_sdk_repeats_nothing_by_itself(service: Service, road: Control, on: str, fault: str) -> None:
    """Its own connections would ask three times more; a second order that is waited for stays untouched."""
    order = an_order()
    road.order(fault, on=on, times=2)
    with pytest.raises(OutcomeUnknown):
        service.carriers().buy_label(order)
    assert [one["times"] for one in road.get("faults")["faults"]] == [1]


@pytest.mark.parametrize("status", [402, 429, 500, 503])
@pytest.mark.parametrize("on", ["retrieve", "create", "buy"])
def test_a_carrier_in_trouble_is_asked_again_later(
    service: Service, road: Control, on: str, status: int
) -> None:
    """402, too: it is the platform's account that is empty, and not the order that is wrong."""
    order = an_order()
    road.order("status", on=on, status=status)
    with pytest.raises(OutcomeUnknown):
        service.carriers().buy_label(order)
    bought(service.carriers(), order)
    assert len(live_labels(road, order)) == 1


def test_every_call_of_a_second_try_can_fail_too(service: Service, road: Control) -> None:
    order = an_order()
    road.order("status", on="buy")
    for on in ("list", "rerate", "buy", "retrieve"):
        with pytest.raises(OutcomeUnknown):
            service.carriers().buy_label(order)
        road.order("lost_answer", on=on)
    with pytest.raises(OutcomeUnknown):
        service.carriers().buy_label(order)
    bought(service.carriers(), order)
    assert len(live_labels(road, order)) == 1


def test_a_carrier_that_is_too_slow_has_bought_it_all_the_same(service: Service, road: Control) -> None:
    order = an_order()
    road.order("delay", on="buy", delay_ms=600)
    with pytest.raises(OutcomeUnknown):
        service.carriers(timeout=0.2).buy_label(order)
    with pytest.raises(OutcomeUnknown):  # it is still being bought
        service.carriers().buy_label(order)
    wait_for(lambda: live_labels(road, order), bool)
    label = bought(service.carriers(), order)
    assert [one["tracking_code"] for one in live_labels(road, order)] == [label.tracking_code]


def test_an_error_after_the_effect_is_a_label(service: Service, road: Control) -> None:
    """The carrier's answer was lost on its way to EasyPost; the shipment has its label."""
    order = an_order()
    road.order("carrier_times_out", effect=True)
    label = bought(service.carriers(), order)
    assert [one["tracking_code"] for one in live_labels(road, order)] == [label.tracking_code]


def test_a_carrier_that_times_out_may_print_yet(service: Service, road: Control) -> None:
    order = an_order()
    road.order("carrier_times_out")
    with pytest.raises(OutcomeUnknown):
        service.carriers().buy_label(order)
    bought(service.carriers(), order)
    assert len(live_labels(road, order)) == 1


def test_a_carrier_that_refuses_has_printed_nothing(service: Service, road: Control) -> None:
    order = an_order()
    road.order("carrier_refuses")
    assert service.carriers().buy_label(order) == LabelRefused(
        shipment_id=order.shipment_id, reason="shipment.postage.failure"
    )
    assert live_labels(road, order) == []


def test_of_two_shipments_of_one_order_the_one_that_was_bought_counts(
    service: Service, road: Control
) -> None:
    """Two workers made one each; one of them bought its own, the other died: by the reference its own is found."""
    order = an_order()
    road.order("delay", on="create", times=2, delay_ms=200)
    road.order("status", on="buy")
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(service.carriers().buy_label, order) for _ in range(2)]
    assert sum(isinstance(answer.exception(), OutcomeUnknown) for answer in answers) == 1
    assert road.get("health")["shipments"] == 2
    label = bought(service.carriers(), order)
    assert [one["tracking_code"] for one in live_labels(road, order)] == [label.tracking_code]


@pytest.mark.parametrize("dies", [False, True], ids=["both live", "one dies with its label"])
def test_two_workers_that_both_bought_keep_the_label_that_is_recorded(
    service: Service, road: Control, dies: bool
) -> None:
    """The case's conditional write decides; whoever tried it gives back what is not recorded, on every run."""
    order = an_order()
    recorded: list[str] = []
    deciding = threading.Lock()
    road.order("delay", on="create", times=2, delay_ms=200)

    def work(survives: bool) -> None:
        label = bought(service.carriers(), order)
        if survives:
            with deciding:
                recorded[:] = recorded or [label.provider_shipment_id]
            void_spare_labels(service.carriers(), order.shipment_id, order.ordered_at, recorded[0])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [True, not dies]))
    assert len(service.carriers().labels(order.shipment_id, order.ordered_at)) == 2

    spare = void_spare_labels(
        service.carriers(), order.shipment_id, order.ordered_at, recorded[0]
    )  # the next run of the one that died
    assert [one.void for one in spare] == [VoidState.SUBMITTED]
    assert spare[0].label.cost == Money(607, "USD")
    assert [one["shipment_id"] for one in live_labels(road, order)] == recorded


def test_labels_of_an_order_are_found_among_many_pages(service: Service, road: Control) -> None:
    order = an_order()
    label = bought(service.carriers(), order)
    carriers = service.carriers()
    for _ in range(101):
        bought(carriers, an_order())
    assert carriers.labels(order.shipment_id, order.ordered_at) == [label]


# --- Giving it back


def test_an_unused_label_is_given_back_once(service: Service) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order())
    assert carriers.void_label(label.provider_shipment_id) is VoidState.SUBMITTED
    assert carriers.void_label(label.provider_shipment_id) in (VoidState.SUBMITTED, VoidState.REFUNDED)


def test_the_carrier_takes_fifteen_days(service: Service, road: Control) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order())
    carriers.void_label(label.provider_shipment_id)
    road.post("clock", advance_seconds=15 * 24 * 3600)
    wait_for(lambda: carriers.void_label(label.provider_shipment_id), lambda void: void is VoidState.REFUNDED)


def test_a_label_that_was_used_is_not_taken_back(service: Service, road: Control) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order())
    road.post(f"parcels/{label.tracking_code}/scan", status="in_transit")
    assert carriers.void_label(label.provider_shipment_id) is VoidState.REJECTED


def test_what_was_rejected_too_early_is_asked_for_again(service: Service, road: Control) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order())
    road.post(f"refunds/{label.provider_shipment_id}", status="rejected")
    assert carriers.void_label(label.provider_shipment_id) is VoidState.SUBMITTED
    road.post(f"refunds/{label.provider_shipment_id}", status="not_applicable")
    assert carriers.void_label(label.provider_shipment_id) is VoidState.NOT_APPLICABLE


@pytest.mark.parametrize("on", ["retrieve", "refund"])
def test_a_lost_answer_to_giving_back_is_unknown(service: Service, road: Control, on: str) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order())
    road.order("lost_answer", on=on)
    with pytest.raises(OutcomeUnknown):
        carriers.void_label(label.provider_shipment_id)
    assert carriers.void_label(label.provider_shipment_id) is VoidState.SUBMITTED


# --- Where the parcel is


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("EZ1000000001", TrackingStatus.PRE_TRANSIT),
        ("EZ2000000002", TrackingStatus.IN_TRANSIT),
        ("EZ3000000003", TrackingStatus.OUT_FOR_DELIVERY),
        ("EZ4000000004", TrackingStatus.DELIVERED),
        ("EZ5000000005", TrackingStatus.RETURN_TO_SENDER),
        ("EZ6000000006", TrackingStatus.FAILURE),
        ("EZ7000000007", TrackingStatus.UNKNOWN),
    ],
)
def test_a_tracker_of_a_test_code_has_its_status(service: Service, code: str, status: TrackingStatus) -> None:
    """https://docs.easypost.com/docs/trackers (test tracking codes)"""
    parcel = Parcel(carrier="usps", tracking_code=code)
    assert merge_all(parcel, service.carriers().tracking(parcel)).status is status


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("delivered", TrackingStatus.DELIVERED),
        ("lost", TrackingStatus.FAILURE),
        ("returned", TrackingStatus.RETURN_TO_SENDER),
    ],
)
def test_a_parcel_is_followed_to_its_end(
    service: Service, road: Control, to: str, status: TrackingStatus
) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order())
    road.post(f"parcels/{label.tracking_code}/travel", to=to)
    parcel = merge_all(parcel_of(label), carriers.tracking(parcel_of(label)))
    assert parcel.status is status
    assert parcel.first_scan_at is not None
    assert (parcel.delivered_at is None) == (to != "delivered")


def test_a_box_that_lost_half_its_weight_shows_it(service: Service, road: Control) -> None:
    carriers = service.carriers()
    label = bought(carriers, an_order(grams=1000))
    road.post(f"parcels/{label.tracking_code}/travel", to="half")
    weight = merge_all(parcel_of(label), carriers.tracking(parcel_of(label))).weight
    assert weight is not None
    assert 490 < weight < 510


def test_a_label_of_the_buyers_own_is_followed_from_the_day_it_is_told(
    service: Service, road: Control
) -> None:
    own = Parcel(carrier="ups", tracking_code="1Z5R89390357567127")
    carriers = service.carriers()
    assert merge_all(own, carriers.tracking(own)).status is TrackingStatus.UNKNOWN
    road.post(f"parcels/{own.tracking_code}/travel", to="delivered")
    assert merge_all(own, carriers.tracking(own)).status is TrackingStatus.DELIVERED
    assert road.get("health")["trackers"] == 1


def test_a_carrier_that_does_not_answer_leaves_the_parcel_where_it_was(
    service: Service, road: Control
) -> None:
    road.order("status", on="track", status=503)
    with pytest.raises(OutcomeUnknown):
        service.carriers().tracking(Parcel(carrier="ups", tracking_code="1Z5R89390357567127"))


# --- Addresses


def test_an_address_is_found_and_written_as_the_post_writes_it(service: Service) -> None:
    check = service.carriers().check_address(SELLER)
    assert check.problems == ()
    assert check.address is not None
    assert check.address.street1.startswith("388 TOWNSEND ST")


def test_an_address_that_is_none_says_why(service: Service) -> None:
    nowhere = replace(SELLER, street1="unknown street", city="Not A City", state="ZZ", zip="00001")
    check = service.carriers().check_address(nowhere)
    assert check.address is None
    assert "e.address.not_found" in check.problems


def test_an_address_nobody_could_look_up_is_not_a_wrong_one(service: Service, road: Control) -> None:
    road.order("status", on="verify", status=500)
    with pytest.raises(OutcomeUnknown):
        service.carriers().check_address(SELLER)


# --- Signed events

EVENTS = EasyPostEvents(lambda: ("an older one", SECRET), livemode=False)


def heard(mail: Inbox[Any], number: str) -> tuple[bytes, str]:
    """The next webhook about that parcel, as it came."""
    while number.encode() not in (came := mail.arrived.get(timeout=10))[0]:
        pass
    return came


def test_an_event_tells_of_its_parcel_what_tracking_tells(
    service: Service, road: Control, mail: Inbox[Any]
) -> None:
    carriers = service.carriers()
    road.post("faults", events="hold")
    label = bought(carriers, an_order())
    road.post(f"parcels/{label.tracking_code}/travel", to="half")
    road.post("events/release", order="reverse", repeat=2)
    parcel = parcel_of(label)
    for _ in range(2 * 5):
        event = EVENTS.verify(*heard(mail, label.tracking_code))
        assert (event.carrier, event.tracking_code) == (label.carrier, label.tracking_code)
        assert event.provider_shipment_id == label.provider_shipment_id
        parcel = merge_all(parcel, event.scans)
    assert parcel == merge_all(parcel_of(label), carriers.tracking(parcel_of(label)))
    assert parcel.status is TrackingStatus.DELIVERED


def test_a_forged_event_is_refused(service: Service, road: Control, mail: Inbox[Any]) -> None:
    label = bought(service.carriers(), an_order())
    heard(mail, label.tracking_code)
    for signed in ("wrongly", "not"):
        road.post(f"parcels/{label.tracking_code}/forge", signed=signed)
        payload, written = heard(mail, label.tracking_code)
        while b"evt_forged" not in payload:
            payload, written = heard(mail, label.tracking_code)
        with pytest.raises(Refusal) as refused:
            EVENTS.verify(payload, written or "")
        assert refused.value.code is Code.SIGNATURE_INVALID


def test_a_replayed_event_changes_nothing(service: Service, road: Control, mail: Inbox[Any]) -> None:
    """The signature has no time in it, so it is good for ever; what it says was merged before."""
    label = bought(service.carriers(), an_order())
    road.post(f"parcels/{label.tracking_code}/travel", to="delivered")
    road.post(f"parcels/{label.tracking_code}/replay")
    told: dict[str, int] = {}
    parcel = parcel_of(label)
    while max(told.values(), default=0) < 2:
        event = EVENTS.verify(*heard(mail, label.tracking_code))
        told[event.event_id] = told.get(event.event_id, 0) + 1
        after = merge_all(parcel, event.scans)
        assert told[event.event_id] == 1 or after == parcel
        parcel = after


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"id": "evt_1", "description": "tracker.updated", "mode": "test", "result": {}}',
        b'{"id": "evt_1", "description": "tracker.updated", "mode": "production", "result": {}}',
        b'{"id": "evt_1", "description": "batch.created", "mode": "production", "result": {}}',
        b'{"id": 1, "description": "batch.created", "mode": "test", "result": {}}',
    ],
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    """The last but two are of the other mode: what happens in production is not for a desk in test, nor the reverse."""
    with pytest.raises(Refusal) as refused:
        EVENTS.verify(body, signature(body, SECRET))
    assert refused.value.code is Code.SIGNATURE_INVALID


@pytest.mark.parametrize(
    "written", ["", "hmac-sha256-hex=", "hmac-sha256-hex=\u00fc", "\u0660", "x" * 10_000]
)
def test_a_signature_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(Refusal):
        EVENTS.verify(b"{}", written)


def test_an_event_of_something_else_is_heard_and_says_nothing() -> None:
    body = b'{"id": "evt_1", "description": "batch.created", "mode": "test", "result": {"id": "batch_1"}}'
    event = EVENTS.verify(body, signature(body, SECRET))
    assert (event.event_id, event.tracking_code, event.scans) == ("evt_1", "", ())
