"""What a case works with, and how it asks."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from tests.simulation.fakes import wire

PATIENCE = 30
Row = dict[str, Any]


def said(call: Callable[..., object], **request: Any) -> Any:
    """`ok`, the error's code, or the reasons of a cancelled transaction."""
    try:
        call(**request)
    except ClientError as error:
        response: Any = error.response
        reasons = response.get("CancellationReasons")
        return [one["Code"] for one in reasons] if reasons else response["Error"]["Code"]
    except TypeError:
        return "no such parameter"
    return "ok"


def pairs(row: Row) -> Row:
    """A row in DynamoDB's words."""
    return {name: wire.write(value) for name, value in row.items()}


@dataclass(slots=True)
class Services:
    """The clients. `go_on` lets executions proceed, and collects the tokens they wait for in `tokens`."""

    dynamodb: Any
    stepfunctions: Any
    table: str
    machine: str
    go_on: Callable[[], object]
    tokens: dict[str, str]
    partitions: list[str] = field(default_factory=list)

    def partition(self) -> str:
        """A partition key that nobody else uses, on a shared table either."""
        self.partitions.append(f"FIDELITY#{uuid4()}")
        return self.partitions[-1]

    def buyer_with(self, opened: dict[str, int]) -> str:
        """The partition, in table and index, of a buyer with rows that were opened at these times."""
        pk = self.partition()
        for sk, at in opened.items():
            self.put({"pk": pk, "sk": sk, "buyer": pk, "opened_at": at, "more": "x"})
        return pk

    def putting(self, row: Row, condition: str = "", **values: Any) -> Row:
        """A put as a request."""
        given = {f":{name}": wire.write(value) for name, value in values.items()}
        asked = {"ConditionExpression": condition, "ExpressionAttributeValues": given}
        return {"TableName": self.table, "Item": pairs(row)} | {key: one for key, one in asked.items() if one}

    def put(self, row: Row, condition: str = "", **values: Any) -> Any:
        """What a put is answered."""
        return said(self.dynamodb.put_item, **self.putting(row, condition, **values))

    def transact(self, *writes: Row, **more: str) -> Any:
        """What a transaction of puts and updates is answered."""
        items = [{"Update" if "UpdateExpression" in one else "Put": one} for one in writes]
        return said(self.dynamodb.transact_write_items, TransactItems=items, **more)

    def query(self, condition: str, pk: str, **more: Any) -> Any:
        """A query; lower-case names are values of the condition."""
        values = {"pk": pk} | {name: more.pop(name) for name in list(more) if name.islower()}
        given = {f":{name}": wire.write(value) for name, value in values.items()}
        return self.dynamodb.query(
            TableName=self.table, KeyConditionExpression=condition, ExpressionAttributeValues=given, **more
        )

    def rows(self, pk: str) -> list[Row]:
        """What stands in a partition."""
        found: list[Row] = self.query("pk = :pk", pk, ConsistentRead=True)["Items"]
        return found

    def pages(self, pk: str) -> list[Any]:
        """At most two pages of two: the rows of each and the names in its LastEvaluatedKey."""
        seen: list[Any] = []
        begin: dict[str, Any] = {}
        for _ in range(2):
            answer = self.query("buyer = :pk", pk, IndexName="by_buyer", Limit=2, **begin)
            last = answer.get("LastEvaluatedKey", {})
            seen += [[row["sk"]["S"] for row in answer["Items"]], sorted(last)]
            if not last:
                break
            begin = {"ExclusiveStartKey": last}
        return seen

    def name(self) -> str:
        """A name for an execution."""
        return f"fidelity-{uuid4()}"

    def execution(self, name: str) -> str:
        """The ARN of an execution."""
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, given: str = '{"case_id": "one"}') -> Any:
        """What a start is answered."""
        start = self.stepfunctions.start_execution
        return said(start, stateMachineArn=self.machine, name=name, input=given)

    def ring(self, token: str) -> Any:
        """What a token is answered."""
        return said(self.stepfunctions.send_task_success, taskToken=token, output="{}")

    def token(self, name: str) -> str:
        """The token that an execution waits for."""
        self._until(lambda: name in self.tokens)
        return self.tokens[name]

    def status(self, name: str) -> str:
        """How an execution stands."""
        return str(self.stepfunctions.describe_execution(executionArn=self.execution(name))["status"])

    def end(self, name: str) -> str:
        """The status in which an execution ended."""
        self._until(lambda: self.status(name) != "RUNNING")
        return self.status(name)

    def finished(self, name: str, answers: list[Any]) -> list[Any]:
        """The answers; the execution is not left behind."""
        self.ring(self.token(name))
        self.end(name)
        return answers

    def _until(self, holds: Callable[[], bool]) -> None:
        late = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < late, "the execution does not go on"
            self.go_on()
