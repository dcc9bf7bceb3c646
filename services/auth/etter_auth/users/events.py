"""What users announce, and the cache tag of what is read of them."""

from __future__ import annotations

from uuid import UUID

from etter_auth.users.models import User
from etter_common import cache
from etter_common.events.contracts.auth import UserChanged, UserCreated, UserDeactivated
from etter_common.events.envelope import Event


def user_created(user: User) -> Event:
    payload = UserCreated(user_id=user.id, name=user.name, version=user.version)
    return Event.of(payload, company_id=user.company_id, aggregate_id=user.id)


def user_changed(user: User) -> Event:
    payload = UserChanged(user_id=user.id, name=user.name, version=user.version)
    return Event.of(payload, company_id=user.company_id, aggregate_id=user.id)


def user_deactivated(user: User) -> Event:
    payload = UserDeactivated(user_id=user.id, version=user.version)
    return Event.of(payload, company_id=user.company_id, aggregate_id=user.id)


def tag(company_id: UUID) -> str:
    return cache.tag(company_id, "users")
