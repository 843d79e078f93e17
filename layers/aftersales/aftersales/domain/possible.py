"""What somebody can do to a case now: the acts of its status and their role, less those that would be refused at this
moment whatever was said with them. What the books would refuse, only the act itself finds out.
"""

from collections.abc import Callable, Mapping

from aftersales.domain import exchange, hearing, lifecycle, returns
from aftersales.domain.case import Case
from aftersales.domain.lifecycle import ACTORS, LIFECYCLE, Act
from aftersales.domain.parties import Party
from aftersales.domain.policy import Policy
from aftersales.domain.refusal import Refusal

# Act -> what refuses it although status and role are right; the acts themselves ask the same.
_GUARDS: Mapping[Act, Callable[[Case, Party, Policy, int], object]] = {
    Act.DECIDE: lambda case, by, _, now: hearing.refuse_decider(case, by, now),
    Act.WITHDRAW: lambda case, *_: lifecycle.refuse_withdrawal(case),
    Act.CONFIRM_ARRIVAL: lambda case, *_: returns.refuse_arrival(case),
    Act.SHIP_REPLACEMENT: lambda case, _, __, now: exchange.refuse_unready(case, now),
    Act.MAKE_OFFER: lambda case, by, policy, _: hearing.refuse_offer(case, by, policy),
    Act.ANSWER_OFFER: lambda case, by, *_: hearing.refuse_other_turn(case, by),
    Act.DISPUTE: lambda case, *_: hearing.refuse_early_dispute(case),
    Act.MAKE_STATEMENT: lambda case, by, *_: hearing.refuse_other_statement(case, by),
    Act.APPEAL: lambda case, _, policy, now: hearing.refuse_appeal(case, policy, now),
    Act.TAKE_REVIEW: lambda case, by, _, now: hearing.refuse_reviewer(case, by, now),
    Act.RELEASE_REVIEW: lambda case, by, _, now: hearing.refuse_assigned(case, by, now),
    Act.EXTEND_DEADLINE: lambda case, _, __, now: hearing.refuse_extension(case, now),
    Act.ADD_EVIDENCE: lambda case, by, *_: lifecycle.refuse_more_evidence(case, by),
    Act.PAY_ELSEWHERE: lambda case, *_: lifecycle.refuse_under_way(case),
}


def possible(case: Case, by: Party, policy: Policy, now: int) -> list[Act]:
    """What this party can do."""
    return sorted(
        act
        for act, statuses in LIFECYCLE.items()
        if case.status in statuses and by.role in ACTORS[act] and _allowed(act, case, by, policy, now)
    )


def _allowed(act: Act, case: Case, by: Party, policy: Policy, now: int) -> bool:
    try:
        if guard := _GUARDS.get(act):
            guard(case, by, policy, now)
    except Refusal:
        return False
    return True
