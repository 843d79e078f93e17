"""Other goods go out on the deployed stack. However it ends, the buyer has the goods, or the money, or both parts of
what was paid; the stock holds nothing for a case that is over."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from stripe import CardError, InvalidRequestError, StripeClient

from tests.builders import parcel_of
from tests.corpus import plain_photo
from tests.e2e.market import SECONDS, Market, Sale, application, body, refusal, wait
from tests.e2e.test_labels import known
from tests.e2e.test_parallel_cases import MANY, UNITS, patient
from tests.e2e.test_returns import arrive, count
from tools.desk import FINAL, upload, wait_for
from tools.payment_sandbox.pay import pay_with

pytestmark = pytest.mark.e2e

WORTH = 5_900
MORE = 900


def stocked(market: Market, sale: Sale, on_hand: int = 5, price: int = WORTH, sku: str = "") -> str:
    """The platform says how many of these goods their seller has."""
    sku = sku or f"kettle-{uuid4().hex[:12]}"
    said = {
        "seller_id": sale.seller.party_id,
        "product": "kettles",
        "title": "Another kettle",
        "currency": sale.order["currency"],
        "price": price,
        "on_hand": on_hand,
    }
    body(market.stack.person("platform").put(f"skus/{sku}", said))
    return sku


def counted(market: Market, sku: str) -> tuple[int, int, int]:
    """How many are to be had, are held for cases, and have gone out."""
    seen = body(market.stack.person("platform").get(f"skus/{sku}"))
    return seen["available"], seen["held"], seen["confirmed"]


def wanted(sku: str, line_id: str = "kettle") -> list[dict[str, Any]]:
    return [{"line_id": line_id, "sku": sku, "quantity": 1}]


def answered(case: dict[str, Any]) -> bool:
    """Whether the stock has said that it has the goods, or that it has none."""
    has_it = case["exchange"]["set_aside"] in ("reserved", "promised")
    return has_it or case["status"] == "out_of_stock"


def asked(market: Market, sale: Sale, sku: str, status: str = "awaiting_return") -> str:
    """An exchange that the policy approved."""
    case_id = str(market.apply(sale, kind="exchange", replacement=wanted(sku))["case_id"])
    assert market.until_it(sale, case_id, answered)["status"] == status
    return case_id


def came_back(market: Market, sale: Sale, case_id: str, status: str = "exchange_pending") -> None:
    """The goods are with their seller, as they should be."""
    arrive(sale, case_id)
    line = market.case(sale, case_id)["lines"][0]["line_id"]
    count(sale, case_id, 1, line_id=line)
    market.until(sale, case_id, status)


def goes_out(market: Market, sale: Sale, case_id: str, number: str = "") -> None:
    """The seller sends the other goods, once they are promised."""
    market.until_it(sale, case_id, lambda case: case["exchange"]["set_aside"] == "promised")
    parcel = {"carrier": "ups", "tracking_code": parcel_of(number or case_id[24:])}
    assert body(sale.seller.post(f"cases/{case_id}/replacement", parcel))["exchange"]["state"] == "shipped"


def comes(market: Market, sale: Sale, case_id: str) -> None:
    body(sale.buyer.post(f"cases/{case_id}/replacement/confirmation"))
    ended(market, sale, case_id, "completed")


def ended(market: Market, sale: Sale, case_id: str, status: str) -> None:
    """The case is over, and its execution with it."""
    assert market.until(sale, case_id, status)["status"] in FINAL
    assert market.finished(case_id)["status"] == "SUCCEEDED"


def paid(market: Market, sale: Sale) -> list[int]:
    """What was paid back; the ledger and the seller's statement say the same, and hold nothing more."""
    amounts = [one["amount"] for one in market.refunds(sale)]
    order = market.order(sale)
    assert (order["refunded"], order["reserved"]) == (sum(amounts), 0)
    postings = body(sale.seller.get(f"sellers/{sale.seller.party_id}/statement"))["items"]
    lines = [line for posting in postings for line in posting["lines"]]
    assert sum(line["amount"]["amount"] for line in lines) == 0
    assert -sum(line["amount"]["amount"] for line in lines if line["account"] == "buyer_refund") == sum(
        amounts
    )
    return amounts


def test_goods_of_the_same_price_are_exchanged(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale)
    case_id = asked(market, sale, sku)
    assert counted(market, sku) == (4, 1, 0)
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    comes(market, sale, case_id)
    assert (paid(market, sale), counted(market, sku)) == ([], (4, 0, 1))
    lines = market.order(sale)["lines"]
    assert [(one["total"], one["refundable_quantity"]) for one in lines] == [(WORTH, 0), (WORTH, 1)]


def difference(market: Market, sale: Sale, case_id: str) -> dict[str, Any]:
    """How what they cost more is paid, once the provider was asked for it."""

    def look() -> Response | None:
        answer = sale.buyer.get(f"cases/{case_id}/payment")
        return answer if answer.is_success else None

    return body(wait_for(look, "what is to be paid", SECONDS))


def named(due: dict[str, Any]) -> str:
    """What the payment is called at the provider."""
    return str(due["client_secret"].partition("_secret_")[0])


def due_for_dearer(market: Market, sale: Sale) -> tuple[str, str, dict[str, Any]]:
    """The goods came back and the dearer ones are kept for their buyer: the case, the goods, what is to be paid."""
    sku = stocked(market, sale, price=WORTH + MORE)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id, "awaiting_payment")
    return case_id, sku, difference(market, sale, case_id)


def held_for_dearer(market: Market, sale: Sale) -> tuple[str, str, str]:
    """The buyer paid what they cost more: the case, the goods, the payment."""
    case_id, sku, due = due_for_dearer(market, sale)
    pays(market, sale, case_id, due)
    return case_id, sku, named(due)


def pays(market: Market, sale: Sale, case_id: str, due: dict[str, Any]) -> None:
    market.stack.pay_with(due["client_secret"])
    market.until(sale, case_id, "exchange_pending")
    assert market.stack.payment_state(named(due)) == "requires_capture"


def is_taken(market: Market, charge: str) -> None:
    wait(lambda: market.stack.payment_state(charge) == "succeeded", "the difference to be taken")


def is_let_go(market: Market, charge: str) -> None:
    wait(lambda: market.stack.payment_state(charge) == "canceled", "the hold to be let go")


def dearer_goods_are_the_buyers(market: Market, sale: Sale, case_id: str, sku: str) -> None:
    """Ledger, stock and statement agree: one difference was taken, and is part of what the new goods are worth."""
    assert (paid(market, sale), counted(market, sku)) == ([], (4, 0, 1))
    order = market.order(sale)
    lines = {one["line_id"]: (one["total"], one["refundable_quantity"]) for one in order["lines"]}
    assert lines == {"kettle": (WORTH, 0), f"{case_id}.1": (WORTH + MORE, 1)}
    payments = [(one["captured"], one["available"]) for one in order["payments"]]
    assert (payments, order["captured"]) == ([(WORTH, WORTH), (MORE, MORE)], WORTH + MORE)
    [posting] = body(sale.seller.get(f"sellers/{sale.seller.party_id}/statement"))["items"]
    assert posting["owed_to_seller"]["amount"] == MORE


def money_went_back(market: Market, sale: Sale, sku: str) -> None:
    """As if no other goods had been asked for: what was paid is with its buyer, and nothing more was taken."""
    assert (paid(market, sale), counted(market, sku)) == ([WORTH], (5, 0, 0))
    order = market.order(sale)
    assert (order["captured"], len(order["payments"])) == (WORTH, 1)
    assert [(one["line_id"], one["refundable_quantity"]) for one in order["lines"]] == [("kettle", 0)]


def cashier(market: Market) -> StripeClient:
    """The provider itself, for what neither buyer nor desk can do."""
    return StripeClient("sk_test_sandbox", base_addresses={"api": market.stack.payments_url})


def went_wrong(market: Market, charge: str) -> bool:
    """Whether each fault that was ordered for this payment was met."""
    return all(one["payment_intent"] != charge for one in market.stack.sandbox("GET", "faults")["faults"])


def test_what_other_goods_cost_more_is_held_before_they_are_sent_and_then_taken(market: Market) -> None:
    sale = market.sell()
    case_id, sku, due = due_for_dearer(market, sale)
    assert due["amount"] == {"amount": MORE, "currency": "BRL"}
    assert counted(market, sku) == (4, 0, 1)
    pays(market, sale, case_id, due)
    goes_out(market, sale, case_id)
    is_taken(market, named(due))
    comes(market, sale, case_id)
    dearer_goods_are_the_buyers(market, sale, case_id, sku)


def test_a_difference_is_its_buyers_to_pay_once_and_before_the_goods_are_sent(market: Market) -> None:
    sale = market.sell()
    case_id, _, due = due_for_dearer(market, sale)
    parcel = {"carrier": "ups", "tracking_code": parcel_of(case_id[24:])}
    unpaid = sale.seller.post(f"cases/{case_id}/replacement", parcel)
    assert refusal(unpaid) == (409, "act_not_possible")
    assert sale.seller.get(f"cases/{case_id}/payment").status_code == 403
    pays(market, sale, case_id, due)
    assert refusal(sale.buyer.get(f"cases/{case_id}/payment")) == (409, "no_payment_due")
    with pytest.raises(InvalidRequestError):
        market.stack.pay_with(due["client_secret"])
    assert market.order(sale)["captured"] == WORTH


def test_dearer_goods_that_go_back_in_turn_are_paid_back_by_both_payments(market: Market) -> None:
    sale = market.sell()
    first, sku, charge = held_for_dearer(market, sale)
    goes_out(market, sale, first)
    is_taken(market, charge)
    comes(market, sale, first)
    dearer_goods_are_the_buyers(market, sale, first, sku)
    claim = application(sale, lines=[{"line_id": f"{first}.1", "quantity": 1}])
    second = str(body(sale.buyer.post("cases", claim), 201)["case_id"])
    ended(market, sale, second, "completed")
    [difference_back] = market.stack.refunds_at_provider(charge)
    assert ([one["amount"] for one in market.refunds(sale)], difference_back["amount"]) == ([WORTH], MORE)
    order = market.order(sale)
    assert (order["refunded"], order["refundable"], order["reserved"]) == (WORTH + MORE, 0, 0)


def test_a_card_that_is_declined_leaves_the_difference_to_be_paid_with_another(market: Market) -> None:
    sale = market.sell()
    case_id, sku, due = due_for_dearer(market, sale)
    with pytest.raises(CardError):
        pay_with(cashier(market), due["client_secret"], "pm_card_chargeDeclined")
    market.all_delivered()
    assert market.case(sale, case_id)["status"] == "awaiting_payment"
    assert difference(market, sale, case_id) == due
    pays(market, sale, case_id, due)
    goes_out(market, sale, case_id)
    is_taken(market, named(due))
    comes(market, sale, case_id)
    dearer_goods_are_the_buyers(market, sale, case_id, sku)


def test_a_hold_that_ends_before_the_goods_are_sent_is_asked_for_once_more(market: Market) -> None:
    sale = market.sell()
    case_id, sku, lapsed = held_for_dearer(market, sale)
    cashier(market).v1.payment_intents.cancel(lapsed)
    market.until(sale, case_id, "awaiting_payment")
    due = difference(market, sale, case_id)
    assert (named(due) != lapsed, due["amount"]["amount"]) == (True, MORE)
    pays(market, sale, case_id, due)
    goes_out(market, sale, case_id)
    is_taken(market, named(due))
    comes(market, sale, case_id)
    assert market.stack.payment_state(lapsed) == "canceled"
    dearer_goods_are_the_buyers(market, sale, case_id, sku)


FAULTS = [
    pytest.param({"fault": "lost_answer"}, id="the answer is lost after the effect"),
    pytest.param({"fault": "refused"}, id="the connection breaks before the effect"),
    pytest.param({"fault": "status", "status": 500}, id="the provider breaks before the effect"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_difference_is_taken_once_although(market: Market, fault: dict[str, Any]) -> None:
    sale = market.sell()
    case_id, sku, charge = held_for_dearer(market, sale)
    market.fault(sale, **fault, on="capture", payment_intent=charge)
    goes_out(market, sale, case_id)
    is_taken(market, charge)
    assert went_wrong(market, charge)
    comes(market, sale, case_id)
    dearer_goods_are_the_buyers(market, sale, case_id, sku)


def test_a_difference_that_nobody_pays_ends_in_the_money_that_was_paid(market: Market) -> None:
    sale = market.sell()
    case_id, sku, due = due_for_dearer(market, sale)
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    assert market.stack.payment_state(named(due)) == "canceled"
    money_went_back(market, sale, sku)
    assert refusal(sale.buyer.get(f"cases/{case_id}/payment")) == (409, "no_payment_due")
    with pytest.raises(InvalidRequestError):
        market.stack.pay_with(due["client_secret"])


@pytest.mark.parametrize("fault", FAULTS)
def test_what_nobody_paid_is_asked_of_nobody_any_more_although(market: Market, fault: dict[str, Any]) -> None:
    sale = market.sell()
    case_id, sku, due = due_for_dearer(market, sale)
    market.fault(sale, **fault, on="cancel", payment_intent=named(due))
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    is_let_go(market, named(due))
    assert went_wrong(market, named(due))
    money_went_back(market, sale, sku)


def test_what_is_held_for_goods_that_are_never_sent_is_let_go(market: Market) -> None:
    sale = market.sell()
    case_id, sku, charge = held_for_dearer(market, sale)
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    assert market.stack.payment_state(charge) == "canceled"
    money_went_back(market, sale, sku)


def test_what_was_paid_before_the_deadline_and_heard_of_after_it_is_let_go(market: Market) -> None:
    sale = market.sell()
    case_id, sku, due = due_for_dearer(market, sale)
    market.webhooks("hold")
    market.stack.pay_with(due["client_secret"])
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    assert market.stack.payment_state(named(due)) == "canceled"
    assert market.release("reverse", 2)
    assert market.case(sale, case_id)["status"] == "completed"
    money_went_back(market, sale, sku)


def test_what_other_goods_cost_less_is_paid_back_when_they_have_come(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale, price=4_000)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    assert market.refunds(sale) == []
    comes(market, sale, case_id)
    assert paid(market, sale) == [1_900]
    assert counted(market, sku) == (4, 0, 1)


def test_a_buyer_who_is_told_that_there_are_none_takes_others(market: Market) -> None:
    sale = market.sell()
    none, other = stocked(market, sale, on_hand=0), stocked(market, sale, price=5_000)
    case_id = asked(market, sale, none, "out_of_stock")
    chosen = {"choice": "other", "replacement": wanted(other)}
    body(sale.buyer.post(f"cases/{case_id}/alternative", chosen))
    market.until(sale, case_id, "awaiting_return")
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    comes(market, sale, case_id)
    assert (paid(market, sale), counted(market, other)) == ([900], (4, 0, 1))


def test_a_buyer_who_waited_in_vain_takes_the_money_after_the_goods_came_back(market: Market) -> None:
    sale = market.sell()
    none = stocked(market, sale, on_hand=0)
    case_id = asked(market, sale, none, "out_of_stock")
    body(sale.buyer.post(f"cases/{case_id}/alternative", {"choice": "wait"}))
    market.until(sale, case_id, "awaiting_return")
    came_back(market, sale, case_id, "out_of_stock")
    body(sale.buyer.post(f"cases/{case_id}/alternative", {"choice": "refund"}))
    ended(market, sale, case_id, "completed")
    assert (paid(market, sale), counted(market, none)) == ([WORTH], (0, 0, 0))


def test_goods_that_are_lost_on_the_way_out_are_sent_once_more_or_paid(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale, on_hand=2)
    case_id = asked(market, sale, sku)
    came_back(market, sale, case_id)
    goes_out(market, sale, case_id)
    market.silence(sale, case_id)
    market.until(sale, case_id, "exchange_pending")
    goes_out(market, sale, case_id, case_id[28:])
    market.silence(sale, case_id)
    # Two were sent and none came; the stock has no third one.
    market.until(sale, case_id, "out_of_stock")
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")
    assert (paid(market, sale), counted(market, sku)) == ([WORTH], (0, 0, 2))


def test_what_came_in_an_exchange_is_exchanged_in_turn(market: Market) -> None:
    sale = market.sell()
    sku = stocked(market, sale)
    first = asked(market, sale, sku)
    came_back(market, sale, first)
    goes_out(market, sale, first)
    comes(market, sale, first)
    came = f"{first}.1"
    units = [{"line_id": came, "quantity": 1}]
    again = application(sale, kind="exchange", lines=units, replacement=wanted(sku, came))
    opened = sale.buyer.post("cases", again)
    second = str(body(opened, 201)["case_id"])
    market.until(sale, second, "awaiting_return")
    came_back(market, sale, second)
    goes_out(market, sale, second)
    comes(market, sale, second)
    assert (paid(market, sale), counted(market, sku)) == ([], (3, 0, 2))
    lines = {one["line_id"]: one["refundable_quantity"] for one in market.order(sale)["lines"]}
    assert lines == {"kettle": 0, came: 0, f"{second}.1": 1}


def test_a_part_that_was_missing_is_sent_and_nothing_comes_back(market: Market) -> None:
    sale = market.sell()
    lid = stocked(market, sale, price=700)
    photo = plain_photo()
    promise = {"filename": "box.jpg", "content_type": "image/jpeg", "size": len(photo)}
    opened = market.apply(
        sale, kind="exchange", reason="missing_parts", replacement=wanted(lid), files=[promise]
    )
    case_id = str(opened["case_id"])
    assert upload(opened["uploads"][0], photo).is_success
    market.until(sale, case_id, "exchange_pending")
    goes_out(market, sale, case_id)
    comes(market, sale, case_id)
    assert (paid(market, sale), counted(market, lid)) == ([], (4, 0, 1))
    # The whole of it, which is what was paid, can be claimed for what came.
    lines = market.order(sale)["lines"]
    assert [(one["total"], one["refundable_quantity"]) for one in lines] == [(WORTH, 0), (WORTH, 1)]


def first_of_all(market: Market, customer: str | None = None) -> tuple[Sale, str]:
    """A trusted buyer has the other goods, and owes those that they are for."""
    sale = market.sell(buyer=known(market), customer=customer)
    case_id = asked(market, sale, stocked(market, sale), "exchange_pending")
    goes_out(market, sale, case_id)
    body(sale.buyer.post(f"cases/{case_id}/replacement/confirmation"))
    owed = market.until(sale, case_id, "awaiting_return")
    assert (owed["on_timeout"], owed["debt"]) == (
        "charged",
        {"amount": WORTH, "currency": "BRL", "due": False},
    )
    return sale, case_id


def never_sent(market: Market, sale: Sale, case_id: str) -> None:
    market.until_it(sale, case_id, lambda case: case["waiting_on"] == "buyer")
    market.silence(sale, case_id)
    ended(market, sale, case_id, "completed")


def test_a_trusted_buyer_has_the_other_goods_first_and_sends_back_afterwards(market: Market) -> None:
    sale, case_id = first_of_all(market)
    came_back(market, sale, case_id, "completed")
    ended(market, sale, case_id, "completed")
    assert (market.case(sale, case_id)["debt"], paid(market, sale), market.posted(sale)) == (None, [], {})


def test_a_trusted_buyer_who_sends_nothing_back_is_charged_for_it_once(market: Market) -> None:
    customer = f"cus_{uuid4().hex[:12]}"
    sale, case_id = first_of_all(market, customer)
    never_sent(market, sale, case_id)
    case = market.case(sale, case_id)
    assert (case["debt"], case["exchange"]["collection"]) == (None, "captured")
    assert paid(market, sale) == []
    order = market.order(sale)
    assert [one["captured"] for one in order["payments"]] == [WORTH, WORTH]
    made = cashier(market).v1.payment_intents.list({"limit": 100}).data
    theirs = [(one.status, one.amount_received) for one in made if one.customer == customer]
    assert theirs == [("succeeded", WORTH)] * 2
    assert market.posted(sale) == {"buyer_payment": WORTH, "seller_payable": -WORTH}


def test_who_cannot_be_charged_goes_on_owing(market: Market) -> None:
    sale, case_id = first_of_all(market)
    never_sent(market, sale, case_id)
    case = market.case(sale, case_id)
    assert (case["debt"], case["exchange"]["collection"]) == (
        {"amount": WORTH, "currency": "BRL", "due": True},
        "failed",
    )
    assert market.posted(sale) == {"buyer_debt": WORTH, "seller_payable": -WORTH}


def test_of_fifty_buyers_at_once_ten_get_the_last_goods_and_forty_the_choice(market: Market) -> None:
    seller = market.someone("seller")
    with ThreadPoolExecutor(8) as crowd:
        sales = list(crowd.map(lambda _: market.sell(seller=seller), range(MANY)))
    sku = stocked(market, sales[0], on_hand=UNITS)

    def ask(sale: Sale) -> str:
        said = application(sale, kind="exchange", replacement=wanted(sku))
        return str(body(patient(sale.buyer).post("cases", said), 201)["case_id"])

    with ThreadPoolExecutor(MANY) as crowd:
        cases = list(crowd.map(ask, sales))
    became = [
        market.until_it(sale, case_id, answered)["status"] for sale, case_id in zip(sales, cases, strict=True)
    ]
    assert (became.count("awaiting_return"), became.count("out_of_stock")) == (UNITS, MANY - UNITS)
    assert counted(market, sku) == (0, UNITS, 0)
    without = cases[became.index("out_of_stock")]
    parcel = {"carrier": "ups", "tracking_code": parcel_of(without)}
    refused = seller.post(f"cases/{without}/replacement", parcel)
    assert refusal(refused) == (409, "act_not_possible")
