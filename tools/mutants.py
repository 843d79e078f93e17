"""Mutants: ledger, life cycle and policy broken one small thing at a time; what do the unit tests notice?

    python -m tools.mutants [name, with wildcards ...]

mutmut makes the mutants and runs the tests of `tests/unit/domain` that pass through the function it broke; then the
score of each module and every mutant that lived are printed. Names restrict a repeated run to some mutants, for
example `'aftersales.domain.ledger.x_reserve__*'`; without any, everything starts afresh. Which modules and tests:
`[tool.mutmut]` in pyproject.toml. Why those that live may live: docs/mutants.md.

mutmut names a mutant by its path and a call by its module, and the two agree only where packages lie in `src`. So
it works in `.local/mutants`, where `src` is a link to the layer. Everything it writes lies there.
"""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".local" / "mutants"
LINKS = {"src": "layers/aftersales", "tests": "tests", "pyproject.toml": "pyproject.toml"}
NOTICED = ("killed", "timeout", "caught by type check", "segfault")


def main(names: list[str]) -> int:
    _prepare(afresh=not names)
    os.chdir(WORK)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    # The tests of this checkout must not be found beside the copy of them that runs.
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != ROOT]

    from mutmut.__main__ import cli

    if not hasattr(pytest.Item, "_nodeid"):
        # mutmut 3.7 still reads the name that pytest 9.2 no longer has.
        pytest.Item._nodeid = property(lambda item: item.nodeid)  # type: ignore[attr-defined]
    cli(["run", "--max-children", "1", *names], standalone_mode=False)
    return _report()


def _prepare(*, afresh: bool) -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        link = WORK / name
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", target))
    if afresh:
        shutil.rmtree(WORK / "mutants", ignore_errors=True)


def _report() -> int:
    from mutmut.__main__ import get_diff_for_mutant, status_by_exit_code, walk_mutatable_files
    from mutmut.mutation.data import SourceFileMutationData

    lived: list[tuple[Path, str, str]] = []
    scores = []
    for path in sorted(walk_mutatable_files()):
        module = SourceFileMutationData(path=path)
        module.load()
        verdicts = {name: status_by_exit_code[code] for name, code in module.exit_code_by_key.items()}
        lived += [(path, name, verdict) for name, verdict in verdicts.items() if verdict not in NOTICED]
        counts = Counter(verdicts.values())
        scores.append((path.stem, sum(counts[verdict] for verdict in NOTICED), counts))
    for path, name, verdict in lived:
        print(f"\n{name}: {verdict}")
        changed = get_diff_for_mutant(name, path=path).splitlines()[3:]
        print("\n".join(line for line in changed if line.startswith(("-", "+"))))
    print()
    for stem, noticed, counts in scores:
        of = counts.total()
        print(f"{stem:10} {noticed:5} of {of:5} noticed, {100 * noticed / of:5.1f} %  {dict(counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
