"""Section 7: who is drawn from groups, against the mass functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine import groups, philox, samplers

from .drawing import DRAWS, assert_follows, binomial_mass, hypergeometric_mass, laid


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
