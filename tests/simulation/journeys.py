"""What happens to a case, by design: who applies for what, who answers how, what becomes of the money.

A journey says what people intend. Beside other cases on the same order, and with faults, it may go another way; people
then react to what is there.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial

from aftersales.domain.address import Address
from aftersales.domain.order import Contact, Line, Order, Payment, Shipping
from aftersales.domain.stock import Sku
from aftersales.entrypoints import bootstrap
from aftersales.usecases.put_order import put_order
from tests.builders import BUYER, SELLER, parcel_of
from tests.corpus import plain_photo
from tests.simulation.books import Bookkeeper
from tests.simulation.fakes.dynamodb import Item
from tests.simulation.people import REGULAR, Person, Platform, Stranger, buyer, decide, regular, seller
from tests.simulation.world import CANARY, DAY, HOUR, MINUTE, SECOND, World
from tools.payment_sandbox.rules import DisputeStatus, RefundRequest, Refusal

# A person's part, once the case is open.
Part = Callable[[Person, str], object]
# What happens to the order's card payment without the desk.
Elsewhere = Callable[[World, str], None]

_PATIENCE = 40 * DAY
# What the bank takes to tell what became of a refund that it did not make at once: it may be quicker than the worker
# that was told so.
_BANK = (50 * MINUTE, SECOND, 150 * MINUTE)
# When something happens that nobody asked the desk for.
_TIMES = (0, HOUR, 3 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """`money` is what the sandbox makes of the next refund, `ends` how the case ends when nothing interferes, `wants`
    what goes out in an exchange; `ahead` where the buyer is one to whom money, or other goods, go ahead of goods."""

    reason: str
    ends: str
    kind: str = "refund"
    wants: str = ""
    dear: bool = False
    labelled: bool = False
    ahead: bool = False
    photo: bool = False
    buyer: Part | None = None
    seller: Part | None = None
    money: str = ""
    elsewhere: Elsewhere | None = None


def _at_some_time(world: World) -> None:
    world.scheduler.sleep(_TIMES[world.choose(len(_TIMES), "time elsewhere")])


def _refunds_by_hand(world: World, payment: str) -> None:
    """Somebody of the shop pays back at the provider: a part, or all that is left."""
    _at_some_time(world)
    amount = (700, None)[world.choose(2, "refund by hand")]
    with suppress(Refusal):
        world.provider.ledger.refund(RefundRequest(payment, None, amount, None, {}))


def _disputes(world: World, payment: str) -> None:
    """The cardholder asks the bank instead, which decides in the end."""
    _at_some_time(world)
    with suppress(Refusal):
        dispute = world.provider.ledger.dispute(payment, None)
        _at_some_time(world)
        end: DisputeStatus = "won" if world.choose(2, "bank decides") == 0 else "lost"
        world.provider.ledger.close_dispute(dispute["id"], end)


def _under_review(person: Person, case_id: str) -> bool:
    return person.world.until(case_id, lambda row: row["status"]["S"] == "under_review", patience=_PATIENCE)


def _approves(person: Person, case_id: str) -> None:
    if _under_review(person, case_id):
        person.at_some_moment(case_id)
        decide(person, case_id, "approve")


def _approves_part(person: Person, case_id: str) -> None:
    if _under_review(person, case_id):
        person.at_some_moment(case_id)
        decide(person, case_id, "approve", amount=700, look=True)


def _declines(person: Person, case_id: str) -> None:
    if _under_review(person, case_id):
        person.at_some_moment(case_id)
        decide(person, case_id, "decline", look=True)


def _withdraws(person: Person, case_id: str) -> None:
    waits = {"under_review", "evidence_required", "disputed", "declined"}
    if person.world.until(case_id, lambda row: row["status"]["S"] in waits, patience=_PATIENCE):
        person.at_some_moment(case_id)
        person.ask("POST", f"/cases/{case_id}/withdrawal", {}, key=f"withdraw-{case_id}")


def _offers(person: Person, case_id: str) -> None:
    if _under_review(person, case_id):
        person.at_some_moment(case_id)
        said = {"amount": 700, "note": f"For {CANARY}."}
        person.ask("POST", f"/cases/{case_id}/offers", said, key=f"offer-{case_id}")


def _accepts(person: Person, case_id: str) -> None:
    if person.world.until(case_id, lambda row: row["status"]["S"] == "offer_pending", patience=_PATIENCE):
        person.at_some_moment(case_id)
        person.ask("POST", f"/cases/{case_id}/offers/o1/answer", {"accept": True}, key=f"yes-{case_id}")


def _disputes_a_decline(person: Person, case_id: str) -> None:
    if person.world.until(case_id, lambda row: row["status"]["S"] == "declined", patience=_PATIENCE):
        person.at_some_moment(case_id)
        said = {"text": f"It broke at {CANARY}."}
        person.ask("POST", f"/cases/{case_id}/dispute", said, key=f"dispute-{case_id}")


def _declines_and_states(person: Person, case_id: str) -> None:
    _declines(person, case_id)
    if person.world.until(case_id, lambda row: row["status"]["S"] == "disputed", patience=_PATIENCE):
        person.at_some_moment(case_id)
        said = {"text": f"It was whole, {CANARY}."}
        person.ask("POST", f"/cases/{case_id}/statements", said, key=f"state-{case_id}")


def _appeals(person: Person, case_id: str) -> None:
    over = {"closed_declined", "completed"}
    if person.world.until(case_id, lambda row: row["status"]["S"] in over, patience=_PATIENCE):
        person.at_some_moment(case_id)
        said = {"text": f"Look again, says {CANARY}."}
        person.ask("POST", f"/cases/{case_id}/appeal", said, key=f"appeal-{case_id}")


def _ships(person: Person, case_id: str) -> None:
    if person.world.until(case_id, lambda row: row["status"]["S"] == "awaiting_return", patience=_PATIENCE):
        person.at_some_moment(case_id)
        parcel = {"carrier": "ups", "tracking_code": parcel_of(case_id)}
        person.ask("POST", f"/cases/{case_id}/shipment", parcel, key=f"ship-{case_id}")


def _ships_and_objects(person: Person, case_id: str) -> None:
    _ships(person, case_id)
    if person.world.until(case_id, lambda row: row["status"]["S"] == "inspection_failed", patience=_PATIENCE):
        person.at_some_moment(case_id)
        said = {"text": f"All of it was in the box, {CANARY}."}
        person.ask("POST", f"/cases/{case_id}/dispute", said, key=f"object-{case_id}")


def _is_ready(row: Item) -> bool:
    """The stock has set aside what is to be sent."""
    leg = row.get("exchange", {}).get("M", {})
    return bool(row["status"]["S"] == "exchange_pending" and leg.get("set_aside", {}).get("S") == "promised")


def _sends(times: int) -> Part:
    """Once the goods are back, other goods go out, so often as they are lost."""

    def sends(person: Person, case_id: str) -> None:
        _receives(1)(person, case_id)
        for n in range(times):
            if person.world.until(case_id, _is_ready, patience=_PATIENCE):
                person.at_some_moment(case_id)
                # Another number than that of the parcel that came back, and of the one before.
                parcel = {"carrier": "ups", "tracking_code": parcel_of(f"{n}{case_id[24:31]}")}
                person.ask("POST", f"/cases/{case_id}/replacement", parcel, key=f"send-{case_id}-{n}")

    return sends


def _sends_part(person: Person, case_id: str) -> None:
    if person.world.until(case_id, _is_ready, patience=_PATIENCE):
        person.at_some_moment(case_id)
        parcel = {"carrier": "ups", "tracking_code": parcel_of(case_id)}
        person.ask("POST", f"/cases/{case_id}/replacement", parcel, key=f"send-{case_id}")


def _confirms(parcels: int) -> Part:
    """The goods go back, and of so many parcels that are sent for them the last one comes."""

    def confirms(person: Person, case_id: str) -> None:
        _ships(person, case_id)
        _takes(person, case_id, parcels)

    return confirms


def _takes(person: Person, case_id: str, parcels: int = 1) -> None:
    """Of so many parcels that are sent the last one comes."""
    for n in range(1, parcels + 1):
        shipped = f"x{n}"
        if not person.world.until(case_id, lambda row: _shipment(row) == shipped, patience=_PATIENCE):  # noqa: B023
            return
    person.at_some_moment(case_id)
    path = f"/cases/{case_id}/replacement/confirmation"
    person.ask("POST", path, {}, key=f"confirm-{case_id}")


def _takes_and_posts(person: Person, case_id: str) -> None:
    """Other goods come first, and then those go back that they are for."""
    _takes(person, case_id)
    _posts("in_transit", "delivered")(person, case_id)


def _shipment(row: Item) -> str:
    """The id of the parcel that is on its way to the buyer."""
    leg = row.get("exchange", {}).get("M", {})
    return str(leg.get("shipment", {}).get("M", {}).get("shipment_id", {}).get("S", ""))


def _pays_and_confirms(parcels: int) -> Part:
    """What the other goods cost more is paid, once they are asked for."""
    confirms = _confirms(parcels)

    def pays_and_confirms(person: Person, case_id: str) -> None:
        person.world.scheduler.spawn("buyer pays", lambda: _pays(person, case_id))
        confirms(person, case_id)

    return pays_and_confirms


def _pays(person: Person, case_id: str) -> None:
    if person.world.until(case_id, _is_asked, patience=_PATIENCE):
        person.at_some_moment(case_id)
        asked = person.ask("GET", f"/cases/{case_id}/payment")
        if asked.ok:
            reference = asked.body["client_secret"].partition("_secret_")[0]
            with suppress(Refusal):
                person.world.provider.ledger.confirm(reference, "pm_card_visa", {})


def _is_asked(row: Item) -> bool:
    """The provider waits for the buyer to pay."""
    charges = row.get("exchange", {}).get("M", {}).get("charges", {}).get("L", [])
    return bool(charges and charges[-1]["M"].get("state") == {"S": "awaiting"})


def _uploads_and_confirms(person: Person, case_id: str) -> None:
    _uploads(person, case_id)
    if person.world.until(case_id, lambda row: row["status"]["S"] == "exchange_shipped", patience=_PATIENCE):
        person.at_some_moment(case_id)
        path = f"/cases/{case_id}/replacement/confirmation"
        person.ask("POST", path, {}, key=f"confirm-{case_id}")


def _waits_for_stock(person: Person, case_id: str) -> None:
    """There are none; the buyer waits a few times, and sends the goods back."""
    for n in range(3):
        if n == 1:
            _ships(person, case_id)
        if person.world.until(case_id, lambda row: row["status"]["S"] == "out_of_stock", patience=_PATIENCE):
            person.at_some_moment(case_id)
            choice = "wait" if n < 2 else "refund"
            path = f"/cases/{case_id}/alternative"
            person.ask("POST", path, {"choice": choice}, key=f"choose-{case_id}-{n}")


def _receives(accepted: int) -> Part:
    """The parcel arrives, and later so many units are accepted."""

    def receives(person: Person, case_id: str) -> None:
        sent = {"return_in_transit", "return_received"}
        path = f"/cases/{case_id}/receipt"
        if person.world.until(case_id, lambda row: row["status"]["S"] in sent, patience=_PATIENCE):
            person.ask("POST", path, {}, key=f"arrived-{case_id}")
            person.at_some_moment(case_id)
            found = {"lines": [{"line_id": "bowls", "accepted": accepted}], "note": f"By {CANARY}."}
            person.ask("POST", path, found, key=f"counted-{case_id}")

    return receives


def _receives_late(person: Person, case_id: str) -> None:
    """A parcel comes that was given up."""
    if person.world.until(case_id, lambda row: row["status"]["S"] == "expired", patience=_PATIENCE):
        person.at_some_moment(case_id)
        person.ask("POST", f"/cases/{case_id}/receipt", {}, key=f"late-{case_id}")


def _disputes_return(person: Person, case_id: str) -> None:
    """The parcel arrives, and its seller shows what is wrong with it to a reviewer."""
    sent = {"return_in_transit", "return_received"}
    if person.world.until(case_id, lambda row: row["status"]["S"] in sent, patience=_PATIENCE):
        person.ask("POST", f"/cases/{case_id}/receipt", {}, key=f"arrived-{case_id}")
        promise = {"filename": f"{CANARY}.jpg", "content_type": "image/jpeg", "size": len(_photo())}
        added = person.ask("POST", f"/cases/{case_id}/evidence", promise, key=f"photo-{case_id}")
        if not added.ok:
            return
        person.world.upload(f"incoming/cases/{case_id}/{added.body['evidence']['evidence_id']}", _photo())
        person.at_some_moment(case_id)
        said = {"text": f"A brick from {CANARY}."}
        person.ask("POST", f"/cases/{case_id}/dispute", said, key=f"shown-{case_id}")


def _has_label(row: Item) -> bool:
    shipment = row.get("returning", {}).get("M", {}).get("shipment", {}).get("M", {})
    return bool(shipment.get("label", {}).get("M", {}).get("state") == {"S": "bought"})


def _posts(*scans: str) -> Part:
    """Hands the parcel over under the platform's label, and the carrier scans it as it goes."""

    def posts(person: Person, case_id: str) -> None:
        if person.world.until(case_id, _has_label, patience=_PATIENCE):
            person.at_some_moment(case_id)
            _travels(person, case_id, scans)

    return posts


def _ships_and_loses(person: Person, case_id: str) -> None:
    """Hands an own parcel to a carrier, who has it in hand and never delivers it."""
    _ships(person, case_id)
    person.world.scheduler.sleep(DAY)
    person.world.carriers.depot.scan(parcel_of(case_id), ["in_transit"])


def _posts_late(person: Person, case_id: str) -> None:
    """Does so when the case has ended already."""
    if person.world.until(case_id, lambda row: row["status"]["S"] == "expired", patience=_PATIENCE):
        person.world.scheduler.sleep(HOUR)
        _travels(person, case_id, ("in_transit", "delivered"))


def _travels(person: Person, case_id: str, scans: tuple[str, ...]) -> None:
    label = person.ask("GET", f"/cases/{case_id}/label")
    if label.ok:
        for scan in scans:
            person.world.carriers.depot.scan(label.body["tracking_code"], [scan])
            person.world.scheduler.sleep(DAY)


def _withdraws_from_sending(person: Person, case_id: str) -> None:
    if person.world.until(case_id, lambda row: row["status"]["S"] == "awaiting_return", patience=_PATIENCE):
        person.at_some_moment(case_id)
        person.ask("POST", f"/cases/{case_id}/withdrawal", {}, key=f"withdraw-{case_id}")


def _uploads(person: Person, case_id: str) -> None:
    if person.world.until(case_id, lambda row: row["status"]["S"] == "evidence_required", patience=_PATIENCE):
        person.at_some_moment(case_id)
        person.world.upload(f"incoming/cases/{case_id}/e1", _photo())


JOURNEYS: Mapping[str, Journey] = {
    "policy_refund": Journey(reason="late", ends="completed"),
    "seller_refund": Journey(reason="changed_mind", ends="completed", seller=_approves),
    "partial_refund": Journey(reason="changed_mind", ends="completed", seller=_approves_part),
    "silent_seller": Journey(reason="changed_mind", ends="completed"),
    "disputed": Journey(reason="late", ends="completed", dear=True),
    "declined": Journey(reason="changed_mind", ends="closed_declined", dear=True, seller=_declines),
    "offer_accepted": Journey(reason="changed_mind", ends="completed", seller=_offers, buyer=_accepts),
    "offer_lapsed": Journey(reason="changed_mind", ends="completed", seller=_offers),
    "heard": Journey(
        reason="changed_mind", ends="completed", seller=_declines_and_states, buyer=_disputes_a_decline
    ),
    "appealed": Journey(reason="late", ends="completed", dear=True, buyer=_appeals),
    "withdrawn": Journey(reason="changed_mind", ends="cancelled", buyer=_withdraws),
    "withdrawn_or_approved": Journey(
        reason="changed_mind", ends="cancelled", buyer=_withdraws, seller=_approves
    ),
    "evidence_expired": Journey(reason="damaged", ends="cancelled", photo=True),
    "evidence_uploaded": Journey(reason="damaged", ends="completed", photo=True, buyer=_uploads),
    "returned": Journey(reason="late", ends="completed", kind="return", buyer=_ships, seller=_receives(1)),
    "return_expired": Journey(reason="late", ends="expired", kind="return"),
    "return_late": Journey(reason="late", ends="completed", kind="return", seller=_receives_late),
    "return_disputed": Journey(
        reason="late", ends="completed", kind="return", buyer=_ships, seller=_disputes_return
    ),
    "return_silent": Journey(reason="late", ends="completed", kind="return", dear=True, buyer=_ships),
    "return_refused": Journey(
        reason="changed_mind", ends="closed_declined", kind="return", buyer=_ships, seller=_receives(0)
    ),
    "return_contested": Journey(
        reason="late",
        ends="completed",
        kind="return",
        dear=True,
        buyer=_ships_and_objects,
        seller=_receives(0),
    ),
    "exchanged": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-bowls",
        buyer=_confirms(1),
        seller=_sends(1),
    ),
    "exchanged_for_less": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-cup",
        buyer=_confirms(1),
        seller=_sends(1),
    ),
    "exchanged_for_more": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-vase",
        buyer=_pays_and_confirms(1),
        seller=_sends(1),
    ),
    "difference_unpaid": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-vase",
        buyer=_ships,
        seller=_sends(1),
    ),
    "difference_paid_for_nothing": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-vase",
        buyer=_pays_and_confirms(1),
        seller=_receives(1),
    ),
    "exchange_unsent": Journey(
        reason="late", ends="completed", kind="exchange", wants="sku-bowls", buyer=_ships
    ),
    "out_of_stock": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-none",
        buyer=_waits_for_stock,
        seller=_receives(1),
    ),
    "replacement_lost": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-bowls",
        buyer=_confirms(2),
        seller=_sends(2),
    ),
    "replacement_lost_and_paid": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-bowls",
        buyer=_ships,
        seller=_sends(1),
    ),
    "goods_first": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-lid",
        ahead=True,
        buyer=_takes_and_posts,
        seller=_sends_part,
    ),
    "goods_first_and_kept": Journey(
        reason="late",
        ends="completed",
        kind="exchange",
        wants="sku-bowls",
        ahead=True,
        buyer=_takes,
        seller=_sends_part,
    ),
    "missing_part": Journey(
        reason="missing_parts",
        ends="completed",
        kind="exchange",
        wants="sku-lid",
        photo=True,
        buyer=_uploads_and_confirms,
        seller=_sends_part,
    ),
    "label_delivered": Journey(
        reason="late",
        ends="completed",
        kind="return",
        labelled=True,
        buyer=_posts("in_transit", "out_for_delivery", "delivered"),
    ),
    "label_lost": Journey(
        reason="late", ends="completed", kind="return", labelled=True, buyer=_posts("in_transit", "failure")
    ),
    "label_withdrawn": Journey(
        reason="late", ends="cancelled", kind="return", labelled=True, buyer=_withdraws_from_sending
    ),
    "label_unused": Journey(reason="late", ends="expired", kind="return", labelled=True),
    "label_late": Journey(reason="late", ends="completed", kind="return", labelled=True, buyer=_posts_late),
    "paid_ahead": Journey(
        reason="late",
        ends="completed",
        kind="return",
        labelled=True,
        ahead=True,
        buyer=_posts("in_transit", "delivered"),
    ),
    "paid_ahead_and_refused": Journey(
        reason="late",
        ends="completed",
        kind="return",
        labelled=True,
        ahead=True,
        buyer=_posts("in_transit", "delivered"),
        seller=_receives(0),
    ),
    "paid_ahead_and_lost": Journey(
        reason="late", ends="completed", kind="return", ahead=True, buyer=_ships_and_loses
    ),
    "paid_ahead_and_failed": Journey(
        reason="late",
        ends="completed",
        kind="return",
        labelled=True,
        ahead=True,
        money="fail_later",
        buyer=_posts("in_transit", "delivered"),
    ),
    "pending": Journey(reason="late", ends="completed", money="pending"),
    "needs_action": Journey(reason="late", ends="completed", money="requires_action"),
    "refund_failed": Journey(reason="late", ends="completed", money="fail"),
    "late_failure": Journey(reason="late", ends="completed", money="fail_later"),
    "refund_by_hand": Journey(reason="late", ends="completed", elsewhere=_refunds_by_hand),
    "chargeback": Journey(reason="late", ends="completed", elsewhere=_disputes),
}


# SKU, price and how many there are.
_STOCK = (
    ("sku-bowls", 2_300, 40),
    ("sku-cup", 1_400, 40),
    ("sku-vase", 2_700, 40),
    ("sku-lid", 300, 40),
    ("sku-none", 2_000, 0),
)


def _sku(sku: str, price: int, on_hand: int) -> Sku:
    return Sku(
        sku=sku,
        seller_id=SELLER.id,
        product="tableware",
        title=sku,
        category="pottery",
        currency="USD",
        price=price,
        on_hand=on_hand,
        available=on_hand,
        held=0,
        confirmed=0,
    )


class Market:
    """A world with orders and with people who live through journeys on them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.opened: dict[str, str] = {}
        self._orders = [
            self._order("order-1", unit=2_000, units=6),
            self._order("order-2", unit=12_000, units=6),
        ]
        self._addressed = _addressed(self._order("order-3", unit=3_000, units=6))
        self._orders.append(self._addressed)
        self.books = Bookkeeper(world, self._orders)
        self._settling: set[str] = set()
        self._somebody_gave_up = False
        Platform(world)
        world.on_refund.append(self._bank)
        for order in self._orders:
            put_order(bootstrap.desk(), order)
        self._regulars: Order | None = None
        for sku, price, on_hand in _STOCK:
            bootstrap.stock().put_sku(_sku(sku, price, on_hand))

    def begin(self, name: str, number: int) -> None:
        """Somebody sets out."""
        journey = JOURNEYS[name]
        if journey.ahead:
            self._buys_often()
        self.world.scheduler.spawn(f"buyer {number}", lambda: self._apply(journey, name, number))

    def _buys_often(self) -> None:
        """Somebody has bought many times, and has one order more, with both ends of the way back."""
        if self._regulars:
            return
        for number in range(9):
            before = self._order(f"before-{number}", unit=900, units=1)
            put_order(bootstrap.desk(), replace(before, buyer_id=REGULAR.id))
        order = replace(_addressed(self._order("order-4", unit=1_100, units=6)), buyer_id=REGULAR.id)
        self._regulars = order
        self._orders.append(order)
        self.books.watch(order)
        put_order(bootstrap.desk(), order)

    def close(self) -> None:
        """Nothing is under way any more: the last look, and whether anybody applied once and has two cases (I3)."""
        self.books.close()
        for sku, _, _ in _STOCK:
            with self.world.quietly():
                left = bootstrap.stock().sku(sku)
            if left and left.held:
                self.world.violate("I13", sku, f"{left.held} are still set aside, and nobody waits for them")
        self._look_at_labels()
        for order in self._orders:
            for case in self.books.cases(order.order_id):
                if case.case_id not in self.opened and not self._somebody_gave_up:
                    self.world.violate("I3", case.case_id, "nobody was ever told of this case")

    def _look_at_labels(self) -> None:
        """Of what was bought for a case one label is kept at most, the one that it has recorded, and that is paid for
        only where goods may go under it (I8)."""
        kept = {
            case.label.label.provider_shipment_id
            for order in self._orders
            for case in self.books.cases(order.order_id)
            if case.label and case.label.label and case.label_needed
        }
        for one in self.world.carriers.depot.labels():
            if one["refund_status"] is None and one["shipment_id"] not in kept:
                self.world.violate("I8", one["reference"], "a label that nobody needs was not given back")

    def ends(self) -> tuple[str, ...]:
        """Where every case stands."""
        return tuple(case.status for order in self._orders for case in self.books.cases(order.order_id))

    def pry(self) -> None:
        """A stranger tries the doors of the first case."""

        def tries() -> None:
            self.world.scheduler.sleep(DAY)
            if self.opened:
                Stranger(self.world, next(iter(self.opened))).pry()

        self.world.scheduler.spawn("stranger", tries)

    def _apply(self, journey: Journey, name: str, number: int) -> None:
        order = self._addressed if journey.labelled else self._orders[journey.dear]
        mei = buyer(self.world)
        if journey.ahead and self._regulars:
            order, mei = self._regulars, regular(self.world)
        card = next(one for one in order.payments if one.provider == "stripe")
        if journey.money:
            self.world.provider.order(journey.money, card.reference)
        if journey.elsewhere:
            happens = journey.elsewhere
            self.world.scheduler.spawn(f"elsewhere {number}", lambda: happens(self.world, card.reference))
        promise = {"filename": f"{CANARY}.jpg", "content_type": "image/jpeg", "size": len(_photo())}
        body = {
            "order_id": order.order_id,
            "kind": journey.kind,
            "reason": journey.reason,
            "lines": [{"line_id": "bowls", "quantity": 1}],
            "description": f"Sent to {CANARY}.",
        } | ({"evidence": [promise]} if journey.photo else {})
        if journey.wants:
            body["replacement"] = [{"line_id": "bowls", "sku": journey.wants, "quantity": 1}]
        answer = mei.ask("POST", "/cases", body, key=f"open-{number}")
        if not answer.ok:
            self._somebody_gave_up |= answer.is_unknown
            return
        case_id = answer.body["case_id"]
        self.opened[case_id] = f"case-{number}-{name}"
        self.books.accepted[order.order_id].add(case_id)
        if journey.buyer:
            part = journey.buyer
            self.world.scheduler.spawn(f"buyer {number}", lambda: part(mei, case_id))
        if journey.seller:
            answers = journey.seller
            self.world.scheduler.spawn(f"seller {number}", lambda: answers(seller(self.world), case_id))

    def _bank(self) -> None:
        """Refunds that the bank did not make at once come to an end."""
        for refund in self.world.provider.ledger.refunds():
            if refund["status"] in ("pending", "requires_action") and refund["id"] not in self._settling:
                self._settling.add(refund["id"])
                fails = self.world.choose(2, "bank") == 1
                wait = _BANK[self.world.choose(len(_BANK), "bank's pace")]
                settle = partial(self._settle, refund["id"], fails=fails)
                self.world.scheduler.at(self.world.now + wait, settle)

    def _settle(self, refund_id: str, *, fails: bool) -> None:
        try:
            reason = "expired_or_canceled_card" if fails else None
            self.world.provider.ledger.settle(refund_id, "failed" if fails else "succeeded", reason)
        except Refusal:
            return

    def _order(self, order_id: str, *, unit: int, units: int) -> Order:
        """Bowls, their shipping, paid by a voucher and a card, or by card alone."""
        now, total, shipping = self.world.now, unit * units, 500
        voucher = min(1_500, total) if self.world.choose(2, "voucher") else 0
        card = total + shipping - voucher
        payments = (
            Payment(payment_id="gift-card", provider="store_credit", reference="gc_77", captured=voucher),
            Payment(
                payment_id="card",
                provider="stripe",
                reference=self.world.provider.pay(card, "usd", "pm_card_visa"),
                captured=card,
            ),
        )
        return Order(
            order_id=order_id,
            platform_fee=(total + shipping) // 7,
            buyer_id=BUYER.id,
            seller_id=SELLER.id,
            currency="USD",
            placed_at=now - 8 * DAY,
            shipped_at=now - 7 * DAY,
            delivered_at=now - 5 * DAY,
            lines=(
                Line(
                    line_id="bowls",
                    sku="sku-bowls",
                    title="Bowls",
                    category="pottery",
                    quantity=units,
                    total=total,
                ),
            ),
            shipping=Shipping(total=shipping),
            payments=payments if voucher else payments[1:],
            contact=Contact(email=f"mei@{CANARY.replace(' ', '-')}.example"),
        )


def _addressed(order: Order) -> Order:
    """With both ends of the way back, so that the platform buys labels."""
    lane = Address(name=CANARY, street1=CANARY, city="Redondo Beach", state="CA", zip="90277", country="US")
    door = replace(lane, name="Kiln and Clay", street1="388 Townsend St", city="San Francisco", zip="94107")
    return replace(order, shipping_address=lane, return_address=door)


@cache
def _photo() -> bytes:
    return plain_photo(size=(8, 8))
