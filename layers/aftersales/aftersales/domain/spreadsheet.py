"""A seller's feedback as a table for a spreadsheet, in which no cell is a formula."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import StringIO

from aftersales.domain.records import FeedbackRecord

HEADS = (
    "feedback_id",
    "order_id",
    "left_at",
    "status",
    "score",
    "item_as_described",
    "seller_service",
    "delivery",
    "platform",
    "polarity",
    "categories",
    "replied_at",
    "comment",
)

# What makes a spreadsheet calculate, also in full width, and what it may skip on the way to it.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = tuple("=+-@＝＋－＠")
_SKIPPED = " \t\r\n\0\u00a0\u3000\ufeff"


def table(records: Iterable[FeedbackRecord], *, heads: bool) -> str:
    """The table as comma-separated values, every cell in quotes. With its heads comes the mark by which spreadsheets
    know that it is UTF-8."""
    written = StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    if heads:
        written.write("\ufeff")
        writer.writerow(HEADS)
    writer.writerows(rows(records))
    return written.getvalue()


def rows(records: Iterable[FeedbackRecord]) -> Iterator[tuple[str, ...]]:
    """A row for each feedback; to be written with every cell in quotes."""
    for one in records:
        cells: tuple[object, ...] = (
            one.feedback_id,
            one.order_id,
            _moment(one.left_at),
            one.status,
            one.score,
            one.item_as_described,
            one.seller_service,
            one.delivery,
            one.platform,
            one.polarity,
            ", ".join(one.categories),
            _moment(one.replied_at),
            one.comment,
        )
        yield tuple("" if cell is None else harmless(str(cell)) for cell in cells)


def harmless(cell: str) -> str:
    """The cell as text: an apostrophe before what would be calculated. A null character, which no file of text may
    hold, is taken out."""
    text = cell.replace("\0", "")
    return f"'{text}" if text.lstrip(_SKIPPED).startswith(_FORMULA) or text[:1] in ("\t", "\r") else text


def _moment(at: int | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
