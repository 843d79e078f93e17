"""What mutmut leaves alone: the statements of a module outside its functions, and decorated classes.

It breaks them with mutmut's own operators, and further drops each element of a table. Every mutant gets a process
that starts without the domain and imports the broken module from memory, for a table is read when it is imported.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis.stateful  # noqa: F401 - once for all processes
import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.configuration import Config
from mutmut.mutation.mutators import mutation_operators

from tools.mutants import ROOT, Mutant

LAYER = ROOT / "layers" / "aftersales"
PATIENCE_SECONDS = 120


def run() -> list[Mutant]:
    """Break everything outside the functions of each module that mutmut is told of."""
    os.chdir(ROOT)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    config = Config.get()
    arguments = ["-x", "-q", *config.pytest_add_cli_args, *config.pytest_add_cli_args_test_selection]
    paths = [LAYER / Path(path).relative_to("src") for path in config.only_mutate]
    Config.reset()
    if _notices("aftersales.nothing", "", arguments) is not None:
        raise SystemExit("The tests fail before anything is broken.")
    found = []
    for path in paths:
        name = ".".join(path.relative_to(LAYER).with_suffix("").parts)
        for line, change, source in _mutants(path.read_text()):
            verdict = _notices(name, source, arguments) or "survived"
            found.append(Mutant(module=path.stem, name=f"{name}:{line}", change=change, verdict=verdict))
            lived = sum(not one.noticed for one in found)
            print(f"\rtables: {len(found)} tried, {lived} lived", end="", flush=True)
    print()
    return found


def _mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, what is changed, and the whole module with it."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Outside()
    wrapper.visit(visitor)
    for line, old, new in visitor.changes:
        shown = [wrapper.module.code_for_node(node) if node else "nothing" for node in (old, new)]
        change = "\n".join(f"{sign} {text.strip()}" for sign, text in zip("-+", shown, strict=True))
        # The last element of a set cannot be dropped: what is left would be a dictionary.
        with suppress(cst.CSTValidationError, SyntaxError):
            code = wrapper.module.visit(_Swap(old, new)).code
            compile(code, "a mutant", "exec")
            yield line, change, code


class _Outside(cst.CSTVisitor):
    """Collects the changes: line, node, what stands in its place (None: nothing)."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[int, cst.CSTNode, cst.CSTNode | None]] = []
        self._decorated = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            return False
        if isinstance(node, cst.FunctionDef) and not node.decorators and not self._decorated:
            return False
        if isinstance(node, cst.ClassDef):
            self._decorated += 1
        where = self.get_metadata(PositionProvider, node, None)
        line = where.start.line if where else 0
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.changes += [(line, node, new) for new in operator(node)]
        if isinstance(node, cst.Element | cst.DictElement) and not self._decorated:
            self.changes.append((line, node, None))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.ClassDef):
            self._decorated -= 1


class _Swap(cst.CSTTransformer):
    """One node for another, or for nothing."""

    def __init__(self, old: cst.CSTNode, new: cst.CSTNode | None) -> None:
        super().__init__()
        self.old, self.new = old, new

    def on_leave(self, original_node: cst.CSTNode, updated_node: Any) -> Any:
        if original_node is not self.old:
            return super().on_leave(original_node, updated_node)
        return cst.RemoveFromParent() if self.new is None else self.new


class _FromMemory(MetaPathFinder, Loader):
    """Gives one module another source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, self.name, "exec"), module.__dict__)


def _notices(name: str, source: str, arguments: list[str]) -> str | None:
    """How a process with that source for that module ended; None where all tests passed."""
    child = os.fork()
    if not child:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        signal.alarm(PATIENCE_SECONDS)
        sys.meta_path.insert(0, _FromMemory(name, source))
        os._exit(min(int(pytest.main(arguments)), 1))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
    return "killed" if os.WEXITSTATUS(status) else None
