"""Evidence of a case: promise a file, look at it when it arrived, give a link to it."""

from collections.abc import Sequence
from dataclasses import replace

from aftersales.domain import lifecycle
from aftersales.domain.case import Case
from aftersales.domain.evidence import Evidence, EvidenceState
from aftersales.domain.lifecycle import LIFECYCLE, Act, Change
from aftersales.domain.parties import Party
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.usecases.commit import Read, change_case
from aftersales.usecases.open_case import PromisedFile, promised
from aftersales.usecases.ports import Desk, EvidenceFiles, Receipt, UploadForm


def add_evidence(
    desk: Desk,
    files: EvidenceFiles,
    case_id: str,
    file: PromisedFile,
    *,
    by: Party,
    receipt: Receipt | None,
) -> tuple[Evidence, UploadForm]:
    """Promise one more file; answers the form that uploads it."""

    def add(read: Read) -> Change:
        evidence = promised([file], by, after=len(read.case.evidence))[0]
        return lifecycle.add_evidence(read.case, evidence, by=by, policy=read.policy, now=desk.now())

    case = change_case(desk, case_id, add, party=by, receipt=receipt)
    # Not simply the last: a repeat finds the file that it promised before, whatever was added since.
    evidence = next(
        one
        for one in reversed(case.evidence)
        if (one.filename, one.content_type, one.size, one.added_by)
        == (file.filename, file.content_type, file.size, by.role)
    )
    return evidence, form_of(files, case, evidence)


def upload_forms(files: EvidenceFiles, case: Case) -> Sequence[tuple[Evidence, UploadForm]]:
    """A fresh form for every file that was promised and has not come."""
    return [
        (evidence, form_of(files, case, evidence))
        for evidence in case.evidence
        if evidence.state is EvidenceState.AWAITING_UPLOAD
    ]


def form_of(files: EvidenceFiles, case: Case, evidence: Evidence) -> UploadForm:
    """The form for one file of a case."""
    return files.upload_form(
        case.case_id, evidence.evidence_id, content_type=evidence.content_type, size=evidence.size
    )


def check_evidence(desk: Desk, files: EvidenceFiles, case_id: str, evidence_id: str) -> Case | None:
    """Look at an uploaded file and record what it is. A repeat, or a file nobody promised, changes nothing.

    The file is looked at before the transaction and the result recorded after; looking again gives the same.
    """
    case = desk.store.case(case_id)
    evidence = _evidence(case, evidence_id) if case else None
    if evidence is None or evidence.state is not EvidenceState.AWAITING_UPLOAD:
        return None
    found = files.check(case_id, evidence_id, content_type=evidence.content_type, size=evidence.size)
    checked = replace(
        evidence,
        state=EvidenceState.REFUSED if found.refused else EvidenceState.ACCEPTED,
        sha256=found.sha256,
        reason=found.refused,
    )

    def check(read: Read) -> Change | None:
        if read.case.status not in LIFECYCLE[Act.CHECK_EVIDENCE]:
            return None
        return lifecycle.check_evidence(read.case, checked, policy=read.policy, now=desk.now())

    return change_case(desk, case_id, check)


def view_evidence(
    desk: Desk, files: EvidenceFiles, case_id: str, evidence_id: str, *, by: Party
) -> tuple[str, int]:
    """A link that lives minutes. The view stands in the timeline before the link is given."""

    def view(read: Read) -> Change:
        evidence = _evidence(read.case, evidence_id)
        if evidence is None:
            raise not_found("evidence")
        if evidence.state is not EvidenceState.ACCEPTED:
            raise Refusal(
                Code.EVIDENCE_NOT_READY,
                f"This file is {evidence.state.replace('_', ' ')}; only accepted files can be seen.",
                state=evidence.state,
                reason=evidence.reason,
            )
        return lifecycle.view_evidence(read.case, evidence_id, by=by, policy=read.policy, now=desk.now())

    case = change_case(desk, case_id, view, party=by)
    return files.link(case_id, next(one for one in case.evidence if one.evidence_id == evidence_id))


def _evidence(case: Case, evidence_id: str) -> Evidence | None:
    return next((one for one in case.evidence if one.evidence_id == evidence_id), None)
