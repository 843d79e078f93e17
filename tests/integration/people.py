"""What people do at the desk in most tests, and what must be true whatever they did."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any, Self

from stripe import StripeClient

from aftersales.contracts.fields import rfc3339
from aftersales.domain.order import Line, Order, Payment, Shipping
from aftersales.domain.parties import Party, Role
from tests.builders import BUYER, CARD, GIFT_CARD, REVIEWER, SELLER, a_line, an_order
from tests.conformance.provider import Shop
from tests.integration.harness import ACCOUNT, REGION, Answer, Desk
from tools.payment_sandbox.pay import pay_with

PLATFORM = Party(Role.PLATFORM, "shop")
DAY = 24 * 60 * 60 * 1000
JPEG = "image/jpeg"


class Payer:
    """Makes payments at the sandbox, so that orders can refer to them."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @classmethod
    def at(cls, url: str) -> Self:
        """With the desk's own account."""
        addresses: Any = {"api": url}
        return cls(Shop(StripeClient("sk_test_integration", base_addresses=addresses, max_network_retries=0)))

    def pay(self, amount: int, currency: str = "USD", customer: str | None = None) -> str:
        """The id of a captured payment; of a customer's the method is kept."""
        kept = {"customer": customer} if customer else {}
        return self._shop.pay(amount, currency.lower(), **kept).id

    def pay_with(self, client_secret: str) -> None:
        """Pay what a case asks for."""
        pay_with(self._shop.client, client_secret)

    def asked(self) -> list[str]:
        """What became of the payments that cases asked for."""
        found = self._shop.client.v1.payment_intents.list({"limit": 100}).data
        return [one.status for one in found if one.capture_method == "manual"]


def order_of(desk: Desk, total: int = 2_000, **changes: Any) -> Order:
    """One bowl that was delivered five days ago, paid by card; small enough for the policy alone."""
    lines = changes.pop("lines", (a_line(quantity=1, total=total),))
    order = an_order(
        **{"lines": lines, "shipping": Shipping(), "payments": (), "platform_fee": 233} | changes
    )
    return replace(
        order,
        placed_at=desk.clock.now - 8 * DAY,
        shipped_at=desk.clock.now - 7 * DAY,
        delivered_at=desk.clock.now - 5 * DAY,
    )


def paid(order: Order, payer: Payer, *captured: int, vouchers: int = 0, customer: str | None = None) -> Order:
    """The order with its payments: these sums by card (all of it by one card unless told), after vouchers."""
    total = sum(line.total for line in order.lines) + order.shipping.total
    sums = captured or (total - vouchers,)
    cards = tuple(
        Payment(
            payment_id=CARD if number == 1 else f"{CARD}-{number}",
            provider="stripe",
            reference=payer.pay(amount, order.currency, customer),
            captured=amount,
        )
        for number, amount in enumerate(sums, 1)
    )
    voucher = Payment(payment_id=GIFT_CARD, provider="store_credit", reference="gc_77", captured=vouchers)
    return replace(order, payments=((voucher,) if vouchers else ()) + cards)


def body_of(order: Order) -> dict[str, Any]:
    """The order as the platform sends it."""
    return {
        "buyer_id": order.buyer_id,
        "seller_id": order.seller_id,
        "currency": order.currency,
        "platform_fee": order.platform_fee,
        "placed_at": rfc3339(order.placed_at),
        "shipped_at": rfc3339(order.shipped_at) if order.shipped_at else None,
        "delivered_at": rfc3339(order.delivered_at) if order.delivered_at else None,
        "lines": [_line_body(line) for line in order.lines],
        "shipping": {"total": order.shipping.total, "tax": order.shipping.tax},
        "payments": [
            {
                "payment_id": one.payment_id,
                "provider": one.provider,
                "reference": one.reference,
                "captured": one.captured,
            }
            for one in order.payments
        ],
        "contact": {"email": "mei@example.com", "language": "en"},
        "shipping_address": asdict(order.shipping_address) if order.shipping_address else None,
        "return_address": asdict(order.return_address) if order.return_address else None,
    }


def _line_body(line: Line) -> dict[str, Any]:
    names = (
        "line_id",
        "sku",
        "title",
        "category",
        "quantity",
        "total",
        "tax",
        "returnable",
        "origin_country",
    )
    return {name: getattr(line, name) for name in names}


def put(desk: Desk, order: Order) -> Order:
    """The platform writes the order."""
    desk.call("PUT", f"/orders/{order.order_id}", by=PLATFORM, body=body_of(order)).ok()
    return order


def an_application(order: Order, reason: str = "late", **changes: Any) -> dict[str, Any]:
    """For one unit of the first line; `late` needs no photo and is decided by the policy alone."""
    return {
        "order_id": order.order_id,
        "kind": "refund",
        "reason": reason,
        "lines": [{"line_id": order.lines[0].line_id, "quantity": 1}],
        "description": "It came a month late.",
    } | changes


def apply(desk: Desk, order: Order, reason: str = "late", *, key: str = "key-1", **changes: Any) -> str:
    """The buyer applies; the id of the case. Nothing is carried yet."""
    by, body = Party(Role.BUYER, order.buyer_id), an_application(order, reason, **changes)
    case_id: str = desk.call("POST", "/cases", by=by, body=body, key=key).ok()["case_id"]
    return case_id


def decide(desk: Desk, case_id: str, decision: str = "approve", *, by: Party = SELLER, **more: Any) -> Answer:
    """The seller (or somebody else) decides."""
    event = {name: more.pop(name) for name in ("key", "if_match") if name in more}
    body = {"decision": decision, "reason_code": "seen_on_photo", "note": "The crack is plain to see."} | more
    return desk.call("POST", f"/cases/{case_id}/decision", by=by, body=body, **event)


def withdraw(desk: Desk, case_id: str, *, by: Party = BUYER, **event: Any) -> Answer:
    """The buyer steps back."""
    return desk.call("POST", f"/cases/{case_id}/withdrawal", by=by, body={}, **event)


def resume(desk: Desk, case_id: str) -> Answer:
    """An operator sends the case on."""
    return desk.call("POST", f"/cases/{case_id}/resumption", by=Party(Role.OPERATOR, "olga"), body={})


def a_promise(content: bytes, content_type: str = JPEG, filename: str = "crack.jpg") -> dict[str, Any]:
    """A photo of exactly this size."""
    return {"filename": filename, "content_type": content_type, "size": len(content)}


def read(desk: Desk, case_id: str) -> Any:
    """The case, as a reviewer sees it, who sees everybody's."""
    return desk.call("GET", f"/cases/{case_id}", by=REVIEWER).ok()


def status(desk: Desk, case_id: str) -> str:
    """The case's status."""
    return str(read(desk, case_id)["status"])


def timeline(desk: Desk, case_id: str) -> list[Any]:
    """All entries, page by page."""
    entries: list[Any] = []
    query = {"limit": "100"}
    while True:
        page = desk.call("GET", f"/cases/{case_id}/timeline", by=REVIEWER, query=query).ok()
        entries += page["items"]
        if page["next_cursor"] is None:
            return entries
        query["cursor"] = page["next_cursor"]


def events(desk: Desk, case_id: str) -> list[str]:
    """What happened to the case, in order."""
    return [entry["event"] for entry in timeline(desk, case_id)]


def refunds(desk: Desk) -> list[Any]:
    """All refunds at the provider, oldest first."""
    return list(reversed(desk.sandbox.get("refunds")["refunds"]))


def provider_events(desk: Desk) -> list[Any]:
    """All events of the provider, oldest first."""
    headers = {"Authorization": "Bearer sk_test_integration"}
    answer = desk.sandbox.http.get("/v1/events", params={"limit": 100}, headers=headers)
    return list(reversed(answer.raise_for_status().json()["data"]))


def credits_given(desk: Desk) -> list[tuple[str, int]]:
    """Store credit that was handed out: refund id and amount."""
    return sorted(
        (row["refund_id"]["S"], int(row["amount"]["N"]))
        for row in desk.rows("OrdersTable")
        if row["pk"]["S"].startswith("CREDIT#")
    )


_HOLDING = ("pending", "requires_action", "succeeded")


def assert_books(desk: Desk, order: Order) -> Any:
    """Per payment, at rest: the parts add up, the provider shows at most one live refund for each refund id,
    and what it paid back is what the ledger says. Answers the order as its buyer sees it."""
    view = desk.call("GET", f"/orders/{order.order_id}", by=PLATFORM).ok()
    references = {one.payment_id: one.reference for one in order.payments} | _taken(desk)
    for payment in view["payments"]:
        parts = [payment[name] for name in ("available", "reserved", "refunded", "external", "disputed")]
        assert sum(parts) == payment["captured"], payment
        assert min(parts) >= 0, payment
        if payment["provider"] == "stripe":
            reference = references[payment["payment_id"]]
            held = _live_refunds(desk, reference)
            assert sum(held.values()) <= payment["captured"]
            paid_back = [one for one in _of(desk, reference) if one["status"] == "succeeded"]
            ours, by_hand = (
                sum(one["amount"] for one in paid_back if bool(one["metadata"]) is is_ours)
                for is_ours in (True, False)
            )
            assert ours == payment["refunded"], (ours, payment)
            assert payment["external"] <= by_hand <= payment["external"] + payment["short"], (
                by_hand,
                payment,
            )
        else:
            handed = [
                amount
                for refund_id, amount in credits_given(desk)
                if f".{payment['payment_id']}." in refund_id
            ]
            assert sum(handed) == payment["refunded"], (handed, payment)
    return view


def _taken(desk: Desk) -> dict[str, str]:
    """What the desk took itself: charge id and reference."""
    headers = {"Authorization": "Bearer sk_test_integration"}
    answer = desk.sandbox.http.get("/v1/payment_intents", params={"limit": 100}, headers=headers)
    found = answer.raise_for_status().json()["data"]
    return {one["metadata"]["charge_id"]: one["id"] for one in found if one["metadata"]}


def _of(desk: Desk, reference: str) -> list[Any]:
    return [one for one in refunds(desk) if one["payment_intent"] == reference]


def _live_refunds(desk: Desk, reference: str) -> dict[str, int]:
    live: dict[str, list[int]] = defaultdict(list)
    for refund in _of(desk, reference):
        if refund["status"] in _HOLDING:
            live[refund["metadata"].get("refund_id", refund["id"])].append(refund["amount"])
    assert all(len(amounts) == 1 for amounts in live.values()), live
    return {refund_id: amounts[0] for refund_id, amounts in live.items()}


def assert_told(desk: Desk, case_id: str) -> list[Any]:
    """The timeline has no gap, ends at the case's version and status, and each entry starts where the one before
    ended. Answers its entries."""
    entries, case = timeline(desk, case_id), read(desk, case_id)
    assert [entry["seq"] for entry in entries] == list(range(1, case["version"] + 1))
    assert entries[-1]["to"] == case["status"]
    for before, after in pairwise(entries):
        assert before["to"] == after["from"], (before, after)
    return entries


ENDS = {
    "completed": "Completed",
    "cancelled": "Cancelled",
    "expired": "Expired",
    "closed_declined": "Closed as declined",
}


def assert_ended(desk: Desk, case_id: str, expected: str) -> list[str]:
    """The case is final, its execution has ended in the matching state; answers the states it entered."""
    assert assert_told(desk, case_id)[-1]["to"] == expected
    ended, entered = desk.execution(desk.executions(case_id)[-1])
    assert ended == "SUCCEEDED"
    # A refund's own last step proves that the books are closed; it ends there.
    assert entered[-1] in {
        ENDS[expected],
        *(["Settle and close the case"] if expected == "completed" else []),
    }
    return entered


def listen(desk: Desk, topic: str) -> Callable[[], list[str]]:
    """A queue that hears everything of a topic; answers what reads it."""
    sqs, sns = desk.stack.client("sqs"), desk.stack.client("sns")
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    sns.subscribe(
        TopicArn=desk.stack.ref(topic),
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:listener",
        Attributes={"RawMessageDelivery": "true"},
    )

    def heard() -> list[str]:
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [one["Body"] for one in messages]
            for one in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return bodies

    return heard


def count(names: Iterable[str]) -> dict[str, int]:
    """How often each name comes."""
    found: dict[str, int] = defaultdict(int)
    for name in names:
        found[name] += 1
    return dict(found)
