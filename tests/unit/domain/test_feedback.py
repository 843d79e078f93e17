"""What buyers may say of an order and when, what sellers may answer, and what reviewers may do about it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aftersales.domain import feedback as rules
from aftersales.domain.calendar import DAY
from aftersales.domain.evidence import Evidence, EvidenceState
from aftersales.domain.feedback import (
    ACTORS,
    Act,
    Change,
    Dimension,
    Event,
    Feedback,
    Product,
    may_see,
    party_to,
    possible,
    verdict_of,
)
from aftersales.domain.feedback_notice import Told, notice_of, told
from aftersales.domain.moderation import REASONS, Action, Look, Reason, Status, is_burst
from aftersales.domain.order import Order
from aftersales.domain.parties import Party, Role
from aftersales.domain.polarity import PolarityValue, polarity
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.sentiment import Sentiment
from tests.builders import (
    BUYER,
    FEEDBACK_TERMS,
    NOON,
    OPERATOR,
    OTHER_REVIEWER,
    REVIEWER,
    SELLER,
    a_line,
    an_order,
)

DELIVERED = NOON - 5 * DAY
STRANGER = Party(Role.BUYER, "lan")
OTHER_SELLER = Party(Role.SELLER, "copper-and-co")
PLATFORM = Party(Role.PLATFORM, "shop")


def left(
    score: int = 5,
    comment: str = "",
    *,
    dimensions: Mapping[Dimension, int] | None = None,
    order: Order | None = None,
    burst: bool = False,
    buyer: Party = BUYER,
    now: int = NOON,
) -> Change:
    return rules.leave(
        feedback_id="feedback-1",
        order=order or an_order(),
        verdict=verdict_of(score, dimensions or {}, comment),
        burst=burst,
        terms=FEEDBACK_TERMS,
        request_hash="hash",
        buyer=buyer,
        now=now,
    )


def moderated(
    feedback: Feedback, action: Action, reason: Reason, *, by: Party = REVIEWER, now: int = NOON
) -> Change:
    return rules.moderate(feedback, action, reason, by=by, terms=FEEDBACK_TERMS, now=now)


def hidden(feedback: Feedback, now: int = NOON) -> Feedback:
    return moderated(feedback, Action.HIDE, Reason.PERSONAL_DATA, now=now).feedback


def refused(code: Code, act: Any, *args: Any, **kwargs: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        act(*args, **kwargs)
    assert refusal.value.code is code
    return refusal.value


A_PHOTO = Evidence(
    evidence_id="p1.1", filename="bowl.jpg", content_type="image/jpeg", size=100, added_by="buyer"
)
ACCEPTED = replace(A_PHOTO, state=EvidenceState.ACCEPTED, sha256="9f2c")


def photographed(*photos: Evidence) -> Feedback:
    return rules.edit(left().feedback, verdict_of(5, {}, ""), photos=photos, by=BUYER, now=NOON).feedback


# ---------------------------------------------------------------- leaving it


def test_a_buyer_says_what_a_delivered_order_was_like() -> None:
    change = left(4, "Lovely glaze.", dimensions={Dimension.DELIVERY: 2})
    feedback, entry = change.feedback, change.entry

    assert (feedback.status, feedback.version, feedback.left_at) == (Status.PUBLISHED, 1, NOON)
    assert (feedback.buyer_id, feedback.seller_id) == (BUYER.id, SELLER.id)
    assert feedback.edit_until == NOON + FEEDBACK_TERMS.edit_days * DAY
    assert (entry.event, entry.seq, entry.actor) == (Event.LEFT, 1, BUYER)
    assert entry.data == {"score": 4, "dimensions": {Dimension.DELIVERY: 2}, "comment": "Lovely glaze."}


def test_it_is_about_every_product_of_the_order_once() -> None:
    order = an_order(lines=(a_line("a"), replace(a_line("b"), sku="sku-a"), a_line("c", category="art")))

    assert left(order=order).feedback.products == (
        Product(sku="sku-a", category="pottery"),
        Product(sku="sku-c", category="art"),
    )


def test_the_window_opens_with_delivery_and_closes_after_its_last_day() -> None:
    last = DELIVERED + FEEDBACK_TERMS.window_days * DAY

    assert left(now=DELIVERED).feedback.left_at == DELIVERED
    assert left(now=last).feedback.left_at == last
    assert refused(Code.WINDOW_CLOSED, left, now=last + 1).facts == {"closed_at": last}
    refused(Code.NOT_DELIVERED, left, now=DELIVERED - 1)


def test_an_order_that_was_not_delivered_has_no_feedback() -> None:
    refused(Code.NOT_DELIVERED, left, order=an_order(delivered_at=None))


@pytest.mark.parametrize("somebody", [STRANGER, SELLER, REVIEWER, Party(Role.SELLER, BUYER.id)])
def test_nobody_else_says_anything_of_the_order_nor_learns_of_it(somebody: Party) -> None:
    refused(Code.NOT_FOUND, left, buyer=somebody)


def test_in_a_burst_it_is_held_for_a_look_whichever_way_it_points() -> None:
    for score in (1, 5):
        standing = left(score, burst=True).feedback.standing
        assert (standing.status, standing.look) == (Status.HELD, Look.BURST)


def test_what_contradicts_itself_is_shown_and_marked_for_a_look() -> None:
    standing = left(5, dimensions={Dimension.SELLER_SERVICE: 1}).feedback.standing

    assert (standing.status, standing.look) == (Status.PUBLISHED, Look.CONTRADICTION)


# ---------------------------------------------------------------- changing one's mind


def test_an_edit_is_a_new_version_and_the_entry_keeps_what_was_said() -> None:
    change = rules.edit(left(5).feedback, verdict_of(3, {}, "It chipped."), by=BUYER, now=NOON + DAY)

    assert (change.feedback.version, change.feedback.verdict.score, change.feedback.edited) == (2, 3, True)
    assert (change.feedback.left_at, change.feedback.first_score) == (NOON, 5)
    assert (change.entry.event, change.entry.seq) == (Event.EDITED, 2)
    assert change.entry.data["comment"] == "It chipped."


def test_it_may_be_edited_until_its_last_day() -> None:
    feedback = left().feedback
    again = verdict_of(2, {}, "")

    assert rules.edit(feedback, again, by=BUYER, now=feedback.edit_until).feedback.verdict == again
    refusal = refused(Code.WINDOW_CLOSED, rules.edit, feedback, again, by=BUYER, now=feedback.edit_until + 1)
    assert refusal.facts == {"closed_at": feedback.edit_until}


def test_an_edit_that_settles_a_contradiction_takes_the_mark_away_and_one_that_makes_it_sets_it() -> None:
    marked = left(5, dimensions={Dimension.DELIVERY: 1}).feedback
    settled = rules.edit(marked, verdict_of(5, {}, ""), by=BUYER, now=NOON).feedback
    again = rules.edit(settled, marked.verdict, by=BUYER, now=NOON).feedback

    assert settled.standing.look is None
    assert again.standing.look is Look.CONTRADICTION


def test_an_edit_brings_nothing_past_the_look_it_waits_for() -> None:
    held = left(burst=True).feedback

    assert rules.edit(held, verdict_of(1, {}, ""), by=BUYER, now=NOON).feedback.standing == held.standing


def test_what_was_withdrawn_is_final_and_frees_the_order_only_if_it_was_shown() -> None:
    feedback = left().feedback
    gone = rules.withdraw(feedback, by=BUYER, now=NOON)

    assert gone.feedback.status is Status.WITHDRAWN
    assert not gone.feedback.live
    assert gone.frees_order
    assert not rules.withdraw(left(burst=True).feedback, by=BUYER, now=NOON).frees_order
    assert not rules.withdraw(hidden(feedback), by=BUYER, now=NOON).frees_order
    refused(Code.ACT_NOT_POSSIBLE, rules.withdraw, gone.feedback, by=BUYER, now=NOON)
    refused(Code.ACT_NOT_POSSIBLE, rules.edit, gone.feedback, feedback.verdict, by=BUYER, now=NOON)


# ---------------------------------------------------------------- the seller's answer


def test_a_seller_answers_once_and_may_put_it_better() -> None:
    first = rules.reply(left(1).feedback, "Sorry.", by=SELLER, now=NOON)
    better = rules.reply(first.feedback, "We are sorry.", by=SELLER, now=NOON + DAY)

    assert first.feedback.reply
    assert first.feedback.reply.edited_at is None
    assert better.feedback.reply == rules.Reply(
        text="We are sorry.", by=SELLER, at=NOON, edited_at=NOON + DAY
    )
    assert [one.entry.data["text"] for one in (first, better)] == ["Sorry.", "We are sorry."]


def test_what_is_not_to_be_read_is_not_answered() -> None:
    refused(Code.ACT_NOT_POSSIBLE, rules.reply, hidden(left().feedback), "Sorry.", by=SELLER, now=NOON)


# ---------------------------------------------------------------- moderation


@pytest.mark.parametrize("reason", REASONS[Action.HIDE])
def test_a_reviewer_hides_for_a_reason_of_the_list(reason: Reason) -> None:
    change = moderated(left(1).feedback, Action.HIDE, reason)

    assert change.feedback.status is Status.HIDDEN
    assert change.feedback.standing.moderation
    assert change.feedback.standing.moderation.reason is reason
    assert (change.entry.event, change.entry.data) == (Event.HIDDEN, {"reason_code": reason})


@pytest.mark.parametrize("action", Action)
def test_no_other_reason_counts(action: Action) -> None:
    for reason in set(Reason) - REASONS[action]:
        refusal = refused(Code.INVALID, moderated, left(burst=True).feedback, action, reason)
        assert refusal.facts["possible_reasons"] == sorted(REASONS[action])


@pytest.mark.parametrize("party", [BUYER.id, SELLER.id])
def test_nobody_moderates_what_they_are_a_party_of(party: str) -> None:
    refused(
        Code.FORBIDDEN,
        moderated,
        left().feedback,
        Action.HIDE,
        Reason.THREAT,
        by=Party(Role.REVIEWER, party),
    )


def test_what_was_held_is_shown_once_somebody_has_looked() -> None:
    shown = moderated(left(burst=True).feedback, Action.RESTORE, Reason.GENUINE)

    assert (shown.feedback.status, shown.feedback.standing.look) == (Status.PUBLISHED, None)
    assert shown.entry.event is Event.RESTORED
    refused(Code.ACT_NOT_POSSIBLE, moderated, shown.feedback, Action.RESTORE, Reason.GENUINE)


def test_a_look_that_finds_nothing_wrong_takes_the_mark_away() -> None:
    marked = left(1, dimensions={Dimension.DELIVERY: 5}).feedback

    assert moderated(marked, Action.RESTORE, Reason.GENUINE).feedback.standing.look is None


def test_nothing_is_hidden_twice() -> None:
    refused(
        Code.ACT_NOT_POSSIBLE,
        moderated,
        hidden(left().feedback),
        Action.HIDE,
        Reason.THREAT,
        by=OTHER_REVIEWER,
    )


def test_an_author_may_mend_what_was_hidden_even_after_the_time_of_an_edit_and_it_is_looked_at_again() -> (
    None
):
    feedback = left().feedback
    late = feedback.edit_until + DAY
    hid = hidden(feedback, now=late)
    mended = rules.edit(hid, verdict_of(5, {}, "Lovely."), by=BUYER, now=late + DAY).feedback

    assert hid.edit_until == late + FEEDBACK_TERMS.edit_days * DAY
    assert (mended.status, mended.standing.look) == (Status.HELD, Look.FIXED)
    assert moderated(mended, Action.RESTORE, Reason.FIXED_BY_AUTHOR).feedback.status is Status.PUBLISHED
    assert moderated(mended, Action.RESTORE, Reason.FIXED_BY_AUTHOR).feedback.edit_until == mended.edit_until


class Unread:
    """A verdict that nobody may look at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"somebody reads the {name}")


def test_no_decision_of_a_reviewer_reads_what_was_said() -> None:
    """Neither the stars nor a word: whatever is hidden or shown again, is so for a reason of the list alone."""
    unread: Any = Unread()
    feedback = replace(left(1, burst=True).feedback, verdict=unread)

    for first, second in ((Action.HIDE, Action.RESTORE), (Action.RESTORE, Action.HIDE)):
        once = moderated(feedback, first, min(REASONS[first])).feedback
        assert moderated(once, second, min(REASONS[second])).feedback.verdict is unread
    assert set(possible(feedback, REVIEWER, NOON)) == {Act.HIDE, Act.RESTORE}


# ---------------------------------------------------------------- who sees what


def at(status: Status) -> Feedback:
    feedback = left(2).feedback
    return replace(feedback, standing=replace(feedback.standing, status=status))


@pytest.mark.parametrize(
    ("status", "readers"),
    [
        (Status.PUBLISHED, {BUYER, SELLER, REVIEWER, STRANGER, OTHER_SELLER, PLATFORM}),
        (Status.HELD, {BUYER, SELLER, REVIEWER}),
        (Status.HIDDEN, {BUYER, SELLER, REVIEWER}),
        (Status.WITHDRAWN, {BUYER, REVIEWER}),
    ],
)
def test_what_is_shown_is_everybodys_and_the_rest_its_parties(status: Status, readers: set[Party]) -> None:
    everybody = {BUYER, SELLER, REVIEWER, STRANGER, OTHER_SELLER, PLATFORM}
    assert {one for one in everybody if may_see(at(status), one)} == readers


def test_whose_order_it_was_is_for_its_parties() -> None:
    everybody = {BUYER, SELLER, REVIEWER, STRANGER, OTHER_SELLER, PLATFORM}
    assert {one for one in everybody if party_to(at(Status.PUBLISHED), one)} == {
        BUYER,
        SELLER,
        REVIEWER,
        PLATFORM,
    }


@pytest.mark.parametrize(
    ("status", "acts"),
    [
        (Status.PUBLISHED, {Act.EDIT, Act.WITHDRAW, Act.REPLY, Act.HIDE}),
        (Status.HELD, {Act.EDIT, Act.WITHDRAW, Act.REPLY, Act.HIDE, Act.RESTORE}),
        (Status.HIDDEN, {Act.EDIT, Act.WITHDRAW, Act.RESTORE}),
        (Status.WITHDRAWN, set()),
    ],
)
def test_everybody_is_told_what_they_can_do_now(status: Status, acts: set[Act]) -> None:
    for reader in (BUYER, SELLER, REVIEWER):
        mine = {act for act in acts if ACTORS[act] is reader.role}
        assert set(possible(at(status), reader, NOON)) == mine
    for nobody in (STRANGER, OTHER_SELLER, OPERATOR):
        assert possible(at(status), nobody, NOON) == []


def test_what_is_too_late_is_not_offered() -> None:
    feedback = left().feedback
    assert possible(feedback, BUYER, feedback.edit_until + 1) == [Act.WITHDRAW]


# ---------------------------------------------------------------- bursts


def spread(count: int, over: int, until: int = NOON) -> list[int]:
    """So many times, evenly over so many milliseconds until then, newest first."""
    return [until - n * over // count for n in range(count)]


BURST = FEEDBACK_TERMS.burst
YESTERDAY = NOON - BURST.settled_hours * 60 * 60_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("recent", "settled", "burst"),
    [
        pytest.param([], [], False, id="nothing yet"),
        pytest.param(spread(4, MINUTE), [], False, id="four in a minute"),
        pytest.param(spread(5, MINUTE), [], True, id="five in a minute for a new seller"),
        pytest.param(spread(5, 60 * MINUTE), [], False, id="five in an hour"),
        pytest.param(spread(5, MINUTE), spread(4, DAY, YESTERDAY), True, id="a seller of four"),
        pytest.param(spread(5, MINUTE), spread(20, 20 * DAY, YESTERDAY), True, id="usually one a day"),
        pytest.param(spread(5, 25 * MINUTE), spread(20, 100 * MINUTE, YESTERDAY), False, id="a busy seller"),
        pytest.param(
            spread(5, 5 * MINUTE), spread(20, 100 * MINUTE, YESTERDAY), True, id="five times as busy"
        ),
    ],
)
def test_many_at_once_are_unusual_for_this_seller(recent: list[int], settled: list[int], burst: bool) -> None:
    assert is_burst(recent, settled, now=NOON, terms=BURST) is burst


def test_the_last_one_of_the_window_still_counts() -> None:
    edge = [NOON, NOON, NOON, NOON, NOON - BURST.minutes * MINUTE]
    assert is_burst(edge, [], now=NOON, terms=BURST)
    assert not is_burst([*edge[:4], edge[4] - 1], [], now=NOON, terms=BURST)


# ---------------------------------------------------------------- who is told


def test_the_seller_is_alerted_when_something_negative_was_said_and_when_it_becomes_negative() -> None:
    negative, positive = left(1), left(5)
    turned = rules.edit(positive.feedback, verdict_of(2, {}, ""), by=BUYER, now=NOON)
    still = rules.edit(turned.feedback, verdict_of(1, {}, ""), by=BUYER, now=NOON)

    assert [told(one.entry) for one in (negative, positive, turned, still)] == [
        Told.NEGATIVE,
        None,
        Told.NEGATIVE,
        None,
    ]


def test_replies_and_moderation_are_told_and_a_withdrawal_is_not() -> None:
    feedback = left(1).feedback
    hid = moderated(feedback, Action.HIDE, Reason.THREAT)
    shown = moderated(hid.feedback, Action.RESTORE, Reason.HIDDEN_IN_ERROR)
    answered = rules.reply(feedback, "Sorry.", by=SELLER, now=NOON)
    gone = rules.withdraw(feedback, by=BUYER, now=NOON)

    assert [told(one.entry) for one in (hid, shown, answered, gone)] == [
        Told.HIDDEN,
        Told.RESTORED,
        Told.REPLIED,
        None,
    ]


def test_an_alert_links_to_the_orders_case_or_to_where_one_can_be_opened_and_repeats_no_word() -> None:
    change = left(1, "The bowl was cracked")
    with_case = notice_of(change.entry, Told.NEGATIVE, change.feedback, "case-7")
    without = notice_of(change.entry, Told.NEGATIVE, change.feedback, None)
    hid = moderated(change.feedback, Action.HIDE, Reason.THREAT)

    assert (with_case.case_id, with_case.link) == ("case-7", "/cases/case-7")
    assert (without.case_id, without.link) == (None, f"/orders/{change.feedback.order_id}")
    assert without.notice_id == "feedback-1:1"
    assert without.attributes == {
        "seller_id": SELLER.id,
        "event": Told.NEGATIVE,
        "kind": "feedback",
        "status": Status.PUBLISHED,
    }
    assert "cracked" not in repr((with_case, without))
    about = notice_of(hid.entry, Told.HIDDEN, hid.feedback, None)
    assert (about.reason, about.link) == (Reason.THREAT, "/feedback/feedback-1")


# ---------------------------------------------------------------- polarity


@pytest.mark.parametrize(
    ("score", "value"),
    [(1, "negative"), (2, "negative"), (3, "neutral"), (4, "positive"), (5, "positive")],
)
def test_stars_point_one_way(score: int, value: str) -> None:
    assert polarity(score, {}, "").value is PolarityValue(value)


# ---------------------------------------------------------------- photos


def test_a_photo_that_was_looked_at_is_a_version_that_the_author_did_not_make() -> None:
    feedback = photographed(A_PHOTO, replace(A_PHOTO, evidence_id="p1.2"))
    change = rules.check_photo(feedback, ACCEPTED, now=NOON)

    assert change
    assert [one.state for one in change.feedback.photos] == ["accepted", "awaiting_upload"]
    assert (change.feedback.version, change.feedback.status) == (feedback.version + 1, feedback.status)
    assert (change.entry.event, change.entry.actor.role) == (Event.PHOTO_CHECKED, Role.POLICY)
    assert told(change.entry) is None


def test_a_photo_that_was_taken_away_or_taken_back_meanwhile_is_not_recorded() -> None:
    feedback = photographed(A_PHOTO)
    without = rules.edit(feedback, feedback.verdict, photos=(), by=BUYER, now=NOON).feedback
    withdrawn = rules.withdraw(feedback, by=BUYER, now=NOON).feedback

    assert rules.check_photo(without, ACCEPTED, now=NOON) is None
    assert rules.check_photo(withdrawn, ACCEPTED, now=NOON) is None


def test_photos_are_few_stay_with_an_edit_of_words_and_stand_in_its_version() -> None:
    few = tuple(replace(A_PHOTO, evidence_id=f"p1.{n}") for n in range(6))
    refused(Code.EVIDENCE_LIMIT, photographed, *few)

    change = rules.edit(photographed(A_PHOTO), verdict_of(1, {}, "No."), by=BUYER, now=NOON)
    assert change.feedback.photos == (A_PHOTO,)
    assert change.entry.data["photos"] == ["p1.1"]


# ---------------------------------------------------------------- read by another model


def read_as(score: int, model: str = "amazon-comprehend") -> Sentiment:
    return Sentiment(score=score, language="en", model=model)


def test_a_comment_read_by_another_model_is_judged_anew_and_names_model_and_score() -> None:
    feedback = left(5, "It came.").feedback
    change = rules.read_comment(feedback, "It came.", read_as(-97), now=NOON)

    assert change
    judged = change.feedback.verdict.polarity
    assert (judged.value, judged.source, judged.comment_score) == (
        PolarityValue.POSITIVE,
        "amazon-comprehend",
        -97,
    )
    assert change.feedback.standing.look is Look.CONTRADICTION
    assert (change.entry.event, change.entry.data) == (
        Event.COMMENT_READ,
        {"score": -97, "model": "amazon-comprehend", "language": "en"},
    )
    assert rules.read_comment(change.feedback, "It came.", read_as(-97), now=NOON) is None


def test_a_contradiction_that_only_the_lexicon_saw_is_no_longer_looked_at() -> None:
    feedback = left(5, "Terrible, broken, awful.").feedback
    assert feedback.standing.look is Look.CONTRADICTION
    change = rules.read_comment(feedback, feedback.verdict.comment, read_as(60), now=NOON)
    assert change
    assert change.feedback.standing.look is None


def test_three_stars_that_another_model_reads_as_a_complaint_alert_the_seller() -> None:
    feedback = left(3, "It came.").feedback
    change = rules.read_comment(feedback, "It came.", read_as(-97), now=NOON)
    assert change
    assert (change.feedback.negative, told(change.entry)) == (True, Told.NEGATIVE)


def test_what_was_said_otherwise_or_taken_back_meanwhile_is_not_judged_by_an_old_comment() -> None:
    feedback = left(5, "It came.").feedback
    withdrawn = rules.withdraw(feedback, by=BUYER, now=NOON).feedback
    assert rules.read_comment(feedback, "It came late.", read_as(-97), now=NOON) is None
    assert rules.read_comment(withdrawn, "It came.", read_as(-97), now=NOON) is None


def test_another_reading_brings_nothing_past_a_reviewer() -> None:
    hid = hidden(left(5, "It came.").feedback)
    change = rules.read_comment(hid, "It came.", read_as(-97), now=NOON)
    assert change
    assert change.feedback.standing == hid.standing
    held = left(5, "It came.", burst=True).feedback
    change = rules.read_comment(held, "It came.", read_as(-97), now=NOON)
    assert change
    assert (change.feedback.status, change.feedback.standing.look) == (Status.HELD, Look.BURST)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"polarity": polarity(1, {}, "")}, True),
        ({"score": 4}, False),
        ({"comment": "Chipped."}, False),
        ({"dimensions": {Dimension.DELIVERY: 5}}, False),
    ],
)
def test_the_same_words_are_the_same_whichever_model_has_read_them(
    change: Mapping[str, Any], same: bool
) -> None:
    said = verdict_of(5, {}, "Lovely.")
    assert replace(said, **change).says_as(said) is same
