from __future__ import annotations

import pytest

from etter_common.ratelimit import DEFAULT, Policy
from etter_common.ratelimit.policy import decide

FIVE = Policy("five", limit=5, window_s=60)
SECOND_US = 1_000_000


class TestHeaders:
    def test_they_follow_the_draft(self) -> None:
        headers = decide(FIVE, True, 12 * SECOND_US, cost=1).headers()
        assert headers == {"RateLimit-Policy": '"five";q=5;w=60', "RateLimit": '"five";r=4;t=12'}

    def test_a_refusal_says_when_to_come_back(self) -> None:
        one = Policy("one", limit=1, window_s=30)
        assert decide(one, False, 30 * SECOND_US, cost=1).headers()["Retry-After"] == "30"

    def test_lent_units_count_as_left(self) -> None:
        assert decide(FIVE, True, 48 * SECOND_US, cost=1, unspent=3).remaining == 4


class TestPolicy:
    def test_the_defaults(self) -> None:
        assert (DEFAULT.limit, DEFAULT.window_s) == (1000, 60)

    @pytest.mark.parametrize(("limit", "window_s"), [(0, 60), (1, 0)])
    def test_one_that_allows_nothing_is_refused(self, limit: int, window_s: int) -> None:
        with pytest.raises(ValueError, match="at least one unit"):
            Policy("none", limit, window_s)
