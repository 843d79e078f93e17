"""Who is asked what an order was like, when, and who is left alone."""

from dataclasses import replace

import pytest

from aftersales.domain.calendar import DAY
from aftersales.domain.feedback_request import Outcome, Request, request_after, whom_to_ask
from aftersales.domain.order import Contact, Order
from tests.builders import FEEDBACK_TERMS, NOON, an_order

TERMS = FEEDBACK_TERMS.request
CONTACT = Contact(email="ada@example.com", language="zh")
ORDER = an_order(contact=CONTACT)
DELIVERED = NOON - 5 * DAY


def asked(
    order: Order | None = ORDER, *, said_before: bool = False, asked_before: bool = False, now: int = NOON
) -> Contact | Outcome:
    return whom_to_ask(order, said_before=said_before, asked_before=asked_before, terms=TERMS, now=now)


def test_a_delivery_that_is_news_is_asked_about_some_days_after_it() -> None:
    request = Request(order_id=ORDER.order_id, due_at=DELIVERED + TERMS.after_days * DAY)
    on_its_way = replace(ORDER, delivered_at=None)
    corrected = replace(ORDER, delivered_at=DELIVERED + DAY)

    assert request_after(None, ORDER, terms=TERMS, now=NOON) == request
    assert request_after(on_its_way, ORDER, terms=TERMS, now=NOON) == request
    assert request_after(ORDER, corrected, terms=TERMS, now=NOON) == replace(
        request, due_at=request.due_at + DAY
    )


def test_what_is_no_news_or_not_delivered_or_long_ago_is_not_asked_about() -> None:
    last = DELIVERED + TERMS.until_days * DAY

    assert request_after(ORDER, replace(ORDER, shipped_at=1), terms=TERMS, now=NOON) is None
    assert request_after(ORDER, replace(ORDER, delivered_at=None), terms=TERMS, now=NOON) is None
    assert request_after(None, ORDER, terms=TERMS, now=last)
    assert request_after(None, ORDER, terms=TERMS, now=last + 1) is None


def test_the_buyer_is_asked_where_they_want_to_be_told() -> None:
    assert asked() == CONTACT
    assert asked(now=DELIVERED + TERMS.until_days * DAY) == CONTACT


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        (Outcome.ASKED_BEFORE, asked(asked_before=True)),
        (Outcome.SAID_BEFORE, asked(said_before=True)),
        (Outcome.NO_CONTACT, asked(replace(ORDER, contact=None))),
        (Outcome.NO_CONTACT, asked(None)),
        (Outcome.TOO_LATE, asked(replace(ORDER, delivered_at=None))),
        (Outcome.TOO_LATE, asked(now=DELIVERED - 1)),
        (Outcome.TOO_LATE, asked(now=DELIVERED + TERMS.until_days * DAY + 1)),
    ],
)
def test_who_is_left_alone(outcome: Outcome, found: Contact | Outcome) -> None:
    assert found is outcome
