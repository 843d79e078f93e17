"""Money goes back over the payment it came by, whatever the platform writes afterwards."""

from dataclasses import replace
from typing import Any

import pytest

from aftersales.domain.ledger import open_ledger, refuse_moved_payments, reserve
from aftersales.domain.order import Order
from aftersales.domain.refusal import Code, Refusal
from tests.builders import BOWLS, CARD, an_order


def _with_card(order: Order, **changes: Any) -> Order:
    payments = (replace(one, **changes) if one.payment_id == CARD else one for one in order.payments)
    return replace(order, payments=tuple(payments))


@pytest.mark.parametrize("change", [{"reference": "pi_another"}, {"provider": "store_credit"}])
def test_a_payment_that_a_case_depends_on_cannot_be_moved(change: dict[str, str]) -> None:
    order = an_order()
    ledger, _ = reserve(open_ledger(order), {BOWLS: 3})

    with pytest.raises(Refusal) as refused:
        refuse_moved_payments(ledger, order, _with_card(order, **change))

    assert (refused.value.code, refused.value.detail) == (
        Code.ORDER_IN_USE,
        "A case depends on payment card; it stays where it was made.",
    )


def test_an_order_written_again_with_the_same_payments_moves_none_of_them() -> None:
    order = an_order()
    ledger, _ = reserve(open_ledger(order), {BOWLS: 3})

    refuse_moved_payments(ledger, order, _with_card(order, captured=20_000))


def test_a_payment_that_no_case_touched_may_be_corrected() -> None:
    order = an_order()

    refuse_moved_payments(open_ledger(order), order, _with_card(order, reference="pi_another"))
