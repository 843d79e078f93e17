"""Of what is sent to the carriers' webhook only what EasyPost signed, to the byte, is heard."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.adapters.easypost_carriers import EasyPostEvents
from aftersales.domain.parcel import Scan, TrackingStatus
from aftersales.domain.refusal import Code, Refusal
from tools.carrier_sandbox.events import signature

SECRET = "s3cret"
EVENTS = EasyPostEvents(lambda: (SECRET,), livemode=True)
# The fields and forms are those of EasyPost/examples, official/fixtures/event-body.json.
TOLD: dict[str, Any] = {
    "id": "evt_1",
    "description": "tracker.updated",
    "mode": "production",
    "result": {
        "id": "trk_1",
        "tracking_code": "9400 1112 0108 0805 4830 16",
        "carrier": "USPS",
        "status": "delivered",
        "updated_at": "2024-08-02T19:26:51Z",
        "weight": 16.0,
        "shipment_id": "shp_1",
        "tracking_details": [
            {"status": "in_transit", "datetime": "2024-07-31T19:27:00-04:00"},
            {"status": "delivered", "datetime": "2024-08-02T18:50:00"},
        ],
    },
}
BODY = json.dumps(TOLD).encode()
SIGNED = signature(BODY, SECRET)


def test_a_genuine_event_is_heard() -> None:
    """A time without a zone is UTC; the weight, in ounces, is that of the last scan."""
    event = EVENTS.verify(BODY, SIGNED)
    assert (event.event_id, event.provider_shipment_id) == ("evt_1", "shp_1")
    assert (event.carrier, event.tracking_code) == ("usps", "9400111201080805483016")
    assert event.scans == (
        Scan(status=TrackingStatus.IN_TRANSIT, at=1_722_468_420_000),
        Scan(status=TrackingStatus.DELIVERED, at=1_722_624_600_000, weight=454),
    )


def test_what_no_scan_says_is_of_the_time_it_was_said() -> None:
    told = TOLD | {"result": TOLD["result"] | {"status": "cancelled"}}
    body = json.dumps(told).encode()
    assert EVENTS.verify(body, signature(body, SECRET)).scans[-1] == Scan(
        status=TrackingStatus.CANCELLED, at=1_722_626_811_000, weight=454
    )


def test_a_status_nobody_knew_says_nothing() -> None:
    told = TOLD | {"result": TOLD["result"] | {"status": "beamed_up", "tracking_details": []}}
    body = json.dumps(told).encode()
    [scan] = EVENTS.verify(body, signature(body, SECRET)).scans
    assert scan.status is TrackingStatus.UNKNOWN


@given(st.data())
def test_one_changed_byte_is_noticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(BODY) - 1))
    changed = bytearray(BODY)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Refusal) as refused:
        EVENTS.verify(bytes(changed), SIGNED)
    assert refused.value.code is Code.SIGNATURE_INVALID


@given(st.binary(max_size=200), st.text(max_size=100))
def test_nothing_invented_is_heard(body: bytes, written: str) -> None:
    with pytest.raises(Refusal):
        EVENTS.verify(body, written)


@given(st.binary(max_size=200))
def test_not_even_what_is_signed_if_it_is_no_event(body: bytes) -> None:
    with pytest.raises(Refusal):
        EVENTS.verify(body, signature(body, SECRET))


@pytest.mark.parametrize(
    "written", [SIGNED.upper(), SIGNED.removeprefix("hmac-sha256-hex="), f" {SIGNED}", SIGNED[:-1]]
)
def test_a_signature_is_written_in_one_way(written: str) -> None:
    with pytest.raises(Refusal):
        EVENTS.verify(BODY, written)


def test_two_secrets_count_while_one_is_rotated() -> None:
    rotating = EasyPostEvents(lambda: ("new", SECRET), livemode=True)
    assert rotating.verify(BODY, SIGNED).event_id == "evt_1"
