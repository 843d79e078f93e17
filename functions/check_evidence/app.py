"""A file of evidence of a case has arrived."""

from urllib.parse import unquote_plus

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import handle_evidence


def check_evidence(event: Event) -> dict[str, object]:
    """Look at each uploaded file and record what it is. S3 repeats what fails."""
    keys = [unquote_plus(record["s3"]["object"]["key"]) for record in event["Records"]]
    for key in keys:
        _, _, case_id, evidence_id = key.split("/")
        handle_evidence.check_evidence(bootstrap.desk(), bootstrap.evidence_files(), case_id, evidence_id)
    return {"files": keys}


handler = background(check_evidence)
