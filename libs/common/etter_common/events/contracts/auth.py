"""What auth announces."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from etter_common.events.envelope import EventPayload


class CompanyCreated(EventPayload):
    type: ClassVar[str] = "auth.company.created.v1"

    company_id: UUID
    name: str
    currency: str


class CompanyChanged(EventPayload):
    type: ClassVar[str] = "auth.company.changed.v1"

    company_id: UUID
    name: str
    currency: str


class CompanyDeleted(EventPayload):
    """Every service erases the tenant when it hears this."""

    type: ClassVar[str] = "auth.company.deleted.v1"

    company_id: UUID


class UserCreated(EventPayload):
    type: ClassVar[str] = "auth.user.created.v1"

    user_id: UUID
    name: str
    version: int


class UserChanged(EventPayload):
    type: ClassVar[str] = "auth.user.changed.v1"

    user_id: UUID
    name: str
    version: int


class UserDeactivated(EventPayload):
    type: ClassVar[str] = "auth.user.deactivated.v1"

    user_id: UUID
    version: int


class SessionRevoked(EventPayload):
    """For the record and for projections; the verification path is the key-value bucket of revocations."""

    type: ClassVar[str] = "auth.session.revoked.v1"

    user_id: UUID
    session_id: UUID
    reason: str


class ApiKeyCreated(EventPayload):
    """Made by `user_id`. For the record; services check keys by the key-value bucket of API keys."""

    type: ClassVar[str] = "auth.api_key.created.v1"

    key_id: UUID
    user_id: UUID
    role: str
    expires_at: datetime


class ApiKeyRevoked(EventPayload):
    """Of a key that `user_id` made. For the record; services check keys by the key-value bucket of API keys."""

    type: ClassVar[str] = "auth.api_key.revoked.v1"

    key_id: UUID
    user_id: UUID
    reason: str


class KeyRotated(EventPayload):
    type: ClassVar[str] = "auth.key.rotated.v1"

    kid: str
