"""Orders at the edge."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from aftersales.contracts.fields import (
    Amount,
    Body,
    Currency,
    Email,
    Id,
    Instant,
    Name,
    Quantity,
    View,
    When,
    clean,
)
from aftersales.domain.address import Address
from aftersales.domain.calendar import epoch_ms
from aftersales.domain.ledger import Ledger
from aftersales.domain.order import SHIPPING, Contact, Line, Order, Payment, Shipping
from aftersales.domain.refusal import Code, Refusal

MAX_UNITS = 10_000
# As long as a label has room for.
AddressLine = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(clean)]
OptionalAddressLine = Annotated[str, Field(max_length=100), AfterValidator(clean)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
MARKET_PATTERN = r"^([A-Za-z0-9][A-Za-z0-9-]{0,15})?$"


class LineBody(Body):
    """`total` is what was paid for all units after discounts, tax included; `tax` is the tax within it. `weight` is of
    one unit, in grams; goods that go back over a border are declared with `origin_country` and `hs_tariff_number`."""

    line_id: Id
    sku: Name
    title: Name
    category: Name = "uncategorised"
    quantity: Quantity
    total: Amount
    tax: Amount = 0
    returnable: bool = True
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    origin_country: Country | Literal[""] = ""
    hs_tariff_number: Annotated[str, Field(pattern=r"^[0-9.]{0,14}$")] = ""


class ShippingBody(Body):
    """What was paid for delivery, tax included."""

    total: Amount = 0
    tax: Amount = 0


class PaymentBody(Body):
    """`reference` names the payment at its provider; `method` is the tender, for people."""

    payment_id: Id
    provider: Literal["stripe", "store_credit"]
    reference: Name
    captured: Amount
    method: Annotated[str, Field(max_length=64), AfterValidator(clean)] = ""


class ContactBody(Body):
    """Where and in which language the buyer is told."""

    email: Email
    language: Literal["en", "zh"] = "en"


class AddressBody(Body):
    """Where a parcel starts or ends; `country` is its ISO 3166-1 alpha-2 code."""

    name: AddressLine
    street1: AddressLine
    city: AddressLine
    zip: Annotated[str, Field(max_length=16), AfterValidator(clean)] = ""
    country: Country
    state: OptionalAddressLine = ""
    street2: OptionalAddressLine = ""
    company: OptionalAddressLine = ""
    phone: Annotated[str, Field(pattern=r"^[0-9+() .-]{0,32}$")] = ""
    email: Email | Literal[""] = ""

    def to_address(self) -> Address:
        """The domain's word for it."""
        return Address(**self.model_dump())


class OrderBody(Body):
    """An order as the platform knows it. Times are UTC; amounts are minor units of `currency`; `market` names the
    calendar by which its deadlines are counted, for example `BR`; `platform_fee` is what the platform kept of the sale,
    of which it gives the seller back the share of what the buyer gets back. With the buyer's `shipping_address` and the
    seller's `return_address` the platform can buy the label of a return."""

    order_id: Id | None = None
    buyer_id: Id
    seller_id: Id
    currency: Currency
    placed_at: When
    shipped_at: When | None = None
    delivered_at: When | None = None
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=200)]
    shipping: ShippingBody = ShippingBody()
    payments: Annotated[list[PaymentBody], Field(min_length=1, max_length=50)]
    contact: ContactBody | None = None
    market: Annotated[str, Field(pattern=MARKET_PATTERN)] = ""
    platform_fee: Amount = 0
    shipping_address: AddressBody | None = None
    return_address: AddressBody | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _refuse_repeats("line_id", [line.line_id for line in self.lines] + [SHIPPING])
        _refuse_repeats("payment_id", [payment.payment_id for payment in self.payments])
        return self

    @model_validator(mode="after")
    def _units_are_countable(self) -> Self:
        # The ledger is one item of at most 400 kB (DynamoDB), with a word for every unit.
        if sum(line.quantity for line in self.lines) > MAX_UNITS:
            raise ValueError(f"an order has at most {MAX_UNITS} units in all")
        return self

    @model_validator(mode="after")
    def _tax_is_within(self) -> Self:
        paid = [(line.tax, line.total) for line in self.lines]
        if any(tax > total for tax, total in (*paid, (self.shipping.tax, self.shipping.total))):
            raise ValueError("tax is the part of total that is tax; it cannot exceed total")
        return self

    @model_validator(mode="after")
    def _fee_is_within(self) -> Self:
        if self.platform_fee > sum(payment.captured for payment in self.payments):
            raise ValueError("the platform's fee is a part of what was captured")
        return self

    def to_order(self, order_id: str) -> Order:
        """The domain's order. Raises `invalid_request` where body and path name different orders."""
        if self.order_id not in (None, order_id):
            raise Refusal(Code.INVALID, "The path names another order than the body.")
        return Order(
            order_id=order_id,
            buyer_id=self.buyer_id,
            seller_id=self.seller_id,
            currency=self.currency,
            placed_at=epoch_ms(self.placed_at),
            shipped_at=epoch_ms(self.shipped_at) if self.shipped_at else None,
            delivered_at=epoch_ms(self.delivered_at) if self.delivered_at else None,
            lines=tuple(Line(**line.model_dump()) for line in self.lines),
            shipping=Shipping(**self.shipping.model_dump()),
            payments=tuple(Payment(**payment.model_dump()) for payment in self.payments),
            contact=Contact(**self.contact.model_dump()) if self.contact else None,
            market=self.market,
            platform_fee=self.platform_fee,
            shipping_address=self.shipping_address.to_address() if self.shipping_address else None,
            return_address=self.return_address.to_address() if self.return_address else None,
        )


class LineView(View):
    """A line with the units and the money that a case may still claim."""

    line_id: str
    sku: str
    title: str
    category: str
    quantity: int
    total: int
    tax: int
    returnable: bool
    refundable_quantity: int
    refundable_amount: int


class ShippingView(View):
    """The shipping with what is still refundable of it."""

    total: int
    tax: int
    refundable_amount: int


class PaymentView(View):
    """A payment with its balance: available + reserved + refunded + external + disputed = captured. `external` was
    refunded by hand at the provider; `short` is gone from the payment although cases hold it."""

    payment_id: str
    provider: str
    method: str
    captured: int
    available: int
    reserved: int
    refunded: int
    external: int
    disputed: int
    short: int


class OrderView(View):
    """An order with what is still refundable per line and in all. Amounts are minor units of `currency`."""

    order_id: str
    buyer_id: str
    seller_id: str
    currency: str
    placed_at: Instant
    shipped_at: Instant | None
    delivered_at: Instant | None
    market: str
    lines: list[LineView]
    shipping: ShippingView
    payments: list[PaymentView]
    captured: int
    reserved: int
    refunded: int
    refundable: int
    frozen: bool


def order_view(order: Order, ledger: Ledger) -> OrderView:
    """The order as its parties see it. Contact and addresses are nobody's business here."""
    worth = {line.line_id: line.worth(line.free)[0] for line in ledger.lines}
    free = {line.line_id: len(line.free) for line in ledger.lines}
    balances = {balance.payment_id: balance for balance in ledger.balances}
    return OrderView(
        order_id=order.order_id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        currency=order.currency,
        placed_at=order.placed_at,
        shipped_at=order.shipped_at,
        delivered_at=order.delivered_at,
        market=order.market,
        lines=[
            LineView(
                line_id=line.line_id,
                sku=line.sku,
                title=line.title,
                category=line.category,
                quantity=line.quantity,
                total=line.total,
                tax=line.tax,
                returnable=line.returnable,
                refundable_quantity=free[line.line_id],
                refundable_amount=worth[line.line_id],
            )
            for line in order.lines
        ],
        shipping=ShippingView(
            total=order.shipping.total, tax=order.shipping.tax, refundable_amount=worth[SHIPPING]
        ),
        payments=[
            PaymentView(
                payment_id=payment.payment_id,
                provider=payment.provider,
                method=payment.method,
                captured=balances[payment.payment_id].captured,
                available=balances[payment.payment_id].available,
                reserved=balances[payment.payment_id].reserved,
                refunded=balances[payment.payment_id].refunded,
                external=balances[payment.payment_id].external,
                disputed=balances[payment.payment_id].disputed,
                short=balances[payment.payment_id].short,
            )
            for payment in order.payments
        ],
        captured=sum(balance.captured for balance in ledger.balances),
        reserved=sum(balance.reserved for balance in ledger.balances),
        refunded=sum(balance.refunded for balance in ledger.balances),
        refundable=0 if ledger.frozen else min(ledger.available, sum(worth.values())),
        frozen=ledger.frozen,
    )


def _refuse_repeats(name: str, values: list[str]) -> None:
    repeated = {value for value in values if values.count(value) > 1}
    if repeated:
        raise ValueError(f"{name} must be unique and not 'shipping': {', '.join(sorted(repeated))}")
