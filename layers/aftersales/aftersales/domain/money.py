"""Money is an integer in the currency's minor unit; no float ever stands for money."""

from collections.abc import Iterator
from dataclasses import dataclass

# ISO 4217 gives every currency two decimals but these (list of 1 January 2024, active codes).
_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR = "CLF UYW"
_DECIMALS = {
    currency: decimals
    for decimals, currencies in ((0, _WITHOUT), (3, _WITH_THREE), (4, _WITH_FOUR))
    for currency in currencies.split()
}


# The smallest amount that can be paid back, where it is more than one minor unit: card networks know no mils in
# these dinars and rials, and no minor unit of these others at all (https://docs.stripe.com/currencies).
_STEPS = dict.fromkeys("BHD JOD KWD OMR TND".split(), 10) | {"MGA": 100}  # noqa: SIM905 - a list to read


def step(currency: str) -> int:
    """Amounts that are paid back are multiples of this many minor units."""
    return _STEPS.get(currency, 1)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units with its ISO 4217 code: `Money(1299, "USD")` is 12.99 dollars."""

    amount: int
    currency: str


def decimals(currency: str) -> int:
    """How many decimals the currency has in ISO 4217: JPY 0, USD 2, KWD 3."""
    return _DECIMALS.get(currency, 2)


def share(total: int, k: int, n: int, step: int = 1) -> int:
    """The part of `total` that unit `k` of `n` carries (k counts from 1), a multiple of `step`.

    What `step` does not divide stays with the last unit.

    Each unit's share is a difference of two rounded prefixes, so the shares of all n units telescope to
    `total` whatever the order in which cases take them; a unit price would lose or invent cents.
    """
    steps = total // step
    whole = (_round_half_up(steps * k, n) - _round_half_up(steps * (k - 1), n)) * step
    return whole + (total % step if k == n else 0)


def shares(total: int, n: int) -> Iterator[int]:
    """All n shares of `total`, in the order of the units."""
    return (share(total, k, n) for k in range(1, n + 1))


def _round_half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
