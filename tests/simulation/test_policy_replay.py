"""What was decided is decided so again; and what a draft would do is what it does once it is published."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from aftersales.adapters.policies import SHIPPED, PublishedPolicies
from aftersales.contracts.policies import read_policy
from aftersales.domain import policy as rules
from aftersales.domain.calendar import DAY
from tests.simulation import past, storm
from tests.simulation.choices import seeded
from tests.simulation.fakes.dynamodb import Table
from tests.simulation.journeys import Market
from tests.simulation.past import START, Life
from tools.policy import recording, simulate
from tools.policy.__main__ import main
from tools.policy.recording import Decided
from tools.policy.replay import differences
from tools.policy.simulate import Course, Forecast, Outcome, Versions

Document = dict[str, Any]


def published(folder: Path, *documents: Document) -> Path:
    """A folder of published documents: policies, and sellers' overrides."""
    for one in documents:
        path = folder / (
            f"{one['version']}.json"
            if "version" in one
            else f"sellers/{one['seller_id']}/{one['number']}.json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(one), "utf-8")
    return folder


def shipped(**changes: Any) -> Document:
    """The shipped policy, changed."""
    document: Document = json.loads((SHIPPED / "2026-01.json").read_text("utf-8"))
    return document | changes


# In force while people apply; most of the orders were placed before.
SPRING = shipped(
    version="2026-03",
    effective_from=START - 20 * DAY,
    windows=shipped()["windows"] | {"refund": {"days": 25, "by_category": {"food": 9}}},
    auto_approval_cap=shipped()["auto_approval_cap"] | {"USD": 2_500},
    categories={"lamps": {"auto_approval_cap": {"BRL": 4_000}}},
)
# A seller trusts its buyers more, from the fifth day on.
GENEROUS = {
    "seller_id": "seller-7",
    "number": 1,
    "effective_from": START + 5 * DAY,
    "windows": {"refund": {"days": 60}},
    "auto_approval_cap": {"USD": 6_000},
    "waived_evidence": ["damaged"],
}
# Nearly everything is otherwise.
DRAFT = shipped(
    version="draft",
    effective_from=0,
    windows=shipped()["windows"] | {"refund": {"days": 14, "by_category": {"lamps": 10}}},
    reasons=shipped()["reasons"]
    | {
        "late": {"seller_fault": True, "needs_evidence": True, "auto_approve": True},
        "missing_parts": {"seller_fault": True, "needs_evidence": False, "auto_approve": True},
        "changed_mind": {"seller_fault": False, "needs_evidence": False, "auto_approve": True},
    },
    auto_approval_cap={"USD": 5_000, "BRL": 5_000},
    silent_approval_cap={"USD": 9_000, "BRL": 9_000},
    categories={"food": {"auto_approval_cap": {"USD": 1_000}, "silent_approval_cap": {"USD": 2_000}}},
    risk={"days": 180, "minimum_orders": 3, "high_percent": 90},
    delivery_days=40,
    shipping={"on_seller_fault": False, "on_last_unit": True},
)
# What is too late is refused and leaves no case; and in this past nobody applies twice for the same goods.
SAID = [code for code, _ in rules.RULES if code not in ("window_closed", "declined_before")]
DRAFT_OF_SELLER = GENEROUS | {
    "seller_id": "bazar",
    "effective_from": 0,
    "silent_approval_cap": {"USD": 12_000, "BRL": 31_000},
}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("policies"), shipped(), SPRING, GENEROUS)


@pytest.fixture(scope="module")
def life(policies: Path) -> Life:
    return past.live(policies)


@pytest.fixture(scope="module")
def recorded(life: Life, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recording") / "decisions.jsonl"
    recording.write(file, recording.of_rows(life.rows))
    return file


@pytest.fixture(scope="module")
def decisions(recorded: Path) -> list[Decided]:
    return recording.read(recorded)


def test_five_hundred_recorded_cases_are_decided_again_as_they_were(
    life: Life, decisions: list[Decided], policies: Path
) -> None:
    applied = {case_id for case_id, said in life.words.items() if said[-1].course is not Course.REFUSED}
    assert {one.case_id for one in decisions} == applied
    assert len(applied) >= 500
    assert list(differences(decisions, PublishedPolicies(policies))) == []
    # All that a policy can say was said, under every version there was.
    assert {word.course for said in life.words.values() for word in said} == set(Course)
    said = {rule.code for one in decisions for rule in one.rules}
    assert said == set(SAID)
    assert {one.policy_version for one in decisions} == {
        "2026-01",
        "2026-03",
        "2026-03+seller-7@1",
    }


def test_a_recording_is_the_same_when_it_is_read_again(life: Life, decisions: list[Decided]) -> None:
    assert decisions == recording.of_rows(life.rows)


@pytest.mark.parametrize("code", SAID)
def test_a_rule_that_says_something_else_today_is_told(
    code: str, decisions: list[Decided], policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = tuple((name, check) for name, check in rules.RULES if name != code)
    monkeypatch.setattr(rules, "RULES", others)
    told = {one.what for one in differences(decisions, PublishedPolicies(policies))}
    assert "rules" in told


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        ({"windows": shipped()["windows"] | {"refund": {"days": 2, "by_category": {}}}}, "window"),
        ({"shipping": {"on_seller_fault": False, "on_last_unit": False}}, "shipping claimed"),
        ({"auto_approval_cap": {}}, "verdict"),
        ({"silent_approval_cap": {}, "auto_approval_cap": {}, "categories": {}}, "silence approves"),
        ({"risk": {"days": 180, "minimum_orders": 1, "high_percent": 1}}, "reason"),
        ({"version": "2026-04"}, "policy"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_published_document_that_was_edited_is_told(
    edit: Document, what: str, decisions: list[Decided], tmp_path: Path
) -> None:
    folder = published(tmp_path, shipped() | edit, SPRING | edit, GENEROUS)
    assert what in {one.what for one in differences(decisions, PublishedPolicies(folder))}


# --- drafts ---------------------------------------------------------------------------------------------------------


def forecasts(decisions: list[Decided], policies: Path, would_be: Versions) -> dict[str, Forecast]:
    was = simulate.as_recorded(PublishedPolicies(policies))
    return {one.case_id: one for one in simulate.forecasts(decisions, was, would_be)}


def assert_right(found: dict[str, Forecast], before: Life, after: Life) -> None:
    """Case by case, to the cent. Where a photo is newly asked for, that is as far as a forecast can see."""
    for case_id, forecast in found.items():
        was, would_be = before.words[case_id], after.words[case_id]
        newly_asked = would_be[0].course is Course.EVIDENCE_WANTED != was[0].course
        assert as_told(forecast.was) == was[-1]
        assert as_told(forecast.would_be) == would_be[0 if newly_asked else -1], case_id


def as_told(outcome: Outcome) -> Outcome:
    """A refusal names no amount."""
    refused = outcome.course is Course.REFUSED
    return Outcome(
        course=outcome.course,
        reason_code=outcome.reason_code,
        amount=0 if refused else outcome.amount,
    )


def refused(found: dict[str, Forecast]) -> int:
    return sum(one.would_be.course is Course.REFUSED for one in found.values())


def moves(found: dict[str, Forecast]) -> Counter[tuple[Course, Course]]:
    return Counter((one.was.course, one.would_be.course) for one in found.values() if one.changes)


def test_a_draft_does_what_was_forecast_once_it_is_the_policy(
    life: Life, decisions: list[Decided], policies: Path, tmp_path: Path
) -> None:
    draft = PublishedPolicies(published(tmp_path, DRAFT)).version("draft")
    found = forecasts(decisions, policies, simulate.under_policy(draft, PublishedPolicies(policies)))
    after = past.live(published(tmp_path, GENEROUS))
    assert_right(found, life, after)
    assert len(moves(found)) > 12
    assert any(
        one.was.course is one.would_be.course is Course.APPROVED and one.was.amount != one.would_be.amount
        for one in found.values()
    )


def test_those_who_bought_before_a_draft_came_into_force_keep_the_better_of_both(
    life: Life, decisions: list[Decided], policies: Path, tmp_path: Path
) -> None:
    draft = DRAFT | {"effective_from": START}
    folder = published(tmp_path, shipped(), SPRING, GENEROUS, draft)
    draft_policy, before = PublishedPolicies(folder).version("draft"), PublishedPolicies(policies)
    found = forecasts(decisions, policies, simulate.under_policy(draft_policy, before, transition=True))
    assert_right(found, life, past.live(folder))
    later = forecasts(decisions, policies, simulate.under_policy(draft_policy, before))
    assert 0 < refused(found) < refused(later) / 3


def test_a_sellers_draft_changes_that_sellers_cases_alone(
    life: Life, decisions: list[Decided], policies: Path, tmp_path: Path
) -> None:
    folder = published(tmp_path, shipped(), SPRING, GENEROUS, DRAFT_OF_SELLER)
    override = PublishedPolicies(folder).override("2026-01+bazar@1")
    assert override
    found = forecasts(decisions, policies, simulate.under_override(override, PublishedPolicies(policies)))
    assert_right(found, life, past.live(folder))
    assert {one.seller_id for one in found.values() if one.changes} == {"bazar"}


def test_a_draft_that_changes_nothing_is_said_to_change_nothing(
    decisions: list[Decided], policies: Path
) -> None:
    same = simulate.as_recorded(PublishedPolicies(policies))
    assert not any(one.changes for one in forecasts(decisions, policies, same).values())


def test_what_random_schedules_decided_is_decided_so_again() -> None:
    tables: list[Table] = []

    def script(market: Market) -> None:
        tables.append(market.world.dynamodb.tables["CasesTable"])
        storm.several_cases(market)

    for seed in range(1, 16):
        storm.play(script, seeded(seed, faults=storm.MOST_FAULTS))
    decisions = [one for table in tables for one in recording.of_rows(list(table.rows()))]
    assert len(decisions) > 50
    assert list(differences(decisions, PublishedPolicies())) == []


# --- what staff sees ------------------------------------------------------------------------------------------------


def said(*arguments: str) -> tuple[int, str]:
    """What the command says, in lines of single spaces."""
    out = io.StringIO()
    code = main(arguments, Console(file=out, width=200))
    return code, "\n".join(" ".join(line.split()) for line in out.getvalue().splitlines())


def test_a_replay_says_how_much_was_made_again_and_what_came_out_otherwise(
    recorded: Path, decisions: list[Decided], policies: Path, tmp_path: Path
) -> None:
    replay = ("replay", "--from", str(recorded), "--policies")
    code, text = said(*replay, str(policies))
    assert (code, text) == (0, f"{len(decisions)} decisions made again, 0 differences.")
    folder = published(tmp_path, shipped(), SPRING | {"delivery_days": 60}, GENEROUS)
    code, text = said(*replay, str(folder))
    assert code == 1
    assert "still_under_way" in text
    told = next(differences(decisions, PublishedPolicies(folder)))
    assert told.case_id in text


def test_a_simulation_says_what_changes_in_cases_and_in_money(
    recorded: Path, decisions: list[Decided], policies: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(DRAFT | {"version": "draft", "effective_from": START * 2}), "utf-8")
    simulation = ("simulate", str(draft), "--from", str(recorded), "--policies", str(policies))
    code, text = said(*simulation)
    would_be = simulate.under_policy(read_policy(json.dumps(DRAFT)), PublishedPolicies(policies))
    found = forecasts(decisions, policies, would_be)
    changed = [one for one in found.values() if one.changes]
    assert code == 0
    assert text.startswith(f"{len(changed)} of {len(found)} cases would have gone otherwise.")
    newly_refused = [one for one in changed if (one.was.course, one.would_be.course) == REFUSED_NOW]
    assert f"approved refused {len(newly_refused)} " in text
    was = sum(paid_by_policy(one.was) for one in found.values() if one.currency == "USD")
    would = sum(paid_by_policy(one.would_be) for one in found.values() if one.currency == "USD")
    assert f"USD {was / 100:,.2f} → {would / 100:,.2f} " in text
    assert "more (--all)" in text
    everything = said(*simulation, "--all")[1]
    assert all(one.case_id in everything for one in changed)
    assert "more (--all)" not in everything


def paid_by_policy(outcome: Outcome) -> int:
    return outcome.amount if outcome.course is Course.APPROVED else 0


REFUSED_NOW = (Course.APPROVED, Course.REFUSED)


def test_a_simulation_of_no_change_says_so_and_one_of_another_memory_warns(
    recorded: Path, policies: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(GENEROUS | {"seller_id": "nobody-yet"}), "utf-8")
    simulation = ("simulate", str(draft), "--from", str(recorded), "--policies", str(policies))
    assert said(*simulation) == (0, "No case would have gone otherwise.")
    risk = {"days": 90, "minimum_orders": 5, "high_percent": 60}
    draft.write_text(json.dumps(DRAFT | {"effective_from": START * 2, "risk": risk}), "utf-8")
    text = said(*simulation)[1]
    assert text.startswith(
        "! The draft looks back 90 days at a buyer's history; what was recorded was counted over 180"
    )
