"""Ask buyers what delivered orders were like. A request's row is its own queue: it is there until it was mailed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from aftersales.domain import feedback_mail
from aftersales.domain.calendar import HOUR
from aftersales.domain.feedback_request import Outcome, Request, whom_to_ask
from aftersales.usecases.commit import for_each
from aftersales.usecases.feedback_ports import FeedbackDesk
from aftersales.usecases.ports import Mailer

_PER_SWEEP = 100
# A mail that is not taken holds up neither the others nor the next minute's.
_AGAIN_AFTER = HOUR


def request_feedback(desk: FeedbackDesk, mailer: Mailer) -> Mapping[Outcome, int]:
    """Send every request that is due; answers what became of how many."""
    outcomes = Counter[Outcome]()

    def ask(request: Request) -> None:
        outcomes[_ask(desk, mailer, request)] += 1

    for_each(list(desk.store.requests_due(desk.now(), _PER_SWEEP)), ask)
    return outcomes


def _ask(desk: FeedbackDesk, mailer: Mailer, request: Request) -> Outcome:
    """The order counts as asked after the mail: whoever dies in between asks twice, for twice is better than never.

    The feedback is looked for just before: who says something in the second of the mail is asked all the same.
    """
    order, now = desk.store.order_of_buyer(request.order_id), desk.now()
    contact = whom_to_ask(
        order,
        said_before=order is not None and desk.store.said_before(order.order_id, order.buyer_id),
        asked_before=desk.store.asked_before(request.order_id),
        terms=desk.policies.at(now).feedback.request,
        now=now,
    )
    if isinstance(contact, Outcome):
        desk.store.drop_request(request)
        return contact
    mail = feedback_mail.write_request(request.order_id, contact.language)
    try:
        mailer.send(contact, mail.subject, mail.text, mail.html)
    except Exception:
        desk.store.put_off_request(request, replace(request, due_at=now + _AGAIN_AFTER))
        raise
    desk.store.close_request(request, now)
    return Outcome.SENT
