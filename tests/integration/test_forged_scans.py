"""Whatever is sent to the carriers' webhook, only what they signed is heard; replayed, it changes nothing once more.

Every request is made from its number alone, so a failing one is sent again by itself: `a_forgery(genuine, 4711)`.
"""

import json
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.conformance.sandbox import Control
from tests.integration.harness import CARRIERS_SECRET, Answer, Desk
from tests.integration.people import Payer, read, status
from tests.integration.test_forged_webhooks import (
    FORGERIES,
    Forger,
    Request,
    _body,
    body_cut_or_grown,
    body_damaged,
    body_said_again,
    everything,
    header_damaged,
    of_a_strange_encoding,
)
from tests.integration.test_labels import labelled, travel
from tools.carrier_sandbox.events import signature

pytestmark = pytest.mark.enable_socket

SCHEME = "hmac-sha256-hex="
# What a secret is mistaken for.
OTHERS = ("", CARRIERS_SECRET[:-1], CARRIERS_SECRET.upper(), f"{CARRIERS_SECRET} ", "EZTKintegration")


@dataclass(frozen=True)
class Word(Request):
    """An event of the carriers on its way: nothing in it says when it was signed."""

    def sent(self, desk: Desk) -> Answer:
        headers = {"Content-Type": "application/json", "X-Hmac-Signature": self.header}
        return desk.call(
            "POST", "/webhooks/easypost", **{"headers": headers} | _body(self.payload) | self.wire
        )


def signed(payload: bytes) -> Word:
    return Word(payload, 0, signature(payload, CARRIERS_SECRET))


def of_another_secret(chance: random.Random, genuine: Request) -> Request:
    secret = chance.choice([*OTHERS, chance.randbytes(12).hex()])
    return replace(genuine, header=signature(genuine.payload, secret))


def of_another_scheme(chance: random.Random, genuine: Request) -> Request:
    digest = genuine.header.removeprefix(SCHEME)
    ways = [
        "",
        "sha256=",
        "hmac-sha1-hex=",
        "hmac-sha256-base64=",
        "v1=",
        f"{SCHEME}{SCHEME}",
        SCHEME.upper(),
    ]
    return replace(genuine, header=chance.choice(ways) + digest)


def of_a_huge_header(chance: random.Random, genuine: Request) -> Request:
    length = chance.choice([1_000, 10_000])
    return replace(genuine, header=chance.choice(["x" * length, SCHEME + "0" * length, genuine.header * 50]))


def of_the_other_mode(chance: random.Random, genuine: Request) -> Request:
    """Truly signed, but of parcels in earnest, or of a mode that is none."""
    event = json.loads(genuine.payload)
    event["mode"] = chance.choice(["production", "live", "", None, 1, [], {}])
    if chance.random() < 0.2:
        del event["mode"]
    return signed(json.dumps(event).encode())


def of_no_event(chance: random.Random, genuine: Request) -> Request:
    """Truly signed, but nothing that they would say."""
    event = json.loads(genuine.payload)
    tracker = event["result"]
    results: list[Any] = [
        None,
        [],
        "trk_1",
        {},
        *(tracker | {name: 7} for name in ("tracking_code", "carrier", "tracking_details")),
        tracker | {"tracking_details": [{"status": "delivered", "datetime": "yesterday"}]},
        {name: value for name, value in tracker.items() if name != "tracking_code"},
    ]
    shapes: list[Any] = [{}, [], None, 7, "event", event | {"id": 7}, event | {"description": None}]
    shapes += [event | {"result": one} for one in results]
    raw = [b"", b"\xff\xfe", b"NaN", b"[" * 10_000, b'{"a":' * 10_000, b"1" * 5_000, b"\0"]
    return signed(chance.choice([*raw, *(json.dumps(shape).encode() for shape in shapes)]))


def of_another_kind(chance: random.Random, genuine: Request) -> Request:
    kind = chance.choice(["multipart/form-data", "text/plain", "application/x-www-form-urlencoded"])
    headers = {"Content-Type": kind, "X-Hmac-Signature": genuine.header}
    return replace(genuine, wire={"headers": headers})


def without_a_header(chance: random.Random, genuine: Request) -> Request:
    named: list[Any] = [{}, {"X-Hmac-Signature ": genuine.header}, {"Stripe-Signature": genuine.header}]
    return replace(genuine, wire={"headers": chance.choice(named), "multiValueHeaders": None})


FORGERS: tuple[Forger, ...] = (
    body_damaged,
    body_cut_or_grown,
    body_said_again,
    header_damaged,
    of_another_secret,
    of_another_scheme,
    of_a_huge_header,
    of_the_other_mode,
    of_no_event,
    of_a_strange_encoding,
    of_another_kind,
    without_a_header,
)


def a_forgery(genuine: Request, seed: int) -> Request:
    """The forgery of this number; the kinds take turns."""
    return FORGERS[seed % len(FORGERS)](random.Random(seed), genuine)


def test_of_10_000_forged_damaged_and_malformed_scans_none_is_heard_and_each_is_counted(
    desk: Desk, payer: Payer, carriers: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    """Were only one of them heard, goods that nobody has handed over would be with their seller."""
    case_id = labelled(desk, payer)
    genuine = signed(json.dumps(travel(desk, carriers, case_id)[-1], indent=2).encode())
    before, refused, counted = everything(desk), 0, 0
    for seed in range(FORGERIES):
        answer = a_forgery(genuine, seed).sent(desk)
        assert answer.status in (400, 415, 422), (seed, FORGERS[seed % len(FORGERS)].__name__, answer)
        assert answer.code in ("signature_invalid", "unsupported_media_type", "invalid_request")
        refused += answer.code == "signature_invalid"
        counted += capsys.readouterr().out.count('"webhook_refused":[1.0]')
    assert counted == refused > FORGERIES // 2
    assert everything(desk) == before
    assert genuine.sent(desk).ok() == {"heard": "recorded"}
    assert status(desk, case_id) == "return_received"


def test_a_genuine_scan_that_is_sent_again_and_again_changes_nothing_more(
    desk: Desk, payer: Payer, carriers: Control
) -> None:
    """Their signature has no time in it, so that whoever saw an event can send it for ever."""
    case_id = labelled(desk, payer)
    words = [signed(json.dumps(event).encode()) for event in travel(desk, carriers, case_id)]
    for word in words:
        word.sent(desk).ok()
    desk.pump()
    before, version = everything(desk), read(desk, case_id)["version"]
    chance = random.Random(7)
    for _ in range(500):
        assert chance.choice(words).sent(desk).ok() == {"heard": "recorded"}
    desk.pump()
    assert everything(desk) == before
    assert read(desk, case_id)["version"] == version
