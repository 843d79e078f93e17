"""One label is paid for, whichever calls to the carrier fail and however two workers interleave.

The real adapter and SDK on the carriers of `fakes/carriers.py`; what a worker does is the step that buys a label.
"""

from collections.abc import Callable, Mapping
from itertools import combinations, product
from typing import Any

import pytest
import requests
from greenlet import getcurrent, greenlet

from aftersales.adapters.easypost_carriers import EasyPostCarriers, easypost_client
from aftersales.domain.label import Label, LabelOrder
from aftersales.usecases.ports import OutcomeUnknown
from aftersales.usecases.void_spare_labels import void_spare_labels
from tests.builders import NOON
from tests.conformance.carrier import an_order
from tests.simulation.choices import Choices
from tests.simulation.fakes.carriers import API_KEY, Carriers, Line
from tests.simulation.scheduler import Scheduler, WorkerDied
from tools.carrier_sandbox.faults import Fault

BEFORE: Mapping[str, Callable[[], BaseException]] = {
    "refused": requests.ConnectionError,
    "dies before": WorkerDied,
}
AFTER: Mapping[str, Callable[[], BaseException]] = {
    "answer lost": requests.ReadTimeout,
    "dies after": WorkerDied,
}
KINDS = (*BEFORE, *AFTER, "status 500")
# The step's own calls and those of the try after it.
CALLS = 7


class Road:
    """The way to the carriers: the n-th call fails as planned; before each, others may go first."""

    def __init__(self, plan: Mapping[int, str], give_way: Callable[[], object] = lambda: None) -> None:
        scheduler = Scheduler(Choices(lambda _n, _point: 0), NOON)
        self.carriers = Carriers(scheduler, lambda _events: None)
        self.calls = 0
        self._plan = plan
        self._give_way = give_way

    def call(self, operation: str, **request: Any) -> Any:
        self._give_way()
        fault = self._plan.get(self.calls, "")
        self.calls += 1
        if fault in BEFORE:
            raise BEFORE[fault]()
        accident = (
            Fault.model_validate({"fault": "status", "on": operation}) if fault == "status 500" else None
        )
        answer = self.carriers.answer(**request, accident=accident)
        if fault in AFTER:
            raise AFTER[fault]()
        return answer

    def adapter(self) -> EasyPostCarriers:
        """As a worker that has just started has it."""
        client = easypost_client(API_KEY)
        client._requests_session.mount("https://api.easypost.com", Line(self.call))
        return EasyPostCarriers(client)

    def live(self) -> list[str]:
        """The labels that somebody pays for."""
        return [one["shipment_id"] for one in self.carriers.depot.labels() if one["refund_status"] is None]


class Case:
    """What the conditional write of the case decides: the first label that is recorded stays."""

    def __init__(self, order: LabelOrder) -> None:
        self.order = order
        self.label: str | None = None

    def buy_label(self, carriers: EasyPostCarriers) -> None:
        """One run of the step."""
        if self.label is None:
            label = carriers.buy_label(self.order)
            assert isinstance(label, Label)
            self.label = self.label or label.provider_shipment_id
        void_spare_labels(carriers, self.order.shipment_id, self.order.ordered_at, self.label)

    def keep_buying(self, road: Road) -> None:
        """The step is run again until it ends."""
        for _ in range(10):
            try:
                self.buy_label(road.adapter())
            except (OutcomeUnknown, WorkerDied):
                continue
            return
        raise AssertionError("the step never ends")


def an_order_at_noon() -> LabelOrder:
    order = an_order()
    return LabelOrder(**{name: getattr(order, name) for name in order.__slots__} | {"ordered_at": NOON})


PLANS = [
    *({call: kind} for call, kind in product(range(CALLS), KINDS)),
    *(
        dict(zip(calls, kinds, strict=True))
        for calls in combinations(range(CALLS), 2)
        for kinds in product(KINDS, repeat=2)
    ),
]


def test_every_placement_of_two_faults_leaves_one_label() -> None:
    assert len(PLANS) == 35 + 525
    for plan in PLANS:
        road, case = Road(plan), Case(an_order_at_noon())
        case.keep_buying(road)
        assert road.live() == [case.label], plan
        assert len(road.carriers.depot.labels()) == 1, plan


@pytest.mark.parametrize("dies", [False, True], ids=["both live", "one dies once"])
def test_every_interleaving_of_two_workers_leaves_one_label(dies: bool) -> None:
    """Who makes the n-th of the first seven calls is one bit; after them they take turns."""
    doubles = 0
    for turns in product((0, 1), repeat=7):
        hub = getcurrent()
        road = Road({4: "dies after"} if dies else {}, hub.switch)
        case = Case(an_order_at_noon())
        workers = [greenlet(lambda road=road, case=case: case.keep_buying(road), hub) for _ in range(2)]
        for turn in (*turns, *(0, 1) * 40):
            alive = [worker for worker in workers if not worker.dead]
            if not alive:
                break
            alive[turn % len(alive)].switch()
        assert road.live() == [case.label], turns
        doubles += len(road.carriers.depot.labels()) == 2
    # Where both had looked before either had made a shipment.
    assert doubles > 0
