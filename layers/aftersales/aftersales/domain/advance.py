"""Money that goes ahead of the goods: granted when a carrier first has them in hand, and owed until they have come.

    offered ── first scan ──► granted ── paid ──► a debt of all of it
                                                    ├─ the goods are accepted, or lost under the platform's label: nil
                                                    └─ fewer are, or a reviewer grants less: the rest stays owed

What is paid ahead is an attempt of the case like any other, so that nothing is paid twice for it: once the goods have
come, all that is owed was sent already. The debt is what was paid and not earned (`Case.debt`); nobody sets it. Other
goods that go ahead are one as well, see `exchange`.
"""

from dataclasses import replace

from aftersales.domain import ledger as books
from aftersales.domain.calendar import SECOND
from aftersales.domain.case import Advance, Case, Kind
from aftersales.domain.ledger import Ledger
from aftersales.domain.lifecycle import Act, Change, change, require, told_start, with_attempts
from aftersales.domain.order import Order
from aftersales.domain.parties import SYSTEM
from aftersales.domain.policy import Policy
from aftersales.domain.timeline import Event


def with_advance(case: Case, ledger: Ledger) -> Case:
    """The case whose goods a carrier has in hand: what was offered to go ahead of them is granted.

    A parcel that was scanned before anybody had asked for these goods is another one. Nothing goes ahead while the bank
    looks at a payment, or while a debt of this order stands.
    """
    approved_at = case.decision.at if case.decision else case.opened_at
    # Carriers tell whole seconds: what was approved and scanned within one would seem to be scanned before.
    asked_at = approved_at - approved_at % SECOND
    parcel = case.shipment.parcel if case.shipment else None
    scanned_at = parcel.first_scan_at if parcel else None
    genuine = scanned_at is not None and scanned_at >= asked_at
    offered = case.advance is Advance.OFFERED and case.kind is Kind.RETURN
    if not (offered and genuine) or ledger.frozen or ledger.debts:
        return case
    return replace(case, advance=Advance.GRANTED)


def pay_ahead(case: Case, order: Order, ledger: Ledger, *, policy: Policy, now: int) -> Change | None:
    """The durable attempts, before the provider hears of any; nothing where none are due.

    Where the bank looks at a payment, or money has left it by another way since, it goes after the goods.
    """
    require(Act.PAY_AHEAD, case)
    if not case.advance_due:
        return None
    if ledger.frozen or books.gone(ledger, case.owed):
        after = replace(case, advance=Advance.NONE)
        return change(case, after, Event.ADVANCE_FORGONE, SYSTEM, now, policy)
    after = with_attempts(case, order, now)
    return change(case, after, Event.REFUND_STARTED, SYSTEM, now, policy, told_start(after))
