"""What the use cases of feedback need of the world. Nothing here knows of ledgers, refunds or payments: from a buyer's
verdict there is no way to anybody's money, and an architecture test keeps it so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from aftersales.domain.digest import Reader
from aftersales.domain.feedback import Change, Entry, Feedback
from aftersales.domain.feedback_notice import FeedbackNotice
from aftersales.domain.feedback_request import Request
from aftersales.domain.order import Order
from aftersales.domain.rating import Tally, day_of
from aftersales.domain.sentiment import Sentiment
from aftersales.usecases.ports import Page, Policies, Receipt


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a rating is of: a seller, or one of its products."""

    seller_id: str
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What of a feedback is counted already in a rating. `version` is this memory's own: 0 before anything was."""

    version: int = 0
    tally: Tally = field(default_factory=dict)


class FeedbackStore(Protocol):
    """Feedback, its history and its ratings; orders and cases only to look at."""

    def order_of_buyer(self, order_id: str) -> Order | None:
        """The order's snapshot."""

    def case_of_order(self, order: Order) -> str | None:
        """The id of the newest case of an order, if there is one."""

    def feedback(self, feedback_id: str) -> Feedback | None:
        """The feedback as last written."""

    def feedback_of_order(self, order_id: str, buyer_id: str) -> str | None:
        """The id of the feedback that takes the order's place, if there is one."""

    def said_before(self, order_id: str, buyer_id: str) -> bool:
        """Whether this buyer ever left feedback for the order, also if it was taken back."""

    def commit_feedback(self, change: Change, receipt: Receipt | None = None) -> None:
        """Write feedback, history entry, receipt and, where it is taken or freed, the order's place in one
        transaction, or nothing.

        Raises `Stale` if the feedback's version moved, if the order's place is taken, or if the receipt exists.
        """

    def feedback_receipt(self, key: str, now: int) -> Receipt | None:
        """The remembered request of that key, unless it has expired."""

    def feedback_of_seller(
        self, seller_id: str, *, first: int, last: int, limit: int, cursor: str | None
    ) -> Page[Feedback]:
        """A seller's feedback that was left between these moments, newest first."""

    def feedback_to_look_at(self, *, limit: int, cursor: str | None) -> Page[Feedback]:
        """What waits for a reviewer's look, oldest first."""

    def times_of_seller(self, seller_id: str, *, before: int, limit: int) -> Sequence[int]:
        """When the seller's last feedbacks before then were left, newest first."""

    def counted(self, subject: Subject, feedback_id: str) -> Counted:
        """What of a feedback is counted in a rating."""

    def count(self, subject: Subject, feedback_id: str, counted: Counted, delta: Tally) -> None:
        """Add a difference to the rating and remember what is counted now. Raises `Stale` if that is not the next
        version of what was counted before."""

    def tallies(self, subject: Subject, since: str) -> Sequence[Tally]:
        """What the shards of a rating counted in all, and in the months since then."""

    def shards(self) -> Iterable[int]:
        """The shards of every rating."""

    def counted_in(self, subject: Subject, shard: int) -> tuple[int, Mapping[str, Counted], Tally]:
        """A shard's revision, what is counted in it, by feedback, and what that comes to, as it stands."""

    def replace_tally(self, subject: Subject, shard: int, revision: int, before: Tally, after: Tally) -> None:
        """Write a shard anew. Raises `Stale` if anything was counted since that revision."""

    def unrelayed_feedback(self, before: int, limit: int) -> Iterable[tuple[str, int]]:
        """Feedback and `seq` of entries written before then whose effects were not acknowledged."""

    def unrelayed_feedback_entry(self, feedback_id: str, seq: int) -> Entry | None:
        """That entry, or None if its effects have been acknowledged since."""

    def mark_feedback_relayed(self, entry: Entry) -> None:
        """Acknowledge an entry's effects."""

    def requests_due(self, now: int, limit: int) -> Iterable[Request]:
        """The requests for feedback whose time has come, the longest due first."""

    def asked_before(self, order_id: str) -> bool:
        """Whether the order's buyer was asked."""

    def close_request(self, request: Request, now: int) -> None:
        """The order's buyer was asked, and never will be again."""

    def drop_request(self, request: Request) -> None:
        """Nobody is asked. A request that was put anew meanwhile stays."""

    def put_off_request(self, request: Request, later: Request) -> None:
        """Ask later. A request that was put anew meanwhile stays as it is."""

    def put_reader(self, reader: Reader) -> None:
        """Somebody wants digests, or wants them otherwise; the last word counts."""

    def delete_reader(self, seller_id: str, address: str) -> None:
        """They want none."""

    def readers_due(self, now: int, limit: int) -> Iterable[Reader]:
        """Whose digest is due, the longest due first."""

    def put_off_reader(self, reader: Reader, later: Reader) -> None:
        """The next digest is due then. What they asked for meanwhile stays."""


class FeedbackNotices(Protocol):
    """The topic that sellers and the desk's own mailer subscribe to."""

    def publish(self, notice: FeedbackNotice) -> None:
        """Publish with the attributes that subscribers filter by."""


class CommentReader(Protocol):
    """A model that reads comments."""

    def read(self, comment: str) -> Sentiment:
        """The mood of the comment, with the model's name. Raises where the model does not answer."""


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """What every use case of feedback needs. `now` is epoch milliseconds; `pause` waits before the n-th retry."""

    store: FeedbackStore
    policies: Policies
    now: Callable[[], int]
    pause: Callable[[int], None]

    @property
    def today(self) -> date:
        """The day (UTC) on which it is now."""
        return day_of(self.now())
