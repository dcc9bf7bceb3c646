"""What extraction measures beside requests, jobs and events."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

from etter_common.metrics import REGISTRY

DOCUMENTS: Final = Counter(
    "etter_extraction_documents", "Documents read by a job, by outcome: extracted, failed", ["outcome"],
    registry=REGISTRY,
)  # fmt: skip
for _outcome in ("extracted", "failed"):
    DOCUMENTS.labels(_outcome)
CONFINED: Final = Gauge(
    "etter_extraction_confined", "1 where a reader of documents was tried and refused it: network, files (of others)",
    ["what"], registry=REGISTRY,
)  # fmt: skip
