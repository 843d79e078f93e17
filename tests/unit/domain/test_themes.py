"""What stands out in the complaints about one seller, against those about all others."""

from collections.abc import Iterable
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.themes import MIN_COMMENTS, STANDS_OUT_FROM, Theme, themes

COMMON = (
    "It arrived late and damaged",
    "Terrible quality, broken after a day",
    "Never arrived, no answer",
    "The box was empty",
    "Wrong colour, wrong size",
)


def complaints(groups: Iterable[str], *comments: str, times: int = 1) -> list[tuple[tuple[str, ...], str]]:
    return [(tuple(groups), comment) for comment in comments] * times


EVERYBODY = complaints(["everybody"], *COMMON, times=20)


def terms(found: Iterable[Theme]) -> list[str]:
    return [theme.term for theme in found]


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("the zipper jammed at once", "zipper jammed"),
        ("o zíper emperrou na hora", "ziper emperrou"),
        ("拉链卡住了，没法用", "拉链"),
    ],
)
def test_a_fault_that_only_one_seller_has_is_its_theme(planted: str, expected: str) -> None:
    found = themes([*EVERYBODY, *complaints(["lin"], planted, times=5), *complaints(["lin"], *COMMON)])
    theme = next(one for one in found["lin"] if one.term == expected)
    assert (theme.inside, theme.outside) == (5, 0)
    assert theme.weight >= STANDS_OUT_FROM


def test_the_weight_is_that_of_the_paper() -> None:
    """10 of 20 terms here, 5 of 80 there, and a prior of 100 terms of which 15 are it."""
    here = [*complaints(["here"], "zipper", "lid", times=10)]
    there = [*complaints(["there"], "zipper", times=5), *complaints(["there"], "lid", times=75)]
    ratio = log((10 + 15) / (20 + 100 - 10 - 15)) - log((5 + 15) / (80 + 100 - 5 - 15))
    theme = themes([*here, *there])["here"][0]
    assert theme == Theme(term="zipper", weight=round(ratio / sqrt(1 / 25 + 1 / 20), 2), inside=10, outside=5)


def test_what_everybody_complains_about_is_nobodys_theme() -> None:
    found = themes([*EVERYBODY, *complaints(["lin"], *COMMON, times=3)])
    assert found == {"everybody": (), "lin": ()}


def test_a_theme_is_common_inside_and_need_not_be_absent_outside() -> None:
    smell = complaints(["lin"], "a terrible smell", times=12)
    elsewhere = complaints(["everybody"], "a terrible smell", times=2)
    found = themes([*EVERYBODY, *elsewhere, *smell])
    theme = found["lin"][0]
    assert (theme.term, theme.inside, theme.outside) == ("terrible smell", 12, 2)


def test_one_buyer_shouting_makes_no_theme() -> None:
    shout = complaints(["lin"], "zipper zipper zipper zipper zipper zipper", times=1)
    assert themes([*EVERYBODY, *shout])["lin"] == ()


def test_a_term_of_fewer_comments_than_can_hide_their_writers_is_not_told() -> None:
    for times in (MIN_COMMENTS - 1, MIN_COMMENTS):
        found = themes([*EVERYBODY, *complaints(["lin"], "zipper", times=times)])
        assert terms(found["lin"]) == ["zipper"] * (times >= MIN_COMMENTS)


def test_a_word_that_is_only_said_as_part_of_a_pair_is_told_once() -> None:
    found = themes([*EVERYBODY, *complaints(["lin"], "zipper jammed", times=4)])
    assert terms(found["lin"]) == ["zipper jammed"]
    found = themes([*EVERYBODY, *complaints(["lin"], "zipper jammed", "zipper", times=4)])
    assert terms(found["lin"]) == ["zipper", "zipper jammed"]


def test_a_single_han_character_is_no_word() -> None:
    found = themes([*EVERYBODY, *complaints(["lin"], "拉链卡住", "拉。链。卡。住。", times=4)])
    assert set(terms(found["lin"])) == {"拉链", "链卡", "卡住"}


def test_everyday_words_and_pairs_over_a_full_stop_are_no_themes() -> None:
    found = themes([*EVERYBODY, *complaints(["lin"], "with my zipper. Jammed it is", times=5)])
    assert terms(found["lin"]) == ["jammed", "zipper"]


def test_a_comment_on_two_categories_counts_in_both_once() -> None:
    found = themes([*EVERYBODY, *complaints(["bags", "shoes", "bags"], "zipper", times=4)])
    assert [(one.term, one.inside) for one in (*found["bags"], *found["shoes"])] == [("zipper", 4)] * 2


def test_the_only_group_stands_out_against_nothing() -> None:
    assert themes(complaints(["lin"], *COMMON, times=9)) == {"lin": ()}
    assert themes(complaints(["lin"], "zipper", times=9)) == {"lin": ()}
    assert themes([]) == {}
    assert themes([(("lin",), "")]) == {"lin": ()}


@given(
    st.lists(
        st.tuples(st.sets(st.sampled_from("ab")), st.text(st.sampled_from("xy 没。"), max_size=9)), max_size=9
    )
)
def test_any_comments_have_themes_or_none(comments: list[tuple[set[str], str]]) -> None:
    for found in themes(comments).values():
        assert all(theme.inside >= MIN_COMMENTS and theme.weight >= STANDS_OUT_FROM for theme in found)


@given(st.permutations([*EVERYBODY, *complaints(["lin"], "zipper jammed", "the lid leaks", times=4)]))
def test_the_order_of_the_comments_does_not_matter(
    comments: list[tuple[tuple[str, ...], str]],
) -> None:
    found = themes(comments)
    assert list(found) == ["everybody", "lin"]
    assert terms(found["lin"]) == ["lid leaks", "zipper jammed"]
