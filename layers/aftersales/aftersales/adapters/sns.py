"""The topic of all notices, and the sellers' subscriptions to it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aftersales.adapters import tables
from aftersales.domain.feedback_notice import FeedbackNotice
from aftersales.domain.notice import Notice
from aftersales.domain.refusal import Code, Refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient


_MOST_LINES = 500


class SnsNotices:
    """The `Notices` and `FeedbackNotices` ports."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._sns = client
        self._topic = topic_arn

    def publish(self, notice: Notice | FeedbackNotice) -> None:
        """The body repeats the attributes, so that a receiver of raw messages has them too."""
        self._sns.publish(
            TopicArn=self._topic,
            Message=json.dumps(asdict(notice)),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in notice.attributes.items()
            },
        )


class SnsAlarms:
    """The `Alarms` port: the topic that CloudWatch's alarms go to."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._sns = client
        self._topic = topic_arn

    def alert(self, subject: str, lines: Sequence[str]) -> None:
        """A subject has at most 100 characters, a message 256 KiB; what does not fit stands in the log."""
        self._sns.publish(TopicArn=self._topic, Subject=subject[:100], Message="\n".join(lines[:_MOST_LINES]))


class SnsSubscriptions:
    """The `Subscriptions` port. A row per seller and channel remembers the subscription's ARN, for SNS can only
    list all subscriptions of the topic."""

    def __init__(
        self, sns: "SNSClient", db: "DynamoDBClient", *, topic_arn: str, dead_letters_arn: str, table: str
    ) -> None:
        self._sns = sns
        self._db = db
        self._topic = topic_arn
        self._redrive = json.dumps({"deadLetterTargetArn": dead_letters_arn})
        self._table = table

    def subscribe(self, seller_id: str, channel: str, endpoint: str, events: Sequence[str]) -> str:
        """SNS first, then the row: a lost answer is repaired by subscribing again, which SNS answers with the
        same ARN. Another endpoint on the same channel replaces the old one once it stands itself.

        A new subscription is born with its filter, for without one it would hear of every seller's cases, and with
        the queue for what its endpoint does not take. SNS keeps one subscription an endpoint and refuses a second
        filter for it, so nobody turns off another's alerts.
        """
        known = self._row(seller_id, channel)
        policy = json.dumps({"seller_id": [seller_id]} | ({"event": list(events)} if events else {}))
        if known and known["endpoint"] == endpoint and self._filter_again(known["arn"], policy):
            return _state(channel)
        try:
            arn = self._sns.subscribe(
                TopicArn=self._topic,
                Protocol=channel,
                Endpoint=endpoint,
                Attributes={"FilterPolicy": policy, "RedrivePolicy": self._redrive},
                ReturnSubscriptionArn=True,
            )["SubscriptionArn"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("InvalidParameter", "InvalidParameterException"):
                raise Refusal(
                    Code.INVALID, f"This is not an endpoint for {channel}, or it is subscribed already."
                ) from error
            raise
        row = tables.subscription_key(seller_id, channel) | {"arn": arn, "endpoint": endpoint}
        self._write(
            self._db.put_item,
            TableName=self._table,
            Item={name: {"S": value} for name, value in row.items()},
            # Two tabs of one seller: the later one wins only over what it read, or over the same subscription.
            ConditionExpression="attribute_not_exists(pk) OR endpoint IN (:read, :new)",
            ExpressionAttributeValues={
                ":read": {"S": known["endpoint"] if known else endpoint},
                ":new": {"S": endpoint},
            },
        )
        if known and known["arn"] != arn:
            self._end(known["arn"])
        return _state(channel)

    def unsubscribe(self, seller_id: str, channel: str) -> bool:
        """SNS first, then the row; a retry unsubscribes once more, which SNS allows."""
        known = self._row(seller_id, channel)
        if known is None:
            return False
        self._end(known["arn"])
        self._write(
            self._db.delete_item,
            TableName=self._table,
            Key=self._key(seller_id, channel),
            # A subscription made in between is another endpoint's and stays.
            ConditionExpression="attribute_not_exists(pk) OR arn = :arn",
            ExpressionAttributeValues={":arn": {"S": known["arn"]}},
        )
        return True

    def _end(self, arn: str) -> None:
        """One that nobody has confirmed cannot be ended (`InvalidParameter`), and hears nothing: SNS forgets it in
        48 hours (https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html)."""
        try:
            self._sns.unsubscribe(SubscriptionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("InvalidParameter", "InvalidParameterException"):
                raise

    def _filter_again(self, arn: str, policy: str) -> bool:
        """Change what a subscription hears of. False if it is gone: its owner may end it without us."""
        try:
            self._sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=policy
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NotFound", "NotFoundException"):
                raise
            return False
        return True

    def _write(self, write: Callable[..., object], **request: Any) -> None:
        try:
            write(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise Refusal(Code.BUSY, "This channel was changed at the same time. Look again.") from error
            raise

    def _row(self, seller_id: str, channel: str) -> dict[str, str] | None:
        item: dict[str, Any] | None = self._db.get_item(
            TableName=self._table, Key=self._key(seller_id, channel), ConsistentRead=True
        ).get("Item")
        return {name: value["S"] for name, value in item.items()} if item else None

    def _key(self, seller_id: str, channel: str) -> Any:
        return {name: {"S": value} for name, value in tables.subscription_key(seller_id, channel).items()}


def _state(channel: str) -> str:
    return "pending_confirmation" if channel in ("email", "https") else "confirmed"
