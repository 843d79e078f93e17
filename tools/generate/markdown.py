"""Markdown tables and Mermaid drawings."""

from collections.abc import Iterable, Sequence

GENERATED = "<!-- Written by `python -m tools.generate`; changes made here by hand are lost. -->"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell would end it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def mermaid(lines: Iterable[str]) -> str:
    """A drawing that GitHub and most editors show."""
    return "\n".join(["```mermaid", *lines, "```"])


def code(words: Iterable[str], between: str = ", ") -> str:
    """Words as the code spells them."""
    return between.join(f"`{word}`" for word in words)


def document(*parts: str) -> str:
    """Paragraphs, tables and drawings, one after the other."""
    return "\n\n".join([parts[0], GENERATED, *parts[1:]]) + "\n"


def duration(minutes: int) -> str:
    """Minutes in the largest unit that leaves no rest."""
    units = ((24 * 60, "day"), (60, "hour"), (1, "minute"))
    size, unit = next((size, unit) for size, unit in units if minutes % size == 0)
    count = minutes // size
    return f"{count} {unit}{'s' if count != 1 else ''}"
