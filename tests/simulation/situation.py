"""A whole world in a few bytes: two worlds with the same digest go on alike.

Everything that stands in the world is gone through, whatever it is: tables, queues, executions, the provider's books,
timers, and the people and services that wait, with the very line at which each stands and its local variables. What is
left out is named below, with the reason. Only a world in which everybody waits for the time to pass is digested, and
only while no handler is in the midst of its work; so of the product's own code nothing is under way, and of the
simulator's every loop that waits keeps its place in a local variable.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import partial
from hashlib import blake2b
from threading import Lock, RLock
from types import BuiltinMethodType, CellType, FrameType, FunctionType, MethodType
from typing import Any

from aftersales.adapters.tables import CASE, DOORBELL, TIMELINE
from aftersales.entrypoints import bootstrap
from tests.simulation.books import Bookkeeper
from tests.simulation.choices import Choices
from tests.simulation.deliveries import Deliveries
from tests.simulation.fakes.carriers import Carriers
from tests.simulation.fakes.dynamodb import DynamoDB, Item, Table
from tests.simulation.fakes.provider import Provider
from tests.simulation.fakes.services import SES, SNS, Secrets
from tests.simulation.fakes.stepfunctions import Execution, StepFunctions
from tests.simulation.journeys import Journey, Market
from tests.simulation.scheduler import Scheduler, Task
from tests.simulation.world import World
from tools.carrier_sandbox.depot import Depot
from tools.payment_sandbox.idempotency import _Entry as SavedAnswer
from tools.payment_sandbox.ledger import Dispute, Payment, Refund

Digest = bytes

_SECRET_MS = bootstrap._SECRET_SECONDS * 1000
_OLD = 60 * 60 * 1000
_DAY = 24 * 60 * 60
# What every world of a script has alike, and the scheduler, which is gone through by itself.
_ALIKE = (Choices, Scheduler, Journey, SNS, Secrets, type(Lock()), type(RLock()))
_LEFT_OUT: dict[type, frozenset[str]] = {
    # What was told, and what only names the next choice, call, record, token or task.
    World: frozenset({"story", "choose", "choices", "between_steps", "ended", "last_fault_at", "scheduler"})
    | {"secret_asked_at"},
    DynamoDB: frozenset({"_sequence", "_previous"}),
    StepFunctions: frozenset({"_definition", "_made", "_tokens"}),
    Provider: frozenset({"_calls"}),
    Carriers: frozenset({"_calls"}),
    # Only names what is made next.
    Depot: frozenset({"_serials"}),
    SES: frozenset({"sent"}),
    # Read from the tables, and made again from them.
    Bookkeeper: frozenset({"_opened", "_read", "_orders"}),
    Market: frozenset({"_orders"}),
    # Gone through by themselves.
    Deliveries: frozenset({"notices", "dead", "_found", "_calm_since", "_swept"}),
}
# Local variables that are written again before they are read, wherever their function can wait; of a mail, all but
# the notice's id.
_DEAD = {
    "Scheduler.wait": {"turn", "until"},
    "Scheduler.sleep": {"milliseconds"},
    "World.until": {"row"},
    "Person.ask": {"answer"},
    "Person._once": {"said", "failure", "answered"},
    "Person.at_some_moment": {"row", "deadline"},
    "Deliveries._deliver": {"answer", "failure", "failed", "numbers"},
    "Deliveries._mail": {"answer", "failure", "done", "message", "event"},
    "Deliveries._send": {"answer", "failure", "done", "signed", "folder", "request", "payload"},
    "Deliveries._send_of_carrier": {"answer", "failure", "done", "signed", "folder", "request", "payload"},
    "Deliveries._tell_of": {"failure"},
    "StepFunctions.call": {"payload", "seconds"},
    "run": {"error", "result", "output", "catcher"},
    "_with_retries": {"retrier", "n", "seconds", "jitter"},
    "_task": {"told"},
}
# When a state was entered is only ever compared with when another one was; those to come are later.
_ENTERED = frozenset({"entered_at", "EnteredTime"})
_SETTLED = frozenset({"succeeded", "failed", "canceled"})


def may_be_told(world: World) -> bool:
    """Whether a digest says everything: no handler is in the midst of its work."""
    return not world.at_work


def digest_of(market: Market) -> Digest:
    """The situation of a market."""
    return _Walk(market).digest()


class _Walk:
    """One way through everything. What is met again is named by the number of its first meeting."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._world = world = market.world
        self._said: list[str] = []
        self._met: dict[int, str] = {}
        self._kept: list[Any] = []
        definition = world.stepfunctions._definition
        for name, state in (("", definition), *definition["States"].items()):
            self._met[id(state)] = f"state {name}"
        # A step that was invoked and has not begun, or a write that is still on its way, may park an older bell.
        self._pending = world.scheduler.pending
        begin = any(not _begun(task) for task in world.scheduler.ready)
        self._old_bells = begin or any(_name_of(do) == "_arrive" for _, do in self._pending)
        # A reconciler that is not called yet will not be for a day.
        calls = [when for when, do in self._pending if _name_of(do) == "_reconcile"]
        self._reconciled_at = world.now if begin else min(calls, default=world.now + _DAY * 1000)
        self._settled = frozenset() if self._old_bells else frozenset(self._settled_attempts())

    def digest(self) -> Digest:
        """Of everything, those who wait and what is to come included."""
        world, scheduler = self._world, self._world.scheduler
        deliveries, now = world.deliveries, world.now
        self._say(now, world.secret_asked_at // _SECRET_MS == now // _SECRET_MS)
        self._say(bootstrap.payments.cache_info().currsize)
        self._say(sorted({one["notice_id"] for one in deliveries.notices}))
        self._say(sorted(deliveries._found.items()) if deliveries._calm_since == world.last_fault_at else [])
        self._say(sorted(pair for pair in deliveries._swept.items() if pair[1] > now))
        # What an index that is behind would answer.
        if world.dynamodb._previous and world.dynamodb._previous[0].indexes:
            table, written, before = world.dynamodb._previous
            self._say(table.key_of(written), self._row(before or {}))
        self._into(self._market)
        for when, do in self._pending:
            self._say(when)
            self._into(do)
        for tasks in (scheduler.ready, scheduler.waiting):
            self._say(len(tasks))
            for task in tasks:
                self._into(task)
        return blake2b("\n".join(self._said).encode(), digest_size=16).digest()

    def _settled_attempts(self) -> Iterator[str]:
        for row in self._world.dynamodb.tables["CasesTable"].rows():
            for one in row.get("attempts", {"L": []})["L"]:
                if one["M"].get("state", {"S": ""})["S"] in _SETTLED:
                    yield one["M"]["refund_id"]["S"]

    def _say(self, *what: object) -> None:
        self._said += map(repr, what)

    def _into(self, thing: Any) -> None:
        """Say what it is, and go into whatever it refers to."""
        if isinstance(thing, str):
            self._said.append(self._name(thing))
            return
        if thing is None or isinstance(thing, int | float | bytes | Enum):
            self._said.append(repr(thing))
            return
        if id(thing) in self._met:
            self._said.append(self._met[id(thing)])
            return
        self._met[id(thing)] = f"#{len(self._kept)}"
        # What is made on the way must not leave its address to the next.
        self._kept.append(thing)
        self._said.append(type(thing).__qualname__)
        if isinstance(thing, type):
            self._said.append(thing.__qualname__)
        elif isinstance(thing, Table):
            self._say(
                *(
                    self._row(rows[sort])
                    for _, rows in sorted(thing.partitions.items())
                    for sort in sorted(rows)
                )
            )
        elif not isinstance(thing, _ALIKE):
            for part in self._parts(thing):
                self._into(part)

    def _parts(self, thing: Any) -> Iterable[Any]:
        match thing:
            case dict():
                return self._pairs(thing)
            case list() | tuple():
                return thing
            case set() | frozenset():
                return sorted(thing)
            case Task():
                work = self._frames(thing.greenlet.gr_frame) if _begun(thing) else [thing.greenlet.run]
                return (thing.asleep, thing.value, *work)
            case FunctionType():
                return (
                    thing.__module__,
                    thing.__qualname__,
                    *self._cells(thing.__closure__),
                    thing.__defaults__,
                )
            case MethodType() | BuiltinMethodType():
                return (thing.__self__, thing.__name__)
            case partial():
                return (thing.func, thing.args, thing.keywords)
            case _:
                return self._attributes(thing)

    def _pairs(self, thing: dict[Any, Any]) -> Iterator[Any]:
        for name, value in thing.items():
            yield name
            if not (name == "created" or (name in _ENTERED and not self._old_bells)):
                yield value

    def _attributes(self, thing: Any) -> Iterator[Any]:
        left_out = self._left_out(thing)
        names = [*getattr(thing, "__dict__", ())]
        for kind in type(thing).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            names += [slots] if isinstance(slots, str) else slots
        if not names:
            raise NotImplementedError(f"no situation knows what is in {thing!r}")
        for name in names:
            if name not in left_out and not name.startswith("__"):
                yield name
                yield getattr(thing, name, None)

    def _left_out(self, thing: Any) -> frozenset[str]:
        match thing:
            # Only executions that failed are ever asked when they ended.
            case Execution():
                return frozenset({"entered", "ended_at"} if thing.status == "SUCCEEDED" else {"entered"})
            # How old a key is matters only where it may be sent once more.
            case SavedAnswer() if thing.params.get("metadata", {}).get("refund_id") in self._settled:
                return frozenset({"since"})
            # The sandbox tells these times, and nobody of the desk reads them.
            case Payment() | Refund() | Dispute():
                return frozenset({"created"})
        return _LEFT_OUT.get(type(thing), frozenset())

    def _frames(self, frame: FrameType | None) -> Iterator[Any]:
        while frame is not None:
            code = frame.f_code
            yield f"{code.co_filename}:{code.co_qualname}:{frame.f_lasti}"
            dead = _DEAD.get(code.co_qualname, ())
            for name, value in frame.f_locals.items():
                if name not in dead:
                    yield name
                    yield value
            frame = frame.f_back

    @staticmethod
    def _cells(cells: tuple[CellType, ...] | None) -> Iterator[Any]:
        for cell in cells or ():
            try:
                yield cell.cell_contents
            except ValueError:
                yield "empty"

    def _name(self, text: str) -> str:
        """Tokens and requests are numbered; what counts is whether a token wakes anybody, and whom."""
        if text.startswith("token-"):
            waiter = self._world.stepfunctions._tokens.get(text)
            return f"rings {waiter.task.name}" if waiter and waiter.open else "closed"
        return "req" if text.startswith("req_") else text

    def _row(self, row: Item) -> Item:
        """A row without the times that nobody will compare with anything."""
        sort = row.get("sk", {"S": ""})["S"]
        if sort == CASE:
            return self._case(row)
        if sort.startswith(DOORBELL):
            # A park that comes later is of a later step or try, unless an old one is still on its way.
            bell = {} if not self._old_bells else {"entered_at": row["entered_at"]}
            return {"sk": sort, "token": self._name(row["token"]["S"])} | bell
        # Entries that were relayed are history. A receipt lives for a day at least, that of a notice or event for a
        # month, and is asked for by tries of minutes and days.
        if (sort.startswith(TIMELINE) and "unrelayed" not in row) or not sort:
            return {name: value for name, value in row.items() if name not in ("at", "expires_at")}
        return row

    def _case(self, row: Item) -> Item:
        """Cases are opened at the beginning, where no window ends. Only the reconciler asks whether a case moved
        within the hour."""
        left_out = {"opened_at"}
        if int(row["updated_at"]["N"]) + _OLD < self._reconciled_at:
            left_out.add("updated_at")
        told = {name: value for name, value in row.items() if name not in left_out}
        for name in ("decision", "dispute"):
            if "M" in row.get(name, {}):
                told[name] = {
                    key: one for key, one in row[name]["M"].items() if key not in ("at", "opened_at")
                }
        if "attempts" in row:
            told["attempts"] = [_attempt(one["M"]) for one in row["attempts"]["L"]]
        return told


def _attempt(row: Item) -> Item:
    """How old its key is matters only until it is settled."""
    settled = row.get("state", {"S": ""})["S"] in _SETTLED
    return {name: value for name, value in row.items() if not (settled and name == "submitted_at")}


def _name_of(do: Any) -> str:
    return getattr(do.func if isinstance(do, partial) else do, "__name__", "")


def _begun(task: Task) -> bool:
    return bool(task.greenlet) or task.greenlet.dead
