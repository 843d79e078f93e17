"""Goods that can be sent in exchange: what a seller has of each, and what cases hold of it.

A reservation is durable on its case before the stock is asked: its id never changes, and one id gets one answer for
ever. A second try, after a wait or for another variant, is a reservation of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from aftersales.domain.refusal import Code, Refusal


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
    held: int
    confirmed: int


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


# Which number of its SKU counts the units of a reservation.
COUNTED_AS = {
    StockState.HELD: "held",
    StockState.CONFIRMED: "confirmed",
    StockState.RELEASED: "available",
    StockState.EXPIRED: "available",
}


def restocked(known: Sku | None, sku: Sku) -> Sku:
    """The SKU as the platform writes it now; what cases hold of it stays held.

    Raises `stock_promised` where fewer units are on hand than cases hold and buyers were promised, and `sku_taken`
    where another seller has a SKU of this name.
    """
    if known is None:
        return sku
    if known.seller_id != sku.seller_id:
        raise Refusal(Code.SKU_TAKEN, f"Another seller has a SKU {sku.sku}.")
    promised = known.held + known.confirmed
    if sku.on_hand < promised:
        raise Refusal(
            Code.STOCK_PROMISED,
            f"{promised} units of {sku.sku} are held by cases or were promised to buyers.",
            promised=promised,
        )
    return replace(sku, available=sku.on_hand - promised, held=known.held, confirmed=known.confirmed)


def moved(reservation: StockReservation, wanted: StockState, now: int) -> StockReservation:
    """The reservation after it was asked to become `wanted`; the same where that is not possible (any more).

    A hold whose time is up is confirmed by nobody, whether or not a sweep has seen it.
    """
    overdue = now >= reservation.expires_at
    match reservation.state, wanted:
        case StockState.HELD, StockState.CONFIRMED if overdue:
            return replace(reservation, state=StockState.EXPIRED)
        case StockState.HELD, StockState.EXPIRED if not overdue:
            return reservation
        case (StockState.HELD, _) | (StockState.CONFIRMED, StockState.RELEASED):
            return replace(reservation, state=wanted)
    return reservation


def missing_of(lines: Iterable[StockLine], skus: Iterable[Sku]) -> tuple[str, ...]:
    """What there is not enough of; a SKU that nobody knows is one of which there is none."""
    available = {sku.sku: sku.available for sku in skus}
    return tuple(line.sku for line in lines if line.quantity > available.get(line.sku, 0))
