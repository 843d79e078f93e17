"""Step: the case waits for its buyer, its seller or a reviewer."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, waiting_step
from aftersales.usecases import run_workflow


def wait_for_party(given: StepInput) -> None:
    """Park until something happens to the case."""
    run_workflow.wait_for_party(bootstrap.desk(), bootstrap.workflow(), given.case_id, given.waiting)


handler = waiting_step(wait_for_party)
