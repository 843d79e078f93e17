"""Write the generated files, or say which of them differ from what the code gives."""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial

from tests.fidelity import differences
from tools.generate import api, lifecycle, openapi, policies, requirements
from tools.generate.sources import ROOT

FILES: Mapping[str, Callable[[], str]] = {
    "docs/api.md": api.render,
    "docs/fidelity.md": differences.render,
    "docs/lifecycle.md": lifecycle.render,
    "docs/schemas/override.json": policies.override,
    "docs/schemas/policy.json": policies.policy,
    "functions/public_api/openapi.json": openapi.render,
    **{
        f"layers/{layer}/requirements.txt": partial(requirements.render, layer)
        for layer in ("dependencies", "payments", "carriers", "photos", "parquet")
    },
}


def main() -> int:
    """0, or 1 where `--check` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name each file that differs")
    check = parser.parse_args().check
    stale = {name: text for name, render in FILES.items() if (text := render()) != written(name)}
    for name, text in stale.items():
        if check:
            print(f"{name} differs from the code; run `python -m tools.generate`", file=sys.stderr)
        else:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(text, "utf-8")
            print(f"wrote {name}")
    return 1 if check and stale else 0


def written(name: str) -> str | None:
    """The file as it is; None where there is none."""
    path = ROOT / name
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
