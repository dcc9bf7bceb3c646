"""Writing entries that stand alone (a refusal changes nothing else), and reading the log."""

from __future__ import annotations

from etter_auth.audit_events.entries import Entry
from etter_auth.audit_events.repository import AuditEventRepository, AuditLog
from etter_auth.audit_events.schemas import AuditEventQuery
from etter_common.context import Context
from etter_common.responses import Slice


def record(ctx: Context, *entries: Entry) -> None:
    """Written at the end of this transaction; with an error only if that keeps its writes."""
    AuditLog(ctx).append(entries)


async def list_page(ctx: Context, query: AuditEventQuery) -> Slice:
    return await AuditEventRepository(ctx).list_page(query)
