"""Every AWS call of an invocation, as botocore's own events tell it."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from tools.bench.capacity import NOTHING, Item, Table, Units, item_read_units, query_read_units, write_units


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call: what it was, what it wrote and what it consumed; the task token that it rang."""

    service: str
    action: str
    units: Units = NOTHING
    writes: int = 0
    conditional: int = 0
    token: str = ""
    answer: tuple[int, Mapping[str, str], bytes] = (200, {}, b"")

    @property
    def name(self) -> str:
        """As IAM writes it."""
        return f"{self.service}:{self.action}"


@dataclass(slots=True)
class Invocation:
    """One run of a function: which, on what, and what it did. `label` says it in a table's words."""

    function: str
    event: Any
    label: str = ""
    calls: list[AwsCall] = field(default_factory=list)
    provider_calls: list[tuple[str, str]] = field(default_factory=list)
    log: str = ""

    @property
    def units(self) -> Units:
        """All units of its calls."""
        return sum((call.units for call in self.calls), NOTHING)

    @property
    def transactions(self) -> int:
        """Transactions that were sent."""
        return sum(call.action == "TransactWriteItems" for call in self.calls)

    @property
    def writes(self) -> int:
        """Items that were sent to be written."""
        return sum(call.writes for call in self.calls)

    @property
    def conditional(self) -> int:
        """Those of them that carry a condition."""
        return sum(call.conditional for call in self.calls)

    def count(self, service: str, action: str | None = None) -> int:
        """Calls of a service, or of one of its actions."""
        return sum(call.service == service and action in (None, call.action) for call in self.calls)


# The invocation that this thread is in; executions of the state machine run in threads of their own.
CURRENT: ContextVar[Invocation | None] = ContextVar("invocation", default=None)

_NAMES = {"sfn": "states", "secrets-manager": "secretsmanager", "sesv2": "ses"}


@dataclass(frozen=True, slots=True)
class _Target:
    """One item that a call writes, as it was before."""

    table: str
    key: dict[str, Any]
    before: Item | None
    put: Item | None
    conditional: bool


class Recorder:
    """Listens to the clients of a session and looks at the items themselves with a client of its own."""

    def __init__(self, tables: Mapping[str, Table], look: Any) -> None:
        self._tables = tables
        self._look = look

    def listen(self, events: Any) -> None:
        """Hear of every call that a client of these events is going to make, and of every answer."""
        events.register("before-parameter-build.*.*", self._before)
        events.register("after-call.*.*", self._after)

    def _before(self, *, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["bench"] = (params, self._targets(model.name, params))

    def _after(self, *, http_response: Any, model: Any, context: Mapping[str, Any], **_: Any) -> None:
        invocation = CURRENT.get()
        if invocation is None:
            return
        service = model.service_model.service_id.hyphenize()
        params, targets = context["bench"]
        failed = http_response.status_code >= 300
        # A stream is its reader's: whoever looks into it empties it.
        body = b"" if model.has_streaming_output else http_response.content
        invocation.calls.append(
            AwsCall(
                service=_NAMES.get(service, service),
                action=model.name,
                units=self._units(service, model.name, params, targets, failed=failed),
                writes=len(targets),
                conditional=sum(target.conditional for target in targets),
                token=params.get("taskToken", ""),
                answer=(http_response.status_code, dict(http_response.headers), body),
            )
        )

    def _units(
        self, service: str, action: str, params: Any, targets: list[_Target], *, failed: bool
    ) -> Units:
        if service != "dynamodb":
            return NOTHING
        if targets:
            return sum((self._written(one, action, failed=failed) for one in targets), NOTHING)
        return self._read(action, params)

    def _written(self, target: _Target, action: str, *, failed: bool) -> Units:
        # What an update has made of it, and nothing where it was deleted.
        after = target.put or self._item(target.table, target.key)
        transactional = action == "TransactWriteItems"
        # A write that is refused still costs its units, but its indexes stay as they are.
        table = Table(self._tables[target.table].key, {}) if failed else self._tables[target.table]
        return write_units(table, target.before, after, transactional=transactional)

    def _read(self, action: str, params: Any) -> Units:
        consistent = bool(params.get("ConsistentRead"))
        match action:
            case "GetItem":
                found = self._item(params["TableName"], params["Key"])
                return item_read_units([found], consistent=consistent)
            case "BatchGetItem":
                return sum(
                    (
                        item_read_units(
                            [self._item(table, key) for key in asked["Keys"]],
                            consistent=bool(asked.get("ConsistentRead")),
                        )
                        for table, asked in params["RequestItems"].items()
                    ),
                    NOTHING,
                )
            case "Query":
                asked = {name: value for name, value in params.items() if name != "Select"}
                return query_read_units(self._queried(asked), consistent=consistent)
            case _:
                raise ValueError(f"no formula for {action}")

    def _queried(self, asked: Mapping[str, Any]) -> list[Item]:
        items: list[Item] = self._look.query(**asked)["Items"]
        table, index = self._tables[asked["TableName"]], asked.get("IndexName")
        return [table.entry(index, item) or item for item in items] if index else items

    def _targets(self, action: str, params: Any) -> list[_Target]:
        match action:
            case "TransactWriteItems":
                return [self._target(write) for one in params["TransactItems"] for write in one.values()]
            case "PutItem" | "UpdateItem" | "DeleteItem":
                return [self._target(params)]
            case _:
                return []

    def _target(self, write: Mapping[str, Any]) -> _Target:
        table = write["TableName"]
        key = write.get("Key") or self._tables[table].key_of(write["Item"])
        before = self._item(table, key)
        return _Target(table, key, before, write.get("Item"), "ConditionExpression" in write)

    def _item(self, table: str, key: Any) -> Item | None:
        item: Item | None = self._look.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return item
