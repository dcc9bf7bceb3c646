"""Chunks are handed out once, whoever asks for them."""

from __future__ import annotations

from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.jobs import JobStatus
from etter_common.testing.client import CheckedClient
from etter_simulation.simulations.chunks import repository
from etter_simulation.simulations.chunks.models import SimulationChunk
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.meaning import RunKey
from etter_simulation.simulations.repository import SimulationRepository

from .shared import start

pytestmark = pytest.mark.principal("analyst")

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

    async def test_a_run_is_found_for_a_chunk_of_its_own_engine(self, ctx: Context, client: CheckedClient) -> None:
        simulation_id = await start(client)
        key = await SimulationRepository(ctx).find_key(UUID(simulation_id))
        assert key is not None
        chunks = ChunkRepository(ctx)
        for one in (key, RunKey(key.fingerprint, "cohort-1")):
            await chunks.hand_out(one, [(0, 10)])
        found = {chunk.engine_version: await chunks.task(chunk.id) for chunk in await chunks.list_where()}
        task = found[key.chunk_version]
        assert task is not None
        assert (task.engine_version, task.fingerprint) == (key.chunk_version, key.fingerprint)
        assert found["cohort-1/parts-2"] is None


class TestListStates:
    @pytest.mark.parametrize("version", ["cohort-1", "cohort-1/parts-1", "cohort-2/parts-2"])
    async def test_what_another_engine_or_release_has_stored_is_not_there(self, ctx: Context, version: str) -> None:
        chunks = ChunkRepository(ctx)
        chunk = SimulationChunk(
            fingerprint=KEY.fingerprint, engine_version=version, first_iteration=0, last_iteration=10,
            status=JobStatus.SUCCEEDED.value,
        )  # fmt: skip
        chunks.add(chunk)
        await ctx.session.flush()
        await chunks.put(chunk.id, [b"as it was stored then"], None)
        assert await chunks.list_states(KEY) == []
        assert await chunks.list_parts(KEY, 0, iterations=10) == []
        await chunks.hand_out(KEY, [(0, 10)])
        assert [row.status for row in await chunks.list_states(KEY)] == ["queued"]


class TestRelease:
    async def test_chunks_of_another_release_go_with_the_runs_own(self, ctx: Context) -> None:
        chunks = ChunkRepository(ctx)
        await chunks.hand_out(KEY, [(0, 10)])
        for version in (KEY.engine_version, "cohort-9"):
            chunks.add(
                SimulationChunk(
                    fingerprint=KEY.fingerprint, engine_version=version, first_iteration=0, last_iteration=10
                )
            )
        await ctx.session.flush()
        chunks.release(KEY, by=new_id())
        await ctx.finish()
        assert [chunk.engine_version for chunk in await chunks.list_where()] == ["cohort-9"]
