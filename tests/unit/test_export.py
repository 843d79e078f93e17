"""Feedback and cases as Parquet: another reader finds what was written, rightly typed, and nobody's words."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from aftersales.adapters import tables
from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback
from aftersales.contracts.exports import CASES, DATASETS, FEEDBACK, Dataset, Kind
from aftersales.domain import feedback as rules
from aftersales.domain.case import Status
from aftersales.domain.ledger import Ledger
from aftersales.domain.lifecycle import Change
from aftersales.domain.records import CaseRecord, FeedbackRecord, case_record
from tests.builders import BUYER, CASE, FEEDBACK_TERMS, NOON, SELLER, Story, an_order, story_at
from tools.generate.sources import ROOT
from tools.insight import schema
from tools.insight.__main__ import main
from tools.insight.export import cases_in, feedback_in, write

DAY = 24 * 60 * 60 * 1000
WORDS = "Wei lives behind the mill"


def a_feedback(**changes: Any) -> FeedbackRecord:
    record = FeedbackRecord(
        feedback_id="f1",
        order_id="o1",
        seller_id="lin-pottery",
        skus=("bowl", "vase"),
        categories=("pottery",),
        status="published",
        score=1,
        first_score=2,
        delivery=4,
        polarity="negative",
        polarity_reasons=("score_negative", "comment_negative"),
        contradiction=False,
        polarity_source="lexicon-1",
        version=2,
        left_at=NOON,
        updated_at=NOON + 1,
        replied_at=NOON + 2,
        comment=WORDS,
    )
    return replace(record, **changes)


def a_case(status: Status = Status.COMPLETED, **changes: Any) -> CaseRecord:
    story = story_at(status)
    return replace(case_record(story.case, story.timeline, with_text=True), **changes)


def rows(folder: Path, dataset: Dataset, what: str = "*") -> list[tuple[Any, ...]]:
    """As DuckDB reads them, days being a column like any other."""
    return asked(f"SELECT {what} FROM {files(folder, dataset)} ORDER BY {dataset.dated_by}")


def files(folder: Path, dataset: Dataset) -> str:
    return f"read_parquet('{folder}/{dataset.name}/*/*.parquet', hive_partitioning = true)"


def asked(question: str) -> list[Any]:
    answer = duckdb.sql(question)
    assert answer is not None
    return answer.fetchall()


def utc(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


@pytest.mark.parametrize(
    ("dataset", "record"), [(FEEDBACK, a_feedback()), (CASES, a_case(description=WORDS))]
)
def test_what_is_read_back_is_what_was_written(
    tmp_path: Path, dataset: Dataset, record: FeedbackRecord | CaseRecord
) -> None:
    write(dataset, [record], tmp_path, with_text=True)
    names = [column.name for column in dataset.columns]
    instants = [f"epoch_ms({one.name})" if one.name.endswith("_at") else one.name for one in dataset.columns]
    (row,) = rows(tmp_path, dataset, ", ".join(instants))
    expected = {field.name: getattr(record, field.name) for field in fields(record)}
    assert dict(zip(names, row, strict=True)) == {
        name: list(value) if isinstance(value, tuple) else value for name, value in expected.items()
    }


@pytest.mark.parametrize(("dataset", "record"), [(FEEDBACK, a_feedback()), (CASES, a_case())])
def test_another_reader_sees_the_types_of_the_schema(
    tmp_path: Path, dataset: Dataset, record: FeedbackRecord | CaseRecord
) -> None:
    write(dataset, [record], tmp_path)
    seen = {name: type_ for name, type_, *_ in asked(f"DESCRIBE SELECT * FROM {files(tmp_path, dataset)}")}
    in_duckdb = {
        Kind.TEXT: "VARCHAR",
        Kind.LIST: "VARCHAR[]",
        Kind.FLAG: "BOOLEAN",
        Kind.NUMBER: "INTEGER",
        Kind.AMOUNT: "BIGINT",
        Kind.TIME: "TIMESTAMP WITH TIME ZONE",
    }
    assert seen == {one.name: in_duckdb[one.kind] for one in dataset.columns} | {"day": "DATE"}


@pytest.mark.parametrize(
    ("dataset", "record"), [(FEEDBACK, a_feedback()), (CASES, a_case(description=WORDS))]
)
def test_nobodys_words_are_in_it_unless_they_were_asked_for(
    tmp_path: Path, dataset: Dataset, record: FeedbackRecord | CaseRecord
) -> None:
    personal = ", ".join(column.name for column in dataset.columns if column.personal)
    write(dataset, [record], tmp_path)
    assert rows(tmp_path, dataset, personal) == [(None,)]
    write(dataset, [record], tmp_path, with_text=True)
    assert rows(tmp_path, dataset, personal) == [(WORDS,)]


def test_each_day_has_its_file_by_the_clock_of_utc(tmp_path: Path) -> None:
    midnight = (NOON // DAY + 1) * DAY
    records = [
        a_feedback(feedback_id="f1", left_at=midnight - 1),
        a_feedback(feedback_id="f2", left_at=midnight),
    ]
    days = [utc(midnight - 1).date(), utc(midnight).date()]
    assert write(FEEDBACK, records, tmp_path) == {day.isoformat(): 1 for day in days}
    assert rows(tmp_path, FEEDBACK, "feedback_id, day") == [("f1", days[0]), ("f2", days[1])]


def test_exporting_again_gives_the_same_bytes_and_replaces_what_changed(tmp_path: Path) -> None:
    records = [a_feedback(feedback_id=f"f{n}", left_at=NOON + n % 2) for n in range(9)]
    write(FEEDBACK, records, tmp_path)
    (file,) = (tmp_path / "feedback").rglob("*.*")
    before = file.read_bytes()
    write(FEEDBACK, reversed(records), tmp_path)
    assert file.read_bytes() == before
    write(FEEDBACK, [replace(record, status="withdrawn") for record in records], tmp_path)
    assert rows(tmp_path, FEEDBACK, "status") == [("withdrawn",)] * 9


@pytest.mark.parametrize(("dataset", "type_"), [(FEEDBACK, FeedbackRecord), (CASES, CaseRecord)])
def test_every_field_of_a_record_has_its_column_and_may_be_null_where_it_may_be_none(
    dataset: Dataset, type_: type
) -> None:
    assert {one.name: one.nullable for one in dataset.columns} == {
        field.name: "None" in str(field.type) for field in fields(type_)
    }


def test_no_column_says_which_buyer_it_was() -> None:
    for dataset in DATASETS.values():
        assert not [column.name for column in dataset.columns if "buyer" in column.name]


def test_the_page_of_the_schema_is_up_to_date() -> None:
    page = (ROOT / "docs" / "export-schema.md").read_text("utf-8")
    assert page == schema.document(), "python -m tools.insight schema --write docs/export-schema.md"


# ---------------------------------------------------------------- records of cases


def test_a_case_ends_when_it_came_to_its_end_and_not_when_it_was_last_touched() -> None:
    story = story_at(Status.COMPLETED)
    ended = story.now
    story.now += DAY
    story.send_message()
    record = case_record(story.case, story.timeline)
    assert (record.closed_at, record.updated_at) == (ended, ended + DAY)
    assert record.paid == record.claimed > 0


def test_an_open_case_has_no_end_and_an_undecided_one_no_verdict() -> None:
    record = a_case(Status.REQUESTED)
    assert (record.closed_at, record.verdict, record.decided_by, record.paid) == (None, None, None, 0)
    assert not record.disputed
    assert a_case(Status.UNDER_REVIEW).verdict == "ask_person"
    assert a_case(Status.DISPUTED).disputed


def test_a_description_is_a_persons_and_asked_for() -> None:
    story = story_at(Status.REQUESTED)
    assert case_record(story.case, story.timeline).description is None


class Kept:
    """A client of DynamoDB that keeps the items of transactions."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Any] = {}

    def transact_write_items(self, *, TransactItems: list[Any]) -> None:
        for one in TransactItems:
            if one.get("Put", {}).get("TableName") in ("cases", "feedback"):
                item = one["Put"]["Item"]
                self.items[item["pk"]["S"], item["sk"]["S"]] = item


def exported(story: Story, folder: Path) -> Path:
    """The table as DynamoDB would export it: items in no order, over several files."""
    kept = Kept()
    store = DynamoDBStore(
        kept,  # type: ignore[arg-type]
        orders="orders",
        cases="cases",
        feedback="feedback",
        idempotency="idempotency",
    )
    for change in changes(story):
        store.commit(change)
    return as_exported(kept, folder)


def as_exported(kept: Kept, folder: Path) -> Path:
    extra = {"pk": {"S": "SELLER#s1"}, "sk": {"S": "SUBSCRIPTION#email"}}
    lines = [json.dumps({"Item": item}) for item in [*kept.items.values(), extra]][::-1]
    for n in range(2):
        with gzip.open(folder / f"{n}.json.gz", "wt", encoding="utf-8") as file:
            file.write("\n".join(lines[n::2]) + "\n")
    return folder


def changes(story: Story) -> Iterator[Change]:
    """The story as its last case and all its entries."""
    ledger: Ledger | None = None
    for entry in story.timeline:
        yield Change(case=story.case, entry=entry, ledger=ledger)


def test_cases_are_read_from_what_dynamodb_exports(tmp_path: Path) -> None:
    story = story_at(Status.COMPLETED)
    assert list(cases_in(exported(story, tmp_path))) == [case_record(story.case, story.timeline)]
    assert tables.case_key(CASE)["sk"] == tables.CASE


def exported_feedback(folder: Path) -> Path:
    """Two stars that became four after a while, and were answered."""
    order = an_order(delivered_at=NOON - DAY)
    change = rules.leave(
        feedback_id="f1",
        order=order,
        verdict=rules.verdict_of(2, {rules.Dimension.DELIVERY: 1}, WORDS),
        burst=False,
        terms=FEEDBACK_TERMS,
        request_hash="9f2c",
        buyer=BUYER,
        now=NOON,
    )
    told = [change]
    told.append(rules.edit(told[-1].feedback, rules.verdict_of(4, {}, WORDS), by=BUYER, now=NOON + 1))
    told.append(rules.reply(told[-1].feedback, "We sent another.", by=SELLER, now=NOON + 2))
    kept = Kept()
    store = DynamoDBFeedback(
        kept,  # type: ignore[arg-type]  # as much of a client as a commit needs
        feedback="feedback",
        orders="orders",
        cases="cases",
        idempotency="idempotency",
    )
    for one in told:
        store.commit_feedback(one)
    return as_exported(kept, folder)


def test_feedback_is_read_from_what_dynamodb_exports_with_the_stars_it_began_with(tmp_path: Path) -> None:
    (record,) = feedback_in(exported_feedback(tmp_path))
    assert (record.first_score, record.score, record.delivery) == (2, 4, None)
    assert (record.left_at, record.updated_at, record.replied_at) == (NOON, NOON + 2, NOON + 2)
    assert (record.polarity, record.polarity_reasons) == ("positive", ("score_positive",))
    assert record.comment is None
    (with_text,) = feedback_in(tmp_path, with_text=True)
    assert with_text == replace(record, comment=WORDS)


def test_the_command_exports_the_table_of_feedback(tmp_path: Path) -> None:
    items, out = tmp_path / "items", tmp_path / "out"
    items.mkdir()
    assert main(["export", str(out), "--feedback", str(exported_feedback(items))]) == 0
    assert rows(out, FEEDBACK, "first_score, score, comment") == [(2, 4, None)]


def test_the_command_writes_what_it_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feedback, orders = tmp_path / "feedback.jsonl", tmp_path / "orders.jsonl"
    said = {"order_id": "o1", "score": 5, "comment": WORDS, "created_at": "2026-11-20T08:00:00Z"}
    feedback.write_text(json.dumps(said), "utf-8")
    orders.write_text(json.dumps({"order_id": "o1", "seller_id": "s1", "lines": []}), "utf-8")
    items = tmp_path / "items"
    items.mkdir()
    exported(story_at(Status.DECLINED), items)
    out = tmp_path / "out"
    options = ["--feedback", str(feedback), "--orders", str(orders), "--cases", str(items)]
    assert main(["export", str(out), *options]) == 0
    assert "feedback: 1 rows of 1 days" in capsys.readouterr().out
    assert rows(out, FEEDBACK, "score, comment") == [(5, None)]
    assert rows(out, CASES, "status, description") == [("declined", None)]
    assert main(["export", str(out)]) == 0
    assert "Nothing to export" in capsys.readouterr().out


def test_the_command_follows_complaints_into_their_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = story_at(Status.COMPLETED)
    feedback, orders = tmp_path / "feedback.jsonl", tmp_path / "orders.jsonl"
    said = {"score": 1, "comment": WORDS, "created_at": "2026-11-20T08:00:00Z"}
    ids = (story.order.order_id, "another")
    feedback.write_text("\n".join(json.dumps(said | {"order_id": one}) for one in ids), "utf-8")
    orders.write_text(
        "\n".join(json.dumps({"order_id": one, "seller_id": "s1", "lines": []}) for one in ids), "utf-8"
    )
    items = tmp_path / "items"
    items.mkdir()
    assert main(["complaints", str(feedback), str(exported(story, items)), "--orders", str(orders)]) == 0
    page = capsys.readouterr().out
    assert "2 of 2 feedbacks complain; 1 of them are on an order that had a case." in page
    assert page.count("| no case | 1 | 0 | — | 0 | 1 | 0 | 0 | 1.00 → 1.00 |") == 2
    assert "| a case, money paid back | 1 |" in page
    assert "## Seller s1" in page
    assert WORDS not in page
