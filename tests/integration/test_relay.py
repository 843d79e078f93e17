"""What follows from the timeline: at least once, in any order, with one effect; and without the stream as well."""

import json
import random
from typing import Any

import pytest

from aftersales.adapters.ses import SesMailer
from aftersales.adapters.sns import SnsNotices
from tests.builders import BUYER, SELLER
from tests.corpus import plain_photo
from tests.integration.harness import ACCOUNT, REGION, Desk
from tests.integration.people import (
    Payer,
    a_promise,
    apply,
    assert_books,
    assert_ended,
    decide,
    listen,
    order_of,
    paid,
    put,
    refunds,
    status,
    timeline,
    withdraw,
)

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("seed", range(4))
def test_records_that_come_several_times_and_in_any_order_have_one_effect(
    desk: Desk, payer: Payer, seed: int
) -> None:
    chance = random.Random(seed)
    heard = listen(desk, "NoticesTopic")
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, "changed_mind")
    old: list[dict[str, Any]] = []

    def carry() -> None:
        while fresh := desk.new_records():
            batch = [record for record in fresh for _ in range(chance.randint(1, 3))] + old
            chance.shuffle(batch)
            for record in batch:
                desk.deliver([record])
            desk.settle()
            old.extend(fresh)
        desk.pump()

    carry()
    decide(desk, case_id).ok()
    carry()
    assert_ended(desk, case_id, "completed")
    assert desk.executions(case_id) == [case_id]
    assert len(refunds(desk)) == 1
    assert_books(desk, order)
    ids = [json.loads(notice)["notice_id"] for notice in heard()]
    assert len(ids) > len(set(ids))
    told = [entry for entry in timeline(desk, case_id) if entry["event"] != "refund_started"]
    assert set(ids) == {f"{case_id}:{entry['seq']}" for entry in told}
    assert len(desk.mails()) == len(told)  # each notice is one mail, however often it came


def test_a_batch_is_carried_as_one_by_one(desk: Desk, payer: Payer) -> None:
    cases = []
    for number in range(5):
        order = order_of(desk, order_id=f"order-{number}", buyer_id=f"buyer-{number}")
        cases.append(apply(desk, put(desk, paid(order, payer))))
    desk.pump(batch=25)
    for case_id in cases:
        assert_ended(desk, case_id, "completed")


def test_acknowledgements_never_come_back_through_the_filter(desk: Desk, payer: Payer) -> None:
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)))
    desk.pump()
    assert_ended(desk, case_id, "completed")
    assert desk.new_records() == []
    assert not [row for row in desk.rows("CasesTable") if "unrelayed" in row]


@pytest.mark.parametrize(
    "story", ["by the policy", "by the seller", "by the seller's silence", "by a photo", "withdrawn"]
)
def test_without_the_stream_the_sweeps_alone_finish_every_case(desk: Desk, payer: Payer, story: str) -> None:
    desk.stream_is_down = True
    order = put(desk, paid(order_of(desk), payer))
    reason = {"by the policy": "late", "by a photo": "damaged"}.get(story, "changed_mind")
    case_id = apply(desk, order, reason, evidence=[a_promise(plain_photo())])
    desk.silence(minutes=5)
    match story:
        case "by the seller":
            decide(desk, case_id).ok()
        case "by the seller's silence":
            desk.silence(days=2)
        case "by a photo":
            desk.upload(case_id, "e1", plain_photo())
            desk.pump()
        case "withdrawn":
            withdraw(desk, case_id).ok()
    for _ in range(3):
        desk.silence(minutes=5)
    assert_ended(desk, case_id, "cancelled" if story == "withdrawn" else "completed")
    assert desk.executions(case_id) == [case_id]
    assert not [row for row in desk.rows("CasesTable") if "unrelayed" in row]
    desk.stream_is_down = False
    desk.pump()  # the stream comes back and brings everything again
    assert desk.executions(case_id) == [case_id]
    assert len(refunds(desk)) == (story != "withdrawn")


def test_the_sweep_leaves_the_stream_five_minutes(desk: Desk, payer: Payer) -> None:
    desk.stream_is_down = True
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)))
    desk.silence(minutes=4)
    assert desk.executions(case_id) == []
    desk.silence(minutes=1)
    assert desk.executions(case_id) == [case_id]


def test_a_poison_record_is_given_up_and_holds_up_no_other(desk: Desk, payer: Payer) -> None:
    cases = []
    for number in range(4):
        order = put(desk, paid(order_of(desk, order_id=f"order-{number}"), payer))
        cases.append(apply(desk, order, key=f"key-{number}"))
    records = desk.new_records()
    poison = json.loads(json.dumps(records[0]))
    poison["dynamodb"]["NewImage"]["event"] = {"S": "an_event_of_tomorrow"}
    poison["dynamodb"]["SequenceNumber"] = "7"
    desk.deliver([records[0], poison, *records[1:]])
    assert [one["dynamodb"]["SequenceNumber"] for one in desk.stream.given_up] == ["7"]
    desk.pump()
    for case_id in cases:
        assert_ended(desk, case_id, "completed")


def test_a_case_whose_deadline_cannot_pass_holds_up_no_other(desk: Desk, payer: Payer) -> None:
    cases = []
    for number in range(3):
        order = put(desk, paid(order_of(desk, order_id=f"order-{number}"), payer))
        cases.append(apply(desk, order, "damaged", key=f"key-{number}"))
    desk.pump()
    for sk in ("ORDER", "LEDGER"):
        desk.stack.client("dynamodb").delete_item(
            TableName=desk.stack.ref("OrdersTable"),
            Key={"pk": {"S": "ORDER#order-0"}, "sk": {"S": sk}},
        )
    desk.clock.advance(days=3)
    with pytest.raises(Exception) as failure:  # noqa: PT011 - of its name, without a word of what failed
        desk.invoke("SweepDeadlines", {})
    assert (failure.type.__name__, str(failure.value)) == ("ExceptionGroup", "")
    desk.pump()
    assert [status(desk, case_id) for case_id in cases] == ["evidence_required", "cancelled", "cancelled"]


def test_a_topic_that_is_down_does_not_stop_the_workflow(
    desk: Desk, payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(desk, "NoticesTopic")
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)))
    with monkeypatch.context() as down:

        def publish(*_: object) -> None:
            raise ConnectionError("no topic")

        down.setattr(SnsNotices, "publish", publish)
        desk.pump()
        assert_ended(desk, case_id, "completed")
    assert heard() == []
    assert {one["dynamodb"]["NewImage"]["event"]["S"] for one in desk.stream.given_up} == {
        "case_opened",
        "case_approved",
        "refund_succeeded",
    }
    desk.silence(minutes=5)
    assert [json.loads(notice)["event"] for notice in heard()] == [
        "case_opened",
        "case_approved",
        "refund_succeeded",
    ]
    assert desk.executions(case_id) == [case_id]


def test_notices_carry_codes_and_ids_and_no_word_of_a_person(desk: Desk, payer: Payer) -> None:
    heard = listen(desk, "NoticesTopic")
    order = put(desk, paid(order_of(desk), payer))
    case_id = apply(desk, order, "changed_mind", description="It smells of 12 Hidden Lane.")
    desk.pump()
    body = {"text": "Call me: +55 11 5555 0000"}
    desk.call("POST", f"/cases/{case_id}/messages", by=BUYER, body=body).ok()
    decide(desk, case_id, note="Sorry, dear Mei.").ok()
    desk.pump()
    said = json.dumps(heard()) + json.dumps([str(mail.__dict__) for mail in desk.mails()])
    for secret in ("Hidden Lane", "5555", "dear Mei"):
        assert secret not in said


def test_a_mail_that_fails_comes_again_and_then_lies_in_the_dead_letters(
    desk: Desk, payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)))
    with monkeypatch.context() as down:

        def send(*_: object) -> None:
            raise ConnectionError("no mail")

        down.setattr(SesMailer, "send", send)
        desk.pump()
    assert_ended(desk, case_id, "completed")
    assert desk.mails() == []
    url = desk.stack.ref("BuyerMailDeadLetters")
    dead = desk.stack.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(dead) == 3


def test_a_seller_hears_of_own_cases_and_of_chosen_events(desk: Desk, payer: Payer) -> None:
    sqs = desk.stack.client("sqs")
    url = sqs.create_queue(QueueName="seller")["QueueUrl"]
    endpoint = f"arn:aws:sqs:{REGION}:{ACCOUNT}:seller"
    path = f"/sellers/{SELLER.id}/subscriptions/sqs"
    body: dict[str, Any] = {"endpoint": endpoint, "events": ["case_opened", "refund_succeeded"]}
    assert desk.call("PUT", path, by=SELLER, body=body).ok()["state"] == "confirmed"
    assert dead_letters_of(desk, endpoint) == desk.stack.attribute("SellerAlertDeadLetters", "Arn")
    mine = put(desk, paid(order_of(desk), payer))
    others = put(desk, paid(order_of(desk, order_id="order-2", seller_id="another-shop"), payer))
    apply(desk, mine, key="mine")
    apply(desk, others, key="other")
    desk.pump()

    def heard() -> list[tuple[str, str]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for one in messages:
                said = json.loads(one["Body"])
                notice = json.loads(said["Message"]) if "Message" in said else said
                found.append((notice["seller_id"], notice["event"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    assert heard() == [(SELLER.id, "case_opened"), (SELLER.id, "refund_succeeded")]
    desk.call("PUT", path, by=SELLER, body={"endpoint": endpoint, "events": ["case_withdrawn"]}).ok()
    assert desk.call("DELETE", path, by=SELLER).status == 204
    again = put(desk, paid(order_of(desk, order_id="order-3"), payer))
    apply(desk, again, key="again")
    desk.pump()
    assert heard() == []
    assert desk.call("DELETE", path, by=SELLER).code == "not_found"
    assert desk.call("DELETE", path, by=BUYER).code == "forbidden"


def test_an_execution_that_ended_without_its_case_is_an_alarm_each_time(desk: Desk, payer: Payer) -> None:
    """Its name is taken, nobody assesses the case: the entry stays due, so that the dead letters tell."""
    case_id = apply(desk, put(desk, paid(order_of(desk), payer)))
    machine = desk.stack.ref("AfterSales")
    desk.stack.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=case_id, input=json.dumps({"case_id": "none", "schema": 1})
    )
    desk.settle()
    desk.pump()
    assert [one["dynamodb"]["NewImage"]["event"]["S"] for one in desk.stream.given_up] == ["case_opened"]
    assert status(desk, case_id) == "requested"
    assert [row["sk"]["S"] for row in desk.rows("CasesTable") if "unrelayed" in row] == ["TIMELINE#00000001"]


def dead_letters_of(desk: Desk, endpoint: str) -> str:
    """Where SNS puts what this endpoint does not take."""
    sns = desk.stack.client("sns")
    listed = sns.list_subscriptions_by_topic(TopicArn=desk.stack.ref("NoticesTopic"))["Subscriptions"]
    [arn] = [one["SubscriptionArn"] for one in listed if one["Endpoint"] == endpoint]
    policy = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RedrivePolicy"]
    return str(json.loads(policy)["deadLetterTargetArn"])
