"""Sobol' points by index, against scipy's sequence and against what a net promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from etter_simulation.engine.distributions import UNCERTAIN_PARAMETERS
from etter_simulation.engine.sobol import DIRECTIONS, points, unscrambled

FIRST = np.arange(1024)


class TestUnscrambled:
    @pytest.mark.parametrize("dimension", range(len(DIRECTIONS)))
    def test_it_is_scipys_sequence(self, dimension: int) -> None:
        expected = qmc.Sobol(len(DIRECTIONS), scramble=False).random(1024)[:, dimension]
        assert np.array_equal(unscrambled(dimension, FIRST), expected)


class TestPoints:
    @pytest.mark.parametrize("dimension", [0, 1, 7, len(DIRECTIONS) - 1])
    @pytest.mark.parametrize("seed", [0, 7, 2**53 - 1])
    def test_every_interval_of_a_dimension_has_its_point(self, dimension: int, seed: int) -> None:
        """Scrambling keeps the net: each of 2**10 intervals has exactly one of the first 2**10 points."""
        cells = np.floor(points(seed, dimension, FIRST) * 1024).astype(int)
        assert sorted(cells.tolist()) == FIRST.tolist()

    def test_two_dimensions_fill_every_box(self) -> None:
        """A (0, m, 2)-net: boxes of any shape and area 2**-10 have one point each."""
        one, other = points(3, 0, FIRST), points(3, 1, FIRST)
        for bits in range(11):
            boxes = np.floor(one * 2**bits) * 2 ** (10 - bits) + np.floor(other * 2 ** (10 - bits))
            assert len(np.unique(boxes)) == 1024

    def test_a_point_is_found_by_its_index_alone(self) -> None:
        assert np.array_equal(points(5, 2, np.arange(700, 900)), points(5, 2, FIRST)[700:900])
        assert np.array_equal(points(5, 2, FIRST[::-1]), points(5, 2, FIRST)[::-1])

    def test_seeds_and_dimensions_differ(self) -> None:
        found = [points(seed, dimension, FIRST) for seed in (1, 2) for dimension in (0, 1)]
        assert len({tuple(one.tolist()) for one in found}) == 4

    def test_dimensions_are_independent(self) -> None:
        """Scrambled with numbers of their own: over seeds the first points of two dimensions do not move together."""
        one, other = (
            np.array([float(points(seed, dimension, np.array([0]))[0]) for seed in range(500)]) for dimension in (0, 1)
        )
        assert abs(float(((one - 0.5) * (other - 0.5)).mean())) < 4 / 12 / np.sqrt(500)

    def test_they_are_uniform_over_seeds(self) -> None:
        """The first point of many seeds: the shift makes each uniform."""
        first = np.array([points(seed, 4, np.array([0]))[0] for seed in range(2000)])
        expected = 2000 / 20
        found = np.bincount(np.floor(first * 20).astype(int), minlength=20)
        assert ((found - expected) ** 2 / expected).sum() < 43.8  # chi-square, 19 degrees, 0.999

    def test_a_mean_is_much_better_than_by_chance(self) -> None:
        """Of a smooth function over five dimensions; independent points err by about 0.01."""
        errors = []
        for seed in range(20):
            values = np.prod([0.5 + points(seed, dimension, FIRST) for dimension in range(5)], axis=0)
            errors.append(values.mean() - 1)
        assert np.std(errors) < 0.002


def test_every_parameter_has_a_dimension() -> None:
    assert len(UNCERTAIN_PARAMETERS) <= len(DIRECTIONS)
