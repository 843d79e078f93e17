"""Many applications at once on one order: the ledger decides, one condition at a time."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.market import Market, application, body, refusal
from tools.desk import Person

pytestmark = pytest.mark.e2e

MANY = 50
UNITS = 10


def patient(person: Person) -> Person:
    """Fifty at once want fifty workers, and the engine starts them one after the other."""
    client = httpx.Client(
        base_url=person.http.base_url,
        headers=person.http.headers,
        timeout=300,
        limits=httpx.Limits(max_connections=MANY),
    )
    return Person(person.role, person.party_id, client)


def test_of_fifty_applications_at_once_for_ten_units_ten_win_and_forty_hear_that_none_is_left(
    market: Market,
) -> None:
    sale = market.sell(units=UNITS, total=9_999, shipping=500)
    buyer = patient(sale.buyer)

    with ThreadPoolExecutor(MANY) as crowd:
        answers = list(crowd.map(lambda _: buyer.post("cases", application(sale)), range(MANY)))

    winners = [answer.json() for answer in answers if answer.status_code == 201]
    losers = [refusal(answer) for answer in answers if answer.status_code != 201]
    assert losers == [(409, "units_unavailable")] * (MANY - UNITS)
    assert len({case["case_id"] for case in winners}) == UNITS
    assert sum(case["quote"]["total"]["amount"] for case in winners) == 9_999 + 500
    order = market.order(sale)
    assert order["lines"][0]["refundable_quantity"] == 0
    assert order["reserved"] + order["refunded"] == order["captured"] == 9_999 + 500

    for case in winners:
        market.until(sale, case["case_id"], "completed")
    order = market.order(sale)
    assert (order["reserved"], order["refunded"], order["refundable"]) == (0, 9_999 + 500, 0)
    refunds = market.refunds(sale)
    assert {refund["status"] for refund in refunds} == {"succeeded"}
    assert len({refund["refund_id"] for refund in refunds}) == len(refunds) == UNITS
    assert sum(refund["amount"] for refund in refunds) == 9_999 + 500
    for case in winners:
        assert market.finished(case["case_id"])["status"] == "SUCCEEDED"


def test_the_same_key_twenty_times_at_once_is_one_case(market: Market) -> None:
    sale = market.sell(units=20, total=20_000)
    buyer = patient(sale.buyer)

    with ThreadPoolExecutor(20) as crowd:
        answers = list(
            crowd.map(lambda _: buyer.post("cases", application(sale), key="pressed often"), range(20))
        )

    assert [answer.status_code for answer in answers] == [201] * 20
    assert len({answer.json()["case_id"] for answer in answers}) == 1
    first = [answer for answer in answers if "idempotency-replayed" not in answer.headers]
    assert len(first) == 1
    assert market.order(sale)["lines"][0]["refundable_quantity"] == 19
    assert len(list(buyer.each("cases"))) == 1
    case_id = answers[0].json()["case_id"]
    market.until(sale, case_id, "completed")
    assert market.events(sale, case_id).count("case_opened") == 1
    assert len(market.refunds(sale)) == 1


def test_a_key_that_opened_a_case_is_refused_with_another_body(market: Market) -> None:
    sale = market.sell(units=2)
    opened = body(sale.buyer.post("cases", application(sale, 1), key="once"), 201)

    assert refusal(sale.buyer.post("cases", application(sale, 2), key="once")) == (
        409,
        "idempotency_key_reused",
    )
    assert market.order(sale)["lines"][0]["refundable_quantity"] == 1
    assert len(list(sale.buyer.each("cases"))) == 1
    again = body(sale.buyer.post("cases", application(sale, 1), key="once"), 201)
    assert again["case_id"] == opened["case_id"]


def test_two_bodies_race_for_one_key_and_one_of_them_opens_the_case(market: Market) -> None:
    sale = market.sell(units=9, total=9_000)
    buyer = patient(sale.buyer)

    with ThreadPoolExecutor(8) as crowd:
        answers = list(
            crowd.map(lambda n: buyer.post("cases", application(sale, 1 + n % 2), key="both"), range(8))
        )

    won = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["case_id"] for answer in won}) == 1
    assert {refusal(answer) for answer in answers if answer not in won} == {(409, "idempotency_key_reused")}
    assert len(won) == 4
    held = won[0].json()["lines"][0]["quantity"]
    assert market.order(sale)["lines"][0]["refundable_quantity"] == 9 - held


def test_the_same_key_of_two_buyers_is_two_cases(market: Market) -> None:
    one, other = market.sell(), market.sell()

    cases = [body(sale.buyer.post("cases", application(sale), key="mine"), 201) for sale in (one, other)]

    assert cases[0]["case_id"] != cases[1]["case_id"]


def test_an_application_without_a_key_is_refused(market: Market) -> None:
    sale = market.sell()

    answer = sale.buyer.http.post("cases", json=application(sale))

    assert refusal(answer) == (400, "idempotency_key_required")
    assert market.order(sale)["reserved"] == 0
