"""Books that somebody or something has bent: each drift is one edit behind the desk's back, and the number of the
invariant under which the reconciler has to tell it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tests.builders import NOON
from tests.simulation import functions
from tests.simulation import world as worlds
from tests.simulation.choices import Choices, seeded
from tests.simulation.fakes.dynamodb import Item
from tests.simulation.journeys import JOURNEYS, Market
from tests.simulation.process import running
from tests.simulation.world import DAY, HOUR, World
from tools.payment_sandbox.rules import RefundRequest, Refusal

# Everything that a seed's world has seen.
_HOURS = 24 * 100
# How far a scene is played: to its end, or to where its cases wait for people.
_SCENES = (90 * DAY, DAY // 2)
_CASES = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """An edit, which answers False where there is nothing to edit, and the invariant that it breaks."""

    invariant: str
    bend: Callable[["Scene"], bool]


class Scene:
    """A world in which nothing broke and nobody acts any more, and what can be bent in it."""

    def __init__(self, world: World, market: Market) -> None:
        self.world = world
        self.market = market

    def rows(self, table: str, sk: str) -> Iterator[Item]:
        """The rows of a kind."""
        return (row for row in self.world.dynamodb.tables[table].rows() if row["sk"]["S"].startswith(sk))

    def edit(self, table: str, row: Item, **changes: Any) -> bool:
        """Put another row in its place."""
        self.world.dynamodb.tables[table].put(row | changes)
        return True

    def ledger(self) -> Item | None:
        """The ledger of an order that has a case with money at a provider or on hold."""
        for row in self.rows("OrdersTable", "LEDGER"):
            if any(
                "N" in one["M"].get("reserved", {}) or "N" in one["M"].get("refunded", {})
                for one in _balances(row)
            ):
                return row
        return None

    def case(self, *statuses: str) -> Item | None:
        """A case in one of these states."""
        return next((row for row in self.rows("CasesTable", "CASE") if row["status"]["S"] in statuses), None)

    def paid(self) -> Any:
        """A refund that arrived."""
        refunds = self.world.provider.ledger.refunds()
        return next((one for one in refunds if one["status"] == "succeeded" and one["metadata"]), None)


def _balances(row: Item) -> list[Item]:
    found: list[Item] = row["balances"]["L"]
    return found


def _bend_balance(scene: Scene, name: str) -> bool:
    row = scene.ledger()
    if row is None:
        return False
    first, *others = _balances(row)
    amount = int(first["M"].get(name, {"N": "0"})["N"]) + 7
    bent = {"M": first["M"] | {name: {"N": str(amount)}}}
    return scene.edit("OrdersTable", row, balances={"L": [bent, *others]})


def _bend_units(scene: Scene) -> bool:
    row = scene.ledger()
    if row is None:
        return False
    lines = [
        {"M": line["M"] | {"units": {"L": [{"S": "available"} for _ in line["M"]["units"]["L"]]}}}
        for line in row["lines"]["L"]
    ]
    return scene.edit("OrdersTable", row, lines={"L": lines})


def _reachable(scene: Scene) -> Item | None:
    """A case that the reconciler looks at: it has a clock, or its refund moved."""
    return scene.case("under_review", "evidence_required", "declined", "disputed", "completed")


def _lose_entry(scene: Scene) -> bool:
    case = _reachable(scene)
    if case is None:
        return False
    scene.world.dynamodb.tables["CasesTable"].delete({"pk": case["pk"], "sk": {"S": "TIMELINE#00000002"}})
    return True


def _bend_entry(scene: Scene) -> bool:
    case = _reachable(scene)
    entry = next(
        (row for row in scene.rows("CasesTable", "TIMELINE#00000002") if case and row["pk"] == case["pk"]),
        None,
    )
    return entry is not None and scene.edit("CasesTable", entry, to_status={"S": "expired"})


def _forget_entry(scene: Scene) -> bool:
    case = _reachable(scene)
    entry = next(
        (row for row in scene.rows("CasesTable", "TIMELINE#00000001") if case and row["pk"] == case["pk"]),
        None,
    )
    return entry is not None and scene.edit("CasesTable", entry, unrelayed={"S": "SHARD#0"})


def _stop_execution(scene: Scene) -> bool:
    case = scene.case("under_review", "evidence_required", "declined", "disputed")
    if case is None:
        return False
    execution = scene.world.stepfunctions.executions[case["case_id"]["S"]]
    execution.status, execution.ended_at = "ABORTED", scene.world.now
    return True


def _lose_execution(scene: Scene) -> bool:
    case = scene.case("under_review", "evidence_required", "declined", "disputed")
    return case is not None and bool(scene.world.stepfunctions.executions.pop(case["case_id"]["S"]))


def _outlive(scene: Scene) -> bool:
    case = scene.case("completed")
    if case is None:
        return False
    case_id, run = case["case_id"]["S"], case.get("run", {"N": "1"})["N"]
    name = case_id if run == "1" else f"{case_id}-{run}"
    scene.world.stepfunctions.executions[name].status = "RUNNING"
    return True


def _stop_clock(scene: Scene) -> bool:
    case = scene.case("under_review")
    return case is not None and scene.edit("CasesTable", case, deadline_at={"N": str(NOON - 30 * DAY)})


def _quietly(scene: Scene, do: Callable[[], Any]) -> bool:
    """Something happens at the provider and is told to nobody."""
    with (
        patch.object(scene.world.deliveries, "webhooks", lambda _: None),
        patch.object(scene.world.provider.ledger, "_publish", lambda _: None),
    ):
        try:
            do()
        except Refusal:
            return False
    return True


def _again(scene: Scene, refund_id: str | None) -> bool:
    paid = scene.paid()
    if paid is None:
        return False
    metadata = paid["metadata"] | ({"refund_id": refund_id} if refund_id else {})
    request = RefundRequest(paid["payment_intent"], None, 5, None, metadata)
    return _quietly(scene, lambda: scene.world.provider.ledger.refund(request))


def _by_hand(scene: Scene) -> bool:
    paid = scene.paid()
    return paid is not None and _quietly(
        scene,
        lambda: scene.world.provider.ledger.refund(RefundRequest(paid["payment_intent"], None, 5, None, {})),
    )


def _dispute(scene: Scene) -> bool:
    paid = scene.paid()
    return paid is not None and _quietly(
        scene, lambda: scene.world.provider.ledger.dispute(paid["payment_intent"], 9)
    )


def _fail_late(scene: Scene) -> bool:
    paid = scene.paid()
    return paid is not None and _quietly(
        scene, lambda: scene.world.provider.ledger.settle(paid["id"], "failed", "lost_or_stolen_card")
    )


def _hold_on(scene: Scene) -> bool:
    """A payment of a difference that was given back is held at the provider; on an order that the reconciler looks at,
    for a refund of it moved."""
    moved = {row["order_id"]["S"] for row in scene.rows("CasesTable", "CASE") if _attempts(row)}
    for row in scene.rows("CasesTable", "CASE"):
        for one in row.get("exchange", {"M": {}})["M"].get("charges", {"L": []})["L"]:
            payment = scene.world.provider.ledger._payments[one["M"]["reference"]["S"]]
            if row["order_id"]["S"] in moved and payment.status == "canceled":
                payment.status = "requires_capture"
                return True
    return False


def _bend_attempt(scene: Scene) -> bool:
    case = next(
        (
            row
            for row in scene.rows("CasesTable", "CASE")
            if row["status"]["S"] == "completed" and _attempts(row)
        ),
        None,
    )
    if case is None:
        return False
    first, *others = _attempts(case)
    bent = {"M": first["M"] | {"amount": {"N": str(int(first["M"]["amount"]["N"]) + 1)}}}
    return scene.edit("CasesTable", case, attempts={"L": [bent, *others]})


def _attempts(case: Item) -> list[Item]:
    found: list[Item] = case.get("attempts", {"L": []})["L"]
    return found


def _bend_review(scene: Scene) -> bool:
    case = scene.case("under_review")
    return case is not None and scene.edit("CasesTable", case, review={"S": "declined"})


def _posted(scene: Scene) -> Item | None:
    """The entry that posts a refund which the reconciler looks at."""
    paid = scene.paid()
    mine = f"CASE#{paid['metadata']['case_id']}" if paid else ""
    return next(
        (row for row in scene.rows("CasesTable", "TIMELINE#") if "posting" in row and row["pk"]["S"] == mine),
        None,
    )


def _lose_posting(scene: Scene) -> bool:
    entry = _posted(scene)
    if entry is None:
        return False
    rest = {name: value for name, value in entry.items() if name not in ("posting", "account")}
    scene.world.dynamodb.tables["CasesTable"].put(rest)
    return True


def _bend_posting(scene: Scene) -> bool:
    entry = _posted(scene)
    if entry is None:
        return False
    lines = entry["posting"]["M"]["lines"]["M"] | {"seller_payable": {"N": "5"}}
    posting = {"M": entry["posting"]["M"] | {"lines": {"M": lines}}}
    return scene.edit("CasesTable", entry, posting=posting)


def _bend_account(scene: Scene) -> bool:
    row = next((row for row in scene.rows("CasesTable", "USD") if "postings" in row), None)
    return row is not None and scene.edit("CasesTable", row, buyer_refund={"N": "-7"})


DRIFTS: Mapping[str, Drift] = {
    "money that appeared": Drift("I1", lambda scene: _bend_balance(scene, "available")),
    "money held for nobody": Drift("I8", lambda scene: _bend_balance(scene, "reserved")),
    "money paid to nobody": Drift("I8", lambda scene: _bend_balance(scene, "refunded")),
    "units that were given free": Drift("I8", _bend_units),
    "an entry that was deleted": Drift("I7", _lose_entry),
    "an entry that tells another story": Drift("I7", _bend_entry),
    "an effect that was never carried": Drift("I9", _forget_entry),
    "an execution that was stopped": Drift("I4", _stop_execution),
    "an execution that vanished": Drift("I4", _lose_execution),
    "an execution that outlives its case": Drift("I4", _outlive),
    "a clock that nobody sweeps": Drift("I5", _stop_clock),
    "a refund made twice": Drift("I2", lambda scene: _again(scene, None)),
    "a refund that no case wrote down": Drift("I2", lambda scene: _again(scene, "a-key.of-nobody.1")),
    "a refund by hand that nobody reported": Drift("I6", _by_hand),
    "a chargeback that nobody reported": Drift("I6", _dispute),
    "a success that failed unheard": Drift("I6", _fail_late),
    "a hold that nobody gave back": Drift("I13", _hold_on),
    "an attempt of another amount": Drift("I6", _bend_attempt),
    "a decision that nobody made": Drift("I7", _bend_review),
    "a posting that was deleted": Drift("I12", _lose_posting),
    "a posting that does not balance": Drift("I12", _bend_posting),
    "a balance of something else": Drift("I12", _bend_account),
}


def reconciled(seed: int, drift: str | None = None) -> list[str] | None:
    """What operators are told of the world of a seed, with that drift in it; None where it has no place for it."""
    world = World(Choices(seeded(seed, faults=0)))
    names = [name for name, journey in JOURNEYS.items() if not journey.elsewhere]
    with running(world), patch.object(worlds, "HORIZON", _SCENES[seed % len(_SCENES)]):
        market = Market(world)
        for number in range(1, _CASES + 1):
            market.begin(names[(seed // len(_SCENES) + number * 5) % len(names)], number)
        world.run()
        world.scheduler.now += 2 * HOUR
        scene = Scene(world, market)
        if drift and not DRIFTS[drift].bend(scene):
            return None
        functions.handler("reconcile_books")({"hours": _HOURS}, None)
        return world.deliveries.alarms
