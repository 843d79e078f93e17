"""Stripe behind its SDK: an HTTP client that answers from memory, and the signature of its events."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import stripe

API_KEY, WEBHOOK_SECRET = "sk_test_bench", "whsec_bench"
SECRET = json.dumps({"api_key": API_KEY, "webhook_secrets": [WEBHOOK_SECRET]})


class AnsweringClient(stripe.HTTPClient):
    """Refunds are remembered, and succeed at once unless `status` says otherwise; `told` hears of every call."""

    name = "bench"

    def __init__(self, told: Callable[[str, str], None] = lambda _method, _path: None) -> None:
        super().__init__()
        self._told = told
        self.refunds: list[dict[str, Any]] = []
        self.status = "succeeded"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,  # noqa: ARG002 - the SDK names it
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """`POST /v1/refunds` or `GET /v1/refunds?payment_intent=...`."""
        path, _mark, query = url.removeprefix("https://api.stripe.com").partition("?")
        self._told(method, path)
        if method == "get":
            payment = dict(parse_qsl(query))["payment_intent"]
            data = [refund for refund in self.refunds if refund["payment_intent"] == payment]
            body: Any = {"object": "list", "data": data, "has_more": False, "url": path}
        else:
            body = self._refund(dict(parse_qsl(post_data)))
        return json.dumps(body), 200, {"Request-Id": "req_bench"}

    def close(self) -> None:
        """Nothing is open."""

    def _refund(self, asked: dict[str, str]) -> dict[str, Any]:
        refund = {
            "id": f"re_3QbenchBENCHbench0000{len(self.refunds):02d}",
            "object": "refund",
            "amount": int(asked["amount"]),
            "currency": "usd",
            "status": self.status,
            "payment_intent": asked["payment_intent"],
            "metadata": {
                name.removeprefix("metadata[").removesuffix("]"): value
                for name, value in asked.items()
                if name.startswith("metadata[")
            },
        }
        self.refunds.append(refund)
        return refund


def signed_event(refund: dict[str, Any]) -> tuple[str, str]:
    """The body of an event about a refund, and its `Stripe-Signature`."""
    body = json.dumps(
        {
            "id": "evt_3QbenchBENCHbench000000",
            "object": "event",
            "api_version": "2026-01-28",
            "created": int(time.time()),
            "livemode": False,
            "type": "refund.updated",
            "data": {"object": refund},
        }
    )
    now = int(time.time())
    signature = hmac.new(WEBHOOK_SECRET.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    return body, f"t={now},v1={signature}"
