"""What was built carries its bytecode: a deployed package is read-only and would compile at every cold start."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.bench import template
from tools.local_stack.build import fingerprint_of_build
from tools.local_stack.checkout import Checkout

CHECKOUT = Checkout(template.ROOT)
_FLAGS = slice(4, 8)
_UNCHECKED_HASH = (0b01).to_bytes(4, "little")


@pytest.fixture(scope="module")
def packages() -> list[Path]:
    if fingerprint_of_build(CHECKOUT) is None:
        pytest.skip("nothing is built in .local/build: `make up` builds it")
    return [one for one in sorted(CHECKOUT.build_dir.iterdir()) if one.is_dir()]


def bytecode_problems(package: Path) -> Iterator[str]:
    for source in package.rglob("*.py"):
        compiled = Path(importlib.util.cache_from_source(source))
        if not compiled.exists():
            yield f"{source} has no bytecode"
            continue
        head = compiled.read_bytes()[:16]
        if head[:4] != importlib.util.MAGIC_NUMBER:
            yield f"{compiled} is of another Python"
        elif head[_FLAGS] != _UNCHECKED_HASH:
            yield f"{compiled} is checked against its source"
        elif head[8:] != importlib.util.source_hash(source.read_bytes()):
            yield f"{compiled} was compiled from another source"


def test_every_function_and_layer_is_built(packages: list[Path]) -> None:
    wanted = {
        name
        for name, one in template.resources().items()
        if one["Type"] in ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    }
    assert {package.name for package in packages} >= wanted


def test_every_module_is_compiled_for_good(packages: list[Path]) -> None:
    problems = [problem for package in packages for problem in bytecode_problems(package)]
    assert not problems, "\n".join(problems[:20])
