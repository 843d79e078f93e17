"""Orders and what can be sent in exchange: the platform writes them, their parties read them."""

from aftersales.contracts.orders import OrderView, order_view
from aftersales.contracts.skus import SkusView, SkuView, sku_view
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases import keep_stock
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


@handler.operation
def put_sku(call: Call) -> SkuView:
    """Write the SKU."""
    return sku_view(bootstrap.stock().put_sku(call.body.to_sku(call.path["sku"])), call.party.role)


@handler.operation
def get_sku(call: Call) -> SkuView:
    """Read the SKU."""
    return sku_view(keep_stock.read_sku(bootstrap.stock(), call.path["sku"], call.party), call.party.role)


@handler.operation
def list_variants(call: Call) -> SkusView:
    """Read the SKUs of its product."""
    found = keep_stock.read_variants(bootstrap.stock(), call.path["sku"], call.party)
    return SkusView(items=[sku_view(sku, call.party.role) for sku in found])
