"""Photos of feedback: forms to upload them, a look at what came, links for whoever may see the feedback."""

from collections.abc import Sequence
from dataclasses import replace

from aftersales.domain.evidence import Evidence, EvidenceState, feedback_folder, find
from aftersales.domain.feedback import Feedback, check_photo
from aftersales.domain.parties import Party
from aftersales.usecases import evidence_files
from aftersales.usecases.commit import until_committed
from aftersales.usecases.evidence_files import accepted, look_at
from aftersales.usecases.feedback_ports import FeedbackDesk
from aftersales.usecases.ports import EvidenceFiles, UploadForm
from aftersales.usecases.read_feedback import read_feedback


def upload_forms(files: EvidenceFiles, feedback: Feedback) -> Sequence[tuple[Evidence, UploadForm]]:
    """A fresh form for every photo that was promised and has not come."""
    return evidence_files.upload_forms(files, feedback_folder(feedback.feedback_id), feedback.photos)


def check_photos(
    desk: FeedbackDesk, files: EvidenceFiles, feedback_id: str, evidence_id: str
) -> Feedback | None:
    """Look at an uploaded photo and record what it is. A repeat, or a file nobody promised, changes nothing.

    The file is looked at before the transaction and the result recorded after; looking again gives the same.
    """
    feedback = desk.store.feedback(feedback_id)
    photo = find(feedback.photos, evidence_id) if feedback and feedback.live else None
    if photo is None or photo.state is not EvidenceState.AWAITING_UPLOAD:
        return None
    checked = look_at(files, feedback_folder(feedback_id), photo)

    def attempt() -> Feedback | None:
        # The author edits while the photo is looked at: it is recorded on what they made of it.
        now = desk.store.feedback(feedback_id)
        change = check_photo(now, checked, now=desk.now()) if now else None
        if change is None:
            return None
        desk.store.commit_feedback(change)
        return change.feedback

    return until_committed(desk, attempt)


def view_photo(
    desk: FeedbackDesk, files: EvidenceFiles, feedback_id: str, evidence_id: str, reader: Party
) -> tuple[str, int]:
    """A link that lives minutes, for whoever may see the feedback: what is hidden or taken back hides its photos.

    The file goes under a name of ours, for nobody looked at the one that its author chose.
    """
    feedback = read_feedback(desk, feedback_id, reader)
    photo = accepted(feedback.photos, evidence_id)
    kind = photo.content_type.removeprefix("image/")
    named = replace(photo, filename=f"{photo.evidence_id}.{kind}")
    return files.link(feedback_folder(feedback_id), named)
