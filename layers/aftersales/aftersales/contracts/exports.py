"""The open schema: the columns of exported feedback and cases, what they hold and what they mean.

A column is never renamed and never changes its type or meaning; new ones are added at the end. So what was written
years ago is read together with what is written today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

VERSION = "1"
"""Kept in the metadata of each file, as `aftersales.schema`."""

PARTITION = "day"


class Kind(StrEnum):
    """What a column holds, by the name that Athena has for it. Times are UTC to the millisecond."""

    TEXT = "string"
    LIST = "array<string>"
    FLAG = "boolean"
    NUMBER = "int"
    AMOUNT = "bigint"
    TIME = "timestamp"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `personal` ones are empty unless they were asked for."""

    name: str
    kind: Kind
    means: str
    nullable: bool = False
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder of Parquet files, one for each UTC day of `dated_by`."""

    name: str
    dated_by: str
    columns: tuple[Column, ...]


def _optional(name: str, kind: Kind, means: str) -> Column:
    return Column(name, kind, means, nullable=True)


def _personal(name: str, means: str) -> Column:
    return Column(name, Kind.TEXT, means, nullable=True, personal=True)


FEEDBACK = Dataset(
    "feedback",
    "left_at",
    (
        Column("feedback_id", Kind.TEXT, "the feedback"),
        Column("order_id", Kind.TEXT, "the order it is on; joins with `cases`"),
        Column("seller_id", Kind.TEXT, "the seller of the order"),
        Column("skus", Kind.LIST, "what was bought, each once"),
        Column("categories", Kind.LIST, "the categories of that, each once"),
        Column("status", Kind.TEXT, "`published`, `held`, `hidden` or `withdrawn`"),
        Column("score", Kind.NUMBER, "1 to 5 stars, as it stands"),
        Column("first_score", Kind.NUMBER, "the stars of the first version"),
        _optional("item_as_described", Kind.NUMBER, "1 to 5 stars, where given"),
        _optional("seller_service", Kind.NUMBER, "1 to 5 stars, where given"),
        _optional("delivery", Kind.NUMBER, "1 to 5 stars, where given"),
        _optional("platform", Kind.NUMBER, "1 to 5 stars, where given"),
        Column("polarity", Kind.TEXT, "`positive`, `neutral` or `negative`"),
        Column("polarity_reasons", Kind.LIST, "the codes of what spoke for it or against"),
        Column("contradiction", Kind.FLAG, "whether stars, dimensions and comment contradict each other"),
        Column("polarity_source", Kind.TEXT, "the model that read the comment, or `rules`"),
        Column("version", Kind.NUMBER, "1, and one more for each change"),
        Column("left_at", Kind.TIME, "when it was left"),
        Column("updated_at", Kind.TIME, "when it last changed"),
        _optional("replied_at", Kind.TIME, "when the seller answered"),
        _personal("comment", "what the buyer wrote"),
    ),
)

CASES = Dataset(
    "cases",
    "opened_at",
    (
        Column("case_id", Kind.TEXT, "the case"),
        Column("order_id", Kind.TEXT, "the order it is on; joins with `feedback`"),
        Column("seller_id", Kind.TEXT, "the seller of the order"),
        Column("market", Kind.TEXT, "whose calendar it is under; empty where none was named"),
        Column("kind", Kind.TEXT, "how the buyer is made whole, such as `refund`"),
        Column("reason", Kind.TEXT, "why the buyer applied, such as `damaged` or `late`"),
        Column("status", Kind.TEXT, "as the API tells it"),
        _optional(
            "verdict",
            Kind.TEXT,
            "`approve`, `decline`, `ask_person` or `ask_for_evidence`; the last one spoken",
        ),
        _optional(
            "decided_by",
            Kind.TEXT,
            "the role of whoever that was, such as `policy` or `seller`; `system` where silence decided",
        ),
        _optional("decision_reason", Kind.TEXT, "the code of what decided"),
        Column("policy_version", Kind.TEXT, "the policy it was judged by"),
        Column("currency", Kind.TEXT, "ISO 4217; of the amounts"),
        Column("claimed", Kind.AMOUNT, "what was claimed, in minor units"),
        Column("paid", Kind.AMOUNT, "what was paid back so far, in minor units"),
        Column("offers", Kind.NUMBER, "how many offers were made"),
        Column("evidence", Kind.NUMBER, "how many files were added"),
        Column("disputed", Kind.FLAG, "whether it came before a reviewer"),
        Column("appealed", Kind.FLAG, "whether the buyer asked another reviewer"),
        Column("version", Kind.NUMBER, "1, and one more for each change"),
        Column("opened_at", Kind.TIME, "when it was opened"),
        _optional("decided_at", Kind.TIME, "when that was"),
        _optional("closed_at", Kind.TIME, "when it last came to its end; none while it is open"),
        Column("updated_at", Kind.TIME, "when it last changed"),
        _personal("description", "what the buyer wrote"),
    ),
)

DATASETS: Mapping[str, Dataset] = {one.name: one for one in (FEEDBACK, CASES)}


def file_of(dataset: Dataset, day: str) -> str:
    """Where the rows of a day stand, below the place of all exports."""
    return f"{dataset.name}/{PARTITION}={day}/{dataset.name}.parquet"
