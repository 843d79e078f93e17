"""Items of DynamoDB: dataclasses written as rows and read back, conditions, transactions, pages.

`ConditionalCheckFailed` means that somebody else wrote first (`Stale`: read again, decide again);
`TransactionConflict` and throttling mean that nothing was decided yet, and botocore's own retries with jitter
send the same transaction again. The two are never treated alike.
"""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from random import uniform
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from aftersales.adapters import tables
from aftersales.domain.feedback_request import Request
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.ports import Receipt, Stale

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

# Nothing was decided yet: the same transaction may be sent again.
_UNDECIDED = {
    "TransactionConflict",
    "TransactionInProgress",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}
# How often a transaction that met another one is sent again before the use case starts over.
_CONFLICT_TRIES = 8
# A number above every time of ours.
_END_OF_TIME = 10**15

_AS_IT_IS = frozenset({str, int, bool, type(None)})

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

ABSENT: Item = {"ConditionExpression": "attribute_not_exists(pk)"}


def at_version(version: int) -> Item:
    """The row is as it was read."""
    return {
        "ConditionExpression": "version = :read",
        "ExpressionAttributeValues": {":read": {"N": str(version)}},
    }


def read[T](type_: type[T], row: Item) -> T:
    """The dataclass that a row was made of."""
    value: T = _adapter(type_).validate_python(_body(type_, row))  # type: ignore[arg-type]  # a class is hashable
    return value


def row_of(value: Any) -> Any:
    """A dataclass as nested plain values. Fields that hold their default are left out: they cost nothing and
    read back the same."""
    kind = type(value)
    # Most of a row are texts and numbers; and what a class consists of does not change.
    if kind in _AS_IT_IS:
        return value
    if own := _fields(kind):  # type: ignore[arg-type]  # a class is hashable
        row = {}
        for name, default in own:
            item = getattr(value, name)
            if item != default:
                row[name] = row_of(item)
        return row
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): row_of(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [row_of(item) for item in value]
    return value


@cache
def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """Of a dataclass; of anything else none."""
    return tuple((field.name, field.default) for field in fields(kind)) if is_dataclass(kind) else ()


def wire(row: Mapping[str, Any]) -> Item:
    """A row as DynamoDB takes it."""
    return {name: _serialize(value) for name, value in row.items()}


def plain(wire: Mapping[str, Any]) -> Item:
    """A row as DynamoDB gives it, without its types."""
    return {name: _numbers(_deserialize(value)) for name, value in wire.items()}


def transact(db: "DynamoDBClient", writes: Sequence[Item]) -> None:
    """All writes or none. Raises `Stale` where a condition failed, or where others were met too often."""
    for n in range(_CONFLICT_TRIES):
        try:
            db.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]  # built from parts
        except ClientError as error:
            codes = _cancellation_codes(error)
            if "ConditionalCheckFailed" in codes:
                raise Stale(codes) from error
            if not codes & _UNDECIDED:
                raise
            time.sleep(uniform(0, 0.01 * 2**n))  # noqa: S311 - jitter, not a secret
        else:
            return
    raise Stale("transaction conflicts")


def get(db: "DynamoDBClient", table: str, key: Mapping[str, str]) -> Item | None:
    """One row, read consistently."""
    answer = db.get_item(TableName=table, Key=wire(key), ConsistentRead=True)
    return plain(answer["Item"]) if "Item" in answer else None


def in_order(
    db: "DynamoDBClient", table: str, keys: Sequence[Mapping[str, str]], *, consistent: bool = False
) -> Sequence[Item]:
    """The rows of these keys (at most 100), in their order; those that are gone are left out."""
    pending: list[Item] = [wire(key) for key in keys]
    found: dict[tuple[str, str], Item] = {}
    while pending:
        answer = db.batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": consistent}})
        for row in map(plain, answer["Responses"][table]):
            found[row["pk"], row["sk"]] = row
        unread: Any = answer.get("UnprocessedKeys", {})
        pending = unread.get(table, {}).get("Keys", [])
    return [found[key["pk"], key["sk"]] for key in keys if (key["pk"], key["sk"]) in found]


def find_receipt(db: "DynamoDBClient", table: str, key: str, now: int) -> Receipt | None:
    """TTL deletes within days, not at once: an expired row is treated as gone."""
    row = get(db, table, tables.receipt_key(key))
    if row is None or row["expires_at"] * 1000 < now:
        return None
    return Receipt(key, row["request_hash"], row["expires_at"] * 1000)


def put_receipt(table: str, receipt: Receipt, now: int) -> Item:
    """Twenty requests with one key at once: one transaction creates the receipt, the others find it."""
    row = tables.receipt_key(receipt.key) | {
        "request_hash": receipt.request_hash,
        "expires_at": receipt.expires_at // 1000,
    }
    return {
        "Put": {
            "TableName": table,
            "Item": wire(row),
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
            "ExpressionAttributeValues": {":now": {"N": str(now // 1000)}},
        }
    }


def put_request(table: str, request: Request) -> Item:
    """The latest snapshot says when its delivery is asked about: no condition, for whether it was asked about stands in
    a row of its own, which no snapshot writes."""
    row = tables.request_key(request.order_id) | {
        "due": tables.due_shard("REQUEST", request.order_id),
        "due_at": request.due_at,
    }
    return {"Put": {"TableName": table, "Item": wire(row)}}


def put(db: "DynamoDBClient", table: str, row: Mapping[str, Any], condition: Item) -> None:
    """One row by itself. Raises `Stale` where the condition fails."""
    try:
        db.put_item(TableName=table, Item=wire(row), **condition)
    except ClientError as error:
        _refuse_other_than_condition(error)
        raise Stale(row["pk"]) from error


@contextmanager
def unless_overtaken() -> Iterator[None]:
    """A conditional write of which nothing is left to do where its condition fails: somebody else came first."""
    try:
        yield
    except ClientError as error:
        _refuse_other_than_condition(error)


def _refuse_other_than_condition(error: ClientError) -> None:
    """An error of another kind is not swallowed."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error


def due(
    db: "DynamoDBClient", table: str, index: str, shard: tuple[str, str], moment: str, until: int, limit: int
) -> Iterator[Item]:
    """One shard of a sparse index, what has been due for the longest first: the shard's attribute and value, and the
    attribute that says since when."""
    attribute, value = shard
    answer = db.query(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="#shard = :shard AND #moment <= :until",
        ExpressionAttributeNames={"#shard": attribute, "#moment": moment},
        ExpressionAttributeValues={":shard": {"S": value}, ":until": {"N": str(until)}},
        Limit=limit,
    )
    yield from map(plain, answer["Items"])


def cursor(last: Mapping[str, Any]) -> str:
    """Where a page ended, for the client to send back."""
    return urlsafe_b64encode(json.dumps(plain(last)).encode()).decode()


def start_at(given: str | None, *, index: tuple[str, str], moment: str, rows: Mapping[str, str]) -> Any:
    """The cursor's key, refused unless it continues this very list: a cursor opens no other party's list, and one
    that nobody was given is no key that DynamoDB would answer with an error.

    `index` is the partition of the list (attribute and value), `moment` what it is sorted by, `rows` how the keys of
    what it lists begin: partition key and sort key.
    """
    if given is None:
        return {}
    attribute, key = index
    try:
        start = json.loads(urlsafe_b64decode(given.encode()))
        pk, sk, at = start["pk"], start["sk"], start[moment]
        ours = start == {"pk": pk, "sk": sk, attribute: key, moment: at} and any(
            pk.startswith(partition) and sk.startswith(sort) for partition, sort in rows.items()
        )
        if ours and type(at) is int and 0 <= at < _END_OF_TIME:
            return {"ExclusiveStartKey": wire(start)}
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Refusal(Code.INVALID, "The cursor does not belong to this list.")


@cache
def _adapter(type_: type) -> TypeAdapter[Any]:
    """What reads a row back. Building one takes milliseconds of a cold start, and few functions read all of them."""
    return TypeAdapter(type_)


# Keys of tables and indexes, and what stands in a row for people who look at it.
_KEYS = frozenset(
    {
        "pk",
        "sk",
        "buyer",
        "seller",
        "status",
        "clock",
        "waiting",
        "wakes_at",
        "due_at",
        "unrelayed",
        "looked_at",
        "errand",
        "errand_at",
        "account",
        "due",
        "variants",
    }
)


def _body(type_: type, row: Item) -> Item:
    """A row without its keys; what one kind of row is found by may be a word of another kind's own."""
    own = type_.__dataclass_fields__  # type: ignore[attr-defined]  # rows are made of dataclasses
    return {name: value for name, value in row.items() if name in own or name not in _KEYS}


def _numbers(value: Any) -> Any:
    """boto3 reads numbers as Decimal; all of ours are integers."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return value


def _cancellation_codes(error: ClientError) -> set[str]:
    reasons = error.response.get("CancellationReasons", [])
    return {str(reason.get("Code")) for reason in reasons} | {
        error.response["Error"]["Code"].removesuffix("Exception")
    }
