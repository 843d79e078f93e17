"""Mistakes, planted one at a time: a simulator that cannot find them proves nothing.

Each is one that others have made (`docs/simulation.md` names where), written as a patch of the product's own code.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import _patch, patch
from uuid import uuid5

from aftersales.adapters import sns, stepfunctions, stripe_payments, tables
from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.dynamodb_accounts import count_posting
from aftersales.domain import ledger, lifecycle, refund
from aftersales.domain.case import Case, Status
from aftersales.domain.lifecycle import LIFECYCLE, Act, Change
from aftersales.domain.refund import Attempt, AttemptState, ProviderRefund
from aftersales.domain.timeline import EFFECTS, Effect, Event, Wake
from aftersales.entrypoints.logs import logger
from aftersales.entrypoints.step import StepInput
from aftersales.usecases import (
    act_on_case,
    open_case,
    relay_timeline,
    run_workflow,
    sweep_deadlines,
)
from aftersales.usecases import commit as committing
from aftersales.usecases.ports import OutcomeUnknown, Stale

Plant = Callable[[], list["_patch[Any]"]]


def _a_new_key_for_each_call() -> list["_patch[Any]"]:
    """medusajs/medusa#16681, first half: and nobody asks what became of the call before."""
    numbers = count()

    def ask_and_send(payments: Any, attempt: Attempt, *, ask: bool, now: int) -> ProviderRefund:
        fresh = replace(attempt, refund_id=f"{attempt.refund_id}-{next(numbers)}")
        said: ProviderRefund = payments.refund(fresh)
        return replace(said, refund_id=attempt.refund_id)

    return [patch.object(run_workflow, "_ask_and_send", ask_and_send)]


def _unknown_is_failed() -> list["_patch[Any]"]:
    """medusajs/medusa#16681, second half."""

    def pay(payments: Any, attempt: Attempt, fresh: bool, now: Callable[[], int]) -> ProviderRefund:
        try:
            return run_workflow._ask_and_send(payments, attempt, ask=not fresh, now=now())
        except OutcomeUnknown:
            return stripe_payments._refused(attempt, "timeout")

    return [patch.object(run_workflow, "_pay", pay)]


def _case_written_without_condition() -> list["_patch[Any]"]:
    """Two deciders, and the last one wins; its entry replaces the first one's."""
    whole = DynamoDBStore._transact

    def transact(store: DynamoDBStore, writes: list[Any]) -> None:
        whole(store, [_bare(one) for one in writes[:2]] + writes[2:])

    return [patch.object(DynamoDBStore, "_transact", transact)]


def _ledger_written_without_condition() -> list["_patch[Any]"]:
    """medusajs/medusa#16012, juspay/hyperswitch#13182, saleor/saleor#19645: check, then act."""
    whole = DynamoDBStore._put_ledger

    def put(store: DynamoDBStore, books: Any, *, new: bool) -> Any:
        return _bare(whole(store, books, new=new))

    return [patch.object(DynamoDBStore, "_put_ledger", put)]


def _lost_race_counts_as_done() -> list["_patch[Any]"]:
    """A failed condition is swallowed."""
    whole = DynamoDBStore._transact

    def transact(store: DynamoDBStore, writes: list[Any]) -> None:
        try:
            whole(store, writes)
        except Stale:
            return

    return [patch.object(DynamoDBStore, "_transact", transact)]


def _acknowledged_before_done() -> list["_patch[Any]"]:
    """The outbox row is ticked off first."""
    whole = relay_timeline.relay_entry

    def relay(desk: Any, workflow: Any, notices: Any, entry: Any) -> None:
        desk.store.mark_relayed(entry)
        whole(desk, workflow, notices, entry)

    return [
        patch.object(relay_timeline, "relay_entry", relay),
        *_in_function("relay_timeline", "relay_entry", relay),
    ]


def _posting_counted_with_each_delivery() -> list["_patch[Any]"]:
    """antiwork/gumroad#6193, in the seller's balance: whoever relays an entry also adds what it posts."""
    whole = DynamoDBStore._transact

    def transact(store: DynamoDBStore, writes: list[Any]) -> None:
        whole(store, [_bare(one) if "Update" in one else one for one in writes])

    return [patch.object(DynamoDBStore, "_transact", transact)]


def _posting_counted_after_its_acknowledgement() -> list["_patch[Any]"]:
    """Two writes, and a worker that dies between them."""
    whole = DynamoDBStore.mark_relayed

    def mark_relayed(store: DynamoDBStore, entry: Any) -> None:
        due = store.unrelayed_entry(entry.case_id, entry.seq)
        whole(store, replace(entry, posting=None))
        if due and entry.posting:
            partition = tables.case_key(entry.case_id)["pk"]
            store._transact([count_posting(store._cases, entry.posting, partition)])

    return [patch.object(DynamoDBStore, "mark_relayed", mark_relayed)]


def _nobody_sweeps_the_timeline() -> list["_patch[Any]"]:
    """The stream is trusted."""
    return [patch.object(relay_timeline, "sweep_timeline", lambda *_: 0)]


def _nobody_sweeps_deadlines() -> list["_patch[Any]"]:
    """Deadlines are left to the state machine's own timeouts."""
    return [patch.object(sweep_deadlines, "sweep_deadlines", lambda *_: 0)]


def _looks_before_it_parks() -> list["_patch[Any]"]:
    """A decision in between rings nobody."""

    def wait(desk: Any, workflow: Any, case_id: str, waiting: Any) -> None:
        case = desk.store.case(case_id)
        if case is None or case.version != waiting.version:
            workflow.ring(waiting.token)
            return
        run_workflow._park(desk, case_id, waiting)

    return [patch.object(run_workflow, "wait_for_party", wait)]


def _late_try_hides_the_bell() -> list["_patch[Any]"]:
    """The retry of a step and its first try look alike. The simulator found this one by itself."""

    def waiting(given: StepInput) -> Any:
        return run_workflow.Waiting(
            execution=given.execution, token=given.token, entered_at=given.entered_at, version=given.version
        )

    return [patch.object(StepInput, "waiting", property(waiting))]


def _withdrawn_while_money_moves() -> list["_patch[Any]"]:
    """The buyer may step back at any time."""
    wide = {**LIFECYCLE, Act.WITHDRAW: frozenset(Status)}
    return [patch.object(lifecycle, "LIFECYCLE", wide)]


def _approved_twice() -> list["_patch[Any]"]:
    """Whoever decides later decides anew."""
    wide = {**LIFECYCLE, Act.DECIDE: frozenset(Status) - {Status.COMPLETED}}
    return [patch.object(lifecycle, "LIFECYCLE", wide)]


def _new_case_for_each_request() -> list["_patch[Any]"]:
    """openfoodfoundation/openfoodnetwork#6330: a double click, or a client's retry, is a second case."""
    numbers = count()

    def case_id_of(buyer: Any, key: str) -> str:
        return str(uuid5(open_case._CASES, f"{buyer.id}{key}{next(numbers)}"))

    return [patch.object(open_case, "case_id_of", case_id_of)]


def _nobody_asks_the_provider() -> list["_patch[Any]"]:
    """Webhooks are trusted to come."""
    clocks = {
        status: clock for status, clock in lifecycle.CLOCKS.items() if status is not Status.REFUND_PENDING
    }
    return [patch.object(lifecycle, "CLOCKS", clocks)]


def _a_success_is_for_ever() -> list["_patch[Any]"]:
    """A refund that fails days later is not heard."""
    whole = refund.observe

    def observe(attempt: Attempt, seen: ProviderRefund) -> Attempt:
        return attempt if attempt.state is AttemptState.SUCCEEDED else whole(attempt, seen)

    return [patch.object(lifecycle, "observe", observe)]


def _late_news_win() -> list["_patch[Any]"]:
    """Whatever was heard last counts: old answers take states back."""
    ranks = dict.fromkeys(AttemptState, 0)
    return [patch.object(refund, "_RANK", ranks), patch.object(refund, "DEAD", frozenset())]


def _booked_twice() -> list["_patch[Any]"]:
    """antiwork/gumroad#6193, solidusio/solidus_stripe#281: the answer and the webhook both settle."""
    whole = ledger.settle

    def settle(books: Any, paid: Any) -> Any:
        parts = tuple(paid)
        once = whole(books, parts)
        try:
            return whole(once, parts)
        except ValueError:
            return once

    return [patch.object(ledger, "settle", settle)]


def _trouble_frees_the_money() -> list["_patch[Any]"]:
    """medusajs/medusa#13301: a failed step is compensated by undoing, although its effect may be there."""
    whole = lifecycle.record_refunds

    def record(case: Case, books: Any, seen: Any, **rest: Any) -> Change | None:
        change = whole(case, books, seen, **rest)
        if change and change.case.status is Status.REFUND_ACTION_REQUIRED:
            return replace(change, ledger=ledger.release_money(change.ledger or books, case.owed))
        return change

    return [patch.object(lifecycle, "record_refunds", record)]


def _part_keeps_the_rest() -> list["_patch[Any]"]:
    """What a partial approval does not grant stays reserved."""
    return [patch.object(ledger, "release_money", lambda books, rest: books)]


def _units_come_free_again() -> list["_patch[Any]"]:
    """Paid units are not consumed."""
    return [patch.object(ledger, "consume_units", lambda books, units: books)]


def _no_way_back_from_completed() -> list["_patch[Any]"]:
    """A late failure does not start the workflow again."""
    effects = {**EFFECTS, Event.REFUND_FAILED_LATE: Effect(Wake.RING, told=True)}
    return [patch.object(relay_timeline, "EFFECTS", effects)]


def _a_closed_token_is_an_error() -> list["_patch[Any]"]:
    """Whoever rings second fails, again and again."""
    return [patch.object(stepfunctions, "_CLOSED", frozenset())]


def _publishing_may_fail() -> list["_patch[Any]"]:
    """Notices are sent at most once."""
    whole = sns.SnsNotices.publish

    def publish(notices: Any, notice: Any) -> None:
        try:
            whole(notices, notice)
        except Exception:  # noqa: BLE001 - that is the mistake
            return

    return [patch.object(sns.SnsNotices, "publish", publish)]


def _everybody_may_see() -> list["_patch[Any]"]:
    """Whoever knows the id may act."""
    return [patch.object(one, "may_see_case", lambda *_, **__: True) for one in (committing,)]


def _words_in_the_log() -> list["_patch[Any]"]:
    """The note of a decision is logged."""
    whole = act_on_case.decide_case

    def decide(*asked: Any, **told: Any) -> Case:
        logger.info("decided", note=told["note"])
        return whole(*asked, **told)

    return [patch.object(act_on_case, "decide_case", decide)]


def _bare(write: Any) -> Any:
    """A write without its condition."""
    ((kind, content),) = write.items()
    return {kind: {name: value for name, value in content.items() if name != "ConditionExpression"}}


def _in_function(folder: str, name: str, value: Any) -> list["_patch[Any]"]:
    """A name that a function has imported into itself."""
    from tools.generate.sources import function_module

    return [patch.object(function_module(folder), name, value)]


PLANTS: Mapping[str, Plant] = {
    name.removeprefix("_"): plant
    for name, plant in list(globals().items())
    if name.startswith("_") and callable(plant) and getattr(plant, "__module__", "") == __name__
    if name not in ("_bare", "_in_function", "_patch")
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The product with that mistake in it."""
    patches = PLANTS[name]()
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in reversed(patches):
            one.stop()
