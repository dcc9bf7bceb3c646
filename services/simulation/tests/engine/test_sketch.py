"""Section 9 beyond the limit of rows: counts in fixed bins, the same bytes however they were put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.chunk import Part, Span, merge, play_range
from etter_simulation.engine.finish import Result, finish
from etter_simulation.engine.metrics import ROLE_METRICS, STATS
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import run
from etter_simulation.engine.series import Block
from etter_simulation.engine.sketch import SketchedPart, bin_of, merge_sketched, sketched, width_of
from etter_simulation.engine.sketch_error import RELATIVE_ERROR
from etter_simulation.engine.statistics import describe, tally

from ..factories import BUSY, engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the engine may have to be compiled
QUANTILES = [STATS.index(name) for name in ("p5", "p50", "p95")]
NEGATIVES = (-1, -2047, -2048, -123_456_789_012, -(2**62))


@cache
def asked() -> SimulationRequest:
    return request(engineer(900), marketing(80), guard(0), **{**BUSY, "n_iterations": 40})


@cache
def exact() -> Result:
    return run(asked())


def merged(spans: Sequence[tuple[int, int]]) -> list[SketchedPart]:
    """By window, the parts of all ranges as they come out of a store."""
    by_range = [[sketched(part) for part in play_range(asked(), *span, months_at_once=10)] for span in spans]
    stored = [[SketchedPart.from_bytes(part.to_bytes()) for part in parts] for parts in by_range]
    return [merge_sketched(parts) for parts in zip(*stored, strict=True)]


def of_rows(rows: list[list[int]]) -> Any:
    """Statistics of a table [series, iteration], and of its sketch."""
    table = np.array(rows, dtype=np.int64)
    block = Block(table[None])
    sketch = sketched(Part(Span(0, table.shape[1]), Span(0, 1), block, block)).roles
    scale = np.ones(len(table))
    return describe(table.copy(), tally(table), scale), sketch.describe(slice(0, len(table)), scale)


class TestBins:
    @pytest.mark.parametrize("value", [0, 1, 2047, 2048, 4095, 4097, 2**32, 2**62 + 12345, *NEGATIVES])
    def test_a_bin_is_named_by_its_number_nearest_to_zero(self, value: int) -> None:
        name, width = int(bin_of(value)), int(width_of(abs(value)))
        assert abs(name) <= abs(value) < abs(name) + width
        assert width - 1 <= RELATIVE_ERROR * max(abs(name), 1)
        assert (name < 0) == (value < 0)

    def test_neighbouring_bins_touch(self) -> None:
        for value in (2046, 2047, 2048, 4094, 4095, 4096, 1_000_000):
            assert bin_of(int(bin_of(value)) + int(width_of(value))) == bin_of(value) + width_of(value)


class TestDescribe:
    def test_small_numbers_are_exact(self) -> None:
        exactly, sketch = of_rows([[5, -7, 2047, 0, 12], [1, 1, 1, 1, 1]])
        assert sketch.tobytes() == exactly.tobytes()

    def test_large_ones_are_within_the_error(self) -> None:
        numbers = np.random.default_rng(1).normal(3e9, 1e9, (4, 500)).astype(np.int64)
        exactly, sketch = of_rows(numbers.tolist())
        assert np.allclose(sketch, exactly, rtol=RELATIVE_ERROR, atol=0)
        assert (sketch[:, QUANTILES] != exactly[:, QUANTILES]).any()

    def test_iterations_without_a_value_are_left_out(self) -> None:
        exactly, sketch = of_rows([[int(NULL), 3, 9], [int(NULL)] * 3])
        assert sketch.tobytes() == exactly.tobytes()
        assert np.isnan(sketch[1]).all()

    def test_a_quantile_never_leaves_what_there_was(self) -> None:
        _, sketch = of_rows([[10_000_001] * 3])
        assert sketch[0, QUANTILES].tolist() == [10_000_001.0] * 3


class TestMerge:
    @pytest.mark.parametrize(
        "spans",
        [[(0, 40)], [(0, 1), (1, 40)], [(30, 40), (0, 11), (11, 30)], [(at, at + 4) for at in range(36, -1, -4)]],
    )
    def test_any_partition_in_any_order_gives_the_same_bytes(self, spans: list[tuple[int, int]]) -> None:
        whole = [part.to_bytes() for part in merged([(0, 40)])]
        assert [part.to_bytes() for part in merged(spans)] == whole

    def test_gaps_are_refused(self) -> None:
        with pytest.raises(ValueError, match="do not fit"):
            merged([(0, 4), (5, 40)])


class TestFinish:
    def test_all_but_quantiles_of_roles_is_that_of_the_run(self) -> None:
        found = finish(asked(), merged([(0, 13), (13, 40)]))
        assert found.company.tobytes() == exact().company.tobytes()
        assert found.summary == exact().summary
        others = [at for at in range(len(STATS)) if at not in QUANTILES]
        assert found.roles[:, :, others].tobytes() == exact().roles[:, :, others].tobytes()

    def test_quantiles_of_roles_are_within_the_error(self) -> None:
        found = finish(asked(), merged([(0, 40)]))
        one, other = found.roles[:, :, QUANTILES], exact().roles[:, :, QUANTILES]
        # between a negative and a positive value the error is relative to these, not to what is left of them
        assert np.allclose(one, other, rtol=RELATIVE_ERROR, atol=1e-6, equal_nan=True)
        heads = ROLE_METRICS.index("count")
        assert found.roles[:, heads].tobytes() == exact().roles[:, heads].tobytes()

    def test_it_takes_less_room_than_rows(self) -> None:
        rows = merge(play_range(asked(), 0, 40, months_at_once=100))
        assert len(sketched(rows).to_bytes()) < len(rows.to_bytes())
