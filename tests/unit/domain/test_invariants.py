"""The invariants: books that are right are silent, and each way to be wrong is told under its number."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aftersales.domain.case import FINAL, Case, Status
from aftersales.domain.charge import ChargeState, ProviderCharge
from aftersales.domain.invariants import (
    AT_REST,
    IN_OPERATION,
    Books,
    ExecutionOfCase,
    violations,
)
from aftersales.domain.ledger import External, ExternalKind, ExternalState, Unit, with_payment
from aftersales.domain.order import Payment
from aftersales.domain.refund import ELSEWHERE, AttemptState, RefundAtProvider
from aftersales.domain.settlement import Account, Posting
from aftersales.domain.timeline import EFFECTS
from tests.builders import CARD, CASE, GIFT_CARD, HOUR, Story, story_at


def books_of(story: Story, **changes: Any) -> Books:
    """The books of a story in which everything outside went as it should."""
    cases = tuple(story.cases.values())
    books = Books(
        ledger=story.ledger,
        cases=cases,
        entries={case.case_id: tuple(story.timelines[case.case_id]) for case in cases},
        refunds=tuple(
            RefundAtProvider(
                provider_refund_id=f"re_{attempt.refund_id}",
                refund_id=attempt.refund_id,
                payment_id=attempt.payment_id,
                amount=attempt.amount,
                state=attempt.state,
            )
            for case in cases
            for attempt in case.attempts
            if attempt.state is not AttemptState.SUBMITTED and attempt.provider != ELSEWHERE
        ),
        external=story.ledger.external,
        postings=tuple(story.postings),
        executions=tuple(
            ExecutionOfCase(
                name=case.case_id, case_id=case.case_id, running=case.status not in FINAL, failed=False
            )
            for case in cases
        ),
        accepted=frozenset(story.cases),
        told=frozenset(
            entry.notice_id
            for entries in story.timelines.values()
            for entry in entries
            if EFFECTS[entry.event].told
        ),
        at=story.now,
    )
    return replace(books, **changes)


def numbers(books: Books, checks: Any = IN_OPERATION) -> set[str]:
    """The numbers of the invariants that are broken; each says so in a sentence."""
    found = violations(books, checks)
    assert all(str(one).startswith(f"{one.invariant} {one.ids[0]}") for one in found)
    return {one.invariant for one in found}


def with_case(books: Books, **changes: Any) -> Books:
    """Another case than the one that was written."""
    return replace(books, cases=(replace(books.cases[0], **changes), *books.cases[1:]))


def with_balance(books: Books, **changes: Any) -> Books:
    """Another balance of the card than the one that was written."""
    gift, card = books.ledger.balances
    return replace(books, ledger=replace(books.ledger, balances=(gift, replace(card, **changes))))


def with_refund(books: Books, **changes: Any) -> Books:
    """Another refund at the provider than the one that was asked for."""
    return replace(books, refunds=(replace(books.refunds[0], **changes), *books.refunds[1:]))


def with_postings(books: Books, posting: Callable[[Posting], Posting | None]) -> Books:
    """Other postings in the entries than those that were written."""
    entries = tuple(
        replace(one, posting=posting(one.posting)) if one.posting else one for one in books.entries[CASE]
    )
    return replace(books, entries={CASE: entries})


def with_units(books: Books, unit: Unit) -> Books:
    """Every unit of every line somewhere else."""
    lines = tuple(replace(line, units=(unit,) * len(line.units)) for line in books.ledger.lines)
    return replace(books, ledger=replace(books.ledger, lines=lines))


def a_charge(**changes: Any) -> ProviderCharge:
    charge = ProviderCharge(
        charge_id=f"{CASE}.charge.1",
        reference="pi_difference",
        state=ChargeState.AWAITING,
        amount=1_250,
        currency="USD",
    )
    return replace(charge, **changes)


TAKEN = a_charge(state=ChargeState.CAPTURED, captured=1_250)
PAID = Payment(
    payment_id=TAKEN.charge_id, provider="stripe", reference=TAKEN.reference, captured=TAKEN.captured
)


def an_external(**changes: Any) -> External:
    external = External(
        external_id="re_hand",
        payment_id=CARD,
        kind=ExternalKind.REFUND,
        amount=5,
        state=ExternalState.TAKEN,
    )
    return replace(external, **changes)


@pytest.mark.parametrize("status", Status)
def test_books_that_are_right_are_silent(status: Status) -> None:
    assert numbers(books_of(story_at(status))) == set()


@pytest.mark.parametrize("status", sorted(FINAL))
def test_books_at_rest_are_silent(status: Status) -> None:
    assert numbers(books_of(story_at(status)), AT_REST) == set()


def test_books_with_money_that_left_without_the_desk_are_silent() -> None:
    story = story_at(Status.APPROVED)
    story.leave(14_898)
    story.start_refund()
    assert numbers(books_of(story)) == set()


def test_an_order_from_before_there_were_postings_is_not_asked_for_any() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.ledger = replace(story.ledger, platform_fee=None)
    story.hear(AttemptState.SUCCEEDED)
    assert numbers(books_of(story)) == set()


def test_what_was_paid_by_another_means_is_unknown_to_every_provider() -> None:
    story = story_at(Status.REFUND_ACTION_REQUIRED)
    story.pay_elsewhere()
    assert numbers(books_of(story)) == set()


DRIFTS: dict[str, tuple[str, Status, Callable[[Books], Books]]] = {
    "money that nobody booked": ("I1", Status.COMPLETED, lambda it: with_balance(it, available=1)),
    "money below zero": (
        "I1",
        Status.REQUESTED,
        lambda it: with_balance(it, available=-1, reserved=it.ledger.balances[1].captured + 1),
    ),
    "available beside short": ("I1", Status.REQUESTED, lambda it: with_balance(it, short=1)),
    "a refund made twice": (
        "I2",
        Status.COMPLETED,
        lambda it: replace(it, refunds=(*it.refunds, replace(it.refunds[0], provider_refund_id="re_2"))),
    ),
    "more refunded than captured": (
        "I2",
        Status.COMPLETED,
        lambda it: replace(
            it,
            refunds=(
                *it.refunds,
                replace(it.refunds[0], refund_id=None, provider_refund_id="re_2", amount=99_999),
            ),
        ),
    ),
    "a refund under a key that nobody wrote down": (
        "I2",
        Status.COMPLETED,
        lambda it: with_refund(it, refund_id="case-1.card.7"),
    ),
    "a refund of more than is owed": ("I2", Status.COMPLETED, lambda it: with_refund(it, amount=2_501)),
    "a case that vanished": ("I3", Status.REQUESTED, lambda it: replace(it, accepted=frozenset({CASE, "x"}))),
    "an open case without an execution": ("I4", Status.UNDER_REVIEW, lambda it: replace(it, executions=())),
    "an execution that outlives its case": (
        "I4",
        Status.CANCELLED,
        lambda it: replace(it, executions=(replace(it.executions[0], running=True),)),
    ),
    "an open case without a clock": ("I5", Status.UNDER_REVIEW, lambda it: with_case(it, deadline_at=None)),
    "a clock that nobody swept": (
        "I5",
        Status.UNDER_REVIEW,
        lambda it: replace(it, at=it.cases[0].deadline_at + 2 * HOUR),  # type: ignore[operator]  # it has a clock
    ),
    "a case that was approved and forgotten": (
        "I5",
        Status.APPROVED,
        lambda it: replace(it, at=it.at + 2 * HOUR),
    ),
    "a success that the provider does not know": (
        "I6",
        Status.COMPLETED,
        lambda it: replace(it, refunds=it.refunds[1:]),
    ),
    "a success that failed at the provider": (
        "I6",
        Status.COMPLETED,
        lambda it: with_refund(it, state=AttemptState.FAILED),
    ),
    "a refund by hand that is not booked": (
        "I6",
        Status.COMPLETED,
        lambda it: replace(it, external=(an_external(),)),
    ),
    "a refund by hand that does not exist": (
        "I6",
        Status.COMPLETED,
        lambda it: replace(it, ledger=replace(it.ledger, external=(an_external(),))),
    ),
    "a gap in the timeline": (
        "I7",
        Status.COMPLETED,
        lambda it: replace(it, entries={CASE: it.entries[CASE][:1] + it.entries[CASE][2:]}),
    ),
    "an entry that starts elsewhere": (
        "I7",
        Status.UNDER_REVIEW,
        lambda it: replace(
            it,
            entries={CASE: (it.entries[CASE][0], replace(it.entries[CASE][1], from_status="approved"))},
        ),
    ),
    "a status that nobody told": (
        "I7",
        Status.UNDER_REVIEW,
        lambda it: replace(
            it,
            entries={CASE: (it.entries[CASE][0], replace(it.entries[CASE][1], to_status="approved"))},
        ),
    ),
    "a reservation that was never freed": (
        "I8",
        Status.CANCELLED,
        lambda it: with_balance(it, available=14_000, reserved=898),
    ),
    "units that were freed although they are paid": (
        "I8",
        Status.COMPLETED,
        lambda it: with_units(it, Unit.AVAILABLE),
    ),
    "a posting that was lost": (
        "I12",
        Status.COMPLETED,
        lambda it: with_postings(it, lambda posting: None),
    ),
    "a posting of another amount": (
        "I12",
        Status.COMPLETED,
        lambda it: with_postings(
            it,
            lambda posting: replace(posting, lines={name: 2 * n for name, n in posting.lines.items()}),
        ),
    ),
    "a posting that leaves something": (
        "I12",
        Status.COMPLETED,
        lambda it: with_postings(
            it, lambda posting: replace(posting, lines={**posting.lines, Account.SELLER_PAYABLE: 1})
        ),
    ),
    "a fee that was given back and not posted": (
        "I12",
        Status.COMPLETED,
        lambda it: replace(it, ledger=replace(it.ledger, fee_returned=1)),
    ),
    "a posting for money that is still there": (
        "I12",
        Status.COMPLETED,
        lambda it: replace(it, postings=tuple(e.posting for e in it.entries[CASE] if e.posting)),
    ),
    "a buyer who is asked twice": (
        "I2",
        Status.EVIDENCE_REQUIRED,
        lambda it: replace(it, charges=(a_charge(), a_charge(reference="pi_2"))),
    ),
    "an effect that never came": (
        "I9",
        Status.UNDER_REVIEW,
        lambda it: replace(it, unrelayed=frozenset({f"{CASE}:1"})),
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_each_way_to_be_wrong_is_told_under_its_number(drift: str) -> None:
    number, status, spoil = DRIFTS[drift]
    books = books_of(story_at(status))
    assert number not in numbers(books)
    assert number in numbers(spoil(books))


@pytest.mark.parametrize(
    ("number", "spoil"),
    [
        ("I4", lambda it: replace(it, executions=(replace(it.executions[0], running=True),))),
        ("I4", lambda it: replace(it, executions=(replace(it.executions[0], failed=True),))),
        ("I4", lambda it: replace(it, executions=())),
        ("I5", lambda it: replace(it, entries={CASE: it.entries[CASE][:-1]})),
        ("I9", lambda it: replace(it, told=frozenset())),
        ("I5", lambda it: replace(it, charges=(a_charge(),))),
        ("I5", lambda it: replace(it, charges=(a_charge(state=ChargeState.AUTHORIZED),))),
        ("I6", lambda it: replace(it, charges=(TAKEN,))),
        ("I6", lambda it: replace(it, ledger=with_payment(it.ledger, PAID))),
        (
            "I6",
            lambda it: replace(
                it,
                ledger=with_payment(it.ledger, PAID),
                charges=(replace(TAKEN, captured=1_000),),
            ),
        ),
    ],
)
def test_at_rest_everything_has_ended_once_and_was_told(number: str, spoil: Callable[[Books], Books]) -> None:
    assert number in numbers(spoil(books_of(story_at(Status.COMPLETED))), AT_REST)


def test_what_was_taken_once_and_booked_is_right() -> None:
    books = books_of(story_at(Status.COMPLETED))
    given_up = a_charge(reference="pi_2", state=ChargeState.CANCELED)
    books = replace(books, ledger=with_payment(books.ledger, PAID), charges=(TAKEN, given_up))
    assert numbers(books, AT_REST) == set()


def test_at_rest_no_case_is_open() -> None:
    assert "I5" in numbers(books_of(story_at(Status.UNDER_REVIEW)), AT_REST)


def test_a_case_for_which_an_operator_was_asked_needs_no_execution() -> None:
    story = story_at(Status.UNDER_REVIEW)
    story.ask_operator()
    assert numbers(books_of(story, executions=())) == set()


def test_an_attempt_that_asks_for_something_need_not_exist_at_the_provider() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.REQUIRES_ACTION)
    assert "I6" not in numbers(books_of(story, refunds=()))


def test_a_case_that_took_units_of_a_line_that_is_gone_is_told() -> None:
    books = books_of(story_at(Status.REQUESTED))
    case: Case = books.cases[0]
    assert case.claim.units
    assert {payment.payment_id for payment in books.ledger.balances} == {GIFT_CARD, CARD}
    assert "I8" in numbers(replace(books, ledger=replace(books.ledger, lines=())))
