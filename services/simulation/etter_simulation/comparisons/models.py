"""The table of comparisons."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.jobs import Queue, job_indexes
from etter_simulation.analyses.models import AnalysisMixin
from etter_simulation.tables import Base

QUEUE: Final = Queue("comparisons")


class Comparison(AnalysisMixin, Base):
    """`alternatives` says what was compared, in order; `request` holds their requests as they were then."""

    __tablename__ = "comparisons"
    __table_args__ = (
        *job_indexes("comparisons"),
        Index("ix_comparisons_company_id_created_at_id", "company_id", "created_at", "id"),
    )

    alternatives: Mapped[list[dict[str, Any]]]
    baseline: Mapped[int]
    iterations: Mapped[int]
    steps: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
