"""The stream of what happens to feedback: count it, tell its seller and its author."""

from typing import Any

from aftersales.adapters.dynamodb_feedback import feedback_entry_of_stream_image
from aftersales.entrypoints import bootstrap, metrics
from aftersales.entrypoints.batch import each_record
from aftersales.usecases.count_feedback import relay_feedback


def count(record: dict[str, Any]) -> dict[str, object]:
    """Carry one entry into the ratings and outside."""
    entry = feedback_entry_of_stream_image(record["dynamodb"]["NewImage"])
    relay_feedback(bootstrap.feedback_desk(), bootstrap.notices(), entry)
    metrics.count_feedback(entry)
    return {"feedback_id": entry.feedback_id, "seq": entry.seq, "event": entry.event}


handler = each_record(count, lambda record: record["dynamodb"]["SequenceNumber"])
