"""Sellers' digests: who wants one, and the mail of those whose day or week has passed."""

from collections.abc import Iterator
from dataclasses import replace

from aftersales.domain import digest as digests
from aftersales.domain.digest import Reader, Rhythm, Span, digest_of, last_span, next_due
from aftersales.domain.order import Contact
from aftersales.domain.parties import Party
from aftersales.domain.records import FeedbackRecord, feedback_record
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.commit import for_each, refuse_other_sellers
from aftersales.usecases.feedback_ports import FeedbackDesk
from aftersales.usecases.ports import Mailer, every

_PER_RUN = 500
_PAGE = 100


def put_digest(
    desk: FeedbackDesk, seller_id: str, *, rhythm: Rhythm, language: str, by: Party, address: str | None
) -> Reader:
    """Whoever asks is told from the end of this day or week on, at the address that their account was verified for:
    nobody has mail sent to somebody else."""
    refuse_other_sellers(seller_id, by)
    if address is None:
        raise Refusal(Code.INVALID, "Your account has no verified address that a digest could be sent to.")
    reader = Reader(
        seller_id=seller_id,
        contact=Contact(email=address, language=language),
        rhythm=rhythm,
        due_at=next_due(rhythm, desk.now()),
    )
    desk.store.put_reader(reader)
    return reader


def delete_digest(desk: FeedbackDesk, seller_id: str, *, by: Party, address: str | None) -> None:
    """Whoever asks is told no more; once more is once."""
    refuse_other_sellers(seller_id, by)
    if address:
        desk.store.delete_reader(seller_id, address)


def mail_digests(desk: FeedbackDesk, mailer: Mailer) -> int:
    """Send each digest that is due, the last whole day or week of it; answers how many were looked at."""
    now = desk.now()

    def send(reader: Reader) -> None:
        # The next one is due after the mail: whoever dies in between sends it twice, for twice is better than never.
        span = last_span(reader.rhythm, now)
        digest = digest_of(_left_in(desk, reader.seller_id, span), reader.rhythm, span)
        if digest:
            mail = digests.write(digest, reader.contact.language)
            mailer.send(reader.contact, mail.subject, mail.text, mail.html)
        desk.store.put_off_reader(reader, replace(reader, due_at=next_due(reader.rhythm, now)))

    return for_each(list(desk.store.readers_due(now, _PER_RUN)), send)


def _left_in(desk: FeedbackDesk, seller_id: str, span: Span) -> Iterator[FeedbackRecord]:
    left = every(
        lambda cursor: desk.store.feedback_of_seller(
            seller_id, first=span.since, last=span.until - 1, limit=_PAGE, cursor=cursor
        )
    )
    return map(feedback_record, left)
