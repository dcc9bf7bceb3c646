"""Whole-surface tests of extraction."""

from __future__ import annotations

from typing import ClassVar

from etter_common.testing.surface import Maker, SurfaceTests
from etter_extraction.export import EXPORT

from .factories import make_document, make_extraction, make_job


class TestSurface(SurfaceTests):
    export = EXPORT
    makers: ClassVar[dict[str, Maker]] = {
        "document_id": make_document,
        "job_id": make_job,
        "extraction_id": make_extraction,
        "fact_id": make_extraction,
    }
    wider: ClassVar[dict[str, str]] = {"uq_extractions_document_id": "one a document, whose id is ours"}
    unread: ClassVar[dict[str, str]] = {"/documents/{document_id}/extraction": "of a document that a worker has read"}
    event_streams = frozenset({"/extraction-jobs/{job_id}/events"})
    unmapped: ClassVar[dict[str, str]] = {
        "uq_extractions_document_id": "written by the worker, which is tried again",
        "fk_extractions_document_id_documents": "written by the worker, which is tried again",
    }
