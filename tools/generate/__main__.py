"""Write the generated files, or say which of them differ from what the code gives."""

import argparse
import sys
from collections.abc import Callable, Mapping

from tools.generate import api, lifecycle, openapi, requirements
from tools.generate.sources import ROOT

FILES: Mapping[str, Callable[[], str]] = {
    "docs/api.md": api.render,
    "docs/lifecycle.md": lifecycle.render,
    "functions/public_api/openapi.json": openapi.render,
    "layers/dependencies/requirements.txt": requirements.render,
}


def main() -> int:
    """0, or 1 where `--check` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name each file that differs")
    check = parser.parse_args().check
    stale = [name for name in FILES if differs(name)]
    for name in stale:
        if check:
            print(f"{name} differs from the code; run `python -m tools.generate`", file=sys.stderr)
        else:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(FILES[name](), "utf-8")
            print(f"wrote {name}")
    return 1 if check and stale else 0


def differs(name: str) -> bool:
    """Whether the file is missing or says something else than the code."""
    path = ROOT / name
    return not path.exists() or path.read_text("utf-8") != FILES[name]()


if __name__ == "__main__":
    sys.exit(main())
