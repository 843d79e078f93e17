"""The page of the open schema."""

from aftersales.contracts.exports import DATASETS, PARTITION, VERSION, Column, Dataset
from tools.generate.markdown import code, table


def document() -> str:
    """The page of the schema."""
    parts = [
        "# The open schema of exported feedback and cases",
        "<!-- Written by `python -m tools.insight schema`; changes made here by hand are lost. -->",
        f"Version {VERSION}. Parquet, one file a day: `<dataset>/{PARTITION}=<YYYY-MM-DD>/<dataset>.parquet`, by the "
        "UTC day on which a feedback was left or a case opened; written every day to the bucket of exports (below "
        "`parquet/`, without personal columns), and by `python -m tools.insight export`. Exporting again replaces the "
        "files of the days it has rows for. A column is never renamed and never changes its type or meaning; new ones "
        "are added at the end.",
        "Columns marked *personal* hold what a person wrote. They are empty unless the export was asked for them "
        "(`--with-text`). No column says which buyer it was. Amounts are integers in the minor unit of their currency, "
        "times are UTC to the millisecond.",
    ]
    for dataset in DATASETS.values():
        rows = [(f"`{one.name}`", f"`{one.kind}`", _remarks(one), one.means) for one in dataset.columns]
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
    columns = ",\n".join(f"  {one.name} {one.kind}" for one in dataset.columns)
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
