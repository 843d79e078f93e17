"""What operators do: send on a case whose refund waits for a person."""

from aftersales.contracts.cases import CaseProgressView, case_progress_view
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases import act_on_case

handler = Api("operator_api", bootstrap.now)


@handler.operation
def resume_case(call: Call) -> CaseProgressView:
    """Send the case on."""
    return case_progress_view(
        act_on_case.resume_case(bootstrap.desk(), call.path["case_id"], by=call.party, receipt=call.receipt)
    )


@handler.operation
def pay_elsewhere(call: Call) -> CaseProgressView:
    """Close a case that was paid by another means."""
    return case_progress_view(
        act_on_case.pay_elsewhere(
            bootstrap.desk(), call.path["case_id"], call.body.note, by=call.party, receipt=call.receipt
        )
    )
