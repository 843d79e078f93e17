"""What the parties are told: a timeline entry, without anything personal."""

from collections.abc import Mapping
from dataclasses import dataclass

from aftersales.domain.case import Case
from aftersales.domain.timeline import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One change of one case. `notice_id` is stable, so that receivers can drop repeats.

    `author` is the role of who caused it; `reason` is the code that explains it, where there is one.
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

    @property
    def attributes(self) -> Mapping[str, str]:
        """What subscribers may filter by."""
        return {"seller_id": self.seller_id, "event": self.event, "kind": self.kind, "status": self.status}


def notice_of(entry: Entry, case: Case) -> Notice:
    """The notice of an entry. The amount is what was approved, or claimed while nothing is decided."""
    return Notice(
        notice_id=entry.notice_id,
        event=entry.event,
        case_id=case.case_id,
        order_id=case.order_id,
        seller_id=case.seller_id,
        kind=case.kind,
        author=entry.actor.role,
        reason=_text(entry.data.get("reason") or entry.data.get("reason_code")),
        status=entry.to_status,
        from_status=entry.from_status,
        amount=sum(part.amount for part in case.owed) or case.claim.amount,
        currency=case.currency,
        at=entry.at,
    )


def _text(code: object) -> str | None:
    return str(code) if code else None
