"""A seller's own terms, as far as the platform allows them.

The platform's policy says what may be overridden and how far (`Overridable`); a seller's override is a small document
of its own. What is in force for a seller is a pure function of the two, and its version names both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from aftersales.domain.case import Kind, Reason
from aftersales.domain.policy import CategoryTerms, Leeway, Policy, Window

# Between the platform's version and the override's name in the version that a case is decided under.
JOINT = "+"

# What a policy, the terms of a category, an override and the platform's leeway all name in the same way.
CAPS = ("auto_approval_cap", "silent_approval_cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTerms:
    """Days after delivery; without `days` only some categories are otherwise."""

    days: int | None = None
    by_category: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The `number`-th terms of a seller. What is absent is as the platform has it."""

    seller_id: str
    number: int
    effective_from: int
    windows: Mapping[Kind, WindowTerms] = field(default_factory=dict)
    auto_approval_cap: Mapping[str, int] = field(default_factory=dict)
    silent_approval_cap: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, CategoryTerms] = field(default_factory=dict)
    waived_evidence: tuple[Reason, ...] = ()

    @property
    def name(self) -> str:
        """For example `seller-7@3`."""
        return f"{self.seller_id}@{self.number}"


def effective(policy: Policy, override: Override) -> Policy:
    """The platform's policy with the seller's terms in it."""
    return replace(
        policy,
        version=f"{policy.version}{JOINT}{override.name}",
        windows={
            kind: _window(window, override.windows.get(kind, WindowTerms()))
            for kind, window in policy.windows.items()
        },
        reasons={
            reason: replace(
                terms, needs_evidence=terms.needs_evidence and reason not in override.waived_evidence
            )
            for reason, terms in policy.reasons.items()
        },
        auto_approval_cap={**policy.auto_approval_cap, **override.auto_approval_cap},
        silent_approval_cap={**policy.silent_approval_cap, **override.silent_approval_cap},
        categories={
            category: _terms(
                policy.categories.get(category, CategoryTerms()),
                override.categories.get(category, CategoryTerms()),
            )
            for category in {**policy.categories, **override.categories}
        },
    )


def breaches(policy: Policy, override: Override) -> tuple[str, ...]:
    """Where the override goes further than the platform allows, a sentence each."""
    return tuple(_breaches(policy, override))


def _breaches(policy: Policy, override: Override) -> Iterator[str]:
    leeway = policy.overridable
    for kind, terms in override.windows.items():
        if terms.days is not None:
            platform = policy.windows[kind].days
            yield from _outside(f"windows.{kind}.days", terms.days, platform, leeway.window_days)
        for category, days in terms.by_category.items():
            platform = policy.window_days(kind, category)
            yield from _outside(f"windows.{kind}.by_category.{category}", days, platform, leeway.window_days)
    for name in CAPS:
        caps, allowed = getattr(policy, name), getattr(leeway, name)
        for currency, cap in getattr(override, name).items():
            yield from _outside(
                f"{name}.{currency}", cap, caps.get(currency, 0), allowed.get(currency, Leeway())
            )
        for category, own in override.categories.items():
            of_category = {**caps, **getattr(policy.categories.get(category, CategoryTerms()), name)}
            for currency, cap in getattr(own, name).items():
                where = f"categories.{category}.{name}.{currency}"
                yield from _outside(where, cap, of_category.get(currency, 0), allowed.get(currency, Leeway()))
    for reason in override.waived_evidence:
        if reason not in leeway.waived_evidence:
            yield f"waived_evidence: the platform does not let sellers waive the photo for {reason}"


def _outside(where: str, number: int, platform: int, leeway: Leeway) -> Iterator[str]:
    """The platform's own number is always allowed; without leeway there is no other."""
    lowest = platform if leeway.at_least is None else min(leeway.at_least, platform)
    highest = platform if leeway.at_most is None else max(leeway.at_most, platform)
    if number < lowest:
        yield f"{where}: {number} is worse for the buyer than the platform allows (at least {lowest})"
    if number > highest:
        yield f"{where}: {number} is more than the platform allows (at most {highest})"


def _window(platform: Window, own: WindowTerms) -> Window:
    days = platform.days if own.days is None else own.days
    return Window(days=days, by_category={**platform.by_category, **own.by_category})


def _terms(platform: CategoryTerms, own: CategoryTerms) -> CategoryTerms:
    return CategoryTerms(
        auto_approval_cap={**platform.auto_approval_cap, **own.auto_approval_cap},
        silent_approval_cap={**platform.silent_approval_cap, **own.silent_approval_cap},
    )
