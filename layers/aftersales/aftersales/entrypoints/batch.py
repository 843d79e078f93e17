"""Batches of a stream or a queue: one bad record does not hold up the others."""

from collections.abc import Callable, Mapping
from typing import Any

from aftersales.entrypoints.logs import failed, logger

Record = dict[str, Any]


def each_record(
    do: Callable[[Record], Mapping[str, object]], id_of: Callable[[Record], str]
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Carry out `do` for every record and report those that failed (`ReportBatchItemFailures`)."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        failed = [id_of(record) for record in event["Records"] if not _done(do, record)]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    return handler


def _done(do: Callable[[Record], Mapping[str, object]], record: Record) -> bool:
    try:
        logger.info(do.__name__, extra=do(record))
    except Exception as error:  # noqa: BLE001 - whatever it is, the record is reported and repeated
        failed(do.__name__, error)
        return False
    return True
