"""Feedback and cases as files for whoever learns from them: one a day of the calendar, written anew every day."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from aftersales.domain.rating import day_of
from aftersales.domain.records import Record, by_day


class Exports(Protocol):
    """Where tables are exported to, and files are kept."""

    def start(self, day: str) -> None:
        """Have every table exported. Repeatable: a day's export is started once."""

    def read(self, manifest: str) -> tuple[str, Iterable[Record]]:
        """Which table was exported, and the records in it, without a word that anybody wrote."""

    def write(self, table: str, day: str, records: Iterable[Record]) -> None:
        """Replace the file of that day."""


def start_exports(exports: Exports, now: int) -> str:
    """Ask for today's exports; answers the day. They take minutes, and cost the tables none of their traffic."""
    day = day_of(now).isoformat()
    exports.start(day)
    return day


def write_export(exports: Exports, manifest: str) -> Mapping[str, int]:
    """Write what was exported, day by day; answers how many rows and days that were. The same export gives the same
    files, so it does not matter how often it is written."""
    table, records = exports.read(manifest)
    days = by_day(records)
    for day, of_day in days.items():
        exports.write(table, day, of_day)
    return {"rows": sum(map(len, days.values())), "days": len(days)}
