"""What every party of a case does: read it, offer and answer, state a view, write to the others, show evidence; and the
sellers' statements."""

from aftersales.contracts.cases import (
    AddedEvidenceView,
    AddressesView,
    CasePageView,
    TimelineView,
    addresses_view,
    case_page_view,
    timeline_view,
)
from aftersales.contracts.evidence import LinkView, evidence_view, upload_view
from aftersales.contracts.statements import StatementView, statement_view
from aftersales.domain.case import Case
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.entrypoints.views import shows_case
from aftersales.usecases import act_on_case, handle_evidence, read_cases, read_statement

handler = Api("cases_api", bootstrap.now)


@handler.operation
def list_cases(call: Call) -> CasePageView:
    """One page of a party's cases."""
    query = call.query
    return case_page_view(
        read_cases.list_cases(
            bootstrap.desk(), call.party, limit=query.limit, cursor=query.cursor, filters=query.filters
        ),
        call.party,
        bootstrap.desk(),
    )


@handler.operation
@shows_case
def get_case(call: Call) -> Case:
    """Read a case."""
    return read_cases.read_case(bootstrap.desk(), call.path["case_id"], call.party)


@handler.operation
def get_addresses(call: Call) -> AddressesView:
    """Read where the goods go."""
    return addresses_view(*read_cases.read_addresses(bootstrap.desk(), call.path["case_id"], call.party))


@handler.operation
def get_timeline(call: Call) -> TimelineView:
    """Read who did what."""
    return timeline_view(
        read_cases.read_timeline(
            bootstrap.desk(),
            call.path["case_id"],
            call.party,
            after=call.query.cursor,
            limit=call.query.limit,
        ),
        call.party,
    )


@handler.operation
def get_statement(call: Call) -> StatementView:
    """Read a seller's account."""
    seller_id, query = call.path["seller_id"], call.query
    page, balances = read_statement.read_statement(
        bootstrap.accounts(),
        seller_id,
        call.party,
        first=query.first,
        last=query.last,
        limit=query.limit,
        cursor=query.cursor,
    )
    return statement_view(seller_id, page, balances)


@handler.operation
@shows_case
def send_message(call: Call) -> Case:
    """Write to the other parties."""
    return act_on_case.send_message(bootstrap.desk(), call.case_request, call.body.text, call.body.evidence)


@handler.operation
def add_evidence(call: Call) -> AddedEvidenceView:
    """Promise one more photo."""
    evidence, form = handle_evidence.add_evidence(
        bootstrap.desk(), bootstrap.evidence_files(), call.case_request, call.body.to_file()
    )
    return AddedEvidenceView(evidence=evidence_view(evidence), upload=upload_view(evidence, form))


@handler.operation
def view_evidence(call: Call) -> LinkView:
    """Give a link to a photo."""
    url, expires_at = handle_evidence.view_evidence(
        bootstrap.desk(), bootstrap.evidence_files(), call.case_request, call.path["evidence_id"]
    )
    return LinkView(url=url, expires_at=expires_at)


@handler.operation
@shows_case
def make_offer(call: Call) -> Case:
    """Offer another amount, kind, or other goods."""
    return act_on_case.make_offer(
        bootstrap.desk(),
        bootstrap.stock(),
        call.case_request,
        kind=call.body.kind,
        amount=call.body.amount,
        replacement=[one.to_wanted() for one in call.body.replacement],
        note=call.body.note,
    )


@handler.operation
@shows_case
def answer_offer(call: Call) -> Case:
    """Take an offer or refuse it."""
    return act_on_case.answer_offer(
        bootstrap.desk(), call.case_request, call.path["offer_id"], accept=call.body.accept
    )


@handler.operation
@shows_case
def open_dispute(call: Call) -> Case:
    """Ask the platform to decide."""
    return act_on_case.open_dispute(bootstrap.desk(), call.case_request, call.body.text)


@handler.operation
@shows_case
def make_statement(call: Call) -> Case:
    """State a view in a dispute."""
    return act_on_case.make_statement(bootstrap.desk(), call.case_request, call.body.text)
