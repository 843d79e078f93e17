"""Sellers' accounts in DynamoDB: what was posted stands in the entries of the cases' timelines, what it adds up to in
shards beside them. Every write carries a condition."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aftersales.adapters import items, tables
from aftersales.adapters.items import Item
from aftersales.domain.settlement import Account, AccountBalance, Posted, Posting
from aftersales.usecases.ports import Balances, Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_COUNT = "postings"
# How the keys of what is posted begin: entries of cases, and what an order itself was posted.
_ROWS = {"CASE#": tables.TIMELINE, "ORDER#": tables.POSTING}


class DynamoDBAccounts:
    """The `Accounts` port on the table of cases."""

    def __init__(self, client: "DynamoDBClient", *, cases: str) -> None:
        self._db = client
        self._cases = cases

    def statement(
        self, seller_id: str, *, first: int, last: int, limit: int, cursor: str | None
    ) -> Page[Posted]:
        """An index with keys only, never rewritten; then the postings, consistently, for whether one is counted
        changes."""
        key = tables.account_index(seller_id)
        answer = self._db.query(
            TableName=self._cases,
            IndexName=tables.BY_ACCOUNT,
            KeyConditionExpression="account = :account AND #at BETWEEN :first AND :last",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={
                ":account": {"S": key},
                ":first": {"N": str(first)},
                ":last": {"N": str(last)},
            },
            ScanIndexForward=False,
            Limit=limit,
            **items.start_at(cursor, index=("account", key), moment="at", rows=_ROWS),
        )
        keys = [{"pk": row["pk"]["S"], "sk": row["sk"]["S"]} for row in answer["Items"]]
        rows = items.in_order(self._db, self._cases, keys, consistent=True)
        ended = answer.get("LastEvaluatedKey")
        return Page([_posted(row) for row in rows], items.cursor(ended) if ended else None)

    def balances(self, seller_id: str) -> Sequence[Balances]:
        """A short query a shard: a row for each currency, however many postings there are."""
        return [self._shard(seller_id, shard) for shard in range(tables.ACCOUNT_SHARDS)]

    def shard_of(self, posted: Posted) -> int:
        """That of its case, or of its order."""
        case = posted.case_id
        pk = tables.case_key(case)["pk"] if case else tables.order_key(posted.posting.order_id)["pk"]
        return tables.account_shard(pk)

    def replace_balance(
        self, seller_id: str, shard: int, currency: str, before: AccountBalance, after: AccountBalance
    ) -> None:
        """The stream goes on counting while balances are rebuilt:

        rebuild   7 postings ─ adds up ──────────────── put if 7   the condition fails, all is looked at again
        stream                          8 postings
        """
        row = tables.balance_key(seller_id, shard, currency) | {
            _COUNT: after.postings,
            **items.row_of(after.lines),
        }
        condition: Item = items.ABSENT
        if before.postings:
            condition = {
                "ConditionExpression": f"{_COUNT} = :read",
                "ExpressionAttributeValues": {":read": {"N": str(before.postings)}},
            }
        items.transact(self._db, [{"Put": {"TableName": self._cases, "Item": items.wire(row), **condition}}])

    def _shard(self, seller_id: str, shard: int) -> Balances:
        answer = self._db.query(
            TableName=self._cases,
            KeyConditionExpression="pk = :shard",
            ExpressionAttributeValues={":shard": {"S": tables.balance_key(seller_id, shard, "")["pk"]}},
            ConsistentRead=True,
        )
        return {row["sk"]: _balance(row) for row in map(items.plain, answer["Items"])}


def account_of(posting: Posting | None) -> Item:
    """What puts a row into its seller's statement: a sparse index, for few rows post anything."""
    return {"account": tables.account_index(posting.seller_id)} if posting else {}


def count_posting(table: str, posting: Posting, pk: str) -> Item:
    """The addition to the seller's balance, for the transaction that makes sure that it is made once. The postings of a
    hot seller do not meet at one row: `pk`, the partition of the posting, decides on the shard."""
    added = {_COUNT: 1, **items.row_of(posting.lines)}
    return {
        "Update": {
            "TableName": table,
            "Key": items.wire(
                tables.balance_key(posting.seller_id, tables.account_shard(pk), posting.currency)
            ),
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in added),
            "ExpressionAttributeValues": {f":{name}": {"N": str(n)} for name, n in added.items()},
        }
    }


def _balance(row: Item) -> AccountBalance:
    """Counters that came to nothing are left out, as in a sum of postings."""
    lines = {account: row[account] for account in Account if row.get(account)}
    return AccountBalance(row[_COUNT], lines)


def _posted(row: Item) -> Posted:
    """Its id is that of the row: entry of a case, or version of an order's ledger."""
    number = int(row["sk"].partition("#")[2])
    return Posted(
        posting_id=f"{row['pk'].partition('#')[2]}:{number}",
        at=row["at"],
        event=row["event"],
        case_id=row.get("case_id"),
        posting=items.read(Posting, row["posting"]),
        counted="unrelayed" not in row,
    )
