"""`docs/lifecycle.md`: the life of a case as the domain lives it and as the state machine follows it."""

from collections import defaultdict
from collections.abc import Iterator

from aftersales.domain.calendar import MINUTE
from aftersales.domain.case import FINAL, WAITING_ON, Status
from aftersales.domain.lifecycle import ACTORS, LIFECYCLE, Act
from aftersales.domain.timeline import EFFECTS, Event, Wake
from tools.generate.markdown import document, duration, mermaid, table
from tools.generate.sources import state_machine
from tools.generate.walk import clock_length, opened, policy, walk

_WAKES = {
    Wake.START: "starts an execution",
    Wake.RING: "wakes the step that waits",
    Wake.ARRANGE: "wakes the step that waits, where stock or payment have something to do",
    Wake.NOTHING: "",
}


def render() -> str:
    """The page."""
    return document(
        "# The life of a case",
        "Statuses, acts, clocks and effects below are computed: the acts of `domain/lifecycle.py` were carried"
        " out on every state that they lead to.",
        "## Statuses",
        mermaid(_status_diagram()),
        "A return that is approved, by whomever, waits for its goods first: it becomes `awaiting_return` where a refund"
        " becomes `approved`, unless the buyer keeps the goods. An exchange awaits its goods like a return, and goes on"
        " from where a return pays: to `awaiting_payment` where the other goods cost more, else to `exchange_pending`.",
        _statuses(),
        "Whatever the status, a case that a step gave up on waits for the platform.",
        "## Acts",
        "What is possible in which status. Acts of nobody are the desk's own: a step of the execution, a file"
        " that arrived, an event of the payment provider.",
        _acts(),
        "## Clocks",
        f"How long a status may last under policy `{policy().version}`, and what silence does then. The case"
        " shows both beforehand, as `deadline_at` and `on_timeout`.",
        _clocks(),
        "## Effects",
        "What follows from an entry of the timeline outside the case. Buyer and seller are told of the same"
        " events. What is counted is a metric of the event's name.",
        _effects(),
        "## The execution",
        "One execution of the state machine follows each case. Dotted: what happens when a step failed for good.",
        mermaid(_execution_diagram()),
    )


def _status_diagram() -> Iterator[str]:
    moves: dict[tuple[Status, Status], set[Event]] = defaultdict(set)
    for step in walk():
        if step.before.status is not step.after.status:
            moves[step.before.status, step.after.status].add(step.entry.event)
    yield "stateDiagram-v2"
    yield f"    [*] --> {opened().case.status}: {opened().entry.event}"
    for source, target in sorted(moves, key=_in_order):
        yield f"    {source} --> {target}: {' / '.join(sorted(moves[source, target]))}"
    for status in Status:
        if status in FINAL:
            yield f"    {status} --> [*]"


def _in_order(move: tuple[Status, Status]) -> tuple[int, int]:
    order = list(Status)
    return order.index(move[0]), order.index(move[1])


def _waits_for(status: Status) -> str:
    either = {
        Status.OFFER_PENDING: "buyer or seller",
        Status.DISPUTED: "buyer, seller, then platform",
        Status.EXCHANGE_SHIPPED: "carrier, then buyer",
    }
    return either.get(status) or str(WAITING_ON[status] or "")


def _statuses() -> str:
    return table(
        ["Status", "Waits for", "Ends the case"],
        [[f"`{status}`", _waits_for(status), _yes(status in FINAL)] for status in Status],
    )


def _acts() -> str:
    return table(
        ["", *(f"`{act}`" for act in Act)],
        [
            ["who", *(_who(act) for act in Act)],
            *(
                [f"`{status}`", *("●" if status in LIFECYCLE[act] else "" for act in Act)]
                for status in Status
            ),
        ],
    )


def _who(act: Act) -> str:
    return ", ".join(sorted(ACTORS[act]))


def _clocks() -> str:
    lengths: dict[tuple[Status, str, Event, Status], set[int]] = defaultdict(set)
    for step in walk():
        if step.act is None and step.entry.event is not Event.DEADLINE_NEAR:
            said = str(step.before.on_timeout)
            lengths[step.before.status, said, step.entry.event, step.after.status].add(
                clock_length(step.before) // MINUTE
            )
    return table(
        ["Status", "For at most", "`on_timeout`", "Then", "Becomes"],
        [
            [
                f"`{status}`",
                ", then ".join(duration(minutes) for minutes in sorted(lengths[key])),
                f"`{said}`",
                f"`{event}`",
                f"`{after}`" if after is not status else "",
            ]
            for key in sorted(lengths, key=lambda key: (list(Status).index(key[0]), key[1:]))
            for status, said, event, after in [key]
        ],
    )


def _effects() -> str:
    return table(
        ["Event", "Workflow", "Parties are told", "Counted"],
        [
            [f"`{event}`", _WAKES[effect.wake], _yes(effect.told), _yes(effect.relayed)]
            for event, effect in EFFECTS.items()
        ],
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


def _execution_diagram() -> Iterator[str]:
    states = state_machine()["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    yield "flowchart TD"
    yield f"    start((start)) --> {ids[state_machine()['StartAt']]}"
    for name, state in states.items():
        opening, closing = _SHAPES.get(state["Type"], ("[", "]"))
        yield f'    {ids[name]}{opening}"{name}"{closing}'
    for name, state in states.items():
        for line in _ways_on(state):
            yield f"    {ids[name]} {line[0]} {ids[line[1]]}"


_SHAPES = {"Choice": ("{", "}"), "Succeed": ("([", "])"), "Fail": ("[[", "]]")}


def _ways_on(state: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Arrows to the next states; a Choice's are named after what it reads."""
    answers: dict[str, list[str]] = defaultdict(list)
    choices, catches = state.get("Choices", []), state.get("Catch", [])
    assert isinstance(choices, list)
    assert isinstance(catches, list)
    for choice in choices:
        answers[choice["Next"]].append(choice["StringEquals"])
    for target, read in answers.items():
        yield f'-->|"{", ".join(read)}"|', target
    if "Default" in state:
        yield '-->|"anything else"|', str(state["Default"])
    if "Next" in state:
        yield "-->", str(state["Next"])
    for catch in catches:
        names = [name for name in catch["ErrorEquals"] if name != "States.ALL"]
        yield f'-.->|"{", ".join(names)}"|' if names else "-.->", catch["Next"]
