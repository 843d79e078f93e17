"""A buyer applies."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from aftersales.domain import lifecycle
from aftersales.domain.case import Case
from aftersales.domain.evidence import PromisedFile, promised
from aftersales.domain.parties import Party
from aftersales.domain.policy import History
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.shipment import crosses_border
from aftersales.usecases.commit import until_committed
from aftersales.usecases.ports import Desk, Stock
from aftersales.usecases.quote_case import Application, quote_claim
from aftersales.usecases.read_order import read_order

_CASES = UUID("6f0d9a6e-6a57-4a0e-8d0c-0a9d2a1f7c3b")


def case_id_of(buyer: Party, idempotency_key: str) -> str:
    """The id follows from who asks and their key: a retry meets its own case, whatever was lost before."""
    return str(uuid5(_CASES, f"{buyer.id}\n{idempotency_key}"))


def open_case(
    desk: Desk,
    stock: Stock,
    application: Application,
    description: str,
    files: Sequence[PromisedFile],
    *,
    buyer: Party,
    idempotency_key: str,
    request_hash: str,
) -> tuple[Case, bool]:
    """The case and whether this request created it.

    The case row is the record of the key: it carries the hash of the body, and a second transaction with the
    same id fails on `attribute_not_exists`, so of any number of parallel requests one opens the case and the
    rest find it.
    """
    case_id = case_id_of(buyer, idempotency_key)

    def opened_before() -> Case | None:
        known = desk.store.case(case_id)
        if known and known.request_hash != request_hash:
            raise Refusal(Code.IDEMPOTENCY_KEY_REUSED, "This key was used for another application.")
        return known

    def attempt() -> tuple[Case, bool]:
        known = opened_before()
        if known:
            return known, False
        try:
            return open_new(), True
        except Refusal:
            # The twin of this request may have opened the case after the read above and taken the very units
            # that are missing now: then this is its answer, and no refusal.
            known = opened_before()
            if known:
                return known, False
            raise

    def open_new() -> Case:
        order, ledger = read_order(desk, application.order_id, buyer)
        # Only the window matters here; the buyer's history is read when the policy decides.
        quote = quote_claim(desk, stock, application, order, ledger, History(), case_id)
        change = lifecycle.open_case(
            case_id=case_id,
            order=order,
            ledger=ledger,
            kind=application.kind,
            reason=application.reason,
            description=description,
            wanted=quote.wanted,
            fees=quote.fees,
            keep_item=quote.keep_item,
            exchange=quote.exchange,
            label_offered=quote.label_offered,
            crosses_border=crosses_border(order),
            evidence=promised(files, buyer),
            assessment=quote.assessment,
            request_hash=request_hash,
            buyer=buyer,
            # The moment that was judged: a window that was open then must not be found closed a millisecond later.
            now=quote.assessment.grounds.facts.now,
        )
        desk.store.commit(change)
        return change.case

    return until_committed(desk, attempt)
