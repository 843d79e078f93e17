"""Past cases under a draft: what the policy would have said.

Each case is taken for itself, with the facts as they were: who applied, what for, which photos there were. What people
decided afterwards is theirs, and is not guessed; nor is what one case's other end would mean for a later one of the
same buyer or order. Of a case that is newly asked for a photo nobody knows whether one would have come.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from aftersales.adapters.policies import PublishedPolicies
from aftersales.domain.case import Reason
from aftersales.domain.override import JOINT, Override, effective
from aftersales.domain.policy import Facts, Policy, Verdict, decide, pays_shipping, window_closed
from aftersales.domain.refusal import Code
from tools.policy.recording import Decided, by_case

# The versions that a decision compares: in force, and at the purchase.
Versions = Callable[[Decided], tuple[Policy, Policy]]


class Course(StrEnum):
    """How a case goes, as far as the policy has a say."""

    REFUSED = "refused"
    WITHDRAWN = "withdrawn before"
    APPROVED = "approved"
    LEFT_TO_SELLER_OR_APPROVED = "a person, silence approves"
    LEFT_TO_SELLER_OR_DISPUTED = "a person, silence disputes"
    EVIDENCE_WANTED = "a photo is wanted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The policy's last word on a case, why, and how much is at stake."""

    course: Course
    reason_code: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One case: what came out, and what would have."""

    case_id: str
    seller_id: str
    reason: Reason
    currency: str
    was: Outcome
    would_be: Outcome

    @property
    def changes(self) -> bool:
        """Whether anybody would notice; another rule that says the same is no change."""
        return (self.was.course, self.was.amount) != (self.would_be.course, self.would_be.amount)


def under_policy(draft: Policy, policies: PublishedPolicies, *, transition: bool = False) -> Versions:
    """The draft instead of the platform's version, with the sellers' terms as they were. In the `transition` the
    order was placed before the draft came into force, and the buyer keeps the better of both."""

    def versions(one: Decided) -> tuple[Policy, Policy]:
        grounds = one.grounds
        then = policies.version(grounds.at_purchase)
        return instead(grounds.in_force), then if transition else instead(grounds.at_purchase)

    def instead(version: str) -> Policy:
        override = policies.override(version)
        return effective(draft, override) if override else draft

    return versions


def under_override(draft: Override, policies: PublishedPolicies, *, transition: bool = False) -> Versions:
    """The draft as that seller's terms; every other seller's cases stay as they are."""

    def versions(one: Decided) -> tuple[Policy, Policy]:
        grounds = one.grounds
        then = policies.version(grounds.at_purchase)
        if one.seller_id != draft.seller_id:
            return policies.version(grounds.in_force), then
        return instead(grounds.in_force), then if transition else instead(grounds.at_purchase)

    def instead(version: str) -> Policy:
        return effective(policies.version(version.partition(JOINT)[0]), draft)

    return versions


def as_recorded(policies: PublishedPolicies) -> Versions:
    """The versions that the decisions were made under."""
    return lambda one: (
        policies.version(one.grounds.in_force),
        policies.version(one.grounds.at_purchase),
    )


def forecasts(decisions: Iterable[Decided], was: Versions, would_be: Versions) -> Iterator[Forecast]:
    """A forecast for each case."""
    for of_case in by_case(decisions):
        facts = of_case[0].grounds.facts
        yield Forecast(
            case_id=of_case[0].case_id,
            seller_id=of_case[0].seller_id,
            reason=facts.reason,
            currency=facts.currency,
            was=outcome(of_case, was),
            would_be=outcome(of_case, would_be),
        )


def outcome(of_case: Sequence[Decided], versions: Versions) -> Outcome:
    """The decisions of one case, one after the other, until one of them is the last. A photo that came is looked at
    only if it is asked for."""
    opening, *assessments = of_case
    more = _shipping_more(opening, *versions(opening))
    facts = _claiming(opening.grounds.facts, more)
    if decide(facts, *versions(opening)).reason_code == window_closed.__name__:
        return Outcome(course=Course.REFUSED, reason_code=Code.WINDOW_CLOSED, amount=facts.amount)
    if not facts.amount:
        return Outcome(course=Course.REFUSED, reason_code=Code.NOTHING_TO_REFUND, amount=0)
    said = Outcome(course=Course.WITHDRAWN, reason_code="", amount=facts.amount)
    for one in assessments:
        found = decide(_claiming(one.grounds.facts, more), *versions(one))
        course = _COURSES.get(found.verdict) or _left_to_seller(found.silence_approves)
        said = replace(said, course=course, reason_code=found.reason_code)
        if found.verdict is not Verdict.ASK_EVIDENCE:
            break
    return said


_COURSES = {
    Verdict.APPROVE: Course.APPROVED,
    Verdict.ASK_EVIDENCE: Course.EVIDENCE_WANTED,
    Verdict.DECLINE: Course.DECLINED,
}


def _left_to_seller(silence_approves: bool) -> Course:
    return Course.LEFT_TO_SELLER_OR_APPROVED if silence_approves else Course.LEFT_TO_SELLER_OR_DISPUTED


def _shipping_more(opening: Decided, *versions: Policy) -> int:
    """By how much the claim differs because the shipping goes with it, or no longer does."""
    shipping = opening.grounds.shipping
    if shipping is None:
        return 0
    reason = opening.grounds.facts.reason
    claimed = any(pays_shipping(policy, reason, last_unit=shipping.last_unit) for policy in versions)
    return shipping.worth * (claimed - shipping.claimed)


def _claiming(facts: Facts, more: int) -> Facts:
    return replace(facts, amount=facts.amount + more)
