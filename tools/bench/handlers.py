"""The tape of `replay`: one invocation of each kind, with what AWS answered it."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.bench import provider, template
from tools.bench.recorder import AwsCall, Invocation
from tools.bench.runtime import Runtime

# What a photo costs depends on the photo, not on the handler.
_LEFT_OUT = frozenset({"check_evidence"})
_SETTINGS = {
    **{name: "testing" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
    **{
        name: name
        for name in (
            *("ORDERS_TABLE", "CASES_TABLE", "FEEDBACK_TABLE", "STOCK_TABLE", "IDEMPOTENCY_TABLE"),
            "EVIDENCE_BUCKET",
        )
    },
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:after-sales",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
    "STRIPE_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe",
    "STRIPE_API_BASE": "",
    "STRIPE_LIVEMODE": "false",
    "MAIL_SENDER": "aftersales@example.com",
}


@dataclass(frozen=True, slots=True)
class HandlerTime:
    """Milliseconds of CPU of a handler and of the bare one on the same body."""

    label: str
    calls: int
    handler: float
    bare: float

    @property
    def ratio(self) -> float:
        """How many bare handlers it is worth."""
        return self.handler / self.bare


def handler_times(runtime: Runtime, invocations: Mapping[str, Invocation]) -> Sequence[HandlerTime]:
    """Medians over several rounds, handler and bare handler in turns."""
    chosen = {label: one for label, one in invocations.items() if one.function not in _LEFT_OUT}
    tape = {
        "secret": _answer(json.dumps({"SecretString": provider.SECRET}).encode()),
        "refunds": [_refund(chosen["refund_buyer"])],
        "invocations": {label: _recorded(label, one) for label, one in chosen.items()},
    }
    file = runtime.home / "tape.json"
    file.write_text(json.dumps(tape), "utf-8")
    printed, _ = runtime.run(
        ["-m", "tools.bench.replay", str(file)], [runtime.layer, template.ROOT], _SETTINGS
    )
    medians = json.loads(printed)
    return [
        HandlerTime(label, len(one.calls) + len(one.provider_calls), **medians[label])
        for label, one in chosen.items()
    ]


def _recorded(label: str, one: Invocation) -> Mapping[str, Any]:
    answers = [_played(call) for call in one.calls]
    return {"label": label, "function": one.function, "event": one.event, "answers": answers}


def _played(call: AwsCall) -> tuple[int, Mapping[str, str], str]:
    status, headers, body = call.answer
    return status, headers, base64.b64encode(body).decode()


def _answer(body: bytes) -> tuple[int, Mapping[str, str], str]:
    return 200, {}, base64.b64encode(body).decode()


def _refund(step: Invocation) -> Mapping[str, Any]:
    """What the provider knows when it tells of the refund of this step's case."""
    case_id = step.event["case_id"]
    return {
        "id": "re_3QbenchBENCHbench000000",
        "object": "refund",
        "amount": 2890,
        "currency": "usd",
        "status": "succeeded",
        "payment_intent": "pi_3QbenchBENCHbench00000001",
        "metadata": {"case_id": case_id, "refund_id": f"{case_id}.card.1"},
    }
