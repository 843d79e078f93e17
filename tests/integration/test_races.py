"""Two at once on one case: every interleaving of their reads and writes has one winner, and the timeline tells it."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.stripe_payments import StripePayments
from aftersales.domain.lifecycle import Change
from aftersales.domain.parties import Party, Role
from tests.builders import SELLER
from tests.integration.harness import Answer, Desk
from tests.integration.people import (
    Payer,
    apply,
    assert_books,
    assert_ended,
    assert_told,
    count,
    decide,
    events,
    order_of,
    paid,
    provider_events,
    put,
    read,
    refunds,
    withdraw,
)

pytestmark = pytest.mark.enable_socket


class Turns:
    """Lets one of two threads do its next read or write, in the order of a schedule."""

    def __init__(self, schedule: list[int]) -> None:
        self._schedule = schedule
        self._running = {0, 1}
        self._changed = threading.Condition()
        self._me = threading.local()

    def run(self, number: int, do: Callable[[], object]) -> None:
        """One of the two."""
        self._me.number = number
        try:
            do()
        finally:
            with self._changed:
                self._running.discard(number)
                self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn; it ends when the read or write has."""
        number = getattr(self._me, "number", None)
        if number is None:
            yield
            return
        with self._changed:
            assert self._changed.wait_for(lambda: self._next() == number, timeout=120)
        yield
        with self._changed:
            if self._schedule:
                self._schedule.pop(0)
            self._changed.notify_all()

    def _next(self) -> int:
        while self._schedule and self._schedule[0] not in self._running:
            self._schedule.pop(0)
        return self._schedule[0] if self._schedule else min(self._running)


def race(case_id: str, seed: int, one: Callable[[], object], other: Callable[[], object]) -> None:
    """Both at once, their reads of the case and their commits in a random order."""
    chance = random.Random(seed)
    turns = Turns([chance.randrange(2) for _ in range(12)])
    with pytest.MonkeyPatch.context() as patch:
        read_case, commit = DynamoDBStore.case, DynamoDBStore.commit

        def case(store: DynamoDBStore, wanted: str) -> Any:
            if wanted != case_id:
                return read_case(store, wanted)
            with turns.turn():
                return read_case(store, wanted)

        def committed(store: DynamoDBStore, change: Change, *args: Any) -> None:
            with turns.turn():
                commit(store, change, *args)

        patch.setattr(DynamoDBStore, "case", case)
        patch.setattr(DynamoDBStore, "commit", committed)
        failures: list[BaseException] = []

        def guarded(do: Callable[[], object]) -> Callable[[], None]:
            def run() -> None:
                try:
                    do()
                except BaseException as error:  # noqa: BLE001 - told by the test, not by the thread
                    failures.append(error)

            return run

        threads = [
            threading.Thread(target=turns.run, args=(number, guarded(do)))
            for number, do in enumerate((one, other))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert not failures, failures


def reviewed(desk: Desk, payer: Payer, number: int) -> str:
    """A case of its own that waits for its seller; its execution is started later, or never."""
    order = put(desk, paid(order_of(desk, order_id=f"order-{number}", buyer_id=f"buyer-{number}"), payer))
    case_id = apply(desk, order, "changed_mind")
    desk.invoke("AssessCase", {"case_id": case_id, "schema": 1, "execution": case_id})
    return case_id


def step(desk: Desk, case_id: str) -> dict[str, Any]:
    """What Step Functions passes to a step, from an execution that is long gone."""
    version = read(desk, case_id)["version"]
    return {
        "case_id": case_id,
        "schema": 1,
        "version": version,
        "token": "none",
        "entered_at": "2020-01-01T00:00:00Z",
    }


def _answered(answers: list[int], ask: Callable[[], Answer]) -> Callable[[], None]:
    return lambda: answers.append(ask().status)


@pytest.mark.parametrize("block", range(4))
def test_decision_and_deadline_in_the_same_instant_have_one_winner_in_a_hundred_interleavings(
    desk: Desk, payer: Payer, block: int
) -> None:
    winners: Counter[str] = Counter()

    def sweep() -> None:
        desk.clock.run_ahead(1)
        desk.invoke("SweepDeadlines", {})

    for seed in range(25 * block, 25 * block + 25):
        case_id = reviewed(desk, payer, seed)
        # The seller's last millisecond, and by the clock of the sweep the first one after it.
        desk.clock.advance(days=2, milliseconds=-1)
        verdict = ("approve", "decline")[seed % 2]
        answers: list[int] = []
        race(case_id, seed, _answered(answers, partial(decide, desk, case_id, verdict)), sweep)
        told = assert_told(desk, case_id)
        (decision,) = (one for one in told if one["from"] == "under_review")
        winner = decision["actor"]["role"]
        winners[winner] += 1
        assert answers == [200 if winner == "seller" else 409]
        declined = (winner, verdict) == ("seller", "decline")
        assert told[-1]["to"] == ("declined" if declined else "approved")
        if seed % 25 < 2:
            desk.pump()  # the execution starts only now, and finds what was decided
            if declined:
                desk.silence(days=7)
            assert_ended(desk, case_id, "closed_declined" if declined else "completed")
            mine = [one for one in refunds(desk) if one["metadata"]["case_id"] == case_id]
            assert len(mine) == (not declined)
        else:
            desk.new_records()  # dropped: the writes are what this is about
    assert min(winners["seller"], winners["system"]) > 2, winners


@pytest.mark.parametrize("waits_in_execution", [True, False])
def test_withdrawal_and_approval_at_once_end_the_case_once(
    desk: Desk, payer: Payer, waits_in_execution: bool
) -> None:
    ends: Counter[str] = Counter()
    for seed in range(6):
        case_id = reviewed(desk, payer, seed)
        if waits_in_execution:
            desk.pump()
        approval: list[int] = []
        withdrawal: list[int] = []
        buyer = Party(Role.BUYER, f"buyer-{seed}")
        race(
            case_id,
            1_000 + seed,
            _answered(approval, partial(decide, desk, case_id)),
            _answered(withdrawal, partial(withdraw, desk, case_id, by=buyer)),
        )
        assert sorted(approval + withdrawal) == [200, 409]
        desk.pump()
        end = "completed" if approval == [200] else "cancelled"
        assert_ended(desk, case_id, end)
        ends[end] += 1
    assert len(refunds(desk)) == ends["completed"]
    assert len(ends) == 2, ends


def test_the_provider_s_event_and_the_clock_s_question_book_one_success(desk: Desk, payer: Payer) -> None:
    for seed in range(6):
        order = order_of(desk, order_id=f"order-{seed}", buyer_id=f"buyer-{seed}")
        order = put(desk, paid(order, payer))
        desk.sandbox.order("pending")
        case_id = apply(desk, order)
        desk.pump()
        newest = refunds(desk)[-1]
        desk.sandbox.post(f"refunds/{newest['id']}/settle", status="succeeded")
        event = next(one for one in reversed(provider_events(desk)) if one["type"] == "refund.updated")
        heard: list[int] = []
        race(
            case_id,
            2_000 + seed,
            _answered(heard, partial(desk.hear, event)),
            partial(desk.invoke, "RefundBuyer", step(desk, case_id)),
        )
        assert heard == [200]
        desk.pump()
        assert_ended(desk, case_id, "completed")
        assert count(events(desk, case_id))["refund_succeeded"] == 1
        assert assert_books(desk, order)["refunded"] == 2_000


def test_two_steps_that_refund_at_once_make_one_refund(desk: Desk, payer: Payer) -> None:
    """A step that Step Functions gave up still runs while its successor does: both have the same key."""
    case_id = reviewed(desk, payer, 1)
    decide(desk, case_id).ok()
    desk.sandbox.order("delay", delay_ms=50)
    late = step(desk, case_id)
    race(
        case_id,
        3,
        lambda: desk.invoke("RefundBuyer", late),
        lambda: desk.invoke("RefundBuyer", late | {"token": "other"}),
    )
    assert len(refunds(desk)) == 1
    desk.pump()
    assert_ended(desk, case_id, "completed")
    assert count(events(desk, case_id))["refund_started"] == 1


def test_a_seller_who_approves_while_the_step_is_parking_is_not_missed(desk: Desk, payer: Payer) -> None:
    """The approval lands between the step's route and its doorbell: nobody finds a bell, the step sees the version."""
    order = put(desk, paid(order_of(desk), payer))
    approved: list[int] = []

    def approve() -> None:
        if not approved:
            approved.append(decide(desk, case_id).status)
            desk.deliver(desk.new_records())

    with pytest.MonkeyPatch.context() as patch:
        park = DynamoDBStore.park

        def parked_late(*args: Any) -> None:
            approve()
            park(*args)

        patch.setattr(DynamoDBStore, "park", parked_late)
        case_id = apply(desk, order, "changed_mind")
        desk.pump()
    assert approved == [200]
    assert len(assert_ended(desk, case_id, "completed")) == 7


def test_two_of_the_seller_s_staff_decide_once(desk: Desk, payer: Payer) -> None:
    case_id = reviewed(desk, payer, 1)
    answers: list[int] = []
    race(
        case_id,
        7,
        lambda: answers.append(decide(desk, case_id, by=SELLER, amount=1_000).status),
        lambda: answers.append(decide(desk, case_id, "decline", by=SELLER).status),
    )
    assert sorted(answers) == [200, 409]
    assert_told(desk, case_id)


def test_the_refund_is_one_however_often_the_step_is_repeated(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    calls: list[int] = []
    desk.after(StripePayments, "refund", lambda: calls.append(1))
    case_id = apply(desk, order)
    desk.pump()
    version = read(desk, case_id)["version"]
    for _ in range(3):
        desk.invoke("RefundBuyer", step(desk, case_id))
        desk.invoke("SettleCase", {"case_id": case_id, "schema": 1})
    assert len(refunds(desk)) == len(calls) == 1
    assert read(desk, case_id)["version"] == version
