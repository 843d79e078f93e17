"""The calls that the adapters make are answered as AWS documents, or in the way that is listed."""

from collections.abc import Iterator

import pytest

from tests.fidelity.back_ends import BACK_ENDS
from tests.fidelity.cases import CASES, Case
from tests.fidelity.differences import DIFFERENCES
from tests.fidelity.services import Services
from tools.desk import STACK_FILE


@pytest.fixture(scope="module", params=["fakes", "moto", pytest.param("MiniStack", marks=pytest.mark.e2e)])
def back_end(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def services(back_end: str) -> Iterator[Services]:
    if back_end == "MiniStack" and not STACK_FILE.exists():
        pytest.fail("No local stack is running: start one with `make up`.", pytrace=False)
    with BACK_ENDS[back_end]() as services:
        yield services


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_call_is_answered_as_documented_or_as_listed(case: Case, back_end: str, services: Services) -> None:
    seen = case.ask(services)
    difference = DIFFERENCES.get((case.name, back_end))
    if difference:
        assert seen != case.documented, "the difference has gone away: take it off the list"
        assert seen == difference.seen, "the difference is another one than listed"
    else:
        assert seen == case.documented, f"{case.sentence} ({case.url})"


def test_every_listed_difference_belongs_to_a_case_and_a_back_end() -> None:
    names = {case.name for case in CASES}
    assert len(names) == len(CASES)
    assert {name for name, _ in DIFFERENCES} <= names
    assert {back_end for _, back_end in DIFFERENCES} <= set(BACK_ENDS)
