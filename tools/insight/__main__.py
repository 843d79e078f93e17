"""The commands: `python -m tools.insight --help`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict

from aftersales.contracts.exports import CASES, FEEDBACK, Dataset
from aftersales.domain.records import FeedbackRecord
from tools.insight import __doc__ as about
from tools.insight import complaints, export, polarity, schema, themes
from tools.insight.files import feedback_records, read_lines

Command = Callable[[argparse.Namespace], str]


class _Files(TypedDict):
    """An argument that names files, the same for several commands."""

    type: type[Path]
    help: str


def measure_polarity(options: argparse.Namespace) -> str:
    """how well the words of comments agree with their stars"""
    feedback = read_lines(options.feedback)
    with_titles, without = (polarity.read_comments(feedback, titles=titles) for titles in (True, False))
    others = dict[str, list[polarity.Comment]]()
    if options.english:
        others["English sentences"] = polarity.read_english(options.english)
    if options.chinese:
        others["Chinese reviews"] = polarity.read_chinese(options.chinese)
    return polarity.report(with_titles, without, others)


def find_themes(options: argparse.Namespace) -> str:
    """what stands out in the complaints of each category and seller"""
    return themes.report(_feedback(options), most=options.most)


def follow_complaints(options: argparse.Namespace) -> str:
    """how many complaints had a case, how fast it ended and how the stars moved"""
    cases = list(export.cases_in(options.cases))
    return complaints.report(_feedback(options), cases, sellers=options.sellers)


def export_parquet(options: argparse.Namespace) -> str:
    """feedback and cases as Parquet, in the columns of docs/export-schema.md"""
    said = []
    if options.feedback:
        said.append(_written(FEEDBACK, _feedback(options), options))
    if options.cases:
        cases = export.cases_in(options.cases, with_text=options.with_text)
        said.append(_written(CASES, cases, options))
    return "".join(said) or "Nothing to export: name --feedback and --orders, or --cases.\n"


def describe_schema(_: argparse.Namespace) -> str:
    """the page of the columns of exported feedback and cases"""
    return schema.document()


def _feedback(options: argparse.Namespace) -> list[FeedbackRecord]:
    if options.feedback.is_dir():
        return list(export.feedback_in(options.feedback, with_text=True))
    return feedback_records(read_lines(options.feedback), read_lines(options.orders))


def _written(dataset: Dataset, records: Iterable[Any], options: argparse.Namespace) -> str:
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

    feedback: _Files = {
        "type": Path,
        "help": "JSON lines, or a folder of what DynamoDB exported of the table",
    }
    orders: _Files = {"type": Path, "help": "JSON lines: the orders of feedback that is in JSON lines"}
    cases: _Files = {"type": Path, "help": "a folder of what DynamoDB exported of the table of cases"}
    of_polarity = add("polarity", measure_polarity)
    of_polarity.add_argument("feedback", **feedback)
    of_polarity.add_argument("--english", type=Path, help="sentences with their ratings, tab-separated")
    of_polarity.add_argument(
        "--chinese", type=Path, help="a folder with neg.txt and pos.txt, a review a line"
    )
    of_themes = add("themes", find_themes)
    of_themes.add_argument("feedback", **feedback)
    of_themes.add_argument("--orders", **orders)
    of_themes.add_argument("--most", type=int, default=5, help="themes a group at most")
    of_complaints = add("complaints", follow_complaints)
    of_complaints.add_argument("feedback", **feedback)
    of_complaints.add_argument("--orders", **orders)
    of_complaints.add_argument("cases", **cases)
    of_complaints.add_argument(
        "--sellers", type=int, default=5, help="how many sellers to tell of one by one"
    )
    of_export = add("export", export_parquet)
    of_export.add_argument("folder", type=Path, help="where the files go")
    of_export.add_argument("--feedback", **feedback)
    of_export.add_argument("--orders", **orders)
    of_export.add_argument("--cases", **cases)
    of_export.add_argument(
        "--with-text", action="store_true", help="also what people wrote, which is personal"
    )
    add("schema", describe_schema)
    return parser


if __name__ == "__main__":
    sys.exit(main())
