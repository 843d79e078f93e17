"""Leave the feedback of a JSON-lines file at the running desk: ``python -m tools.load_feedback FILE [--limit N]``

Each line says of which order (`order_id`, loaded before with `tools.load_orders`) and what: `score`, `title` and
`comment`. Every buyer speaks for themselves, over the API. What comes in a burst is held, as it should be, and released
by a reviewer who finds nothing wrong with it. Afterwards the rating of every seller is compared with what the file
itself adds up to. Loading a file again leaves nothing twice.

With `--changes N`, buyers then edit and withdraw at random, and a reviewer hides and restores; the ratings are compared
with what the feedback then adds up to, and those of the sellers concerned with a rebuild on the running desk.
"""

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import track

from aftersales.domain.moderation import Status
from aftersales.domain.polarity import polarity
from aftersales.usecases.rebuild_ratings import rebuild_ratings
from tools.desk import Person, Stack
from tools.operate.deployment import local

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


@dataclass(slots=True, kw_only=True)
class Left:
    """What was left, of which seller, and how it should stand."""

    feedback_id: str
    buyer_id: str
    seller_id: str
    score: int
    text: str
    status: Status = Status.PUBLISHED


@dataclass(slots=True)
class Expected:
    """What a seller's feedback adds up to, by status and stars."""

    stars: dict[Status, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    positive: int = 0

    def differs(self, rating: Mapping[str, Any]) -> str | None:
        """What of a rating is otherwise, if anything."""
        shown = self.stars[Status.PUBLISHED]
        count = shown.total()
        enough = count >= _AVERAGE_FROM
        should: dict[str, Any] = {
            "count": count,
            "stars": _by_star(shown) if enough else None,
            "positive": self.positive if enough else None,
            "held": _by_star(self.stars[Status.HELD]),
            "refused": _by_star(self.stars[Status.HIDDEN]),
        }
        found = {
            "count": rating["count"],
            "stars": rating["stars"],
            "positive": rating["positive"]["lifetime"]["positive"],
            "held": rating["moderation"]["held"],
            "refused": rating["moderation"]["refused"],
        }
        if enough:
            average = sum(score * n for score, n in shown.items()) / count
            if abs(rating["average"] - average) > 0.005:
                return f"average {rating['average']} instead of {average:.4f}"
        return None if found == should else f"{found} instead of {should}"


def _by_star(stars: Counter[int]) -> dict[str, int]:
    return {str(score): stars[score] for score in range(1, 6)}


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
    feedback = answer.json()
    if feedback["edited"] or (feedback["moderation"] and feedback["status"] != Status.PUBLISHED):
        raise Refused(f"{line.order_id}: it was changed since it was left")
    return Left(
        feedback_id=feedback["feedback_id"],
        buyer_id=buyer.party_id,
        seller_id=feedback["seller_id"],
        score=line.score,
        text=line.text,
    )


def expected_of(left: Iterable[Left]) -> Mapping[str, Expected]:
    """By seller, straight from what was said."""
    sellers: dict[str, Expected] = defaultdict(Expected)
    for one in left:
        sellers[one.seller_id].stars[one.status][one.score] += 1
        if one.status is Status.PUBLISHED:
            sellers[one.seller_id].positive += polarity(one.score, {}, one.text).value == "positive"
    return sellers


def change(desk: Stack, one: Left, chance: random.Random) -> None:
    """Its author or a reviewer does something to it that is possible, and it then stands as it should."""
    buyer, reviewer = desk.person("buyer", one.buyer_id), desk.person("reviewer")
    path = f"feedback/{one.feedback_id}"

    def edit() -> httpx.Response:
        one.score = chance.choice([score for score in range(1, 6) if score != one.score])
        one.status = Status.HELD if one.status is Status.HIDDEN else one.status
        return buyer.http.request("PATCH", path, json={"score": one.score})

    def withdraw() -> httpx.Response:
        one.status = Status.WITHDRAWN
        return buyer.http.request("DELETE", path)

    def hide() -> httpx.Response:
        one.status = Status.HIDDEN
        return _moderate(reviewer, path, "hide", "not_genuine")

    def restore() -> httpx.Response:
        one.status = Status.PUBLISHED
        return _moderate(reviewer, path, "restore", "genuine")

    possible: Mapping[Status, Sequence[Callable[[], httpx.Response]]] = {
        Status.PUBLISHED: (edit, edit, withdraw, hide),
        Status.HIDDEN: (edit, restore, withdraw),
        Status.HELD: (edit, restore, hide, withdraw),
    }
    if one.status in possible:
        stands = chance.choice(possible[one.status])().raise_for_status().json()
        assert (stands["score"], stands["status"]) == (one.score, one.status), stands


def _moderate(reviewer: Person, path: str, action: str, reason: str) -> httpx.Response:
    return reviewer.post(f"{path}/moderation", {"action": action, "reason_code": reason})


def drifts(desk: Stack, sellers: Iterable[str]) -> int:
    """How many shards of the ratings of these sellers are not what a rebuild makes of them."""
    deployed = local(desk).feedback_desk
    return sum(1 for seller_id in sellers for _ in rebuild_ratings(deployed, seller_id))


def release(desk: Stack) -> int:
    """A reviewer finds nothing wrong with what came in a burst; answers how many that were."""
    reviewer = desk.person("reviewer")
    held = [one for one in reviewer.each("feedback") if one["look"] == "burst"]
    for one in held:
        _moderate(reviewer, f"feedback/{one['feedback_id']}", "restore", "genuine").raise_for_status()
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
    parser.add_argument(
        "--changes", type=int, default=0, help="so many edits, withdrawals and moderations after it"
    )
    parser.add_argument("--seed", type=int, default=0, help="which ones")
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
    wrong = _compared(desk, left, "what the file adds up to", console)
    if options.changes:
        chance = random.Random(options.seed)
        chosen = chance.choices(left, k=options.changes)
        for feedback in track(chosen, "Changing", console=console):
            change(desk, feedback, chance)
        wrong += _compared(desk, left, "what it adds up to after the changes", console)
        concerned = sorted({feedback.seller_id for feedback in chosen})
        drifted = drifts(desk, track(concerned, "Rebuilding", console=console))
        console.print(f"{drifted} shards of {len(concerned)} sellers were not what a rebuild makes of them.")
        wrong += drifted
    return 1 if refused or wrong else 0


def _compared(desk: Stack, left: Sequence[Left], what: str, console: Console) -> int:
    sellers = expected_of(left)
    wrong = differences(desk, sellers)
    for seller_id, difference in sorted(wrong.items()):
        console.print(f"{seller_id}: {difference}", markup=False)
    console.print(f"{len(sellers) - len(wrong):,} of {len(sellers):,} ratings equal {what}.")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
