"""The state machine: a valid definition, no silent end, and no more of it than needed."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from aftersales.domain.case import Status
from aftersales.domain.lifecycle import LIFECYCLE, Act
from aftersales.usecases.run_workflow import ADVANCE_DUE, ARRANGEMENT_DUE, LABEL_DUE, SUPERSEDED
from tools.generate.sources import state_machine, template
from tools.generate.walk import walk

States = dict[str, dict[str, Any]]


def states(*kinds: str) -> States:
    """The states of these types; of all types if none is named."""
    return {
        name: state
        for name, state in state_machine()["States"].items()
        if not kinds or state["Type"] in kinds
    }


def tasks() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", states("Task"))


def waits(state: dict[str, Any]) -> bool:
    return str(state["Resource"]).endswith(".waitForTaskToken")


def next_of(name: str, status: Status) -> str | None:
    """The state after this one while the case has this status and nothing fails; None at the end."""
    state = states()[name]
    if state["Type"] == "Choice":
        chosen = (choice["Next"] for choice in state["Choices"] if choice["StringEquals"] == status)
        return str(next(chosen, state["Default"]))
    return state.get("Next")


def path(status: Status) -> list[str]:
    """The states that an execution enters, from its start."""
    entered = [state_machine()["StartAt"]]
    while (name := next_of(entered[-1], status)) and name not in entered:
        entered.append(name)
    return entered


def targets(state: dict[str, Any]) -> set[str]:
    ways = [*state.get("Choices", []), *state.get("Catch", []), state]
    return {way["Next"] for way in ways if "Next" in way} | {
        state[key] for key in ("Default",) if key in state
    }


def test_the_definition_is_valid_by_the_specification_of_the_language() -> None:
    """JSON knows no difference between 3 and 3.0; the linter does."""
    assert Linter.validate(state_machine(), Config({ProblemType.FLOAT})) == []


def test_the_definition_is_valid_by_the_schema_of_cloudformation_linting() -> None:
    """The linter itself reads no definition that stands in a file of its own, and takes seconds to import."""
    jsonschema = pytest.importorskip("jsonschema")
    cfnlint = find_spec("cfnlint")
    assert cfnlint
    assert cfnlint.origin
    schema = Path(cfnlint.origin).parent / "data/schemas/other/step_functions/statemachine.json"
    validator = jsonschema.Draft7Validator(json.loads(schema.read_text("utf-8")))
    assert [error.message for error in validator.iter_errors(state_machine())] == []


def test_every_state_is_reached() -> None:
    reached = {state_machine()["StartAt"]}.union(*(targets(state) for state in states().values()))
    assert reached == set(states())


@tasks()
def test_every_task_retries_and_then_catches(name: str) -> None:
    task = states()[name]
    assert task["Retry"]
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@tasks()
def test_every_task_has_a_time_limit_that_can_be_read_in_the_definition(name: str) -> None:
    task = states()[name]
    assert isinstance(task["TimeoutSeconds"], int)
    assert not {"TimeoutSecondsPath", "HeartbeatSecondsPath"} & set(task)


@tasks()
def test_a_task_that_waits_is_given_its_token_and_only_such_a_task(name: str) -> None:
    task = states()[name]
    assert waits(task) == ("token.$" in task["Parameters"]["Payload"])


@tasks()
def test_what_fails_reaches_a_person(name: str) -> None:
    """A caught failure leads to the operator, or back to where the case is looked at, or to a loud end."""
    for catch in states()[name]["Catch"]:
        caught = states()[catch["Next"]]
        assert (
            caught["Type"] == "Fail" or caught["Type"] == "Task" or "States.ALL" not in catch["ErrorEquals"]
        )


def test_the_choice_knows_every_status_that_an_assessed_case_can_have_exactly_once() -> None:
    """A case leaves `requested` in the assessment itself, so no execution reads that status; one whose case goes
    on under another name reads that, and one that needs its label first, or whose money goes ahead, that."""
    [choice] = states("Choice").values()
    known = [one["StringEquals"] for one in choice["Choices"]]
    assert len(known) == len(set(known))
    words = {SUPERSEDED, ARRANGEMENT_DUE, LABEL_DUE, ADVANCE_DUE}
    assert set(known) == set(Status) - {Status.REQUESTED} | words


@pytest.mark.walk
def test_the_assessment_moves_a_case_on_from_requested() -> None:
    assessed = {step.after.status for step in walk() if step.act is Act.ASSESS}
    assert Status.REQUESTED in LIFECYCLE[Act.ASSESS]
    assert Status.REQUESTED not in assessed


def test_an_unknown_status_ends_loudly() -> None:
    [choice] = states("Choice").values()
    assert states()[choice["Default"]]["Type"] == "Fail"


def test_every_substitution_is_used_and_every_placeholder_is_substituted() -> None:
    placeholders = set(re.findall(r"\$\{(\w+)\}", json.dumps(state_machine())))
    assert placeholders == set(template()["Resources"]["AfterSales"]["Properties"]["DefinitionSubstitutions"])


def test_it_speaks_json_path_alone() -> None:
    assert state_machine().get("QueryLanguage", "JSONPath") == "JSONPath"
    for state in states().values():
        assert not {"Assign", "Arguments", "Output", "QueryLanguage"} & set(state)
    assert "{%" not in json.dumps(state_machine())


def test_it_stays_small_enough_to_be_read() -> None:
    assert len(states()) < 30


def test_a_refund_that_the_policy_approves_takes_four_states() -> None:
    """Each transition is paid for; look, choose, refund, settle is as short as it gets."""
    assert len(path(Status.APPROVED)) <= 4


def test_the_machine_is_a_standard_one() -> None:
    """An express execution lasts five minutes; a case lasts weeks."""
    assert template()["Resources"]["AfterSales"]["Properties"]["Type"] == "STANDARD"
