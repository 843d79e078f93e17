"""What a seller is told once a day or once a week: how much feedback came, of which kind, and what waits for an answer.

A digest names orders, counts, and words that several buyers have in common; what one buyer wrote is not in it, as in
no other mail.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from aftersales.domain.calendar import DAY
from aftersales.domain.mail import Mail, Words, rendered
from aftersales.domain.order import Contact
from aftersales.domain.polarity import PolarityValue
from aftersales.domain.records import FeedbackRecord
from aftersales.domain.themes import Theme

# Day 0 of the epoch was a Thursday: so many days after it the first Monday began.
_FIRST_MONDAY = 4
_WORST, _THEMES = 5, 5


class Rhythm(StrEnum):
    """How often a seller is told."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody of a seller who wants to be told, where, how often, and when the next time. Epoch milliseconds."""

    seller_id: str
    contact: Contact
    rhythm: Rhythm
    due_at: int


@dataclass(frozen=True, slots=True)
class Span:
    """A time from its first millisecond to just before `until`; both epoch milliseconds."""

    since: int
    until: int

    def holds(self, at: int) -> bool:
        """Whether that moment is in it."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The feedback of one seller in one span. `unanswered` waits for the seller's answer; `worst` has the fewest stars
    first, then the newest, and only complaints; `themes` stand out in the complaints about this seller."""

    rhythm: Rhythm
    span: Span
    polarities: Mapping[PolarityValue, int]
    unanswered: int
    unanswered_complaints: int
    worst: tuple[FeedbackRecord, ...]
    themes: tuple[Theme, ...]

    @property
    def count(self) -> int:
        """How much feedback came."""
        return sum(self.polarities.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The digest in one language; `$name` stands for what it tells. `tag` is BCP 47."""

    tag: str
    subjects: Mapping[Rhythm, str]
    greeting: str
    counts: str
    unanswered: str
    worst: str
    one_of_worst: str
    themes: str
    between: str
    closing: str


def last_span(rhythm: Rhythm, now: int) -> Span:
    """The last whole day, or the last whole week from Monday on, before `now`, by UTC."""
    today = now // DAY
    if rhythm is Rhythm.DAILY:
        return Span((today - 1) * DAY, today * DAY)
    monday = today - (today - _FIRST_MONDAY) % 7
    return Span((monday - 7) * DAY, monday * DAY)


def next_due(rhythm: Rhythm, now: int) -> int:
    """When the span that `now` is in has passed."""
    last = last_span(rhythm, now)
    return last.until + (last.until - last.since)


def digest_of(
    records: Iterable[FeedbackRecord], rhythm: Rhythm, span: Span, themes: Sequence[Theme] = ()
) -> Digest | None:
    """The digest of one seller's feedback that was left in the span; None where there was none, for an empty mail is
    not sent. `themes` come from whoever knows the complaints about everybody, the strongest first."""
    came = [one for one in records if span.holds(one.left_at) and one.counts]
    if not came:
        return None
    counts = Counter(one.polarity for one in came)
    waiting = [one for one in came if one.replied_at is None]
    complaints = sorted(
        (one for one in came if one.negative), key=lambda one: (one.score, -one.left_at, one.feedback_id)
    )
    return Digest(
        rhythm=rhythm,
        span=span,
        polarities={value: counts[value] for value in PolarityValue},
        unanswered=len(waiting),
        unanswered_complaints=sum(one.negative for one in waiting),
        worst=tuple(complaints[:_WORST]),
        themes=tuple(themes[:_THEMES]),
    )


def write(digest: Digest, language: str) -> Mail:
    """The mail of a digest. A language that nobody has written in yet is answered in English."""
    chosen = LANGUAGES.get(language, ENGLISH)
    values = {
        "first": _day(digest.span.since),
        "count": str(digest.count),
        **{str(value): str(count) for value, count in digest.polarities.items()},
    }
    if digest.rhythm is Rhythm.WEEKLY:
        values["last"] = _day(digest.span.until - 1)
    paragraphs = [chosen.greeting, chosen.counts]
    if digest.unanswered:
        paragraphs.append(chosen.unanswered)
        values["unanswered"] = str(digest.unanswered)
        values["complaints"] = str(digest.unanswered_complaints)
    if digest.worst:
        paragraphs.append(chosen.worst)
        values["worst"] = chosen.between.join(
            chosen.one_of_worst.format(order_id=one.order_id, score=one.score) for one in digest.worst
        )
    if digest.themes:
        paragraphs.append(chosen.themes)
        values["themes"] = chosen.between.join(theme.term for theme in digest.themes)
    paragraphs.append(chosen.closing)
    return rendered(Words(chosen.subjects[digest.rhythm], tuple(paragraphs)), values, chosen.tag)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).date().isoformat()


ENGLISH = Language(
    tag="en",
    subjects={
        Rhythm.DAILY: "Your feedback of $first",
        Rhythm.WEEKLY: "Your feedback from $first to $last",
    },
    greeting="Hello,",
    counts="New feedback: $count. Positive: $positive, neutral: $neutral, negative: $negative.",
    unanswered=(
        "Without an answer from you: $unanswered, of which negative: $complaints. Your answer is public and can be "
        "edited later. Answering, or settling a case, removes no feedback."
    ),
    worst="Negative, the fewest stars first: $worst.",
    one_of_worst="order {order_id} ({score} of 5)",
    themes="Words that stand out in complaints about you: $themes.",
    between=", ",
    closing="This message was sent automatically. Please do not reply to it; answer feedback in the shop instead.",
)

CHINESE = Language(
    tag="zh",
    subjects={
        Rhythm.DAILY: "您的店铺评价日报（$first）",
        Rhythm.WEEKLY: "您的店铺评价周报（$first 至 $last）",
    },
    greeting="您好：",
    counts="新增评价 $count 条，其中好评 $positive 条，中评 $neutral 条，差评 $negative 条。",
    unanswered=(
        "您尚未回复的评价有 $unanswered 条，其中差评 $complaints 条。回复公开可见，之后仍可修改。"
        "回复评价或解决售后申请均不会删除评价。"
    ),
    worst="差评（按星级从低到高）：$worst。",
    one_of_worst="订单 {order_id}（{score} 星）",
    themes="关于您店铺的差评中较为突出的词语：$themes。",
    between="、",
    closing="本邮件由系统自动发送，请勿直接回复；如需回复评价，请在商城中操作。",
)

# The keys are what `Contact.language` may say.
LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "zh": CHINESE}
