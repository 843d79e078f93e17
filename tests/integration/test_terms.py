"""What the policy decided on is kept in the timeline, for whoever decides it again and for nobody else; and a seller's
terms are in force for that seller."""

import io
import json
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from aftersales.adapters.policies import SHIPPED, PublishedPolicies
from aftersales.domain.order import Order
from aftersales.domain.policy import History, ShippingClaim, Verdict
from aftersales.entrypoints import bootstrap
from tests.builders import BUYER, REVIEWER, SELLER, an_order
from tests.corpus import plain_photo
from tests.integration.harness import Desk
from tests.integration.people import (
    Payer,
    a_promise,
    an_application,
    apply,
    order_of,
    paid,
    put,
    read,
    timeline,
)
from tools.operate.deployment import Deployment
from tools.policy import __main__ as command
from tools.policy import recording
from tools.policy.recording import Decided
from tools.policy.replay import differences

pytestmark = pytest.mark.enable_socket


def deployment_of(desk: Desk) -> Deployment:
    """As far as it is asked: there is no CloudFormation here."""
    return cast(Deployment, SimpleNamespace(client=desk.stack.client, resource=desk.stack.ref))


def recorded(desk: Desk) -> list[Decided]:
    """As the command reads a stack."""
    looked_at: list[int] = []
    decisions = recording.of_deployment(deployment_of(desk), looked_at.append)
    assert looked_at[-1] == len(desk.rows("CasesTable"))
    return decisions


def test_every_decision_of_a_case_can_be_made_again(desk: Desk, payer: Payer) -> None:
    order = put(desk, paid(order_of(desk), payer))
    photo = plain_photo()
    case_id = apply(desk, order, "damaged", evidence=[a_promise(photo)])
    desk.pump()
    desk.upload(case_id, "e1", photo)
    desk.pump()
    decisions = recorded(desk)
    assert [(one.case_id, one.seller_id, one.verdict) for one in decisions] == [
        (case_id, SELLER.id, None),
        (case_id, SELLER.id, Verdict.ASK_EVIDENCE),
        (case_id, SELLER.id, Verdict.APPROVE),
    ]
    assert [one.grounds.facts.accepted_evidence for one in decisions] == [0, 0, 1]
    assert decisions[2].grounds.facts.history == History(orders=1, cases=0)
    assert decisions[2].grounds.facts.amount == read(desk, case_id)["quote"]["total"]["amount"]
    assert list(differences(decisions, PublishedPolicies())) == []


def test_an_application_keeps_what_the_shipping_was_about(desk: Desk, payer: Payer) -> None:
    full = an_order(
        placed_at=desk.clock.now - 10 * 86_400_000, delivered_at=desk.clock.now - 86_400_000, payments=()
    )
    order = put(desk, paid(full, payer))
    reasons = {"mind": "changed_mind", "late": "late", "later": "late"}
    cases = {apply(desk, order, reason, key=key): key for key, reason in reasons.items()}
    decisions = recorded(desk)
    assert {cases[one.case_id]: one.grounds.shipping for one in decisions} == {
        "mind": ShippingClaim(worth=799, last_unit=False, claimed=False),
        "late": ShippingClaim(worth=799, last_unit=False, claimed=True),
        "later": None,
    }
    assert list(differences(decisions, PublishedPolicies())) == []


def test_nobody_who_reads_a_timeline_sees_the_buyers_history(desk: Desk, order: Order) -> None:
    case_id = apply(desk, order)
    desk.pump()
    for reader in (BUYER, SELLER, REVIEWER):
        for path in (f"/cases/{case_id}", f"/cases/{case_id}/timeline"):
            text = desk.call("GET", path, by=reader).text
            assert "grounds" not in text
            assert "history" not in text
    assert {entry["event"] for entry in timeline(desk, case_id)} >= {"case_opened", "case_approved"}


def test_a_sellers_terms_are_in_force_for_that_seller_and_named_on_the_case(
    desk: Desk, payer: Payer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copytree(SHIPPED, tmp_path / "policies")
    terms = folder / "sellers" / SELLER.id / "1.json"
    terms.parent.mkdir(parents=True)
    terms.write_text(
        json.dumps(
            {
                "seller_id": SELLER.id,
                "number": 1,
                "effective_from": 0,
                "windows": {"refund": {"days": 60}},
                "waived_evidence": ["damaged"],
            }
        ),
        "utf-8",
    )
    monkeypatch.setattr(bootstrap, "PublishedPolicies", lambda: PublishedPolicies(folder))
    mine = put(desk, paid(order_of(desk), payer))
    others = put(desk, paid(order_of(desk, order_id="order-2", seller_id="glaze"), payer))
    said: dict[str, Any] = {}
    for order in (mine, others):
        body = an_application(order, "damaged")
        del body["description"]
        said[order.order_id] = desk.call("POST", "/quotes", by=BUYER, body=body).ok()
    assert [(one["policy_version"], one["verdict"]) for one in said.values()] == [
        (f"2026-01+{SELLER.id}@1", "approve"),
        ("2026-01", "ask_for_evidence"),
    ]
    case_id = apply(desk, mine, "damaged")
    desk.pump()
    assert read(desk, case_id)["decision"]["policy_version"] == f"2026-01+{SELLER.id}@1"
    assert read(desk, case_id)["status"] == "completed"
    assert list(differences(recorded(desk), PublishedPolicies(folder))) == []
    assert {one.what for one in differences(recorded(desk), PublishedPolicies())} == {"policy"}


def test_what_is_recorded_of_a_stack_holds_no_word_that_anybody_wrote(
    desk: Desk, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = apply(desk, order, description="I live at Kanarienvogel 7.")
    desk.pump()
    body = {"text": "Kanarienvogel 7, third floor."}
    desk.call("POST", f"/cases/{case_id}/messages", by=BUYER, body=body, key="message").ok()
    monkeypatch.setattr(command, "on_aws", lambda name, region: deployment_of(desk))
    file, out = tmp_path / "decisions.jsonl", io.StringIO()
    console = Console(file=out, width=200)
    assert command.main(["record", "--stack", "desk", "-o", str(file)], console) == 0
    assert command.main(["replay", "--stack", "desk"], console) == 0
    assert command.main(["replay", "--from", str(file)], console) == 0
    assert out.getvalue().splitlines() == [
        f"2 decisions written to {file}.",
        "2 decisions made again, 0 differences.",
        "2 decisions made again, 0 differences.",
    ]
    assert case_id in file.read_text("utf-8")
    assert "Kanarienvogel" not in file.read_text("utf-8")
    assert BUYER.id not in file.read_text("utf-8")
