"""Every minute: what happened to feedback and was not counted or told."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases import count_feedback


def sweep_feedback(event: Event) -> dict[str, object]:
    """Count again, tell again."""
    relayed = count_feedback.sweep_feedback(bootstrap.feedback_desk(), bootstrap.notices())
    return {"relayed": relayed}


handler = background(sweep_feedback)
