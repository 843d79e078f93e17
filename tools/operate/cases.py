"""One case as an operator sees it, and what can be done to it: relay its entries again, send it on."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from aftersales.adapters import tables
from aftersales.domain.case import Case
from aftersales.domain.timeline import Entry
from aftersales.usecases.run_workflow import execution_name
from tools.operate.deployment import Deployment, Problem

LAST_ENTRIES = 8
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What came of a case's entries that were not relayed, by their numbers."""

    case_id: str
    relayed: tuple[int, ...]
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a case: how it stands, and in which state it is or ended."""

    name: str
    status: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScreen:
    """A case with all that shows whether it moves."""

    case: Case
    executions: tuple[Execution, ...]
    last: tuple[Entry, ...]
    unrelayed: tuple[int, ...]


def look_at(deployment: Deployment, case_id: str) -> CaseScreen:
    """Read the case, its executions and the end of its timeline."""
    case = deployment.store.case(case_id)
    if case is None:
        raise Problem(f"There is no case {case_id}.")
    after = max(0, case.version - LAST_ENTRIES)
    return CaseScreen(
        case=case,
        executions=tuple(_execution(deployment, name) for name in execution_names(case, case.run)),
        last=tuple(deployment.store.timeline(case_id, after=after, limit=LAST_ENTRIES)),
        unrelayed=tuple(number_of(row) for row in _unrelayed_rows(deployment, case_id)),
    )


def ring(deployment: Deployment, case_id: str) -> Rung:
    """Give the relay the entries of a case that are unrelayed, as the stream would have."""
    rows = _unrelayed_rows(deployment, case_id)
    if not rows:
        return Rung(case_id=case_id, relayed=(), failed=())
    answer = deployment.invoke("RelayTimeline", stream_event(rows))
    failed = {int(one["itemIdentifier"]) for one in answer["batchItemFailures"]}
    numbers = [number_of(row) for row in rows]
    return Rung(
        case_id=case_id,
        relayed=tuple(number for number in numbers if number not in failed),
        failed=tuple(number for number in numbers if number in failed),
    )


def ring_all(deployment: Deployment) -> Iterator[Rung]:
    """The same for every case that the index `unrelayed` knows now, however young its entries are."""
    due = deployment.store.unrelayed(time.time_ns() // 1_000_000, _MOST)
    for case_id in dict.fromkeys(case_id for case_id, _ in due):
        yield ring(deployment, case_id)


def send_on(deployment: Deployment, screen: CaseScreen) -> dict[str, Any]:
    """Claim the case for a new execution. The key says which version was seen: a lost answer is asked for again,
    and a second claim of the same moment is none."""
    case = screen.case
    answer = httpx.post(
        f"{deployment.api_url}/cases/{case.case_id}/resumption",
        headers={
            "Authorization": f"Bearer {deployment.operator_token()}",
            "Idempotency-Key": str(uuid5(NAMESPACE_URL, f"restart:{case.case_id}:{case.version}")),
        },
        json={},
        timeout=30,
    )
    said: dict[str, Any] = answer.json()
    if answer.is_error:
        raise Problem(f"{answer.status_code}: {said.get('detail', said)}")
    return said


def execution_names(case: Case, runs: int) -> list[str]:
    """The names of its first runs, oldest first."""
    return [execution_name(replace(case, run=run)) for run in range(1, runs + 1)]


def stream_event(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the stream delivers for new rows; the numbers of the entries stand in for its sequence numbers."""
    return {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number_of(row)), "NewImage": row}}
            for row in rows
        ]
    }


def number_of(row: dict[str, Any]) -> int:
    """The number of the entry in a row of the table."""
    return int(row["sk"]["S"].removeprefix(tables.TIMELINE))


def _unrelayed_rows(deployment: Deployment, case_id: str) -> list[dict[str, Any]]:
    pages = (
        deployment.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=deployment.resource("CasesTable"),
            KeyConditionExpression="pk = :case AND begins_with(sk, :entries)",
            FilterExpression="attribute_exists(unrelayed)",
            ExpressionAttributeValues={
                ":case": {"S": tables.case_key(case_id)["pk"]},
                ":entries": {"S": tables.TIMELINE},
            },
            ConsistentRead=True,
        )
    )
    return [row for page in pages for row in page["Items"]]


def _execution(deployment: Deployment, name: str) -> Execution:
    """One that was never started is a finding, no failure."""
    workflow = deployment.client("stepfunctions")
    machine = deployment.resource("AfterSales")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        status = workflow.describe_execution(executionArn=arn)["status"]
    except workflow.exceptions.ExecutionDoesNotExist:
        return Execution(name=name, status="NOT_STARTED", state="")
    events = workflow.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=100)["events"]
    entered = (one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one)
    return Execution(name=name, status=status, state=next(entered, ""))
