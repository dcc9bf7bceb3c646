"""How a run is split."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.settings import ServiceSettings
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.engine.precision import STEP
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations.chunks.plan import Plan, plan_for, work_of_one

from ...factories import request

WORK = 2 * 2 * 37
"""Role-months of one iteration of two roles and 36 steps, the counterfactual's too."""


def limits(given: ServiceSettings, **more: Any) -> SimulationSettings:
    wide = {"max_inline_work": 20 * WORK, "chunk_work": 7 * WORK, "max_exact_values": 10**9}
    found = given.model_copy(update={**wide, **more})
    assert isinstance(found, SimulationSettings)
    return found


class TestPlanFor:
    def test_a_small_run_is_played_at_once(self, settings: ServiceSettings) -> None:
        assert plan_for(request(), limits(settings)) == Plan(None, "exact")

    def test_a_larger_one_is_shared_out(self, settings: ServiceSettings) -> None:
        plan = plan_for(request(n_iterations=21), limits(settings))
        assert plan == Plan(7, "exact")
        assert plan.spans(17) == [(0, 7), (7, 14), (14, 17)]

    def test_beyond_the_limit_of_rows_it_is_sketched_and_shared_out(self, settings: ServiceSettings) -> None:
        values = 20 * 2 * 37 * len(ROLE_METRICS)
        assert plan_for(request(), limits(settings, max_exact_values=values)).quantiles == "exact"
        assert plan_for(request(), limits(settings, max_exact_values=values - 1)) == Plan(7, "sketch")

    def test_a_chunk_has_at_least_one_iteration(self, settings: ServiceSettings) -> None:
        assert plan_for(request(n_iterations=21), limits(settings, chunk_work=1)).chunk_iterations == 1

    @pytest.mark.parametrize(("size", "chunk"), [(7, 5), (30, 25), (1000, STEP)])
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
        assert work_of_one(request(engine="agent")) == 21 * WORK  # 400 heads like 40 roles more
