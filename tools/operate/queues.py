"""The dead-letter queues: what lies in them, and how each kind of letter is sent once more.

Everything behind them may be called any number of times, so a letter is sent first and deleted afterwards: whoever
dies in between sends it twice, for twice is better than never.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from aftersales.adapters.sns import SnsNotices
from tools.operate import letters
from tools.operate.cases import ring_all
from tools.operate.deployment import Deployment, Problem
from tools.operate.letters import Attributes, Body, Letter

# A letter is hidden for so long while it is looked at; whatever is left is shown again at once.
_HIDDEN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Kind:
    """One dead-letter queue of the template: how its letters are read, and how they are sent once more."""

    resource: str
    read: Callable[[Body, Attributes], Letter]
    send: Callable[[Deployment, Body], None]


def _mail(deployment: Deployment, body: Body) -> None:
    """Back to the queue; a notice that was mailed before is not mailed again."""
    notice = asdict(letters.notice_in(body))
    deployment.client("sqs").send_message(
        QueueUrl=deployment.resource("BuyerMailQueue"), MessageBody=json.dumps(notice)
    )


def _publish(deployment: Deployment, body: Body) -> None:
    """SNS delivers to no single subscription; every receiver drops repeats by the notice's id."""
    topic = SnsNotices(deployment.client("sns"), deployment.resource("NoticesTopic"))
    topic.publish(letters.notice_in(body))


def _invoke(function: str) -> Callable[[Deployment, Body], None]:
    """Call the function with the event that it failed on, and wait for what comes of it."""

    def send(deployment: Deployment, body: Body) -> None:
        deployment.invoke(function, letters.event_in(body))

    return send


def _relay(deployment: Deployment, _body: Body) -> None:
    """The letter does not say which entries it stands for: it is done with once no entry is left."""
    left = sum(len(rung.failed) for rung in ring_all(deployment))
    if left:
        raise Problem(f"{left} entries could not be relayed")


def _sweep(deployment: Deployment, _body: Body) -> None:
    """The same of feedback: the sweep takes what is older than five minutes, and younger entries in its own time."""
    deployment.invoke("SweepFeedback", {})


def _let_stand(_deployment: Deployment, _body: Body) -> None:
    """Nothing is lost that could be sent again: a comment that another model did not read stands as the lexicon did."""


KINDS: Mapping[str, Kind] = {
    "mail": Kind("BuyerMailDeadLetters", letters.read_mail, _mail),
    "alerts": Kind("SellerAlertDeadLetters", letters.read_alert, _publish),
    "evidence": Kind("EvidenceDeadLetters", letters.read_evidence, _invoke("CheckEvidence")),
    "photos": Kind("PhotoDeadLetters", letters.read_evidence, _invoke("CheckPhotos")),
    "executions": Kind("ExecutionDeadLetters", letters.read_execution, _invoke("WatchExecutions")),
    "timeline": Kind("TimelineDeadLetters", letters.read_stream, _relay),
    "feedback": Kind("FeedbackDeadLetters", letters.read_stream, _sweep),
    "exports": Kind("ExportDeadLetters", letters.read_export, _invoke("WriteParquet")),
    "comments": Kind("CommentDeadLetters", letters.read_stream, _let_stand),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A letter as it lies in its queue. `says` is None where it is none that the desk's own edges write."""

    queue: str
    age_seconds: int
    says: Letter | None
    body: Any
    handle: str


class DeadLetterQueue:
    """One queue of a deployment, by the name that operators use."""

    def __init__(self, deployment: Deployment, name: str) -> None:
        self.name = name
        self._kind = KINDS[name]
        self._deployment = deployment
        self._sqs = deployment.client("sqs")
        self._url = deployment.resource(self._kind.resource)

    def count(self) -> int:
        """About how many letters there are, as SQS says and as the alarm sees it."""
        name = "ApproximateNumberOfMessages"
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def each(self) -> Iterator[DeadLetter]:
        """Every letter once; those that were not deleted meanwhile can be seen by others afterwards."""
        handles: dict[str, str] = {}
        try:
            while fresh := [one for one in self._receive() if one["MessageId"] not in handles]:
                for message in fresh:
                    handles[message["MessageId"]] = message["ReceiptHandle"]
                    yield self._letter(message)
        finally:
            for handle in handles.values():
                self._show_again(handle)

    def send_again(self, letter: DeadLetter) -> str | None:
        """Send it once more and delete it. Where that fails it stays, and the kind of the error is answered."""
        if letter.says is None:
            return "unreadable"
        try:
            self._kind.send(self._deployment, letter.body)
        except Problem as problem:
            return str(problem)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.handle)
        return None

    def _receive(self) -> list[Any]:
        # Waiting makes SQS ask all its servers: without it, an answer may be empty although there are letters.
        messages: list[Any] = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            VisibilityTimeout=_HIDDEN_SECONDS,
            AttributeNames=["SentTimestamp"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return messages

    def _letter(self, message: Mapping[str, Any]) -> DeadLetter:
        attributes = {
            name: one["StringValue"]
            for name, one in message.get("MessageAttributes", {}).items()
            if "StringValue" in one
        }
        body, says = letters.read(self._kind.read, message["Body"], attributes)
        return DeadLetter(
            queue=self.name,
            age_seconds=int(time.time() - int(message["Attributes"]["SentTimestamp"]) / 1000),
            says=says,
            body=body,
            handle=message["ReceiptHandle"],
        )

    def _show_again(self, handle: str) -> None:
        try:
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0)
        except ClientError as error:
            # It was deleted, or somebody else holds it by now.
            if error.response["Error"]["Code"] not in _NOT_HELD:
                raise


_NOT_HELD = (
    "InvalidParameterValue",
    "MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "AWS.SimpleQueueService.MessageNotInflight",
)
