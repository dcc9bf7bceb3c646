"""The table of redeployment plans."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.jobs import Queue, job_indexes
from etter_simulation.analyses.models import AnalysisMixin
from etter_simulation.tables import Base

QUEUE: Final = Queue("redeployment_plans")


class RedeploymentPlan(AnalysisMixin, Base):
    """`request` is what is planned for and on what terms; `result` the plan and what it leads to."""

    __tablename__ = "redeployment_plans"
    __table_args__ = (
        *job_indexes("redeployment_plans"),
        Index("ix_redeployment_plans_company_id_created_at_id", "company_id", "created_at", "id"),
    )

    simulation_id: Mapped[UUID | None]
    iterations: Mapped[int]
    steps: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
