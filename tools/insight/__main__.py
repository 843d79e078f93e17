"""The commands: `python -m tools.insight --help`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tools.insight import __doc__ as about
from tools.insight import complaints, export, polarity, schema, themes
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


def follow_complaints(options: argparse.Namespace) -> str:
    """how many complaints had a case, how fast it ended and how the stars moved"""
    records = feedback_records(read_lines(options.feedback), read_lines(options.orders))
    return complaints.report(records, list(export.cases_in(options.cases)), sellers=options.sellers)


def export_parquet(options: argparse.Namespace) -> str:
    """feedback and cases as Parquet, in the columns of docs/export-schema.md"""
    said = []
    if options.feedback:
        records = feedback_records(read_lines(options.feedback), read_lines(options.orders))
        said.append(_written(schema.FEEDBACK, records, options))
    if options.cases:
        cases = export.cases_in(options.cases, with_text=options.with_text)
        said.append(_written(schema.CASES, cases, options))
    return "".join(said) or "Nothing to export: name --feedback and --orders, or --cases.\n"


def describe_schema(_: argparse.Namespace) -> str:
    """the page of the columns of exported feedback and cases"""
    return schema.document()


def _written(dataset: schema.Dataset, records: Iterable[Any], options: argparse.Namespace) -> str:
    days = export.write(dataset, records, options.folder, with_text=options.with_text)
    return f"{dataset.name}: {sum(days.values()):,} rows of {len(days):,} days in {options.folder}\n"


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
        one.add_argument("--write", type=Path, help="the file to write instead of printing")
        one.set_defaults(command=command)
        return one

    feedback, orders = "JSON lines: order_id, score, comment, created_at, title", "JSON lines: the orders"
    cases = "a folder of what DynamoDB exported of the table of cases"
    of_polarity = add("polarity", measure_polarity)
    of_polarity.add_argument("feedback", type=Path, help=feedback)
    of_themes = add("themes", find_themes)
    of_themes.add_argument("feedback", type=Path, help=feedback)
    of_themes.add_argument("orders", type=Path, help=orders)
    of_themes.add_argument("--most", type=int, default=5, help="themes a group at most")
    of_complaints = add("complaints", follow_complaints)
    of_complaints.add_argument("feedback", type=Path, help=feedback)
    of_complaints.add_argument("orders", type=Path, help=orders)
    of_complaints.add_argument("cases", type=Path, help=cases)
    of_complaints.add_argument(
        "--sellers", type=int, default=5, help="how many sellers to tell of one by one"
    )
    of_export = add("export", export_parquet)
    of_export.add_argument("folder", type=Path, help="where the files go")
    of_export.add_argument("--feedback", type=Path, help=feedback)
    of_export.add_argument("--orders", type=Path, help=f"{orders} of that feedback")
    of_export.add_argument(
        "--cases", type=Path, help="a folder of what DynamoDB exported of the table of cases"
    )
    of_export.add_argument(
        "--with-text", action="store_true", help="also what people wrote, which is personal"
    )
    add("schema", describe_schema)
    return parser


if __name__ == "__main__":
    sys.exit(main())
