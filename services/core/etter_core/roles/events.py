"""What roles announce, and the tags their changes make stale."""

from __future__ import annotations

from uuid import UUID

from etter_common.cache import tag
from etter_common.events.contracts.core import RoleChanged, RoleDeleted
from etter_common.events.envelope import Event
from etter_core.roles.models import Role


def stale(company_id: UUID) -> str:
    """The tag of everything cached that shows a company's roles."""
    return tag(company_id, "roles")


def role_changed(role: Role) -> Event:
    payload = RoleChanged(role_id=role.id, title=role.title, department=role.department or None, version=role.version)
    return Event.of(payload, company_id=role.company_id, aggregate_id=role.id)


def role_deleted(role: Role) -> Event:
    payload = RoleDeleted(role_id=role.id, version=role.version + 1)
    return Event.of(payload, company_id=role.company_id, aggregate_id=role.id)
