"""Signed events: of the payment provider, and of the carriers."""

from collections.abc import Callable

from aftersales.contracts.public import HeardView
from aftersales.domain.refusal import Code, Refusal
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.entrypoints.metrics import count_heard, count_refused_webhook
from aftersales.usecases.hear_carrier import hear_carrier
from aftersales.usecases.hear_provider import Heard, hear_provider

handler = Api("webhooks", bootstrap.now)


@handler.operation
def stripe_event(call: Call) -> HeardView:
    """Record what a genuine event points at; answer an error where the provider should send it again."""
    signature = call.headers.get("stripe-signature", "")
    event = _genuine(lambda: bootstrap.provider_events().verify(call.raw, signature, call.now))
    heard = hear_provider(bootstrap.desk(), bootstrap.payments(), bootstrap.charges(), event)
    count_heard(heard)
    if heard is Heard.UNKNOWN:
        raise Refusal(Code.REFUND_UNKNOWN, "No such refund is known here yet. Please send the event again.")
    return HeardView(heard=heard)


@handler.operation
def easypost_event(call: Call) -> HeardView:
    """Record what a carrier has seen of a parcel."""
    signature = call.headers.get("x-hmac-signature", "")
    event = _genuine(lambda: bootstrap.carrier_events().verify(call.raw, signature))
    return HeardView(heard=hear_carrier(bootstrap.desk(), event))


def _genuine[Event](verify: Callable[[], Event]) -> Event:
    """The event that was verified; one that is refused is counted."""
    try:
        return verify()
    except Refusal:
        count_refused_webhook()
        raise
