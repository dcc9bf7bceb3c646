"""Lanes laid out for one draw, and the test of what was drawn: by chi-square (p > 1e-4, fixed seed)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine import philox, samplers

DRAWS = 40_000
Mass = Callable[[int], float]


def log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def binomial_mass(n: int, p: float) -> Mass:
    return lambda k: math.exp(log_choose(n, k) + k * math.log(p) + (n - k) * math.log1p(-p))


def hypergeometric_mass(good: int, bad: int, draws: int) -> Mass:
    def mass(k: int) -> float:
        if k > good or draws - k > bad or k > draws:
            return 0.0
        return math.exp(log_choose(good, k) + log_choose(bad, draws - k) - log_choose(good + bad, draws))

    return mass


def laid(lanes: int, **rows: float) -> samplers.Draws:
    """Lanes of as many iterations, with the named rows the same for all."""
    draws = samplers.new_draws(philox.new_stream(20261123), samplers.log_factorials(), lanes)
    draws.all.iterations[:] = np.arange(lanes)
    philox.begin(draws.stream, 0, 1)
    philox.seek(draws.stream, 0, 0)
    for name, value in rows.items():
        draws.all.slips[getattr(samplers, name)] = value
    return draws


def assert_follows(values: Any, mass: Mass, largest: int) -> None:
    """Cells of at least 20 expected draws; the statistic below mean + 4.2 sd of its chi-square (Wilson-Hilferty)."""
    observed = np.bincount(values, minlength=largest + 1)
    assert len(observed) == largest + 1, "a value outside the support"
    cells: list[tuple[float, float]] = []
    seen, expected = 0.0, 0.0
    for k in range(largest + 1):
        seen, expected = seen + observed[k], expected + DRAWS * mass(k)
        if expected >= 20:
            cells.append((seen, expected))
            seen, expected = 0.0, 0.0
    cells[-1] = (cells[-1][0] + seen, cells[-1][1] + expected)
    statistic = sum((o - e) ** 2 / e for o, e in cells)
    freedom = len(cells) - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 3.72 * math.sqrt(2 / (9 * freedom))) ** 3
    assert statistic < limit, f"chi-square {statistic:.1f} with {freedom} degrees of freedom"
    assert sum(e for _, e in cells) == pytest.approx(DRAWS)
