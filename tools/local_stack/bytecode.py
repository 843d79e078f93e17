"""Ship what Python would otherwise compile at every cold start: a deployed package is read-only.

    python -m tools.local_stack.bytecode .aws-sam/build

The bytecode is checked against nothing ("unchecked hash"), because a zip file does not keep the
timestamps that the default compares, and it names the files as Lambda lays them out, so that
tracebacks read the same everywhere and the same source gives the same package.
"""

import compileall
import os
import sys
from pathlib import Path
from py_compile import PycInvalidationMode


def compile_packages(build_dir: Path) -> bool:
    """Compile every function and layer that `sam build` left there; whether all of it compiled."""
    return all(
        # A list, so that one bad package does not hide the next.
        [
            compileall.compile_dir(
                package,
                quiet=1,
                force=True,
                workers=os.cpu_count() or 1,
                stripdir=package,
                prependdir="/opt" if (package / "python").is_dir() else "/var/task",
                invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
            )
            for package in sorted(build_dir.iterdir())
            if package.is_dir()
        ]
    )


if __name__ == "__main__":
    sys.exit(0 if compile_packages(Path(sys.argv[1])) else 1)
