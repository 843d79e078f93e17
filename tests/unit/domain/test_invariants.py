"""The invariants: silent on what is right, and each speaks of exactly the wrong that is its own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from aftersales.domain.case import Case, Status
from aftersales.domain.invariants import (
    ALWAYS,
    AT_REST,
    Books,
    ExecutionOfCase,
    RefundAtProvider,
    violations,
)
from aftersales.domain.ledger import Unit
from aftersales.domain.refund import AttemptState
from tests.builders import BOWLS, CARD, CASE, Story, story_at

EVERY_STATUS = list(Status)
AN_END = [Status.COMPLETED, Status.CANCELLED, Status.CLOSED_DECLINED]


def books_of(story: Story) -> Books:
    """What is found when nobody made a mistake and nothing is under way."""
    entries = tuple(story.timeline)
    return Books(
        ledger=story.ledger,
        cases=(story.case,),
        entries={CASE: entries},
        refunds=tuple(
            RefundAtProvider(
                provider_refund_id=f"re_{attempt.number}",
                refund_id=attempt.refund_id,
                payment_id=attempt.payment_id,
                amount=attempt.amount,
                state=attempt.state,
            )
            for attempt in story.case.attempts
            if attempt.state is not AttemptState.SUBMITTED
        ),
        executions=(ExecutionOfCase(name=CASE, case_id=CASE, running=False, failed=False),),
        accepted=frozenset({CASE}),
        told=frozenset(entry.notice_id for entry in entries),
    )


def paid() -> Books:
    """A case whose refund has arrived."""
    return books_of(story_at(Status.COMPLETED))


def with_case(books: Books, **changes: object) -> Books:
    case: Case = replace(books.cases[0], **changes)  # type: ignore[arg-type]
    return replace(books, cases=(case,))


def with_balance(books: Books, **changes: int) -> Books:
    """The last payment's balance is another one."""
    *others, last = books.ledger.balances
    return replace(books, ledger=replace(books.ledger, balances=(*others, replace(last, **changes))))  # type: ignore[arg-type]


def with_refund(books: Books, **changes: object) -> Books:
    *others, last = books.refunds
    return replace(books, refunds=(*others, replace(last, **changes)))  # type: ignore[arg-type]


def numbers(books: Books) -> set[str]:
    return {one.invariant for one in violations(books, AT_REST)}


@pytest.mark.parametrize("status", EVERY_STATUS)
def test_nothing_is_wrong_on_the_way(status: Status) -> None:
    assert violations(books_of(story_at(status)), ALWAYS) == ()


@pytest.mark.parametrize("status", AN_END)
def test_nothing_is_wrong_at_the_end(status: Status) -> None:
    assert violations(books_of(story_at(status)), AT_REST) == ()


def twice(books: Books) -> Books:
    return replace(books, refunds=(*books.refunds, *books.refunds))


def without_entries(books: Books) -> Books:
    return replace(books, entries={CASE: ()})


def without_the_second_entry(books: Books) -> Books:
    first, _, *rest = books.entries[CASE]
    return replace(books, entries={CASE: (first, *rest)})


def told_otherwise(books: Books) -> Books:
    *before, last = books.entries[CASE]
    return replace(books, entries={CASE: (*before, replace(last, to_status=Status.CANCELLED))})


def ended_before(books: Books) -> Books:
    first, second, *rest = books.entries[CASE]
    return replace(books, entries={CASE: (first, replace(second, to_status=Status.CANCELLED), *rest)})


def units_free(books: Books) -> Books:
    lines = tuple(
        replace(line, units=(Unit.AVAILABLE,) * len(line.units)) if line.line_id == BOWLS else line
        for line in books.ledger.lines
    )
    return replace(books, ledger=replace(books.ledger, lines=lines))


def line_gone(books: Books) -> Books:
    lines = tuple(line for line in books.ledger.lines if line.line_id != BOWLS)
    return replace(books, ledger=replace(books.ledger, lines=lines))


def executed(books: Books, **changes: object) -> Books:
    return replace(books, executions=(replace(books.executions[0], **changes),))  # type: ignore[arg-type]


MISTAKES: dict[str, tuple[Callable[[Books], Books], str]] = {
    "money from nowhere": (lambda books: with_balance(books, available=1), "I1"),
    "below zero": (lambda books: with_balance(books, disputed=-1), "I1"),
    "two live refunds under one id": (twice, "I2"),
    "more refunded than captured": (lambda books: with_refund(books, amount=10**6, refund_id=None), "I2"),
    "more refunded than owed": (lambda books: with_case(books, owed=()), "I2"),
    "a refund that no case knows": (lambda books: with_refund(books, refund_id="other"), "I2"),
    "an accepted case that is gone": (lambda books: replace(books, accepted=frozenset({"gone"})), "I3"),
    "no execution": (lambda books: replace(books, executions=()), "I4"),
    "a second execution": (lambda books: replace(books, executions=books.executions * 2), "I4"),
    "an execution that waits for nothing": (lambda books: executed(books, running=True), "I4"),
    "an execution that failed": (lambda books: executed(books, failed=True), "I4"),
    "a case that ended twice": (ended_before, "I5"),
    "a case that ended in silence": (without_entries, "I5"),
    "a refund that the provider does not have": (lambda books: replace(books, refunds=()), "I6"),
    "a refund that failed there": (lambda books: with_refund(books, state=AttemptState.FAILED), "I6"),
    "a gap in the timeline": (without_the_second_entry, "I7"),
    "an end that was told otherwise": (told_otherwise, "I7"),
    "money released although it was paid": (lambda books: with_balance(books, refunded=0), "I8"),
    "money still held although it was paid": (lambda books: with_balance(books, reserved=1), "I8"),
    "units free although they were paid": (units_free, "I8"),
    "units of a line that is gone": (line_gone, "I8"),
    "an effect that is still due": (lambda books: replace(books, unrelayed=frozenset({f"{CASE}:1"})), "I9"),
    "a notice that nobody got": (lambda books: replace(books, told=frozenset()), "I9"),
}


@pytest.mark.parametrize(("mistake", "invariant"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_breaks_its_invariant(mistake: Callable[[Books], Books], invariant: str) -> None:
    assert invariant in numbers(mistake(paid()))


def test_a_case_that_never_ends_is_named() -> None:
    (found,) = (
        one for one in violations(books_of(story_at(Status.DISPUTED)), AT_REST) if one.invariant == "I5"
    )
    assert str(found) == f"I5 {CASE}: nothing is under way any more, and the case is disputed"


def test_a_reopened_case_ends_once_more_and_has_a_second_execution() -> None:
    story = story_at(Status.COMPLETED)
    story.hear(AttemptState.FAILED, CARD)
    story.resume()
    story.hear(AttemptState.SUCCEEDED, CARD)
    books = books_of(story)
    second = replace(books.executions[0], name=f"{CASE}-2")
    assert violations(replace(books, executions=(*books.executions, second)), AT_REST) == ()
    assert numbers(books) == {"I4"}


def test_a_refused_attempt_needs_no_refund_at_the_provider() -> None:
    story = story_at(Status.REFUND_PENDING)
    story.hear(AttemptState.FAILED)
    books = replace(books_of(story), refunds=())
    assert "I6" not in numbers(books)
