"""The outbox: an event is a row in the same transaction as the change it tells of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, insert
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.clock import utc_now
from etter_common.db.models import PlatformBase
from etter_common.events.envelope import Event
from etter_common.ids import new_id

if TYPE_CHECKING:
    from etter_common.context import Context


_ROWS_AT_ONCE = 500


class OutboxRow(PlatformBase):
    """One event to publish, or (without a subject) only cache tags to drop; deleted once that is done."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), index=True)
    company_id: Mapped[UUID | None]
    aggregate_id: Mapped[UUID | None]
    subject: Mapped[str | None]
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    payload: Mapped[bytes | None]
    tags: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


async def write(ctx: Context) -> None:
    """Write the context's pending events, appended rows and stale tags, in one statement of its transaction.

    The tags are dropped at once after the commit; the row makes sure of it when the process dies in between.
    """
    await ctx.session.flush()
    rows = [_row(_traced(ctx, event)) for event in ctx.events]
    if ctx.stale_tags:
        if not rows:
            rows = [_tags_only(ctx)]
        rows[-1]["tags"] = sorted(ctx.stale_tags)
        ctx.stale_change = str(rows[-1]["id"])
    appended, ctx.events, ctx.appended = ctx.appended, [], []
    while len(rows) > _ROWS_AT_ONCE:
        await ctx.session.execute(insert(OutboxRow).values(rows[:_ROWS_AT_ONCE]))
        rows = rows[_ROWS_AT_ONCE:]
    statements = [insert(OutboxRow).values(rows), *appended] if rows else appended
    if statements:
        statement, *others = statements
        for number, other in enumerate(others):
            statement = statement.add_cte(other.cte(f"appended_{number}"))
        await ctx.session.execute(statement, execution_options={"synchronize_session": False})


def _row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "company_id": event.company_id,
        "aggregate_id": event.aggregate_id,
        "subject": event.subject,
        "headers": event.headers(),
        "payload": event.body(),
        "tags": [],
        "created_at": event.occurred_at,
    }


def _tags_only(ctx: Context) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(("aggregate_id", "subject", "payload"))
    return {**empty, "id": new_id(), "company_id": _company(ctx), "headers": {}, "created_at": utc_now()}


def _traced(ctx: Context, event: Event) -> Event:
    return replace(event, traceparent=ctx.origin.traceparent, request_id=ctx.origin.request_id)


def _company(ctx: Context) -> UUID | None:
    return None if ctx.system else ctx.company_id
