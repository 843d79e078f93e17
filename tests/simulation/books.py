"""The books of a world's orders, read the way the desk reads them, and held against the invariants."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from aftersales.adapters.dynamodb import entry_of_stream_image
from aftersales.adapters.tables import TIMELINE, entry_key
from aftersales.domain.case import Case
from aftersales.domain.charge import ChargeState, ProviderCharge
from aftersales.domain.invariants import (
    ALWAYS,
    AT_REST,
    Books,
    Check,
    ExecutionOfCase,
    Violation,
    violations,
)
from aftersales.domain.ledger import External, ExternalKind, ExternalState, Ledger, by_now
from aftersales.domain.order import Order
from aftersales.domain.refund import AttemptState, RefundAtProvider
from aftersales.domain.settlement import Posting
from aftersales.domain.timeline import Entry
from aftersales.entrypoints import bootstrap
from aftersales.usecases.rebuild_balances import drifts
from tests.simulation.fakes.dynamodb import Item
from tests.simulation.world import World

_DISPUTES = {
    "needs_response": ExternalState.OPEN,
    "lost": ExternalState.TAKEN,
    "won": ExternalState.RETURNED,
}
_CHARGES = {
    "requires_capture": ChargeState.AUTHORIZED,
    "succeeded": ChargeState.CAPTURED,
    "canceled": ChargeState.CANCELED,
}


class Bookkeeper:
    """Looks after every commit and every refund, and once more when everything rests."""

    def __init__(self, world: World, orders: Iterable[Order]) -> None:
        self.accepted: dict[str, set[str]] = {}
        self._world = world
        self._orders: dict[str, Order] = {}
        for order in orders:
            self.watch(order)
        self._opened: dict[str, list[str]] = {}
        # By table and partition: how often it had been written to, and what was read from it then.
        self._read: dict[tuple[str, str], tuple[int, Any]] = {}
        world.on_case.append(self._look_after)
        world.on_refund.append(self._look_everywhere)

    def watch(self, order: Order) -> None:
        """Look after this order too."""
        self.accepted[order.order_id] = set()
        self._orders[order.order_id] = order

    def close(self) -> None:
        """Nothing is under way any more."""
        for order_id in self._orders:
            self._look(order_id, AT_REST)
        for seller_id in sorted({order.seller_id for order in self._orders.values()}):
            with self._world.quietly():
                for drift in drifts(bootstrap.accounts(), seller_id):
                    self._world.violate("I12", seller_id, f"its balance and its postings differ: {drift}")

    def cases(self, order_id: str) -> list[Case]:
        """The cases of an order, oldest first."""
        return [self._case(case_id)[0] for case_id in self._opened.get(order_id, ())]

    def _look_after(self, row: Item) -> None:
        order_id, case_id = row["order_id"]["S"], row["case_id"]["S"]
        known = self._opened.setdefault(order_id, [])
        if case_id not in known:
            known.append(case_id)
        self._look(order_id, ALWAYS)

    def _look_everywhere(self) -> None:
        for order_id in self._orders:
            self._look(order_id, ALWAYS)

    def _look(self, order_id: str, checks: tuple[Check, ...]) -> None:
        with self._world.quietly():
            books = self._books(order_id)
            if checks is AT_REST:
                books = self._at_rest(books)
            found = violations(books, checks)
        for one in found:
            if one not in self._world.broken:
                self._world.broken.append(one)
                self._world.say("BROKEN", str(one))

    def _books(self, order_id: str) -> Books:
        """What must fit at every write."""
        cases = tuple(self.cases(order_id))
        order = by_now(self._orders[order_id], self._ledger(order_id))
        entries = {case.case_id: self._case(case.case_id)[1] for case in cases}
        return Books(
            ledger=self._ledger(order_id),
            cases=cases,
            entries=entries,
            refunds=tuple(self._refunds(order)),
            charges=tuple(self._charges(entries)),
            postings=self._postings(order_id),
            accepted=frozenset(self.accepted[order_id]),
        )

    def _at_rest(self, books: Books) -> Books:
        """And what fits once nothing is under way."""
        order = by_now(self._orders[books.ledger.order_id], books.ledger)
        return replace(
            books,
            external=tuple(self._external(order)),
            executions=tuple(
                ExecutionOfCase(
                    name=one.name,
                    case_id=one.input["case_id"],
                    running=one.status == "RUNNING",
                    failed=one.status == "FAILED",
                )
                for one in self._world.stepfunctions.executions.values()
                if one.input["case_id"] in books.entries
            ),
            unrelayed=frozenset(
                one.notice_id
                for case_id, entries in books.entries.items()
                for one in entries
                if "unrelayed" in self._rows(case_id)[entry_key(case_id, one.seq)["sk"]]
            ),
            told=frozenset(one["notice_id"] for one in self._world.deliveries.notices),
        )

    def _ledger(self, order_id: str) -> Ledger:
        def read() -> Ledger:
            order = bootstrap.store().order(order_id)
            assert order
            return order[1]

        return self._once("OrdersTable", f"ORDER#{order_id}", read)

    def _postings(self, order_id: str) -> tuple[Posting, ...]:
        return self._once(
            "CasesTable",
            f"ORDER#{order_id}",
            lambda: tuple(bootstrap.store().postings_of_order(order_id)),
        )

    def _case(self, case_id: str) -> tuple[Case, tuple[Entry, ...]]:
        """A case and its timeline, the oldest entry first."""

        def read() -> tuple[Case, tuple[Entry, ...]]:
            case = bootstrap.store().case(case_id)
            assert case
            rows = sorted(self._rows(case_id).items())
            return case, tuple(entry_of_stream_image(row) for sort, row in rows if sort.startswith(TIMELINE))

        return self._once("CasesTable", f"CASE#{case_id}", read)

    def _rows(self, case_id: str) -> dict[str, Item]:
        return self._world.dynamodb.tables["CasesTable"].partitions[f"CASE#{case_id}"]

    def _once[T](self, table: str, partition: str, read: Callable[[], T]) -> T:
        """Read again only when something was written there."""
        writes = self._world.dynamodb.tables[table].writes[partition]
        known = self._read.get((table, partition))
        if known is None or known[0] != writes:
            known = self._read[table, partition] = (writes, read())
        value: T = known[1]
        return value

    def _refunds(self, order: Order) -> Iterable[RefundAtProvider]:
        credits = self._world.dynamodb.tables["OrdersTable"].rows()
        for payment in order.payments:
            if payment.provider == "stripe":
                for one in self._world.provider.ledger.refunds(payment_intent=payment.reference):
                    yield RefundAtProvider(
                        provider_refund_id=one["id"],
                        refund_id=one["metadata"].get("refund_id"),
                        payment_id=payment.payment_id,
                        amount=one["amount"],
                        state=AttemptState(one["status"]),
                    )
                continue
            for row in credits:
                if row["sk"]["S"] == "CREDIT" and row["order_id"]["S"] == order.order_id:
                    yield RefundAtProvider(
                        provider_refund_id=row["pk"]["S"],
                        refund_id=row["refund_id"]["S"],
                        payment_id=payment.payment_id,
                        amount=int(row["amount"]["N"]),
                        state=AttemptState.SUCCEEDED,
                    )

    def _charges(self, cases: Iterable[str]) -> Iterable[ProviderCharge]:
        """What buyers are asked to pay or have paid for these cases."""
        for one in self._world.provider.ledger.payments():
            if one["metadata"].get("case_id") in cases:
                yield ProviderCharge(
                    charge_id=one["metadata"]["charge_id"],
                    reference=one["id"],
                    state=_CHARGES.get(one["status"], ChargeState.AWAITING),
                    amount=one["amount"],
                    currency=one["currency"].upper(),
                    captured=one["amount_received"],
                )

    def _external(self, order: Order) -> Iterable[External]:
        """Oldest first, refunds before disputes, as the desk books them."""
        ledger = self._world.provider.ledger
        for payment in order.payments:
            if payment.provider != "stripe":
                continue
            for one in reversed(ledger.refunds(payment_intent=payment.reference)):
                if not one["metadata"]:
                    returned = one["status"] in ("failed", "canceled")
                    yield External(
                        external_id=one["id"],
                        payment_id=payment.payment_id,
                        kind=ExternalKind.REFUND,
                        amount=one["amount"],
                        state=ExternalState.RETURNED if returned else ExternalState.TAKEN,
                    )
            for one in reversed(ledger.disputes(payment_intent=payment.reference)):
                yield External(
                    external_id=one["id"],
                    payment_id=payment.payment_id,
                    kind=ExternalKind.DISPUTE,
                    amount=one["amount"],
                    state=_DISPUTES[one["status"]],
                )


def describe(found: Iterable[Violation]) -> str:
    """One line each."""
    return "\n".join(str(one) for one in found)
