"""Whether a policy makes sense, beyond being well-formed: one small check for each way in which it may not.

Each says what is wrong in a sentence for those who write policies, beginning with where it stands in the document.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from itertools import pairwise

from aftersales.domain.case import Kind, Reason
from aftersales.domain.override import CAPS
from aftersales.domain.policy import Policy

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
# From Baker Island to the Line Islands.
_EARLIEST, _LATEST = -12 * 60, 14 * 60
# May be none at all: nobody is warned.
_OPTIONAL_CLOCK = "warning"

# Whoever comes later may decide at least as much as whoever comes before.
_LIMITS = (*CAPS, "seller_limit", "reviewer_limit")
_RETURN_AMOUNTS = ("auto_approval_cap", "keep_below", "freight")

Check = Callable[[Policy], Iterator[str]]


def flaws(policy: Policy) -> tuple[str, ...]:
    """What is wrong with it; nothing, where it can be published."""
    return tuple(flaw for check in CHECKS for flaw in check(policy))


def negative_numbers(document: object, where: str = "") -> Iterator[str]:
    """No time, no amount and no count is below zero; a calendar may well be behind UTC."""
    if is_dataclass(document):
        for field in fields(document):
            if field.name != "utc_offset_minutes":
                yield from negative_numbers(getattr(document, field.name), f"{where}.{field.name}")
    elif isinstance(document, Mapping):
        for name, value in document.items():
            yield from negative_numbers(value, f"{where}.{name}")
    elif isinstance(document, int) and document < 0:
        yield f"{where.removeprefix('.')}: {document} is negative"


def _name(policy: Policy) -> Iterator[str]:
    if not _NAME.fullmatch(policy.version):
        yield f"version: {policy.version!r} is no name of letters, digits, dots and hyphens"


def _everything_is_covered(policy: Policy) -> Iterator[str]:
    for kind in Kind:
        if kind not in policy.windows:
            yield f"windows.{kind} is missing: how long may a {kind} be asked for?"
    for reason in Reason:
        if reason not in policy.reasons:
            yield f"reasons.{reason} is missing: what does it ask of the buyer?"


def _currencies(policy: Policy) -> Iterator[str]:
    named = {
        **{name: getattr(policy, name) for name in _LIMITS},
        **{f"overridable.{name}": getattr(policy.overridable, name) for name in CAPS},
        **{f"returns.{name}": getattr(policy.returns, name) for name in _RETURN_AMOUNTS},
        "returns.advance.cap": policy.returns.advance.cap,
        "exchanges.advance.cap": policy.exchanges.advance.cap,
        **{
            f"categories.{category}.{name}": getattr(terms, name)
            for category, terms in policy.categories.items()
            for name in CAPS
        },
    }
    for where, caps in named.items():
        for currency in caps:
            if not _CURRENCY.fullmatch(currency):
                yield f"{where}: {currency!r} is no currency code like USD"


def _caps_rise(policy: Policy) -> Iterator[str]:
    """Policy, silence, seller, reviewer: for all goods, and for each category that is capped otherwise."""
    for currency in sorted({currency for name in _LIMITS for currency in getattr(policy, name)}):
        yield from _not_rising([(name, getattr(policy, name).get(currency, 0)) for name in _LIMITS], currency)
    for category, terms in policy.categories.items():
        for currency in sorted({*terms.auto_approval_cap, *terms.silent_approval_cap}):
            yield from _not_rising(
                [
                    (f"categories.{category}.auto_approval_cap", policy.auto_cap(category, currency)),
                    (f"categories.{category}.silent_approval_cap", policy.silent_cap(category, currency)),
                    ("seller_limit", policy.seller_limit.get(currency, 0)),
                ],
                currency,
            )


def _not_rising(limits: list[tuple[str, int]], currency: str) -> Iterator[str]:
    for (before, lower), (after, higher) in pairwise(limits):
        if lower > higher:
            yield f"{before}.{currency}: {lower} is more than {after} allows ({higher})"


def _clocks_run(policy: Policy) -> Iterator[str]:
    for field in fields(policy.clocks):
        period = getattr(policy.clocks, field.name)
        if field.name == _OPTIONAL_CLOCK:
            if period.business_days:
                yield f"clocks.{field.name}: is counted by the clock, not in business days"
        elif not (period.millis or period.business_days):
            yield f"clocks.{field.name}: gives nobody any time"


def _costs_of_a_return_are_shares(policy: Policy) -> Iterator[str]:
    for name in ("restocking_percent", "condition_percent"):
        if (percent := getattr(policy.returns, name)) > 100:
            yield f"returns.{name}: {percent} is more than the goods are worth"


def _risk_is_a_share(policy: Policy) -> Iterator[str]:
    if not 1 <= policy.risk.high_percent <= 100:
        yield f"risk.high_percent: {policy.risk.high_percent} is no percentage from 1 to 100"


def _known_buyers_get_something_ahead(policy: Policy) -> Iterator[str]:
    """Where anything goes ahead at all; and never more than the policy approves without a person."""
    most = policy.returns.auto_approval_cap
    for where, terms in (
        ("returns.advance", policy.returns.advance),
        ("exchanges.advance", policy.exchanges.advance),
    ):
        if terms.cap and not terms.minimum_orders:
            yield f"{where}.minimum_orders: of a buyer without orders nothing is known"
        if terms.cases_percent > 100:
            yield f"{where}.cases_percent: {terms.cases_percent} is no percentage up to 100"
        for currency, cap in terms.cap.items():
            if cap > most.get(currency, 0):
                yield (
                    f"{where}.cap.{currency}: {cap} is more than returns.auto_approval_cap allows "
                    f"({most.get(currency, 0)})"
                )


def _calendars_have_working_days(policy: Policy) -> Iterator[str]:
    """Without a working day a business day would never end."""
    for market, calendar in policy.calendars.items():
        where = f"calendars.{market}"
        if not set(calendar.weekend) <= set(range(1, 8)):
            yield f"{where}.weekend: days are 1 (Monday) to 7 (Sunday)"
        if set(calendar.weekend) >= set(range(1, 8)):
            yield f"{where}.weekend: nobody ever works"
        if not _EARLIEST <= calendar.utc_offset_minutes <= _LATEST:
            yield f"{where}.utc_offset_minutes: {calendar.utc_offset_minutes} is nowhere on earth"
        for holiday in calendar.holidays:
            if not _is_date(holiday):
                yield f"{where}.holidays: {holiday!r} is no date like 2026-12-25"


def _leeway_has_room(policy: Policy) -> Iterator[str]:
    leeways = {"window_days": policy.overridable.window_days}
    for name in CAPS:
        for currency, leeway in getattr(policy.overridable, name).items():
            leeways[f"{name}.{currency}"] = leeway
    for where, leeway in leeways.items():
        if leeway.at_least is not None and leeway.at_most is not None and leeway.at_least > leeway.at_most:
            yield f"overridable.{where}: at_least {leeway.at_least} is above at_most {leeway.at_most}"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


CHECKS: tuple[Check, ...] = (
    _name,
    _everything_is_covered,
    negative_numbers,
    _currencies,
    _caps_rise,
    _clocks_run,
    _costs_of_a_return_are_shares,
    _risk_is_a_share,
    _known_buyers_get_something_ahead,
    _calendars_have_working_days,
    _leeway_has_room,
)
