"""What AWS documents of the events that functions are given, for all that stands in for it in the tests."""

from typing import Any

from aftersales.domain.parties import Role

# The groups of the user pool, as the authorizer's claims name them.
GROUPS = {
    Role.BUYER: "buyers",
    Role.SELLER: "sellers",
    Role.REVIEWER: "reviewers",
    Role.PLATFORM: "platform",
    Role.OPERATOR: "operators",
}


def matches(pattern: Any, value: Any) -> bool:
    """An event pattern, as far as the template uses it: equal, prefix, exists."""
    if isinstance(pattern, dict):
        return all(
            matches(inner, value.get(name) if isinstance(value, dict) else None)
            for name, inner in pattern.items()
        )
    return any(_allows(one, value) for one in pattern)


def _allows(rule: Any, value: Any) -> bool:
    match rule:
        case {"prefix": str(start)}:
            return isinstance(value, str) and value.startswith(start)
        case {"exists": bool(wanted)}:
            return (value is not None) is wanted
    return bool(rule == value)
