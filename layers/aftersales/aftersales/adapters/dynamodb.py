"""Orders, ledgers, cases and timelines in DynamoDB. Every write carries a condition."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from aftersales.adapters import items, tables
from aftersales.adapters.dynamodb_accounts import account_of, count_posting
from aftersales.adapters.items import Item
from aftersales.domain.case import FINAL, Case, WaitingOn
from aftersales.domain.feedback_request import Request
from aftersales.domain.hearing import Extension
from aftersales.domain.ledger import Ledger
from aftersales.domain.lifecycle import Change
from aftersales.domain.order import Order
from aftersales.domain.parcel import Parcel
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import History
from aftersales.domain.settlement import EXTERNAL_BOOKED, Posting
from aftersales.domain.timeline import EFFECTS, Entry
from aftersales.usecases.ports import Doorbell, Page, Receipt, Stale

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CLOCKED_PAGE = 500
# The history of a buyer is a ratio; more than this many orders or cases say nothing new.
_HISTORY_BOUND = 50


class DynamoDBStore:
    """The `Store` port on three tables: orders, cases, idempotency. Into that of feedback it puts what a delivery asks
    for, and never looks into it."""

    def __init__(
        self, client: "DynamoDBClient", *, orders: str, cases: str, feedback: str, idempotency: str
    ) -> None:
        self._db = client
        self._orders = orders
        self._cases = cases
        self._feedback = feedback
        self._idempotency = idempotency

    def order(self, order_id: str) -> tuple[Order, Ledger] | None:
        """Snapshot and ledger in one consistent read, so that they belong together."""
        answer = self._db.query(
            TableName=self._orders,
            KeyConditionExpression="pk = :order",
            ExpressionAttributeValues={":order": {"S": tables.order_key(order_id)["pk"]}},
            ConsistentRead=True,
        )
        rows = {row["sk"]: row for row in map(items.plain, answer["Items"])}
        if not rows:
            return None
        return (
            items.read(Order, rows[tables.ORDER]),
            items.read(Ledger, rows[tables.LEDGER]),
        )

    def put_order(self, order: Order, ledger: Ledger, request: Request | None = None, *, new: bool) -> None:
        """Two back ends may write one order at once, and a case may open in between:

        read v3 ─ a case reserves, ledger v4 ─ put on v3   the condition fails, the put decides again
        """
        row = tables.order_key(order.order_id) | items.row_of(order)
        row |= {"buyer": f"BUYER#{order.buyer_id}", "placed_at": order.placed_at}
        self._transact(
            [
                {"Put": {"TableName": self._orders, "Item": items.wire(row)}},
                self._put_ledger(ledger, new=new),
                # Written again with each snapshot, to the same row: it only says that the two belong together. One
                # of a payment that was taken away stays; whoever finds it asks the order, which knows better.
                *(
                    {"Put": {"TableName": self._orders, "Item": items.wire(key)}}
                    for one in order.payments
                    for key in [tables.payment_key(one.provider, one.reference, order.order_id)]
                ),
                *([items.put_request(self._feedback, request)] if request else []),
            ]
        )

    def put_ledger(self, ledger: Ledger, posting: Posting | None, now: int) -> None:
        """A chargeback is booked while a case opens: both read the ledger at v7, one of them reads v8 again.

        What is posted has no timeline that would be relayed, so it is counted here: it is rare, and no request of a
        party waits for it. The condition on the ledger's version is that of the whole: it is counted once.
        """
        writes = [self._put_ledger(ledger, new=False)]
        if posting:
            key = tables.posting_key(ledger.order_id, ledger.version + 1)
            row = key | {"at": now, "event": EXTERNAL_BOOKED, "posting": items.row_of(posting)}
            writes += [
                {
                    "Put": {
                        "TableName": self._cases,
                        "Item": items.wire(row | account_of(posting)),
                        **items.ABSENT,
                    }
                },
                count_posting(self._cases, posting, key["pk"]),
            ]
        self._transact(writes)

    def orders_paid_by(self, provider: str, reference: str) -> Sequence[str]:
        """One item collection a payment; reads no more than it answers."""
        answer = self._db.query(
            TableName=self._orders,
            KeyConditionExpression="pk = :payment",
            ExpressionAttributeValues={":payment": {"S": tables.payment_key(provider, reference, "")["pk"]}},
            ConsistentRead=True,
        )
        return [row["sk"]["S"].removeprefix(f"{tables.ORDER}#") for row in answer["Items"]]

    def case(self, case_id: str) -> Case | None:
        """Read consistently: the step that just parked must see whatever was written before."""
        row = self._get(self._cases, tables.case_key(case_id))
        return items.read(Case, row) if row else None

    def commit(self, change: Change, receipt: Receipt | None = None) -> None:
        """Decision and deadline, two sellers, two cases on one order: all meet here.

        seller   read v4 ──────────── put v5 if v4   first one wins
        clock    read v4 ── put v5 if v4             the other gets `Stale`, reads v5 and finds nothing to do
        """
        case, entry = change.case, change.entry
        first = case.version == 1
        writes = [
            {
                "Put": {
                    "TableName": self._cases,
                    "Item": items.wire(_case_row(case)),
                    **(items.ABSENT if first else items.at_version(case.version - 1)),
                }
            },
            {"Put": {"TableName": self._cases, "Item": items.wire(_entry_row(entry)), **items.ABSENT}},
        ]
        if change.ledger:
            writes.append(self._put_ledger(change.ledger, new=False))
        if change.parcel:
            writes.append(self._put_parcel(change.parcel, case.case_id))
        if change.payment:
            # As where the platform names it: so that whatever happens to it at its provider finds the order.
            key = tables.payment_key(change.payment.provider, change.payment.reference, case.order_id)
            writes.append({"Put": {"TableName": self._orders, "Item": items.wire(key)}})
        if receipt:
            writes.append(items.put_receipt(self._idempotency, receipt, entry.at))
        self._transact(writes)

    def case_of_parcel(self, carrier: str, tracking_code: str) -> str | None:
        """One read by key."""
        row = self._get(self._cases, tables.parcel_key(carrier, tracking_code))
        return row["case_id"] if row else None

    def receipt(self, key: str, now: int) -> Receipt | None:
        """Gone once it has expired."""
        return items.find_receipt(self._db, self._idempotency, key, now)

    def remember(self, receipt: Receipt, now: int) -> None:
        """A receipt on its own; writing it twice is harmless."""
        put = items.put_receipt(self._idempotency, receipt, now)["Put"]
        with items.unless_overtaken():
            self._db.put_item(**put)

    def timeline(self, case_id: str, *, after: int, limit: int) -> Sequence[Entry]:
        """A range of the case's item collection; reads no more than it answers. DynamoDB ends a page at 1 MB, which a
        hundred long texts fill: what is left of the range is asked for from there."""
        answer = self._db.query(
            TableName=self._cases,
            KeyConditionExpression="pk = :case AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":case": {"S": tables.case_key(case_id)["pk"]},
                ":first": {"S": tables.entry_key(case_id, after + 1)["sk"]},
                ":last": {"S": f"{tables.TIMELINE}~"},
            },
            Limit=limit,
            ConsistentRead=True,
        )
        entries = [items.read(Entry, items.plain(row)) for row in answer["Items"]]
        if entries and "LastEvaluatedKey" in answer and len(entries) < limit:
            return [
                *entries,
                *self.timeline(case_id, after=entries[-1].seq, limit=limit - len(entries)),
            ]
        return entries

    def cases_of(self, party: Party, *, limit: int, cursor: str | None) -> Page[Case]:
        """An index with keys only, never rewritten when the case changes, then the cases themselves."""
        index = tables.BY_BUYER if party.role is Role.BUYER else tables.BY_SELLER
        attribute = "buyer" if party.role is Role.BUYER else "seller"
        return self._page(index, attribute, tables.party_index(party), limit, cursor, forward=False)

    def cases_waiting(self, waiting_on: str, party_id: str, *, limit: int, cursor: str | None) -> Page[Case]:
        """The sparse index of cases that wait for somebody, the longest overdue first."""
        key = tables.waiting_index(waiting_on, party_id)
        return self._page(tables.BY_WAITING, "waiting", key, limit, cursor, forward=True)

    def cases_of_order(self, order: Order) -> Sequence[Case]:
        """Among the cases of its buyer since it was placed, a page of the index at a time; the cases themselves are
        read consistently. Only the reconciler asks this."""
        pages = self._db.get_paginator("query").paginate(
            TableName=self._cases,
            IndexName=tables.BY_BUYER,
            KeyConditionExpression="buyer = :buyer AND opened_at >= :placed",
            ExpressionAttributeValues={
                ":buyer": {"S": f"BUYER#{order.buyer_id}"},
                ":placed": {"N": str(order.placed_at)},
            },
        )
        ids = [row["pk"]["S"].removeprefix("CASE#") for page in pages for row in page["Items"]]
        cases = (self.case(case_id) for case_id in ids)
        return [case for case in cases if case and case.order_id == order.order_id]

    def clocked(self, cursor: str | None = None) -> Page[str]:
        """The sparse index, shard by shard. The cursor is ours alone: the shard, and where in it to go on."""
        shards = tables.all_shards()
        start: Item = json.loads(cursor) if cursor else {"clock": shards[0]}
        go_on: Any = {"ExclusiveStartKey": items.wire(start)} if "pk" in start else {}
        answer = self._db.query(
            TableName=self._cases,
            IndexName=tables.BY_DEADLINE,
            KeyConditionExpression="clock = :shard",
            ExpressionAttributeValues={":shard": {"S": start["clock"]}},
            Limit=_CLOCKED_PAGE,
            **go_on,
        )
        ids = [row["pk"]["S"].removeprefix("CASE#") for row in answer["Items"]]
        if last := answer.get("LastEvaluatedKey"):
            return Page(ids, json.dumps(items.plain(last)))
        rest = shards[shards.index(start["clock"]) + 1 :]
        return Page(ids, json.dumps({"clock": rest[0]}) if rest else None)

    def history(self, buyer_id: str, since: int) -> History:
        """Two bounded counts on indexes with keys only."""
        return History(
            orders=self._count(self._orders, "placed_at", buyer_id, since),
            cases=self._count(self._cases, "opened_at", buyer_id, since),
        )

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Every shard, the longest overdue first."""
        for shard in tables.all_shards():
            yield from (
                row["case_id"]
                for row in self._due(tables.BY_DEADLINE, "clock", shard, "wakes_at", now, limit)
            )

    def errands(self, now: int, limit: int) -> Iterable[str]:
        """Every shard, the longest waiting first, and no more than `limit` in all."""
        due = (
            row["case_id"]
            for shard in tables.all_shards()
            for row in self._due(tables.BY_ERRAND, "errand", shard, "errand_at", now, limit)
        )
        yield from islice(due, limit)

    def put_off_errand(self, case: Case, until: int) -> None:
        """Whoever changes the case meanwhile says itself when its errand is due:

        errand   read v4 ── ask ────────── put off if v4   the condition fails, v5 is due when it says
        scan               read v4 ─ put v5
        """
        with items.unless_overtaken():
            self._db.update_item(
                TableName=self._cases,
                Key=items.wire(tables.case_key(case.case_id)),
                UpdateExpression="SET errand_at = :until",
                ConditionExpression="version = :read AND attribute_exists(errand)",
                ExpressionAttributeValues={":until": {"N": str(until)}, ":read": {"N": str(case.version)}},
            )

    def put_extension(self, extension: Extension, *, new: bool) -> None:
        """Twenty requests with one key at once: one creates the row, the others find it. Two sweeps may carry it at
        once: each case takes it once, and whoever writes the cursor last only makes the other's cases be seen again.

        One that is done moves away from those under way, so that a sweep reads no history. A repeat of its request
        that began before it existed may create it anew; every case has it and takes it no second time.
        """
        under_way = tables.extension_key(extension.extension_id)
        if extension.done:
            row = tables.carried_extension_key(extension.extension_id) | items.row_of(extension)
            self._db.put_item(TableName=self._cases, Item=items.wire(row))
            self._db.delete_item(TableName=self._cases, Key=items.wire(under_way))
            return
        condition = items.ABSENT if new else {"ConditionExpression": "attribute_exists(pk)"}
        items.put(self._db, self._cases, under_way | items.row_of(extension), condition)

    def extension(self, extension_id: str) -> Extension | None:
        """Under way, or carried by now; in this order, for it moves from the one to the other."""
        for key in (tables.extension_key(extension_id), tables.carried_extension_key(extension_id)):
            if row := self._get(self._cases, key):
                return items.read(Extension, row)
        return None

    def extensions_under_way(self) -> Sequence[Extension]:
        """Read consistently: one that was accepted must reach a case before its silence does."""
        answer = self._db.query(
            TableName=self._cases,
            KeyConditionExpression="pk = :extensions",
            ExpressionAttributeValues={":extensions": {"S": tables.extension_key("")["pk"]}},
            ConsistentRead=True,
        )
        return sorted(
            (items.read(Extension, items.plain(row)) for row in answer["Items"]), key=lambda one: one.at
        )

    def park(self, case_id: str, execution: str, bell: Doorbell, entered_at: str) -> None:
        """A step that Step Functions delivers late must not hide the bell of the step that waits now:

        step 1 invoked ─ retried as 2 ─ 2 parks ─ 1 parks   the condition keeps 2's token
        """
        key = tables.doorbell_key(case_id, execution)
        row = key | {"token": bell.token, "version": bell.version, "entered_at": entered_at}
        with items.unless_overtaken():
            self._db.put_item(
                TableName=self._cases,
                Item=items.wire(row),
                ConditionExpression="attribute_not_exists(pk) OR entered_at <= :entered_at",
                ExpressionAttributeValues={":entered_at": {"S": entered_at}},
            )

    def doorbell(self, case_id: str, execution: str) -> Doorbell | None:
        """Read consistently: see `run_workflow`."""
        row = self._get(self._cases, tables.doorbell_key(case_id, execution))
        return Doorbell(row["token"], int(row["version"])) if row else None

    def unrelayed(self, before: int, limit: int) -> Iterable[tuple[str, int]]:
        """The sparse index of entries whose effects are still due."""
        for shard in tables.all_shards():
            for row in self._due(tables.UNRELAYED, "unrelayed", shard, "at", before, limit):
                yield row["case_id"], int(row["sk"].removeprefix(tables.TIMELINE))

    def unrelayed_entry(self, case_id: str, seq: int) -> Entry | None:
        """Read consistently: the index may be behind."""
        row = self._get(self._cases, tables.entry_key(case_id, seq))
        return items.read(Entry, row) if row and "unrelayed" in row else None

    def mark_relayed(self, entry: Entry) -> None:
        """Taking the entry out of the sparse index is the acknowledgement; twice is once. What it posts is counted in
        the same transaction, so that is once as well:

        relay 1   carries ── unrelayed? remove it, add 88    first one wins
        relay 2   carries ────── unrelayed? remove it, add 88    the other finds it relayed, and counted
        """
        key = tables.entry_key(entry.case_id, entry.seq)
        update: Item = {
            "TableName": self._cases,
            "Key": items.wire(key),
            "UpdateExpression": "REMOVE unrelayed",
            "ConditionExpression": "attribute_exists(unrelayed)",
        }
        if entry.posting:
            try:
                self._transact([{"Update": update}, count_posting(self._cases, entry.posting, key["pk"])])
            except Stale:
                # Another one was first; or the seller's account was too busy, and the stream delivers once more.
                if self.unrelayed_entry(entry.case_id, entry.seq):
                    raise
            return
        with items.unless_overtaken():
            self._db.update_item(**update)

    def postings_of_order(self, order_id: str) -> Sequence[Posting]:
        """Those that are no case's."""
        answer = self._db.query(
            TableName=self._cases,
            KeyConditionExpression="pk = :order",
            ExpressionAttributeValues={":order": {"S": tables.order_key(order_id)["pk"]}},
            ConsistentRead=True,
        )
        return [items.read(Posting, items.plain(row)["posting"]) for row in answer["Items"]]

    def _put_ledger(self, ledger: Ledger, *, new: bool) -> Item:
        """Two cases on one unit: both read the ledger at v7, the second put finds v8 and is told `Stale`.

        Equality of the version implies every condition that the domain checked on what it read.
        """
        version = 1 if new else ledger.version + 1
        row = tables.ledger_key(ledger.order_id) | items.row_of(ledger) | {"version": version}
        condition = items.ABSENT if new else items.at_version(ledger.version)
        return {"Put": {"TableName": self._orders, "Item": items.wire(row), **condition}}

    def _put_parcel(self, parcel: Parcel, case_id: str) -> Item:
        """Two buyers name one parcel at once: the second transaction fails, reads again, and finds whose it is."""
        row = tables.parcel_key(parcel.carrier, parcel.tracking_code) | {"case_id": case_id}
        return {"Put": {"TableName": self._cases, "Item": items.wire(row), **items.ABSENT}}

    def _transact(self, writes: list[Item]) -> None:
        items.transact(self._db, writes)

    def _get(self, table: str, key: Mapping[str, str]) -> Item | None:
        return items.get(self._db, table, key)

    def _page(
        self, index: str, attribute: str, key: str, limit: int, cursor: str | None, *, forward: bool
    ) -> Page[Case]:
        answer = self._db.query(
            TableName=self._cases,
            IndexName=index,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": attribute},
            ExpressionAttributeValues={":key": {"S": key}},
            ScanIndexForward=forward,
            Limit=limit,
            **items.start_at(
                cursor,
                index=(attribute, key),
                moment=_SORTED_BY[attribute],
                rows={"CASE#": tables.CASE},
            ),
        )
        ids = [row["pk"]["S"].removeprefix("CASE#") for row in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        cases = items.in_order(self._db, self._cases, [tables.case_key(case_id) for case_id in ids])
        return Page([items.read(Case, row) for row in cases], items.cursor(last) if last else None)

    def _count(self, table: str, since_attribute: str, buyer_id: str, since: int) -> int:
        return self._db.query(
            TableName=table,
            IndexName=tables.BY_BUYER,
            KeyConditionExpression=f"buyer = :buyer AND {since_attribute} >= :since",
            ExpressionAttributeValues={":buyer": {"S": f"BUYER#{buyer_id}"}, ":since": {"N": str(since)}},
            Limit=_HISTORY_BOUND,
            Select="COUNT",
        )["Count"]

    def _due(
        self, index: str, attribute: str, shard: str, moment: str, until: int, limit: int
    ) -> Iterable[Item]:
        for row in items.due(self._db, self._cases, index, (attribute, shard), moment, until, limit):
            yield row | {"case_id": row["pk"].removeprefix("CASE#")}


def entry_of_stream_image(image: Mapping[str, Any]) -> Entry:
    """The entry in a stream record's new image."""
    return items.read(Entry, items.plain(image))


def case_of_image(image: Mapping[str, Any]) -> Case:
    """The case in an item as DynamoDB itself exports it."""
    return items.read(Case, items.plain(image))


def _case_row(case: Case) -> Item:
    """The case with its index keys. An attribute that is absent keeps the row out of a sparse index."""
    row: Item = tables.case_key(case.case_id) | items.row_of(case)
    row |= {"buyer": f"BUYER#{case.buyer_id}", "seller": f"SELLER#{case.seller_id}", "status": case.status}
    if case.errand_at is not None:
        row |= {"errand": tables.shard(case.case_id), "errand_at": case.errand_at}
    if case.deadline_at is not None and case.status not in FINAL:
        row |= {"clock": tables.shard(case.case_id), "wakes_at": case.warn_at or case.deadline_at}
        owners = {
            WaitingOn.BUYER: case.buyer_id,
            WaitingOn.SELLER: case.seller_id,
            WaitingOn.PLATFORM: case.status,
        }
        if case.waiting_on and case.waiting_on in owners:
            row["waiting"] = tables.waiting_index(case.waiting_on, owners[case.waiting_on])
            row["due_at"] = case.due_at
    return row


def _entry_row(entry: Entry) -> Item:
    """The entry; `unrelayed` marks it as an outbox row for as long as its effects are due, `account` puts what it posts
    into the seller's statement."""
    row: Item = tables.entry_key(entry.case_id, entry.seq) | items.row_of(entry)
    if EFFECTS[entry.event].relayed or entry.posting:
        row["unrelayed"] = tables.shard(entry.case_id)
    return row | account_of(entry.posting)


# What the indexes of lists are sorted by.
_SORTED_BY = {"buyer": "opened_at", "seller": "opened_at", "waiting": "due_at"}
