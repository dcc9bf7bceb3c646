"""The table of sensitivity analyses."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.jobs import Queue, job_indexes
from etter_simulation.analyses.models import AnalysisMixin
from etter_simulation.tables import Base

QUEUE: Final = Queue("sensitivity_analyses")


class SensitivityAnalysis(AnalysisMixin, Base):
    """`parameters` with their ranges; `evaluations` of the model, each the mean of `iterations`."""

    __tablename__ = "sensitivity_analyses"
    __table_args__ = (
        *job_indexes("sensitivity_analyses"),
        Index("ix_sensitivity_analyses_company_id_created_at_id", "company_id", "created_at", "id"),
    )

    simulation_id: Mapped[UUID | None]
    method: Mapped[str]
    parameters: Mapped[list[dict[str, Any]]]
    evaluations: Mapped[int]
    iterations: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
