"""What only a buyer does: quote, apply, withdraw, send goods back."""

from aftersales.contracts.cases import LabelView, QuoteView, label_view, opened_case_view, quote_view
from aftersales.domain.case import Case
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Answer, Api, Call
from aftersales.entrypoints.views import shows_case
from aftersales.usecases import act_on_case, handle_evidence, read_cases
from aftersales.usecases import open_case as opening
from aftersales.usecases import quote_case as quoting

handler = Api("buyer_api", bootstrap.now)


@handler.operation
def quote_case(call: Call) -> QuoteView:
    """Show what an application would reserve and pay."""
    return quote_view(
        quoting.quote_case(bootstrap.desk(), bootstrap.stock(), call.body.to_application(), call.party),
        call.party,
    )


@handler.operation
def open_case(call: Call) -> Answer:
    """Open a case; the same key and body find the same case."""
    case, created = opening.open_case(
        bootstrap.desk(),
        bootstrap.stock(),
        call.body.to_application(),
        call.body.description,
        [file.to_file() for file in call.body.evidence],
        buyer=call.party,
        idempotency_key=call.idempotency_key,
        request_hash=call.request_hash,
    )
    forms = handle_evidence.upload_forms(bootstrap.evidence_files(), case) if case.evidence else []
    headers = {} if created else {"Idempotency-Replayed": "true"}
    return Answer(opened_case_view(case, forms, call.party, bootstrap.desk()), call.route.status, headers)


@handler.operation
@shows_case
def withdraw_case(call: Call) -> Case:
    """Cancel a case before money moves."""
    return act_on_case.withdraw_case(bootstrap.desk(), call.case_request)


@handler.operation
def get_label(call: Call) -> LabelView:
    """Receive the label that the platform has paid."""
    return label_view(read_cases.read_label(bootstrap.desk(), call.path["case_id"], call.party))


@handler.operation
@shows_case
def ship_return(call: Call) -> Case:
    """Say which parcel the goods come back in."""
    return act_on_case.ship_return(
        bootstrap.desk(), call.case_request, carrier=call.body.carrier, tracking_code=call.body.tracking_code
    )


@handler.operation
@shows_case
def choose_alternative(call: Call) -> Case:
    """Wait for goods that are out of stock, take others, or the money."""
    return act_on_case.choose_alternative(
        bootstrap.desk(),
        bootstrap.stock(),
        call.case_request,
        choice=call.body.choice,
        replacement=[one.to_wanted() for one in call.body.replacement],
    )


@handler.operation
@shows_case
def confirm_replacement(call: Call) -> Case:
    """Say that the other goods have come."""
    return act_on_case.confirm_replacement(bootstrap.desk(), call.case_request)


@handler.operation
@shows_case
def appeal(call: Call) -> Case:
    """Ask another reviewer."""
    return act_on_case.appeal(bootstrap.desk(), call.case_request, call.body.text)
