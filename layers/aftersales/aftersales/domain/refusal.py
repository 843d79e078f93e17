"""The one way the desk says no.

A refusal carries a stable code that clients may rely on; `entrypoints/http.py` maps each code to a status.
"""

from enum import StrEnum


class Code(StrEnum):
    """Every reason for which a request is refused. Codes are part of the API and never change their meaning."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    INVALID = "invalid_request"
    IDEMPOTENCY_KEY_REQUIRED = "idempotency_key_required"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    VERSION_CONFLICT = "version_conflict"
    BUSY = "too_much_contention"
    ORDER_IN_USE = "order_in_use"
    ORDER_FROZEN = "order_frozen"
    LINE_UNKNOWN = "line_unknown"
    UNITS_UNAVAILABLE = "units_unavailable"
    MONEY_UNAVAILABLE = "money_unavailable"
    NOTHING_TO_REFUND = "nothing_to_refund"
    WINDOW_CLOSED = "window_closed"
    ACT_NOT_POSSIBLE = "act_not_possible"
    NOT_YOUR_TURN = "not_your_turn"
    OFFER_CLOSED = "offer_closed"
    OFFERS_EXHAUSTED = "offers_exhausted"
    DISPUTE_TOO_EARLY = "dispute_too_early"
    HEARING_OPEN = "hearing_open"
    ASSIGNED_TO_ANOTHER = "assigned_to_another"
    DECIDED_BEFORE = "decided_before"
    SECOND_OPINION_DIFFERS = "second_opinion_differs"
    NOTHING_TO_APPEAL = "nothing_to_appeal"
    APPEALED_BEFORE = "appealed_before"
    DEADLINE_PASSED = "deadline_passed"
    REFUND_UNDER_WAY = "refund_under_way"
    CHARGE_UNDER_WAY = "charge_under_way"
    AMOUNT_ABOVE_CASE = "amount_above_case"
    AMOUNT_ABOVE_LIMIT = "amount_above_limit"
    EVIDENCE_LIMIT = "evidence_limit"
    EVIDENCE_NOT_READY = "evidence_not_ready"
    EVIDENCE_NEEDED = "evidence_needed"
    NO_PARCEL_DUE = "no_parcel_due"
    NO_PAYMENT_DUE = "no_payment_due"
    LABEL_NOT_READY = "label_not_ready"
    DEDUCTION_ABOVE_TERMS = "deduction_above_terms"
    PARCEL_NOT_ARRIVED = "parcel_not_arrived"
    TRACKING_CODE_INVALID = "tracking_code_invalid"
    TRACKING_CODE_USED = "tracking_code_used"
    SKU_UNKNOWN = "sku_unknown"
    REPLACEMENT_NOT_RESERVED = "replacement_not_reserved"
    NOT_DELIVERED = "order_not_delivered"
    STOCK_PROMISED = "stock_promised"
    SKU_TAKEN = "sku_taken"
    FEEDBACK_LEFT_BEFORE = "feedback_left_before"
    SIGNATURE_INVALID = "signature_invalid"
    REFUND_UNKNOWN = "refund_unknown"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INTERNAL = "internal"


class Refusal(Exception):
    """A request that the desk does not carry out. Nothing was written.

    `facts` are shown to the client beside the sentence (for example the case that holds the units).
    """

    def __init__(self, code: Code, detail: str, **facts: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts = facts


def not_found(what: str) -> Refusal:
    """Said of what does not exist and of what belongs to somebody else: its existence is not told."""
    return Refusal(Code.NOT_FOUND, f"There is no such {what}.")
