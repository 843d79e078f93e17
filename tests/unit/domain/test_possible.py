"""What somebody is told that they can do now is what they can do now."""

from collections import defaultdict
from dataclasses import replace

import pytest

from aftersales.domain.calendar import DAY
from aftersales.domain.case import Case, Status
from aftersales.domain.evidence import MAX_PER_CASE
from aftersales.domain.lifecycle import ACTORS, Act
from aftersales.domain.parties import Party, Role
from aftersales.domain.possible import possible
from tests.builders import BUYER, OPERATOR, REVIEWER, SELLER, Story, a_photo, story_at
from tools.generate import walk

OTHER_REVIEWER = Party(Role.REVIEWER, "rosa")
# The walk tries these with one party, or without the photo that they need; some change nothing a second time, and money
# that went elsewhere cannot be appealed for.
NOT_ALWAYS_DONE = {
    *(Act.SEND_MESSAGE, Act.ADD_EVIDENCE, Act.VIEW_EVIDENCE, Act.RESUME, Act.EXTEND_DEADLINE),
    *(Act.RELEASE_REVIEW, Act.CONFIRM_ARRIVAL, Act.DISPUTE_RETURN, Act.CONFIRM_RECEIPT, Act.APPEAL),
}


def now(story: Story, by: Party) -> set[Act]:
    """What this party can do, less what everybody can do at any time."""
    able = set(possible(story.case, by, story.policy, story.now))
    return able - {Act.SEND_MESSAGE, Act.VIEW_EVIDENCE, Act.ADD_EVIDENCE, Act.RESUME}


@pytest.mark.walk
def test_whatever_can_be_done_in_any_state_is_named_and_whatever_is_named_can_be_done() -> None:
    done: dict[int, set[tuple[Party, Act]]] = defaultdict(set)
    cases: dict[int, Case] = {}
    for step in walk.walk():
        cases[id(step.before)] = step.before
        if step.act and ACTORS[step.act]:
            done[id(step.before)].add((step.entry.actor, step.act))
    people = {actor for acts in done.values() for actor, _ in acts}
    # A state that was walked on from takes a message at least.
    for key in (key for key, acts in done.items() if Act.SEND_MESSAGE in {act for _, act in acts}):
        case = cases[key]
        named = {(by, act) for by in people for act in possible(case, by, walk.policy(), case.updated_at)}
        assert done[key] <= named, case
        assert {(by, act) for by, act in named - done[key] if act not in NOT_ALWAYS_DONE} == set(), case


def test_an_offer_is_for_the_other_side_to_answer() -> None:
    story = story_at(Status.UNDER_REVIEW)
    assert now(story, BUYER) == {Act.MAKE_OFFER, Act.WITHDRAW}
    assert now(story, SELLER) == {Act.MAKE_OFFER, Act.DECIDE}
    story.make_offer(by=SELLER)
    assert now(story, BUYER) == {Act.ANSWER_OFFER, Act.MAKE_OFFER, Act.DISPUTE, Act.WITHDRAW}
    assert now(story, SELLER) == set()


def test_after_the_last_offer_nobody_is_told_to_make_another() -> None:
    story = story_at(Status.UNDER_REVIEW)
    for number in range(story.policy.hearing.offers):
        assert Act.MAKE_OFFER in now(story, [SELLER, BUYER][number % 2])
        story.make_offer(by=[SELLER, BUYER][number % 2])
    assert Act.MAKE_OFFER not in now(story, BUYER) | now(story, SELLER)


def test_a_statement_is_made_by_the_side_whose_turn_it_is_and_a_reviewer_decides_after_both() -> None:
    story = story_at(Status.DECLINED)
    story.dispute()
    assert now(story, SELLER) == {Act.MAKE_STATEMENT}
    assert now(story, BUYER) == {Act.WITHDRAW}
    assert Act.DECIDE not in now(story, REVIEWER)
    story.make_statement(by=SELLER)
    story.make_statement(by=BUYER)
    assert Act.DECIDE in now(story, REVIEWER)
    assert Act.MAKE_STATEMENT not in now(story, SELLER) | now(story, BUYER)


def test_a_case_in_one_reviewers_hand_is_nothing_for_the_others() -> None:
    story = story_at(Status.DISPUTED)
    story.take_review()
    mine = {Act.DECIDE, Act.TAKE_REVIEW, Act.RELEASE_REVIEW, Act.EXTEND_DEADLINE}
    assert now(story, REVIEWER) == mine
    assert now(story, OTHER_REVIEWER) == {Act.EXTEND_DEADLINE}
    assert story.case.assignment
    story.now = story.case.assignment.until
    assert Act.TAKE_REVIEW in now(story, OTHER_REVIEWER)


def test_an_appeal_is_named_for_as_long_as_it_can_be_made() -> None:
    story = story_at(Status.DISPUTED)
    story.decide(approve=False)
    assert now(story, BUYER) == {Act.APPEAL}
    story.now += story.policy.hearing.appeal_days * DAY
    assert now(story, BUYER) == {Act.APPEAL}
    story.now += 1
    assert now(story, BUYER) == set()


def test_who_has_shown_all_that_a_case_takes_is_not_told_to_show_more() -> None:
    story = story_at(Status.UNDER_REVIEW)
    full = replace(story.case, evidence=tuple(a_photo(f"e{n}") for n in range(MAX_PER_CASE)))
    assert Act.ADD_EVIDENCE not in possible(full, BUYER, story.policy, story.now)
    assert Act.ADD_EVIDENCE in possible(full, SELLER, story.policy, story.now)


@pytest.mark.parametrize("status", Status)
def test_nobody_is_told_to_do_what_others_do(status: Status) -> None:
    story = story_at(status)
    for by in (BUYER, SELLER, REVIEWER, OPERATOR):
        assert all(by.role in ACTORS[act] for act in possible(story.case, by, story.policy, story.now))
