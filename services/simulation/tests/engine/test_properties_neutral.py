"""Section 12, neutral cases: N1 to N6, exactly and by either engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_common.responses import encode_data
from etter_simulation.engine.metrics import ROLE_METRICS, STATS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import run

from ..factories import BUSY, STILL, engineer, guard, marketing, request
from .rows import Rows, play

pytestmark = [
    pytest.mark.timeout(600),  # the first test may have to compile the engine
    pytest.mark.parametrize("engine", ["cohort", "agent"]),
]
NOBODY_QUITS = {"attrition": {"monthly_quit": 0}}


def assert_nothing_is_automated(rows: Rows, role: int = 0) -> None:
    for metric in ("avg_automation_rate", "auto_time_automated", "released_fte"):
        assert (rows.role(metric, role) == 0).all()


def assert_people_and_work_stay_even(rows: Rows, role: int = 0) -> None:
    heads = rows.role("count", role)
    assert (heads == heads[0]).all()
    assert (rows.role("avg_unused_output_capacity", role) == 0).all()
    assert (rows.role("avg_time_per_employee", role) == 1).all()


class TestNeutral:
    @pytest.mark.parametrize("mode", ["ceiling", "intensity"])
    def test_n1_no_automation(self, engine: str, mode: str) -> None:
        settings = {"automation_factor": 0, "adoption": {"mode": mode, "p": 0.5}, "engine": engine}
        assert_nothing_is_automated(play(request(engineer(), **settings)))
        rows = play(request(engineer(), **settings, **NOBODY_QUITS))
        assert_nothing_is_automated(rows)
        assert_people_and_work_stay_even(rows)

    @pytest.mark.parametrize("factor", [0.3, 1.0])
    def test_n2_a_role_without_auto_work(self, engine: str, factor: float) -> None:
        settings = {"automation_factor": factor, "adoption": {"p": 5, "mixing": 1.0}, "engine": engine}
        assert_nothing_is_automated(play(request(engineer(), guard(), **settings)), role=1)
        rows = play(request(engineer(), guard(), **settings, **NOBODY_QUITS))
        assert_nothing_is_automated(rows, role=1)
        assert_people_and_work_stay_even(rows, role=1)
        assert rows.role("released_fte")[-1].min() > 0

    def test_n3_neither_innovators_nor_imitators(self, engine: str) -> None:
        settings = {"automation_factor": 1, "adoption": {"p": 0, "q": 0}, "engine": engine}
        assert_nothing_is_automated(play(request(engineer(), **settings)))
        assert_people_and_work_stay_even(play(request(engineer(), **settings, **NOBODY_QUITS)))
        # imitators alone have nobody to imitate
        assert_nothing_is_automated(play(request(engineer(), **{**settings, "adoption": {"p": 0, "q": 10}})))

    def test_n4_without_staffing_only_adoption_moves(self, engine: str) -> None:
        rows = play(request(engineer(), engine=engine, **STILL))
        assert (rows.role("count") == 300).all()
        assert (rows.total("payroll") == rows.total("payroll")[0]).all()
        x = 1 - rows.role("released_fte") / 300
        assert np.allclose(rows.role("avg_time_per_employee"), x, atol=1e-9)
        assert np.allclose(rows.role("avg_unused_output_capacity"), 1 / x - 1, atol=1e-8)
        assert x[-1].max() < 1

    @pytest.mark.parametrize("mode", ["ceiling", "intensity"])
    def test_n5_nothing_is_attributed_without_automation(self, engine: str, mode: str) -> None:
        settings = {**BUSY, "adoption": {**BUSY["adoption"], "mode": mode}}
        result = run(request(engineer(60), marketing(40), guard(30), automation_factor=0, engine=engine, **settings))
        attributed = [at for at, metric in enumerate(result.company_metrics) if metric.startswith("attributed_")]
        assert len(attributed) == 9
        assert (result.company[attributed] == 0).all()


class TestEdges:
    """N6: no error, and nothing but numbers and null in JSON."""

    @pytest.mark.parametrize(
        "settings",
        [
            {"roles": [engineer(0)]}, {"roles": [engineer(0), marketing(0)], "steps": 0}, {"roles": [guard()]},
            {"roles": [engineer(), marketing()], "n_iterations": 1, "steps": 0}, {"roles": [engineer(1)], **BUSY},
            {"roles": [engineer(5)], "attrition": {"monthly_quit": 1.0}, "backfill": {"policy": "none"}},
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("iterations", [1, 3])
    def test_n6_small_companies(self, engine: str, settings: dict[str, Any], iterations: int) -> None:
        asked = SimulationRequest.model_validate(
            {"automation_factor": 0.5, "steps": 4, "engine": engine, "n_iterations": iterations, "seed": 7, **settings}
        )
        result = run(asked)
        assert result.company.shape == (len(result.company_metrics), len(STATS), asked.steps + 1)
        assert not np.isinf(result.company).any()
        assert not np.isinf(result.roles).any()
        assert not np.isnan(result.roles[:, ROLE_METRICS.index("count")]).any()
        sent = encode_data({"company": result.company.tolist(), "roles": result.roles.tolist(), **result.summary})
        assert b"NaN" not in sent
        assert b"Infinity" not in sent

    def test_n6_an_empty_role_has_no_averages(self, engine: str) -> None:
        rows = play(request(engineer(0), steps=3, engine=engine))
        for metric in ("avg_time_per_employee", "avg_unused_output_capacity"):
            assert np.isnan(rows.role(metric)).all()
            assert np.isnan(rows.total(metric)).all()
        assert np.isnan(rows.total("automation")).all()
        assert (rows.role("count") == 0).all()
