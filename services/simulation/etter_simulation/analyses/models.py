"""The columns every analysis' table has beside those of a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin
from etter_common.jobs import JobMixin


class AnalysisMixin(IdMixin, CompanyMixin, TimestampMixin, JobMixin):
    """`request` is all the engine needs, `result` what it answered.

    Both may be megabytes and are read by name only: the row itself is read with every heartbeat.
    """

    requested_by: Mapped[UUID]
    name: Mapped[str | None]
    engine_version: Mapped[str]
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB, deferred=True)
