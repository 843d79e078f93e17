"""Deadlines are data: a passed one, or a market's extension, is one more conditional write."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from aftersales.domain.evidence import case_folder
from aftersales.domain.hearing import Extension, extend_for_market
from aftersales.domain.lifecycle import Change
from aftersales.domain.silence import fall_silent, files_to_come
from aftersales.usecases.commit import Read, change_case, for_each
from aftersales.usecases.ports import Desk, EvidenceFiles, Stale

_PER_SWEEP = 200
_PAGES_PER_SWEEP = 4


def sweep_deadlines(desk: Desk, files: EvidenceFiles) -> int:
    """Let silence do what `on_timeout` said, for every case whose time is up, and carry the extensions on; answers how
    many cases were due.

    The index may be behind: each case is read again, and one that moved on in the meantime is left alone.
    """
    due = list(desk.store.due(desk.now(), _PER_SWEEP))
    # After what is due: one that was accepted before a deadline stands in this list.
    extensions = desk.store.extensions_under_way()

    def silence(read: Read) -> Change | None:
        # Where a photo came in time, only the bucket knows until somebody has looked at it.
        uploads = files.uploads(case_folder(read.case.case_id)) if files_to_come(read.case) else {}
        return fall_silent(
            read.case, read.ledger, extensions, policy=read.policy, now=desk.now(), uploads=uploads
        )

    def run(do: Callable[[], object]) -> object:
        return do()

    work: list[Callable[[], object]] = [partial(change_case, desk, case_id, silence) for case_id in due]
    work += [partial(_carry, desk, extension) for extension in extensions]
    for_each(work, run)
    return len(due)


def _carry(desk: Desk, extension: Extension) -> None:
    """Give the extension to the next pages of cases, and remember how far it came. A case that could not take it
    holds up neither the others nor itself: the way is gone again until nobody was left to give it to."""
    failures: list[ExceptionGroup[Exception]] = []
    given: list[str] = []

    def extend(read: Read) -> Change | None:
        change = extend_for_market(read.case, extension, policy=read.policy, now=desk.now())
        if change:
            given.append(read.case.case_id)
        return change

    for _ in range(_PAGES_PER_SWEEP):
        page = desk.store.clocked(extension.cursor)
        try:
            for_each(page.items, lambda case_id: change_case(desk, case_id, extend))
        except ExceptionGroup as group:
            failures.append(group)
        again = extension.again or bool(failures or given)
        at_the_end = page.next_cursor is None
        extension = replace(
            extension,
            cursor=page.next_cursor,
            again=again and not at_the_end,
            done=at_the_end and not again,
        )
        try:
            desk.store.put_extension(extension, new=False)
        except Stale:
            # Another sweep has come to its end.
            return
        if at_the_end:
            break
    if failures:
        raise ExceptionGroup(f"extension {extension.extension_id} missed cases", failures)
