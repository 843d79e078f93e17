"""The seller decides in the instant in which the deadline passes: one of the two wins, and everybody can see which."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched

import httpx
import pytest

from tests.e2e.market import Market, Sale, body, now, refusal

pytestmark = pytest.mark.e2e

CASES = 100
ROUND = 10
RIVALS = 4
"""How many do something at once: each of them wants a worker of the same function, and a new one takes a second."""
UNIT = 40_000
"""Above what silence approves and below what sellers may not decide: the clock asks a reviewer."""


@dataclass(frozen=True)
class Opened:
    """A case that waits for its seller, and what the seller is about to say."""

    case_id: str
    decision: str


def test_of_decision_and_deadline_exactly_one_wins_every_time(market: Market) -> None:
    """Rounds of a few cases. In the first the seller is surely earlier, in the last the clock; in between sellers
    decide while the sweep runs, by turns started just before or just after it. A hundred interleavings of the same
    race run in process, in tests/integration/test_races.py; here every parked case holds a thread of the engine."""
    sale = market.sell(units=CASES, total=CASES * UNIT)
    opened = cases_left_to_the_seller(market, sale)
    rounds = list(batched(opened, ROUND, strict=True))

    answers = [answer for number, cases in enumerate(rounds) for answer in race(market, sale, cases, number)]

    done = dict(zip(opened, few_at_once(lambda one: acts(market, sale, one), opened), strict=True))
    by_seller = [one for one, answer in zip(opened, answers, strict=True) if answer.status_code == 200]
    by_clock = [one for one in opened if one not in by_seller]
    refused = [refusal(answer) for answer in answers if answer.status_code != 200]
    assert refused == [(409, "act_not_possible")] * len(by_clock)
    assert set(rounds[0]) <= set(by_seller)
    assert set(rounds[-1]) <= set(by_clock)
    for one in by_seller:
        assert done[one][0] == ("seller", f"case_{one.decision}d", f"{one.decision}d")
        assert ("system", "case_disputed", "disputed") not in done[one]
    for one in by_clock:
        assert done[one] == [("system", "case_disputed", "disputed")]

    declined = [one for one in by_seller if one.decision == "decline"]
    approved = [one for one in by_seller if one.decision == "approve"]
    for some in batched(declined, ROUND, strict=False):
        for one in some:
            market.stack.move_deadline(one.case_id, now())
        market.stack.sweep()
        assert ends(market, some) == {"closed_declined"}
    reviewer = market.stack.person("reviewer")
    for some in batched(by_clock, ROUND, strict=False):
        few_at_once(lambda one: body(market.decide(sale, one.case_id, "decline", by=reviewer)), some)
        assert ends(market, some) == {"closed_declined"}
    assert ends(market, approved) == {"completed"}
    order, refunds = market.order(sale), market.refunds(sale)
    assert {one["refund_id"] for one in refunds} == {f"{one.case_id}.p1.1" for one in approved}
    assert len(refunds) == len(approved)
    assert (order["reserved"], order["refunded"]) == (0, len(approved) * UNIT)
    assert order["lines"][0]["refundable_quantity"] == CASES - len(approved)


def cases_left_to_the_seller(market: Market, sale: Sale) -> list[Opened]:
    """Every fifth will be approved, the others declined."""

    def open_one(number: int) -> Opened:
        case_id = str(market.apply(sale, reason="other")["case_id"])
        market.until(sale, case_id, "under_review")
        return Opened(case_id, "decline" if number % 5 else "approve")

    return few_at_once(open_one, range(CASES))


def few_at_once[T, R](do: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """What comes of each, in their order."""
    with ThreadPoolExecutor(RIVALS) as pool:
        return list(pool.map(do, things))


def ends(market: Market, cases: Iterable[Opened]) -> set[str]:
    """How the executions of these cases ended."""
    return {market.finished(one.case_id)["output"]["status"] for one in cases}


def race(market: Market, sale: Sale, cases: Sequence[Opened], number: int) -> list[httpx.Response]:
    """What the seller is answered, case by case, in one of the ten rounds."""

    def decide(one: Opened) -> httpx.Response:
        return market.decide(sale, one.case_id, one.decision)

    if number == 0:
        answers = [decide(one) for one in cases]
        market.stack.sweep()
        return answers
    for one in cases:
        market.stack.move_deadline(one.case_id, now())
    if number == CASES // ROUND - 1:
        market.stack.sweep()
        return [decide(one) for one in cases]
    with ThreadPoolExecutor(RIVALS + 1) as rivals:
        if number % 2:
            sweep = rivals.submit(market.stack.sweep)
        decided = [rivals.submit(decide, one) for one in cases]
        if not number % 2:
            sweep = rivals.submit(market.stack.sweep)
        sweep.result()
        answers = [one.result() for one in decided]
    market.stack.sweep()
    return answers


def acts(market: Market, sale: Sale, one: Opened) -> list[tuple[str, str, str]]:
    """Who did what since the case was left to its seller, and what became of it."""
    done = [
        (entry["actor"]["role"], entry["event"], entry["to"]) for entry in market.timeline(sale, one.case_id)
    ]
    return done[done.index(("policy", "review_requested", "under_review")) + 1 :]
