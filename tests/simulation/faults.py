"""How a call can fail, by service and operation.

By https://docs.aws.amazon.com/general/latest/gr/api-retries.html and botocore's standard retries: what a retry
heals never reaches the desk, so `refused` is what is left after them. A call whose answer is lost is either repeated
by botocore (`repeated`: the second request meets the first one's effect; a transaction carries the same
ClientRequestToken, so its repetition is the first one's success and no case of its own) or lost for good (`lost`),
or the request itself is still on its way when its caller has stopped waiting (`late`).
"""

from collections.abc import Mapping

import requests
from botocore.exceptions import ReadTimeoutError
from stripe import APIConnectionError

from tests.simulation.fakes.dynamodb import cancelled, error
from tools.payment_sandbox.faults import Fault

REFUSED = "refused"
LOST = "answer lost"
REPEATED = "sent twice"
LATE = "has its effect after its caller gave up"
CONFLICT = "conflict"
BEHIND = "index behind"
SLOW = "slow"
HANGS = "hangs after the effect"
DIES_BEFORE = "worker dies before"
DIES_AFTER = "worker dies after the effect"

# What happens at the provider, in the sandbox's words.
PROVIDER = {
    "status 409": Fault(fault="status", status=409),
    "status 429": Fault(fault="status", status=429),
    "status 500": Fault(fault="status", status=500),
    "saved 500": Fault(fault="saved_500"),
    "saved 500 after the effect": Fault(fault="saved_500", effect=True),
}

_READ = (REFUSED, SLOW, DIES_BEFORE)
_WRITE = (REFUSED, LOST, LATE, SLOW, HANGS, DIES_BEFORE, DIES_AFTER)

KINDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("dynamodb", "get_item"): _READ,
    ("dynamodb", "batch_get_item"): _READ,
    ("dynamodb", "query"): _READ,
    ("dynamodb", "put_item"): (*_WRITE, REPEATED),
    ("dynamodb", "update_item"): (*_WRITE, REPEATED),
    ("dynamodb", "transact_write_items"): (*_WRITE, CONFLICT),
    ("stepfunctions", "describe_execution"): _READ,
    ("stepfunctions", "list_executions"): _READ,
    ("stepfunctions", "start_execution"): (*_WRITE, REPEATED),
    ("stepfunctions", "send_task_success"): (*_WRITE, REPEATED),
    ("stepfunctions", "send_task_failure"): (*_WRITE, REPEATED),
    ("sns", "publish"): (*_WRITE, REPEATED),
    ("s3", "get_object"): _READ,
    ("s3", "list_objects_v2"): _READ,
    ("s3", "put_object"): _WRITE,
    ("s3", "generate_presigned_post"): (),
    ("sesv2", "send_email"): _WRITE,
    ("secretsmanager", "get_secret_value"): _READ,
    ("stripe", "list"): (*_READ, LOST),
    ("stripe", "create"): (*_WRITE, *PROVIDER),
    ("easypost", "retrieve"): (*_READ, LOST),
    ("easypost", "list"): (*_READ, LOST),
    ("easypost", "track"): (*_WRITE,),
    ("easypost", "create"): (*_WRITE,),
    ("easypost", "rerate"): (*_WRITE,),
    ("easypost", "buy"): (*_WRITE,),
    ("easypost", "refund"): (*_WRITE,),
}

# A worker that is slow is still within its time at the first slow call, and no longer at the second.
SLOW_MS = 20_000
# How late a request arrives whose caller waits no longer.
LATE_MS = 15_000

_THROTTLED = {
    "dynamodb": "ThrottlingException",
    "stepfunctions": "ThrottlingException",
    "sns": "Throttled",
    "s3": "SlowDown",
    "sesv2": "TooManyRequestsException",
    "secretsmanager": "InternalServiceError",
}


def refusal(service: str, operation: str) -> Exception:
    """The request had no effect."""
    if service == "stripe":
        return APIConnectionError("the connection was refused")  # type: ignore[no-untyped-call]
    if service == "easypost":
        return requests.ConnectionError("the connection was refused")
    return error(operation, _THROTTLED[service])


def loss(service: str) -> Exception:
    """The request had its effect, and nobody said so."""
    if service == "stripe":
        return APIConnectionError("the answer was lost")  # type: ignore[no-untyped-call]
    if service == "easypost":
        return requests.ReadTimeout("the answer was lost")
    return ReadTimeoutError(endpoint_url=f"https://{service}.amazonaws.com")


def conflict(items: int) -> Exception:
    """Another transaction was at one of the items."""
    return cancelled(["TransactionConflict"] + ["None"] * (items - 1))
