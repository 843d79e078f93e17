"""Decisions of the policy as they were recorded: read from a stack's timelines, or from a file of JSON lines.

A recording holds ids, facts of orders, and how often buyers bought and complained; no word that anybody wrote.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from aftersales.adapters import tables
from aftersales.adapters.dynamodb import entry_of_stream_image
from aftersales.domain.case import FiredRule
from aftersales.domain.policy import Grounds, Verdict
from aftersales.domain.timeline import Entry
from tools.operate.deployment import Deployment

# What of the table's rows is asked for: of cases whose they are, of entries all that they tell.
_ASKED = (
    "pk",
    "sk",
    "seller_id",
    "case_id",
    "seq",
    "at",
    "actor",
    "event",
    "from_status",
    "to_status",
    "data",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision: on what grounds, and what came of it. That an application may be opened is one as well; it has
    no `verdict`."""

    case_id: str
    seller_id: str
    seq: int
    grounds: Grounds
    policy_version: str
    verdict: Verdict | None = None
    reason_code: str = ""
    rules: tuple[FiredRule, ...] = ()
    silence_approves: bool = False


_ADAPTER: TypeAdapter[Decided] = TypeAdapter(Decided)


def of_deployment(deployment: Deployment, tell: Callable[[int], None]) -> list[Decided]:
    """All that a stack has recorded. Reads its whole table once, a page at a time: an export, and no operation of
    the desk. `tell` is told how many rows were looked at."""
    names = {f"#{name}": name for name in (*_ASKED, "grounds")}
    pages = (
        deployment.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=deployment.resource("CasesTable"),
            FilterExpression="#sk = :case OR attribute_exists(#grounds)",
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":case": {"S": tables.CASE}},
        )
    )
    rows: list[Mapping[str, Any]] = []
    looked_at = 0
    for page in pages:
        rows += page["Items"]
        looked_at += page["ScannedCount"]
        tell(looked_at)
    return of_rows(rows)


def of_rows(rows: Iterable[Mapping[str, Any]]) -> list[Decided]:
    """The decisions in rows of the table of cases, case by case, each case's in their order."""
    kept = list(rows)
    sellers = {row["pk"]["S"]: row["seller_id"]["S"] for row in kept if row["sk"]["S"] == tables.CASE}
    found = (
        _decided(entry_of_stream_image(row), sellers[row["pk"]["S"]])
        for row in kept
        if row["sk"]["S"].startswith(tables.TIMELINE) and "grounds" in row
    )
    return sorted(found, key=lambda one: (one.case_id, one.seq))


def read(file: Path) -> list[Decided]:
    """A recording."""
    with file.open("rb") as lines:
        return [_ADAPTER.validate_json(line) for line in lines]


def write(file: Path, decisions: Iterable[Decided]) -> None:
    """A recording, a decision a line."""
    with file.open("wb") as lines:
        for one in decisions:
            lines.write(_ADAPTER.dump_json(one, exclude_defaults=True) + b"\n")


def by_case(decisions: Iterable[Decided]) -> Iterator[list[Decided]]:
    """The decisions of each case, the application first."""
    for _, of_case in groupby(decisions, key=lambda one: one.case_id):
        yield list(of_case)


def _decided(entry: Entry, seller_id: str) -> Decided:
    data = cast(Mapping[str, Any], entry.data)
    assert entry.grounds
    return Decided(
        case_id=entry.case_id,
        seller_id=seller_id,
        seq=entry.seq,
        grounds=entry.grounds,
        policy_version=data["policy_version"],
        verdict=Verdict(data["verdict"]) if "verdict" in data else None,
        reason_code=data.get("reason_code", ""),
        rules=tuple(FiredRule(**rule) for rule in data.get("rules", ())),
        silence_approves=data.get("silence_approves", False),
    )
