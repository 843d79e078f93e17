"""A schedule as a story: when, who, what; with names for the cases instead of ids."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.builders import NOON

if TYPE_CHECKING:
    from tests.simulation.world import World


def tell(world: "World", names: Mapping[str, str]) -> str:
    """One line for everything that happened, then what is wrong."""
    lines = [f"{_moment(when)}  {who:<28} {what}" for when, who, what in world.story]
    lines += [f"BROKEN  {one}" for one in world.broken]
    text = "\n".join(lines)
    for case_id, name in names.items():
        text = text.replace(case_id, name)
    return text


def _moment(when: int) -> str:
    days, rest = divmod(when - NOON, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"day {days:>2} {hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
