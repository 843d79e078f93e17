"""Mutants: ledger, life cycle and policy broken one small thing at a time; what do the unit tests notice?

    python -m tools.mutants [functions | tables] [name ...]

Functions are broken by mutmut (`functions.py`). What it leaves alone, the tables and the dataclasses with their
properties, is broken by its own operators and a few for tables (`tables.py`). A name restricts a run of functions to
those of that name: `functions 'aftersales.domain.ledger.x_reserve__*'`; the others keep what the last run found.

Which functions and which tests: `[tool.mutmut]` in pyproject.toml. Why those that live may live: docs/mutants.md.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTICED = ("killed", "timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One small change of one module, and what became of it."""

    module: str
    name: str
    change: str
    verdict: str

    @property
    def noticed(self) -> bool:
        """Whether a test failed."""
        return self.verdict in NOTICED


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of the mutants of one module."""

    module: str
    verdicts: Counter[str]

    @property
    def percent(self) -> float:
        """How many of a hundred a test noticed."""
        return 100 * self._noticed / self.verdicts.total()

    @property
    def _noticed(self) -> int:
        return sum(self.verdicts[verdict] for verdict in NOTICED)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.most_common())
        return (
            f"{self.module:10} {self._noticed:5} of {self.verdicts.total():5} noticed: {self.percent:5.1f} %"
            f"  ({told})"
        )


def score(module: str, mutants: Iterable[Mutant]) -> Score:
    """What became of these mutants of that module."""
    return Score(module=module, verdicts=Counter(mutant.verdict for mutant in mutants))
