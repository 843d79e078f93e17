"""Read, decide, write once; and again from the start when somebody else wrote first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aftersales.domain.case import Case
from aftersales.domain.ledger import Ledger, by_now
from aftersales.domain.lifecycle import Act, Change
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, Role, may_see_case
from aftersales.domain.policy import Policy
from aftersales.domain.possible import possible
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.domain.silence import fall_silent
from aftersales.usecases.ports import CaseRequest, Desk, Patient, Receipt, Stale

_TRIES = 25


def until_committed[T](desk: Patient, attempt: Callable[[], T]) -> T:
    """Run `attempt` until nobody wrote in between. Many cases on one order meet at its ledger; each try reads
    again, so a loser of the race is told the truth of that moment and not of the first read."""
    for n in range(_TRIES):
        try:
            return attempt()
        except Stale:
            desk.pause(n)
    raise Refusal(Code.BUSY, "Too many writes at once; nothing was changed. Please try again.")


@dataclass(frozen=True, slots=True)
class Read:
    """What an act decides on, as it was read: the case, its order and ledger, and the policy that it froze."""

    case: Case
    order: Order
    ledger: Ledger
    policy: Policy


# What an act makes of a case: a change to commit, or None where there is nothing to do.
Decide = Callable[[Read], Change | None]


def admit(party: Party, case: Case | None) -> Case:
    """The case, if this party may see it. Raises `not_found`, and `forbidden` for a reviewer of a case of their own."""
    if case is None or not may_see_case(party, buyer_id=case.buyer_id, seller_id=case.seller_id):
        raise not_found("case")
    if reviews_own(party, case):
        raise Refusal(Code.FORBIDDEN, "Nobody reviews a case of their own.")
    return case


def possible_now(desk: Desk, case: Case, party: Party) -> list[Act]:
    """What this party can do to the case as it stands."""
    return possible(case, party, desk.policies.version(case.policy_version), desk.now())


def refuse_other_sellers(seller_id: str, by: Party) -> None:
    """What is a seller's is nobody else's. Raises `not_found`."""
    if (by.role, by.id) != (Role.SELLER, seller_id):
        raise not_found("seller")


def reviews_own(party: Party, case: Case) -> bool:
    """Whether a reviewer is the case's buyer or seller as well."""
    return party.role is Role.REVIEWER and party.id in (case.buyer_id, case.seller_id)


def refuse_own(operator: Party, case: Case) -> None:
    """An operator who is the case's buyer or seller leaves it to another one. Raises `forbidden`."""
    if operator.id in (case.buyer_id, case.seller_id):
        raise Refusal(Code.FORBIDDEN, "Nobody operates on a case of their own.")


def change_case(
    desk: Desk,
    case_id: str,
    decide: Decide,
    *,
    party: Party | None = None,
    if_match: int | None = None,
    receipt: Receipt | None = None,
) -> Case:
    """One act on one case in one transaction; answers the case as it then is.

    `party` is checked against the case when a person acts; `if_match` is the version they saw; a `receipt` that
    exists already means that the act was done before and is not done again.

    A refusal of what a person does says what this person can do instead.

    Whoever acts between a deadline and the sweep meets the case as silence left it, which is written first:

    deadline ─ silence approves │ seller declines ── too late: the case is approved
    """

    def attempt() -> Case:
        case = desk.store.case(case_id)
        if party:
            case = admit(party, case)
        elif case is None:
            raise not_found("case")
        if receipt and _done_before(desk, receipt):
            return case
        if if_match is not None and if_match != case.version:
            raise Refusal(
                Code.VERSION_CONFLICT, "The case has changed since it was read.", version=case.version
            )
        order, ledger = known_order(desk, case.order_id)
        policy, now = desk.policies.version(case.policy_version), desk.now()
        try:
            if party and case.deadline_at is not None and now >= case.deadline_at:
                extensions = desk.store.extensions_under_way()
                silence = fall_silent(case, ledger, extensions, policy=policy, now=now, uploads=None)
                if silence:
                    desk.store.commit(silence)
                    return attempt()
            change = decide(Read(case, order, ledger, policy))
        except Refusal as refusal:
            if party:
                refusal.facts["possible"] = possible_now(desk, case, party)
            raise
        except ValueError as error:
            # The ledger is read after the case. Where a commit fell in between, the books do not fit the case.
            if desk.store.case(case_id) != case:
                raise Stale from error
            raise
        if change is None:
            return case
        desk.store.commit(change, receipt)
        return change.case

    return until_committed(desk, attempt)


def carry_out(desk: Desk, request: CaseRequest, decide: Decide) -> Case:
    """What a party of the case, or its reviewer, asks for, as `change_case` does it."""
    return change_case(
        desk, request.case_id, decide, party=request.by, if_match=request.if_match, receipt=request.receipt
    )


def for_each[T](items: Iterable[T], do: Callable[[T], object]) -> int:
    """Do it for every item, also after one failed; then say what failed. Answers how many items there were."""
    failures: list[Exception] = []
    count = 0
    for item in items:
        count += 1
        try:
            do(item)
        except Exception as failure:  # noqa: BLE001 - one that cannot be done must not hold up the others
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {count} failed", failures)
    return count


def known_order(desk: Desk, order_id: str) -> tuple[Order, Ledger]:
    """The order as it is by now, with its ledger; orders are never deleted. Raises `not_found`."""
    found = desk.store.order(order_id)
    if found is None:
        raise not_found("order")
    return by_now(*found), found[1]


def _done_before(desk: Desk, receipt: Receipt) -> bool:
    known = desk.store.receipt(receipt.key, desk.now())
    if known and known.request_hash != receipt.request_hash:
        raise Refusal(Code.IDEMPOTENCY_KEY_REUSED, "This key was used for another request.")
    return known is not None
