"""Step: something needs a person of the platform."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, waiting_step
from aftersales.usecases import run_workflow


def ask_operator(given: StepInput) -> None:
    """Name the trouble on the case and wait for an operator."""
    run_workflow.ask_operator(
        bootstrap.desk(), bootstrap.workflow(), given.case_id, given.trouble, given.waiting
    )


handler = waiting_step(ask_operator)
