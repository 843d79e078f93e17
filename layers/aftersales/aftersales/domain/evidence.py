"""Evidence of a case: a photo's way from a promised upload to a clean copy."""

from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 10 * 1024 * 1024
MAX_PER_CASE = 10
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp")


class EvidenceState(StrEnum):
    """`awaiting_upload` until a file arrived and was looked at."""

    AWAITING_UPLOAD = "awaiting_upload"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One promised file. `sha256` is of the clean copy, `reason` says why a file was refused."""

    evidence_id: str
    filename: str
    content_type: str
    size: int
    added_by: str
    state: EvidenceState = EvidenceState.AWAITING_UPLOAD
    sha256: str | None = None
    reason: str | None = None
