"""A directory as Lambda lays a function out, and an interpreter that has what Lambda's runtime has.

The third-party layers are the built ones, in one directory as Lambda lays them out; the project's own code is
today's source, compiled as a build compiles it. The interpreter is the embedded engine's: beside boto3 it has
nothing that a function imports, and no awscrt, which makes `import boto3` slower elsewhere.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench import template
from tools.local_stack.bytecode import compile_packages
from tools.local_stack.checkout import Problem

_BUILDS = (".local/build", ".aws-sam/build")
_LAYERS = ("DependenciesLayer", "CarriersLayer", "ParquetLayer", "PaymentsLayer", "PhotosLayer")
_IGNORED = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True, slots=True)
class Runtime:
    """`home` holds `layer/python` and one directory for each function."""

    python: Path
    home: Path

    @property
    def layer(self) -> Path:
        """What every function imports."""
        return self.home / "layer" / "python"

    def run(
        self, arguments: Sequence[str], path: Sequence[Path], environment: Mapping[str, str] | None = None
    ) -> tuple[str, str]:
        """Run the interpreter with these directories before its own packages; answers both of its outputs."""
        result = subprocess.run(
            [str(self.python), *arguments],
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(map(str, path)),
                "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_LAMBDA_FUNCTION_NAME": "bench",
                **template.literal_settings(),
                **(environment or {}),
            },
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise Problem(result.stderr)
        return result.stdout, result.stderr


def prepare() -> Runtime:
    """Lay everything out anew. Raises `Problem` where no layers were built."""
    root = template.ROOT
    built = next((root / build for build in _BUILDS if (root / build / _LAYERS[0]).is_dir()), None)
    if built is None:
        raise Problem("No layer of dependencies is built: run `make build` or `make up` first.")
    home = root / ".local" / "bench"
    shutil.rmtree(home, ignore_errors=True)
    runtime = Runtime(_interpreter(root), home)
    for layer in _LAYERS:
        shutil.copytree(built / layer / "python", runtime.layer, ignore=_IGNORED, dirs_exist_ok=True)
    source = root / "layers" / "aftersales" / "aftersales"
    shutil.copytree(source, runtime.layer / "aftersales", ignore=_IGNORED, dirs_exist_ok=True)
    for function in template.functions():
        shutil.copytree(root / "functions" / function, home / function, ignore=_IGNORED)
    if not compile_packages(home):
        raise Problem("a package does not compile: see above.")
    return runtime


def _interpreter(root: Path) -> Path:
    engine = root / ".local" / "engine" / "bin" / "python"
    return engine if engine.exists() else Path(sys.executable)
