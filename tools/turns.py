"""What every answer about a case must say of whose turn it is: `waiting_on`, `deadline_at`, `on_timeout`.

Shares no code with the product: the table is that of the API's documentation, written down once more.
"""

from collections.abc import Mapping
from typing import Any

_NOBODY = (None, frozenset({None}))
# Status -> whose turn it is, and what may be said to happen when the time is over.
_TURNS: Mapping[str, tuple[str | None, frozenset[str | None]]] = {
    "requested": ("platform", frozenset({None})),
    "evidence_required": ("buyer", frozenset({"cancelled"})),
    "under_review": ("seller", frozenset({"approved", "disputed"})),
    "declined": ("buyer", frozenset({"closed_declined"})),
    "approved": ("platform", frozenset({None})),
    "awaiting_return": ("buyer", frozenset({"expired"})),
    "return_in_transit": ("carrier", frozenset({"disputed", "refunded"})),
    "return_received": ("seller", frozenset({"received_as_announced"})),
    "inspection_failed": ("buyer", frozenset({"deduction_accepted"})),
    "out_of_stock": ("buyer", frozenset({"refunded"})),
    "awaiting_payment": ("buyer", frozenset({"refunded"})),
    "exchange_pending": ("seller", frozenset({"refunded", "stock_asked_again"})),
    "exchange_shipped": ("carrier", frozenset({"sent_once_more"})),
    "refund_pending": ("payment", frozenset({"provider_asked_again"})),
    "refund_action_required": ("platform", frozenset({"operator_reminded"})),
    "completed": _NOBODY,
    "cancelled": _NOBODY,
    "expired": _NOBODY,
    "closed_declined": _NOBODY,
}


class WrongTurn(AssertionError):
    """An answer of the desk that contradicts itself."""


def check_turns(answer: object) -> None:
    """Every case in this body of an answer. Raises `WrongTurn`."""
    if isinstance(answer, dict):
        for case in [answer, *(answer.get("items") or ())]:
            if "on_timeout" in case and (wrong := wrong_turn(case)):
                raise WrongTurn(f"case {case['case_id']} {wrong}")


def wrong_turn(case: Mapping[str, Any]) -> str | None:
    """What is wrong with whose turn this case says it is; nothing where all is right."""
    status, said = case["status"], (case["waiting_on"], case["on_timeout"])
    waiting_on, on_timeouts = _turn(case)
    # A step that gave up waits for an operator, where no party is waited for.
    troubled = _TURNS.get(status) is not _NOBODY and said == ("platform", "operator_reminded")
    right = said[0] == waiting_on and said[1] in on_timeouts
    timed = (case["deadline_at"] is None) == (case["on_timeout"] is None)
    return None if (right or troubled) and timed else f"{status} waits on {said} until {case['deadline_at']}"


def _turn(case: Mapping[str, Any]) -> tuple[str | None, frozenset[str | None]]:
    match case["status"]:
        case "awaiting_return" if any(parcel["label"] == "ordered" for parcel in case["shipments"]):
            return "platform", frozenset({"carrier_asked_again"})
        case "awaiting_return" if case["debt"]:
            return "buyer", frozenset({"charged"})
        case "offer_pending":
            offerer = case["offers"][-1]["by"]["role"]
            return ("buyer" if offerer == "seller" else "seller"), frozenset({"under_review"})
        case "disputed" if turn := case["dispute"]["turn"]:
            return turn, frozenset({"statement_forgone"})
        case "disputed":
            return "platform", frozenset({"reviewer_reminded"})
        case "exchange_shipped" if case["exchange"]["shipment"]["arrived_at"]:
            return "buyer", frozenset({"completed"})
        case status:
            return _TURNS[status]
