"""Where things lie in this checkout, and what every part of the local stack agrees on."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import boto3

REGION = "us-east-1"
STACK_NAME = "aftersales"
# The engine takes this key for the account's root, also where it enforces IAM.
ROOT_KEY = "test"


class Problem(Exception):
    """Something a person has to look at: one sentence, and what to do about it."""


@dataclass(frozen=True)
class Checkout:
    root: Path

    @property
    def template(self) -> Path:
        return self.root / "template.yaml"

    @property
    def home(self) -> Path:
        """Logs, pid files, the build: all that belongs to this checkout's stack alone."""
        return self.root / ".local"

    @property
    def stack_file(self) -> Path:
        return self.home / "stack.json"

    @property
    def build_dir(self) -> Path:
        return self.home / "build"

    @property
    def engine_python(self) -> Path:
        return self.home / "engine" / "bin" / "python"

    @property
    def tools_bin(self) -> Path:
        return self.root / ".venv" / "bin"

    def require_tools(self) -> None:
        for tool in (self.engine_python, self.tools_bin / "sam", self.tools_bin / "python3.13"):
            if not tool.exists():
                raise Problem(f"{tool.relative_to(self.root)} is missing: run `make setup`.")

    def sam(self, command: str, template: Path, *options: str, **environment: str) -> None:
        """Run SAM quietly; what it says is in `.local/sam-<command>.log`."""
        log = self.home / f"sam-{command}.log"
        with log.open("wb") as output:
            result = subprocess.run(
                [
                    *(str(self.tools_bin / "sam"), command),
                    *("--template-file", str(template)),
                    *("--config-file", str(self.root / "samconfig.toml"), "--config-env", "local"),
                    *options,
                ],
                cwd=self.root,
                env={
                    **os.environ,
                    # SAM looks for `python3.13` and `pip` by name.
                    "PATH": os.pathsep.join([str(self.tools_bin), os.environ.get("PATH", os.defpath)]),
                    "SAM_CLI_TELEMETRY": "0",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if result.returncode:
            raise Problem(f"`sam {command}` failed ({log}):\n{tail(log)}")


def aws_session() -> boto3.Session:
    return boto3.Session(ROOT_KEY, ROOT_KEY, region_name=REGION)


def architecture() -> str:
    """This machine's processor in Lambda's words: local functions run on it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def tail(log: Path, lines: int = 25) -> str:
    """The end of a log, where the reason usually is."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
