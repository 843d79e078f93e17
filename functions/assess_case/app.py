"""Step: the policy looks at the case; and wherever the execution wakes, says where the case is."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, plain_step
from aftersales.usecases import run_workflow


def assess_case(given: StepInput) -> run_workflow.Outcome:
    """Assess the case, or only read it."""
    return run_workflow.assess_case(bootstrap.desk(), given.case_id, given.execution)


handler = plain_step(assess_case)
