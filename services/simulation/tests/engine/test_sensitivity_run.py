"""Sensitivity of the model itself, where it is known what hangs on what."""

from __future__ import annotations

from typing import Any

import pytest

from etter_simulation.engine.parameters import with_values
from etter_simulation.engine.run import run
from etter_simulation.engine.sensitivity import saltelli_points
from etter_simulation.engine.sensitivity_run import Asked, analyse, evaluate

from ..factories import STILL, engineer, guard, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
FACTOR = ("automation_factor", 0.1, 0.5)


def asked(*parameters: tuple[str, float, float], method: str = "sobol", size: int = 32, **more: Any) -> Asked:
    made = {
        "request": request(engineer(200), guard(), n_iterations=2, steps=24, **{"adoption": {"p": 0.5}, **STILL}),
        "outputs": (("released_fte", None),), "months": (12, 24), **more,
    }  # fmt: skip
    return Asked(method=method, parameters=parameters, size=size, **made)


def silent(_done: float) -> None:
    """Hears progress and says nothing."""


def found(what: Asked, **more: Any) -> Any:
    return analyse(what, threads=1, on_progress=silent, **more)["outputs"]


class TestAnalyse:
    def test_what_cannot_matter_has_no_share_and_what_alone_does_has_all(self) -> None:
        ((first, _),) = (output["at"] for output in found(asked(FACTOR, ("costs.hire", 4000, 20_000))))
        factor, hire = first["indices"]
        assert factor["total"]["value"] == pytest.approx(1, abs=0.02)
        assert (hire["first"]["value"], hire["total"]["value"]) == (0, 0)

    def test_screening_finds_the_slope_of_what_is_linear(self) -> None:
        """M1: freed time is proportional to the factor, person by person."""
        (output,) = found(asked(FACTOR, ("costs.hire", 4000, 20_000), method="morris", size=8))
        (figures, last) = output["at"]
        factor, hire = figures["effects"]
        assert factor["mean"] == pytest.approx((figures["high"] - figures["low"]), rel=1e-4)
        assert factor["deviation"] == pytest.approx(0, abs=1e-5)
        assert (hire["mean"], last["effects"][1]["mean_size"]["value"]) == (0, 0)

    def test_a_figure_that_never_varies_has_none(self) -> None:
        (output,) = found(asked(FACTOR, outputs=(("count", "Guard"),)))
        assert output["role"] == "Guard"
        assert output["at"][0]["indices"][0]["first"] == {"value": None, "low": None, "high": None}

    def test_a_figure_without_a_value_is_null(self) -> None:
        (output,) = found(asked(FACTOR, request=request(engineer(0), n_iterations=1, steps=24), size=16,
                                outputs=(("avg_time_per_employee", None),)))  # fmt: skip
        assert output["at"][0]["mean"] is None

    def test_threads_leave_no_trace(self) -> None:
        what = asked(FACTOR, ("adoption.q", 0.2, 0.8), size=16)
        assert analyse(what, threads=1, on_progress=silent) == analyse(what, threads=3, on_progress=silent)


class TestEvaluate:
    def test_a_point_is_the_mean_of_a_run_with_its_values(self) -> None:
        what = asked(FACTOR, ("adoption.q", 0.2, 0.8), size=2, outputs=(("attributed_cum_net", None),))
        points = saltelli_points(2, 2, seed=1)
        values = evaluate(what, points, 1, silent)
        low_high = {"automation_factor": 0.1 + 0.4 * points[1, 2, 0], "adoption.q": 0.2 + 0.6 * points[1, 2, 1]}
        result = run(with_values(what.request, low_high))
        mean = result.company[result.company_metrics.index("attributed_cum_net"), 0]
        assert values[1, 2] == pytest.approx([mean[12], mean[24]])

    def test_it_tells_how_far_it_is_and_can_be_stopped(self) -> None:
        heard: list[float] = []

        def stop_at_half(done: float) -> None:
            heard.append(done)
            if done >= 0.5:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            evaluate(asked(FACTOR, size=32), saltelli_points(1, 32, seed=1), 1, stop_at_half)
        assert heard == sorted(heard)
        assert heard[-1] < 1
