"""A seller's account: what was posted, and what it adds up to."""

from collections import defaultdict
from collections.abc import Mapping

from aftersales.domain.parties import Party, Role
from aftersales.domain.settlement import AccountBalance, Posted, total
from aftersales.usecases.commit import refuse_other_sellers
from aftersales.usecases.ports import Accounts, Page


def read_statement(
    accounts: Accounts, seller_id: str, by: Party, *, first: int, last: int, limit: int, cursor: str | None
) -> tuple[Page[Posted], Mapping[str, AccountBalance]]:
    """One page of the postings, and the balance in each currency. Raises `not_found` for another seller."""
    if by.role is Role.SELLER:
        refuse_other_sellers(seller_id, by)
    # In this order: what is in a balance has been posted, though it may be younger than the page.
    page = accounts.statement(seller_id, first=first, last=last, limit=limit, cursor=cursor)
    parts: defaultdict[str, list[AccountBalance]] = defaultdict(list)
    for balances in accounts.balances(seller_id):
        for currency, balance in balances.items():
            parts[currency].append(balance)
    return page, {currency: total(parts[currency]) for currency in sorted(parts)}
