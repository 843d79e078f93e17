"""What feedback adds up to, whatever happened to it and in whichever order it was counted."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain import feedback as rules
from aftersales.domain.calendar import DAY
from aftersales.domain.feedback import Dimension, Feedback, verdict_of
from aftersales.domain.moderation import Action, Reason, Status
from aftersales.domain.rating import (
    ALL,
    NOTHING,
    SCORES,
    Mean,
    Rating,
    Share,
    Tally,
    day_of,
    delta,
    plus,
    rating,
    since,
    tally,
)
from tests.builders import BUYER, FEEDBACK_TERMS, NOON, REVIEWER, SELLER, an_order

TODAY = date(2026, 1, 1)
YEARS = 400


def a_feedback(number: int, score: int, days_ago: int = 0, **dimensions: int) -> Feedback:
    left_at = NOON - days_ago * DAY
    return rules.leave(
        feedback_id=f"feedback-{number}",
        order=an_order(order_id=f"order-{number}", delivered_at=left_at),
        verdict=verdict_of(score, {Dimension(name): one for name, one in dimensions.items()}, ""),
        burst=False,
        terms=FEEDBACK_TERMS,
        request_hash="",
        buyer=BUYER,
        now=left_at,
    ).feedback


def with_status(feedback: Feedback, status: Status) -> Feedback:
    return replace(feedback, standing=replace(feedback.standing, status=status))


def rated(*all_of_them: Feedback, today: date = TODAY) -> Rating:
    return rating([tally(one) for one in all_of_them], today=today, terms=FEEDBACK_TERMS)


def many(*scores: int, days_ago: int = 0) -> list[Feedback]:
    return [a_feedback(number, score, days_ago) for number, score in enumerate(scores)]


# ---------------------------------------------------------------- differences


VERDICTS = st.builds(
    verdict_of,
    st.sampled_from(SCORES),
    st.dictionaries(st.sampled_from(Dimension), st.sampled_from(SCORES)),
    st.just(""),
)


@st.composite
def lives(draw: st.DrawFn) -> list[Feedback]:
    """All versions of one feedback, through whatever may happen to it."""
    feedback = a_feedback(draw(st.integers(0, 9)), 3, draw(st.integers(0, YEARS)))
    versions = [replace(feedback, verdict=draw(VERDICTS))]
    for act in draw(st.lists(st.sampled_from(("edit", "hide", "restore", "reply", "withdraw")), max_size=8)):
        now, last = versions[-1].edit_until, versions[-1]
        if act in ("edit", "reply") and last.live and last.status is not Status.HIDDEN:
            change = (
                rules.edit(last, draw(VERDICTS), by=BUYER, now=now)
                if act == "edit"
                else rules.reply(last, "Thank you.", by=SELLER, now=now)
            )
        elif act == "hide" and last.standing.hideable:
            change = rules.moderate(
                last, Action.HIDE, Reason.THREAT, by=REVIEWER, terms=FEEDBACK_TERMS, now=now
            )
        elif act == "restore" and last.standing.restorable:
            change = rules.moderate(
                last, Action.RESTORE, Reason.GENUINE, by=REVIEWER, terms=FEEDBACK_TERMS, now=now
            )
        elif act == "withdraw" and last.live:
            change = rules.withdraw(last, by=BUYER, now=now)
        else:
            continue
        versions.append(change.feedback)
    return versions


@given(st.lists(lives(), max_size=6), st.randoms(use_true_random=False))
def test_differences_in_any_order_over_any_shards_come_to_what_a_rebuild_gives(
    all_lives: list[list[Feedback]], chance: "object"
) -> None:
    differences: list[Tally] = []
    for versions in all_lives:
        counted = NOTHING
        for version in versions:
            differences.append(delta(counted, tally(version)))
            counted = tally(version)
    chance.shuffle(differences)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    shards: list[Tally] = [NOTHING, NOTHING, NOTHING]
    for number, difference in enumerate(differences):
        shards[number % 3] = plus(shards[number % 3], difference)

    rebuilt = plus(*(tally(versions[-1]) for versions in all_lives))

    assert plus(*shards) == rebuilt
    assert rating(shards, today=TODAY, terms=FEEDBACK_TERMS) == rating(
        [rebuilt], today=TODAY, terms=FEEDBACK_TERMS
    )


@given(lives())
def test_nothing_is_counted_more_than_once_nor_less_than_nothing(versions: list[Feedback]) -> None:
    for version in versions:
        counters = tally(version).get(ALL, {})
        by_star = [n for name, n in counters.items() if name.split("_")[0] in set(Status)]
        assert by_star == ([1] if version.live else [])
        assert all(n > 0 for n in counters.values())


def test_what_was_withdrawn_counts_nothing() -> None:
    feedback = a_feedback(1, 5, delivery=4)
    gone = rules.withdraw(feedback, by=BUYER, now=NOON).feedback

    assert tally(gone) == NOTHING
    assert plus(tally(feedback), delta(tally(feedback), tally(gone))) == NOTHING


def test_a_reply_is_no_difference() -> None:
    feedback = a_feedback(1, 5)
    assert (
        delta(tally(feedback), tally(rules.reply(feedback, "Thanks.", by=SELLER, now=NOON).feedback))
        == NOTHING
    )


def test_an_edit_counts_on_the_day_on_which_it_was_left() -> None:
    feedback = a_feedback(1, 5, days_ago=100)
    edited = rules.edit(feedback, verdict_of(1, {}, ""), by=BUYER, now=feedback.edit_until).feedback

    assert set(tally(edited)) == set(tally(feedback)) == {ALL, "2025-09"}


# ---------------------------------------------------------------- what is shown


def test_ten_ratings_have_an_average_and_nine_are_only_counted() -> None:
    nine, ten = rated(*many(*[5] * 8, 1)), rated(*many(*[5] * 8, 1, 1))

    assert (nine.count, nine.stars, nine.mean.average, nine.bayesian, nine.polarity) == (
        9,
        None,
        None,
        None,
        None,
    )
    assert nine.positive["lifetime"] == Share(count=9, positive=None, permille=None)
    assert (ten.count, ten.mean.average) == (10, 420)
    assert ten.stars == {1: 2, 2: 0, 3: 0, 4: 0, 5: 8}
    assert ten.polarity == {"positive": 8, "neutral": 0, "negative": 2}
    assert ten.positive["lifetime"] == Share(count=10, positive=8, permille=800)


def test_the_bayesian_average_starts_from_the_prior() -> None:
    assert rated(*many(*[1] * 10)).bayesian == (10 * 1 + 10 * 4) * 100 // 20


def test_an_average_is_rounded_half_up() -> None:
    assert rated(*many(*[5] * 13, *[4] * 3)).mean.average == 481  # 77 / 16 = 4.8125
    assert rated(*many(*[5] * 15, *[4] * 1)).mean.average == 494  # 79 / 16 = 4.9375


def test_windows_count_the_days_of_today_and_before() -> None:
    def at(days_ago: int) -> list[Feedback]:
        return many(*[5] * 10, days_ago=days_ago)

    shown = rated(*at(0), *at(29), *at(30), *at(89), *at(90), *at(364), *at(365))

    assert {name: share.count for name, share in shown.positive.items()} == {
        "30": 20,
        "90": 40,
        "365": 60,
        "lifetime": 70,
    }
    assert shown.positive["30"].permille == 1000


def test_a_window_of_few_is_only_counted_though_there_are_many_in_all() -> None:
    shown = rated(*many(*[5] * 10, days_ago=200), *many(1, 1))

    assert shown.positive["30"] == Share(count=2, positive=None, permille=None)
    assert shown.positive["365"] == Share(count=12, positive=10, permille=833)


def test_a_dimension_is_averaged_over_those_who_scored_it() -> None:
    scored = [a_feedback(number, 5, delivery=2) for number in range(10)]
    shown = rated(*scored, *many(*[5] * 5))

    assert shown.dimensions[Dimension.DELIVERY] == Mean(count=10, average=200)
    assert shown.dimensions[Dimension.PLATFORM] == Mean(count=0, average=None)


def test_the_trend_has_twelve_months_the_current_one_last() -> None:
    shown = rated(*many(*[4] * 10, days_ago=40), *many(*[5] * 20, days_ago=700))

    assert list(shown.trend)[::11] == ["2025-02", "2026-01"]
    assert len(shown.trend) == 12
    assert shown.trend["2025-11"] == Mean(count=10, average=400)


def test_what_is_held_or_hidden_is_counted_apart_by_stars_however_few_there_are() -> None:
    shown = rated(
        a_feedback(1, 5),
        with_status(a_feedback(2, 1), Status.HELD),
        with_status(a_feedback(3, 2), Status.HIDDEN),
        with_status(a_feedback(4, 2), Status.HIDDEN),
        with_status(a_feedback(5, 3), Status.WITHDRAWN),
    )

    assert shown.count == 1
    assert shown.held == {1: 1, 2: 0, 3: 0, 4: 0, 5: 0}
    assert shown.hidden == {1: 0, 2: 2, 3: 0, 4: 0, 5: 0}


@pytest.mark.parametrize("back", range(0, 800, 37))
def test_no_rating_looks_at_a_month_before_the_one_it_asks_for(back: int) -> None:
    today = TODAY + timedelta(days=back)
    everything = plus(*(tally(one) for days in range(0, YEARS, 9) for one in many(*[5] * 3, days_ago=days)))
    enough = {period: one for period, one in everything.items() if period >= since(today)}

    assert rating([enough], today=today, terms=FEEDBACK_TERMS) == rating(
        [everything], today=today, terms=FEEDBACK_TERMS
    )


def test_a_day_is_one_of_utc() -> None:
    assert day_of(1_767_225_599_999) == date(2025, 12, 31)
    assert day_of(1_767_225_600_000) == TODAY
