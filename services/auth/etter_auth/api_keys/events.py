"""What API keys announce, and the cache tag of what is read of them."""

from __future__ import annotations

from uuid import UUID

from etter_auth.api_keys.models import ApiKey
from etter_common import cache
from etter_common.events.contracts.auth import ApiKeyCreated, ApiKeyRevoked
from etter_common.events.envelope import Event


def api_key_created(key: ApiKey) -> Event:
    payload = ApiKeyCreated(key_id=key.id, user_id=key.user_id, role=key.role, expires_at=key.expires_at)
    return Event.of(payload, company_id=key.company_id, aggregate_id=key.id)


def api_key_revoked(key_id: UUID, *, user_id: UUID, company_id: UUID, reason: str) -> Event:
    payload = ApiKeyRevoked(key_id=key_id, user_id=user_id, reason=reason)
    return Event.of(payload, company_id=company_id, aggregate_id=key_id)


def tag(company_id: UUID) -> str:
    return cache.tag(company_id, "api_keys")
