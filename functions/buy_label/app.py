"""Step: goods go back under a label."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, waiting_step
from aftersales.usecases import run_workflow


def buy_label(given: StepInput) -> None:
    """Buy the label that the case has ordered, and park until the goods have come."""
    run_workflow.buy_label(
        bootstrap.desk(), bootstrap.workflow(), bootstrap.carriers(), given.case_id, given.waiting
    )


handler = waiting_step(buy_label)
