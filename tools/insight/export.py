"""Feedback and cases written as Parquet, a file a day, for Athena or DuckDB to read.

The records come from wherever they are: files, or the items that DynamoDB exports to S3 itself, which reads no table
and costs its traffic nothing (`aws dynamodb export-table-to-point-in-time`, format `DYNAMODB_JSON`).
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aftersales.adapters import tables
from aftersales.adapters.dynamodb import case_of_image, entry_of_stream_image
from aftersales.adapters.dynamodb_feedback import feedback_of_image
from aftersales.domain.records import CaseRecord, FeedbackRecord, case_record, feedback_record
from tools.insight.schema import PARTITION, Dataset

Image = Mapping[str, Any]


def write(
    dataset: Dataset, records: Iterable[FeedbackRecord | CaseRecord], folder: Path, *, with_text: bool = False
) -> Mapping[str, int]:
    """How many rows each day has. What people wrote is left out unless it is asked for, whatever the records hold.

    A day's file is replaced as a whole, and half of one is never seen: the same records give the same files.
    """
    by_day: defaultdict[str, list[FeedbackRecord | CaseRecord]] = defaultdict(list)
    for record in records:
        by_day[_day(getattr(record, dataset.dated_by))].append(record)
    for day, of_day in by_day.items():
        path = folder / dataset.name / f"{PARTITION}={day}" / f"{dataset.name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        pq.write_table(_table(dataset, of_day, with_text=with_text), half, compression="zstd")
        half.replace(path)
    return {day: len(by_day[day]) for day in sorted(by_day)}


def cases_in(folder: Path, *, with_text: bool = False) -> Iterator[CaseRecord]:
    """The cases of a table that DynamoDB exported: `*.json.gz`, one item a line."""
    for case, entries in _histories(folder, tables.CASE):
        yield case_record(case_of_image(case), map(entry_of_stream_image, entries), with_text=with_text)


def feedback_in(folder: Path, *, with_text: bool = False) -> Iterator[FeedbackRecord]:
    """The feedback of a table that DynamoDB exported."""
    for feedback, _ in _histories(folder, tables.FEEDBACK):
        yield feedback_record(feedback_of_image(feedback), with_text=with_text)


def _histories(folder: Path, kind: str) -> Iterator[tuple[Image, list[Image]]]:
    """Each thing of that kind, with the entries of its timeline in no order."""
    images: defaultdict[str, dict[str, Image]] = defaultdict(dict)
    for image in _items(folder):
        if image["pk"]["S"].startswith(f"{kind}#"):
            images[image["pk"]["S"]][image["sk"]["S"]] = image
    for of_one in images.values():
        yield of_one[kind], [image for sk, image in of_one.items() if sk.startswith(tables.TIMELINE)]


def _items(folder: Path) -> Iterator[Image]:
    for file in sorted(folder.rglob("*.json.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["Item"]


def _table(dataset: Dataset, records: Iterable[FeedbackRecord | CaseRecord], *, with_text: bool) -> pa.Table:
    def cell(record: FeedbackRecord | CaseRecord, name: str, personal: bool) -> object:
        return None if personal and not with_text else getattr(record, name)

    dated_by, key = dataset.dated_by, dataset.columns[0].name
    ordered = sorted(records, key=lambda record: (getattr(record, dated_by), getattr(record, key)))
    columns = [
        pa.array([cell(record, one.name, one.personal) for record in ordered], one.type)
        for one in dataset.columns
    ]
    return pa.Table.from_arrays(columns, schema=dataset.schema)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
