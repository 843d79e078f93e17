"""What people send: one order of an ordinary size, and applications on it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

BUYER, SELLER, REVIEWER, PLATFORM = "b-70113", "s-2041", "r-7", "platform"
ORDER = "o-2026-104411"
PAYMENT = "pi_3QbenchBENCHbench00000001"

DESCRIPTION = (
    "The parcel came eleven days after the date that was promised at checkout. I had to buy the same kettle in "
    "a shop meanwhile, so please send my money back. The box is still closed."
)
MESSAGE = "Could you tell me when the money will be on my card? My bank shows nothing so far. Thank you!"


def order_body(now: int) -> Mapping[str, Any]:
    """Three lines and one payment, delivered three days ago: about 1.3 kB."""
    lines = [
        ("kettle", "KT-1700-STEEL", "Electric kettle 1.7 l, brushed steel", "kitchen", 1, 2890, 461),
        ("cups", "CUP-0340-BLUE", "Stoneware cup 340 ml, blue", "kitchen", 4, 5196, 829),
        ("lamp", "LAMP-E27-OAK", "Table lamp, oak, E27", "lighting", 1, 6490, 1036),
    ]
    return {
        "buyer_id": BUYER,
        "seller_id": SELLER,
        "currency": "USD",
        "placed_at": _day(now, 14),
        "shipped_at": _day(now, 12),
        "delivered_at": _day(now, 3),
        "lines": [
            {
                "line_id": line_id,
                "sku": sku,
                "title": title,
                "category": category,
                "quantity": quantity,
                "total": total,
                "tax": tax,
            }
            for line_id, sku, title, category, quantity, total, tax in lines
        ],
        "shipping": {"total": 0, "tax": 0},
        "payments": [
            {
                "payment_id": "card",
                "provider": "stripe",
                "reference": PAYMENT,
                "captured": 14576,
                "method": "card",
            }
        ],
        "contact": {"email": "ana.buyer@example.com", "language": "en"},
    }


def other_kettle() -> Mapping[str, Any]:
    """Goods of the stock that cost what the kettle did."""
    return {
        "seller_id": SELLER,
        "product": "kettles",
        "title": "Electric kettle 1.7 l, black",
        "category": "kitchen",
        "currency": "USD",
        "price": 2890,
        "tax": 461,
        "on_hand": 20,
    }


def application(reason: str, line: str = "kettle", **more: Any) -> Mapping[str, Any]:
    """One unit of a line."""
    lines = [{"line_id": line, "quantity": 1}]
    return {"order_id": ORDER, "kind": "refund", "reason": reason, "lines": lines} | more


def decision(verdict: str) -> Mapping[str, Any]:
    """A seller's word."""
    return {
        "decision": verdict,
        "reason_code": "goods_kept" if verdict == "approve" else "used_by_buyer",
        "note": "We looked at your case and this is our decision. You may object within seven days.",
    }


def api_event(
    operation: str,
    method: str,
    route: str,
    *,
    group: str,
    party: str,
    path: Mapping[str, str],
    body: Any = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """As API Gateway's proxy integration passes it on."""
    address = route
    for name, value in path.items():
        address = address.replace(f"{{{name}}}", value)
    claims = {
        "sub": "6a1f0c7e-2b7d-4c56-9a55-0f9d3a3d2f10",
        "cognito:groups": group,
        "custom:party_id": party,
        "email": f"{party}@example.com",
        "token_use": "id",
        "aud": "3k5example7client9id1",
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_bench",
    }
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return {
        "resource": route,
        "path": address,
        "httpMethod": method,
        "headers": {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Host": "abcde12345.execute-api.us-east-1.amazonaws.com",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Proto": "https",
            **(headers or {}),
        },
        "queryStringParameters": dict(query) if query else None,
        "pathParameters": dict(path) or None,
        "requestContext": {
            "authorizer": {"claims": claims} if group else None,
            "httpMethod": method,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "resourcePath": route,
            "stage": "v1",
            "operationName": operation,
        },
        "body": text,
        "isBase64Encoded": False,
    }


def _day(now: int, ago: int) -> str:
    moment = datetime.fromtimestamp(now / 1000, UTC).replace(microsecond=777_000) - timedelta(days=ago)
    return moment.isoformat().replace("+00:00", "Z")
