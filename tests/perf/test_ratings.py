"""What a hot seller costs: the same for every feedback and every reader, however many feedbacks there are."""

import pytest

from aftersales.adapters.tables import RATING_SHARDS
from tools.bench.ratings import hot_seller

FEW, MANY = 100, 2_000


@pytest.mark.parametrize("feedbacks", [FEW, MANY])
def test_a_feedback_is_counted_in_a_transaction_for_each_of_its_ratings(feedbacks: int) -> None:
    found = hot_seller(feedbacks)
    assert found.transactions == 2
    # What is counted, a month and the whole: a kilobyte each, but for a month that is busy on each of its days.
    assert 2 * 3 * 2 <= found.write.write <= 2 * (3 + 1) * 2


def test_a_rating_is_read_for_the_same_however_many_feedbacks_there_are() -> None:
    for feedbacks in (FEW, MANY):
        found = hot_seller(feedbacks)
        assert found.queries == RATING_SHARDS
        # Thirteen months and the whole are at most 16 kB a shard, read as they may be a moment old.
        assert found.read.read <= RATING_SHARDS * 4 * 0.5


def test_what_is_written_is_spread_over_all_shards() -> None:
    shares = hot_seller(MANY).shares
    assert len(shares) == RATING_SHARDS
    assert all(0.5 / RATING_SHARDS < share < 1.5 / RATING_SHARDS for share in shares)
