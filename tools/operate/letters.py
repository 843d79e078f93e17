"""What a dead letter says, kind by kind: what was given up, of which case, and the kind of the error.

Only ids, codes and times are taken out of a letter; the words of errors stay in it, for they may quote a person.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import unquote_plus

from aftersales.domain.feedback_notice import FeedbackNotice
from aftersales.domain.notice import Notice

Body = Mapping[str, Any]
Attributes = Mapping[str, str]

TRIES_USED_UP = "tries_used_up"
_NOTICES = {frozenset(field.name for field in fields(kind)): kind for kind in (Notice, FeedbackNotice)}


class Unreadable(Exception):
    """Not a letter of this queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One line of the list."""

    what: str
    case_id: str | None
    error: str


def notice_in(body: Body) -> Notice | FeedbackNotice:
    """The notice of a letter: as it was published, or in the envelope that SNS puts around it."""
    said = json.loads(body["Message"]) if "Message" in body else body
    kind = _NOTICES.get(frozenset(said))
    if kind is None:
        raise Unreadable
    return kind(**said)


def event_in(body: Body) -> Body:
    """What the function was to be called with: inside Lambda's record of its failure, or, where EventBridge never
    reached Lambda, the letter itself."""
    event: Body = body.get("requestPayload", body)
    return event


def read_mail(body: Body, attributes: Attributes) -> Letter:
    """A notice that was not mailed. SNS says why it could not deliver; a queue only that the tries were used up."""
    notice = notice_in(body)
    return Letter(what=notice.event, case_id=notice.case_id, error=attributes.get("ErrorCode", TRIES_USED_UP))


def read_alert(body: Body, attributes: Attributes) -> Letter:
    """A notice that a seller's endpoint did not take."""
    notice = notice_in(body)
    return Letter(
        what=f"{notice.event} to {notice.seller_id}",
        case_id=notice.case_id,
        error=attributes.get("ErrorCode", TRIES_USED_UP),
    )


def read_evidence(body: Body, attributes: Attributes) -> Letter:
    """An upload that was not looked at. S3 tells of one object at a time."""
    key = unquote_plus(event_in(body)["Records"][0]["s3"]["object"]["key"])
    _, folder, thing_id, evidence_id = key.split("/")
    of_case = folder == "cases"
    return Letter(
        what=f"photo {evidence_id}" if of_case else f"photo {evidence_id} of feedback {thing_id}",
        case_id=thing_id if of_case else None,
        error=_error_of(body, attributes),
    )


def read_export(body: Body, attributes: Attributes) -> Letter:
    """An export that was not written."""
    key = unquote_plus(event_in(body)["Records"][0]["s3"]["object"]["key"])
    return Letter(what=key, case_id=None, error=_error_of(body, attributes))


def read_execution(body: Body, attributes: Attributes) -> Letter:
    """An execution that ended without its case."""
    stopped = event_in(body)["detail"]
    return Letter(
        what=f"{stopped['name']} {stopped['status']}",
        case_id=json.loads(stopped["input"])["case_id"],
        error=_error_of(body, attributes),
    )


def read_stream(body: Body, attributes: Attributes) -> Letter:
    """A batch of a stream: where it was, never what was in it. The index `unrelayed` of its table knows that."""
    batch = body["DDBStreamBatchInfo"]
    return Letter(
        what=f"{batch['batchSize']} entries until {batch['approximateArrivalOfLastRecord']}",
        case_id=None,
        error=_error_of(body, attributes),
    )


def _error_of(body: Body, attributes: Attributes) -> str:
    """The kind of the error as the function raised it, else why Lambda or EventBridge gave up."""
    raised = (body.get("responsePayload") or {}).get("errorType")
    condition = (body.get("requestContext") or {}).get("condition")
    return str(raised or condition or attributes.get("ERROR_CODE", TRIES_USED_UP))


def read(
    reader: Callable[[Body, Attributes], Letter], text: str, attributes: Attributes
) -> tuple[Any, Letter | None]:
    """The body of a letter and what it says; None where somebody else has put it there."""
    try:
        body = json.loads(text)
        return body, reader(body, attributes)
    except (Unreadable, ValueError, LookupError, TypeError, AttributeError):
        return text, None
