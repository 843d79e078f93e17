"""An export of a table is complete."""

from urllib.parse import unquote_plus

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases.export_tables import write_export


def write_parquet(event: Event) -> dict[str, object]:
    """Write it as Parquet, a file a day."""
    written: dict[str, object] = {}
    for record in event["Records"]:
        written |= write_export(bootstrap.exports(), unquote_plus(record["s3"]["object"]["key"]))
    return written


handler = background(write_parquet)
