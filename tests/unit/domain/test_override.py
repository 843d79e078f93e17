"""A seller's own terms: what is in force with them, and how far they may go."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.calendar import DAY
from aftersales.domain.case import Kind, Reason
from aftersales.domain.override import Override, WindowTerms, breaches, effective
from aftersales.domain.policy import (
    CategoryTerms,
    Leeway,
    Overridable,
    Policy,
    Verdict,
    assess,
    better_for_buyer,
)
from tests.builders import NOON, a_policy, some_facts

LEEWAY = Overridable(
    window_days=Leeway(at_most=60),
    auto_approval_cap={"USD": Leeway(at_most=5_000)},
    silent_approval_cap={"USD": Leeway(at_least=4_000, at_most=8_000)},
    waived_evidence=(Reason.DAMAGED,),
)


def the_platform(**changes: Any) -> Policy:
    """30 days (food 7), 30.00 and 60.00; lamps are capped at 10.00."""
    lamps = CategoryTerms(auto_approval_cap={"USD": 1_000})
    return a_policy(**{"overridable": LEEWAY, "categories": {"lamps": lamps}} | changes)


def own_terms(**changes: Any) -> Override:
    return replace(Override(seller_id="seller-7", number=3, effective_from=NOON), **changes)


def days(count: int | None = None, **by_category: int) -> dict[Kind, WindowTerms]:
    return {Kind.REFUND: WindowTerms(days=count, by_category=by_category)}


def test_a_version_names_the_platforms_document_and_the_sellers() -> None:
    assert effective(the_platform(), own_terms()).version == "test-1+seller-7@3"


def test_what_a_seller_does_not_mention_is_as_the_platform_has_it() -> None:
    platform = the_platform()
    assert effective(platform, own_terms(seller_id="seller-1")) == a_policy(
        version="test-1+seller-1@3", overridable=LEEWAY, categories=platform.categories
    )


def test_a_longer_window_leaves_the_categories_that_have_their_own() -> None:
    policy = effective(the_platform(), own_terms(windows=days(45, tea=50)))
    assert [policy.window_days(Kind.REFUND, category) for category in ("pottery", "food", "tea")] == [
        45,
        7,
        50,
    ]
    policy = effective(the_platform(), own_terms(windows=days(food=10)))
    assert [policy.window_days(Kind.REFUND, category) for category in ("pottery", "food")] == [30, 10]


def test_a_higher_cap_counts_for_its_currency_and_leaves_categories_alone() -> None:
    policy = effective(
        the_platform(), own_terms(auto_approval_cap={"USD": 4_000}, silent_approval_cap={"USD": 7_000})
    )
    assert (policy.auto_cap("pottery", "USD"), policy.auto_cap("pottery", "JPY")) == (4_000, 4_500)
    assert (policy.auto_cap("lamps", "USD"), policy.silent_cap("lamps", "USD")) == (1_000, 7_000)


def test_a_seller_may_have_caps_of_its_own_for_a_category() -> None:
    lamps = CategoryTerms(auto_approval_cap={"USD": 2_000}, silent_approval_cap={"USD": 6_500})
    policy = effective(the_platform(), own_terms(categories={"lamps": lamps, "tea": lamps}))
    for category in ("lamps", "tea"):
        assert (policy.auto_cap(category, "USD"), policy.silent_cap(category, "USD")) == (2_000, 6_500)
    assert policy.auto_cap("pottery", "USD") == 3_000


def test_a_seller_may_believe_its_buyers_without_a_photo() -> None:
    policy = effective(the_platform(), own_terms(waived_evidence=(Reason.DAMAGED, Reason.LATE)))
    asked = {reason for reason, terms in policy.reasons.items() if terms.needs_evidence}
    assert asked == {reason for reason, terms in a_policy().reasons.items() if terms.needs_evidence} - {
        Reason.DAMAGED
    }
    assert assess(some_facts(accepted_evidence=0), policy).verdict is Verdict.APPROVE


@pytest.mark.parametrize(
    "terms",
    [
        {"windows": days(30)},
        {"windows": days(60, food=7, tea=30)},
        {"auto_approval_cap": {"USD": 5_000, "JPY": 4_500}},
        {"silent_approval_cap": {"USD": 4_000}},
        {"silent_approval_cap": {"USD": 8_000}},
        {"categories": {"lamps": CategoryTerms(auto_approval_cap={"USD": 1_000})}},
        {"categories": {"tea": CategoryTerms(silent_approval_cap={"USD": 4_000})}},
        {"waived_evidence": (Reason.DAMAGED,)},
    ],
    ids=str,
)
def test_the_edge_of_the_leeway_is_within_it(terms: dict[str, Any]) -> None:
    assert breaches(the_platform(), own_terms(**terms)) == ()


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (
            {"windows": days(29)},
            "windows.refund.days: 29 is worse for the buyer than the platform allows (at least 30)",
        ),
        ({"windows": days(61)}, "windows.refund.days: 61 is more than the platform allows (at most 60)"),
        (
            {"windows": days(60, tea=29)},
            "windows.refund.by_category.tea: 29 is worse for the buyer than the platform allows (at least 30)",
        ),
        (
            {"windows": days(food=6)},
            "windows.refund.by_category.food: 6 is worse for the buyer than the platform allows (at least 7)",
        ),
        (
            {"auto_approval_cap": {"USD": 2_999}},
            "auto_approval_cap.USD: 2999 is worse for the buyer than the platform allows (at least 3000)",
        ),
        (
            {"auto_approval_cap": {"USD": 5_001}},
            "auto_approval_cap.USD: 5001 is more than the platform allows (at most 5000)",
        ),
        (
            {"auto_approval_cap": {"JPY": 4_501}},
            "auto_approval_cap.JPY: 4501 is more than the platform allows (at most 4500)",
        ),
        (
            {"auto_approval_cap": {"EUR": 1}},
            "auto_approval_cap.EUR: 1 is more than the platform allows (at most 0)",
        ),
        (
            {"silent_approval_cap": {"USD": 3_999}},
            "silent_approval_cap.USD: 3999 is worse for the buyer than the platform allows (at least 4000)",
        ),
        (
            {"silent_approval_cap": {"JPY": 1}},
            "silent_approval_cap.JPY: 1 is more than the platform allows (at most 0)",
        ),
        (
            {"categories": {"lamps": CategoryTerms(auto_approval_cap={"USD": 999})}},
            "categories.lamps.auto_approval_cap.USD: 999 is worse for the buyer than the platform allows"
            " (at least 1000)",
        ),
        (
            {"categories": {"tea": CategoryTerms(auto_approval_cap={"USD": 2_999})}},
            "categories.tea.auto_approval_cap.USD: 2999 is worse for the buyer than the platform allows"
            " (at least 3000)",
        ),
        (
            {"categories": {"tea": CategoryTerms(silent_approval_cap={"USD": 8_001})}},
            "categories.tea.silent_approval_cap.USD: 8001 is more than the platform allows (at most 8000)",
        ),
        (
            {"waived_evidence": (Reason.DAMAGED, Reason.WRONG_ITEM)},
            "waived_evidence: the platform does not let sellers waive the photo for wrong_item",
        ),
    ],
    ids=str,
)
def test_a_seller_who_goes_further_is_told_how_far(terms: dict[str, Any], said: str) -> None:
    assert breaches(the_platform(), own_terms(**terms)) == (said,)


def test_where_the_platform_allows_nothing_only_its_own_numbers_are_allowed() -> None:
    closed = the_platform(overridable=Overridable())
    same = own_terms(windows=days(30), auto_approval_cap={"USD": 3_000}, silent_approval_cap={"USD": 6_000})
    assert breaches(closed, same) == ()
    for terms in ({"windows": days(31)}, {"waived_evidence": (Reason.LATE,)}):
        assert len(breaches(closed, own_terms(**terms))) == 1


def test_bounds_that_leave_out_the_platforms_own_number_do_not_forbid_it() -> None:
    policy = the_platform(overridable=Overridable(window_days=Leeway(at_least=40, at_most=60)))
    assert breaches(policy, own_terms(windows=days(30))) == ()
    policy = the_platform(overridable=Overridable(window_days=Leeway(at_least=10, at_most=20)))
    assert breaches(policy, own_terms(windows=days(30))) == ()
    assert len(breaches(policy, own_terms(windows=days(9)))) == 1


# --- whatever is agreed ---------------------------------------------------------------------------------------------

FAVOURABLE = replace(LEEWAY, silent_approval_cap={"USD": Leeway(at_most=8_000)})
DAYS = st.integers(0, 70)
CAPS = st.dictionaries(st.sampled_from(["USD", "JPY", "EUR"]), st.integers(0, 9_000), max_size=2)
TERMS = st.builds(CategoryTerms, auto_approval_cap=CAPS, silent_approval_cap=CAPS)
CATEGORIES = st.sampled_from(["pottery", "food", "lamps", "tea"])
OVERRIDES = st.builds(
    Override,
    seller_id=st.just("seller-7"),
    number=st.just(1),
    effective_from=st.just(0),
    windows=st.fixed_dictionaries(
        {},
        optional={
            Kind.REFUND: st.builds(
                WindowTerms,
                days=st.none() | DAYS,
                by_category=st.dictionaries(CATEGORIES, DAYS, max_size=2),
            )
        },
    ),
    auto_approval_cap=CAPS,
    silent_approval_cap=CAPS,
    categories=st.dictionaries(CATEGORIES, TERMS, max_size=1),
    waived_evidence=st.lists(st.sampled_from(Reason), max_size=1).map(tuple),
)


@given(
    override=OVERRIDES,
    amount=st.integers(1, 9_000),
    currency=st.sampled_from(["USD", "JPY", "EUR"]),
    reason=st.sampled_from(Reason),
    categories=st.lists(CATEGORIES, min_size=1, max_size=2, unique=True).map(tuple),
    age=st.integers(0, 70),
    evidence=st.integers(0, 1),
)
def test_what_the_platform_allows_without_saying_at_least_is_never_worse_for_a_buyer(
    override: Override,
    amount: int,
    currency: str,
    reason: Reason,
    categories: tuple[str, ...],
    age: int,
    evidence: int,
) -> None:
    platform = the_platform(overridable=FAVOURABLE)
    within = _within(platform, override)
    facts = some_facts(
        amount=amount,
        currency=currency,
        reason=reason,
        categories=categories,
        delivered_at=NOON - age * DAY,
        accepted_evidence=evidence,
    )
    own, of_platform = assess(facts, effective(platform, within)), assess(facts, platform)
    assert better_for_buyer(own, of_platform) is own


def _within(platform: Policy, override: Override) -> Override:
    """The override without the parts that go too far."""
    for name in ("windows", "auto_approval_cap", "silent_approval_cap", "categories", "waived_evidence"):
        bare = replace(own_terms(), **{name: getattr(override, name)})
        if breaches(platform, bare):
            override = replace(override, **{name: type(getattr(override, name))()})
    assert breaches(platform, override) == ()
    return override
