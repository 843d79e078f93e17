"""What an operator types, against the deployed template."""

import json
import time
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from rich.console import Console

from tests.e2e.market import Market, body, wait
from tools.desk import Stack
from tools.operate.__main__ import main
from tools.operate.deployment import Deployment, local
from tools.operate.queues import DeadLetterQueue

pytestmark = pytest.mark.e2e

Operator = Callable[..., tuple[int, str]]


@pytest.fixture
def deployment(stack: Stack) -> Deployment:
    return local(stack)


@pytest.fixture
def operate() -> Operator:
    """Types a command; answers its exit code and what it showed."""

    def typed(*arguments: str) -> tuple[int, str]:
        shown = StringIO()
        answered = main(arguments, Console(file=shown, width=160))
        return answered, shown.getvalue()

    return typed


@pytest.fixture
def letters(deployment: Deployment) -> Iterator[DeadLetterQueue]:
    """The dead letters of the timeline, which end empty whatever the test did."""
    queue = DeadLetterQueue(deployment, "timeline")
    yield queue
    for letter in queue.each():
        queue.send_again(letter)


def test_a_case_that_the_stream_gave_up_goes_on_when_its_letter_is_sent_again(
    market: Market, deployment: Deployment, letters: DeadLetterQueue, operate: Operator
) -> None:
    sale = market.sell()
    with market.stream_off():
        case_id = market.apply(sale)["case_id"]
        # What AWS writes after ten tries; the engine never gives up on a record that a function reports as failed.
        given_up = {
            "requestContext": {"condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "batchSize": 1,
                "approximateArrivalOfLastRecord": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            },
        }
        deployment.client("sqs").send_message(
            QueueUrl=deployment.resource("TimelineDeadLetters"), MessageBody=json.dumps(given_up)
        )
        assert "NOT_STARTED" in operate("case", case_id)[1]
        assert "RetryAttemptsExhausted" in operate("letters")[1]
        assert "RetryAttemptsExhausted" in operate("redrive", "timeline", "--dry-run")[1]

        assert operate("redrive", "timeline") == (0, "1 sent once more, 0 left.\n")

        market.until(sale, case_id, "completed")
        assert letters.count() == 0
        assert operate("ring", case_id)[0] == 0
        assert operate("ring", case_id) == (0, "Unrelayed entries: none.\n")
    assert len(market.refunds(sale)) == 1


def test_a_case_without_its_execution_is_sent_on_by_an_operator(market: Market, operate: Operator) -> None:
    sale = market.sell()
    case_id = market.apply(sale, reason="other")["case_id"]
    market.waits_in(case_id, "Wait for the seller")
    market.stop(case_id)
    wait(lambda: market.events(sale, case_id)[-1] == "operator_asked", "an operator to be asked")
    assert "execution_aborted" in operate("case", case_id)[1]
    version = market.stack.version(case_id)
    assert operate("restart", case_id, "--dry-run")[0] == 0
    assert market.stack.version(case_id) == version

    answered, shown = operate("restart", case_id)

    assert answered == 0
    assert f"{case_id}-2 takes it over" in shown
    market.waits_in(f"{case_id}-2", "Wait for the seller")
    body(market.decide(sale, case_id))
    market.until(sale, case_id, "completed")
    answered, shown = operate("restart", case_id)
    assert (answered, "409" in shown) == (2, True)


def test_what_does_not_exist_is_said_in_one_sentence(operate: Operator) -> None:
    assert operate("case", "nothing") == (2, "✗ There is no case nothing.\n")
