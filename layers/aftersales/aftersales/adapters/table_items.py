"""Records made of the items that DynamoDB exports of its tables: one a line, in its own words."""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from aftersales.adapters import tables
from aftersales.adapters.dynamodb import case_of_image, entry_of_stream_image
from aftersales.adapters.dynamodb_feedback import feedback_of_image
from aftersales.domain.records import CaseRecord, FeedbackRecord, Record, case_record, feedback_record

Image = Mapping[str, Any]


def images_in(file: bytes) -> Iterator[Image]:
    """The items of one file of an export."""
    for line in gzip.decompress(file).splitlines():
        yield json.loads(line)["Item"]


def feedback_records(images: Iterable[Image], *, with_text: bool = False) -> Iterator[FeedbackRecord]:
    """The feedback among the items of its table; nothing but records is held."""
    for image in images:
        if image["sk"]["S"] == tables.FEEDBACK:
            yield feedback_record(feedback_of_image(image), with_text=with_text)


def case_records(images: Iterable[Image], *, with_text: bool = False) -> Iterator[CaseRecord]:
    """The cases among the items of their table. When a case ended stands in its timeline, whose entries come in any
    order: they are held until the last item is read."""
    cases, entries = dict[str, Image](), defaultdict[str, list[Image]](list)
    for image in images:
        pk, sk = image["pk"]["S"], image["sk"]["S"]
        if sk == tables.CASE:
            cases[pk] = image
        elif sk.startswith(tables.TIMELINE):
            entries[pk].append(image)
    for pk, image in cases.items():
        yield case_record(case_of_image(image), map(entry_of_stream_image, entries[pk]), with_text=with_text)


RECORDS: Mapping[str, Callable[..., Iterator[Record]]] = {"feedback": feedback_records, "cases": case_records}
