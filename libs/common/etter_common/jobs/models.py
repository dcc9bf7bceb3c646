"""The columns every job's table has."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Boolean, Column, ColumnElement, DateTime, Double, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from etter_common import logging, tracing
from etter_common.clock import utc_now


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE: Final = "status IN ('queued', 'running')"
FINAL: Final = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


def db_now() -> ColumnElement[datetime]:
    """The database's clock: all workers judge each other's signs of life by it, whatever their own clocks say."""
    return func.clock_timestamp(type_=DateTime(timezone=True))


def _request_id() -> str | None:
    found = logging.current_ids().get("request_id")
    return str(found) if found else None


class JobMixin:
    """`attempts` counts the times a worker took the job; it is the fencing token of the one that has it.

    `failures` are the tries that ended with an error; `not_before` delays the next one. `request_id` and `traceparent`
    are those of the request that asked for the job.
    """

    status: Mapped[str] = mapped_column(Text, default=JobStatus.QUEUED.value, server_default="queued")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    progress: Mapped[float] = mapped_column(Double, default=0.0, server_default="0")
    stage: Mapped[str | None] = mapped_column(Text)
    eta_seconds: Mapped[int | None] = mapped_column(Integer)
    error_code: Mapped[str | None] = mapped_column(Text)
    error_detail: Mapped[str | None] = mapped_column(Text)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    checkpoint: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    queued_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    not_before: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    request_id: Mapped[str | None] = mapped_column(Text, default=_request_id)
    traceparent: Mapped[str | None] = mapped_column(Text, default=tracing.traceparent)


def job_indexes(table: str) -> tuple[Index, Index]:
    """For `__table_args__`: one over what is not done, small however much is; one for whose turn it is."""
    return (
        Index(f"ix_{table}_active", "company_id", "status", "queued_at", postgresql_where=text(ACTIVE)),
        Index(f"ix_{table}_taken_at", "company_id", "taken_at"),
    )


def job_columns() -> list[Column[Any]]:
    """The same columns for a migration: `op.create_table("jobs", …, *job_columns())`, as of release 0.1."""
    return [
        Column("status", Text, nullable=False, server_default="queued"),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("progress", Double, nullable=False, server_default="0"),
        Column("stage", Text),
        Column("eta_seconds", Integer),
        Column("error_code", Text),
        Column("error_detail", Text),
        Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
        Column("checkpoint", JSONB),
        Column("queued_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("started_at", DateTime(timezone=True)),
        Column("finished_at", DateTime(timezone=True)),
        Column("heartbeat_at", DateTime(timezone=True)),
        Column("worker", Text),
    ]
