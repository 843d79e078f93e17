"""The ledger of an order: which units and how much money are still free, for every kind of case.

There is one ledger an order. Opening a case moves units and money from `available` to reserved; a refund that
the provider made moves its money on to `refunded`; whatever else ends a case moves the rest back. Money also leaves
a payment without the desk: refunds made by hand at the provider, and chargebacks. They take what is available; what
cases hold already they leave, and the payment is `short` of the rest until a case gives something back.
So at every read, per payment: available + reserved + refunded + external + disputed = captured, and nothing is
available where something is short.

The functions here compute the next ledger from the one that was read; the store writes it only if the stored
version is still the one that was read. So what a function checked is what is true when its result lands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from aftersales.domain.money import share, step
from aftersales.domain.order import SHIPPING, Line, Order, Payment
from aftersales.domain.refusal import Code, Refusal


class Unit(StrEnum):
    """Where one unit of a line stands."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    REFUNDED = "refunded"
    EXCHANGED = "exchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """The units of one line; unit k of n always carries `share(total, k, n)`, whoever takes it and when. `goods` where
    they went out in an exchange, so that no snapshot of the order has them; `declined` where a claim on them was
    declined for good."""

    line_id: str
    total: int
    tax: int
    units: tuple[Unit, ...]
    step: int = 1
    goods: Line | None = None
    declined: bool = False

    @property
    def free(self) -> tuple[int, ...]:
        """The numbers (from 1) of the units that a case may still take."""
        return tuple(k for k, unit in enumerate(self.units, 1) if unit is Unit.AVAILABLE)

    def worth(self, units: Iterable[int]) -> tuple[int, int]:
        """What these units carry: (total, the tax within it)."""
        n = len(self.units)
        picked = tuple(units)
        total = sum(share(self.total, k, n, self.step) for k in picked)
        return total, sum(share(self.tax, k, n) for k in picked)


class ExternalKind(StrEnum):
    """How money left a payment without the desk."""

    REFUND = "refund"
    DISPUTE = "dispute"


class ExternalState(StrEnum):
    """Where it stands. An open dispute has taken its money already, as banks do; a lost one keeps it."""

    OPEN = "open"
    TAKEN = "taken"
    RETURNED = "returned"


# Reports come late, twice and out of order; a later state never gives way to an earlier one.
_EXTERNAL_RANK = {ExternalState.OPEN: 0, ExternalState.TAKEN: 1, ExternalState.RETURNED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Money that left a payment without the desk, under the provider's own id."""

    external_id: str
    payment_id: str
    kind: ExternalKind
    amount: int
    state: ExternalState


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The money of one payment. `refunded` is what the desk paid back, `external` what others did, `disputed` what
    the bank took; with `available` and `reserved` they add up to `captured`. `short` is what is gone from it although
    cases hold it."""

    payment_id: str
    captured: int
    available: int
    reserved: int = 0
    refunded: int = 0
    external: int = 0
    disputed: int = 0
    short: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentShare:
    """A part of one payment."""

    payment_id: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What the buyer of a case got ahead of what it is for, and has not earned yet: `money` that went back over these
    payments, a part of what the ledger has as refunded; or `goods` that were worth it."""

    case_id: str
    money: tuple[PaymentShare, ...]
    goods: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Units and money of one order. `version` is the one that was read; the store raises it with each write.

    `payments` are those that the desk took itself; the platform's snapshot does not know of them. `platform_fee` is
    what the platform kept of the sale, and `fee_returned` what of it was given back (see `settlement`); None where the
    order was written before there were postings. `debts` are what the buyers of its cases owe.
    """

    order_id: str
    currency: str
    version: int
    lines: tuple[LedgerLine, ...]
    balances: tuple[Balance, ...]
    external: tuple[External, ...] = ()
    payments: tuple[Payment, ...] = ()
    platform_fee: int | None = None
    fee_returned: int = 0
    debts: tuple[Debt, ...] = ()

    @property
    def frozen(self) -> bool:
        """Whether the bank looks at a payment: until it has decided, no case pays and none is opened."""
        return any(one.state is ExternalState.OPEN for one in self.external)

    def line(self, line_id: str) -> LedgerLine | None:
        """The line of that id (`shipping` is one), if the ledger has it."""
        return next((line for line in self.lines if line.line_id == line_id), None)

    @property
    def available(self) -> int:
        """The money that no case has reserved and that was not paid back yet."""
        return sum(balance.available for balance in self.balances)

    @property
    def taken(self) -> int:
        """The money that cases hold or that was paid back."""
        return sum(balance.reserved + balance.refunded + balance.external for balance in self.balances)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedUnits:
    """The units of one line that a case holds, by number, with what they carry."""

    line_id: str
    units: tuple[int, ...]
    amount: int
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What one case holds of its order's ledger."""

    units: tuple[ReservedUnits, ...] = ()
    money: tuple[PaymentShare, ...] = ()

    @property
    def amount(self) -> int:
        """All the money held."""
        return sum(part.amount for part in self.money)


def open_ledger(order: Order) -> Ledger:
    """The ledger of an order from which nothing was taken yet."""
    lines = [(line.line_id, line.total, line.tax, line.quantity) for line in order.lines]
    lines.append((SHIPPING, order.shipping.total, order.shipping.tax, 1))
    return Ledger(
        order_id=order.order_id,
        currency=order.currency,
        version=1,
        lines=tuple(_new_line(*line, order.currency) for line in lines),
        balances=tuple(map(_untouched, order.payments)),
        platform_fee=order.platform_fee,
    )


def by_now(order: Order, ledger: Ledger) -> Order:
    """The order as it is by now: with the goods that went out in exchanges, and what was paid for them besides."""
    return replace(
        order,
        lines=order.lines + tuple(line.goods for line in ledger.lines if line.goods),
        payments=payments_of(order, ledger),
    )


def rebase(ledger: Ledger, order: Order) -> Ledger:
    """The ledger after the platform wrote its order again: what cases took stays taken.

    Raises `order_in_use` where the new snapshot takes away what a case depends on.
    """
    fresh = open_ledger(order)
    if ledger.currency != order.currency:
        raise _in_use("The currency of an order cannot change.")
    _refuse_taken_twice(ledger.payments, order.payments)
    ours = {payment.payment_id for payment in ledger.payments}
    taken = tuple(balance for balance in ledger.balances if balance.payment_id in ours)
    fresh = replace(fresh, balances=fresh.balances + taken)
    _refuse_vanished(
        "line", (line.line_id for line in ledger.lines if _touched(line) and not line.goods), fresh.lines
    )
    _refuse_vanished(
        "payment", (balance.payment_id for balance in ledger.balances if _spent(balance)), fresh.balances
    )
    old_lines = {line.line_id: line for line in ledger.lines}
    old_balances = {balance.payment_id: balance for balance in ledger.balances}
    lines = tuple(_rebase_line(old_lines.get(line.line_id), line) for line in fresh.lines)
    lines += tuple(line for line in ledger.lines if line.goods)
    balances = tuple(_rebase_balance(old_balances.get(new.payment_id), new) for new in fresh.balances)
    # One that has paid before there were postings goes on without: what it has paid was never posted.
    untouched = not any(map(_spent, ledger.balances))
    fee = ledger.platform_fee if ledger.platform_fee is None and not untouched else order.platform_fee
    return _covered(replace(ledger, lines=lines, balances=balances, platform_fee=fee))


def refuse_moved_payments(ledger: Ledger, before: Order, after: Order) -> None:
    """Money goes back over the payment it came by: provider and reference of a payment that a case depends on
    stay as they were. Raises `order_in_use`."""
    spent = {balance.payment_id for balance in ledger.balances if _spent(balance)}
    for payment in after.payments:
        if payment.payment_id in spent:
            old = before.payment(payment.payment_id)
            if (old.provider, old.reference) != (payment.provider, payment.reference):
                raise _in_use(f"A case depends on payment {payment.payment_id}; it stays where it was made.")


def with_payment(ledger: Ledger, payment: Payment) -> Ledger:
    """Book a payment that the desk took itself: captured and available grow by it, and it can be paid back like any
    other. However often it is booked, it counts once."""
    if payment in ledger.payments:
        return ledger
    if payment.payment_id in {balance.payment_id for balance in ledger.balances}:
        raise ValueError(f"the ledger has another payment {payment.payment_id}")
    return replace(
        ledger, payments=(*ledger.payments, payment), balances=(*ledger.balances, _untouched(payment))
    )


def payments_of(order: Order, ledger: Ledger) -> tuple[Payment, ...]:
    """What the order was paid with: in the platform's snapshot, and to the desk since."""
    return order.payments + ledger.payments


def pick_units(ledger: Ledger, wanted: Mapping[str, int]) -> tuple[ReservedUnits, ...]:
    """The lowest free units of each wanted line (line id to quantity), with what they carry.

    Raises `line_unknown` and `units_unavailable`.
    """
    return tuple(_pick(ledger, line_id, quantity) for line_id, quantity in wanted.items())


def split_over_payments(amount: int, parts: Iterable[PaymentShare]) -> tuple[PaymentShare, ...]:
    """`amount` taken from `parts` in their order (oldest payment first), each at most its own amount."""
    taken: list[PaymentShare] = []
    rest = amount
    for part in parts:
        take = min(rest, part.amount)
        if take > 0:
            taken.append(PaymentShare(payment_id=part.payment_id, amount=take))
            rest -= take
    if rest:
        raise Refusal(
            Code.MONEY_UNAVAILABLE,
            "What is left of the order's payments does not cover this amount.",
            missing=rest,
        )
    return tuple(taken)


def reserve(ledger: Ledger, wanted: Mapping[str, int], fees: int = 0) -> tuple[Ledger, Reservation]:
    """Hold the units and the money of a new case: available to reserved. `fees` is what of their worth is not claimed.

    Raises `order_frozen`, `line_unknown`, `units_unavailable`, `money_unavailable`.
    """
    refuse_frozen(ledger)
    units = pick_units(ledger, wanted)
    parts = (PaymentShare(payment_id=b.payment_id, amount=b.available) for b in ledger.balances)
    money = split_over_payments(sum(held.amount for held in units) - fees, parts)
    reservation = Reservation(units=units, money=money)
    ledger = _mark(ledger, units, Unit.AVAILABLE, Unit.RESERVED)
    return _move(ledger, money, "available", "reserved"), reservation


def refuse_frozen(ledger: Ledger) -> None:
    """Raise `order_frozen` while the bank looks at a payment."""
    if ledger.frozen:
        raise Refusal(Code.ORDER_FROZEN, "A payment of this order is disputed at the payment provider.")


def release(ledger: Ledger, reservation: Reservation) -> Ledger:
    """Free what a case held and did not use: reserved to available."""
    ledger = _mark(ledger, reservation.units, Unit.RESERVED, Unit.AVAILABLE)
    return _move(ledger, reservation.money, "reserved", "available")


def note_decline(ledger: Ledger, units: Iterable[ReservedUnits]) -> Ledger:
    """A claim on these goods was declined for good. Which of several alike it was, only people can tell; so it is noted
    of all of the line."""
    named = {held.line_id for held in units} - {SHIPPING}
    lines = (replace(line, declined=line.declined or line.line_id in named) for line in ledger.lines)
    return replace(ledger, lines=tuple(lines))


def declined_before(ledger: Ledger, units: Iterable[ReservedUnits]) -> bool:
    """Whether a claim on such goods was declined for good."""
    return any(line.declined for held in units if (line := ledger.line(held.line_id)))


def settle(ledger: Ledger, paid: Iterable[PaymentShare]) -> Ledger:
    """Book money that the provider paid back: reserved to refunded."""
    return _move(ledger, paid, "reserved", "refunded")


def reverse(ledger: Ledger, failed: Iterable[PaymentShare]) -> Ledger:
    """Book a refund that failed after it had succeeded: refunded back to reserved, since it is still owed."""
    return _move(ledger, failed, "refunded", "reserved")


def write_debt(ledger: Ledger, case_id: str, money: tuple[PaymentShare, ...], *, goods: bool) -> Ledger:
    """Write down what the buyer of a case owes by now, instead of what stood there; nothing once it is earned."""
    others = tuple(debt for debt in ledger.debts if debt.case_id != case_id)
    debt = Debt(case_id=case_id, money=money, goods=goods)
    return replace(ledger, debts=(*others, debt) if money else others)


def reserve_money(
    ledger: Ledger, amount: int, of: str | None = None
) -> tuple[Ledger, tuple[PaymentShare, ...]]:
    """Hold so much more, as far as it is there, on that payment or on any: available to reserved. Rounded down to what
    can be paid back."""
    balances = [one for one in ledger.balances if of in (None, one.payment_id)]
    parts = [PaymentShare(payment_id=b.payment_id, amount=b.available) for b in balances]
    there = min(amount, sum(part.amount for part in parts))
    money = split_over_payments(there - there % step(ledger.currency), parts)
    return _move(ledger, money, "available", "reserved"), money


def consume_units(ledger: Ledger, units: Iterable[ReservedUnits]) -> Ledger:
    """Mark the units of a case that paid as refunded: no other case can take them."""
    return _mark(ledger, units, Unit.RESERVED, Unit.REFUNDED)


def hold_again(ledger: Ledger, units: Iterable[ReservedUnits]) -> Ledger:
    """Mark units as reserved again, when the refund that had consumed them failed late or is appealed."""
    return _mark(ledger, units, Unit.REFUNDED, Unit.RESERVED)


def exchange(
    ledger: Ledger,
    units: Iterable[ReservedUnits],
    shipping: Iterable[ReservedUnits],
    goods: Iterable[Line],
    money: Iterable[PaymentShare],
) -> Ledger:
    """Other goods went out for these units: they are lines of the order from now on, and what was held for the units is
    available to a case about them. The shipping stays paid."""
    ledger = _mark(ledger, units, Unit.RESERVED, Unit.EXCHANGED)
    ledger = _mark(ledger, shipping, Unit.RESERVED, Unit.AVAILABLE)
    lines = tuple(
        replace(_new_line(line.line_id, line.total, line.tax, line.quantity, ledger.currency), goods=line)
        for line in goods
    )
    return _move(replace(ledger, lines=ledger.lines + lines), money, "reserved", "available")


def take_in(ledger: Ledger, payment: Payment, *, held: bool) -> Ledger:
    """Money that the buyer paid besides, for goods that cost more: held by the case that it was paid for, or, where its
    goods have come already, available like theirs."""
    ledger = with_payment(ledger, payment)
    share = PaymentShare(payment_id=payment.payment_id, amount=payment.captured)
    return _move(ledger, [share], "available", "reserved") if held else ledger


def reprice(ledger: Ledger, goods: Iterable[Line]) -> Ledger:
    """Goods that went out in an exchange were not all paid for: unless a case has them, they are worth that less."""
    paid = {line.line_id: line for line in goods}
    return replace(
        ledger,
        lines=tuple(
            replace(
                line, total=paid[line.line_id].total, tax=paid[line.line_id].tax, goods=paid[line.line_id]
            )
            if line.line_id in paid and not _touched(line)
            else line
            for line in ledger.lines
        ),
    )


def reserve_again(
    ledger: Ledger, units: Iterable[ReservedUnits], amount: int
) -> tuple[Ledger, tuple[PaymentShare, ...]]:
    """Hold once more what a case had given back, the very units: available to reserved. The money is taken from where
    it is by now; another case may have used the oldest payment meanwhile.

    Raises `order_frozen`, `units_unavailable`, `money_unavailable`.
    """
    refuse_frozen(ledger)
    units = tuple(units)
    for held in units:
        line = ledger.line(held.line_id)
        if line is None or not set(held.units) <= set(line.free):
            raise Refusal(
                Code.UNITS_UNAVAILABLE,
                f"Another case holds units of line {held.line_id} by now.",
                line_id=held.line_id,
            )
        # Between the two the line was nobody's, and the platform may have written it with other amounts.
        if line.worth(held.units) != (held.amount, held.tax):
            raise Refusal(
                Code.UNITS_UNAVAILABLE,
                f"The amounts of line {held.line_id} were changed since; a new application takes it as it is.",
                line_id=held.line_id,
            )
    parts = (PaymentShare(payment_id=b.payment_id, amount=b.available) for b in ledger.balances)
    money = split_over_payments(amount, parts)
    ledger = _mark(ledger, units, Unit.AVAILABLE, Unit.RESERVED)
    return _move(ledger, money, "available", "reserved"), money


def release_money(ledger: Ledger, rest: Iterable[PaymentShare]) -> Ledger:
    """Free the money that was held and not owed in the end (a case approved in part)."""
    return _move(ledger, rest, "reserved", "available")


def record_external(ledger: Ledger, seen: Iterable[External]) -> Ledger | None:
    """Book what left the payments without the desk, as the provider tells it now; None where it is old news."""
    known = {one.external_id: one for one in ledger.external}
    payments = {balance.payment_id for balance in ledger.balances}
    for one in seen:
        old = known.get(one.external_id)
        if one.payment_id in payments and (
            old is None or _EXTERNAL_RANK[one.state] >= _EXTERNAL_RANK[old.state]
        ):
            known[one.external_id] = one
    external = tuple(known.values())
    return None if external == ledger.external else _covered(replace(ledger, external=external))


def gone(ledger: Ledger, owed: Iterable[PaymentShare]) -> tuple[PaymentShare, ...]:
    """The parts of what a case is owed that have left its payments by another way, and reached the buyer so."""
    short = {balance.payment_id: balance.short for balance in ledger.balances}
    parts = ((part.payment_id, min(part.amount, short[part.payment_id])) for part in owed)
    return tuple(PaymentShare(payment_id=payment_id, amount=amount) for payment_id, amount in parts if amount)


def less(money: Iterable[PaymentShare], spent: Iterable[PaymentShare]) -> tuple[PaymentShare, ...]:
    """What is left of `money` after `spent`, payment by payment; where more was spent than there is, nothing."""
    used = by_payment(spent)
    rest = ((part.payment_id, part.amount - used.get(part.payment_id, 0)) for part in money)
    return tuple(
        PaymentShare(payment_id=payment_id, amount=amount) for payment_id, amount in rest if amount > 0
    )


def at_least(*money: Iterable[PaymentShare]) -> tuple[PaymentShare, ...]:
    """On each payment the most that any of them has there."""
    most: dict[str, int] = {}
    for part in chain(*map(plus, money)):
        most[part.payment_id] = max(most.get(part.payment_id, 0), part.amount)
    return tuple(PaymentShare(payment_id=payment_id, amount=amount) for payment_id, amount in most.items())


def plus(*money: Iterable[PaymentShare]) -> tuple[PaymentShare, ...]:
    """All of it together, payment by payment."""
    return tuple(
        PaymentShare(payment_id=payment_id, amount=amount)
        for payment_id, amount in by_payment(chain(*money)).items()
    )


def _new_line(line_id: str, total: int, tax: int, quantity: int, currency: str) -> LedgerLine:
    return LedgerLine(
        line_id=line_id, total=total, tax=tax, units=(Unit.AVAILABLE,) * quantity, step=step(currency)
    )


def _pick(ledger: Ledger, line_id: str, quantity: int) -> ReservedUnits:
    line = ledger.line(line_id)
    if line is None:
        raise Refusal(Code.LINE_UNKNOWN, f"The order has no line {line_id}.", line_id=line_id)
    if quantity > len(line.free):
        raise Refusal(
            Code.UNITS_UNAVAILABLE,
            f"Line {line_id} has {len(line.free)} units that no other case holds; {quantity} were asked for.",
            line_id=line_id,
            available=len(line.free),
        )
    units = line.free[:quantity]
    amount, tax = line.worth(units)
    return ReservedUnits(line_id=line_id, units=units, amount=amount, tax=tax)


def _mark(ledger: Ledger, held: Iterable[ReservedUnits], source: Unit, target: Unit) -> Ledger:
    numbers = {units.line_id: set(units.units) for units in held}
    _refuse_unknown(numbers, (line.line_id for line in ledger.lines))
    for line in ledger.lines:
        for k in numbers.get(line.line_id, ()):
            if line.units[k - 1] is not source:
                raise ValueError(f"unit {k} of line {line.line_id} is {line.units[k - 1]}, not {source}")
    lines = tuple(
        replace(
            line,
            units=tuple(
                target if k in numbers.get(line.line_id, ()) else unit for k, unit in enumerate(line.units, 1)
            ),
        )
        for line in ledger.lines
    )
    return replace(ledger, lines=lines)


def _move(ledger: Ledger, parts: Iterable[PaymentShare], source: str, target: str) -> Ledger:
    amounts = by_payment(parts)
    _refuse_unknown(amounts, (balance.payment_id for balance in ledger.balances))
    moved = tuple(
        _move_in(balance, amounts.get(balance.payment_id, 0), source, target) for balance in ledger.balances
    )
    return _covered(replace(ledger, balances=moved))


def _covered(ledger: Ledger) -> Ledger:
    """What is available, recomputed: what left without the desk takes the room that cases and refunds leave, in the
    order in which it was heard of, and the rest is short."""
    return replace(ledger, balances=tuple(_cover(one, ledger.external) for one in ledger.balances))


def _cover(balance: Balance, external: Iterable[External]) -> Balance:
    room = balance.captured - balance.reserved - balance.refunded
    taken = dict.fromkeys(ExternalKind, 0)
    short = 0
    for one in external:
        if one.payment_id == balance.payment_id and one.state is not ExternalState.RETURNED:
            covered = min(room, one.amount)
            room -= covered
            short += one.amount - covered
            taken[one.kind] += covered
    return replace(
        balance,
        available=room,
        external=taken[ExternalKind.REFUND],
        disputed=taken[ExternalKind.DISPUTE],
        short=short,
    )


def by_payment(parts: Iterable[PaymentShare]) -> Mapping[str, int]:
    """The amount on each payment."""
    amounts: dict[str, int] = {}
    for part in parts:
        amounts[part.payment_id] = amounts.get(part.payment_id, 0) + part.amount
    return amounts


def _refuse_unknown(named: Iterable[str], known: Iterable[str]) -> None:
    """Money or units of nowhere are a programming error; booking the rest of them would hide it."""
    if unknown := set(named) - set(known):
        raise ValueError(f"the ledger has no {', '.join(sorted(unknown))}")


def _move_in(balance: Balance, amount: int, source: str, target: str) -> Balance:
    left = getattr(balance, source) - amount
    if left < 0:
        raise ValueError(f"payment {balance.payment_id} has {left + amount} {source}, not {amount}")
    return replace(balance, **{source: left, target: getattr(balance, target) + amount})


def _untouched(payment: Payment) -> Balance:
    return Balance(payment_id=payment.payment_id, captured=payment.captured, available=payment.captured)


def _refuse_taken_twice(ours: Iterable[Payment], theirs: Iterable[Payment]) -> None:
    """A platform that sees the desk's payment at the provider must not add it to its own: it would count twice."""
    names = {(payment.provider, payment.reference) for payment in ours}
    ids = {payment.payment_id for payment in ours}
    for payment in theirs:
        if (payment.provider, payment.reference) in names or payment.payment_id in ids:
            raise _in_use(f"The desk took payment {payment.payment_id} itself and keeps it.")


def _touched(line: LedgerLine) -> bool:
    return any(unit is not Unit.AVAILABLE for unit in line.units)


def _spent(balance: Balance) -> int:
    return balance.reserved + balance.refunded + balance.external + balance.disputed


def _refuse_vanished(what: str, needed: Iterable[str], present: Iterable[LedgerLine | Balance]) -> None:
    names = {getattr(one, f"{what}_id") for one in present}
    for name in needed:
        if name not in names:
            raise _in_use(f"A case depends on {what} {name}; it cannot be taken away.")


def _rebase_line(old: LedgerLine | None, new: LedgerLine) -> LedgerLine:
    if old is None:
        return new
    if not _touched(old):
        return replace(new, declined=old.declined)
    if (old.total, old.tax, len(old.units)) != (new.total, new.tax, len(new.units)):
        # The share of each unit follows from total and quantity: changing either would reprice units
        # that a case already holds or that were already paid back.
        raise _in_use(f"A case depends on quantity and amounts of line {new.line_id}.")
    return old


def _rebase_balance(old: Balance | None, new: Balance) -> Balance:
    if old is None:
        return new
    if new.captured < _spent(old):
        raise _in_use(f"More than {new.captured} of payment {new.payment_id} is reserved or paid back.")
    return replace(old, captured=new.captured)


def _in_use(detail: str) -> Refusal:
    return Refusal(Code.ORDER_IN_USE, detail)
