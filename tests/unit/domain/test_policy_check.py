"""A policy that makes no sense is told so, each time in one sentence that begins with where it stands."""

from dataclasses import replace
from typing import Any

import pytest

from aftersales.domain.calendar import Calendar, Period
from aftersales.domain.case import Kind, Reason
from aftersales.domain.override import Override
from aftersales.domain.policy import (
    AdvanceTerms,
    CategoryTerms,
    Clocks,
    Leeway,
    Overridable,
    Policy,
    RiskTerms,
    Window,
)
from aftersales.domain.policy_check import flaws, negative_numbers
from tests.builders import NOON, a_policy

WITHOUT_LATE = {reason: terms for reason, terms in a_policy().reasons.items() if reason is not Reason.LATE}


def a_sound_policy(**changes: Any) -> Policy:
    return a_policy(**{"auto_approval_cap": {"USD": 3_000}} | changes)


def clocks(**changes: Period) -> Clocks:
    return replace(a_policy().clocks, **changes)


def calendar(**changes: Any) -> dict[str, Calendar]:
    return {"BR": Calendar(**changes)}


def lamps(auto: int, silent: int | None = None) -> dict[str, CategoryTerms]:
    silently = {} if silent is None else {"USD": silent}
    return {"lamps": CategoryTerms(auto_approval_cap={"USD": auto}, silent_approval_cap=silently)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"version": "2027-01.b"},
        {
            "auto_approval_cap": {"USD": 6_000},
            "seller_limit": {"USD": 6_000},
            "reviewer_limit": {"USD": 6_000},
        },
        {"auto_approval_cap": {}, "reviewer_limit": {"USD": 8_000, "EUR": 1}},
        {"categories": lamps(6_000) | {"tea": CategoryTerms(silent_approval_cap={"USD": 8_000})}},
        {"clocks": clocks(warning=Period())},
        {"clocks": clocks(offer=Period(business_days=1), seller=Period(minutes=1))},
        {"risk": RiskTerms(days=0, minimum_orders=0, high_percent=1)},
        {"risk": RiskTerms(days=180, minimum_orders=5, high_percent=100)},
        {"calendars": calendar(utc_offset_minutes=-720, weekend=(1, 2, 3, 4, 5, 6))},
        {"calendars": calendar(utc_offset_minutes=840, weekend=(), holidays=("2028-02-29",))},
        {"overridable": Overridable(window_days=Leeway(at_least=30, at_most=30))},
        {"overridable": Overridable(window_days=Leeway(at_least=30))},
        {"overridable": Overridable(window_days=Leeway(at_most=30))},
    ],
    ids=str,
)
def test_what_makes_sense_is_let_pass(changes: dict[str, Any]) -> None:
    assert flaws(a_sound_policy(**changes)) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"version": "next spring"},
            "version: 'next spring' is no name of letters, digits, dots and hyphens",
        ),
        ({"version": "1+2"}, "version: '1+2' is no name of letters, digits, dots and hyphens"),
        ({"version": "a" * 41}, f"version: '{'a' * 41}' is no name of letters, digits, dots and hyphens"),
        (
            {"windows": {kind: a_policy().windows[kind] for kind in (Kind.RETURN, Kind.EXCHANGE)}},
            "windows.refund is missing: how long may a refund be asked for?",
        ),
        ({"reasons": WITHOUT_LATE}, "reasons.late is missing: what does it ask of the buyer?"),
        (
            {"windows": {**a_policy().windows, Kind.REFUND: Window(days=30, by_category={"food": -1})}},
            "windows.refund.by_category.food: -1 is negative",
        ),
        ({"delivery_days": -3}, "delivery_days: -3 is negative"),
        ({"clocks": clocks(warning=Period(hours=-6))}, "clocks.warning.hours: -6 is negative"),
        ({"reviewer_limit": {"USD": 12_000, "usd": 1}}, "reviewer_limit: 'usd' is no currency code like USD"),
        (
            {"reviewer_limit": {"USD": 12_000, "EURO": 1}},
            "reviewer_limit: 'EURO' is no currency code like USD",
        ),
        (
            {"overridable": Overridable(silent_approval_cap={"$": Leeway()})},
            "overridable.silent_approval_cap: '$' is no currency code like USD",
        ),
        (
            {"returns": replace(a_policy().returns, keep_below={"$": 1})},
            "returns.keep_below: '$' is no currency code like USD",
        ),
        (
            {"returns": replace(a_policy().returns, restocking_percent=101)},
            "returns.restocking_percent: 101 is more than the goods are worth",
        ),
        (
            {"returns": replace(a_policy().returns, advance=AdvanceTerms(cap={"USD": 1}))},
            "returns.advance.minimum_orders: of a buyer without orders nothing is known",
        ),
        (
            {"returns": replace(a_policy().returns, advance=AdvanceTerms(cases_percent=101))},
            "returns.advance.cases_percent: 101 is no percentage up to 100",
        ),
        (
            {"returns": replace(a_policy().returns, advance=AdvanceTerms(cap={"$": 0}, minimum_orders=1))},
            "returns.advance.cap: '$' is no currency code like USD",
        ),
        (
            {
                "returns": replace(
                    a_policy().returns, advance=AdvanceTerms(cap={"USD": 5_001}, minimum_orders=1)
                )
            },
            "returns.advance.cap.USD: 5001 is more than returns.auto_approval_cap allows (5000)",
        ),
        (
            {"returns": replace(a_policy().returns, condition_percent=101)},
            "returns.condition_percent: 101 is more than the goods are worth",
        ),
        (
            {"overridable": Overridable(auto_approval_cap={"$": Leeway()})},
            "overridable.auto_approval_cap: '$' is no currency code like USD",
        ),
        (
            {"categories": {"lamps": CategoryTerms(silent_approval_cap={"$": 0})}},
            "categories.lamps.silent_approval_cap: '$' is no currency code like USD",
        ),
        (
            {"categories": {"lamps": CategoryTerms(auto_approval_cap={"$": 0})}},
            "categories.lamps.auto_approval_cap: '$' is no currency code like USD",
        ),
        (
            {"auto_approval_cap": {"USD": 6_001}},
            "auto_approval_cap.USD: 6001 is more than silent_approval_cap allows (6000)",
        ),
        (
            {"auto_approval_cap": {"JPY": 1}},
            "auto_approval_cap.JPY: 1 is more than silent_approval_cap allows (0)",
        ),
        (
            {"seller_limit": {"USD": 5_999}},
            "silent_approval_cap.USD: 6000 is more than seller_limit allows (5999)",
        ),
        (
            {"reviewer_limit": {"USD": 7_999}},
            "seller_limit.USD: 8000 is more than reviewer_limit allows (7999)",
        ),
        (
            {"categories": lamps(6_001)},
            "categories.lamps.auto_approval_cap.USD: 6001 is more than categories.lamps.silent_approval_cap"
            " allows (6000)",
        ),
        (
            {"categories": {"tea": CategoryTerms(silent_approval_cap={"USD": 8_001})}},
            "categories.tea.silent_approval_cap.USD: 8001 is more than seller_limit allows (8000)",
        ),
        (
            {"categories": {"tea": CategoryTerms(silent_approval_cap={"USD": 2_999})}},
            "categories.tea.auto_approval_cap.USD: 3000 is more than categories.tea.silent_approval_cap"
            " allows (2999)",
        ),
        ({"clocks": clocks(offer=Period())}, "clocks.offer: gives nobody any time"),
        (
            {"clocks": clocks(warning=Period(business_days=1))},
            "clocks.warning: is counted by the clock, not in business days",
        ),
        (
            {"risk": RiskTerms(days=180, minimum_orders=5, high_percent=101)},
            "risk.high_percent: 101 is no percentage from 1 to 100",
        ),
        (
            {"risk": RiskTerms(days=180, minimum_orders=5, high_percent=0)},
            "risk.high_percent: 0 is no percentage from 1 to 100",
        ),
        ({"calendars": calendar(weekend=(0, 6))}, "calendars.BR.weekend: days are 1 (Monday) to 7 (Sunday)"),
        ({"calendars": calendar(weekend=(6, 8))}, "calendars.BR.weekend: days are 1 (Monday) to 7 (Sunday)"),
        ({"calendars": calendar(weekend=(1, 2, 3, 4, 5, 6, 7))}, "calendars.BR.weekend: nobody ever works"),
        (
            {"calendars": calendar(utc_offset_minutes=-721)},
            "calendars.BR.utc_offset_minutes: -721 is nowhere on earth",
        ),
        (
            {"calendars": calendar(utc_offset_minutes=841)},
            "calendars.BR.utc_offset_minutes: 841 is nowhere on earth",
        ),
        (
            {"calendars": calendar(holidays=("2026-02-30",))},
            "calendars.BR.holidays: '2026-02-30' is no date like 2026-12-25",
        ),
        (
            {"calendars": calendar(holidays=("20261225",))},
            "calendars.BR.holidays: '20261225' is no date like 2026-12-25",
        ),
        (
            {"overridable": Overridable(window_days=Leeway(at_least=31, at_most=30))},
            "overridable.window_days: at_least 31 is above at_most 30",
        ),
        (
            {"overridable": Overridable(auto_approval_cap={"USD": Leeway(at_least=2, at_most=1)})},
            "overridable.auto_approval_cap.USD: at_least 2 is above at_most 1",
        ),
        (
            {"overridable": Overridable(silent_approval_cap={"USD": Leeway(at_least=2, at_most=1)})},
            "overridable.silent_approval_cap.USD: at_least 2 is above at_most 1",
        ),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_told_in_one_sentence(changes: dict[str, Any], said: str) -> None:
    assert flaws(a_sound_policy(**changes)) == (said,)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert len(flaws(a_sound_policy(version="", windows={}, reasons={}, delivery_days=-1))) == 5 + len(Reason)


def test_a_market_may_well_be_west_of_greenwich() -> None:
    assert list(negative_numbers(Calendar(utc_offset_minutes=-180))) == []


def test_a_sellers_numbers_are_not_negative_either() -> None:
    override = Override(seller_id="s", number=1, effective_from=-NOON, auto_approval_cap={"USD": -1})
    assert list(negative_numbers(override)) == [
        f"effective_from: {-NOON} is negative",
        "auto_approval_cap.USD: -1 is negative",
    ]
