"""Whether a verdict praises or complains, and when a person should look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.polarity import RULES, PolarityReason, PolarityValue, judge, polarity
from aftersales.domain.sentiment import MODEL, Sentiment

POSITIVE, NEUTRAL, NEGATIVE = PolarityValue.POSITIVE, PolarityValue.NEUTRAL, PolarityValue.NEGATIVE
ORDER = [NEGATIVE, NEUTRAL, POSITIVE]

ANGRY = (
    "It arrived broken and they refuse to refund me",
    "O vaso chegou quebrado, péssimo",
    "收到就碎了，太差了",
)
PRAISE = ("Perfect, I love it", "Perfeito, amei, recomendo", "质量很好，非常满意")

stars = st.integers(1, 5)
dimensions = st.dictionaries(
    st.sampled_from(["item_as_described", "seller_service", "delivery", "platform"]), stars
)


@pytest.mark.parametrize(
    ("score", "value"), [(1, NEGATIVE), (2, NEGATIVE), (3, NEUTRAL), (4, POSITIVE), (5, POSITIVE)]
)
def test_stars_without_words_speak_for_themselves(score: int, value: PolarityValue) -> None:
    verdict = polarity(score, {}, " ")
    assert (verdict.value, verdict.reasons, verdict.source) == (value, (f"score_{value}",), RULES)
    assert not verdict.contradiction


@pytest.mark.parametrize("comment", ANGRY)
def test_five_stars_and_an_angry_text_stay_positive_and_are_looked_at(comment: str) -> None:
    verdict = polarity(5, {}, comment)
    assert verdict.value is POSITIVE
    assert verdict.reasons == ("score_positive", "comment_negative")
    assert verdict.contradiction
    assert verdict.source == MODEL


@pytest.mark.parametrize("comment", PRAISE)
def test_one_star_and_praise_stay_negative_and_are_looked_at(comment: str) -> None:
    verdict = polarity(1, {}, comment)
    assert (verdict.value, verdict.contradiction) == (NEGATIVE, True)


@pytest.mark.parametrize("comment", ANGRY)
def test_an_angry_text_decides_what_three_stars_leave_open(comment: str) -> None:
    verdict = polarity(3, {}, comment)
    assert (verdict.value, verdict.contradiction) == (NEGATIVE, False)


@pytest.mark.parametrize(
    ("given_stars", "value"),
    [
        ({"delivery": 1}, NEGATIVE),
        ({"delivery": 2, "seller_service": 3}, NEGATIVE),
        ({"delivery": 5, "seller_service": 3}, POSITIVE),
        ({"delivery": 1, "seller_service": 5}, NEUTRAL),
        ({"delivery": 3}, NEUTRAL),
    ],
)
def test_dimensions_that_agree_decide_what_three_stars_leave_open(
    given_stars: dict[str, int], value: PolarityValue
) -> None:
    verdict = polarity(3, given_stars, "")
    assert (verdict.value, verdict.contradiction) == (value, False)


def test_praise_beside_low_dimensions_leaves_three_stars_open_and_is_looked_at() -> None:
    verdict = polarity(3, {"delivery": 1}, PRAISE[0])
    assert (verdict.value, verdict.contradiction) == (NEUTRAL, True)
    assert verdict.reasons == ("score_neutral", "dimensions_negative", "comment_positive")


def test_five_stars_with_nothing_but_low_dimensions_are_looked_at() -> None:
    assert polarity(5, {"delivery": 1, "seller_service": 2}, "").contradiction
    assert not polarity(5, {"delivery": 1, "seller_service": 5}, "").contradiction


def test_a_comment_read_by_another_model_counts_in_the_same_way_and_is_named() -> None:
    read = Sentiment(score=-97, language="fr", model="amazon-comprehend")
    verdict = judge(5, {}, read)
    assert (verdict.value, verdict.contradiction, verdict.source) == (POSITIVE, True, "amazon-comprehend")


@given(
    st.integers(),
    st.dictionaries(st.text(), st.integers(), max_size=4),
    st.text(st.characters(), max_size=200),
)
def test_any_verdict_has_a_polarity(score: int, given_stars: dict[str, int], comment: str) -> None:
    verdict = polarity(score, given_stars, comment)
    assert verdict.reasons[0].startswith("score_")
    assert {PolarityReason(reason) for reason in verdict.reasons}


@given(stars, stars, dimensions)
def test_more_stars_never_make_a_silent_verdict_worse(
    one: int, other: int, given_stars: dict[str, int]
) -> None:
    fewer, more = sorted((one, other))
    values = [polarity(score, given_stars, "").value for score in (fewer, more)]
    assert values == sorted(values, key=ORDER.index)


@given(stars.filter(lambda score: score != 3), dimensions, st.sampled_from(ANGRY + PRAISE))
def test_no_comment_turns_the_stars_round(score: int, given_stars: dict[str, int], comment: str) -> None:
    assert polarity(score, given_stars, comment).value is polarity(score, {}, "").value
