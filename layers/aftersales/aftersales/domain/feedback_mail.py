"""The mail about feedback: the one request for it, what became of it, and where to turn when something went wrong.

As with cases, nothing that anybody wrote is in it, and nothing asks for another verdict, or for a good one.
"""

from collections.abc import Mapping

from aftersales.domain.feedback_notice import FeedbackNotice, Told
from aftersales.domain.mail import LANGUAGES, Mail, Words, rendered

_ENGLISH: Mapping[Told, Words] = {
    Told.NEGATIVE: Words(
        "Is something wrong with your order?",
        (
            "You were not content with an order. If something is wrong with it, you can ask for your money back: "
            "please open the order in the shop and make a request there, as long as there is time.",
            "Your feedback stays as it is, whatever becomes of a request.",
        ),
    ),
    Told.REPLIED: Words(
        "The seller has answered your feedback",
        ("The seller has answered your feedback. Please open it in the shop to read the answer.",),
    ),
    Told.HIDDEN: Words(
        "Your feedback is not shown at present",
        (
            "A reviewer of the platform has hidden your feedback. Please open it in the shop to see the reason; how "
            "many stars you gave is never one.",
            "You can mend it there by the date shown. It is then looked at again.",
        ),
    ),
    Told.RESTORED: Words(
        "Your feedback is shown",
        ("A reviewer of the platform has looked at your feedback. Everybody can read it now.",),
    ),
}
_CHINESE: Mapping[Told, Words] = {
    Told.NEGATIVE: Words(
        "您的订单是否存在问题？",
        (
            "您对一笔订单不满意。如商品存在问题，您可以申请退款：请在售后期限内于商城中打开该订单并提交申请。",
            "无论申请结果如何，您的评价都会保留。",
        ),
    ),
    Told.REPLIED: Words("卖家已回复您的评价", ("卖家已回复您的评价，请在商城中打开查看。",)),
    Told.HIDDEN: Words(
        "您的评价暂不展示",
        (
            "平台审核员已隐藏您的评价，请在商城中打开查看原因。星级高低从不是隐藏的理由。",
            "您可以在页面显示的截止时间前修改评价，修改后将重新审核。",
        ),
    ),
    Told.RESTORED: Words("您的评价已展示", ("平台审核员已查看您的评价，现在所有人都可以看到。",)),
}
REQUESTS: Mapping[str, Words] = {
    "en": Words(
        "How was your order?",
        (
            "Your order was delivered. If you like, say what it was like: please open the order in the shop. Good or "
            "bad, it is shown as you say it.",
            "If something is wrong with it, you can ask for your money back there. What becomes of that does not "
            "depend on whether you say anything here, nor on what you say.",
            "We ask once only.",
            "Order: $order_id",
        ),
    ),
    "zh": Words(
        "您的订单怎么样？",
        (
            "您的订单已送达。欢迎在商城中打开该订单并写下评价，无论好评还是差评，我们都会如实展示。",
            "如商品存在问题，您可以在那里申请退款。是否评价、如何评价，均不影响申请的处理结果。",
            "我们只邀请这一次。",
            "订单编号：$order_id",
        ),
    ),
}
LETTERS: Mapping[str, Mapping[Told, Words]] = {"en": _ENGLISH, "zh": _CHINESE}
_REFERENCES: Mapping[str, str] = {"en": "Reference: $feedback_id", "zh": "评价编号：$feedback_id"}
_CLOSINGS: Mapping[str, str] = {
    "en": "This message was sent automatically. Please do not reply to it.",
    "zh": "本邮件由系统自动发送，请勿直接回复。",
}


def is_for_author(notice: FeedbackNotice) -> bool:
    """All but what the author has a case for already."""
    return notice.event != Told.NEGATIVE or notice.case_id is None


def write(notice: FeedbackNotice, language: str) -> Mail:
    """The letter of a notice. A language that nobody has written in yet is answered in English."""
    chosen = language if language in LETTERS else "en"
    words = LETTERS[chosen][Told(notice.event)]
    referring = Words(words.subject, (*words.paragraphs, _REFERENCES[chosen]))
    return _letter(referring, {"feedback_id": notice.feedback_id}, chosen)


def write_request(order_id: str, language: str) -> Mail:
    """The request for feedback on an order."""
    chosen = language if language in REQUESTS else "en"
    return _letter(REQUESTS[chosen], {"order_id": order_id}, chosen)


def _letter(words: Words, values: Mapping[str, str], language: str) -> Mail:
    greeting, tag = LANGUAGES[language].greeting, LANGUAGES[language].tag
    around = Words(words.subject, (greeting, *words.paragraphs, _CLOSINGS[language]))
    return rendered(around, values, tag)
