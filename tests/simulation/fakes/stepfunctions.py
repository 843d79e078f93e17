"""Step Functions behind its client: executions of the real definition, task tokens, invocations of the steps.

By https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html, .../API_SendTaskSuccess.html
and .../dg/connect-to-resource.html#connect-wait-token. A task's token may come back while its function still runs; a
function that fails fails its task, also one that waits for its token.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from tests.simulation import asl
from tests.simulation.asl import Json, TaskFailed
from tests.simulation.fakes.dynamodb import error
from tests.simulation.scheduler import Scheduler, Task

# What an invocation tells its caller: the answer, or the name of the error.
Told = Callable[[Any, str | None], None]

# Waits longer than this are safety nets: that one had to catch something is a fault of its own.
SAFETY_NET = 7 * 24 * 60 * 60


class Lambda(Protocol):
    """How functions are called."""

    def invoke(self, folder: str, event: Json, told: Told) -> Task:
        """Call a function and be told what it answered."""

    def fault(self, where: str, *kinds: str) -> str:
        """Whether something breaks here: one of the kinds, or nothing."""

    def choose(self, n: int, label: str) -> int:
        """What happens, of n possibilities."""

    def say(self, who: str, what: str) -> None:
        """One line of the story."""


@dataclass(slots=True)
class Execution:
    """One execution and the states it entered."""

    name: str
    input: Json
    entered: list[str] = field(default_factory=list)
    status: str = "RUNNING"
    ended_at: int = 0
    error: str | None = None


@dataclass(slots=True)
class _Waiter:
    """A task that is under way: who waits for it, and how it ended."""

    task: Task
    open: bool = True
    result: Any = None
    error: str | None = None


class StepFunctions:
    """The service, for one state machine."""

    def __init__(self, definition: Json, scheduler: Scheduler, functions: Lambda) -> None:
        self.executions: dict[str, Execution] = {}
        self._definition = definition
        self._scheduler = scheduler
        self._lambda = functions
        self._tokens: dict[str, _Waiter] = {}
        self._made = 0

    # ------------------------------------------------------------ the client's methods

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Json:
        """Idempotent while the first one of that name runs on the same input."""
        given = json.loads(input)
        known = self.executions.get(name)
        if known and (known.status != "RUNNING" or known.input != given):
            raise error("StartExecution", "ExecutionAlreadyExists")
        if not known:
            execution = self.executions[name] = Execution(name, given)
            self._scheduler.spawn(f"execution {name}", lambda: self._run(execution))
        return {"executionArn": f"{stateMachineArn}:{name}"}

    def send_task_success(self, *, taskToken: str, output: str) -> Json:
        """The task that waits for this token goes on."""
        self._close(self._waiter("SendTaskSuccess", taskToken), json.loads(output), None)
        return {}

    def send_task_failure(self, *, taskToken: str, error: str, cause: str) -> Json:
        """The task that waits for this token has failed."""
        self._close(self._waiter("SendTaskFailure", taskToken), None, error)
        return {}

    def describe_execution(self, *, executionArn: str) -> Json:
        """How the execution of that name stands."""
        execution = self.executions.get(executionArn.rpartition(":")[2])
        if execution is None:
            raise error("DescribeExecution", "ExecutionDoesNotExist")
        return {"name": execution.name, "status": execution.status}

    def list_executions(self, *, stateMachineArn: str, statusFilter: str) -> Json:
        """Those of one status, newest first."""
        found = [one for one in self.executions.values() if one.status == statusFilter]
        found.sort(key=lambda one: one.ended_at, reverse=True)
        return {
            "executions": [
                {"name": one.name, "stopDate": datetime.fromtimestamp(one.ended_at / 1000, UTC)}
                for one in found
            ]
        }

    # ------------------------------------------------------------ what an execution needs

    def _run(self, execution: Execution) -> None:
        error = asl.run(self._definition, execution.name, execution.input, _InExecution(self, execution))
        execution.error = error
        execution.status = "FAILED" if error else "SUCCEEDED"
        execution.ended_at = self._scheduler.now
        self._lambda.say(f"execution {execution.name}", f"ends as {execution.status} {error or ''}".rstrip())

    def call(self, function: str, payload: Json, seconds: int, token: str | None) -> Any:
        """Invoke a function for a task, and wait for what ends the task."""
        task = self._scheduler.current
        assert task
        waiter = _Waiter(task)
        if token:
            self._tokens[token] = waiter

        def told(answer: Any, failure: str | None) -> None:
            if failure or not token:
                self._close(waiter, answer, failure)

        match self._lambda.fault(f"invocation of {function} by {task.name}", "refused", "answer lost"):
            case "refused":
                raise TaskFailed("Lambda.TooManyRequestsException")
            case "answer lost":
                # Step Functions sees its own call fail; the function runs all the same, beside the retry.
                self._lambda.invoke(function, payload, lambda _answer, _failure: None)
                waiter.open = False
                raise TaskFailed("Lambda.SdkClientException")
        self._lambda.invoke(function, payload, told)
        until = None if seconds > SAFETY_NET else self._scheduler.now + seconds * 1000
        while waiter.open and self._scheduler.wait(until):
            pass
        if waiter.open:
            waiter.open = False
            raise TaskFailed("States.Timeout")
        if waiter.error:
            raise TaskFailed(waiter.error)
        return waiter.result

    def new_token(self) -> str:
        """Tokens are never used twice."""
        self._made += 1
        return f"token-{self._made}"

    def back_off(self, seconds: float, *, jitter: bool) -> None:
        """With full jitter the wait is anything between nothing and all of it."""
        part = (1.0, 0.0, 0.5)[self._lambda.choose(3, "jitter")] if jitter else 1.0
        self._scheduler.sleep(int(seconds * 1000 * part))

    def entered_time(self) -> str:
        """RFC 3339 with milliseconds, the fraction left out where it is zero, as the service writes it."""
        text = datetime.fromtimestamp(self._scheduler.now / 1000, UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z").replace(".000Z", "Z")

    def _waiter(self, operation: str, token: str) -> _Waiter:
        waiter = self._tokens.get(token)
        if waiter is None:
            raise error(operation, "InvalidToken")
        if not waiter.open:
            raise error(operation, "TaskTimedOut")
        return waiter

    def _close(self, waiter: _Waiter, result: Any, error: str | None) -> None:
        if waiter.open:
            waiter.open, waiter.result, waiter.error = False, result, error
            self._scheduler.wake(waiter.task)


class _InExecution:
    """The surroundings of one execution."""

    def __init__(self, service: StepFunctions, execution: Execution) -> None:
        self._service = service
        self._execution = execution
        self.new_token = service.new_token
        self.back_off = service.back_off

    def entered(self, state: str) -> str:
        self._execution.entered.append(state)
        return self._service.entered_time()

    def invoke(self, function: str, payload: Json, *, seconds: int) -> Any:
        return self._service.call(function, payload, seconds, None)

    def invoke_and_wait(self, function: str, payload: Json, token: str, *, seconds: int) -> Any:
        return self._service.call(function, payload, seconds, token)
