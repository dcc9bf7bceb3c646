"""Section 7: every sampler against its mass function by chi-square (p > 1e-4, fixed seed)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine import groups, philox, samplers

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


def binomials(n: float, p: float, lanes: int = DRAWS, *, same: bool = True) -> Any:
    draws = laid(lanes, A=n, B=p)
    slips = draws.all.slips
    samplers.lay_chance(slips, slips[samplers.A], slips[samplers.B], same)
    samplers.binomials(draws, draws.all, lanes, 0)
    return draws.all.slips[samplers.K].astype(np.int64)


def hypergeometrics(good: float, others: float, taken: float, lanes: int = DRAWS) -> Any:
    draws = laid(lanes, A=good, B=others, DRAWS=taken)
    slips = draws.all.slips
    first, second = slips[samplers.FIRST], slips[samplers.SECOND]
    philox.uniforms(draws.stream, draws.all.iterations, lanes, 0, first, second)
    rows = (slips[row] for row in (samplers.A, samplers.B, samplers.DRAWS, samplers.K))
    groups.hypergeometrics(draws, draws.all, lanes, first, *rows)
    return slips[samplers.K].astype(np.int64)


def in_groups(sampler: Any, taken: float, sizes: tuple[float, float, float], lanes: int = DRAWS) -> Any:
    """[group, lane]."""
    draws = laid(lanes, DRAWS=taken, A=sizes[0], B=sizes[1], C=sizes[2])
    sampler(draws)
    return draws.all.slips[samplers.K_A : samplers.K_C + 1].astype(np.int64)


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


class TestHypergeometrics:
    @pytest.mark.parametrize(
        ("good", "bad", "draws"),
        [(5, 5, 3), (3, 200, 10), (40, 60, 16), (40, 60, 17), (40, 60, 50), (40, 60, 83), (40, 60, 95),
         (2000, 3000, 300), (7, 9000, 4000), (9000, 9000, 60)],
    )  # fmt: skip
    def test_follows_its_mass_function(self, good: int, bad: int, draws: int) -> None:
        assert_follows(hypergeometrics(good, bad, draws), hypergeometric_mass(good, bad, draws), min(good, draws))

    @pytest.mark.parametrize(
        ("good", "bad", "draws", "k"), [(0, 5, 3, 0), (5, 0, 3, 3), (5, 4, 9, 5), (5, 4, 0, 0), (0, 0, 0, 0)]
    )
    def test_certain_outcomes(self, good: int, bad: int, draws: int, k: int) -> None:
        assert (hypergeometrics(good, bad, draws, 16) == k).all()


class TestLeaving:
    @pytest.mark.parametrize(("draws", "group"), [(7, 0), (7, 1), (7, 2), (40, 0), (40, 1), (40, 2)])
    def test_each_group_is_hypergeometric(self, draws: int, group: int) -> None:
        sizes = (50, 30, 20)
        values = in_groups(groups.leaving, draws, sizes)[group]
        others = 100 - sizes[group]
        assert_follows(values, hypergeometric_mass(sizes[group], others, draws), min(sizes[group], draws))

    @pytest.mark.parametrize("draws", [0, 7, 40, 100])
    def test_as_many_leave_as_are_drawn(self, draws: int) -> None:
        found = in_groups(groups.leaving, draws, (50, 30, 20), 64)
        assert (found.sum(axis=0) == draws).all()
        assert ((found >= 0) & (found <= np.array([50, 30, 20])[:, None])).all()

    @pytest.mark.parametrize("draws", [3, 30])
    def test_all_are_of_the_first_group_if_there_is_no_other(self, draws: int) -> None:
        assert (in_groups(groups.leaving, draws, (50, 0, 0), 16) == np.array([draws, 0, 0])[:, None]).all()


class TestJoining:
    @pytest.mark.parametrize(("draws", "group"), [(7, 0), (7, 1), (7, 2), (60, 0), (60, 1), (60, 2)])
    def test_each_group_is_binomial(self, draws: int, group: int) -> None:
        sizes = (50, 30, 20)
        values = in_groups(groups.joining, draws, sizes)[group]
        assert_follows(values, binomial_mass(draws, sizes[group] / 100), draws)

    @pytest.mark.parametrize("draws", [5, 50])
    def test_all_join_the_first_group_where_nobody_is(self, draws: int) -> None:
        assert (in_groups(groups.joining, draws, (0, 0, 0), 16) == np.array([draws, 0, 0])[:, None]).all()


MIXED = np.array([(at * 37 % 101, at * 53 % 89, at * 11 % 97, at * 29 % 60) for at in range(64)], dtype=np.float64).T


def mixed(lanes: slice) -> samplers.Draws:
    """Some of 64 lanes that need every method, each as in any other company of lanes."""
    places = np.arange(64)[lanes]
    draws = laid(len(places))
    draws.all.iterations[:] = places
    for row, values in zip((samplers.A, samplers.B, samplers.C, samplers.DRAWS), MIXED, strict=True):
        draws.all.slips[row] = np.minimum(values, MIXED[:3].sum(axis=0))[lanes]
    return draws


class TestNeighbours:
    """A lane draws the same whatever is drawn beside it."""

    @pytest.mark.parametrize("sampler", [groups.leaving, groups.joining])
    @pytest.mark.parametrize("lanes", [slice(0, 8), slice(3, 64, 8), slice(24, 64)])
    def test_of_groups(self, sampler: Any, lanes: slice) -> None:
        together, apart = mixed(slice(0, 64)), mixed(lanes)
        for draws in (together, apart):
            sampler(draws)
        rows = slice(samplers.K_A, samplers.K_C + 1)
        assert (together.all.slips[rows, lanes] == apart.all.slips[rows]).all()

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
