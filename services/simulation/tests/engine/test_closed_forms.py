"""Section 12, closed forms: C1 to C8, |z| < 4 with at least 2,000 iterations and fixed seeds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.build import build
from etter_simulation.engine.staffing import required_heads

from ..factories import STILL, clerk, engineer, marketing, request, workload
from .rows import Rows, play, watch, z_score

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
MANY = 2000
either_engine = pytest.mark.parametrize("engine", ["cohort", "agent"])


def hazard(p: float, speed: float = 1.0) -> float:
    return 1 - math.exp(-speed * p / 12)


def innovators(h: float, learn: float, t: int) -> tuple[float, float, float]:
    """Shares of N, L and P after t months (C1)."""
    none = (1 - h) ** t
    alike = math.isclose(h, learn)
    learning = t * h * (1 - h) ** (t - 1) if alike else h * ((1 - learn) ** t - none) / (h - learn)
    return none, learning, 1 - none - learning


def bass(p: float, q: float, months: int, speed: float = 1.0) -> list[float]:
    """The adopted share of infinitely many people, by month (C5)."""
    adopted = [0.0]
    for _ in range(months):
        adopted.append(adopted[-1] + (1 - adopted[-1]) * hazard(p + q * adopted[-1], speed))
    return adopted


def with_demand(asked: Any, demand: float) -> Rows:
    """Played with a demand that does not change after the start."""
    model = build(asked)
    model.demand[:] = demand
    return play(asked, model=model)


class TestInnovators:
    @either_engine
    @pytest.mark.parametrize(("months", "p"), [(3.0, 1.5), (4.0, -12 * math.log(0.75))])
    def test_c1_expected_stages_and_time(self, engine: str, months: float, p: float) -> None:
        """The second case has h = l = 1/4, where the general form has no value."""
        h, learn, n = hazard(p), 1 / months, 50
        settings = {"adoption": {"p": p, "q": 0}, "learning": {"months": months}, "engine": engine}
        seen = watch(request(clerk(n), n_iterations=MANY, steps=12, **settings, **STILL))
        for t in (1, 2, 5, 12):
            none, learning, proficient = innovators(h, learn, t)
            stages = seen.stages[t, :, 0]
            assert abs(z_score(stages["none"], n * none)) < 4
            assert abs(z_score(stages["learning"], n * learning)) < 4
            if t > 1:  # who adopts this month is proficient next month at the earliest
                assert abs(z_score(stages["proficient"], n * proficient)) < 4
            x = 1 - 0.5 * (0.5 * learning + proficient)
            assert abs(z_score(1 - seen.rows.role("released_fte")[t] / n, x)) < 4

    @either_engine
    def test_c2_who_has_not_adopted_is_binomial(self, engine: str) -> None:
        h, n = hazard(1.5), 50
        settings = {"adoption": {"p": 1.5, "q": 0}, "engine": engine}
        seen = watch(request(clerk(n), n_iterations=MANY, steps=8, **settings, **STILL))
        for t in (1, 4, 8):
            share = (1 - h) ** t
            none = seen.stages[t, :, 0]["none"]
            assert abs(z_score((none - n * share) ** 2, n * share * (1 - share))) < 4


class TestStaffing:
    @either_engine
    def test_c3_attrition_and_freeze(self, engine: str) -> None:
        settings = {"attrition": {"monthly_quit": 0.03}, "backfill": {"policy": "none"}, "engine": engine}
        rows = play(request(clerk(80), automation_factor=0, n_iterations=MANY, steps=20, **settings))
        for t in (1, 6, 20):
            stay, heads = 0.97**t, rows.role("count")[t]
            assert abs(z_score(heads, 80 * stay)) < 4
            assert abs(z_score((heads - 80 * stay) ** 2, 80 * stay * (1 - stay))) < 4

    @either_engine
    def test_c4_backfill(self, engine: str) -> None:
        quits, fill, expected = 0.04, 0.4, 80.0
        settings = {"attrition": {"monthly_quit": quits}, "backfill": {"fill_months": 1 / fill}, "engine": engine}
        rows = play(request(clerk(80), automation_factor=0, n_iterations=MANY, steps=60, **settings))
        for step in range(1, 61):
            expected = (1 - fill) * (1 - quits) * expected + fill * 80
            assert abs(z_score(rows.role("count")[step], expected)) < 4
        limit = fill * 80 / (1 - (1 - fill) * (1 - quits))
        assert abs(z_score(rows.role("count")[60], limit)) < 4

    @either_engine
    def test_c8_layoffs_of_a_frozen_surplus(self, engine: str) -> None:
        settings = {
            "adoption": {"p": 0, "q": 0}, "attrition": {"monthly_quit": 0}, "backfill": {"policy": "none"},
            "layoffs": {"policy": "surplus", "patience_months": 0, "monthly_share": 0.1}, "engine": engine,
        }  # fmt: skip
        rows = with_demand(request(clerk(200), n_iterations=MANY, steps=10, **settings), 120.0)
        surplus = rows.role("count") - 120
        for step in range(1, 11):
            assert abs(z_score(surplus[step], 80 * 0.9**step)) < 4


class TestBass:
    P, Q, T = 0.1, 1.0, 48

    def adopted(self, n: int, iterations: int) -> Any:
        asked = request(clerk(n), adoption={"p": self.P, "q": self.Q}, n_iterations=iterations, steps=self.T, **STILL)
        return 1 - play(asked).state.stages["none"][:, 0] / n

    def test_c5_many_people_follow_the_recursion(self) -> None:
        limit = bass(self.P, self.Q, self.T)[-1]
        found = self.adopted(1_000_000, MANY)
        assert abs(z_score(found, limit)) < 4
        assert found.std() < 0.001

    def test_c5_few_people_lie_below_it_by_the_order_of_one_over_n(self) -> None:
        limit = bass(self.P, self.Q, self.T)[-1]
        few, more = self.adopted(50, 10_000), self.adopted(200, 10_000)
        assert z_score(few, limit) < -4
        assert z_score(more, limit) < -4
        gaps = limit - few.mean(), limit - more.mean()
        error = math.hypot(50 * few.std() / 100, 200 * more.std() / 100)
        assert abs(50 * gaps[0] - 200 * gaps[1]) < 4 * error

    def test_c6_small_rates_follow_continuous_time(self) -> None:
        """Skill 0.9 drags: a year of the model is exp(-0.4) years of the formula."""
        p, q, speed = 0.03, 0.38, math.exp(0.5 - 0.9)
        role = clerk(1_000_000)
        role["workloads"] = [workload("Type", "Auto", 0.9, 1.0)]
        seen = watch(request(role, adoption={"p": p, "q": q}, n_iterations=MANY, steps=180, **STILL))
        for t in (12, 60, 120, 180):
            y = t / 12 * speed
            fading = math.exp(-(p + q) * y)
            expected = (1 - fading) / (1 + q / p * fading)
            found = 1 - seen.stages[t, :, 0]["none"].mean() / 1_000_000
            assert found == pytest.approx(expected, rel=0.02)


class TestSaturation:
    FAST: dict[str, Any] = {"adoption": {"p": 10, "q": 10}, "learning": {"months": 1}}  # noqa: RUF012 - not changed

    def test_c7_time_ends_at_what_is_not_automated(self) -> None:
        rows = play(request(engineer(50), marketing(100), steps=240, **self.FAST, **STILL))
        assert rows.role("released_fte")[-1] == pytest.approx(50 * 0.35)
        assert rows.role("released_fte", 1)[-1] == pytest.approx(100 * 0.275)
        assert rows.role("auto_time_automated")[-1] == pytest.approx(0.5)

    def test_c7_a_workloads_ceiling_bounds_it(self) -> None:
        role = clerk()
        role["workloads"] = [workload("Type", "Auto", 0.5, 0.8, ceiling=0.4), workload("Talk", "Non-Auto", 0.5, 0.2)]
        rows = play(request(role, steps=120, **self.FAST, **STILL))
        assert rows.role("released_fte")[-1] == pytest.approx(50 * 0.5 * 0.8 * 0.4)

    @pytest.mark.parametrize(("threshold", "heads"), [(0.0, (33, 73)), (0.1, None), (1.0, None)])
    def test_c7_heads_end_at_what_is_required(self, threshold: float, heads: tuple[int, int] | None) -> None:
        settings = {
            **self.FAST, "attrition": {"monthly_quit": 0}, "consolidation": {"threshold": threshold},
            "layoffs": {"policy": "surplus", "patience_months": 0, "monthly_share": 1.0},
        }  # fmt: skip
        rows = play(request(engineer(50), marketing(100), steps=240, **settings))
        for role, (n0, x) in enumerate(((50, 0.65), (100, 0.725))):
            required = min(n0, math.ceil(n0 * x / (1 - threshold * x) - 1e-9))
            assert (rows.role("count", role)[-1] == required).all()
            assert required_heads(float(n0), x, threshold) == required
            assert heads is None or heads[role] == required


def test_the_recursion_is_its_own_definition() -> None:
    assert np.allclose(bass(0.12, 0.0, 2), [0, hazard(0.12), 1 - (1 - hazard(0.12)) ** 2])
