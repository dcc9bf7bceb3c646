"""Section 9: exact sums, exact quantiles, merging in any order."""

from __future__ import annotations

import statistics as plain
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.statistics import Tally, describe, quantile_or_never, tally

LARGE = 2**62
whole = st.lists(st.integers(-LARGE, LARGE), min_size=2, max_size=40)

compiling = settings(deadline=None)  # the first example may compile


def as_rows(values: list[int]) -> Any:
    return np.array([values], dtype=np.int64)


def described(values: list[int]) -> dict[str, float]:
    rows = as_rows(values)
    found = describe(rows, tally(rows), np.ones(1))[0]
    return dict(zip(("mean", "min", "max", "p5", "p50", "p95", "sd", "se"), found.tolist(), strict=True))


def same(one: Tally, other: Tally) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("n", "total", "squares", "low", "high")
    )


class TestTally:
    @compiling
    @given(whole, st.lists(st.integers(0, 40), max_size=5))
    def test_any_grouping_gives_the_same_sums(self, values: list[int], cuts: list[int]) -> None:
        edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
        parts = [tally(as_rows(values[a:b])) for a, b in pairwise(edges)]
        assert same(reduce(Tally.merged, parts), tally(as_rows(values)))
        assert same(reduce(Tally.merged, reversed(parts)), tally(as_rows(values)))

    def test_null_does_not_count(self) -> None:
        assert same(tally(as_rows([3, NULL, 5])), tally(as_rows([3, 5])))


class TestDescribe:
    @compiling
    @given(whole)
    def test_moments_are_those_of_exact_arithmetic(self, values: list[int]) -> None:
        found = described(values)
        variance = plain.variance([Fraction(value) for value in values])
        assert found["mean"] == pytest.approx(float(plain.mean(map(Fraction, values))), rel=1e-12, abs=1e3)
        assert found["sd"] == pytest.approx(float(variance) ** 0.5, rel=1e-9, abs=1e-6)

    @compiling
    @given(st.integers(-LARGE, LARGE), st.integers(2, 30))
    def test_a_constant_has_no_spread_however_large(self, value: int, count: int) -> None:
        assert described([value] * count)["sd"] == pytest.approx(0, abs=1e-6)

    @compiling
    @given(st.lists(st.integers(-(2**50), 2**50), min_size=1, max_size=60))
    def test_quantiles_are_type_7(self, values: list[int]) -> None:
        found = described(values)
        for name, q in (("min", 0), ("p5", 0.05), ("p50", 0.5), ("p95", 0.95), ("max", 1)):
            assert found[name] == pytest.approx(np.quantile(values, q), rel=1e-12, abs=1e-3)

    @pytest.mark.parametrize("between", [0, 1, 38, 200])
    def test_values_further_apart_than_a_signed_number_holds(self, between: int) -> None:
        """Their difference is 2**63: taken as signed it would look small enough to be counted."""
        found = described([-LARGE, *[0] * between, LARGE])
        assert (found["min"], found["max"]) == (-LARGE, LARGE)
        assert found["p50"] == 0
        assert found["p5"] == pytest.approx(np.quantile([-(2.0**62), *[0.0] * between, 2.0**62], 0.05))

    def test_one_value_has_no_spread(self) -> None:
        assert described([7]) == {"mean": 7, "min": 7, "max": 7, "p5": 7, "p50": 7, "p95": 7, "sd": 0, "se": 0}

    def test_null_is_left_out_and_nothing_but_null_is_nan(self) -> None:
        assert described([NULL, 4, 6, NULL])["mean"] == 5
        assert described([NULL, 4, 6, NULL])["min"] == 4
        assert np.isnan(list(described([NULL, NULL]).values())).all()


class TestQuantileOrNever:
    @pytest.mark.parametrize(
        ("values", "quantile", "found"),
        [([1, 2, 3], (1, 2), 2.0), ([1, NULL, NULL], (1, 2), None), ([1, 2, NULL], (1, 2), 2.0), ([4, 8], (1, 4), 5.0),
         ([4, NULL], (1, 4), None)],
    )  # fmt: skip
    def test_never_comes_last(self, values: list[int], quantile: tuple[int, int], found: float | None) -> None:
        assert quantile_or_never(np.array(values), *quantile) == found
