"""What staff sees: differences of a replay, and what a draft would change, in cases and in money."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table

from aftersales.domain.money import decimals
from tools.policy.replay import Difference
from tools.policy.simulate import Course, Forecast

_PEOPLE = (Course.LEFT_TO_SELLER_OR_APPROVED, Course.LEFT_TO_SELLER_OR_DISPUTED)
# Courses as columns of money.
_COLUMNS: Mapping[str, tuple[Course, ...]] = {
    "approved by the policy": (Course.APPROVED,),
    "decided by people": _PEOPLE,
    "waits for a photo": (Course.EVIDENCE_WANTED,),
    "declined or refused": (Course.DECLINED, Course.REFUSED),
}

_OTHER_AMOUNT = "the same, another amount"


def differences(found: Sequence[Difference]) -> RenderableType:
    """One line each."""
    table = _table("case", "entry", "what", "was recorded", "comes out now")
    for one in found:
        table.add_row(one.case_id, str(one.seq), one.what, str(one.recorded), str(one.now))
    return table


def simulation(forecasts: Sequence[Forecast], *, every_case: bool) -> RenderableType:
    """Transitions, money and reasons; then the cases, the first of each transition or all of them."""
    changed = [one for one in forecasts if one.changes]
    if not changed:
        return "No case would have gone otherwise."
    return Group(
        f"{len(changed)} of {len(forecasts)} cases would have gone otherwise.",
        _transitions(changed),
        "Money by what the policy says of it, as it was → as it would be:",
        _money(forecasts),
        "By reason, approved by the policy:",
        _reasons(forecasts),
        _cases(changed, every_case=every_case),
    )


def _transitions(changed: Iterable[Forecast]) -> RenderableType:
    table = _table("was", "would be", "cases", "claimed")
    for (was, would_be), group in _by_transition(changed):
        claimed: Counter[str] = Counter()
        for one in group:
            claimed[one.currency] += one.would_be.amount
        table.add_row(was, would_be, str(len(group)), _sums(claimed))
    return table


def _money(forecasts: Iterable[Forecast]) -> RenderableType:
    was: dict[str, Counter[str]] = defaultdict(Counter)
    would_be: dict[str, Counter[str]] = defaultdict(Counter)
    for one in forecasts:
        for column, courses in _COLUMNS.items():
            was[one.currency][column] += one.was.amount if one.was.course in courses else 0
            would_be[one.currency][column] += one.would_be.amount if one.would_be.course in courses else 0
    table = _table("currency", *_COLUMNS)
    for currency in sorted(was):
        cells = [_moved(was[currency][column], would_be[currency][column], currency) for column in _COLUMNS]
        table.add_row(currency, *cells)
    return table


def _reasons(forecasts: Iterable[Forecast]) -> RenderableType:
    groups: dict[tuple[str, str], list[Forecast]] = defaultdict(list)
    for one in forecasts:
        groups[one.reason, one.currency].append(one)
    table = _table("reason", "currency", "cases", "changed", "money")
    for (reason, currency), group in sorted(groups.items()):
        was = sum(one.was.amount for one in group if one.was.course is Course.APPROVED)
        would_be = sum(one.would_be.amount for one in group if one.would_be.course is Course.APPROVED)
        changed = sum(one.changes for one in group)
        table.add_row(reason, currency, str(len(group)), str(changed), _moved(was, would_be, currency))
    return table


_SHOWN = 5


def _cases(changed: Iterable[Forecast], *, every_case: bool) -> RenderableType:
    table = _table("case", "seller", "claimed", "because of")
    table.columns[0].no_wrap = True
    for (was, would_be), group in _by_transition(changed):
        shown = group if every_case else group[:_SHOWN]
        table.add_section()
        table.add_row(f"[bold]{was} → {would_be}[/]")
        for one in shown:
            claimed = _moved(one.was.amount, one.would_be.amount, one.currency)
            codes = dict.fromkeys(code for code in (one.was.reason_code, one.would_be.reason_code) if code)
            table.add_row(one.case_id, one.seller_id, f"{claimed} {one.currency}", " → ".join(codes))
        if left := len(group) - len(shown):
            table.add_row(f"… and {left} more (--all)")
    return table


def _by_transition(changed: Iterable[Forecast]) -> Iterator[tuple[tuple[str, str], list[Forecast]]]:
    """The most frequent first."""
    groups: dict[tuple[str, str], list[Forecast]] = defaultdict(list)
    for one in changed:
        was, would_be = one.was.course, one.would_be.course
        groups[was, would_be if was is not would_be else _OTHER_AMOUNT].append(one)
    yield from sorted(groups.items(), key=lambda item: -len(item[1]))


def _moved(was: int, would_be: int, currency: str) -> str:
    if was == would_be:
        return _money_text(was, currency)
    return f"{_money_text(was, currency)} → {_money_text(would_be, currency)}"


def _sums(amounts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{_money_text(amount, currency)} {currency}" for currency, amount in sorted(amounts.items())
    )


def _money_text(amount: int, currency: str) -> str:
    places = decimals(currency)
    whole, part = divmod(amount, 10**places)
    return f"{whole:,}" + (f".{part:0{places}}" if places else "")


def _table(*heads: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    for head in heads:
        table.add_column(head, overflow="fold")
    return table
