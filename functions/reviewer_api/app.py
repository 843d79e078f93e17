"""What reviewers do beside deciding: take a case in hand, give it back, give a party more time."""

from aftersales.contracts.cases import CaseView, case_view
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.usecases import act_on_case

handler = Api("reviewer_api", bootstrap.now)


@handler.operation
def take_review(call: Call) -> CaseView:
    """Take a case in hand, so that no other reviewer decides it meanwhile."""
    return case_view(
        act_on_case.take_review(
            bootstrap.desk(),
            call.path["case_id"],
            by=call.party,
            receipt=call.receipt,
        ),
        call.party,
        bootstrap.desk(),
    )


@handler.operation
def release_review(call: Call) -> CaseView:
    """Give a case back to the queue."""
    return case_view(
        act_on_case.release_review(
            bootstrap.desk(),
            call.path["case_id"],
            by=call.party,
        ),
        call.party,
        bootstrap.desk(),
    )


@handler.operation
def extend_deadline(call: Call) -> CaseView:
    """Give more time to whoever has the turn."""
    return case_view(
        act_on_case.extend_deadline(
            bootstrap.desk(),
            call.path["case_id"],
            call.body.hours,
            call.body.reason,
            by=call.party,
            receipt=call.receipt,
        ),
        call.party,
        bootstrap.desk(),
    )
