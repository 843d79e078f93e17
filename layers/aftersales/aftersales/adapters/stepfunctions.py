"""The case's execution in Step Functions. It is only ever started and rung; decisions live in the table."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# What the execution's input looks like; raised when its fields change, so that old inputs stay readable.
SCHEMA = 1
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
