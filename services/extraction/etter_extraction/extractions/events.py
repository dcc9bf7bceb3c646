"""What extractions announce."""

from __future__ import annotations

from uuid import UUID

from etter_common.events.contracts.extraction import ExtractionAccepted
from etter_common.events.envelope import Event


def extraction_accepted(payload: ExtractionAccepted, company_id: UUID) -> Event:
    return Event.of(payload, company_id=company_id, aggregate_id=payload.extraction_id)
