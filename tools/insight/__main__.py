"""The commands: `python -m tools.insight --help`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.insight import __doc__ as about
from tools.insight.polarity import read_comments, report

Command = Callable[[argparse.Namespace], str]


def polarity(options: argparse.Namespace) -> str:
    """how well the words of comments agree with their stars"""
    lines = options.file.read_text("utf-8").splitlines()
    return report(read_comments(lines, titles=True), read_comments(lines, titles=False))


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command: print what it found, or write it where it is wanted."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    page = command(options)
    if options.write:
        options.write.write_text(page, "utf-8")
    else:
        print(page, end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.insight",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, command: Command, file: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=command.__doc__)
        one.add_argument("file", type=Path, help=file)
        one.add_argument("--write", type=Path, help="the file to write instead of printing")
        one.set_defaults(command=command)
        return one

    add("polarity", polarity, "JSON lines: order_id, score, comment and perhaps title")
    return parser


if __name__ == "__main__":
    sys.exit(main())
