"""Step: the label under which goods go back."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, plain_step
from aftersales.usecases import run_workflow
from aftersales.usecases.run_workflow import Outcome


def buy_label(given: StepInput) -> Outcome:
    """Buy the label that the case has ordered."""
    return run_workflow.buy_label(bootstrap.desk(), bootstrap.carriers(), given.case_id, given.version)


handler = plain_step(buy_label)
