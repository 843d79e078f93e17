"""Mail through SES v2."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aftersales.domain.order import Contact

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class MailRefused(Exception):
    """SES did not take a mail; carries its error code and nothing of the mail."""


class SesMailer:
    """The `Mailer` port."""

    def __init__(self, client: "SESV2Client", sender: str) -> None:
        self._ses = client
        self._sender = sender

    def send(self, contact: Contact, subject: str, text: str, html: str) -> None:
        """One `Simple` message in both forms; rendered here, so a missing word is an error and not a blank."""
        try:
            self._send(contact, subject, text, html)
        except ClientError as error:
            # SES names the address in its messages, which end up in logs: only the code goes on.
            raise MailRefused(error.response["Error"]["Code"]) from None

    def _send(self, contact: Contact, subject: str, text: str, html: str) -> None:
        self._ses.send_email(
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": [contact.email]},
            Content={
                "Simple": {
                    "Subject": {"Data": subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": text, "Charset": "UTF-8"},
                        "Html": {"Data": html, "Charset": "UTF-8"},
                    },
                }
            },
        )
