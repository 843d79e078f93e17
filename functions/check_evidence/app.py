"""A file of evidence has arrived."""

from typing import Any
from urllib.parse import unquote_plus

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.logs import logger
from aftersales.usecases.handle_evidence import check_evidence


def handler(event: dict[str, Any], context: Any) -> None:
    """Look at each uploaded file and record what it is. S3 repeats what fails."""
    for record in event["Records"]:
        _, case_id, evidence_id = unquote_plus(record["s3"]["object"]["key"]).split("/")
        case = check_evidence(bootstrap.desk(), bootstrap.evidence_files(), case_id, evidence_id)
        logger.info("checked", case_id=case_id, evidence_id=evidence_id, known=case is not None)
