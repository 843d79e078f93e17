"""The back ends: what each gives in place of boto3's clients, one table and one state machine that waits."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from moto import mock_aws

from tests.fidelity.services import PATIENCE, Services
from tests.integration import harness
from tests.simulation import asl, functions
from tests.simulation.choices import Choices
from tests.simulation.fakes.dynamodb import DynamoDB, Table
from tests.simulation.fakes.stepfunctions import StepFunctions
from tests.simulation.scheduler import Scheduler, Task
from tools import desk

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@contextmanager
def fakes() -> Iterator[Services]:
    """The simulator's, without its faults."""
    tokens: dict[str, str] = {}
    scheduler = Scheduler(Choices(lambda _n, _point: 0), 0)

    def park(folder: str, event: dict[str, str], _told: object) -> Task:
        tokens[event["execution"]] = event["token"]
        return scheduler.spawn(folder, lambda: None)

    nothing_breaks = {"fault": lambda *_: "", "choose": lambda *_: 0, "say": lambda *_: None}
    functions_: Any = SimpleNamespace(invoke=park, **nothing_breaks)
    definition = asl.checked(_waiting("lambda:invoke", "Payload", FunctionName="park"))
    shape = functions.tables()["CasesTable"]
    table = Table(shape.keys, shape.indexes, shape.streams)
    yield Services(
        DynamoDB({"cases": table}, lambda _: None, lambda _name, _item: None),
        StepFunctions(definition, scheduler, functions_),
        "cases",
        "arn:aws:states:us-east-1:123456789012:stateMachine:fidelity",
        lambda: scheduler.run(lambda: False, 1000),
        tokens,
    )
    scheduler.abandon()


@contextmanager
def moto() -> Iterator[Services]:
    """The tables of `template.yaml` in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", harness.REGION)
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            stack = harness.Stack({})
            with _waiting_machine(stack.client, stack.ref("CasesTable")) as services:
                yield services


@contextmanager
def ministack() -> Iterator[Services]:
    """The deployed table of the running stack; what the cases wrote is taken away again."""
    stack = desk.Stack()
    with _waiting_machine(stack.client, stack.facts["cases_table"]) as services:
        try:
            yield services
        finally:
            for partition in services.partitions:
                for row in services.rows(partition):
                    key = {name: row[name] for name in ("pk", "sk")}
                    services.dynamodb.delete_item(TableName=services.table, Key=key)


BACK_ENDS = {"fakes": fakes, "moto": moto, "MiniStack": ministack}


def _waiting(resource: str, payload: str, **parameters: str) -> dict[str, Any]:
    """A state machine with one step, which waits for its token."""
    told = {"execution.$": "$$.Execution.Name", "token.$": "$$.Task.Token"}
    step = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}.waitForTaskToken",
        "Parameters": {**parameters, payload: told},
        "TimeoutSeconds": 2 * PATIENCE,
        "End": True,
    }
    return {"StartAt": "Wait", "States": {"Wait": step}}


@contextmanager
def _waiting_machine(client: Callable[[str], Any], table: str) -> Iterator[Services]:
    """A state machine of the suite's own: its tokens come by a queue."""
    iam, sqs, stepfunctions = client("iam"), client("sqs"), client("stepfunctions")
    name, tokens = f"fidelity-{uuid4()}", dict[str, str]()

    def go_on() -> None:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            told = json.loads(message["Body"])
            tokens[told["execution"]] = told["token"]
        time.sleep(0.02)

    with ExitStack() as left:
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        left.callback(sqs.delete_queue, QueueUrl=queue)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
        left.callback(iam.delete_role, RoleName=name)
        machine = stepfunctions.create_state_machine(
            name=name,
            definition=json.dumps(_waiting("sqs:sendMessage", "MessageBody", QueueUrl=queue)),
            roleArn=role,
        )["stateMachineArn"]
        left.callback(stepfunctions.delete_state_machine, stateMachineArn=machine)
        yield Services(client("dynamodb"), stepfunctions, table, machine, go_on, tokens)
