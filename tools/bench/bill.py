"""From what was counted to dollars for a thousand cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tools.bench import prices, template
from tools.bench.journeys import Journey
from tools.bench.recorder import Invocation

CASES = 1000
MAIL = "mail_buyer"
# Functions that somebody outside calls; a step of an execution goes on with the trace of the relay that started it.
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
    desk = [one for one in journey.invocations if one.function != MAIL]
    publishes = _calls(desk, "sns", "Publish")
    return Usage(
        transitions=len(journey.states),
        # A notice is put into the queue, received and deleted.
        sqs_requests=3 * publishes,
        sns_publishes=publishes,
        s3_puts=_calls(desk, "s3", "PutObject") + journey.uploads,
        s3_gets=_calls(desk, "s3", "GetObject"),
        mails=0,
        **_of_functions(desk),
    )


def mail_usage(journey: Journey) -> Usage:
    """What the mail to the buyer adds."""
    mail = [one for one in journey.invocations if one.function == MAIL]
    return Usage(
        transitions=0,
        sqs_requests=0,
        sns_publishes=0,
        s3_puts=0,
        s3_gets=0,
        mails=_calls(mail, "ses", "SendEmail"),
        **_of_functions(mail),
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


def milliseconds(one: Invocation) -> float:
    """How long a run is billed for: CPU time on its share of a processor, waits, its part of cold starts."""
    cpu = prices.CPU_MS_PER_INVOCATION + prices.CPU_MS_PER_CALL * (len(one.calls) + len(one.provider_calls))
    if one.count("s3", "GetObject"):
        cpu += prices.CPU_MS_PER_PHOTO
    share = min(template.memory(one.function) / prices.VCPU_MEGABYTES, 1)
    waits = sum(prices.WAIT_MS[call.service] for call in one.calls)
    waits += prices.WAIT_MS_PROVIDER * len(one.provider_calls)
    return cpu / share + waits + prices.COLD_SHARE * prices.COLD_MS


def _of_functions(invocations: Sequence[Invocation]) -> dict[str, int | float]:
    return {
        "invocations": len(invocations),
        "gigabyte_seconds": sum(
            milliseconds(one) / 1000 * template.memory(one.function) / 1024 for one in invocations
        ),
        "api_calls": sum("httpMethod" in one.event for one in invocations),
        "write_units": sum(one.units.write for one in invocations),
        "read_units": sum(one.units.read for one in invocations),
        "log_bytes": sum(_log_bytes(one.log) for one in invocations),
        "traces": sum(one.function not in _STEPS for one in invocations),
    }


def _log_bytes(log: str) -> int:
    return sum(len(line.encode()) + prices.LOG_EVENT_BYTES for line in log.splitlines())


def _calls(invocations: Iterable[Invocation], service: str, action: str) -> int:
    return sum(one.count(service, action) for one in invocations)
