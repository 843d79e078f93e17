"""Leave the feedback of a JSON-lines file at the running desk: ``python -m tools.load_feedback FILE [--limit N]``

Each line says of which order (`order_id`, loaded before with `tools.load_orders`) and what: `score`, `title` and
`comment`. Every buyer speaks for themselves, over the API. What comes in a burst is held, as it should be, and released
by a reviewer who finds nothing wrong with it. Afterwards the rating of every seller is compared with what the file
itself adds up to. Loading a file again leaves nothing twice.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import track

from aftersales.domain.polarity import polarity
from tools.desk import Stack

_PATIENCE_SECONDS = 300
_AVERAGE_FROM = 10


class FeedbackLine(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(extra="ignore")

    order_id: str
    score: int
    title: str = ""
    comment: str = ""

    @property
    def text(self) -> str:
        """All that the buyer wrote."""
        return "\n".join(part for part in (self.title, self.comment) if part)


@dataclass(frozen=True, slots=True)
class Left:
    """What was left, and of which seller."""

    seller_id: str
    line: FeedbackLine


@dataclass(slots=True)
class Expected:
    """What a seller's feedback in the file adds up to."""

    stars: Counter[int] = field(default_factory=Counter)
    positive: int = 0

    def differs(self, rating: Mapping[str, Any]) -> str | None:
        """What of a rating is otherwise, if anything."""
        count = self.stars.total()
        average = sum(score * n for score, n in self.stars.items()) / count
        enough = count >= _AVERAGE_FROM
        should: dict[str, Any] = {
            "count": count,
            "stars": {str(score): self.stars[score] for score in range(1, 6)} if enough else None,
            "positive": self.positive if enough else None,
        }
        found = {
            "count": rating["count"],
            "stars": rating["stars"],
            "positive": rating["positive"]["lifetime"]["positive"],
        }
        if enough and abs(rating["average"] - average) > 0.005:
            return f"average {rating['average']} instead of {average:.4f}"
        return None if found == should else f"{found} instead of {should}"


class Refused(Exception):
    """A line that the desk does not take; says why."""


def leave(desk: Stack, line: FeedbackLine) -> Left:
    """The buyer of the order says what the line says. Raises `Refused`."""
    order = desk.person("platform").get(f"orders/{line.order_id}")
    if order.status_code != httpx.codes.OK:
        raise Refused(f"{line.order_id}: the order is not there")
    said = {"order_id": line.order_id, "score": line.score, "comment": line.text}
    buyer = desk.person("buyer", order.json()["buyer_id"])
    answer = buyer.post("feedback", said, key=f"feedback of {line.order_id}")
    if answer.status_code != httpx.codes.CREATED:
        raise Refused(f"{line.order_id}: {answer.json().get('code', answer.status_code)}")
    return Left(order.json()["seller_id"], line)


def expected_of(left: Iterable[Left]) -> Mapping[str, Expected]:
    """By seller, straight from the file."""
    sellers: dict[str, Expected] = defaultdict(Expected)
    for one in left:
        sellers[one.seller_id].stars[one.line.score] += 1
        sellers[one.seller_id].positive += polarity(one.line.score, {}, one.line.text).value == "positive"
    return sellers


def release(desk: Stack) -> int:
    """A reviewer finds nothing wrong with what came in a burst; answers how many that were."""
    reviewer = desk.person("reviewer")
    held = [one for one in reviewer.each("feedback") if one["look"] == "burst"]
    for one in held:
        said = {"action": "restore", "reason_code": "genuine"}
        reviewer.post(f"feedback/{one['feedback_id']}/moderation", said).raise_for_status()
    return len(held)


def differences(desk: Stack, sellers: Mapping[str, Expected]) -> Mapping[str, str]:
    """What is otherwise, by seller, once the stream has been given the time that it takes."""
    reader = desk.person("reviewer")
    left, found = dict(sellers), dict[str, str]()
    until = time.monotonic() + _PATIENCE_SECONDS
    while left and time.monotonic() < until:
        found = {}
        for seller_id, expected in left.items():
            rating = reader.get(f"sellers/{seller_id}/rating").raise_for_status().json()
            if why := expected.differs(rating):
                found[seller_id] = why
        left = {seller_id: sellers[seller_id] for seller_id in found}
        time.sleep(1 if left else 0)
    return found


def main() -> int:
    """Load, compare, and say by the exit code whether all went well."""
    parser = argparse.ArgumentParser(prog="python -m tools.load_feedback", description=__doc__)
    parser.add_argument("file", type=Path, help="JSON lines, one feedback each")
    parser.add_argument("--limit", type=int, help="only so many lines")
    parser.add_argument("--workers", type=int, default=8, help="how many at once")
    options = parser.parse_args()
    desk, console = Stack(), Console()
    text = options.file.read_text("utf-8")
    lines = [FeedbackLine.model_validate_json(line) for line in islice(text.splitlines(), options.limit)]

    started, left, refused = time.monotonic(), list[Left](), list[str]()
    with ThreadPoolExecutor(options.workers) as pool:
        tasks = [pool.submit(leave, desk, line) for line in lines]
        for task in track(tasks, "Leaving", console=console):
            try:
                left.append(task.result())
            except Refused as why:
                refused.append(str(why))
    seconds = time.monotonic() - started
    for one in refused:
        console.print(one, markup=False)
    console.print(
        f"{len(left):,} left in {seconds:.1f} s ({len(left) / seconds:.0f}/s), {len(refused)} refused."
    )
    console.print(f"{release(desk)} were held in bursts and released.")
    sellers = expected_of(left)
    wrong = differences(desk, sellers)
    for seller_id, difference in sorted(wrong.items()):
        console.print(f"{seller_id}: {difference}", markup=False)
    console.print(
        f"{len(sellers) - len(wrong):,} of {len(sellers):,} ratings equal what the file adds up to."
    )
    return 1 if refused or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
