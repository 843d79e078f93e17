"""Every minute: orders that were delivered some days ago, and whose buyers are asked what they were like."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import request_feedback as requests


def request_feedback(event: Event) -> dict[str, object]:
    """Ask each of them, once."""
    outcomes = requests.request_feedback(bootstrap.feedback_desk(), bootstrap.mailer())
    return {str(outcome): count for outcome, count in outcomes.items()}


handler = background(request_feedback)
