"""The stream of timeline entries: start or wake the workflow, tell buyer and seller."""

from typing import Any

from aftersales.adapters.dynamodb import entry_of_stream_image
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.batch import each_record
from aftersales.entrypoints.metrics import count
from aftersales.usecases.relay_timeline import relay_entry


def relay(record: dict[str, Any]) -> dict[str, object]:
    """Carry one entry outside and count it."""
    entry = entry_of_stream_image(record["dynamodb"]["NewImage"])
    relay_entry(bootstrap.desk(), bootstrap.workflow(), bootstrap.notices(), entry)
    count(entry)
    return {"case_id": entry.case_id, "seq": entry.seq, "event": entry.event}


handler = each_record(relay, lambda record: record["dynamodb"]["SequenceNumber"])
