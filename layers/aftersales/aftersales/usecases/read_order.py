"""An order with what is still refundable."""

from aftersales.domain.ledger import Ledger, by_now
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, may_see_order
from aftersales.domain.refusal import not_found
from aftersales.usecases.ports import Desk


def read_order(desk: Desk, order_id: str, party: Party) -> tuple[Order, Ledger]:
    """The order as it is by now and its ledger, for those who may see it."""
    found = desk.store.order(order_id)
    if found is None or not may_see_order(party, buyer_id=found[0].buyer_id, seller_id=found[0].seller_id):
        raise not_found("order")
    return by_now(*found), found[1]
