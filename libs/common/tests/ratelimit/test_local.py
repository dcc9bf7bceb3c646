from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from etter_common.ratelimit import LocalLimits, Policy
from etter_common.ratelimit.local import Loans

FIVE = Policy("five", limit=5, window_s=60)


class TestLocalLimits:
    @given(
        limit=st.integers(1, 50),
        window_s=st.integers(1, 100),
        pauses=st.lists(st.floats(0, 20), min_size=1, max_size=200),
    )
    def test_never_more_than_twice_the_quota_in_any_window(
        self, limit: int, window_s: int, pauses: list[float]
    ) -> None:
        """GCRA allows a full quota at once and another one while it comes back."""
        now = 1000.0
        limits = LocalLimits(lambda: now)
        policy = Policy("p", limit, window_s)
        allowed_at = []
        for pause in pauses:
            now += pause
            if limits.take("a", policy, 1)[0]:
                allowed_at.append(now)
        for start in allowed_at:
            in_window = sum(start <= moment < start + window_s for moment in allowed_at)
            assert in_window <= 2 * limit

    def test_the_number_of_keys_is_bounded(self) -> None:
        limits = LocalLimits(lambda: 0.0, max_keys=10)
        for number in range(100):
            limits.take(str(number), FIVE, 1)
        assert len(limits) == 10


class TestLoans:
    def test_a_loan_is_spent_and_not_more(self) -> None:
        loans = Loans(lambda: 0.0)
        loans.lend("a", FIVE, 2, until_full_us=0)
        spent = [loans.spend("a", FIVE, 1) for _ in range(3)]
        assert [decision is not None for decision in spent] == [True, True, False]

    def test_it_ends_with_the_window(self) -> None:
        now = 0.0
        loans = Loans(lambda: now)
        loans.lend("a", FIVE, 2, until_full_us=0)
        now = 60.0
        assert loans.spend("a", FIVE, 1) is None
        assert loans.take_back("a", FIVE) == 0

    def test_what_is_taken_back_is_gone(self) -> None:
        loans = Loans(lambda: 0.0)
        loans.lend("a", FIVE, 2, until_full_us=0)
        assert loans.take_back("a", FIVE) == 2
        assert loans.spend("a", FIVE, 1) is None

    def test_the_number_of_keys_is_bounded(self) -> None:
        loans = Loans(lambda: 0.0, max_keys=10)
        for number in range(100):
            loans.lend(str(number), FIVE, 1, until_full_us=0)
        assert len(loans) == 10
