"""The mail to buyers: which notice asks for which letter, and the letters in every language.

`OCCASIONS` is the one table of what a buyer is told by mail. A letter is a subject and paragraphs, written once
per language; the text and the HTML form are both made of them, so they can never say different things. A mail
names the case and, where it matters, the amount. Nothing that anybody wrote and nobody's name is in it: whoever
reads a mailbox is not yet somebody who may read the case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from html import escape
from string import Template

from aftersales.domain.case import FINAL, Kind, Status
from aftersales.domain.evidence import MAX_BYTES
from aftersales.domain.lifecycle import LIFECYCLE, Act, waits_for
from aftersales.domain.money import Money, decimals
from aftersales.domain.notice import Notice
from aftersales.domain.parties import Role
from aftersales.domain.timeline import Event


class Letter(StrEnum):
    """What a mail tells."""

    RECEIVED = "received"
    EVIDENCE_REQUESTED = "evidence_requested"
    EVIDENCE_REFUSED = "evidence_refused"
    EVIDENCE_OF_OTHERS = "evidence_of_others"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    DECLINED = "declined"
    DECLINED_BY_REVIEWER = "declined_by_reviewer"
    DISPUTED = "disputed"
    OFFER = "offer"
    OFFER_REFUSED = "offer_refused"
    OFFER_LAPSED = "offer_lapsed"
    STATEMENT = "statement"
    HEARD = "heard"
    APPEALED = "appealed"
    APPEAL_DECLINED = "appeal_declined"
    DEADLINE_NEAR = "deadline_near"
    DEADLINE_EXTENDED = "deadline_extended"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    RETURN_AWAITED = "return_awaited"
    LABEL_READY = "label_ready"
    LABEL_REFUSED = "label_refused"
    RETURN_EXPIRED = "return_expired"
    PARCEL_SENT = "parcel_sent"
    PARCEL_ARRIVED = "parcel_arrived"
    PARCEL_OVERDUE = "parcel_overdue"
    RETURN_REOPENED = "return_reopened"
    RETURN_REVIEWED = "return_reviewed"
    PARCEL_UNSEEN = "parcel_unseen"
    PARCEL_TURNED_BACK = "parcel_turned_back"
    PARCEL_LOST = "parcel_lost"
    RETURN_ACCEPTED = "return_accepted"
    DEDUCTION = "deduction"
    DEDUCTION_STANDS = "deduction_stands"
    NOTHING_ACCEPTED = "nothing_accepted"
    EXCHANGE_RECEIVED = "exchange_received"
    EXCHANGE_AWAITED = "exchange_awaited"
    EXCHANGE_APPROVED = "exchange_approved"
    REPLACEMENT_DUE = "replacement_due"
    OUT_OF_STOCK = "out_of_stock"
    ALTERNATIVE_CHOSEN = "alternative_chosen"
    DIFFERENCE_ASKED = "difference_asked"
    DIFFERENCE_PAID = "difference_paid"
    REPLACEMENT_SENT = "replacement_sent"
    REPLACEMENT_ARRIVED = "replacement_arrived"
    REPLACEMENT_LOST = "replacement_lost"
    EXCHANGE_COMPLETED = "exchange_completed"
    EXCHANGE_FORGONE = "exchange_forgone"
    GOODS_DUE = "goods_due"
    GOODS_EARNED = "goods_earned"
    GOODS_OWED = "goods_owed"
    DEBT_CHARGED = "debt_charged"
    MESSAGE = "message"
    ADVANCE_GRANTED = "advance_granted"
    ADVANCE_FORGONE = "advance_forgone"
    ADVANCE_FAILED = "advance_failed"
    ADVANCE_EARNED = "advance_earned"
    DEBT = "debt"
    REFUND_ADVANCED = "refund_advanced"
    REFUND_PENDING = "refund_pending"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"
    REFUND_COVERED = "refund_covered"


# Other goods are still to be sent, or paid for.
_GOING_OUT = frozenset({Status.OUT_OF_STOCK, Status.AWAITING_PAYMENT, Status.EXCHANGE_PENDING})


def _always(_: Notice) -> bool:
    return True


def _by_buyer(notice: Notice) -> bool:
    return notice.author == Role.BUYER


def _by_others(notice: Notice) -> bool:
    return not _by_buyer(notice)


def _may_try_again(notice: Notice) -> bool:
    """A file that fails once photos are no longer taken is not worth a mail that asks for another."""
    return _by_buyer(notice) and notice.status in LIFECYCLE[Act.ADD_EVIDENCE]


def _for_goods(notice: Notice) -> bool:
    return notice.status == Status.AWAITING_RETURN


def _for_money(notice: Notice) -> bool:
    return not _for_goods(notice)


def _for_goods_in_exchange(notice: Notice) -> bool:
    return _for_goods(notice) and notice.kind == Kind.EXCHANGE


def _for_replacement(notice: Notice) -> bool:
    return notice.kind == Kind.EXCHANGE and notice.status in _GOING_OUT


def _for_exchange(notice: Notice) -> bool:
    return notice.kind == Kind.EXCHANGE


def _for_reviewer(notice: Notice) -> bool:
    return notice.status == Status.DISPUTED


def _for_seller(notice: Notice) -> bool:
    return not _for_reviewer(notice)


def _at_its_end(notice: Notice) -> bool:
    return notice.status == Status.CLOSED_DECLINED


def _by_silence(notice: Notice) -> bool:
    return not _by_buyer(notice) and not _at_its_end(notice)


def _after_dispute(notice: Notice) -> bool:
    return notice.from_status == Status.DISPUTED


def _after_decline(notice: Notice) -> bool:
    return not _after_dispute(notice)


def _owes(notice: Notice) -> bool:
    """It is settled that not all is due of what went ahead of goods."""
    return notice.debt > 0 and notice.status in FINAL


def _owes_goods(notice: Notice) -> bool:
    return _owes(notice) and _for_exchange(notice)


def _paid_already(notice: Notice) -> bool:
    """All of it went ahead of the goods, and is earned now."""
    return notice.status == Status.COMPLETED


def _given_already(notice: Notice) -> bool:
    return _paid_already(notice) and _for_exchange(notice)


def _waits_for_buyer(notice: Notice) -> bool:
    return notice.reason == waits_for(Role.BUYER)


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event, the letter it asks for, what that letter says of the case, and when it is for the buyer at all."""

    event: Event
    letter: Letter
    says: tuple[str, ...] = ()
    when: Callable[[Notice], bool] = _always


# What buyers did themselves is confirmed where it opens or ends the case, and otherwise not told back to them.
OCCASIONS = (
    Occasion(Event.CASE_OPENED, Letter.EXCHANGE_RECEIVED, when=_for_exchange),
    Occasion(Event.CASE_OPENED, Letter.RECEIVED, ("amount",)),
    Occasion(Event.EVIDENCE_REQUESTED, Letter.EVIDENCE_REQUESTED),
    Occasion(Event.EVIDENCE_REFUSED, Letter.EVIDENCE_REFUSED, ("why", "size"), _may_try_again),
    Occasion(Event.EVIDENCE_ACCEPTED, Letter.EVIDENCE_OF_OTHERS, when=_by_others),
    Occasion(Event.REVIEW_REQUESTED, Letter.UNDER_REVIEW),
    Occasion(Event.CASE_APPROVED, Letter.GOODS_OWED, ("debt",), _owes_goods),
    Occasion(Event.CASE_APPROVED, Letter.DEBT, ("debt",), _owes),
    Occasion(Event.CASE_APPROVED, Letter.GOODS_EARNED, when=_given_already),
    Occasion(Event.CASE_APPROVED, Letter.ADVANCE_EARNED, when=_paid_already),
    Occasion(Event.CASE_APPROVED, Letter.EXCHANGE_AWAITED, when=_for_goods_in_exchange),
    Occasion(Event.CASE_APPROVED, Letter.EXCHANGE_APPROVED, when=_for_replacement),
    Occasion(Event.CASE_APPROVED, Letter.APPROVED, ("amount",), _for_money),
    Occasion(Event.CASE_APPROVED, Letter.RETURN_AWAITED, ("amount",), _for_goods),
    Occasion(Event.LABEL_BOUGHT, Letter.LABEL_READY),
    Occasion(Event.LABEL_REFUSED, Letter.LABEL_REFUSED),
    Occasion(Event.CASE_EXPIRED, Letter.GOODS_OWED, ("debt",), _owes),
    Occasion(Event.CASE_EXPIRED, Letter.RETURN_EXPIRED),
    Occasion(Event.PARCEL_SENT, Letter.PARCEL_SENT),
    Occasion(Event.PARCEL_ARRIVED, Letter.PARCEL_ARRIVED),
    Occasion(Event.RETURN_REOPENED, Letter.RETURN_REOPENED, ("amount",), _for_seller),
    Occasion(Event.RETURN_REOPENED, Letter.RETURN_REVIEWED, when=_for_reviewer),
    Occasion(Event.PARCEL_UNSEEN, Letter.PARCEL_UNSEEN),
    Occasion(Event.PARCEL_TURNED_BACK, Letter.PARCEL_TURNED_BACK),
    Occasion(Event.PARCEL_LOST, Letter.GOODS_EARNED, when=_given_already),
    Occasion(Event.PARCEL_LOST, Letter.ADVANCE_EARNED, when=_paid_already),
    Occasion(Event.PARCEL_LOST, Letter.PARCEL_LOST, ("amount",)),
    Occasion(Event.PARCEL_OVERDUE, Letter.PARCEL_OVERDUE),
    Occasion(Event.RETURN_ACCEPTED, Letter.GOODS_EARNED, when=_given_already),
    Occasion(Event.RETURN_ACCEPTED, Letter.ADVANCE_EARNED, when=_paid_already),
    Occasion(Event.RETURN_ACCEPTED, Letter.REPLACEMENT_DUE, when=_for_replacement),
    Occasion(Event.RETURN_ACCEPTED, Letter.RETURN_ACCEPTED, ("amount",)),
    Occasion(Event.REPLACEMENT_OUT_OF_STOCK, Letter.OUT_OF_STOCK),
    Occasion(Event.ALTERNATIVE_CHOSEN, Letter.ALTERNATIVE_CHOSEN),
    Occasion(Event.DIFFERENCE_ASKED, Letter.DIFFERENCE_ASKED, ("amount",)),
    Occasion(Event.DIFFERENCE_PAID, Letter.DIFFERENCE_PAID, ("amount",)),
    Occasion(Event.REPLACEMENT_SENT, Letter.REPLACEMENT_SENT),
    Occasion(Event.REPLACEMENT_ARRIVED, Letter.REPLACEMENT_ARRIVED),
    Occasion(Event.REPLACEMENT_LOST, Letter.REPLACEMENT_LOST),
    Occasion(Event.EXCHANGE_COMPLETED, Letter.GOODS_DUE, when=_for_goods),
    Occasion(Event.EXCHANGE_COMPLETED, Letter.EXCHANGE_COMPLETED),
    Occasion(Event.EXCHANGE_FORGONE, Letter.EXCHANGE_FORGONE, ("amount",)),
    Occasion(Event.DEBT_CHARGED, Letter.DEBT_CHARGED, ("amount",)),
    Occasion(Event.DEDUCTION_PROPOSED, Letter.DEDUCTION, ("amount",)),
    Occasion(Event.DEDUCTION_ACCEPTED, Letter.GOODS_OWED, ("debt",), _owes_goods),
    Occasion(Event.DEDUCTION_ACCEPTED, Letter.DEBT, ("debt",), _owes),
    Occasion(Event.DEDUCTION_ACCEPTED, Letter.DEDUCTION_STANDS, ("amount",), _by_silence),
    Occasion(Event.DEDUCTION_ACCEPTED, Letter.NOTHING_ACCEPTED, when=_at_its_end),
    Occasion(Event.CASE_DECLINED, Letter.DECLINED),
    Occasion(Event.CASE_DISPUTED, Letter.DISPUTED),
    Occasion(Event.OFFER_MADE, Letter.OFFER, ("amount",), _by_others),
    Occasion(Event.OFFER_REFUSED, Letter.OFFER_REFUSED, when=_by_others),
    Occasion(Event.OFFER_LAPSED, Letter.OFFER_LAPSED),
    Occasion(Event.STATEMENT_MADE, Letter.STATEMENT, when=_by_others),
    Occasion(Event.STATEMENT_FORGONE, Letter.HEARD),
    Occasion(Event.CASE_APPEALED, Letter.APPEALED),
    Occasion(Event.APPEAL_DECLINED, Letter.APPEAL_DECLINED),
    Occasion(Event.DEADLINE_NEAR, Letter.DEADLINE_NEAR, when=_waits_for_buyer),
    Occasion(Event.DEADLINE_EXTENDED, Letter.DEADLINE_EXTENDED),
    Occasion(Event.CASE_WITHDRAWN, Letter.WITHDRAWN),
    Occasion(Event.CASE_CANCELLED, Letter.CANCELLED),
    Occasion(Event.CASE_CLOSED_DECLINED, Letter.GOODS_OWED, ("debt",), _owes_goods),
    Occasion(Event.CASE_CLOSED_DECLINED, Letter.DEBT, ("debt",), _owes),
    Occasion(Event.CASE_CLOSED_DECLINED, Letter.DECLINED_BY_REVIEWER, when=_after_dispute),
    Occasion(Event.CASE_CLOSED_DECLINED, Letter.CLOSED, when=_after_decline),
    Occasion(Event.MESSAGE_SENT, Letter.MESSAGE, when=_by_others),
    Occasion(Event.ADVANCE_GRANTED, Letter.ADVANCE_GRANTED, ("amount",)),
    Occasion(Event.ADVANCE_FORGONE, Letter.ADVANCE_FORGONE),
    Occasion(Event.ADVANCE_FAILED, Letter.ADVANCE_FAILED),
    Occasion(Event.REFUND_ADVANCED, Letter.REFUND_ADVANCED, ("amount",)),
    Occasion(Event.REFUND_PENDING, Letter.REFUND_PENDING, ("amount",)),
    Occasion(Event.REFUND_SUCCEEDED, Letter.DEBT, ("debt",), _owes),
    Occasion(Event.REFUND_SUCCEEDED, Letter.REFUND_SUCCEEDED, ("amount",)),
    Occasion(Event.REFUND_FAILED, Letter.REFUND_FAILED, ("amount",)),
    Occasion(Event.REFUND_FAILED_LATE, Letter.REFUND_RETURNED, ("amount",)),
    Occasion(Event.REFUND_COVERED, Letter.REFUND_COVERED, ("amount",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in both forms, ready to send."""

    subject: str
    text: str
    html: str


class UnusedValue(Exception):
    """A letter leaves out what it has to say."""


@dataclass(frozen=True, slots=True)
class Words:
    """One letter in one language; `$name` stands for what it says of the case."""

    subject: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """All letters in one language, what stands around each, and why a photo was refused. `tag` is BCP 47."""

    tag: str
    greeting: str
    reference: str
    closing: str
    refusals: Mapping[str, str]
    letters: Mapping[Letter, Words]

    def framed(self, letter: Letter) -> Words:
        """The whole letter: the reference to the case is the same in each."""
        words = self.letters[letter]
        return Words(words.subject, (self.greeting, *words.paragraphs, self.reference, self.closing))


def occasion_of(notice: Notice) -> Occasion | None:
    """The occasion for a letter that the notice is, or None where the buyer is not written to."""
    event = Event(notice.event)
    return next((one for one in OCCASIONS if one.event is event and one.when(notice)), None)


def write(occasion: Occasion, notice: Notice, language: str) -> Mail:
    """The letter of this occasion. A language that nobody has written in yet is answered in English."""
    chosen = LANGUAGES.get(language, ENGLISH)
    values = {name: _VALUES[name](notice, chosen) for name in ("case_id", *occasion.says)}
    return rendered(chosen.framed(occasion.letter), values, chosen.tag)


def rendered(words: Words, values: Mapping[str, str], tag: str) -> Mail:
    """Both forms of a mail. Raises `KeyError` for a value that is missing and `UnusedValue` for one too many."""
    templates = [Template(words.subject), *map(Template, words.paragraphs)]
    unused = values.keys() - {name for template in templates for name in template.get_identifiers()}
    if unused:
        raise UnusedValue(", ".join(sorted(unused)))
    subject, *paragraphs = (template.substitute(values) for template in templates)
    return Mail(subject=subject, text="\n\n".join(paragraphs) + "\n", html=_html(subject, paragraphs, tag))


def amount_text(money: Money) -> str:
    """For people: `76.66 BRL`, `500 JPY`, `1.234 KWD`. Decimal only moves the point; nothing is rounded."""
    return f"{Decimal(money.amount).scaleb(-decimals(money.currency)):f} {money.currency}"


def _html(subject: str, paragraphs: list[str], tag: str) -> str:
    """Escaped after the values are in, so that no value can be forgotten."""
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html>\n<html lang="{tag}">\n'
        f'<head><meta charset="utf-8"><title>{escape(subject)}</title></head>\n'
        f'<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">\n{body}\n</body>\n</html>\n'
    )


_VALUES: Mapping[str, Callable[[Notice, Language], str]] = {
    "case_id": lambda notice, _: notice.case_id,
    "amount": lambda notice, _: amount_text(Money(notice.amount, notice.currency)),
    "debt": lambda notice, _: amount_text(Money(notice.debt, notice.currency)),
    "why": lambda notice, language: language.refusals[str(notice.reason)],
    "size": lambda *_: f"{MAX_BYTES // 2**20} MB",
}

_AGAIN_EN = "You can make a new request as long as the time for requests on this order has not run out."
_AGAIN_ZH = "如仍需售后服务，您可以在售后期限内重新提交申请。"
_WORKING_EN = (
    "You are still owed this refund and we are working on it. There is nothing you need to do now; if we need "
    "anything from you, we will ask."
)
_WORKING_ZH = "您应得的退款不受影响，我们正在跟进。您目前无需进行任何操作；如需您提供信息，我们会与您联系。"

ENGLISH = Language(
    tag="en",
    greeting="Hello,",
    reference="Reference: $case_id",
    closing="This message was sent automatically. Please do not reply to it; write to us in your request instead.",
    refusals={
        "empty": "the file was empty",
        "not_an_image": "the file is not a photo that we can read",
        "type_mismatch": "the file is of another type than its name says",
        "too_large": "the file is too large",
        "too_many_pixels": "the picture has too many pixels; please make it smaller first",
        "animated": "the picture is animated; please send a still one",
        "damaged": "the file is damaged or incomplete",
    },
    letters={
        Letter.RECEIVED: Words(
            "We have received your request",
            (
                "We have received your request for a refund of $amount.",
                "We will write to you as soon as there is news.",
            ),
        ),
        Letter.EVIDENCE_REQUESTED: Words(
            "Please add photos to your request",
            (
                "To decide on your request, we need photos that show the problem.",
                "Please open your request in the shop and add them by the date shown there. If none arrive by "
                "then, the request will be cancelled.",
            ),
        ),
        Letter.EVIDENCE_REFUSED: Words(
            "One of your photos could not be accepted",
            (
                "We could not accept one of the photos you added: $why.",
                "Please open your request in the shop and add it again as a JPEG, PNG or WebP photo of at most "
                "$size. Your other photos are not affected.",
            ),
        ),
        Letter.EVIDENCE_OF_OTHERS: Words(
            "A photo was added to your request",
            (
                "The seller or a reviewer has added a photo to your request. Please open your request in the "
                "shop to see it.",
            ),
        ),
        Letter.UNDER_REVIEW: Words(
            "The seller is reviewing your request",
            (
                "Your request is now with the seller, who has to decide by the date shown in it.",
                "If the seller does not answer in time, your request does not lapse.",
            ),
        ),
        Letter.APPROVED: Words(
            "Your request has been approved",
            (
                "Your request has been approved. We will refund $amount.",
                "The money goes back the way you paid. We will write to you again when the refund has been paid.",
            ),
        ),
        Letter.DECLINED: Words(
            "Your request has been declined",
            (
                "We are sorry: your request has been declined.",
                "Please open your request in the shop to see the reason, what you can do now and until when. If "
                "you do nothing, the request will then be closed.",
            ),
        ),
        Letter.DECLINED_BY_REVIEWER: Words(
            "A reviewer has decided on your request",
            (
                "We are sorry: a reviewer of the platform has looked at your request and declined it. It is now "
                "closed and nothing will be refunded.",
                "Please open your request in the shop to see the reason.",
            ),
        ),
        Letter.DISPUTED: Words(
            "A reviewer will decide on your request",
            (
                "Your request is now with a reviewer of the platform, who will look at what both sides have "
                "provided and decide.",
                "Until then you can still add photos and messages.",
            ),
        ),
        Letter.OFFER: Words(
            "The seller has made you an offer",
            (
                "The seller offers to settle your request for $amount.",
                "Please open your request in the shop to accept it, to refuse it or to ask for another amount, by the "
                "date shown there. If you do nothing, the offer ends and your request goes on.",
            ),
        ),
        Letter.OFFER_REFUSED: Words(
            "The seller has not accepted what you asked for",
            (
                "The seller has not accepted the amount you asked for. Your request goes on.",
                "Please open it in the shop to see what you can do now and until when.",
            ),
        ),
        Letter.OFFER_LAPSED: Words(
            "An offer about your request has ended",
            (
                "An offer about your request was not answered in time and has ended. Your request goes on: the seller "
                "has to decide by the date shown in it.",
            ),
        ),
        Letter.STATEMENT: Words(
            "The seller has made a statement about your request",
            (
                "The seller has stated its view of your request. Please open your request in the shop to read it, and "
                "to reply by the date shown there.",
                "A reviewer of the platform decides after that.",
            ),
        ),
        Letter.HEARD: Words(
            "A reviewer now decides on your request",
            (
                "The time for a statement about your request has passed. A reviewer of the platform now decides on "
                "what both sides have provided.",
            ),
        ),
        Letter.APPEALED: Words(
            "We have received your appeal",
            (
                "We have received your appeal. Another reviewer will decide on your request, once the seller has had "
                "time to answer.",
            ),
        ),
        Letter.APPEAL_DECLINED: Words(
            "Your appeal has been declined",
            (
                "We are sorry: another reviewer has looked at your request and has not granted more than the first "
                "one. What was granted before stays yours.",
                "Please open your request in the shop to see the reason.",
            ),
        ),
        Letter.DEADLINE_NEAR: Words(
            "Your answer is needed soon",
            (
                "Your request is waiting for you, and the time to answer ends soon.",
                "Please open it in the shop to see until when, and what happens if you do nothing.",
            ),
        ),
        Letter.DEADLINE_EXTENDED: Words(
            "A date of your request has been moved",
            (
                "There is more time for the next step of your request. Please open it in the shop to see the new date.",
            ),
        ),
        Letter.WITHDRAWN: Words(
            "You have withdrawn your request",
            (
                "You have withdrawn your request. It is now closed and nothing will be refunded.",
                _AGAIN_EN,
            ),
        ),
        Letter.CANCELLED: Words(
            "Your request has been cancelled",
            (
                "We asked you for photos and no usable one arrived in time, so your request has been cancelled.",
                _AGAIN_EN,
            ),
        ),
        Letter.CLOSED: Words(
            "Your request has been closed",
            (
                "Your request was declined and the time to respond has passed. It is now closed and nothing will "
                "be refunded.",
            ),
        ),
        Letter.RETURN_AWAITED: Words(
            "Please send the goods back",
            (
                "Your return has been approved. Once the goods have come back, we will refund $amount.",
                "Please send them by the date shown in your request, and enter the carrier and the number of your "
                "parcel there. If we pay for the parcel, its label follows shortly, and there is nothing to enter. If "
                "nothing is sent by then, the request ends and nothing is refunded.",
            ),
        ),
        Letter.LABEL_READY: Words(
            "The label for your return is ready",
            (
                "We have paid for the parcel in which the goods go back. Please open your request in the shop to print "
                "its label, and hand the parcel to the carrier by the date shown there.",
            ),
        ),
        Letter.LABEL_REFUSED: Words(
            "Please send the goods back by a carrier of your choice",
            (
                "We are sorry: we could not get a label for the goods that go back. Please send them by a carrier of "
                "your choice by the date shown in your request, and enter the carrier and the number of your parcel "
                "there.",
            ),
        ),
        Letter.RETURN_EXPIRED: Words(
            "Your return has ended",
            (
                "The goods were not sent back in time, so your request has ended and nothing will be refunded.",
                _AGAIN_EN,
            ),
        ),
        Letter.PARCEL_SENT: Words(
            "We have noted your parcel",
            (
                "We have noted the parcel in which the goods come back. Please keep the carrier's receipt until the "
                "refund has been paid.",
                "We will write to you as soon as there is news.",
            ),
        ),
        Letter.PARCEL_ARRIVED: Words(
            "Your parcel has arrived",
            (
                "The goods that you sent back are with the seller, who looks at them by the date shown in your "
                "request. If the seller says nothing by then, they count as received as you announced them.",
            ),
        ),
        Letter.PARCEL_OVERDUE: Words(
            "A reviewer looks for your parcel",
            (
                "The parcel that you sent has not arrived in time. A reviewer of the platform now decides on your "
                "request.",
                "Please open it in the shop and add the receipt of the carrier, or whatever shows that it was sent.",
            ),
        ),
        Letter.RETURN_REOPENED: Words(
            "Your parcel has arrived after all",
            (
                "The goods that you sent back came after your request had ended. It is open again, for $amount.",
                "The seller looks at them by the date shown in your request. If the seller says nothing by then, they "
                "count as received as you announced them.",
            ),
        ),
        Letter.RETURN_REVIEWED: Words(
            "Your parcel has arrived after all: another reviewer decides",
            (
                "The goods that you sent back came after your request had been declined. It is open again, and another "
                "reviewer of the platform now decides on it.",
            ),
        ),
        Letter.PARCEL_UNSEEN: Words(
            "No carrier has seen your parcel yet",
            (
                "The carrier that you named has not seen the parcel in which the goods come back.",
                "Please ask there whether it was handed over, and open your request in the shop to write to us if the "
                "number is another one. A parcel that does not arrive in time goes to a reviewer of the platform.",
            ),
        ),
        Letter.PARCEL_TURNED_BACK: Words(
            "Your parcel is on its way back to you",
            (
                "The carrier could not deliver the goods that you sent back and returns them to you. A reviewer of the "
                "platform now decides on your request.",
                "Please open it in the shop and tell us what happened.",
            ),
        ),
        Letter.PARCEL_LOST: Words(
            "Your parcel has not arrived, and that is not your loss",
            (
                "The parcel that you sent under our label has not arrived in time. We will refund $amount.",
                "The money goes back the way you paid. We will write to you again when the refund has been paid.",
            ),
        ),
        Letter.RETURN_ACCEPTED: Words(
            "The goods that you sent back were accepted",
            (
                "The goods that you sent back were accepted. We will refund $amount.",
                "The money goes back the way you paid. We will write to you again when the refund has been paid.",
            ),
        ),
        Letter.EXCHANGE_RECEIVED: Words(
            "We have received your request for an exchange",
            (
                "We have received your request for an exchange.",
                "We will write to you as soon as there is news.",
            ),
        ),
        Letter.EXCHANGE_AWAITED: Words(
            "Please send back the goods that you exchange",
            (
                "Your exchange has been approved. Once the goods have come back, the other goods will be sent to you.",
                "Please send them by the date shown in your request, and enter the carrier and the number of your "
                "parcel there. If nothing is sent by then, the request ends and nothing is exchanged.",
            ),
        ),
        Letter.EXCHANGE_APPROVED: Words(
            "Your exchange has been approved",
            (
                "Your exchange has been approved. The seller has to send you what you asked for by the date shown in "
                "your request. If you have to send anything back afterwards, we will write to you how.",
            ),
        ),
        Letter.REPLACEMENT_DUE: Words(
            "Your goods are back, and the other goods will be sent to you",
            (
                "The goods that you sent back were accepted. The seller has to send the other goods by the date shown "
                "in your request.",
                "If they cost more, we will first write to you how to pay the difference. If they are not sent in "
                "time, we will refund you instead.",
            ),
        ),
        Letter.ALTERNATIVE_CHOSEN: Words(
            "We have noted your choice",
            (
                "We have noted what you want instead of the goods that are out of stock, and will write to you again.",
            ),
        ),
        Letter.OUT_OF_STOCK: Words(
            "Please choose: the goods that you want are out of stock",
            (
                "We are sorry: the goods that you want in exchange are out of stock.",
                "Please open your request in the shop to wait for them, to take other goods, or to take your money "
                "back, by the date shown there. If you do nothing, we will refund you.",
            ),
        ),
        Letter.DIFFERENCE_ASKED: Words(
            "Please pay the difference of your exchange",
            (
                "The goods that you want in exchange cost $amount more.",
                "Please open your request in the shop to pay that by the date shown there. The money is taken once "
                "the goods are sent. If it is not paid by then, we will refund you instead.",
            ),
        ),
        Letter.DIFFERENCE_PAID: Words(
            "Thank you: the difference is paid",
            ("You have paid the difference of $amount. It is taken once the goods are sent.",),
        ),
        Letter.REPLACEMENT_SENT: Words(
            "The other goods are on their way",
            (
                "The seller has sent the other goods. Please open your request in the shop to see the carrier and the "
                "number of the parcel.",
                "Once you have them, please say so there.",
            ),
        ),
        Letter.REPLACEMENT_ARRIVED: Words(
            "The other goods have been delivered",
            (
                "The carrier has delivered the other goods to you.",
                "Please open your request in the shop to confirm that you have them. If you do nothing by the date "
                "shown there, the exchange is complete. If something is wrong with them, you can make a request about "
                "them like about any other goods.",
            ),
        ),
        Letter.REPLACEMENT_LOST: Words(
            "The other goods have not arrived",
            (
                "The parcel with the other goods has not arrived in time. The seller has to send them once more by the "
                "date shown in your request. If that is not done, we will refund you instead.",
            ),
        ),
        Letter.EXCHANGE_COMPLETED: Words(
            "Your exchange is complete",
            (
                "You have the other goods, and your exchange is complete. If they cost less, we refund the difference "
                "the way you paid.",
            ),
        ),
        Letter.GOODS_DUE: Words(
            "Now send back what your other goods are for",
            (
                "You have the other goods. Please send back those that they are for by the date shown in your request; "
                "you find there how.",
                "What does not come back, or is not accepted, you owe us, and we charge it the way you paid.",
            ),
        ),
        Letter.GOODS_EARNED: Words(
            "Your exchange is settled",
            ("What you sent back is settled. The other goods are yours, and nothing more is due from you.",),
        ),
        Letter.GOODS_OWED: Words(
            "You owe us for goods that did not come back",
            (
                "You have the other goods. Those that they are for did not come back, or not all of them were "
                "accepted. You owe us $debt, and we charge it the way you paid, if you let us keep that.",
                "Please open your request in the shop to see why, and what you can do if you do not agree.",
            ),
        ),
        Letter.DEBT_CHARGED: Words(
            "You have paid for goods that did not come back",
            ("We have charged $amount the way you paid your order. Nothing more is due from you.",),
        ),
        Letter.EXCHANGE_FORGONE: Words(
            "You get your money instead of the other goods",
            (
                "No other goods will be sent to you. You get $amount back, the way you paid.",
                "If you still have goods to send back, please do so first, by the date shown in your request.",
            ),
        ),
        Letter.DEDUCTION: Words(
            "The seller does not accept all that you sent back",
            (
                "The seller has looked at what came back and offers to settle your request for $amount.",
                "Please open your request in the shop to see why, and to accept it or to ask for a reviewer of the "
                "platform, by the date shown there. If you do nothing, the offer holds.",
            ),
        ),
        Letter.DEDUCTION_STANDS: Words(
            "Your return has been settled",
            (
                "The time to answer the seller's offer has passed. We will refund $amount.",
                "The money goes back the way you paid. We will write to you again when the refund has been paid.",
            ),
        ),
        Letter.NOTHING_ACCEPTED: Words(
            "Your return has been closed",
            (
                "Nothing of what was to come back was accepted. Your request is now closed and nothing will be "
                "refunded.",
            ),
        ),
        Letter.MESSAGE: Words(
            "You have a new message about your request",
            (
                "There is a new message about your request. To protect your privacy it is not repeated here: "
                "please open your request in the shop to read and answer it.",
            ),
        ),
        Letter.ADVANCE_GRANTED: Words(
            "The carrier has your parcel, and we refund you now",
            (
                "The carrier has the goods that you send back. We do not wait until they have come, and refund $amount "
                "now, the way you paid.",
                "If they do not come, or not all of them are accepted, you owe us what is not due for them.",
            ),
        ),
        Letter.ADVANCE_FORGONE: Words(
            "Your refund follows once the goods have come back",
            (
                "We wanted to refund you while the goods are on their way, and cannot, because your bank or the shop "
                "has moved money of this order meanwhile. What is due to you follows once the goods have come back.",
            ),
        ),
        Letter.ADVANCE_FAILED: Words(
            "A refund did not reach you",
            (
                "What we sent you before the goods had come back has not reached you, and is not due any more. You owe "
                "us nothing for it.",
                "Please open your request in the shop to see what was decided.",
            ),
        ),
        Letter.ADVANCE_EARNED: Words(
            "Your return is complete",
            (
                "Your return is settled. What we refunded you before the goods had come back is yours, and nothing "
                "more is due from you.",
            ),
        ),
        Letter.DEBT: Words(
            "You have been refunded more than is due",
            (
                "We refunded you before the goods had come back. Of that, $debt is not due: they did not come, or not "
                "all of them were accepted. You owe us this amount.",
                "Please open your request in the shop to see why, and what you can do if you do not agree.",
            ),
        ),
        Letter.REFUND_ADVANCED: Words(
            "You have been refunded ahead",
            (
                "$amount has been paid back the way you paid, before the goods have come back.",
                "Depending on how you paid, it may take a few business days until you see it. If the goods do not "
                "come, or not all of them are accepted, you owe us what is not due for them.",
            ),
        ),
        Letter.REFUND_PENDING: Words(
            "Your refund is being processed",
            (
                "Your refund of $amount is with the payment provider, which is still processing it.",
                "There is nothing you need to do. We will write to you again when the refund has been paid.",
            ),
        ),
        Letter.REFUND_SUCCEEDED: Words(
            "Your refund has been paid",
            (
                "Your refund of $amount has been paid back the way you paid.",
                "Depending on how you paid, it may take a few business days until you see it.",
            ),
        ),
        Letter.REFUND_FAILED: Words(
            "Your refund is delayed",
            (
                "The payment provider has not been able to complete your refund of $amount.",
                _WORKING_EN,
            ),
        ),
        Letter.REFUND_RETURNED: Words(
            "Your refund did not reach you",
            (
                "We told you that your refund of $amount had been paid. The payment provider has since reported "
                "that it could not be delivered.",
                _WORKING_EN,
            ),
        ),
        Letter.REFUND_COVERED: Words(
            "Your refund is complete",
            (
                "$amount has gone back to you by another way: directly from the shop, or through your bank. Nothing "
                "more is due in this case.",
            ),
        ),
    },
)

CHINESE = Language(
    tag="zh-Hans",
    greeting="您好：",
    reference="申请编号：$case_id",
    closing="本邮件由系统自动发送，请勿直接回复。如有疑问，请在申请页面留言。",
    refusals={
        "empty": "文件内容为空",
        "not_an_image": "文件不是可识别的照片",
        "type_mismatch": "文件的实际格式与其名称不符",
        "too_large": "文件过大",
        "too_many_pixels": "照片像素过高，请先缩小尺寸",
        "animated": "文件为动态图片，请上传静态照片",
        "damaged": "文件已损坏或不完整",
    },
    letters={
        Letter.RECEIVED: Words(
            "我们已收到您的售后申请",
            ("我们已收到您的退款申请，申请金额为 $amount。", "申请如有进展，我们会通过邮件通知您。"),
        ),
        Letter.EVIDENCE_REQUESTED: Words(
            "请为您的售后申请补充照片",
            (
                "为处理您的申请，我们需要能够反映问题的照片。",
                "请在商城中打开该申请，并在页面显示的截止时间前上传。逾期未上传的，申请将自动取消。",
            ),
        ),
        Letter.EVIDENCE_REFUSED: Words(
            "您上传的一张照片未通过检查",
            (
                "您上传的一张照片未能通过检查，原因：$why。",
                "请在商城中打开该申请，重新上传 JPEG、PNG 或 WebP 格式的照片，大小不超过 $size。"
                "您上传的其他照片不受影响。",
            ),
        ),
        Letter.EVIDENCE_OF_OTHERS: Words(
            "您的售后申请新增了一张照片",
            ("卖家或平台审核员为您的申请补充了一张照片，请在商城中打开该申请查看。",),
        ),
        Letter.UNDER_REVIEW: Words(
            "卖家正在审核您的售后申请",
            (
                "您的申请已转交卖家审核，卖家须在申请页面显示的截止时间前作出决定。",
                "即使卖家逾期未处理，您的申请也不会因此失效。",
            ),
        ),
        Letter.APPROVED: Words(
            "您的售后申请已通过",
            (
                "您的申请已通过，我们将向您退款 $amount。",
                "款项将按原支付方式退回，退款成功后我们会再次通知您。",
            ),
        ),
        Letter.DECLINED: Words(
            "您的售后申请未通过",
            (
                "很抱歉，您的申请未获批准。",
                "请在商城中打开该申请，查看具体原因、可以采取的后续操作及截止时间。逾期未操作的，申请将自动关闭。",
            ),
        ),
        Letter.DECLINED_BY_REVIEWER: Words(
            "平台已对您的售后申请作出裁决",
            (
                "很抱歉，经平台审核员审核，您的申请未获批准。该申请现已关闭，不会产生退款。",
                "请在商城中打开该申请，查看具体原因。",
            ),
        ),
        Letter.DISPUTED: Words(
            "平台已介入您的售后申请",
            (
                "您的申请已转交平台审核员，审核员将根据双方提供的信息作出裁决。",
                "在此期间，您仍可补充照片或留言。",
            ),
        ),
        Letter.OFFER: Words(
            "卖家就您的售后申请提出了协商方案",
            (
                "卖家提出以 $amount 解决您的申请。",
                "请在商城中打开该申请，并在页面显示的截止时间前接受、拒绝或提出其他金额。逾期未回复的，该方案失效，申请继续处理。",
            ),
        ),
        Letter.OFFER_REFUSED: Words(
            "卖家未接受您提出的方案",
            (
                "卖家未接受您提出的金额，您的申请继续处理。",
                "请在商城中打开该申请，查看可以采取的操作及截止时间。",
            ),
        ),
        Letter.OFFER_LAPSED: Words(
            "您的售后申请的协商方案已失效",
            ("一项协商方案因逾期未答复而失效。您的申请继续处理，卖家须在申请页面显示的截止时间前作出决定。",),
        ),
        Letter.STATEMENT: Words(
            "卖家已就您的售后申请作出说明",
            (
                "卖家已就您的申请作出说明，请在商城中打开该申请查看，并在页面显示的截止时间前回应。",
                "此后将由平台审核员作出裁决。",
            ),
        ),
        Letter.HEARD: Words(
            "您的售后申请进入裁决阶段",
            ("陈述期限已过，平台审核员将根据双方提供的信息作出裁决。",),
        ),
        Letter.APPEALED: Words(
            "我们已收到您的申诉",
            ("我们已收到您的申诉。在卖家有机会答复之后，将由另一位审核员作出裁决。",),
        ),
        Letter.APPEAL_DECLINED: Words(
            "您的申诉未获支持",
            (
                "很抱歉，经另一位审核员审核，未在原裁决基础上增加退款。原先批准的部分仍归您所有。",
                "请在商城中打开该申请，查看具体原因。",
            ),
        ),
        Letter.DEADLINE_NEAR: Words(
            "您的售后申请即将到期，请尽快处理",
            (
                "您的申请正在等待您处理，期限即将届满。",
                "请在商城中打开该申请，查看截止时间以及逾期未处理的后果。",
            ),
        ),
        Letter.DEADLINE_EXTENDED: Words(
            "您的售后申请的期限已延长",
            ("您的申请下一步的期限已延长，请在商城中打开该申请查看新的截止时间。",),
        ),
        Letter.WITHDRAWN: Words(
            "您已撤销售后申请",
            ("您已撤销该申请。该申请现已关闭，不会产生退款。", _AGAIN_ZH),
        ),
        Letter.CANCELLED: Words(
            "您的售后申请已取消",
            ("由于在截止时间前未收到符合要求的照片，您的申请已自动取消。", _AGAIN_ZH),
        ),
        Letter.CLOSED: Words(
            "您的售后申请已关闭",
            ("您的申请此前未获批准，且后续操作的截止时间已过。该申请现已关闭，不会产生退款。",),
        ),
        Letter.RETURN_AWAITED: Words(
            "请寄回商品",
            (
                "您的退货申请已通过。卖家收到退回的商品后，我们将向您退款 $amount。",
                "请在申请页面显示的截止时间前寄出商品，并在页面填写承运商和运单号。如由平台承担运费，我们随后会提供寄件面单，"
                "届时无需填写。逾期未寄出的，申请将自动结束，不会产生退款。",
            ),
        ),
        Letter.LABEL_READY: Words(
            "您的退货面单已备好",
            (
                "退货运费由我们承担。请在商城中打开该申请并打印寄件面单，在页面显示的截止时间前将包裹交给承运商。",
            ),
        ),
        Letter.LABEL_REFUSED: Words(
            "请自行选择承运商寄回商品",
            (
                "很抱歉，我们未能取得退货面单。请在申请页面显示的截止时间前自行选择承运商寄出商品，并在页面填写承运商和运单号。",
            ),
        ),
        Letter.RETURN_EXPIRED: Words(
            "您的退货申请已结束",
            ("由于商品未在截止时间前寄出，您的申请已结束，不会产生退款。", _AGAIN_ZH),
        ),
        Letter.PARCEL_SENT: Words(
            "我们已记录您寄出的包裹",
            (
                "我们已记录您退回商品的包裹。在退款完成之前，请妥善保管承运商的寄件凭证。",
                "如有进展，我们会通过邮件通知您。",
            ),
        ),
        Letter.PARCEL_ARRIVED: Words(
            "您寄回的包裹已送达卖家",
            (
                "卖家已收到您寄回的包裹，将在申请页面显示的截止时间前查验。逾期未查验的，视为已按您申报的内容收货。",
            ),
        ),
        Letter.PARCEL_OVERDUE: Words(
            "平台审核员正在核查您的包裹",
            (
                "您寄出的包裹未能按时送达，现由平台审核员对您的申请作出裁决。",
                "请在商城中打开该申请，补充承运商的寄件凭证或其他寄件证明。",
            ),
        ),
        Letter.RETURN_REOPENED: Words(
            "您寄回的包裹已送达，申请已重新开启",
            (
                "您寄回的商品在申请结束后送达，申请已重新开启，金额为 $amount。",
                "卖家会在申请中显示的日期之前查验商品。如卖家届时未作回应，则视为按您所述收到。",
            ),
        ),
        Letter.RETURN_REVIEWED: Words(
            "您寄回的包裹已送达，申请将重新裁决",
            ("您寄回的商品在申请被驳回后送达，申请已重新开启，将由另一位平台审核员作出裁决。",),
        ),
        Letter.PARCEL_UNSEEN: Words(
            "承运商尚未揽收您的包裹",
            (
                "您填写的承运商尚未揽收您寄回商品的包裹。",
                "请向承运商核实包裹是否已交寄；如运单号有误，请在商城中打开该申请并留言告知我们。"
                "包裹逾期未送达的，将转交平台审核员处理。",
            ),
        ),
        Letter.PARCEL_TURNED_BACK: Words(
            "您的包裹正在退回给您",
            (
                "承运商未能投递您寄回的商品，正将其退回给您。您的申请已转交平台审核员裁决。",
                "请在商城中打开该申请，说明具体情况。",
            ),
        ),
        Letter.PARCEL_LOST: Words(
            "您的包裹未能送达，损失不由您承担",
            (
                "您使用我们提供的面单寄出的包裹未在期限内送达，我们将向您退款 $amount。",
                "款项将按原支付方式退回，退款成功后我们会再次通知您。",
            ),
        ),
        Letter.RETURN_ACCEPTED: Words(
            "卖家已接收您退回的商品",
            (
                "您退回的商品已被接收，我们将向您退款 $amount。",
                "款项将按原支付方式退回，退款成功后我们会再次通知您。",
            ),
        ),
        Letter.EXCHANGE_RECEIVED: Words(
            "我们已收到您的换货申请",
            ("我们已收到您的换货申请。", "申请如有进展，我们会通过邮件通知您。"),
        ),
        Letter.EXCHANGE_AWAITED: Words(
            "请寄回需要更换的商品",
            (
                "您的换货申请已通过。卖家收到退回的商品后，将向您寄出换货商品。",
                "请在申请页面显示的截止时间前寄出商品，并在页面填写承运商和运单号。逾期未寄出的，申请将自动结束，不再换货。",
            ),
        ),
        Letter.EXCHANGE_APPROVED: Words(
            "您的换货申请已通过",
            (
                "您的换货申请已通过。卖家须在申请页面显示的截止时间前寄出您需要的商品。如之后需要您寄回商品，我们会再通知您。",
            ),
        ),
        Letter.ALTERNATIVE_CHOSEN: Words(
            "我们已记录您的选择",
            ("我们已记录您对缺货商品的处理选择，如有进展会再次通知您。",),
        ),
        Letter.REPLACEMENT_DUE: Words(
            "您退回的商品已接收，卖家将寄出换货商品",
            (
                "您退回的商品已被接收，卖家须在申请页面显示的截止时间前寄出换货商品。",
                "如换货商品价格更高，我们会先通知您如何支付差价。卖家逾期未寄出的，我们将为您退款。",
            ),
        ),
        Letter.OUT_OF_STOCK: Words(
            "换货商品缺货，请您选择处理方式",
            (
                "很抱歉，您要换的商品目前缺货。",
                "请在商城中打开该申请，并在页面显示的截止时间前选择等待到货、更换其他商品或退款。逾期未选择的，我们将为您退款。",
            ),
        ),
        Letter.DIFFERENCE_ASKED: Words(
            "请支付换货差价",
            (
                "您要换的商品需补差价 $amount。",
                "请在商城中打开该申请，并在页面显示的截止时间前支付。款项在商品寄出时才会扣除。逾期未支付的，我们将为您退款。",
            ),
        ),
        Letter.DIFFERENCE_PAID: Words(
            "换货差价已支付",
            ("您已支付差价 $amount，款项在商品寄出时才会扣除。",),
        ),
        Letter.REPLACEMENT_SENT: Words(
            "换货商品已寄出",
            (
                "卖家已寄出换货商品。请在商城中打开该申请查看承运商和运单号。",
                "收到商品后，请在页面确认收货。",
            ),
        ),
        Letter.REPLACEMENT_ARRIVED: Words(
            "换货商品已送达",
            (
                "承运商已将换货商品送达。",
                "请在商城中打开该申请确认收货。逾期未操作的，换货自动完成。如商品有问题，您可以像其他商品一样申请售后。",
            ),
        ),
        Letter.REPLACEMENT_LOST: Words(
            "换货商品未按时送达",
            (
                "寄给您的换货商品未按时送达。卖家须在申请页面显示的截止时间前重新寄出，逾期未寄出的，我们将为您退款。",
            ),
        ),
        Letter.EXCHANGE_COMPLETED: Words(
            "换货已完成",
            ("您已收到换货商品，换货完成。如商品价格更低，差价将按原支付方式退回。",),
        ),
        Letter.GOODS_DUE: Words(
            "请寄回您要换的商品",
            (
                "您已收到换货商品。请在申请页面显示的截止时间前寄回原商品，寄回方式见申请页面。",
                "未寄回或未被接收的部分，您需向我们支付，我们将按原支付方式收取。",
            ),
        ),
        Letter.GOODS_EARNED: Words(
            "您寄回的换货商品已处理完毕",
            ("您寄回的商品已处理完毕。换货商品归您所有，您无需再支付任何款项。",),
        ),
        Letter.GOODS_OWED: Words(
            "您需支付未寄回的商品",
            (
                "您已收到换货商品，但原商品未寄回，或未被全部接收。您需向我们支付 $debt；"
                "如您保存了支付方式，我们将按原支付方式收取。",
                "请在商城中打开该申请，查看原因以及如有异议可以采取的操作。",
            ),
        ),
        Letter.DEBT_CHARGED: Words(
            "您已支付未寄回的商品",
            ("我们已按原支付方式向您收取 $amount。您无需再支付任何款项。",),
        ),
        Letter.EXCHANGE_FORGONE: Words(
            "换货改为退款",
            (
                "换货商品将不再寄出，我们将按原支付方式向您退款 $amount。",
                "如您仍有商品需要寄回，请先在申请页面显示的截止时间前寄出。",
            ),
        ),
        Letter.DEDUCTION: Words(
            "卖家未接收您退回的全部商品",
            (
                "卖家查验退回的商品后，提出以 $amount 解决您的申请。",
                "请在商城中打开该申请查看原因，并在页面显示的截止时间前接受该方案或申请平台介入。逾期未回复的，按该方案处理。",
            ),
        ),
        Letter.DEDUCTION_STANDS: Words(
            "您的退货申请已处理",
            (
                "答复卖家方案的期限已过，我们将向您退款 $amount。",
                "款项将按原支付方式退回，退款成功后我们会再次通知您。",
            ),
        ),
        Letter.NOTHING_ACCEPTED: Words(
            "您的退货申请已关闭",
            ("应退回的商品均未被接收。该申请现已关闭，不会产生退款。",),
        ),
        Letter.MESSAGE: Words(
            "您的售后申请有一条新留言",
            ("您的申请有一条新留言。为保护您的隐私，邮件中不显示留言内容，请在商城中打开该申请查看并回复。",),
        ),
        Letter.ADVANCE_GRANTED: Words(
            "承运商已揽收您的包裹，我们将先行退款",
            (
                "承运商已揽收您退回的商品。无需等待商品送达，我们现在即按原支付方式向您退款 $amount。",
                "如商品未能送达，或未被全部接收，您需返还其中不应退还的部分。",
            ),
        ),
        Letter.ADVANCE_FORGONE: Words(
            "商品退回后我们将为您退款",
            (
                "我们原拟在商品运输途中先行退款，但由于您的银行或商家已对本订单的款项作出变动，暂时无法先行退款。"
                "应退款项将在商品退回后支付。",
            ),
        ),
        Letter.ADVANCE_FAILED: Words(
            "一笔退款未能到账",
            (
                "我们在商品退回前支付的退款未能到账，且该款项已不应退还，您无需就此返还任何款项。",
                "请在商城中打开该申请，查看处理结果。",
            ),
        ),
        Letter.ADVANCE_EARNED: Words(
            "您的退货已完成",
            ("您的退货已处理完毕。我们在商品退回前支付的退款归您所有，您无需再支付任何款项。",),
        ),
        Letter.DEBT: Words(
            "您收到的退款超出应退金额",
            (
                "我们在商品退回前已向您退款。其中 $debt 不应退还：商品未送达，或未被全部接收。您需向我们返还该金额。",
                "请在商城中打开该申请，查看原因以及如有异议可以采取的操作。",
            ),
        ),
        Letter.REFUND_ADVANCED: Words(
            "我们已先行为您退款",
            (
                "在商品退回之前，$amount 已按原支付方式退还给您。",
                "视您使用的支付方式而定，款项可能需要几个工作日才能到账。如商品未能送达，或未被全部接收，您需返还其中不应退还的部分。",
            ),
        ),
        Letter.REFUND_PENDING: Words(
            "您的退款正在处理中",
            (
                "您的退款 $amount 已提交至支付机构，目前正在处理中。",
                "您无需进行任何操作，退款成功后我们会再次通知您。",
            ),
        ),
        Letter.REFUND_SUCCEEDED: Words(
            "您的退款已成功",
            (
                "您的退款 $amount 已按原支付方式退回。",
                "视您使用的支付方式而定，款项可能需要几个工作日才能到账。",
            ),
        ),
        Letter.REFUND_FAILED: Words(
            "您的退款有所延迟",
            ("支付机构暂时未能完成您的退款 $amount。", _WORKING_ZH),
        ),
        Letter.REFUND_RETURNED: Words(
            "您的退款未能到账",
            (
                "我们此前通知您退款 $amount 已成功，但支付机构随后反馈该笔退款未能到账。",
                _WORKING_ZH,
            ),
        ),
        Letter.REFUND_COVERED: Words(
            "您的退款已完成",
            ("$amount 已通过其他方式（由商家直接退回或经由您的银行）退还给您，本申请无需再付款。",),
        ),
    },
)

# The keys are what `Contact.language` may say.
LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "zh": CHINESE}
