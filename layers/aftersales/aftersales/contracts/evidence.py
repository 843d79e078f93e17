"""Evidence at the edge: what is promised, how it is uploaded, and where it is seen."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from aftersales.contracts.fields import Body, Instant, Name, View
from aftersales.domain.evidence import MAX_BYTES, Evidence, EvidenceState, PromisedFile
from aftersales.usecases.ports import UploadForm


class EvidenceBody(Body):
    """A photo that will be uploaded: its name, its type and its exact size in bytes."""

    filename: Name
    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    size: Annotated[int, Field(ge=1, le=MAX_BYTES)]

    def to_file(self) -> PromisedFile:
        """The domain's word for it."""
        return PromisedFile(filename=self.filename, content_type=self.content_type, size=self.size)


class EvidenceView(View):
    """A promised file; `reason` says why it was refused."""

    evidence_id: str
    filename: str
    content_type: str
    size: int
    state: EvidenceState
    sha256: str | None
    reason: str | None


class UploadView(View):
    """Where and with which form fields a browser posts one file."""

    evidence_id: str
    url: str
    fields: Mapping[str, str]
    expires_at: Instant


class LinkView(View):
    """A link that lives minutes."""

    url: str
    expires_at: Instant


def upload_view(evidence: Evidence, form: UploadForm) -> UploadView:
    """One upload form."""
    return UploadView(
        evidence_id=evidence.evidence_id, url=form.url, fields=form.fields, expires_at=form.expires_at
    )


def evidence_view(evidence: Evidence) -> EvidenceView:
    """One file."""
    return EvidenceView(
        evidence_id=evidence.evidence_id,
        filename=evidence.filename,
        content_type=evidence.content_type,
        size=evidence.size,
        state=evidence.state,
        sha256=evidence.sha256,
        reason=evidence.reason,
    )
