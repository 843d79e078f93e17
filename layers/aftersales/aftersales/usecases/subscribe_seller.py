"""A seller's channels for alerts."""

from collections.abc import Sequence

from aftersales.domain.parties import Party
from aftersales.domain.refusal import not_found
from aftersales.usecases.commit import refuse_other_sellers
from aftersales.usecases.ports import Subscriptions


def subscribe(
    subscriptions: Subscriptions,
    seller_id: str,
    channel: str,
    endpoint: str,
    events: Sequence[str],
    *,
    by: Party,
) -> str:
    """Open a channel, or change what it hears of; answers its state."""
    refuse_other_sellers(seller_id, by)
    return subscriptions.subscribe(seller_id, channel, endpoint, events)


def unsubscribe(subscriptions: Subscriptions, seller_id: str, channel: str, *, by: Party) -> None:
    """Close a channel."""
    refuse_other_sellers(seller_id, by)
    if not subscriptions.unsubscribe(seller_id, channel):
        raise not_found("subscription")
