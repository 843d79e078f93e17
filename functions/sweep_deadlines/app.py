"""Every minute: deadlines that have passed."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import sweep_deadlines as deadlines


def sweep_deadlines(event: Event) -> dict[str, object]:
    """Let silence do what `on_timeout` said."""
    return {"due": deadlines.sweep_deadlines(bootstrap.desk(), bootstrap.evidence_files())}


handler = background(sweep_deadlines)
