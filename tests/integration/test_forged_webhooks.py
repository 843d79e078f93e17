"""Whatever is sent to the webhook, only what the provider signed, now, for this desk, is heard; and that once.

Every request is made from its number alone, so a failing one is sent again by itself: `a_forgery(genuine, 4711)`.
"""

import base64
import copy
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from aftersales.domain.order import Order
from tests.integration.harness import ACCOUNT, REGION, WEBHOOK_SECRET, Answer, Desk
from tests.integration.people import (
    Payer,
    apply,
    assert_books,
    events,
    order_of,
    paid,
    provider_events,
    put,
    read,
    refunds,
)
from tools.payment_sandbox.events import signature
from tools.payment_sandbox.rules import Status
from tools.payment_sandbox.server import Server

pytestmark = pytest.mark.enable_socket

FORGERIES = 10_000
TABLES = ("OrdersTable", "CasesTable", "IdempotencyTable")
SKEW = 300


@dataclass(frozen=True)
class Request:
    """What arrives at the webhook: bytes that somebody signed, how, and API Gateway's way of passing them on."""

    payload: bytes
    signed_at: int
    header: str
    wire: dict[str, Any] = field(default_factory=dict)

    def sent(self, desk: Desk) -> Answer:
        """The handler's answer. Bytes that are no text arrive as base64."""
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": self.header}
        return desk.call("POST", "/webhooks/stripe", **{"headers": headers} | _body(self.payload) | self.wire)


def _body(payload: bytes) -> dict[str, Any]:
    try:
        return {"body": payload.decode()}
    except UnicodeDecodeError:
        return _base64(payload)


def _base64(payload: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(payload).decode(), "isBase64Encoded": True}


def genuine_request(desk: Desk, event: Any, *, late: int = 0) -> Request:
    """As the provider sends it, some seconds ago."""
    payload = json.dumps(event, indent=2).encode()
    moment = desk.clock.now // 1000 - late
    return Request(payload, moment, signature(payload, WEBHOOK_SECRET, moment))


# ---------------------------------------------------------------- forgeries

Forger = Callable[[random.Random, Request], Request]


def _damaged(chance: random.Random, text: bytes) -> bytes:
    """One to three bytes changed, put in or taken out; never the same as before."""
    damaged = bytearray(text)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(damaged))
        match chance.choice(["change", "insert", "delete"]):
            case "change":
                damaged[at] ^= chance.randint(1, 255)
            case "insert":
                damaged.insert(at, chance.randrange(256))
            case "delete" if len(damaged) > 1:
                del damaged[at]
    return bytes(damaged) if damaged != text else _damaged(chance, text)


def body_damaged(chance: random.Random, genuine: Request) -> Request:
    return replace(genuine, payload=_damaged(chance, genuine.payload))


def body_cut_or_grown(chance: random.Random, genuine: Request) -> Request:
    payload = genuine.payload
    grown = [
        payload[: chance.randrange(len(payload))],
        payload + b" ",
        payload + b"\0",
        b"\xef\xbb\xbf" + payload,
    ]
    return replace(genuine, payload=chance.choice([*grown, payload * 2, b""]))


def body_said_again(chance: random.Random, genuine: Request) -> Request:
    """The same event in other bytes: it is bytes that were signed."""
    event = json.loads(genuine.payload)
    ways: list[dict[str, Any]] = [{"sort_keys": True}, {"indent": 4}, {"separators": (",", ":")}]
    return replace(genuine, payload=json.dumps(event, **chance.choice(ways)).encode())


def header_damaged(chance: random.Random, genuine: Request) -> Request:
    header = _damaged(chance, genuine.header.encode()).decode("latin-1")
    return replace(genuine, header=header)


def of_another_secret(chance: random.Random, genuine: Request) -> Request:
    others = [
        "",
        "whsec_",
        WEBHOOK_SECRET[:-1],
        WEBHOOK_SECRET.upper(),
        f"{WEBHOOK_SECRET} ",
        "sk_test_integration",
    ]
    secret = chance.choice([*others, chance.randbytes(12).hex()])
    return replace(genuine, header=signature(genuine.payload, secret, genuine.signed_at))


def of_another_time(chance: random.Random, genuine: Request) -> Request:
    """Truly signed, but long ago or not yet: a replay, or a clock that somebody set."""
    distance = chance.choice([SKEW + 1, SKEW + 2, 3_600, 86_400, chance.randint(SKEW + 1, 10**9), 10**11])
    moment = max(genuine.signed_at + chance.choice([-1, 1]) * distance, 0)
    return replace(genuine, header=signature(genuine.payload, WEBHOOK_SECRET, moment))


def redated(chance: random.Random, genuine: Request) -> Request:
    """The signature of one time under another, within the window or far away."""
    moment = genuine.signed_at + chance.choice([-1, 1]) * chance.choice([1, SKEW, SKEW + 1, 10**8])
    return replace(genuine, header=genuine.header.replace(str(genuine.signed_at), str(moment)))


def dated_twice(chance: random.Random, genuine: Request) -> Request:
    """Truly signed at a wrong time, with a time of now beside it: whoever reads the other `t` is fooled."""
    wrong = genuine.signed_at + chance.choice([-1, 1]) * chance.choice([SKEW + 1, 86_400, 10**9])
    _, signed = signature(genuine.payload, WEBHOOK_SECRET, wrong).split(",")
    parts = [f"t={wrong}", f"t={genuine.signed_at}", signed]
    chance.shuffle(parts)
    return replace(genuine, header=",".join(parts))


def parts_missing(chance: random.Random, genuine: Request) -> Request:
    moment, signed = genuine.header.split(",")
    left = [
        moment,
        signed,
        "",
        ",",
        "=",
        "t=,v1=",
        f"{moment},v1=",
        f"t=,{signed}",
        f"{moment},{moment}",
        signed * 2,
    ]
    return replace(genuine, header=chance.choice(left))


def of_another_scheme(chance: random.Random, genuine: Request) -> Request:
    scheme = chance.choice(["v0", "v2", "V1", "v01", "v1 ", " v1", "v", "", "t", "sha256"])
    return replace(genuine, header=genuine.header.replace("v1=", f"{scheme}="))


def of_a_strange_number(chance: random.Random, genuine: Request) -> Request:
    """Numbers that `int` or a float reads and Stripe never writes."""
    moment = str(genuine.signed_at)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in moment)
    wide = "".join(chr(0xFF10 + int(digit)) for digit in moment)
    strange = [
        f"+{moment}",
        f" {moment}",
        f"{moment} ",
        f"0{moment}",
        f"{moment}.0",
        f"{moment[0]}_{moment[1:]}",
    ]
    strange += [
        f"{float(moment):e}",
        hex(genuine.signed_at),
        f"-{moment}",
        "\N{SUPERSCRIPT TWO}",
        "NaN",
        "inf",
    ]
    return replace(genuine, header=genuine.header.replace(moment, chance.choice([arabic, wide, *strange])))


def of_a_huge_header(chance: random.Random, genuine: Request) -> Request:
    length = chance.choice([1_000, 10_000])
    moment = f"t={genuine.signed_at}"
    huge = [
        "x" * length,
        f"t={'9' * length}",
        f"{moment},v1={'0' * length}",
        moment + ",v1=00" * (length // 6),
        "," * length,
    ]
    return replace(genuine, header=chance.choice(huge))


def of_the_other_mode(chance: random.Random, genuine: Request) -> Request:
    """Truly signed, but of live payments, or of a mode that is none."""
    event = json.loads(genuine.payload)
    event["livemode"] = chance.choice([True, 1, 0, "false", "", None, [], {}])
    if chance.random() < 0.2:
        del event["livemode"]
    return _signed(json.dumps(event).encode(), genuine)


def of_no_event(chance: random.Random, genuine: Request) -> Request:
    """Truly signed, but nothing that the provider would say."""
    event = json.loads(genuine.payload)
    subject = event["data"]["object"]
    bare = event | {"data": {}}
    shapes: list[Any] = [
        {},
        [],
        None,
        7,
        "event",
        bare,
        event | {"data": None},
        event | {"id": 7},
        event | {"type": None},
    ]
    wrong: list[dict[str, Any]] = [{"metadata": ["x"]}, {"metadata": {}, "payment_intent": {"id": 1}}]
    subjects: list[Any] = [None, [], "re_1", *(subject | one for one in wrong)]
    shapes += [event | {"data": {"object": one}} for one in subjects]
    raw = [b"", b"\xff\xfe", b"NaN", b"[" * 10_000, b'{"a":' * 10_000, b"1" * 5_000, b"\0"]
    payload = chance.choice([*raw, *(json.dumps(shape).encode() for shape in shapes)])
    return _signed(payload, genuine)


def of_a_strange_encoding(chance: random.Random, genuine: Request) -> Request:
    """API Gateway's flag and the body disagree, or the base64 is none."""
    good = base64.b64encode(genuine.payload).decode()
    wires: list[dict[str, Any]] = [
        {"isBase64Encoded": True, "body": one}
        for one in (
            genuine.payload.decode(),
            good[:-1],
            f"{good}=",
            f"={good}",
            good[: len(good) // 2] + "\n" + good[len(good) // 2 :],
            f" {good}",
            good[:40] + "-_" + good[40:],
            base64.b64encode(good.encode()).decode(),
            "\N{SNOWMAN}",
        )
    ]
    wires += [{"isBase64Encoded": False, "body": one} for one in (good, "\ud800")]
    return replace(genuine, wire=chance.choice(wires))


def of_another_kind(chance: random.Random, genuine: Request) -> Request:
    kind = chance.choice(
        ["multipart/form-data", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
    )
    headers = {"Content-Type": kind, "Stripe-Signature": genuine.header}
    return replace(genuine, wire={"headers": headers})


def without_a_header(chance: random.Random, genuine: Request) -> Request:
    named: list[Any] = [{}, {"Stripe-Signature ": genuine.header}, {"X-Stripe-Signature": genuine.header}]
    return replace(genuine, wire={"headers": chance.choice(named), "multiValueHeaders": None})


def _signed(payload: bytes, genuine: Request) -> Request:
    return Request(payload, genuine.signed_at, signature(payload, WEBHOOK_SECRET, genuine.signed_at))


FORGERS: tuple[Forger, ...] = (
    body_damaged,
    body_cut_or_grown,
    body_said_again,
    header_damaged,
    of_another_secret,
    of_another_time,
    redated,
    dated_twice,
    parts_missing,
    of_another_scheme,
    of_a_strange_number,
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


@pytest.fixture
def order(desk: Desk, payer: Payer) -> Order:
    return put(desk, paid(order_of(desk), payer))


def pending_refund(desk: Desk, order: Order, key: str = "key-1") -> str:
    """A case whose money the provider has not yet sent."""
    desk.sandbox.order("pending")
    case_id = apply(desk, order, key=key)
    desk.pump()
    return case_id


def settle(desk: Desk, case_id: str, to: str) -> None:
    """The provider brings the refund of the case to this end."""
    (mine,) = (one for one in refunds(desk) if one["metadata"]["case_id"] == case_id)
    desk.sandbox.post(f"refunds/{mine['id']}/settle", status=to)


def everything(desk: Desk) -> list[list[dict[str, Any]]]:
    return [desk.rows(table) for table in TABLES]


def test_of_10_000_forged_damaged_replayed_and_future_dated_events_none_is_heard(
    desk: Desk, order: Order
) -> None:
    """Were only one of them heard, it would book the money that the provider has sent meanwhile."""
    case_id = pending_refund(desk, order)
    settle(desk, case_id, "succeeded")
    genuine = genuine_request(desk, provider_events(desk)[-1])
    before = everything(desk)
    for seed in range(FORGERIES):
        answer = a_forgery(genuine, seed).sent(desk)
        assert answer.status in (400, 415, 422), (seed, FORGERS[seed % len(FORGERS)].__name__, answer)
        assert answer.code in ("signature_invalid", "unsupported_media_type", "invalid_request")
    assert everything(desk) == before
    assert genuine.sent(desk).ok() == {"heard": "recorded"}
    assert everything(desk) != before


def test_a_genuine_event_is_heard_in_every_form_in_which_it_may_come_and_changes_something_once(
    desk: Desk, order: Order
) -> None:
    case_id = pending_refund(desk, order)
    settle(desk, case_id, "succeeded")
    event = provider_events(desk)[-1]
    genuine_request(desk, event).sent(desk).ok()
    desk.pump()
    after = everything(desk)
    for late in (0, 1, -1, SKEW, -SKEW):
        genuine = genuine_request(desk, event, late=late)
        moment, signed = genuine.header.split(",")
        other = "v1=" + "0" * 64
        headers = {"content-type": "application/json", "stripe-signature": genuine.header}
        for form in (
            genuine,
            replace(genuine, header=f"{signed},{moment}"),
            # While Stripe rolls a secret it signs with both, and it may add schemes that nobody knows yet.
            replace(genuine, header=f"{moment},{other},{signed}"),
            replace(genuine, header=f"{genuine.header},{other},v0={'0' * 64},v9=x"),
            replace(genuine, wire=_base64(genuine.payload)),
            replace(genuine, wire={"headers": headers}),
        ):
            assert form.sent(desk).ok() == {"heard": "recorded"}
    desk.pump()
    assert everything(desk) == after


# ---------------------------------------------------------------- order


WAY: tuple[Status, ...] = ("pending", "succeeded", "failed")
# A refund's life as the provider tells it, and how far on its way the refund is by then.
LIFE: tuple[tuple[str, Status], ...] = (
    ("refund.created", "pending"),
    ("charge.refunded", "pending"),
    ("refund.updated", "succeeded"),
    ("charge.refund.updated", "succeeded"),
    ("refund.failed", "failed"),
)


class Moment:
    """A moment of desk and provider, to which both come back at once: each permutation starts there, and 120
    journeys to it would take a minute."""

    _OF_LEDGER = ("_payments", "_charges", "_refunds", "_disputes", "_events")

    def __init__(self, server: Server) -> None:
        self._ledger = server.sandbox.ledger
        self._tables = dynamodb_backends[ACCOUNT][REGION].tables
        self._rows = {name: copy.deepcopy(table.items) for name, table in self._tables.items()}
        # All at once, for they point at each other.
        self._books = copy.deepcopy({name: getattr(self._ledger, name) for name in self._OF_LEDGER})

    def again(self) -> None:
        for name, rows in self._rows.items():
            self._tables[name].items = copy.deepcopy(rows)
        for name, books in copy.deepcopy(self._books).items():
            setattr(self._ledger, name, books)


def test_five_events_of_a_refund_in_every_order_and_repeated_lead_to_the_provider_s_one_end(
    desk: Desk, order: Order, sandbox_server: Server
) -> None:
    """The provider goes on only as far as the next event needs it, so that each order is heard as early as it can
    be: the desk sees the refund pending, succeeded and failed, or only the end of it."""
    case_id = pending_refund(desk, order)
    moment, provider = Moment(sandbox_server), sandbox_server.sandbox.ledger
    chance = random.Random(5)
    ends = set()
    for sequence in itertools.permutations(LIFE):
        moment.again()
        heard: list[Any] = []
        for type_, stands in sequence:
            (refund,) = provider.refunds()
            for to in WAY[WAY.index(refund["status"]) + 1 : WAY.index(stands) + 1]:
                provider.settle(refund["id"], to, None)
            heard.append(next(one for one in provider.events() if one["type"] == type_))
            assert desk.hear(heard[-1]).status == 200, (sequence, type_)
        assert desk.hear(chance.choice(heard)).status == 200, sequence
        case, view = read(desk, case_id), assert_books(desk, order)
        (ours,), (theirs,) = case["refunds"], provider.refunds()
        assert ours["state"] == theirs["status"] == "failed", sequence
        told = events(desk, case_id)
        assert told.count("refund_succeeded") == told.count("refund_failed_late") <= 1, sequence
        ends.add((case["status"], case["waiting_on"], json.dumps(ours), json.dumps(view)))
    assert len(ends) == 1
