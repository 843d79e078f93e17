"""`sam build` for this machine's processor, skipped when nothing that goes into it has changed."""

import hashlib
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from tools.local_stack.bytecode import compile_packages
from tools.local_stack.checkout import Checkout, Problem, architecture

# What a deployment is made of, beside the template itself.
SOURCES = ("functions", "layers", "statemachines")


def build(checkout: Checkout) -> bool:
    """Build into `.local/build`, unless what lies there is this source's; whether there was work."""
    wanted = _fingerprint(checkout)
    if fingerprint_of_build(checkout) == wanted:
        return False
    checkout.sam(
        "build",
        checkout.template,
        *("--build-dir", str(checkout.build_dir)),
        *("--cache-dir", str(checkout.home / "build-cache")),
        *("--parameter-overrides", f"Architecture={architecture()}"),
    )
    if not compile_packages(checkout.build_dir):
        raise Problem("a package does not compile: see above.")
    _stamp(checkout).write_text(wanted)
    return True


def fingerprint_of_build(checkout: Checkout) -> str | None:
    """What lies in `.local/build`; nothing if no build got to its end."""
    stamp = _stamp(checkout)
    return stamp.read_text() if stamp.exists() else None


def _stamp(checkout: Checkout) -> Path:
    # SAM empties the directory before it builds, and the stamp with it.
    return checkout.build_dir / "fingerprint"


def _fingerprint(checkout: Checkout) -> str:
    digest = hashlib.sha256()
    digest.update(f"{architecture()} {sys.version} {version('aws-sam-cli')}".encode())
    for file in _sources(checkout):
        digest.update(str(file.relative_to(checkout.root)).encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources(checkout: Checkout) -> Iterator[Path]:
    yield checkout.template
    for name in SOURCES:
        for file in sorted((checkout.root / name).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
