"""The policy: every rule at its edge, the gravest verdict, and a decision that explains itself."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from aftersales.adapters.policies import PublishedPolicies
from aftersales.domain.calendar import DAY, MINUTE
from aftersales.domain.case import FiredRule, Kind, Reason
from aftersales.domain.policy import (
    PERSONAL,
    RULES,
    CategoryTerms,
    Grounds,
    History,
    RiskTerms,
    ShippingTerms,
    Verdict,
    assess,
    better_for_buyer,
    decide,
    pays_shipping,
)
from tests.builders import NOON, SELLER, a_policy, an_assessment, some_facts

CHECKS = dict(RULES)
DELIVERED = NOON - 5 * DAY


def finding(rule: str, **facts: Any) -> tuple[str, dict[str, object]] | None:
    """What one rule alone says of these facts."""
    found = CHECKS[rule](some_facts(**facts), a_policy())
    return found and (found[0], dict(found[1]))


# --- each rule alone ---------------------------------------------------------------------------------------


def test_the_last_millisecond_of_the_window_is_inside_it() -> None:
    last = DELIVERED + 30 * DAY
    assert finding("window_closed", now=last) is None
    assert finding("window_closed", now=last + 1) == (
        Verdict.DECLINE,
        {"window_days": 30, "delivered_at": DELIVERED, "now": last + 1},
    )


def test_a_day_is_86_400_seconds_and_a_minute_60() -> None:
    assert (DAY, MINUTE) == (86_400_000, 60_000)


def test_the_shortest_window_among_the_claimed_goods_counts() -> None:
    last = DELIVERED + 7 * DAY
    assert finding("window_closed", now=last, categories=("pottery", "food")) is None
    assert finding("window_closed", now=last + 1, categories=("pottery", "food")) == (
        Verdict.DECLINE,
        {"window_days": 7, "delivered_at": DELIVERED, "now": last + 1},
    )
    assert finding("window_closed", now=last + 1, categories=("pottery",)) is None


def test_no_window_closes_on_a_parcel_that_never_came() -> None:
    assert finding("window_closed", delivered_at=None, now=NOON + 900 * DAY) is None


def test_goods_made_to_order_are_not_taken_back_for_a_change_of_mind() -> None:
    assert finding("not_returnable", returnable=False, reason=Reason.CHANGED_MIND) == (
        Verdict.DECLINE,
        {"returnable": False, "reason": Reason.CHANGED_MIND},
    )
    assert finding("not_returnable", returnable=True, reason=Reason.CHANGED_MIND) is None


def test_goods_made_to_order_are_taken_back_when_the_seller_is_at_fault() -> None:
    assert finding("not_returnable", returnable=False, reason=Reason.DAMAGED) is None


def test_a_damage_is_believed_with_one_photo() -> None:
    assert finding("evidence_needed", accepted_evidence=0) == (
        Verdict.ASK_EVIDENCE,
        {"reason": Reason.DAMAGED, "accepted_evidence": 0},
    )
    assert finding("evidence_needed", accepted_evidence=1) is None


def test_what_cannot_be_photographed_needs_no_photo() -> None:
    assert finding("evidence_needed", accepted_evidence=0, reason=Reason.LATE) is None


def test_not_received_though_the_carrier_delivered_is_for_a_person() -> None:
    assert finding("delivery_contradicts", reason=Reason.NOT_RECEIVED) == (
        Verdict.ASK_PERSON,
        {"reason": Reason.NOT_RECEIVED, "delivered": True},
    )
    assert finding("delivery_contradicts", reason=Reason.NOT_RECEIVED, delivered_at=None) is None


def test_a_parcel_that_may_still_be_under_way_is_for_a_person() -> None:
    sent = NOON - 14 * DAY
    assert finding("still_under_way", reason=Reason.NOT_RECEIVED, delivered_at=None, sent_at=sent) == (
        Verdict.ASK_PERSON,
        {"sent_at": sent, "delivery_days": 14},
    )
    later: tuple[dict[str, Any], ...] = (
        {"reason": Reason.NOT_RECEIVED, "delivered_at": None, "sent_at": sent - 1},
        {"reason": Reason.NOT_RECEIVED, "sent_at": sent},
        {"reason": Reason.LATE, "delivered_at": None, "sent_at": sent},
    )
    assert [finding("still_under_way", **facts) for facts in later] == [None, None, None]


def test_a_complaint_about_goods_that_have_not_come_is_for_a_person() -> None:
    assert finding("delivery_contradicts", reason=Reason.DAMAGED, delivered_at=None) == (
        Verdict.ASK_PERSON,
        {"reason": Reason.DAMAGED, "delivered": False},
    )
    assert finding("delivery_contradicts", reason=Reason.DAMAGED) is None


def test_a_buyer_who_complains_about_most_orders_is_looked_at() -> None:
    assert finding("history_of_claims", history=History(orders=5, cases=3)) == (
        Verdict.ASK_PERSON,
        {"orders": 5, "cases": 3},
    )
    assert finding("history_of_claims", history=History(orders=5, cases=2)) is None
    assert finding("history_of_claims", history=History(orders=1000, cases=599)) is None


def test_a_buyer_of_whom_nothing_is_known_has_no_history() -> None:
    assert History() == History(orders=0, cases=0)


def test_nothing_is_concluded_from_fewer_orders_than_the_minimum() -> None:
    assert finding("history_of_claims", history=History(orders=4, cases=4)) is None
    assert finding("history_of_claims", history=History(orders=0, cases=0)) is None


def test_goods_on_which_a_claim_was_declined_for_good_are_for_a_person_whatever_the_reason_is_now() -> None:
    assert finding("declined_before", declined_before=True) == (
        Verdict.ASK_PERSON,
        {"declined_before": True},
    )
    assert finding("declined_before") is None
    again = assess(some_facts(amount=1, declined_before=True), a_policy())
    assert (again.reason_code, again.silence_approves) == ("declined_before", False)


def test_the_cap_itself_is_within_the_cap() -> None:
    inputs = {"amount": 3_000, "cap": 3_000}
    assert finding("above_cap", amount=3_000) is None
    assert finding("within_cap", amount=3_000) == (
        Verdict.APPROVE,
        {**inputs, "reason": Reason.DAMAGED},
    )
    assert finding("within_cap", amount=3_001) is None
    assert finding("above_cap", amount=3_001) == (
        Verdict.ASK_PERSON,
        {"amount": 3_001, "cap": 3_000, "currency": "USD"},
    )


def test_each_currency_has_its_own_cap() -> None:
    assert finding("above_cap", amount=4_500, currency="JPY") is None
    assert finding("above_cap", amount=4_501, currency="JPY") is not None


def test_the_cap_of_a_currency_that_the_policy_does_not_know_is_zero() -> None:
    assert finding("above_cap", amount=1, currency="KWD") == (
        Verdict.ASK_PERSON,
        {"amount": 1, "cap": 0, "currency": "KWD"},
    )
    assert finding("within_cap", amount=1, currency="KWD") is None


def test_of_several_categories_the_lowest_cap_counts() -> None:
    lamps = CategoryTerms(auto_approval_cap={"USD": 1_000}, silent_approval_cap={"USD": 5_000})
    policy = a_policy(categories={"lamps": lamps})
    together = some_facts(categories=("pottery", "lamps"), amount=1_001)
    assert assess(replace(together, amount=1_000), policy).verdict is Verdict.APPROVE
    assert assess(together, policy).rules == (
        FiredRule(
            code="above_cap",
            verdict=Verdict.ASK_PERSON,
            inputs={"amount": 1_001, "cap": 1_000, "currency": "USD"},
        ),
    )
    assert assess(replace(together, categories=("pottery",)), policy).verdict is Verdict.APPROVE
    assert assess(replace(together, amount=5_000), policy).silence_approves
    assert not assess(replace(together, amount=5_001), policy).silence_approves


def test_a_currency_that_a_category_does_not_mention_is_capped_like_all_goods() -> None:
    policy = a_policy(categories={"lamps": CategoryTerms(auto_approval_cap={"USD": 1_000})})
    assert (policy.auto_cap("lamps", "JPY"), policy.auto_cap("lamps", "EUR")) == (4_500, 0)
    assert (policy.silent_cap("lamps", "USD"), policy.silent_cap("lamps", "EUR")) == (6_000, 0)


def test_a_change_of_mind_is_never_approved_by_the_policy_alone() -> None:
    assert finding("within_cap", reason=Reason.CHANGED_MIND, amount=1) is None


def test_the_words_of_the_verdicts_never_change() -> None:
    assert list(Verdict) == ["approve", "ask_person", "ask_for_evidence", "decline"]


def test_only_the_rule_on_the_buyers_history_looks_at_what_is_nobody_elses_affair() -> None:
    assert {"history_of_claims"} == PERSONAL
    assert set(CHECKS) >= PERSONAL


# --- all rules together -------------------------------------------------------------------------------------


def test_a_small_proven_and_timely_claim_is_approved_and_says_why() -> None:
    assessment = assess(some_facts(), a_policy())
    assert (assessment.verdict, assessment.policy) == (Verdict.APPROVE, a_policy())
    assert assessment.reason_code == "within_cap"
    assert assessment.rules == (
        FiredRule(
            code="within_cap",
            verdict=Verdict.APPROVE,
            inputs={"amount": 2_000, "cap": 3_000, "reason": Reason.DAMAGED},
        ),
    )


@pytest.mark.parametrize(
    ("facts", "verdict", "code", "fired"),
    [
        (
            {"amount": 3_001, "accepted_evidence": 0, "now": NOON + 60 * DAY},
            Verdict.DECLINE,
            "window_closed",
            ["window_closed", "evidence_needed", "above_cap"],
        ),
        (
            {"amount": 3_001, "accepted_evidence": 0},
            Verdict.ASK_EVIDENCE,
            "evidence_needed",
            ["evidence_needed", "above_cap"],
        ),
        (
            {"accepted_evidence": 0},
            Verdict.ASK_EVIDENCE,
            "evidence_needed",
            ["evidence_needed", "within_cap"],
        ),
        (
            {"history": History(orders=9, cases=9)},
            Verdict.ASK_PERSON,
            "history_of_claims",
            ["history_of_claims", "within_cap"],
        ),
        (
            {"reason": Reason.NOT_RECEIVED, "history": History(orders=9, cases=9), "amount": 3_001},
            Verdict.ASK_PERSON,
            "delivery_contradicts",
            ["delivery_contradicts", "history_of_claims", "above_cap"],
        ),
        (
            {"returnable": False, "reason": Reason.OTHER, "now": NOON + 60 * DAY},
            Verdict.DECLINE,
            "window_closed",
            ["window_closed", "not_returnable"],
        ),
    ],
)
def test_the_gravest_verdict_wins_and_every_rule_that_fired_is_told(
    facts: dict[str, Any], verdict: Verdict, code: str, fired: list[str]
) -> None:
    assessment = assess(some_facts(**facts), a_policy())
    assert (assessment.verdict, assessment.reason_code) == (verdict, code)
    assert [rule.code for rule in assessment.rules] == fired


def test_where_no_rule_speaks_a_person_decides() -> None:
    assessment = assess(some_facts(reason=Reason.CHANGED_MIND), a_policy())
    assert (assessment.verdict, assessment.reason_code) == (Verdict.ASK_PERSON, "no_rule_approves")
    assert assessment.rules == ()


@pytest.mark.parametrize("cases", [0, 3, 5, 99])
def test_a_history_of_claims_slows_a_case_down_and_never_refuses_it(cases: int) -> None:
    assessment = assess(some_facts(history=History(orders=5, cases=cases)), a_policy())
    assert assessment.verdict is (Verdict.ASK_PERSON if cases >= 3 else Verdict.APPROVE)


def test_the_same_facts_give_the_same_decision_again() -> None:
    facts = some_facts(amount=9_999, accepted_evidence=0)
    assert assess(facts, a_policy()) == assess(facts, a_policy())


@pytest.mark.parametrize(
    ("facts", "approves"),
    [
        ({"amount": 6_000}, True),
        ({"amount": 6_001}, False),
        ({"amount": 1, "currency": "JPY"}, False),
        ({"amount": 6_000, "history": History(orders=5, cases=3)}, False),
        ({"amount": 6_000, "history": History(orders=4, cases=4)}, True),
    ],
)
def test_the_sellers_silence_approves_small_claims_without_a_history(
    facts: dict[str, Any], approves: bool
) -> None:
    assert assess(some_facts(**facts), a_policy()).silence_approves is approves


def test_a_policy_that_changed_since_the_purchase_cannot_worsen_the_case() -> None:
    mild = an_assessment(Verdict.APPROVE)
    for verdict in (Verdict.ASK_PERSON, Verdict.ASK_EVIDENCE, Verdict.DECLINE):
        grave = an_assessment(verdict)
        assert better_for_buyer(grave, mild) is mild
        assert better_for_buyer(mild, grave) is mild


def test_of_two_policies_each_verdict_is_milder_than_the_next_graver_one() -> None:
    order = (Verdict.APPROVE, Verdict.ASK_PERSON, Verdict.ASK_EVIDENCE, Verdict.DECLINE)
    for mild, grave in pairwise(an_assessment(verdict) for verdict in order):
        assert better_for_buyer(grave, mild) is mild
        assert better_for_buyer(mild, grave) is mild


def test_where_both_policies_agree_the_one_in_force_counts() -> None:
    now, then = an_assessment(Verdict.DECLINE), an_assessment(Verdict.DECLINE)
    assert better_for_buyer(now, then) is now


def test_a_decision_keeps_what_it_was_made_on() -> None:
    facts = some_facts(history=History(orders=9, cases=9))
    strict, mild = a_policy(version="strict", auto_approval_cap={}), a_policy(version="mild", seller_limit={})
    kept = Grounds(facts=facts, in_force="strict", at_purchase="mild")
    decided = decide(some_facts(), strict, mild)
    assert (decided.verdict, decided.policy) == (Verdict.APPROVE, mild)
    assert decide(facts, strict, mild).grounds == kept
    assert decided == replace(assess(some_facts(), mild), grounds=replace(kept, facts=some_facts()))


def test_where_the_policy_did_not_change_it_is_asked_once() -> None:
    same = a_policy()
    assert decide(some_facts(), same, same) == assess(some_facts(), same)


@pytest.mark.parametrize(
    ("on_fault", "on_last", "reason", "last_unit", "pays"),
    [
        (True, True, Reason.DAMAGED, False, True),
        (True, True, Reason.CHANGED_MIND, False, False),
        (True, True, Reason.CHANGED_MIND, True, True),
        (True, False, Reason.CHANGED_MIND, True, False),
        (False, True, Reason.DAMAGED, False, False),
        (False, True, Reason.DAMAGED, True, True),
        (False, False, Reason.DAMAGED, True, False),
    ],
)
def test_the_shipping_is_paid_for_the_sellers_fault_or_the_last_unit(
    on_fault: bool, on_last: bool, reason: Reason, last_unit: bool, pays: bool
) -> None:
    terms = ShippingTerms(on_seller_fault=on_fault, on_last_unit=on_last)
    assert pays_shipping(a_policy(shipping=terms), reason, last_unit=last_unit) is pays


# --- the shipped document -----------------------------------------------------------------------------------

SHIPPED = PublishedPolicies().version("2026-01")


def test_the_shipped_policy_is_in_force_for_every_order() -> None:
    assert PublishedPolicies().at(0, "anyone") == PublishedPolicies().at(NOON, SELLER.id) == SHIPPED


@pytest.mark.parametrize("reason", Reason)
def test_the_shipped_policy_decides_on_every_reason(reason: Reason) -> None:
    delivered_at = None if reason is Reason.NOT_RECEIVED else DELIVERED
    proven = some_facts(reason=reason, delivered_at=delivered_at, sent_at=DELIVERED - 20 * DAY)
    by_person = reason in (Reason.CHANGED_MIND, Reason.OTHER)
    assert assess(proven, SHIPPED).verdict is (Verdict.ASK_PERSON if by_person else Verdict.APPROVE)


@pytest.mark.parametrize("reason", Reason)
def test_the_shipped_policy_asks_for_a_photo_of_what_can_be_seen(reason: Reason) -> None:
    unseen = {Reason.LATE, Reason.NOT_RECEIVED, Reason.CHANGED_MIND, Reason.OTHER}
    bare = assess(some_facts(reason=reason, accepted_evidence=0), SHIPPED)
    assert (bare.verdict is Verdict.ASK_EVIDENCE) is (reason not in unseen)


@pytest.mark.parametrize("kind", Kind)
def test_the_shipped_policy_has_a_window_for_every_kind(kind: Kind) -> None:
    assert SHIPPED.window_days(kind, "pottery") == 30
    assert SHIPPED.window_days(kind, "food") == 7


def test_the_shipped_policy_widens_its_trust_from_policy_to_silence_to_seller() -> None:
    assert (
        SHIPPED.auto_approval_cap.keys() == SHIPPED.silent_approval_cap.keys() == SHIPPED.seller_limit.keys()
    )
    for currency, cap in SHIPPED.auto_approval_cap.items():
        assert 0 < cap <= SHIPPED.silent_approval_cap[currency] <= SHIPPED.seller_limit[currency]


def test_the_shipped_clocks_give_everybody_some_time() -> None:
    clocks = SHIPPED.clocks
    people = (
        clocks.evidence,
        clocks.seller,
        clocks.offer,
        clocks.declined,
        clocks.statement,
        clocks.operator,
    )
    assert min(period.millis for period in people) >= DAY
    assert clocks.reviewer.business_days
    assert 0 < clocks.first_inquiry.millis < clocks.inquiry.millis <= DAY
    assert 0 < clocks.warning.millis < DAY


def test_a_risk_rule_with_a_lower_share_catches_more_buyers() -> None:
    policy = a_policy(risk=RiskTerms(days=30, minimum_orders=1, high_percent=10))
    facts = some_facts(history=History(orders=10, cases=1))
    assert assess(facts, policy).verdict is Verdict.ASK_PERSON
    assert assess(replace(facts, history=History(orders=11, cases=1)), policy).verdict is Verdict.APPROVE
