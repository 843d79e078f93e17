"""Money on its way back: attempts at the payment provider, and what they add up to.

An attempt is a durable row before the provider is called. Its id is the provider's idempotency key and never
changes; its parameters are frozen with it. Attempt n+1 on a payment exists only after attempt n failed for good.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class AttemptState(StrEnum):
    """Where one attempt stands. `succeeded` is not the end: providers report failures days later."""

    SUBMITTED = "submitted"
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


# The provider of what an operator paid by another means; nobody can be asked about it.
ELSEWHERE = "elsewhere"

DEAD = frozenset({AttemptState.FAILED, AttemptState.CANCELED})
UNANSWERED = frozenset({AttemptState.SUBMITTED, AttemptState.PENDING})

# A later state never gives way to an earlier one, so answers, polls and webhooks may arrive in any order and
# any number of times. A failure is final for its attempt, also after a success.
_RANK = {
    AttemptState.SUBMITTED: 0,
    AttemptState.PENDING: 1,
    AttemptState.REQUIRES_ACTION: 1,
    AttemptState.SUCCEEDED: 2,
    AttemptState.FAILED: 3,
    AttemptState.CANCELED: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to pay a part back over one payment. `submitted_at` is epoch milliseconds."""

    refund_id: str
    case_id: str
    order_id: str
    payment_id: str
    provider: str
    reference: str
    amount: int
    currency: str
    number: int
    submitted_at: int
    state: AttemptState = AttemptState.SUBMITTED
    provider_refund_id: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefund:
    """What the provider says now of the refund that carries `refund_id`."""

    refund_id: str
    provider_refund_id: str
    state: AttemptState
    amount: int
    currency: str
    failure: str | None = None


class RefundLeg(StrEnum):
    """What all attempts of a case add up to."""

    NONE = "none"
    PENDING = "pending"
    ACTION_REQUIRED = "action_required"
    SUCCEEDED = "succeeded"


def live(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """The newest attempt on each payment."""
    newest: dict[str, Attempt] = {}
    for attempt in attempts:
        newest[attempt.payment_id] = attempt
    return tuple(newest.values())


def refund_leg(owed: Mapping[str, int], attempts: Iterable[Attempt]) -> RefundLeg:
    """One attempt that needs a person outweighs any that still run; success needs all that is owed to be paid.

    `owed` is what is due over each payment. A failed attempt on another one no longer counts: what it was for has
    reached the buyer by another way. Where nothing is owed any more, that is the success, once nothing can still arrive
    that was paid ahead. What no attempt pays or may still pay, although there were some, is a person's to see to.
    """
    attempts = tuple(attempts)
    if not attempts:
        # As it is for most of a case's life, and asked for with every look at its status.
        return RefundLeg.NONE if owed else RefundLeg.SUCCEEDED
    asking = any(attempt.state is AttemptState.REQUIRES_ACTION for attempt in attempts)
    if owed and not any(attempt.payment_id in owed for attempt in attempts):
        return RefundLeg.NONE
    if asking or uncovered(owed, attempts):
        return RefundLeg.ACTION_REQUIRED
    running = any(attempt.state in UNANSWERED for attempt in attempts)
    return RefundLeg.PENDING if running else RefundLeg.SUCCEEDED


def uncovered(owed: Mapping[str, int], attempts: Iterable[Attempt]) -> Mapping[str, int]:
    """What of each payment is owed and neither paid nor under way."""
    rest = dict(owed)
    for attempt in attempts:
        if attempt.payment_id in rest and attempt.state not in DEAD:
            rest[attempt.payment_id] -= attempt.amount
    return {payment_id: amount for payment_id, amount in rest.items() if amount > 0}


def observe(attempt: Attempt, seen: ProviderRefund) -> Attempt:
    """The attempt after the provider was heard; the same attempt where that is old news.

    A refund of another amount than was asked for is nobody's success: a person looks.
    """
    if (seen.amount, seen.currency) != (attempt.amount, attempt.currency):
        seen = replace(seen, state=AttemptState.REQUIRES_ACTION, failure="amount_differs")
    if (
        _RANK[seen.state] < _RANK[attempt.state]
        or attempt.state in DEAD
        or (seen.state is attempt.state and seen.provider_refund_id == attempt.provider_refund_id)
    ):
        return attempt
    return replace(
        attempt, state=seen.state, provider_refund_id=seen.provider_refund_id, failure=seen.failure
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAtProvider:
    """One refund as a provider shows it; `refund_id` is the desk's own, if the desk made it."""

    provider_refund_id: str
    refund_id: str | None
    payment_id: str
    amount: int
    state: AttemptState
