"""What can be sent in exchange, in a table of its own. Every write carries a condition."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from aftersales.adapters import items, tables
from aftersales.adapters.items import Item
from aftersales.domain.stock import (
    COUNTED_AS,
    OutOfStock,
    Sku,
    StockLine,
    StockReservation,
    StockState,
    missing_of,
    moved,
    restocked,
)
from aftersales.usecases.ports import OutcomeUnknown, Stale

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A flash of exchanges of one thing meets at one row: each try that fails is one that somebody else has won.
_TRIES = 25
_MOST_VARIANTS = 100


class DynamoDBStock:
    """The `EmbeddedStock` port.

    A reservation is written once under its id, with the numbers of its SKUs in the same transaction, and changes its
    state on the condition that it stands where it was read: so units are held once, and given back once.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, now: Callable[[], int], pause: Callable[[int], None]
    ) -> None:
        self._db = client
        self._table = table
        self._now = now
        self._pause = pause

    def sku(self, sku: str) -> Sku | None:
        """One read by key."""
        row = items.get(self._db, self._table, tables.sku_key(sku))
        return items.read(Sku, row) if row else None

    def variants(self, seller_id: str, product: str) -> Sequence[Sku]:
        """An index with keys only, then the SKUs themselves."""
        answer = self._db.query(
            TableName=self._table,
            IndexName=tables.BY_PRODUCT,
            KeyConditionExpression="variants = :product",
            ExpressionAttributeValues={":product": {"S": tables.variants_index(seller_id, product)}},
            Limit=_MOST_VARIANTS,
        )
        return self._skus(row["sku"]["S"] for row in answer["Items"])

    def put_sku(self, sku: Sku) -> Sku:
        """The platform counts while a case reserves:

        count   read 5 free ─────────────────── put 7 free if still 5 free   the condition fails, it counts again
        case    read 5 free ── hold 1 of them
        """

        def attempt() -> Sku:
            known = self.sku(sku.sku)
            after = restocked(known, sku)
            if after != known:
                self._put(_sku_row(after), _as_read(known) if known else items.ABSENT)
            return after

        return self._until_written(attempt)

    def reserve(
        self, reservation_id: str, lines: Sequence[StockLine], expires_at: int
    ) -> StockReservation | OutOfStock:
        """Two workers of one step, or fifty buyers of ten units:

        one     read 1 free ── hold it if 1 is free     first one wins
        other   read 1 free ── hold it if 1 is free     the condition fails, it reads again and finds none

        That there was not enough is written too: a worker that is late must not hold what its case was refused.
        """
        wanted = StockReservation(
            reservation_id=reservation_id, lines=tuple(lines), state=StockState.HELD, expires_at=expires_at
        )

        def attempt() -> StockReservation | OutOfStock:
            if known := self._row(reservation_id):
                return _answer(known, wanted)
            if missing := missing_of(wanted.lines, self._skus(line.sku for line in lines)):
                refused = OutOfStock(reservation_id=reservation_id, missing=missing)
                self._put(tables.reservation_key(reservation_id) | items.row_of(refused), items.ABSENT)
                return refused
            self._write(wanted, "available", items.ABSENT)
            return wanted

        return self._until_written(attempt)

    def confirm(self, reservation_id: str) -> StockReservation:
        """Confirmed and expired at once: both need it to be held, one of them finds it so."""
        return self._move(reservation_id, StockState.CONFIRMED)

    def release(self, reservation_id: str) -> StockReservation:
        """Units come back in the transaction that takes them from the reservation."""
        return self._move(reservation_id, StockState.RELEASED)

    def expire(self, reservation_id: str) -> StockReservation:
        """Two sweeps at once: the second finds it expired."""
        return self._move(reservation_id, StockState.EXPIRED)

    def overdue(self, limit: int) -> Iterable[str]:
        """The sparse index of what is held, shard by shard, the longest overdue first."""
        for shard in tables.all_shards():
            shard_of = ("clock", shard)
            held = items.due(
                self._db, self._table, tables.BY_EXPIRY, shard_of, "expires_at", self._now(), limit
            )
            yield from (row["pk"].removeprefix(f"{tables.RESERVATION}#") for row in held)

    def _move(self, reservation_id: str, wanted: StockState) -> StockReservation:
        """An id that nobody reserved is closed: what comes late under it finds it released."""

        def attempt() -> StockReservation:
            row = self._row(reservation_id)
            if row is None or "missing" in row:
                nothing = StockReservation(
                    reservation_id=reservation_id, lines=(), state=StockState.RELEASED, expires_at=0
                )
                if row is None:
                    self._put(_reservation_row(nothing), items.ABSENT)
                return nothing
            known = items.read(StockReservation, row)
            after = moved(known, wanted, self._now())
            if after != known:
                self._write(after, COUNTED_AS[known.state], _still(known.state))
            return after

        return self._until_written(attempt)

    def _write(self, reservation: StockReservation, source: str, condition: Item) -> None:
        """The reservation, and its units from one number of their SKU to another; nothing falls below zero."""
        target = COUNTED_AS[reservation.state]
        put = {"TableName": self._table, "Item": items.wire(_reservation_row(reservation)), **condition}
        moves = [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": items.wire(tables.sku_key(line.sku)),
                    "UpdateExpression": f"ADD {source} :less, {target} :more",
                    "ConditionExpression": f"{source} >= :more",
                    "ExpressionAttributeValues": {
                        ":less": {"N": str(-line.quantity)},
                        ":more": {"N": str(line.quantity)},
                    },
                }
            }
            for line in reservation.lines
        ]
        items.transact(self._db, [{"Put": put}, *moves])

    def _put(self, row: Item, condition: Item) -> None:
        items.put(self._db, self._table, row, condition)

    def _row(self, reservation_id: str) -> Item | None:
        return items.get(self._db, self._table, tables.reservation_key(reservation_id))

    def _skus(self, skus: Iterable[str]) -> list[Sku]:
        found = (self.sku(sku) for sku in skus)
        return [sku for sku in found if sku]

    def _until_written[T](self, attempt: Callable[[], T]) -> T:
        with _unknown():
            for n in range(_TRIES):
                try:
                    return attempt()
                except Stale:
                    self._pause(n)
        raise OutcomeUnknown("contention")


@contextmanager
def _unknown() -> Iterator[None]:
    """Whatever DynamoDB did not answer may have happened; the next try under the same id finds out."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OutcomeUnknown(type(error).__name__) from error


def _answer(known: Item, wanted: StockReservation) -> StockReservation | OutOfStock:
    if "missing" in known:
        return items.read(OutOfStock, known)
    reservation = items.read(StockReservation, known)
    # A release that came first knows no lines.
    if reservation.lines and reservation.lines != wanted.lines:
        raise ValueError(f"reservation {wanted.reservation_id} is of other lines")
    return reservation


def _sku_row(sku: Sku) -> Item:
    variants = tables.variants_index(sku.seller_id, sku.product)
    row: Item = tables.sku_key(sku.sku) | items.row_of(sku) | {"variants": variants}
    return row


def _reservation_row(reservation: StockReservation) -> Item:
    """What is held stands in the sparse index of what may expire."""
    row: Item = tables.reservation_key(reservation.reservation_id) | items.row_of(reservation)
    if reservation.state is StockState.HELD:
        row["clock"] = tables.shard(reservation.reservation_id)
    return row


def _as_read(sku: Sku) -> Item:
    numbers = ("on_hand", "available", "held", "confirmed")
    return {
        "ConditionExpression": " AND ".join(f"{name} = :{name}" for name in numbers),
        "ExpressionAttributeValues": {f":{name}": {"N": str(getattr(sku, name))} for name in numbers},
    }


def _still(state: StockState) -> Item:
    return {
        "ConditionExpression": "#state = :before",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":before": {"S": state}},
    }
