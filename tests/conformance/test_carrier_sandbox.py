"""EasyPost's rules as far as the desk relies on them, and the sandbox's own promises.

The first part runs through the official SDK against the carrier sandbox; with EASYPOST_TEST_KEY set it runs against
EasyPost's test mode, without what needs the sandbox's control plane. It was NOT run against EasyPost here: it says what
EasyPost's documentation says, or, where a rule's text names them, answers recorded in the SDK's own tests.
"""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.http_error import HttpError
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.api.rate_limit_error import RateLimitError
from easypost.errors.api.unauthorized_error import UnauthorizedError
from easypost.errors.general.signature_verification_error import SignatureVerificationError
from easypost.models.shipment import Shipment
from easypost.util import validate_webhook

from tests.conformance.carrier import SECRET, Service, a_shipment
from tests.conformance.sandbox import Control, Inbox, wait_for

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def easypost(service: Service) -> EasyPostClient:
    return service.client()


def a_reference() -> str:
    return uuid4().hex


def buy(easypost: EasyPostClient, **more: Any) -> Shipment:
    shipment = easypost.shipment.create(**a_shipment(**more))
    return easypost.shipment.buy(shipment.id, rate={"id": shipment.rates[0].id})


# --- Who may


@pytest.mark.parametrize("key", ["nonsense", "EZAKproduction"])
def test_a_call_without_a_key_of_this_mode_is_refused_with_401(
    service: Service, road: Control, key: str
) -> None:
    """https://docs.easypost.com/docs/authentication"""
    with pytest.raises(UnauthorizedError) as refused:
        service.client(key).shipment.create(**a_shipment())
    assert refused.value.http_status == 401


# --- Shipments and rates


def test_a_shipment_has_rates_as_decimal_text_and_no_label_yet(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/shipments"""
    shipment = easypost.shipment.create(**a_shipment(reference="r-1"))
    assert shipment.id.startswith("shp_")
    assert (shipment.reference, shipment.postage_label, shipment.selected_rate) == ("r-1", None, None)
    assert {type(rate.rate) for rate in shipment.rates} == {str}
    assert shipment.lowest_rate().rate == min((rate.rate for rate in shipment.rates), key=float)


@pytest.mark.parametrize("missing", ["to_address", "from_address", "parcel"])
def test_a_shipment_needs_two_ends_and_a_parcel(
    easypost: EasyPostClient, road: Control, missing: str
) -> None:
    """https://docs.easypost.com/docs/errors (PARAMETER.REQUIRED, as recorded by the SDK's `test_error`)"""
    with pytest.raises(InvalidRequestError) as refused:
        easypost.shipment.create(**a_shipment(**{missing: None}))
    assert (refused.value.http_status, refused.value.code) == (422, "PARAMETER.REQUIRED")


def test_a_reference_may_be_used_in_place_of_the_id(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/easypost-objects"""
    reference = a_reference()
    shipment = easypost.shipment.create(**a_shipment(reference=reference))
    assert easypost.shipment.retrieve(reference).id == shipment.id


def test_what_is_not_there_is_not_found(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/errors"""
    for read in (easypost.shipment.retrieve, easypost.tracker.retrieve, easypost.event.retrieve):
        with pytest.raises(NotFoundError) as refused:
            read(a_reference())
        assert refused.value.http_status == 404


def test_a_reference_is_not_unique(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/easypost-objects: ids are, references are up to their user."""
    reference = a_reference()
    made = {easypost.shipment.create(**a_shipment(reference=reference)).id for _ in range(2)}
    assert len(made) == 2
    assert easypost.shipment.retrieve(reference).id in made


def test_rates_can_be_made_anew(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/shipments/rates"""
    shipment = easypost.shipment.create(**a_shipment())
    fresh = easypost.shipment.regenerate_rates(shipment.id)["rates"]
    assert fresh
    assert not {rate.id for rate in fresh} & {rate.id for rate in shipment.rates}


def test_a_border_without_customs_has_no_rates_but_a_message_that_says_why(
    easypost: EasyPostClient, road: Control
) -> None:
    """https://docs.easypost.com/docs/shipments/messages"""
    abroad = {
        "name": "Elisa",
        "street1": "Rua Augusta 100",
        "city": "Sao Paulo",
        "zip": "01304000",
        "country": "BR",
    }
    shipment = easypost.shipment.create(**a_shipment(to_address=abroad))
    assert shipment.rates == []
    assert shipment.messages[0].type == "rate_error"


# --- Labels


def test_a_bought_shipment_has_a_label_a_rate_a_code_and_a_tracker(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/shipments#buy-a-shipment"""
    shipment = buy(easypost)
    assert shipment.postage_label.label_url
    assert shipment.selected_rate.shipment_id == shipment.id
    assert shipment.tracking_code == shipment.tracker.tracking_code
    assert shipment.tracker.shipment_id == shipment.id
    assert easypost.shipment.retrieve(shipment.id).postage_label.id == shipment.postage_label.id


def test_no_shipment_is_bought_twice(easypost: EasyPostClient) -> None:
    """SHIPMENT.POSTAGE.EXISTS: known from integrations, which then ask for the shipment."""
    shipment = buy(easypost)
    with pytest.raises(InvalidRequestError) as refused:
        easypost.shipment.buy(shipment.id, rate={"id": shipment.rates[0].id})
    assert refused.value.code == "SHIPMENT.POSTAGE.EXISTS"


def test_a_shipment_is_bought_by_one_at_a_time(easypost: EasyPostClient, road: Control) -> None:
    """SHIPMENT.PURCHASE.IN_PROGRESS: known from integrations only."""
    shipment = easypost.shipment.create(**a_shipment())
    rate = {"id": shipment.rates[0].id}
    road.order("delay", on="buy", delay_ms=300)
    first = threading.Thread(target=easypost.shipment.buy, args=(shipment.id,), kwargs={"rate": rate})
    first.start()
    wait_for(lambda: road.get("faults")["faults"], lambda waiting: not waiting)
    with pytest.raises(InvalidRequestError) as refused:
        easypost.shipment.buy(shipment.id, rate=rate)
    first.join()
    assert refused.value.code == "SHIPMENT.PURCHASE.IN_PROGRESS"
    assert road.get("health")["labels"] == 1


def test_a_rate_of_another_shipment_buys_nothing(easypost: EasyPostClient, road: Control) -> None:
    """https://docs.easypost.com/docs/shipments#buy-a-shipment (which error tells so is not documented)"""
    one, other = easypost.shipment.create(**a_shipment()), easypost.shipment.create(**a_shipment())
    with pytest.raises(InvalidRequestError):
        easypost.shipment.buy(one.id, rate={"id": other.rates[0].id})
    assert road.get("health")["labels"] == 0


def test_a_label_is_a_picture_and_on_demand_a_page(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/shipments/labels"""
    shipment = buy(easypost)
    assert httpx.get(shipment.postage_label.label_url).content.startswith(b"\x89PNG")
    converted = easypost.shipment.label(shipment.id, file_format="PDF")
    assert httpx.get(converted.postage_label.label_pdf_url).content.startswith(b"%PDF")


def test_a_label_of_a_return_leads_back_to_where_the_shipment_is_from(
    easypost: EasyPostClient, road: Control
) -> None:
    """https://docs.easypost.com/docs/shipments/returns: the parameters are those of the way out."""
    buy(easypost, is_return=True)
    buy(easypost)
    way_back, way_out = (label["printed"] for label in road.get("labels")["labels"])
    assert "FROM Elizabeth Swan" in way_back
    assert "FROM Jack Sparrow" in way_out


def test_a_label_given_back_is_submitted_first(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/shipments/shipping-refund"""
    assert easypost.shipment.refund(buy(easypost).id).refund_status == "submitted"


def test_what_was_not_bought_cannot_be_given_back(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/shipments/shipping-refund (which error tells so is not documented)"""
    with pytest.raises(InvalidRequestError):
        easypost.shipment.refund(easypost.shipment.create(**a_shipment()).id)


# --- Lists


def test_a_list_is_of_bought_shipments_newest_first_and_pages_to_its_end(
    easypost: EasyPostClient, road: Control
) -> None:
    """https://docs.easypost.com/docs/pagination, https://docs.easypost.com/docs/shipments (`purchased`)"""
    bought = [buy(easypost).id for _ in range(3)]
    easypost.shipment.create(**a_shipment())
    first = easypost.shipment.all(page_size=2)
    assert ([one.id for one in first["shipments"]], first["has_more"]) == (bought[:0:-1], True)
    rest = easypost.shipment.get_next_page(first, 2)
    assert ([one.id for one in rest["shipments"]], rest["has_more"]) == (bought[:1], False)
    assert len(easypost.shipment.all(purchased=False)["shipments"]) == 4


def test_a_list_can_be_narrowed_by_the_time_of_creation(easypost: EasyPostClient, road: Control) -> None:
    """https://docs.easypost.com/docs/pagination"""
    buy(easypost)
    assert len(easypost.shipment.all(start_datetime="2020-01-01T00:00:00+00:00")["shipments"]) == 1
    assert easypost.shipment.all(end_datetime="2020-01-01T00:00:00Z")["shipments"] == []


def test_a_page_has_at_most_a_hundred_entries(easypost: EasyPostClient, road: Control) -> None:
    """https://docs.easypost.com/docs/pagination (what a greater size does is not stated)"""
    with pytest.raises(InvalidRequestError):
        easypost.shipment.all(page_size=101)


# --- Addresses


def test_an_address_that_is_checked_strictly_must_be_found(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/addresses (`verify_strict`)"""
    nowhere: dict[str, Any] = {
        "street1": "unknown street",
        "city": "Not A City",
        "state": "ZZ",
        "zip": "00001",
        "country": "US",
    }
    assert easypost.address.create(**nowhere).verifications.to_dict() == {}
    assert easypost.address.create(verify=True, **nowhere).verifications.delivery.success is False
    with pytest.raises(InvalidRequestError) as refused:
        easypost.address.create(verify_strict=True, **nowhere)
    assert refused.value.code == "ADDRESS.VERIFY.FAILURE"


# --- Trackers and events


def test_the_same_code_is_not_tracked_twice(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/trackers"""
    first, second = (easypost.tracker.create(tracking_code="EZ2000000002", carrier="USPS") for _ in range(2))
    assert first.id == second.id


def test_a_tracker_needs_a_code(easypost: EasyPostClient) -> None:
    """https://docs.easypost.com/docs/trackers"""
    with pytest.raises(InvalidRequestError):
        easypost.tracker.create(carrier="USPS")


def test_an_event_can_be_read_again_and_says_what_was_before(
    easypost: EasyPostClient, road: Control, mail: Inbox[Any]
) -> None:
    """https://docs.easypost.com/docs/events"""
    easypost.tracker.create(tracking_code="1Z5R89390357567127", carrier="UPS")
    road.post("parcels/1Z5R89390357567127/scan", status="in_transit", weight=12.5)
    # Events are sent beside each other: which of two arrives first is nobody's promise.
    created, updated = sorted(mail.take(2), key=lambda event: str(event["description"]))
    assert (created["description"], updated["description"]) == ("tracker.created", "tracker.updated")
    assert updated["previous_attributes"] == {"status": "unknown"}
    assert (updated["result"]["status"], updated["result"]["weight"]) == ("in_transit", 12.5)
    assert easypost.event.retrieve(updated["id"]).description == "tracker.updated"
    assert [one.id for one in easypost.event.all()["events"]] == [updated["id"], created["id"]]


def test_a_webhook_is_signed_over_its_bytes(
    easypost: EasyPostClient, road: Control, mail: Inbox[Any]
) -> None:
    """https://docs.easypost.com/docs/webhooks (HMAC validation), with a secret that has to be normalised"""
    easypost.tracker.create(tracking_code="EZ1000000001", carrier="USPS")
    payload, signed = mail.arrived.get(timeout=10)
    assert signed.startswith("hmac-sha256-hex=")
    for body, secret in ((payload, "other"), (payload + b" ", SECRET)):
        with pytest.raises(SignatureVerificationError):
            validate_webhook(body, {"X-Hmac-Signature": signed}, secret)


def test_a_webhook_is_sent_again_until_it_is_taken(
    easypost: EasyPostClient, road: Control, mail: Inbox[Any]
) -> None:
    """https://docs.easypost.com/docs/webhooks: anything but 2xx is a failure."""
    mail.answers = [500, 302]
    easypost.tracker.create(tracking_code="1Z5R89390357567127", carrier="UPS")
    assert len({event["id"] for event in mail.take(3)}) == 1
    wait_for(lambda: road.get("health")["undelivered_events"], lambda left: left == 0)


# --- The sandbox's own


def test_scans_may_come_late_twice_and_in_any_order(
    easypost: EasyPostClient, road: Control, mail: Inbox[Any]
) -> None:
    road.post("faults", events="hold")
    easypost.tracker.create(tracking_code="1Z5R89390357567127", carrier="UPS")
    road.post("parcels/1Z5R89390357567127/travel", to="delivered")
    assert road.post("events/release", order="reverse", repeat=2) == {"released": 5}
    statuses = ["delivered", "out_for_delivery", "in_transit", "pre_transit", "unknown"]
    assert [event["result"]["status"] for event in mail.take(10)] == statuses * 2


def test_a_scan_can_be_of_another_time(easypost: EasyPostClient, road: Control) -> None:
    road.post("parcels/EZ/scan", status="delivered", at="2026-01-02T03:04:05Z")
    assert (
        easypost.tracker.create(tracking_code="EZ").tracking_details[0].datetime
        == "2026-01-02T03:04:05+00:00"
    )


def test_a_label_is_known_to_tracking_after_a_moment(easypost: EasyPostClient, road: Control) -> None:
    shipment = buy(easypost)
    road.post("clock", advance_seconds=2)
    wait_for(lambda: easypost.shipment.retrieve(shipment.id).status, lambda status: status == "pre_transit")


def test_a_refused_connection_has_no_effect(easypost: EasyPostClient, road: Control) -> None:
    road.order("refused", on="create")
    with pytest.raises(HttpError):
        easypost.shipment.create(**a_shipment())
    assert road.get("health")["shipments"] == 0


def test_a_fault_can_wait_for_one_shipment(easypost: EasyPostClient, road: Control) -> None:
    one, other = (
        easypost.shipment.create(**a_shipment(reference="one")),
        easypost.shipment.create(**a_shipment()),
    )
    road.order("status", status=429, reference="one")
    easypost.shipment.buy(other.id, rate={"id": other.rates[0].id})
    with pytest.raises(RateLimitError):
        easypost.shipment.buy(one.id, rate={"id": one.rates[0].id})


def test_a_carrier_may_have_no_rates(easypost: EasyPostClient, road: Control) -> None:
    road.order("no_rates", on="create")
    assert easypost.shipment.create(**a_shipment()).rates == []


@pytest.mark.parametrize("signed", ["wrongly", "not", "rightly"])
def test_a_forger_hears_what_the_webhook_says(
    easypost: EasyPostClient, road: Control, mail: Inbox[Any], signed: str
) -> None:
    easypost.tracker.create(tracking_code="EZ", carrier="UPS")
    mail.next()
    mail.answers = [401]
    assert road.post("parcels/EZ/forge", signed=signed, body="{}") == {"status": 401}
    payload, written = mail.arrived.get(timeout=10)
    assert payload == b"{}"
    assert (written is None) == (signed == "not")


def test_an_order_it_does_not_understand_is_refused(road: Control) -> None:
    for path, body in (
        ("faults", {"fault": "earthquake"}),
        ("parcels/EZ/scan", {"status": "teleported"}),
        ("parcels/EZ/replay", {}),
        ("nowhere", {}),
    ):
        with pytest.raises(httpx.HTTPStatusError):
            road.post(path, **body)


def test_a_reset_forgets_everything_but_the_webhook(
    easypost: EasyPostClient, road: Control, mail: Inbox[Any]
) -> None:
    buy(easypost)
    road.post("reset")
    health = road.get("health")
    assert (health["shipments"], health["trackers"], health["webhook_url"]) == (0, 0, mail.url)


def test_the_command_prints_where_it_answers_and_ends_quietly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.carrier_sandbox", "--port-file", str(tmp_path / "port")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().strip()
        assert url == f"http://127.0.0.1:{(tmp_path / 'port').read_text().strip()}"
        wait_for(lambda: httpx.get(f"{url}/_sandbox/health").json()["status"], lambda status: status == "ok")
        running.send_signal(signal.SIGTERM)
        assert running.communicate(timeout=10) == ("", "")
        assert running.returncode == 0
