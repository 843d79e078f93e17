"""Feedback and cases written as Parquet, a file a day, for Athena or DuckDB to read.

The records come from wherever they are: files, or the items that DynamoDB exports to S3 itself, which reads no table
and costs its traffic nothing (`aws dynamodb export-table-to-point-in-time`, format `DYNAMODB_JSON`).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from aftersales.adapters.parquet import parquet_of
from aftersales.adapters.table_items import Image, case_records, feedback_records, images_in
from aftersales.contracts.exports import Dataset, file_of
from aftersales.domain.records import CaseRecord, FeedbackRecord, Record, by_day


def write(
    dataset: Dataset, records: Iterable[Record], folder: Path, *, with_text: bool = False
) -> Mapping[str, int]:
    """How many rows each day has. A day's file is replaced as a whole, and half of one is never seen."""
    days = by_day(records)
    for day, of_day in days.items():
        path = folder / file_of(dataset, day)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_bytes(parquet_of(dataset, of_day, with_text=with_text))
        half.replace(path)
    return {day: len(of_day) for day, of_day in days.items()}


def cases_in(folder: Path, *, with_text: bool = False) -> Iterator[CaseRecord]:
    """The cases of a table that DynamoDB exported: `*.json.gz`, one item a line."""
    return case_records(_items(folder), with_text=with_text)


def feedback_in(folder: Path, *, with_text: bool = False) -> Iterator[FeedbackRecord]:
    """The feedback of a table that DynamoDB exported."""
    return feedback_records(_items(folder), with_text=with_text)


def _items(folder: Path) -> Iterator[Image]:
    for file in sorted(folder.rglob("*.json.gz")):
        yield from images_in(file.read_bytes())
