"""What sessions announce."""

from __future__ import annotations

from uuid import UUID

from etter_common.events.contracts.auth import SessionRevoked
from etter_common.events.envelope import Event


def session_revoked(session_id: UUID, *, user_id: UUID, company_id: UUID, reason: str) -> Event:
    payload = SessionRevoked(user_id=user_id, session_id=session_id, reason=reason)
    return Event.of(payload, company_id=company_id, aggregate_id=session_id)
