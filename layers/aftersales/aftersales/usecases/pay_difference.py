"""How a buyer pays what other goods cost more."""

from aftersales.domain.charge import Charge, ChargeState
from aftersales.domain.parties import Party
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.commit import admit
from aftersales.usecases.ports import Charges, Desk


def how_to_pay(desk: Desk, charges: Charges, case_id: str, party: Party) -> tuple[Charge, str]:
    """The charge that waits for its buyer, and what it is paid with. Raises `no_payment_due`."""
    case = admit(party, desk.store.case(case_id))
    charge = case.exchange.charge if case.exchange else None
    secret = charges.client_secret(charge) if charge and charge.state is ChargeState.AWAITING else None
    if charge is None or secret is None:
        raise Refusal(Code.NO_PAYMENT_DUE, "This case does not ask its buyer to pay anything now.")
    return charge, secret
