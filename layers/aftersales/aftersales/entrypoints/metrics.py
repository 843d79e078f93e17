"""What happened to cases, counted in the users' words: each event of the timeline is a metric of its name."""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from aftersales.domain import feedback
from aftersales.domain.timeline import Entry, Event
from aftersales.usecases.hear_provider import Heard

# The namespace comes from POWERTOOLS_METRICS_NAMESPACE, the only dimension is the service.
_metrics = Metrics()
# The provider is asked hourly for a day; a refund that it has not answered for by then is an alarm.
_HOURS_OF_PATIENCE = 24


def count_heard(heard: Heard) -> None:
    """Count what the provider reported of payments; what became of cases is counted from their timelines."""
    if heard is not Heard.RECORDED:
        _metrics.add_metric(name=f"provider_{heard}", unit=MetricUnit.Count, value=1)
        _metrics.flush_metrics()


def count_refused_webhook() -> None:
    """Count an event that nobody has signed, or that is none."""
    _metrics.add_metric(name="webhook_refused", unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()


def count_drift(invariant: str) -> None:
    """Count what the reconciler found, once in all and once under the invariant's number."""
    for name in ("drift", f"drift_{invariant.lower()}"):
        _metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()


def count_feedback(entry: feedback.Entry) -> None:
    """Count what happened to a feedback."""
    _metrics.add_metric(name=entry.event, unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()


def count(entry: Entry) -> None:
    """Count an entry's event, and a refund that stays unanswered for a day."""
    _metrics.add_metric(name=entry.event, unit=MetricUnit.Count, value=1)
    if entry.event is Event.REFUND_OVERDUE and int(str(entry.data["inquiries"])) >= _HOURS_OF_PATIENCE:
        _metrics.add_metric(name="refund_unanswered_for_a_day", unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()
