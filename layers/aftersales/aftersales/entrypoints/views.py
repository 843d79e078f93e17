"""What operations on a case answer: the case, as its caller may see it."""

from collections.abc import Callable
from functools import wraps

from aftersales.contracts.cases import CaseView, case_view
from aftersales.domain.case import Case
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Call


def shows_case(do: Callable[[Call], Case]) -> Callable[[Call], CaseView]:
    """Answer with the caller's view of the case that this operation leaves."""

    @wraps(do)
    def shown(call: Call) -> CaseView:
        return case_view(do(call), call.party, bootstrap.desk())

    return shown
