"""The payment provider's signed events."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Answer, Api, Call
from aftersales.usecases.hear_provider import Heard, hear_provider

handler = Api("webhooks", bootstrap.now)


@handler.operation
def stripe_event(call: Call) -> Answer:
    """Record what a genuine event points at; answer an error where the provider should send it again."""
    signature = call.headers.get("stripe-signature", "")
    event = bootstrap.provider_events().verify(call.raw, signature, call.now)
    heard = hear_provider(bootstrap.desk(), bootstrap.payments(), event)
    return Answer({"heard": heard}, 409 if heard is Heard.UNKNOWN else 200, {})
