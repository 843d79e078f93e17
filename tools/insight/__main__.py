"""The commands: `python -m tools.insight --help`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.insight import __doc__ as about
from tools.insight import polarity, themes
from tools.insight.files import feedback_records, read_lines

Command = Callable[[argparse.Namespace], str]


def measure_polarity(options: argparse.Namespace) -> str:
    """how well the words of comments agree with their stars"""
    feedback = read_lines(options.feedback)
    comments = (polarity.read_comments(feedback, titles=titles) for titles in (True, False))
    return polarity.report(*comments)


def find_themes(options: argparse.Namespace) -> str:
    """what stands out in the complaints of each category and seller"""
    records = feedback_records(read_lines(options.feedback), read_lines(options.orders))
    return themes.report(records, most=options.most)


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

    def add(name: str, command: Command) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=command.__doc__)
        one.add_argument(
            "feedback", type=Path, help="JSON lines: order_id, score, comment, created_at, title"
        )
        one.add_argument("--write", type=Path, help="the file to write instead of printing")
        one.set_defaults(command=command)
        return one

    add("polarity", measure_polarity)
    of_themes = add("themes", find_themes)
    of_themes.add_argument("orders", type=Path, help="JSON lines: the orders")
    of_themes.add_argument("--most", type=int, default=5, help="themes a group at most")
    return parser


if __name__ == "__main__":
    sys.exit(main())
