"""What operators do: send on a case that waits for a person, and give a whole market more time."""

from aftersales.contracts.cases import CaseProgressView, ExtensionView, case_progress_view, extension_view
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases import act_on_case
from aftersales.usecases import extend_market as extending

handler = Api("operator_api", bootstrap.now)


@handler.operation
def resume_case(call: Call) -> CaseProgressView:
    """Send the case on."""
    return case_progress_view(act_on_case.resume_case(bootstrap.desk(), call.case_request))


@handler.operation
def pay_elsewhere(call: Call) -> CaseProgressView:
    """Close a case that was paid by another means."""
    return case_progress_view(act_on_case.pay_elsewhere(bootstrap.desk(), call.case_request, call.body.note))


@handler.operation
def extend_market(call: Call) -> ExtensionView:
    """Give every open case of a market more time."""
    return extension_view(
        extending.extend_market(
            bootstrap.desk(),
            call.path["market"],
            call.body.hours,
            call.body.reason,
            by=call.party,
            idempotency_key=call.idempotency_key,
            request_hash=call.request_hash,
        )
    )
