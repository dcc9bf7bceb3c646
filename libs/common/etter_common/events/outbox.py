"""The outbox: an event is a row in the same transaction as the change it tells of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.clock import utc_now
from etter_common.db.models import PlatformBase
from etter_common.events.envelope import Event
from etter_common.ids import new_id

if TYPE_CHECKING:
    from etter_common.context import Context


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


def write(ctx: Context) -> None:
    """Turn the context's pending events and stale tags into rows of its transaction.

    The tags are dropped at once after the commit; the row makes sure of it when the process dies in between.
    """
    rows = [_row(_traced(ctx, event)) for event in ctx.events]
    if ctx.stale_tags:
        if not rows:
            rows = [OutboxRow(id=new_id(), company_id=_company(ctx))]
        rows[-1].tags = sorted(ctx.stale_tags)
    ctx.events = []
    ctx.session.add_all(rows)


def _row(event: Event) -> OutboxRow:
    return OutboxRow(
        id=event.id,
        company_id=event.company_id,
        aggregate_id=event.aggregate_id,
        subject=event.subject,
        headers=event.headers(),
        payload=event.body(),
        created_at=event.occurred_at,
    )


def _traced(ctx: Context, event: Event) -> Event:
    return replace(event, traceparent=ctx.origin.traceparent, request_id=ctx.origin.request_id)


def _company(ctx: Context) -> UUID | None:
    return None if ctx.system else ctx.company_id
