"""Every minute: goods that were held for a case longer than they may be."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import keep_stock


def sweep_stock(event: Event) -> dict[str, object]:
    """Give them back."""
    return {"expired": keep_stock.sweep_stock(bootstrap.stock())}


handler = background(sweep_stock)
