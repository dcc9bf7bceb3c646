"""Packed rows are the rows, whatever they are; what follows from others takes no room."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from etter_simulation.engine import bitpacking
from etter_simulation.engine.bitpacking import DIFFERENCE, LINE, PLAIN, WITH_NULLS, Packed, packed, sources_of
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ROLE_METRICS
from etter_simulation.engine.outputs import NULL

pytestmark = pytest.mark.timeout(600)  # kernels may have to be compiled
ALONE = np.array([[-1, -1]])
OF_THREE = np.array([[-1, -1], [0, -1], [0, 1]])
"""The second is nearly a line of the first, the third what these differ by."""
HIGHEST = np.iinfo(np.int64).max


def again(rows: Any, sources: Any = ALONE) -> Any:
    """Packed, stored, read."""
    stored = packed(rows, sources).to_bytes()
    found, rest = Packed.read(memoryview(stored + b"behind"), rows.shape[1], sources)
    assert bytes(rest) == b"behind"
    out = np.full((rows.shape[0], rows.shape[1] + 2), 5)
    found.read_into(out, 0, 1)
    assert (out[:, [0, -1]] == 5).all()  # beside its place nothing is written
    return out[:, 1:-1]


def of(*series: list[int]) -> Any:
    return np.array(series, dtype=np.int64)


class TestPacked:
    @settings(deadline=None)
    @given(
        arrays.arrays(
            np.int64, st.tuples(st.integers(1, 3).map(lambda groups: 3 * groups), st.integers(1, 20)),
            elements=st.one_of(st.integers(int(NULL), HIGHEST), st.integers(-3, 300), st.just(int(NULL))),
        )
    )  # fmt: skip
    def test_any_numbers_come_back(self, rows: Any) -> None:
        assert np.array_equal(again(rows, OF_THREE), rows)

    @pytest.mark.parametrize("width", [0, 1, 2, 3, 4, 7, 8, 9, 15, 31, 33, 47, 63, 64])
    @pytest.mark.parametrize("count", [1, 7, 8, 9, 65])
    def test_they_take_the_bits_that_the_widest_needs(self, width: int, count: int) -> None:
        least = 1 if width == 64 else 0  # the least number there is means that there is none
        codes = np.random.default_rng(width).integers(least, 2**width, (1, count), dtype=np.uint64)
        codes[0, 0] = least
        codes[0, -1] = 2**width - 1 if count > 1 else least
        rows = (codes + np.uint64(2**63)).view(np.int64) if width == 64 else codes.view(np.int64) - 12
        found = packed(rows, ALONE)
        assert found.widths.tolist() == [width if count > 1 else 0]
        assert len(found.body) == bitpacking._size(count, int(found.widths[0]))
        assert np.array_equal(again(rows), rows)

    def test_a_missing_value_does_not_widen_the_others(self) -> None:
        found = packed(of([7, int(NULL), 9, 8]), ALONE)
        assert (found.kinds.tolist(), found.widths.tolist()) == ([WITH_NULLS], [2])

    def test_what_follows_from_others_takes_no_room(self) -> None:
        first = np.random.default_rng(1).integers(0, 2**30, 100)
        rows = np.stack([first, 3 * first + 11, first - (3 * first + 11)])
        found = packed(rows, OF_THREE)
        assert found.kinds.tolist() == [PLAIN, LINE, DIFFERENCE]
        assert found.widths.tolist()[1:] == [0, 0]
        assert np.array_equal(again(rows, OF_THREE), rows)

    def test_what_only_nearly_follows_takes_what_is_left_over(self) -> None:
        random = np.random.default_rng(2)
        first = random.integers(0, 2**30, 100)
        rows = np.stack([first, (first * 1.7).astype(np.int64) + random.integers(0, 9, 100), first])
        assert packed(rows, OF_THREE).widths[1] <= 6
        assert np.array_equal(again(rows, OF_THREE), rows)

    def test_a_source_without_a_value_says_nothing(self) -> None:
        rows = of([int(NULL), 5], [0, 0], [0, 5])
        assert np.array_equal(again(rows, OF_THREE), rows)

    def test_what_does_not_follow_is_kept_as_it_is(self) -> None:
        random = np.random.default_rng(3)
        rows = np.stack([random.integers(0, 2**40, 100), random.integers(0, 9, 100), random.integers(0, 9, 100)])
        assert packed(rows, OF_THREE).kinds.tolist() == [PLAIN] * 3

    def test_threads_change_no_byte(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = np.random.default_rng(4).integers(-50, 2**33, (30, 17))
        whole = packed(rows, OF_THREE).to_bytes()
        monkeypatch.setattr(bitpacking, "PLANES_AT_ONCE", 4 * 17)
        with ThreadPoolExecutor(3) as pool:
            assert packed(rows, OF_THREE, pool.map).to_bytes() == whole

    def test_some_series_can_be_read_alone(self) -> None:
        rows = np.random.default_rng(5).integers(-50, 2**33, (9, 17))
        out = np.empty((3, 17), dtype=np.int64)
        packed(rows, OF_THREE).read_into(out, 3, 0)
        assert np.array_equal(out, rows[3:6])


class TestSourcesOf:
    @pytest.mark.parametrize("metrics", [ROLE_METRICS, COMPANY_METRICS, COMPANY_METRICS + ATTRIBUTED_METRICS])
    def test_a_source_comes_before_what_follows_from_it(self, metrics: tuple[str, ...]) -> None:
        sources = sources_of(metrics)
        assert (sources.max(axis=1) < np.arange(len(metrics))).all()
        assert sources[metrics.index("unrealised_fte")].tolist() == [
            metrics.index("released_fte"), metrics.index("realised_fte"),
        ]  # fmt: skip

    def test_without_its_source_a_metric_stands_alone(self) -> None:
        assert sources_of(("unrealised_fte", "heads")).tolist() == [[-1, -1], [-1, -1]]
