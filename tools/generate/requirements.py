"""`layers/<group>/requirements.txt`: what the lock file says of the functions' own dependencies, group by group."""

import shutil
import subprocess

from tools.generate.sources import ROOT


def uv() -> str | None:
    """The checkout's own uv, or the one on the PATH."""
    own = ROOT / ".local" / "uv" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv")


def render(group: str) -> str:
    """The export of one dependency group; SAM installs it into the layer of that name."""
    command = f"export --frozen --only-group {group} --no-hashes --no-header --no-annotate --quiet"
    return subprocess.run(
        [uv() or "uv", *command.split()], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
