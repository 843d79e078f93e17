"""From what was counted to dollars for a thousand cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aftersales.domain.timeline import Event
from tools.bench import prices, template
from tools.bench.journeys import Journey
from tools.bench.recorder import Invocation

CASES = 1000
MAIL = "mail_buyer"
# A step goes on with the trace of its execution, and that with the trace of the relay that started it.
_STEPS = frozenset(template.substitutions().values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one case uses."""

    transitions: int
    invocations: int
    gigabyte_seconds: float
    api_calls: int
    write_units: float
    read_units: float
    sns_publishes: int
    sqs_requests: int
    s3_puts: int
    s3_gets: int
    log_bytes: int
    traces: int
    mails: int


def usage(journey: Journey) -> Usage:
    """A case's usage without mail to its buyer; the queue of that mail is part of telling."""
    used = usage_of([one for one in journey.invocations if one.function != MAIL])
    # An execution that no traced relay started begins a trace of its own.
    own_trace = template.machine_is_traced() and not template.is_traced("relay_timeline")
    return replace(
        used,
        transitions=len(journey.states),
        s3_puts=used.s3_puts + journey.uploads,
        traces=used.traces + own_trace,
    )


def mail_usage(journey: Journey) -> Usage:
    """What the mail to the buyer adds."""
    return usage_of([one for one in journey.invocations if one.function == MAIL])


def usage_of(invocations: Sequence[Invocation]) -> Usage:
    """What some invocations use, in sum."""
    publishes = _calls(invocations, "sns", "Publish")
    return Usage(
        transitions=0,
        invocations=len(invocations),
        gigabyte_seconds=sum(
            milliseconds(one) / 1000 * template.memory(one.function) / 1024 for one in invocations
        ),
        api_calls=sum(map(_is_api_call, invocations)),
        write_units=sum(one.units.write for one in invocations),
        read_units=sum(one.units.read for one in invocations),
        sns_publishes=publishes,
        # A notice is put into the queue, received and deleted.
        sqs_requests=3 * publishes,
        s3_puts=_calls(invocations, "s3", "PutObject"),
        s3_gets=_calls(invocations, "s3", "GetObject"),
        log_bytes=sum(_log_bytes(one.log) for one in invocations),
        traces=sum(map(_begins_trace, invocations)),
        mails=_calls(invocations, "ses", "SendEmail"),
    )


def bill(used: Usage, pace: str = prices.USUAL_PACE) -> Mapping[str, float]:
    """Dollars for a thousand cases, by what they are paid for."""
    one_case = {
        "Step Functions": prices.STATE_TRANSITIONS.of(used.transitions),
        "DynamoDB": prices.WRITE_UNITS.of(used.write_units) + prices.READ_UNITS.of(used.read_units),
        "Lambda": prices.LAMBDA_REQUESTS.of(used.invocations)
        + prices.LAMBDA_GB_SECONDS.of(used.gigabyte_seconds),
        "API Gateway": prices.API_CALLS.of(used.api_calls),
        "SNS and SQS": prices.SNS_PUBLISHES.of(used.sns_publishes)
        + prices.SQS_REQUESTS.of(used.sqs_requests),
        "S3": prices.S3_PUTS.of(used.s3_puts) + prices.S3_GETS.of(used.s3_gets),
        "logs": prices.LOG_GIGABYTES.of(used.log_bytes / 1e9),
        "traces": prices.TRACES.of(sampled(used.traces, pace)),
        "mail": prices.MAILS.of(used.mails),
    }
    return {name: dollars * CASES for name, dollars in one_case.items()}


def total(used: Usage, pace: str = prices.USUAL_PACE) -> float:
    """Dollars for a thousand cases."""
    return sum(bill(used, pace).values())


def sampled(traces: int, pace: str) -> float:
    """How many of a case's traces are recorded where a thousand cases come in that time."""
    cases_a_second = prices.CASES_A_SECOND[pace]
    rate = traces * cases_a_second
    kept = min(rate, prices.RESERVOIR) + prices.SAMPLED_REST * max(rate - prices.RESERVOIR, 0)
    return kept / cases_a_second


def savings(used: Usage) -> Mapping[str, float]:
    """What some changes would take off a bill."""
    changes = {
        "only the API begins traces": replace(used, traces=used.api_calls),
        "one state less": replace(used, transitions=used.transitions - 1),
    }
    return {what: total(used) - total(changed) for what, changed in changes.items()}


def event_metrics() -> int:
    """Every event of the timeline is a metric, and the refund that nobody answers is one more."""
    return len(Event) + 1


def milliseconds(one: Invocation) -> float:
    """How long a run is billed for: CPU time on its share of a processor, waits, its part of cold starts."""
    cpu = prices.CPU_MS_PER_INVOCATION + prices.CPU_MS_PER_CALL * (len(one.calls) + len(one.provider_calls))
    if one.count("s3", "GetObject"):
        cpu += prices.CPU_MS_PER_PHOTO
    share = min(template.memory(one.function) / prices.VCPU_MEGABYTES, 1)
    waits = sum(prices.WAIT_MS[call.service] for call in one.calls)
    waits += prices.WAIT_MS_PROVIDER * len(one.provider_calls)
    return cpu / share + waits + prices.COLD_SHARE * prices.COLD_MS


def _is_api_call(one: Invocation) -> bool:
    return "httpMethod" in one.event


def _begins_trace(one: Invocation) -> bool:
    if _is_api_call(one):
        return template.api_is_traced() or template.is_traced(one.function)
    return one.function not in _STEPS and template.is_traced(one.function)


def _log_bytes(log: str) -> int:
    return sum(len(line.encode()) + prices.LOG_EVENT_BYTES for line in log.splitlines())


def _calls(invocations: Iterable[Invocation], service: str, action: str) -> int:
    return sum(one.count(service, action) for one in invocations)
