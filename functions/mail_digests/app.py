"""Every hour: sellers whose day or week of feedback has passed."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import mail_digests as digests


def mail_digests(event: Event) -> dict[str, object]:
    """Send each of them what came."""
    return {"digests": digests.mail_digests(bootstrap.feedback_desk(), bootstrap.mailer())}


handler = background(mail_digests)
