"""Store credit: what was paid with a voucher goes back as credit that the platform hands out.

The row is the credit. Its key is the refund id, so however often it is asked for, it exists once; the platform
learns of it by the case's notice.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aftersales.adapters import items, tables
from aftersales.domain.order import Payment
from aftersales.domain.refund import Attempt, AttemptState, ProviderRefund, RefundAtProvider
from aftersales.usecases.ports import PaymentStatement

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class StoreCredit:
    """The `Payments` port for the provider `store_credit`."""

    def __init__(self, client: "DynamoDBClient", table: str, now: Callable[[], int]) -> None:
        self._db = client
        self._table = table
        self._now = now

    def refund(self, attempt: Attempt) -> ProviderRefund:
        """A second put of the same refund finds the first; the first one's amount is what counts."""
        row = tables.credit_key(attempt.refund_id) | {
            "refund_id": attempt.refund_id,
            "order_id": attempt.order_id,
            "reference": attempt.reference,
            "currency": attempt.currency,
            "amount": attempt.amount,
            "given": tables.shard(attempt.case_id),
            "given_at": self._now(),
        }
        with items.unless_overtaken():
            self._db.put_item(TableName=self._table, Item=items.wire(row), **items.ABSENT)
        return _given(attempt)

    def find(self, attempt: Attempt) -> ProviderRefund | None:
        """The credit of that id."""
        return _given(attempt) if self._row(attempt) else None

    def statement(self, payment: Payment, currency: str, attempts: Iterable[Attempt]) -> PaymentStatement:  # noqa: ARG002 - the port's words
        """Nobody but the desk hands out credit, and no bank takes it back."""
        mine = [one for one in attempts if one.payment_id == payment.payment_id]
        found = ((one, self._row(one)) for one in mine)
        return PaymentStatement(
            refunds=[
                RefundAtProvider(
                    provider_refund_id=f"credit_{one.refund_id}",
                    refund_id=one.refund_id,
                    payment_id=payment.payment_id,
                    amount=row["amount"],
                    state=AttemptState.SUCCEEDED,
                )
                for one, row in found
                if row
            ]
        )

    def changed(self, since: int) -> Iterable[tuple[str, str]]:
        """Credit never changes once it is given."""
        for shard in tables.all_shards():
            pages = self._db.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=tables.BY_GIVEN,
                KeyConditionExpression="given = :shard AND given_at >= :since",
                ExpressionAttributeValues={":shard": {"S": shard}, ":since": {"N": str(since)}},
            )
            for key in (items.plain(one) for page in pages for one in page["Items"]):
                row = items.get(self._db, self._table, {"pk": key["pk"], "sk": key["sk"]})
                if row:
                    yield "store_credit", row["reference"]

    def _row(self, attempt: Attempt) -> items.Item | None:
        return items.get(self._db, self._table, tables.credit_key(attempt.refund_id))


def _given(attempt: Attempt) -> ProviderRefund:
    return ProviderRefund(
        refund_id=attempt.refund_id,
        provider_refund_id=f"credit_{attempt.refund_id}",
        state=AttemptState.SUCCEEDED,
        amount=attempt.amount,
        currency=attempt.currency,
    )
