"""The whole desk in one process: AWS by moto, the payment provider by the sandbox, everything else the real thing.

Tables, indexes, topic, queues, bucket and state machine are made from `template.yaml`; nothing is described a
second time. The handlers are those of `functions/*/app.py`. What lies between them on AWS is done here, as
documented: API Gateway's events, the stream with its filter and its retries, S3's notifications, the queue, the
schedules, and the Lambda invocations of the state machine.

Three seams reach into moto 5.2.5: the client by which its interpreter invokes Lambda functions, the sleep between
its retries, and one lock around its backends, which are not thread-safe (a cancelled transaction puts whole tables
back). Three more only save time, most of which moto would spend on copying tables for each transaction, on looking
for other names of DynamoDB's attributes, and on parsing the state machine anew for each execution.
Its executions run in threads; `Desk.settle` waits until each has ended or waits for its token.
"""

import copy
import io
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import AttributePicker, AttributePickerContext
from moto.dynamodb import models as dynamodb_models
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from aftersales.domain.parties import Party
from aftersales.entrypoints import bootstrap
from tests.builders import NOON
from tests.conformance.sandbox import Control
from tests.events import GROUPS, matches
from tools.generate import sources
from tools.payment_sandbox.events import signature

ACCOUNT, REGION, STACK = "123456789012", "us-east-1", "desk"
WEBHOOK_SECRET = "whsec_integration"
CARRIERS_SECRET = "carriers-integration"
_PATIENCE = 120.0
_FACTORIES: list[Any] = [
    made
    for name, made in vars(bootstrap).items()
    # A client knows no desk: each new one would read its service's model and load certificates again.
    if hasattr(made, "cache_clear") and name not in ("_session", "client")
]


class WorkerDied(BaseException):
    """The process of a function ends in the middle of its work: no handler catches it, Lambda reports it."""


class NoRoute(AssertionError):
    """The template routes no such request to a function; API Gateway itself refuses it."""


def dies() -> None:
    """The worker's end."""
    raise WorkerDied


class Clock:
    """The time of the whole process, standing still until it is moved: desk, SDK and sandbox share it. A thread's own
    clock may be ahead."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = NOON
        self._own = threading.local()
        patch.setattr(time, "time", lambda: self._read() / 1000)
        patch.setattr(time, "time_ns", lambda: self._read() * 1_000_000)

    def run_ahead(self, milliseconds: int) -> None:
        """The clock of this thread is ahead of the others'."""
        self._own.ahead = milliseconds

    def _read(self) -> int:
        return self.now + int(getattr(self._own, "ahead", 0))

    def advance(self, *, days: int = 0, hours: int = 0, minutes: int = 0, milliseconds: int = 0) -> None:
        """Later."""
        self.now += ((days * 24 + hours) * 60 + minutes) * 60_000 + milliseconds


class Stack:
    """What `template.yaml` asks for, made in moto's account."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._template = sources.template()
        defaults = {name: one.get("Default", "") for name, one in self._template["Parameters"].items()}
        self._names: dict[str, Any] = {
            **defaults,
            **parameters,
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": STACK,
        }
        self._attributes: dict[tuple[str, str], str] = {}
        for name, function in self.of_type("AWS::Serverless::Function"):
            self._names[name] = self.resolve(function["FunctionName"])
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self._names[name]}"
            self._attributes[name, "Arn"] = arn
        self._make_tables()
        self._make_bucket()
        self._make_queues_and_topic()
        self._make_mail_and_secret()
        self._make_state_machine()

    def client(self, service: str) -> Any:
        """A client of the one who deploys."""
        return _client_of_deployer(service)

    def of_type(self, type_: str) -> list[tuple[str, dict[str, Any]]]:
        """The resources of one type, by their name in the template."""
        resources = self._template["Resources"].items()
        return [(name, one.get("Properties", {})) for name, one in resources if one["Type"] == type_]

    def ref(self, name: str) -> str:
        """What `!Ref` gives."""
        return str(self._names[name])

    def attribute(self, name: str, attribute: str) -> str:
        """What `!GetAtt` gives."""
        return self._attributes[name, attribute]

    def resolve(self, value: Any) -> Any:
        """A value of the template with its intrinsic functions carried out."""
        match value:
            case {"Ref": name}:
                return self._names[name]
            case {"Fn::GetAtt": path}:
                name, attribute = path.split(".")
                return self._attributes[name, attribute]
            case {"Fn::Sub": text}:
                return self._substituted(text)
            case dict():
                return {key: self.resolve(one) for key, one in value.items()}
            case list():
                return [self.resolve(one) for one in value]
        return value

    def environment(self, function: str) -> dict[str, str]:
        """The environment variables of one function, its own and those of all."""
        of_all = self._template["Globals"]["Function"]["Environment"]["Variables"]
        own = self._template["Resources"][function]["Properties"].get("Environment", {}).get("Variables", {})
        return {name: str(self.resolve(value)) for name, value in {**of_all, **own}.items()}

    def events(self, type_: str) -> list[tuple[str, dict[str, Any]]]:
        """What triggers functions, with the function's name in the template."""
        return [
            (name, event["Properties"])
            for name, function in self.of_type("AWS::Serverless::Function")
            for event in function.get("Events", {}).values()
            if event["Type"] == type_
        ]

    def _substituted(self, text: str) -> str:
        for name, value in self._names.items():
            text = text.replace(f"${{{name}}}", str(value))
        assert "${" not in text, f"unknown name in {text}"
        return text

    def _make_tables(self) -> None:
        wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        for name, table in self.of_type("AWS::DynamoDB::Table"):
            asked = {key: table[key] for key in wanted if key in table}
            if stream := table.get("StreamSpecification"):
                asked["StreamSpecification"] = {"StreamEnabled": True, **stream}
            made = self.client("dynamodb").create_table(TableName=f"{STACK}-{name}", **self.resolve(asked))[
                "TableDescription"
            ]
            self._names[name] = made["TableName"]
            self._attributes[name, "Arn"] = made["TableArn"]
            self._attributes[name, "StreamArn"] = made.get("LatestStreamArn", "")

    def _make_bucket(self) -> None:
        for name, bucket in self.of_type("AWS::S3::Bucket"):
            self._names[name] = self.resolve(bucket["BucketName"])
            self.client("s3").create_bucket(Bucket=self._names[name])

    def _make_queues_and_topic(self) -> None:
        sqs, sns = self.client("sqs"), self.client("sns")
        # Dead letters first: a queue refuses a redrive policy that names none.
        for name, queue in sorted(
            self.of_type("AWS::SQS::Queue"), key=lambda named: "RedrivePolicy" in named[1]
        ):
            resolved = self.resolve(queue)
            attributes = {
                key: value if isinstance(value, str) else json.dumps(value) for key, value in resolved.items()
            }
            url = sqs.create_queue(QueueName=f"{STACK}-{name}", Attributes=attributes)["QueueUrl"]
            self._names[name] = url
            self._attributes[name, "Arn"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-{name}"
            self._attributes[name, "QueueName"] = f"{STACK}-{name}"
        for name, _ in self.of_type("AWS::SNS::Topic"):
            self._names[name] = sns.create_topic(Name=f"{STACK}-{name}")["TopicArn"]
        for name, subscription in self.of_type("AWS::SNS::Subscription"):
            if "Condition" in self._template["Resources"][name]:
                continue
            asked = self.resolve(subscription)
            attributes = {"RawMessageDelivery": json.dumps(asked.get("RawMessageDelivery", False))}
            sns.subscribe(
                TopicArn=asked["TopicArn"],
                Protocol=asked["Protocol"],
                Endpoint=asked["Endpoint"],
                Attributes=attributes,
            )

    def _make_mail_and_secret(self) -> None:
        for _, identity in self.of_type("AWS::SES::EmailIdentity"):
            self.client("sesv2").create_email_identity(**self.resolve(identity))
        for name, secret in self.of_type("AWS::SecretsManager::Secret"):
            made = self.client("secretsmanager").create_secret(
                Name=f"{STACK}-{name}", SecretString=self.resolve(secret["SecretString"])
            )
            self._attributes[name, "Id"] = made["ARN"]

    def _make_state_machine(self) -> None:
        for name, machine in self.of_type("AWS::Serverless::StateMachine"):
            definition = (sources.ROOT / machine["DefinitionUri"]).read_text("utf-8")
            for placeholder, value in self.resolve(machine["DefinitionSubstitutions"]).items():
                definition = definition.replace(f"${{{placeholder}}}", value)
            self._names[name] = self.client("stepfunctions").create_state_machine(
                name=f"{STACK}-{name}",
                definition=definition,
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/{STACK}-{name}",
            )["stateMachineArn"]


@dataclass(frozen=True)
class Answer:
    """What API Gateway would send to the client."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        return str(self.json["code"])

    def ok(self) -> Any:
        """The body of an answer that must not be a problem."""
        assert self.status < 300, f"{self.status} {self.text}"
        return self.json


@dataclass
class Trigger:
    """What happened to a record or an object on its way to a function."""

    records: list[dict[str, Any]] = field(default_factory=list)
    given_up: list[dict[str, Any]] = field(default_factory=list)


class Desk:
    """The deployed desk, and everybody who calls it."""

    def __init__(
        self, patch: pytest.MonkeyPatch, sandbox: Control, sandbox_url: str, carriers_url: str
    ) -> None:
        self.clock = Clock(patch)
        self.sandbox = sandbox
        self.carriers_url = carriers_url
        self.deaths: list[str] = []
        self.deaths_are_noticed = True
        self.pauses: list[float] = []
        self.stream_is_down = False
        self.stream = Trigger()
        self.uploads = Trigger()
        self._patch = patch
        self._cold = False
        self._closed = False
        self._worker = threading.RLock()
        self._read_records: dict[str, int] = {}
        _serialize_moto(patch)
        patch.setattr(AttributePicker, "__call__", _picked)
        patch.setattr(dynamodb_models, "copy", SimpleNamespace(copy=copy.copy, deepcopy=_copied))
        patch.setattr(AmazonStateLanguageParser, "parse", staticmethod(_parsed))
        patch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: SimpleNamespace(invoke=self._invoked))
        # The state machine's intervals are kept, not slept.
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=self.pauses.append))
        self.stack = Stack(
            {
                "StripeApiKey": "sk_test_integration",
                "StripeWebhookSecret": WEBHOOK_SECRET,
                "StripeApiBase": sandbox_url,
                "EasyPostApiKey": "EZTKintegration",
                "EasyPostWebhookSecret": CARRIERS_SECRET,
                "EasyPostApiBase": carriers_url,
            }
        )
        self._functions = {
            self.stack.attribute(name, "Arn"): name
            for name, _ in self.stack.of_type("AWS::Serverless::Function")
        }
        for function in self._functions.values():
            for name, value in self.stack.environment(function).items():
                patch.setenv(name, value)
        forget_workers()

    def after(self, owner: Any, name: str, then: Callable[[], object], *, nth: int = 1) -> None:
        """Something happens right after the n-th call of a method, before its caller learns of it."""
        calls = 0

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            result = original(*args, **kwargs)
            calls += 1
            if calls == nth:
                then()
            return result

        original = getattr(owner, name)
        self._patch.setattr(owner, name, call)

    def close(self) -> None:
        """End all executions: a thread that still waits for its token is woken and finds no function to call."""
        self._closed = True
        for execution in self._executions():
            if execution.status == "RUNNING" and execution.exec_worker.env:
                _end(execution)
        forget_workers()

    # ------------------------------------------------------------ Lambda

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Call a function by its name in the template; payload and answer pass as JSON, as on AWS."""
        handler = _handler(self._folder(function))
        payload = json.loads(json.dumps(event))
        if not self._cold:
            return json.loads(json.dumps(handler(payload, _Context(function))))
        with self._worker, pytest.MonkeyPatch.context() as patch:
            forget_workers()
            for name in {
                name for other in self._functions.values() for name in self.stack.environment(other)
            }:
                patch.delenv(name, raising=False)
            for name, value in self.stack.environment(function).items():
                patch.setenv(name, value)
            return json.loads(json.dumps(handler(payload, _Context(function))))

    @contextmanager
    def cold_workers(self) -> Iterator[None]:
        """Every invocation starts in a worker of its own that has its function's own environment alone."""
        self._cold = True
        yield
        self._cold = False
        forget_workers()

    def _folder(self, function: str) -> str:
        properties = dict(self.stack.of_type("AWS::Serverless::Function"))[function]
        return str(properties["CodeUri"]).removeprefix("functions/")

    def _invoked(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> dict[str, Any]:
        """What the state machine's calls of Lambda come to. An exception is the task's failure, by its name."""
        if self._closed:
            raise SystemExit
        answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            said = self.invoke(self._functions[FunctionName], json.loads(Payload))
        except (Exception, WorkerDied) as error:  # noqa: BLE001 - as Lambda does, whatever it is
            self.deaths.append(f"{type(error).__name__}: {error}")
            said = None
            if self.deaths_are_noticed or not isinstance(error, WorkerDied):
                answer["FunctionError"] = "Unhandled"
                said = {"errorType": type(error).__name__, "errorMessage": str(error)}
        return answer | {"Payload": io.BytesIO(json.dumps(said).encode())}

    # ------------------------------------------------------------ API Gateway

    def call(
        self,
        method: str,
        path: str,
        *,
        by: Party | None = None,
        body: Any = None,
        key: str | None = None,
        if_match: int | None = None,
        query: Mapping[str, str] | None = None,
        **event: Any,
    ) -> Answer:
        """One HTTP request. `event` replaces members of API Gateway's event (`headers` are added)."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        headers |= event.pop("headers", {})
        claims = event.pop("claims", claims_of(by) if by else None)
        function, template_path, parameters = self._route(method, path)
        said = self.invoke(
            function,
            {
                "resource": template_path,
                "path": path,
                "httpMethod": method,
                "headers": headers,
                "multiValueHeaders": {name: [value] for name, value in headers.items()},
                "queryStringParameters": query,
                "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()},
                "pathParameters": parameters or None,
                "stageVariables": None,
                "requestContext": {
                    "requestId": "request-1",
                    "stage": "v1",
                    "path": f"/v1{path}",
                    "resourcePath": template_path,
                    "httpMethod": method,
                    "identity": {"sourceIp": "127.0.0.1", "userAgent": "tests"},
                    "authorizer": {"claims": claims} if claims is not None else None,
                },
                "body": body if body is None or isinstance(body, str) else json.dumps(body),
                "isBase64Encoded": False,
                **event,
            },
        )
        answered = dict(said.get("headers") or {})
        answered |= {name: values[0] for name, values in (said.get("multiValueHeaders") or {}).items()}
        return Answer(said["statusCode"], answered, said.get("body") or "")

    def _route(self, method: str, path: str) -> tuple[str, str, dict[str, str]]:
        parts = path.split("/")
        for function, event in self.stack.events("Api"):
            pattern = event["Path"].split("/")
            if event["Method"] != method or len(pattern) != len(parts):
                continue
            pairs = list(zip(pattern, parts, strict=True))
            if all(one == other or one.startswith("{") for one, other in pairs):
                return function, event["Path"], {one[1:-1]: v for one, v in pairs if one.startswith("{")}
        raise NoRoute(f"{method} {path}")

    def hear(self, event: Mapping[str, Any], *, signed_at: int | None = None, secret: str = "") -> Answer:
        """A webhook, signed as the provider signs it."""
        payload = json.dumps(event, indent=2)
        moment = self.clock.now // 1000 if signed_at is None else signed_at
        signed = signature(payload.encode(), secret or WEBHOOK_SECRET, moment)
        headers = {"Stripe-Signature": signed, "Content-Type": "application/json; charset=utf-8"}
        return self.call("POST", "/webhooks/stripe", body=payload, headers=headers)

    # ------------------------------------------------------------ what happens by itself

    def pump(self, *, batch: int = 1) -> None:
        """Carry everything that is on its way until nothing moves any more."""
        while self._pump_once(batch):
            pass

    def _pump_once(self, batch: int) -> bool:
        self.settle()
        records = False
        for function, trigger in [] if self.stream_is_down else self.stack.events("DynamoDB"):
            if "Enabled" in trigger:
                # A parameter switches it on; whoever tests it delivers to it.
                continue
            fresh = self.new_records(function)
            for start in range(0, len(fresh), batch):
                self.deliver(fresh[start : start + batch], function)
                self.settle()
            records |= bool(fresh)
        uploads, self.uploads.records = self.uploads.records, []
        for record in uploads:
            self._check(record)
        mails = self._mail()
        return bool(records or uploads or mails)

    def pump_again(self) -> None:
        """The streams bring everything once more."""
        self._read_records.clear()
        self.pump()

    def settle(self) -> None:
        """Wait until every execution has ended or waits for its token."""
        deadline = time.monotonic() + _PATIENCE
        while busy := [one.name for one in self._executions() if not _quiet(one)]:
            assert time.monotonic() < deadline, f"still busy after {_PATIENCE} s: {busy}"
            time.sleep(0.001)

    def new_records(self, function: str = "RelayTimeline") -> list[dict[str, Any]]:
        """The records of a function's stream since the last call, through the filter of its trigger."""
        trigger = dict(self.stack.events("DynamoDB"))[function]
        patterns = [json.loads(one["Pattern"]) for one in trigger["FilterCriteria"]["Filters"]]
        # Read past the API, which would spell out the whole stream anew each time.
        table = self.stack.resolve(trigger["Stream"]).split("/")[1]
        shard = dynamodb_backends[ACCOUNT][REGION].get_table(table).stream_shard
        assert shard, "the table of the trigger has no stream"
        records = [one.to_json() for one in shard.items[self._read_records.get(function, 0) :]]
        self._read_records[function] = self._read_records.get(function, 0) + len(records)
        wired = [_as_event(record) for record in records]
        return [one for one in wired if any(matches(pattern, one) for pattern in patterns)]

    def deliver(self, records: list[dict[str, Any]], function: str = "RelayTimeline") -> None:
        """One batch of a stream, repeated from its first failure on; what fails too often is given up."""
        trigger = dict(self.stack.events("DynamoDB"))[function]
        tries = 0
        while records:
            failed = self.invoke(function, {"Records": records})["batchItemFailures"]
            if not failed:
                return
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            records = records[min(numbers.index(one["itemIdentifier"]) for one in failed) :]
            tries += 1
            if tries > trigger["MaximumRetryAttempts"]:
                self.stream.given_up.append(records[0])
                records, tries = records[1:], 0

    def upload(self, case_id: str, evidence_id: str, content: bytes) -> None:
        """A browser posts a file of a case with its form; moto enforces nothing of the form's policy."""
        self.upload_to(f"incoming/cases/{case_id}/{evidence_id}", content)

    def upload_to(self, key: str, content: bytes) -> None:
        """The same with the key that a form names."""
        _, trigger = self._told_of(key)
        bucket = self.stack.resolve(trigger["Bucket"])
        self.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        # The one time that moto reads past this clock.
        came = datetime.fromtimestamp(self.clock.now / 1000, UTC).replace(tzinfo=None)
        s3_backends[ACCOUNT]["aws"].buckets[bucket].keys[key].last_modified = came
        self.notify_upload(key)

    def notify_upload(self, key: str) -> None:
        """S3's notification of an object, which may come twice."""
        record = {"eventName": "ObjectCreated:Post", "s3": {"object": {"key": key}}}
        self.uploads.records.append(record)

    def _told_of(self, key: str) -> tuple[str, dict[str, Any]]:
        """The one function that S3 tells of this object."""
        (found,) = (
            (function, trigger)
            for function, trigger in self.stack.events("S3")
            for rule in trigger["Filter"]["S3Key"]["Rules"]
            if rule["Name"] == "prefix" and key.startswith(rule["Value"])
        )
        return found

    def _check(self, record: dict[str, Any]) -> None:
        function, _ = self._told_of(record["s3"]["object"]["key"])
        retries = dict(self.stack.of_type("AWS::Serverless::Function"))[function]["EventInvokeConfig"]
        for _ in range(1 + retries["MaximumRetryAttempts"]):
            try:
                self.invoke(function, {"Records": [record]})
            except Exception as error:  # noqa: BLE001 - as an asynchronous invocation does, whatever it is
                self.deaths.append(f"{type(error).__name__}: {error}")
            else:
                return
        self.uploads.given_up.append(record)

    def _mail(self) -> int:
        ((function, trigger),) = self.stack.events("SQS")
        url = next(
            self.stack.ref(name)
            for name, _ in self.stack.of_type("AWS::SQS::Queue")
            if self.stack.attribute(name, "Arn") == self.stack.resolve(trigger["Queue"])
        )
        sqs = self.stack.client("sqs")
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=trigger["BatchSize"]).get(
            "Messages", []
        )
        if not messages:
            return 0
        records = [{"messageId": one["MessageId"], "body": one["Body"]} for one in messages]
        failed = {
            one["itemIdentifier"] for one in self.invoke(function, {"Records": records})["batchItemFailures"]
        }
        for one in messages:
            handle = one["ReceiptHandle"]
            if one["MessageId"] in failed:
                sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
            else:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        return len(messages)

    def sweep(self) -> None:
        """The schedules of every minute come by; what follows is carried."""
        for function, schedule in self.stack.events("Schedule"):
            if schedule["Schedule"] == "rate(1 minute)":
                self.invoke(function, {})
        self.pump()

    def silence(self, **time_passed: int) -> None:
        """Time passes, then the schedules come by."""
        self.clock.advance(**time_passed)
        self.sweep()

    # ------------------------------------------------------------ what can be seen

    def _executions(self) -> list[Any]:
        return list(self._machine().executions)

    def _machine(self) -> Any:
        ((name, _),) = self.stack.of_type("AWS::Serverless::StateMachine")
        backend = stepfunctions_parser_backends[ACCOUNT][REGION]
        return backend.describe_state_machine(self.stack.ref(name))

    def executions(self, case_id: str) -> list[str]:
        """The names of the executions of a case, oldest first."""
        return [one.name for one in self._executions() if one.input_data["case_id"] == case_id]

    def execution(self, name: str) -> tuple[str, list[str]]:
        """An execution's state (`RUNNING`, `SUCCEEDED`, ...) and the names of the states it entered, in order."""
        (found,) = (one for one in self._executions() if one.name == name)
        events = found.to_history_output()["events"]
        entered = [
            one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one
        ]
        return found.status, entered

    def history(self, name: str) -> str:
        """All that an execution's history shows, as text."""
        (found,) = (one for one in self._executions() if one.name == name)
        return json.dumps(found.to_history_output()["events"], default=str)

    def stop(self, name: str) -> None:
        """Somebody aborts an execution."""
        (found,) = (one for one in self._executions() if one.name == name)
        _end(found)
        deadline = time.monotonic() + _PATIENCE
        while found.status == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def forget_workers(self) -> None:
        """All workers are gone; the next ones read their environment again."""
        forget_workers()

    def mails(self) -> list[Any]:
        """What was handed to SES."""
        return list(ses_backends[ACCOUNT][REGION].sent_messages)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Everything in a table."""
        pages = self.stack.client("dynamodb").get_paginator("scan")
        return [row for page in pages.paginate(TableName=self.stack.ref(table)) for row in page["Items"]]


def claims_of(party: Party) -> dict[str, str]:
    """The claims of an ID token as the authorizer passes them on."""
    return {
        "sub": "00000000-0000-4000-8000-000000000000",
        "token_use": "id",
        "custom:party_id": party.id,
        "email": f"{party.id}@example.com",
        "email_verified": "true",
        "cognito:groups": GROUPS[party.role],
    }


def forget_workers() -> None:
    """All workers are gone: whatever `bootstrap` kept for their life is made again."""
    for made in _FACTORIES:
        made.cache_clear()


def _as_event(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as Lambda is given it: the same members, its time as a number."""
    stream = dict(record["dynamodb"])
    created = stream["ApproximateCreationDateTime"]
    stream["ApproximateCreationDateTime"] = created.timestamp()
    return {**record, "dynamodb": stream}


def _end(execution: Any) -> None:
    execution.stop(stop_date=None, error="", cause="")
    for endpoint in list(execution.exec_worker.env.callback_pool_manager._pool.values()):
        endpoint.interrupt_all()


def _quiet(execution: Any) -> bool:
    """Ended, or the task was handed over and nobody has rung yet."""
    if execution.status != "RUNNING":
        return True
    env = execution.exec_worker.env
    history = env.event_manager.get_event_history() if env else []
    if not history or history[-1]["type"] != "TaskSubmitted":
        return False
    endpoint = next(reversed(env.callback_pool_manager._pool.values()))
    return not endpoint._notify_event.is_set()


def _copied(value: Any) -> Any:
    """A transaction puts whole items and appends to the stream; it changes nothing in place but what is added up, and
    the entries of a case, which lose an attribute."""
    if not isinstance(value, Table):
        return copy.deepcopy(value)
    table = copy.copy(value)
    table.items = defaultdict(
        dict,
        {
            key: copy.deepcopy(items)
            if key.value.startswith(("RATING#", "ACCOUNT#"))
            else {sort: _copied_row(row) for sort, row in items.items()}
            if key.value.startswith("CASE#")
            else copy.copy(items)
            for key, items in value.items.items()
        },
    )
    if value.stream_shard:
        table.stream_shard = copy.copy(value.stream_shard)
        table.stream_shard.items = list(value.stream_shard.items)
        table.stream_shard.table = table
    return table


def _copied_row(row: Any) -> Any:
    one = copy.copy(row)
    one.attrs = copy.copy(row.attrs)
    return one


_pick = AttributePicker.__call__


def _picked(picker: AttributePicker, context: AttributePickerContext) -> Any:
    """A row's attributes are dictionaries in DynamoDB's own words."""
    if type(context.obj) is dict and not picker.response_transformers:
        if context.key in context.obj:
            return context.obj[context.key]
        parent = getattr(context.shape, "parent", None)
        if parent is not None and parent.name == "AttributeValue":
            return None
    return _pick(picker, context)


@cache
def _client_of_deployer(service: str) -> Any:
    return bootstrap._session().client(service)  # type: ignore[call-overload]  # any service


_parse = AmazonStateLanguageParser.parse


@cache
def _tree(definition: str) -> Any:
    return _parse(definition)[1]


def _parsed(definition: str) -> tuple[Any, Any]:
    return Preprocessor().visit(_tree(definition)), _tree(definition)


def _serialize_moto(patch: pytest.MonkeyPatch) -> None:
    lock, answer = threading.RLock(), BotocoreStubber.__call__

    def one_at_a_time(stubber: BotocoreStubber, *args: Any, **kwargs: Any) -> Any:
        with lock:
            return answer(stubber, *args, **kwargs)

    patch.setattr(BotocoreStubber, "__call__", one_at_a_time)


@cache
def _handler(folder: str) -> Callable[[dict[str, Any], Any], Any]:
    handler: Callable[[dict[str, Any], Any], Any] = sources.function_module(folder).handler
    return handler


class _Context:
    """What Lambda tells a handler about itself."""

    memory_limit_in_mb = 512
    aws_request_id = "request-1"

    def __init__(self, function: str) -> None:
        self.function_name = f"{STACK}-{function}"
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Enough."""
        return 29_000


@contextmanager
def running_desk(
    sandbox: Control, sandbox_url: str, carriers_url: str = "http://127.0.0.1:9"
) -> Iterator[Desk]:
    """A desk that nobody has used yet; nothing of it remains afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            desk = Desk(patch, sandbox, sandbox_url, carriers_url)
            try:
                yield desk
            finally:
                desk.close()
