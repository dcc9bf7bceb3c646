"""Chunks are handed out once, whoever asks for them."""

from __future__ import annotations

import pytest

from etter_common.context import Context
from etter_common.jobs import JobStatus
from etter_simulation.simulations.chunks import repository
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.meaning import RunKey

KEY = RunKey("fingerprint", "cohort-1")


class TestHandOut:
    async def test_a_chunk_that_is_there_is_not_handed_out_again(self, ctx: Context) -> None:
        chunks = ChunkRepository(ctx)
        await chunks.hand_out(KEY, [(0, 10), (10, 20)])
        await chunks.hand_out(KEY, [(10, 20), (20, 25)])
        found = [(row.first_iteration, row.last_iteration, row.status) for row in await chunks.list_states(KEY)]
        assert found == [(0, 10, "queued"), (10, 20, "queued"), (20, 25, "queued")]
        assert len(ctx.appended) == 2  # the messages: of two chunks, and of one

    async def test_one_that_ended_without_effect_is(self, ctx: Context) -> None:
        chunks = ChunkRepository(ctx)
        await chunks.hand_out(KEY, [(0, 10)])
        (chunk,) = await chunks.list_where()
        chunk.status, chunk.error_code = JobStatus.FAILED.value, "INTERNAL_ERROR"
        await ctx.session.flush()
        await chunks.hand_out(KEY, [(0, 10)])
        (state,) = await chunks.list_states(KEY)
        assert (state.status, state.error_code) == ("queued", None)

    async def test_many_take_several_statements(self, ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(repository, "ROWS_AT_ONCE", 2)
        await ChunkRepository(ctx).hand_out(KEY, [(at, at + 1) for at in range(5)])
        assert await ChunkRepository(ctx).count() == 5
        assert len(ctx.appended) == 3


class TestTask:
    async def test_a_chunk_that_no_run_needs_has_none(self, ctx: Context) -> None:
        chunks = ChunkRepository(ctx)
        await chunks.hand_out(KEY, [(0, 10)])
        (chunk,) = await chunks.list_where()
        assert await chunks.task(chunk.id) is None
