"""DynamoDB behind its client: tables and indexes as `template.yaml` describes them, conditions, transactions, streams.

By https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/ (TransactWriteItems, PutItem, Query) and
.../developerguide/ (transaction-apis, Expressions.OperatorsAndFunctions, GSI, Streams). An expression of a form that
is not used by the desk is refused, so that nothing new passes unseen. Items are never changed in place.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from botocore.exceptions import ClientError

Item = dict[str, Any]
Values = Mapping[str, Any]
# An item (empty where there is none), names and values of the expression -> whether it holds.
Condition = Callable[[Item, Values, Values], bool]

_MOST_IN_TRANSACTION = 100
_ZERO: Item = {"N": "0"}


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of a table or an index."""

    hash: str
    range: str | None


@dataclass(slots=True)
class Table:
    """Rows by partition, then by sort key, with what each row was before its last write."""

    keys: Keys
    indexes: Mapping[str, Keys]
    streams: bool
    partitions: dict[str, dict[str, Item]] = field(default_factory=dict)
    # How often each partition was written to.
    writes: Counter[str] = field(default_factory=Counter)

    def get(self, key: Item) -> Item | None:
        """The row of that key."""
        return self.partitions.get(_text(key[self.keys.hash]), {}).get(self._sort(key))

    def put(self, item: Item) -> None:
        """The row, in place of what was there."""
        partition = _text(item[self.keys.hash])
        self.partitions.setdefault(partition, {})[self._sort(item)] = item
        self.writes[partition] += 1

    def delete(self, key: Item) -> None:
        """No row of that key."""
        partition = _text(key[self.keys.hash])
        self.partitions.get(partition, {}).pop(self._sort(key), None)
        self.writes[partition] += 1

    def rows(self) -> Iterable[Item]:
        """All rows."""
        return (row for partition in self.partitions.values() for row in partition.values())

    def rows_with(self, name: str, value: Item) -> Iterable[Item]:
        """Rows whose attribute is this: an index's partition."""
        return [row for rows in self.partitions.values() for row in rows.values() if row.get(name) == value]

    def key_of(self, item: Item) -> Item:
        """The key of a row."""
        names = (self.keys.hash, self.keys.range)
        return {name: item[name] for name in names if name is not None}

    def _sort(self, key: Item) -> str:
        return _text(key[self.keys.range]) if self.keys.range else ""


class DynamoDB:
    """The service. `on_stream` hears of every write to a table with a stream, `on_commit` of every write."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        on_stream: Callable[[Item], None],
        on_commit: Callable[[str, Item], None],
    ) -> None:
        self.tables = tables
        self._on_stream = on_stream
        self._on_commit = on_commit
        self._sequence = 0
        self._previous: tuple[Table, Item, Item | None] | None = None

    # ------------------------------------------------------------ the client's methods

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Item:
        """One row."""
        assert ConsistentRead, "the desk reads rows consistently"
        found = self.tables[TableName].get(Key)
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Item:
        """Rows by key, in no order."""
        answer = {
            name: [row for key in asked["Keys"] if (row := self.tables[name].get(key))]
            for name, asked in RequestItems.items()
        }
        return {"Responses": answer, "UnprocessedKeys": {}}

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Values,
        ExpressionAttributeNames: Values | None = None,
        IndexName: str | None = None,
        ScanIndexForward: bool = True,
        Limit: int = 1_000_000,
        Select: str = "",
        ConsistentRead: bool = False,
        ExclusiveStartKey: Item | None = None,
        behind: bool = False,
    ) -> Item:
        """A range of a partition. `behind` answers an index as it was before the last write: they are eventually
        consistent."""
        table = self.tables[TableName]
        keys = table.indexes[IndexName] if IndexName else table.keys
        assert not (IndexName and ConsistentRead), "no index can be read consistently"
        matches = _condition(KeyConditionExpression)
        names = ExpressionAttributeNames or {}
        partition = ExpressionAttributeValues[KeyConditionExpression.split(" ")[2]]
        rows = (
            table.rows_with(keys.hash, partition)
            if IndexName
            else self._partition(table, KeyConditionExpression, partition)
        )
        if behind and self._previous and self._previous[0] is table:
            _, written, before = self._previous
            rows = [row for row in rows if row is not written] + ([before] if before else [])
        in_index = (row for row in rows if keys.hash in row and (keys.range is None or keys.range in row))
        found = [row for row in in_index if matches(row, names, ExpressionAttributeValues)]
        found.sort(
            key=lambda row: _comparable(row[keys.range]) if keys.range else 0, reverse=not ScanIndexForward
        )
        if ExclusiveStartKey:
            start = table.key_of(ExclusiveStartKey)
            positions = [n for n, row in enumerate(found) if table.key_of(row) == start]
            found = found[positions[0] + 1 :] if positions else found
        page = found[:Limit]
        answer: Item = {"Count": len(page)}
        if len(found) > Limit:
            answer["LastEvaluatedKey"] = self._projected(table, keys, page[-1])
        if Select == "COUNT":
            return answer
        return answer | {"Items": [self._projected(table, keys, row) if IndexName else row for row in page]}

    def put_item(self, **put: Any) -> Item:
        """One row, if the condition holds."""
        self._check_alone("PutItem", put, put["Item"])
        self._write(put["TableName"], put["Item"])
        return {}

    def update_item(self, **update: Any) -> Item:
        """One row changed, if the condition holds."""
        self._check_alone("UpdateItem", update, update["Key"])
        self._write(update["TableName"], self._updated(update))
        return {}

    def transact_write_items(self, *, TransactItems: list[Item]) -> Item:
        """All or nothing; a reason for each item where nothing."""
        writes = [self._as_put(write) for write in TransactItems]
        targets = [
            (put["TableName"], str(self.tables[put["TableName"]].key_of(put["Item"]))) for put in writes
        ]
        if len(set(targets)) < len(targets) or len(targets) > _MOST_IN_TRANSACTION:
            raise error("TransactWriteItems", "ValidationException")
        reasons = ["None" if self._holds(put, put["Item"]) else "ConditionalCheckFailed" for put in writes]
        if any(reason != "None" for reason in reasons):
            raise cancelled(reasons)
        for put in writes:
            self._write(put["TableName"], put["Item"], tell=False)
        for put in writes:
            self._on_commit(put["TableName"], put["Item"])
        return {}

    # ------------------------------------------------------------ inside

    def _as_put(self, write: Item) -> Item:
        """A write of a transaction as the put that it comes to."""
        ((kind, content),) = write.items()
        if kind == "Put":
            put: Item = content
            return put
        if kind != "Update":
            _unknown(str(write))
        return {**content, "Item": self._updated(content)}

    def _updated(self, update: Item) -> Item:
        """The row as an update leaves it. To remove an attribute, to set one and to add numbers is all the change there
        is."""
        expression = update["UpdateExpression"]
        old = self.tables[update["TableName"]].get(update["Key"]) or update["Key"]
        if removed := re.fullmatch(r"REMOVE (\w+)", expression):
            return {name: value for name, value in old.items() if name != removed[1]}
        if put := re.fullmatch(r"SET (\w+) = (:\w+)", expression):
            return old | {put[1]: update["ExpressionAttributeValues"][put[2]]}
        added = re.fullmatch(r"ADD (\w+ :\w+(?:, \w+ :\w+)*)", expression)
        if not added:
            _unknown(expression)
        values = update["ExpressionAttributeValues"]
        pairs = [pair.split(" ") for pair in added[1].split(", ")]
        sums = {name: int(old.get(name, _ZERO)["N"]) + int(values[value]["N"]) for name, value in pairs}
        return old | {name: {"N": str(number)} for name, number in sums.items()}

    def _holds(self, write: Item, key: Item) -> bool:
        expression = write.get("ConditionExpression")
        if expression is None:
            return True
        table = self.tables[write["TableName"]]
        names = write.get("ExpressionAttributeNames", {})
        values = write.get("ExpressionAttributeValues", {})
        return _condition(expression)(table.get(table.key_of(key)) or {}, names, values)

    def _check_alone(self, operation: str, write: Item, key: Item) -> None:
        known = {"TableName", "Item", "Key", "UpdateExpression", "ConditionExpression"}
        if unknown := set(write) - known - {"ExpressionAttributeNames", "ExpressionAttributeValues"}:
            _unknown(str(unknown))
        if not self._holds(write, key):
            raise error(operation, "ConditionalCheckFailedException")

    def _write(self, name: str, item: Item, *, tell: bool = True) -> None:
        table = self.tables[name]
        before = table.get(item)
        table.put(item)
        self._previous = (table, item, before)
        if table.streams and before != item:
            self._sequence += 1
            self._on_stream(
                {
                    "eventID": f"event-{self._sequence}",
                    "eventName": "MODIFY" if before else "INSERT",
                    "eventSource": "aws:dynamodb",
                    "dynamodb": {
                        "Keys": table.key_of(item),
                        "NewImage": item,
                        "SequenceNumber": f"{self._sequence:021d}",
                    },
                }
            )
        if tell:
            self._on_commit(name, item)

    @staticmethod
    def _partition(table: Table, expression: str, partition: Item) -> Iterable[Item]:
        """The one partition that a key condition names first."""
        assert expression.split(" ")[0] == table.keys.hash, "a key condition begins with the partition"
        return table.partitions.get(_text(partition), {}).values()

    @staticmethod
    def _projected(table: Table, keys: Keys, row: Item) -> Item:
        """All of the desk's indexes hold keys only."""
        names = {table.keys.hash, table.keys.range, keys.hash, keys.range} - {None}
        return {name: row[name] for name in row if name in names}


def error(operation: str, code: str, message: str = "") -> ClientError:
    """An error in botocore's shape."""
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)


def cancelled(reasons: list[str]) -> ClientError:
    """A cancelled transaction with a reason for each of its items."""
    names = ", ".join(reasons)
    return ClientError(
        {
            "Error": {
                "Code": "TransactionCanceledException",
                "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons [{names}]",
            },
            "CancellationReasons": [{"Code": reason} for reason in reasons],
        },
        "TransactWriteItems",
    )


def _unknown(what: str) -> NoReturn:
    raise NotImplementedError(f"the simulated DynamoDB does not know {what!r}")


# ------------------------------------------------------------ expressions

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}
_EXISTS = re.compile(r"attribute_(not_)?exists\(([\w#]+)\)")
_COMPARED = re.compile(r"([\w#]+) (=|<=|>=|<|>) (:\w+)")
_BETWEEN = re.compile(r"([\w#]+) BETWEEN (:\w+) AND (:\w+)")
_IN = re.compile(r"([\w#]+) IN \((:\w+(?:, :\w+)*)\)")


@cache
def _condition(expression: str) -> Condition:
    """Alternatives of conjunctions of plain terms; no brackets."""
    alternatives = [_all_of(part) for part in expression.split(" OR ")]
    return lambda item, names, values: any(holds(item, names, values) for holds in alternatives)


def _all_of(expression: str) -> Condition:
    terms = [_term(part) for part in re.split(r" AND (?!:)", expression)]
    return lambda item, names, values: all(holds(item, names, values) for holds in terms)


def _term(term: str) -> Condition:
    if exists := _EXISTS.fullmatch(term):
        negated, name = exists.groups()
        return lambda item, names, _: (names.get(name, name) in item) is not bool(negated)
    if compared := _COMPARED.fullmatch(term):
        name, operator, value = compared.groups()
        holds = _OPERATORS[operator]
        return lambda item, names, values: (
            (found := item.get(names.get(name, name))) is not None
            and holds(_comparable(found), _comparable(values[value]))
        )
    if between := _BETWEEN.fullmatch(term):
        name, low, high = between.groups()
        return lambda item, names, values: (
            (found := item.get(names.get(name, name))) is not None
            and _comparable(values[low]) <= _comparable(found) <= _comparable(values[high])
        )
    if within := _IN.fullmatch(term):
        name, several = within.group(1), within.group(2).split(", ")
        return lambda item, names, values: item.get(names.get(name, name)) in [values[one] for one in several]
    _unknown(term)


def _comparable(value: Any) -> Any:
    """Numbers by value, text by its bytes. Types are never compared with each other: that is a wrong request."""
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content.encode() if kind == "S" else _unknown(kind)


def _text(value: Any) -> str:
    (content,) = value.values()
    return str(content)
