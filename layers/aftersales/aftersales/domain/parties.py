"""Who takes part, and who may see whose things."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The parts people and machines play. `SYSTEM` and `PROVIDER` act but never sign in."""

    BUYER = "buyer"
    SELLER = "seller"
    REVIEWER = "reviewer"
    PLATFORM = "platform"
    OPERATOR = "operator"
    SYSTEM = "system"
    POLICY = "policy"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody acting: a role and the id of the buyer, seller, reviewer or machine behind it."""

    role: Role
    id: str


SYSTEM = Party(Role.SYSTEM, "clock")
POLICY = Party(Role.POLICY, "policy")
CARRIER = Party(Role.PROVIDER, "carrier")


def may_see_order(party: Party, *, buyer_id: str, seller_id: str) -> bool:
    """The order's own buyer and seller, the platform that wrote it, and the reviewers."""
    return party.role in (Role.PLATFORM, Role.REVIEWER) or _is_party_of(party, buyer_id, seller_id)


def may_see_case(party: Party, *, buyer_id: str, seller_id: str) -> bool:
    """The two parties of the case and the reviewers; nobody else learns that it exists."""
    return party.role is Role.REVIEWER or _is_party_of(party, buyer_id, seller_id)


def _is_party_of(party: Party, buyer_id: str, seller_id: str) -> bool:
    return (party.role, party.id) in ((Role.BUYER, buyer_id), (Role.SELLER, seller_id))
