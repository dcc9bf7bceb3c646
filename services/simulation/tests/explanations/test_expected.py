"""Effects in expectation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.mean_field import expect
from etter_simulation.engine.metrics import COMPANY_METRICS
from etter_simulation.engine.parameters import with_values
from etter_simulation.explanations.effects import parameter_effects
from etter_simulation.explanations.expected import (
    Figure,
    effects,
    expected_figures,
    given_parameters,
    shares,
    workload_parts,
)

from ..factories import STILL, engineer, guard, marketing, request, workload

NET = Figure("attributed_cum_net", 24, None)
GIVEN: dict[str, Any] = {
    "adoption": {"p": 0.2, "q": 0.7}, "consolidation": {"threshold": 0.05}, "costs": {"training_hours": 40},
}  # fmt: skip


class TestExpectedFigures:
    def test_they_are_those_of_the_mean_field_engine(self) -> None:
        asked = request(engineer(), marketing(), **GIVEN)
        variant = {"adoption.q": 0.3}
        found = expected_figures(asked, NET, [{}, variant])
        for value, one in zip(found, (asked, with_values(asked, variant)), strict=True):
            whole = expect(one)
            assert value == pytest.approx(whole.company[whole.company_metrics.index("attributed_cum_net"), 24])

    def test_of_a_role(self) -> None:
        asked = request(engineer(), marketing())
        assert expected_figures(asked, Figure("count", 36, 1), [{}])[0] == pytest.approx(expect(asked).roles[1, 0, 36])


class TestShares:
    def test_start_and_all_effects_are_the_end(self) -> None:
        asked = request(engineer(), **GIVEN)
        found = shares(asked, NET)
        assert {share.parameter for share in found.shares} == {
            "adoption.p", "adoption.q", "consolidation.threshold", "costs.training_hours",
        }  # fmt: skip
        assert found.start + math.fsum(share.effect for share in found.shares) == pytest.approx(found.end, rel=1e-12)
        assert found.start == pytest.approx(expected_figures(request(engineer()), NET, [{}])[0])
        assert found.end == pytest.approx(expected_figures(asked, NET, [{}])[0])

    def test_of_one_parameter_it_is_the_difference(self) -> None:
        asked = request(engineer(), adoption={"q": 0.7})
        (share,) = shares(asked, NET).shares
        before, after = expected_figures(asked, NET, [{"adoption.q": 0.38}, {}])
        assert share.effect == pytest.approx(after - before)

    def test_a_request_of_defaults_has_none(self) -> None:
        assert given_parameters(request(engineer())) == {}
        found = shares(request(engineer()), NET)
        assert (found.shares, found.start) == ([], found.end)


class TestEffects:
    def test_the_largest_first_and_each_alone(self) -> None:
        asked = request(engineer(), marketing())
        found = effects(asked, Figure("released_fte", 36, None))
        assert found[0].parameter in {"adoption.q", "adoption.p", "automation_factor"}
        sizes = [max(abs(one.at_low), abs(one.at_high)) for one in found]
        assert sizes == sorted(sizes, reverse=True)
        factor = next(one for one in found if one.parameter == "automation_factor")
        lower = expected_figures(asked, Figure("released_fte", 36, None), [{"automation_factor": factor.low}, {}])
        assert factor.at_low == pytest.approx(lower[0] - lower[1])

    def test_a_figure_too_large_to_look_at_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("etter_simulation.explanations.expected.MAX_ROLE_MONTHS", 100)
        found = parameter_effects(request(engineer()), NET)
        assert found["one_at_a_time"] == []
        assert "sensitivity analysis" in found["absent"][0]

    def test_many_given_parameters_are_not_shared_out(self) -> None:
        many = {"costs": dict.fromkeys(("hire", "reskill", "on_cost", "training_hours", "severance_months"), 1.0)}
        found = parameter_effects(request(engineer(), **many, adoption={"p": 0.1, "q": 0.1}), NET)
        assert (found["of_given"], len(found["absent"])) == (None, 1)
        assert found["one_at_a_time"]

    def test_a_figure_without_a_value(self) -> None:
        found = parameter_effects(request(engineer(0)), Figure("avg_time_per_employee", 12, None))
        assert found["absent"] == ["the figure has no value in expectation"]

    @pytest.mark.parametrize("metric", COMPANY_METRICS)
    def test_every_figure_has_effects(self, metric: str) -> None:
        found = parameter_effects(request(engineer(), guard()), Figure(metric, 12, None))
        assert np.isfinite(found["expected"])
        assert found["of_given"]["parts"] == []


class TestWorkloadParts:
    def test_they_add_up_to_each_role_and_stand_as_expected_savings_do(self) -> None:
        asked = request(engineer(50_000), guard(), n_iterations=2, **STILL)
        found = workload_parts(asked, 36, {0: 1000.0, 1: 0.0})
        assert [(one.role, one.workload) for one in found] == [
            ("Engineer", "Write code"), ("Engineer", "Automated testing"),
        ]  # fmt: skip
        assert math.fsum(one.value for one in found) == pytest.approx(1000)
        assert found[0].value > found[1].value  # half of the time against a fifth

    def test_a_workload_that_starts_late_has_saved_less(self) -> None:
        work = [workload("One", "Auto", 0.5, 0.5), workload("Two", "Auto", 0.5, 0.5, start_month=24)]
        asked = request({"role": "Clerk", "count": 10, "salary": 1, "workloads": work})
        one, two = workload_parts(asked, 36, {0: 1.0})
        assert one.value > 2 * two.value > 0
        (only,) = [part for part in workload_parts(asked, 20, {0: 1.0}) if part.value]
        assert only.workload == "One"
