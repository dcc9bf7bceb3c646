"""Section 9: parts of a run, made anywhere and in any order, give the bytes of the run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from etter_simulation.engine import chunk
from etter_simulation.engine.chunk import Part, Span, merge, play_range, windows
from etter_simulation.engine.finish import Result, finish
from etter_simulation.engine.metrics import PARTS_VERSION
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Player, run
from etter_simulation.engine.sketch import SketchedPart, sketched

from ..factories import BUSY, engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine
MONTHS = 10


def busy(**more: Any) -> SimulationRequest:
    return request(engineer(120), marketing(80), guard(0), **{**BUSY, "n_iterations": 11, **more})


def parts_of(asked: SimulationRequest, *spans: tuple[int, int]) -> list[list[Part]]:
    """By window, the parts of all ranges."""
    by_range = [list(play_range(asked, *span, months_at_once=MONTHS)) for span in spans]
    return [list(parts) for parts in zip(*by_range, strict=True)]


def assert_same_bytes(one: Result, other: Result) -> None:
    assert one.company_metrics == other.company_metrics
    assert one.company.tobytes() == other.company.tobytes()
    assert one.roles.tobytes() == other.roles.tobytes()
    assert one.summary == other.summary


class TestPlayRange:
    def test_a_range_played_again_is_the_same_to_the_byte(self) -> None:
        one, again = ([part.to_bytes() for part in play_range(busy(), 3, 7, months_at_once=MONTHS)] for _ in range(2))
        assert one == again

    def test_windows_depend_on_the_request_alone(self) -> None:
        asked = busy()
        assert [part.months for part in play_range(asked, 3, 7)] == list(windows(asked))


class TestMerge:
    @pytest.mark.parametrize(
        "spans",
        [[(0, 11)], [(0, 4), (4, 11)], [(9, 11), (0, 1), (5, 9), (1, 5)], [(at, at + 1) for at in range(11)]],
    )
    @pytest.mark.parametrize("counterfactual", [True, False])
    def test_any_partition_finishes_to_the_bytes_of_the_run(
        self, spans: list[tuple[int, int]], *, counterfactual: bool
    ) -> None:
        asked = busy(counterfactual=counterfactual)
        assert_same_bytes(finish(asked, map(merge, parts_of(asked, *spans))), run(asked))

    @pytest.mark.parametrize("spans", [[(0, 4), (5, 11)], [(0, 5), (4, 11)]])
    def test_gaps_and_overlaps_are_refused(self, spans: list[tuple[int, int]]) -> None:
        with pytest.raises(ValueError, match="do not fit"):
            merge(parts_of(busy(), *spans)[0])

    def test_different_months_are_refused(self) -> None:
        found = parts_of(busy(), (0, 4), (4, 11))
        with pytest.raises(ValueError, match="do not fit"):
            merge([found[0][0], found[1][1]])


class TestBytes:
    def test_a_stored_part_is_as_good_as_new(self) -> None:
        asked = busy()
        stored = [[part.to_bytes() for part in parts] for parts in parts_of(asked, (4, 11), (0, 4))]
        again = (merge(Part.from_bytes(part) for part in parts) for parts in stored)
        assert_same_bytes(finish(asked, again), run(asked))

    def test_a_merged_part_has_the_bytes_of_one_played_at_once(self) -> None:
        asked = busy()
        for split, whole in zip(parts_of(asked, (4, 11), (0, 4)), parts_of(asked, (0, 11)), strict=True):
            assert merge(split).to_bytes() == whole[0].to_bytes()

    def test_what_another_version_has_stored_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        part = parts_of(busy(), (0, 4))[0][0]
        monkeypatch.setattr(chunk, "PARTS_VERSION", PARTS_VERSION - 1)
        stored, sketch = part.to_bytes(), sketched(part).to_bytes()
        monkeypatch.undo()
        for read, given in ((Part.from_bytes, stored), (SketchedPart.from_bytes, sketch)):
            with pytest.raises(ValueError, match="a part of version"):
                read(given)

    def test_it_takes_a_fraction_of_the_room_of_rows(self) -> None:
        (part,) = play_range(request(engineer(900), marketing(800), n_iterations=64), 0, 64)
        assert len(part.to_bytes()) < (part.roles.rows.nbytes + part.company.rows.nbytes) / 4


class TestPlayer:
    @pytest.mark.parametrize(("threads", "size"), [(1, 256), (2, 3), (3, 256)])
    def test_a_range_on_threads_has_the_bytes_of_one_played_at_once(self, threads: int, size: int) -> None:
        asked = busy()
        player = Player(asked, Span(2, 11), threads=threads, chunk=size)
        with ThreadPoolExecutor(threads) as pool:
            for expected in play_range(asked, 2, 11, months_at_once=MONTHS):
                assert player.play(expected.months, pool).to_bytes(pool.map) == expected.to_bytes()


class TestFinish:
    def test_a_prefix_of_the_iterations_is_a_run_of_as_many(self) -> None:
        found = finish(busy(), map(merge, parts_of(busy(), (0, 4), (4, 6))))
        assert_same_bytes(found, run(busy(n_iterations=6)))

    def test_iterations_that_do_not_start_at_zero_are_refused(self) -> None:
        with pytest.raises(ValueError, match="is not the window"):
            finish(busy(), map(merge, parts_of(busy(), (4, 11))))

    def test_missing_months_are_refused(self) -> None:
        found = [merge(parts) for parts in parts_of(busy(), (0, 11))]
        with pytest.raises(ValueError, match="of 37 months"):
            finish(busy(), found[:-1])
        with pytest.raises(ValueError, match="no windows"):
            finish(busy(), [])

    def test_windows_out_of_order_are_refused(self) -> None:
        with pytest.raises(ValueError, match="is not the window"):
            finish(busy(), reversed([merge(parts) for parts in parts_of(busy(), (0, 11))]))


class TestSpan:
    def test_is_as_long_as_what_it_holds(self) -> None:
        assert len(Span(3, 7)) == 4
