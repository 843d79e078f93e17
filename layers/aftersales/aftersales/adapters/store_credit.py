"""Store credit: what was paid with a voucher goes back as credit that the platform hands out.

The row is the credit. Its key is the refund id, so however often it is asked for, it exists once; the platform
learns of it by the case's notice.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aftersales.adapters import tables
from aftersales.domain.invariants import RefundAtProvider
from aftersales.domain.order import Payment
from aftersales.domain.refund import Attempt, AttemptState, ProviderRefund
from aftersales.usecases.ports import PaymentStatement

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class StoreCredit:
    """The `Payments` port for the provider `store_credit`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._db = client
        self._table = table

    def refund(self, attempt: Attempt) -> ProviderRefund:
        """A second put of the same refund finds the first; the first one's amount is what counts."""
        row = tables.credit_key(attempt.refund_id) | {
            "refund_id": attempt.refund_id,
            "order_id": attempt.order_id,
            "reference": attempt.reference,
            "currency": attempt.currency,
        }
        item: dict[str, dict[str, str]] = {name: {"S": value} for name, value in row.items()}
        try:
            self._db.put_item(
                TableName=self._table,
                Item=item | {"amount": {"N": str(attempt.amount)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
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
                    amount=int(row["amount"]["N"]),
                    state=AttemptState.SUCCEEDED,
                )
                for one, row in found
                if row
            ]
        )

    def changed(self, since: int) -> Iterable[tuple[str, str]]:  # noqa: ARG002 - the port's words
        """Credit never changes."""
        return ()

    def _row(self, attempt: Attempt) -> Any:
        key = {name: {"S": value} for name, value in tables.credit_key(attempt.refund_id).items()}
        return self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")


def _given(attempt: Attempt) -> ProviderRefund:
    return ProviderRefund(
        refund_id=attempt.refund_id,
        provider_refund_id=f"credit_{attempt.refund_id}",
        state=AttemptState.SUCCEEDED,
        amount=attempt.amount,
        currency=attempt.currency,
    )
