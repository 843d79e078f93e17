"""Files of evidence, whatever they are of: forms to upload them, a look at what came, links to what was accepted."""

from collections.abc import Sequence
from dataclasses import replace

from aftersales.domain.evidence import Evidence, EvidenceState, find
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.usecases.ports import EvidenceFiles, UploadForm


def upload_forms(
    files: EvidenceFiles, folder: str, evidence: Sequence[Evidence]
) -> Sequence[tuple[Evidence, UploadForm]]:
    """A fresh form for every file that was promised and has not come."""
    return [
        (one, files.upload_form(folder, one))
        for one in evidence
        if one.state is EvidenceState.AWAITING_UPLOAD
    ]


def look_at(files: EvidenceFiles, folder: str, evidence: Evidence) -> Evidence:
    """The file as it is after it was looked at. Looking again gives the same."""
    found = files.check(folder, evidence)
    return replace(
        evidence,
        state=EvidenceState.REFUSED if found.refused else EvidenceState.ACCEPTED,
        sha256=found.sha256,
        reason=found.refused,
    )


def accepted(evidence: Sequence[Evidence], evidence_id: str) -> Evidence:
    """The file of that id; nobody sees one that has not come or was refused. Raises `not_found` and
    `evidence_not_ready`."""
    found = find(evidence, evidence_id)
    if found is None:
        raise not_found("evidence")
    if found.state is not EvidenceState.ACCEPTED:
        raise Refusal(
            Code.EVIDENCE_NOT_READY,
            f"This file is {found.state.replace('_', ' ')}; only accepted files can be seen.",
            state=found.state,
            reason=found.reason,
        )
    return found
