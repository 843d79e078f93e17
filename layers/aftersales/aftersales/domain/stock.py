"""Goods that can be sent in exchange: what a seller has of each, and what cases hold of it.

A reservation is durable on its case before the stock is asked: its id never changes, and one id gets one answer for
ever. A second try, after a wait or for another variant, is a reservation of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """One thing that can be sent, and its numbers: available + held + confirmed = on hand.

    `price` is that of one unit, tax included, `tax` the part of it that is tax. Variants of one thing (another size,
    another colour) share their `product`. `on_hand` counts every unit that was given to the desk, also those that it
    has confirmed to buyers: so a count of the platform never races with a confirmation.
    """

    sku: str
    seller_id: str
    product: str
    title: str
    category: str
    currency: str
    price: int
    tax: int = 0
    on_hand: int
    available: int
    held: int = 0
    confirmed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLine:
    """So many units of one SKU."""

    sku: str
    quantity: int


class StockState(StrEnum):
    """Where a reservation stands. `held` until it expires; `confirmed` is a promise to a buyer and never expires; the
    others hold nothing and never will again."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReservation:
    """Units that are set apart under an id, as they stand now. `expires_at` is in epoch milliseconds."""

    reservation_id: str
    lines: tuple[StockLine, ...]
    state: StockState
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfStock:
    """Nothing is held under this id, and nothing will be: there were not enough of these."""

    reservation_id: str
    missing: tuple[str, ...]


def missing_of(lines: Iterable[StockLine], skus: Iterable[Sku]) -> tuple[str, ...]:
    """What there is not enough of; a SKU that nobody knows is one of which there is none."""
    available = {sku.sku: sku.available for sku in skus}
    return tuple(line.sku for line in lines if line.quantity > available.get(line.sku, 0))
