"""Each row's silence on the deployed stack: the clock is moved by data, one sweep comes by, and what the case had said
would happen has happened."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from aftersales.domain.lifecycle import CLOCKS
from tests.builders import parcel_of
from tests.e2e.market import Market, Sale, body, now, wait
from tools.desk import Person

pytestmark = pytest.mark.e2e

SMALL, LARGE = 5_900, 50_000
Bring = Callable[[Market, Sale], str]


@dataclass(frozen=True)
class Row:
    """A case that waits, what it says of its time, and what becomes of it when nobody does anything."""

    total: int
    bring: Bring
    before: tuple[str, str, str]
    event: str
    after: tuple[str, ...]


def evidence_required(market: Market, sale: Sale) -> str:
    case_id = str(market.apply(sale, reason="damaged")["case_id"])
    market.until(sale, case_id, "evidence_required")
    return case_id


def under_review(market: Market, sale: Sale) -> str:
    case_id = str(market.apply(sale, reason="other")["case_id"])
    market.until(sale, case_id, "under_review")
    return case_id


def offered(by: str) -> Bring:
    def bring(market: Market, sale: Sale) -> str:
        case_id = under_review(market, sale)
        _post(_side(sale, by), case_id, "offers", amount=1_000, note="For the lid.")
        return case_id

    return bring


def declined(market: Market, sale: Sale) -> str:
    case_id = under_review(market, sale)
    body(market.decide(sale, case_id, "decline"))
    return case_id


def disputed(market: Market, sale: Sale) -> str:
    case_id = declined(market, sale)
    _post(sale.buyer, case_id, "dispute", text="The lid is broken.")
    return case_id


def answered(market: Market, sale: Sale) -> str:
    case_id = disputed(market, sale)
    _post(sale.seller, case_id, "statements", text="It left us whole.")
    return case_id


def heard(market: Market, sale: Sale) -> str:
    case_id = answered(market, sale)
    _post(sale.buyer, case_id, "statements", text="It came broken.")
    return case_id


def unanswered(fault: str, status: str) -> Bring:
    def bring(market: Market, sale: Sale) -> str:
        market.fault(sale, fault)
        case_id = str(market.apply(sale)["case_id"])
        market.until(sale, case_id, status)
        return case_id

    return bring


def awaited(market: Market, sale: Sale) -> str:
    case_id = str(market.apply(sale, kind="return")["case_id"])
    market.until(sale, case_id, "awaiting_return")
    return case_id


def sent(market: Market, sale: Sale) -> str:
    case_id = awaited(market, sale)
    _post(sale.buyer, case_id, "shipment", carrier="ups", tracking_code=parcel_of(case_id))
    return case_id


def arrived(market: Market, sale: Sale) -> str:
    case_id = sent(market, sale)
    _post(sale.seller, case_id, "receipt")
    return case_id


def short(market: Market, sale: Sale) -> str:
    case_id = arrived(market, sale)
    _post(sale.seller, case_id, "receipt", lines=[{"line_id": "kettle", "accepted": 0}])
    return case_id


def exchanged(on_hand: int, status: str, price: int = SMALL) -> Bring:
    def bring(market: Market, sale: Sale) -> str:
        sku = f"kettle-of-{sale.order_id}"
        other = {
            "seller_id": sale.seller.party_id,
            "product": "kettles",
            "title": "A kettle",
            "currency": sale.order["currency"],
            "price": price,
            "on_hand": on_hand,
        }
        body(market.stack.person("platform").put(f"skus/{sku}", other))
        wanted = [{"line_id": "kettle", "sku": sku, "quantity": 1}]
        case_id = str(market.apply(sale, kind="exchange", replacement=wanted)["case_id"])
        market.until(sale, case_id, status)
        return case_id

    return bring


def back(price: int, status: str) -> Bring:
    def bring(market: Market, sale: Sale) -> str:
        case_id = exchanged(1, "awaiting_return", price)(market, sale)
        _post(sale.buyer, case_id, "shipment", carrier="ups", tracking_code=parcel_of(case_id))
        _post(sale.seller, case_id, "receipt", lines=[{"line_id": "kettle", "accepted": 1}])
        market.until(sale, case_id, status)
        return case_id

    return bring


def sent_for(market: Market, sale: Sale) -> str:
    case_id = back(SMALL, "exchange_pending")(market, sale)
    other = parcel_of(case_id[24:])
    wait(
        lambda: (
            sale.seller.post(
                f"cases/{case_id}/replacement", {"carrier": "ups", "tracking_code": other}
            ).is_success
        ),
        "goods that are set aside",
    )
    return case_id


def _side(sale: Sale, side: str) -> Person:
    return sale.buyer if side == "buyer" else sale.seller


def _post(person: Person, case_id: str, what: str, **said: object) -> None:
    answer = person.post(f"cases/{case_id}/{what}", said)
    assert answer.is_success, answer.text


ROWS = {
    "no photo comes": Row(
        SMALL,
        evidence_required,
        ("evidence_required", "buyer", "cancelled"),
        "case_cancelled",
        ("cancelled",),
    ),
    "the seller says nothing to a small claim": Row(
        SMALL,
        under_review,
        ("under_review", "seller", "approved"),
        "case_approved",
        ("approved", "refund_pending", "completed"),
    ),
    "the seller says nothing to a large claim": Row(
        LARGE, under_review, ("under_review", "seller", "disputed"), "case_disputed", ("disputed",)
    ),
    "the buyer does not answer the seller's offer": Row(
        LARGE,
        offered("seller"),
        ("offer_pending", "buyer", "under_review"),
        "offer_lapsed",
        ("under_review",),
    ),
    "the seller does not answer the buyer's offer": Row(
        LARGE,
        offered("buyer"),
        ("offer_pending", "seller", "under_review"),
        "offer_lapsed",
        ("under_review",),
    ),
    "the buyer does not object to a decline": Row(
        LARGE,
        declined,
        ("declined", "buyer", "closed_declined"),
        "case_closed_declined",
        ("closed_declined",),
    ),
    "the seller makes no statement": Row(
        LARGE, disputed, ("disputed", "seller", "statement_forgone"), "statement_forgone", ("disputed",)
    ),
    "the buyer makes no statement": Row(
        LARGE, answered, ("disputed", "buyer", "statement_forgone"), "statement_forgone", ("disputed",)
    ),
    "no reviewer decides": Row(
        LARGE, heard, ("disputed", "platform", "reviewer_reminded"), "review_overdue", ("disputed",)
    ),
    "the goods are not sent": Row(
        SMALL, awaited, ("awaiting_return", "buyer", "expired"), "case_expired", ("expired",)
    ),
    "the parcel does not come": Row(
        SMALL, sent, ("return_in_transit", "carrier", "disputed"), "parcel_overdue", ("disputed",)
    ),
    "the seller does not look at the goods": Row(
        SMALL,
        arrived,
        ("return_received", "seller", "received_as_announced"),
        "return_accepted",
        ("approved", "refund_pending", "completed"),
    ),
    "the buyer does not object to what was found": Row(
        SMALL,
        short,
        ("inspection_failed", "buyer", "deduction_accepted"),
        "deduction_accepted",
        ("closed_declined",),
    ),
    "the buyer does not choose where there are none": Row(
        SMALL,
        exchanged(0, "out_of_stock"),
        ("out_of_stock", "buyer", "refunded"),
        "exchange_forgone",
        ("awaiting_return",),
    ),
    "the buyer does not pay what the other goods cost more": Row(
        SMALL,
        back(SMALL + 900, "awaiting_payment"),
        ("awaiting_payment", "buyer", "refunded"),
        "exchange_forgone",
        ("approved", "refund_pending", "completed"),
    ),
    "the seller does not send the other goods": Row(
        SMALL,
        back(SMALL, "exchange_pending"),
        ("exchange_pending", "seller", "refunded"),
        "exchange_forgone",
        ("approved", "refund_pending", "completed"),
    ),
    "the other goods do not come": Row(
        SMALL,
        sent_for,
        ("exchange_shipped", "carrier", "sent_once_more"),
        "replacement_lost",
        ("exchange_pending", "out_of_stock"),
    ),
    "the provider does not answer": Row(
        SMALL,
        unanswered("pending", "refund_pending"),
        ("refund_pending", "payment", "provider_asked_again"),
        "refund_overdue",
        ("refund_pending",),
    ),
    "no operator acts": Row(
        SMALL,
        unanswered("fail", "refund_action_required"),
        ("refund_action_required", "platform", "operator_reminded"),
        "operator_overdue",
        ("refund_action_required",),
    ),
}


def test_every_silence_does_what_the_case_said_it_would(market: Market) -> None:
    assert {row.before[0] for row in ROWS.values()} == set(CLOCKS)
    cases = {}
    for name, row in ROWS.items():
        sale = market.sell(total=row.total)
        cases[name] = (sale, row.bring(market, sale))
    for name, (sale, case_id) in cases.items():
        case = market.case(sale, case_id)
        assert (case["status"], case["waiting_on"], case["on_timeout"]) == ROWS[name].before, name
        market.stack.move_deadline(case_id, now())

    market.stack.sweep()

    for name, (sale, case_id) in cases.items():
        row = ROWS[name]
        wait(lambda: row.event in market.events(sale, case_id), name)  # noqa: B023 - waited for at once
        assert market.case(sale, case_id)["status"] in row.after, name
