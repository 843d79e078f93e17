"""Disagreements: offers, disputes, appeals, and the reviewers who decide them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from aftersales.domain.calendar import DAY, Calendar, Period
from aftersales.domain.case import FINAL, OfferState, Status, WaitingOn
from aftersales.domain.hearing import Extension, extend_for_market
from aftersales.domain.invariants import ALWAYS, violations
from aftersales.domain.ledger import ExternalKind, ExternalState, Unit, rebase
from aftersales.domain.lifecycle import Change, send_message, trouble_of_execution
from aftersales.domain.notice import notice_of
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import Clocks, Verdict
from aftersales.domain.refund import AttemptState
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.silence import fall_silent
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    BUYER,
    CARD,
    CASE,
    GIFT_CARD,
    HOUR,
    MARMALADE,
    NOON,
    OTHER_REVIEWER,
    REVIEWER,
    SELLER,
    Story,
    a_line,
    a_photo,
    a_policy,
    an_order,
    story_at,
)

THIRD_REVIEWER = Party(Role.REVIEWER, "wen")


def refused(act: Callable[[], object]) -> Refusal:
    """What the act is refused with."""
    with pytest.raises(Refusal) as refusal:
        act()
    return refusal.value


def disputed() -> Story:
    """Declined by the seller, disputed by the buyer: the seller's statement is due."""
    story = story_at(Status.UNDER_REVIEW)
    story.decide(approve=False, by=SELLER)
    story.dispute()
    return story


def granted_in_part(amount: int = 2_600) -> Story:
    """A reviewer granted a part over both payments, and it was paid."""
    story = story_at(Status.DISPUTED)
    story.decide(amount=amount)
    pay(story)
    assert story.case.status is Status.COMPLETED
    return story


def pay(story: Story) -> None:
    """The money goes back, and the books agree."""
    if story.case.status is Status.APPROVED:
        story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    books_agree(story)


def books_agree(story: Story) -> None:
    """What the desk holds and paid is what its cases say."""
    assert not violations(story.books, ALWAYS)


# --- offers ------------------------------------------------------------------------------------------------


def test_a_seller_offers_a_part_and_the_buyer_takes_it_under_the_same_reservation() -> None:
    story = story_at(Status.UNDER_REVIEW)
    offered = story.make_offer(2_600)
    assert (offered.case.status, offered.case.waiting_on) == (Status.OFFER_PENDING, WaitingOn.BUYER)
    assert offered.case.deadline_at == NOON + 36 * HOUR
    assert offered.case.on_timeout == "under_review"
    assert offered.ledger is None
    accepted = story.answer_offer()
    assert accepted.case.status is Status.APPROVED
    assert accepted.case.decision
    assert (accepted.case.decision.by, accepted.case.decision.reason_code) == (BUYER, "offer_accepted")
    assert [part.amount for part in accepted.case.owed] == [2_500, 100]
    assert accepted.case.offers[0].state is OfferState.ACCEPTED
    assert accepted.entry.data["offer_id"] == "o1"
    pay(story)
    assert story.ledger.taken == 2_600


def test_an_offer_of_the_whole_claim_frees_nothing_when_it_is_taken() -> None:
    story = story_at(Status.UNDER_REVIEW)
    assert story.make_offer(None).case.offers[0].amount == 3_333
    assert story.answer_offer().ledger is None


def test_a_buyer_may_ask_for_less_and_the_seller_takes_it_within_the_limit() -> None:
    story = story_at(Status.UNDER_REVIEW, {BOWLS: 3})
    story.make_offer(8_001, by=BUYER)
    assert story.case.waiting_on is WaitingOn.SELLER
    assert refused(lambda: story.answer_offer(by=SELLER)).code is Code.AMOUNT_ABOVE_LIMIT
    story.make_offer(8_000, by=SELLER)
    assert [offer.state for offer in story.case.offers] == [OfferState.COUNTERED, OfferState.OPEN]
    assert story.answer_offer("o2").case.status is Status.APPROVED


def test_a_refused_offer_leads_back_to_the_seller_whose_silence_then_opens_a_dispute() -> None:
    story = Story()
    story.open()
    story.assess(silence_approves=True)
    assert story.case.on_timeout == "approved"
    story.make_offer()
    change = story.answer_offer(accept=False)
    assert (change.entry.event, change.case.status) == (Event.OFFER_REFUSED, Status.UNDER_REVIEW)
    assert (change.case.on_timeout, change.case.deadline_at) == ("disputed", NOON + 48 * HOUR)
    assert change.case.offers[0].state is OfferState.REFUSED


def test_an_offer_that_nobody_answers_lapses() -> None:
    story = story_at(Status.OFFER_PENDING)
    change = story.silence()
    assert change
    assert (change.entry.event, change.case.status) == (Event.OFFER_LAPSED, Status.UNDER_REVIEW)
    assert change.case.offers[0].state is OfferState.LAPSED
    assert change.entry.data == {"offer_id": "o1"}
    story.make_offer()
    assert refused(story.answer_offer).facts == {"state": OfferState.LAPSED}
    assert story.answer_offer("o2").case.status is Status.APPROVED


def test_only_the_other_side_answers_an_offer_or_counters_it() -> None:
    story = story_at(Status.OFFER_PENDING)
    assert refused(lambda: story.answer_offer(by=SELLER)).code is Code.NOT_YOUR_TURN
    assert refused(lambda: story.make_offer(by=SELLER)).code is Code.NOT_YOUR_TURN
    assert refused(lambda: story.answer_offer("o9")).code is Code.NOT_FOUND
    assert refused(lambda: story.answer_offer(by=REVIEWER)).code is Code.FORBIDDEN


def test_after_five_offers_the_case_is_decided_or_disputed() -> None:
    story = story_at(Status.UNDER_REVIEW)
    for n in range(5):
        story.make_offer(1_000 + n, by=(SELLER, BUYER)[n % 2])
    answer = refused(lambda: story.make_offer(by=BUYER))
    assert (answer.code, answer.detail) == (
        Code.OFFERS_EXHAUSTED,
        "After 5 offers the case is decided or disputed.",
    )
    assert story.answer_offer("o5").case.status is Status.APPROVED


@pytest.mark.parametrize("amount", [0, 3_334])
def test_an_offer_is_at_most_what_the_case_reserves(amount: int) -> None:
    assert refused(lambda: story_at(Status.UNDER_REVIEW).make_offer(amount)).code is Code.AMOUNT_ABOVE_CASE


def test_a_seller_offers_no_more_than_the_limit() -> None:
    story = story_at(Status.UNDER_REVIEW, {BOWLS: 3})
    assert refused(lambda: story.make_offer(8_001)).code is Code.AMOUNT_ABOVE_LIMIT


def test_a_buyer_who_withdraws_leaves_no_offer_open() -> None:
    story = story_at(Status.OFFER_PENDING)
    assert story.withdraw().case.offers[0].state is OfferState.OVERTAKEN
    assert story.ledger.taken == 0


# --- disputes ----------------------------------------------------------------------------------------------


def test_both_sides_are_heard_before_a_reviewer_decides() -> None:
    story = disputed()
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.SELLER, "statement_forgone")
    assert story.case.deadline_at == NOON + 30 * HOUR
    early = refused(story.decide)
    assert (early.code, early.detail) == (
        Code.HEARING_OPEN,
        "The seller still has time to make a statement.",
    )
    assert early.facts == {"deadline_at": NOON + 30 * HOUR}
    assert refused(lambda: story.make_statement(by=BUYER)).detail == "It is the other side's turn."
    story.now += HOUR
    story.make_statement(by=SELLER)
    assert (story.case.waiting_on, story.case.deadline_at) == (WaitingOn.BUYER, NOON + 31 * HOUR)
    assert refused(story.decide).detail == "The buyer still has time to make a statement."
    last = story.make_statement(by=BUYER)
    assert last.entry.data == {"text": "It left us whole."}
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.PLATFORM, "reviewer_reminded")
    assert refused(lambda: story.make_statement(by=SELLER)).code is Code.NOT_YOUR_TURN
    assert story.decide().case.status is Status.APPROVED


def test_a_side_that_says_nothing_in_its_time_is_not_waited_for() -> None:
    story = disputed()
    change = story.silence()
    assert change
    assert (change.entry.event, change.entry.data) == (Event.STATEMENT_FORGONE, {"side": Role.SELLER})
    assert story.case.waiting_on is WaitingOn.PLATFORM
    assert story.case.deadline_at == story.now + 24 * HOUR
    assert story.decide(approve=False).case.status is Status.CLOSED_DECLINED


def test_a_reviewer_decides_as_soon_as_a_side_has_let_its_time_pass() -> None:
    story = disputed()
    story.silence()
    assert story.decide().case.status is Status.APPROVED


def test_a_buyers_own_offer_does_not_bring_the_case_past_its_seller() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.make_offer(by=BUYER)
    assert refused(story.dispute).code is Code.DISPUTE_TOO_EARLY
    story.silence()
    assert story.case.status is Status.UNDER_REVIEW
    assert refused(story.dispute).code is Code.DISPUTE_TOO_EARLY
    story.make_offer(by=BUYER)
    story.answer_offer("o2", accept=False, by=SELLER)
    assert story.dispute().case.status is Status.DISPUTED


def test_a_buyer_who_asks_for_less_and_is_not_answered_keeps_what_the_sellers_silence_gives() -> None:
    story = Story()
    story.open()
    story.assess(silence_approves=True)
    story.make_offer(by=BUYER)
    story.silence()
    assert (story.case.status, story.case.on_timeout) == (Status.UNDER_REVIEW, "approved")
    story.silence()
    assert (story.case.status, story.case.owed) == (Status.APPROVED, story.case.claim.money)


def test_a_dispute_is_opened_once_the_seller_has_spoken() -> None:
    story = story_at(Status.UNDER_REVIEW)
    early = refused(story.dispute)
    assert early.detail == "The seller has not answered yet; a seller who stays silent is not waited for."
    assert (early.code, early.facts) == (Code.DISPUTE_TOO_EARLY, {"deadline_at": story.case.deadline_at})
    assert refused(lambda: story.dispute(by=SELLER)).code is Code.ACT_NOT_POSSIBLE
    story.make_offer()
    change = story.dispute()
    assert change.entry.data == {"text": "It is cracked."}
    assert change.case.offers[0].state is OfferState.OVERTAKEN
    other = story_at(Status.OFFER_PENDING)
    other.answer_offer(accept=False)
    assert other.dispute().case.offers[0].state is OfferState.REFUSED


# --- reviewers ---------------------------------------------------------------------------------------------


def test_a_case_that_a_reviewer_took_is_nobody_elses_until_it_is_given_back_or_the_time_is_over() -> None:
    story = story_at(Status.DISPUTED)
    taken = story.take_review()
    assert (taken.entry.event, taken.entry.data) == (
        Event.REVIEW_ASSIGNED,
        {"until": story.now + 8 * HOUR},
    )
    for act in (story.decide, story.take_review, story.release_review):
        answer = refused(lambda act=act: act(by=OTHER_REVIEWER))  # type: ignore[misc]
        assert (answer.code, answer.facts) == (Code.ASSIGNED_TO_ANOTHER, {"until": story.now + 8 * HOUR})
        assert answer.detail == "Another reviewer has taken this case."
    released = story.release_review()
    assert released
    assert (released.entry.event, released.case.assignment) == (Event.REVIEW_RELEASED, None)
    story.take_review()
    story.now += 8 * HOUR
    decided = story.decide(by=OTHER_REVIEWER)
    assert decided.case.assignment is None


def test_what_is_above_a_reviewers_limit_takes_two_who_agree() -> None:
    story = story_at(Status.DISPUTED, {BOWLS: 3})
    story.policy = a_policy(reviewer_limit={"USD": 9_000})
    story.take_review()
    story.now += HOUR
    proposed = story.decide(amount=9_001)
    assert (proposed.entry.event, proposed.case.status) == (Event.DECISION_PROPOSED, Status.DISPUTED)
    assert proposed.ledger is None
    assert (proposed.case.assignment, proposed.case.deadline_at) == (None, story.now + 24 * HOUR)
    assert proposed.entry.data["amount"] == 9_001
    again = refused(lambda: story.decide(amount=9_001))
    assert (again.code, again.detail) == (
        Code.DECIDED_BEFORE,
        "Another reviewer decides: nobody decides a case twice.",
    )
    assert refused(story.take_review).code is Code.DECIDED_BEFORE
    other = refused(lambda: story.decide(amount=9_002, by=OTHER_REVIEWER))
    assert (other.code, other.facts) == (Code.SECOND_OPINION_DIFFERS, {"proposed": 9_001})
    assert other.detail.startswith("Another reviewer proposes another amount")
    agreed = story.decide(amount=9_001, by=OTHER_REVIEWER)
    assert (agreed.case.status, agreed.case.proposal) == (Status.APPROVED, None)
    assert agreed.case.reviewed_by == (REVIEWER.id, OTHER_REVIEWER.id)


def test_a_second_reviewer_may_decide_within_the_limit_instead() -> None:
    story = story_at(Status.DISPUTED, {BOWLS: 3})
    story.policy = a_policy(reviewer_limit={"USD": 9_000})
    story.decide()
    assert story.decide(amount=9_000, by=OTHER_REVIEWER).case.status is Status.APPROVED
    assert story.case.proposal is None


def test_a_proposal_on_a_case_with_its_seller_brings_it_before_the_reviewers() -> None:
    story = story_at(Status.UNDER_REVIEW, {BOWLS: 3})
    story.policy = a_policy(reviewer_limit={})
    assert story.decide().case.status is Status.DISPUTED
    assert story.case.dispute
    assert story.case.dispute.opened_by == REVIEWER
    assert refused(lambda: story.decide(by=SELLER)).code is Code.ACT_NOT_POSSIBLE
    assert story.decide(by=OTHER_REVIEWER, approve=False).case.status is Status.CLOSED_DECLINED


def test_whoever_declined_a_case_does_not_decide_its_dispute() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.decide(approve=False)
    story.dispute()
    story.make_statement()
    story.make_statement(by=BUYER)
    assert refused(story.decide).code is Code.DECIDED_BEFORE
    assert story.decide(by=OTHER_REVIEWER).case.status is Status.APPROVED


# --- appeals -----------------------------------------------------------------------------------------------


def test_a_buyer_appeals_a_reviewers_no_and_the_claim_is_held_again() -> None:
    story = story_at(Status.DISPUTED)
    story.decide(approve=False)
    assert story.ledger.taken == 0
    appealed = story.appeal()
    assert (appealed.case.status, appealed.case.waiting_on) == (Status.DISPUTED, WaitingOn.SELLER)
    assert (appealed.entry.event, appealed.entry.data["amount"]) == (Event.CASE_APPEALED, 3_333)
    assert appealed.case.run == 2
    assert story.ledger.taken == 3_333
    books_agree(story)
    assert refused(story.withdraw).code is Code.ACT_NOT_POSSIBLE
    story.silence()
    assert refused(story.decide).code is Code.DECIDED_BEFORE
    assert story.decide(by=OTHER_REVIEWER).case.owed == story.case.claim.money
    pay(story)
    assert story.case.status is Status.COMPLETED
    assert refused(story.appeal).code is Code.APPEALED_BEFORE


def test_an_appeal_does_not_hold_units_that_were_sold_at_another_price_since() -> None:
    story = story_at(Status.DISPUTED)
    story.decide(approve=False)
    dearer = replace(story.order, lines=(a_line(tax=833, total=10_300), *story.order.lines[1:]))
    story.ledger = rebase(story.ledger, dearer)
    answer = refused(story.appeal)
    assert (answer.code, answer.facts) == (Code.UNITS_UNAVAILABLE, {"line_id": BOWLS})
    assert answer.detail == (
        "The amounts of line bowls were changed since; a new application takes it as it is."
    )


def test_an_appeal_asks_the_provider_anew() -> None:
    story = Story()
    story.open()
    story.assess()
    story.silence()
    story.decide(amount=2_600)
    story.start_refund()
    story.silence()
    assert story.case.inquiries == 1
    pay(story)
    assert story.appeal().case.inquiries == 0


def test_an_appeal_that_is_declined_closes_the_case_again() -> None:
    story = story_at(Status.DISPUTED)
    story.decide(approve=False)
    story.appeal()
    story.silence()
    closed = story.decide(approve=False, by=OTHER_REVIEWER)
    assert (closed.entry.event, closed.case.status) == (Event.CASE_CLOSED_DECLINED, Status.CLOSED_DECLINED)
    assert story.ledger.taken == 0
    books_agree(story)


def test_an_appeal_of_a_part_asks_for_the_rest_and_pays_only_that() -> None:
    story = granted_in_part()
    appealed = story.appeal()
    assert appealed.case.appeal
    assert [part.amount for part in appealed.case.appeal.at_stake] == [733]
    assert appealed.case.appeal.after_refund
    books_agree(story)
    story.make_statement()
    story.make_statement(by=BUYER)
    less = refused(lambda: story.decide(amount=2_600, by=OTHER_REVIEWER))
    assert less.detail == "The amount must be more than the 2600 granted before, at most the whole claim."
    granted = story.decide(amount=3_000, by=OTHER_REVIEWER)
    assert granted.case.status is Status.REFUND_PENDING
    assert (granted.case.attempts[-1].refund_id, granted.case.attempts[-1].amount) == ("case-1.card.2", 400)
    pay(story)
    assert story.case.status is Status.COMPLETED
    assert story.ledger.taken == 3_000
    assert sum(part.amount for part in story.case.paid) == 3_000


@pytest.mark.parametrize(
    ("by_hand", "granted", "sent"), [(100, 3_333, 633), (733, 3_333, 0), (500, 3_000, 233), (733, 2_700, 0)]
)
def test_what_the_buyer_got_by_hand_during_an_appeal_is_not_paid_once_more(
    by_hand: int, granted: int, sent: int
) -> None:
    story = granted_in_part()
    story.appeal()
    story.leave(story.ledger.available + by_hand)
    story.silence()
    change = story.decide(amount=granted, by=OTHER_REVIEWER)
    assert sum(one.amount for one in change.case.attempts) == 2_600 + sent
    assert change.entry.data["covered"] == granted - 2_600 - sent
    if sent:
        pay(story)
    assert story.case.status is Status.COMPLETED
    books_agree(story)


def test_an_appeal_of_a_part_that_is_declined_leaves_what_was_paid() -> None:
    story = granted_in_part()
    story.appeal()
    story.silence()
    declined = story.decide(approve=False, by=OTHER_REVIEWER)
    assert (declined.entry.event, declined.case.status) == (Event.APPEAL_DECLINED, Status.COMPLETED)
    assert declined.case.decision
    assert (declined.case.decision.verdict, declined.case.decision.amount) == (Verdict.DECLINE, 2_600)
    assert story.ledger.taken == 2_600
    assert {unit for line in story.ledger.lines for unit in line.units} == {Unit.AVAILABLE, Unit.REFUNDED}
    books_agree(story)


def test_a_refund_that_fails_during_an_appeal_is_still_owed_afterwards() -> None:
    story = granted_in_part()
    story.appeal()
    deadline = story.case.deadline_at
    failed = story.hear(AttemptState.FAILED, CARD)
    assert failed
    assert (failed.entry.event, failed.case.status) == (Event.REFUND_FAILED, Status.DISPUTED)
    assert failed.case.deadline_at == deadline
    books_agree(story)
    story.resume()
    assert len(story.case.attempts) == 2
    story.silence()
    story.decide(approve=False, by=OTHER_REVIEWER)
    assert story.case.status is Status.REFUND_ACTION_REQUIRED
    story.resume()
    pay(story)
    assert story.ledger.taken == 2_600


def test_nothing_more_is_granted_while_the_bank_looks_at_a_payment() -> None:
    story = granted_in_part()
    story.appeal()
    story.silence()
    story.leave(100, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN)
    assert refused(lambda: story.decide(by=OTHER_REVIEWER)).code is Code.ORDER_FROZEN


def test_there_is_nothing_to_appeal_where_nobody_refused_anything_or_the_buyer_agreed() -> None:
    whole = story_at(Status.DISPUTED)
    whole.decide()
    pay(whole)
    agreed = story_at(Status.UNDER_REVIEW)
    agreed.make_offer(100, by=BUYER)
    agreed.answer_offer(by=SELLER)
    pay(agreed)
    for story in (whole, agreed, story_at(Status.CLOSED_DECLINED)):
        answer = refused(story.appeal)
        assert (answer.code, answer.detail) == (
            Code.NOTHING_TO_APPEAL,
            "Only what a seller or a reviewer did not grant can be appealed to a reviewer.",
        )


def test_a_seller_who_grants_a_cent_does_not_have_the_last_word() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.decide(by=SELLER, amount=1)
    pay(story)
    appealed = story.appeal()
    assert (appealed.case.status, appealed.entry.data["amount"]) == (Status.DISPUTED, 3_332)
    story.silence()
    story.decide()
    pay(story)
    assert story.ledger.taken == 3_333


def test_the_sellers_silence_does_not_undo_what_a_reviewer_declined() -> None:
    story = Story()
    story.open()
    story.assess(silence_approves=True)
    story.decide(approve=False, by=REVIEWER)
    story.make_offer(1, by=BUYER)
    story.silence()
    assert (story.case.status, story.case.on_timeout) == (Status.UNDER_REVIEW, "disputed")


def test_an_appeal_is_held_by_whatever_payment_has_the_money_by_now() -> None:
    story = Story()
    story.open({BOWLS: 3})
    story.assess()
    story.silence()
    story.decide(approve=False)
    story.open({MARMALADE: 2}, case_id="case-2")
    assert [part.payment_id for part in story.cases["case-2"].claim.money] == [GIFT_CARD]
    appealed = story.appeal()
    assert appealed.case.appeal
    assert [(part.payment_id, part.amount) for part in appealed.case.appeal.at_stake] == [
        (GIFT_CARD, 901),
        (CARD, 9_099),
    ]
    assert appealed.case.claim.money == appealed.case.appeal.at_stake
    books_agree(story)
    story.silence()
    story.decide(by=OTHER_REVIEWER)
    pay(story)


def test_the_days_of_an_appeal_begin_once_the_granted_money_has_arrived() -> None:
    story = Story()
    story.open()
    story.assess()
    story.silence()
    story.decide(amount=1_000)
    story.start_refund()
    story.hear(AttemptState.FAILED)
    story.now += 31 * DAY
    story.pay_elsewhere()
    story.now += 30 * DAY
    assert story.case.ended_at == story.now - 30 * DAY
    story.now += 1
    assert refused(story.appeal).code is Code.WINDOW_CLOSED
    story.now -= 1
    assert story.appeal().case.status is Status.DISPUTED


def test_a_case_whose_execution_is_dead_is_not_approved_into_nowhere() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.ask_operator(trouble_of_execution("ABORTED"))
    assert (story.case.waiting_on, story.case.trouble) == (WaitingOn.SELLER, "execution_aborted")
    approved = story.decide()
    assert (approved.case.status, approved.case.on_timeout) == (
        Status.REFUND_ACTION_REQUIRED,
        "operator_reminded",
    )
    assert story.resume().case.status is Status.APPROVED
    pay(story)


def test_and_one_that_ends_needs_no_execution() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.ask_operator(trouble_of_execution("TIMED_OUT"))
    assert story.withdraw().case.trouble is None


def test_more_time_does_not_cost_the_warning() -> None:
    story = story_at(Status.UNDER_REVIEW)
    deadline = story.case.deadline_at
    assert deadline
    story.now = deadline - 7 * HOUR
    story.extend_deadline(1)
    assert story.case.warn_at == deadline - 5 * HOUR
    story.now = deadline - 5 * HOUR
    warned = story.pass_deadline()
    assert warned
    assert warned.entry.event is Event.DEADLINE_NEAR


def test_what_is_granted_on_appeal_is_told_without_what_was_paid_before() -> None:
    story = granted_in_part()
    story.appeal()
    story.silence()
    change = story.decide(amount=3_000, by=OTHER_REVIEWER)
    assert notice_of(change.entry, change.case).amount == 400


def test_an_appeal_has_thirty_days() -> None:
    story = granted_in_part()
    decided_at = story.case.decision.at if story.case.decision else 0
    story.now = decided_at + 30 * DAY + 1
    late = refused(story.appeal)
    assert (late.code, late.detail) == (Code.WINDOW_CLOSED, "The 30 days after the decision have passed.")
    assert late.facts == {"decided_at": decided_at}
    story.now -= 1
    assert story.appeal().case.status is Status.DISPUTED


def test_units_and_money_that_others_hold_by_now_cannot_be_held_again() -> None:
    story = story_at(Status.DISPUTED, {BOWLS: 3})
    story.decide(approve=False)
    story.open({BOWLS: 1}, case_id="case-2")
    taken = refused(story.appeal)
    assert (taken.code, taken.facts) == (Code.UNITS_UNAVAILABLE, {"line_id": BOWLS})
    assert taken.detail == "Another case holds units of line bowls by now."
    poorer = granted_in_part()
    poorer.leave(poorer.ledger.available)
    gone = refused(poorer.appeal)
    assert gone.code is Code.MONEY_UNAVAILABLE
    assert gone.detail == "What is left of the order's payments does not cover this amount."
    frozen = granted_in_part()
    frozen.leave(100, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN)
    assert refused(frozen.appeal).code is Code.ORDER_FROZEN


# --- time --------------------------------------------------------------------------------------------------


def test_buyer_and_seller_are_warned_once_before_their_time_is_over() -> None:
    story = story_at(Status.UNDER_REVIEW)
    assert story.case.warn_at == NOON + 42 * HOUR
    story.now = NOON + 42 * HOUR - 1
    assert story.pass_deadline() is None
    story.now += 1
    warned = story.pass_deadline()
    assert warned
    assert (warned.entry.event, warned.entry.data) == (
        Event.DEADLINE_NEAR,
        {"deadline_at": NOON + 48 * HOUR, "reason_code": "waits_for_seller"},
    )
    assert (warned.case.deadline_at, warned.case.warn_at) == (NOON + 48 * HOUR, None)
    assert story.pass_deadline() is None
    assert story.silence()


@pytest.mark.parametrize("status", [Status.DISPUTED, Status.REFUND_PENDING, Status.REFUND_ACTION_REQUIRED])
def test_the_platform_and_the_provider_are_not_warned(status: Status) -> None:
    assert story_at(status).case.warn_at is None


def test_there_is_no_warning_where_there_is_no_time_for_one() -> None:
    story = Story(policy=a_policy())
    story.open()
    story.assess()
    short = Period(hours=12)
    story.policy = a_policy(clocks=replace_offer(story, short))
    assert story.make_offer().case.warn_at is None


def replace_offer(story: Story, offer: Period) -> Clocks:
    """The story's clocks with another time for offers."""

    return replace(story.policy.clocks, offer=offer)


def test_a_reviewer_gives_more_time_and_the_warning_moves_with_it() -> None:
    story = story_at(Status.UNDER_REVIEW)
    change = story.extend_deadline(24)
    assert (change.case.deadline_at, change.case.warn_at) == (NOON + 72 * HOUR, NOON + 66 * HOUR)
    assert change.case.on_timeout == "disputed"
    assert change.entry.data == {
        "text": "A holiday.",
        "from": NOON + 48 * HOUR,
        "to": NOON + 72 * HOUR,
    }
    assert refused(lambda: story.extend_deadline(by=SELLER)).code is Code.FORBIDDEN
    story.now = NOON + 72 * HOUR
    late = refused(story.extend_deadline)
    assert (late.code, late.detail) == (
        Code.DEADLINE_PASSED,
        "The time was over before this; what silence does is under way.",
    )


def an_extension(**changes: object) -> Extension:
    """A strike in the market of the story, told at noon."""
    fields = {
        "extension_id": "x1",
        "market": "BR",
        "hours": 24,
        "reason": "A postal strike.",
        "by": Party(Role.OPERATOR, "olga"),
        "at": NOON,
        "request_hash": "",
    }
    return Extension(**fields | changes)  # type: ignore[arg-type]


def test_a_market_gets_more_time_once_for_every_case_that_was_open() -> None:
    story = Story(order=an_order(market="BR"))
    story.open()
    story.assess()
    change = extend_for_market(story.case, an_extension(), policy=story.policy, now=NOON)
    assert change
    assert (change.case.deadline_at, change.case.extended_by) == (NOON + 72 * HOUR, ("x1",))
    assert change.entry.data["extension"] == "x1"
    assert extend_for_market(change.case, an_extension(), policy=story.policy, now=NOON) is None
    late = NOON + 49 * HOUR
    assert extend_for_market(story.case, an_extension(), policy=story.policy, now=late)


def test_a_market_is_the_same_however_its_name_is_written() -> None:
    policy = replace(a_policy(), calendars={"BR": Calendar(holidays=("2026-01-06",))})
    story = Story(order=an_order(market="br"), policy=policy)
    story.open()
    story.assess()
    assert extend_for_market(story.case, an_extension(), policy=policy, now=NOON)
    assert policy.calendar("br") == policy.calendar("BR") != policy.calendar("CN")


@pytest.mark.parametrize(
    "extension",
    [an_extension(market="CN"), an_extension(at=NOON - 1), an_extension(at=NOON + 48 * HOUR)],
    ids=["another market", "told before the case was opened", "told after the deadline"],
)
def test_an_extension_leaves_other_cases_alone(extension: Extension) -> None:
    story = Story(order=an_order(market="BR"))
    story.open()
    story.assess()
    assert extend_for_market(story.case, extension, policy=story.policy, now=NOON) is None


@pytest.mark.parametrize("status", [Status.REFUND_PENDING, Status.REQUESTED, *sorted(FINAL)])
def test_no_extension_for_what_is_nobodys_turn(status: Status) -> None:
    case = story_at(status).case
    assert extend_for_market(case, an_extension(market=""), policy=a_policy(), now=NOON) is None


def test_a_case_that_an_extension_has_not_reached_is_given_it_instead_of_its_silence() -> None:
    story = Story(order=an_order(market="BR"))
    story.open()
    story.assess()
    late = NOON + 49 * HOUR

    def fall(*extensions: Extension) -> Change | None:
        return fall_silent(story.case, story.ledger, extensions, policy=story.policy, now=late, uploads=None)

    given = fall(replace(an_extension(), extension_id="x0", market="CN"), an_extension())
    assert given
    assert (given.entry.event, given.case.extended_by) == (Event.DEADLINE_EXTENDED, ("x1",))
    silent = fall()
    assert silent
    assert silent.entry.event is Event.CASE_DISPUTED


def test_deadlines_in_business_days_skip_the_weekends_and_holidays_of_the_market() -> None:
    friday = NOON + DAY  # 2 January 2026
    two = Period(business_days=2)
    assert two.after(friday, Calendar()) == friday + 4 * DAY
    assert two.after(friday, Calendar(holidays=("2026-01-06",))) == friday + 5 * DAY
    assert two.after(friday + DAY, Calendar()) == friday + 4 * DAY
    assert two.after(friday, Calendar(weekend=(5, 6))) == friday + 3 * DAY
    assert (
        Period(days=1, hours=2, minutes=3).after(NOON + 7, Calendar()) == NOON + 7 + DAY + 2 * HOUR + 180_000
    )


def test_a_business_day_is_the_one_of_the_market_and_not_of_greenwich() -> None:
    friday_evening = NOON + DAY + 10 * HOUR
    in_shanghai = Calendar(utc_offset_minutes=480)
    assert Period(business_days=1).after(friday_evening, Calendar()) == friday_evening + 3 * DAY
    assert Period(business_days=1).after(friday_evening, in_shanghai) == friday_evening + 2 * DAY


def test_a_case_follows_the_calendar_of_its_orders_market() -> None:
    calendars = {"BR": Calendar(holidays=("2026-01-02",))}
    clocks = a_policy().clocks

    policy = a_policy(calendars=calendars, clocks=replace(clocks, seller=Period(business_days=1)))
    story = Story(order=an_order(market="BR"), policy=policy)
    story.open()
    story.assess()
    assert story.case.market == "BR"
    assert story.case.deadline_at == NOON + 4 * DAY
    assert policy.calendar("CN") == Calendar()


# --- messages ----------------------------------------------------------------------------------------------


def test_a_message_goes_with_files_that_its_sender_added() -> None:

    story = Story()
    story.open(evidence=(a_photo(),))
    sent = send_message(story.case, "See here.", ["e1"], by=BUYER, policy=story.policy, now=NOON)
    assert sent.entry.data == {"text": "See here.", "evidence": ["e1"]}
    strange = refused(
        lambda: send_message(story.case, "See.", ["e1"], by=SELLER, policy=story.policy, now=NOON)
    )
    assert (strange.code, strange.facts) == (Code.INVALID, {"evidence": ["e1"]})
    assert strange.detail == "A message goes with files that its sender has added."
    assert story.cases[CASE].version == 1
