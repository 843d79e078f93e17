"""Feedback and cases as flat records, for whoever learns from them: digests, themes, exports.

A record holds ids, codes, counts, amounts and times. What a person wrote is in it only where somebody asked for it,
and nothing in it says which buyer it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aftersales.domain.case import FINAL, Case
from aftersales.domain.feedback import Dimension, Feedback
from aftersales.domain.polarity import PolarityValue
from aftersales.domain.timeline import Entry

_COUNTED = frozenset({"published", "held"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRecord:
    """One feedback as it stands. Times are epoch milliseconds, stars 1 to 5; `first_score` is that of its first
    version, `replied_at` when its seller answered."""

    feedback_id: str
    order_id: str
    seller_id: str
    skus: tuple[str, ...]
    categories: tuple[str, ...]
    status: str
    score: int
    first_score: int
    item_as_described: int | None = None
    seller_service: int | None = None
    delivery: int | None = None
    platform: int | None = None
    polarity: str
    polarity_reasons: tuple[str, ...]
    contradiction: bool
    polarity_source: str
    version: int
    left_at: int
    updated_at: int
    replied_at: int | None = None
    comment: str | None = None

    @property
    def dated_at(self) -> int:
        """The moment whose day it belongs to."""
        return self.left_at

    @property
    def counts(self) -> bool:
        """Whether it was neither taken back by its author nor hidden by a reviewer."""
        return self.status in _COUNTED

    @property
    def negative(self) -> bool:
        """Whether it complains."""
        return self.polarity == PolarityValue.NEGATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """One case as it stands. Amounts are minor units of `currency`, times epoch milliseconds; `closed_at` is when it
    last came to its end, and None while it is open."""

    case_id: str
    order_id: str
    seller_id: str
    market: str
    kind: str
    reason: str
    status: str
    verdict: str | None
    decided_by: str | None
    decision_reason: str | None
    policy_version: str
    currency: str
    claimed: int
    paid: int
    offers: int
    evidence: int
    disputed: bool
    appealed: bool
    version: int
    opened_at: int
    decided_at: int | None
    closed_at: int | None
    updated_at: int
    description: str | None = None

    @property
    def dated_at(self) -> int:
        """The moment whose day it belongs to."""
        return self.opened_at


Record = FeedbackRecord | CaseRecord


def by_day(records: Iterable[Record]) -> Mapping[str, Sequence[Record]]:
    """The records of each UTC day, the first day first."""
    days = defaultdict[str, list[Record]](list)
    for record in records:
        days[datetime.fromtimestamp(record.dated_at // 1000, UTC).date().isoformat()].append(record)
    return dict(sorted(days.items()))


def feedback_record(feedback: Feedback, *, with_text: bool = False) -> FeedbackRecord:
    """The record of a feedback."""
    verdict, dimensions = feedback.verdict, feedback.verdict.dimensions
    return FeedbackRecord(
        feedback_id=feedback.feedback_id,
        order_id=feedback.order_id,
        seller_id=feedback.seller_id,
        skus=tuple(product.sku for product in feedback.products),
        categories=tuple(dict.fromkeys(product.category for product in feedback.products)),
        status=feedback.status,
        score=verdict.score,
        first_score=feedback.first_score,
        item_as_described=dimensions.get(Dimension.ITEM_AS_DESCRIBED),
        seller_service=dimensions.get(Dimension.SELLER_SERVICE),
        delivery=dimensions.get(Dimension.DELIVERY),
        platform=dimensions.get(Dimension.PLATFORM),
        polarity=verdict.polarity.value,
        polarity_reasons=verdict.polarity.reasons,
        contradiction=verdict.polarity.contradiction,
        polarity_source=verdict.polarity.source,
        version=feedback.version,
        left_at=feedback.left_at,
        updated_at=feedback.updated_at,
        replied_at=feedback.reply.at if feedback.reply else None,
        comment=verdict.comment if with_text else None,
    )


def case_record(case: Case, timeline: Iterable[Entry], *, with_text: bool = False) -> CaseRecord:
    """The record of a case; its timeline tells when it ended."""
    decision = case.decision
    return CaseRecord(
        case_id=case.case_id,
        order_id=case.order_id,
        seller_id=case.seller_id,
        market=case.market,
        kind=case.kind,
        reason=case.reason,
        status=case.status,
        verdict=decision.verdict if decision else None,
        decided_by=decision.by.role if decision else None,
        decision_reason=decision.reason_code if decision else None,
        policy_version=case.policy_version,
        currency=case.currency,
        claimed=case.claim.amount,
        paid=sum(part.amount for part in case.paid),
        offers=len(case.offers),
        evidence=len(case.evidence),
        disputed=case.dispute is not None,
        appealed=case.appeal is not None,
        version=case.version,
        opened_at=case.opened_at,
        decided_at=decision.at if decision else None,
        closed_at=_ended_at(timeline) if case.status in FINAL else None,
        updated_at=case.updated_at,
        description=case.description if with_text else None,
    )


def _ended_at(timeline: Iterable[Entry]) -> int | None:
    """A closed case goes on to be looked at and written to: its end is the last time it came to one."""
    ends = (entry.at for entry in timeline if entry.to_status in FINAL and entry.from_status not in FINAL)
    return max(ends, default=None)
