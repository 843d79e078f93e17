"""More time for every open case of a market: a holiday, a postal strike."""

from uuid import UUID, uuid5

from aftersales.domain.hearing import Extension
from aftersales.domain.parties import Party
from aftersales.domain.refusal import Code, Refusal
from aftersales.usecases.commit import until_committed
from aftersales.usecases.ports import Desk

_EXTENSIONS = UUID("0c8f3a52-5d1e-4b6f-9a3e-2f9d7c4be1a0")


def extend_market(
    desk: Desk, market: str, hours: int, reason: str, *, by: Party, idempotency_key: str, request_hash: str
) -> Extension:
    """Written once, whatever is repeated; the sweep carries it to the cases within minutes, and no case of the market
    falls silent before."""
    extension_id = str(uuid5(_EXTENSIONS, f"{by.id}\n{idempotency_key}"))
    extension = Extension(
        extension_id=extension_id,
        market=market,
        hours=hours,
        reason=reason,
        by=by,
        at=desk.now(),
        request_hash=request_hash,
    )

    def attempt() -> Extension:
        known = desk.store.extension(extension_id)
        if known is None:
            desk.store.put_extension(extension, new=True)
        elif known.request_hash != request_hash:
            raise Refusal(Code.IDEMPOTENCY_KEY_REUSED, "This key was used for another request.")
        return known or extension

    return until_committed(desk, attempt)
