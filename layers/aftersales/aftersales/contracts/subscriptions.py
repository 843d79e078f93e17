"""A seller's alerts at the edge."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from aftersales.contracts.fields import Body, View
from aftersales.domain.feedback_notice import Told
from aftersales.domain.timeline import EFFECTS, Event

# The form of an endpoint, channel by channel.
CHANNELS: Mapping[str, str] = {
    "email": r"[^@\s]{1,64}@[^@\s]{1,190}",
    "https": r"https://[^\s]{1,500}",
    "sqs": r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?",
}
TOLD_EVENTS = (*(event for event, effect in EFFECTS.items() if effect.told), *Told)


class SubscriptionBody(Body):
    """Where alerts go, and about which events; without `events`, about all."""

    endpoint: Annotated[str, Field(min_length=3, max_length=512)]
    events: Annotated[list[Event | Told], Field(max_length=len(TOLD_EVENTS))] = []

    @model_validator(mode="after")
    def _events_are_told(self) -> Self:
        silent = [event for event in self.events if event not in TOLD_EVENTS]
        if silent:
            raise ValueError(f"nobody is told of: {', '.join(silent)}")
        return self

    def fits(self, channel: str) -> bool:
        """Whether the endpoint has the form of the channel."""
        return re.fullmatch(CHANNELS[channel], self.endpoint) is not None


class SubscriptionView(View):
    """A channel; `pending_confirmation` until its owner answered the message that SNS sent there."""

    seller_id: str
    channel: str
    endpoint: str
    events: list[str]
    state: str
