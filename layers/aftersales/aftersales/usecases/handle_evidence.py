"""Evidence of a case: promise a file, look at it when it arrived, give a link to it."""

from collections.abc import Sequence

from aftersales.domain import lifecycle
from aftersales.domain.case import Case
from aftersales.domain.evidence import Evidence, EvidenceState, PromisedFile, case_folder, find, promised
from aftersales.domain.lifecycle import LIFECYCLE, Act, Change
from aftersales.usecases import evidence_files
from aftersales.usecases.commit import Read, carry_out, change_case
from aftersales.usecases.evidence_files import accepted, look_at
from aftersales.usecases.ports import CaseRequest, Desk, EvidenceFiles, UploadForm


def add_evidence(
    desk: Desk, files: EvidenceFiles, request: CaseRequest, file: PromisedFile
) -> tuple[Evidence, UploadForm]:
    """Promise one more file; answers the form that uploads it."""

    def add(read: Read) -> Change:
        evidence = promised([file], request.by, after=len(read.case.evidence))[0]
        return lifecycle.add_evidence(read.case, evidence, by=request.by, policy=read.policy, now=desk.now())

    case = carry_out(desk, request, add)
    # Not simply the last: a repeat finds the file that it promised before, whatever was added since.
    evidence = next(
        one for one in reversed(case.evidence) if (one.promise, one.added_by) == (file, request.by.role)
    )
    return evidence, files.upload_form(case_folder(case.case_id), evidence)


def upload_forms(files: EvidenceFiles, case: Case) -> Sequence[tuple[Evidence, UploadForm]]:
    """A fresh form for every file of the case that was promised and has not come."""
    return evidence_files.upload_forms(files, case_folder(case.case_id), case.evidence)


def check_evidence(desk: Desk, files: EvidenceFiles, case_id: str, evidence_id: str) -> Case | None:
    """Look at an uploaded file and record what it is. A repeat, or a file nobody promised, changes nothing.

    The file is looked at before the transaction and the result recorded after; looking again gives the same.
    """
    case = desk.store.case(case_id)
    evidence = find(case.evidence, evidence_id) if case else None
    if evidence is None or evidence.state is not EvidenceState.AWAITING_UPLOAD:
        return None
    checked = look_at(files, case_folder(case_id), evidence)

    def check(read: Read) -> Change | None:
        if read.case.status not in LIFECYCLE[Act.CHECK_EVIDENCE]:
            return None
        return lifecycle.check_evidence(read.case, checked, policy=read.policy, now=desk.now())

    return change_case(desk, case_id, check)


def view_evidence(
    desk: Desk, files: EvidenceFiles, request: CaseRequest, evidence_id: str
) -> tuple[str, int]:
    """A link that lives minutes. The view stands in the timeline before the link is given."""

    def view(read: Read) -> Change:
        accepted(read.case.evidence, evidence_id)
        return lifecycle.view_evidence(
            read.case, evidence_id, by=request.by, policy=read.policy, now=desk.now()
        )

    case = carry_out(desk, request, view)
    return files.link(case_folder(case.case_id), accepted(case.evidence, evidence_id))
