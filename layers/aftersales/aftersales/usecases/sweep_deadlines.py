"""Deadlines are data: a passed one, or a market's extension, is one more conditional write."""

from dataclasses import replace

from aftersales.domain import lifecycle
from aftersales.domain.hearing import Extension, extend_for_market
from aftersales.domain.lifecycle import Change
from aftersales.usecases.commit import Read, change_case, for_each
from aftersales.usecases.ports import Desk

_PER_SWEEP = 200
_PAGES_PER_SWEEP = 4


def sweep_deadlines(desk: Desk) -> int:
    """Let silence do what `on_timeout` said, for every case whose time is up; answers how many were due.

    The index may be behind: each case is read again, and one that moved on in the meantime is left alone. A case that
    an extension has not reached yet is given it instead of its silence.
    """
    extensions = desk.store.extensions_under_way()

    def fall_silent(read: Read) -> Change | None:
        now = desk.now()
        for extension in extensions:
            if change := extend_for_market(read.case, extension, policy=read.policy, now=now):
                return change
        return lifecycle.pass_deadline(read.case, read.ledger, policy=read.policy, now=now)

    due = desk.store.due(desk.now(), _PER_SWEEP)
    swept = for_each(due, lambda case_id: change_case(desk, case_id, fall_silent))
    for extension in extensions:
        _carry(desk, extension)
    return swept


def _carry(desk: Desk, extension: Extension) -> None:
    """Give the extension to the next pages of cases, and remember how far it came."""

    def extend(read: Read) -> Change | None:
        return extend_for_market(read.case, extension, policy=read.policy, now=desk.now())

    for _ in range(_PAGES_PER_SWEEP):
        page = desk.store.clocked(extension.cursor)
        for_each(page.items, lambda case_id: change_case(desk, case_id, extend))
        extension = replace(extension, cursor=page.next_cursor, done=page.next_cursor is None)
        desk.store.put_extension(extension, new=False)
        if extension.done:
            return
