"""What operators see: letters, a case, on one screen each."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table

from tools.operate.cases import CaseScreen
from tools.operate.queues import DeadLetter


def console() -> Console:
    """Wide enough for ids in one piece where there is no terminal, as in a log."""
    return Console(width=None if sys.stdout.isatty() else 130)


def letters(found: Sequence[DeadLetter]) -> RenderableType:
    """One line a letter."""
    table = _table("queue", "age", "what", "case", "error")
    for one in found:
        age = str(timedelta(seconds=one.age_seconds))
        if one.says is None:
            table.add_row(one.queue, age, "?", "", "unreadable")
        else:
            table.add_row(one.queue, age, one.says.what, one.says.case_id or "", one.says.error)
    return table


def case(screen: CaseScreen) -> RenderableType:
    """Where the case stands, its executions, and the end of its timeline."""
    one = screen.case
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("case", one.case_id),
        ("order", one.order_id),
        ("status", one.status),
        ("version", one.version),
        ("run", one.run),
        ("waits on", one.waiting_on or ""),
        ("until", f"{_time(one.deadline_at)}, then {one.on_timeout}" if one.deadline_at else ""),
        ("trouble", one.trouble or ""),
        ("refunds", ", ".join(f"{attempt.refund_id} {attempt.state}" for attempt in one.attempts)),
        ("unrelayed", ", ".join(map(str, screen.unrelayed)) or "none"),
    ):
        facts.add_row(name, str(value))
    executions = _table("execution", "is", "in the state")
    for run in screen.executions:
        executions.add_row(run.name, run.status, run.state)
    entries = _table("seq", "at", "who", "event", "status", "")
    for entry in screen.last:
        mark = "unrelayed" if entry.seq in screen.unrelayed else ""
        entries.add_row(str(entry.seq), _time(entry.at), entry.actor.role, entry.event, entry.to_status, mark)
    return Group(facts, executions, entries)


def _table(*heads: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
