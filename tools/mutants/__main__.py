"""See the package."""

import sys

import tools.mutants
from tools.mutants import Mutant, functions, score, tables

LEAST = 90  # per cent


def main(arguments: list[str]) -> int:
    """The whole run, or half of it. Fails where the tests notice less than `LEAST` of what is done to a module."""
    if arguments and arguments[0] not in ("functions", "tables"):
        print(tools.mutants.__doc__, file=sys.stderr)
        return 2
    which, names = arguments[:1], arguments[1:]
    found: list[Mutant] = []
    # The tables first: they need a process into which nothing of the domain was imported yet.
    if which != ["functions"]:
        found += tables.run()
    if which != ["tables"]:
        found += functions.run(names)
    for mutant in found:
        if not mutant.noticed:
            print(f"\n{mutant.name}: {mutant.verdict}\n{mutant.change}")
    print()
    scores = []
    for module in sorted({mutant.module for mutant in found}):
        scores.append(score(module, [mutant for mutant in found if mutant.module == module]))
        print(scores[-1])
    return 0 if all(one.percent >= LEAST for one in scores) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
