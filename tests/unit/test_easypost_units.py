"""Goods on their way to EasyPost: ounces, inches and decimal text, of which none is smaller than what is sent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.adapters.easypost_carriers import _customs, _package
from aftersales.domain.label import Customs, CustomsItem, Package
from aftersales.domain.money import Money


@given(st.integers(1, 70_000))
def test_a_parcel_is_never_declared_lighter_than_it_is_nor_by_a_tenth_heavier(grams: int) -> None:
    ounces = Decimal(str(_package(Package(weight=grams))["weight"]))
    assert 0 <= ounces * Decimal("28.349523125") - grams < Decimal("2.835")


def test_sides_that_nobody_measured_are_left_out() -> None:
    assert _package(Package(weight=454, length=254)) == {"weight": 16.1, "length": 10.0}


@pytest.mark.parametrize(
    ("value", "text"),
    [(Money(4900, "USD"), "49.00"), (Money(4900, "JPY"), "4900"), (Money(4900, "KWD"), "4.900")],
)
def test_what_goods_are_worth_keeps_its_decimals(value: Money, text: str) -> None:
    item = CustomsItem(description="Kettle", quantity=1, value=value, weight=900, origin_country="JP")
    [declared] = _customs(Customs(signer="Elisa", items=(item,)))["customs_items"]
    assert (declared["value"], declared["currency"]) == (text, value.currency)
