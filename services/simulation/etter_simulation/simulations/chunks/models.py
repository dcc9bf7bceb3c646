"""Tables of chunks: the job of playing a range of iterations, and what it yields by window of months."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin
from etter_common.jobs import JobMixin, Queue, job_indexes
from etter_simulation.tables import Base

CHUNKS: Final = Queue("simulation_chunks")


class SimulationChunk(IdMixin, CompanyMixin, TimestampMixin, JobMixin, Base):
    """Iterations `first_iteration`..`last_iteration` (half-open) of every run with this fingerprint.

    `engine_version` says how its parts are stored, too (`RunKey.chunk_version`).
    `sums` are those of the outputs that the request's `precision` names: what the stopping rule reads.
    """

    __tablename__ = "simulation_chunks"
    __table_args__ = (
        *job_indexes("simulation_chunks"),
        UniqueConstraint(
            "company_id", "fingerprint", "engine_version", "first_iteration", "last_iteration",
            name="uq_simulation_chunks_range",
        ),
    )  # fmt: skip

    fingerprint: Mapped[str]
    engine_version: Mapped[str]
    first_iteration: Mapped[int]
    last_iteration: Mapped[int]
    sums: Mapped[list[Any] | None]


class ChunkPart(IdMixin, CompanyMixin, Base):
    """What a chunk yielded in one window of months, as the engine packs it."""

    __tablename__ = "simulation_chunk_parts"
    __table_args__ = (UniqueConstraint("chunk_id", "window"),)

    chunk_id: Mapped[UUID] = mapped_column(ForeignKey("simulation_chunks.id", ondelete="CASCADE"))
    window: Mapped[int]
    data: Mapped[bytes]
