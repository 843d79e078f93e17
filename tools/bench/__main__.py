"""Count, measure, print, and write docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Mapping

from tools.bench import report, template
from tools.bench.handlers import handler_times
from tools.bench.imports import import_times
from tools.bench.journeys import JOURNEYS, travelled, visited
from tools.bench.recorder import Invocation
from tools.bench.runtime import prepare
from tools.local_stack.checkout import Problem

_DOCUMENT = template.ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """See the package."""
    options = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    options.add_argument("--counts", action="store_true", help="only what is counted; writes nothing")
    only_counts = options.parse_args().counts

    journeys = [travelled(name) for name in JOURNEYS]
    operations = _each_once([*(one for journey in journeys for one in journey.invocations), *visited()])
    idle = [one for one in visited() if one.function.startswith("sweep_")]
    counted = report.counted(operations, journeys, idle)
    print(counted)
    if only_counts:
        return
    try:
        runtime = prepare()
        measured = report.measured(handler_times(runtime, operations), import_times(runtime))
    except Problem as problem:
        sys.exit(str(problem))
    print(measured)
    _DOCUMENT.write_text(f"{counted}\n{measured}", "utf-8")


def _each_once(invocations: list[Invocation]) -> Mapping[str, Invocation]:
    """The first of each label, people's operations before what follows from them."""
    first: dict[str, Invocation] = {}
    for one in sorted(invocations, key=lambda one: ("httpMethod" not in one.event, one.function)):
        first.setdefault(one.label, one)
    return first


if __name__ == "__main__":
    main()
