"""The stream of what was said, where comments are read by another model than the lexicon."""

from typing import Any

from aftersales.adapters.dynamodb_feedback import feedback_entry_of_stream_image
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.batch import each_record
from aftersales.usecases.read_comments import read_comment_again


def read(record: dict[str, Any]) -> dict[str, object]:
    """Have one comment read."""
    entry = feedback_entry_of_stream_image(record["dynamodb"]["NewImage"])
    judged = read_comment_again(bootstrap.feedback_desk(), bootstrap.comment_reader(), entry.feedback_id)
    return {"feedback_id": entry.feedback_id, "judged_anew": judged is not None}


handler = each_record(read, lambda record: record["dynamodb"]["SequenceNumber"])
