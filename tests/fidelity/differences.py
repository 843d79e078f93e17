"""Where a back end answers otherwise than AWS documents; `docs/fidelity.md` is written from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fidelity.cases import CASES
from tools.generate import markdown


@dataclass(frozen=True, slots=True)
class Difference:
    """The other answer, in words, and what the code does about it."""

    seen: Any
    instead: str
    so: str


_CURSOR = "a list may end with an empty page: its reader goes by the cursor, never by the number of items"
_RESERVED = (
    "the adapters name such attributes `#name`; MiniStack refuses what forgets it, where it meets a row"
)
_CLOSED = "`StepFunctionsWorkflow.ring` takes all three codes as: nobody waits any more"

# (case, back end) -> what it does instead of what AWS documents.
DIFFERENCES: Mapping[tuple[str, str], Difference] = {
    ("a transaction repeated with its token is one success", "fakes"): Difference(
        ["no such parameter"] * 2,
        "takes no token: the adapters give none, botocore adds one to each transaction",
        "`tests/simulation/faults.py` makes botocore's repetition the first success",
    ),
    ("a transaction repeated with its token is one success", "moto"): Difference(
        ["ok", ["ConditionalCheckFailed"]],
        "ignores the token: the repetition fails on what the first one wrote",
        "a caller who is told `Stale` reads again, and finds what it wrote",
    ),
    ("a reserved word needs another name", "fakes"): Difference("ok", "knows no reserved words", _RESERVED),
    ("a reserved word needs another name", "moto"): Difference(
        "ok", "lets it pass in a key condition", _RESERVED
    ),
    ("a full page does not know that it is the last", "fakes"): Difference(
        [["A", "B"], []], "knows that nothing follows and gives no key", _CURSOR
    ),
    ("a full page does not know that it is the last", "moto"): Difference(
        [["A", "B"], []], "knows that nothing follows and gives no key", _CURSOR
    ),
    ("a start is repeated while it runs", "MiniStack"): Difference(
        ["ok", "ExecutionAlreadyExists"],
        "refuses the repetition",
        "`StepFunctionsWorkflow.start` takes both answers as started",
    ),
    ("an unknown token rings nobody", "MiniStack"): Difference(
        "TaskDoesNotExist", "answers TaskDoesNotExist", _CLOSED
    ),
    ("a used token rings nobody", "moto"): Difference(
        ["ok", "SUCCEEDED", "InvalidToken"], "answers InvalidToken", _CLOSED
    ),
    ("a used token rings nobody", "MiniStack"): Difference(
        ["ok", "SUCCEEDED", "TaskDoesNotExist"], "answers TaskDoesNotExist", _CLOSED
    ),
}


def render() -> str:
    """`docs/fidelity.md`."""
    numbers = {one.name: n for n, one in enumerate(CASES, 1)}
    return markdown.document(
        "# Fidelity",
        "What stands for AWS in the tests is asked the same questions: the simulator's fakes, moto, and MiniStack "
        "under the running stack. `tests/fidelity/` makes the calls that the adapters make and compares each answer "
        "with AWS's documentation. A difference that is not listed here fails a test, and so does one that has gone.",
        "## Differences",
        markdown.table(
            ["case", "back end", "what it does instead", "what the code does"],
            [
                [f"{numbers[name]}. {name}", backend, one.instead, one.so]
                for (name, backend), one in sorted(
                    DIFFERENCES.items(), key=lambda entry: (numbers[entry[0][0]], entry[0][1])
                )
            ],
        ),
        "## What AWS documents",
        markdown.table(
            ["", "case", "what AWS does", "by"],
            [
                [
                    str(n),
                    one.name,
                    one.sentence,
                    f"[{one.url.rpartition('/')[2].split('.html')[0]}]({one.url})",
                ]
                for n, one in enumerate(CASES, 1)
            ],
        ),
    )
