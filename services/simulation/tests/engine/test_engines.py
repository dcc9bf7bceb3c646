"""Section 12, engines: E1 to E3. The cohort engine against the agent engine, and the mean-field engine against it.

Both samples have fixed seeds and channels of their own, so the tests are the same every time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from etter_simulation.engine.mean_field import expect
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS, STATS
from etter_simulation.engine.run import run

from ..factories import BUSY, clerk, engineer, guard, marketing, request
from .rows import Rows, play

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
EVERY: tuple[str, ...] = tuple(metric for metric in ROLE_METRICS if metric != "realised_fte")  # it is D - count


def both(*roles: dict[str, Any], **more: Any) -> tuple[Rows, Rows]:
    cohort, agent = (play(request(*roles, engine=engine, **more)) for engine in ("cohort", "agent"))
    return cohort, agent


def same_law(one: Any, other: Any) -> float | None:
    """p of the chi-square test of homogeneity in up to ten cells of the pooled sample; None if all is one value.

    Unlike Kolmogorov and Smirnov's it is exact enough for figures that take few values.
    """
    pooled = np.concatenate([one, other])
    edges = np.unique(np.quantile(pooled, np.linspace(0, 1, 11), method="inverted_cdf"))[:-1]
    table = np.array(
        [np.bincount(np.searchsorted(edges, s, side="left"), minlength=len(edges) + 1) for s in (one, other)]
    )
    table = table[:, table.sum(axis=0) >= 20]
    return float(chi2_contingency(table, correction=False).pvalue) if table.shape[1] > 1 else None


def z_of_means(one: Any, other: Any) -> Any:
    """By the last axis."""
    count = one.shape[-1]
    error = np.sqrt((one.var(axis=-1, ddof=1) + other.var(axis=-1, ddof=1)) / count)
    return (one.mean(axis=-1) - other.mean(axis=-1)) / np.where(error > 0, error, np.inf)


NO_INFLOW: dict[str, dict[str, Any]] = {
    "adoption alone": {"attrition": {"monthly_quit": 0}, "backfill": {"policy": "none"}},
    "attrition and layoffs": {
        "attrition": {"monthly_quit": 0.02}, "backfill": {"policy": "none"},
        "layoffs": {"policy": "surplus", "patience_months": 1}, "consolidation": {"threshold": 0.0},
    },
    "the whole company looked at, intensity": {
        "adoption": {"mode": "intensity", "p": 0.5, "q": 2.0, "mixing": 0.6}, "attrition": {"monthly_quit": 0.01},
        "backfill": {"policy": "none"},
    },
}  # fmt: skip


class TestCohortAndAgent:
    @pytest.mark.parametrize("setting", NO_INFLOW)
    def test_e1_without_inflow_every_output_has_one_law(self, setting: str) -> None:
        """Outputs of one month go together, so that the count of small p scatters more than a binomial's."""
        found = []
        settings = {"adoption": {"p": 0.5, "q": 1.5}, "n_iterations": 2000, "steps": 24, **NO_INFLOW[setting]}
        one, other = both(engineer(30), marketing(20), guard(10), **settings)
        for role in range(3):
            for metric in EVERY:
                pairs = [(one.role(metric, role)[step], other.role(metric, role)[step]) for step in (1, 4, 9, 16, 24)]
                found += [same_law(a, b) for a, b in pairs]
        p = np.array([value for value in found if value is not None])
        assert len(p) > 30
        assert p.min() > 0.01 / len(p)  # Bonferroni's correction at 1 %
        assert (p < 0.05).mean() < 0.15

    @pytest.mark.parametrize("redeployment", [False, True])
    def test_e2_with_inflow_means_are_equal_and_spreads_alike(self, redeployment: bool) -> None:
        """Half a year's turnover in every year, and more: a covariance of second order is all that may differ."""
        settings: dict[str, Any] = {"attrition": {"monthly_quit": 0.05}, "adoption": {"p": 0.3, "q": 1.5}}
        if redeployment:
            settings["redeployment"] = {"enabled": True, "max_distance": 1.0}
            settings["layoffs"] = {"policy": "surplus"}
        one, other = both(engineer(60), marketing(40), guard(20), n_iterations=6000, steps=24, **settings)
        steps = [2, 6, 12, 24]
        for role in range(3):
            for metric in EVERY:
                a, b = one.role(metric, role)[steps], other.role(metric, role)[steps]
                assert np.abs(z_of_means(a, b)).max() < 4, metric
        for metric in ("automation", "avg_time_per_employee", "heads", "released_fte", "quits", "hires", "cum_net"):
            a, b = one.total(metric)[steps], other.total(metric)[steps]
            assert np.abs(z_of_means(a, b)).max() < 4, metric
            assert np.abs(a.std(axis=-1) / b.std(axis=-1) - 1).max() < 0.05, metric
        assert one.total("hires").sum() > 0
        assert (one.total("moved_in").sum() > 0) == redeployment

    def test_e2_the_two_workloads_of_a_role_go_together_alike(self) -> None:
        """What the cohort engine only approximates: the covariance of a role's workloads."""
        settings = {"attrition": {"monthly_quit": 0.05}, "adoption": {"p": 0.5, "q": 0.5}, "steps": 24}
        found = []
        for rows in both(engineer(50), n_iterations=6000, **settings):
            adopted = 1 - rows.state.stages["none"] / rows.role("count")[-1][:, None]
            found.append(np.corrcoef(adopted.T)[0, 1])
        assert abs(found[0] - found[1]) < 4 * (2 / 6000) ** 0.5


LARGE: dict[str, dict[str, Any]] = {
    "all defaults": {"steps": 120},
    "layoffs": {"layoffs": {"policy": "surplus"}, "adoption": {"p": 0.1, "q": 0.6}, "steps": 84},
    "freeze, mixing and intensity": {
        "adoption": {"mode": "intensity", "p": 0.2, "q": 1.0, "mixing": 0.5}, "backfill": {"policy": "none"},
    },
    "growth, backfill to the original": {"demand": {"growth": 0.05}, "backfill": {"policy": "to_original"}},
    "everything at once": dict(BUSY),
}  # fmt: skip
LEVELS = (
    "automation", "avg_time_per_employee", "employees", "total_salary_of_employees", "heads", "payroll", "licences",
    "released_fte",
)  # fmt: skip
TO_DATE = ("quits", "hires")


class TestMeanField:
    @pytest.mark.parametrize("setting", LARGE)
    def test_e3_it_gives_the_means_of_many_people(self, setting: str) -> None:
        """Within 0.5 % in every month, beyond the sampling error of the means themselves; flows as sums to date."""
        asked = request(
            engineer(20_000), marketing(12_000), guard(10_000), n_iterations=200, counterfactual=False, **LARGE[setting]
        )
        played, expected = run(asked), expect(asked)
        for metric in LEVELS:
            at = COMPANY_METRICS.index(metric)
            mean, error = (played.company[at, STATS.index(stat)] for stat in ("mean", "se"))
            assert_near(expected.company[at], mean, error, metric)
        for metric in TO_DATE:
            at = COMPANY_METRICS.index(metric)
            mean = played.company[at, STATS.index("mean")].cumsum()
            assert_near(expected.company[at].cumsum()[6:], mean[6:], played.company[at, STATS.index("se")][6:], metric)
        for metric in ("count", "released_fte", "avg_time_per_employee"):
            at = ROLE_METRICS.index(metric)
            mean, error = (played.roles[:, at, STATS.index(stat)] for stat in ("mean", "se"))
            assert_near(expected.roles[:, at], mean, error, metric)

    def test_e3_the_headline_money_is_that_of_the_means(self) -> None:
        asked = request(engineer(20_000), marketing(12_000), n_iterations=200, steps=120)
        played, expected = run(asked), expect(asked)
        for name in ("structural_saving_per_year", "discounted_net"):
            spread: Any = played.summary[name]
            figure: Any = expected.summary[name]
            assert figure == pytest.approx(spread["mean"], rel=0.005, abs=4 * spread["se"])
        quantiles: Any = played.summary["payback_month"]
        assert quantiles["p5"] <= expected.summary["payback_month"] <= quantiles["p95"]

    def test_its_bias_falls_as_one_over_headcount(self) -> None:
        """Ten times the people, a tenth of the distance of the means."""
        settings = {"adoption": {"p": 0.05, "q": 1.0}, "steps": 48, "n_iterations": 6000}
        bias = []
        for n in (40, 400):
            asked = request(clerk(n), backfill={"policy": "none"}, **settings)
            mean = play(asked).role("auto_time_automated")[48].mean()
            bias.append(expect(asked).roles[0, ROLE_METRICS.index("auto_time_automated"), 48] - mean)
        assert 0 < bias[1] < bias[0] / 5


def assert_near(expected: Any, mean: Any, error: Any, metric: str) -> None:
    assert (np.abs(expected - mean) <= 0.005 * np.abs(mean) + 4 * error).all(), metric
