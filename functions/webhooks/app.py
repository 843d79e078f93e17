"""The payment provider's signed events."""

from aftersales.contracts.public import HeardView
from aftersales.domain.refusal import Code, Refusal
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.entrypoints.metrics import count_heard
from aftersales.usecases.hear_provider import Heard, hear_provider

handler = Api("webhooks", bootstrap.now)


@handler.operation
def stripe_event(call: Call) -> HeardView:
    """Record what a genuine event points at; answer an error where the provider should send it again."""
    signature = call.headers.get("stripe-signature", "")
    event = bootstrap.provider_events().verify(call.raw, signature, call.now)
    heard = hear_provider(bootstrap.desk(), bootstrap.payments(), event)
    count_heard(heard)
    if heard is Heard.UNKNOWN:
        raise Refusal(Code.REFUND_UNKNOWN, "No such refund is known here yet. Please send the event again.")
    return HeardView(heard=heard)
