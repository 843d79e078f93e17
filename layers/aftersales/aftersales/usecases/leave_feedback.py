"""A buyer says what they think of a delivered order."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from aftersales.domain import feedback as rules
from aftersales.domain.calendar import MINUTE
from aftersales.domain.evidence import PromisedFile, promised
from aftersales.domain.feedback import Feedback, Verdict
from aftersales.domain.feedback_terms import BurstTerms
from aftersales.domain.moderation import crowded, is_burst
from aftersales.domain.parties import Party
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.usecases.act_on_feedback import photo_name
from aftersales.usecases.commit import until_committed
from aftersales.usecases.feedback_ports import FeedbackDesk

_FEEDBACK = UUID("1f6c1a0b-3f0e-4c3c-8a59-7d1b6a0e2c94")


def feedback_id_of(buyer: Party, idempotency_key: str) -> str:
    """The id follows from who asks and their key: a retry meets its own feedback, whatever was lost before."""
    return str(uuid5(_FEEDBACK, f"{buyer.id}\n{idempotency_key}"))


def leave_feedback(
    desk: FeedbackDesk,
    order_id: str,
    verdict: Verdict,
    photos: Sequence[PromisedFile],
    *,
    buyer: Party,
    idempotency_key: str,
    request_hash: str,
) -> tuple[Feedback, bool]:
    """The feedback and whether this request created it.

    The feedback row is the record of the key, as a case is of its own: of any number of parallel requests one leaves
    it and the rest find it. Of two requests with different keys, one takes the order's place.
    """
    feedback_id = feedback_id_of(buyer, idempotency_key)

    def attempt() -> tuple[Feedback, bool]:
        known = desk.store.feedback(feedback_id)
        if known and known.request_hash != request_hash:
            raise Refusal(Code.IDEMPOTENCY_KEY_REUSED, "This key was used for another feedback.")
        if known:
            return known, False
        order = desk.store.order_of_buyer(order_id)
        if order is None:
            raise not_found("order")
        now = desk.now()
        terms = desk.policies.at(now).feedback
        change = rules.leave(
            feedback_id=feedback_id,
            order=order,
            verdict=verdict,
            photos=promised(photos, buyer, name=photo_name(1)),
            burst=_burst(desk, order.seller_id, terms.burst, now),
            terms=terms,
            request_hash=request_hash,
            buyer=buyer,
            now=now,
        )
        before = desk.store.feedback_of_order(order_id, buyer.id)
        if before == feedback_id:
            # The twin of this request left it after the read above; it is found there now.
            return attempt()
        if before:
            raise Refusal(
                Code.FEEDBACK_LEFT_BEFORE, "This order has its feedback: edit that one.", feedback_id=before
            )
        desk.store.commit_feedback(change)
        return change.feedback, True

    return until_committed(desk, attempt)


def _burst(desk: FeedbackDesk, seller_id: str, terms: BurstTerms, now: int) -> bool:
    """Two bounded reads of an index with keys only; the second only where many came within the hour.

    What others write in this very moment is not seen: of a burst of one second, the first may pass.
    """
    recent = desk.store.times_of_seller(seller_id, before=now, limit=terms.items)
    if not crowded(recent, now=now, terms=terms):
        return False
    settled = desk.store.times_of_seller(
        seller_id, before=now - terms.settled_hours * 60 * MINUTE, limit=terms.history
    )
    return is_burst(recent, settled, now=now, terms=terms)
