"""What reviewers do beside deciding: take a case in hand, give it back, give a party more time."""

from aftersales.domain.case import Case
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.entrypoints.views import shows_case
from aftersales.usecases import act_on_case

handler = Api("reviewer_api", bootstrap.now)


@handler.operation
@shows_case
def take_review(call: Call) -> Case:
    """Take a case in hand, so that no other reviewer decides it meanwhile."""
    return act_on_case.take_review(bootstrap.desk(), call.case_request)


@handler.operation
@shows_case
def release_review(call: Call) -> Case:
    """Give a case back to the queue."""
    return act_on_case.release_review(bootstrap.desk(), call.case_request)


@handler.operation
@shows_case
def extend_deadline(call: Call) -> Case:
    """Give more time to whoever has the turn."""
    return act_on_case.extend_deadline(bootstrap.desk(), call.case_request, call.body.hours, call.body.reason)
