"""Random cases on the loaded orders, driven to their ends; then the proof that the money is right.

    python -m tools.cases --count 200 [--seed N] [--orders JOURNAL]

Buyers claim random units for random reasons, with good photos, missing ones and hostile files. Sellers approve,
approve in part, decline, offer or stay silent; buyers answer, counter, object, withdraw and appeal; both sides speak
in a dispute or do not; reviewers take cases and decide; the payment provider loses answers and changes its mind.
Some goods come back first: in a parcel, in none that was announced, late, lost or not at all; the seller counts them,
rejects some with a photo, deducts for their condition, shows a reviewer what came, or says nothing. Other goods go out
for some: the same, cheaper or dearer ones, whose difference is paid or not; there are none, they are never sent, or
lost; to buyers who are known they go first, and what they are for comes back or not; what has come is claimed in turn.
Every answer must say whose turn it is (`tools.turns`). Some requests are attacks, which must be refused. Where silence
decides, the clock of the case is moved by data. The same seed plans the same cases on orders that are equally fresh.

At the end every touched order is audited (see `tools.audit`). Anything that is not right is shown with the
timeline of its case, and the exit code is 1.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from itertools import repeat
from pathlib import Path
from random import Random, randrange
from typing import Any
from uuid import uuid4

import httpx
from botocore.exceptions import ClientError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from stripe import StripeError

from tests.corpus import UPLOADS
from tools.audit import Audit, CaseFile, Violation, audit
from tools.desk import FINAL, Person, Stack, upload, wait_for
from tools.load_orders import JOURNAL_FILE, Done, journal_of
from tools.turns import WrongTurn

SEEN_ON_A_PHOTO = ("damaged", "not_as_described", "wrong_item", "missing_parts", "defective")
OTHER_REASONS = ("late", "changed_mind", "not_received", "other")
GOOD_PHOTOS = (
    "plain JPEG",
    "plain PNG",
    "plain WebP",
    "JPEG with GPS",
    "PNG with text",
    "JPEG held sideways",
)
HOSTILE_FILES = ("HTML as JPEG", "EXE as JPEG", "half a JPEG", "PNG as JPEG", "PNG bomb", "animated PNG")
TROUBLES: tuple[Mapping[str, Any], ...] = (
    {"fault": "lost_answer"},
    {"fault": "refused"},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 409},
    {"fault": "saved_500", "effect": True},
    {"fault": "delay"},
    {"fault": "pending"},
    {"fault": "requires_action"},
    {"fault": "fail"},
    {"fault": "fail_later"},
)
# Those of them that can befall a difference when it is taken.
_TROUBLES_OF_TAKING = ("lost_answer", "refused", "status")
# A success that fails late does so after two seconds (`--settle-seconds` of the sandbox).
_LATE_FAILURE_SECONDS = 4
_PATIENCE_SECONDS = 90
# They make a buyer known who has had a case before as well (`minimum_orders`, `cases_percent`).
_ORDERS_BEFORE = 9
_SMALL = 100
_NEAR = 6
# Two requests that meet: the one that comes second is told so, and reads the case again.
_OVERTAKEN = (
    "act_not_possible",
    "version_conflict",
    "too_much_contention",
    "not_your_turn",
    "offer_closed",
    "hearing_open",
)
_OF_GOODS = (
    "parcel_sent",
    "parcel_arrived",
    "parcel_overdue",
    "case_expired",
    "return_reopened",
    "return_accepted",
    "deduction_proposed",
    "deduction_accepted",
)
_OF_EXCHANGES = (
    "exchange_completed",
    "exchange_forgone",
    "replacement_out_of_stock",
    "alternative_chosen",
    "difference_asked",
    "difference_paid",
    "replacement_sent",
    "replacement_lost",
)
_NOT_REOPENED = ("money_unavailable", "order_frozen", "units_unavailable")
_NO_APPEAL = (
    "act_not_possible",
    "appealed_before",
    "money_unavailable",
    "nothing_to_appeal",
    "order_frozen",
    "units_unavailable",
    "window_closed",
)


class Photo(StrEnum):
    """What the buyer does about evidence."""

    NONE = "none"
    GOOD = "good"
    LATER = "later"
    MISSING = "missing"
    HOSTILE = "hostile"
    HOSTILE_THEN_GOOD = "hostile, then good"


class Answer(StrEnum):
    """What a person does whose turn it is."""

    APPROVE = "approve"
    PART = "part"
    DECLINE = "decline"
    SILENCE = "silence"
    WITHDRAW = "withdraw"
    RACE = "race"
    OFFER = "offer"
    REFUSE = "refuse"
    DISPUTE = "dispute"


class Goods(StrEnum):
    """What becomes of goods that are to come back."""

    SENT = "sent"
    UNANNOUNCED = "sent without a word"
    LATE = "sent too late"
    LOST = "lost"
    KEPT = "kept"
    WITHDRAWN = "kept, and said so"


class Count(StrEnum):
    """What their seller does with them."""

    ALL = "accepts all"
    SILENCE = "says nothing"
    SOME = "misses some"
    NOTHING = "misses all"
    WRONG = "rejects some"
    USED = "pays less for some"
    SHOWN = "shows them to a reviewer"
    RACE = "accepts all at the last moment"


class Kind(StrEnum):
    """What the buyer applies for."""

    REFUND = "refund"
    RETURN = "return"
    EXCHANGE = "exchange"


class Wanted(StrEnum):
    """Which goods are to go out in an exchange, beside those that are claimed."""

    SAME = "the same"
    CHEAPER = "cheaper ones"
    DEARER = "dearer ones"


class Shelf(StrEnum):
    """How many of them their seller has."""

    ENOUGH = "as many as are wanted"
    TWICE = "twice as many"
    NONE = "none"


class Alternative(StrEnum):
    """What the buyer does who is told that there are none, or who is to pay a difference."""

    GO_ON = "waits for them, or pays"
    OTHER = "takes others"
    REFUND = "takes the money"
    SILENCE = "says nothing"


class Parcel(StrEnum):
    """What becomes of other goods that are to be sent."""

    ARRIVES = "arrives"
    NEVER_SENT = "is never sent"
    LOST_ONCE = "is lost, and the next one arrives"
    LOST = "is lost, and there is no next one"


@dataclass(frozen=True)
class Swap:
    """What will happen in an exchange. A case can become one by an offer, so there is one in each plan."""

    wanted: Wanted
    shelf: Shelf
    when_short: Alternative
    when_dearer: Alternative
    parcel: Parcel


class Attack(StrEnum):
    """A request that must be refused, and whose refusal must change nothing."""

    TOO_MANY_UNITS = "asks for more units than there are"
    TWICE_AT_ONCE = "opens twice at once under one key"
    STRANGER_READS = "a stranger reads the case"
    STRANGER_DECIDES = "another seller decides the case"
    BUYER_DECIDES = "the buyer decides the case"
    TOO_MUCH_MONEY = "the seller grants more than was claimed"
    TOO_EARLY = "the seller misses goods that nobody has sent"
    TOO_MANY_COUNTED = "the seller counts more than was to come"
    UNSEEN = "the seller rejects goods that nobody can see"
    TOO_MUCH_DEDUCTED = "the seller deducts all that the goods are worth"
    BUYER_COUNTS = "the buyer counts the goods"
    PARCEL_TWICE = "two cases name one parcel"
    UNPAID = "the seller sends goods whose difference nobody has paid"
    BUYER_SENDS = "the buyer sends the other goods"
    SELLER_CONFIRMS = "the seller says that the buyer has the other goods"
    NONE_LEFT = "the seller sends goods of which there are none"


@dataclass(frozen=True)
class Plan:
    """What will happen in one case, as far as people decide it."""

    number: int
    order_id: str
    buyer_id: str
    seller_id: str
    lines: Mapping[str, int]
    kind: Kind
    reason: str
    photo: Photo
    good: str
    hostile: str
    at_once: bool
    seller: Answer
    reviewer: Answer
    after_decline: Answer
    to_offers: Sequence[Answer]
    speaks: Mapping[str, bool]
    appeals: bool
    goods: Goods
    count: Count
    to_deduction: Answer
    converts: bool
    swap: Swap
    known: bool
    in_turn: Kind | None
    percent: int
    trouble: Mapping[str, Any] | None
    attack: Attack | None


class Wrong(Exception):
    """Something happened that must not."""


# ---------------------------------------------------------------- planning


@dataclass
class Units:
    """The units of the loaded orders that no case took yet, as far as is known while planning."""

    desk: Stack
    unseen: list[str]
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, random: Random) -> tuple[Mapping[str, Any], Mapping[str, int]]:
        """An order and some of its units; now and then one that has a case already.

        Raises `LookupError` when nothing is left.
        """
        while self.unseen or self.seen:
            again = self.seen and (not self.unseen or random.random() < 0.5)
            # Cases that follow each other closely on one order also meet there.
            order_id = random.choice(list(self.seen)[-_NEAR:]) if again else self.unseen.pop()
            order = self.seen.get(order_id) or self.seen.setdefault(order_id, self._read(order_id))
            units = {
                line["line_id"]: line["refundable_quantity"]
                for line in order["lines"]
                if line["refundable_quantity"] and line["refundable_amount"]
            }
            if units:
                return order, self._pick(order, units, random)
            del self.seen[order_id]
        raise LookupError("the loaded orders have no units left")

    def _read(self, order_id: str) -> dict[str, Any]:
        order: dict[str, Any] = (
            self.desk.person("platform").get(f"orders/{order_id}").raise_for_status().json()
        )
        return order

    def _pick(self, order: Mapping[str, Any], units: Mapping[str, int], random: Random) -> Mapping[str, int]:
        lines = random.sample(sorted(units), random.randint(1, len(units)))
        picked = {line_id: random.randint(1, units[line_id]) for line_id in lines}
        for line in order["lines"]:
            line["refundable_quantity"] -= picked.get(line["line_id"], 0)
        return picked


def plan_cases(
    desk: Stack, loaded: Mapping[str, Done], count: int, seed: int, trouble_percent: int
) -> Iterator[Plan]:
    """As many plans as were asked for, or as the loaded orders have units for."""
    random = Random(seed)
    # Where cases share an order and refunds share payments the ledger can go wrong: half of the orders are such.
    shared = sorted(name for name, done in loaded.items() if done.units > 1 or len(done.references) > 1)
    simple = sorted(loaded.keys() - set(shared))
    random.shuffle(shared)
    random.shuffle(simple)
    first = [*shared[: count // 2], *simple[: count // 2]]
    random.shuffle(first)
    units_left = Units(desk, [*simple[count // 2 :], *shared[count // 2 :], *first])
    for number in range(1, count + 1):
        try:
            order, lines = units_left.take(random)
        except LookupError:
            return
        plan = _plan(number, order, lines, random, trouble_percent)
        yield _agreed(plan) if plan.kind is Kind.EXCHANGE and random.random() < 0.6 else plan


def _agreed(plan: Plan) -> Plan:
    """The same case, but nobody objects: most would end before any goods go out."""
    return replace(
        plan,
        photo=Photo.GOOD if plan.reason in SEEN_ON_A_PHOTO else Photo.NONE,
        at_once=False,
        seller=Answer.APPROVE,
        reviewer=Answer.APPROVE,
        goods=Goods.KEPT if plan.known and plan.percent % 2 else Goods.SENT,
        count=Count.ALL,
    )


def _plan(
    number: int, order: Mapping[str, Any], lines: Mapping[str, int], random: Random, trouble_percent: int
) -> Plan:
    reason = random.choice(SEEN_ON_A_PHOTO if random.random() < 0.6 else OTHER_REASONS)
    seen = reason in SEEN_ON_A_PHOTO
    return Plan(
        number=number,
        order_id=order["order_id"],
        buyer_id=order["buyer_id"],
        seller_id=order["seller_id"],
        lines=lines,
        # What never came cannot go back.
        kind=_weighted(random, (3, 0 if reason == "not_received" else 4, 5), Kind),
        reason=reason,
        photo=_weighted(random, (1, 8, 3, 2, 2, 2) if seen else (8, 1, 0, 1, 1, 0), Photo),
        good=random.choice(GOOD_PHOTOS),
        hostile=random.choice(HOSTILE_FILES),
        at_once=random.random() < 0.08,
        seller=_weighted(random, (4, 3, 4, 3, 2, 1, 5, 0, 0), Answer),
        reviewer=_weighted(random, (3, 4, 4, 0, 1, 0, 0, 0, 0), Answer),
        after_decline=_weighted(random, (0, 0, 0, 3, 1, 0, 2, 0, 5), Answer),
        # One for each offer that a case can see, and one more.
        to_offers=[_weighted(random, (4, 0, 0, 2, 1, 0, 5, 3, 2), Answer) for _ in range(6)],
        speaks={"buyer": random.random() < 0.5, "seller": random.random() < 0.5},
        appeals=random.random() < 0.7,
        goods=_weighted(random, (18, 1, 2, 2, 1, 1), Goods),
        count=_weighted(random, (4, 3, 3, 2, 3, 3, 2, 1), Count),
        to_deduction=_weighted(random, (4, 0, 0, 3, 0, 0, 0, 2, 3), Answer),
        converts=random.random() < 0.3,
        swap=Swap(
            wanted=_weighted(random, (4, 3, 5), Wanted),
            shelf=_weighted(random, (6, 2, 2), Shelf),
            when_short=_weighted(random, (3, 3, 2, 1), Alternative),
            when_dearer=_weighted(random, (8, 0, 1, 2), Alternative),
            parcel=_weighted(random, (8, 2, 2, 1), Parcel),
        ),
        known=random.random() < 0.4,
        in_turn=random.choice([*Kind, None]),
        percent=random.randint(1, 99),
        trouble=random.choice(TROUBLES) if random.random() * 100 < trouble_percent else None,
        attack=random.choice(list(Attack)) if random.random() < 0.4 else None,
    )


def _weighted[T: StrEnum](random: Random, weights: Sequence[int], choices: type[T]) -> T:
    return random.choices(list(choices), weights)[0]


# ---------------------------------------------------------------- playing


class Stockroom:
    """What sellers have to send. Cases share what has one name, and a number is raised by one of them at a time."""

    def __init__(self, desk: Stack) -> None:
        self._platform = desk.person("platform")
        self._one_at_a_time = threading.Lock()

    def give(self, sku: str, seller_id: str, currency: str, price: int, more: int) -> bool:
        """So many more units; not where another seller has what is called so."""
        with self._one_at_a_time:
            there = self._platform.get(f"skus/{sku}")
            before = there.json() if there.is_success else {"price": price, "on_hand": 0}
            said = {
                "seller_id": seller_id,
                "product": "other-goods",
                "title": "Other goods",
                "currency": currency,
                "price": before["price"],
                "on_hand": before["on_hand"] + more,
            }
            answer = self._platform.put(f"skus/{sku}", said)
        if answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] == "sku_taken":
            return False
        answer.raise_for_status()
        return True

    def restock(self, sku: str, more: int) -> None:
        """So many more of what there was none of."""
        there = self._platform.get(f"skus/{sku}").raise_for_status().json()
        self.give(sku, there["seller_id"], there["currency"], there["price"], more)


class Play:
    """One case from its opening to its end, as its plan says; `wrong` says what must not have happened."""

    def __init__(self, desk: Stack, stockroom: Stockroom, plan: Plan, cards: Sequence[str]) -> None:
        self.plan = plan
        self.case_id: str | None = None
        self.status = "not opened"
        self.wrong: str | None = None
        self._desk = desk
        self._stockroom = stockroom
        self._cards = cards
        self._sent: set[str] = set()
        self._waited = False
        self._differences: set[str] = set()

    def run(self) -> None:
        """From the opening to the end."""
        with self._told():
            if self.plan.trouble:
                for card in self._cards:
                    self._desk.sandbox("POST", "faults", {**self.plan.trouble, "payment_intent": card})
            if self.plan.known:
                self._buy_before()
            case = self._open()
            self._attack(case)
            if self.plan.at_once:
                self._withdraw(case)
            self._to_the_end(case)

    def in_turn(self) -> "Play | None":
        """A case about the goods that came in this one, if they are to be claimed."""
        if self.wrong or self.status != "completed" or not self.plan.in_turn:
            return None
        with self._told():
            # A claim on goods that cost more is refused until what they cost more was taken.
            wait_for(lambda: not self._owes_difference(), "a difference to be taken", _PATIENCE_SECONDS)
        came = {
            line["line_id"]: line["refundable_quantity"]
            for line in self._order()["lines"]
            if line["line_id"].startswith(f"{self.case_id}.") and line["refundable_amount"]
        }
        if not came:
            return None
        plan = replace(
            self.plan, lines=came, kind=self.plan.in_turn, reason="late", known=False, in_turn=None
        )
        return Play(self._desk, self._stockroom, plan, self._cards)

    def finish(self, failed: Collection[str]) -> bool:
        """Whether the case came back and was driven to its end again: a refund that had succeeded is one of
        those that `failed` since at the provider."""
        if self.wrong or not self.case_id:
            return False
        with self._told():
            case = self._read()
            lost = any(one["refund_id"] in failed for one in case["refunds"] if one["state"] == "succeeded")
            if lost:
                wait_for(lambda: self._read()["status"] not in FINAL, "a late failure", _PATIENCE_SECONDS)
                case = self._read()
            came_back = case["status"] not in FINAL
            self._to_the_end(case)
            return came_back
        return False

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (Wrong, WrongTurn, TimeoutError, httpx.HTTPError, ClientError, StripeError) as error:
            self.wrong = f"{type(error).__name__}: {error}"

    @property
    def _buyer(self) -> Person:
        return self._desk.person("buyer", self.plan.buyer_id)

    @property
    def _seller(self) -> Person:
        return self._desk.person("seller", self.plan.seller_id)

    def _to_the_end(self, case: dict[str, Any]) -> None:
        """Whoever's turn it is acts; then wait until the case has moved."""
        turns: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "evidence_required": self._give_evidence,
            "under_review": self._seller_answers,
            "offer_pending": self._answer_offer,
            "declined": self._answer_decline,
            "disputed": self._hear,
            "awaiting_return": self._send_back,
            "return_in_transit": self._bring,
            "return_received": self._count,
            "inspection_failed": self._answer_deduction,
            "out_of_stock": self._answer_shortage,
            "awaiting_payment": self._pay_difference,
            "exchange_pending": self._send_other_goods,
            "exchange_shipped": self._bring_other_goods,
            "refund_pending": self._hurry_provider,
            "refund_action_required": self._operator_acts,
        }
        moved_at = time.monotonic()
        while case["status"] not in FINAL:
            turn = turns.get(case["status"])
            if turn:
                turn(case)
            before, case = case, self._moved_on(case["version"])
            if case["version"] != before["version"]:
                moved_at = time.monotonic()
            elif time.monotonic() > moved_at + _PATIENCE_SECONDS:
                raise Wrong(f"stays {case['status']}, waiting on {case['waiting_on']}")
            if case["status"] == "expired" and self.plan.goods is Goods.LATE:
                case = self._arrive_late(case)
            if case["status"] in FINAL and self.plan.appeals:
                case = self._appeal(case)
        self.status = case["status"]

    def _open(self) -> dict[str, Any]:
        plan = self.plan
        body = {
            "order_id": plan.order_id,
            "kind": plan.kind,
            "reason": plan.reason,
            "description": f"Case {plan.number}",
            "lines": [{"line_id": line_id, "quantity": units} for line_id, units in plan.lines.items()],
            "evidence": [_promise(name) for name in self._files_at_opening()],
            **self._said_of_other_goods(plan.kind, plan.lines),
        }
        if plan.attack is Attack.TOO_MANY_UNITS:
            greedy = [{"line_id": line_id, "quantity": 1000} for line_id in plan.lines]
            self._refused(self._buyer.post("cases", body | {"lines": greedy}), 409)
        key = f"{plan.order_id}-{plan.number}-{time.time_ns()}"
        if plan.attack is Attack.TWICE_AT_ONCE:
            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(lambda _: self._buyer.post("cases", body, key=key), range(2)))
            ids = [answer.json().get("case_id") for answer in answers]
            self.case_id = next(filter(None, ids), None)
            if len(set(ids)) != 1:
                raise Wrong(f"one key opened {ids}: {[answer.text[:300] for answer in answers]}")
            ATTACKS[str(plan.attack)] += 1
        answer = self._buyer.post("cases", body, key=key)
        if answer.is_error and answer.json()["code"] == "nothing_to_refund":
            # Their way back would cost more than these goods are worth: the buyer would rather keep them.
            as_refund = body | {"kind": Kind.REFUND, "replacement": []}
            answer = self._buyer.post("cases", as_refund, key=f"{key}-refund")
        if answer.status_code != httpx.codes.CREATED:
            raise Wrong(f"opening answered {answer.status_code}: {answer.text[:500]}")
        case: dict[str, Any] = answer.json()
        self.case_id = case["case_id"]
        if plan.photo is not Photo.MISSING:
            for form, name in zip(case["uploads"], self._files_at_opening(), strict=True):
                self._send(form, name)
        return case

    def _files_at_opening(self) -> Sequence[str]:
        match self.plan.photo:
            case Photo.GOOD | Photo.MISSING:
                return [self.plan.good]
            case Photo.HOSTILE | Photo.HOSTILE_THEN_GOOD:
                return [self.plan.hostile]
            case _:
                return []

    def _attack(self, case: Mapping[str, Any]) -> None:
        """Each must be told what it is told of a case that does not exist, or that its role cannot do this."""
        decision = {"decision": "approve", "reason_code": "approved", "note": "Mine!"}
        path = f"cases/{self.case_id}"
        match self.plan.attack:
            case Attack.STRANGER_READS:
                self._refused(self._desk.person("buyer", "stranger").get(path), 404)
                self._refused(self._desk.person("buyer", "stranger").get(f"{path}/timeline"), 404)
                self._refused(self._desk.person("buyer", "stranger").post(f"{path}/withdrawal"), 404)
            case Attack.STRANGER_DECIDES:
                other = self._desk.person("seller", "other-seller")
                self._refused(other.post(f"{path}/decision", decision), 404)
            case Attack.BUYER_DECIDES:
                self._refused(self._buyer.post(f"{path}/decision", decision), 403)
            case Attack.TOO_MUCH_MONEY:
                greedy = decision | {"amount": case["quote"]["total"]["amount"] + 1}
                self._refused(self._seller.post(f"{path}/decision", greedy), 409, 422)

    def _give_evidence(self, case: dict[str, Any]) -> None:
        states = {one["evidence_id"]: one["state"] for one in case["evidence"]}
        if "accepted" in states.values() or any(states[one] == "awaiting_upload" for one in self._sent):
            return  # it is being looked at
        if self.plan.photo is Photo.LATER or (
            self.plan.photo is Photo.HOSTILE_THEN_GOOD and "refused" in states.values()
        ):
            answer = self._said(self._buyer.post(f"cases/{self.case_id}/evidence", _promise(self.plan.good)))
            if answer:
                self._send(answer["upload"], self.plan.good)
        elif self.plan.seller is Answer.WITHDRAW:
            self._withdraw(case)
        else:
            self._clock_strikes(case)

    def _seller_answers(self, case: dict[str, Any]) -> None:
        # Claims high enough for a reviewer are rare, so every other one of them goes there.
        rare = case["on_timeout"] == "disputed" and self.plan.number % 2
        # Whoever has offered and was refused decides.
        answer = Answer.DECLINE if case["offers"] and self.plan.seller is Answer.OFFER else self.plan.seller
        match Answer.SILENCE if rare else answer:
            case Answer.WITHDRAW:
                self._withdraw(case)
            case Answer.SILENCE:
                self._clock_strikes(case)
            case Answer.RACE:
                with ThreadPoolExecutor(2) as pool:
                    pool.submit(self._clock_strikes, case)
                    pool.submit(self._decide, case, "seller", Answer.APPROVE).result()
            case Answer.OFFER:
                self._offer(case, self._seller)
            case answer:
                self._decide(case, "seller", answer)

    def _answer_offer(self, case: dict[str, Any]) -> None:
        offers = case["offers"]
        person = self._buyer if case["waiting_on"] == "buyer" else self._seller
        path = f"cases/{self.case_id}/offers/{offers[-1]['offer_id']}/answer"
        match self.plan.to_offers[len(offers)]:
            case Answer.SILENCE:
                self._clock_strikes(case)
            case Answer.WITHDRAW:
                self._withdraw(case)
            case Answer.OFFER:
                self._offer(case, person)
            case Answer.DISPUTE:
                self._object(case)
            case answer:
                self._said(person.post(path, {"accept": answer is Answer.APPROVE}))

    def _offer(self, case: dict[str, Any], by: Person) -> None:
        kind = self._kind_of_offer(case)
        body = {"kind": kind, "note": "Let us settle on this."} | (
            self._said_of_other_goods(kind, self._claimed(case))
            # Other goods go out for the whole of a claim.
            or {"amount": _part(case["quote"]["total"], self.plan.percent)}
        )
        said = by.post(f"cases/{self.case_id}/offers", body)
        if said.status_code == httpx.codes.CONFLICT and said.json()["code"] == "offers_exhausted":
            self._clock_strikes(case)
        else:
            self._said(said)

    def _kind_of_offer(self, case: Mapping[str, Any]) -> Kind:
        """An exchange is offered where nothing is kept of what is claimed, for other goods stand for the whole."""
        kind = Kind(case["kind"])
        if not self.plan.converts and kind is not Kind.EXCHANGE:
            return kind
        costs = case["fees"]["restocking"] + case["fees"]["freight"]
        others = [one for one in Kind if one is not kind and not (one is Kind.EXCHANGE and costs)]
        possible = [one for one in others if one is not Kind.RETURN or case["reason"] != "not_received"]
        return possible[self.plan.percent % len(possible)] if possible else kind

    def _object(self, case: dict[str, Any]) -> None:
        """Ask the platform; a buyer who does so before the seller has spoken is told to wait, and waits."""
        said = self._buyer.post(f"cases/{self.case_id}/dispute", {"text": "Look at it yourselves."})
        if said.status_code == httpx.codes.CONFLICT and said.json()["code"] == "dispute_too_early":
            self._clock_strikes(case)
        else:
            self._said(said)

    def _answer_decline(self, case: dict[str, Any]) -> None:
        match self.plan.after_decline:
            case Answer.WITHDRAW:
                self._withdraw(case)
            case Answer.DISPUTE:
                self._object(case)
            case Answer.OFFER:
                self._offer(case, self._buyer)
            case _:
                self._clock_strikes(case)

    def _hear(self, case: dict[str, Any]) -> None:
        """Whoever's statement is due makes it or does not; then a reviewer decides, another one after an appeal."""
        side = case["waiting_on"]
        if side in self.plan.speaks:
            if self.plan.speaks[side]:
                speaker = self._buyer if side == "buyer" else self._seller
                self._said(speaker.post(f"cases/{self.case_id}/statements", {"text": f"I am the {side}."}))
            else:
                self._clock_strikes(case)
        elif self.plan.reviewer is Answer.WITHDRAW and not case["dispute"]["appealed_at"]:
            self._withdraw(case)
        else:
            self._decide(case, "reviewer", self._verdict(case))

    def _verdict(self, case: Mapping[str, Any]) -> Answer:
        """On appeal only more than before can be granted, or nothing."""
        if not case["dispute"]["appealed_at"]:
            return self.plan.reviewer
        return Answer.APPROVE if self.plan.percent % 2 else Answer.DECLINE

    def _send_back(self, case: dict[str, Any]) -> None:
        """The buyer gives the goods to a carrier, or does not."""
        first = next(iter(self._claimed(case)))
        if self.plan.attack is Attack.TOO_EARLY:
            self._refused(self._receive({first: {"accepted": 0}}), 409)
        match self.plan.goods:
            case Goods.WITHDRAWN if "withdraw" in case["possible"]:
                self._withdraw(case)
            case Goods.KEPT | Goods.LATE | Goods.WITHDRAWN:
                self._clock_strikes(case)
            case Goods.UNANNOUNCED:
                self._said(self._receive(_all_of(self._claimed(case))))
            case _:
                self._ship()

    def _ship(self) -> None:
        path = f"cases/{self.case_id}/shipment"
        # A form without a check digit, so that the number of the case can be that of its parcel.
        code = f"GM{_in_a_number(self.case_id)}"
        if self.plan.attack is Attack.PARCEL_TWICE and _PARCELS:
            taken = {"carrier": "dhl_ecommerce", "tracking_code": _PARCELS[0]}
            self._refused(self._buyer.post(path, taken), 409)
        if self._said(self._buyer.post(path, {"carrier": "dhl_ecommerce", "tracking_code": code})):
            _PARCELS.append(code)

    def _bring(self, case: dict[str, Any]) -> None:
        """The parcel arrives, and its seller says so, or counts at once; or it never does."""
        if self.plan.goods is Goods.LOST:
            self._clock_strikes(case)
        elif self.plan.percent % 2 or self.plan.count in (Count.SILENCE, Count.SHOWN, Count.RACE):
            self._said(self._receive({}))
        else:
            self._count(case)

    def _arrive_late(self, case: dict[str, Any]) -> dict[str, Any]:
        """It comes back to life, unless another case has its units or money by now."""
        said = self._receive({})
        if said.is_success:
            reopened: dict[str, Any] = said.json()
            return reopened
        if said.json()["code"] not in _NOT_REOPENED:
            raise Wrong(f"a late parcel was answered {said.status_code}: {said.text[:500]}")
        return case

    def _count(self, case: dict[str, Any]) -> None:
        claimed = self._claimed(case)
        self._attack_the_count(case, claimed)
        first, *rest = claimed
        whole = _all_of(claimed)
        match self.plan.count:
            case Count.SILENCE:
                self._clock_strikes(case)
            case Count.RACE:
                with ThreadPoolExecutor(2) as pool:
                    pool.submit(self._clock_strikes, case)
                    pool.submit(lambda: self._said(self._receive(whole))).result()
            case Count.SOME:
                self._said(
                    self._receive(_all_of({first: claimed[first] - 1, **{one: claimed[one] for one in rest}}))
                )
            case Count.NOTHING:
                self._said(self._receive({first: {"accepted": 0}}))
            case Count.WRONG:
                self._said(self._receive(whole | {first: self._rejected(claimed[first])}))
            case Count.USED if at_most := self._deductible(case, first):
                used = {
                    "deduction": _part(
                        {"amount": at_most, "currency": case["quote"]["total"]["currency"]}, 60
                    )
                }
                found = {"accepted": claimed[first], "reason": "used", "photos": self._show()} | used
                self._said(self._receive(whole | {first: found}))
            case Count.SHOWN:
                self._show()
                self._said(self._seller.post(f"cases/{self.case_id}/dispute", {"text": "Look what came."}))
            case _:
                self._said(self._receive(whole))

    def _attack_the_count(self, case: Mapping[str, Any], claimed: Mapping[str, int]) -> None:
        first = next(iter(claimed))
        match self.plan.attack:
            case Attack.TOO_MANY_COUNTED:
                self._refused(self._receive({first: {"accepted": claimed[first] + 1}}), 409)
            case Attack.UNSEEN:
                unseen = {"accepted": 0, "rejected": 1, "reason": "not_ours", "photos": ["e1"]}
                self._refused(self._receive({first: unseen}), 409)
            case Attack.TOO_MUCH_DEDUCTED:
                worth = next(line["amount"] for line in case["quote"]["lines"] if line["line_id"] == first)
                found = {"accepted": claimed[first], "reason": "used", "deduction": max(1, worth)}
                self._refused(self._receive({first: found}), 422)
            case Attack.BUYER_COUNTS:
                self._refused(self._buyer.post(f"cases/{self.case_id}/receipt"), 403)

    def _rejected(self, units: int) -> dict[str, Any]:
        return {"accepted": units - 1, "rejected": 1, "reason": "not_ours", "photos": self._show()}

    def _deductible(self, case: Mapping[str, Any], line_id: str) -> int:
        worth = next(line["amount"] for line in case["quote"]["lines"] if line["line_id"] == line_id)
        return int(worth * case["fees"]["condition_percent"] // 100)

    def _show(self) -> list[str]:
        """The seller adds a photo and waits until it was looked at; answers its id."""
        added = self._said(self._seller.post(f"cases/{self.case_id}/evidence", _promise(self.plan.good)))
        if not added:
            return []
        self._send(added["upload"], self.plan.good)
        photo = added["evidence"]["evidence_id"]

        def looked_at() -> bool:
            [mine] = [one for one in self._read()["evidence"] if one["evidence_id"] == photo]
            return bool(mine["state"] != "awaiting_upload")

        wait_for(lambda: looked_at() or None, "the look at a seller's photo", _PATIENCE_SECONDS)
        return [photo]

    def _receive(self, found: Mapping[str, Mapping[str, Any]]) -> httpx.Response:
        """The seller says what came; without lines, that something did."""
        lines = [{"line_id": line_id, **line} for line_id, line in found.items()]
        return self._seller.post(f"cases/{self.case_id}/receipt", {"lines": lines} if lines else {})

    def _answer_deduction(self, case: dict[str, Any]) -> None:
        path = f"cases/{self.case_id}/offers/{case['offers'][-1]['offer_id']}/answer"
        match self.plan.to_deduction:
            case Answer.SILENCE:
                self._clock_strikes(case)
            case Answer.DISPUTE:
                self._object(case)
            case answer:
                self._said(self._buyer.post(path, {"accept": answer is Answer.APPROVE}))

    def _buy_before(self) -> None:
        """The buyer has had enough orders to be known for them."""
        platform, order = self._desk.person("platform"), self._order()
        for _ in range(_ORDERS_BEFORE):
            paid = self._desk.pay(_SMALL, order["currency"])
            line = {"line_id": "1", "sku": "before", "title": "Bought before", "quantity": 1, "total": _SMALL}
            payment = {"payment_id": "1", "provider": "stripe", "reference": paid, "captured": _SMALL}
            times = {name: order[name] for name in ("placed_at", "shipped_at", "delivered_at")}
            before = times | {
                "buyer_id": self.plan.buyer_id,
                "seller_id": self.plan.seller_id,
                "currency": order["currency"],
                "lines": [line],
                "payments": [payment],
            }
            platform.put(f"orders/{uuid4().hex}", before).raise_for_status()

    def _said_of_other_goods(self, kind: Kind, claimed: Mapping[str, int]) -> dict[str, Any]:
        """What an application for an exchange, or an offer of one, says besides."""
        if kind is not Kind.EXCHANGE:
            return {}
        return {"replacement": self._stocked(claimed, self.plan.swap.wanted, self.plan.swap.shelf)}

    def _stocked(self, claimed: Mapping[str, int], wanted: Wanted, shelf: Shelf) -> list[dict[str, Any]]:
        """Other goods for these units, of which their seller has been given as many as the plan says."""
        order = self._order()
        lines = {line["line_id"]: line for line in order["lines"]}
        return [
            {
                "line_id": line_id,
                "quantity": units,
                "sku": self._shelved(lines[line_id], order["currency"], units, wanted, shelf),
            }
            for line_id, units in claimed.items()
        ]

    def _shelved(
        self, line: Mapping[str, Any], currency: str, units: int, wanted: Wanted, shelf: Shelf
    ) -> str:
        """What the goods are called: as those of the line where they are the same, unless that is another seller's."""
        worth = line["total"] // line["quantity"]
        change = max(1, worth * self.plan.percent // 100)
        price = {Wanted.SAME: worth, Wanted.CHEAPER: worth - change, Wanted.DEARER: worth + change}[wanted]
        more = {Shelf.ENOUGH: units, Shelf.TWICE: 2 * units, Shelf.NONE: 0}[shelf]
        terms = (self.plan.seller_id, currency, max(0, price), more)
        if wanted is Wanted.SAME and self._stockroom.give(line["sku"], *terms):
            return str(line["sku"])
        sku = uuid4().hex
        self._stockroom.give(sku, *terms)
        return sku

    def _answer_shortage(self, case: dict[str, Any]) -> None:
        """Who has waited in vain, or paid for what there is none of, takes the money."""
        choice = self.plan.swap.when_short
        if self.plan.attack is Attack.NONE_LEFT:
            self._refused(self._send_in_a_parcel(case), 409)
        if choice is Alternative.SILENCE:
            self._clock_strikes(case)
        elif choice is Alternative.GO_ON and not self._waited:
            self._wait(case)
        elif choice is Alternative.OTHER and not case["exchange"]["charge"]:
            claimed = {one["line_id"]: one["quantity"] for one in case["exchange"]["goods"]}
            self._choose("other", self._stocked(claimed, Wanted.CHEAPER, Shelf.ENOUGH))
        else:
            self._choose("refund")

    def _wait(self, case: Mapping[str, Any]) -> None:
        """In vain, or until as many came as are wanted."""
        self._waited = True
        self._choose("wait")
        if self.plan.percent % 2:
            for one in case["exchange"]["goods"]:
                self._stockroom.restock(one["sku"], one["quantity"])

    def _choose(self, choice: str, replacement: Sequence[Mapping[str, Any]] = ()) -> None:
        said = {"choice": choice, "replacement": replacement}
        self._said(self._buyer.post(f"cases/{self.case_id}/alternative", said))

    def _pay_difference(self, case: dict[str, Any]) -> None:
        """The buyer pays once, as soon as the provider was asked for it; or does not."""
        due = self._buyer.get(f"cases/{self.case_id}/payment")
        if due.is_error:
            return  # it is being asked for, or was paid a moment ago
        secret = due.json()["client_secret"]
        if self.plan.attack is Attack.UNPAID:
            self._refused(self._send_in_a_parcel(case), 409)
        match self.plan.swap.when_dearer:
            case Alternative.SILENCE:
                self._clock_strikes(case)
            case Alternative.REFUND:
                self._choose("refund")
            case _ if secret not in self._differences:
                self._differences.add(secret)
                self._desk.pay_with(secret)
                self._trouble_taking(secret.partition("_secret_")[0])

    def _trouble_taking(self, payment: str) -> None:
        trouble = self.plan.trouble
        if trouble and trouble["fault"] in _TROUBLES_OF_TAKING:
            self._desk.sandbox("POST", "faults", {**trouble, "on": "capture", "payment_intent": payment})

    def _send_other_goods(self, case: dict[str, Any]) -> None:
        """The seller sends what is promised, or does not; the stock is asked again for what the buyer waits for."""
        if self.plan.attack is Attack.BUYER_SENDS:
            self._refused(self._buyer.post(f"cases/{self.case_id}/replacement", self._parcel(case)), 403)
        match case["exchange"]["set_aside"], self.plan.swap.parcel:
            case ("waited_for", _) | ("promised", Parcel.NEVER_SENT):
                self._clock_strikes(case)
            case "promised", Parcel.LOST if case["exchange"]["lost"]:
                self._clock_strikes(case)
            case "promised", _:
                self._said(self._send_in_a_parcel(case))

    def _send_in_a_parcel(self, case: Mapping[str, Any]) -> httpx.Response:
        return self._seller.post(f"cases/{self.case_id}/replacement", self._parcel(case))

    def _parcel(self, case: Mapping[str, Any]) -> Mapping[str, str]:
        """One of the case's own, another one where the last was lost."""
        number = len(case["exchange"]["lost"])
        return {"carrier": "dhl_ecommerce", "tracking_code": f"GMX{number}{_in_a_number(self.case_id)}"}

    def _bring_other_goods(self, case: dict[str, Any]) -> None:
        """They come to their buyer, who says so; or nobody sees them again."""
        path = f"cases/{self.case_id}/replacement/confirmation"
        if self.plan.attack is Attack.SELLER_CONFIRMS:
            self._refused(self._seller.post(path), 403)
        parcel = self.plan.swap.parcel
        if parcel is Parcel.LOST or (parcel is Parcel.LOST_ONCE and not case["exchange"]["lost"]):
            self._clock_strikes(case)
        else:
            self._said(self._buyer.post(path))

    @staticmethod
    def _claimed(case: Mapping[str, Any]) -> dict[str, int]:
        return {line["line_id"]: line["quantity"] for line in case["lines"]}

    def _appeal(self, case: dict[str, Any]) -> dict[str, Any]:
        """Ask another reviewer; where there is nothing to appeal, or it was taken meanwhile, it stays as it is."""
        said = self._buyer.post(f"cases/{self.case_id}/appeal", {"text": "Look again."})
        if said.is_success:
            appealed: dict[str, Any] = said.json()
            return appealed
        if said.json()["code"] not in _NO_APPEAL:
            raise Wrong(f"an appeal was answered {said.status_code}: {said.text[:500]}")
        return case

    def _hurry_provider(self, case: dict[str, Any]) -> None:
        """The provider makes up its mind; what it has not answered is asked again before its time."""
        for refund in self._at_provider("pending"):
            self._desk.sandbox("POST", f"refunds/{refund['id']}/settle", {"status": "succeeded"})
        if self._moved_on(case["version"], 2)["version"] == case["version"]:
            self._clock_strikes(case)

    def _operator_acts(self, case: dict[str, Any]) -> None:
        """The buyer does what the provider asked for; a refund that failed gets a new attempt."""
        for refund in self._at_provider("requires_action"):
            self._desk.sandbox("POST", f"refunds/{refund['id']}/settle", {"status": "succeeded"})
        if self._moved_on(case["version"], 1)["version"] == case["version"]:
            self._said(self._desk.person("operator").post(f"cases/{self.case_id}/resumption"))

    def _decide(self, case: Mapping[str, Any], role: str, answer: Answer) -> None:
        body: dict[str, Any] = {
            "decision": "decline" if answer is Answer.DECLINE else "approve",
            "reason_code": "checked",
            "note": f"{role} says {answer}",
        }
        if answer is Answer.PART:
            # Of goods that came back no more can be granted than before they were sent.
            granted = case["decision"] and case["decision"]["verdict"] == "approve"
            whole = case["decision"]["amount"] if granted else case["quote"]["total"]
            body["amount"] = _part(whole, self.plan.percent)
        person = self._seller if role == "seller" else self._reviewer(case)
        said = person.post(f"cases/{self.case_id}/decision", body)
        if said.status_code == httpx.codes.FORBIDDEN and said.json()["code"] == "amount_above_limit":
            self._clock_strikes(case)
        else:
            self._said(said)

    def _reviewer(self, case: Mapping[str, Any]) -> Person:
        """One of three, who can decide on it: nobody does so twice. Every other case is taken in hand first."""
        names = [f"reviewer-{(self.plan.number + n) % 3}" for n in range(3)]
        people = [self._desk.person("reviewer", name) for name in names]
        able = (one for one in people if "decide" in self._seen_by(one)["possible"])
        reviewer = next(able, people[0])
        if self.plan.number % 2 and case["status"] == "disputed":
            self._said(reviewer.post(f"cases/{self.case_id}/review"))
        return reviewer

    def _seen_by(self, person: Person) -> dict[str, Any]:
        seen: dict[str, Any] = person.get(f"cases/{self.case_id}").raise_for_status().json()
        return seen

    def _withdraw(self, _case: Mapping[str, Any]) -> None:
        self._said(self._buyer.post(f"cases/{self.case_id}/withdrawal"))

    def _clock_strikes(self, case: Mapping[str, Any]) -> None:
        """The time of the party whose turn it is has passed; nothing happens where the case moved on."""
        with suppress(ClientError):
            past = int(time.time() * 1000) - 1
            self._desk.move_deadline(str(self.case_id), past, version=case["version"])
        with _SWEEPING:
            self._desk.sweep()

    def _send(self, form: Mapping[str, Any], name: str) -> None:
        answer = upload(form, _content(name))
        if answer.is_error:
            raise Wrong(f"the upload was answered {answer.status_code}: {answer.text[:300]}")
        self._sent.add(form["evidence_id"])

    def _read(self) -> dict[str, Any]:
        case: dict[str, Any] = self._buyer.get(f"cases/{self.case_id}").raise_for_status().json()
        return case

    def _owes_difference(self) -> bool:
        exchange = self._read()["exchange"]
        return bool(exchange) and exchange["charge"] == "authorized"

    def _order(self) -> dict[str, Any]:
        platform = self._desk.person("platform")
        order: dict[str, Any] = platform.get(f"orders/{self.plan.order_id}").raise_for_status().json()
        return order

    def _moved_on(self, version: int, seconds: float = 30) -> dict[str, Any]:
        """The case once its version has changed; as it is, where that takes too long."""
        with suppress(TimeoutError):
            wait_for(lambda: self._desk.version(str(self.case_id)) != version, "news", seconds)
        return self._read()

    def _at_provider(self, state: str) -> list[dict[str, Any]]:
        refunds = self._desk.refunds_at_provider()
        return [
            one
            for one in refunds
            if one["metadata"].get("case_id") == self.case_id and one["status"] == state
        ]

    def _refused(self, answer: httpx.Response, *statuses: int) -> None:
        if answer.status_code not in statuses:
            raise Wrong(f"{self.plan.attack}: answered {answer.status_code}: {answer.text[:300]}")
        ATTACKS[str(self.plan.attack)] += 1

    def _said(self, answer: httpx.Response) -> dict[str, Any] | None:
        """The body of a success; nothing where somebody else was faster."""
        said: dict[str, Any] = answer.json()
        if answer.is_success:
            return said
        if said.get("code") in _OVERTAKEN:
            return None
        raise Wrong(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:500]}")


# Every sweep sees every case that is due: one at a time is enough.
_SWEEPING = threading.Lock()
ATTACKS: Counter[str] = Counter()
# The numbers of parcels that cases have named.
_PARCELS: list[str] = []


def play_all(
    planned: Sequence[Play], desk: Stack, workers: int, on_each: Callable[[], None]
) -> Sequence[Play]:
    """All cases, several at once, and those that follow them; then again what came back because a refund failed late.
    Answers every case that was played."""
    plays: list[Play] = []
    with ThreadPoolExecutor(workers) as pool:
        for task in as_completed([pool.submit(_play, play) for play in planned]):
            plays += task.result()
            on_each()
        came_back = True
        while came_back:
            time.sleep(_LATE_FAILURE_SECONDS)
            failed = {
                one["metadata"].get("refund_id")
                for one in desk.refunds_at_provider()
                if one["status"] == "failed"
            }
            came_back = any(list(pool.map(Play.finish, plays, repeat(failed))))
    return plays


def _play(play: Play) -> list[Play]:
    play.run()
    following = play.in_turn()
    return [play, *(_play(following) if following else ())]


@cache
def _content(name: str) -> bytes:
    return UPLOADS[name].build()


def _promise(name: str) -> dict[str, Any]:
    suffix = UPLOADS[name].declared_type.removeprefix("image/")
    return {
        "filename": f"photo.{suffix}",
        "content_type": UPLOADS[name].declared_type,
        "size": len(_content(name)),
    }


def _in_a_number(case_id: str | None) -> str:
    """The id of a case as carriers would write it."""
    return str(case_id).replace("-", "").upper()


def _all_of(claimed: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    return {line_id: {"accepted": units} for line_id, units in claimed.items()}


def _part(total: Mapping[str, Any], percent: int) -> int:
    """At least one minor unit; Stripe takes dinars in tens only."""
    amount = max(1, int(total["amount"]) * percent // 100)
    return max(10, amount - amount % 10) if total["currency"] == "KWD" else amount


# ---------------------------------------------------------------- report


def show(console: Console, plays: Sequence[Play], proof: Audit) -> None:
    """What happened, who decided, where the money is."""
    mine = {one.case_id for one in plays}
    cases = [case for file in proof.files for case in file.cases if case.case_id in mine]
    console.print("\nCases by end and by who decided", _ends(cases), sep="\n")
    console.print("Money of the touched orders, in minor units", _money(proof), sep="\n")
    told = Counter(str(entry["event"]) for case in cases for entry in case.timeline)
    kinds = Counter(str(one.plan.kind) for one in plays if one.case_id)
    for title, counts, names in (
        ("Applied for", kinds, Kind),
        ("Goods on their way back", told, _OF_GOODS),
        ("Other goods", told, _OF_EXCHANGES),
    ):
        listed = ", ".join(f"{counts[name]} {name}" for name in names)
        console.print(f"{title}: {listed}.", highlight=False, soft_wrap=True)
    first = [case.case for case in cases if case.goods_went_first]
    console.print(
        f"{len(first)} of them went first; {sum(bool(case['debt']) for case in first)} buyers owe for them.",
        highlight=False,
        soft_wrap=True,
    )
    by_cases, by_providers = proof.refunds
    attacks = sum(ATTACKS.values())
    runs = sum(len(case.executions) for file in proof.files for case in file.cases)
    console.print(
        f"{len(proof.files)} orders, {sum(len(file.cases) for file in proof.files)} cases, {runs} executions "
        f"audited. Refunds that succeeded: {by_cases} by the cases, {by_providers} by the providers. "
        f"{attacks} hostile requests were refused.",
        highlight=False,
        soft_wrap=True,
    )


def _ends(cases: Sequence[CaseFile]) -> Table:
    """Final statuses down, deciders across."""
    counts = Counter((str(one.case["status"]), _decider(one)) for one in cases)
    deciders = sorted({decider for _, decider in counts})
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    for name in (*deciders, "all"):
        table.add_column(name, justify="right")
    for status in (*sorted({status for status, _ in counts}), "all"):
        row = [
            sum(n for (one, by), n in counts.items() if status in (one, "all") and decider in (by, "all"))
            for decider in (*deciders, "all")
        ]
        table.add_row(status, *(str(n or "") for n in row))
    return table


def _decider(one: CaseFile) -> str:
    """Who made it end so: whoever ended it without money, or who decided about the money."""
    last = one.timeline[-1]
    if one.case["status"] == "cancelled" or not one.case["decision"]:
        role = last["actor"]["role"]
    else:
        role = one.case["decision"]["by"]["role"]
    return "clock" if role == "system" else str(role)


def _money(proof: Audit) -> Table:
    """Currencies across; the ledgers, the cases and the providers must agree."""
    sums = sorted(proof.sums().items())
    names = {
        "orders": "orders",
        "captured": "captured",
        "reserved": "reserved by the ledgers",
        "refunded": "refunded by the ledgers",
        "cases": "refunded by the cases",
        "stripe": "paid back by Stripe",
        "store_credit": "paid back as store credit",
    }
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    for currency, _ in sums:
        table.add_column(currency, justify="right")
    for name, title in names.items():
        table.add_row(title, *(f"{of[name]:,}" for _, of in sums))
    return table


def show_wrong(console: Console, proof: Audit, violations: Sequence[Violation]) -> None:
    """Every violation, with the timeline of the case that is to blame."""
    known = {case.case_id: case for file in proof.files for case in file.cases}
    for one in violations:
        console.print(f"[red]✗[/] order {one.order_id}, case {one.case_id}", highlight=False)
        console.print(f"  {one.detail}", markup=False, highlight=False, soft_wrap=True)
        for entry in known[one.case_id].timeline if one.case_id in known else ():
            line = f"  {entry['seq']:>3} {entry['at']} {entry['actor']['role']:<9} {entry['event']:<22}"
            console.print(f"{line} {entry['from']} → {entry['to']}", markup=False, highlight=False)


def main() -> int:
    """Plan, play, audit, report."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.cases", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="how many cases")
    parser.add_argument("--seed", type=int, help="which cases; without it, others each time")
    parser.add_argument("--orders", type=Path, default=JOURNAL_FILE, help="the journal of tools.load_orders")
    parser.add_argument(
        "--trouble", type=int, default=20, help="percent of cases whose provider fails somehow"
    )
    parser.add_argument("--workers", type=int, default=8, help="how many cases at once")
    options = parser.parse_args()

    desk, console = Stack(), Console()
    loaded = journal_of(desk, options.orders).loaded()
    if not loaded:
        console.print(
            "No orders are loaded. Load some: python -m tools.load_orders tools/sample_orders.jsonl"
        )
        return 1
    seed = randrange(1_000_000) if options.seed is None else options.seed
    started = time.monotonic()
    plans = list(plan_cases(desk, loaded, options.count, seed, options.trouble))
    if len(plans) < options.count:
        console.print(f"[yellow]The loaded orders have units for {len(plans)} cases only.[/]")
    touched = {plan.order_id: loaded[plan.order_id].references for plan in plans}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        playing = progress.add_task(f"Cases (seed {seed})", total=len(plans))
        auditing = progress.add_task("Audit of their orders", total=len(touched))
        stockroom = Stockroom(desk)
        planned = [Play(desk, stockroom, plan, _cards(touched[plan.order_id])) for plan in plans]
        plays = play_all(planned, desk, options.workers, lambda: progress.advance(playing))
        proof = audit(desk, touched, on_each=lambda: progress.advance(auditing))
    violations = [*_gone_wrong(plays, proof), *proof.violations]
    show(console, plays, proof)
    show_wrong(console, proof, violations)
    verdict = f"[red]violations: {len(violations)}[/]" if violations else "[green]every sum is right[/]"
    seconds = time.monotonic() - started
    console.print(f"{len(plays)} cases in {seconds:.0f} s with seed {seed}: {verdict}", highlight=False)
    return 1 if violations else 0


def _gone_wrong(plays: Sequence[Play], proof: Audit) -> Iterator[Violation]:
    """What went wrong on the way; and cases that were at their end and are not any more."""
    now = {case.case_id: case.case["status"] for file in proof.files for case in file.cases}
    for one in plays:
        if one.wrong:
            yield Violation(one.plan.order_id, one.case_id, f"{one.wrong} ({one.plan})")
        elif one.case_id and now[one.case_id] != one.status:
            yield Violation(one.plan.order_id, one.case_id, f"was {one.status}, is {now[one.case_id]}")


def _cards(references: Mapping[str, str]) -> list[str]:
    return [reference for reference in references.values() if reference.startswith("pi_")]


if __name__ == "__main__":
    sys.exit(main())
