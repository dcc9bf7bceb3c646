"""Section 12, invariance: I1 to I7."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.build import build
from etter_simulation.engine.mean_field import expect
from etter_simulation.engine.metrics import COMPANY_METRICS, MONEY, ROLE_METRICS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Result, run

from ..factories import BUSY, STILL, clerk, engineer, guard, marketing, request, workload
from .rows import play

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
either_engine = pytest.mark.parametrize("engine", ["cohort", "agent"])


def busy(**more: Any) -> SimulationRequest:
    return request(engineer(120), marketing(80), guard(60), **{**BUSY, **more})


def assert_same_bytes(one: Result, other: Result) -> None:
    assert one.company.tobytes() == other.company.tobytes()
    assert one.roles.tobytes() == other.roles.tobytes()
    assert one.summary == other.summary


def z_between(one: Any, other: Any) -> float:
    """Of two independent samples' means."""
    error = math.hypot(one.std(ddof=1) / len(one) ** 0.5, other.std(ddof=1) / len(other) ** 0.5)
    return float((one.mean() - other.mean()) / error)


class TestRoles:
    @either_engine
    def test_i1_roles_carry_their_random_numbers_along(self, engine: str) -> None:
        """Nearer pairs are served first, so whose turn it is does not depend on the order of roles."""
        near = [("Engineer", "Marketing", 0.5), ("Marketing", "Engineer", 0.6), ("Guard", "Engineer", 0.7)]
        distance = [{"source": a, "target": b, "distance": d} for a, b, d in near]
        settings = {
            **BUSY,
            "redeployment": {"enabled": True, "distance": distance, "max_distance": 1},
            "engine": engine,
        }
        straight = play(request(engineer(60), marketing(40), guard(30), **settings))
        turned = request(guard(30), engineer(60), marketing(40), **settings)
        model = build(turned)
        model.roles["index"] = [2, 0, 1]
        found = play(turned, model=model)
        assert (found.roles[:, [1, 2, 0]] == straight.roles).all()
        assert found.roles[:, :, ROLE_METRICS.index("moved_in")].sum() > 0
        counts = [COMPANY_METRICS.index(m) for m in ("heads", "quits", "hires", "laid_off", "released_fte")]
        assert (found.company[:, counts] == straight.company[:, counts]).all()

    def test_i1_two_bands_of_a_role_are_as_good_as_one(self) -> None:
        """Bands look at each other only where the whole company is looked at."""
        settings = {
            "adoption": {"p": 0.3, "q": 1.5, "mixing": 1.0}, "attrition": {"monthly_quit": 0.02},
            "backfill": {"policy": "none"}, "n_iterations": 4000, "steps": 24,
        }  # fmt: skip
        whole = play(request(clerk(100), **settings))
        bands = play(request(clerk(70), clerk(30, role="Clerk, senior"), seed=8, **settings))
        for metric in ("heads", "automation", "released_fte", "quits", "licences", "cum_one_off"):
            for step in (3, 12, 24):
                assert abs(z_between(bands.total(metric)[step], whole.total(metric)[step])) < 4, metric

    @either_engine
    def test_i7_a_role_at_the_end_leaves_the_others_as_they_are(self, engine: str) -> None:
        settings = {"engine": engine, "layoffs": {"policy": "surplus"}, "adoption": {"p": 1}}
        alone = play(request(engineer(60), marketing(40), **settings))
        more = play(request(engineer(60), marketing(40), guard(30), **settings))
        assert (alone.roles == more.roles[:, :2]).all()


class TestWorkloads:
    def test_i2_halves_of_a_workload_are_as_good_as_the_whole_and_vary_less(self) -> None:
        settings = {"adoption": {"p": 0.3, "q": 1.5}, "n_iterations": 4000, "steps": 24, **STILL}
        halves = clerk(80)
        halves["workloads"] = [workload("Type", "Auto", 0.5, 0.5), workload("Read", "Auto", 0.5, 0.5)]
        one, two = play(request(clerk(80), **settings)), play(request(halves, seed=8, **settings))
        for step in (3, 12, 24):
            x_one, x_two = (1 - rows.role("released_fte")[step] / 80 for rows in (one, two))
            assert abs(z_between(x_two, x_one)) < 4
            assert x_two.var() < x_one.var() * (1 + 4 * (4 / 4000) ** 0.5)  # 4 standard errors of a ratio of two


class TestScale:
    def test_i3_ten_times_the_people_are_less_scattered_and_nearer_the_limit(self) -> None:
        """Where heads follow a falling n* closely, whole posts scatter fractions too, and that falls faster: by 10."""
        settings = {"n_iterations": 4000, "steps": 60}
        small, large = (play(request(engineer(n), **settings)) for n in (300, 3000))
        limit = expect(request(engineer(3000), **settings))
        for metric in ("automation", "avg_time_per_employee", "employees"):
            expected = limit.company[COMPANY_METRICS.index(metric)]
            for step in (12, 24, 60):
                few, many = small.total(metric)[step], large.total(metric)[step]
                assert few.std() / many.std() == pytest.approx(10**0.5, rel=0.15)
                error = 4 * many.std() / 4000**0.5
                assert abs(many.mean() - expected[step]) < abs(few.mean() - expected[step]) + error


class TestMoney:
    @either_engine
    @pytest.mark.parametrize("times", [2, 3])
    def test_i4_salaries_scale_money_and_leave_people(self, times: int, engine: str) -> None:
        """Without fixed costs, and with pay that is a whole number of the smallest unit each month."""
        costs = {"hire": 0, "licence_per_seat_month": 0, "reskill": 0, "on_cost": 0.5, "training_hours": 2080}
        settings = {**BUSY, "costs": costs, "engine": engine}
        low = play(request(engineer(60, salary=24_000), marketing(40, salary=36_000), **settings))
        roles = engineer(60, salary=24_000 * times), marketing(40, salary=36_000 * times)
        high = play(request(*roles, **settings))
        assert (low.roles == high.roles).all()
        for at, metric in enumerate(COMPANY_METRICS):
            factor = times if metric in MONEY else 1
            assert (low.company[:, at] * factor == high.company[:, at]).all(), metric
        assert low.company[:, COMPANY_METRICS.index("one_off")].sum() > 0


class TestSplitting:
    """I5 and I6: how the work is split, and how much of it there is, leaves no trace."""

    @pytest.mark.parametrize(
        "split",
        [
            {"chunk": 1}, {"chunk": 7}, {"chunk": 19, "threads": 2}, {"threads": 4}, {"months_at_once": 1},
            {"months_at_once": 5, "chunk": 3, "threads": 3},
        ],
    )  # fmt: skip
    @either_engine
    def test_i5_the_result_is_the_same_to_the_byte(self, split: dict[str, int], engine: str) -> None:
        asked = busy(engine=engine, n_iterations=20)
        assert_same_bytes(run(asked), run(asked, **split))  # type: ignore[arg-type]  # keywords by name

    def test_i5_another_seed_gives_another_result(self) -> None:
        assert run(busy()).company.tobytes() != run(busy(seed=8)).company.tobytes()

    def test_i5_without_a_seed_it_is_derived_from_the_request(self) -> None:
        assert_same_bytes(run(busy(seed=None)), run(busy(seed=None)))

    @either_engine
    def test_i6_more_iterations_leave_the_earlier_ones_as_they_are(self, engine: str) -> None:
        few, many = play(busy(n_iterations=5, engine=engine)), play(busy(n_iterations=12, engine=engine))
        assert (few.roles == many.roles[..., :5]).all()
        assert (few.company == many.company[..., :5]).all()
        late = play(busy(n_iterations=7, engine=engine), first=5)
        assert (late.company == many.company[..., 5:]).all()
        assert np.ptp(many.total("heads")[-1]) > 0
