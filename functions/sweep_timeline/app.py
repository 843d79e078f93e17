"""Every minute: timeline entries whose effects were not acknowledged."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import relay_timeline


def sweep_timeline(event: Event) -> dict[str, object]:
    """Ring again, tell again."""
    relayed = relay_timeline.sweep_timeline(bootstrap.desk(), bootstrap.workflow(), bootstrap.notices())
    return {"relayed": relayed}


handler = background(sweep_timeline)
