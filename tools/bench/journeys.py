"""Whole cases, from the application to the end of the execution. The order was written before."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from PIL import Image

from tools.bench import provider, samples
from tools.bench.desk import BenchDesk, open_desk
from tools.bench.recorder import Invocation

_KEY = "7d0c1b52-5a5e-4f0f-9f2e-8a3f5c1d2e3f"


@dataclass(frozen=True, slots=True)
class Journey:
    """One case's whole life: the states entered, every run of a function, and what else it needed."""

    name: str
    states: Sequence[str]
    invocations: Sequence[Invocation]
    uploads: int


def policy_refund(desk: BenchDesk) -> str:
    """A small claim that the policy approves."""
    return _opened(desk, "late")


def pending_refund(desk: BenchDesk) -> str:
    """The provider takes its time: it answers `pending`, and an event tells of the success."""
    desk.stripe.status = "pending"
    case_id = _opened(desk, "late")
    desk.stripe.refunds[-1]["status"] = "succeeded"
    return case_id


def seller_refund(desk: BenchDesk) -> str:
    """A claim that its seller approves."""
    case_id = _opened(desk, "changed_mind")
    desk.call("decide_case", "seller", samples.decision("approve"), key=_KEY, case_id=case_id)
    return case_id


def disputed_refund(desk: BenchDesk) -> str:
    """A claim that its seller declines, that both sides argue about, and that a reviewer grants."""
    case_id = _opened(desk, "changed_mind")
    desk.call("decide_case", "seller", samples.decision("decline"), key=_KEY, case_id=case_id)
    desk.settle()
    said = {"text": samples.MESSAGE}
    desk.call("open_dispute", "buyer", said, key=_KEY, case_id=case_id)
    desk.settle()
    for side in ("seller", "buyer"):
        desk.call("make_statement", side, said, key="statement", case_id=case_id)
        desk.settle()
    desk.call("take_review", "reviewer", {}, key="review", case_id=case_id)
    desk.call("decide_case", "reviewer", samples.decision("approve"), key="decision", case_id=case_id)
    return case_id


def refund_with_evidence(desk: BenchDesk) -> str:
    """A claim that needs a photo, and then is approved by the policy."""
    photo = _photo()
    file = {"filename": "kettle.jpg", "content_type": "image/jpeg", "size": len(photo)}
    case_id = _opened(desk, "damaged", evidence=[file])
    desk.upload(case_id, "e1", photo)
    return case_id


def plain_return(desk: BenchDesk) -> str:
    """Goods that the policy lets come back, and that their seller accepts when the parcel is there."""
    case_id = _opened(desk, "late", kind="return")
    _comes_back(desk, case_id)
    return case_id


def even_exchange(desk: BenchDesk) -> str:
    """Goods that the policy lets come back for others of the same price, which their buyer then has."""
    desk.call("put_sku", "platform", samples.other_kettle(), sku="KT-1700-BLACK")
    desk.forget()
    other = [{"line_id": "kettle", "sku": "KT-1700-BLACK", "quantity": 1}]
    case_id = _opened(desk, "late", kind="exchange", replacement=other)
    _comes_back(desk, case_id)
    desk.settle()
    parcel = {"carrier": "ups", "tracking_code": "1Z999AA10000000015"}
    desk.call("ship_replacement", "seller", parcel, key="sent", case_id=case_id)
    desk.settle()
    desk.call("confirm_replacement", "buyer", {}, key="came", case_id=case_id)
    return case_id


def withdrawn(desk: BenchDesk) -> str:
    """A claim that its buyer takes back while the seller looks at it."""
    case_id = _opened(desk, "changed_mind")
    desk.call("withdraw_case", "buyer", {}, key=_KEY, case_id=case_id)
    return case_id


def declined(desk: BenchDesk) -> str:
    """A claim that its seller declines and its buyer lets rest."""
    case_id = _opened(desk, "changed_mind")
    desk.call("decide_case", "seller", samples.decision("decline"), key=_KEY, case_id=case_id)
    desk.settle()
    desk.pass_deadline(case_id)
    return case_id


JOURNEYS: Mapping[str, Callable[[BenchDesk], str]] = {
    "policy refund": policy_refund,
    "policy refund, pending at first": pending_refund,
    "seller refund": seller_refund,
    "disputed refund": disputed_refund,
    "refund with evidence": refund_with_evidence,
    "plain return": plain_return,
    "even exchange": even_exchange,
    "withdrawn": withdrawn,
    "declined": declined,
}
POLICY, SELLER = "policy refund", "seller refund"
PAID = frozenset(JOURNEYS) - {"even exchange", "withdrawn", "declined"}


@cache
def travelled(name: str) -> Journey:
    """The journey, once made on a desk of its own; one that pays ends with the provider's event about it."""
    with open_desk() as desk:
        desk.call("put_order", "platform", samples.order_body(desk.now), order_id=samples.ORDER)
        desk.forget()
        case_id = JOURNEYS[name](desk)
        desk.settle()
        if name in PAID:
            provider_event(desk)
            desk.settle()
        return Journey(name, desk.states_entered(case_id), tuple(desk.invocations), desk.uploads)


@cache
def visited() -> Sequence[Invocation]:
    """What no journey does: reading, writing to each other, sweeps that find nothing."""
    with open_desk() as desk:
        order = samples.order_body(desk.now)
        desk.call("put_order", "platform", order, order_id=samples.ORDER)
        desk.call("put_order", "platform", order, order_id=samples.ORDER)
        desk.invocations[-1].label = "put_order, unchanged"
        desk.call("get_order", "buyer", order_id=samples.ORDER)
        desk.call("quote_case", "buyer", samples.application("late"))
        case_id = refund_with_evidence(desk)
        desk.settle()
        desk.call("get_case", "buyer", case_id=case_id)
        desk.call("list_cases", "buyer", query={"limit": "25"})
        desk.call("get_timeline", "buyer", case_id=case_id)
        desk.call("view_evidence", "seller", case_id=case_id, evidence_id="e1")
        other = _opened(desk, "changed_mind", key="another", line="cups")
        desk.call("send_message", "buyer", {"text": samples.MESSAGE}, key=_KEY, case_id=other)
        file = {"filename": "cup.jpg", "content_type": "image/jpeg", "size": 91_861}
        desk.call("add_evidence", "buyer", file, key="a photo", case_id=other)
        desk.call("make_offer", "seller", {"amount": 100, "note": samples.MESSAGE}, key=_KEY, case_id=other)
        desk.settle()
        no = {"accept": False}
        desk.call("answer_offer", "buyer", no, key="no", case_id=other, offer_id="o1")
        desk.settle()
        _talk_of_it(desk)
        desk.run("sweep_deadlines", {})
        desk.run("sweep_timeline", {})
        desk.run("sweep_feedback", {})
        return tuple(desk.invocations)


def _talk_of_it(desk: BenchDesk) -> None:
    """A feedback from submission to withdrawal."""
    said = {
        "order_id": samples.ORDER,
        "score": 2,
        "dimensions": {"delivery": 4},
        "comment": samples.DESCRIPTION,
    }
    feedback_id = desk.call("leave_feedback", "buyer", said, key=_KEY)["feedback_id"]
    desk.settle()
    desk.call("get_feedback", "seller", feedback_id=feedback_id)
    desk.call("reply_to_feedback", "seller", {"text": samples.MESSAGE}, key="reply", feedback_id=feedback_id)
    desk.call("edit_feedback", "buyer", {"score": 4}, feedback_id=feedback_id)
    desk.settle()
    desk.call("list_feedback", "buyer", query={"limit": "25"}, seller_id=samples.SELLER)
    desk.call("get_rating", "buyer", seller_id=samples.SELLER)
    hidden = {"action": "hide", "reason_code": "advertising"}
    desk.call("moderate_feedback", "reviewer", hidden, key="hide", feedback_id=feedback_id)
    desk.call("list_feedback_to_look_at", "reviewer")
    desk.call("withdraw_feedback", "buyer", feedback_id=feedback_id)
    desk.settle()


def provider_event(desk: BenchDesk) -> None:
    """Stripe tells of the refund that the desk knows already."""
    body, signature = provider.signed_event(desk.stripe.refunds[-1])
    desk.call("stripe_event", "anyone", body, headers={"Stripe-Signature": signature})


def _opened(desk: BenchDesk, reason: str, *, key: str = _KEY, **more: Any) -> str:
    body = samples.application(reason, description=samples.DESCRIPTION, **more)
    case_id: str = desk.call("open_case", "buyer", body, key=key)["case_id"]
    desk.settle()
    return case_id


def _comes_back(desk: BenchDesk, case_id: str) -> None:
    """The parcel is sent, arrives, and what is in it is as it should be."""
    parcel = {"carrier": "ups", "tracking_code": "1Z999AA10123456784"}
    desk.call("ship_return", "buyer", parcel, key="ship", case_id=case_id)
    desk.settle()
    desk.call("confirm_receipt", "seller", {}, key="arrived", case_id=case_id)
    desk.settle()
    counted = {"lines": [{"line_id": "kettle", "accepted": 1}]}
    desk.call("confirm_receipt", "seller", counted, key="counted", case_id=case_id)


def _photo() -> bytes:
    """A photo of two megapixels, as a phone sends it."""
    file = io.BytesIO()
    Image.radial_gradient("L").resize((1600, 1200)).convert("RGB").save(file, "JPEG", quality=90)
    return file.getvalue()
