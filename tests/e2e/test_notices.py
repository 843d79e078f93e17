"""What sellers and buyers are told outside the API: alerts over the sellers' channels, mail to the buyers."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.corpus import plain_photo
from tests.e2e.market import Market, Sale, body, refusal, wait
from tools.desk import Person, Stack

pytestmark = pytest.mark.e2e


class Queue:
    """A seller's own queue, which lets the topic of notices in."""

    def __init__(self, stack: Stack) -> None:
        self._sqs = stack.client("sqs")
        self.url = self._sqs.create_queue(QueueName=f"alerts-{uuid4().hex[:12]}")["QueueUrl"]
        self.arn = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": stack.facts["notices_topic_arn"]}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})
        self.received: list[dict[str, Any]] = []

    def events(self) -> list[str]:
        """Every event that came so far."""
        messages = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.received.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [attributes(one)["event"] for one in self.received]

    def close(self) -> None:
        self._sqs.delete_queue(QueueUrl=self.url)


def attributes(envelope: dict[str, Any]) -> dict[str, str]:
    return {name: value["Value"] for name, value in envelope["MessageAttributes"].items()}


@pytest.fixture
def queue(market: Market) -> Iterator[Queue]:
    queue = Queue(market.stack)
    yield queue
    queue.close()


def channel(seller: Person, name: str) -> str:
    return f"sellers/{seller.party_id}/subscriptions/{name}"


def test_a_sellers_queue_hears_of_their_own_cases_and_of_nobody_elses(market: Market, queue: Queue) -> None:
    sale, other = market.sell(), market.sell()
    subscribed = body(sale.seller.put(channel(sale.seller, "sqs"), {"endpoint": queue.arn}))
    assert subscribed["state"] == "confirmed"

    others = market.apply(other)["case_id"]
    market.until(other, others, "completed")
    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")

    wait(lambda: "refund_succeeded" in queue.events(), "the last notice")
    assert sorted(queue.events()) == ["case_approved", "case_opened", "refund_succeeded"]
    for envelope in queue.received:
        notice = json.loads(envelope["Message"])
        assert notice["case_id"] == case_id
        assert attributes(envelope) == {
            "seller_id": sale.seller.party_id,
            "event": notice["event"],
            "kind": "refund",
            "status": notice["status"],
        }
        assert (notice["amount"], notice["currency"]) == (5_900, "BRL")
    numbers = {json.loads(one["Message"])["notice_id"] for one in queue.received}
    assert numbers == {f"{case_id}:{seq}" for seq in (1, 2, 4)}


def test_a_channel_hears_only_of_the_events_that_were_chosen(market: Market, queue: Queue) -> None:
    sale = market.sell()
    chosen = {"endpoint": queue.arn, "events": ["refund_succeeded"]}
    assert body(sale.seller.put(channel(sale.seller, "sqs"), chosen))["events"] == ["refund_succeeded"]

    market.until(sale, market.apply(sale)["case_id"], "completed")

    wait(lambda: bool(queue.events()), "the notice")
    assert queue.events() == ["refund_succeeded"]


def test_a_channel_that_was_closed_hears_nothing_more(market: Market, queue: Queue) -> None:
    sale = market.sell(units=2)
    body(sale.seller.put(channel(sale.seller, "sqs"), {"endpoint": queue.arn}))
    market.until(sale, market.apply(sale)["case_id"], "completed")
    wait(lambda: "refund_succeeded" in queue.events(), "the last notice")
    heard = len(queue.received)

    assert sale.seller.delete(channel(sale.seller, "sqs")).status_code == 204

    case_id = market.apply(sale)["case_id"]
    market.until(sale, case_id, "completed")
    wait(lambda: relayed(market, case_id), "the notices to be published")
    assert len(queue.events()) == heard
    assert refusal(sale.seller.delete(channel(sale.seller, "sqs"))) == (404, "not_found")


def test_another_endpoint_replaces_the_one_before(market: Market, queue: Queue) -> None:
    sale, new = market.sell(), Queue(market.stack)
    for endpoint in (queue.arn, new.arn, new.arn):
        body(sale.seller.put(channel(sale.seller, "sqs"), {"endpoint": endpoint}))

    market.until(sale, market.apply(sale)["case_id"], "completed")

    wait(lambda: "refund_succeeded" in new.events(), "the last notice")
    assert len(new.received) == 3
    assert queue.events() == []
    new.close()


@pytest.mark.parametrize(
    ("name", "endpoint"), [("email", "alerts@example.com"), ("https", "https://127.0.0.1:9/alerts")]
)
def test_a_channel_that_its_owner_has_to_confirm_is_accepted(
    market: Market, name: str, endpoint: str
) -> None:
    seller = market.someone("seller")

    opened = body(seller.put(channel(seller, name), {"endpoint": endpoint}))

    assert opened == {
        "seller_id": seller.party_id,
        "channel": name,
        "endpoint": endpoint,
        "events": [],
        "state": "pending_confirmation",
    }
    assert seller.delete(channel(seller, name)).status_code == 204


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("email", {"endpoint": "nobody"}),
        ("https", {"endpoint": "http://example.com/alerts"}),
        ("https", {"endpoint": "alerts@example.com"}),
        ("sqs", {"endpoint": "https://sqs.us-east-1.amazonaws.com/1/alerts"}),
        ("sqs", {"endpoint": "arn:aws:sns:us-east-1:000000000000:topic"}),
        ("email", {"endpoint": "alerts@example.com", "events": ["evidence_viewed"]}),
        ("email", {"endpoint": "alerts@example.com", "events": ["anything"]}),
        ("email", {}),
    ],
)
def test_a_channel_of_the_wrong_form_is_refused(market: Market, name: str, said: dict[str, Any]) -> None:
    seller = market.someone("seller")

    assert refusal(seller.put(channel(seller, name), said)) == (422, "invalid_request")


def test_there_are_no_other_channels(market: Market) -> None:
    seller = market.someone("seller")

    for name in ("sms", "lambda", "application"):
        answer = seller.put(channel(seller, name), {"endpoint": "+4912345678"})
        assert refusal(answer) == (404, "not_found")


def relayed(market: Market, case_id: str) -> bool:
    """Whether every entry's effects were acknowledged."""
    rows = market.stack.client("dynamodb").query(
        TableName=market.stack.facts["cases_table"],
        KeyConditionExpression="pk = :case",
        ExpressionAttributeValues={":case": {"S": f"CASE#{case_id}"}},
    )["Items"]
    return not any("unrelayed" in row for row in rows)


def subjects(market: Market, sale: Sale, last: str) -> list[str]:
    """What the buyer was mailed, once the last of it has come."""
    wait(lambda: last in [mail["Subject"] for mail in market.stack.mails(sale.contact)], f"the mail: {last}")
    return [mail["Subject"] for mail in market.stack.mails(sale.contact)]


def in_chinese(market: Market) -> Sale:
    return market.sell(contact={"email": f"{uuid4().hex[:12]}@example.com", "language": "zh"})


def test_the_buyer_is_mailed_at_each_step(market: Market) -> None:
    sale = market.sell()

    case_id = market.apply(sale)["case_id"]

    assert sorted(subjects(market, sale, "Your refund has been paid")) == [
        "We have received your request",
        "Your refund has been paid",
        "Your request has been approved",
    ]
    for mail in market.stack.mails(sale.contact):
        assert case_id in mail["BodyText"]
        assert case_id in mail["BodyHtml"]
    paid = market.stack.mails(sale.contact)[-1]
    assert "59.00 BRL" in paid["BodyText"]


def test_the_buyer_is_mailed_in_chinese(market: Market) -> None:
    sale = in_chinese(market)

    case_id = market.apply(sale)["case_id"]

    assert sorted(subjects(market, sale, "您的退款已成功")) == sorted(
        ["我们已收到您的售后申请", "您的售后申请已通过", "您的退款已成功"]
    )
    mail = market.stack.mails(sale.contact)[0]
    assert case_id in mail["BodyText"]
    assert 'lang="zh' in mail["BodyHtml"]


def test_a_mail_repeats_no_word_that_anybody_wrote(market: Market) -> None:
    sale = market.sell(total=50_000)
    secret = "the blue house behind the mill"
    case_id = market.apply(sale, reason="other", description=secret)["case_id"]
    market.until(sale, case_id, "under_review")
    body(sale.seller.post(f"cases/{case_id}/messages", {"text": secret}), 201)
    body(market.decide(sale, case_id, "decline", note=secret))

    subjects(market, sale, "Your request has been declined")

    assert secret not in str(market.stack.mails(sale.contact))


def test_an_order_without_a_contact_is_mailed_to_nobody_and_its_case_completes(market: Market) -> None:
    sale = market.sell(contact=None)

    case_id = market.apply(sale)["case_id"]

    market.until(sale, case_id, "completed")
    wait(lambda: relayed(market, case_id), "the notices to be published")


def test_the_buyer_of_a_photo_that_was_refused_is_told_why(market: Market) -> None:
    sale = market.sell()
    case_id = market.apply(sale, reason="damaged")["case_id"]
    market.until(sale, case_id, "evidence_required")

    market.show(sale, case_id, plain_photo()[: len(plain_photo()) // 2])

    subjects(market, sale, "One of your photos could not be accepted")
    mail = market.stack.mails(sale.contact)[-1]
    assert "the file is damaged or incomplete" in mail["BodyText"]
