"""The policy of feedback. Apart from its rules, for every function reads policies and few handle feedback."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstTerms:
    """When many feedbacks of one seller are unusual: `items` of them within `minutes`, at more than `factor` times the
    pace of the last `history` of them that are older than `settled_hours`."""

    items: int
    minutes: int
    settled_hours: int
    history: int
    factor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTerms:
    """An order is asked about `after_days` of its delivery, and no more once `until_days` have passed."""

    after_days: int
    until_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTerms:
    """The policy of feedback. Averages are shown from `shown_from` ratings on; the Bayesian one starts as if
    `prior_weight` buyers had given `prior_score` stars."""

    window_days: int
    edit_days: int
    shown_from: int
    prior_score: int
    prior_weight: int
    burst: BurstTerms
    request: RequestTerms
