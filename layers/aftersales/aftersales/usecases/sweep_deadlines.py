"""Deadlines are data: a passed one is one more conditional write."""

from aftersales.domain import lifecycle
from aftersales.domain.lifecycle import Change
from aftersales.usecases.commit import Read, change_case, for_each
from aftersales.usecases.ports import Desk

_PER_SWEEP = 200


def sweep_deadlines(desk: Desk) -> int:
    """Let silence do what `on_timeout` said, for every case whose time is up; answers how many were due.

    The index may be behind: each case is read again, and one that moved on in the meantime is left alone.
    """

    def fall_silent(read: Read) -> Change | None:
        return lifecycle.pass_deadline(read.case, read.ledger, policy=read.policy, now=desk.now())

    due = desk.store.due(desk.now(), _PER_SWEEP)
    return for_each(due, lambda case_id: change_case(desk, case_id, fall_silent))
