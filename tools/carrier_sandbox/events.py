"""Events and their signature: https://docs.easypost.com/docs/events and https://docs.easypost.com/docs/webhooks."""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Mapping

from tools.sandbox.http import Json


def event(description: str, result: Json, created_at: str, url: str | None, previous: Json) -> Json:
    """https://docs.easypost.com/docs/events#event-object"""
    return {
        "id": f"evt_{secrets.token_hex(16)}",
        "object": "Event",
        "created_at": created_at,
        "updated_at": created_at,
        "description": description,
        "mode": "test",
        "previous_attributes": previous,
        "pending_urls": [url] if url else [],
        "completed_urls": [],
        "status": "pending",
        "user_id": "user_carriersandbox",
        "result": result,
    }


def signature(payload: bytes, secret: str) -> str:
    """Over the bytes alone: there is no time in it, so whoever saw an event can send it again."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, payload, hashlib.sha256).hexdigest()


def headers(payload: bytes, secret: str) -> Mapping[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "EasyPost Web Hook (https://www.easypost.com)",
        "X-Hmac-Signature": signature(payload, secret),
    }
