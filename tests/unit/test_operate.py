"""Dead letters as operators read them, and what becomes of those that are sent once more."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aftersales.adapters.dynamodb import entry_of_stream_image
from aftersales.domain.case import Status
from aftersales.domain.feedback_notice import FeedbackNotice, Told
from aftersales.domain.notice import Notice
from tests.builders import story_at
from tests.unit.test_template import dead_letter_queues
from tools.generate.sources import ROOT
from tools.operate import cases, letters
from tools.operate.deployment import TOKEN_VARIABLE, Problem, on_aws
from tools.operate.letters import Letter
from tools.operate.queues import KINDS, DeadLetterQueue

WORDS = "mei@example.com lives behind the mill"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text("utf-8"))
    return event


def given_up_by_lambda(event: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Lambda's record of an asynchronous invocation that failed."""
    return {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "AccessDenied", "errorMessage": WORDS},
    } | changes


def in_envelope(notice: Mapping[str, Any]) -> dict[str, Any]:
    """A notice as SNS delivers it to whoever did not ask for it raw."""
    return {"Type": "Notification", "MessageId": "1", "Message": json.dumps(notice)}


NOTICE = json.loads(sample("mail_buyer.case_approved")["Records"][0]["body"])
NEGATIVE = asdict(
    FeedbackNotice(
        notice_id="feedback-1:1",
        event=Told.NEGATIVE,
        feedback_id="feedback-1",
        order_id="order-1047",
        seller_id="seller-lanterna",
        status="published",
        polarity="negative",
        score=1,
        link="/orders/order-1047",
        at=1_773_568_800_000,
    )
)
STOPPED, UPLOADED = sample("watch_executions.execution_stopped"), sample("check_evidence.photo_uploaded")
BATCH = {"batchSize": 3, "approximateArrivalOfLastRecord": "2026-03-15T10:30:00Z"}
STOPPED_CASE = STOPPED["detail"]["name"]


@pytest.mark.parametrize(
    ("queue", "body", "attributes", "said"),
    [
        ("mail", NOTICE, {}, Letter(what="case_approved", case_id=NOTICE["case_id"], error="tries_used_up")),
        (
            "mail",
            in_envelope(NOTICE),
            {"ErrorCode": "403", "ErrorMessage": WORDS},
            Letter(what="case_approved", case_id=NOTICE["case_id"], error="403"),
        ),
        (
            "alerts",
            in_envelope(NOTICE),
            {"ErrorCode": "NonExistentQueue"},
            Letter(
                what="case_approved to seller-lanterna", case_id=NOTICE["case_id"], error="NonExistentQueue"
            ),
        ),
        (
            "evidence",
            given_up_by_lambda(UPLOADED),
            {},
            Letter(what="photo e1", case_id=NOTICE["case_id"], error="AccessDenied"),
        ),
        (
            "evidence",
            given_up_by_lambda(UPLOADED, responsePayload=None),
            {},
            Letter(what="photo e1", case_id=NOTICE["case_id"], error="RetriesExhausted"),
        ),
        (
            "executions",
            given_up_by_lambda(STOPPED),
            {},
            Letter(what=f"{STOPPED_CASE} ABORTED", case_id=STOPPED_CASE, error="AccessDenied"),
        ),
        (
            "executions",
            STOPPED,
            {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": WORDS},
            Letter(what=f"{STOPPED_CASE} ABORTED", case_id=STOPPED_CASE, error="NO_PERMISSIONS"),
        ),
        (
            "timeline",
            {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": BATCH},
            {},
            Letter(what="3 entries until 2026-03-15T10:30:00Z", case_id=None, error="RetryAttemptsExhausted"),
        ),
        (
            "exports",
            {"Records": [{"s3": {"object": {"key": "exports/cases/AWSDynamoDB/1/manifest-files.json"}}}]},
            {},
            Letter(
                what="exports/cases/AWSDynamoDB/1/manifest-files.json", case_id=None, error="tries_used_up"
            ),
        ),
        (
            "alerts",
            NEGATIVE,
            {"ErrorCode": "403"},
            Letter(what="feedback_negative to seller-lanterna", case_id=None, error="403"),
        ),
    ],
)
def test_a_letter_says_what_was_given_up_of_which_case_and_why(
    queue: str, body: dict[str, Any], attributes: dict[str, str], said: Letter
) -> None:
    assert letters.read(KINDS[queue].read, json.dumps(body), attributes) == (body, said)
    assert WORDS not in repr(said)


@pytest.mark.parametrize("queue", KINDS)
@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "null", "{}", '{"requestPayload": {}}', '{"Message": "1"}']
)
def test_what_somebody_else_put_there_is_unreadable_and_no_error(queue: str, text: str) -> None:
    assert letters.read(KINDS[queue].read, text, {})[1] is None


def test_operators_know_every_dead_letter_queue_of_the_template() -> None:
    assert {kind.resource for kind in KINDS.values()} == dead_letter_queues()


def test_the_event_of_a_letter_is_the_one_that_the_function_failed_on() -> None:
    assert letters.event_in(given_up_by_lambda(STOPPED)) == letters.event_in(STOPPED) == STOPPED


def test_a_notice_goes_back_as_it_was_published() -> None:
    assert letters.notice_in(in_envelope(NOTICE)) == letters.notice_in(NOTICE) == Notice(**NOTICE)
    assert asdict(letters.notice_in(NOTICE)) == NOTICE


def test_the_relay_reads_rows_of_the_table_as_if_the_stream_had_brought_them() -> None:
    [record] = sample("relay_timeline.case_opened_and_approved")["Records"][:1]
    row = record["dynamodb"]["NewImage"]

    [made] = cases.stream_event([row])["Records"]

    assert entry_of_stream_image(made["dynamodb"]["NewImage"]).seq == cases.number_of(row)
    assert made["dynamodb"]["SequenceNumber"] == str(cases.number_of(row))
    assert made["eventName"] == record["eventName"]


def test_each_run_of_a_case_has_its_name() -> None:
    case = story_at(Status.COMPLETED).case
    assert cases.execution_names(case, 3) == [case.case_id, f"{case.case_id}-2", f"{case.case_id}-3"]


class FakeQueue:
    """SQS as far as dead letters need it: who receives a message hides it from everybody else."""

    def __init__(self, *bodies: Any) -> None:
        self.there = {str(number): json.dumps(body) for number, body in enumerate(bodies)}
        self.hidden: set[str] = set()

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        seen = [one for one in self.there if one not in self.hidden][: asked["MaxNumberOfMessages"]]
        self.hidden.update(seen)
        return {
            "Messages": [
                {
                    "MessageId": one,
                    "ReceiptHandle": one,
                    "Body": self.there[one],
                    "Attributes": {"SentTimestamp": "0"},
                }
                for one in seen
            ]
        }

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        del self.there[ReceiptHandle]
        self.hidden.discard(ReceiptHandle)

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        if ReceiptHandle not in self.there:
            raise ClientError({"Error": {"Code": "InvalidParameterValue"}}, "ChangeMessageVisibility")
        self.hidden.discard(ReceiptHandle)


class FakeDesk:
    """A deployment of one queue and one function, which refuses the photos of one case."""

    def __init__(self, queue: FakeQueue) -> None:
        self.queue = queue
        self.called: list[Any] = []

    def client(self, service: str) -> FakeQueue:
        return self.queue

    def resource(self, logical_id: str) -> str:
        return logical_id

    def invoke(self, function: str, event: Mapping[str, Any]) -> None:
        self.called.append(function)
        if "refused" in event["Records"][0]["s3"]["object"]["key"]:
            raise Problem("CheckEvidence failed: NoSuchKey")


def uploaded(case_id: str) -> dict[str, Any]:
    return given_up_by_lambda({"Records": [{"s3": {"object": {"key": f"incoming/cases/{case_id}/e1"}}}]})


def queue_of(desk: FakeDesk) -> DeadLetterQueue:
    deployment: Any = desk
    return DeadLetterQueue(deployment, "evidence")


def test_looking_at_letters_takes_none_away() -> None:
    sqs = FakeQueue(*(uploaded(f"case-{number}") for number in range(25)))

    seen = list(queue_of(FakeDesk(sqs)).each())

    assert [one.says.case_id for one in seen if one.says] == [f"case-{number}" for number in range(25)]
    assert len(sqs.there) == 25
    assert not sqs.hidden


def test_a_letter_is_deleted_once_it_was_sent_and_stays_where_that_fails() -> None:
    sqs = FakeQueue(uploaded("good"), uploaded("refused"), {"from": "somebody else"})
    desk = FakeDesk(sqs)
    queue = queue_of(desk)

    answers = [queue.send_again(letter) for letter in queue.each()]

    assert answers == [None, "CheckEvidence failed: NoSuchKey", "unreadable"]
    assert desk.called == ["CheckEvidence", "CheckEvidence"]
    assert list(sqs.there) == ["1", "2"]
    assert not sqs.hidden


def test_on_aws_an_operator_has_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    desk = on_aws("desk", "eu-central-1")
    with pytest.raises(Problem, match=TOKEN_VARIABLE):
        desk.operator_token()
    monkeypatch.setenv(TOKEN_VARIABLE, "ey...")
    assert desk.operator_token() == "ey..."
    assert desk.endpoint_url is None
