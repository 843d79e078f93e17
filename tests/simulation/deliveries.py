"""What happens by itself: the stream, the topic's queue, webhooks, uploads' notices, schedules. At least once, each
with the retries that AWS and Stripe document.

By https://docs.aws.amazon.com/lambda/latest/dg/ (services-ddb-batchfailurereporting, invocation-async-error-handling,
services-sqs-errorhandling) and https://docs.stripe.com/webhooks#retries.
"""

import json
from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.events import matches
from tests.simulation import functions
from tests.simulation.fakes.carriers import WEBHOOK_SECRET as CARRIERS_SECRET
from tests.simulation.fakes.dynamodb import Item
from tests.simulation.fakes.provider import WEBHOOK_SECRET
from tests.simulation.requests import http_event
from tools.carrier_sandbox.events import signature as carrier_signature
from tools.payment_sandbox.events import signature

if TYPE_CHECKING:
    from tests.simulation.world import World

Json = dict[str, Any]

_ACKNOWLEDGED_WITHIN = 5 * 60_000
_EVERY = 60_000
_DAY = 24 * 60 * 60_000
_MOST_LANES = 3
# Stripe repeats with growing pauses for three days; minutes.
_WEBHOOK_PAUSES = (1, 5, 30, 120, 300, 600, 720, 720, 720)
_WEBHOOK_DELAYS = (0, 0, 3_000, 3_600_000)
# What the README has the endpoint subscribed to.
_SUBSCRIBED = ("refund.", "charge.refund.updated", "charge.dispute.", "payment_intent.")
_VISIBILITY = 180_000
_STREAM_PAUSE = 1_000
# Once nothing breaks any more, this many sweeps must be enough for whatever they find.
_SWEEPS_ENOUGH = 2

# The sweep that finds it, the case, and the deadline or the entry.
Due = tuple[str, str, str]


class Deliveries:
    """Everything that carries something to a function."""

    def __init__(self, world: "World", *, stream_is_down: bool) -> None:
        self._world = world
        self._stream_is_down = stream_is_down
        self._lanes: dict[int, list[Item]] = defaultdict(list)
        self._busy: set[int] = set()
        self._lane_of: dict[str, int] = {}
        self._swept: Counter[str] = Counter()
        self._found: Counter[Due] = Counter()
        self._calm_since = 0
        # Mail hangs on nothing and nothing hangs on mail: most random schedules do without.
        self._is_mailed = world.choose(6, "no mail") == 0
        self.dead: list[str] = []
        self.notices: list[Json] = []
        self.alarms: list[str] = []

    # ------------------------------------------------------------ the stream

    def record(self, record: Item) -> None:
        """A write's record enters its lane: keys share lanes, and within a key order holds."""
        if self._stream_is_down or not any(matches(one, record) for one in functions.stream_patterns()):
            return
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        if self._world.fault(f"stream record {_named(record)}", "dropped"):
            return
        if key not in self._lane_of:
            self._lane_of[key] = self._world.choose(_MOST_LANES, "lane")
        lane = self._lane_of[key]
        self._lanes[lane].append(record)
        if lane not in self._busy:
            self._busy.add(lane)
            self._world.scheduler.spawn(f"stream lane {lane}", lambda: self._work(lane))

    def _work(self, lane: int) -> None:
        folder, trigger = functions.relay()
        while records := self._lanes[lane][: trigger["BatchSize"]]:
            self._lanes[lane] = self._lanes[lane][len(records) :]
            self._deliver(folder, records, trigger["MaximumRetryAttempts"])
        self._busy.discard(lane)

    def _deliver(self, folder: str, records: list[Item], retries: int) -> None:
        """A batch, repeated from its first failure on; one that fails as a whole is halved first, which costs none
        of its tries."""
        tries = 0
        while records:
            answer, failure = self.invoke(folder, {"Records": records}, _named(records[0]))
            if failure and len(records) > 1:
                middle = len(records) // 2
                self._deliver(folder, records[:middle], retries)
                records = records[middle:]
                continue
            failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]] if not failure else None
            if failed == []:
                if not self._world.fault(f"batch of {_named(records[0])}", "delivered twice"):
                    return
            elif failed:
                numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
                records = records[min(numbers.index(number) for number in failed) :]
            tries += failed != []
            if tries > retries:
                self.dead.append(f"stream record {_named(records[0])}")
                records, tries = records[1:], 0
            self._world.scheduler.sleep(_STREAM_PAUSE)

    # ------------------------------------------------------------ topic and queue

    def published(self, topic: str, message: str) -> None:
        """A notice is with its subscribers, the buyers' mail is one of them; an alarm is with the operators."""
        self._world.hear_log(message)
        if topic.endswith(":alarms"):
            self.alarms += message.splitlines()
            return
        self.notices.append(json.loads(message))
        if not self._is_mailed:
            return
        about = self.notices[-1]["notice_id"]
        self._world.scheduler.spawn(f"mail queue {len(self.notices)}", lambda: self._mail(about, message))

    def _mail(self, about: str, message: str) -> None:
        folder, _ = functions.trigger("SQS")
        event = {"Records": [{"messageId": f"message {about}", "body": message}]}
        for _ in range(functions.max_receives()):
            answer, failure = self.invoke(folder, event, about)
            done = not failure and not answer["batchItemFailures"]
            if done and not self._world.fault(f"mail of {about}", "delivered twice"):
                return
            self._world.scheduler.sleep(_VISIBILITY)
        self.dead.append(f"mail of {about}")

    # ------------------------------------------------------------ webhooks

    def webhooks(self, events: list[Json]) -> None:
        """Each event comes by itself: late, in any order, perhaps twice."""
        for event in events:
            if not event["type"].startswith(_SUBSCRIBED):
                continue
            about = f"{event['type']} of {event['data']['object']['id']}"
            self._world.scheduler.spawn(f"webhook {about}", partial(self._send, event, about))

    def _send(self, event: Json, about: str) -> None:
        world = self._world
        world.scheduler.sleep(_WEBHOOK_DELAYS[world.choose(len(_WEBHOOK_DELAYS), "webhook's delay")])
        if world.fault(f"webhook {about}", "never comes"):
            world.scheduler.at(world.now + _DAY, self._reconcile)
            return
        payload = json.dumps(event, indent=2)
        for n in range(len(_WEBHOOK_PAUSES)):
            signed = signature(payload.encode(), WEBHOOK_SECRET, world.now // 1000)
            folder, request = http_event("POST", "/webhooks/stripe", payload, {"Stripe-Signature": signed})
            answer, failure = self.invoke(folder, request, about)
            done = not failure and answer["statusCode"] < 300
            if done and not world.fault(f"webhook {about}", "delivered twice"):
                return
            world.scheduler.sleep(_WEBHOOK_PAUSES[n] * 60_000)

    def carrier_events(self, events: list[Json]) -> None:
        """As EasyPost sends them: late, in any order, perhaps twice; a lost one is made up for by asking."""
        for event in events:
            about = f"{event['result']['status']} of {event['result']['tracking_code']}"
            self._world.scheduler.spawn(f"webhook {about}", partial(self._send_of_carrier, event, about))

    def _send_of_carrier(self, event: Json, about: str) -> None:
        world = self._world
        world.scheduler.sleep(_WEBHOOK_DELAYS[world.choose(len(_WEBHOOK_DELAYS), "webhook's delay")])
        if world.fault(f"webhook {about}", "never comes"):
            return
        payload = json.dumps(event, indent=2)
        signed = {"X-Hmac-Signature": carrier_signature(payload.encode(), CARRIERS_SECRET)}
        for n in range(len(_WEBHOOK_PAUSES)):
            folder, request = http_event("POST", "/webhooks/easypost", payload, signed)
            answer, failure = self.invoke(folder, request, about)
            done = not failure and answer["statusCode"] < 300
            if done and not world.fault(f"webhook {about}", "delivered twice"):
                return
            world.scheduler.sleep(_WEBHOOK_PAUSES[n] * 60_000)

    def _reconcile(self) -> None:
        """The reconciler comes by every hour and every day; it is asked only where there is something to find, and
        again the next day where it could not finish, or leaves an order to the next run."""

        def again(answer: Any, failure: str | None) -> None:
            if failure or answer["busy"]:
                self._world.scheduler.at(self._world.now + _DAY, self._reconcile)

        self._world.invoke("reconcile_books", {"hours": 200}, again)

    # ------------------------------------------------------------ uploads

    def uploaded(self, key: str) -> None:
        """S3 tells of an object: an asynchronous invocation."""
        self._world.scheduler.spawn(f"upload {key}", lambda: self._tell_of(key))

    def _tell_of(self, key: str) -> None:
        folder = functions.told_of(key)
        event = {"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": key}}}]}
        for n in range(1 + functions.async_retries(folder)):
            _, failure = self.invoke(folder, event, key)
            if not failure and not self._world.fault(f"upload {key}", "told twice"):
                return
            self._world.scheduler.sleep((n + 1) * 60_000)
        self.dead.append(f"upload {key}")

    # ------------------------------------------------------------ schedules

    def next_sweep(self) -> int | None:
        """The next full minute at which a sweep finds anything; all others would find nothing."""
        ticks = (max(-(-when // _EVERY) * _EVERY, self._swept[key[0]]) for key, when in self._due().items())
        return min(ticks, default=None)

    def sweep(self) -> None:
        """The schedules come by; each function once a minute."""
        now = self._world.now
        due = [key for key, when in self._due().items() if when <= now and self._swept[key[0]] <= now]
        if self._calm_since != self._world.last_fault_at:
            self._calm_since = self._world.last_fault_at
            self._found.clear()
        for key in due:
            self._found[key] += 1
            if self._found[key] > _SWEEPS_ENOUGH:
                sentence = f"{key[0]} found it {self._found[key]} times since the last fault"
                self._world.violate("I5", key[1], sentence)
        for folder in sorted({key[0] for key in due}):
            self._swept[folder] = now // _EVERY * _EVERY + _EVERY
            self._world.invoke(folder, {}, lambda _answer, _failure: None)

    def _due(self) -> dict[Due, int]:
        """What the sweeps would find, and from when on."""
        found: dict[Due, int] = {}
        for row in self._world.dynamodb.tables["CasesTable"].rows():
            if "errand" in row:
                found["run_errands", row["pk"]["S"], row["errand_at"]["N"]] = int(row["errand_at"]["N"])
            if "clock" in row:
                found["sweep_deadlines", row["pk"]["S"], row["wakes_at"]["N"]] = int(row["wakes_at"]["N"])
            elif "unrelayed" in row:
                due = int(row["at"]["N"]) + _ACKNOWLEDGED_WITHIN
                found["sweep_timeline", row["pk"]["S"], row["sk"]["S"]] = due
        return found

    # ------------------------------------------------------------ inside

    def invoke(self, folder: str, event: Json, about: str) -> tuple[Any, str | None]:
        """Call a function from a task and wait for it."""
        task = self._world.scheduler.current
        assert task
        said: list[tuple[Any, str | None]] = []

        def told(answer: Any, failure: str | None) -> None:
            said.append((answer, failure))
            self._world.scheduler.wake(task)

        self._world.invoke(folder, event, told, about=about)
        while not said:
            self._world.scheduler.wait()
        return said[0]


def _named(record: Item) -> str:
    keys = record["dynamodb"]["Keys"]
    return f"{keys['pk']['S'].removeprefix('CASE#')}:{int(keys['sk']['S'].removeprefix('TIMELINE#'))}"
