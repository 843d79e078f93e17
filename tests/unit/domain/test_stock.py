"""Goods that can be sent: what there is not enough of, and what becomes of what is held."""

from dataclasses import replace
from itertools import product

import pytest

from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.stock import (
    COUNTED_AS,
    Sku,
    StockLine,
    StockReservation,
    StockState,
    missing_of,
    moved,
    restocked,
)
from tests.builders import NOON, a_sku


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
    assert missing_of(lines, [a_sku("bowl-s", on_hand=3), a_sku("bowl-m", on_hand=1)]) == missing


HELD, CONFIRMED, RELEASED, EXPIRED = StockState
# From where, asked for what, before or after its time: what it becomes. Nothing else ever moves.
MOVES = {
    (HELD, CONFIRMED, "in time"): CONFIRMED,
    (HELD, CONFIRMED, "overdue"): EXPIRED,
    (HELD, RELEASED, "in time"): RELEASED,
    (HELD, RELEASED, "overdue"): RELEASED,
    (HELD, EXPIRED, "overdue"): EXPIRED,
    (CONFIRMED, RELEASED, "in time"): RELEASED,
    (CONFIRMED, RELEASED, "overdue"): RELEASED,
}


@pytest.mark.parametrize(
    ("state", "wanted", "when"), list(product(StockState, StockState, ["in time", "overdue"])), ids=str
)
def test_a_reservation_moves_forward_only(state: StockState, wanted: StockState, when: str) -> None:
    reservation = StockReservation(
        reservation_id="r-1", lines=(StockLine(sku="bowl-s", quantity=1),), state=state, expires_at=NOON
    )
    after = moved(reservation, wanted, NOON if when == "overdue" else NOON - 1)
    assert after == replace(reservation, state=MOVES.get((state, wanted, when), state))


def test_what_holds_nothing_counts_as_available() -> None:
    assert [COUNTED_AS[state] for state in StockState] == ["held", "confirmed", "available", "available"]


def test_a_count_leaves_what_was_promised() -> None:
    assert restocked(None, a_sku("bowl-s", on_hand=3)) == a_sku("bowl-s", on_hand=3)
    known = replace(a_sku("bowl-s", on_hand=5), available=2, held=2, confirmed=1)
    assert restocked(known, a_sku("bowl-s", on_hand=9)) == replace(
        a_sku("bowl-s", on_hand=9), available=6, held=2, confirmed=1
    )
    assert restocked(known, a_sku("bowl-s", on_hand=3)) == replace(
        a_sku("bowl-s", on_hand=3), available=0, held=2, confirmed=1
    )


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (a_sku("bowl-s", on_hand=2), Code.STOCK_PROMISED),
        (replace(a_sku("bowl-s", on_hand=9), seller_id="seller-2"), Code.SKU_TAKEN),
    ],
)
def test_a_count_takes_nothing_away_from_buyers_or_other_sellers(written: Sku, code: Code) -> None:
    known = replace(a_sku("bowl-s", on_hand=5), available=2, held=2, confirmed=1)
    with pytest.raises(Refusal) as refused:
        restocked(known, written)
    assert refused.value.code is code
    assert "bowl-s" in refused.value.detail
