"""Feedback and orders as they stand in files of JSON lines, made into records.

A feedback has `order_id`, `score`, `comment` and `created_at`, perhaps a `title`; its order says whose it was and of
what. The polarity is judged anew.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aftersales.domain.polarity import polarity
from aftersales.domain.records import FeedbackRecord

Line = Mapping[str, Any]


def read_lines(file: Path) -> list[Line]:
    """What stands in a file, line by line; empty lines are skipped."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def text_of(feedback: Line, *, titled: bool = True) -> str:
    """What was written: the title, where it is wanted, is its first sentence."""
    parts = (feedback.get("title", "") if titled else "", feedback["comment"])
    return ". ".join(part for part in parts if part.strip())


def feedback_records(feedback: Iterable[Line], orders: Iterable[Line]) -> list[FeedbackRecord]:
    """The records, with what was written, in the order of the file. Feedback on unknown orders is left out."""
    known = {order["order_id"]: order for order in orders}
    return [_record(one, known[one["order_id"]]) for one in feedback if one["order_id"] in known]


def _record(feedback: Line, order: Line) -> FeedbackRecord:
    comment = text_of(feedback)
    judged = polarity(feedback["score"], {}, comment)
    at = int(datetime.fromisoformat(feedback["created_at"]).timestamp() * 1000)
    return FeedbackRecord(
        feedback_id=feedback["order_id"],
        order_id=feedback["order_id"],
        seller_id=order["seller_id"],
        skus=_each_once(line["sku"] for line in order["lines"]),
        categories=_each_once(line["category"] for line in order["lines"]),
        status="published",
        score=feedback["score"],
        first_score=feedback["score"],
        polarity=judged.value,
        polarity_reasons=judged.reasons,
        contradiction=judged.contradiction,
        polarity_source=judged.source,
        version=1,
        left_at=at,
        updated_at=at,
        comment=comment,
    )


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
