"""Goods that come back: sent, arrived, counted and looked at; and the money that follows what was accepted."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from aftersales.domain.case import (
    Fees,
    InspectedLine,
    Kind,
    OfferState,
    Reason,
    ReturnState,
    Status,
    WaitingOn,
)
from aftersales.domain.invariants import ALWAYS, violations
from aftersales.domain.ledger import Unit
from aftersales.domain.lifecycle import total
from aftersales.domain.order import SHIPPING
from aftersales.domain.parcel import Parcel, TrackingStatus
from aftersales.domain.parties import SYSTEM
from aftersales.domain.policy import Verdict, assess, keeps_item, return_fees
from aftersales.domain.refund import AttemptState
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.returns import confirm_receipt, ship_return
from aftersales.domain.timeline import Event
from tests.builders import (
    BOWLS,
    BUYER,
    HOUR,
    MARMALADE,
    NOON,
    OTHER_REVIEWER,
    REVIEWER,
    SELLER,
    Story,
    a_policy,
    returning_at,
    some_facts,
    story_at,
)


def refused(act: Callable[[], object]) -> Refusal:
    """What the act is refused with."""
    with pytest.raises(Refusal) as refusal:
        act()
    return refusal.value


def arrived(units: int = 3, **changes: object) -> Story:
    """So many bowls came back and are with their seller."""
    return returning_at(Status.RETURN_RECEIVED, {BOWLS: units, **changes})  # type: ignore[dict-item]  # lines


def used(units: int = 3, **changes: object) -> Story:
    """The same, for a change of mind: what they have lost of their worth may be deducted."""
    fees = Fees(condition_percent=40)
    return returning_at(
        Status.RETURN_RECEIVED,
        {BOWLS: units, **changes},  # type: ignore[dict-item]  # lines
        reason=Reason.CHANGED_MIND,
        fees=fees,
    )


def pay(story: Story) -> None:
    """The money goes back, and the books agree."""
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert story.case.status is Status.COMPLETED
    books_agree(story)


def books_agree(story: Story) -> None:
    """What the desk holds and paid is what its cases say."""
    assert not violations(story.books, ALWAYS)


# --- on their way ------------------------------------------------------------------------------------------


def test_an_approved_return_waits_for_the_goods_and_then_pays() -> None:
    story = returning_at(Status.AWAITING_RETURN, {BOWLS: 3})
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.BUYER, "expired")
    assert story.case.deadline_at == NOON + 6 * 24 * HOUR
    sent = story.ship()
    assert (sent.entry.event, sent.entry.data) == (Event.PARCEL_SENT, {"carrier": "ups"})
    assert (story.case.status, story.case.waiting_on) == (Status.RETURN_IN_TRANSIT, WaitingOn.CARRIER)
    leg = story.case.returning
    assert leg
    assert leg.shipment
    assert leg.shipment.parcel == Parcel(carrier="ups", tracking_code="1Z999AA10123456784")
    assert (leg.shipment.sent_at, leg.shipment.arrived_at) == (NOON, None)
    story.now += HOUR
    story.arrive()
    assert (story.case.status, story.case.waiting_on) == (Status.RETURN_RECEIVED, WaitingOn.SELLER)
    assert story.case.returning
    assert story.case.returning.shipment == replace(leg.shipment, arrived_at=NOON + HOUR)
    accepted = story.inspect(3)
    assert (accepted.entry.event, accepted.case.status) == (Event.RETURN_ACCEPTED, Status.APPROVED)
    assert accepted.entry.data["amount"] == 10_000
    assert accepted.ledger is None
    pay(story)
    assert story.ledger.taken == 10_000


def test_a_number_that_is_none_of_the_carriers_is_no_parcel() -> None:
    story = returning_at(Status.AWAITING_RETURN)
    for carrier, code in (("ups", "1Z999AA10123456785"), ("nobody", "1Z999AA10123456784")):
        answer = refused(
            lambda carrier=carrier, code=code: ship_return(  # type: ignore[misc]  # a loop's own values
                story.case, story.ledger, carrier, code, by=BUYER, policy=story.policy, now=NOON
            )
        )
        assert answer.code is Code.TRACKING_CODE_INVALID
        assert "ups" in str(answer.facts["carriers"])


def test_goods_in_a_parcel_that_nobody_announced_can_be_accepted_and_not_be_missed() -> None:
    story = returning_at(Status.AWAITING_RETURN, {BOWLS: 3})
    story.show()
    for accepted, rejected in ((0, 0), (0, 3), (2, 0), (2, 1)):
        answer = refused(lambda found=(accepted, rejected): story.inspect(*found))  # type: ignore[misc]  # a loop's own
        assert (answer.code, answer.detail) == (
            Code.PARCEL_NOT_ARRIVED,
            "Nobody has sent a parcel yet, or its carrier has not delivered it: goods can be accepted as a whole.",
        )
    assert story.inspect(3).case.status is Status.APPROVED
    assert story.case.returning
    assert story.case.returning.shipment is None
    pay(story)


def test_while_its_carrier_has_a_parcel_in_hand_nothing_can_be_missed_in_it() -> None:
    story = returning_at(Status.RETURN_IN_TRANSIT)
    story.scan(TrackingStatus.IN_TRANSIT)
    assert refused(lambda: story.inspect(0)).code is Code.PARCEL_NOT_ARRIVED
    story.arrive()
    assert refused(lambda: story.inspect(0)).code is Code.PARCEL_NOT_ARRIVED
    story.scan(TrackingStatus.DELIVERED)
    assert story.inspect(0).case.status is Status.INSPECTION_FAILED


def test_what_never_came_cannot_go_back() -> None:
    story = Story()
    sentence = "What was not received cannot be sent back; apply for a refund."
    nothing = refused(lambda: story.open(kind=Kind.RETURN, reason=Reason.NOT_RECEIVED))
    assert (nothing.code, nothing.detail) == (Code.INVALID, sentence)
    story.open(reason=Reason.NOT_RECEIVED)
    story.assess()
    assert refused(lambda: story.make_offer(kind=Kind.RETURN)).detail == sentence


def test_goods_that_come_when_nobody_waited_any_more_bring_their_case_back() -> None:
    story = returning_at(Status.EXPIRED, {BOWLS: 3})
    story.open({MARMALADE: 1}, case_id="case-2")
    reopened = story.arrive()
    assert reopened
    assert (reopened.entry.event, reopened.entry.data) == (Event.RETURN_REOPENED, {"amount": 10_000})
    assert (story.case.status, story.case.waiting_on, story.case.run) == (
        Status.RETURN_RECEIVED,
        WaitingOn.SELLER,
        2,
    )
    assert story.case.claim.amount == total(story.case.owed) == 10_000
    books_agree(story)
    story.inspect(2)
    story.silence()
    pay(story)


def test_of_which_a_part_had_been_granted_owe_that_part_again() -> None:
    story = Story()
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.assess()
    story.decide(amount=5_000, by=SELLER)
    story.silence()
    story.open({MARMALADE: 1}, case_id="case-2")
    story.arrive()
    assert (total(story.case.owed), story.case.claim.amount) == (5_000, 10_000)
    story.silence()
    pay(story)


def test_and_stay_expired_where_another_case_has_their_units_by_now() -> None:
    story = returning_at(Status.EXPIRED, {BOWLS: 3})
    story.open({BOWLS: 1}, case_id="case-2")
    assert refused(story.arrive).code is Code.UNITS_UNAVAILABLE
    assert story.case.status is Status.EXPIRED


def test_a_parcel_that_is_never_sent_frees_everything() -> None:
    story = returning_at(Status.EXPIRED, {BOWLS: 3})
    assert (story.case.status, story.case.owed, story.case.waiting_on) == (Status.EXPIRED, (), None)
    assert story.ledger.taken == 0
    books_agree(story)


def test_a_buyer_who_keeps_the_goods_after_all_withdraws_until_they_are_sent() -> None:
    story = returning_at(Status.AWAITING_RETURN)
    assert story.withdraw().case.status is Status.CANCELLED
    assert story.ledger.taken == 0
    assert refused(returning_at(Status.RETURN_IN_TRANSIT).withdraw).code is Code.ACT_NOT_POSSIBLE


def test_a_return_of_which_only_a_part_was_granted_holds_and_frees_that_part() -> None:
    story = Story()
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.assess()
    story.decide(amount=5_000, by=SELLER)
    assert (story.case.status, story.ledger.taken) == (Status.AWAITING_RETURN, 5_000)
    story.silence()
    assert (story.case.status, story.ledger.taken) == (Status.EXPIRED, 0)
    books_agree(story)


def test_a_parcel_that_never_comes_is_for_a_reviewer_to_find_out() -> None:
    story = returning_at(Status.RETURN_IN_TRANSIT)
    lost = story.silence()
    assert lost
    assert (lost.entry.event, lost.case.status) == (Event.PARCEL_OVERDUE, Status.DISPUTED)
    assert (story.case.waiting_on, story.case.owed) == (WaitingOn.PLATFORM, ())
    assert story.case.dispute
    assert story.case.dispute.opened_by == SYSTEM
    books_agree(story)
    assert story.decide().case.status is Status.APPROVED
    pay(story)
    assert story.ledger.taken == 3_333


# --- counted and looked at ---------------------------------------------------------------------------------


def test_a_seller_who_says_nothing_has_received_what_was_announced() -> None:
    story = arrived(2, **{MARMALADE: 1})
    change = story.silence()
    assert change
    assert (change.entry.event, change.case.status) == (Event.RETURN_ACCEPTED, Status.APPROVED)
    leg = change.case.returning
    assert leg
    assert leg.state is ReturnState.CLOSED
    assert leg.receipt
    assert (leg.receipt.by, leg.receipt.at) == (SYSTEM, story.now)
    assert leg.receipt.lines == (
        InspectedLine(line_id=BOWLS, accepted=2),
        InspectedLine(line_id=MARMALADE, accepted=1),
    )
    pay(story)


def test_of_fewer_units_than_announced_those_that_came_are_paid_and_the_others_are_free_again() -> None:
    story = arrived(3)
    proposed = story.inspect(2)
    assert (proposed.entry.event, proposed.case.status) == (
        Event.DEDUCTION_PROPOSED,
        Status.INSPECTION_FAILED,
    )
    assert proposed.entry.data["amount"] == 6_667
    assert proposed.entry.data["lines"] == [
        {"line_id": BOWLS, "accepted": 2, "rejected": 0, "deduction": 0, "reason": "", "photos": []}
    ]
    assert (story.case.waiting_on, story.case.on_timeout) == (WaitingOn.BUYER, "deduction_accepted")
    accepted = story.answer_offer()
    assert (accepted.entry.event, accepted.case.status) == (Event.DEDUCTION_ACCEPTED, Status.APPROVED)
    assert accepted.case.decision
    assert (accepted.case.decision.reason_code, accepted.case.decision.amount) == (
        "deduction_accepted",
        6_667,
    )
    assert accepted.case.offers[0].state is OfferState.ACCEPTED
    [bowls] = accepted.case.claim.units
    assert (bowls.units, bowls.amount) == ((1, 2), 6_667)
    line = story.ledger.line(BOWLS)
    assert line
    assert line.units == (Unit.RESERVED, Unit.RESERVED, Unit.AVAILABLE)
    pay(story)
    assert story.ledger.taken == 6_667


def test_rejected_units_are_not_paid_and_nobody_claims_them_again() -> None:
    story = arrived(3)
    story.show()
    proposed = story.inspect(1, 2)
    assert proposed.case.offers[0].amount == 3_333
    story.answer_offer()
    pay(story)
    assert story.ledger.taken == 3_333
    line = story.ledger.line(BOWLS)
    assert line
    assert set(line.units) == {Unit.REFUNDED}


@pytest.mark.parametrize(("rejected", "deduction"), [(1, 0), (0, 100)])
@pytest.mark.parametrize("photos", [(), ("e1",), ("e2", "e1"), ("e7",), ("e3",)])
def test_nothing_is_held_against_the_buyer_that_cannot_be_seen_on_the_sellers_own_photo(
    rejected: int, deduction: int, photos: tuple[str, ...]
) -> None:
    story = used()
    story.show(by=BUYER)
    story.show()
    story.add_evidence()
    answer = refused(lambda: story.inspect(2, rejected, deduction=deduction, photos=photos))
    assert (answer.code, answer.detail) == (
        Code.EVIDENCE_NEEDED,
        "Show the buyer what is wrong: add a photo to the case, and name it with the count.",
    )
    proposed = story.inspect(2, rejected, deduction=deduction, photos=("e2",))
    assert story.case.status is Status.INSPECTION_FAILED
    assert proposed.entry.data["lines"][0]["photos"] == ["e2"]  # type: ignore[index]  # a list


def test_goods_that_come_back_used_are_paid_less_as_the_quote_had_said() -> None:
    story = used()
    story.show()
    more = refused(lambda: story.inspect(3, deduction=4_001))
    assert (more.code, more.detail) == (
        Code.DEDUCTION_ABOVE_TERMS,
        "For the condition of these units at most 4000 may be deducted.",
    )
    assert more.facts == {"line_id": BOWLS, "at_most": 4_000}
    assert refused(lambda: story.inspect(2, deduction=2_667)).facts["at_most"] == 2_666
    story.inspect(3, deduction=4_000)
    assert story.case.offers[0].amount == 6_000
    story.answer_offer()
    pay(story)
    assert story.ledger.taken == 6_000


def test_but_not_where_the_seller_is_at_fault() -> None:
    story = arrived()
    story.show()
    assert refused(lambda: story.inspect(3, deduction=1)).code is Code.DEDUCTION_ABOVE_TERMS


def test_a_seller_counts_no_more_than_was_to_come_and_nothing_else() -> None:
    story = arrived(2)
    more = refused(lambda: story.inspect(3))
    assert (more.code, more.detail) == (Code.UNITS_UNAVAILABLE, f"Of line {BOWLS} 2 units were to come back.")
    assert more.facts == {"line_id": BOWLS, "claimed": 2}
    other = refused(lambda: story.inspect(1, line_id=SHIPPING))
    assert (other.code, other.facts) == (Code.LINE_UNKNOWN, {"line_id": SHIPPING})


def test_of_a_line_that_the_seller_does_not_name_nothing_came() -> None:
    story = arrived(1, **{MARMALADE: 1})
    story.inspect(1)
    assert story.case.offers[0].amount == 3_333
    assert story.case.returning
    assert story.case.returning.receipt
    assert [line.accepted for line in story.case.returning.receipt.lines] == [1, 0]


def test_shipping_that_the_seller_owes_goes_with_whatever_is_accepted() -> None:
    story = returning_at(Status.RETURN_RECEIVED, {BOWLS: 2, SHIPPING: 1})
    story.inspect(1)
    assert story.case.offers[0].amount == 3_333 + 799
    story.answer_offer()
    assert [held.line_id for held in story.case.claim.units] == [BOWLS, SHIPPING]
    pay(story)


@pytest.mark.parametrize(("accepted", "rejected"), [(1, 0), (1, 1)])
def test_shipping_that_was_granted_for_the_last_units_is_due_only_if_all_of_them_are_accepted(
    accepted: int, rejected: int
) -> None:
    wanted = {BOWLS: 2, SHIPPING: 1}
    story = returning_at(Status.RETURN_RECEIVED, wanted, reason=Reason.CHANGED_MIND)
    story.show()
    story.inspect(accepted, rejected)
    assert story.case.offers[0].amount == 3_333
    story.answer_offer()
    shipping = story.ledger.line(SHIPPING)
    assert shipping
    assert shipping.free
    pay(story)
    assert story.ledger.taken == 3_333


def test_and_it_stays_due_where_they_only_lost_of_their_worth() -> None:
    story = used(2, **{SHIPPING: 1})
    story.show()
    story.inspect(2, deduction=1_000)
    assert story.case.offers[0].amount == 6_667 + 799 - 1_000
    story.answer_offer()
    pay(story)


def test_where_nothing_is_accepted_the_case_ends_without_money() -> None:
    story = arrived()
    story.inspect(0)
    assert story.case.offers[0].amount == 0
    ended = story.silence()
    assert ended
    assert (ended.entry.event, ended.case.status) == (Event.DEDUCTION_ACCEPTED, Status.CLOSED_DECLINED)
    assert story.ledger.taken == 0
    books_agree(story)


def test_a_deduction_follows_what_was_granted_and_not_what_was_claimed() -> None:
    story = Story()
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.assess()
    story.decide(amount=5_000, by=SELLER)
    story.ship()
    assert story.inspect(1).case.offers[0].amount == 5_000 * 3_333 // 10_000


def test_what_no_count_can_say_its_seller_shows_to_a_reviewer_who_hears_the_buyer_first() -> None:
    story = arrived(3)
    answer = refused(story.dispute_return)
    assert answer.code is Code.EVIDENCE_NEEDED
    story.show()
    change = story.dispute_return()
    assert (change.entry.event, change.entry.data) == (Event.CASE_DISPUTED, {"text": "It is cracked."})
    assert (story.case.status, story.case.waiting_on) == (Status.DISPUTED, WaitingOn.BUYER)
    books_agree(story)
    story.make_statement(by=BUYER)
    story.make_statement()
    assert refused(lambda: story.decide(amount=10_001)).code is Code.AMOUNT_ABOVE_CASE
    story.decide(amount=2_000)
    pay(story)
    assert story.ledger.taken == 2_000


# --- disputed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["answers no", "disputes"])
def test_a_buyer_who_does_not_agree_brings_it_before_a_reviewer_who_may_grant_all_of_it(how: str) -> None:
    story = arrived(3)
    story.inspect(1)
    change = story.answer_offer(accept=False) if how == "answers no" else story.dispute()
    assert (change.entry.event, change.case.status) == (Event.CASE_DISPUTED, Status.DISPUTED)
    assert change.entry.data == {"text": "" if how == "answers no" else "It is cracked."}
    assert (story.case.waiting_on, story.case.offers[0].state) == (WaitingOn.SELLER, OfferState.REFUSED)
    books_agree(story)
    story.make_statement()
    story.make_statement(by=BUYER)
    most = refused(lambda: story.decide(amount=10_001))
    assert most.code is Code.AMOUNT_ABOVE_CASE
    assert story.decide().case.decision.amount == 10_000  # type: ignore[union-attr]  # just decided
    pay(story)


def test_a_reviewer_who_finds_for_the_seller_ends_the_case_and_another_one_hears_the_appeal() -> None:
    story = arrived(3)
    story.inspect(1)
    story.dispute()
    story.silence()
    story.decide(approve=False, by=REVIEWER)
    assert (story.case.status, story.ledger.taken) == (Status.CLOSED_DECLINED, 0)
    story.appeal()
    books_agree(story)
    story.silence()
    assert story.decide(amount=6_000, by=OTHER_REVIEWER).case.status is Status.APPROVED
    pay(story)
    assert story.ledger.taken == 6_000


def test_goods_that_an_appeal_let_come_back_may_be_kept_after_all() -> None:
    story = Story()
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.assess()
    story.decide(approve=False, by=SELLER)
    story.silence()
    story.appeal()
    assert refused(story.withdraw).code is Code.ACT_NOT_POSSIBLE
    story.silence()
    story.decide(amount=6_000)
    assert story.case.status is Status.AWAITING_RETURN
    story.withdraw()
    assert (story.case.status, story.ledger.taken) == (Status.CANCELLED, 0)
    books_agree(story)


def test_on_a_part_that_was_granted_a_reviewer_grants_no_more_than_that_part() -> None:
    story = Story()
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.assess()
    story.decide(amount=5_000, by=SELLER)
    story.ship()
    story.silence()
    assert refused(lambda: story.decide(amount=5_001)).code is Code.AMOUNT_ABOVE_CASE
    assert story.decide().case.decision.amount == 5_000  # type: ignore[union-attr]  # just decided
    pay(story)


def test_an_appeal_reaches_no_further_than_what_the_buyer_has_agreed_to() -> None:
    story = Story()
    story.open({BOWLS: 3}, kind=Kind.RETURN)
    story.assess()
    story.make_offer(5_000)
    story.answer_offer()
    story.ship()
    story.silence()
    story.decide(amount=2_000)
    pay(story)
    assert story.appeal().entry.data["amount"] == 3_000
    books_agree(story)
    story.silence()
    assert refused(lambda: story.decide(amount=5_001, by=OTHER_REVIEWER)).code is Code.AMOUNT_ABOVE_CASE
    story.decide(by=OTHER_REVIEWER)
    story.hear(AttemptState.SUCCEEDED)
    assert (story.case.status, story.ledger.taken) == (Status.COMPLETED, 5_000)


# --- terms -------------------------------------------------------------------------------------------------


def test_a_change_of_mind_costs_restocking_and_freight_and_a_fault_of_the_sellers_nothing() -> None:
    fees = return_fees(a_policy(), Reason.CHANGED_MIND, "USD", 3_335, under_label=True)
    assert (fees, fees.total) == (Fees(restocking=333, freight=450, condition_percent=40), 783)
    assert return_fees(a_policy(), Reason.DEFECTIVE, "USD", 3_335, under_label=True) == Fees()
    assert return_fees(a_policy(), Reason.CHANGED_MIND, "EUR", 1_000, under_label=True).freight == 0


def test_who_pays_the_carrier_bears_no_freight_besides() -> None:
    fees = return_fees(a_policy(), Reason.CHANGED_MIND, "USD", 3_335, under_label=False)
    assert (fees.restocking, fees.freight) == (333, 0)


def test_a_return_never_costs_more_than_the_goods_and_leaves_what_can_be_paid_back() -> None:
    policy = a_policy()
    cheap = return_fees(policy, Reason.CHANGED_MIND, "USD", 400, under_label=True)
    assert (cheap.restocking, cheap.freight) == (40, 360)
    terms = replace(policy.returns, freight={"KWD": 1_805})
    policy = replace(policy, returns=terms)
    dinars = return_fees(policy, Reason.CHANGED_MIND, "KWD", 12_350, under_label=True)
    assert (dinars.restocking, dinars.freight) == (1_230, 1_800)


@pytest.mark.parametrize(
    ("amount", "keep_item", "verdict"),
    [
        (5_000, False, Verdict.APPROVE),
        (5_001, False, Verdict.ASK_PERSON),
        (2_000, True, Verdict.ASK_PERSON),
    ],
)
def test_the_policy_approves_any_return_up_to_a_cap_of_its_own_if_the_goods_come_back(
    amount: int, keep_item: bool, verdict: Verdict
) -> None:
    facts = some_facts(kind=Kind.RETURN, reason=Reason.CHANGED_MIND, amount=amount, keep_item=keep_item)
    assert assess(facts, a_policy()).verdict is verdict


def test_what_a_return_costs_is_not_claimed_and_stays_with_the_seller() -> None:
    story = Story()
    story.open({BOWLS: 1}, kind=Kind.RETURN, fees=Fees(restocking=333, freight=450), label_offered=True)
    assert (story.case.claim.amount, story.ledger.taken) == (2_550, 2_550)
    story.assess(Verdict.APPROVE)
    story.record_label()
    story.scan(TrackingStatus.DELIVERED)
    story.inspect(1)
    pay(story)
    assert story.ledger.taken == 2_550


def test_a_return_that_costs_as_much_as_it_brings_is_refused_before_it_is_opened() -> None:
    story = Story()
    dear = Fees(freight=3_333)
    answer = refused(lambda: story.open({BOWLS: 1}, kind=Kind.RETURN, fees=dear))
    assert answer.code is Code.NOTHING_TO_REFUND


def test_goods_that_are_worth_less_than_their_way_back_stay() -> None:
    policy = a_policy()
    assert keeps_item(policy, Reason.DAMAGED, "USD", 499)
    assert not keeps_item(policy, Reason.DAMAGED, "USD", 500)
    assert not keeps_item(policy, Reason.CHANGED_MIND, "USD", 499)
    assert not keeps_item(policy, Reason.DAMAGED, "EUR", 499)
    story = Story()
    story.open(kind=Kind.RETURN, keep_item=True)
    story.assess(Verdict.APPROVE)
    assert (story.case.status, story.case.returning) == (Status.APPROVED, None)
    pay(story)


def test_a_seller_may_let_the_buyer_keep_the_goods_by_an_offer() -> None:
    story = Story()
    story.open(kind=Kind.RETURN)
    story.assess()
    story.make_offer(2_000, kind=Kind.REFUND)
    accepted = story.answer_offer()
    assert (accepted.case.kind, accepted.case.status) == (Kind.REFUND, Status.APPROVED)
    pay(story)


def test_and_a_refund_becomes_a_return_by_one() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.make_offer(None, kind=Kind.RETURN)
    accepted = story.answer_offer()
    assert (accepted.case.kind, accepted.case.status) == (Kind.RETURN, Status.AWAITING_RETURN)
    books_agree(story)


def test_a_parcel_is_said_to_have_arrived_once() -> None:
    story = arrived()
    before = story.case
    assert story.arrive() is None
    assert story.case == before


def test_what_left_a_payment_while_goods_travel_is_seen_when_they_are_paid() -> None:
    story = returning_at(Status.RETURN_IN_TRANSIT)
    story.ask_operator()
    story.leave(story.ledger.available + 833)
    story.resume()
    assert (story.case.status, story.case.owed) == (Status.RETURN_IN_TRANSIT, story.case.claim.money)
    story.inspect(1)
    covered = story.start_refund()
    assert (covered.case.status, covered.entry.data["covered"]) == (Status.REFUND_PENDING, 833)
    assert [one.amount for one in covered.case.attempts] == [2_500]
    story.hear(AttemptState.SUCCEEDED)
    assert story.case.status is Status.COMPLETED
    books_agree(story)


def test_a_count_is_kept_with_its_note() -> None:
    story = arrived()
    change = confirm_receipt(
        story.case,
        story.ledger,
        [InspectedLine(line_id=BOWLS, accepted=3)],
        "All well.",
        by=SELLER,
        policy=story.policy,
        now=story.now,
    )
    assert change.case.returning
    assert change.case.returning.receipt
    assert (change.case.returning.receipt.note, change.case.returning.receipt.by) == ("All well.", SELLER)
