"""The stock that the desk keeps itself: the platform says what there is, parties look, time gives back."""

from collections.abc import Sequence

from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import not_found
from aftersales.domain.stock import Sku, StockState
from aftersales.usecases.commit import for_each
from aftersales.usecases.ports import EmbeddedStock, Stock

_PER_SWEEP = 200


def read_sku(stock: Stock, sku: str, party: Party) -> Sku:
    """The SKU, for all but other sellers. Raises `not_found`."""
    found = stock.sku(sku)
    if found is None or (party.role is Role.SELLER and party.id != found.seller_id):
        raise not_found("SKU")
    return found


def read_variants(stock: Stock, sku: str, party: Party) -> Sequence[Sku]:
    """All that the seller has of the product of this SKU, itself included. Raises `not_found`."""
    found = read_sku(stock, sku, party)
    return stock.variants(found.seller_id, found.product)


def sweep_stock(stock: EmbeddedStock) -> int:
    """Give back what was held longer than it may be; answers how many reservations expired.

    The index may be behind: each reservation is read again, and one that was confirmed meanwhile is left alone.
    """
    expired: list[str] = []

    def expire(reservation_id: str) -> None:
        if stock.expire(reservation_id).state is StockState.EXPIRED:
            expired.append(reservation_id)

    for_each(list(stock.overdue(_PER_SWEEP)), expire)
    return len(expired)
