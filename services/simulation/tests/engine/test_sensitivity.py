"""Section 10, sensitivity: against functions whose indices are known, and against an independent implementation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol

from etter_simulation.engine.sensitivity import (
    STEP,
    elementary_effects,
    saltelli_points,
    sobol_indices,
    trajectories,
)

WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0])


def ishigami(points: Any) -> Any:
    x = (2 * points - 1) * math.pi
    return np.sin(x[..., 0]) + 7 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])


def sobol_g(points: Any) -> Any:
    return np.prod((np.abs(4 * points - 2) + WEIGHTS) / (1 + WEIGHTS), axis=-1)


def ishigami_indices() -> tuple[list[float], list[float]]:
    pi4, pi8 = math.pi**4, math.pi**8
    one, two, both = (1 + 0.1 * pi4 / 5) ** 2 / 2, 49 / 8, 0.01 * pi8 * (1 / 18 - 1 / 50)
    whole = one + two + both
    return [one / whole, two / whole, 0.0], [(one + both) / whole, two / whole, both / whole]


def sobol_g_indices() -> tuple[list[float], list[float]]:
    own = 1 / (3 * (1 + WEIGHTS) ** 2)
    whole = np.prod(1 + own) - 1
    return list(own / whole), list(own * np.prod(1 + own) / (1 + own) / whole)


def problem(parameters: int) -> dict[str, Any]:
    return {"num_vars": parameters, "names": [f"p{at}" for at in range(parameters)], "bounds": [[0, 1]] * parameters}


class TestSaltelliPoints:
    def test_every_mixed_row_differs_from_a_in_one_column_of_b(self) -> None:
        points = saltelli_points(4, 16, seed=1)
        a, mixed, b = points[:, 0], points[:, 1:-1], points[:, -1]
        assert points.shape == (16, 6, 4)
        for at in range(4):
            assert (mixed[:, at, at] == b[:, at]).all()
            assert (np.delete(mixed[:, at], at, axis=1) == np.delete(a, at, axis=1)).all()
        assert ((points >= 0) & (points < 1)).all()

    def test_each_column_is_spread_evenly(self) -> None:
        points = saltelli_points(3, 64, seed=2)
        for half in (points[:, 0], points[:, -1]):
            for column in half.T:
                assert sorted((column * 64).astype(int)) == list(range(64))

    def test_a_seed_gives_the_same_points(self) -> None:
        assert (saltelli_points(3, 8, 5) == saltelli_points(3, 8, 5)).all()
        assert (saltelli_points(3, 8, 5) != saltelli_points(3, 8, 6)).any()


class TestSobolIndices:
    @pytest.mark.parametrize(
        ("function", "parameters", "known"),
        [(ishigami, 3, ishigami_indices()), (sobol_g, 5, sobol_g_indices())],
    )
    def test_indices_that_are_known(self, function: Any, parameters: int, known: Any) -> None:
        found = sobol_indices(function(saltelli_points(parameters, 4096, seed=3))[..., None])
        for estimate, exact in zip((found.first, found.total), known, strict=True):
            assert estimate.value[:, 0] == pytest.approx(exact, abs=0.03)
            assert ((estimate.low <= estimate.value) & (estimate.value <= estimate.high)).all()

    @pytest.mark.parametrize(("function", "parameters"), [(ishigami, 3), (sobol_g, 5)])
    def test_the_same_as_an_independent_implementation(self, function: Any, parameters: int) -> None:
        values = function(saltelli_points(parameters, 256, seed=4))
        found = sobol_indices(values[..., None])
        other = salib_sobol.analyze(problem(parameters), values.ravel(), calc_second_order=False, seed=1)
        assert found.first.value[:, 0] == pytest.approx(other["S1"], abs=1e-12)
        assert found.total.value[:, 0] == pytest.approx(other["ST"], abs=1e-12)
        width = (found.total.high - found.total.low)[:, 0] / 2
        assert width == pytest.approx(other["ST_conf"], rel=0.35, abs=1e-3)

    def test_intervals_hold_what_is_known_about_as_often_as_they_say(self) -> None:
        exact, held = np.array(ishigami_indices()[1]), 0
        for seed in range(40):
            found = sobol_indices(ishigami(saltelli_points(3, 256, seed))[..., None], resamples=200).total
            held += int(((found.low[:, 0] <= exact) & (exact <= found.high[:, 0])).sum())
        assert held >= 100  # of 120

    def test_outputs_are_taken_apart_one_by_one(self) -> None:
        points = saltelli_points(3, 64, seed=5)
        one, other = ishigami(points), points.sum(axis=-1)
        both = sobol_indices(np.stack([one, other], axis=-1))
        for at, values in enumerate((one, other)):
            alone = sobol_indices(values[..., None])
            assert both.first.value[:, at] == pytest.approx(alone.first.value[:, 0])
            assert both.total.high[:, at] == pytest.approx(alone.total.high[:, 0])

    @settings(deadline=None, max_examples=25)
    @given(
        slopes=st.lists(st.floats(0.1, 10), min_size=2, max_size=6),
        scale=st.sampled_from([1e-6, 1.0, 1e12]), shift=st.sampled_from([0.0, 1e6]),
    )  # fmt: skip
    def test_of_a_sum_every_index_is_its_share_whatever_the_unit(
        self, slopes: list[float], scale: float, shift: float
    ) -> None:
        values = scale * (saltelli_points(len(slopes), 512, seed=6) @ np.array(slopes) + shift)
        found = sobol_indices(values[..., None], resamples=10)
        shares = np.square(slopes) / np.square(slopes).sum()
        assert found.first.value[:, 0] == pytest.approx(shares, abs=0.06)
        assert found.total.value[:, 0] == pytest.approx(shares, abs=0.06)

    def test_an_output_that_never_varies_has_no_indices(self) -> None:
        found = sobol_indices(np.full((16, 5, 1), 0.1))
        assert np.isnan(found.first.value).all()
        assert np.isnan(found.total.low).all()


class TestTrajectories:
    def test_every_path_moves_each_parameter_once_along_the_grid(self) -> None:
        paths = trajectories(7, 30, seed=1)
        steps = np.diff(paths.points, axis=1)
        assert ((np.abs(steps) > 1e-9).sum(axis=2) == 1).all()
        assert np.abs(steps).sum(axis=1) == pytest.approx(np.full((30, 7), STEP))
        assert (np.abs(paths.points * 3 - np.rint(paths.points * 3)) < 1e-9).all()


class TestElementaryEffects:
    def test_the_same_as_an_independent_implementation(self) -> None:
        paths = trajectories(5, 40, seed=2)
        values = sobol_g(paths.points)
        found = elementary_effects(values[..., None], paths)
        other = salib_morris.analyze(
            problem(5), paths.points.reshape(-1, 5), values.ravel(), num_levels=4, seed=1
        )  # fmt: skip
        assert found.mean[:, 0] == pytest.approx(np.asarray(other["mu"]))
        assert found.mean_size.value[:, 0] == pytest.approx(np.asarray(other["mu_star"]))
        assert found.deviation[:, 0] == pytest.approx(np.asarray(other["sigma"]))

    def test_of_a_sum_every_effect_is_its_slope(self) -> None:
        paths = trajectories(3, 4, seed=3)
        found = elementary_effects((paths.points @ np.array([1.0, -2.0, 0.0]))[..., None], paths)
        assert found.mean[:, 0] == pytest.approx([1, -2, 0])
        assert found.mean_size.value[:, 0] == pytest.approx([1, 2, 0])
        assert found.deviation[:, 0] == pytest.approx([0, 0, 0], abs=1e-9)
