"""Step: stock and payment are brought to what the case says."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, plain_step
from aftersales.usecases import run_workflow


def arrange_replacement(given: StepInput) -> run_workflow.Outcome:
    """Set the other goods aside, or give back what was set aside and held."""
    return run_workflow.arrange_replacement(
        bootstrap.desk(), bootstrap.stock(), bootstrap.charges(), given.case_id
    )


handler = plain_step(arrange_replacement)
