"""What is answered without a token."""

from typing import Literal

from aftersales.contracts.fields import View
from aftersales.usecases.hear_provider import Heard


class HealthView(View):
    """The desk answers."""

    status: Literal["ok"] = "ok"


class HeardView(View):
    """What became of a provider's event."""

    heard: Heard
