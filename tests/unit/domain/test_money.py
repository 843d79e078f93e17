"""Money keeps every minor unit."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.money import Money, decimals, share, shares

TOTALS = st.integers(0, 10_000_000_000)
QUANTITIES = st.integers(1, 1000)


@pytest.mark.parametrize(
    ("currency", "expected"),
    [("JPY", 0), ("KRW", 0), ("USD", 2), ("EUR", 2), ("CNY", 2), ("KWD", 3), ("TND", 3), ("CLF", 4)],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, expected: int) -> None:
    assert decimals(currency) == expected


def test_the_same_number_in_another_currency_is_another_amount() -> None:
    assert Money(1299, "USD") == Money(1299, "USD") != Money(1299, "JPY")


@pytest.mark.parametrize(
    ("total", "n", "expected"),
    [
        (10_000, 3, [3333, 3334, 3333]),
        (1, 2, [1, 0]),
        (2, 4, [1, 0, 1, 0]),
        (5, 1, [5]),
        (0, 3, [0, 0, 0]),
        (1, 1000, [0] * 499 + [1] + [0] * 500),
    ],
)
def test_a_total_that_does_not_divide_spreads_its_remainder(total: int, n: int, expected: list[int]) -> None:
    assert list(shares(total, n)) == expected


@given(TOTALS, QUANTITIES)
def test_the_shares_of_all_units_are_the_total_and_no_unit_is_a_minor_unit_off(total: int, n: int) -> None:
    parts = list(shares(total, n))
    assert sum(parts) == total
    assert all(abs(part * n - total) <= n for part in parts)
    assert min(parts) >= 0


@given(TOTALS, QUANTITIES)
def test_the_first_units_together_are_never_half_a_minor_unit_off(total: int, n: int) -> None:
    assert all(
        abs(2 * (first * n - total * k)) <= n for k, first in enumerate(accumulate(shares(total, n)), 1)
    )


@given(TOTALS, QUANTITIES, st.data())
def test_the_share_of_a_unit_does_not_depend_on_when_it_is_taken(
    total: int, n: int, data: st.DataObject
) -> None:
    units = data.draw(st.permutations(range(1, min(n, 50) + 1)))
    assert sum(share(total, k, n) for k in units) == sum(list(shares(total, n))[: len(units)])
