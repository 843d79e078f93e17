"""Evidence in S3: `incoming/` for uploads, `originals/` for what came, `clean/` for what people see."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from aftersales.domain.evidence import MAX_BYTES, Evidence
from aftersales.usecases.ports import CheckedFile, UploadForm

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOAD_SECONDS = 300
LINK_SECONDS = 120


class S3EvidenceFiles:
    """The `EvidenceFiles` port. Pillow is imported only where a file is looked at."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._s3 = client
        self._bucket = bucket

    def upload_form(self, folder: str, evidence: Evidence) -> UploadForm:
        """S3 itself refuses another key, type or size, and a form that is too old."""
        of_type, size = {"Content-Type": evidence.content_type}, evidence.size
        form = self._s3.generate_presigned_post(
            self._bucket,
            f"incoming/{folder}/{evidence.evidence_id}",
            Fields=of_type,
            Conditions=[of_type, ["content-length-range", size, size]],
            ExpiresIn=UPLOAD_SECONDS,
        )
        expires_at = int(time.time() * 1000) + UPLOAD_SECONDS * 1000
        return UploadForm(url=form["url"], fields=form["fields"], expires_at=expires_at)

    def check(self, folder: str, evidence: Evidence) -> CheckedFile:
        """Every step may run again: the clean copy of the same upload is the same bytes under the same key.

        Both copies are kept under the hash of the clean one, because the form may be posted again while the first
        file is looked at: the row names one hash, and that is the file that people see.

        The upload itself is left to the lifecycle rule of `incoming/`, so that a run which died half-way finds
        it again.
        """
        from aftersales.adapters.photos import PhotoRefused, inspect_photo

        name = f"{folder}/{evidence.evidence_id}"
        upload = self._s3.get_object(Bucket=self._bucket, Key=f"incoming/{name}")
        if upload["ContentLength"] > min(evidence.size, MAX_BYTES):
            return CheckedFile(refused="too_large")
        content = upload["Body"].read()
        try:
            photo = inspect_photo(content, evidence.content_type)
        except PhotoRefused as refused:
            return CheckedFile(refused=refused.reason)
        name = f"{name}/{photo.sha256}"
        self._s3.put_object(Bucket=self._bucket, Key=f"originals/{name}", Body=content)
        self._s3.put_object(
            Bucket=self._bucket, Key=f"clean/{name}", Body=photo.content, ContentType=photo.content_type
        )
        return CheckedFile(sha256=photo.sha256)

    def uploads(self, folder: str) -> Mapping[str, int]:
        """One page: a case promises few files. S3 tells whole seconds, rounded down."""
        prefix = f"incoming/{folder}/"
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        return {
            one["Key"].removeprefix(prefix): int(one["LastModified"].timestamp()) * 1000
            for one in listed.get("Contents", [])
        }

    def link(self, folder: str, evidence: Evidence) -> tuple[str, int]:
        """A link to the clean copy, as a download under its own name: nothing a buyer sent is rendered inline."""
        url = self._s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": f"clean/{folder}/{evidence.evidence_id}/{evidence.sha256}",
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(evidence.filename)}",
            },
            ExpiresIn=LINK_SECONDS,
        )
        return url, int(time.time() * 1000) + LINK_SECONDS * 1000
