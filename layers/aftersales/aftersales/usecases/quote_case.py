"""What an application would reserve and pay, and how the policy would see it. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aftersales.domain import policy as policies
from aftersales.domain.case import ExchangeLeg, Fees, Kind, Reason
from aftersales.domain.exchange import Wanted, priced
from aftersales.domain.ledger import Ledger, Reservation, ReservedUnits, declined_before, pick_units, reserve
from aftersales.domain.lifecycle import NOTHING_COMES_BACK, refuse_return_of_nothing
from aftersales.domain.order import SHIPPING, Order
from aftersales.domain.parties import Party
from aftersales.domain.policy import Assessment, History, Policy, ShippingClaim
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.shipment import offers_label
from aftersales.usecases.assess_claim import assess_claim, policies_of, recent_history
from aftersales.usecases.ports import Desk, Stock
from aftersales.usecases.read_order import read_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a buyer applies for: how many units of which lines, why, and for what other goods in an exchange."""

    order_id: str
    kind: Kind
    reason: Reason
    lines: Mapping[str, int]
    replacement: tuple[Wanted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What would be taken of the order (with the shipping, where it is due), and the policy's view of it.

    `fees` is what a return costs its buyer. Where the goods stay although it is a return (`keep_item`),
    `freight_saved` is what their way back would have cost. `label_offered` where the platform pays their label.
    `exchange` has the other goods of an exchange at the prices of the stock.
    """

    order: Order
    wanted: Mapping[str, int]
    claim: Reservation
    assessment: Assessment
    fees: Fees
    keep_item: bool
    freight_saved: int
    label_offered: bool
    exchange: ExchangeLeg | None


def quote_case(desk: Desk, stock: Stock, application: Application, buyer: Party) -> Quote:
    """The same computation as opening and assessing the case, on what is true now."""
    order, ledger = read_order(desk, application.order_id, buyer)
    return quote_claim(desk, stock, application, order, ledger, recent_history(desk, order))


def quote_claim(
    desk: Desk,
    stock: Stock,
    application: Application,
    order: Order,
    ledger: Ledger,
    history: History,
    case_id: str = "",
) -> Quote:
    """The quote on this order and ledger. Raises what `reserve` and `priced` raise, `window_closed`, and
    `invalid_request`."""
    refuse_return_of_nothing(application.kind, application.reason)
    now = desk.now()
    versions = policies_of(desk, order, now)
    shipping = _shipping_claim(application, ledger, versions)
    wanted = {**application.lines, SHIPPING: 1} if shipping and shipping.claimed else application.lines
    label_offered = any(offers_label(policy, order, application.lines) for policy in versions)
    fees, keep_item = _terms_of_return(application, order, ledger, versions, label_offered)
    claim = reserve(ledger, wanted, fees.total)[1]
    assessment = assess_claim(
        desk,
        order,
        application.kind,
        application.reason,
        claim,
        keep_item=keep_item,
        accepted_evidence=0,
        history=history,
        taken_before=ledger.taken,
        declined_before=declined_before(ledger, claim.units),
        indebted=bool(ledger.debts),
        at=now,
    )
    _refuse_closed_window(assessment)
    grounds = replace(assessment.grounds, shipping=shipping)
    return Quote(
        order=order,
        wanted=wanted,
        claim=claim,
        assessment=replace(assessment, grounds=grounds),
        fees=fees,
        keep_item=keep_item,
        freight_saved=versions[0].returns.freight.get(order.currency, 0) if keep_item else 0,
        exchange=price(stock, order, case_id, claim.units, application.replacement, application.reason)
        if application.kind is Kind.EXCHANGE
        else None,
        label_offered=label_offered,
    )


def price(
    stock: Stock,
    order: Order,
    case_id: str,
    units: Sequence[ReservedUnits],
    wanted: Sequence[Wanted],
    reason: Reason,
) -> ExchangeLeg:
    """The exchange of these units, at what the stock asks for the other goods now. What another seller has, or what is
    sold in another currency, is none of theirs."""
    known = (stock.sku(name) for name in dict.fromkeys(one.sku for one in wanted))
    skus = {
        sku.sku: sku
        for sku in known
        if sku and (sku.seller_id, sku.currency) == (order.seller_id, order.currency)
    }
    lines = {line.line_id: line for line in order.lines}
    return priced(case_id, units, lines, wanted, skus, reason=reason, currency=order.currency)


def _terms_of_return(
    application: Application,
    order: Order,
    ledger: Ledger,
    versions: tuple[Policy, Policy],
    label_offered: bool,
) -> tuple[Fees, bool]:
    """What a return costs its buyer, and whether the goods stay: under whichever version costs less. An exchange costs
    nothing, and for what lacks a part, or never came, nothing comes back."""
    if application.kind is Kind.REFUND:
        return Fees(), False
    if application.kind is Kind.EXCHANGE and application.reason in NOTHING_COMES_BACK:
        return Fees(), True
    worth = sum(units.amount for units in pick_units(ledger, application.lines))
    claimed = (application.reason, order.currency, worth)
    if any(policies.keeps_item(policy, *claimed) for policy in versions):
        return Fees(), True
    fees = (policies.return_fees(policy, *claimed, under_label=label_offered) for policy in versions)
    lowest = min(fees, key=lambda it: (it.total, it.condition_percent))
    if application.kind is Kind.EXCHANGE:
        return Fees(condition_percent=lowest.condition_percent), False
    return lowest, False


def _shipping_claim(
    application: Application, ledger: Ledger, versions: tuple[Policy, Policy]
) -> ShippingClaim | None:
    """Whether the shipping goes with the lines asked for; None where it was free, or another case has it."""
    shipping = ledger.line(SHIPPING)
    if not (shipping and shipping.free and shipping.total):
        return None
    last_unit = all(
        len(line.free) == application.lines.get(line.line_id, 0)
        for line in ledger.lines
        if line.line_id != SHIPPING
    )
    return ShippingClaim(
        worth=shipping.total,
        last_unit=last_unit,
        claimed=any(
            policies.pays_shipping(policy, application.reason, last_unit=last_unit) for policy in versions
        ),
    )


def _refuse_closed_window(assessment: Assessment) -> None:
    """A case is opened inside its window or not at all."""
    if assessment.reason_code == policies.window_closed.__name__:
        rule = next(rule for rule in assessment.rules if rule.code == assessment.reason_code)
        raise Refusal(
            Code.WINDOW_CLOSED,
            f"The {rule.inputs['window_days']} days after delivery have passed.",
            **rule.inputs,
        )
