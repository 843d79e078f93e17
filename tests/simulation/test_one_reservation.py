"""Units are held once, promised once and given back once, whichever calls to the stock's table fail and however workers
and buyers interleave.

The real adapter on the table of `fakes/dynamodb.py`; what a worker does are the steps that reserve what a case sends
and then confirm or release it.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations, product
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from greenlet import getcurrent, greenlet

from aftersales.adapters.dynamodb_stock import DynamoDBStock
from aftersales.domain.stock import OutOfStock, StockLine, StockReservation, StockState
from aftersales.usecases.keep_stock import sweep_stock
from aftersales.usecases.ports import OutcomeUnknown
from tests.builders import NOON, a_sku
from tests.simulation import functions
from tests.simulation.fakes.dynamodb import DynamoDB, Table, cancelled, error
from tests.simulation.scheduler import WorkerDied

HOUR = 60 * 60 * 1000
LINES = (StockLine(sku="bowl", quantity=2), StockLine(sku="lamp", quantity=1))

BEFORE: Mapping[str, Callable[[], BaseException]] = {
    "refused": lambda: ConnectTimeoutError(endpoint_url="dynamodb"),
    "throttled": lambda: error("PutItem", "ThrottlingException"),
    "meets another": lambda: cancelled(["TransactionConflict", "None"]),
    "dies before": WorkerDied,
}
AFTER: Mapping[str, Callable[[], BaseException]] = {
    "answer lost": lambda: ReadTimeoutError(endpoint_url="dynamodb"),
    "dies after": WorkerDied,
}
KINDS = (*BEFORE, *AFTER)
# The calls of both steps: four that reserve two lines, two that confirm; and those of the tries after them.
CALLS = 9


class Road:
    """The way to the table: the n-th call fails as planned; before each, others may go first."""

    def __init__(self, plan: Mapping[int, str], give_way: Callable[[], object] = lambda: None) -> None:
        shapes = functions.tables()
        tables = {name: Table(shape.keys, shape.indexes, False) for name, shape in shapes.items()}
        self.dynamodb = DynamoDB(tables, lambda _: None, lambda _name, _item: None)
        self.calls = 0
        self.now = NOON
        self._plan: Mapping[int, str] = {}
        self._give_way: Callable[[], object] = lambda: None
        shelf = self.stock()
        for name in ("bowl", "lamp"):
            shelf.put_sku(a_sku(name, on_hand=16))
        # Other cases hold units of them as well, and have promised some: what is moved twice would be theirs.
        theirs = [StockLine(sku=name, quantity=3) for name in ("bowl", "lamp")]
        shelf.reserve("held by another", theirs, NOON + 1_000 * HOUR)
        shelf.reserve("promised to another", theirs, NOON + HOUR)
        shelf.confirm("promised to another")
        self.calls, self._plan, self._give_way = 0, plan, give_way

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """The client's methods."""
        carry_out = getattr(self.dynamodb, operation)

        def call(**request: Any) -> Any:
            self._give_way()
            fault = self._plan.get(self.calls, "")
            self.calls += 1
            if fault in BEFORE:
                raise BEFORE[fault]()
            answer = carry_out(**request)
            if fault in AFTER:
                raise AFTER[fault]()
            return answer

        return call

    def stock(self) -> DynamoDBStock:
        """As a worker that has just started has it."""
        client: Any = self
        return DynamoDBStock(client, "StockTable", lambda: self.now, lambda _n: None)

    def numbers(self, sku: str = "bowl") -> tuple[int, int, int]:
        """Available, held, confirmed beside what is others': together what is on hand, none below zero."""
        self._plan, self._give_way = {}, lambda: None
        found = self.stock().sku(sku)
        assert found
        numbers = found.available, found.held - 3, found.confirmed - 3
        assert min(numbers) >= 0
        assert sum(numbers) == found.on_hand - 6 == 10
        return numbers


def keep_trying[T](road: Road, step: Callable[[DynamoDBStock], T]) -> T:
    """A step is run again until it ends."""
    for _ in range(10):
        try:
            return step(road.stock())
        except (OutcomeUnknown, WorkerDied):
            continue
    raise AssertionError("the step never ends")


PLANS = [
    *({call: kind} for call, kind in product(range(CALLS), KINDS)),
    *(
        dict(zip(calls, kinds, strict=True))
        for calls in combinations(range(CALLS), 2)
        for kinds in product(KINDS, repeat=2)
    ),
]


@pytest.mark.parametrize("end", [StockState.CONFIRMED, StockState.RELEASED, StockState.EXPIRED])
def test_every_placement_of_two_faults_leaves_one_reservation(
    end: StockState, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(PLANS) == 54 + 1_296
    monkeypatch.setattr("time.sleep", lambda _: None)
    for plan in PLANS:
        road = Road(plan)
        held = keep_trying(road, lambda stock: stock.reserve("r-1", LINES, NOON + HOUR))
        assert isinstance(held, StockReservation), plan
        assert held.state is StockState.HELD, plan
        match end:
            case StockState.CONFIRMED:
                state = keep_trying(road, lambda stock: stock.confirm("r-1")).state
            case StockState.RELEASED:
                state = keep_trying(road, lambda stock: stock.release("r-1")).state
            case _:
                road.now += HOUR
                keep_trying(road, _sweep)
                state = keep_trying(road, lambda stock: stock.confirm("r-1")).state
        assert state is end, plan
        promised = end is StockState.CONFIRMED
        assert road.numbers("bowl") == ((8, 0, 2) if promised else (10, 0, 0)), plan
        assert road.numbers("lamp") == ((9, 0, 1) if promised else (10, 0, 0)), plan
        assert list(road.stock().overdue(10)) == [], plan


def _sweep(stock: DynamoDBStock) -> int:
    """What could not be given back, or not even be looked for, is the next run's."""
    try:
        return sweep_stock(stock)
    except (ExceptionGroup, BotoCoreError, ClientError) as failure:
        raise OutcomeUnknown("not swept") from failure


@pytest.mark.parametrize("others", [StockState.HELD, StockState.CONFIRMED, StockState.RELEASED])
def test_every_interleaving_of_two_workers_leaves_one_reservation(
    others: StockState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker reserves and confirms; the other, which has the same case, does so too, or gives it up. Who makes the
    n-th of the first eight calls is one bit."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    ends = set()
    for turns in product((0, 1), repeat=8):
        hub = getcurrent()
        road = Road({}, hub.switch)
        acts = {StockState.HELD: "", StockState.CONFIRMED: "confirm", StockState.RELEASED: "release"}

        def work(act: str, road: Road = road) -> None:
            stock = road.stock()
            if act != "release":
                stock.reserve("r-1", LINES, NOON + HOUR)
            if act:
                getattr(stock, act)("r-1")

        workers = [greenlet(work, hub), greenlet(work, hub)]
        said: list[tuple[str, ...]] = [("confirm",), (acts[others],)]
        for turn in (*turns, *(0, 1) * 40):
            alive = [n for n, worker in enumerate(workers) if not worker.dead]
            if not alive:
                break
            chosen = alive[turn % len(alive)]
            workers[chosen].switch(*said[chosen])
            said[chosen] = ()
        ends.add(road.numbers("bowl"))
    assert ends == ({(10, 0, 0)} if others is StockState.RELEASED else {(8, 0, 2)})


def test_fifty_buyers_in_any_order_get_the_last_ten_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each buyer's calls in their order, all buyers' calls in any: 50 orders by chance, each repeated by its seed."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    for seed in range(50):
        chance = random.Random(seed)
        hub = getcurrent()
        road = Road({}, hub.switch)
        answers: list[StockReservation | OutOfStock] = []

        def buy(number: int, road: Road = road, answers: list[Any] = answers) -> None:
            line = [StockLine(sku="bowl", quantity=1)]
            answers.append(keep_trying(road, lambda stock: stock.reserve(f"r-{number}", line, NOON + HOUR)))

        buyers = [greenlet(buy, hub) for _ in range(50)]
        waiting = list(range(50))
        begun: set[int] = set()
        while waiting:
            number = chance.choice(waiting)
            buyers[number].switch(*(() if number in begun else (number,)))
            begun.add(number)
            if buyers[number].dead:
                waiting.remove(number)
        assert Counter(type(answer) for answer in answers) == {StockReservation: 10, OutOfStock: 40}, seed
        assert road.numbers() == (0, 10, 0), seed
