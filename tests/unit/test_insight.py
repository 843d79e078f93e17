"""What the commands over files of feedback say."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from aftersales.domain.sentiment import Mood
from tools.insight import themes
from tools.insight.__main__ import main
from tools.insight.files import Line, feedback_records
from tools.insight.polarity import Share, half_of, precision, read_comments, recall


def line(order_id: str, score: int, comment: str, title: str = "") -> Line:
    at = "2026-11-20T08:00:00Z"
    return {"order_id": order_id, "score": score, "comment": comment, "title": title, "created_at": at}


def written(folder: Path, name: str, lines: Iterable[Line]) -> str:
    file = folder / name
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n", "utf-8")
    return str(file)


COMMENTS = [
    line("o1", 1, "Never arrived, terrible seller"),
    line("o2", 2, "I opened it on Monday."),
    line("o3", 3, "It is broken and useless"),
    line("o4", 5, "It came broken and the lid is missing"),
    line("o5", 5, "Perfect, I love it"),
    line("o6", 5, ""),
    line("o7", 5, " ", title="Excellent"),
]


def test_recall_counts_complaints_that_were_heard_and_precision_what_was_taken_for_one() -> None:
    comments = read_comments(COMMENTS, titles=False)
    assert recall(comments, Mood.NEGATIVE) == Share(1, 2)
    assert precision(comments, Mood.NEGATIVE) == Share(1, 3)
    assert recall(comments, Mood.POSITIVE) == Share(1, 2)
    assert precision(comments, Mood.POSITIVE) == Share(1, 1)


def test_comments_without_words_are_left_out_unless_their_title_has_some() -> None:
    assert len(read_comments(COMMENTS, titles=False)) == 5
    assert len(read_comments(COMMENTS, titles=True)) == 6


def test_an_order_stays_in_its_half_and_the_halves_are_about_even() -> None:
    halves = [half_of(f"order-{number}") for number in range(1000)]
    assert 450 < halves.count("held out") < 550
    assert halves == [half_of(f"order-{number}") for number in range(1000)]


@pytest.mark.parametrize(
    ("share", "interval"),
    [(Share(8, 10), (0.49, 0.94)), (Share(0, 5), (0.0, 0.43)), (Share(50, 100), (0.40, 0.60))],
)
def test_a_share_of_few_is_told_with_how_sure_it_is(share: Share, interval: tuple[float, float]) -> None:
    assert share.interval == pytest.approx(interval, abs=0.005)


def test_a_share_of_none_is_no_number() -> None:
    assert str(Share(0, 0)) == "—"


def test_the_page_holds_figures_and_no_comment(tmp_path: Path) -> None:
    page = tmp_path / "polarity.md"
    feedback = written(tmp_path, "feedback.jsonl", COMMENTS)
    assert main(["polarity", feedback, "--write", str(page)]) == 0
    text = page.read_text("utf-8")
    assert "| comment | development | all |" in text
    assert "arrived" not in text


def order(order_id: str, seller_id: str, *categories: str) -> Line:
    lines = [{"sku": f"{category}-1", "category": category} for category in categories]
    return {"order_id": order_id, "seller_id": seller_id, "lines": lines}


def test_a_record_knows_whose_it_is_and_of_what() -> None:
    lamps = order("o1", "s1", "lamps", "lamps", "shades")
    (record,) = feedback_records([line("o1", 5, "It is broken", "Terrible"), line("o9", 1, "")], [lamps])
    assert (record.seller_id, record.categories, record.skus) == (
        "s1",
        ("lamps", "shades"),
        ("lamps-1", "shades-1"),
    )
    assert (record.polarity, record.contradiction, record.comment) == (
        "positive",
        True,
        "Terrible. It is broken",
    )
    assert record.left_at == 1_795_161_600_000


def test_the_themes_of_a_seller_and_of_a_category_are_told_and_the_silent_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = range(60)
    feedback = [
        line(f"o{n}", 1, "zipper jammed" if n < 5 else "It arrived late and damaged") for n in numbers
    ]
    orders = [order(f"o{n}", "s1" if n < 5 else "s2", "bags" if n < 5 else "cups") for n in numbers]
    assert main(["themes", written(tmp_path, "f", feedback), "--orders", written(tmp_path, "o", orders)]) == 0
    said = capsys.readouterr().out
    assert "60 of 60 feedbacks complain in words" in said
    assert "| bags | zipper jammed |" in said
    assert "| s1 | zipper jammed |" in said
    assert said.count("Without a theme: 1 of 2.") == 2


def test_what_was_taken_back_or_hidden_makes_no_theme() -> None:
    numbers = range(60)
    feedback = [
        line(f"o{n}", 1, "zipper jammed" if n < 5 else "It arrived late and damaged") for n in numbers
    ]
    orders = [order(f"o{n}", "s1", "bags" if n < 5 else "cups") for n in numbers]
    records = feedback_records(feedback, orders)
    gone = [replace(one, status="withdrawn") if one.categories == ("bags",) else one for one in records]
    assert "zipper" in themes.report(records, most=5)
    assert "zipper" not in themes.report(gone, most=5)
    assert "55 of 55 feedbacks" in themes.report(gone, most=5)
