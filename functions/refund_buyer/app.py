"""Step: the money goes back."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, waiting_step
from aftersales.usecases import run_workflow


def refund_buyer(given: StepInput) -> None:
    """Pay back what is owed, under keys that never change."""
    run_workflow.refund_buyer(
        bootstrap.desk(), bootstrap.workflow(), bootstrap.payments(), given.case_id, given.waiting
    )


handler = waiting_step(refund_buyer)
