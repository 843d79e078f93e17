"""The published policy versions: JSON documents shipped with the package, newest last."""

from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from aftersales.domain.policy import Policy


class PublishedPolicies:
    """The `Policies` port. A version, once published, is never edited: cases refer to it by name."""

    def at(self, when: int) -> Policy:
        """The newest version whose `effective_from` has come."""
        return next(policy for policy in reversed(_published()) if policy.effective_from <= when)

    def version(self, version: str) -> Policy:
        """The version of that name."""
        return next(policy for policy in _published() if policy.version == version)


@cache
def _published() -> tuple[Policy, ...]:
    documents = files("aftersales").joinpath("policies").iterdir()
    adapter = TypeAdapter(Policy)
    policies = [adapter.validate_json(doc.read_bytes()) for doc in documents if doc.name.endswith(".json")]
    return tuple(sorted(policies, key=lambda policy: policy.effective_from))
