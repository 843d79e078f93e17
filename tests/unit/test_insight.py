"""What the commands over files of feedback say."""

import json
from pathlib import Path

import pytest

from aftersales.domain.sentiment import Mood
from tools.insight.__main__ import main
from tools.insight.polarity import Share, half_of, precision, read_comments, recall


def line(order_id: str, score: int, comment: str, title: str = "") -> str:
    return json.dumps({"order_id": order_id, "score": score, "comment": comment, "title": title})


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
    file, page = tmp_path / "feedback.jsonl", tmp_path / "polarity.md"
    file.write_text("\n".join(COMMENTS), "utf-8")
    assert main(["polarity", str(file), "--write", str(page)]) == 0
    text = page.read_text("utf-8")
    assert "| comment | development | all |" in text
    assert "arrived" not in text
