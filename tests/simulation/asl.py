"""The Amazon States Language, as far as `statemachines/after_sales.asl.json` uses it.

By https://states-language.net and https://docs.aws.amazon.com/step-functions/latest/dg/ (concepts-error-handling,
connect-to-resource, input-output-contextobject). A field that is not known here is refused when the definition is
read, so that a change of the definition is never silently ignored.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

Json = dict[str, Any]

_CALL = "arn:aws:states:::lambda:invoke"
_CALLBACK = f"{_CALL}.waitForTaskToken"
_FIELDS = {
    "Task": {
        "Comment", "Type", "Resource", "Parameters", "ResultPath", "OutputPath",
        "TimeoutSeconds", "Retry", "Catch", "Next", "End",
    },
    "Choice": {"Comment", "Type", "Choices", "Default"},
    "Succeed": {"Comment", "Type"},
    "Fail": {"Comment", "Type", "Error", "Cause"},
}  # fmt: skip
_RETRIER = {
    "ErrorEquals",
    "IntervalSeconds",
    "BackoffRate",
    "MaxAttempts",
    "MaxDelaySeconds",
    "JitterStrategy",
}
_CATCHER = {"ErrorEquals", "ResultPath", "Next"}
_RULE = {"Variable", "StringEquals", "Next"}
# A timeout of a function's own machine is no `States.TaskFailed`; `States.ALL` is both.
_TIMEOUT = "States.Timeout"


class TaskFailed(Exception):
    """A task failed, under the name that retries and catches know it by."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Surroundings(Protocol):
    """What an execution needs of the world."""

    def entered(self, state: str) -> str:
        """A state begins; answers when, as the context object tells it."""

    def invoke(self, function: str, payload: Json, *, seconds: int) -> Any:
        """Call a function and wait for its answer. Raises `TaskFailed`."""

    def new_token(self) -> str:
        """A task token that nobody has seen."""

    def invoke_and_wait(self, function: str, payload: Json, token: str, *, seconds: int) -> Any:
        """Call a function and wait for its token to come back. Raises `TaskFailed`."""

    def back_off(self, seconds: float, *, jitter: bool) -> None:
        """Wait before the next try."""


def checked(definition: Json) -> Json:
    """The definition, if this interpreter knows all of it."""
    _know(definition, {"Comment", "StartAt", "States"})
    for state in definition["States"].values():
        _know(state, _FIELDS[state["Type"]])
        for retrier in state.get("Retry", ()):
            _know(retrier, _RETRIER)
        for catcher in state.get("Catch", ()):
            _know(catcher, _CATCHER)
        for rule in state.get("Choices", ()):
            _know(rule, _RULE)
        if state["Type"] == "Task":
            _know(dict.fromkeys([state["Resource"]]), {_CALL, _CALLBACK})
            _know(state["Parameters"], {"FunctionName", "Payload"})
    return definition


def run(definition: Json, execution_name: str, given: Json, world: Surroundings) -> str | None:
    """Run an execution to its end; answers the error of a `Fail`, or of a task that nobody caught."""
    name, data = str(definition["StartAt"]), given
    while True:
        state = definition["States"][name]
        context = {
            "Execution": {"Name": execution_name},
            "State": {"EnteredTime": world.entered(name), "RetryCount": 0},
        }
        match state["Type"]:
            case "Succeed":
                return None
            case "Fail":
                return str(state["Error"])
            case "Choice":
                name = _chosen(state, data)
            case _:
                try:
                    result = _with_retries(state, data, context, world)
                except TaskFailed as failed:
                    catcher = _handler(state.get("Catch", ()), failed.error)
                    if catcher is None:
                        return failed.error
                    error = {"Error": failed.error, "Cause": "see the step's log"}
                    data, name = _placed(catcher.get("ResultPath", "$"), data, error), catcher["Next"]
                else:
                    output = _placed(state.get("ResultPath", "$"), data, result)
                    data = _at(state.get("OutputPath", "$"), output)
                    if state.get("End"):
                        return None
                    name = state["Next"]


def _with_retries(state: Json, data: Json, context: Json, world: Surroundings) -> Any:
    """Each retrier counts for itself. The state is entered once, however often its task is tried."""
    tries: dict[int, int] = {}
    while True:
        try:
            return _task(state, data, context, world)
        except TaskFailed as failed:
            retrier = _handler(state.get("Retry", ()), failed.error)
            if retrier is None or tries.get(id(retrier), 0) >= retrier["MaxAttempts"]:
                raise
            n = tries[id(retrier)] = tries.get(id(retrier), 0) + 1
            context["State"]["RetryCount"] += 1
            seconds = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** (n - 1)
            jitter = retrier.get("JitterStrategy", "NONE") == "FULL"
            world.back_off(min(seconds, retrier["MaxDelaySeconds"]), jitter=jitter)


def _task(state: Json, data: Json, context: Json, world: Surroundings) -> Any:
    waits = state["Resource"] == _CALLBACK
    token = world.new_token() if waits else ""
    told = _filled(state["Parameters"]["Payload"], data, context | {"Task": {"Token": token}})
    function, seconds = state["Parameters"]["FunctionName"], state["TimeoutSeconds"]
    if waits:
        return world.invoke_and_wait(function, told, token, seconds=seconds)
    return {"StatusCode": 200, "Payload": world.invoke(function, told, seconds=seconds)}


def _chosen(state: Json, data: Json) -> str:
    for rule in state["Choices"]:
        if _at(rule["Variable"], data) == rule["StringEquals"]:
            return str(rule["Next"])
    return str(state["Default"])


def _handler(handlers: Any, error: str) -> Json | None:
    """The first one that names the error; `States.TaskFailed` is any but a timeout."""
    for one in handlers:
        named = set(one["ErrorEquals"])
        if error in named or "States.ALL" in named or ("States.TaskFailed" in named and error != _TIMEOUT):
            found: Json = one
            return found
    return None


def _filled(template: Any, data: Json, context: Json) -> Any:
    """A payload template: a name that ends in `.$` takes its value from a path."""
    if not isinstance(template, Mapping):
        return template
    return {
        name.removesuffix(".$"): _at(value, data, context)
        if name.endswith(".$")
        else _filled(value, data, context)
        for name, value in template.items()
    }


def _at(path: str, data: Json, context: Json | None = None) -> Any:
    """`$`, `$.a.b` of the data, `$$.a.b` of the context object; as a copy, for JSON has no shared parts."""
    if not re.fullmatch(r"\$\$?(\.\w+)*", path):
        raise NotImplementedError(f"the path {path}")
    found: Any = (context or {}) if path.startswith("$$") else data
    for part in path.lstrip("$").split(".")[1:]:
        found = found[part]
    return json.loads(json.dumps(found)) if isinstance(found, dict) else found


def _placed(path: str | None, data: Json, result: Any) -> Any:
    """The result in the data: in its place (`$`), nowhere (null) or under one name."""
    if path is None:
        return data
    if path == "$":
        return result
    if not re.fullmatch(r"\$\.\w+", path):
        raise NotImplementedError(f"the path {path}")
    return data | {path.removeprefix("$."): result}


def _know(thing: Mapping[str, Any], fields: set[str]) -> None:
    if unknown := set(thing) - fields:
        raise NotImplementedError(f"the simulator does not know {', '.join(sorted(unknown))}")


def functions_of(definition: Json, folder_of: Callable[[str], str]) -> Json:
    """The definition with the folder of each function in place of its substitution `${AssessCaseArn}`."""
    text = re.sub(r"\$\{(\w+)Arn\}", lambda found: folder_of(found[1]), json.dumps(definition))
    resolved: Json = json.loads(text)
    return resolved
