"""What the use cases need of the world, in the domain's words. `adapters` implements it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aftersales.domain.address import Address
from aftersales.domain.calendar import HOUR
from aftersales.domain.case import Case
from aftersales.domain.charge import Charge, ProviderCharge
from aftersales.domain.evidence import Evidence
from aftersales.domain.feedback_request import Request
from aftersales.domain.hearing import Extension
from aftersales.domain.label import Label, LabelOrder, LabelRefused, VoidState
from aftersales.domain.ledger import External, Ledger
from aftersales.domain.lifecycle import Change
from aftersales.domain.notice import Notice
from aftersales.domain.order import Contact, Order, Payment
from aftersales.domain.parcel import Parcel, Scan
from aftersales.domain.parties import Party
from aftersales.domain.policy import History, Policy
from aftersales.domain.refund import Attempt, ProviderRefund, RefundAtProvider
from aftersales.domain.settlement import AccountBalance, Posted, Posting
from aftersales.domain.stock import OutOfStock, Sku, StockLine, StockReservation
from aftersales.domain.timeline import Entry

# Stripe may forget an idempotency key after 24 hours; an hour before that nothing is sent under it any more,
# and the provider's list of refunds is the only judge (https://docs.stripe.com/api/idempotent_requests).
KEY_LIFE = 23 * HOUR


class Stale(Exception):
    """Somebody else wrote first: what was read is no longer true. Read again and decide again."""


class OutcomeUnknown(Exception):
    """The provider's answer was lost or cannot be trusted; what was asked for may or may not exist there."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A remembered request (or provider event), so that a repeat is recognised. Written with its effect."""

    key: str
    request_hash: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRequest:
    """What a person asks of a case: who, of which, and in which version they saw it."""

    case_id: str
    by: Party
    if_match: int | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page of a list and the cursor of the next one."""

    items: Sequence[T]
    next_cursor: str | None


def every[T](page_from: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """All of a list, page after page, each asked for when the one before has been read."""
    page = page_from(None)
    yield from page.items
    while page.next_cursor is not None:
        page = page_from(page.next_cursor)
        yield from page.items


@dataclass(frozen=True, slots=True)
class Doorbell:
    """How the step that waits is woken, and the version of the case that its execution has read."""

    token: str
    version: int


class Patient(Protocol):
    """Whoever waits before trying again what somebody else came before."""

    @property
    def pause(self) -> Callable[[int], None]:
        """Waits before the n-th retry."""


class Store(Protocol):
    """Orders, ledgers, cases and timelines."""

    def order(self, order_id: str) -> tuple[Order, Ledger] | None:
        """The order with its ledger, as last written."""

    def put_order(self, order: Order, ledger: Ledger, request: Request | None = None, *, new: bool) -> None:
        """Write snapshot, ledger and request for feedback together. Raises `Stale` if the ledger's version moved."""

    def put_ledger(self, ledger: Ledger, posting: Posting | None, now: int) -> None:
        """Write a ledger that moved without a case, with what that posts. Raises `Stale` if its version moved."""

    def postings_of_order(self, order_id: str) -> Sequence[Posting]:
        """What was posted for an order without a case."""

    def orders_paid_by(self, provider: str, reference: str) -> Sequence[str]:
        """Ids of the orders that were paid with that payment; a basket of several sellers has several."""

    def case(self, case_id: str) -> Case | None:
        """The case as last written."""

    def commit(self, change: Change, receipt: Receipt | None = None) -> None:
        """Write case, timeline entry, ledger and receipt in one transaction, or nothing.

        Raises `Stale` if the case's version or the ledger's moved, or if the receipt exists.
        """

    def case_of_parcel(self, carrier: str, tracking_code: str) -> str | None:
        """The case that named this parcel, if one did."""

    def receipt(self, key: str, now: int) -> Receipt | None:
        """The remembered request of that key, unless it has expired."""

    def timeline(self, case_id: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Entries with a `seq` above `after`, oldest first."""

    def cases_of(self, party: Party, *, limit: int, cursor: str | None) -> Page[Case]:
        """The cases of a buyer or a seller, newest first."""

    def cases_waiting(self, waiting_on: str, party_id: str, *, limit: int, cursor: str | None) -> Page[Case]:
        """The cases that wait for a party, by deadline."""

    def cases_of_order(self, order: Order) -> Sequence[Case]:
        """All cases of an order, oldest first, as last written."""

    def clocked(self, cursor: str | None = None) -> Page[str]:
        """Ids of cases whose clock runs, a page at a time."""

    def history(self, buyer_id: str, since: int) -> History:
        """The buyer's orders and cases since then, counted up to a bound."""

    def due(self, now: int, limit: int) -> Iterable[str]:
        """Ids of cases whose deadline, or the warning before it, has come, the longest overdue first."""

    def errands(self, now: int, limit: int) -> Iterable[str]:
        """Ids of cases with something to do at a carrier's, the longest waiting first."""

    def put_off_errand(self, case: Case, until: int) -> None:
        """Not before then, unless the case changes, or has changed since it was read."""

    def put_extension(self, extension: Extension, *, new: bool) -> None:
        """Write a market's extension, or how far it was carried. Raises `Stale` if a new one exists already, or
        another sweep has carried it to its end."""

    def extension(self, extension_id: str) -> Extension | None:
        """The extension of that id."""

    def extensions_under_way(self) -> Sequence[Extension]:
        """Those that were not carried to every case yet, oldest first."""

    def park(self, case_id: str, execution: str, bell: Doorbell, entered_at: str) -> None:
        """Remember the doorbell of the step that waits. An older step, or an older try of the same step, never
        replaces a newer one's."""

    def doorbell(self, case_id: str, execution: str) -> Doorbell | None:
        """The doorbell that this execution parked last, if any."""

    def unrelayed(self, before: int, limit: int) -> Iterable[tuple[str, int]]:
        """Case and `seq` of entries written before then whose effects were not acknowledged."""

    def unrelayed_entry(self, case_id: str, seq: int) -> Entry | None:
        """That entry, or None if its effects have been acknowledged since."""

    def mark_relayed(self, entry: Entry) -> None:
        """Acknowledge an entry's effects; what it posts is counted in the seller's balance with that, once."""

    def remember(self, receipt: Receipt, now: int) -> None:
        """Write a receipt on its own, for effects that have no row here."""


# What a part of a seller's postings adds up to, in each currency.
Balances = Mapping[str, AccountBalance]


class Accounts(Protocol):
    """Sellers' accounts: what was posted, and what it adds up to, kept in shards."""

    def statement(
        self, seller_id: str, *, first: int, last: int, limit: int, cursor: str | None
    ) -> Page[Posted]:
        """The postings of a seller between two moments, newest first."""

    def balances(self, seller_id: str) -> Sequence[Balances]:
        """What was counted, shard by shard."""

    def shard_of(self, posted: Posted) -> int:
        """The shard in which that posting is counted."""

    def replace_balance(
        self, seller_id: str, shard: int, currency: str, before: AccountBalance, after: AccountBalance
    ) -> None:
        """Put a balance right. Raises `Stale` if one was counted in it since it was read."""


class Policies(Protocol):
    """The published versions of the policy, each with the override of a seller who has one."""

    def at(self, when: int, seller_id: str | None = None) -> Policy:
        """The version in force at that time: for that seller, or the platform's own."""

    def version(self, version: str) -> Policy:
        """The version of that name."""


class Workflow(Protocol):
    """The case's execution."""

    def start(self, name: str, case_id: str) -> bool:
        """Start the execution of that name. False if one of that name has already ended."""

    def runs(self, name: str) -> bool:
        """Whether an execution of that name runs; False also where none was ever started."""

    def stopped(self, since: int) -> Iterable[str]:
        """Ids of the cases whose executions failed, timed out or were stopped since then."""

    def ring(self, token: str) -> None:
        """Wake the step that waits. A step that no longer waits is not an error."""


@dataclass(frozen=True, slots=True)
class PaymentStatement:
    """What a provider shows of one payment: every refund; and what the desk did not do, with the disputes."""

    refunds: Sequence[RefundAtProvider] = ()
    external: Sequence[External] = ()


class Payments(Protocol):
    """Where money goes back."""

    def refund(self, attempt: Attempt) -> ProviderRefund:
        """Ask for the refund under its key. A refusal for good is a refund that `failed`.

        Raises `OutcomeUnknown`.
        """

    def find(self, attempt: Attempt) -> ProviderRefund | None:
        """The refund of that id, as it stands at the provider, or None if there is none.

        Raises `OutcomeUnknown`.
        """

    def statement(self, payment: Payment, currency: str, attempts: Iterable[Attempt]) -> PaymentStatement:
        """All that went back over that payment, as it stands at the provider; `attempts` are those the desk knows of.

        Raises `OutcomeUnknown`.
        """

    def changed(self, since: int) -> Iterable[tuple[str, str]]:
        """Provider and reference of every payment whose refunds or disputes changed since then.

        Raises `OutcomeUnknown`.
        """


class Charges(Protocol):
    """Where money is taken from: held under a charge's id, then captured or given back."""

    def hold(self, charge: Charge) -> ProviderCharge:
        """Ask for the payment under the charge's id: the buyer pays it with the `client_secret`, or its saved method is
        charged at once. A refusal for good is a charge that `failed`. Repeatable; raises `OutcomeUnknown`.
        """

    def client_secret(self, charge: Charge) -> str | None:
        """What the buyer's browser pays with while the charge awaits that; for nobody else's eyes, and never kept.

        Raises `OutcomeUnknown`.
        """

    def find(self, charge: Charge) -> ProviderCharge | None:
        """The payment of that charge, as it stands at the provider, or None if there is none.

        Raises `OutcomeUnknown`.
        """

    def capture(self, charge: Charge) -> ProviderCharge:
        """Take what is held; answers what became of it, also where the hold is gone. Repeatable; raises
        `OutcomeUnknown`."""

    def cancel(self, charge: Charge) -> ProviderCharge:
        """Give back what is held, or ask the buyer no longer; answers what became of it, also where it was taken.
        Repeatable; raises `OutcomeUnknown`."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A signed word of the provider: which refund or charge changed, or on which payment something happened that is not
    the desk's doing. What it became is asked, never believed; `succeeded` where it says that a refund went well."""

    event_id: str
    case_id: str | None = None
    refund_id: str | None = None
    provider: str = ""
    reference: str | None = None
    charge_id: str | None = None
    succeeded: bool = False


class Stock(Protocol):
    """What can be sent in exchange. May be a platform's own inventory beyond a network: so it is asked by the steps of
    a case's execution, under an id that stands on the case already, and never within a transaction.

    Every call may be repeated: one id gets one answer. Raises `OutcomeUnknown` where the answer was lost: ask again.
    """

    def sku(self, sku: str) -> Sku | None:
        """That SKU with what is available of it now."""

    def variants(self, seller_id: str, product: str) -> Sequence[Sku]:
        """What else the seller has of the product, by SKU; at most a hundred."""

    def reserve(
        self, reservation_id: str, lines: Sequence[StockLine], expires_at: int
    ) -> StockReservation | OutOfStock:
        """Hold all of these lines until then, or nothing. A repeat answers what became of the reservation meanwhile;
        other lines under the same id are a programming error."""

    def confirm(self, reservation_id: str) -> StockReservation:
        """Promise what is held to the buyer, for good. One that is `released` or `expired` by now says so, and so does
        an id under which nothing was ever held."""

    def release(self, reservation_id: str) -> StockReservation:
        """Give back what is held or confirmed. An id that comes after its release finds it released."""


class EmbeddedStock(Stock, Protocol):
    """The stock that the desk keeps itself, for a platform that tells it what there is."""

    def put_sku(self, sku: Sku) -> Sku:
        """Write what the platform says of the SKU; what cases hold of it stays held. Raises `stock_promised` and
        `sku_taken`."""

    def overdue(self, limit: int) -> Iterable[str]:
        """Ids of reservations whose time is up and that hold something still."""

    def expire(self, reservation_id: str) -> StockReservation:
        """Give back what is held if its time is up."""


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """Whether a carrier finds the address: as it would write it, or why it does not (stable codes)."""

    address: Address | None = None
    problems: tuple[str, ...] = ()


class Carriers(Protocol):
    """Who carries goods."""

    def buy_label(self, order: LabelOrder) -> Label | LabelRefused:
        """The label of that order, bought by this call or by an earlier one whose answer was lost.

        Raises `OutcomeUnknown`: ask again. Workers that ask at the same time may buy two, see `void_spare_labels`.
        """

    def labels(self, shipment_id: str, since: int) -> Sequence[Label]:
        """Every label that was ever bought for the order of that id, which was made then, given back or not.

        Raises `OutcomeUnknown`.
        """

    def void_label(self, provider_shipment_id: str) -> VoidState:
        """Give a label back that was not used. Repeatable. Raises `OutcomeUnknown`."""

    def tracking(self, parcel: Parcel) -> Sequence[Scan]:
        """All that its carrier knows of the parcel now; from then on its events are sent. Repeatable.

        Empty where the carrier does not know the number (yet). Raises `OutcomeUnknown`.
        """

    def check_address(self, address: Address) -> AddressCheck:
        """Look the address up. Raises `OutcomeUnknown`."""


@dataclass(frozen=True, slots=True)
class CarrierEvent:
    """A signed word of a carrier: the parcel's scans as they stood when it was said; none if it is of no parcel.

    The signature has no time in it, so a genuine event can be sent again by anybody who saw it: scans are merged, to
    which an old one adds nothing.
    """

    event_id: str
    carrier: str = ""
    tracking_code: str = ""
    provider_shipment_id: str | None = None
    scans: tuple[Scan, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadForm:
    """Where and how a browser posts one file."""

    url: str
    fields: Mapping[str, str]
    expires_at: int


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """The result of looking at a file: the hash of its clean copy, or why it was refused."""

    sha256: str | None = None
    refused: str | None = None


class EvidenceFiles(Protocol):
    """The files of cases and feedback, a folder each: incoming, originals and clean copies are kept apart."""

    def upload_form(self, folder: str, evidence: Evidence) -> UploadForm:
        """A form bound to this folder, type and size, valid for minutes."""

    def check(self, folder: str, evidence: Evidence) -> CheckedFile:
        """Look at the uploaded file, keep original and clean copy, or refuse it. Repeatable."""

    def uploads(self, folder: str) -> Mapping[str, int]:
        """When the files came that lie in this folder as they were uploaded, by the ids of their evidence."""

    def link(self, folder: str, evidence: Evidence) -> tuple[str, int]:
        """A link to the clean copy of an accepted file and when it ends."""


class Notices(Protocol):
    """The topic that sellers and the desk's own mailer subscribe to."""

    def publish(self, notice: Notice) -> None:
        """Publish with the attributes that subscribers filter by."""


class Subscriptions(Protocol):
    """A seller's channels of the topic."""

    def subscribe(self, seller_id: str, channel: str, endpoint: str, events: Sequence[str]) -> str:
        """Subscribe, or change the filter of the subscription; answers its state."""

    def unsubscribe(self, seller_id: str, channel: str) -> bool:
        """End it. False if there was none."""


class Alarms(Protocol):
    """Where operators are told of what no metric can say."""

    def alert(self, subject: str, lines: Sequence[str]) -> None:
        """Tell them; ids only."""


class Mailer(Protocol):
    """Mail to a buyer."""

    def send(self, contact: Contact, subject: str, text: str, html: str) -> None:
        """Hand the mail over."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What nearly every use case needs. `now` is epoch milliseconds; `pause` waits before the n-th retry."""

    store: Store
    policies: Policies
    now: Callable[[], int]
    pause: Callable[[int], None]
