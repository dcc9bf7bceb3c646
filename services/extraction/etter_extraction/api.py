"""Extraction's table of contents: the routers, in reading order."""

from __future__ import annotations

from etter_extraction.documents import router as documents
from etter_extraction.extraction_jobs import router as extraction_jobs
from etter_extraction.extractions import router as extractions

routers = (
    documents.router,
    extraction_jobs.router,
    extractions.documents_router,
    extractions.router,
    extraction_jobs.extractions_router,
)
