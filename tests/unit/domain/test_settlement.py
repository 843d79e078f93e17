"""What refunds do to a seller's account: every posting balances, and all of them are where the cases stand."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.case import Fees, Kind, ReturnLeg, ReturnState, Shipment, Status
from aftersales.domain.charge import ChargeState
from aftersales.domain.exchange import Wanted
from aftersales.domain.label import LabelLeg, LabelState
from aftersales.domain.ledger import ExternalKind, ExternalState, open_ledger, rebase
from aftersales.domain.money import Money
from aftersales.domain.order import Order
from aftersales.domain.parcel import Parcel
from aftersales.domain.policy import Verdict
from aftersales.domain.refund import AttemptState
from aftersales.domain.settlement import (
    NOTHING,
    Account,
    AccountBalance,
    Posting,
    counted,
    fee_share,
    owed_to_seller,
    total,
)
from tests.builders import (
    BOWLS,
    CARD,
    CASE,
    GIFT_CARD,
    MARMALADE,
    SELLER,
    VASE,
    Story,
    a_label,
    an_order,
    exchanging_at,
    returning_at,
    story_at,
)

FEE, CAPTURED = 2_089, 17_398


def postings_of(story: Story, case_id: str = CASE) -> list[Posting]:
    return [entry.posting for entry in story.timelines[case_id] if entry.posting]


def lines_of(postings: Iterable[Posting]) -> Mapping[Account, int]:
    return total(map(counted, postings)).lines


def part_of_fee(amount: int) -> int:
    return round(FEE * amount / CAPTURED)


def test_a_refund_is_the_sellers_but_for_the_platforms_share_of_its_fee() -> None:
    story = story_at(Status.COMPLETED)
    (posting,) = postings_of(story)
    assert (posting.order_id, posting.seller_id, posting.currency) == ("order-1", SELLER.id, "USD")
    assert posting.lines == {
        Account.BUYER_REFUND: -3_333,
        Account.PLATFORM_FEE: part_of_fee(3_333),
        Account.SELLER_PAYABLE: 3_333 - part_of_fee(3_333),
    }
    assert owed_to_seller(posting.lines) == part_of_fee(3_333) - 3_333


def test_nothing_is_posted_before_money_has_gone_back() -> None:
    for status in Status:
        story = story_at(status)
        assert bool(postings_of(story)) is (status is Status.COMPLETED)


def test_each_part_that_arrives_posts_itself() -> None:
    story = story_at(Status.REFUND_PENDING, {BOWLS: 3})
    story.hear(AttemptState.SUCCEEDED, GIFT_CARD)
    story.hear(AttemptState.PENDING, CARD)
    story.hear(AttemptState.SUCCEEDED, CARD)
    assert [posting.lines[Account.BUYER_REFUND] for posting in postings_of(story)] == [-2_500, -7_500]
    assert lines_of(postings_of(story))[Account.PLATFORM_FEE] == part_of_fee(10_000)


def test_a_refund_that_fails_late_is_reversed_by_a_posting_of_its_own() -> None:
    story = story_at(Status.COMPLETED)
    (refund,) = postings_of(story)
    story.hear(AttemptState.FAILED, CARD)
    assert postings_of(story)[0] is refund
    assert lines_of(postings_of(story)) == dict(lines_of([refund])) | {
        Account.BUYER_REFUND: -2_500,
        Account.PLATFORM_FEE: part_of_fee(2_500),
        Account.SELLER_PAYABLE: 2_500 - part_of_fee(2_500),
    }


def test_the_same_news_twice_posts_once() -> None:
    story = story_at(Status.COMPLETED)
    assert story.hear(AttemptState.SUCCEEDED) is None
    assert len(postings_of(story)) == 1


def test_what_an_operator_paid_by_another_means_is_posted_as_well() -> None:
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    story.pay_elsewhere()
    assert lines_of(postings_of(story))[Account.BUYER_REFUND] == -3_333


def test_what_other_goods_cost_more_is_the_sellers_and_no_fee_is_kept_of_it() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, Wanted(line_id=BOWLS, sku=VASE, quantity=1))
    story.ship_replacement()
    story.arrange_all()
    assert lines_of(postings_of(story)) == {Account.BUYER_PAYMENT: 1_000, Account.SELLER_PAYABLE: -1_000}
    assert owed_to_seller(postings_of(story)[0].lines) == 1_000


def test_a_difference_that_was_taken_and_paid_back_leaves_the_seller_as_any_refund_does() -> None:
    story = exchanging_at(Status.EXCHANGE_PENDING, None, Wanted(line_id=BOWLS, sku=VASE, quantity=1))
    story.silence()
    story.charge(ChargeState.CAPTURED)
    story.arrange_all()
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert lines_of(postings_of(story)) == {
        Account.BUYER_PAYMENT: 1_000,
        Account.BUYER_REFUND: -4_333,
        Account.PLATFORM_FEE: part_of_fee(3_333),
        Account.SELLER_PAYABLE: 3_333 - part_of_fee(3_333),
    }


def test_goods_that_stay_post_what_was_paid_and_no_freight() -> None:
    story = Story()
    story.open({BOWLS: 1}, kind=Kind.RETURN, keep_item=True)
    story.assess(Verdict.APPROVE)
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    assert lines_of(postings_of(story)).keys() == {
        Account.BUYER_REFUND,
        Account.PLATFORM_FEE,
        Account.SELLER_PAYABLE,
    }


def test_what_a_return_costs_its_buyer_is_kept_for_seller_and_carrier() -> None:
    story = returning_at(Status.RETURN_RECEIVED)
    story.cases[CASE] = replace(story.case, fees=Fees(restocking=300, freight=600))
    story.inspect(1)
    story.start_refund()
    story.hear(AttemptState.SUCCEEDED)
    lines = lines_of(postings_of(story))
    assert (lines[Account.RESTOCKING_FEE], lines[Account.RETURN_FREIGHT]) == (-300, -600)
    assert sum(lines.values()) == 0
    # The seller loses what the buyer got and what the carrier gets, less the platform's share.
    assert owed_to_seller(lines) == lines[Account.PLATFORM_FEE] - (3_333 + 600)


@pytest.mark.parametrize(
    ("cost", "freight", "kept"),
    [(Money(745, "USD"), 0, 745), (Money(745, "USD"), 600, 600), (Money(745, "CAD"), 0, 0)],
)
def test_where_the_buyer_bears_no_freight_the_seller_bears_the_label(
    cost: Money, freight: int, kept: int
) -> None:
    label = a_label(cost=cost)
    parcel = Parcel(carrier=label.carrier, tracking_code=label.tracking_code)
    leg = LabelLeg(ordered_at=0, state=LabelState.BOUGHT, label=label)
    goods = Shipment(shipment_id="s1", label=leg, parcel=parcel)
    story = story_at(Status.REFUND_PENDING)
    story.cases[CASE] = replace(
        story.case,
        returning=ReturnLeg(state=ReturnState.CLOSED, shipment=goods),
        fees=Fees(freight=freight),
    )
    story.hear(AttemptState.SUCCEEDED)
    assert lines_of(postings_of(story)).get(Account.RETURN_FREIGHT, 0) == -kept


def test_what_left_without_the_desk_is_posted_for_the_order_and_reversed_when_it_comes_back() -> None:
    story = Story()
    story.leave(1_000)
    story.leave(4_000, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN, external_id="dp_1")
    assert lines_of(story.postings) == {
        Account.BUYER_REFUND: -1_000,
        Account.CHARGEBACK: -4_000,
        Account.PLATFORM_FEE: part_of_fee(5_000),
        Account.SELLER_PAYABLE: 5_000 - part_of_fee(5_000),
    }
    story.leave(4_000, kind=ExternalKind.DISPUTE, state=ExternalState.RETURNED, external_id="dp_1")
    assert lines_of(story.postings)[Account.PLATFORM_FEE] == part_of_fee(1_000)
    assert Account.CHARGEBACK not in lines_of(story.postings)
    posted = len(story.postings)
    assert not story.leave(4_000, kind=ExternalKind.DISPUTE, state=ExternalState.RETURNED, external_id="dp_1")
    assert len(story.postings) == posted


def test_a_dispute_that_the_bank_decided_posts_nothing_more() -> None:
    story = Story()
    story.leave(4_000, kind=ExternalKind.DISPUTE, state=ExternalState.OPEN, external_id="dp_1")
    assert story.leave(4_000, kind=ExternalKind.DISPUTE, state=ExternalState.TAKEN, external_id="dp_1")
    assert len(story.postings) == 1


@given(
    fee=st.integers(0, CAPTURED),
    sizes=st.lists(st.integers(1, 6_000), min_size=1, max_size=12),
    back=st.integers(0, 11),
)
def test_the_fee_is_given_back_to_the_cent_however_the_order_is_refunded(
    fee: int, sizes: list[int], back: int
) -> None:
    order = an_order(platform_fee=fee)
    story = Story(order=order)
    rest = CAPTURED
    for n, size in enumerate((*sizes, CAPTURED)):
        story.leave(min(size, rest), external_id=f"re_{n}")
        rest -= min(size, rest)
    assert lines_of(story.postings).get(Account.PLATFORM_FEE, 0) == fee
    assert all(sum(posting.lines.values()) == 0 for posting in story.postings)
    # One of them fails after all, and is made again.
    one = story.ledger.external[back % len(story.ledger.external)]
    story.hear_of_external([replace(one, state=ExternalState.RETURNED)])
    story.leave(one.amount, external_id="re_again")
    assert lines_of(story.postings).get(Account.PLATFORM_FEE, 0) == story.ledger.fee_returned == fee


def test_no_more_than_the_fee_is_given_back_where_the_buyer_is_paid_twice() -> None:
    story = story_at(Status.COMPLETED, {BOWLS: 3, MARMALADE: 2})
    story.leave(CAPTURED)
    assert story.ledger.fee_returned == FEE


def test_an_order_that_was_paid_with_nothing_has_no_fee_to_share() -> None:
    free = an_order(payments=(), platform_fee=0)
    assert fee_share(open_ledger(free)) == 0


def test_an_order_from_before_there_were_postings_posts_nothing_and_goes_on_so() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.ledger = replace(story.ledger, platform_fee=None)
    story.hear(AttemptState.SUCCEEDED)
    story.leave(500)
    assert not postings_of(story)
    assert not story.postings
    assert rebase(story.ledger, story.order).platform_fee is None


def test_an_order_from_before_of_which_nothing_was_taken_begins_to_post_when_it_is_written_again() -> None:
    order: Order = an_order()
    assert rebase(replace(open_ledger(order), platform_fee=None), order).platform_fee == FEE


def test_a_fee_that_the_platform_corrects_is_trued_up_with_the_next_refund() -> None:
    story = story_at(Status.COMPLETED)
    story.order = replace(story.order, platform_fee=0)
    story.ledger = rebase(story.ledger, story.order)
    story.leave(CAPTURED - 3_333)
    assert lines_of([*postings_of(story), *story.postings]).get(Account.PLATFORM_FEE, 0) == 0


def test_balances_are_sums_in_any_order() -> None:
    one = AccountBalance(2, {Account.BUYER_REFUND: -5, Account.SELLER_PAYABLE: 5})
    other = AccountBalance(1, {Account.BUYER_REFUND: 5, Account.SELLER_PAYABLE: -5})
    assert total([one, other]) == total([other, one]) == AccountBalance(3, {})
    assert total([]) == NOTHING
