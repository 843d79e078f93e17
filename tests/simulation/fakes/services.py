"""The small services: topic, objects, mail, secrets."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from tests.simulation.fakes.dynamodb import error

Json = dict[str, Any]
_LONGEST_SUBJECT = 100


class SNS:
    """Topics (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html): every message goes to its subscribers."""

    def __init__(self, deliver: Callable[[str, str], None]) -> None:
        self._deliver = deliver

    def publish(
        self,
        *,
        TopicArn: str,
        Message: str,
        Subject: str = "",
        MessageAttributes: Mapping[str, Any] = MappingProxyType({}),
    ) -> Json:
        """At least once, with attributes that name their type and are never empty; a subject is short and plain."""
        if not Subject.isascii() or len(Subject) > _LONGEST_SUBJECT:
            raise error("Publish", "InvalidParameter")
        for attribute in MessageAttributes.values():
            if attribute["DataType"] != "String" or not attribute["StringValue"]:
                raise error("Publish", "InvalidParameterValue")
        self._deliver(TopicArn, Message)
        return {"MessageId": "message"}


class S3:
    """Objects by key. What is posted by a form must fit the form."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.objects: dict[str, bytes] = {}
        self._now = now
        self._modified: dict[str, int] = {}

    def post(self, key: str, content: bytes) -> None:
        """Somebody sends a form with a file."""
        self.put_object(Bucket="", Key=key, Body=content)

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> Json:
        """What lies there, and since when, to the second."""
        moments = {key: at for key, at in self._modified.items() if key.startswith(Prefix)}
        contents = [
            {"Key": key, "LastModified": datetime.fromtimestamp(at // 1000, UTC)}
            for key, at in sorted(moments.items())
        ]
        return {"Contents": contents} if contents else {}

    def get_object(self, *, Bucket: str, Key: str) -> Json:
        """The bytes."""
        if Key not in self.objects:
            raise error("GetObject", "NoSuchKey")
        content = self.objects[Key]
        return {"ContentLength": len(content), "Body": io.BytesIO(content)}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str = "") -> Json:
        """Replace the object."""
        self.objects[Key] = Body
        self._modified[Key] = self._now()
        return {}

    def generate_presigned_post(
        self, Bucket: str, Key: str, *, Fields: Json, Conditions: list[Any], ExpiresIn: int
    ) -> Json:
        """Signed here, without a call."""
        return {"url": f"https://{Bucket}.s3.amazonaws.com/", "fields": {**Fields, "key": Key}}


class SES:
    """Mails that were taken (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html)."""

    def __init__(self) -> None:
        self.sent: list[Json] = []

    def send_email(self, *, FromEmailAddress: str, Destination: Json, Content: Json) -> Json:
        """One mail."""
        self.sent.append({"to": Destination["ToAddresses"], "subject": Content["Simple"]["Subject"]["Data"]})
        return {"MessageId": "mail"}


class Secrets:
    """The providers' secrets."""

    def __init__(self, secrets: Mapping[str, Json]) -> None:
        self._secrets = {name: json.dumps(secret) for name, secret in secrets.items()}

    def get_secret_value(self, *, SecretId: str) -> Json:
        """As text."""
        return {"SecretString": self._secrets[SecretId]}
