import argparse
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from tools.local_stack import stack
from tools.local_stack.checkout import Checkout, Problem
from tools.local_stack.steps import Steps

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.local_stack", description="The desk on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start, build and deploy what is missing or has changed")
    commands.add_parser("build", help="build what `up` would deploy")
    commands.add_parser("down", help="stop what `up` started")
    commands.add_parser("status", help="say what runs")
    run = commands.add_parser("run", help="run a command while the stack is up, then leave things as found")
    run.add_argument("arguments", nargs="+", metavar="-- command")
    options = parser.parse_args()

    # Nothing of the caller's own AWS account may leak in here, and nothing from here into it.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]

    console = Console()
    checkout = Checkout(ROOT)
    steps = Steps(console)
    try:
        match options.command:
            case "up":
                stack.up(checkout, steps)
            case "build":
                stack.build_ahead(checkout, steps)
            case "down":
                stack.down(checkout, steps)
            case "status":
                return _status(checkout, console)
            case "run":
                return _run(checkout, steps, options.arguments)
    except Problem as problem:
        console.print("[red]✗[/]", end=" ")
        console.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _status(checkout: Checkout, console: Console) -> int:
    for daemon in stack.daemons(checkout):
        running = daemon.running()
        console.print(f"{daemon.name:<10}", f"{running.url}  pid {running.pid}" if running else "not running")
    console.print(f"{'stack':<10}", checkout.stack_file if stack.is_up(checkout) else "not up: `make up`")
    return 0 if stack.is_up(checkout) else 1


def _run(checkout: Checkout, steps: Steps, command: list[str]) -> int:
    was_up = stack.is_up(checkout)
    try:
        stack.up(checkout, steps)
        return subprocess.run(command, cwd=checkout.root, check=False).returncode
    finally:
        if not was_up:
            stack.down(checkout, steps)


if __name__ == "__main__":
    sys.exit(main())
