"""The page of themes: what stands out in the complaints per category and per seller."""

from collections.abc import Callable, Iterable, Sequence

from aftersales.domain.records import FeedbackRecord
from aftersales.domain.themes import MIN_COMMENTS, Theme, themes
from tools.generate.markdown import table

_GROUPINGS: tuple[tuple[str, Callable[[FeedbackRecord], Iterable[str]]], ...] = (
    ("category", lambda record: record.categories),
    ("seller", lambda record: (record.seller_id,)),
)


def report(records: Sequence[FeedbackRecord], *, most: int) -> str:
    """At most so many themes a group; groups without one are only counted."""
    counted = [record for record in records if record.counts]
    complaints = [record for record in counted if record.negative and record.comment]
    parts = [
        "# Themes of complaints",
        f"{len(complaints):,} of {len(counted):,} feedbacks complain in words. A theme is in at least {MIN_COMMENTS} "
        "comments of its group. With so many terms compared, one in forty stands out by chance: a theme is a reason to "
        "read the comments, not a finding.",
    ]
    for name, groups_of in _GROUPINGS:
        found = themes((groups_of(record), record.comment or "") for record in complaints)
        rows = [_row(group, theme) for group, all_ in found.items() for theme in all_[:most]]
        silent = sum(not all_ for all_ in found.values())
        parts += [
            f"## Per {name}",
            table((name, "term", "weight", "comments here", "comments elsewhere"), rows),
            f"Without a theme: {silent:,} of {len(found):,}.",
        ]
    return "\n\n".join(parts) + "\n"


def _row(group: str, theme: Theme) -> tuple[str, ...]:
    return group, theme.term, f"{theme.weight:.1f}", str(theme.inside), str(theme.outside)
