"""How a buyer pays at the payment provider."""

from aftersales.contracts.cases import DifferencePaymentView, difference_payment_view
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases.pay_difference import how_to_pay

handler = Api("payments_api", bootstrap.now)


@handler.operation
def pay_difference(call: Call) -> DifferencePaymentView:
    """Show how what other goods cost more is paid."""
    return difference_payment_view(
        *how_to_pay(bootstrap.desk(), bootstrap.charges(), call.path["case_id"], call.party)
    )
