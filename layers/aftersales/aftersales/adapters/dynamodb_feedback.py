"""Feedback, its history and its ratings in DynamoDB. Every write carries a condition."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aftersales.adapters import items, tables
from aftersales.adapters.items import Item
from aftersales.domain.digest import Reader
from aftersales.domain.feedback import Change, Entry, Feedback
from aftersales.domain.feedback_request import Request
from aftersales.domain.order import Order
from aftersales.domain.rating import ALL, Tally
from aftersales.usecases.feedback_ports import Counted, Subject
from aftersales.usecases.ports import Page, Receipt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Of so many cases of a buyer since an order was placed, one is looked for that is the order's.
_CASES_BOUND = 25
_LOOK = "LOOK"
_REVISION = "revision"


class DynamoDBFeedback:
    """The `FeedbackStore` port on the table of feedback and that of idempotency; orders and cases are only read."""

    def __init__(
        self, client: "DynamoDBClient", *, feedback: str, orders: str, cases: str, idempotency: str
    ) -> None:
        self._db = client
        self._feedback = feedback
        self._orders = orders
        self._cases = cases
        self._idempotency = idempotency

    def order_of_buyer(self, order_id: str) -> Order | None:
        """The snapshot alone: its ledger is nothing that feedback may look at."""
        row = items.get(self._db, self._orders, tables.order_key(order_id))
        return items.read(Order, row) if row else None

    def case_of_order(self, order: Order) -> str | None:
        """Among the newest cases of its buyer, by their orders alone."""
        answer = self._db.query(
            TableName=self._cases,
            IndexName=tables.BY_BUYER,
            KeyConditionExpression="buyer = :buyer AND opened_at >= :placed",
            ExpressionAttributeValues={
                ":buyer": {"S": f"BUYER#{order.buyer_id}"},
                ":placed": {"N": str(order.placed_at)},
            },
            ScanIndexForward=False,
            Limit=_CASES_BOUND,
        )
        keys = [{"pk": row["pk"]["S"], "sk": row["sk"]["S"]} for row in answer["Items"]]
        rows = items.in_order(self._db, self._cases, keys)
        return next((row["case_id"] for row in rows if row["order_id"] == order.order_id), None)

    def feedback(self, feedback_id: str) -> Feedback | None:
        """Read consistently: what counts it has just been told that it changed."""
        row = items.get(self._db, self._feedback, tables.feedback_key(feedback_id))
        return items.read(Feedback, row) if row else None

    def feedback_of_order(self, order_id: str, buyer_id: str) -> str | None:
        """One read by key."""
        row = self._place(order_id, buyer_id)
        return str(row["feedback_id"]) if row and "feedback_id" in row else None

    def said_before(self, order_id: str, buyer_id: str) -> bool:
        """A place that was freed stays as an empty row."""
        return self._place(order_id, buyer_id) is not None

    def commit_feedback(self, change: Change, receipt: Receipt | None = None) -> None:
        """Two tabs of one buyer, author and reviewer, seller and author: all meet here.

        tab 1   no place taken ─── put v1, place taken if free    first one wins
        tab 2   no place taken ─── put v1, place taken if free    the other gets `Stale` and finds the first
        """
        feedback, entry = change.feedback, change.entry
        first = feedback.version == 1
        writes: list[Item] = [
            {
                "Put": {
                    "TableName": self._feedback,
                    "Item": items.wire(_feedback_row(feedback)),
                    **(items.ABSENT if first else items.at_version(feedback.version - 1)),
                }
            },
            {
                "Put": {
                    "TableName": self._feedback,
                    "Item": items.wire(_entry_row(entry)),
                    **items.ABSENT,
                }
            },
        ]
        place = tables.left_key(feedback.order_id, feedback.buyer_id)
        if first:
            row = place | {"feedback_id": feedback.feedback_id}
            free = {"ConditionExpression": "attribute_not_exists(feedback_id)"}
            writes.append({"Put": {"TableName": self._feedback, "Item": items.wire(row), **free}})
        if change.frees_order:
            writes.append(
                {
                    "Put": {
                        "TableName": self._feedback,
                        "Item": items.wire(place),
                        # A place that another feedback took meanwhile is that one's.
                        "ConditionExpression": "feedback_id = :mine",
                        "ExpressionAttributeValues": {":mine": {"S": feedback.feedback_id}},
                    }
                }
            )
        if receipt:
            writes.append(items.put_receipt(self._idempotency, receipt, entry.at))
        items.transact(self._db, writes)

    def feedback_receipt(self, key: str, now: int) -> Receipt | None:
        """Gone once it has expired."""
        return items.find_receipt(self._db, self._idempotency, key, now)

    def feedback_of_seller(
        self, seller_id: str, *, first: int, last: int, limit: int, cursor: str | None
    ) -> Page[Feedback]:
        """An index with keys only, never rewritten, then the feedback itself."""
        key = tables.seller_subject(seller_id)
        answer = self._db.query(
            TableName=self._feedback,
            IndexName=tables.BY_SELLER,
            KeyConditionExpression="seller = :seller AND left_at BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":seller": {"S": key},
                ":first": {"N": str(first)},
                ":last": {"N": str(last)},
            },
            ScanIndexForward=False,
            Limit=limit,
            **items.start_at(
                cursor, index=("seller", key), moment="left_at", rows={"FEEDBACK#": tables.FEEDBACK}
            ),
        )
        return self._page(answer)

    def feedback_to_look_at(self, *, limit: int, cursor: str | None) -> Page[Feedback]:
        """The sparse index of what waits for a look; few do, so they stand together."""
        answer = self._db.query(
            TableName=self._feedback,
            IndexName=tables.BY_LOOK,
            KeyConditionExpression="looked_at = :look",
            ExpressionAttributeValues={":look": {"S": _LOOK}},
            Limit=limit,
            **items.start_at(
                cursor, index=("looked_at", _LOOK), moment="updated_at", rows={"FEEDBACK#": tables.FEEDBACK}
            ),
        )
        return self._page(answer)

    def times_of_seller(self, seller_id: str, *, before: int, limit: int) -> Sequence[int]:
        """From the index alone; what is a second old may be missing in it."""
        answer = self._db.query(
            TableName=self._feedback,
            IndexName=tables.BY_SELLER,
            KeyConditionExpression="seller = :seller AND left_at <= :before",
            ExpressionAttributeValues={
                ":seller": {"S": tables.seller_subject(seller_id)},
                ":before": {"N": str(before)},
            },
            ScanIndexForward=False,
            Limit=limit,
        )
        return [int(row["left_at"]["N"]) for row in answer["Items"]]

    def counted(self, subject: Subject, feedback_id: str) -> Counted:
        """One read by key, consistent."""
        row = items.get(self._db, self._feedback, tables.counted_key(_name(subject), feedback_id))
        return _counted(row) if row else Counted()

    def count(self, subject: Subject, feedback_id: str, counted: Counted, delta: Tally) -> None:
        """The stream delivers twice, out of order, and to two workers at once:

        worker 1   counted once, reads v3 ───────────── counted twice if once, add v3 - v1    first one wins
        worker 2   counted once, reads v2 ── counted twice if once, add v2 - v1               the other is `Stale`

        What is counted carries the condition for the additions, which go with it or not at all.
        """
        name = _name(subject)
        row = tables.counted_key(name, feedback_id) | {
            "version": counted.version,
            "tally": dict(counted.tally),
        }
        condition = items.at_version(counted.version - 1) if counted.version > 1 else items.ABSENT
        put: Item = {"Put": {"TableName": self._feedback, "Item": items.wire(row), **condition}}
        shard = tables.rating_shard(feedback_id)
        # Every write to a shard moves its revision, also one that only touches a month.
        counters = {**delta, ALL: {**delta.get(ALL, {}), _REVISION: 1}}
        adds = [self._add(name, shard, period, times) for period, times in counters.items()]
        items.transact(self._db, [put, *adds])

    def tallies(self, subject: Subject, since: str) -> Sequence[Tally]:
        """A range of each shard: the months since then and the whole, which sorts after them."""
        return [self._tally(subject, shard, since, consistent=False)[1] for shard in self.shards()]

    def shards(self) -> Iterable[int]:
        """As many for everybody: nobody knows beforehand who will be hot."""
        return range(tables.RATING_SHARDS)

    def counted_in(self, subject: Subject, shard: int) -> tuple[int, Mapping[str, Counted], Tally]:
        """The tally and its revision first: what is counted after that makes the writer of a new one start over."""
        revision, tally = self._tally(subject, shard, "", consistent=True)
        pages = self._db.get_paginator("query").paginate(
            TableName=self._feedback,
            KeyConditionExpression="pk = :shard AND begins_with(sk, :counted)",
            ExpressionAttributeValues={
                ":shard": {"S": tables.tally_key(_name(subject), shard, "")["pk"]},
                ":counted": {"S": tables.COUNTED},
            },
            ConsistentRead=True,
        )
        rows = (items.plain(row) for page in pages for row in page["Items"])
        return revision, {row["sk"].removeprefix(tables.COUNTED): _counted(row) for row in rows}, tally

    def replace_tally(self, subject: Subject, shard: int, revision: int, before: Tally, after: Tally) -> None:
        """The stream goes on counting while a shard is rebuilt:

        rebuild   revision 7 ─ sums up ──────────── put if 7   the condition fails, the shard is summed up again
        stream                       add, revision 8
        """
        name = _name(subject)
        # Only what differs: a shard of eight years has a hundred periods, which is all that a transaction takes.
        wrong = {period for period in {*before, *after} if before.get(period) != after.get(period)} - {ALL}
        rows = [
            {**tables.tally_key(name, shard, period), **after.get(period, {})} for period in sorted(wrong)
        ]
        whole = {**tables.tally_key(name, shard, ALL), **after.get(ALL, {}), _REVISION: revision + 1}
        condition: Item = {"ConditionExpression": f"attribute_not_exists({_REVISION})"}
        if revision:
            condition = {
                "ConditionExpression": f"{_REVISION} = :read",
                "ExpressionAttributeValues": {":read": {"N": str(revision)}},
            }
        items.transact(
            self._db,
            [
                {"Put": {"TableName": self._feedback, "Item": items.wire(whole), **condition}},
                *({"Put": {"TableName": self._feedback, "Item": items.wire(row)}} for row in rows),
            ],
        )

    def unrelayed_feedback(self, before: int, limit: int) -> Iterable[tuple[str, int]]:
        """The sparse index of entries whose effects are still due."""
        for shard in tables.all_shards():
            shard_of = ("unrelayed", shard)
            for row in items.due(self._db, self._feedback, tables.UNRELAYED, shard_of, "at", before, limit):
                yield row["pk"].removeprefix("FEEDBACK#"), int(row["sk"].removeprefix(tables.TIMELINE))

    def unrelayed_feedback_entry(self, feedback_id: str, seq: int) -> Entry | None:
        """Read consistently: the index may be behind."""
        row = items.get(self._db, self._feedback, tables.feedback_entry_key(feedback_id, seq))
        return items.read(Entry, row) if row and "unrelayed" in row else None

    def mark_feedback_relayed(self, entry: Entry) -> None:
        """Taking the entry out of the sparse index is the acknowledgement; twice is once."""
        with items.unless_overtaken():
            self._db.update_item(
                TableName=self._feedback,
                Key=items.wire(tables.feedback_entry_key(entry.feedback_id, entry.seq)),
                UpdateExpression="REMOVE unrelayed",
                ConditionExpression="attribute_exists(unrelayed)",
            )

    def requests_due(self, now: int, limit: int) -> Iterable[Request]:
        """The index alone says all of it."""
        for row in self._due("REQUEST", now, limit):
            yield Request(order_id=row["pk"].removeprefix("REQUEST#"), due_at=row["due_at"])

    def put_reader(self, reader: Reader) -> None:
        """No condition: two tabs of one person, and the last one counts."""
        row: Item = tables.digest_key(reader.seller_id, reader.contact.email) | items.row_of(reader)
        row["due"] = tables.due_shard("DIGEST", reader.seller_id)
        self._db.put_item(TableName=self._feedback, Item=items.wire(row))

    def delete_reader(self, seller_id: str, address: str) -> None:
        """No condition: what is gone is gone."""
        self._db.delete_item(TableName=self._feedback, Key=items.wire(tables.digest_key(seller_id, address)))

    def readers_due(self, now: int, limit: int) -> Iterable[Reader]:
        """The index, then the rows: one that was put otherwise meanwhile may not be due any more."""
        for row in self._due("DIGEST", now, limit):
            found = items.get(self._db, self._feedback, {"pk": row["pk"], "sk": row["sk"]})
            if found and found["due_at"] <= now:
                yield items.read(Reader, found)

    def put_off_reader(self, reader: Reader, later: Reader) -> None:
        """A person changes their mind while their digest is written:

        schedule   read, daily, due 8 May ──────────── due 9 May if daily, due 8 May    the condition keeps the new one
        person                     ── put, weekly
        """
        with items.unless_overtaken():
            self._db.update_item(
                TableName=self._feedback,
                Key=items.wire(tables.digest_key(reader.seller_id, reader.contact.email)),
                UpdateExpression="SET due_at = :next",
                ConditionExpression="due_at = :read AND rhythm = :rhythm",
                ExpressionAttributeValues={
                    ":next": {"N": str(later.due_at)},
                    ":read": {"N": str(reader.due_at)},
                    ":rhythm": {"S": reader.rhythm},
                },
            )

    def asked_before(self, order_id: str) -> bool:
        """One read by key."""
        return items.get(self._db, self._feedback, tables.asked_key(order_id)) is not None

    def close_request(self, request: Request, now: int) -> None:
        """That it was asked first: whoever dies in between finds it out, and drops the request."""
        row = tables.asked_key(request.order_id) | {"asked_at": now}
        self._db.put_item(TableName=self._feedback, Item=items.wire(row))
        self.drop_request(request)

    def drop_request(self, request: Request) -> None:
        """A delivery that is told again meanwhile is another request:

        sweep      read, due 8 May ──────────── delete if due 8 May    the condition keeps the new one
        platform                ── put, due 9 May
        """
        self._change_request(
            self._db.delete_item, request, Key=items.wire(tables.request_key(request.order_id))
        )

    def put_off_request(self, request: Request, later: Request) -> None:
        """The same race as of `drop_request`."""
        item = items.put_request(self._feedback, later)["Put"]["Item"]
        self._change_request(self._db.put_item, request, Item=item)

    def _change_request(self, write: Callable[..., object], request: Request, **what: Item) -> None:
        with items.unless_overtaken():
            write(
                TableName=self._feedback,
                ConditionExpression="due_at = :read",
                ExpressionAttributeValues={":read": {"N": str(request.due_at)}},
                **what,
            )

    def _due(self, kind: str, now: int, limit: int) -> Iterable[Item]:
        """The sparse index of mail that is due at a time, shard by shard."""
        for shard in tables.all_shards():
            shard_of = ("due", f"{kind}#{shard}")
            yield from items.due(self._db, self._feedback, tables.BY_DUE, shard_of, "due_at", now, limit)

    def _place(self, order_id: str, buyer_id: str) -> Item | None:
        return items.get(self._db, self._feedback, tables.left_key(order_id, buyer_id))

    def _tally(self, subject: Subject, shard: int, since: str, *, consistent: bool) -> tuple[int, Tally]:
        pages = self._db.get_paginator("query").paginate(
            TableName=self._feedback,
            KeyConditionExpression="pk = :shard AND sk BETWEEN :since AND :all",
            ExpressionAttributeValues={
                ":shard": {"S": tables.tally_key(_name(subject), shard, "")["pk"]},
                ":since": {"S": since or "0"},
                ":all": {"S": ALL},
            },
            ConsistentRead=consistent,
        )
        revision, tally = 0, defaultdict[str, Mapping[str, int]](dict)
        for row in (items.plain(row) for page in pages for row in page["Items"]):
            revision = row.get(_REVISION, revision)
            tally[row["sk"]] = {
                name: n for name, n in row.items() if name not in ("pk", "sk", _REVISION) and n
            }
        return revision, {period: counters for period, counters in tally.items() if counters}

    def _add(self, subject: str, shard: int, period: str, counters: Mapping[str, int]) -> Item:
        names = {f"#{n}": name for n, name in enumerate(counters)}
        return {
            "Update": {
                "TableName": self._feedback,
                "Key": items.wire(tables.tally_key(subject, shard, period)),
                "UpdateExpression": "ADD " + ", ".join(f"#{n} :{n}" for n, _ in enumerate(counters)),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {
                    f":{n}": {"N": str(times)} for n, times in enumerate(counters.values())
                },
            }
        }

    def _page(self, answer: Any) -> Page[Feedback]:
        keys = [{"pk": row["pk"]["S"], "sk": row["sk"]["S"]} for row in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        found = items.in_order(self._db, self._feedback, keys)
        return Page([items.read(Feedback, row) for row in found], items.cursor(last) if last else None)


def feedback_of_image(image: Mapping[str, Any]) -> Feedback:
    """The feedback in an item as DynamoDB itself exports it."""
    return items.read(Feedback, items.plain(image))


def feedback_entry_of_stream_image(image: Mapping[str, Any]) -> Entry:
    """The entry in a stream record's new image."""
    return items.read(Entry, items.plain(image))


def _name(subject: Subject) -> str:
    if subject.sku is None:
        return tables.seller_subject(subject.seller_id)
    return tables.product_subject(subject.seller_id, subject.sku)


def _counted(row: Item) -> Counted:
    return Counted(row["version"], row["tally"])


def _feedback_row(feedback: Feedback) -> Item:
    """The feedback with its index keys; only what waits for a look is in that index."""
    row: Item = tables.feedback_key(feedback.feedback_id) | items.row_of(feedback)
    row |= {"seller": tables.seller_subject(feedback.seller_id), "status": feedback.status}
    if feedback.standing.look:
        row["looked_at"] = _LOOK
    return row


def _entry_row(entry: Entry) -> Item:
    """The entry; `unrelayed` marks it as an outbox row for as long as its effects are due. Every entry has some."""
    row: Item = tables.feedback_entry_key(entry.feedback_id, entry.seq) | items.row_of(entry)
    return row | {"unrelayed": tables.shard(entry.feedback_id)}
