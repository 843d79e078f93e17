"""Comments read by Amazon Comprehend: what it is asked, what its answer means, and what happens without one."""

from typing import TYPE_CHECKING, cast

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from aftersales.adapters.comprehend import MAX_BYTES, MODEL, ComprehendSentiment, SentimentUnavailable
from aftersales.domain.lexicons import LEXICONS
from aftersales.domain.sentiment import MODEL as LEXICON
from aftersales.domain.sentiment import Mood

if TYPE_CHECKING:
    from mypy_boto3_comprehend import ComprehendClient

BROKEN = "The lamp arrived broken."


@pytest.fixture
def comprehend() -> Stubber:
    return Stubber(
        boto3.client("comprehend", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    )


def reader(stub: Stubber) -> ComprehendSentiment:
    stub.activate()
    return ComprehendSentiment(cast("ComprehendClient", stub.client))


def answers(stub: Stubber, asked: str, language: str, **confidence: float) -> ComprehendSentiment:
    """A Comprehend that expects this text and is so sure of each mood."""
    scores = {"Positive": 0.0, "Negative": 0.0, "Neutral": 0.0, "Mixed": 0.0} | confidence
    said = max(scores, key=lambda mood: scores[mood]).upper()
    stub.add_response(
        "detect_sentiment",
        {"Sentiment": said, "SentimentScore": scores},
        {"Text": asked, "LanguageCode": language},
    )
    return reader(stub)


@pytest.mark.parametrize(
    ("confidence", "score", "mood"),
    [
        ({"Negative": 0.97, "Neutral": 0.03}, -97, Mood.NEGATIVE),
        ({"Positive": 0.9, "Mixed": 0.1}, 90, Mood.POSITIVE),
        ({"Mixed": 0.8, "Positive": 0.05, "Negative": 0.15}, -10, Mood.NEUTRAL),
        ({"Neutral": 0.9, "Positive": 0.1}, 10, Mood.NEUTRAL),
    ],
)
def test_its_confidences_become_a_score_and_its_name_is_kept(
    comprehend: Stubber, confidence: dict[str, float], score: int, mood: Mood
) -> None:
    read = answers(comprehend, BROKEN, "en", **confidence).read(BROKEN)
    assert (read.score, read.mood, read.model, read.language) == (score, mood, MODEL, "en")
    comprehend.assert_no_pending_responses()


@pytest.mark.parametrize(("comment", "language"), [("Não recebi o produto", "pt"), ("没收到货", "zh")])
def test_it_is_told_the_language_that_the_lexicons_saw(
    comprehend: Stubber, comment: str, language: str
) -> None:
    assert answers(comprehend, comment, language, Negative=1.0).read(comment).language == language


@pytest.mark.parametrize("comment", ["", "👍", "Das ist leider kaputt angekommen"])
def test_what_has_no_known_language_is_read_by_the_lexicon_without_a_call(
    comprehend: Stubber, comment: str
) -> None:
    """The stub expects nothing, so that any call fails."""
    assert reader(comprehend).read(comment).model == LEXICON


def test_a_long_comment_is_cut_between_characters(comprehend: Stubber) -> None:
    comment = "没收到货" * 1_000
    cut = comment[: MAX_BYTES // 3]
    assert answers(comprehend, cut, "zh", Negative=1.0).read(comment).score == -100


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "AccessDeniedException", "UnsupportedLanguageException"]
)
def test_its_error_is_told_by_code_and_without_the_comment(comprehend: Stubber, code: str) -> None:
    comprehend.add_client_error("detect_sentiment", code, f"cannot read: {BROKEN}")
    with pytest.raises(SentimentUnavailable) as caught:
        reader(comprehend).read(BROKEN)
    assert str(caught.value) == code


def test_an_answer_that_is_lost_is_told_by_its_kind(
    comprehend: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**_: str) -> None:
        raise ConnectTimeoutError(endpoint_url="https://comprehend.example")

    monkeypatch.setattr(comprehend.client, "detect_sentiment", lost)
    with pytest.raises(SentimentUnavailable, match=r"^ConnectTimeoutError$"):
        reader(comprehend).read(BROKEN)


@pytest.mark.parametrize("language", [lexicon.language for lexicon in LEXICONS])
def test_comprehend_knows_every_language_of_the_lexicons(comprehend: Stubber, language: str) -> None:
    shape = comprehend.client.meta.service_model.shape_for("LanguageCode")
    assert language in getattr(shape, "enum", ())
