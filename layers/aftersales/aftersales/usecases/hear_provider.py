"""The payment provider reports that something happened to a refund, to a charge or to a payment."""

from enum import StrEnum
from itertools import chain

from aftersales.domain.calendar import DAY
from aftersales.domain.ledger import Ledger, record_external
from aftersales.domain.refund import AttemptState
from aftersales.domain.settlement import post_external
from aftersales.usecases.commit import known_order, until_committed
from aftersales.usecases.ports import Charges, Desk, Payments, ProviderEvent, Receipt
from aftersales.usecases.run_workflow import record_charge, record_refunds

# Stripe sends an event again for up to three days, and by hand for thirty
# (https://docs.stripe.com/webhooks#automatic-retries).
_REMEMBERED = 30 * DAY


class Heard(StrEnum):
    """What became of a provider's event."""

    RECORDED = "recorded"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    # Of what happened to a payment without the desk: booked; an open dispute; gone although cases hold it; of a
    # payment of several orders, where only a person knows whose it was.
    EXTERNAL = "external"
    FROZEN = "frozen"
    SHORT = "short"
    SHARED = "shared"


def hear_provider(desk: Desk, payments: Payments, charges: Charges, event: ProviderEvent) -> Heard:
    """Fetch what the event points at as it stands now and book that; what the event itself claims is never believed.

    `UNKNOWN` asks the provider to send the event again later.
    """
    if event.case_id and event.refund_id:
        return _hear_of_refund(desk, payments, event, event.case_id, event.refund_id)
    if event.case_id and event.charge_id:
        return _hear_of_charge(desk, charges, event, event.case_id, event.charge_id)
    orders = desk.store.orders_paid_by(event.provider, event.reference) if event.reference else ()
    if not orders:
        return Heard.FOREIGN
    return book_external(desk, payments, orders[0]) if len(orders) == 1 else Heard.SHARED


def _hear_of_refund(
    desk: Desk, payments: Payments, event: ProviderEvent, case_id: str, refund_id: str
) -> Heard:
    """The event's id is remembered in the same transaction as the money that it moves.

    The success of a refund that is booked as one is old news: had it failed since, another event would say so.
    """
    case = desk.store.case(case_id)
    attempts = case.attempts if case else ()
    attempt = next((one for one in attempts if one.refund_id == refund_id), None)
    if attempt and attempt.state is AttemptState.SUCCEEDED and event.succeeded:
        return Heard.RECORDED
    found = payments.find(attempt) if attempt else None
    if found is None:
        return Heard.UNKNOWN
    receipt = Receipt(f"provider#{event.event_id}", refund_id, desk.now() + _REMEMBERED)
    record_refunds(desk, case_id, [found], receipt)
    return Heard.RECORDED


def _hear_of_charge(
    desk: Desk, charges: Charges, event: ProviderEvent, case_id: str, charge_id: str
) -> Heard:
    """One that the case has asked for and not heard of yet is not found at once: its event comes again."""
    case = desk.store.case(case_id)
    asked = case.exchange.asked if case and case.exchange else ()
    charge = next((one for one in asked if one.charge_id == charge_id), None)
    found = charges.find(charge) if charge else None
    if found is None:
        return Heard.UNKNOWN
    receipt = Receipt(f"provider#{event.event_id}", charge_id, desk.now() + _REMEMBERED)
    record_charge(desk, case_id, found, receipt)
    return Heard.RECORDED


def book_external(desk: Desk, payments: Payments, order_id: str) -> Heard:
    """Book what left the order's payments without the desk. It is booked under the provider's own ids, so that a
    repeat finds itself and needs no receipt."""

    def attempt() -> Ledger:
        order, ledger = known_order(desk, order_id)
        seen = (payments.statement(payment, order.currency, ()).external for payment in order.payments)
        recorded = record_external(ledger, chain.from_iterable(seen))
        if recorded is None:
            return ledger
        after, posting = post_external(ledger, recorded, order.seller_id)
        desk.store.put_ledger(after, posting, desk.now())
        return after

    ledger = until_committed(desk, attempt)
    if ledger.frozen:
        return Heard.FROZEN
    return Heard.SHORT if any(balance.short for balance in ledger.balances) else Heard.EXTERNAL
