"""Hundreds of applications, lived through under whatever policies are published: the real use cases on the simulated
tables. The same people apply for the same things each time, so two lives differ by their policies alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast
from unittest.mock import patch

from aftersales.adapters import items
from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.policies import PublishedPolicies
from aftersales.domain.calendar import DAY
from aftersales.domain.case import Case, Kind, Reason, Review
from aftersales.domain.evidence import PromisedFile
from aftersales.domain.order import Line, Order, Payment, Shipping
from aftersales.domain.parties import Party, Role
from aftersales.domain.refusal import Refusal
from aftersales.usecases.act_on_case import withdraw_case
from aftersales.usecases.handle_evidence import check_evidence
from aftersales.usecases.open_case import case_id_of, open_case
from aftersales.usecases.ports import CaseRequest, CheckedFile, Desk, EvidenceFiles, Stock
from aftersales.usecases.put_order import put_order
from aftersales.usecases.quote_case import Application
from aftersales.usecases.run_workflow import assess_case
from tests.simulation import functions
from tests.simulation.fakes import wire
from tests.simulation.fakes.dynamodb import DynamoDB, Item, Table
from tools.policy.simulate import Course, Outcome

START = 1_775_044_800_000  # 1 April 2026, 12:00 UTC
HOUR = DAY // 24
# Some are refused, and leave no case: more than five hundred are opened.
CASES = 640
SELLERS = ("kiln-and-clay", "bazar", "seller-7")
CATEGORIES = ("pottery", "pottery", "lamps", "food")
PHOTO = PromisedFile(filename="crack.jpg", content_type="image/jpeg", size=48_213)


# Nobody exchanges goods in the past.
_NO_STOCK = cast(Stock, object())


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Somebody who applies once, for `units` of the first line of an order. A photo comes with the application
    (`at once`), only if it is asked for, or never."""

    number: int
    order: Order
    units: int
    reason: Reason
    applies_at: int
    photo: str
    withdraws: bool

    @property
    def buyer(self) -> Party:
        """As whom they apply."""
        return Party(Role.BUYER, self.order.buyer_id)

    @property
    def case_id(self) -> str:
        """The same in every life."""
        return case_id_of(self.buyer, self._key)

    @property
    def _key(self) -> str:
        return f"application-{self.number}"

    def apply(self, desk: Desk) -> Iterator[Outcome]:
        """What the policy says of it, word by word: the second is about the photo that the first one asked for."""
        application = Application(
            order_id=self.order.order_id,
            kind=Kind.REFUND,
            reason=self.reason,
            lines={self.order.lines[0].line_id: self.units},
        )
        files = [PHOTO] if self.photo else []
        try:
            open_case(
                desk,
                _NO_STOCK,
                application,
                "",
                files,
                buyer=self.buyer,
                idempotency_key=self._key,
                request_hash="",
            )
        except Refusal as refusal:
            yield Outcome(course=Course.REFUSED, reason_code=refusal.code, amount=0)
            return
        if self.withdraws:
            yield _outcome(withdraw_case(desk, CaseRequest(case_id=self.case_id, by=self.buyer)))
            return
        if self.photo == "at once":
            self._upload(desk)
        yield self._assessed(desk)
        if self.photo == "if asked" and self._assessed(desk).course is Course.EVIDENCE_WANTED:
            self._upload(desk)
            yield self._assessed(desk)

    def _assessed(self, desk: Desk) -> Outcome:
        assess_case(desk, self.case_id, self.case_id)
        case = desk.store.case(self.case_id)
        assert case
        return _outcome(case)

    def _upload(self, desk: Desk) -> None:
        check_evidence(desk, cast(EvidenceFiles, _GoodPhotos()), self.case_id, "e1")


class _GoodPhotos:
    """Every photo is one."""

    def check(self, *_: Any, **__: Any) -> CheckedFile:
        return CheckedFile(sha256="9f2c")


@dataclass(frozen=True, slots=True)
class Life:
    """What the policy said of each application, word by word, and the rows of the table of cases that tell it."""

    words: dict[str, list[Outcome]]
    rows: Sequence[Item]


def live(policies: Path) -> Life:
    """Everybody applies, under the policies of this folder."""
    tables = {
        name: Table(shape.keys, shape.indexes, shape.streams) for name, shape in functions.tables().items()
    }
    database: Any = DynamoDB(tables, lambda _: None, lambda *_: None)
    store = DynamoDBStore(
        database,
        orders="OrdersTable",
        cases="CasesTable",
        feedback="FeedbackTable",
        idempotency="IdempotencyTable",
    )
    everybody = list(applicants())
    now = START
    desk = Desk(store=store, policies=PublishedPolicies(policies), now=lambda: now, pause=lambda _: None)
    words = {}
    # Only for speed; what they do is the same.
    with patch.multiple(items, _serialize=wire.write, _deserialize=wire.read, _numbers=lambda value: value):
        for order in {one.order.order_id: one.order for one in everybody}.values():
            put_order(desk, order)
        for one in everybody:
            now = one.applies_at
            words[one.case_id] = list(one.apply(desk))
    return Life(words, list(tables["CasesTable"].rows()))


def applicants() -> Iterator[Applicant]:
    """In the order in which they apply. Regular buyers complain of many orders, some orders see two applications;
    whoever applies late does so once and for one order, so that a refusal has no bearing on anybody else."""
    random = Random(7)
    second: Order | None = None
    for number in range(CASES):
        applies_at = START + number * HOUR
        order, again = second or _order(random, number, applies_at), second is not None
        regular = order.buyer_id.startswith("regular")
        second = order if regular and not again and random.random() < 0.3 else None
        yield Applicant(
            number=number,
            order=order,
            units=1 if second or again else random.choice((1, 2)),
            reason=_reason(random, order),
            applies_at=applies_at,
            photo=random.choice(("at once", "if asked", "")),
            withdraws=random.random() < 0.04,
        )


def _reason(random: Random, order: Order) -> Reason:
    if order.delivered_at is None:
        return random.choice((Reason.NOT_RECEIVED, Reason.LATE))
    return random.choice(list(Reason))


def _order(random: Random, number: int, applies_at: int) -> Order:
    """Two things of one kind; regular buyers' came the other day, others' up to six weeks ago, and some not at all."""
    regular = random.random() < 0.4
    buyer = f"regular-{random.randrange(25)}" if regular else f"buyer-{number}"
    placed_at = START - random.randint(1, 50) * DAY
    delivered_at: int | None = applies_at - (3 if regular else random.randint(1, 42)) * DAY
    if random.random() < 0.1:
        delivered_at = None
    total, shipping = random.choice((900, 2_400, 5_000, 8_000, 15_000)) * 2 + 1, 0 if regular else 499
    return Order(
        order_id=f"order-{number}",
        buyer_id=buyer,
        seller_id=random.choice(SELLERS),
        currency=random.choice(("USD", "BRL")),
        placed_at=placed_at,
        shipped_at=placed_at + random.randint(0, 5) * DAY if random.random() < 0.9 else None,
        delivered_at=delivered_at,
        lines=(
            Line(
                line_id="1",
                sku="sku-1",
                title="Thing",
                category=random.choice(CATEGORIES),
                quantity=2,
                total=total,
                returnable=random.random() < 0.9,
            ),
        ),
        shipping=Shipping(total=shipping),
        payments=(
            Payment(
                payment_id="card", provider="stripe", reference=f"pi_{number}", captured=total + shipping
            ),
        ),
    )


def _outcome(end: Case) -> Outcome:
    """Where the policy left it, read from the case itself."""
    match end.review:
        case Review.CANCELLED:
            course = Course.WITHDRAWN
        case Review.APPROVED:
            course = Course.APPROVED
        case Review.EVIDENCE_REQUIRED:
            course = Course.EVIDENCE_WANTED
        case Review.DECLINED:
            course = Course.DECLINED
        case _ if end.silence_approves:
            course = Course.LEFT_TO_SELLER_OR_APPROVED
        case _:
            course = Course.LEFT_TO_SELLER_OR_DISPUTED
    code = end.decision.reason_code if end.decision else ""
    return Outcome(course=course, reason_code=code, amount=end.claim.amount)
