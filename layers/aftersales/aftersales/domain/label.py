"""A label: what a carrier has to be told to print one, and what it gives for it.

An order of a label is durable before the carrier is called, like an attempt to pay back: its `shipment_id` never
changes, and whatever fails on the way, one label is bought for it.
"""

from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.address import Address
from aftersales.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is put into the carrier's hands: grams and millimetres; 0 where nobody measured."""

    weight: int
    length: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomsItem:
    """One kind of goods that crosses a border: `value` and `weight` (grams) of all its units together."""

    description: str
    quantity: int
    value: Money
    weight: int
    origin_country: str
    hs_tariff_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customs:
    """What the carrier declares where the countries differ: returned goods, signed by whoever sends them."""

    signer: str
    items: tuple[CustomsItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOrder:
    """A return label that is wanted. `ordered_at` (epoch milliseconds) is before any carrier was asked for it;
    `shipment_id` is of letters, digits, hyphens and underscores, as it becomes a part of addresses."""

    shipment_id: str
    ordered_at: int
    from_address: Address
    to_address: Address
    package: Package
    customs: Customs | None = None


class LabelState(StrEnum):
    """What became of a label that the platform pays: ordered before the carrier was asked for it, bought, refused by
    the carrier, or given back because nobody needs it any more."""

    ORDERED = "ordered"
    BOUGHT = "bought"
    REFUSED = "refused"
    VOIDED = "voided"


class VoidState(StrEnum):
    """Where the carrier stands with taking a label back. `not_applicable` is one that is only paid for when scanned."""

    SUBMITTED = "submitted"
    REFUNDED = "refunded"
    REJECTED = "rejected"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label that was bought; `url` shows it to whoever knows it, so it is told to nobody but the buyer."""

    shipment_id: str
    provider_shipment_id: str
    carrier: str
    tracking_code: str
    url: str
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareLabel:
    """A label that was bought and is not kept, and what the carrier says to taking it back."""

    label: Label
    void: VoidState


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRefused:
    """No label exists for this order, and it is not asked for again; `reason` is a stable code. What can be cured, an
    address or a missing declaration, is a new order."""

    shipment_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLeg:
    """A label that the platform pays, from its order on, which is durable before the carrier is asked.

    `inquiries` counts how often the carrier was asked in vain; `refused` is why there is none. `given_back` is what was
    bought under the order and is not needed, or not any more; `settled` once that was looked for.
    """

    ordered_at: int
    state: LabelState = LabelState.ORDERED
    label: Label | None = None
    inquiries: int = 0
    refused: str = ""
    given_back: tuple[SpareLabel, ...] = ()
    settled: bool = False
