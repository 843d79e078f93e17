"""Every recorded decision made once more, under the very versions it was made under. It must come out the same:
where it does not, a published document was edited, or a rule of the desk changed without a new version."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aftersales.adapters.policies import PublishedPolicies
from aftersales.domain.policy import Policy, Verdict, decide, pays_shipping, window_closed
from tools.policy.recording import Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What was recorded, and what comes out now."""

    case_id: str
    seq: int
    what: str
    recorded: object
    now: object


def differences(decisions: Iterable[Decided], policies: PublishedPolicies) -> Iterator[Difference]:
    """None, where all is well."""
    for one in decisions:
        try:
            in_force = policies.version(one.grounds.in_force)
            at_purchase = policies.version(one.grounds.at_purchase)
        except LookupError as missing:
            yield _difference(one, "policy", one.policy_version, str(missing))
            continue
        yield from (
            _difference(one, what, recorded, now)
            for what, recorded, now in _compared(one, in_force, at_purchase)
            if recorded != now
        )


def _compared(one: Decided, in_force: Policy, at_purchase: Policy) -> Iterator[tuple[str, object, object]]:
    again = decide(one.grounds.facts, in_force, at_purchase)
    yield "policy version", one.policy_version, again.policy.version
    if one.verdict is None:
        yield "window", "open", "closed" if again.reason_code == window_closed.__name__ else "open"
        if shipping := one.grounds.shipping:
            reason, last = one.grounds.facts.reason, shipping.last_unit
            claimed = any(pays_shipping(policy, reason, last_unit=last) for policy in (in_force, at_purchase))
            yield "shipping claimed", shipping.claimed, claimed
        return
    yield "verdict", one.verdict, again.verdict
    yield "reason", one.reason_code, again.reason_code
    yield "rules", one.rules, again.rules
    if one.verdict is Verdict.ASK_PERSON:
        yield "silence approves", one.silence_approves, again.silence_approves


def _difference(one: Decided, what: str, recorded: object, now: object) -> Difference:
    return Difference(case_id=one.case_id, seq=one.seq, what=what, recorded=recorded, now=now)
