"""All of extraction's tables, for Alembic and the tests."""

from __future__ import annotations

from etter_extraction.documents.models import Document
from etter_extraction.extraction_jobs.models import ExtractionJob
from etter_extraction.extractions.models import ColumnChoice, Extraction

__all__ = ["ColumnChoice", "Document", "Extraction", "ExtractionJob"]
