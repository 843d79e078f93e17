"""Events and their signature: https://docs.stripe.com/webhooks."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

from tools.sandbox.http import Json

# The version the stripe SDK 16.1 is pinned to.
API_VERSION = "2026-10-28.endive"

# The origin of an event that no call caused.
NO_REQUEST: Json = {"id": None, "idempotency_key": None}


def event(type: str, subject: Json, created: int, request: Json, previous: Json | None = None) -> Json:
    """https://docs.stripe.com/api/events/object"""
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": subject} | ({"previous_attributes": previous} if previous else {}),
        "livemode": False,
        "pending_webhooks": 1,
        "request": request,
        "type": type,
    }


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """https://docs.stripe.com/webhooks#verify-manually"""
    digest = hmac.new(secret.encode(), b"%d.%b" % (timestamp, payload), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def headers(payload: bytes, secret: str) -> Mapping[str, str]:
    """As it is sent now: by the machine's clock and not the sandbox's, since the receiver compares it with its own."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(payload, secret, int(time.time())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
