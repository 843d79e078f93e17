"""Functions, broken by mutmut.

mutmut names a mutant by its path and a call by its module, and the two agree only where packages lie in `src`. So
it works in `.local/mutants`, where `src` is a link to the layer. Everything it writes lies there.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.mutants import ROOT, Mutant

WORK = ROOT / ".local" / "mutants"
LINKS = {"src": "layers/aftersales", "tests": "tests", "pyproject.toml": "pyproject.toml"}


def run(names: list[str]) -> list[Mutant]:
    """Break every function afresh, or those of these names again."""
    _prepare(afresh=not names)
    os.chdir(WORK)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    # The tests of this checkout must not be found beside the copy of them that runs.
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != ROOT]

    import pytest
    from mutmut.__main__ import cli

    if not hasattr(pytest.Item, "_nodeid"):
        # mutmut 3.7 still reads the name that pytest 9.2 no longer has.
        pytest.Item._nodeid = property(lambda item: item.nodeid)  # type: ignore[attr-defined]
    cli(["run", "--max-children", "1", *names], standalone_mode=False)
    return list(_found())


def _prepare(*, afresh: bool) -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        link = WORK / name
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", target))
    if afresh:
        shutil.rmtree(WORK / "mutants", ignore_errors=True)


def _found() -> Iterator[Mutant]:
    from mutmut.__main__ import get_diff_for_mutant, status_by_exit_code, walk_mutatable_files
    from mutmut.mutation.data import SourceFileMutationData

    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            verdict = status_by_exit_code[code]
            diff = [] if verdict == "killed" else get_diff_for_mutant(name, path=path).splitlines()[3:]
            change = "\n".join(line for line in diff if line.startswith(("-", "+")))
            yield Mutant(module=path.stem, name=name, change=change, verdict=verdict)
