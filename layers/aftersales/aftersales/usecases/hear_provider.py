"""The payment provider reports that a refund changed."""

from enum import StrEnum

from aftersales.usecases.ports import Desk, Payments, ProviderEvent, Receipt
from aftersales.usecases.run_workflow import record_refunds

# Stripe sends an event again for up to three days, and by hand for thirty
# (https://docs.stripe.com/webhooks#automatic-retries).
_REMEMBERED = 30 * 24 * 60 * 60 * 1000


class Heard(StrEnum):
    """What became of a provider's event."""

    RECORDED = "recorded"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


def hear_provider(desk: Desk, payments: Payments, event: ProviderEvent) -> Heard:
    """Fetch the refund as it stands now and book that; what the event itself claims is never believed.

    The event's id is remembered in the same transaction as the money that it moves. `UNKNOWN` asks the provider
    to send the event again later.
    """
    if event.case_id is None or event.refund_id is None:
        return Heard.FOREIGN
    case = desk.store.case(event.case_id)
    attempts = case.attempts if case else ()
    attempt = next((one for one in attempts if one.refund_id == event.refund_id), None)
    if case is None or attempt is None:
        return Heard.UNKNOWN
    found = payments.find(attempt)
    if found is None:
        return Heard.UNKNOWN
    receipt = Receipt(f"provider#{event.event_id}", event.refund_id, desk.now() + _REMEMBERED)
    record_refunds(desk, case.case_id, [found], receipt)
    return Heard.RECORDED
