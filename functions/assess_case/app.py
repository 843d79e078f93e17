"""Step: the policy looks at the case; and wherever the execution wakes, says where the case is."""

from aftersales.domain.case import Case
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.step import StepInput, plain_step
from aftersales.usecases import run_workflow


def assess_case(given: StepInput) -> Case:
    """Assess the case, or only read it."""
    return run_workflow.assess_case(bootstrap.desk(), given.case_id, given.execution)


handler = plain_step(assess_case)
