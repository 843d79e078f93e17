"""What the parties are told: a timeline entry, without anything personal."""

from collections.abc import Mapping
from dataclasses import dataclass

from aftersales.domain.case import Case
from aftersales.domain.timeline import Entry, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One change of one case. `notice_id` is stable, so that receivers can drop repeats.

    `author` is the role of whoever's deed it is; `reason` is a code, never a text. `debt` is what its buyer owes since
    then, for money that went ahead of goods.
    """

    notice_id: str
    event: str
    case_id: str
    order_id: str
    seller_id: str
    kind: str
    author: str
    reason: str | None = None
    status: str
    from_status: str | None
    amount: int
    currency: str
    at: int
    debt: int = 0

    @property
    def attributes(self) -> Mapping[str, str]:
        """What subscribers may filter by."""
        return {"seller_id": self.seller_id, "event": self.event, "kind": self.kind, "status": self.status}


# What these leave to pay may be nothing, and that is what they say.
_EXACT = frozenset({Event.DEDUCTION_PROPOSED, Event.DEDUCTION_ACCEPTED, Event.EXCHANGE_COMPLETED})


def notice_of(entry: Entry, case: Case) -> Notice:
    """The notice of an entry. The amount is the one the entry tells, else what was approved, else claimed: a
    notice that is relayed late says what was true when it happened."""
    amount, reason = entry.data.get("amount"), entry.data.get("reason_code") or entry.data.get("reason")
    debt = entry.data.get("debt", 0)
    exact = isinstance(amount, int) and (amount or entry.event in _EXACT)
    return Notice(
        notice_id=entry.notice_id,
        event=entry.event,
        case_id=case.case_id,
        order_id=case.order_id,
        seller_id=case.seller_id,
        kind=case.kind,
        author=_author(entry, case),
        reason=str(reason) if reason else None,
        status=entry.to_status,
        from_status=entry.from_status,
        amount=amount if exact and isinstance(amount, int) else _due(case),
        currency=case.currency,
        at=entry.at,
        debt=debt if isinstance(debt, int) else 0,
    )


def _due(case: Case) -> int:
    return sum(part.amount for part in case.owed) or case.claim.amount


def _author(entry: Entry, case: Case) -> str:
    """The machine looks at a file, but the file is its sender's."""
    evidence_id = entry.data.get("evidence_id")
    return next((one.added_by for one in case.evidence if one.evidence_id == evidence_id), entry.actor.role)
