"""Whether a buyer is asked what a delivered order was like: by one mail, some days after it came.

Nothing here knows of cases: whoever asked for money back is asked as everybody is, whatever became of it, for a request
that follows from outcomes would choose who is heard.
"""

from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.calendar import Period
from aftersales.domain.feedback_terms import RequestTerms
from aftersales.domain.order import Contact, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """That a buyer is to be asked about an order, and from when on. Epoch milliseconds."""

    order_id: str
    due_at: int


class Outcome(StrEnum):
    """What became of a request."""

    SENT = "sent"
    SAID_BEFORE = "said_before"
    ASKED_BEFORE = "asked_before"
    NO_CONTACT = "no_contact"
    TOO_LATE = "too_late"


def request_after(before: Order | None, order: Order, *, terms: RequestTerms, now: int) -> Request | None:
    """The request that follows from a snapshot: of an order whose delivery is news, and not years old."""
    delivered_at = order.delivered_at
    if delivered_at is None or (before and before.delivered_at == delivered_at):
        return None
    if now > delivered_at + Period(days=terms.until_days).millis:
        return None
    return Request(order_id=order.order_id, due_at=delivered_at + Period(days=terms.after_days).millis)


def whom_to_ask(
    order: Order | None, *, said_before: bool, asked_before: bool, terms: RequestTerms, now: int
) -> Contact | Outcome:
    """Whom to ask, or why nobody is asked."""
    if asked_before:
        return Outcome.ASKED_BEFORE
    if said_before:
        return Outcome.SAID_BEFORE
    if order is None or order.contact is None:
        return Outcome.NO_CONTACT
    # A delivery that was taken back, or put off, is told anew by the snapshot that tells it.
    since = order.delivered_at
    if since is None or not 0 <= now - since <= Period(days=terms.until_days).millis:
        return Outcome.TOO_LATE
    return order.contact
