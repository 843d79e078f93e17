"""Proof of money: what the provider paid back is what the ledgers say is what the cases say.

Shares no code with the product. It reads what the parties read over the API, the provider's own records, the
store credit that was handed out, the stock and the executions, and adds all of it up again by itself.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stripe import StripeClient

from tools.desk import FINAL, Stack, wait_for
from tools.load_orders import FEE_PERCENT

# Statuses in which a case has been granted money that it has not been paid in full.
_GRANTED = (
    "approved",
    "awaiting_return",
    "return_in_transit",
    "return_received",
    "inspection_failed",
    "out_of_stock",
    "awaiting_payment",
    "exchange_pending",
    "exchange_shipped",
    "refund_pending",
    "refund_action_required",
)
# Ends that give everything back to the order.
_EMPTY_HANDED = ("cancelled", "expired", "closed_declined")
# What gives a case a new execution.
_STARTS = (
    "case_opened",
    "case_appealed",
    "refund_failed_late",
    "return_reopened",
    "case_resumed",
    "refund_covered",
)
_ASKS_AT_PROVIDER = (
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
)
_ALIVE_AT_PROVIDER = ("pending", "requires_action", "succeeded")
# Card networks know no mils in these (https://docs.stripe.com/currencies): no part of a claim is finer than ten.
_TENS = ("BHD", "JOD", "KWD", "OMR", "TND")
_PUBLISHED = Path(__file__).parents[1] / "layers" / "aftersales" / "aftersales" / "policies"


@dataclass(frozen=True)
class Paid:
    """Money that a provider sent back, in the provider's own words."""

    refund_id: str
    payment: str
    amount: int
    currency: str
    state: str
    provider: str


@dataclass(frozen=True)
class Charged:
    """Money that a case asked of its buyer, in the provider's own words; `amount` is what was taken."""

    charge_id: str
    payment: str
    amount: int
    state: str


@dataclass(frozen=True)
class CaseFile:
    """One case with its timeline and its executions, oldest first."""

    case: Mapping[str, Any]
    timeline: Sequence[Mapping[str, Any]]
    executions: Sequence[Mapping[str, Any]]

    @property
    def case_id(self) -> str:
        """Its id."""
        return str(self.case["case_id"])

    @property
    def succeeded(self) -> list[Mapping[str, Any]]:
        """The refunds that the case says were paid."""
        return [refund for refund in self.case["refunds"] if refund["state"] == "succeeded"]

    @property
    def exchange(self) -> Mapping[str, Any] | None:
        """What was to go out for what is claimed."""
        found: Mapping[str, Any] | None = self.case.get("exchange")
        return found

    @property
    def replaced(self) -> Mapping[str, Any] | None:
        """The entry that says that the other goods are with their buyer."""
        return next((entry for entry in self.timeline if entry["event"] == "exchange_completed"), None)

    @property
    def goods_went_first(self) -> bool:
        """Whether those that they are for were still to come then."""
        return self.replaced is not None and self.replaced["to"] == "awaiting_return"


@dataclass(frozen=True)
class OrderFile:
    """One order, its cases, and what the providers paid back of its payments.

    `references` name its payments at their providers, from whoever loaded the order; `charged` are those that its cases
    asked for since; `postings` are its seller's that are about it.
    """

    order: Mapping[str, Any]
    cases: Sequence[CaseFile]
    references: Mapping[str, str]
    paid: Sequence[Paid]
    charged: Sequence[Charged]
    postings: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Account:
    """A seller's statement: all postings, and the balances; and the stock of all that exchanges with them name."""

    seller_id: str
    postings: Sequence[Mapping[str, Any]]
    balances: Sequence[Mapping[str, Any]]
    exchanges: Sequence[CaseFile] = ()
    skus: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Violation:
    """Something that must never be; `case_id` where one case is to blame."""

    order_id: str
    case_id: str | None
    detail: str


@dataclass(frozen=True)
class Audit:
    """What was looked at and what was found wrong."""

    files: Sequence[OrderFile]
    violations: Sequence[Violation]

    def sums(self) -> Mapping[str, Counter[str]]:
        """Money by currency: what was captured and paid back, by ledger, cases and providers."""
        sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for file in self.files:
            one = sums[file.order["currency"]]
            one["orders"] += 1
            for name in ("captured", "reserved", "refunded"):
                one[name] += file.order[name]
            one["cases"] += sum(
                refund["amount"]["amount"] for case in file.cases for refund in case.succeeded
            )
            for paid in file.paid:
                one[paid.provider] += paid.amount if paid.state == "succeeded" else 0
        return sums

    @property
    def refunds(self) -> tuple[int, int]:
        """How many refunds succeeded, by the cases and by the providers."""
        by_cases = sum(len(case.succeeded) for file in self.files for case in file.cases)
        by_providers = sum(paid.state == "succeeded" for file in self.files for paid in file.paid)
        return by_cases, by_providers


Check = Callable[[OrderFile], Iterator[tuple[str | None, str]]]
AccountCheck = Callable[[Account], Iterator[str]]


def audit(
    desk: Stack,
    references: Mapping[str, Mapping[str, str]],
    *,
    on_each: Callable[[], None] = lambda: None,
    workers: int = 8,
) -> Audit:
    """Audit these orders (order id to payment id to reference) with every case they ever had.

    Nothing else may act on them meanwhile, but for executions, which may still be on their way to their end.
    """
    with ThreadPoolExecutor(workers) as pool:

        def read(order_id: str) -> tuple[Mapping[str, Any], Sequence[CaseFile]]:
            found = _read(desk, order_id)
            on_each()
            return found

        found = dict(zip(references, pool.map(read, references), strict=True))
        sellers = sorted({order["seller_id"] for order, _ in found.values()})
        accounts = list(pool.map(lambda seller_id: _account(desk, seller_id), sellers))
    paid, charged = list(_paid_at_providers(desk)), list(_charged_at_provider(desk))
    posted = defaultdict[str, list[Mapping[str, Any]]](list)
    for account in accounts:
        for posting in account.postings:
            posted[posting["order_id"]].append(posting)
    files = [
        OrderFile(
            order=order,
            cases=cases,
            references=references[order_id],
            paid=[one for one in paid if _concerns(one, cases, references[order_id])],
            charged=[one for one in charged if _is_of(one.charge_id, cases)],
            postings=posted[order_id],
        )
        for order_id, (order, cases) in found.items()
    ]
    violations = [
        Violation(file.order["order_id"], case_id, detail)
        for file in files
        for check in CHECKS
        for case_id, detail in check(file)
    ] + [
        Violation(f"seller {account.seller_id}", None, detail)
        for account in accounts
        for account_check in ACCOUNT_CHECKS
        for detail in account_check(account)
    ]
    return Audit(files, violations)


# ---------------------------------------------------------------- what must be true


def balances_add_up(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Per payment and in all: nothing negative, the parts make the whole, never more out than came in."""
    parts = ("available", "reserved", "refunded", "disputed")
    for payment in file.order["payments"]:
        name = f"payment {payment['payment_id']}"
        if any(payment[part] < 0 for part in parts):
            yield None, f"{name} has a negative part: {payment}"
        if sum(payment[part] for part in parts) != payment["captured"]:
            yield None, f"the parts of {name} do not make what was captured: {payment}"
        if payment["refunded"] + payment["reserved"] > payment["captured"]:
            yield None, f"{name} gives more than was captured: {payment}"
    for name in ("captured", "reserved", "refunded"):
        total = sum(payment[name] for payment in file.order["payments"])
        if file.order[name] != total:
            yield None, f"the order says {name} {file.order[name]}, its payments make {total}"
    if file.order["refunded"] + file.order["reserved"] > file.order["captured"]:
        yield None, "the order gives more than was captured"


def ledger_follows_cases(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Per payment: refunded is what cases were paid, reserved is what open ones still hold."""
    refunded: Counter[str] = Counter()
    reserved: Counter[str] = Counter()
    for case in file.cases:
        refunded.update(_by_payment(case.succeeded))
        reserved.update(_held(file, case))
    for payment in file.order["payments"]:
        name = payment["payment_id"]
        if payment["refunded"] != refunded[name]:
            yield None, f"{name}: the ledger refunded {payment['refunded']}, its cases {refunded[name]}"
        if payment["reserved"] != reserved[name]:
            yield None, f"{name}: the ledger reserves {payment['reserved']}, its cases {reserved[name]}"


def units_are_sold_once(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Per line: what cases hold or were paid for, and what is left, make exactly the line."""
    taken: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in file.cases:
        if case.case["status"] not in _EMPTY_HANDED:
            for line in case.case["quote"]["lines"]:
                taken[line["line_id"]].update(quantity=line["quantity"], amount=line["amount"])
    for line in file.order["lines"]:
        units, money = taken[line["line_id"]]["quantity"], taken[line["line_id"]]["amount"]
        if units + line["refundable_quantity"] != line["quantity"]:
            yield None, f"line {line['line_id']}: {units} units taken, {line['refundable_quantity']} left"
        if money + line["refundable_amount"] != line["total"]:
            yield None, f"line {line['line_id']}: {money} taken, {line['refundable_amount']} left"
    shipping = file.order["shipping"]
    if taken["shipping"]["quantity"] > 1:
        yield None, "the shipping was taken more than once"
    if taken["shipping"]["amount"] + shipping["refundable_amount"] != shipping["total"]:
        yield None, f"shipping: {taken['shipping']['amount']} taken, {shipping['refundable_amount']} left"


def cases_are_paid_what_was_granted(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """A completed case was paid its grant, oldest payment first, and what was taken for goods that never came; or what
    other goods cost less. Any other end was paid nothing, and took nothing."""
    for one in file.cases:
        case, paid, taken = one.case, _by_payment(one.succeeded), _taken(file, one)
        if case["status"] in _EMPTY_HANDED and (paid or taken):
            yield one.case_id, f"{case['status']}, and yet paid {dict(paid)}, took {dict(taken)}"
        if case["status"] == "completed":
            granted = case["decision"]["amount"]["amount"]
            if paid != (owed := _owed(file, one)):
                yield one.case_id, f"granted {granted}, owed {dict(owed)}, paid {dict(paid)}"
            if granted > case["quote"]["total"]["amount"] and not one.replaced:
                yield one.case_id, f"granted {granted} of {case['quote']['total']['amount']}"


def claims_are_worth_their_units(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """A case claims what its units carry, less what their return costs; units that did not come have left it since, and
    the shipping of those that were exchanged. An appeal asks for no more than its buyer had agreed to."""
    for one in file.cases:
        agreed = [offer["amount"]["amount"] for offer in one.case["offers"] if offer["state"] == "accepted"]
        appealed = any(entry["event"] == "case_appealed" for entry in one.timeline)
        worth = min([_worth(one.case) - _costs(one.case), *(agreed if appealed else ())])
        claimed = one.case["quote"]["total"]["amount"]
        if worth > claimed or (worth < claimed and not (_came_short(one.case) or one.replaced)):
            yield one.case_id, f"its lines make {worth}, its total is {claimed}"


def returns_cost_what_was_published(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Restocking and freight as the policy has them, never on the seller's fault, and no freight where the buyer pays
    the carrier; goods that are worth less than their way back stay. A case that became a return costs nothing more."""
    step, currency = _step(file), file.order["currency"]
    for one in file.cases:
        case, costs = one.case, (one.case["fees"]["restocking"], one.case["fees"]["freight"])
        own_parcel = any(parcel["label"] in (None, "refused") for parcel in case.get("shipments", ()))
        if case["kind"] != "return" or _came_short(case) or _converted(case) or one.exchange:
            continue
        goods = sum(line["amount"] for line in case["quote"]["lines"] if line["line_id"] != "shipping")
        for policy in _published():
            terms = policy["returns"]
            if policy["reasons"][case["reason"]]["seller_fault"]:
                expected, stays = {(0, 0)}, goods < terms["keep_below"].get(currency, 0)
            else:
                restocking = _floor(goods * terms["restocking_percent"] // 100, step)
                freight = min(terms["freight"].get(currency, 0), goods - restocking)
                freights = {0} if own_parcel else {0, _floor(freight, step)}
                expected, stays = {(restocking, each) for each in freights}, False
            if costs in expected and case["keep_item"] == stays:
                break
        else:
            yield one.case_id, f"goods of {goods} cost {costs}, stay {case['keep_item']}: as no policy says"


_PAYS_FOR_GOODS = ("return_accepted", "deduction_accepted", "parcel_lost", "advance_granted")
_NOTHING_COMES_BACK = ("missing_parts", "not_received")


def goods_come_before_money(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Nothing of a return is paid before its goods were received, or lost under the platform's label, or a reviewer has
    decided about them; unless it goes ahead of them."""
    for one in file.cases:
        if one.case["kind"] != "return" or one.case["keep_item"]:
            continue
        for entry in _before_goods_came(one):
            if entry["event"].startswith("refund_"):
                yield one.case_id, f"{entry['event']} before its goods came back"
                break


def goods_come_before_other_goods(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Other goods are sent for goods that have come, or that need not; or ahead of some that are awaited afterwards."""
    for one in file.cases:
        case = one.case
        stays = case["keep_item"] or case["reason"] in _NOTHING_COMES_BACK or one.goods_went_first
        sent = any(entry["event"] == "replacement_sent" for entry in _before_goods_came(one))
        if one.replaced and sent and not stays:
            yield one.case_id, "other goods were sent for goods that never came back"


def _before_goods_came(one: CaseFile) -> Iterator[Mapping[str, Any]]:
    """Its timeline, up to where it is known what came of the goods that were to come."""
    for entry in one.timeline:
        heard = entry["event"] == "case_approved" and entry["from"] == "disputed"
        if heard or entry["event"] in _PAYS_FOR_GOODS:
            return
        yield entry


def exchanges_leave_goods_or_money(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """An exchange that is over left its buyer the other goods once, as lines of the order, or money. What goods and
    money are worth, less what was paid for them besides and what is owed, is what was exchanged for them."""
    for one in file.cases:
        if not one.exchange or one.case["status"] not in FINAL:
            continue
        goods = one.exchange["goods"] if one.replaced else ()
        expected = {f"{one.case_id}.{n}": each["amount"] for n, each in enumerate(goods, 1)}
        lines = {
            line["line_id"]: line["total"]
            for line in file.order["lines"]
            if line["line_id"].startswith(f"{one.case_id}.")
        }
        if lines != expected:
            yield one.case_id, f"the goods {expected} went out, and the order has {lines}"
        paid = sum(_by_payment(one.succeeded).values())
        if one.replaced:
            has, besides = sum(lines.values()) + paid, sum(_taken(file, one).values()) + _debt(one)
            if has - besides != _earned(one):
                yield (
                    one.case_id,
                    f"for {_earned(one)} its buyer has {has}, and paid or owes {besides} besides",
                )
        elif one.case["status"] == "completed" and not paid:
            yield one.case_id, "its buyer has neither other goods nor money"


def what_was_taken_is_a_payment(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """What the provider took for its cases are the order's payments that no one loaded; no case that is over asks for
    more, or keeps any on hold."""
    made = sorted((one.charge_id, one.amount) for one in file.charged if one.state == "succeeded")
    booked = sorted(
        (payment["payment_id"], payment["captured"])
        for payment in file.order["payments"]
        if payment["payment_id"] not in file.references
    )
    if made != booked:
        yield None, f"the provider took {made}, the order was paid {booked} besides"
    over = {one.case_id for one in file.cases if one.case["status"] in FINAL}
    for charge in file.charged:
        case_id = _case_of(charge.charge_id)
        if case_id in over and charge.state in _ASKS_AT_PROVIDER:
            yield case_id, f"is over, and its charge {charge.charge_id} is {charge.state}"


def deductions_follow_what_came(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """A deduction that stands: the units that came are the case's, and those accepted are paid, at what was granted for
    them. Where of one line some were accepted and some rejected, the shares of its units are known up to their
    rounding."""
    step = _step(file)
    for one in file.cases:
        case = one.case
        if not (_came_short(case) and case["status"] == "completed"):
            continue
        counted = {line["line_id"]: line for line in case["receipt"]["lines"]}
        kept, doubt = 0, step
        for line in case["quote"]["lines"]:
            count = counted.get(line["line_id"], {"accepted": 1, "rejected": 0, "deduction": 0})
            # What was given ahead is owed for units that never came: they stay with their case.
            if count["accepted"] + count["rejected"] != line["quantity"] and not one.goods_went_first:
                yield (
                    one.case_id,
                    f"of line {line['line_id']} {count} came, and the case has {line['quantity']}",
                )
            kept += line["amount"] * count["accepted"] // line["quantity"] - count["deduction"]
            doubt += step * line["quantity"] if count["accepted"] and count["rejected"] else 0
        grants = [entry["data"]["amount"] for entry in one.timeline if entry["event"] == "case_approved"]
        granted = min(grants[-1], case["quote"]["total"]["amount"])
        expected = granted * kept // (case["quote"]["total"]["amount"] + _costs(case))
        paid = case["decision"]["amount"]["amount"]
        if abs(expected - paid) > doubt or (doubt == step and _floor(expected, step) != paid):
            yield one.case_id, f"of {granted} came {kept}, which makes {expected}, and {paid} was paid"


def every_refund_was_paid_once(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Each refund that a case calls succeeded was made once, as the case says; nothing else was made."""
    alive: defaultdict[str, list[Paid]] = defaultdict(list)
    for paid in file.paid:
        if paid.state in _ALIVE_AT_PROVIDER:
            alive[paid.refund_id].append(paid)
    currency = file.order["currency"]
    references = {**file.references, **{one.charge_id: one.payment for one in file.charged}}
    expected = {
        refund["refund_id"]: (one.case_id, refund)
        for one in file.cases
        for refund in one.case["refunds"]
        if refund["state"] in _ALIVE_AT_PROVIDER
    }
    for refund_id, (case_id, refund) in expected.items():
        reference = references.get(refund["payment_id"])
        match = (reference, refund["amount"]["amount"], refund["amount"]["currency"], refund["state"])
        made = [(one.payment, one.amount, one.currency, one.state) for one in alive.pop(refund_id, [])]
        if made != [match] or refund["amount"]["currency"] != currency:
            yield case_id, f"refund {refund_id} should be {match}, its provider made {made}"
    for refund_id, strays in alive.items():
        yield None, f"a provider made refund {refund_id}, which no case knows as alive: {strays}"


def refunds_are_posted_once(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Each posting sums to zero. What a case was paid is posted to the buyer, and what it took of the buyer besides;
    what of it the buyer owes to the platform, and what a return cost to seller and carrier. Of the fee as much was
    given back as was paid back for good of the sale.
    """
    for posting in file.postings:
        if rest := sum(_lines(posting).values()):
            yield posting["case_id"], f"posting {posting['posting_id']} leaves {rest}"
    for one in file.cases:
        paid = sum(_by_payment(one.succeeded).values())
        lines = _added(posting for posting in file.postings if posting["case_id"] == one.case_id)
        debt = _debt(one)
        kept = one.case["fees"] if paid > debt else {"restocking": 0, "freight": 0}
        for account, amount in (
            ("buyer_refund", paid),
            ("buyer_payment", -sum(_taken(file, one).values())),
            ("buyer_debt", -debt),
            ("restocking_fee", kept["restocking"]),
            ("return_freight", kept["freight"]),
        ):
            if lines[account] != -amount:
                yield one.case_id, f"{-lines[account]} posted to {account}, and should be {amount}"
    sale = [payment for payment in file.order["payments"] if payment["payment_id"] in file.references]
    captured = sum(payment["captured"] for payment in sale)
    ahead = sum(_debt(one) for one in file.cases if not one.replaced)
    refunded = sum(payment["refunded"] for payment in sale) - ahead
    fee = captured * FEE_PERCENT // 100
    given_back = (2 * fee * refunded + captured) // (2 * captured) if captured else 0
    if _added(file.postings)["platform_fee"] != given_back:
        yield None, f"{_added(file.postings)['platform_fee']} of the fee were given back, not {given_back}"


def _debt(one: CaseFile) -> int:
    """What its buyer owes for money or other goods that went ahead of goods."""
    return int((one.case.get("debt") or {"amount": 0})["amount"])


def balances_are_sums_of_postings(account: Account) -> Iterator[str]:
    """Currency by currency and account by account."""
    for currency in {one["owed_to_seller"]["currency"] for one in (*account.postings, *account.balances)}:
        mine = [one for one in account.postings if one["owed_to_seller"]["currency"] == currency]
        stands = [one for one in account.balances if one["currency"] == currency]
        if _added(stands) != _added(mine) or sum(one["postings"] for one in stands) != len(mine):
            yield f"the balance in {currency} is {stands}, and {len(mine)} postings make {_added(mine)}"


def stock_holds_what_is_under_way(account: Account) -> Iterator[str]:
    """Nothing is held or promised but for cases that go on, and what was sent has left; the rest is to be had."""
    held, gone = Counter[str](), Counter[str]()
    for one in account.exchanges:
        gone.update(_sent(one))
        if one.case["status"] not in FINAL and one.exchange and not one.replaced:
            keeps = {"reserved": held, "promised": gone}.get(one.exchange["set_aside"])
            if keeps is not None and not one.exchange["shipment"]:
                keeps.update(_counted(one.exchange["goods"]))
    for sku in account.skus:
        name, numbers = sku["sku"], (sku["held"], sku["confirmed"])
        if numbers != (held[name], gone[name]):
            yield f"of {name} {numbers} are held and gone, by its cases {(held[name], gone[name])}"
        if sku["available"] + sum(numbers) != sku["on_hand"]:
            yield f"of {name} {sku['on_hand']} were given, and {sku} are there"


def _sent(one: CaseFile) -> Counter[str]:
    """How many of which goods its seller gave to a carrier. Where there were no more of some, others may have been
    chosen since; those that were sent before are the ones that there were no more of."""
    sent, parcels = Counter[str](), 0
    for entry in one.timeline:
        if entry["event"] == "replacement_sent":
            parcels += 1
        elif entry["event"] == "replacement_out_of_stock":
            sent.update(_counted(entry["data"]["lines"] * parcels))
            parcels = 0
    sent.update(_counted((one.exchange or {"goods": []})["goods"] * parcels))
    return sent


def _counted(goods: Iterable[Mapping[str, Any]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in goods:
        counts[one["sku"]] += one["quantity"]
    return counts


def executions_end_like_cases(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """The execution of a closed case succeeded, and its output names the case's status."""
    for one in file.cases:
        for execution in one.executions[:-1]:
            if execution["status"] != "SUCCEEDED":
                yield one.case_id, f"an earlier execution is {execution['status']}"
        last = one.executions[-1]
        end = (last["status"], (last["output"] or {}).get("status"))
        if one.case["status"] in FINAL and end != ("SUCCEEDED", one.case["status"]):
            yield one.case_id, f"the case is {one.case['status']}, its execution {end}"


def timelines_have_no_gap(file: OrderFile) -> Iterator[tuple[str | None, str]]:
    """Every version of a case has its entry, each begins where the one before ended, the last one is now."""
    for one in file.cases:
        if [entry["seq"] for entry in one.timeline] != list(range(1, one.case["version"] + 1)):
            yield one.case_id, "the timeline has a gap"
        ends = [None, *(entry["to"] for entry in one.timeline)]
        if [entry["from"] for entry in one.timeline] != ends[:-1] or ends[-1] != one.case["status"]:
            yield one.case_id, f"the timeline does not lead to {one.case['status']}"


CHECKS: tuple[Check, ...] = (
    balances_add_up,
    ledger_follows_cases,
    units_are_sold_once,
    cases_are_paid_what_was_granted,
    claims_are_worth_their_units,
    returns_cost_what_was_published,
    goods_come_before_money,
    goods_come_before_other_goods,
    exchanges_leave_goods_or_money,
    what_was_taken_is_a_payment,
    deductions_follow_what_came,
    every_refund_was_paid_once,
    refunds_are_posted_once,
    executions_end_like_cases,
    timelines_have_no_gap,
)
ACCOUNT_CHECKS: tuple[AccountCheck, ...] = (
    balances_are_sums_of_postings,
    stock_holds_what_is_under_way,
)


# ---------------------------------------------------------------- arithmetic of its own


def _lines(shown: Mapping[str, Any]) -> Counter[str]:
    return Counter({line["account"]: line["amount"]["amount"] for line in shown["lines"]})


def _added(shown: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Counters are equal that differ in zeros alone."""
    sums: Counter[str] = Counter()
    for one in shown:
        sums.update(_lines(one))
    return sums


def _by_payment(refunds: Iterable[Mapping[str, Any]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for refund in refunds:
        sums[refund["payment_id"]] += refund["amount"]["amount"]
    return sums


def _oldest_first(amount: int, parts: Iterable[Mapping[str, Any]]) -> Counter[str]:
    owed: Counter[str] = Counter()
    for part in parts:
        take = min(amount, part["amount"])
        if take:
            owed[part["payment_id"]] = take
        amount -= take
    return owed


def _taken(file: OrderFile, one: CaseFile) -> Counter[str]:
    """What the case took of its buyer besides, as the order has it: payments that are called after it."""
    return Counter(
        {
            payment["payment_id"]: payment["captured"]
            for payment in file.order["payments"]
            if payment["captured"] and _case_of(payment["payment_id"]) == one.case_id
        }
    )


def _case_of(name: str) -> str:
    """Refunds, charges and lines of a case are called after it."""
    return name.split(".")[0]


def _owed(file: OrderFile, one: CaseFile) -> Counter[str]:
    """What is money of all that its buyer is to have, payment by payment."""
    parts = one.case["quote"]["payments"]
    if one.replaced and one.exchange:
        given = sum(each["amount"] for each in one.exchange["goods"]) - max(
            0, one.exchange["difference"]["amount"]
        )
        return _oldest_first(max(0, _earned(one) - given), parts)
    return _oldest_first(one.case["decision"]["amount"]["amount"], parts) + _taken(file, one)


_EARNS_ALL = ("return_accepted", "parcel_lost")
_EARNS_WHAT_WAS_DECIDED = ("case_approved", "deduction_accepted")
_EARNS_NOTHING = ("case_declined", "case_closed_declined", "case_expired")


def _earned(one: CaseFile) -> int:
    """What other goods are for: all that is exchanged, unless they went ahead of goods that did not all come."""
    worth = _worth(one.case)
    if not one.replaced or not one.goods_went_first:
        return worth
    earned = 0
    for entry in one.timeline[one.replaced["seq"] :]:
        if entry["event"] in _EARNS_ALL:
            earned = worth
        elif entry["event"] in _EARNS_WHAT_WAS_DECIDED:
            earned = int(one.case["decision"]["amount"]["amount"])
        elif entry["event"] in _EARNS_NOTHING:
            earned = 0
    return earned


def _held(file: OrderFile, one: CaseFile) -> Counter[str]:
    """What a case that is not closed keeps from others."""
    case = one.case
    if case["status"] in FINAL:
        return Counter()
    if case["status"] in _GRANTED:
        held = _owed(file, one)
    else:
        held = _oldest_first(case["quote"]["total"]["amount"], case["quote"]["payments"])
    held.subtract(_by_payment(one.succeeded))
    return held


def _worth(case: Mapping[str, Any]) -> int:
    return sum(line["amount"] for line in case["quote"]["lines"])


def _costs(case: Mapping[str, Any]) -> int:
    return int(case["fees"]["restocking"] + case["fees"]["freight"])


def _came_short(case: Mapping[str, Any]) -> bool:
    """Whether the buyer agreed to less than was sent back; what did not come is no longer in the case."""
    return bool(case["decision"]) and case["decision"]["reason_code"] == "deduction_accepted"


def _converted(case: Mapping[str, Any]) -> bool:
    return any(offer["state"] == "accepted" and offer["kind"] == case["kind"] for offer in case["offers"])


def _step(file: OrderFile) -> int:
    return 10 if file.order["currency"] in _TENS else 1


def _floor(amount: int, step: int) -> int:
    return amount - amount % step


@cache
def _published() -> Sequence[Mapping[str, Any]]:
    return [json.loads(file.read_text("utf-8")) for file in sorted(_PUBLISHED.glob("*.json"))]


# ---------------------------------------------------------------- reading


def _read(desk: Stack, order_id: str) -> tuple[Mapping[str, Any], Sequence[CaseFile]]:
    """The order last: what the executions of its cases still did is in it."""
    platform, path = desk.person("platform"), f"orders/{order_id}"
    buyer = desk.person("buyer", platform.get(path).raise_for_status().json()["buyer_id"])
    cases = [_case_file(desk, case) for case in buyer.each("cases", order_id=order_id)]
    return platform.get(path).raise_for_status().json(), cases


def _account(desk: Stack, seller_id: str) -> Account:
    """Balances and stock follow within moments; those that do not are shown as they are."""

    def read() -> Account:
        seller, path = desk.person("seller", seller_id), f"sellers/{seller_id}/statement"
        postings = list(seller.each(path))
        exchanges = [
            CaseFile(case, list(seller.each(f"cases/{case['case_id']}/timeline")), ())
            for case in seller.each("cases")
            if case["exchange"]
        ]
        return Account(
            seller_id=seller_id,
            postings=postings,
            balances=seller.get(path).raise_for_status().json()["balances"],
            exchanges=exchanges,
            skus=[seller.get(f"skus/{sku}").raise_for_status().json() for sku in _named(exchanges)],
        )

    def agreed() -> Account | None:
        account = read()
        return None if any(list(check(account)) for check in ACCOUNT_CHECKS) else account

    try:
        return wait_for(agreed, f"the balances and the stock of {seller_id}")
    except TimeoutError:
        return read()


def _named(exchanges: Iterable[CaseFile]) -> Sequence[str]:
    """Every SKU that was to go out, or went."""
    wanted = (each["sku"] for one in exchanges for each in (one.exchange or {"goods": ()})["goods"])
    return sorted({*wanted, *(sku for one in exchanges for sku in _sent(one))})


def _case_file(desk: Stack, listed: Mapping[str, Any]) -> CaseFile:
    """The case last: what its executions still did is in it."""
    path, reviewer = f"cases/{listed['case_id']}", desk.person("reviewer")
    runs = sum(entry["event"] in _STARTS for entry in reviewer.each(f"{path}/timeline"))
    names = [listed["case_id"], *(f"{listed['case_id']}-{run}" for run in range(2, runs + 1))]
    executions = [_execution(desk, name, listed["status"] in FINAL) for name in names]
    case = reviewer.get(path).raise_for_status().json()
    return CaseFile(case, list(reviewer.each(f"{path}/timeline")), executions)


def _execution(desk: Stack, name: str, closed: bool) -> Mapping[str, Any]:
    """An execution ends a moment after its case; one that does not is shown as it is."""

    def ended() -> Mapping[str, Any] | None:
        execution = desk.execution_end(name)
        return None if closed and execution["status"] == "RUNNING" else execution

    try:
        return wait_for(ended, f"the end of execution {name}")
    except TimeoutError:
        return desk.execution_end(name)


def _paid_at_providers(desk: Stack) -> Iterator[Paid]:
    for refund in desk.refunds_at_provider():
        yield Paid(
            refund_id=refund["metadata"].get("refund_id", refund["id"]),
            payment=refund["payment_intent"],
            amount=refund["amount"],
            currency=refund["currency"].upper(),
            state=refund["status"],
            provider="stripe",
        )
    for credit in desk.store_credits():
        yield Paid(
            refund_id=credit["refund_id"],
            payment=credit["reference"],
            amount=credit["amount"],
            currency=credit["currency"],
            state="succeeded",
            provider="store_credit",
        )


def _charged_at_provider(desk: Stack) -> Iterator[Charged]:
    """Every payment that a case asked for, under the id that the case gave it."""
    provider = StripeClient("sk_test_audit", base_addresses={"api": desk.payments_url}, max_network_retries=2)
    for payment in provider.v1.payment_intents.list({"limit": 100}).auto_paging_iter():
        if payment.metadata and "charge_id" in payment.metadata:
            yield Charged(payment.metadata["charge_id"], payment.id, payment.amount_received, payment.status)


def _is_of(name: str, cases: Iterable[CaseFile]) -> bool:
    return _case_of(name) in {case.case_id for case in cases}


def _concerns(paid: Paid, cases: Iterable[CaseFile], references: Mapping[str, str]) -> bool:
    """By the payment it was taken from, or by the case that it names."""
    return paid.payment in references.values() or _is_of(paid.refund_id, cases)
