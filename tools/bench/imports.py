"""How long each function takes to import, beside `import boto3` in the same run."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench import template
from tools.bench.runtime import Runtime

# A step is started for every case, so it may take twice what boto3 itself takes.
STEP_BOUND = 2.0
STEPS = tuple(sorted(set(template.substitutions().values())))
# What a function imports only when it is first called.
_LATER = {
    "refund_buyer": "aftersales.adapters.stripe_payments",
    "webhooks": "aftersales.adapters.stripe_payments",
    "check_evidence": "aftersales.adapters.photos",
    "buy_label": "aftersales.adapters.easypost_carriers",
    "run_errands": "aftersales.adapters.easypost_carriers",
}
_ROUNDS = 7
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


@dataclass(frozen=True, slots=True)
class ImportTime:
    """A function's import as a multiple of boto3's, and the packages that take most of it, in percent.

    `first_call` adds what the function imports only when it is first called.
    """

    function: str
    ratio: float
    first_call: float | None
    heaviest: Sequence[tuple[str, int]]

    @property
    def is_step(self) -> bool:
        """Whether a bound holds for it."""
        return self.function in STEPS

    @property
    def over(self) -> bool:
        """Whether a step takes longer than it may."""
        return self.is_step and self.ratio > STEP_BOUND


def import_times(runtime: Runtime) -> Sequence[ImportTime]:
    """Fresh interpreters, one after the other, every function in every round; the quickest of each in CPU time,
    which leaves out what else the machine does."""
    functions = sorted(template.functions())
    wanted = {"boto3": "boto3"}
    wanted |= {name: "app" for name in functions}
    wanted |= {f"{name} later": f"app, {module}" for name, module in _LATER.items()}
    taken: dict[str, list[float]] = {name: [] for name in wanted}
    for _ in range(_ROUNDS):
        for name, modules in wanted.items():
            taken[name].append(_once(runtime, name.removesuffix(" later"), modules))
    yardstick = min(taken["boto3"])
    ratios = {name: min(times) / yardstick for name, times in taken.items()}
    return [
        ImportTime(name, ratios[name], ratios.get(f"{name} later"), _heaviest(runtime, name))
        for name in functions
    ]


def _once(runtime: Runtime, function: str, modules: str) -> float:
    code = f"import time; start = time.process_time(); import {modules}; print(time.process_time() - start)"
    printed, _ = runtime.run(["-c", code], _path(runtime, function))
    return float(printed)


def _heaviest(runtime: Runtime, name: str) -> Sequence[tuple[str, int]]:
    _, lines = runtime.run(["-X", "importtime", "-c", "import app"], _path(runtime, name))
    own: Counter[str] = Counter()
    for micros, module in _LINE.findall(lines):
        own[module.split(".")[0]] += int(micros)
    whole = own.total()
    return [(package, round(100 * micros / whole)) for package, micros in own.most_common(4)]


def _path(runtime: Runtime, name: str) -> Sequence[Path]:
    return [runtime.home / name, runtime.layer]
