"""When enough chunks are there, and how long the rest will take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from etter_simulation.simulations.chunks.gathering import ChunkFailed, Pace, complete_prefix, is_refused, sums_by_step


def chunks(*done: bool, size: int = 50, start: int = 0) -> list[Any]:
    return [
        SimpleNamespace(
            first_iteration=at, last_iteration=at + size, status="succeeded" if is_done else "running",
            sums=[[size, at, at * at]],
        )
        for at, is_done in zip(range(start, start + size * len(done), size), done, strict=True)
    ]  # fmt: skip


class TestIsRefused:
    def test_what_another_releases_worker_does_not_know_is_handed_out_again(self) -> None:
        given = chunks(True, False)
        assert not is_refused(given)
        given[1].status, given[1].error_code = "failed", "CHUNK_NOT_NEEDED"
        assert is_refused(given)

    def test_any_other_failure_is_the_runs(self) -> None:
        given = chunks(True, False)
        given[1].status, given[1].error_code, given[1].error_detail = "failed", "JOB_DEADLINE_EXCEEDED", "too slow"
        with pytest.raises(ChunkFailed, match="JOB_DEADLINE_EXCEEDED: too slow"):
            is_refused(given)


class TestCompletePrefix:
    @pytest.mark.parametrize(
        ("given", "last"),
        [(chunks(), 0), (chunks(False, True), 0), (chunks(True, True, False, True), 100), (chunks(True, True), 100)],
    )
    def test_it_ends_at_the_first_gap(self, given: list[Any], last: int) -> None:
        assert complete_prefix(given) == last

    def test_what_does_not_begin_at_zero_is_none(self) -> None:
        assert complete_prefix(chunks(True, True, start=50)) == 0


class TestSumsByStep:
    def test_chunks_of_a_step_are_added(self) -> None:
        assert sums_by_step(chunks(True, True, True, True), 200) == [[[100, 50, 2500]], [[100, 250, 32500]]]

    def test_a_step_that_is_not_complete_does_not_count(self) -> None:
        assert sums_by_step(chunks(True, True, True, False), 150) == [[[100, 50, 2500]]]

    def test_the_last_step_may_be_shorter(self) -> None:
        assert sums_by_step(chunks(True, True, True), 150) == [[[100, 50, 2500]], [[50, 100, 10000]]]


class TestPace:
    def test_nothing_is_promised_before_something_moves(self) -> None:
        now = 0.0
        pace = Pace(lambda: now)
        assert pace.eta_s(0.0) is None
        now = 60.0
        assert pace.eta_s(0.0) is None

    def test_it_goes_by_the_speed_since_the_first_look(self) -> None:
        now = 100.0
        pace = Pace(lambda: now)
        assert pace.eta_s(0.5) is None  # half was there before
        now = 110.0
        assert pace.eta_s(0.75) == pytest.approx(10)
