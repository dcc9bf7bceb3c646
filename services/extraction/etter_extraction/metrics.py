"""What extraction measures beside requests, jobs and events."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

from etter_common.metrics import REGISTRY

DOCUMENTS: Final = Counter(
    "etter_extraction_documents", "Documents read by a job, by outcome: extracted, failed", ["outcome"],
    registry=REGISTRY,
)  # fmt: skip
for _outcome in ("extracted", "failed"):
    DOCUMENTS.labels(_outcome)
