"""Tell the buyer by mail what happened to their case. At least once; it reads the order and never the case."""

from collections.abc import Callable
from enum import StrEnum

from aftersales.domain import feedback_mail
from aftersales.domain.calendar import DAY
from aftersales.domain.feedback_notice import FeedbackNotice
from aftersales.domain.mail import Mail, occasion_of, write
from aftersales.domain.notice import Notice
from aftersales.usecases.commit import known_order
from aftersales.usecases.ports import Desk, Mailer, Receipt

# Longer than a notice can lie in the queue and its dead letters (4 and 14 days) before somebody redrives it.
_REMEMBERED = 30 * DAY


class Mailed(StrEnum):
    """What became of a notice."""

    SENT = "sent"
    REPEAT = "repeat"
    NO_CONTACT = "no_contact"
    NOT_FOR_BUYERS = "not_for_buyers"


def mail_buyer(desk: Desk, mailer: Mailer, notice: Notice | FeedbackNotice) -> Mailed:
    """Write to the buyer in their language, unless this notice was mailed before.

    The receipt follows the mail: whoever dies in between sends it twice, for twice is better than never. A mail
    that fails raises, and the queue brings the notice again.
    """
    letter = _letter(notice)
    if letter is None:
        return Mailed.NOT_FOR_BUYERS
    key = f"mail#{notice.notice_id}"
    if desk.store.receipt(key, desk.now()):
        return Mailed.REPEAT
    order, _ = known_order(desk, notice.order_id)
    if order.contact is None:
        return Mailed.NO_CONTACT
    mail = letter(order.contact.language)
    mailer.send(order.contact, mail.subject, mail.text, mail.html)
    now = desk.now()
    desk.store.remember(Receipt(key, notice.event, now + _REMEMBERED), now)
    return Mailed.SENT


def _letter(notice: Notice | FeedbackNotice) -> Callable[[str], Mail] | None:
    """What writes it in a language; None where the buyer is not written to."""
    if isinstance(notice, FeedbackNotice):
        if not feedback_mail.is_for_author(notice):
            return None
        return lambda language: feedback_mail.write(notice, language)
    occasion = occasion_of(notice)
    return (lambda language: write(occasion, notice, language)) if occasion else None
