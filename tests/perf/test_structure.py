"""What keeps the desk cheap and quick, as counts: nothing here looks at a clock."""

from collections.abc import Iterator

import pytest

from tools.bench import bill, prices, template
from tools.bench.journeys import JOURNEYS, POLICY, Journey, travelled, visited
from tools.bench.recorder import Invocation

WRITES_ONCE = (
    *("put_order", "open_case", "decide_case", "withdraw_case"),
    *("send_message", "add_evidence", "view_evidence", "ship_return", "confirm_receipt"),
    *("leave_feedback", "edit_feedback", "withdraw_feedback", "reply_to_feedback", "moderate_feedback"),
)
WRITES_NOTHING = (
    *("get_order", "quote_case", "get_case", "list_cases", "get_timeline"),
    *("put_order, unchanged", "settle_case", "sweep_deadlines, nothing due", "sweep_timeline, nothing due"),
    *(
        "get_feedback",
        "list_feedback",
        "list_feedback_to_look_at",
        "get_rating",
        "sweep_feedback, nothing due",
    ),
)


def everything() -> Iterator[Invocation]:
    yield from visited()
    for name in JOURNEYS:
        yield from travelled(name).invocations


def of(label: str) -> list[Invocation]:
    found = [one for one in everything() if one.label == label]
    assert found, f"nothing did {label}"
    return found


@pytest.fixture(params=JOURNEYS)
def journey(request: pytest.FixtureRequest) -> Journey:
    return travelled(request.param)


@pytest.mark.parametrize("operation", WRITES_ONCE)
def test_a_request_that_writes_writes_one_transaction_and_nothing_else(operation: str) -> None:
    for one in of(operation):
        assert one.transactions == 1
        assert [call.action for call in one.calls if call.writes] == ["TransactWriteItems"]


@pytest.mark.parametrize("operation", WRITES_NOTHING)
def test_what_only_looks_writes_nothing(operation: str) -> None:
    assert all(one.writes == 0 for one in of(operation))


def test_a_request_calls_nothing_but_the_database() -> None:
    requests = [one for one in everything() if "httpMethod" in one.event and one.function != "webhooks"]
    assert {call.service for one in requests for call in one.calls} == {"dynamodb"}


def test_only_what_goes_with_a_condition_is_written_without_one_of_its_own() -> None:
    """A snapshot goes with its ledger, a tally with what of a feedback is counted, a seller's balance with the entry
    that is relayed: those decide for both."""
    assert {one.label.split(" ")[0] for one in everything() if one.conditional < one.writes} == {
        "put_order",
        "count",
        "relay",
    }


def test_nothing_scans_a_table() -> None:
    assert {call.action for one in everything() for call in one.calls}.isdisjoint(
        {"Scan", "ExecuteStatement"}
    )


@pytest.mark.parametrize("name", prices.STATES)
def test_a_case_enters_few_states(name: str) -> None:
    states = travelled(name).states
    assert len(states) <= prices.STATES[name].most, states


def test_an_invocation_leaves_one_line_of_its_own_in_the_log(journey: Journey) -> None:
    """Metrics are lines as well, of the platform's embedded format."""
    for one in journey.invocations:
        assert len([line for line in one.log.splitlines() if '"_aws"' not in line]) == 1, one.label


@pytest.mark.parametrize("pace", ["a minute", "an hour", "a day"])
def test_a_thousand_policy_refunds_stay_below_their_bound(pace: str) -> None:
    assert bill.total(bill.usage(travelled(POLICY)), pace) < prices.BOUND


def test_logs_cost_less_than_the_database(journey: Journey) -> None:
    spent = bill.bill(bill.usage(journey))
    assert spent["logs"] < spent["DynamoDB"] / 5


def test_the_stream_is_filtered_as_the_template_says() -> None:
    """`tools.bench.desk` plays the filter; this is the pattern that it plays."""
    assert template.stream_pattern() == {
        "eventName": ["INSERT"],
        "dynamodb": {
            "Keys": {"sk": {"S": [{"prefix": "TIMELINE#"}]}},
            "NewImage": {"unrelayed": {"S": [{"exists": True}]}},
        },
    }
