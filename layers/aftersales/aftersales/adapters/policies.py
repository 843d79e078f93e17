"""The published policies and the sellers' overrides: JSON documents shipped with the package.

`policies/<version>.json` is the platform's, `policies/sellers/<seller_id>/<number>.json` a seller's. A document, once
published, is never edited: cases refer to it by name, and what was decided under it must be decided so again.
"""

from functools import cache, lru_cache
from pathlib import Path

from aftersales.contracts.policies import read_override, read_policy
from aftersales.domain.override import JOINT, Override, effective
from aftersales.domain.policy import Policy

SHIPPED = Path(__file__).parents[1] / "policies"
SELLERS = "sellers"
# How many sellers' terms a worker keeps at hand.
_SELLERS_KEPT = 1024


class PublishedPolicies:
    """The `Policies` port on a folder of documents."""

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._folder = folder

    def at(self, when: int, seller_id: str | None = None) -> Policy:
        """The newest version whose `effective_from` has come, with the seller's newest terms, if there are any."""
        policy = next(one for one in reversed(policies_in(self._folder)) if one.effective_from <= when)
        if seller_id is None:
            return policy
        own = (one for one in reversed(overrides_in(self._folder, seller_id)) if one.effective_from <= when)
        override = next(own, None)
        return _effective(self._folder, policy.version, override.name) if override else policy

    def version(self, version: str) -> Policy:
        """The version of that name. Raises `LookupError`."""
        name, _, override_name = version.partition(JOINT)
        if override_name:
            return _effective(self._folder, name, override_name)
        return _named(name, {one.version: one for one in policies_in(self._folder)})

    def override(self, version: str) -> Override | None:
        """The seller's terms that are named in a version, if there are any. Raises `LookupError`."""
        name = version.partition(JOINT)[2]
        return _override(self._folder, name) if name else None


@cache
def policies_in(folder: Path) -> tuple[Policy, ...]:
    """The platform's versions, oldest first."""
    policies = [read_policy(path.read_text("utf-8")) for path in folder.glob("*.json")]
    return tuple(sorted(policies, key=lambda policy: policy.effective_from))


@lru_cache(_SELLERS_KEPT)
def overrides_in(folder: Path, seller_id: str) -> tuple[Override, ...]:
    """A seller's terms, oldest first. Only this seller's folder is read: how many others have one costs nothing."""
    documents = (folder / SELLERS / seller_id).glob("*.json")
    overrides = [read_override(path.read_text("utf-8")) for path in documents]
    return tuple(sorted(overrides, key=lambda override: override.effective_from))


@lru_cache(_SELLERS_KEPT)
def _effective(folder: Path, version: str, override_name: str) -> Policy:
    """Put together once a worker and not once a request."""
    policy = _named(version, {one.version: one for one in policies_in(folder)})
    return effective(policy, _override(folder, override_name))


def _override(folder: Path, name: str) -> Override:
    seller_id = name.rpartition("@")[0]
    return _named(name, {one.name: one for one in overrides_in(folder, seller_id)})


def _named[T](name: str, published: dict[str, T]) -> T:
    if name not in published:
        raise LookupError(f"{name} was never published")
    return published[name]
