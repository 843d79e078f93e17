"""Every minute: what there is to do at the carriers."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import run_errands as errands


def run_errands(event: Event) -> dict[str, object]:
    """Settle labels, and ask about parcels."""
    return {"due": errands.run_errands(bootstrap.desk(), bootstrap.carriers())}


handler = background(run_errands)
