"""The case's execution in Step Functions. It is only ever started and rung; decisions live in the table."""

import json
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

# What the execution's input looks like; raised when its fields change, so that old inputs stay readable.
SCHEMA = 1
_STOPPED: "tuple[ExecutionStatusType, ...]" = ("FAILED", "TIMED_OUT", "ABORTED")
_CASE_ID_LENGTH = 36
# All of these say that the step no longer waits: somebody rang before, or its time was up.
_CLOSED = frozenset({"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"})


class StepFunctionsWorkflow:
    """The `Workflow` port."""

    def __init__(self, client: "SFNClient", state_machine_arn: Callable[[], str]) -> None:
        self._sfn = client
        self._arn = state_machine_arn

    def start(self, name: str, case_id: str) -> bool:
        """The input is the same on every retry, which makes starting idempotent while the execution runs.

        AWS then answers as the first time. `ExecutionAlreadyExists` means that it ended, or on the embedded
        engine also that it still runs; only an execution that ended without a successor matters.
        """
        try:
            self._sfn.start_execution(
                stateMachineArn=self._arn(),
                name=name,
                input=json.dumps({"case_id": case_id, "schema": SCHEMA}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return False
        return True

    def runs(self, name: str) -> bool:
        """`DescribeExecution` is eventually consistent; whoever asks looks again before an alarm."""
        arn = f"{self._arn().replace(':stateMachine:', ':execution:')}:{name}"
        try:
            return self._sfn.describe_execution(executionArn=arn)["status"] == "RUNNING"
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False

    def stopped(self, since: int) -> Iterable[str]:
        """Newest first, as Step Functions lists them; the name of an execution begins with its case's id."""
        for status in _STOPPED:
            pages = self._sfn.get_paginator("list_executions").paginate(
                stateMachineArn=self._arn(), statusFilter=status
            )
            recent = takewhile(
                lambda one: one["stopDate"].timestamp() * 1000 >= since,
                (one for page in pages for one in page["executions"]),
            )
            yield from (one["name"][:_CASE_ID_LENGTH] for one in recent)

    def ring(self, token: str) -> None:
        """The output says nothing: the woken execution reads the case."""
        self._answer(lambda: self._sfn.send_task_success(taskToken=token, output="{}"))

    def fail(self, token: str, error: str) -> None:
        """Tell the execution that the step itself failed, under a name its retries and catches know."""
        self._answer(
            lambda: self._sfn.send_task_failure(taskToken=token, error=error, cause="see the step's log")
        )

    def _answer(self, send: Callable[[], object]) -> None:
        try:
            send()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CLOSED:
                raise
