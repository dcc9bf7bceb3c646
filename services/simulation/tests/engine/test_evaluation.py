"""Rows and expected curves against whole runs."""

from __future__ import annotations

import numpy as np
import pytest

from etter_simulation.engine.evaluation import play, spans
from etter_simulation.engine.expectation import auto_workloads, expected_curves
from etter_simulation.engine.metrics import STATS
from etter_simulation.engine.run import run

from ..factories import BUSY, STILL, engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


class TestPlay:
    def test_means_are_those_of_a_run(self) -> None:
        asked = request(engineer(120), marketing(80), guard(), **BUSY)
        rows, result = play(asked, 0, 20, with_roles=True, attributed=True), run(asked)
        for metric in ("heads", "one_off", "avg_time_per_employee", "attributed_cum_net", "attributed_released_fte"):
            mean = result.company[result.company_metrics.index(metric), STATS.index("mean")]
            assert rows.of_company(metric).mean(axis=1) == pytest.approx(mean)
        assert rows.of_role(1, "released_fte").mean(axis=1) == pytest.approx(result.roles[1, 5, 0])
        assert (rows.of_roles("count")[:, 2] == rows.of_role(2, "count")).all()

    def test_a_range_of_iterations_is_that_range(self) -> None:
        asked = request(engineer(120), **BUSY)
        whole, late = play(asked, 0, 20), play(asked, 12, 20)
        assert (whole.company[..., 12:] == late.company).all()
        assert late.roles.shape[1] == late.attributed.shape[1] == 0


class TestSpans:
    def test_they_cover_every_iteration_once_within_the_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("etter_simulation.engine.evaluation.ROWS_BYTES", 8 * 37 * 2 * 14 * 7)
        found = spans(request(), 3, 25)
        assert [at for span in found for at in span] == list(range(3, 25))
        assert max(map(len, found)) == 7


class TestExpectedCurves:
    def test_many_people_follow_them(self) -> None:
        asked = request(engineer(200_000), adoption={"p": 0.1, "q": 1.0}, n_iterations=4, steps=60, **STILL)
        curves = expected_curves(asked, 60)
        rows = play(asked, 0, 4, with_roles=True)
        released = rows.of_role(0, "released_fte").mean(axis=1) / 200_000
        assert curves.saved.sum(axis=0) == pytest.approx(released, abs=2e-3)
        seats = rows.of_company("licences").mean(axis=1) / asked.costs.licence_per_seat_month / 200_000
        assert curves.using.sum(axis=0) == pytest.approx(seats, abs=5e-3)
        assert np.cumsum(curves.adopting, axis=1) == pytest.approx(curves.using)

    def test_they_stand_in_the_order_of_the_auto_workloads(self) -> None:
        asked = request(engineer(), guard(), marketing())
        assert auto_workloads(asked) == [(0, 0), (0, 2), (2, 0), (2, 1)]
        assert len(expected_curves(asked, 3).saved) == 4

    def test_a_company_without_auto_work_has_none(self) -> None:
        assert expected_curves(request(guard()), 5).saved.shape == (0, 6)
