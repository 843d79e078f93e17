"""An order as the platform wrote it: a snapshot, never edited here."""

from dataclasses import dataclass, field

from aftersales.domain.address import Address

# The shipping of an order is claimed and refunded like a line of one unit; no line may carry its name.
SHIPPING = "shipping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One position of an order. `total` is what was paid for all units after discounts, tax included.

    `tax` is the part of `total` that is tax at the original rate; it is reversed as stored. `weight` is of one unit, in
    grams, 0 where nobody knows it; `origin_country` (ISO 3166-1 alpha-2) and `hs_tariff_number` are for the customs.
    """

    line_id: str
    sku: str
    title: str
    category: str
    quantity: int
    total: int
    tax: int = 0
    returnable: bool = True
    weight: int = 0
    origin_country: str = ""
    hs_tariff_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """What the buyer paid for delivery, tax included."""

    total: int = 0
    tax: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment of an order: `reference` is its name at the `provider`, `method` the tender, for people."""

    payment_id: str
    provider: str
    reference: str
    captured: int
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where the buyer is told. Personal: kept beside the order, erased with the buyer, never logged."""

    email: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A snapshot of one order of one seller. Times are epoch milliseconds; `market` names the calendar it is under,
    `platform_fee` is what the platform kept of the sale.

    `shipping_address` is the buyer's, `return_address` where the seller takes goods back. Like the contact they are
    kept for as long as they are needed and erased with their person.
    """

    order_id: str
    buyer_id: str
    seller_id: str
    currency: str
    placed_at: int
    shipped_at: int | None = None
    delivered_at: int | None = None
    lines: tuple[Line, ...]
    shipping: Shipping = field(default_factory=Shipping)
    payments: tuple[Payment, ...]
    contact: Contact | None = None
    market: str = ""
    platform_fee: int = 0
    shipping_address: Address | None = None
    return_address: Address | None = None

    def line(self, line_id: str) -> Line | None:
        """The line of that id, if the order has it."""
        return next((line for line in self.lines if line.line_id == line_id), None)

    def payment(self, payment_id: str) -> Payment:
        """The payment of that id; an unknown one is a programming error."""
        return next(payment for payment in self.payments if payment.payment_id == payment_id)
