"""Every query about chunks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Row,
    Text,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from etter_common import jobs
from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_common.events import streams
from etter_common.events.outbox import OutboxRow
from etter_common.ids import new_id
from etter_common.jobs import FINAL, JobStatus
from etter_simulation.simulations.chunks.models import CHUNKS, ChunkPart, SimulationChunk
from etter_simulation.simulations.meaning import ACTIVE, RunKey
from etter_simulation.simulations.models import Simulation

ROWS_AT_ONCE: Final = 500
FORGOTTEN_AFTER: Final = timedelta(days=1)


class ChunkRepository(Repository[SimulationChunk]):
    model = SimulationChunk

    async def hand_out(self, key: RunKey, spans: Sequence[tuple[int, int]]) -> None:
        """Queue those of `spans` that nobody has or had yet, and those that ended without effect."""
        for first in range(0, len(spans), ROWS_AT_ONCE):
            statement = self._queue_of(key, spans[first : first + ROWS_AT_ONCE])
            queued = (await self.session.scalars(statement)).all()
            await jobs.enqueue(self.ctx, CHUNKS, *queued)

    def _queue_of(self, key: RunKey, spans: Sequence[tuple[int, int]]) -> Any:
        rows = [
            {"id": new_id(), "company_id": self.company_id, "first_iteration": first, "last_iteration": last,
             "fingerprint": key.fingerprint, "engine_version": key.chunk_version}
            for first, last in spans
        ]  # fmt: skip
        stopped = (JobStatus.FAILED.value, JobStatus.CANCELLED.value)
        anew: dict[str, Any] = {
            "status": JobStatus.QUEUED.value, "queued_at": utc_now(), "finished_at": None, "heartbeat_at": None,
            "failures": 0, "cancel_requested": False, "error_code": None, "error_detail": None, "progress": 0.0,
        }  # fmt: skip
        statement = upsert(SimulationChunk).values(rows)
        statement = statement.on_conflict_do_update(
            constraint="uq_simulation_chunks_range", set_=anew, where=SimulationChunk.status.in_(stopped)
        )
        return statement.returning(SimulationChunk.id)

    async def list_states(self, key: RunKey) -> Sequence[Row[Any]]:
        """The run's chunks in order of iterations."""
        columns = (
            SimulationChunk.first_iteration, SimulationChunk.last_iteration, SimulationChunk.status,
            SimulationChunk.progress, SimulationChunk.sums, SimulationChunk.error_code, SimulationChunk.error_detail,
        )  # fmt: skip
        statement = self.select(*columns).where(*self._of(key)).order_by(SimulationChunk.first_iteration)
        rows: Sequence[Row[Any]] = (await self.session.execute(statement)).all()
        return rows

    async def task(self, chunk_id: UUID) -> Row[Any] | None:
        """What is to be played for whom; `None` when no run needs it any more."""
        columns = (
            SimulationChunk.first_iteration, SimulationChunk.last_iteration, SimulationChunk.engine_version,
            SimulationChunk.fingerprint, Simulation.request, Simulation.quantiles,
        )  # fmt: skip
        needed = (
            (Simulation.company_id == SimulationChunk.company_id)
            & (Simulation.fingerprint == SimulationChunk.fingerprint)
            & (Simulation.engine_version == _engine_version())
            & Simulation.status.in_(ACTIVE)
        )
        statement = self.select(*columns).join(Simulation, needed).where(SimulationChunk.id == chunk_id).limit(1)
        row: Row[Any] | None = (await self.session.execute(statement)).one_or_none()
        return row

    async def put(self, chunk_id: UUID, parts: Sequence[bytes], sums: list[Any] | None) -> None:
        owned = {"company_id": self.company_id, "chunk_id": chunk_id}
        rows = [{"id": new_id(), **owned, "window": window, "data": data} for window, data in enumerate(parts)]
        await self.session.execute(insert(ChunkPart), rows)
        own = (SimulationChunk.id == chunk_id, SimulationChunk.company_id == self.company_id)
        await self.session.execute(update(SimulationChunk).where(*own).values(sums=sums))

    async def list_parts(self, key: RunKey, window: int, *, iterations: int) -> Sequence[bytes]:
        """One window's parts of the first `iterations`."""
        statement = (
            select(ChunkPart.data)
            .join(SimulationChunk, SimulationChunk.id == ChunkPart.chunk_id)
            .where(*self._of(key), SimulationChunk.last_iteration <= iterations)
            .where(ChunkPart.window == window, SimulationChunk.status == JobStatus.SUCCEEDED.value)
            .order_by(SimulationChunk.first_iteration)
        )
        return (await self.session.scalars(statement)).all()

    def release(self, key: RunKey, *, by: UUID) -> None:
        """At the end of this work, the run `by` needs its chunks no more.

        Unless another run does, they go, and whoever is at one of them is told to look. What was left lying about goes,
        too.
        """
        other = exists().where(
            Simulation.company_id == self.company_id, Simulation.fingerprint == key.fingerprint,
            Simulation.engine_version == key.engine_version, Simulation.status.in_(ACTIVE), Simulation.id != by,
        )  # fmt: skip
        own = (SimulationChunk.fingerprint == key.fingerprint, _engine_version() == key.engine_version)
        unneeded = and_(SimulationChunk.company_id == self.company_id, *own, ~other)  # however they are stored
        self.ctx.append(self._signals(unneeded))
        old = SimulationChunk.status.in_(FINAL) & (SimulationChunk.finished_at < utc_now() - FORGOTTEN_AFTER)
        gone = delete(SimulationChunk).where(SimulationChunk.company_id == self.company_id, unneeded | old)
        self.ctx.append(gone)

    def _signals(self, which: ColumnElement[bool]) -> Insert:
        """To the workers of running chunks: over core NATS, once this is committed."""
        subject = literal(streams.cancel_subject("")) + cast(SimulationChunk.id, Text)
        nothing = (cast(literal("{}"), JSONB), cast(literal("[]"), JSONB))
        signal = select(func.gen_random_uuid(), SimulationChunk.company_id, subject, *nothing, literal(utc_now()))
        running = signal.where(which, SimulationChunk.status == JobStatus.RUNNING.value)
        return insert(OutboxRow).from_select(["id", "company_id", "subject", "headers", "tags", "created_at"], running)

    def _of(self, key: RunKey) -> tuple[ColumnElement[bool], ...]:
        return (
            SimulationChunk.company_id == self.company_id, SimulationChunk.fingerprint == key.fingerprint,
            SimulationChunk.engine_version == key.chunk_version,
        )  # fmt: skip


def _engine_version() -> ColumnElement[str]:
    """Of a chunk, whichever release has asked for it; see `RunKey.chunk_version`."""
    found: ColumnElement[str] = func.split_part(SimulationChunk.engine_version, "/", 1)
    return found
