"""What can be sent in exchange, at the edge."""

from typing import Self

from pydantic import model_validator

from aftersales.contracts.fields import Amount, Body, Currency, Id, Name, Units, View
from aftersales.domain.parties import Role
from aftersales.domain.stock import Sku


class SkuBody(Body):
    """A thing that can be sent in exchange, as the platform knows it. `price` is that of one unit in minor units of
    `currency`, tax included, and `tax` the tax within it; variants of one thing share their `product`.

    `on_hand` counts every unit that the desk was given, also those that it has confirmed to buyers: to give it five
    more, five are added to what was written before.
    """

    seller_id: Id
    product: Id
    title: Name
    category: Name = "uncategorised"
    currency: Currency
    price: Amount
    tax: Amount = 0
    on_hand: Units

    @model_validator(mode="after")
    def _tax_is_within(self) -> Self:
        if self.tax > self.price:
            raise ValueError("tax is the part of price that is tax; it cannot exceed price")
        return self

    def to_sku(self, sku: str) -> Sku:
        """The domain's SKU, of which nothing is held yet."""
        return Sku(sku=sku, **self.model_dump(), available=self.on_hand, held=0, confirmed=0)


class SkuView(View):
    """A thing that can be sent in exchange. What of it is held by cases and promised to buyers, buyers are not told."""

    sku: str
    seller_id: str
    product: str
    title: str
    category: str
    currency: str
    price: int
    tax: int
    available: int
    on_hand: int | None = None
    held: int | None = None
    confirmed: int | None = None


class SkusView(View):
    """The variants of one product."""

    items: list[SkuView]


def sku_view(sku: Sku, role: Role) -> SkuView:
    """The SKU as this role sees it."""
    hidden = {"on_hand", "held", "confirmed"} if role is Role.BUYER else set()
    return SkuView(**{name: getattr(sku, name) for name in Sku.__slots__ if name not in hidden})
