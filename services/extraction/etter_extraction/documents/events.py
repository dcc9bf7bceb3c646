"""What documents announce, and the tag their changes make stale."""

from __future__ import annotations

from uuid import UUID

from etter_common.cache import tag
from etter_common.events.contracts.extraction import DocumentDeleted, DocumentUploaded
from etter_common.events.envelope import Event
from etter_extraction.documents.models import Document


def stale(company_id: UUID) -> str:
    """The tag of everything cached that shows a company's documents."""
    return tag(company_id, "documents")


def document_uploaded(document: Document) -> Event:
    payload = DocumentUploaded(document_id=document.id, filename=document.filename, size_bytes=document.size_bytes)
    return Event.of(payload, company_id=document.company_id, aggregate_id=document.id)


def document_deleted(document: Document) -> Event:
    payload = DocumentDeleted(document_id=document.id)
    return Event.of(payload, company_id=document.company_id, aggregate_id=document.id)
