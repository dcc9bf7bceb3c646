"""Section 12, monotonicity: M1 to M4."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etter_simulation.engine.staffing import required_heads

from ..factories import STILL, engineer, marketing, request
from .rows import Rows, play, z_score

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
FACTORS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
share = st.floats(0, 1)


def with_factors(**more: Any) -> list[Rows]:
    """The same request at rising automation."""
    return [play(request(automation_factor=factor, **more)) for factor in FACTORS]


class TestPathwise:
    @pytest.mark.parametrize("engine", ["cohort", "agent"])
    def test_m1_released_time_is_linear_in_automation(self, engine: str) -> None:
        released = [rows.role("released_fte") for rows in with_factors(engine=engine, adoption={"p": 0.5}, **STILL)]
        for factor, found in zip(FACTORS, released, strict=True):
            assert np.allclose(found, factor * released[-1], atol=1e-6)
        assert released[-1][-1].min() > 0

    def test_m1_it_never_falls_even_where_the_floor_binds(self) -> None:
        consolidation = {"min_time_share": 0.75}
        paths = with_factors(adoption={"p": 2.0}, consolidation=consolidation, steps=60, **STILL)
        released = [rows.role("released_fte") for rows in paths]
        for less, more in pairwise(released):
            assert (more >= less).all()
        assert released[-1].max() == pytest.approx(300 * 0.25)

    @pytest.mark.parametrize("engine", ["cohort", "agent"])
    @pytest.mark.parametrize("policy", ["none", "to_original"])
    def test_m4_staffing_that_ignores_automation_is_the_same_path(self, policy: str, engine: str) -> None:
        def heads(**changed: Any) -> Any:
            rows = play(request(engineer(), marketing(), backfill={"policy": policy}, engine=engine, **changed))
            return rows.total("heads")

        base = heads()
        assert (base == heads(automation_factor=0.9)).all()
        assert (base == heads(adoption={"p": 0.5, "q": 0.1})).all()
        assert (base == heads(consolidation={"threshold": 0.9})).all()
        assert base.std() > 0

    def test_m4_backfill_to_what_is_required_does_not_ignore_it(self) -> None:
        low, high = (play(request(automation_factor=a, adoption={"p": 2})).total("heads") for a in (0.1, 0.9))
        assert (low != high).any()


class TestInTheMean:
    @pytest.mark.parametrize(
        "policy",
        [
            {}, {"layoffs": {"policy": "surplus"}}, {"backfill": {"policy": "to_original"}},
            {"layoffs": {"policy": "surplus"}, "redeployment": {"enabled": True, "max_distance": 1.0}},
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("mode", ["ceiling", "intensity"])
    def test_m2_mean_released_time_does_not_fall_with_automation(self, policy: dict[str, Any], mode: str) -> None:
        adoption = {"mode": mode, "p": 0.3, "q": 0.8}
        paths = with_factors(n_iterations=400, steps=48, adoption=adoption, attrition={"monthly_quit": 0.03}, **policy)
        for less, more in pairwise(rows.total("released_fte") for rows in paths):
            for step in (6, 24, 48):
                assert z_score(more[step] - less[step], 0.0) > -3


class TestRequiredHeads:
    """M3; the time needed falls with every a_rw, so it stands for them."""

    @settings(deadline=None)
    @given(st.floats(0, 1e6), share, share, share)
    def test_m3_never_more_with_more_automation(
        self, demand: float, one: float, other: float, threshold: float
    ) -> None:
        less, more = sorted((one, other))
        assert required_heads(demand, less, threshold) <= required_heads(demand, more, threshold)

    @settings(deadline=None)
    @given(st.floats(0, 1e6), share, share, share)
    def test_m3_never_less_with_a_higher_threshold(self, demand: float, time: float, one: float, other: float) -> None:
        low, high = sorted((one, other))
        assert required_heads(demand, time, low) <= required_heads(demand, time, high)
