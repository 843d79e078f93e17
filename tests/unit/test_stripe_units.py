"""Amounts on their way to Stripe and back: its minor units are not everywhere ISO 4217's."""

import pytest

from aftersales.adapters.stripe_payments import from_stripe, to_stripe


@pytest.mark.parametrize(
    ("ours", "currency", "stripes"),
    [
        (1_299, "BRL", 1_299),
        (300, "JPY", 300),
        (300, "ISK", 30_000),
        (300, "UGX", 30_000),
        (20_000, "MGA", 200),
        (3_330, "KWD", 3_330),
    ],
)
def test_an_amount_is_the_same_money_at_stripe_and_back(ours: int, currency: str, stripes: int) -> None:
    assert to_stripe(ours, currency) == stripes
    assert from_stripe(stripes, currency) == ours


@pytest.mark.parametrize(("ours", "currency"), [(150, "MGA"), (3_333, "KWD"), (1, "BHD")])
def test_an_amount_that_stripe_cannot_express_is_not_rounded(ours: int, currency: str) -> None:
    assert to_stripe(ours, currency) is None
