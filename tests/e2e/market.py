"""A market on the running stack: orders that were sold and paid, buyers who apply, and what can be seen afterwards.

Everybody is new in each test, so tests neither see nor disturb each other's cases.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tools.desk import FINAL, Person, Stack, upload, wait_for
from tools.local_stack.checkout import STACK_NAME

SECONDS = 90
"""How long anything may take before a test gives up on it: a new worker of a function takes seconds by itself."""


@dataclass(frozen=True)
class Sale:
    """An order as the platform wrote it, with the two who are its parties."""

    order: dict[str, Any]
    buyer: Person
    seller: Person

    @property
    def order_id(self) -> str:
        return str(self.order["order_id"])

    @property
    def payments(self) -> list[str]:
        """What the payments are called at the provider, oldest first."""
        return [payment["reference"] for payment in self.order["payments"]]

    @property
    def contact(self) -> str:
        """Where the buyer is mailed."""
        return str(self.order["contact"]["email"])


class Market:
    """What tests do with a running stack, in the words of the people who use it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def someone(self, role: str) -> Person:
        """Somebody whom nobody has seen before."""
        return self.stack.person(role, f"{role}-{uuid4().hex[:12]}")

    def sell(
        self,
        *,
        units: int = 1,
        total: int = 5_900,
        shipping: int = 0,
        currency: str = "BRL",
        paid: Sequence[int] = (),
        buyer: Person | None = None,
        seller: Person | None = None,
        customer: str | None = None,
        **changes: Any,
    ) -> Sale:
        """A delivered order of one line, paid by card in one part or in those of `paid`; by one that may be charged
        again where a `customer` is named."""
        parts = paid or [total + shipping]
        parties = buyer or self.someone("buyer"), seller or self.someone("seller")
        order = {
            "order_id": f"order-{uuid4().hex[:12]}",
            "buyer_id": parties[0].party_id,
            "seller_id": parties[1].party_id,
            "currency": currency,
            "placed_at": days_ago(9),
            "shipped_at": days_ago(7),
            "delivered_at": days_ago(1),
            "lines": [
                {
                    "line_id": "kettle",
                    "sku": "kettle-1",
                    "title": "Kettle",
                    "category": "housewares",
                    "quantity": units,
                    "total": total,
                }
            ],
            "shipping": {"total": shipping},
            "payments": [
                {
                    "payment_id": f"p{number}",
                    "provider": "stripe",
                    "reference": self.stack.pay(amount, currency, customer=customer),
                    "captured": amount,
                }
                for number, amount in enumerate(parts, 1)
            ],
            "contact": {"email": f"{uuid4().hex[:12]}@example.com", "language": "en"},
        } | changes
        sale = Sale(order, *parties)
        answer = self.write(sale)
        assert answer.status_code == 200, answer.text
        return sale

    def write(self, sale: Sale, **changes: Any) -> httpx.Response:
        """The platform writes the order, or writes it again with changes."""
        return self.stack.person("platform").put(f"orders/{sale.order_id}", sale.order | changes)

    def order(self, sale: Sale) -> dict[str, Any]:
        """The order with what is still refundable."""
        return body(self.stack.person("platform").get(f"orders/{sale.order_id}"))

    def apply(self, sale: Sale, units: int = 1, *, reason: str = "late", **more: Any) -> dict[str, Any]:
        """The buyer opens a case; `late` is approved by the policy itself, `other` is left to the seller."""
        return body(sale.buyer.post("cases", application(sale, units, reason=reason, **more)), 201)

    def case(self, sale: Sale, case_id: str) -> dict[str, Any]:
        """The case as its buyer sees it."""
        return body(sale.buyer.get(f"cases/{case_id}"))

    def until(self, sale: Sale, case_id: str, *statuses: str) -> dict[str, Any]:
        """The case once it has one of these statuses; what it was instead is told where it never comes there."""
        seen: dict[str, Any] = {}

        def look() -> dict[str, Any] | None:
            seen.update(self.case(sale, case_id))
            if seen["status"] in FINAL and seen["status"] not in statuses:
                raise AssertionError(f"the case is {seen['status']} instead of {' or '.join(statuses)}")
            return seen if seen["status"] in statuses else None

        try:
            return wait_for(look, " or ".join(statuses), SECONDS)
        except TimeoutError:
            raise AssertionError(f"the case stays {seen['status']} instead of {statuses}") from None

    def until_it(self, sale: Sale, case_id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The case once this is true of it."""

        def look() -> dict[str, Any] | None:
            case = self.case(sale, case_id)
            return case if wanted(case) else None

        return wait_for(look, "the case as wanted", SECONDS)

    def timeline(self, sale: Sale, case_id: str) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        return list(sale.buyer.each(f"cases/{case_id}/timeline"))

    def events(self, sale: Sale, case_id: str) -> list[str]:
        """What happened, oldest first."""
        return [entry["event"] for entry in self.timeline(sale, case_id)]

    def decide(
        self, sale: Sale, case_id: str, decision: str = "approve", *, by: Person | None = None, **more: Any
    ) -> httpx.Response:
        """The seller decides, unless somebody else is named."""
        said = {"decision": decision, "reason_code": "looked_at_it", "note": "We looked at it."} | more
        return (by or sale.seller).post(f"cases/{case_id}/decision", said)

    def silence(self, sale: Sale, case_id: str) -> None:
        """Nobody does anything until the deadline: the clock is moved by data, and the sweep does the rest."""
        before = self.case(sale, case_id)
        assert before["deadline_at"], "this case has no deadline to pass"
        self.stack.move_deadline(case_id, now())
        self.stack.sweep()
        wait(lambda: self.case(sale, case_id)["version"] > before["version"], "the deadline to pass")

    def finished(self, name: str) -> dict[str, Any]:
        """The execution of that name once it has ended."""
        wait(
            lambda: self._look(self.stack.execution_end, name).get("status", "RUNNING") != "RUNNING",
            f"execution {name} to end",
        )
        return self.stack.execution(name)

    def waits_in(self, name: str, state: str) -> None:
        """Wait until the execution has come to this state, where it then waits."""
        wait(
            lambda: self._look(self.stack.execution, name).get("states", [])[-1:] == [state],
            f"execution {name} to come to: {state}",
        )

    def stop(self, name: str) -> None:
        """Somebody stops the execution by hand."""
        arn = self.stack.execution(name)["arn"]
        self.stack.client("stepfunctions").stop_execution(executionArn=arn)

    def _look(self, at: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any]:
        """Nothing while it has not been started."""
        try:
            return at(name)
        except self.stack.client("stepfunctions").exceptions.ExecutionDoesNotExist:
            return {}

    def fault(self, sale: Sale, fault: str, **details: Any) -> None:
        """The provider's next call about this order meets a fault."""
        order = {"fault": fault, "payment_intent": sale.payments[0]} | details
        self.stack.sandbox("POST", "faults", order)

    def refunds(self, sale: Sale) -> list[dict[str, Any]]:
        """What the provider paid back of this order, or tried to, oldest first."""
        made = [one for payment in sale.payments for one in self.stack.refunds_at_provider(payment)[::-1]]
        return [{"refund_id": one["metadata"]["refund_id"]} | one for one in made]

    def posted(self, sale: Sale) -> dict[str, int]:
        """What stands in the accounts of a seller who sold nothing else; each posting sums to zero."""
        postings = body(sale.seller.get(f"sellers/{sale.seller.party_id}/statement"))["items"]
        accounts: dict[str, int] = {}
        for posting in postings:
            lines = {line["account"]: line["amount"]["amount"] for line in posting["lines"]}
            assert sum(lines.values()) == 0, posting
            for account, amount in lines.items():
                accounts[account] = accounts.get(account, 0) + amount
        return {account: amount for account, amount in accounts.items() if amount}

    def settle(self, sale: Sale, status: str) -> None:
        """The provider makes up its mind about the newest refund of this order."""
        self.stack.sandbox("POST", f"refunds/{self.refunds(sale)[-1]['id']}/settle", {"status": status})

    @contextmanager
    def stream_off(self) -> Iterator[None]:
        """The stream's mapping is disabled: what is written meanwhile is delivered when the block has ended."""
        functions = self.stack.client("lambda")
        relay = f"{STACK_NAME}-relay_timeline"
        [mapping] = functions.list_event_source_mappings(FunctionName=relay)["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def webhooks(self, mode: str) -> None:
        """From now on events are sent in this way: normal, hold, duplicate."""
        self.stack.sandbox("POST", "faults", {"events": mode})

    def release(self, order: str = "normal", repeat: int = 1) -> int:
        """Send the events that were held, and wait until all were taken; answers how many there were."""
        self.webhooks("normal")
        sent = self.stack.sandbox("POST", "events/release", {"order": order, "repeat": repeat})
        self.all_delivered()
        return int(sent["released"])

    def all_delivered(self) -> None:
        """Wait until every event that was sent has been taken."""
        wait(lambda: not self.stack.sandbox("GET", "health")["undelivered_events"], "all events to be taken")

    def promise(self, sale: Sale, case_id: str, content: bytes, content_type: str) -> dict[str, Any]:
        """The buyer promises one more photo; answers its evidence and its form."""
        said = {"filename": "photo", "content_type": content_type, "size": len(content)}
        return body(sale.buyer.post(f"cases/{case_id}/evidence", said), 201)

    def show(self, sale: Sale, case_id: str, content: bytes, content_type: str = "image/jpeg") -> str:
        """The buyer adds a photo to a case and uploads it; answers its id."""
        added = self.promise(sale, case_id, content, content_type)
        sent = upload(added["upload"], content)
        assert sent.status_code == 204, sent.text
        return str(added["evidence"]["evidence_id"])

    def looked_at(self, sale: Sale, case_id: str, evidence_id: str) -> dict[str, Any]:
        """The evidence once somebody has looked at the file."""

        def look() -> dict[str, Any] | None:
            found = evidence(self.case(sale, case_id), evidence_id)
            return None if found["state"] == "awaiting_upload" else found

        return wait_for(look, "the photo to be looked at", SECONDS)


def application(
    sale: Sale, units: int = 1, *, reason: str = "late", files: Sequence[Mapping[str, Any]] = (), **more: Any
) -> dict[str, Any]:
    """The body of an application for units of the order's line."""
    return {
        "order_id": sale.order_id,
        "kind": "refund",
        "reason": reason,
        "lines": [{"line_id": "kettle", "quantity": units}],
        "evidence": list(files),
    } | more


def evidence(case: Mapping[str, Any], evidence_id: str) -> dict[str, Any]:
    """One file of a case."""
    return next(one for one in case["evidence"] if one["evidence_id"] == evidence_id)


def body(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that has to have this status."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    said: dict[str, Any] = answer.json()
    return said


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and stable code of a refusal, which has to have the form that every one has."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["type"] == f"urn:aftersales:problem:{said['code']}"
    assert said["title"]
    assert said["detail"]
    return answer.status_code, said["code"]


def wait(look: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait until something is so."""
    wait_for(lambda: look() or None, what, seconds)


def now() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def days_ago(days: int) -> str:
    """A moment in the past as the API writes it."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
