"""A seller's balances from scratch, on a running desk: the postings are added up anew, and what differs is mended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aftersales.domain.settlement import NOTHING, AccountBalance, Posted, counted, total
from aftersales.usecases.ports import Accounts, Patient, Stale, every

_PAGE = 100
_END_OF_TIME = 10**15 - 1
# What differs so often in a row differs: an index that was behind has caught up, a posting that was just counted is
# seen on both sides.
_LOOKS = 4

# Shard and currency.
Part = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """A part of a balance that is not what its postings add up to."""

    shard: int
    currency: str
    was: AccountBalance
    should: AccountBalance


def rebuild_balances(desk: Patient, accounts: Accounts, seller_id: str) -> tuple[Drift, ...]:
    """Hold every shard of a seller's balances against the postings in it; answers what was mended. Holds nothing up."""
    found: tuple[Drift, ...] = ()
    for n in range(_LOOKS):
        found = drifts(accounts, seller_id)
        if not found:
            return ()
        desk.pause(n)
    return tuple(drift for drift in found if _mended(accounts, seller_id, drift))


def postings_of(accounts: Accounts, seller_id: str) -> Iterable[Posted]:
    """All of them, newest first."""
    return every(
        lambda cursor: accounts.statement(seller_id, first=0, last=_END_OF_TIME, limit=_PAGE, cursor=cursor)
    )


def drifts(accounts: Accounts, seller_id: str) -> tuple[Drift, ...]:
    """Every part of the balances that is not what its postings add up to, as far as one look can tell."""
    # In this order: what is counted after the balances were read makes the writer of new ones start over.
    stands: Mapping[Part, AccountBalance] = {
        (shard, currency): balance
        for shard, balances in enumerate(accounts.balances(seller_id))
        for currency, balance in balances.items()
    }
    parts: defaultdict[Part, list[AccountBalance]] = defaultdict(list)
    for posted in postings_of(accounts, seller_id):
        if posted.counted:
            parts[accounts.shard_of(posted), posted.posting.currency].append(counted(posted.posting))
    should = {part: total(counts) for part, counts in parts.items()}
    return tuple(
        Drift(*part, stands.get(part, NOTHING), should.get(part, NOTHING))
        for part in sorted(stands.keys() | should.keys())
        if stands.get(part, NOTHING) != should.get(part, NOTHING)
    )


def _mended(accounts: Accounts, seller_id: str, drift: Drift) -> bool:
    """One that was counted into meanwhile is left to the next look."""
    try:
        accounts.replace_balance(seller_id, drift.shard, drift.currency, drift.was, drift.should)
    except Stale:
        return False
    return True
