"""The platform writes an order, or writes it again."""

from aftersales.domain.feedback_request import request_after
from aftersales.domain.ledger import Ledger, open_ledger, rebase, refuse_moved_payments
from aftersales.domain.order import Order
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.commit import until_committed
from aftersales.usecases.ports import Desk


def put_order(desk: Desk, order: Order) -> tuple[Order, Ledger]:
    """Snapshot and ledger, written together, with the request for feedback that follows a delivery. The same content
    twice is the same answer and no write."""

    def attempt() -> tuple[Order, Ledger]:
        known, now = desk.store.order(order.order_id), desk.now()
        request = request_after(
            known[0] if known else None, order, terms=desk.policies.at(now).feedback.request, now=now
        )
        if known is None:
            ledger = open_ledger(order)
            desk.store.put_order(order, ledger, request, new=True)
            return order, ledger
        before, ledger = known
        if before == order:
            return known
        if (before.buyer_id, before.seller_id) != (order.buyer_id, order.seller_id):
            raise Refusal(Code.ORDER_IN_USE, "An order keeps its buyer and its seller.")
        refuse_moved_payments(ledger, before, order)
        rebased = rebase(ledger, order)
        desk.store.put_order(order, rebased, request, new=False)
        return order, rebased

    return until_committed(desk, attempt)
