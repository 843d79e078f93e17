"""Goods that can be sent: what there is not enough of."""

import pytest

from aftersales.domain.stock import Sku, StockLine, StockState, missing_of


def a_sku(name: str, available: int) -> Sku:
    return Sku(
        sku=name,
        seller_id="seller-1",
        product="bowl",
        title="A bowl",
        category="home",
        currency="USD",
        price=1_999,
        on_hand=available,
        available=available,
    )


def test_the_words_in_which_a_reservation_is_stored_never_change() -> None:
    assert list(StockState) == ["held", "confirmed", "released", "expired"]


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        ({"bowl-s": 3, "bowl-m": 1}, ()),
        ({"bowl-s": 4, "bowl-m": 1}, ("bowl-s",)),
        ({"bowl-s": 4, "bowl-m": 2}, ("bowl-s", "bowl-m")),
        ({"bowl-xl": 1}, ("bowl-xl",)),
    ],
)
def test_what_is_missing_is_named(wanted: dict[str, int], missing: tuple[str, ...]) -> None:
    lines = [StockLine(sku=sku, quantity=quantity) for sku, quantity in wanted.items()]
    assert missing_of(lines, [a_sku("bowl-s", 3), a_sku("bowl-m", 1)]) == missing
