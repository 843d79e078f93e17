"""The mood of a comment as Amazon Comprehend reads it."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from aftersales.domain.sentiment import UNKNOWN, Sentiment, sentiment_of

if TYPE_CHECKING:
    from mypy_boto3_comprehend import ComprehendClient

MODEL = "amazon-comprehend"

MAX_BYTES = 5_000
"""`DetectSentiment` takes "a UTF-8 text string" of at most "5 KB"; what a longer comment says after that is not read.
https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectSentiment.html"""


class SentimentUnavailable(Exception):
    """Comprehend did not answer; carries its error code and nothing of the comment."""


class ComprehendSentiment:
    """Reads comments in the languages of the lexicons; the lexicon reads what has no words or is in another."""

    def __init__(self, client: "ComprehendClient") -> None:
        self._comprehend = client

    def read(self, comment: str) -> Sentiment:
        """The mood, with Comprehend's confidences as its score: positive less negative. Raises `SentimentUnavailable`.

        What is mixed or neutral takes confidence away from both ends, and so from the score.
        """
        by_lexicon = sentiment_of(comment)
        if by_lexicon.language == UNKNOWN:
            return by_lexicon
        try:
            # Every language of a lexicon is one of Comprehend's; the client's types know them only by name.
            answer = self._comprehend.detect_sentiment(
                Text=_cut(comment),
                LanguageCode=by_lexicon.language,  # type: ignore[arg-type]
            )
        except ClientError as error:
            raise SentimentUnavailable(error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            raise SentimentUnavailable(type(error).__name__) from None
        confidence = answer["SentimentScore"]
        score = round(100 * (confidence["Positive"] - confidence["Negative"]))
        return Sentiment(score=score, language=by_lexicon.language, model=MODEL)


def _cut(comment: str) -> str:
    """As much as Comprehend takes, whole characters only; a lone surrogate is no UTF-8 and is left out."""
    return comment.encode("utf-8", "ignore")[:MAX_BYTES].decode("utf-8", "ignore")
