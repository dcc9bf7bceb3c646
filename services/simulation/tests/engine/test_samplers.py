"""Section 7: binomials against their mass function, and what they are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine import samplers

from .drawing import DRAWS, assert_follows, binomial_mass, laid


def binomials(n: float, p: float, lanes: int = DRAWS, *, same: bool = True) -> Any:
    draws = laid(lanes, A=n, B=p)
    slips = draws.all.slips
    samplers.lay_chance(slips, slips[samplers.A], slips[samplers.B], same)
    samplers.binomials(draws, draws.all, lanes, 0)
    return draws.all.slips[samplers.K].astype(np.int64)


class TestBinomials:
    @pytest.mark.parametrize(
        ("n", "p"),
        [(1, 0.3), (20, 0.1), (300, 0.01), (300, 0.99), (19, 0.5), (21, 0.5), (1000, 0.0101), (2000, 0.01), (500, 0.3),
         (500, 0.7), (50_000, 0.4), (16_383, 0.5), (16_384, 0.0007)],
    )  # fmt: skip
    def test_follows_its_mass_function(self, n: int, p: float) -> None:
        assert_follows(binomials(n, p), binomial_mass(n, p), n)

    @pytest.mark.parametrize(("n", "p", "k"), [(0, 0.5, 0), (9, 0.0, 0), (9, 1.0, 9), (5000, 1.0, 5000)])
    def test_certain_outcomes(self, n: int, p: float, k: int) -> None:
        assert (binomials(n, p, 16) == k).all()

    @pytest.mark.parametrize(("n", "p"), [(300, 0.01), (5000, 0.2), (40, 0.9)])
    def test_it_does_not_matter_whether_one_probability_is_known_to_be_one(self, n: int, p: float) -> None:
        assert (binomials(n, p, 64) == binomials(n, p, 64, same=False)).all()


class TestNeighbours:
    """A lane draws the same whatever is drawn beside it."""

    @pytest.mark.parametrize("lanes", [slice(0, 8), slice(3, 64, 8), slice(24, 64)])
    def test_of_binomials(self, lanes: slice) -> None:
        n, chance = np.geomspace(1, 90_000, 64).round(), np.linspace(0, 1, 64)
        found = []
        for part in (slice(0, 64), lanes):
            draws = laid(len(n[part]))
            draws.all.iterations[:] = np.arange(64)[part]
            draws.all.slips[samplers.N], draws.all.slips[samplers.CHANCE] = n[part], chance[part]
            draws.all.slips[samplers.STAY] = np.log1p(-np.minimum(chance[part], 0.9))
            samplers.binomials(draws, draws.all, len(n[part]), 0)
            found.append(draws.all.slips[samplers.K])
        assert (found[0][lanes] == found[1]).all()


class TestLogFactorial:
    @pytest.mark.parametrize("n", [0, 1, 2, 9, 10, 170, 16_383, 10_000_000])
    def test_agrees_with_the_gamma_function(self, n: int) -> None:
        assert samplers.log_factorial(float(n)) == pytest.approx(math.lgamma(n + 1), rel=1e-14, abs=1e-14)
