"""Section 7: every sampler against its mass function by chi-square (p > 1e-4, fixed seed)."""

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


def drawn(sample: Callable[[Any], int]) -> Any:
    stream = philox.new_stream(20261123)
    values = np.empty(DRAWS, dtype=np.int64)
    for at in range(DRAWS):
        philox.begin(stream, at, 1)
        philox.seek(stream, 0, 0)
        values[at] = sample(stream)
    return values


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


class TestBinomial:
    @pytest.mark.parametrize(
        ("n", "p"),
        [(1, 0.3), (20, 0.1), (300, 0.01), (300, 0.99), (19, 0.5), (21, 0.5), (1000, 0.0101), (2000, 0.01), (500, 0.3),
         (500, 0.7), (50_000, 0.4)],
    )  # fmt: skip
    def test_follows_its_mass_function(self, n: int, p: float) -> None:
        assert_follows(drawn(lambda s: samplers.binomial(s, n, p)), binomial_mass(n, p), n)

    @pytest.mark.parametrize(("n", "p", "k"), [(0, 0.5, 0), (9, 0.0, 0), (9, 1.0, 9), (-1, 0.5, 0)])
    def test_certain_outcomes(self, n: int, p: float, k: int) -> None:
        assert samplers.binomial(philox.new_stream(1), n, p) == k


class TestHypergeometric:
    @pytest.mark.parametrize(
        ("good", "bad", "draws"),
        [(5, 5, 3), (3, 200, 10), (40, 60, 16), (40, 60, 17), (40, 60, 50), (40, 60, 83), (40, 60, 95),
         (2000, 3000, 300), (7, 9000, 4000)],
    )  # fmt: skip
    def test_follows_its_mass_function(self, good: int, bad: int, draws: int) -> None:
        values = drawn(lambda s: samplers.hypergeometric(s, good, bad, draws))
        assert_follows(values, hypergeometric_mass(good, bad, draws), min(good, draws))

    @pytest.mark.parametrize(("good", "bad", "draws", "k"), [(0, 5, 3, 0), (5, 0, 3, 3), (5, 4, 9, 5), (5, 4, 0, 0)])
    def test_certain_outcomes(self, good: int, bad: int, draws: int, k: int) -> None:
        assert samplers.hypergeometric(philox.new_stream(1), good, bad, draws) == k


class TestLeaving:
    @pytest.mark.parametrize(("draws", "group"), [(7, 0), (7, 1), (7, 2), (40, 0), (40, 1), (40, 2)])
    def test_each_group_is_hypergeometric(self, draws: int, group: int) -> None:
        sizes = (50, 30, 20)
        values = drawn(lambda s: samplers.leaving(s, draws, *sizes)[group])
        others = 100 - sizes[group]
        assert_follows(values, hypergeometric_mass(sizes[group], others, draws), min(sizes[group], draws))

    @pytest.mark.parametrize("draws", [0, 7, 40, 100])
    def test_as_many_leave_as_are_drawn(self, draws: int) -> None:
        stream = philox.new_stream(3)
        for step in range(50):
            philox.begin(stream, 0, step)
            philox.seek(stream, 0, 0)
            found = samplers.leaving(stream, draws, 50, 30, 20)
            assert sum(found) == draws
            assert all(0 <= count <= size for count, size in zip(found, (50, 30, 20), strict=True))


class TestJoining:
    @pytest.mark.parametrize(("draws", "group"), [(9, 0), (9, 1), (9, 2), (60, 0), (60, 1), (60, 2)])
    def test_each_group_is_binomial(self, draws: int, group: int) -> None:
        sizes = (50, 30, 20)
        values = drawn(lambda s: samplers.joining(s, draws, *sizes)[group])
        assert_follows(values, binomial_mass(draws, sizes[group] / 100), draws)

    def test_all_join_the_first_group_where_nobody_is(self) -> None:
        assert samplers.joining(philox.new_stream(1), 5, 0, 0, 0) == (5, 0, 0)
