"""Notices for the buyer, by mail in the buyer's language."""

import json
from typing import Any

from aftersales.domain.feedback_notice import FeedbackNotice
from aftersales.domain.notice import Notice
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.batch import each_record
from aftersales.usecases.mail_buyer import mail_buyer


def mail(record: dict[str, Any]) -> dict[str, object]:
    """Send one notice."""
    said = json.loads(record["body"])
    notice = FeedbackNotice(**said) if "feedback_id" in said else Notice(**said)
    sent = mail_buyer(bootstrap.desk(), bootstrap.mailer(), notice)
    return {"notice_id": notice.notice_id, "mail": sent}


handler = each_record(mail, lambda record: record["messageId"])
