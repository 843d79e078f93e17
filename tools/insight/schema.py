"""The open schema: the columns of exported feedback and cases, their types in Parquet and what they mean.

A column is never renamed and never changes its type or meaning; new ones are added at the end. So what was written
years ago is read together with what is written today.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from tools.generate.markdown import code, table

VERSION = "1"
"""Kept in the metadata of each file, as `aftersales.schema`."""

PARTITION = "day"

_TEXT, _LIST, _FLAG, _NUMBER = pa.string(), pa.list_(pa.string()), pa.bool_(), pa.int32()
_AMOUNT, _TIME = pa.int64(), pa.timestamp("ms", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `personal` ones are empty unless they were asked for."""

    name: str
    type: pa.DataType
    means: str
    nullable: bool = False
    personal: bool = False

    @property
    def field(self) -> pa.Field:
        """As Parquet has it."""
        return pa.field(self.name, self.type, self.nullable, {"means": self.means})


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder of Parquet files, one for each UTC day of `dated_by`."""

    name: str
    dated_by: str
    columns: tuple[Column, ...]
    schema: pa.Schema = field(init=False)

    def __post_init__(self) -> None:
        fields = [column.field for column in self.columns]
        metadata = {"aftersales.schema": VERSION, "aftersales.dataset": self.name}
        object.__setattr__(self, "schema", pa.schema(fields, metadata))


def _optional(name: str, type_: pa.DataType, means: str) -> Column:
    return Column(name, type_, means, nullable=True)


def _personal(name: str, means: str) -> Column:
    return Column(name, _TEXT, means, nullable=True, personal=True)


FEEDBACK = Dataset(
    "feedback",
    "left_at",
    (
        Column("feedback_id", _TEXT, "the feedback"),
        Column("order_id", _TEXT, "the order it is on; joins with `cases`"),
        Column("seller_id", _TEXT, "the seller of the order"),
        Column("skus", _LIST, "what was bought, each once"),
        Column("categories", _LIST, "the categories of that, each once"),
        Column("status", _TEXT, "`published`, `held`, `hidden` or `withdrawn`"),
        Column("score", _NUMBER, "1 to 5 stars, as it stands"),
        Column("first_score", _NUMBER, "the stars of the first version"),
        _optional("item_as_described", _NUMBER, "1 to 5 stars, where given"),
        _optional("seller_service", _NUMBER, "1 to 5 stars, where given"),
        _optional("delivery", _NUMBER, "1 to 5 stars, where given"),
        _optional("platform", _NUMBER, "1 to 5 stars, where given"),
        Column("polarity", _TEXT, "`positive`, `neutral` or `negative`"),
        Column("polarity_reasons", _LIST, "the codes of what spoke for it or against"),
        Column("contradiction", _FLAG, "whether stars, dimensions and comment contradict each other"),
        Column("polarity_source", _TEXT, "the model that read the comment, or `rules`"),
        Column("version", _NUMBER, "1, and one more for each change"),
        Column("left_at", _TIME, "when it was left"),
        Column("updated_at", _TIME, "when it last changed"),
        _optional("replied_at", _TIME, "when the seller answered"),
        _personal("comment", "what the buyer wrote"),
    ),
)

CASES = Dataset(
    "cases",
    "opened_at",
    (
        Column("case_id", _TEXT, "the case"),
        Column("order_id", _TEXT, "the order it is on; joins with `feedback`"),
        Column("seller_id", _TEXT, "the seller of the order"),
        Column("market", _TEXT, "whose calendar it is under; empty where none was named"),
        Column("kind", _TEXT, "how the buyer is made whole, such as `refund`"),
        Column("reason", _TEXT, "why the buyer applied, such as `damaged` or `late`"),
        Column("status", _TEXT, "as the API tells it"),
        _optional(
            "verdict", _TEXT, "`approve`, `decline`, `ask_person` or `ask_for_evidence`; the last one spoken"
        ),
        _optional(
            "decided_by",
            _TEXT,
            "the role of whoever that was, such as `policy` or `seller`; `system` where silence decided",
        ),
        _optional("decision_reason", _TEXT, "the code of what decided"),
        Column("policy_version", _TEXT, "the policy it was judged by"),
        Column("currency", _TEXT, "ISO 4217; of the amounts"),
        Column("claimed", _AMOUNT, "what was claimed, in minor units"),
        Column("paid", _AMOUNT, "what was paid back so far, in minor units"),
        Column("offers", _NUMBER, "how many offers were made"),
        Column("evidence", _NUMBER, "how many files were added"),
        Column("disputed", _FLAG, "whether it came before a reviewer"),
        Column("appealed", _FLAG, "whether the buyer asked another reviewer"),
        Column("version", _NUMBER, "1, and one more for each change"),
        Column("opened_at", _TIME, "when it was opened"),
        _optional("decided_at", _TIME, "when that was"),
        _optional("closed_at", _TIME, "when it last came to its end; none while it is open"),
        Column("updated_at", _TIME, "when it last changed"),
        _personal("description", "what the buyer wrote"),
    ),
)

DATASETS: Mapping[str, Dataset] = {one.name: one for one in (FEEDBACK, CASES)}

_ATHENA: Mapping[pa.DataType, str] = {
    _TEXT: "string",
    _LIST: "array<string>",
    _FLAG: "boolean",
    _NUMBER: "int",
    _AMOUNT: "bigint",
    _TIME: "timestamp",
}


def document() -> str:
    """The page of the schema."""
    parts = [
        "# The open schema of exported feedback and cases",
        "<!-- Written by `python -m tools.insight schema`; changes made here by hand are lost. -->",
        f"Version {VERSION}. Parquet, one file a day: `<dataset>/{PARTITION}=<YYYY-MM-DD>/<dataset>.parquet`, by the "
        "UTC day on which a feedback was left or a case opened. Exporting again replaces the files of the days it has "
        "rows for. A column is never renamed and never changes its type or meaning; new ones are added at the end.",
        "Columns marked *personal* hold what a person wrote. They are empty unless the export was asked for them "
        "(`--with-text`). No column says which buyer it was. Amounts are integers in the minor unit of their currency, "
        "times are UTC to the millisecond.",
    ]
    for dataset in DATASETS.values():
        rows = [
            (f"`{one.name}`", f"`{_ATHENA[one.type]}`", _remarks(one), one.means) for one in dataset.columns
        ]
        parts += [f"## {dataset.name}", table(("column", "type", "", "means"), rows)]
        parts += ["In Athena:", f"```sql\n{athena(dataset)}\n```"]
    parts += [
        "In DuckDB:",
        "```sql\nSELECT seller_id, count(*) FILTER (polarity = 'negative') AS complaints, count(*) AS feedbacks\n"
        "FROM read_parquet('feedback/*/*.parquet', hive_partitioning = true)\n"
        "WHERE day >= DATE '2026-11-01' GROUP BY seller_id ORDER BY complaints DESC;\n```",
        f"The values of {code(('status', 'reason', 'verdict'))} are those of the [life cycle](lifecycle.md).",
    ]
    return "\n\n".join(parts) + "\n"


def athena(dataset: Dataset) -> str:
    """The table over the bucket that the files were put into; days are found without a crawler."""
    columns = ",\n".join(f"  {one.name} {_ATHENA[one.type]}" for one in dataset.columns)
    return (
        f"CREATE EXTERNAL TABLE {dataset.name} (\n{columns}\n)\n"
        f"PARTITIONED BY ({PARTITION} date)\nSTORED AS PARQUET\nLOCATION 's3://BUCKET/{dataset.name}/'\n"
        f"TBLPROPERTIES (\n  'projection.enabled' = 'true',\n  'projection.{PARTITION}.type' = 'date',\n"
        f"  'projection.{PARTITION}.format' = 'yyyy-MM-dd',\n  'projection.{PARTITION}.range' = '2020-01-01,NOW'\n);"
    )


def _remarks(column: Column) -> str:
    return ", ".join(
        word for word, said in (("personal", column.personal), ("may be null", column.nullable)) if said
    )
