"""People as scripts: they ask the real API, and ask again with the same key when an answer is lost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Code
from tests.builders import BUYER, OPERATOR, OTHER_REVIEWER, REVIEWER, SELLER
from tests.simulation.fakes.dynamodb import Item
from tests.simulation.faults import SLOW_MS
from tests.simulation.requests import http_event
from tests.simulation.world import CANARY, DAY, HOUR, MINUTE, World

_TRIES = 9
# When somebody acts whose turn it is: an hour later, at once, while a slow worker still works, or in the minute of
# their deadline.
_MOMENTS = 4
_SOON = SLOW_MS // 2
# After so many refunds sent on, an operator pays by another means what the provider refuses for good.
_PATIENT_ACTS = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def is_unknown(self) -> bool:
        """Whether a client has to ask again: no answer, an error of the server, or too many at once."""
        return (
            self.status == 0 or self.status >= 500 or (self.status == 409 and self.body["code"] == Code.BUSY)
        )


REGULAR = Party(Role.BUYER, "regular")


class Person:
    """Somebody with a token."""

    def __init__(self, world: World, party: Party) -> None:
        self.party = party
        self.world = world

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "", if_match: str = "") -> Answer:
        """A request, again and again under its key until it is answered."""
        headers = ({"Idempotency-Key": key} if key else {}) | ({"If-Match": if_match} if if_match else {})
        for n in range(_TRIES):
            answer = self._once(method, path, body, headers)
            if not answer.is_unknown:
                self.world.say(
                    self.party.id, f"{method} {path} -> {answer.status} {answer.body.get('code', '')}"
                )
                return answer
            self.world.scheduler.sleep(1000 * 2**n)
        return answer

    def _once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        folder, event = http_event(method, path, body, headers, self.party)
        about = f"for {self.party.id}"
        said, failure = self.world.deliveries.invoke(folder, event, about)
        if failure or self.world.fault(f"answer of {folder} {about}", "answer lost"):
            return Answer(0, {}, {})
        if CANARY in said["body"] and self.party.role is Role.OPERATOR:
            self.world.violate("I10", path, "an operator reads a person's words")
        answered = {name: values[0] for name, values in said.get("multiValueHeaders", {}).items()}
        return Answer(said["statusCode"], json.loads(said["body"] or "{}"), answered)

    def at_some_moment(self, case_id: str) -> None:
        """Wait for a while, while the case waits."""
        row = self.world.case_row(case_id)
        deadline = int(row["deadline_at"]["N"]) if row and "N" in row.get("deadline_at", {}) else None
        match self.world.choose(_MOMENTS, f"moment of {self.party.role}"):
            case 0:
                self.world.scheduler.sleep(HOUR)
            case 1:
                return
            case 2:
                self.world.scheduler.sleep(_SOON)
            case _ if deadline:
                self.world.scheduler.wait(max(self.world.now, -(-deadline // MINUTE) * MINUTE))


def buyer(world: World) -> Person:
    """Who bought everything."""
    return Person(world, BUYER)


def regular(world: World) -> Person:
    """Who has bought so often, and complained so rarely, that money goes ahead."""
    return Person(world, REGULAR)


def seller(world: World) -> Person:
    """Who sold it."""
    return Person(world, SELLER)


def decide(
    person: Person, case_id: str, decision: str, *, amount: int | None = None, look: bool = False
) -> Answer:
    """Approve or decline; `look` reads the case first and insists on that version."""
    tag = ""
    if look:
        tag = person.ask("GET", f"/cases/{case_id}").headers.get("ETag", "")
    body = {"decision": decision, "reason_code": "seen_on_photo", "note": f"Sent back to {CANARY}."}
    return person.ask(
        "POST",
        f"/cases/{case_id}/decision",
        body | ({"amount": amount} if amount else {}),
        key=f"{person.party.id}-decides-{case_id}",
        if_match=tag,
    )


# What a reviewer may decide. A part that was granted already is no answer to an appeal, and is refused.
_VERDICTS: tuple[tuple[str, int | None], ...] = (("approve", None), ("decline", None), ("approve", 900))


class Platform:
    """The people of the platform: whatever waits for them is done within a day."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._acts = 0
        world.on_case.append(self._notice)

    def _notice(self, row: Item) -> None:
        case_id, status = row["case_id"]["S"], row["status"]["S"]
        if status == "disputed":
            self._later(DAY, "reviewer", lambda: self._review(case_id))
        if status == "refund_action_required" or "S" in row.get("trouble", {}):
            self._later(4 * HOUR, "operator", lambda: self._resume(case_id))

    def _later(self, wait: int, who: str, do: Any) -> None:
        scheduler = self._world.scheduler
        scheduler.at(self._world.now + wait, lambda: scheduler.spawn(who, do))

    def _review(self, case_id: str) -> None:
        row = self._world.case_row(case_id)
        if row and row["status"]["S"] == "disputed":
            verdict, amount = _VERDICTS[self._world.choose(len(_VERDICTS), "reviewer")]
            before = {one["S"] for one in row.get("reviewed_by", {}).get("L", [])}
            by = OTHER_REVIEWER if REVIEWER.id in before else REVIEWER
            decide(Person(self._world, by), case_id, verdict, amount=amount)

    def _resume(self, case_id: str) -> None:
        row = self._world.case_row(case_id)
        if row and (row["status"]["S"] == "refund_action_required" or "S" in row.get("trouble", {})):
            self._acts += 1
            person = Person(self._world, OPERATOR)
            path, key = f"/cases/{case_id}/resumption", f"resume-{case_id}-{self._acts}"
            if self._acts > _PATIENT_ACTS:
                answer = person.ask(
                    "POST", f"/cases/{case_id}/payment", {"note": f"To {CANARY}."}, key=f"{key}-paid"
                )
                if answer.ok:
                    return
            if person.ask("POST", path, {}, key=key).body.get("code") == "order_frozen":
                self._later(DAY, "operator", lambda: self._resume(case_id))


class Stranger:
    """Somebody from another market stall who tries everything (I10)."""

    def __init__(self, world: World, case_id: str) -> None:
        self._world = world
        self._case_id = case_id

    def pry(self) -> None:
        """Every door must be shut."""
        case = f"/cases/{self._case_id}"
        decision = {"decision": "approve", "reason_code": "x", "note": "x"}
        doors: tuple[tuple[Party, str, str, Any], ...] = (
            (Party(Role.BUYER, "somebody-else"), "GET", case, None),
            (Party(Role.BUYER, "somebody-else"), "POST", f"{case}/withdrawal", {}),
            (Party(Role.SELLER, "another-stall"), "POST", f"{case}/decision", decision),
            (BUYER, "POST", f"{case}/decision", decision),
            (SELLER, "POST", f"{case}/withdrawal", {}),
            (OPERATOR, "GET", case, None),
            (SELLER, "POST", f"{case}/resumption", {}),
        )
        for n, (party, method, path, body) in enumerate(doors):
            answer = Person(self._world, party).ask(method, path, body, key=f"pry-{n}")
            if answer.ok:
                self._world.violate("I10", path, f"{party.role} {party.id} may {method} it")
