"""The formulas of DynamoDB's units, on the documentation's own examples."""

import pytest

from tools.bench.capacity import Table, Units, item_read_units, item_size, query_read_units, write_units

PLAIN = Table(("pk",), {})
INDEXED = Table(("pk",), {"by_buyer": ("buyer", "at")})


def item(size: int) -> dict[str, dict[str, str]]:
    return {"pk": {"S": "x" * (size - 2)}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "añ"}, 3),
        ({"N": "1700000000777"}, 8),
        ({"N": "-100"}, 3),
        ({"N": "0"}, 1),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 7),
        ({"M": {"id": {"S": "a"}}}, 7),
    ],
)
def test_a_value_has_its_documented_size(value: dict[str, object], size: int) -> None:
    assert item_size({"name": value}) == 4 + size


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2), (3500, 4)])
def test_a_write_is_counted_in_steps_of_a_kilobyte(size: int, units: int) -> None:
    assert write_units(PLAIN, None, item(max(size, 3)), transactional=False) == Units(write=units)
    assert write_units(PLAIN, None, item(max(size, 3)), transactional=True) == Units(write=2 * units)


def test_replacing_a_large_item_by_a_small_one_costs_the_large_one() -> None:
    assert write_units(PLAIN, item(3000), item(10), transactional=False) == Units(write=3)


@pytest.mark.parametrize(
    ("size", "consistent", "units"), [(3500, True, 1), (8192, True, 2), (8192, False, 1)]
)
def test_a_read_is_counted_in_steps_of_four(size: int, consistent: bool, units: float) -> None:
    assert item_read_units([item(size)], consistent=consistent) == Units(read=units)


def test_looking_for_nothing_costs_a_step() -> None:
    assert item_read_units([None], consistent=True) == Units(read=1)
    assert query_read_units([], consistent=False) == Units(read=0.5)


def test_a_query_rounds_once_and_single_reads_each() -> None:
    assert query_read_units([item(500)] * 8, consistent=True) == Units(read=1)
    assert item_read_units([item(500)] * 8, consistent=True) == Units(read=8)


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        pytest.param(None, {"buyer": "b", "at": "1"}, 1, id="appears"),
        pytest.param({"buyer": "b", "at": "1"}, None, 1, id="goes"),
        pytest.param({"buyer": "b", "at": "1"}, {"buyer": "b", "at": "2"}, 2, id="moves"),
        pytest.param({"buyer": "b", "at": "1"}, {"buyer": "b", "at": "1"}, 0, id="stays"),
        pytest.param(None, {"buyer": "b"}, 0, id="lacks a key"),
    ],
)
def test_an_index_is_written_when_its_entry_changes(
    before: dict[str, str] | None, after: dict[str, str] | None, units: int
) -> None:
    old, new = (one and {"pk": {"S": "x"}} | {k: {"S": v} for k, v in one.items()} for one in (before, after))
    own = write_units(PLAIN, old, new, transactional=True).write
    assert write_units(INDEXED, old, new, transactional=True).write == own + units
