"""Money that a case asks of its buyer: held first, taken later, and each at most once.

A charge is durable on its case before the provider is called. Its id is the provider's idempotency key and never
changes; its parameters are frozen with it. What was taken is a payment of the order from then on, and can be paid back
like any other.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from aftersales.domain.order import Payment


class ChargeState(StrEnum):
    """Where a charge stands. `awaiting` waits for the buyer to pay; `authorized` is held and not taken; a hold that was
    given back, or whose time ran out, is `canceled`; one that the provider refuses for good has `failed`."""

    SUBMITTED = "submitted"
    AWAITING = "awaiting"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    CANCELED = "canceled"
    FAILED = "failed"


CLOSED = frozenset({ChargeState.CAPTURED, ChargeState.CANCELED, ChargeState.FAILED})

# A later state never gives way to an earlier one, so answers, polls and webhooks may arrive in any order and any
# number of times. No state of the last rank follows another.
_RANK = {
    ChargeState.SUBMITTED: 0,
    ChargeState.AWAITING: 1,
    ChargeState.AUTHORIZED: 2,
    ChargeState.CAPTURED: 3,
    ChargeState.CANCELED: 3,
    ChargeState.FAILED: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One payment that a case asks for; `asked_at` (epoch milliseconds) is before any provider was asked for it.

    `saved_from` is the reference of the payment whose saved method is charged without the buyer; None where the buyer
    pays. `reference` is the charge's name at the provider, `captured` what was taken in the end, and a hold ends at
    `expires_at`.
    """

    charge_id: str
    case_id: str
    order_id: str
    provider: str
    amount: int
    currency: str
    asked_at: int
    saved_from: str | None = None
    state: ChargeState = ChargeState.SUBMITTED
    reference: str | None = None
    captured: int = 0
    expires_at: int | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCharge:
    """What the provider says now of the payment that carries `charge_id`."""

    charge_id: str
    reference: str
    state: ChargeState
    amount: int
    currency: str
    captured: int = 0
    expires_at: int | None = None
    failure: str | None = None


def observe(charge: Charge, seen: ProviderCharge) -> Charge:
    """The charge after the provider was heard; the same charge where that is old news.

    A hold of another amount than was asked for is none of ours to take: it is left to its time.
    """
    differs = (seen.amount, seen.currency) != (charge.amount, charge.currency)
    if differs and seen.state is ChargeState.AUTHORIZED:
        seen = replace(seen, state=ChargeState.AWAITING, failure="amount_differs")
    if _RANK[seen.state] < _RANK[charge.state] or charge.state in CLOSED:
        return charge
    return replace(
        charge,
        state=seen.state,
        reference=seen.reference or charge.reference,
        captured=seen.captured,
        expires_at=seen.expires_at,
        failure=seen.failure,
    )


def payment_of(charge: Charge) -> Payment:
    """What was taken, as a payment of the order: it goes back over itself, like any other."""
    return Payment(
        payment_id=charge.charge_id,
        provider=charge.provider,
        reference=charge.reference or "",
        captured=charge.captured,
    )
