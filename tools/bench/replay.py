"""Warm CPU time of each handler, with every answer from outside recorded before.

    python -m tools.bench.replay tape.json

Runs in the interpreter of `runtime`, so it imports nothing but what a function has. Each invocation of the tape
is made many times over; AWS is answered below the client at its HTTP layer, Stripe at its SDK's HTTP client, so
building, signing and reading of every call is paid for. The yardstick, in the same run, is a bare handler that
parses the same body and stores it with one call of the same client.
"""

import base64
import importlib.util
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from tools.bench import provider

_ROUNDS, _CALLS = 9, 20


class Tape:
    """The recorded answers of one invocation, over and over."""

    def __init__(self) -> None:
        self._answers: Iterator[Any] = iter(())

    def insert(self, answers: list[Any]) -> None:
        """Play these from now on."""
        self._answers = cycle(answers)

    def answer(self, request: Any, **_: Any) -> Any:
        """What AWS said; given instead of sending the request."""
        from botocore.awsrequest import AWSResponse

        status, headers, body = next(self._answers)
        response: Any = AWSResponse(request.url, status, headers, None)
        response._content = base64.b64decode(body)
        return response


def main(tape_file: str) -> None:
    """Print the medians in milliseconds, for each label of the tape."""
    printed, sys.stdout = sys.stdout, io.StringIO()
    from aftersales.entrypoints import bootstrap

    tape = Tape()
    bootstrap._session().events.register_first("before-send.*.*", tape.answer)
    recorded = json.loads(Path(tape_file).read_text("utf-8"))
    stripe = provider.AnsweringClient()
    stripe.refunds = recorded["refunds"]
    with patch("stripe.RequestsClient", lambda **_: stripe):
        tape.insert([recorded["secret"]])
        bootstrap.payments()
        bootstrap._stripe_secret(bootstrap._secret_age())
        medians = {label: _measured(tape, one, stripe) for label, one in recorded["invocations"].items()}
    print(json.dumps(medians), file=printed)


def _measured(tape: Tape, one: dict[str, Any], stripe: provider.AnsweringClient) -> dict[str, float]:
    handler = _handler(one["function"])
    event = one["event"]
    if one["label"] == "stripe_event":
        body, signature = provider.signed_event(stripe.refunds[0])
        event = event | {"body": body, "headers": event["headers"] | {"Stripe-Signature": signature}}
    bare = _bare_handler()
    text = event.get("body") or json.dumps(event)
    taken: dict[str, list[float]] = {"handler": [], "bare": []}
    known = list(stripe.refunds)
    for _ in range(_ROUNDS):
        tape.insert(one["answers"])
        taken["handler"].append(_milliseconds(lambda: handler(event, None)))
        stripe.refunds = list(known)
        tape.insert([(200, {}, base64.b64encode(b"{}").decode())])
        taken["bare"].append(_milliseconds(lambda: bare(text)))
        sys.stdout.seek(0)
        sys.stdout.truncate()
    return {name: median(times) for name, times in taken.items()}


def _milliseconds(do: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(_CALLS):
        do()
    return (time.process_time() - start) * 1000 / _CALLS


def _bare_handler() -> Callable[[str], object]:
    from boto3.dynamodb.types import TypeSerializer

    from aftersales.entrypoints import bootstrap

    client, serialize = bootstrap.client("dynamodb"), TypeSerializer().serialize

    def handler(text: str) -> object:
        body = {name: serialize(value) for name, value in json.loads(text).items()}
        return client.put_item(TableName="CasesTable", Item={"pk": {"S": "CASE#bare"}, **body})

    return handler


def _handler(function: str) -> Callable[[Any, Any], Any]:
    spec = importlib.util.spec_from_file_location(f"bench_{function}", Path(function) / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], Any] = module.handler
    return handler


if __name__ == "__main__":
    main(sys.argv[1])
