"""One desk in one world: the services, the calls that reach them, the functions that make them, and what breaks.

A world is made for one schedule and thrown away. Handlers, caches and clients live as long as the process; the clients
look up the world that is there now.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from aftersales.domain.invariants import Violation
from tests.builders import NOON
from tests.simulation import faults, functions
from tests.simulation.choices import FAULT, Choices
from tests.simulation.deliveries import Deliveries
from tests.simulation.fakes import carriers
from tests.simulation.fakes.carriers import Carriers
from tests.simulation.fakes.dynamodb import DynamoDB, Item, Table
from tests.simulation.fakes.provider import API_KEY, WEBHOOK_SECRET, Provider
from tests.simulation.fakes.services import S3, SES, SNS, Secrets
from tests.simulation.fakes.stepfunctions import StepFunctions, Told
from tests.simulation.scheduler import Restless, Scheduler, Task, WorkerDied

# Stands in every field that a person can fill, so that it is found wherever it does not belong.
CANARY = "12 Hidden Lane"

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# After this long everything that people and providers do is over.
HORIZON = 60 * DAY
_MOST_STEPS = 30_000
# Failures, as functions log them, that a mistake in the code makes and no service; the fakes refuse by the last two.
_MISTAKE = re.compile(
    r'"error":"((?:Type|Attribute|Name|UnboundLocal|Key|Index|Assertion|NotImplemented)Error)"'
)
# What a call takes; so nothing happens in the same millisecond as its cause.
_CALL_MS = 4

# The names that functions are given for their tables and the like are those of the template.
ENVIRONMENT = {
    "ORDERS_TABLE": "OrdersTable",
    "CASES_TABLE": "CasesTable",
    "FEEDBACK_TABLE": "FeedbackTable",
    "STOCK_TABLE": "StockTable",
    "IDEMPOTENCY_TABLE": "IdempotencyTable",
    "EVIDENCE_BUCKET": "evidence",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
    "ALARMS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alarms",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:after-sales",
    "STRIPE_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe",
    "STRIPE_API_BASE": "",
    "STRIPE_LIVEMODE": "false",
    "EASYPOST_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:easypost",
    "EASYPOST_API_BASE": "",
    "EASYPOST_LIVEMODE": "false",
    "MAIL_SENDER": "aftersales@example.com",
}


class World:
    """Everything that one schedule touches. `broken` collects violations as they happen."""

    def __init__(self, choices: Choices, *, stream_is_down: bool = False, tick: int = 1) -> None:
        self.choices = choices
        self.choose = choices.choose
        self.scheduler = Scheduler(choices, NOON, tick)
        self.story: list[tuple[int, str, str]] = []
        self.broken: list[Violation] = []
        self.on_case: list[Callable[[Item], None]] = []
        self.on_refund: list[Callable[[], None]] = []
        self.last_fault_at = 0
        # By how much a worker's clock is ahead of the others'.
        self.ahead: dict[Task, int] = {}
        # How many handlers are in the midst of their work, and how many have ended; how many ids were made up; when
        # the secret was asked for that the worker remembers.
        self.at_work = 0
        self.ended = 0
        self.made_up = 0
        self.secret_asked_at = 0
        self.between_steps: Callable[[], object] = lambda: None
        self._watchers: dict[str, list[Task]] = defaultdict(list)
        tables = {
            name: Table(shape.keys, shape.indexes, shape.streams)
            for name, shape in functions.tables().items()
        }
        self.deliveries = Deliveries(self, stream_is_down=stream_is_down)
        self.dynamodb = DynamoDB(tables, self.deliveries.record, self._committed)
        self.stepfunctions = StepFunctions(functions.definition(), self.scheduler, self)
        self.s3 = S3(lambda: self.now)
        self.ses = SES()
        self.provider = Provider(self.scheduler, self.deliveries.webhooks)
        self.carriers = Carriers(self.scheduler, self.deliveries.carrier_events)
        self._services: dict[str, Any] = {
            "dynamodb": self.dynamodb,
            "stepfunctions": self.stepfunctions,
            "sns": SNS(self.deliveries.published),
            "s3": self.s3,
            "sesv2": self.ses,
            "secretsmanager": Secrets(
                {
                    ENVIRONMENT["STRIPE_SECRET_ARN"]: _secret(API_KEY, WEBHOOK_SECRET),
                    ENVIRONMENT["EASYPOST_SECRET_ARN"]: _secret(carriers.API_KEY, carriers.WEBHOOK_SECRET),
                }
            ),
        }

    # ------------------------------------------------------------ time

    @property
    def now(self) -> int:
        """Epoch milliseconds."""
        return self.scheduler.now

    def clock(self) -> int:
        """What the worker that runs takes the time to be."""
        current = self.scheduler.current
        return self.now + (self.ahead.get(current, 0) if current else 0)

    def run(self) -> None:
        """Until everything rests, the horizon is there, or something is wrong: what follows would only hide it."""
        try:
            self.scheduler.run(self._pass_time, _MOST_STEPS, self.between_steps)
        except Restless as restless:
            self.violate("I5", "everything", str(restless))
        self.scheduler.abandon()

    def _pass_time(self) -> bool:
        timer, sweep = self.scheduler.next_timer, self.deliveries.next_sweep()
        times = [when for when in (timer, sweep) if when is not None]
        if self.broken or not times or (when := min(times)) > NOON + HORIZON:
            return False
        self.scheduler.advance(when)
        if sweep is not None and sweep <= self.now:
            self.deliveries.sweep()
        return True

    # ------------------------------------------------------------ calls

    def call(self, service: str, operation: str, request: dict[str, Any]) -> Any:
        """A call of a handler: others may go first, it may fail, it has its effect."""
        task = self.scheduler.current
        if task is None:
            return self._carry_out(service, operation, request)
        asked_at = self.now
        self.scheduler.give_way()
        self.scheduler.now += _CALL_MS
        kinds = faults.KINDS[service, operation]
        if operation == "query" and "IndexName" in request:
            kinds = (*kinds, faults.BEHIND)
        kind = self.fault(f"{service}.{operation} by {task.name}", *kinds)
        try:
            if not kind:
                answer = self._carry_out(service, operation, request)
            else:
                answer = self._fail(service, operation, request, kind)
        except Exception as error:
            task.seen = hash((task.seen, repr(error)))
            raise
        if service == "secretsmanager":
            self.secret_asked_at = asked_at
        if task in self.scheduler.racers:
            task.seen = hash((task.seen, repr(answer)))
        return answer

    def _fail(self, service: str, operation: str, request: dict[str, Any], kind: str) -> Any:
        match kind:
            case faults.REFUSED:
                raise faults.refusal(service, operation)
            case faults.CONFLICT:
                raise faults.conflict(len(request["TransactItems"]))
            case faults.DIES_BEFORE:
                raise WorkerDied
            case faults.SLOW:
                self.scheduler.sleep(faults.SLOW_MS)
                return self._carry_out(service, operation, request)
            case faults.LATE:
                late = partial(self._arrive, service, operation, request)
                self.scheduler.at(self.now + faults.LATE_MS, late)
                raise faults.loss(service)
            case faults.BEHIND:
                return self._carry_out(service, operation, request | {"behind": True})
            case _ if kind in faults.PROVIDER:
                accident = faults.PROVIDER[kind].model_copy()
                return self._carry_out(service, operation, request | {"accident": accident})
        self._carry_out(service, operation, request)
        match kind:
            case faults.REPEATED:
                return self._carry_out(service, operation, request)
            case faults.DIES_AFTER:
                raise WorkerDied
            case faults.HANGS:
                self.scheduler.wait()
        raise faults.loss(service)

    def _arrive(self, service: str, operation: str, request: dict[str, Any]) -> None:
        """Nobody hears the answer any more, whatever it is."""
        with suppress(ClientError):
            self._carry_out(service, operation, request)
        self.say(service, f"a late {operation} arrives")

    def _carry_out(self, service: str, operation: str, request: dict[str, Any]) -> Any:
        if service == "stripe":
            return self._ask_provider(operation, **request)
        if service == "easypost":
            return self.carriers.answer(**request)
        return getattr(self._services[service], operation)(**request)

    def _ask_provider(self, operation: str, **request: Any) -> Any:
        answer = self.provider.answer(**request)
        if operation == "create":
            self.say("provider", f"answers {answer[1]}")
            for told in self.on_refund:
                told()
        return answer

    def fault(self, where: str, *kinds: str) -> str:
        """Whether something breaks here: one of the kinds, or nothing."""
        pick = self.choose(len(kinds) + 1, FAULT + where)
        if not pick:
            return ""
        self.last_fault_at = self.now
        self.say("FAULT", f"{kinds[pick - 1]}: {where}")
        return kinds[pick - 1]

    # ------------------------------------------------------------ functions

    def invoke(self, folder: str, event: dict[str, Any], told: Told, *, about: str = "") -> Task:
        """Call a function; `told` hears its answer, or the name of what ended it."""
        ended = False

        def work() -> None:
            nonlocal ended
            self.at_work += 1
            answer, failure = None, None
            try:
                answer = functions.handler(folder)(event, _CONTEXT)
            except WorkerDied:
                failure = "Runtime.ExitError"
            except Exception as error:  # noqa: BLE001 - as Lambda does, whatever it is
                failure = type(error).__name__
            ended = True
            self.at_work -= 1
            self.ended += 1
            self.scheduler.round_up()
            if failure:
                self.say(task.name, f"fails with {failure}")
            told(json.loads(json.dumps(answer)), failure)

        def time_is_up() -> None:
            self.say(task.name, "is ended by its timeout")
            self.scheduler.kill(task)

        about = about or str(event.get("case_id", ""))
        task = self.scheduler.spawn(f"{folder} {about}".strip(), work)
        self.scheduler.at(self.now + functions.seconds(folder) * 1000, time_is_up, unless=lambda: ended)
        return task

    # ------------------------------------------------------------ what is seen

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Reading and preparing that is no part of the schedule: nobody else goes first, nothing breaks."""
        current, self.scheduler.current = self.scheduler.current, None
        try:
            yield
        finally:
            self.scheduler.current = current

    def say(self, who: str, what: str) -> None:
        """One line of the story."""
        self.story.append((self.now, who, what))

    def violate(self, invariant: str, what: str, sentence: str) -> None:
        """Something is wrong, and was seen while it happened."""
        self.broken.append(Violation(invariant, (what,), sentence))

    def hear_log(self, text: str) -> None:
        """Whatever functions print: nothing of a person may be in it (I11), and no failure that nothing explains but
        the code itself (I0)."""
        if CANARY in text:
            self.violate("I11", "log", f"a person's words stand in it: {text[:300]}")
        if mistake := _MISTAKE.search(text):
            self.violate("I0", mistake[1], f"no fault of the world explains it: {text[:1_000]}")

    def upload(self, key: str, content: bytes) -> None:
        """A browser posts a file with its form."""
        self.s3.post(key, content)
        self.deliveries.uploaded(key)

    def until(self, case_id: str, wanted: Callable[[Item], bool], *, patience: int) -> bool:
        """A person waits for something to become of a case; False if their patience ends first."""
        end = self.scheduler.tick(self.now + patience)
        while self.now < end:
            row = self.case_row(case_id)
            if row and wanted(row):
                return True
            task = self.scheduler.current
            assert task
            self._watchers[case_id].append(task)
            if not self.scheduler.wait(end):
                self._watchers[case_id].remove(task)
        return False

    def case_row(self, case_id: str) -> Item | None:
        """The case as it is stored."""
        table = self.dynamodb.tables["CasesTable"]
        return table.get({"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}})

    def _committed(self, table: str, item: Item) -> None:
        if table == "CasesTable" and item["sk"]["S"] == "CASE":
            case_id = item["pk"]["S"].removeprefix("CASE#")
            self.say(case_id, f"is {item['status']['S']} (version {item['version']['N']})")
            for task in self._watchers.pop(case_id, ()):
                self.scheduler.wake(task)
            for told in self.on_case:
                told(item)


def _secret(api_key: str, webhook_secret: str) -> dict[str, Any]:
    return {"api_key": api_key, "webhook_secrets": [webhook_secret]}


class _Context:
    """What Lambda tells a handler about itself; none of ours asks."""


_CONTEXT = _Context()
