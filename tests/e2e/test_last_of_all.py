"""What is seen when all tests have run: it looks back at them."""

import httpx
import pytest

from tests.e2e.market import Market, wait
from tools.desk import Stack
from tools.local_stack.checkout import STACK_NAME

pytestmark = pytest.mark.e2e


def test_a_link_to_a_photo_is_dead_after_its_time(market: Market, old_link: str) -> None:
    wait(lambda: httpx.get(old_link).status_code != 200, "the link to die", 150)

    assert httpx.get(old_link).status_code == 403


def test_no_function_was_denied_anything_that_it_asked_of_aws(stack: Stack, started_at: int) -> None:
    """The engine enforces the roles of the template: what a function lacks shows in its own log."""
    logs, lines, denied = stack.client("logs"), 0, []
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK_NAME}-")["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], startTime=started_at
        )
        for event in (event for page in pages for event in page["events"]):
            lines += 1
            if "AccessDenied" in event["message"] or "not authorized to perform" in event["message"]:
                denied.append((group["logGroupName"], event["message"]))
    assert lines, "no function has written a line since the tests began"
    assert denied == []
