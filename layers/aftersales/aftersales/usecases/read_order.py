"""An order with what is still refundable."""

from aftersales.domain.ledger import Ledger
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, may_see_order
from aftersales.domain.refusal import not_found
from aftersales.usecases.commit import known_order
from aftersales.usecases.ports import Desk


def read_order(desk: Desk, order_id: str, party: Party) -> tuple[Order, Ledger]:
    """The order as it is by now and its ledger, for those who may see it."""
    order, ledger = known_order(desk, order_id)
    if not may_see_order(party, buyer_id=order.buyer_id, seller_id=order.seller_id):
        raise not_found("order")
    return order, ledger
