"""Who reads a case sees what concerns them."""

import pytest

from aftersales.contracts.cases import case_view, timeline_view
from aftersales.domain.case import FiredRule
from aftersales.domain.parties import Party
from aftersales.domain.policy import Verdict
from aftersales.usecases.ports import Page
from tests.builders import BUYER, REVIEWER, SELLER, Story

COUNTS = {"orders": 9, "cases": 8}


@pytest.mark.parametrize(
    ("reader", "inputs"),
    [(SELLER, {}), (BUYER, COUNTS), (REVIEWER, COUNTS)],
    ids=["seller", "buyer", "reviewer"],
)
def test_a_seller_is_told_that_the_history_counted_and_not_what_it_is(
    reader: Party, inputs: dict[str, int]
) -> None:
    story = Story()
    story.open()
    rule = FiredRule(code="history_of_claims", verdict=Verdict.ASK_PERSON, inputs=COUNTS)
    change = story.assess(Verdict.ASK_PERSON, rules=(rule,))
    decision = case_view(story.case, reader, story.desk).decision
    told = timeline_view(Page([change.entry], None), reader).items[0].data["rules"]
    assert decision
    assert [(one.code, one.inputs) for one in decision.rules] == [("history_of_claims", inputs)]
    assert [(one["code"], one["inputs"]) for one in told] == [("history_of_claims", inputs)]


@pytest.mark.parametrize("reader", [SELLER, BUYER, REVIEWER], ids=["seller", "buyer", "reviewer"])
def test_nobody_is_shown_the_grounds_that_a_decision_is_made_on_again(reader: Party) -> None:
    story = Story()
    entries = [story.open().entry, story.assess(Verdict.APPROVE).entry]
    assert all(entry.grounds for entry in entries)
    told = timeline_view(Page(entries, None), reader).model_dump_json()
    assert "grounds" not in told
    assert "history" not in told
    assert "history" not in case_view(story.case, reader, story.desk).model_dump_json()
