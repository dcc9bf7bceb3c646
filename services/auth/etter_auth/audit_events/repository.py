"""Every query about the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, insert

from etter_auth.audit_events.entries import Entry
from etter_auth.audit_events.models import AuditEvent
from etter_auth.audit_events.schemas import AuditEventOut, AuditEventQuery
from etter_common import fieldsets
from etter_common.db.repository import Repository, SharedRepository
from etter_common.pagination import Listing
from etter_common.responses import Slice

LISTING = Listing(
    "audit_events", {"created_at": AuditEvent.created_at}, default="-created_at", tie_breaker=AuditEvent.id
)


class AuditLog(SharedRepository[AuditEvent]):
    """The end one writes to: also what belongs to no company, a sign-in of nobody."""

    model = AuditEvent

    def append(self, entries: Sequence[Entry]) -> None:
        self.ctx.append(insert(AuditEvent).values([entry.values(self.ctx) for entry in entries]))


class AuditEventRepository(Repository[AuditEvent]):
    model = AuditEvent

    async def list_page(self, query: AuditEventQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, AuditEventOut), AuditEventOut)
        return await self.page(
            LISTING, query, {name: getattr(AuditEvent, name) for name in wanted}, where=_conditions(query)
        )


def _conditions(query: AuditEventQuery) -> list[ColumnElement[bool]]:
    row = AuditEvent
    equal = {row.action: query.action, row.actor_id: query.actor_id, row.target_id: query.target_id}
    where: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if query.since is not None:
        where.append(row.created_at >= query.since)
    if query.until is not None:
        where.append(row.created_at < query.until)
    return where
