"""The tables, as Markdown: what is counted first, what is measured last."""

from collections.abc import Iterable, Mapping, Sequence

from tools.bench import bill, prices, template
from tools.bench.handlers import HandlerTime
from tools.bench.imports import STEP_BOUND, ImportTime
from tools.bench.journeys import POLICY, Journey
from tools.bench.ratings import SIZES, hot_seller
from tools.bench.recorder import Invocation

_MINUTES_A_MONTH = 60 * 24 * 30
_METRICS_OF_A_METHOD = ("4XXError", "5XXError", "Count", "Latency", "IntegrationLatency")

_INTRODUCTION = """\
# Benchmarks

Written by `make bench` (`python -m tools.bench`); do not edit. Calls, units and states are counted on the real
handlers, state machine and template; units and dollars are arithmetic, with their formulas and sources in
`tools/bench/capacity.py`, `tools/bench/prices.py` and `tools/bench/bill.py`. Times are medians of CPU time and are
given as ratios to a yardstick of the same run, for they differ from machine to machine.
"""


def counted(
    operations: Mapping[str, Invocation], journeys: Sequence[Journey], idle: Sequence[Invocation]
) -> str:
    """Everything that is the same on every machine."""
    return "\n".join(
        [
            _INTRODUCTION,
            _operations(operations),
            _journeys(journeys),
            _dollars(journeys),
            _bounds(journeys),
            _idle(idle),
            _hot_seller(),
            _prices(),
        ]
    )


def measured(handlers: Sequence[HandlerTime], imports: Sequence[ImportTime]) -> str:
    """Everything that was timed."""
    return "\n".join([_handlers(handlers), _imports(imports)])


def _operations(operations: Mapping[str, Invocation]) -> str:
    rows = (
        (
            label,
            _spelled(one),
            one.transactions,
            f"{one.conditional} of {one.writes}" if one.writes else "",
            one.units.write,
            one.units.read,
        )
        for label, one in operations.items()
    )
    return _section(
        "Each operation",
        "One warm invocation. Units are DynamoDB's request units, indexes included. The order has three lines.",
        _table(
            ("operation", "calls", "transactions", "conditional writes", "write units", "read units"), rows
        ),
    )


def _journeys(journeys: Sequence[Journey]) -> str:
    used = [bill.usage(journey) for journey in journeys]
    rows: list[tuple[object, ...]] = [
        ("states entered", *(one.transitions for one in used)),
        ("Lambda invocations", *(one.invocations for one in used)),
        ("Lambda GB-seconds", *(f"{one.gigabyte_seconds:.2f}" for one in used)),
        ("API calls", *(one.api_calls for one in used)),
        ("DynamoDB write units", *(one.write_units for one in used)),
        ("DynamoDB read units", *(one.read_units for one in used)),
        ("SNS publishes", *(one.sns_publishes for one in used)),
        ("SQS requests", *(one.sqs_requests for one in used)),
        ("S3 requests (put, get)", *(f"{one.s3_puts}, {one.s3_gets}" for one in used)),
        ("log bytes", *(one.log_bytes for one in used)),
        ("traces before sampling", *(one.traces for one in used)),
        ("mails", *(bill.mail_usage(journey).mails for journey in journeys)),
    ]
    return _section(
        "Whole cases",
        "From the application to the end of the execution, everything that follows from the stream included. "
        "A refund ends with one event of the provider about it. The order's snapshot and reads by people are "
        "not part of a case; they stand in the table above.",
        _table(("", *(journey.name for journey in journeys)), rows),
        _table(
            ("case", "states, in order"),
            ((journey.name, " → ".join(journey.states)) for journey in journeys),
        ),
    )


def _dollars(journeys: Sequence[Journey]) -> str:
    bills = [bill.bill(bill.usage(journey)) for journey in journeys]
    rows: list[tuple[object, ...]] = [
        (name, *(_money(one[name]) for one in bills)) for name in bills[0] if name != "mail"
    ]
    rows.append(("**without mail**", *(f"**{_money(sum(one.values()))}**" for one in bills)))
    rows.append(("mail to the buyer", *(_money(bill.total(bill.mail_usage(one))) for one in journeys)))
    rows += [
        (
            f"without mail, 1,000 cases {pace}",
            *(_money(bill.total(bill.usage(one), pace)) for one in journeys),
        )
        for pace in prices.CASES_A_SECOND
        if pace != prices.USUAL_PACE
    ]
    return _section(
        "Dollars for 1,000 cases",
        f"List prices of us-east-1 without any free tier, 1,000 cases {prices.USUAL_PACE}; the pace decides how "
        "many traces the default sampling rule keeps. Assumed for Lambda: "
        f"{prices.CPU_MS_PER_INVOCATION:g} ms of CPU an invocation and {prices.CPU_MS_PER_CALL:g} ms a call on a "
        "whole processor, of which a function has its memory's share "
        f"(512 of {prices.VCPU_MEGABYTES} MB: times {prices.VCPU_MEGABYTES / 512:.2f}); waits of "
        + ", ".join(f"{wait:g} ms for {service}" for service, wait in prices.WAIT_MS.items())
        + f" and {prices.WAIT_MS_PROVIDER:g} ms for the payment provider; {prices.COLD_SHARE:.0%} cold starts "
        f"of {prices.COLD_MS:g} ms.",
        _table(("", *(journey.name for journey in journeys)), rows),
    )


def _bounds(journeys: Sequence[Journey]) -> str:
    by_name = {journey.name: journey for journey in journeys}
    used = bill.usage(by_name[POLICY])
    rows: list[tuple[object, ...]] = [
        (
            f"policy refund, 1,000 cases {pace}",
            _money(bill.total(used, pace)),
            _money(prices.BOUND),
            _verdict(bill.total(used, pace) < prices.BOUND),
            _money(prices.LOWER_BOUND),
            _money(prices.SAMPLE_STYLE),
        )
        for pace in prices.CASES_A_SECOND
    ]
    rows += [
        (
            f"states of {name}",
            len(by_name[name].states),
            bound.most,
            _verdict(len(by_name[name].states) <= bound.most),
            bound.least or "",
            bound.sample_style or "",
        )
        for name, bound in prices.STATES.items()
    ]
    for pace in prices.CASES_A_SECOND:
        spent = bill.bill(used, pace)
        watching, data = spent["logs"] + spent["traces"], spent["DynamoDB"]
        rows.append(
            (
                f"its logs and traces against its DynamoDB, 1,000 cases {pace}",
                _money(watching),
                _money(data),
                _verdict(watching < data),
                "",
                "",
            )
        )
    return _section(
        "Bounds",
        "Beside them the least that this architecture can do it with, and what it would be in the style of the service "
        "samples.",
        _table(("what", "is", "bound", "", "lower bound", "sample style"), rows),
        "What would make a thousand policy refunds cheaper, by the same arithmetic:",
        _table(("change", "saves"), ((what, _money(saved)) for what, saved in bill.savings(used).items())),
    )


def _idle(sweeps: Sequence[Invocation]) -> str:
    used = bill.usage_of(sweeps)
    swept = bill.total(used) / bill.CASES * _MINUTES_A_MONTH
    methods = len(template.api_methods())
    rows = (
        ("all sweeps, every minute, with nothing due", _money(swept)),
        (
            f"metrics of {methods} methods of the API, where all are called",
            _money(prices.METRICS_A_MONTH.of(methods * len(_METRICS_OF_A_METHOD))),
        ),
        (
            f"{bill.event_metrics()} metrics of what happened to cases, where all happen",
            _money(prices.METRICS_A_MONTH.of(bill.event_metrics())),
        ),
    )
    return _section(
        "A month without cases",
        "What is paid whether or not a case is opened; storage, alarms and the secret left out.",
        _table(("what", "dollars a month"), rows),
    )


def _hot_seller() -> str:
    rows = (
        (
            f"{one.feedbacks:,}",
            one.transactions,
            one.write.write,
            one.queries,
            one.read.read,
            f"{100 * min(one.shares):.1f} % to {100 * max(one.shares):.1f} %",
        )
        for one in map(hot_seller, SIZES)
    )
    return _section(
        "A hot seller",
        "What the last of so many feedbacks of one seller costs to count, in the seller's rating and in a product's, "
        "and what the seller's rating then costs to read. The shares are those of the shards of the seller's rating.",
        _table(
            ("feedbacks", "transactions", "write units", "queries", "read units", "writes of a shard"),
            rows,
        ),
    )


def _prices() -> str:
    rows = (
        (name.lower().replace("_", " "), f"{price.dollars:g}", f"{price.per:,.0f}", price.noted, price.page)
        for name, price in vars(prices).items()
        if isinstance(price, prices.Price)
    )
    return _section("Prices", "", _table(("of", "dollars", "per", "noted", "page"), rows))


def _handlers(handlers: Sequence[HandlerTime]) -> str:
    rows = (
        (
            one.label,
            one.calls,
            f"{one.ratio:.1f}",
            f"{one.ratio / max(one.calls, 1):.1f}",
            f"{one.handler:.2f}",
        )
        for one in handlers
    )
    return _section(
        "CPU time of a warm handler",
        "Ratio to a bare handler, which parses the same body and stores it with one call of the same client. AWS "
        "and the provider are answered from memory at their HTTP layers. Milliseconds are of the machine that "
        "wrote this.",
        _table(("invocation", "calls", "ratio", "ratio a call", "ms"), rows),
    )


def _imports(imports: Sequence[ImportTime]) -> str:
    rows = (
        (
            one.function,
            f"{one.ratio:.2f}",
            f"{one.first_call:.2f}" if one.first_call else "",
            _verdict(not one.over) if one.is_step else "",
            ", ".join(f"{package} {percent} %" for package, percent in one.heaviest),
        )
        for one in imports
    )
    return _section(
        "Import time of a function",
        "Ratio of CPU time to `import boto3` in the same run, in an interpreter like the runtime's, with compiled "
        f"bytecode. A step may take {STEP_BOUND:g} times as long. Some functions import more when they are first "
        "called: a provider's SDK, or what looks at photos.",
        _table(("function", "ratio", "with its first call", "bound", "heaviest"), rows),
    )


def _spelled(one: Invocation) -> str:
    names = [call.name for call in one.calls]
    names += [f"stripe:{method.upper()} {path.rsplit('/', 1)[1]}" for method, path in one.provider_calls]
    counts = {name: names.count(name) for name in names}
    return ", ".join(f"{count} × {name}" if count > 1 else name for name, count in counts.items())


def _section(title: str, text: str, *parts: str) -> str:
    return "\n\n".join(part for part in (f"## {title}", text, *parts) if part) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [tuple(header), tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _money(dollars: float) -> str:
    return f"{dollars:.4f}" if dollars < 1 else f"{dollars:.2f}"


def _verdict(holds: bool) -> str:
    return "within" if holds else "**over**"
