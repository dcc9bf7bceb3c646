"""Parameters that are not known: each iteration has its own, whoever plays it; and what of the spread is theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import integrate

from etter_simulation.engine.build import build, counterfactual, without_automation
from etter_simulation.engine.chunk import company_metrics, merge, play_range
from etter_simulation.engine.comparison import compare
from etter_simulation.engine.distributions import MAX_UNCERTAIN, UNCERTAIN_PARAMETERS
from etter_simulation.engine.finish import finish
from etter_simulation.engine.metrics import COMPANY_METRICS, STATS
from etter_simulation.engine.parameters import with_values
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Result, run
from etter_simulation.engine.uncertainty import values_of
from etter_simulation.engine.variance import shares
from etter_simulation.engine.varied import vary

from ..factories import BUSY, STILL, clerk, engineer, marketing, request

pytestmark = pytest.mark.timeout(600)  # the engine may have to be compiled
RANGES: dict[str, Any] = {
    "automation_factor": {"uniform": [0.1, 0.9]},
    "adoption.q": {"triangular": [0.2, 0.38, 0.6]},
    "adoption.p": {"lognormal": [0.03, 0.5, 0.005, 0.1]},
    "consolidation.threshold": {"beta": [2, 5, 0, 1]},
    "attrition.monthly_quit": {"normal": [0.01, 0.005, 0.002, 0.03]},
    "learning.months": {"uniform": [1, 6]},
    "learning.saving_while_learning": {"uniform": [0.2, 0.8]},
    "adoption.skill_drag": {"uniform": [0, 2]},
    "adoption.mixing": {"uniform": [0, 1]},
    "demand.growth": {"uniform": [-0.1, 0.1]},
    "consolidation.min_time_share": {"uniform": [0.01, 0.5]},
    "backfill.fill_months": {"uniform": [0.5, 3]},
    "ramp.months": {"uniform": [3, 8]},
    "ramp.productivity": {"uniform": [0.2, 0.9]},
    "redeployment.max_distance": {"uniform": [0.1, 1]},
    "redeployment.monthly_share": {"uniform": [0.1, 0.5]},
    "layoffs.patience_months": {"uniform": [0, 6]},
    "layoffs.monthly_share": {"uniform": [0.1, 0.5]},
    "costs.on_cost": {"uniform": [0.3, 0.5]},
    "costs.training_hours": {"uniform": [8, 40]},
    "costs.licence_per_seat_month": {"uniform": [10, 60]},
    "costs.hire": {"uniform": [4000, 20000]},
    "costs.reskill": {"uniform": [12400, 37200]},
    "costs.severance_months": {"uniform": [0, 12]},
}
SOME = {name: RANGES[name] for name in ("automation_factor", "adoption.q", "attrition.monthly_quit", "costs.on_cost")}


def busy(uncertainty: dict[str, Any], **more: Any) -> SimulationRequest:
    roles = [engineer(30), marketing(20, monthly_quit=0.05), clerk(10)]
    return request(*roles, **{**BUSY, "n_iterations": 12, "steps": 18, **more, "uncertainty": uncertainty})


def same(one: Result, other: Result) -> bool:
    return one.company.tobytes() == other.company.tobytes() and one.roles.tobytes() == other.roles.tobytes()


class TestRequest:
    @pytest.mark.parametrize(
        ("uncertainty", "code", "told"),
        [
            ({"adoption.speed": {"uniform": [0, 1]}}, "UNKNOWN_PARAMETER", "valid: automation_factor, adoption.q"),
            ({"costs.discount_rate": {"uniform": [0, 1]}}, "UNKNOWN_PARAMETER", "discount_rate"),
            ({"adoption.mixing": {"uniform": [0, 1.5]}}, "OUTSIDE_LIMITS", "adoption.mixing cannot be all of 0.0..1.5"),
            ({"backfill.fill_months": {"uniform": [0, 1]}}, "OUTSIDE_LIMITS", "fill_months"),
            ({"automation_factor": {"normal": [0.5, 0.1, -0.2, 1]}}, "OUTSIDE_LIMITS", "automation_factor"),
            ({"adoption.q": {"triangular": [0.2, 0.7, 0.6]}}, "NOT_IN_ORDER", "0.7"),
            ({"adoption.q": {"uniform": [0.2, 0.2]}}, "NOT_IN_ORDER", "0.2"),
            ({"adoption.q": {"lognormal": [0.9, 1, 0.2, 0.6]}}, "NOT_IN_ORDER", "0.9"),
            ({"adoption.q": {"normal": [0.4, 0, 0.2, 0.6]}}, "greater_than", "greater than 0"),
            ({"adoption.q": {"cauchy": [0, 1]}}, "UNKNOWN_DISTRIBUTION", "lognormal"),
            ({"adoption.q": {"uniform": [0, 1], "beta": [1, 1, 0, 1]}}, "UNKNOWN_DISTRIBUTION", "one of"),
            ({"adoption.q": 0.4}, "UNKNOWN_DISTRIBUTION", "one of"),
            (dict(list(RANGES.items())[: MAX_UNCERTAIN + 1]), "too_long", str(MAX_UNCERTAIN)),
        ],
    )
    def test_what_is_wrong_is_named(self, uncertainty: dict[str, Any], code: str, told: str) -> None:
        with pytest.raises(ValidationError) as found:
            request(uncertainty=uncertainty)
        (error,) = found.value.errors()
        assert (error["type"], error["loc"][0]) == (code, "uncertainty")
        assert told in error["msg"]

    def test_the_most_a_parameter_can_be_counts_for_the_limits(self) -> None:
        rich = engineer(1_000_000, salary=1_000_000)
        with pytest.raises(ValidationError, match="TOO_MUCH_MONEY"):
            request(rich, steps=600, uncertainty={"costs.severance_months": {"uniform": [0, 60]},
                                                  "demand.growth": {"uniform": [0, 0.05]}})  # fmt: skip

    def test_agents_play_known_parameters(self) -> None:
        with pytest.raises(ValidationError, match="UNCERTAINTY_NEEDS_COHORT"):
            request(engine="agent", uncertainty=SOME)

    def test_nothing_uncertain_means_the_same_run_as_before(self) -> None:
        assert request().fingerprint() == request(uncertainty={}).fingerprint()
        assert request().model_dump(mode="json")["uncertainty"] == {}

    def test_it_goes_to_json_and_back(self) -> None:
        one = request(uncertainty=SOME)
        assert SimulationRequest.model_validate_json(one.model_dump_json()) == one

    def test_every_parameter_is_here(self) -> None:
        assert set(RANGES) == set(UNCERTAIN_PARAMETERS)


class TestVary:
    @pytest.mark.parametrize("mode", ["ceiling", "intensity"])
    @pytest.mark.parametrize("name", [*RANGES, "all"])
    def test_an_iterations_tables_are_those_of_its_request(self, name: str, mode: str) -> None:
        names = list(RANGES) if name == "all" else [name]
        base = busy({}, adoption={**BUSY["adoption"], "mode": mode})
        uncertain = base.model_copy(update={"uncertainty": request(uncertainty={}).uncertainty})
        values = {one: np.concatenate([values_of(request(uncertainty={one: RANGES[one]}), 0, 5)[one]]) for one in names}
        varied = vary(uncertain, values)
        without = counterfactual(base, varied)
        for i in range(5):
            own = with_values(base, {one: float(found[i]) for one, found in values.items()})
            expected = build(own)
            assert varied.rules[i : i + 1].tobytes() == expected.rules.tobytes()
            assert varied.roles[min(i, len(varied.roles) - 1)].tobytes() == expected.roles.tobytes()
            assert varied.works[min(i, len(varied.works) - 1)].tobytes() == expected.works.tobytes()
            assert varied.pairs[: varied.offered[i]].tobytes() == expected.pairs.tobytes()
            assert varied.demand[min(i, len(varied.demand) - 1)].tobytes() == expected.demand.tobytes()
            none = build(without_automation(own))
            assert without.works[min(i, len(without.works) - 1)].tobytes() == none.works.tobytes()


class TestPlay:
    def test_an_iteration_is_played_as_the_request_with_its_values(self) -> None:
        uncertain = busy(SOME)
        (part,) = play_range(uncertain, 0, 12)
        values = values_of(uncertain, 0, 12)
        played = len(COMPANY_METRICS)
        for i in (0, 5, 11):
            known = with_values(busy({}), {name: float(found[i]) for name, found in values.items()})
            (own,) = play_range(known, i, i + 1)
            assert np.array_equal(part.roles.rows[:, :, i], own.roles.rows[:, :, 0])
            assert np.array_equal(part.company.rows[:, :played, i], own.company.rows[:, :played, 0])

    def test_chunks_windows_and_threads_do_not_show(self) -> None:
        uncertain = busy(SOME)
        whole = run(uncertain)
        assert same(whole, run(uncertain, threads=3, chunk=5, months_at_once=4))
        ranges = [list(play_range(uncertain, first, last)) for first, last in ((7, 12), (0, 3), (3, 7))]
        assert same(whole, finish(uncertain, (merge(parts) for parts in zip(*ranges, strict=True))))

    def test_more_iterations_leave_the_earlier_ones_as_they_are(self) -> None:
        few, more = busy(SOME), busy(SOME, n_iterations=20)
        (one,), (other,) = play_range(few, 0, 12), play_range(more, 0, 12)
        assert np.array_equal(one.company.rows, other.company.rows)

    def test_another_uncertain_parameter_leaves_the_values_of_the_first(self) -> None:
        one, other = request(uncertainty={"adoption.q": RANGES["adoption.q"]}), request(uncertainty=SOME)
        assert np.array_equal(values_of(one, 0, 50)["adoption.q"], values_of(other, 0, 50)["adoption.q"])

    def test_the_counterfactual_knows_no_uncertain_automation(self) -> None:
        """N5: with A = 0 in the run too, nothing is attributed."""
        none = busy({name: found for name, found in SOME.items() if name != "automation_factor"}, automation_factor=0)
        result = run(none)
        assert not np.nan_to_num(result.company[result.company_metrics.index("attributed_cum_net")]).any()
        uncertain = busy(SOME)
        cut = without_automation(uncertain)
        assert (cut.automation_factor, "automation_factor" in cut.uncertainty) == (0, False)


def split(found: SimulationRequest, output: str, month: int) -> tuple[float, float]:
    """The shares of parameters and of chance."""
    result = run(found)
    metrics = company_metrics(found)
    stats = result.company[metrics.index(output), :, month], result.company[metrics.index(f"chance_{output}"), :, month]
    mean, sd = STATS.index("mean"), STATS.index("sd")
    parameters, chance = shares(stats[0][sd : sd + 1], stats[1][mean : mean + 1], stats[1][sd : sd + 1])
    return float(parameters[0]), float(chance[0])


class TestShares:
    def test_they_are_those_of_the_law_of_total_variance(self) -> None:
        """Heads under a freeze are Binomial(n, s), s = (1 - d)**t, d uniform: both variances are integrals (C3)."""
        low, high, people, months = 0.005, 0.015, 100, 24
        freeze = {"automation_factor": 0, "backfill": {"policy": "none"}, "counterfactual": False}
        found = request(
            clerk(people), **freeze, n_iterations=4000, steps=months,
            uncertainty={"attrition.monthly_quit": {"uniform": [low, high]}},
        )  # fmt: skip

        def expected(power: int) -> float:
            """Of s**power."""
            integral, _ = integrate.quad(lambda d: (1 - d) ** (months * power), low, high)
            return float(integral) / (high - low)

        chance = people * (expected(1) - expected(2))
        parameters = people**2 * (expected(2) - expected(1) ** 2)
        share = split(found, "heads", months)
        assert share[0] == pytest.approx(parameters / (parameters + chance), abs=0.03)
        assert sum(share) == pytest.approx(1)

    def test_a_parameter_without_effect_leaves_all_to_chance(self) -> None:
        uncertain = {"costs.hire": {"uniform": [4000, 9000]}}
        assert split(request(clerk(), n_iterations=500, uncertainty=uncertain), "heads", 36)[1] > 0.85

    def test_without_chance_all_is_the_parameters(self) -> None:
        """Nobody adopts, quits or is hired; only the on-cost of pay is not known."""
        still = {**STILL, "adoption": {"p": 0, "q": 0}, "uncertainty": {"costs.on_cost": {"uniform": [0.3, 0.5]}}}
        assert split(request(clerk(), **still), "payroll", 36) == (1, 0)

    def test_what_does_not_vary_has_no_shares(self) -> None:
        still = {**STILL, "adoption": {"p": 0, "q": 0}, "uncertainty": {"costs.hire": {"uniform": [1, 2]}}}
        assert np.isnan(split(request(clerk(), **still), "heads", 36)).all()


def test_scenarios_share_what_they_do_not_know() -> None:
    """A difference under common random numbers and common values varies much less than one of independent runs."""
    settings: dict[str, Any] = {"n_iterations": 200, "steps": 60, "uncertainty": {"adoption.q": RANGES["adoption.q"]}}
    pair = [request(**settings, automation_factor=factor) for factor in (0.4, 0.5)]
    found = compare(pair, [60])["pairs"][0]["outputs"]
    (released,) = (output for output in found if output["output"] == "released_fte")
    assert released["at"][0]["variance_reduction"] > 20
