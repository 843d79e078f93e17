"""What refunds do to what the platform owes its sellers: postings, each a balanced entry.

    a refund of 100, of an order on which the platform kept 12 in a hundred

    debit   seller_payable   88     credit   buyer_refund   100
            platform_fee     12

A posting is the difference between where a case should stand in the accounts and where it stood before, and the
seller's payable takes whatever the other accounts leave. So its lines sum to zero, what fails late is reversed by the
posting of the write that says so, and all postings of a case together are where it stands. Debits are positive,
credits negative, in minor units.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from aftersales.domain.case import Case
from aftersales.domain.ledger import ExternalKind, ExternalState, Ledger


class Account(StrEnum):
    """Where a line of a posting is written."""

    # What the platform owes the seller.
    SELLER_PAYABLE = "seller_payable"
    # What the platform kept of the sale; it gives back the share of what goes back to the buyer.
    PLATFORM_FEE = "platform_fee"
    # The way back, kept for whoever pays the carrier: from the buyer, or else from the seller.
    RETURN_FREIGHT = "return_freight"
    # What the buyer bears of the seller's trouble; it is the seller's.
    RESTOCKING_FEE = "restocking_fee"
    # What the buyer owes the platform, which paid ahead of goods that are still to come, or did not all come; or owes
    # for goods that went ahead of them, which the platform answers for to the seller.
    BUYER_DEBT = "buyer_debt"
    # What went back to the buyer: over the provider, as store credit or by another means.
    BUYER_REFUND = "buyer_refund"
    # What a bank took for the buyer.
    CHARGEBACK = "chargeback"
    # What a buyer paid besides, for other goods that cost more, or that went ahead of some that never came; the
    # platform keeps nothing of it.
    BUYER_PAYMENT = "buyer_payment"


# The accounts that add up to what the platform owes the seller.
SELLERS = frozenset({Account.SELLER_PAYABLE, Account.RESTOCKING_FEE})

Lines = Mapping[Account, int]

# What the statement calls a posting that is no event of a case: money left a payment without the desk, or came back.
EXTERNAL_BOOKED = "external_booked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A balanced entry: accounts and what is written to each. Never changed afterwards."""

    order_id: str
    seller_id: str
    currency: str
    lines: Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A posting as it stands in the books. Its id is that of the write that it was part of: a timeline entry, or a
    version of the ledger for what left a payment without the desk. `counted` once the balances have it."""

    posting_id: str
    at: int
    event: str
    case_id: str | None
    posting: Posting
    counted: bool


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What the postings of a seller in one currency add up to, and how many they are."""

    postings: int
    lines: Lines


NOTHING = AccountBalance(0, {})


def post(before: Case, after: Case, ledger: Ledger) -> tuple[Ledger, Posting | None]:
    """What a change of a case posts: nothing unless money went back, or came back. The ledger remembers how much of
    the fee has been given back, whichever case did it.

    Orders that were written before there were postings have none, see ADR 16.
    """
    was, stands = standing(before), standing(after)
    if ledger.platform_fee is None or was == stands:
        return ledger, None
    return _balanced(ledger, after.seller_id, _difference(stands, was))


def post_external(before: Ledger, after: Ledger, seller_id: str) -> tuple[Ledger, Posting | None]:
    """What is posted for money that left a payment without the desk, or came back to it."""
    was, stands = standing_of_external(before), standing_of_external(after)
    if after.platform_fee is None or was == stands:
        return after, None
    return _balanced(after, seller_id, _difference(stands, was))


def standing(case: Case) -> Lines:
    """Where a case should stand, but for the seller's payable and the fee, which follow.

    What a return costs its buyer was never claimed: it is kept from the first money that goes back for goods. Where the
    buyer bears no freight, the seller bears what the label cost that the goods went under. What was paid ahead is the
    platform's to get back, and no seller's, until it is earned.
    """
    paid = sum(part.amount for part in case.paid)
    debt = sum(part.amount for part in case.debt)
    lines = {
        Account.BUYER_PAYMENT: case.exchange.charged + case.exchange.collected if case.exchange else 0,
        Account.BUYER_REFUND: -paid,
        Account.BUYER_DEBT: debt,
    }
    if paid > debt:
        lines |= {
            Account.RESTOCKING_FEE: -case.fees.restocking,
            Account.RETURN_FREIGHT: -(case.fees.freight or _label_cost(case)),
        }
    return {account: amount for account, amount in lines.items() if amount}


def standing_of_external(ledger: Ledger) -> Lines:
    """Where the order should stand with what left its payments without the desk."""
    accounts = {ExternalKind.REFUND: Account.BUYER_REFUND, ExternalKind.DISPUTE: Account.CHARGEBACK}
    return sum_of(
        {accounts[one.kind]: -one.amount}
        for one in ledger.external
        if one.state is not ExternalState.RETURNED
    )


def fee_share(ledger: Ledger) -> int:
    """What of the platform's fee belongs to all that has left the sale's payments by now, but for what buyers owe;
    those payments that the desk took itself are of no sale.

    A share of the whole, half up, and never a sum of shares: so parts in any order, some of them taken back, come to
    the whole fee when everything was paid back.
    """
    ours = {payment.payment_id for payment in ledger.payments}
    sale = [balance for balance in ledger.balances if balance.payment_id not in ours]
    captured = sum(balance.captured for balance in sale)
    refunded = sum(balance.refunded for balance in sale)
    external = sum(
        one.amount
        for one in ledger.external
        if one.payment_id not in ours and one.state is not ExternalState.RETURNED
    )
    paid_ahead = (part for debt in ledger.debts if not debt.goods for part in debt.money)
    ahead = sum(part.amount for part in paid_ahead if part.payment_id not in ours)
    left = min(refunded - ahead + external, captured)
    return (2 * (ledger.platform_fee or 0) * left + captured) // (2 * captured) if captured else 0


def sum_of(parts: Iterable[Lines]) -> Lines:
    """Accounts that come to nothing are left out, so that equal sums are equal."""
    sums: Counter[Account] = Counter()
    for part in parts:
        for account, amount in part.items():
            sums[account] += amount
    return {account: amount for account, amount in sums.items() if amount}


def total(balances: Iterable[AccountBalance]) -> AccountBalance:
    """All of them together."""
    parts = tuple(balances)
    return AccountBalance(sum(part.postings for part in parts), sum_of(part.lines for part in parts))


def counted(posting: Posting) -> AccountBalance:
    """What one posting adds to the balance of its seller."""
    return AccountBalance(1, posting.lines)


def owed_to_seller(lines: Lines) -> int:
    """What these lines add to what the platform owes the seller: a credit of the seller's accounts, or less where
    they are debited."""
    return -sum(amount for account, amount in lines.items() if account in SELLERS)


def _label_cost(case: Case) -> int:
    """In the currency of the order; another one is the platform's to convert."""
    bought = case.label.label if case.label and case.shipment and case.shipment.under_label else None
    return bought.cost.amount if bought and bought.cost.currency == case.currency else 0


def _balanced(ledger: Ledger, seller_id: str, lines: Lines) -> tuple[Ledger, Posting]:
    share = fee_share(ledger)
    rest = sum_of([lines, {Account.PLATFORM_FEE: share - ledger.fee_returned}])
    whole = sum_of([rest, {Account.SELLER_PAYABLE: -sum(rest.values())}])
    posting = Posting(order_id=ledger.order_id, seller_id=seller_id, currency=ledger.currency, lines=whole)
    return replace(ledger, fee_returned=share), posting


def _difference(lines: Lines, less: Lines) -> Lines:
    return sum_of([lines, {account: -amount for account, amount in less.items()}])
