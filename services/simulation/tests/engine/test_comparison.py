"""Paired differences, against closed forms and against independent runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from etter_simulation.engine.comparison import compare, paired, paired_payback, play_alternatives
from etter_simulation.engine.headlines import HEADLINES
from etter_simulation.engine.metrics import COMPANY_METRICS, STATS
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.run import run

from ..factories import BUSY, STILL, clerk, engineer, marketing, request

HEADS = [headline.name for headline in HEADLINES].index("heads")
ONE = np.ones(1)


def at(outputs: list[dict[str, Any]], output: str, month: int) -> dict[str, Any]:
    (found,) = (one for one in outputs if one["output"] == output)
    (figure,) = (one for one in found["at"] if one["month"] == month)
    return dict(figure)


class TestPaired:
    def test_it_is_the_paired_t_test(self) -> None:
        """Mean and standard error give the statistic of Student's test of related samples."""
        random = np.random.default_rng(1)
        one = random.integers(0, 1000, (1, 500))
        other = one + random.integers(-20, 30, (1, 500))
        found = paired(one, other, ONE)
        mean, error = found.difference[0, STATS.index("mean")], found.difference[0, STATS.index("se")]
        assert mean / error == pytest.approx(stats.ttest_rel(other[0], one[0]).statistic)
        low, high = np.quantile(other - one, [0.05, 0.95])
        assert found.difference[0, STATS.index("p5")] == pytest.approx(low)
        assert found.difference[0, STATS.index("p95")] == pytest.approx(high)
        assert found.higher[0] == ((other > one).mean())
        assert found.lower[0] == ((other < one).mean())

    def test_variance_reduction_is_that_of_correlated_normals(self) -> None:
        """Of equal variances with correlation c: 2 s² over 2 s² (1 - c)."""
        random = np.random.default_rng(2)
        pairs = random.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 40_000) * 1e6
        rows = np.rint(pairs.T[:, None, :]).astype(np.int64)
        assert paired(rows[0], rows[1], ONE).variance_reduction[0] == pytest.approx(10, rel=0.05)

    def test_a_constant_shift_is_certain(self) -> None:
        one = np.arange(10)[None, :]
        found = paired(one, one + 3, ONE)
        assert found.difference[0].tolist() == [3, 3, 3, 3, 3, 3, 0, 0]
        assert (found.higher[0], found.lower[0]) == (1, 0)
        assert np.isnan(found.variance_reduction[0])

    def test_an_iteration_without_a_value_on_one_side_is_left_out(self) -> None:
        found = paired(np.array([[1, NULL, 3]]), np.array([[2, 5, NULL]]), ONE)
        assert (found.n[0], found.difference[0, 0], found.higher[0]) == (1, 1, 1)


class TestPairedPayback:
    def test_months_between(self) -> None:
        found = paired_payback(np.array([10, 20, 30]), np.array([8, 20, 33]))
        assert found["mean_difference"] == pytest.approx(1 / 3)
        assert (found["p50"], found["probability_earlier"], found["probability_later"]) == (
            0,
            pytest.approx(1 / 3),
            pytest.approx(1 / 3),
        )

    def test_never_is_later_than_any_month_and_no_mean_hides_it(self) -> None:
        found = paired_payback(np.array([10, NULL, NULL, 5]), np.array([NULL, 50, NULL, 4]))
        assert found["mean_difference"] is None
        assert (found["probability_earlier"], found["probability_later"]) == (0.5, 0.25)
        assert (found["share_only_baseline_pays_back"], found["share_only_alternative_pays_back"]) == (0.25, 0.25)
        assert (found["p5"], found["p95"]) == (None, None)
        assert found["p50"] == -0.5


class TestCompare:
    def test_alternatives_that_are_the_same_tie_whatever_the_order_of_their_roles(self) -> None:
        busy = {**BUSY, "redeployment": {"enabled": False}}
        pair = [request(engineer(), marketing(), **busy), request(marketing(), engineer(), **busy)]
        first = compare(pair, [12, 36])["pairs"][0]
        assert {figure["mean_difference"] for output in first["outputs"] for figure in output["at"]} == {0}
        for output in ("heads", "payroll"):  # sums of whole numbers; the others are rounded in the roles' order
            figure = at(first["outputs"], output, 36)
            assert (figure["probability_higher"], figure["probability_lower"]) == (0, 0)

    def test_an_alternative_is_played_as_alone(self) -> None:
        alone = run(request(**BUSY))
        together = compare([request(**BUSY), request(engineer(200))], [24])
        for output in ("heads", "attributed_cum_net"):
            mean = alone.company[alone.company_metrics.index(output), :, 24]
            found = at(together["alternatives"][0]["outputs"], output, 24)
            assert [found[stat] for stat in STATS] == [round(float(value), 6) for value in mean]

    def test_every_alternative_is_played_by_the_engine_it_asks_for(self) -> None:
        pair = [request(clerk(30), engine=engine, n_iterations=4) for engine in ("agent", "cohort")]
        alone = run(pair[0])
        mean = alone.company[alone.company_metrics.index("released_fte"), 0, 36]
        found = compare(pair, [36])["alternatives"]
        assert at(found[0]["outputs"], "released_fte", 36)["mean"] == round(float(mean), 6)
        assert at(found[1]["outputs"], "released_fte", 36)["mean"] != round(float(mean), 6)

    def test_threads_do_not_show(self) -> None:
        both = [request(n_iterations=30, **BUSY), request(n_iterations=30)]
        assert compare(both, [36]) == compare(both, [36], threads=3)

    def test_pairs_begin_with_the_baseline(self) -> None:
        three = [request(n_iterations=2, steps=1, automation_factor=a) for a in (0.1, 0.2, 0.3)]
        found = compare(three, [1], baseline=1)["pairs"]
        assert [(pair["baseline"], pair["alternative"]) for pair in found] == [(1, 0), (1, 2), (0, 2)]

    def test_mean_difference_of_attrition_is_the_closed_form(self) -> None:
        """C3: heads are binomial, so the difference of the means is n0 ((1-d')^t - (1-d)^t)."""
        freeze = {"automation_factor": 0.0, "n_iterations": 2000, "steps": 24, "backfill": {"policy": "none"}}
        quits = [request(clerk(200), **freeze, attrition={"monthly_quit": rate}) for rate in (0.01, 0.02)]
        found = at(compare(quits, [24])["pairs"][0]["outputs"], "heads", 24)
        expected = 200 * (0.98**24 - 0.99**24)
        assert abs(found["mean_difference"] - expected) < 4 * found["standard_error"]
        assert found["probability_lower"] > 0.99

    def test_different_seeds_are_refused(self) -> None:
        with pytest.raises(ValueError, match="one seed"):
            compare([request(seed=1), request(seed=2)], [36])


class TestVarianceReduction:
    """What common random numbers are for: a difference is seen with a fraction of the iterations."""

    @pytest.mark.parametrize(
        ("change", "output", "at_least"),
        [
            ({"automation_factor": 0.4}, "attributed_cum_net", 5),
            ({"automation_factor": 0.4}, "released_fte", 5),
            ({"adoption": {"q": 0.42}}, "automation", 3),
            ({"attrition": {"monthly_quit": 0.011}}, "heads", 1.5),
            ({"costs": {"licence_per_seat_month": 40}}, "cum_net", 5),
        ],
    )
    def test_pairing_beats_independent_seeds(self, change: dict[str, Any], output: str, at_least: float) -> None:
        settings: dict[str, Any] = {"n_iterations": 400, "steps": 120}
        one, other = request(**settings), request(**{**settings, **change})
        place = [headline.name for headline in HEADLINES].index(output)
        base = play_alternatives([one], [120])[0].figures[0, place]
        far = play_alternatives([other.model_copy(update={"seed": 8})], [120])[0].figures[0, place]
        near = play_alternatives([other], [120])[0].figures[0, place]
        independent, common = np.var((far - base).astype(float)), np.var((near - base).astype(float))
        assert independent / common > at_least
        told = at(compare([one, other], [120])["pairs"][0]["outputs"], output, 120)["variance_reduction"]
        assert told == pytest.approx(independent / common, rel=0.35)  # both are estimates

    def test_with_adoption_alone_a_released_fte_differs_by_the_factor_only(self) -> None:
        """M1: released FTE is linear in A pathwise, so the difference varies (A'-A)² / A² as much as the run."""
        still: dict[str, Any] = {**STILL, "n_iterations": 200, "steps": 36}
        pair = [request(**still, automation_factor=a) for a in (0.4, 0.5)]
        found = at(compare(pair, [36])["pairs"][0]["outputs"], "released_fte", 36)
        assert found["variance_reduction"] == pytest.approx((0.4**2 + 0.5**2) / 0.1**2, rel=1e-3)


def test_heads_are_those_of_the_company() -> None:
    assert HEADLINES[HEADS].place == COMPANY_METRICS.index("heads")
