"""The store on DynamoDB: every condition of every write, every list, and values that come back as they went."""

import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aftersales.adapters import items
from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.domain import lifecycle
from aftersales.domain.case import Case, Kind, Reason, Status
from aftersales.domain.hearing import Extension
from aftersales.domain.ledger import open_ledger
from aftersales.domain.lifecycle import Change
from aftersales.domain.order import Contact
from aftersales.domain.parties import Party, Role
from aftersales.domain.policy import Verdict
from aftersales.domain.refund import AttemptState
from aftersales.domain.refusal import Refusal
from aftersales.entrypoints import bootstrap
from aftersales.usecases.open_case import open_case
from aftersales.usecases.ports import Doorbell, Receipt, Stale
from aftersales.usecases.quote_case import Application
from tests.builders import (
    BOWLS,
    BUYER,
    NOON,
    REVIEWER,
    SELLER,
    Story,
    a_line,
    a_payment,
    a_photo,
    a_policy,
    an_order,
)
from tests.integration.harness import Desk

pytestmark = pytest.mark.enable_socket

HOUR = 60 * 60 * 1000


@pytest.fixture(scope="module")
def deployed(shared_desk: Desk) -> Desk:
    """One desk for the whole module: each test writes under ids of its own."""
    return shared_desk


@pytest.fixture
def store(deployed: Desk) -> DynamoDBStore:
    """The store as the functions have it."""
    return bootstrap.store()


class Written(Story):
    """A story whose every change is committed, under names of its own."""

    def __init__(self, store: DynamoDBStore, name: str, **order: Any) -> None:
        super().__init__(order=an_order(order_id=name, **order), policy=a_policy(version="2026-01"))
        self.store = store
        self.name = name
        store.put_order(self.order, self.ledger, new=True)

    def _keep(self, change: Change) -> Change:
        self.store.commit(change)
        return super()._keep(change)

    def assert_kept(self, case_id: str) -> None:
        """What the store answers is what was written."""
        assert self.store.case(case_id) == self.cases[case_id]
        assert self.store.order(self.order.order_id) == (self.order, self.ledger)
        assert list(self.store.timeline(case_id, after=0, limit=100)) == self.timelines[case_id]


def written(store: DynamoDBStore, name: str, **order: Any) -> tuple[Written, Case]:
    """A story with one open case, named like its order."""
    story = Written(store, name, **order)
    story.open(case_id=name)
    return story, story.cases[name]


# ---------------------------------------------------------------- values


def test_every_change_of_a_long_life_is_read_back_as_it_was_written(store: DynamoDBStore) -> None:
    story = Written(store, "long-life", contact=Contact(email="mei@example.com", language="zh"))
    acts: list[Callable[[], object]] = [
        lambda: story.open({BOWLS: 3}, case_id="long-life", evidence=(a_photo(),)),
        lambda: story.assess(Verdict.ASK_EVIDENCE, case_id="long-life"),
        lambda: story.check_evidence("e1", case_id="long-life"),
        lambda: story.assess(Verdict.ASK_PERSON, case_id="long-life"),
        lambda: story.silence("long-life"),
        lambda: story.send_message("long-life"),
        lambda: story.view_evidence("long-life"),
        lambda: story.decide(amount=3_334, case_id="long-life"),
        lambda: story.ask_operator(case_id="long-life"),
        lambda: story.resume("long-life"),
        lambda: story.start_refund("long-life"),
        lambda: story.hear(AttemptState.PENDING, case_id="long-life"),
        lambda: story.silence("long-life"),
        lambda: story.hear(AttemptState.FAILED, "card", case_id="long-life"),
        lambda: story.resume("long-life"),
        lambda: story.hear(AttemptState.SUCCEEDED, case_id="long-life"),
        lambda: story.hear(AttemptState.FAILED, "card", case_id="long-life"),
    ]
    for act in acts:
        act()
        story.assert_kept("long-life")
    assert store.case("long-life").run == 4  # type: ignore[union-attr]


def test_what_does_not_exist_is_none(store: DynamoDBStore) -> None:
    assert store.case("nobody's") is None
    assert store.order("nobody's") is None
    assert store.doorbell("nobody's", "nobody's") is None
    assert store.receipt("nobody's", NOON) is None
    assert list(store.timeline("nobody's", after=0, limit=5)) == []


def test_a_timeline_is_read_page_by_page(store: DynamoDBStore) -> None:
    story, _ = written(store, "pages")
    for _ in range(11):
        story.send_message("pages")
    for after in range(12):
        page = store.timeline("pages", after=after, limit=5)
        assert [entry.seq for entry in page] == list(range(after + 1, min(after + 5, 12) + 1))


# ---------------------------------------------------------------- conditions


def test_of_two_changes_to_one_version_the_second_is_stale_and_writes_nothing(store: DynamoDBStore) -> None:
    story, _ = written(store, "two-changes")
    case, ledger = story.cases["two-changes"], story.ledger
    story.withdraw("two-changes")
    second = lifecycle.send_message(case, "Hello?", by=BUYER, policy=story.policy, now=NOON)
    third = lifecycle.withdraw(case, ledger, by=BUYER, policy=story.policy, now=NOON)
    for late in (second, third):
        with pytest.raises(Stale):
            store.commit(late, Receipt("two-changes", "hash", NOON + HOUR))
    story.assert_kept("two-changes")
    assert store.receipt("two-changes", NOON) is None


def test_a_case_is_opened_once(store: DynamoDBStore) -> None:
    story, case = written(store, "opened-once")
    again = Change(case=case, entry=story.timelines["opened-once"][0])
    with pytest.raises(Stale):
        store.commit(again)
    story.assert_kept("opened-once")


def test_two_cases_that_read_one_ledger_cannot_both_write_it(store: DynamoDBStore) -> None:
    story = Written(store, "one-ledger")
    rival = Story(order=story.order, policy=story.policy)
    story.open(case_id="one-ledger-a")
    change = rival.open(case_id="one-ledger-b")
    with pytest.raises(Stale):
        store.commit(change)
    assert store.case("one-ledger-b") is None
    assert list(store.timeline("one-ledger-b", after=0, limit=5)) == []
    story.assert_kept("one-ledger-a")


def test_a_receipt_that_exists_stops_the_whole_transaction(store: DynamoDBStore) -> None:
    story, case = written(store, "receipt")
    receipt = Receipt("receipt", "hash", NOON + HOUR)
    first = lifecycle.send_message(case, "one", by=BUYER, policy=story.policy, now=NOON)
    store.commit(first, receipt)
    second = lifecycle.send_message(first.case, "two", by=BUYER, policy=story.policy, now=NOON)
    with pytest.raises(Stale):
        store.commit(second, receipt)
    assert store.case("receipt") == first.case


def test_a_receipt_ends_at_its_time_though_its_row_is_still_there(store: DynamoDBStore) -> None:
    receipt = Receipt("ends", "hash", NOON + HOUR)
    store.remember(receipt, NOON)
    assert store.receipt("ends", NOON + HOUR) == receipt
    assert store.receipt("ends", NOON + HOUR + 1) is None
    store.remember(Receipt("ends", "another", NOON + 2 * HOUR), NOON)
    assert store.receipt("ends", NOON) == receipt  # while it counts, nothing replaces it
    renewed = Receipt("ends", "another", NOON + 2 * HOUR)
    store.remember(renewed, NOON + HOUR + 1_000)
    assert store.receipt("ends", NOON + HOUR) == renewed


def test_an_order_is_created_once_and_changed_only_from_what_was_read(store: DynamoDBStore) -> None:
    order = an_order(order_id="order-race")
    ledger = open_ledger(order)
    store.put_order(order, ledger, new=True)
    with pytest.raises(Stale):
        store.put_order(replace(order, delivered_at=None), ledger, new=True)
    store.put_order(replace(order, delivered_at=NOON), ledger, new=False)
    with pytest.raises(Stale):
        store.put_order(order, ledger, new=False)
    found = store.order("order-race")
    assert found
    assert (found[0].delivered_at, found[1].version) == (NOON, 2)


def test_an_order_that_a_case_reserved_of_meanwhile_is_read_again(store: DynamoDBStore) -> None:
    story = Written(store, "put-race")
    read = story.ledger
    story.open(case_id="put-race")
    with pytest.raises(Stale):
        store.put_order(replace(story.order, lines=(a_line(quantity=1),)), read, new=False)
    story.assert_kept("put-race")


@pytest.mark.parametrize(
    ("parked", "kept"),
    [
        ([("one", "2026-01-01T12:00:00.100Z"), ("two", "2026-01-01T12:00:00.200Z")], "two"),
        ([("two", "2026-01-01T12:00:00.200Z"), ("one", "2026-01-01T12:00:00.100Z")], "two"),
        ([("one", "2026-01-01T12:00:00.100Z"), ("again", "2026-01-01T12:00:00.100Z")], "again"),
    ],
    ids=["in order", "the older one late", "the same step again"],
)
def test_an_older_step_never_hides_the_bell_of_a_newer_one(
    store: DynamoDBStore, parked: list[tuple[str, str]], kept: str
) -> None:
    case_id = f"bell-{kept}-{parked[0][0]}"
    for token, entered_at in parked:
        store.park(case_id, case_id, Doorbell(token, 3), entered_at)
    assert store.doorbell(case_id, case_id) == Doorbell(kept, 3)


def test_a_step_of_a_superseded_execution_never_hides_the_bell_of_its_successor(store: DynamoDBStore) -> None:
    of_successor, of_the_one_before = Doorbell("of the successor", 5), Doorbell("of the one before", 4)
    store.park("taken-over", "taken-over-2", of_successor, "2026-01-01T12:00:00.100Z")
    store.park("taken-over", "taken-over", of_the_one_before, "2026-01-01T12:00:00.200Z")
    assert store.doorbell("taken-over", "taken-over-2") == of_successor


def test_an_acknowledgement_is_one_however_often_it_comes(store: DynamoDBStore) -> None:
    story, _ = written(store, "relayed")
    (entry,) = story.timelines["relayed"]
    mine = [one for one in store.unrelayed(NOON, 100) if one[0] == "relayed"]
    assert [store.unrelayed_entry(*one) for one in mine] == [entry]
    assert not [one for one in store.unrelayed(NOON - 1, 100) if one[0] == "relayed"]
    for _ in range(2):
        store.mark_relayed(entry)
    assert not [one for one in store.unrelayed(NOON, 100) if one[0] == "relayed"]
    story.assert_kept("relayed")


# ---------------------------------------------------------------- contention


def _cancelled(*codes: str) -> ClientError:
    reasons: Any = [{"Code": code} for code in codes]
    return ClientError(
        {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons},
        "TransactWriteItems",
    )


class Contended:
    """A client whose first transactions meet others."""

    def __init__(self, client: Any, errors: list[ClientError]) -> None:
        self._client, self._errors = client, errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **asked: Any) -> Any:
        if self._errors:
            raise self._errors.pop(0)
        return self._client.transact_write_items(**asked)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the store would have waited between its tries."""
    naps: list[float] = []
    monkeypatch.setattr(items, "time", SimpleNamespace(sleep=naps.append, time=lambda: NOON / 1000))
    return naps


def _contended(deployed: Desk, errors: list[ClientError]) -> DynamoDBStore:
    names = {
        name: deployed.stack.ref(f"{name.title()}Table")
        for name in ("orders", "cases", "feedback", "idempotency")
    }
    return DynamoDBStore(Contended(bootstrap.client("dynamodb"), errors), **names)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_met_another_is_sent_again(deployed: Desk, naps: list[float], code: str) -> None:
    store = _contended(deployed, [_cancelled("None", code)] * 3)
    story, _ = written(store, f"met-{code}")
    story.assert_kept(f"met-{code}")
    assert len(naps) == 3


def test_a_transaction_that_meets_others_all_the_time_starts_over(deployed: Desk, naps: list[float]) -> None:
    store = _contended(deployed, [_cancelled("TransactionConflict")] * 50)
    with pytest.raises(Stale):
        Written(store, "always-met")


def test_a_condition_that_failed_is_never_sent_again(deployed: Desk, naps: list[float]) -> None:
    store = _contended(deployed, [_cancelled("TransactionConflict", "ConditionalCheckFailed")] * 2)
    with pytest.raises(Stale):
        Written(store, "decided")
    assert naps == []


def test_an_error_of_another_kind_is_not_swallowed(deployed: Desk, naps: list[float]) -> None:
    store = _contended(deployed, [_cancelled("ValidationError")])
    with pytest.raises(ClientError):
        Written(store, "invalid")
    assert naps == []


# ---------------------------------------------------------------- lists


def _seven_cases(store: DynamoDBStore, prefix: str) -> tuple[Party, Party, list[str]]:
    buyer, seller = Party(Role.BUYER, f"{prefix}-buyer"), Party(Role.SELLER, f"{prefix}-seller")
    names = []
    for number in range(7):
        name = f"{prefix}-{number}"
        story = Written(store, name, buyer_id=buyer.id, seller_id=seller.id)
        story.now = NOON + number
        story.open(case_id=name)
        names.append(name)
    return buyer, seller, names


def _all_pages(deployed: Desk, by: Party, limit: int, **query: str) -> list[list[str]]:
    pages, query = [], {"limit": str(limit), **query}
    while True:
        page = deployed.call("GET", "/cases", by=by, query=query).ok()
        pages.append([case["case_id"] for case in page["items"]])
        if page["next_cursor"] is None:
            return pages
        query["cursor"] = page["next_cursor"]


def test_lists_are_newest_first_and_paged(deployed: Desk, store: DynamoDBStore) -> None:
    buyer, seller, names = _seven_cases(store, "list")
    for party in (buyer, seller):
        pages = _all_pages(deployed, party, 3)
        assert [one for page in pages for one in page] == names[::-1]
        assert [len(page) for page in pages] == [3, 3, 1]


def test_lists_are_filtered(deployed: Desk, store: DynamoDBStore) -> None:
    buyer, seller, names = _seven_cases(store, "filter")
    for party, query, found in [
        (buyer, {"order_id": "filter-3"}, ["filter-3"]),
        (seller, {"status": "requested"}, names[::-1]),
        (buyer, {"status": "completed"}, []),
        (buyer, {"kind": "refund", "waiting_on": "platform", "order_id": "filter-0"}, ["filter-0"]),
        (buyer, {"waiting_on": "seller"}, []),
    ]:
        pages = _all_pages(deployed, party, 2, **query)
        assert [one for page in pages for one in page] == found, query


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"status": "lost"},
        {"colour": "red"},
        {"order_id": "#"},
    ],
    ids=str,
)
def test_a_list_is_asked_for_in_its_own_words(deployed: Desk, query: dict[str, str]) -> None:
    refused = deployed.call("GET", "/cases", by=BUYER, query=query)
    assert (refused.status, refused.code) == (422, "invalid_request")


def test_a_cursor_opens_no_other_list(deployed: Desk, store: DynamoDBStore) -> None:
    buyer, seller, _ = _seven_cases(store, "cursor")
    cursor = deployed.call("GET", "/cases", by=buyer, query={"limit": "3"}).ok()["next_cursor"]
    for other in (BUYER, SELLER, seller, REVIEWER):
        refused = deployed.call("GET", "/cases", by=other, query={"limit": "3", "cursor": cursor})
        assert (refused.status, refused.code) == (422, "invalid_request"), other


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{}",
        b"\xff\xfe",
        b"[" * 1_400,
        b'{"buyer": "BUYER#mei"}',
        b'{"buyer": "BUYER#mei", "pk": 1, "sk": "CASE", "opened_at": 1}',
        b'{"buyer": "BUYER#mei", "pk": "", "sk": "CASE", "opened_at": 1}',
        b'{"buyer": "BUYER#mei", "pk": "CASE#1", "sk": "CASE", "opened_at": "x"}',
        b'{"buyer": "BUYER#mei", "pk": "CASE#1", "sk": "CASE", "opened_at": 1.5}',
        b'{"buyer": "BUYER#mei", "pk": "CASE#1", "sk": "CASE", "opened_at": true}',
        b'{"buyer": "BUYER#mei", "pk": "CASE#1", "sk": "CASE", "opened_at": ' + b"9" * 60 + b"}",
        b'{"buyer": "BUYER#mei", "pk": "CASE#1", "sk": "CASE", "opened_at": 1, "more": 1}',
    ],
    ids=range(15),
)
def test_a_cursor_that_nobody_was_given_is_refused(deployed: Desk, said: bytes) -> None:
    """DynamoDB answers a malformed key with a validation error, which must not become a 5xx."""
    query = {"cursor": urlsafe_b64encode(said).decode() or "="}
    refused = deployed.call("GET", "/cases", by=BUYER, query=query)
    assert (refused.status, refused.code) == (422, "invalid_request")


def test_the_reviewers_queue_is_by_deadline(deployed: Desk, store: DynamoDBStore) -> None:
    for number in (2, 0, 1):
        name = f"queue-{number}"
        story = Written(store, name)
        story.now = NOON + number * HOUR
        story.open(case_id=name)
        story.assess(Verdict.ASK_PERSON, case_id=name)
        story.silence(name)
        assert story.cases[name].status is Status.DISPUTED
    pages = _all_pages(deployed, REVIEWER, 2)
    mine = [one for page in pages for one in page if one.startswith("queue-")]
    assert mine == ["queue-0", "queue-1", "queue-2"]


def test_a_case_of_which_reviewers_were_reminded_stays_ahead_of_those_that_came_later(
    deployed: Desk, store: DynamoDBStore
) -> None:
    for number in (0, 1):
        name = f"reminded-{number}"
        story = Written(store, name)
        story.now = NOON + number * HOUR
        story.open(case_id=name)
        story.assess(Verdict.ASK_PERSON, case_id=name)
        story.silence(name)
        if number == 0:
            story.silence(name)
            assert story.cases[name].overdue_since
    pages = _all_pages(deployed, REVIEWER, 2)
    mine = [one for page in pages for one in page if one.startswith("reminded-")]
    assert mine == ["reminded-0", "reminded-1"]


def test_cases_whose_time_is_up_are_found_in_every_shard(store: DynamoDBStore) -> None:
    names = [f"due-{number}" for number in range(12)]
    for name in names:
        story, _ = written(store, name)
        story.assess(Verdict.ASK_PERSON, case_id=name)
    warning = store.case("due-0").warn_at  # type: ignore[union-attr]
    assert warning
    due = [one for one in store.due(warning, 200) if one.startswith("due-")]
    assert sorted(due) == sorted(names)
    assert not [one for one in store.due(warning - 1, 200) if one.startswith("due-")]
    assert store.clocked().next_cursor
    assert set(names) <= set(every_clocked(store))


def every_clocked(store: DynamoDBStore) -> Iterator[str]:
    """Page after page, through every shard."""
    page = store.clocked()
    yield from page.items
    while page.next_cursor:
        page = store.clocked(page.next_cursor)
        yield from page.items


def test_an_extension_of_a_market_is_written_once_and_found_until_it_is_done(store: DynamoDBStore) -> None:
    extension = Extension(
        extension_id="x1",
        market="BR",
        hours=24,
        reason="A strike.",
        by=REVIEWER,
        at=NOON,
        request_hash="9f",
    )
    store.put_extension(extension, new=True)
    with pytest.raises(Stale):
        store.put_extension(extension, new=True)
    assert store.extension("x1") == extension
    assert store.extension("x2") is None
    assert store.extensions_under_way() == [extension]
    carried = replace(extension, done=True)
    store.put_extension(carried, new=False)
    assert store.extensions_under_way() == []
    assert store.extension("x1") == carried
    with pytest.raises(Stale):
        store.put_extension(replace(extension, cursor="behind"), new=False)
    with pytest.raises(Stale):
        store.put_extension(replace(extension, extension_id="x3"), new=False)


def test_a_page_of_a_timeline_is_full_however_long_its_texts_are(store: DynamoDBStore) -> None:
    """DynamoDB ends a page of a query at 1 MB."""
    story, _ = written(store, "long")
    words = "y" * 30_000
    for _ in range(60):
        change = lifecycle.send_message(
            story.cases["long"], words, by=BUYER, policy=story.policy, now=story.now
        )
        story.cases["long"] = change.case
        store.commit(change)
    entries = store.timeline("long", after=0, limit=50)
    assert [entry.seq for entry in entries] == list(range(1, 51))
    assert len(store.timeline("long", after=50, limit=50)) == 11


def test_a_final_case_is_in_no_queue(store: DynamoDBStore) -> None:
    story, _ = written(store, "final")
    story.assess(Verdict.ASK_PERSON, case_id="final")
    story.withdraw("final")
    assert "final" not in list(store.due(NOON + 10**12, 200))


def test_the_history_of_a_buyer_is_counted_since_a_day_and_up_to_a_bound(store: DynamoDBStore) -> None:
    for number in range(53):
        order = an_order(order_id=f"history-{number}", buyer_id="historian", placed_at=NOON + number)
        store.put_order(order, open_ledger(order), new=True)
    assert store.history("historian", NOON + 50).orders == 3
    assert store.history("historian", 0).orders == 50
    assert store.history("historian", 0).cases == 0
    story = Written(store, "history-case", buyer_id="historian")
    story.open(case_id="history-case")
    assert store.history("historian", 0).cases == 1
    assert store.history("historian", NOON + 1).cases == 0


def test_parallel_cases_on_one_order_reserve_each_unit_once(store: DynamoDBStore) -> None:
    """Eight cases on three bowls, through the use cases' own retries."""
    order = an_order(order_id="bowls", lines=(a_line(),), payments=(a_payment(captured=10_799),))
    store.put_order(order, open_ledger(order), new=True)
    results: list[str] = []

    def apply(number: int) -> None:
        application = Application(
            order_id="bowls", kind=Kind.REFUND, reason=Reason.CHANGED_MIND, lines={BOWLS: 1}
        )
        try:
            open_case(
                bootstrap.desk(),
                bootstrap.stock(),
                application,
                "",
                [],
                buyer=BUYER,
                idempotency_key=f"bowls-{number}",
                request_hash="hash",
            )
            results.append("opened")
        except Refusal as refusal:
            results.append(refusal.code)

    threads = [threading.Thread(target=apply, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["opened"] * 3 + ["units_unavailable"] * 5
    ledger = store.order("bowls")[1]  # type: ignore[index]
    assert [line.free for line in ledger.lines] == [(), ()]
    assert ledger.balances[0].reserved == 10_799
