"""Evidence: a photo's way from a promised upload to a clean copy, whether it is of a case or of a feedback."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from aftersales.domain.parties import Party

MAX_BYTES = 10 * 1024 * 1024
MAX_PER_CASE = 10
MAX_PER_FEEDBACK = 5
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp")


class EvidenceState(StrEnum):
    """`awaiting_upload` until a file arrived and was looked at."""

    AWAITING_UPLOAD = "awaiting_upload"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedFile:
    """A file that somebody says will be uploaded."""

    filename: str
    content_type: str
    size: int


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

    @property
    def promise(self) -> PromisedFile:
        """What was promised of it."""
        return PromisedFile(filename=self.filename, content_type=self.content_type, size=self.size)


def promised(
    files: Sequence[PromisedFile], by: Party, *, after: int = 0, name: str = "e"
) -> tuple[Evidence, ...]:
    """Rows for files to come, numbered on from those that are there."""
    return tuple(
        Evidence(
            evidence_id=f"{name}{number}",
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            added_by=by.role,
        )
        for number, file in enumerate(files, after + 1)
    )


def find(evidence: Sequence[Evidence], evidence_id: str) -> Evidence | None:
    """The file of that id, if it is among them."""
    return next((one for one in evidence if one.evidence_id == evidence_id), None)


def case_folder(case_id: str) -> str:
    """Where the files of a case lie. No role that looks into it looks into that of feedback, nor the other way."""
    return f"cases/{case_id}"


def feedback_folder(feedback_id: str) -> str:
    """Where the photos of a feedback lie."""
    return f"feedback/{feedback_id}"
