"""What a seller is told of a day's or a week's feedback, and what stands in the seller's table."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from string import Template
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.digest import (
    LANGUAGES,
    Digest,
    Rhythm,
    Span,
    digest_of,
    last_span,
    next_due,
    write,
)
from aftersales.domain.polarity import PolarityValue
from aftersales.domain.records import FeedbackRecord
from aftersales.domain.spreadsheet import HEADS, harmless, table
from aftersales.domain.themes import Theme

WORDS = "Wei says the zipper jammed"
HOUR = 60 * 60 * 1000
DAY = 24 * HOUR


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


TUESDAY = Span(at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"))
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def a_feedback(score: int = 1, **changes: Any) -> FeedbackRecord:
    polarity = {1: "negative", 2: "negative", 3: "neutral"}.get(score, "positive")
    record = FeedbackRecord(
        feedback_id="f1",
        order_id="o-1",
        seller_id="lin-pottery",
        skus=("bag-1",),
        categories=("bags",),
        status="published",
        score=score,
        first_score=score,
        polarity=polarity,
        polarity_reasons=(f"score_{polarity}",),
        contradiction=False,
        polarity_source="lexicon-1",
        version=1,
        left_at=TUESDAY.since + HOUR,
        updated_at=TUESDAY.since + HOUR,
        comment=WORDS,
    )
    return replace(record, **changes)


def a_digest(
    *records: FeedbackRecord, rhythm: Rhythm = Rhythm.DAILY, themes: tuple[Theme, ...] = ()
) -> Digest:
    digest = digest_of(records, rhythm, TUESDAY, themes)
    assert digest
    return digest


# ---------------------------------------------------------------- the span


@pytest.mark.parametrize(
    ("rhythm", "now", "since", "until"),
    [
        (Rhythm.DAILY, "2026-11-25T00:00:00Z", "2026-11-24", "2026-11-25"),
        (Rhythm.DAILY, "2026-11-25T23:59:59Z", "2026-11-24", "2026-11-25"),
        (Rhythm.WEEKLY, "2026-11-23T00:00:00Z", "2026-11-16", "2026-11-23"),
        (Rhythm.WEEKLY, "2026-11-29T23:59:59Z", "2026-11-16", "2026-11-23"),
        (Rhythm.WEEKLY, "2027-01-01T12:00:00Z", "2026-12-21", "2026-12-28"),
    ],
)
def test_a_digest_is_of_the_last_whole_day_or_the_last_week_from_monday_on(
    rhythm: Rhythm, now: str, since: str, until: str
) -> None:
    assert last_span(rhythm, at(now)) == Span(at(f"{since}T00:00:00Z"), at(f"{until}T00:00:00Z"))


@given(st.sampled_from(Rhythm), st.integers(0, 4 * 10**12))
def test_the_next_digest_is_due_when_its_span_has_just_become_the_last_one(rhythm: Rhythm, now: int) -> None:
    due = next_due(rhythm, now)
    assert due > now
    assert last_span(rhythm, due).holds(now)
    assert last_span(rhythm, due - 1) == last_span(rhythm, now)


@given(st.sampled_from(Rhythm), st.integers(0, 4 * 10**12))
def test_every_moment_is_in_one_digest_of_each_rhythm(rhythm: Rhythm, now: int) -> None:
    length = {Rhythm.DAILY: DAY, Rhythm.WEEKLY: 7 * DAY}[rhythm]
    told = [last_span(rhythm, now + n * length) for n in (0, 1)]
    assert told[0].until == told[1].since
    assert told[1].holds(now)
    assert not told[0].holds(now)
    if rhythm is Rhythm.WEEKLY and told[0].since > 0:
        assert datetime.fromtimestamp(told[0].since / 1000, UTC).isoweekday() == 1


# ---------------------------------------------------------------- the digest


def test_feedback_is_counted_by_polarity_within_the_span() -> None:
    digest = a_digest(
        a_feedback(1),
        a_feedback(5),
        a_feedback(5),
        a_feedback(3, left_at=TUESDAY.since),
        a_feedback(1, left_at=TUESDAY.since - 1),
        a_feedback(1, left_at=TUESDAY.until),
    )
    assert digest.polarities == {
        PolarityValue.POSITIVE: 2,
        PolarityValue.NEUTRAL: 1,
        PolarityValue.NEGATIVE: 1,
    }
    assert digest.count == 4


@pytest.mark.parametrize(
    ("status", "counted"), [("published", True), ("held", True), ("hidden", False), ("withdrawn", False)]
)
def test_what_was_withdrawn_or_hidden_is_not_told(status: str, counted: bool) -> None:
    assert bool(digest_of([a_feedback(status=status)], Rhythm.DAILY, TUESDAY)) is counted


def test_a_day_without_feedback_is_no_mail() -> None:
    assert digest_of([], Rhythm.DAILY, TUESDAY) is None


def test_what_waits_for_an_answer_is_counted_and_complaints_apart() -> None:
    answered = a_feedback(1, replied_at=TUESDAY.until)
    digest = a_digest(a_feedback(1), a_feedback(5), answered)
    assert (digest.unanswered, digest.unanswered_complaints) == (2, 1)


def test_the_worst_are_complaints_with_the_fewest_stars_then_the_newest_and_not_too_many() -> None:
    newer = [a_feedback(1, order_id=f"o-{n}", left_at=TUESDAY.since + n) for n in range(4)]
    digest = a_digest(a_feedback(5), a_feedback(2, order_id="o-two"), *newer)
    assert [one.order_id for one in digest.worst] == ["o-3", "o-2", "o-1", "o-0", "o-two"]
    many = a_digest(*(a_feedback(1, feedback_id=f"f{n}") for n in range(9)))
    assert [one.feedback_id for one in many.worst] == [f"f{n}" for n in range(5)]


# ---------------------------------------------------------------- the letter

THEMES = (
    Theme(term="zipper jammed", weight=3.1, inside=4, outside=0),
    Theme(term="拉链", weight=2, inside=3, outside=0),
)


def test_a_daily_letter_tells_all_there_is() -> None:
    mail = write(a_digest(a_feedback(1), a_feedback(5, replied_at=1), themes=THEMES), "en")
    assert mail.subject == "Your feedback of 2026-11-24"
    assert mail.text.split("\n\n")[1:-1] == [
        "New feedback: 2. Positive: 1, neutral: 0, negative: 1.",
        "Without an answer from you: 1, of which negative: 1. Your answer is public and can be edited later. "
        "Answering, or settling a case, removes no feedback.",
        "Negative, the fewest stars first: order o-1 (1 of 5).",
        "Words that stand out in complaints about you: zipper jammed, 拉链.",
    ]


def test_a_letter_in_chinese_tells_the_same() -> None:
    mail = write(a_digest(a_feedback(1), a_feedback(2, order_id="o-2"), themes=THEMES), "zh")
    assert mail.subject == "您的店铺评价日报（2026-11-24）"
    assert "新增评价 2 条，其中好评 0 条，中评 0 条，差评 2 条。" in mail.text
    assert "订单 o-1（1 星）、订单 o-2（2 星）" in mail.text
    assert '<html lang="zh">' in mail.html


@EVERY_LANGUAGE
def test_a_week_is_told_with_its_first_and_its_last_day(language: str) -> None:
    span = last_span(Rhythm.WEEKLY, at("2026-11-24T08:00:00Z"))
    digest = digest_of([a_feedback(left_at=span.since)], Rhythm.WEEKLY, span)
    assert digest
    subject = write(digest, language).subject
    assert "2026-11-16" in subject
    assert "2026-11-22" in subject


@EVERY_LANGUAGE
def test_what_there_is_none_of_is_not_told(language: str) -> None:
    mail = write(a_digest(a_feedback(5, replied_at=1)), language)
    assert len(mail.text.split("\n\n")) == 3


@EVERY_LANGUAGE
def test_nobodys_words_are_in_a_letter(language: str) -> None:
    mail = write(a_digest(a_feedback(1), themes=THEMES), language)
    assert "Wei" not in mail.text + mail.html


def test_a_language_nobody_has_written_in_is_answered_in_english() -> None:
    digest = a_digest(a_feedback())
    assert write(digest, "pt") == write(digest, "en")


def test_every_language_tells_the_same_things() -> None:
    def told(language: str) -> set[str]:
        one = LANGUAGES[language]
        texts = (*one.subjects.values(), one.counts, one.unanswered, one.worst, one.themes)
        return {name for text in texts for name in Template(text).get_identifiers()}

    assert told("zh") == told("en")


# ---------------------------------------------------------------- the table


def sheet(*records: FeedbackRecord) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table(records, heads=True).removeprefix("\ufeff"), newline="")))


def test_only_the_first_page_has_heads_and_the_mark_of_its_encoding() -> None:
    first, next_ = table([a_feedback(2)], heads=True), table([a_feedback(5)], heads=False)
    assert first.startswith('\ufeff"feedback_id"')
    assert next_.startswith('"f1"')


def test_a_feedback_is_a_row_under_its_heads() -> None:
    heads, row = sheet(a_feedback(2, delivery=1, categories=("bags", "belts"), replied_at=TUESDAY.until))
    assert heads == list(HEADS)
    assert dict(zip(heads, row, strict=True)) == {
        "feedback_id": "f1",
        "order_id": "o-1",
        "left_at": "2026-11-24T01:00:00Z",
        "status": "published",
        "score": "2",
        "item_as_described": "",
        "seller_service": "",
        "delivery": "1",
        "platform": "",
        "polarity": "negative",
        "categories": "bags, belts",
        "replied_at": "2026-11-25T00:00:00Z",
        "comment": WORDS,
    }


@pytest.mark.parametrize(
    "comment",
    [
        '=HYPERLINK("https://example.com")',
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\0=1+1",
        "  =1+1",
        "＝1+1",
        "\u3000=1",
        "\ufeff=1",
        "\tplain",
    ],
)
def test_no_comment_becomes_a_formula(comment: str) -> None:
    cell = sheet(a_feedback(comment=comment))[1][-1]
    assert cell == f"'{comment}".replace("\0", "")


@pytest.mark.parametrize("comment", ["good - but late", "a=b", "5 stars", "", 'say "no", or\nnot', "没收到"])
def test_other_comments_stay_as_they_are(comment: str) -> None:
    assert sheet(a_feedback(comment=comment))[1][-1] == comment


@given(st.text())
def test_no_text_makes_a_cell_that_calculates(text: str) -> None:
    cell = harmless(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert cell.removeprefix("'") == text.replace("\0", "").removeprefix("'")
