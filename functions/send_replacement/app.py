"""Step: other goods are paid for, sent and handed over."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, waiting_step
from aftersales.usecases import run_workflow


def send_replacement(given: StepInput) -> None:
    """Park until they have come, or will not."""
    run_workflow.send_replacement(
        bootstrap.desk(),
        bootstrap.workflow(),
        bootstrap.stock(),
        bootstrap.charges(),
        given.case_id,
        given.waiting,
    )


handler = waiting_step(send_replacement)
