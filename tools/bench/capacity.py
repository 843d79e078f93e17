"""DynamoDB's read and write units, computed from the items themselves.

Sizes follow https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html, units
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html (steps of 1 kB to
write, of 4 kB to read, half for reads that may be stale), transactions
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html (every item twice), indexes
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (an entry that appears or goes is one
write, an entry that moves two, an entry that stays none).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = Mapping[str, Any]

KILOBYTE = 1024
WRITE_STEP = KILOBYTE
READ_STEP = 4 * KILOBYTE
TRANSACTIONAL = 2


@dataclass(frozen=True, slots=True)
class Units:
    """Read and write request units."""

    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.read + other.read, self.write + other.write)


NOTHING = Units()


@dataclass(frozen=True, slots=True)
class Table:
    """A table's own key and the keys of its indexes, all of which project their keys only."""

    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]]

    def key_of(self, item: Item) -> dict[str, Any]:
        """The key of an item."""
        return {name: item[name] for name in self.key}

    def entry(self, index: str, item: Item | None) -> Item | None:
        """What the index holds of an item; an item that lacks one of its keys is not in it."""
        keys = self.indexes[index]
        if item is None or not all(name in item for name in keys):
            return None
        return {name: item[name] for name in dict.fromkeys((*self.key, *keys))}


def item_size(item: Item | None) -> int:
    """Names and values in bytes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def write_units(table: Table, before: Item | None, after: Item | None, *, transactional: bool) -> Units:
    """Putting, updating or deleting one item: its larger form, and the entries of indexes that changed.

    Only the item itself is prepared and committed; its indexes follow later, outside the transaction.
    """
    own = _steps(max(item_size(before), item_size(after)), WRITE_STEP)
    times = TRANSACTIONAL if transactional else 1
    return Units(
        write=own * times + sum(_index_writes(table, index, before, after) for index in table.indexes)
    )


def item_read_units(items: Iterable[Item | None], *, consistent: bool) -> Units:
    """Items read one by one; looking for one that is not there costs a step as well."""
    return Units(
        read=sum(_steps(item_size(item), READ_STEP) for item in items) * (1.0 if consistent else 0.5)
    )


def query_read_units(items: Iterable[Item], *, consistent: bool) -> Units:
    """A query adds up what it read before it rounds."""
    return Units(read=_steps(sum(map(item_size, items)), READ_STEP) * (1.0 if consistent else 0.5))


def _index_writes(table: Table, index: str, before: Item | None, after: Item | None) -> int:
    old, new = table.entry(index, before), table.entry(index, after)
    if old == new:
        return 0
    return sum(_steps(item_size(entry), WRITE_STEP) for entry in (old, new) if entry is not None)


def _steps(size: int, step: int) -> int:
    return max(1, ceil(size / step))


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, inner),) = value.items()
    match kind:
        case "S":
            return len(inner.encode())
        case "N":
            return _number_size(inner)
        case "B":
            return len(inner)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_size(one) for one in inner)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(one) for name, one in inner.items())
        case _:
            raise ValueError(f"no rule for the type {kind}")


def _number_size(text: str) -> int:
    """One byte for two significant digits, one more, and one for a sign."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return 1 + ceil(len(digits) / 2) + text.startswith("-")
