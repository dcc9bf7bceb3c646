from __future__ import annotations

import math

import pytest

from etter_common.clock import monotonic
from etter_common.freshness import Freshness


class TestFreshness:
    def test_nothing_is_current_before_it_was_confirmed(self) -> None:
        assert Freshness(max_age_s=3600).age_s == math.inf
        assert not Freshness(max_age_s=3600).is_current

    def test_a_copy_that_nothing_feeds_always_counts(self) -> None:
        assert Freshness().is_current

    @pytest.mark.parametrize(("ago_s", "is_current"), [(0, True), (3500, True), (3700, False)])
    def test_it_counts_up_to_its_age(self, ago_s: float, is_current: bool) -> None:
        copy = Freshness(max_age_s=3600)
        copy.confirm(monotonic() - ago_s)
        assert copy.is_current is is_current

    def test_an_earlier_moment_changes_nothing(self) -> None:
        copy = Freshness(max_age_s=3600)
        copy.confirm(monotonic())
        copy.confirm(monotonic() - 3700)
        assert copy.is_current
