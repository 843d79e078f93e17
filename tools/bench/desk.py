"""The whole desk in this process, on moto: the real handlers, tables, state machine and stream filter.

Everything happens when it is told to, in one order, so that the same journey always counts the same.
"""

import importlib.util
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import boto3
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as moto_lambda
import stripe
from moto import mock_aws

from aftersales.adapters import tables as keys
from aftersales.contracts.routes import ROUTES
from aftersales.entrypoints import bootstrap, metrics
from aftersales.entrypoints.logs import logger
from tools.bench import provider, samples, template
from tools.bench.recorder import CURRENT, Invocation, Recorder

_BUCKET = "aftersales-evidence"
_ACCOUNT = "123456789012"
_SENDER = "aftersales@example.com"
_GROUPS = {
    "buyer": ("buyers", samples.BUYER),
    "seller": ("sellers", samples.SELLER),
    "reviewer": ("reviewers", samples.REVIEWER),
    "platform": ("platform", samples.PLATFORM),
}
_WAKES = {"StartExecution": "starts", "SendTaskSuccess": "rings"}
_PATIENCE = 30


class _LogStream(io.TextIOBase):
    """What an invocation prints is its log; everything else is printed."""

    def __init__(self, outside: Any) -> None:
        self._outside = outside

    def write(self, text: str) -> int:
        invocation = CURRENT.get()
        if invocation is None:
            return int(self._outside.write(text))
        invocation.log += text
        return len(text)

    def flush(self) -> None:
        self._outside.flush()


class _LambdaClient:
    """Lambda as the state machine sees it; a call comes in the thread of its execution."""

    def __init__(self, run: Callable[[str, dict[str, Any]], Any]) -> None:
        self._run = run

    def invoke(self, **request: Any) -> dict[str, Any]:
        """Run the function; its exception is the execution's to handle."""
        try:
            answer, error = (
                self._run(request["FunctionName"].rsplit(":", 1)[1], json.loads(request["Payload"])),
                {},
            )
        except Exception as raised:  # noqa: BLE001 - whatever it is, Lambda reports it
            answer = {"errorType": type(raised).__name__, "errorMessage": str(raised)}
            error = {"FunctionError": "Unhandled"}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **error}


class BenchDesk:
    """The desk; `invocations` holds every run of a function since the last `forget`."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.invocations: list[Invocation] = []
        self.uploads = 0
        self.stripe = provider.AnsweringClient(self._provider_called)
        self._functions: dict[str, ModuleType] = {}
        self._tokens: dict[str, str] = {}
        self._rung: set[str] = set()
        self._aws = boto3.Session()
        self._clients: dict[str, Any] = {}
        self._db = self._client("dynamodb")
        self._read_shards: dict[tuple[str, str], str] = {}
        self._make_resources()
        recorder = Recorder(
            {name: template.keys(properties) for name, properties in template.tables().items()}, self._db
        )
        recorder.listen(bootstrap._session().events)

    def forget(self) -> None:
        """Start counting anew."""
        self.invocations = []

    def run(self, function: str, event: Any) -> Any:
        """One invocation of a function, as Lambda makes it."""
        invocation = Invocation(function, event)
        token = CURRENT.set(invocation)
        answer: Any = None
        try:
            answer = self._handler(function)(event, None)
        finally:
            CURRENT.reset(token)
            invocation.label = _label(invocation, answer)
            self._rung |= {call.token for call in invocation.calls if call.token}
            self.invocations.append(invocation)
        return answer

    def call(
        self,
        operation: str,
        role: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        **path: str,
    ) -> Any:
        """One call of the API that succeeds; answers its body."""
        route = next(route for route in ROUTES if route.operation == operation)
        group, party = _GROUPS.get(role, ("", ""))
        sent = {"Idempotency-Key": key} if key else {}
        event = samples.api_event(
            operation,
            route.method,
            route.path,
            group=group,
            party=party,
            path=path,
            body=body,
            query=query,
            headers={**sent, **(headers or {})},
        )
        answer = self.run(route.function, event)
        assert answer["statusCode"] < 300, self.invocations[-1].log
        return json.loads(answer["body"])

    def upload(self, case_id: str, evidence_id: str, content: bytes) -> None:
        """A browser posts a file and S3 tells of it."""
        name = f"incoming/cases/{case_id}/{evidence_id}"
        self._client("s3").put_object(Bucket=_BUCKET, Key=name, Body=content)
        self.uploads += 1
        self.run("check_evidence", {"Records": [{"s3": {"object": {"key": name}}}]})

    def pass_deadline(self, case_id: str) -> None:
        """Move a case's clock by data, and sweep."""
        self._db.update_item(
            TableName="CasesTable",
            Key={name: {"S": value} for name, value in keys.case_key(case_id).items()},
            UpdateExpression="SET deadline_at = :at, wakes_at = :at, due_at = :at",
            ExpressionAttributeValues={":at": {"N": str(self.now - 1000)}},
        )
        self.run("sweep_deadlines", {})

    def settle(self) -> None:
        """Let everything follow that follows: executions, the stream, mail to buyers."""
        self._executions_rest()
        while records := self._new_entries("CasesTable"):
            for record in records:
                self.run("relay_timeline", {"Records": [record]})
                self._executions_rest()
        for record in self._new_entries("FeedbackTable"):
            self.run("count_feedback", {"Records": [record]})
        self._mail()

    def states_entered(self, case_id: str) -> list[str]:
        """The states that the case's execution entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self._history(case_id)
            if "stateEnteredEventDetails" in event
        ]

    def _handler(self, function: str) -> Callable[[Any, Any], Any]:
        if function not in self._functions:
            path = template.ROOT / "functions" / function / "app.py"
            spec = importlib.util.spec_from_file_location(f"bench_{function}", path)
            assert spec
            assert spec.loader
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._functions[function] = module
        handler: Callable[[Any, Any], Any] = self._functions[function].handler
        return handler

    def _client(self, service: Any) -> Any:
        if service not in self._clients:
            self._clients[service] = self._aws.client(service)
        return self._clients[service]

    def _make_resources(self) -> None:
        for name, properties in template.tables().items():
            wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            table = {one: properties[one] for one in wanted if one in properties}
            stream = properties.get("StreamSpecification")
            if stream:
                table["StreamSpecification"] = {"StreamEnabled": True, **stream}
            self._db.create_table(TableName=name, **table)
        self._client("s3").create_bucket(Bucket=_BUCKET)
        topic = self._client("sns").create_topic(Name="notices")["TopicArn"]
        queue = self._client("sqs").create_queue(QueueName="buyer-mail")["QueueUrl"]
        self._queue = queue
        self._client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:us-east-1:{_ACCOUNT}:buyer-mail",
            Attributes={"RawMessageDelivery": "true"},
        )
        self._client("sesv2").create_email_identity(EmailIdentity=_SENDER)
        secret = self._client("secretsmanager").create_secret(Name="stripe", SecretString=provider.SECRET)
        arn_of = {
            name: f"arn:aws:lambda:us-east-1:{_ACCOUNT}:function:{function}"
            for name, function in template.substitutions().items()
        }
        self._machine = self._client("stepfunctions").create_state_machine(
            name="after-sales",
            definition=template.definition(arn_of),
            roleArn=f"arn:aws:iam::{_ACCOUNT}:role/machine",
        )["stateMachineArn"]
        os.environ.update(
            STATE_MACHINE_ARN=self._machine, NOTICES_TOPIC_ARN=topic, STRIPE_SECRET_ARN=secret["ARN"]
        )

    def client_for_lambda(self) -> "_LambdaClient":
        """What a state's `lambda:invoke` reaches."""
        return _LambdaClient(self._invoked)

    def _invoked(self, function: str, event: dict[str, Any]) -> Any:
        if "token" in event:
            self._tokens[event["case_id"]] = event["token"]
        return self.run(function, event)

    def _history(self, case_id: str) -> list[Any]:
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{case_id}"
        events: list[Any] = self._client("stepfunctions").get_execution_history(
            executionArn=arn, maxResults=1000
        )["events"]
        return events

    def _executions_rest(self) -> None:
        """Until every execution has ended or waits at a bell that nobody has rung."""
        listed = self._client("stepfunctions").list_executions(stateMachineArn=self._machine)["executions"]
        end = time.monotonic() + _PATIENCE
        for execution in listed:
            while not self._rests(execution["name"]):
                assert time.monotonic() < end, self._history(execution["name"])[-3:]
                time.sleep(0.005)

    def _rests(self, name: str) -> bool:
        history = self._history(name)
        last = history[-1]["type"] if history else ""
        if last.startswith("Execution") and last != "ExecutionStarted":
            return True
        return last == "TaskSubmitted" and self._tokens.get(name) not in self._rung

    def _new_entries(self, table: str) -> list[Any]:
        """Records that pass the filter of a table's stream: new entries that have an effect."""
        streams = self._client("dynamodbstreams")
        arn = self._db.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        records: list[Any] = []
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            name = shard["ShardId"]
            at = (
                self._read_shards.get((arn, name))
                or streams.get_shard_iterator(StreamArn=arn, ShardId=name, ShardIteratorType="TRIM_HORIZON")[
                    "ShardIterator"
                ]
            )
            page = streams.get_records(ShardIterator=at)
            self._read_shards[arn, name] = page["NextShardIterator"]
            records += page["Records"]
        # Lambda passes times on as numbers.
        passed = json.loads(json.dumps(records, default=lambda moment: int(moment.timestamp())))
        return [record for record in passed if _has_effect(record)]

    def _mail(self) -> None:
        queue = self._client("sqs")
        while messages := queue.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=1).get("Messages"):
            for message in messages:
                record = {"messageId": message["MessageId"], "body": message["Body"]}
                failed = self.run("mail_buyer", {"Records": [record]})["batchItemFailures"]
                assert not failed, record
                queue.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])

    def _provider_called(self, method: str, path: str) -> None:
        invocation = CURRENT.get()
        if invocation:
            invocation.provider_calls.append((method, path))


@contextmanager
def open_desk() -> Iterator[BenchDesk]:
    """A new desk with an empty account. Its clock stands still, at a time that is as long as any other."""
    now = int(time.time()) * 1000 + 777
    settings = template.literal_settings()
    environment = {
        **settings,
        **{name: "testing" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")},
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "_X_AMZN_TRACE_ID": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1",
        "EVIDENCE_BUCKET": _BUCKET,
        "MAIL_SENDER": _SENDER,
        "STRIPE_API_BASE": "",
        "STRIPE_LIVEMODE": "false",
        "ORDERS_TABLE": "OrdersTable",
        "CASES_TABLE": "CasesTable",
        "FEEDBACK_TABLE": "FeedbackTable",
        "STOCK_TABLE": "StockTable",
        "IDEMPOTENCY_TABLE": "IdempotencyTable",
    }
    stdout = _LogStream(sys.stdout)
    config: Any = {"stepfunctions": {"execute_state_machine": True}}
    with (
        patch.dict(os.environ, environment),
        mock_aws(config=config),
        patch.object(bootstrap, "now", lambda: now),
        patch.object(sys, "stdout", stdout),
        patch.object(logger.registered_handler, "stream", stdout),
        # Both may have been made before this environment was.
        patch.object(logger, "service", settings["POWERTOOLS_SERVICE_NAME"]),
        patch.object(metrics._metrics.provider, "service", settings["POWERTOOLS_SERVICE_NAME"]),
        patch.object(metrics._metrics.provider, "namespace", settings["POWERTOOLS_METRICS_NAMESPACE"]),
    ):
        _forget_workers()
        logger.clear_state()
        desk = BenchDesk(now)
        with (
            patch.object(moto_lambda, "boto_client_for", lambda **_: desk.client_for_lambda()),
            patch.object(stripe, "RequestsClient", lambda **_: desk.stripe),
        ):
            bootstrap.payments()
            bootstrap.provider_events()
            yield desk
        _forget_workers()


def _forget_workers() -> None:
    for made in vars(bootstrap).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


def _has_effect(record: Mapping[str, Any]) -> bool:
    """The template's filter on the stream; a test compares the two."""
    image = record["dynamodb"].get("NewImage", {})
    return (
        record["eventName"] == "INSERT"
        and image.get("sk", {}).get("S", "").startswith(keys.TIMELINE)
        and "unrelayed" in image
    )


def _label(invocation: Invocation, answer: Any) -> str:
    """What this run was, in the words of the tables."""
    match invocation.function, invocation.event:
        case _, {"requestContext": {"operationName": operation}}:
            return str(operation)
        case "relay_timeline", {"Records": [{"dynamodb": {"NewImage": image}}]}:
            done = [word for action, word in _WAKES.items() if invocation.count("states", action)]
            return ", ".join([f"relay of {image['event']['S']}", *done])
        case "assess_case", _:
            status = answer["status"] if answer else "fails"
            return f"assess_case, {status}" + ("" if invocation.writes else " already")
        case "refund_buyer", _:
            asked = any(method == "get" for method, _path in invocation.provider_calls)
            return "refund_buyer" + (", once more" if asked else "")
        case "count_feedback", {"Records": [{"dynamodb": {"NewImage": image}}]}:
            return f"count of {image['event']['S']}"
        case (
            "sweep_deadlines"
            | "sweep_timeline"
            | "sweep_feedback"
            | "sweep_stock"
            | "run_errands" as function,
            _,
        ):
            return f"{function}, {'something' if any(answer.values()) else 'nothing'} due"
        case function, _:
            return function
