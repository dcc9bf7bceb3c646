"""How a run is split."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.settings import ServiceSettings
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.precision import STEP
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations.chunks.plan import BLOCK, LEAST, Plan, plan_for, work_of_one

from ...factories import request

WORK = 2 * 2 * 37
"""Role-months of one iteration of two roles and 36 steps, the counterfactual's too."""


def limits(given: ServiceSettings, **more: Any) -> SimulationSettings:
    wide = {"max_inline_work": 20 * WORK, "chunk_work": 40 * WORK, "max_exact_values": 10**9}
    found = given.model_copy(update={**wide, **more})
    assert isinstance(found, SimulationSettings)
    return found


class TestPlanFor:
    def test_a_small_run_is_played_at_once(self, settings: ServiceSettings) -> None:
        assert plan_for(request(), limits(settings)) == Plan(None, "exact")

    def test_a_larger_one_is_shared_out(self, settings: ServiceSettings) -> None:
        plan = plan_for(request(n_iterations=600), limits(settings, chunk_work=200 * WORK))
        assert plan == Plan(200, "exact")
        assert plan.spans(450) == [(0, 200), (200, 400), (400, 450)]

    def test_beyond_the_limit_of_rows_it_is_sketched_and_shared_out(self, settings: ServiceSettings) -> None:
        values = 20 * 2 * 37 * len(ROLE_METRICS)
        assert plan_for(request(), limits(settings, max_exact_values=values)).quantiles == "exact"
        assert plan_for(request(), limits(settings, max_exact_values=values - 1)) == Plan(20, "sketch")

    def test_a_chunk_has_at_least_one_iteration(self, settings: ServiceSettings) -> None:
        assert plan_for(request(n_iterations=21), limits(settings, chunk_work=1)).chunk_iterations == 1

    @pytest.mark.parametrize(
        ("wanted", "chunk"), [(2, 8), (30, 120), (50, LEAST), (200, 200), (300, BLOCK), (600, 2 * BLOCK)]
    )
    def test_chunks_are_what_the_engine_plays_well(self, settings: ServiceSettings, wanted: int, chunk: int) -> None:
        asked = request(n_iterations=5_000)
        assert plan_for(asked, limits(settings, chunk_work=wanted * WORK)).chunk_iterations == chunk

    def test_agents_are_played_as_well_in_any_number(self, settings: ServiceSettings) -> None:
        asked = request(n_iterations=5_000, engine="agent")
        assert plan_for(asked, limits(settings, chunk_work=3 * work_of_one(asked))).chunk_iterations == 3

    @pytest.mark.parametrize(("size", "chunk"), [(1, 4), (7, 25), (1000, STEP)])
    def test_a_step_of_the_stopping_rule_is_whole_chunks(
        self, settings: ServiceSettings, size: int, chunk: int
    ) -> None:
        asked = request(n_iterations=2000, precision=[{"output": "heads", "standard_error": 1}])
        assert plan_for(asked, limits(settings, chunk_work=size * WORK)).chunk_iterations == chunk


class TestWorkOfOne:
    def test_the_counterfactual_is_half_of_it(self) -> None:
        assert work_of_one(request()) == 2 * work_of_one(request(counterfactual=False)) == WORK

    def test_what_is_not_known_is_played_twice(self) -> None:
        assert work_of_one(request(uncertainty={"adoption.q": {"uniform": [0.2, 0.6]}})) == 2 * WORK

    def test_agents_weigh_by_their_heads(self) -> None:
        assert work_of_one(request(engine="agent")) == 51 * WORK  # 400 heads like 100 roles more
