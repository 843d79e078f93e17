"""Whether a document can be published, beside those that are: what `validate` says and CI asks of all of them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from aftersales.adapters.policies import SELLERS, overrides_in, policies_in
from aftersales.contracts.policies import (
    InvalidDocument,
    read_override,
    read_policy,
    refuse_breaches,
)
from aftersales.domain.override import Override
from aftersales.domain.policy import Policy

_FOR_EVER = 2**63


def read_draft(file: Path, folder: Path) -> Policy | Override:
    """The document, if it could be published beside those in the folder. Raises `InvalidDocument`."""
    text = file.read_text("utf-8")
    if not _is_override(text):
        policy = read_policy(text)
        published = {one.version: one for one in policies_in(folder)}
        _refuse(_new_name(policy.version, published, policy))
        together = published | {policy.version: policy}
        _refuse([*_in_turn(together), *_sellers_problems(folder, _by_moment(together.values()))])
        return policy
    override = read_override(text)
    known = {one.name: one for one in overrides_in(folder, override.seller_id)}
    _refuse(_new_name(override.name, known, override))
    with_draft = known | {override.name: override}
    _refuse([*_in_turn(with_draft), *_within_leeway(with_draft.values(), policies_in(folder))])
    return override


def problems_of(folder: Path) -> tuple[str, ...]:
    """What is wrong with the published documents, each under its file's name."""
    return tuple(_problems(folder))


def _problems(folder: Path) -> Iterator[str]:
    try:
        policies = policies_in(folder)
    except InvalidDocument as invalid:
        yield from invalid.problems
        return
    if {one.version for one in policies} != {path.stem for path in folder.glob("*.json")}:
        yield "a policy's file is not named by its version"
    if not policies or policies[0].effective_from > 0:
        yield "no policy is in force from the beginning (effective_from 0)"
    yield from _in_turn({one.version: one for one in policies})
    yield from _sellers_problems(folder, policies)


def _sellers_problems(folder: Path, policies: Sequence[Policy]) -> Iterator[str]:
    for path in sorted((folder / SELLERS).glob("*")):
        try:
            known = overrides_in(folder, path.name)
        except InvalidDocument as invalid:
            yield from (f"{SELLERS}/{path.name}: {problem}" for problem in invalid.problems)
            continue
        named = {f"{one.seller_id}/{one.number}" for one in known}
        if named != {f"{path.name}/{file.stem}" for file in path.glob("*.json")}:
            yield f"{SELLERS}/{path.name}: a file is not named by its seller and number"
        yield from _in_turn({one.name: one for one in known})
        yield from _within_leeway(known, policies)


def _is_override(text: str) -> bool:
    """A seller's document says whose it is; whatever else it is, is said when it is read as a policy."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return False
    return isinstance(document, dict) and "seller_id" in document


def _new_name[T](name: str, published: dict[str, T], draft: T) -> Iterator[str]:
    if name in published and published[name] != draft:
        yield f"{name} is published with another content; what is published is never edited, so give it a new name"


def _in_turn(named: Mapping[str, Policy] | Mapping[str, Override]) -> Iterator[str]:
    moments = sorted((one.effective_from, name) for name, one in named.items())
    for (at, one), (then, other) in pairwise(moments):
        if at == then:
            yield f"{one} and {other} come into force at the same moment"


def _within_leeway(known: Iterable[Override], policies: Sequence[Policy]) -> Iterator[str]:
    """Each under every policy that is in force while it is."""
    for override, start, end in _lives(known):
        for policy, begins, ends in _lives(policies):
            if begins < end and start < ends:
                try:
                    refuse_breaches(policy, override)
                except InvalidDocument as invalid:
                    yield from (f"{override.name}: {problem}" for problem in invalid.problems)


def _lives[T: (Policy, Override)](documents: Iterable[T]) -> Iterator[tuple[T, int, int]]:
    """Each with its first moment, and the one at which its successor begins."""
    ordered = _by_moment(documents)
    ends = [one.effective_from for one in ordered[1:]] + [_FOR_EVER]
    for one, end in zip(ordered, ends, strict=True):
        yield one, one.effective_from, end


def _by_moment[T: (Policy, Override)](documents: Iterable[T]) -> list[T]:
    return sorted(documents, key=lambda one: one.effective_from)


def _refuse(problems: Iterable[str]) -> None:
    if found := tuple(problems):
        raise InvalidDocument(found)
