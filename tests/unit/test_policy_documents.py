"""Policies as documents: what is refused, in which words, what is in force for whom, and what staff is told."""

import io
import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from aftersales.adapters.policies import SELLERS, SHIPPED, PublishedPolicies
from aftersales.contracts.policies import InvalidDocument, read_override, read_policy
from aftersales.domain.calendar import DAY
from tests.builders import NOON
from tools.generate import policies as schemas
from tools.policy import check
from tools.policy.__main__ import main

Document = dict[str, Any]


def shipped(**changes: Any) -> Document:
    """The shipped policy. Names like `clocks__seller__hours` reach into it; None takes a field away."""
    document: Document = json.loads((SHIPPED / "2026-01.json").read_text("utf-8"))
    return changed(document, changes)


def own_terms(**changes: Any) -> Document:
    """A seller with a longer window."""
    terms = {"seller_id": "seller-7", "number": 1, "effective_from": 0, "windows": {"refund": {"days": 60}}}
    return changed(terms, changes)


def changed(document: Document, changes: Mapping[str, Any]) -> Document:
    document = deepcopy(document)
    for names, value in changes.items():
        *path, last = names.split("__")
        part = document
        for name in path:
            part = part[name]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return document


def refused(text: str, *, override: bool = False) -> tuple[str, ...]:
    with pytest.raises(InvalidDocument) as invalid:
        read_override(text) if override else read_policy(text)
    return invalid.value.problems


def published(folder: Path, *documents: Document) -> Path:
    for one in documents:
        name = one["version"] if "version" in one else f"{SELLERS}/{one['seller_id']}/{one['number']}"
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(one), "utf-8")
    return folder


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"auto_aproval_cap": {}},
            "auto_aproval_cap: there is no such field; did you mean auto_approval_cap?",
        ),
        ({"xyzzy": 1}, "xyzzy: there is no such field"),
        ({"clocks__seler": {"hours": 1}}, "clocks.seler: there is no such field; did you mean seller?"),
        ({"clocks__seller__hour": 1}, "clocks.seller.hour: there is no such field; did you mean hours?"),
        ({"risk": None}, "risk: is missing"),
        ({"clocks__offer": None}, "clocks.offer: is missing"),
        ({"reasons__late": None}, "reasons.late is missing: what does it ask of the buyer?"),
        ({"seller_limit__USD": -1}, "seller_limit.USD: -1 is negative"),
        ({"seller_limit__USD": "2000"}, "seller_limit.USD: must be a whole number"),
        ({"seller_limit__USD": 19.99}, "seller_limit.USD: must be a whole number"),
        ({"reasons__late__needs_evidence": "no"}, "reasons.late.needs_evidence: must be true or false"),
        ({"reasons__late__needs_evidence": 0}, "reasons.late.needs_evidence: must be true or false"),
        ({"version": 2026}, "version: must be a text in quotes"),
        ({"seller_limit": 3}, "seller_limit: must be an object: {...}"),
        ({"risk": [180]}, "risk: must be an object: {...}"),
        ({"calendars__CN__holidays": "2027-01-01"}, "calendars.CN.holidays: must be a list: [...]"),
        ({"overridable__waived_evidence": ["lost"]}, "overridable.waived_evidence.0: must be 'damaged', "),
    ],
    ids=str,
)
def test_a_policy_that_is_not_well_formed_is_refused_in_plain_words(
    changes: dict[str, Any], said: str
) -> None:
    problems = [
        one
        for one in refused(json.dumps(shipped(**changes)))
        # A limit below zero breaks the order of limits as well.
        if "is more than" not in one
    ]
    assert len(problems) == 1
    assert problems[0].startswith(said) if said.endswith(", ") else problems == [said]


def test_a_reason_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    [*_, said] = refused(json.dumps(shipped(reasons__lost=shipped()["reasons"]["late"])))
    assert said.startswith("reasons.lost: must be 'damaged', 'not_as_described', ")


def test_a_name_that_stands_there_twice_is_refused() -> None:
    text = json.dumps(shipped()).replace('"USD": 3000', '"USD": 3000, "USD": 30000')
    assert refused(text) == ("USD stands there twice",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n  version: 1\n}", "line 2, column 3: this is not JSON"),
        ("", "line 1, column 1: this is not JSON"),
        ("[]", ": must be an object: {...}"),
    ],
)
def test_what_is_no_json_is_told_where(text: str, said: str) -> None:
    assert refused(text)[0].startswith(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seller_limit": {"USD": 1}}, "seller_limit: there is no such field"),
        ({"number": None}, "number: is missing"),
        ({"number": 0}, "number: a seller's terms are numbered from 1"),
        ({"number": -1}, "number: -1 is negative"),
        ({"seller_id": "../seller-7"}, "seller_id: '../seller-7' is no id of a seller"),
        ({"windows__refund__days": 60.5}, "windows.refund.days: must be a whole number"),
    ],
    ids=str,
)
def test_a_sellers_document_is_read_as_strictly(changes: dict[str, Any], said: str) -> None:
    [problem] = refused(json.dumps(own_terms(**changes)), override=True)
    assert problem.startswith(said)


# --- the schemas ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_aproval_cap": {}},
        {"clocks__seller__hour": 1},
        {"risk": None},
        {"reasons__late": None},
        {"windows__refund": None},
        {"reasons__lost": {"seller_fault": True, "needs_evidence": True, "auto_approve": True}},
        {"seller_limit__USD": -1},
        {"seller_limit__usd": 1},
        {"overridable__auto_approval_cap__usd": {"at_most": 1}},
        {"overridable__window_days": {"at_most": -1}},
        {"delivery_days": 1.5},
        {"calendars__BR__utc_offset_minutes": -721},
        {"calendars__BR__weekend": [8]},
        {"risk__high_percent": 101},
    ],
    ids=str,
)
def test_an_editor_with_the_schema_sees_what_would_be_refused(changes: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(schemas.policy()))
    assert list(schema.iter_errors(shipped())) == []
    assert list(schema.iter_errors(shipped(**changes)))
    assert refused(json.dumps(shipped(**changes)))


def test_the_schema_of_overrides_knows_them() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = jsonschema.Draft202012Validator(json.loads(schemas.override()))
    assert list(schema.iter_errors(own_terms())) == []
    assert list(schema.iter_errors(own_terms(windows__refund__day=3)))
    assert list(schema.iter_errors(own_terms(effective_from=-1)))


# --- what is in force -----------------------------------------------------------------------------------------------


def test_the_newest_version_and_the_sellers_newest_terms_are_in_force_from_their_moment_on(
    tmp_path: Path,
) -> None:
    folder = published(
        tmp_path,
        shipped(),
        shipped(version="2026-02", effective_from=NOON),
        own_terms(effective_from=NOON - DAY),
        own_terms(number=2, effective_from=NOON + DAY, windows__refund__days=90),
    )
    policies = PublishedPolicies(folder)
    moments = (0, NOON - DAY - 1, NOON - DAY, NOON - 1, NOON, NOON + DAY - 1, NOON + DAY)
    assert [policies.at(moment, "seller-7").version for moment in moments] == [
        "2026-01",
        "2026-01",
        "2026-01+seller-7@1",
        "2026-01+seller-7@1",
        "2026-02+seller-7@1",
        "2026-02+seller-7@1",
        "2026-02+seller-7@2",
    ]
    assert policies.at(NOON + DAY, "seller-8").version == "2026-02"


def test_a_version_is_found_again_by_the_name_that_a_case_keeps(tmp_path: Path) -> None:
    policies = PublishedPolicies(published(tmp_path, shipped(), own_terms()))
    in_force = policies.at(NOON, "seller-7")
    assert policies.version("2026-01+seller-7@1") == in_force
    assert in_force.windows["refund"].days == 60  # type: ignore[index]  # a kind is its own name
    assert policies.version("2026-01") == policies.at(NOON, "anyone")
    override = policies.override("2026-01+seller-7@1")
    assert (override and override.name, policies.override("2026-01")) == ("seller-7@1", None)
    for unknown in ("2025-01", "2025-01+seller-7@1", "2026-01+seller-7@2", "2026-01+seller-8@1"):
        with pytest.raises(LookupError, match="was never published"):
            policies.version(unknown)


# --- publishing -----------------------------------------------------------------------------------------------------


def test_the_documents_that_are_shipped_can_be_published() -> None:
    assert check.problems_of(SHIPPED) == ()


def test_sellers_terms_are_held_against_every_policy_that_is_in_force_while_they_are(tmp_path: Path) -> None:
    narrow = shipped(version="2026-02", effective_from=NOON, overridable__window_days={"at_most": 45})
    folder = published(tmp_path, shipped(), narrow, own_terms())
    said = "seller-7@1: windows.refund.days: 60 is more than the platform allows (at most 45) (under 2026-02)"
    assert check.problems_of(folder) == (said,)
    ended = own_terms(number=2, effective_from=NOON, windows__refund__days=45)
    # Read once a process, a folder of published documents never changes: this is another one.
    again = published(tmp_path / "again", shipped(), narrow, own_terms(), ended)
    assert check.problems_of(again) == ()


def test_terms_that_make_no_sense_with_the_platforms_are_refused(tmp_path: Path) -> None:
    folder = published(tmp_path, shipped(), own_terms(auto_approval_cap={"USD": 9_000}))
    assert check.problems_of(folder) == (
        "seller-7@1: auto_approval_cap.USD: 9000 is more than silent_approval_cap allows (6000)"
        " (under 2026-01)",
    )


@pytest.mark.parametrize(
    ("documents", "rename", "said"),
    [
        ([shipped()], ("2026-01.json", "2026-02.json"), "a policy's file is not named by its version"),
        ([shipped(effective_from=1)], None, "no policy is in force from the beginning (effective_from 0)"),
        ([], None, "no policy is in force from the beginning (effective_from 0)"),
        (
            [shipped(), shipped(version="b")],
            None,
            "2026-01 and b come into force at the same moment",
        ),
        (
            [shipped(), own_terms()],
            ("sellers/seller-7/1.json", "sellers/seller-7/2.json"),
            "sellers/seller-7: a file is not named by its seller and number",
        ),
        (
            [shipped(), own_terms(), own_terms(number=2)],
            None,
            "seller-7@1 and seller-7@2 come into force at the same moment",
        ),
        (
            [shipped(), own_terms(number=0)],
            None,
            "sellers/seller-7: number: a seller's terms are numbered from 1",
        ),
        (
            [shipped(seller_limit__USD=0)],
            None,
            "silent_approval_cap.USD: 6000 is more than seller_limit allows (0)",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_documents_that_do_not_fit_together_are_told(
    documents: list[Document], rename: tuple[str, str] | None, said: str, tmp_path: Path
) -> None:
    folder = published(tmp_path, *documents)
    if rename:
        (folder / rename[0]).rename(folder / rename[1])
    assert sorted(check.problems_of(folder)) == [said]


# --- the command ----------------------------------------------------------------------------------------------------


def said_of(document: Document, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """What `validate` says."""
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(document), "utf-8")
    return run("validate", str(file), *arguments)


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    code = main(arguments, Console(file=out, width=160))
    return code, out.getvalue()


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (shipped(version="2027-01", effective_from=NOON + DAY), "2027-01"),
        (own_terms(effective_from=NOON + DAY), "seller-7@1"),
    ],
    ids=["policy", "override"],
)
def test_a_good_draft_is_named_with_the_moment_from_which_it_counts(
    document: Document, name: str, tmp_path: Path
) -> None:
    said = f"✓ {name} can be published; it comes into force on 2026-01-02 12:00 UTC.\n"
    assert said_of(document, tmp_path) == (0, said)


def test_a_bad_draft_is_told_everything_that_is_wrong(tmp_path: Path) -> None:
    code, said = said_of(shipped(version="a b", reasons__late=None, delivery_days=-1), tmp_path)
    assert (code, said.count("✗")) == (1, 3)
    assert "reasons.late is missing" in said


def test_what_is_published_is_never_edited(tmp_path: Path) -> None:
    assert said_of(shipped(), tmp_path)[0] == 0
    code, said = said_of(shipped(delivery_days=15), tmp_path)
    assert (code, "2026-01 is published with another content" in said) == (1, True)
    folder = published(tmp_path / "published", shipped(), own_terms())
    code, said = said_of(own_terms(windows__refund__days=61), tmp_path, "--policies", str(folder))
    assert (code, "seller-7@1 is published with another content" in said) == (1, True)


def test_two_versions_cannot_begin_at_one_moment(tmp_path: Path) -> None:
    code, said = said_of(shipped(version="2026-02"), tmp_path)
    assert (code, "2026-01 and 2026-02 come into force at the same moment" in said) == (1, True)


def test_a_policy_that_allows_less_names_the_sellers_who_need_a_successor(tmp_path: Path) -> None:
    folder = published(tmp_path / "published", shipped(), own_terms())
    narrow = shipped(version="2026-02", effective_from=NOON, overridable__window_days={"at_most": 45})
    code, said = said_of(narrow, tmp_path, "--policies", str(folder))
    assert (code, "seller-7@1: windows.refund.days: 60 is more than the platform allows" in said) == (1, True)


def test_a_sellers_draft_is_held_against_the_platforms_leeway(tmp_path: Path) -> None:
    code, said = said_of(own_terms(windows__refund__days=91), tmp_path)
    assert (code, "91 is more than the platform allows (at most 90) (under 2026-01)" in said) == (1, True)


def test_a_file_that_is_not_there_is_no_crash(tmp_path: Path) -> None:
    code, said = run("validate", str(tmp_path / "nothing.json"))
    assert (code, "No such file" in said) == (2, True)
    assert run("replay", "--from", str(tmp_path / "nothing.jsonl"))[0] == 2


def test_a_file_that_is_no_json_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "draft.json").write_text('{"seller_id": "seller-7"', "utf-8")
    code, said = run("validate", str(tmp_path / "draft.json"))
    assert (code, "this is not JSON" in said) == (1, True)
