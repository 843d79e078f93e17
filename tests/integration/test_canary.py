"""What people wrote, and how they are reached, stands in the tables, the bucket and the buyer's own mail: and in no
log, metric, queue, execution history or error. A word that nobody else uses is put into every such field, everything
is made to fail on the way, and then it is looked for."""

import io
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback
from aftersales.adapters.s3_evidence import S3EvidenceFiles
from aftersales.adapters.ses import SesMailer
from aftersales.adapters.sns import SnsNotices, SnsSubscriptions
from aftersales.adapters.stripe_payments import StripePayments
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, Role
from aftersales.entrypoints.logs import logger
from tests.builders import REVIEWER, SELLER
from tests.corpus import SECRET, photo_with_gps
from tests.integration.harness import Answer, Desk
from tests.integration.people import (
    PLATFORM,
    Payer,
    a_promise,
    an_application,
    assert_ended,
    body_of,
    decide,
    listen,
    order_of,
    paid,
    provider_events,
)

pytestmark = pytest.mark.enable_socket

CANARY = "Kanarienvogel"
BUYER = Party(Role.BUYER, f"buyer-{CANARY}")
PHOTO = photo_with_gps()


class Witness:
    """Everything that is heard of the desk outside of its tables, its bucket and the buyer's mail."""

    def __init__(self, desk: Desk, patch: pytest.MonkeyPatch) -> None:
        self._desk = desk
        self._heard = listen(desk, "NoticesTopic")
        listen(desk, "AlarmsTopic")
        self.log = io.StringIO()
        self.raised: list[str] = []
        self.refused: list[str] = []
        patch.setattr(logger.registered_handler, "stream", self.log)
        patch.setattr(desk, "invoke", self._watching(desk.invoke))
        patch.setattr(desk, "call", self._reading(desk.call))

    def _watching(self, invoke: Callable[..., Any]) -> Callable[..., Any]:
        """What nobody catches is printed by Lambda, with all that it was raised from."""

        def watched(*args: Any) -> Any:
            try:
                return invoke(*args)
            except Exception as error:
                self.raised += traceback.format_exception(error)
                raise

        return watched

    def _reading(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        def read(*args: Any, **kwargs: Any) -> Answer:
            answer = call(*args, **kwargs)
            if answer.status >= 400:
                self.refused.append(f"{answer.headers} {answer.text}")
            return answer

        return read

    def everything(
        self, capture: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> dict[str, str]:
        """By where it was found. Lambda's on-failure records carry what a function was asked and what it raised;
        of a stream, only where the record is (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html)."""
        desk = self._desk
        printed = capture.readouterr()
        return {
            "the log": self.log.getvalue(),
            "metrics and whatever else is printed": printed.out + printed.err,
            "the logs of libraries": caplog.text,
            "exceptions": "".join(self.raised),
            "error answers": "\n".join(self.refused),
            "execution histories": "".join(desk.history(one.name) for one in desk._executions()),
            "topics": json.dumps(self._heard()),
            "queues": json.dumps(list(_queued(desk))),
            "uploads given up": json.dumps(desk.uploads.given_up),
            "failed invocations": json.dumps(desk.deaths),
        }


def _queued(desk: Desk) -> Iterator[str]:
    sqs = desk.stack.client("sqs")
    for name, _ in desk.stack.of_type("AWS::SQS::Queue"):
        asked = {"QueueUrl": desk.stack.ref(name), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
        yield from (one["Body"] for one in sqs.receive_message(**asked).get("Messages", []))


@pytest.fixture
def witness(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Witness:
    return Witness(desk, monkeypatch)


@pytest.fixture
def order(desk: Desk, witness: Witness, payer: Payer) -> Order:
    order = paid(order_of(desk, buyer_id=BUYER.id), payer)
    contact = {"email": f"{CANARY}@example.com", "language": "en"}
    desk.call(
        "PUT", f"/orders/{order.order_id}", by=PLATFORM, body=body_of(order) | {"contact": contact}
    ).ok()
    return order


def open_case(desk: Desk, order: Order, reason: str = "changed_mind") -> str:
    body = an_application(
        order,
        reason,
        description=f"I live at {CANARY} 7.",
        evidence=[a_promise(PHOTO, filename=f"{CANARY}.jpg")],
    )
    case_id: str = desk.call("POST", "/cases", by=BUYER, body=body, key=CANARY).ok()["case_id"]
    return case_id


def talk(desk: Desk, case_id: str) -> None:
    """Everybody says something, with a key of their own."""
    for party in (BUYER, SELLER, REVIEWER):
        body = {"text": f"Call me: {CANARY}"}
        desk.call("POST", f"/cases/{case_id}/messages", by=party, body=body, key=f"{CANARY}-2").ok()


def say_what_it_was_like(desk: Desk, order: Order) -> None:
    """A verdict, an answer to it, and what does not pass; whatever of it is possible."""
    said = {"order_id": order.order_id, "score": 1, "comment": f"Sent to {CANARY}"}
    left = desk.call("POST", "/feedback", by=BUYER, body=said, key=f"{CANARY}-4")
    feedback_id = left.json.get("feedback_id", "none")
    for by, method, path, body in (
        (BUYER, "PATCH", f"/feedback/{feedback_id}", {"comment": f"Sent to {CANARY} 7"}),
        (BUYER, "PATCH", f"/feedback/{feedback_id}", {"comment": f"{CANARY}\0", "score": CANARY}),
        (SELLER, "POST", f"/feedback/{feedback_id}/reply", {"text": f"Dear {CANARY}"}),
        (REVIEWER, "POST", f"/feedback/{feedback_id}/moderation", {"action": "hide", "reason_code": CANARY}),
        (
            REVIEWER,
            "POST",
            f"/feedback/{feedback_id}/moderation",
            {"action": "hide", "reason_code": "personal_data"},
        ),
    ):
        desk.call(method, path, by=by, body=body)
    desk.call("POST", "/feedback", by=BUYER, body=said | {"score": CANARY}, key=CANARY)
    desk.call("GET", f"/sellers/{SELLER.id}/feedback", by=BUYER, query={"cursor": CANARY})


def ask_badly(desk: Desk, order: Order, case_id: str) -> None:
    """What is refused says why, without repeating what was sent."""
    body = an_application(order) | {
        "reason": CANARY,
        "lines": CANARY,
        "description": f"{CANARY}\0",
    }
    desk.call("POST", "/cases", by=BUYER, body=body, key=CANARY)
    desk.call("POST", "/cases", by=BUYER, body=an_application(order), key=CANARY)
    desk.call("POST", "/cases", by=BUYER, body=f'{{"description": "{CANARY}', key=f"{CANARY}\n")
    desk.call("POST", "/cases", by=BUYER, body=CANARY, headers={"Content-Type": CANARY})
    desk.call("GET", "/cases", by=BUYER, query={"cursor": CANARY, "status": CANARY})
    desk.call("GET", f"/cases/{case_id}/timeline", by=BUYER, query={"cursor": CANARY})
    desk.call("POST", f"/cases/{case_id}/withdrawal", by=BUYER, body={}, headers={"If-Match": CANARY})
    desk.call("GET", f"/cases/{case_id}", by=Party(Role.BUYER, f"{CANARY}-2"))
    desk.call("PUT", "/orders/other", by=PLATFORM, body=body_of(order) | {"contact": {"email": CANARY}})
    desk.call(
        "POST", "/webhooks/stripe", body=CANARY, headers={"Stripe-Signature": f"t={CANARY},v1={CANARY}"}
    )
    for channel, endpoint in (("email", f"{CANARY}@example.com"), ("https", CANARY), ("sqs", CANARY)):
        path = f"/sellers/{SELLER.id}/subscriptions/{channel}"
        desk.call("PUT", path, by=SELLER, body={"endpoint": endpoint})


def crash(*_: object, **__: object) -> None:
    """As libraries fail: what they were given stands in the message, and in the error behind it."""
    try:
        raise ValueError(f"input_value={CANARY!r}")
    except ValueError as error:
        raise RuntimeError(f"cannot do {CANARY}") from error


def refuse(*_: object, **__: object) -> None:
    """As AWS refuses: it names what it does not take."""
    raise ClientError(
        {"Error": {"Code": "MessageRejected", "Message": f"not verified: {CANARY}@example.com"}}, "Any"
    )


def assert_nowhere(
    witness: Witness, capture: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> dict[str, str]:
    """Answers what there was to look through."""
    found = witness.everything(capture, caplog)
    for place, said in found.items():
        for secret in (CANARY, CANARY.lower(), SECRET):
            at = said.find(secret)
            assert at < 0, f"{place}: ...{said[max(at - 300, 0) : at + 100]}..."
    return found


def test_a_journey_with_everything_that_people_say_leaves_no_word_of_it_outside(
    desk: Desk,
    order: Order,
    witness: Witness,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    case_id = open_case(desk, order)
    desk.pump()
    desk.upload(case_id, "e1", PHOTO)
    desk.pump()
    talk(desk, case_id)
    ask_badly(desk, order, case_id)
    say_what_it_was_like(desk, order)
    desk.call("GET", f"/cases/{case_id}/evidence/e1", by=SELLER).ok()
    decide(desk, case_id, note=f"Dear {CANARY}, of course.", key=CANARY).ok()
    desk.pump()
    for event in provider_events(desk):
        desk.hear(event)
    desk.invoke("ReconcileBooks", {"hours": 2})
    desk.silence(minutes=6)
    assert_ended(desk, case_id, "completed")
    assert CANARY in json.dumps([str(vars(mail)) for mail in desk.mails()])  # where it belongs
    assert len(witness.refused) > 10
    found = assert_nowhere(witness, capsys, caplog)
    assert '"_aws"' in found["metrics and whatever else is printed"]
    assert all(found[place] for place in ("the log", "execution histories", "topics"))


@pytest.mark.parametrize("fail", [crash, refuse], ids=["a library", "AWS"])
@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (DynamoDBStore, "commit"),
        (DynamoDBStore, "case"),
        (DynamoDBStore, "order"),
        (DynamoDBStore, "park"),
        (DynamoDBStore, "remember"),
        (DynamoDBFeedback, "commit_feedback"),
        (DynamoDBFeedback, "feedback"),
        (DynamoDBFeedback, "count"),
        (StripePayments, "refund"),
        (StripePayments, "find"),
        (S3EvidenceFiles, "check"),
        (S3EvidenceFiles, "upload_form"),
        (S3EvidenceFiles, "link"),
        (SnsNotices, "publish"),
        (SnsSubscriptions, "subscribe"),
        (SesMailer, "_send"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_failure_anywhere_says_its_name_and_no_word_of_a_person(
    desk: Desk,
    order: Order,
    witness: Witness,
    owner: type,
    method: str,
    fail: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    case_id = open_case(desk, order)
    desk.pump()
    with monkeypatch.context() as broken:
        broken.setattr(owner, method, fail)
        desk.call("POST", "/cases", by=BUYER, body=an_application(order), key=f"{CANARY}-3")
        desk.call("POST", f"/cases/{case_id}/evidence", by=BUYER, body=a_promise(PHOTO))
        desk.upload(case_id, "e1", PHOTO)
        desk.pump()
        ask_badly(desk, order, case_id)
        say_what_it_was_like(desk, order)
        desk.call("GET", f"/cases/{case_id}/evidence/e1", by=SELLER)
        # What has gone well is not asked about once more; what has not yet is.
        desk.sandbox.order("pending")
        decide(desk, case_id, note=f"Dear {CANARY}")
        desk.pump()
        for event in provider_events(desk):
            desk.hear(event)
        for function in ("SweepDeadlines", "SweepTimeline", "SweepFeedback", "ReconcileBooks"):
            desk.clock.advance(days=2)
            with suppress(Exception):
                desk.invoke(function, {"hours": 999})
    assert {"RuntimeError", "ClientError", "MailRefused"} & _kinds(witness.log.getvalue())
    assert_nowhere(witness, capsys, caplog)


@pytest.mark.parametrize(
    ("table", "sk", "field"),
    [("CasesTable", "CASE", "kind"), ("CasesTable", "CASE", "evidence"), ("OrdersTable", "ORDER", "lines")],
    ids=str,
)
def test_a_row_that_is_not_as_we_wrote_it_is_a_failure_of_ours_and_is_not_quoted(
    desk: Desk,
    order: Order,
    witness: Witness,
    table: str,
    sk: str,
    field: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever validates a row quotes what it found there; and a client is not told that the mistake was theirs."""
    case_id = open_case(desk, order)
    pk = f"CASE#{case_id}" if table == "CasesTable" else f"ORDER#{order.order_id}"
    desk.stack.client("dynamodb").update_item(
        TableName=desk.stack.ref(table),
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET #field = :value",
        ExpressionAttributeNames={"#field": field},
        ExpressionAttributeValues={":value": {"M": {"email": {"S": CANARY}, "colour": {"S": CANARY}}}},
    )
    desk.pump()
    path = f"/cases/{case_id}" if table == "CasesTable" else f"/orders/{order.order_id}"
    assert desk.call("GET", path, by=BUYER).code == "internal"
    desk.call("POST", f"/cases/{case_id}/messages", by=BUYER, body={"text": CANARY})
    desk.clock.advance(days=3)
    for function in ("SweepDeadlines", "SweepTimeline", "ReconcileBooks"):
        with suppress(Exception):
            desk.invoke(function, {"hours": 999})
    assert_nowhere(witness, capsys, caplog)


@pytest.mark.parametrize("step", ["AssessCase", "WaitForParty", "RefundBuyer", "SettleCase", "AskOperator"])
def test_a_step_that_is_called_in_another_way_does_not_print_its_token(desk: Desk, step: str) -> None:
    """A task token opens the step to whoever holds it."""
    with pytest.raises(Exception) as failure:  # noqa: PT011 - whatever its kind, of its words
        desk.invoke(step, {"case_id": "case-1", "schema": 1, "token": [CANARY], "colour": CANARY})
    assert CANARY not in "".join(traceback.format_exception(failure.value))


def _kinds(log: str) -> set[str]:
    return {str(json.loads(line).get("error")) for line in log.splitlines()}
