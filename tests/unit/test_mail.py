"""What buyers are told by mail, in which words, and how often."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from string import Template
from typing import cast

import pytest

from aftersales.adapters.photos import Refusal as PhotoRefusal
from aftersales.contracts.orders import ContactBody
from aftersales.domain import feedback_mail
from aftersales.domain.case import Status
from aftersales.domain.feedback_notice import FeedbackNotice, Told
from aftersales.domain.ledger import Ledger, open_ledger
from aftersales.domain.mail import (
    CHINESE,
    ENGLISH,
    LANGUAGES,
    OCCASIONS,
    Language,
    Letter,
    Mail,
    Occasion,
    UnusedValue,
    Words,
    amount_text,
    occasion_of,
    rendered,
    write,
)
from aftersales.domain.money import Money
from aftersales.domain.notice import Notice
from aftersales.domain.order import Contact, Line, Order, Payment
from aftersales.domain.parties import Role
from aftersales.domain.timeline import EFFECTS, Event
from aftersales.usecases.mail_buyer import Mailed, mail_buyer
from aftersales.usecases.ports import Desk, Policies, Receipt, Store

CASE_ID = "0b9b7c3e-5e0c-5f0e-9f0a-2d1c7f3a6b58"
ADDRESS = "mei.lin@example.com"
DAY = 24 * 60 * 60 * 1000

EVERY_LETTER = pytest.mark.parametrize(
    ("language", "occasion"),
    [
        pytest.param(language, occasion, id=f"{language}-{occasion.letter}")
        for language in LANGUAGES
        for occasion in OCCASIONS
    ],
)
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)


def a_notice(
    event: str,
    *,
    author: str = Role.SYSTEM,
    status: str = Status.UNDER_REVIEW,
    from_status: str | None = Status.REQUESTED,
    reason: str | None = None,
    amount: int = 7666,
    currency: str = "BRL",
    case_id: str = CASE_ID,
) -> Notice:
    return Notice(
        notice_id=f"{case_id}:3",
        event=event,
        case_id=case_id,
        order_id="o-1",
        seller_id="s-1",
        kind="refund",
        status=status,
        from_status=from_status,
        author=author,
        reason=reason,
        amount=amount,
        currency=currency,
        at=1_750_000_000_000,
    )


def letter_of(notice: Notice) -> Letter | None:
    occasion = occasion_of(notice)
    return occasion.letter if occasion else None


def a_mail(notice: Notice, language: str = "en") -> Mail:
    occasion = occasion_of(notice)
    assert occasion
    return write(occasion, notice, language)


def variables(words: Words) -> set[str]:
    return {name for one in (words.subject, *words.paragraphs) for name in Template(one).get_identifiers()}


# Which notice asks for which letter


@pytest.mark.parametrize(
    ("event", "letter"),
    [
        (Event.CASE_OPENED, Letter.RECEIVED),
        (Event.EVIDENCE_REQUESTED, Letter.EVIDENCE_REQUESTED),
        (Event.REVIEW_REQUESTED, Letter.UNDER_REVIEW),
        (Event.CASE_APPROVED, Letter.APPROVED),
        (Event.CASE_DECLINED, Letter.DECLINED),
        (Event.CASE_DISPUTED, Letter.DISPUTED),
        (Event.CASE_CANCELLED, Letter.CANCELLED),
        (Event.REFUND_PENDING, Letter.REFUND_PENDING),
        (Event.REFUND_SUCCEEDED, Letter.REFUND_SUCCEEDED),
        (Event.REFUND_FAILED, Letter.REFUND_FAILED),
        (Event.REFUND_FAILED_LATE, Letter.REFUND_RETURNED),
        (Event.REFUND_COVERED, Letter.REFUND_COVERED),
    ],
)
def test_what_happens_to_a_case_is_told_to_its_buyer(event: Event, letter: Letter) -> None:
    assert letter_of(a_notice(event)) is letter


def test_the_mail_has_a_letter_for_exactly_the_events_of_which_parties_are_told() -> None:
    assert {one.event for one in OCCASIONS} == {event for event, effect in EFFECTS.items() if effect.told}


def test_every_letter_has_an_occasion() -> None:
    assert {one.letter for one in OCCASIONS} == set(Letter)


@pytest.mark.parametrize(
    "event",
    [Event.DEDUCTION_ACCEPTED, Event.CASE_CLOSED_DECLINED, Event.CASE_APPROVED, Event.REFUND_SUCCEEDED],
)
def test_a_buyer_is_told_in_words_and_figures_what_stays_owed_of_money_that_went_ahead(event: Event) -> None:
    owing = replace(a_notice(event, status=Status.COMPLETED), debt=1_250)
    assert letter_of(owing) is Letter.DEBT
    for language in LANGUAGES:
        assert "12.50 BRL" in a_mail(owing, language).text
        assert "76.66" not in a_mail(owing, language).text


@pytest.mark.parametrize("event", [Event.RETURN_ACCEPTED, Event.PARCEL_LOST, Event.CASE_APPROVED])
def test_nobody_is_promised_money_that_went_ahead(event: Event) -> None:
    assert letter_of(a_notice(event, status=Status.COMPLETED)) is Letter.ADVANCE_EARNED


def test_a_debt_that_is_not_settled_yet_is_told_as_money_that_went_ahead() -> None:
    ahead = replace(a_notice(Event.REFUND_ADVANCED, status=Status.RETURN_IN_TRANSIT), debt=7_666)
    assert letter_of(ahead) is Letter.REFUND_ADVANCED


@pytest.mark.parametrize("event", [event for event, effect in EFFECTS.items() if not effect.told])
def test_an_event_of_which_nobody_is_told_is_not_mailed(event: Event) -> None:
    assert letter_of(a_notice(event)) is None


def test_an_event_nobody_knows_is_an_error_and_not_a_silence() -> None:
    with pytest.raises(ValueError, match="parcel_exploded"):
        occasion_of(a_notice("parcel_exploded"))


@pytest.mark.parametrize("author", [Role.SELLER, Role.REVIEWER])
def test_a_message_of_the_other_party_is_announced(author: Role) -> None:
    assert letter_of(a_notice(Event.MESSAGE_SENT, author=author)) is Letter.MESSAGE


def test_buyers_are_not_mailed_their_own_message() -> None:
    assert letter_of(a_notice(Event.MESSAGE_SENT, author=Role.BUYER)) is None


@pytest.mark.parametrize("event", [Event.CASE_OPENED, Event.CASE_WITHDRAWN])
def test_buyers_get_a_confirmation_of_what_opens_or_ends_their_case(event: Event) -> None:
    assert letter_of(a_notice(event, author=Role.BUYER))


def test_buyers_are_not_told_that_their_own_photo_was_accepted() -> None:
    assert letter_of(a_notice(Event.EVIDENCE_ACCEPTED, author=Role.BUYER)) is None


def test_buyers_are_told_of_a_photo_that_somebody_else_added() -> None:
    assert letter_of(a_notice(Event.EVIDENCE_ACCEPTED, author=Role.SELLER)) is Letter.EVIDENCE_OF_OTHERS


def test_buyers_are_told_that_their_own_photo_was_refused() -> None:
    assert letter_of(a_notice(Event.EVIDENCE_REFUSED, author=Role.BUYER)) is Letter.EVIDENCE_REFUSED


def test_a_refused_photo_of_the_seller_is_none_of_the_buyers_business() -> None:
    assert letter_of(a_notice(Event.EVIDENCE_REFUSED, author=Role.SELLER)) is None


@pytest.mark.parametrize("status", [Status.APPROVED, Status.REFUND_PENDING])
def test_nobody_is_asked_for_another_photo_once_photos_are_no_longer_taken(status: Status) -> None:
    assert letter_of(a_notice(Event.EVIDENCE_REFUSED, author=Role.BUYER, status=status)) is None


@pytest.mark.parametrize(
    ("from_status", "letter"),
    [(Status.DISPUTED, Letter.DECLINED_BY_REVIEWER), (Status.DECLINED, Letter.CLOSED)],
)
def test_a_closed_case_was_either_decided_by_a_reviewer_or_left_alone_after_a_decline(
    from_status: Status, letter: Letter
) -> None:
    assert letter_of(a_notice(Event.CASE_CLOSED_DECLINED, from_status=from_status)) is letter


# The words


def test_every_language_that_a_contact_may_name_is_written() -> None:
    for language in LANGUAGES:
        assert ContactBody(email=ADDRESS, language=language).language == language  # type: ignore[arg-type]
    assert ContactBody.model_json_schema()["properties"]["language"]["enum"] == list(LANGUAGES)


@EVERY_LANGUAGE
def test_every_letter_is_written_in_every_language(language: Language) -> None:
    assert set(language.letters) == set(Letter)


@EVERY_LETTER
def test_a_letter_says_the_same_things_in_every_language(language: str, occasion: Occasion) -> None:
    assert variables(LANGUAGES[language].framed(occasion.letter)) == {"case_id", *occasion.says}


@EVERY_LETTER
def test_every_letter_can_be_written(language: str, occasion: Occasion) -> None:
    mail = write(occasion, a_notice(occasion.event, reason="damaged"), language)
    for form in (mail.text, mail.html):
        assert CASE_ID in form
        assert ("76.66 BRL" in form) == ("amount" in occasion.says)
    assert "$" not in mail.subject + mail.text + mail.html
    assert "\n" not in mail.subject


@EVERY_LETTER
def test_text_and_html_say_the_same(language: str, occasion: Occasion) -> None:
    mail = write(occasion, a_notice(occasion.event, reason="damaged"), language)
    paragraphs = re.findall(r"<p>(.*?)</p>", mail.html)
    assert [unescape(one) for one in paragraphs] == mail.text.strip().split("\n\n")
    assert f"<title>{mail.subject}</title>" in mail.html


@EVERY_LANGUAGE
def test_no_two_letters_have_the_same_subject(language: Language) -> None:
    assert len({words.subject for words in language.letters.values()}) == len(Letter)


def chinese_lines() -> Iterator[str]:
    for letter in Letter:
        words = CHINESE.framed(letter)
        yield from (words.subject, *words.paragraphs)
    yield from CHINESE.refusals.values()


@pytest.mark.parametrize("line", sorted(set(chinese_lines())))
def test_a_chinese_letter_is_chinese_to_its_last_mark(line: str) -> None:
    words = set(re.findall(r"[A-Za-z]+", re.sub(r"\$\w+", "", line)))
    assert words <= {"JPEG", "PNG", "WebP"}
    assert not re.search(r"[,.;:?!]", line)


def test_a_letter_tells_its_language_to_whoever_reads_it_aloud() -> None:
    notice = a_notice(Event.CASE_OPENED)
    assert '<html lang="en">' in a_mail(notice, "en").html
    assert '<html lang="zh-Hans">' in a_mail(notice, "zh").html


def test_a_language_nobody_has_written_in_yet_is_answered_in_english() -> None:
    notice = a_notice(Event.CASE_OPENED)
    assert a_mail(notice, "pt") == a_mail(notice, "en")


@EVERY_LANGUAGE
def test_every_reason_for_which_a_photo_is_refused_has_words(language: Language) -> None:
    assert set(language.refusals) == {*PhotoRefusal, "too_large"}


@pytest.mark.parametrize("reason", ENGLISH.refusals)
def test_a_refused_photo_comes_with_why_and_how_to_try_again(reason: str) -> None:
    text = a_mail(a_notice(Event.EVIDENCE_REFUSED, author=Role.BUYER, reason=reason)).text
    assert ENGLISH.refusals[reason] in text
    assert "JPEG, PNG or WebP photo of at most 10 MB" in text


@pytest.mark.parametrize("reason", [None, "cursed"])
def test_a_refusal_without_words_is_an_error(reason: str | None) -> None:
    with pytest.raises(KeyError):
        a_mail(a_notice(Event.EVIDENCE_REFUSED, author=Role.BUYER, reason=reason))


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="amount"):
        rendered(Words("Paid", ("You get $amount.",)), {}, "en")


def test_a_value_that_no_sentence_uses_is_an_error() -> None:
    with pytest.raises(UnusedValue, match="amount"):
        rendered(Words("Paid", ("You get something.",)), {"amount": "1.00 USD"}, "en")


def test_values_cannot_write_html() -> None:
    mail = a_mail(a_notice(Event.CASE_OPENED, case_id='<img src="x">&'))
    assert "<img" not in mail.html
    assert "&lt;img src=&quot;x&quot;&gt;&amp;" in mail.html
    assert '<img src="x">&' in mail.text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (7666, "BRL", "76.66 BRL"),
        (500, "JPY", "500 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (12345, "CLF", "1.2345 CLF"),
        (5, "USD", "0.05 USD"),
        (1, "KWD", "0.001 KWD"),
        (1, "CLF", "0.0001 CLF"),
        (100000, "EUR", "1000.00 EUR"),
        (10_000_000_000, "USD", "100000000.00 USD"),
        (9_007_199_254_740_993, "CNY", "90071992547409.93 CNY"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert amount_text(Money(amount, currency)) == text


# Authors of feedback


def a_feedback_notice(event: Told, case_id: str | None = None) -> FeedbackNotice:
    return FeedbackNotice(
        notice_id="feedback-1:1",
        event=event,
        feedback_id="feedback-1",
        order_id="o-1",
        seller_id="s-1",
        status="published",
        polarity="negative",
        score=1,
        reason="personal_data",
        case_id=case_id,
        link="/orders/o-1",
        at=1_750_000_000_000,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", Told)
def test_an_author_is_written_to_in_their_language(language: str, event: Told) -> None:
    mail = feedback_mail.write(a_feedback_notice(event), language)
    assert "feedback-1" in mail.text
    assert "$" not in mail.subject + mail.text
    assert f'<html lang="{LANGUAGES[language].tag}">' in mail.html
    for personal in ("s-1", "o-1", "personal_data"):
        assert personal not in mail.subject + mail.text + mail.html


def test_every_letter_to_authors_is_written_in_every_language() -> None:
    assert {language: set(letters) for language, letters in feedback_mail.LETTERS.items()} == {
        language: set(Told) for language in LANGUAGES
    }
    notice = a_feedback_notice(Told.REPLIED)
    assert feedback_mail.write(notice, "pt") == feedback_mail.write(notice, "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_request_names_the_order_and_asks_for_no_good_word(language: str) -> None:
    mail = feedback_mail.write_request("order-1", language)
    assert mail.subject == feedback_mail.REQUESTS[language].subject
    assert "order-1" in mail.text
    assert f'lang="{"zh" if language == "zh" else "en"}' in mail.html
    assert feedback_mail.write_request("order-1", "pt") == feedback_mail.write_request("order-1", "en")


@pytest.mark.parametrize(
    ("event", "case_id", "mailed"),
    [
        (Told.NEGATIVE, None, Mailed.SENT),
        (Told.NEGATIVE, "case-1", Mailed.NOT_FOR_BUYERS),
        (Told.HIDDEN, "case-1", Mailed.SENT),
    ],
)
def test_who_has_a_case_already_is_not_asked_to_open_one(
    event: Told, case_id: str | None, mailed: Mailed
) -> None:
    assert mail_buyer(a_desk(Shelf()), Postbox(), a_feedback_notice(event, case_id)) is mailed


# How often


@dataclass
class Shelf:
    """The part of the store that mail may touch. Reading or writing a case would be an error of attributes."""

    contact: Contact | None = field(default_factory=lambda: Contact(email=ADDRESS))
    receipts: dict[str, Receipt] = field(default_factory=dict)
    forgetful: bool = False

    def order(self, order_id: str) -> tuple[Order, Ledger] | None:
        order = Order(
            order_id=order_id,
            buyer_id="b-1",
            seller_id="s-1",
            currency="BRL",
            placed_at=0,
            lines=(Line(line_id="l-1", sku="k", title="Kettle", category="home", quantity=1, total=7666),),
            payments=(Payment(payment_id="p-1", provider="stripe", reference="pi_1", captured=7666),),
            contact=self.contact,
        )
        return order, open_ledger(order)

    def receipt(self, key: str, now: int) -> Receipt | None:
        known = self.receipts.get(key)
        return known if known and known.expires_at >= now else None

    def remember(self, receipt: Receipt, now: int) -> None:
        if self.forgetful:
            raise ConnectionError("the table is away")
        self.receipts[receipt.key] = receipt


@dataclass
class Postbox:
    """Keeps what it is handed, or is broken."""

    sent: list[tuple[Contact, Mail]] = field(default_factory=list)
    broken: bool = False

    def send(self, contact: Contact, subject: str, text: str, html: str) -> None:
        if self.broken:
            raise ConnectionError("no mail today")
        self.sent.append((contact, Mail(subject=subject, text=text, html=html)))


@dataclass
class Clock:
    at: int = 1_750_000_000_000

    def now(self) -> int:
        return self.at


def a_desk(shelf: Shelf, clock: Clock | None = None) -> Desk:
    now = (clock or Clock()).now
    return Desk(store=cast(Store, shelf), policies=cast(Policies, None), now=now, pause=lambda n: None)


OPENED = a_notice(Event.CASE_OPENED, author=Role.BUYER)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_buyer_is_written_to_in_their_language(language: str) -> None:
    contact, postbox = Contact(email=ADDRESS, language=language), Postbox()
    assert mail_buyer(a_desk(Shelf(contact)), postbox, OPENED) is Mailed.SENT
    assert postbox.sent == [(contact, a_mail(OPENED, language))]


def test_a_notice_that_comes_again_is_not_mailed_again() -> None:
    desk, postbox = a_desk(Shelf()), Postbox()
    answers = [mail_buyer(desk, postbox, OPENED) for _ in range(3)]
    assert answers == [Mailed.SENT, Mailed.REPEAT, Mailed.REPEAT]
    assert len(postbox.sent) == 1


def test_a_mail_is_remembered_for_thirty_days() -> None:
    shelf, postbox, clock = Shelf(), Postbox(), Clock()
    desk, start = a_desk(shelf, clock), clock.at
    mail_buyer(desk, postbox, OPENED)
    assert [(one.key, one.expires_at) for one in shelf.receipts.values()] == [
        (f"mail#{OPENED.notice_id}", start + 30 * DAY)
    ]
    clock.at = start + 30 * DAY
    assert mail_buyer(desk, postbox, OPENED) is Mailed.REPEAT


def test_without_a_contact_nobody_is_written_to() -> None:
    shelf, postbox = Shelf(contact=None), Postbox()
    assert mail_buyer(a_desk(shelf), postbox, OPENED) is Mailed.NO_CONTACT
    assert not postbox.sent
    assert not shelf.receipts


def test_a_notice_that_is_not_for_buyers_is_neither_sent_nor_remembered() -> None:
    shelf, postbox = Shelf(), Postbox()
    own_words = a_notice(Event.MESSAGE_SENT, author=Role.BUYER)
    assert mail_buyer(a_desk(shelf), postbox, own_words) is Mailed.NOT_FOR_BUYERS
    assert not postbox.sent
    assert not shelf.receipts


def test_a_mail_that_fails_raises_and_is_sent_by_the_next_try() -> None:
    desk, postbox = a_desk(Shelf()), Postbox(broken=True)
    with pytest.raises(ConnectionError):
        mail_buyer(desk, postbox, OPENED)
    postbox.broken = False
    assert mail_buyer(desk, postbox, OPENED) is Mailed.SENT


def test_a_mail_that_could_not_be_remembered_is_rather_sent_twice_than_never() -> None:
    shelf, postbox = Shelf(forgetful=True), Postbox()
    with pytest.raises(ConnectionError):
        mail_buyer(a_desk(shelf), postbox, OPENED)
    shelf.forgetful = False
    assert mail_buyer(a_desk(shelf), postbox, OPENED) is Mailed.SENT
    assert len(postbox.sent) == 2


@EVERY_LETTER
def test_a_mail_names_the_case_and_nobody(language: str, occasion: Occasion) -> None:
    desk, postbox = a_desk(Shelf(Contact(email=ADDRESS, language=language))), Postbox()
    notice = a_notice(
        occasion.event,
        author=Role.BUYER if occasion.letter is Letter.EVIDENCE_REFUSED else Role.SELLER,
        from_status=Status.DISPUTED if occasion.letter is Letter.DECLINED_BY_REVIEWER else Status.DECLINED,
        reason="waits_for_buyer" if occasion.letter is Letter.DEADLINE_NEAR else "damaged",
    )
    assert mail_buyer(desk, postbox, notice) is Mailed.SENT
    mail = postbox.sent[0][1]
    for personal in (ADDRESS, "b-1", "s-1", "o-1", "Kettle", "pi_1"):
        assert personal not in mail.subject + mail.text + mail.html
