"""Load orders from a JSON-lines file into the running desk: ``python -m tools.load_orders FILE [--limit N]``

Each line is an order as `PUT /orders/{order_id}` takes it, but its payments say how they were paid (`method`)
and not where they are found (`provider`, `reference`). The loader makes that true in the payment sandbox, and
moves the dates of each order by whole days so that it was delivered yesterday: inside every window.

What was done is kept in a journal, so a run that was interrupted goes on where it was, and loading a file again
makes no second payment and puts the same content.
"""

import argparse
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import blake2s
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import stripe
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from tools.desk import STACK_FILE, Stack

JOURNAL_FILE = STACK_FILE.with_name("loaded-orders.jsonl")
_DATES = ("placed_at", "shipped_at", "delivered_at")
_LANGUAGES = ("en", "zh")


class Method(StrEnum):
    """How a payment was made."""

    CREDIT_CARD = "credit_card"
    DEBIT_CARD = "debit_card"
    VOUCHER = "voucher"
    BOLETO = "boleto"


# A voucher never was at the payment provider. A boleto was, but "Boleto payments can't be refunded"
# (https://docs.stripe.com/payments/boleto#refunds): both go back as store credit.
# The files do not say what the platform kept of a sale; a share of it goes back with each refund.
FEE_PERCENT = 12
_CARDS = frozenset({Method.CREDIT_CARD, Method.DEBIT_CARD})


class PaymentLine(BaseModel):
    """A payment of a line of the file."""

    payment_id: str
    method: Method
    captured: int


class OrderLine(BaseModel):
    """What the loader itself looks at; the rest is for the API to judge."""

    model_config = ConfigDict(extra="allow")

    order_id: str
    buyer_id: str
    seller_id: str
    currency: str
    placed_at: AwareDatetime
    shipped_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    payments: list[PaymentLine]
    contact: dict[str, Any] | None = None


class BadLine(Exception):
    """A line that is no order, or none that the desk takes; says why."""


@dataclass
class Done:
    """What was already done for an order. `units` are those the desk has of it: none before it was taken."""

    days: int | None = None
    references: dict[str, str] = field(default_factory=dict)
    units: int = 0


class Journal:
    """What was done for which order, on disk as soon as it is done; without a file, in memory only.

    It belongs to one stack: what it says of another one, whose payments are gone, is forgotten.
    """

    def __init__(self, file: Path | None = None, stack: str = "") -> None:
        self._file = file
        self._done: dict[str, Done] = {}
        self._lock = threading.Lock()
        lines = file.read_text("utf-8").splitlines() if file and file.exists() else []
        entries = [entry for line in lines if (entry := _entry(line))]
        if file and entries[:1] != [{"stack": stack}]:
            file.write_text(json.dumps({"stack": stack}) + "\n", "utf-8")
            return
        for entry in entries[1:]:
            self._apply(entry)
        if file and lines:
            # A run that was killed may have left half a line, which the next entry must not continue.
            file.write_text("\n".join(map(json.dumps, entries)) + "\n", "utf-8")

    def of(self, order_id: str) -> Done:
        """What was done for an order so far."""
        return self._done.get(order_id, Done())

    def loaded(self) -> dict[str, Done]:
        """The orders that the desk has."""
        return {order_id: done for order_id, done in self._done.items() if done.units}

    def references(self) -> Iterator[str]:
        """The references of all payments, store credit included."""
        return (reference for done in self._done.values() for reference in done.references.values())

    def note(self, order_id: str, **facts: Any) -> None:
        """Keep something that was done; it is on disk before this returns."""
        entry = {"order_id": order_id} | facts
        with self._lock:
            self._apply(entry)
            if self._file:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")

    def _apply(self, entry: Mapping[str, Any]) -> None:
        done = self._done.setdefault(entry["order_id"], Done())
        done.days = entry.get("days", done.days)
        done.references |= entry.get("references", {})
        done.units = entry.get("units", done.units)


@dataclass(frozen=True)
class Loader:
    """Puts orders into a desk. `today` is the day from which yesterday is counted."""

    desk: Stack
    journal: Journal
    today: date

    def load(self, order: OrderLine) -> Counter[str]:
        """Make what is missing of its payments, then put it; answers what was counted.

        Raises `BadLine`.
        """
        done = self.journal.of(order.order_id)
        days = done.days
        if days is None:
            days = days_to_move(order, self.today)
            self.journal.note(order.order_id, days=days)
        made: Counter[str] = Counter()
        for payment in order.payments:
            kind = "made" if payment.payment_id not in done.references else "known"
            if kind == "made":
                reference = self._reference(order, payment)
                self.journal.note(order.order_id, references={payment.payment_id: reference})
            made[f"{provider_of(payment.method)} {kind}"] += 1
        taken = self._put(snapshot(order, days, self.journal.of(order.order_id).references))
        if not done.units:
            self.journal.note(order.order_id, units=sum(line["quantity"] for line in taken["lines"]))
        return made

    def _reference(self, order: OrderLine, payment: PaymentLine) -> str:
        if payment.method not in _CARDS:
            return f"{payment.method}-{order.order_id}-{payment.payment_id}"
        try:
            return self.desk.pay(payment.captured, order.currency)
        except stripe.StripeError as error:
            raise BadLine(f"payment {payment.payment_id} was not made: {error.user_message}") from error

    def _put(self, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self.desk.person("platform").put(f"orders/{body['order_id']}", body)
        except httpx.HTTPError as error:
            raise BadLine(f"the API did not answer: {error}") from error
        if answer.status_code != httpx.codes.OK:
            raise BadLine(_refusal(answer))
        taken: dict[str, Any] = answer.json()
        return taken


def read_order(line: str) -> OrderLine:
    """The order of a line. Raises `BadLine`."""
    try:
        return OrderLine.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadLine(f"{where}: {first['msg']}" if where else first["msg"]) from error


def provider_of(method: Method) -> str:
    """Who can pay it back."""
    return "stripe" if method in _CARDS else "store_credit"


def days_to_move(order: OrderLine, today: date) -> int:
    """By how many days all dates move so that it was delivered (or what came last) yesterday."""
    last = order.delivered_at or order.shipped_at or order.placed_at
    return (today - timedelta(days=1) - last.astimezone(UTC).date()).days


def snapshot(order: OrderLine, days: int, references: Mapping[str, str]) -> dict[str, Any]:
    """The order as the platform puts it, with its dates moved and its payments found."""
    body = order.model_dump()
    dates = {name: _moved(body[name], days) for name in _DATES}
    payments = [
        payment.model_dump(mode="json")
        | {"provider": provider_of(payment.method), "reference": references[payment.payment_id]}
        for payment in order.payments
    ]
    return (
        body
        | dates
        | {
            "payments": payments,
            "contact": order.contact or _contact(order.buyer_id),
            "platform_fee": sum(payment.captured for payment in order.payments) * FEE_PERCENT // 100,
        }
    )


def load_lines(
    loader: Loader, lines: Iterable[str], on_each: Callable[[int, Counter[str] | BadLine], None], workers: int
) -> None:
    """Load every line; `on_each` hears of each, by line number, what was made or why it was not loaded."""
    pool = ThreadPoolExecutor(workers)
    try:
        tasks = {}
        seen: dict[str, int] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                order = read_order(line)
                if (first := seen.setdefault(order.order_id, number)) != number:
                    raise BadLine(f"order {order.order_id} stands in line {first} already")
                tasks[pool.submit(loader.load, order)] = number
            except BadLine as bad:
                on_each(number, bad)
        for task in as_completed(tasks):
            error = task.exception()
            if error and not isinstance(error, BadLine):
                raise error
            on_each(tasks[task], error if isinstance(error, BadLine) else task.result())
    finally:
        pool.shutdown(cancel_futures=True)


def journal_of(desk: Stack, file: Path = JOURNAL_FILE) -> Journal:
    """The journal of a running stack; begun anew where the sandbox has forgotten the payments."""
    journal = Journal(file, desk.facts["user_pool_id"])
    card = next((one for one in journal.references() if one.startswith("pi_")), None)
    if card and not desk.knows_payment(card):
        file.unlink()
        return Journal(file, desk.facts["user_pool_id"])
    return journal


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Nothing until it is known."""
        return Text(f"{task.speed:.0f}/s" if task.speed else "", style="progress.data.speed")


def main() -> int:
    """Load, report, and say by the exit code whether all went well."""
    parser = argparse.ArgumentParser(prog="python -m tools.load_orders", description=__doc__)
    parser.add_argument("file", type=Path, help="JSON lines, one order each")
    parser.add_argument("--limit", type=int, help="only so many lines")
    parser.add_argument("--workers", type=int, default=8, help="how many at once")
    options = parser.parse_args()

    desk = Stack()
    console = Console()
    loader = Loader(desk, journal_of(desk), datetime.now(UTC).date())
    lines = list(islice(options.file.read_text("utf-8").splitlines(), options.limit))
    counts: Counter[str] = Counter()
    bad: dict[int, BadLine] = {}
    started = time.monotonic()
    columns = ("Loading", BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=sum(bool(line.strip()) for line in lines))

        def on_each(number: int, result: Counter[str] | BadLine) -> None:
            progress.advance(task)
            if isinstance(result, BadLine):
                bad[number] = result
            else:
                counts.update(result + Counter(orders=1))

        load_lines(loader, lines, on_each, options.workers)
    _report(console, counts, bad, time.monotonic() - started)
    return 1 if bad else 0


def _report(console: Console, counts: Counter[str], bad: Mapping[int, BadLine], seconds: float) -> None:
    for number, why in sorted(bad.items()):
        console.print(f"[red]line {number}[/]", end=" ")
        console.print(str(why), markup=False, highlight=False, soft_wrap=True)
    orders = counts["orders"]
    console.print(
        f"{orders:,} orders loaded in {seconds:.1f} s ({orders / seconds:.0f}/s), {len(bad)} lines refused.\n"
        f"Card payments: {counts['stripe made']:,} made, {counts['stripe known']:,} known from before. "
        f"Vouchers and boletos: {counts['store_credit made'] + counts['store_credit known']:,}.",
        highlight=False,
    )


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return entry


def _moved(moment: datetime | None, days: int) -> str | None:
    if moment is None:
        return None
    return (moment.astimezone(UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def _contact(buyer_id: str) -> dict[str, str]:
    """Everybody reads their mail in one language, always the same."""
    language = _LANGUAGES[blake2s(buyer_id.encode()).digest()[0] % len(_LANGUAGES)]
    return {"email": f"{buyer_id}@example.com", "language": language}


def _refusal(answer: httpx.Response) -> str:
    """The code of a problem and the fields that it names."""
    try:
        problem = answer.json()
    except ValueError:
        return f"refused with {answer.status_code}"
    fields = "; ".join(f"{one['field']}: {one['message']}" for one in problem.get("errors", []))
    return f"refused with {problem.get('code', answer.status_code)}: {fields or problem.get('detail', '')}"


if __name__ == "__main__":
    sys.exit(main())
