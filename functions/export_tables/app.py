"""Every day: the tables of feedback and cases, exported by DynamoDB."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import export_tables as exporting


def export_tables(event: Event) -> dict[str, object]:
    """Ask for today's exports."""
    return {"day": exporting.start_exports(bootstrap.exports(), bootstrap.now())}


handler = background(export_tables)
