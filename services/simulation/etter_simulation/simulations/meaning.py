"""When two runs mean the same: what may be shared between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from etter_common.jobs import JobStatus
from etter_simulation.engine.metrics import PARTS_VERSION

STORED_AS: Final = f"/parts-{PARTS_VERSION}"
ACTIVE: Final = (JobStatus.QUEUED.value, JobStatus.RUNNING.value)


@dataclass(frozen=True)
class RunKey:
    """What chunks belong to: every run of the company with the same request, played by the same engine."""

    fingerprint: str
    engine_version: str

    @property
    def chunk_version(self) -> str:
        """Of chunks: what plays them and how they are stored. Another release's are other chunks, and never read."""
        return f"{self.engine_version}{STORED_AS}"


@dataclass(frozen=True)
class Meaning:
    """What results belong to: the run, and what is shown beside its figures."""

    key: RunKey
    quantiles: str
    source: str
    currency: str
    role_ids: list[Any]
