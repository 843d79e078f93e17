"""Carry a timeline entry outside: start or wake the workflow, tell buyer and seller. At least once."""

from aftersales.domain.case import Case, Status
from aftersales.domain.exchange import tasks
from aftersales.domain.notice import notice_of
from aftersales.domain.parties import POLICY
from aftersales.domain.timeline import EFFECTS, Entry, Wake
from aftersales.usecases.commit import for_each
from aftersales.usecases.ports import Desk, Notices, Workflow
from aftersales.usecases.run_workflow import execution_name, execution_of_run

_ACKNOWLEDGED_WITHIN = 5 * 60 * 1000
_PER_SWEEP = 200


class ExecutionUnclaimed(Exception):
    """An execution of the case's name has ended, and yet the case was never assessed."""


def relay_entry(desk: Desk, workflow: Workflow, notices: Notices, entry: Entry) -> None:
    """All effects of one entry, then the acknowledgement. May run any number of times."""
    case = desk.store.case(entry.case_id)
    if case is None:
        return
    effect = EFFECTS[entry.event]
    unclaimed = False
    if effect.wake is Wake.START:
        # By the entry's own number: a case may be sent on twice before the first time is carried here, and each
        # execution that takes over wakes the one before it, which sees that it was superseded, and ends. Entries of
        # before they had numbers start the latest.
        run = entry.run or case.run
        if run > 1:
            _ring(desk, workflow, case, execution_of_run(case.case_id, run - 1))
        started = workflow.start(execution_of_run(case.case_id, run), case.case_id)
        unclaimed = not started and case.status is Status.REQUESTED
    elif _wakes(effect.wake, case) and entry.actor != POLICY:
        # What the policy decides, a step of the execution has just written: that one goes on by itself, and a
        # ring would only end the step after it too early.
        _ring(desk, workflow, case, execution_name(case), entry.seq)
    if effect.told:
        notices.publish(notice_of(entry, case))
    if unclaimed:
        raise ExecutionUnclaimed(case.case_id)
    desk.store.mark_relayed(entry)


def _wakes(wake: Wake, case: Case) -> bool:
    return wake is Wake.RING or (wake is Wake.ARRANGE and bool(tasks(case)))


def _ring(desk: Desk, workflow: Workflow, case: Case, execution: str, news: int | None = None) -> None:
    """Wake the step that waits, unless its execution has read what there is to tell: an entry that comes late, or
    twice, would end another wait than the one that it was for."""
    bell = desk.store.doorbell(case.case_id, execution)
    if bell and (news is None or news > bell.version):
        workflow.ring(bell.token)


def sweep_timeline(desk: Desk, workflow: Workflow, notices: Notices) -> int:
    """Carry again what was not acknowledged in five minutes; answers how many entries that were."""

    def carry(due: tuple[str, int]) -> None:
        entry = desk.store.unrelayed_entry(*due)
        if entry:
            relay_entry(desk, workflow, notices, entry)

    return for_each(list(desk.store.unrelayed(desk.now() - _ACKNOWLEDGED_WITHIN, _PER_SWEEP)), carry)
