"""What the policy says of a claim: the facts as they are stored, under the versions that count."""

from dataclasses import replace

from aftersales.domain.calendar import DAY
from aftersales.domain.case import Kind, Reason
from aftersales.domain.ledger import Reservation
from aftersales.domain.order import Order
from aftersales.domain.policy import Assessment, Facts, History, Policy, decide
from aftersales.usecases.ports import Desk


def assess_claim(
    desk: Desk,
    order: Order,
    kind: Kind,
    reason: Reason,
    claim: Reservation,
    *,
    keep_item: bool,
    accepted_evidence: int,
    history: History,
    taken_before: int,
    declined_before: bool,
    indebted: bool,
    at: int,
) -> Assessment:
    """The policy's verdict under the version in force then or at the purchase, whichever is better for the buyer.

    `at` is when the case was opened (now, where it is not yet): a window that was open then stays open, however
    long evidence and people take. Nothing more goes ahead on an order whose buyer owes something already.
    """
    lines = [line for held in claim.units if (line := order.line(held.line_id))]
    facts = Facts(
        kind=kind,
        reason=reason,
        amount=claim.amount,
        currency=order.currency,
        categories=tuple(dict.fromkeys(line.category for line in lines)),
        returnable=all(line.returnable for line in lines),
        sent_at=order.shipped_at or order.placed_at,
        delivered_at=order.delivered_at,
        now=at,
        accepted_evidence=accepted_evidence,
        history=history,
        taken_before=taken_before,
        declined_before=declined_before,
        keep_item=keep_item,
    )
    decided = decide(facts, *policies_of(desk, order, at))
    return replace(decided, pays_ahead=decided.pays_ahead and not indebted)


def recent_history(desk: Desk, order: Order) -> History:
    """The buyer's orders and cases within the policy's risk window."""
    now = desk.now()
    days = desk.policies.at(now, order.seller_id).risk.days
    return desk.store.history(order.buyer_id, now - days * DAY)


def policies_of(desk: Desk, order: Order, at: int) -> tuple[Policy, Policy]:
    """The version in force then, and the one at the purchase."""
    return desk.policies.at(at, order.seller_id), desk.policies.at(order.placed_at, order.seller_id)
