"""Sellers' statements at the edge."""

from collections.abc import Mapping

from aftersales.contracts.cases import MoneyView
from aftersales.contracts.fields import Instant, View
from aftersales.contracts.pages import PageQuery, PeriodQuery
from aftersales.domain.settlement import Account, AccountBalance, Lines, Posted, owed_to_seller
from aftersales.usecases.ports import Page


class StatementQuery(PageQuery, PeriodQuery):
    """A page of what was posted in a period."""


class PostingLineView(View):
    """One line: debits are positive, credits negative, and all lines of a posting sum to zero."""

    account: Account
    amount: MoneyView


class PostingView(View):
    """One balanced entry. `event` is what happened: that of the case's timeline, or `external_booked` where money left
    a payment without the desk. `owed_to_seller` is by how much the posting raises what the platform owes its seller."""

    posting_id: str
    at: Instant
    event: str
    order_id: str
    case_id: str | None
    lines: list[PostingLineView]
    owed_to_seller: MoneyView


class AccountBalanceView(View):
    """What all postings in one currency add up to, also those of other pages and periods. It follows them within
    moments."""

    currency: str
    postings: int
    lines: list[PostingLineView]
    owed_to_seller: MoneyView


class StatementView(View):
    """A seller's account: the balance in each currency, and one page of the postings, newest first."""

    seller_id: str
    balances: list[AccountBalanceView]
    items: list[PostingView]
    next_cursor: str | None


def statement_view(
    seller_id: str, page: Page[Posted], balances: Mapping[str, AccountBalance]
) -> StatementView:
    """The statement as seller and operator see it: ids and amounts, nothing of a person."""
    return StatementView(
        seller_id=seller_id,
        balances=[
            AccountBalanceView(
                currency=currency,
                postings=balance.postings,
                lines=_lines(balance.lines, currency),
                owed_to_seller=_owed(balance.lines, currency),
            )
            for currency, balance in balances.items()
        ],
        items=[
            PostingView(
                posting_id=posted.posting_id,
                at=posted.at,
                event=posted.event,
                order_id=posted.posting.order_id,
                case_id=posted.case_id,
                lines=_lines(posted.posting.lines, posted.posting.currency),
                owed_to_seller=_owed(posted.posting.lines, posted.posting.currency),
            )
            for posted in page.items
        ],
        next_cursor=page.next_cursor,
    )


def _lines(lines: Lines, currency: str) -> list[PostingLineView]:
    """In the order of the accounts."""
    return [
        PostingLineView(account=account, amount=MoneyView(amount=lines[account], currency=currency))
        for account in Account
        if account in lines
    ]


def _owed(lines: Lines, currency: str) -> MoneyView:
    return MoneyView(amount=owed_to_seller(lines), currency=currency)
