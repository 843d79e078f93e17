"""A photo of a feedback has arrived."""

from urllib.parse import unquote_plus

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import handle_photos


def check_photos(event: Event) -> dict[str, object]:
    """Look at each uploaded photo and record what it is. S3 repeats what fails."""
    keys = [unquote_plus(record["s3"]["object"]["key"]) for record in event["Records"]]
    for key in keys:
        _, _, feedback_id, evidence_id = key.split("/")
        handle_photos.check_photos(
            bootstrap.feedback_desk(), bootstrap.evidence_files(), feedback_id, evidence_id
        )
    return {"files": keys}


handler = background(check_photos)
