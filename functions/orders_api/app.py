"""Orders: the platform writes them, their parties read them."""

from aftersales.contracts.orders import OrderView, order_view
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases import put_order as writing
from aftersales.usecases import read_order as reading

handler = Api("orders_api", bootstrap.now)


@handler.operation
def put_order(call: Call) -> OrderView:
    """Write the snapshot."""
    return order_view(*writing.put_order(bootstrap.desk(), call.body.to_order(call.path["order_id"])))


@handler.operation
def get_order(call: Call) -> OrderView:
    """Read the order."""
    return order_view(*reading.read_order(bootstrap.desk(), call.path["order_id"], call.party))
