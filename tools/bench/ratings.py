"""A hot seller: what it costs to count a feedback and to read the rating, with 10, 1,000 and 10,000 feedbacks.

The use cases and the adapter are the real ones; the table is one dictionary, and the units are those of its items.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback
from aftersales.adapters.policies import PublishedPolicies
from aftersales.domain import feedback as rules
from aftersales.domain.feedback import Dimension, verdict_of
from aftersales.domain.order import Line, Order, Payment
from aftersales.domain.parties import Party, Role
from aftersales.usecases.count_feedback import count_feedback
from aftersales.usecases.feedback_ports import FeedbackDesk, Subject
from aftersales.usecases.read_feedback import read_rating
from tools.bench.capacity import NOTHING, Table, Units, item_read_units, query_read_units, write_units

SIZES = (10, 1_000, 10_000)
_SELLER = "seller-lanterna"
_NOW = 1_773_568_800_000
_DAY = 24 * 60 * 60 * 1000
# Over so many days the feedbacks come, the last of them today; a burst is not what is measured here.
_DAYS = 300
_TABLE = Table(("pk", "sk"), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSeller:
    """What was counted at one size. Writes are of the last feedback, in its seller's rating and in a product's."""

    feedbacks: int
    write: Units
    transactions: int
    read: Units
    queries: int
    shares: Sequence[float]


@dataclass
class _Client:
    """DynamoDB as far as counting needs it: conditions are the adapter's own affair and hold here."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    units: Units = NOTHING
    counted: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """From here on calls and units are counted anew."""
        self.calls, self.units = Counter(), NOTHING

    def get_item(self, *, Key: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        row = self.rows.get(Key["pk"]["S"], {}).get(Key["sk"]["S"])
        self._did("GetItem", item_read_units([row], consistent=True))
        return {"Item": row} if row else {}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> None:
        self.calls["TransactWriteItems"] += 1
        for one in TransactItems:
            after = dict(one["Put"]["Item"]) if "Put" in one else self._added(one["Update"])
            partition = self.rows.setdefault(after["pk"]["S"], {})
            before = partition.get(after["sk"]["S"])
            self.units += write_units(_TABLE, before, after, transactional=True)
            partition[after["sk"]["S"]] = after
            self.counted[after["pk"]["S"]] += "Put" in one

    def get_paginator(self, _: str) -> "_Client":
        return self

    def paginate(self, *, ExpressionAttributeValues: Mapping[str, Any], **_: Any) -> Iterator[Any]:
        first, last = (ExpressionAttributeValues[name]["S"] for name in (":since", ":all"))
        partition = self.rows.get(ExpressionAttributeValues[":shard"]["S"], {})
        rows = [partition[sk] for sk in sorted(partition) if first <= sk <= last]
        self._did("Query", query_read_units(rows, consistent=False))
        yield {"Items": rows}

    def _added(self, update: Mapping[str, Any]) -> dict[str, Any]:
        key, names = update["Key"], update["ExpressionAttributeNames"]
        row: dict[str, Any] = dict(self.rows.get(key["pk"]["S"], {}).get(key["sk"]["S"], key))
        for placeholder, name in names.items():
            added = int(update["ExpressionAttributeValues"][f":{placeholder[1:]}"]["N"])
            row[name] = {"N": str(int(row.get(name, {"N": "0"})["N"]) + added)}
        return row

    def _did(self, call: str, units: Units) -> None:
        self.calls[call] += 1
        self.units += units


@cache
def hot_seller(feedbacks: int) -> HotSeller:
    """Count so many of one seller and one product, then read the seller's rating."""
    client = _Client()
    names = dict.fromkeys(("feedback", "orders", "cases", "idempotency"), "table")
    store = DynamoDBFeedback(cast(Any, client), **names)
    desk = FeedbackDesk(store=store, policies=PublishedPolicies(), now=lambda: _NOW, pause=lambda _: None)
    for number in range(feedbacks):
        store.commit_feedback(_left(number, _NOW - (feedbacks - 1 - number) * _DAYS * _DAY // feedbacks))
        client.begin()
        count_feedback(desk, f"feedback-{number}")
    write, transactions = client.units, client.calls["TransactWriteItems"]
    client.begin()
    assert read_rating(desk, Subject(_SELLER)).count == feedbacks
    of_seller = [n for pk, n in sorted(client.counted.items()) if pk.startswith("RATING#SELLER#")]
    return HotSeller(
        feedbacks=feedbacks,
        write=write,
        transactions=transactions,
        read=client.units,
        queries=client.calls["Query"],
        shares=[n / feedbacks for n in of_seller],
    )


def _left(number: int, at: int) -> rules.Change:
    buyer = Party(Role.BUYER, f"buyer-{number}")
    lamp = Line(line_id="1", sku="lamp-1", title="Lamp", category="lamps", quantity=1, total=5_900)
    order = Order(
        order_id=f"order-{number}",
        buyer_id=buyer.id,
        seller_id=_SELLER,
        currency="BRL",
        placed_at=at,
        delivered_at=at,
        lines=(lamp,),
        payments=(Payment(payment_id="p", provider="stripe", reference="pi_1", captured=5_900),),
    )
    score = 1 + number % 5
    return rules.leave(
        feedback_id=f"feedback-{number}",
        order=order,
        verdict=verdict_of(score, dict.fromkeys(Dimension, score), ""),
        burst=False,
        terms=PublishedPolicies().at(at).feedback,
        request_hash="0" * 64,
        buyer=buyer,
        now=at,
    )
