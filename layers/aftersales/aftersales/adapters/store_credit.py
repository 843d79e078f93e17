"""Store credit: what was paid with a voucher goes back as credit that the platform hands out.

The row is the credit. Its key is the refund id, so however often it is asked for, it exists once; the platform
learns of it by the case's notice.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aftersales.adapters import tables
from aftersales.domain.ledger import External
from aftersales.domain.order import Payment
from aftersales.domain.refund import Attempt, AttemptState, ProviderRefund

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
        key = {name: {"S": value} for name, value in tables.credit_key(attempt.refund_id).items()}
        found = self._db.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _given(attempt) if "Item" in found else None

    def external(self, payment: Payment, currency: str) -> Sequence[External]:  # noqa: ARG002 - the port's words
        """Nobody but the desk hands out credit, and no bank takes it back."""
        return ()


def _given(attempt: Attempt) -> ProviderRefund:
    return ProviderRefund(
        refund_id=attempt.refund_id,
        provider_refund_id=f"credit_{attempt.refund_id}",
        state=AttemptState.SUCCEEDED,
        amount=attempt.amount,
        currency=attempt.currency,
    )
