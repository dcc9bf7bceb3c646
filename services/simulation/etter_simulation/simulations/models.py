"""Tables of simulations: the job with what it assumes, and the series it yields."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin
from etter_common.jobs import JobMixin, Queue, job_indexes
from etter_simulation.tables import Base

QUEUE: Final = Queue("simulations")


class Simulation(IdMixin, CompanyMixin, TimestampMixin, JobMixin, Base):
    """One run. `request` is all the engine needs; `role_ids` are core's ids (or null) in its roles' order.

    Both, and the announced `outlook`, may be megabytes and are read by name only: the row itself is read with every
    heartbeat. `chunk_iterations` and `quantiles` are its plan, see `chunks.plan`. Until `reusable_until` a request that
    means the same gets the same results.
    """

    __tablename__ = "simulations"
    __table_args__ = (
        *job_indexes("simulations"),
        Index("ix_simulations_company_id_created_at_id", "company_id", "created_at", "id"),
        Index("ix_simulations_company_id_fingerprint", "company_id", "fingerprint"),
        Index(
            "ix_simulations_status",
            "status",
            "queued_at",
            postgresql_where=literal_column("status IN ('queued', 'running')"),
        ),
    )

    requested_by: Mapped[UUID]
    name: Mapped[str | None]
    source: Mapped[str]
    scenario_id: Mapped[UUID | None]
    scenario_version: Mapped[int | None]
    roles: Mapped[int]
    automation_factor: Mapped[float] = mapped_column(Double)
    mode: Mapped[str]
    iterations: Mapped[int]
    steps: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    engine_version: Mapped[str]
    fingerprint: Mapped[str]
    request: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    role_ids: Mapped[list[Any]] = mapped_column(deferred=True)
    left_out: Mapped[list[dict[str, Any]]]
    summary: Mapped[dict[str, Any] | None]
    chunk_iterations: Mapped[int | None]
    quantiles: Mapped[str] = mapped_column(default="exact", server_default="exact")
    iterations_used: Mapped[int | None]
    reused_from: Mapped[UUID | None]
    reusable_until: Mapped[datetime | None]
    outlook: Mapped[list[Any] | None] = mapped_column(deferred=True)


class Series(IdMixin, CompanyMixin, Base):
    """Statistics of one role (position 0..) or of the company (position -1): packed [metric, statistic, month]."""

    __tablename__ = "simulation_series"
    __table_args__ = (
        UniqueConstraint("company_id", "simulation_id", "position"),
        Index("ix_simulation_series_simulation_id", "simulation_id"),
    )

    simulation_id: Mapped[UUID] = mapped_column(ForeignKey("simulations.id", ondelete="CASCADE"))
    position: Mapped[int]
    role: Mapped[str | None]
    role_id: Mapped[UUID | None]
    salary: Mapped[float | None] = mapped_column(Double)
    metrics: Mapped[list[str]]
    values: Mapped[bytes]


COMPANY_POSITION: Final = -1
