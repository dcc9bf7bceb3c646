"""The inbox: a row per handled event in the handler's transaction, so that a second delivery does nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from sqlalchemy import Table, Text, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.clock import utc_now
from etter_common.db.models import PlatformBase
from etter_common.events.streams import EVENTS_KEPT_S

if TYPE_CHECKING:
    from etter_common.context import Context
    from etter_common.events.envelope import Event
    from etter_common.platform import Platform

KEPT: Final = timedelta(seconds=EVENTS_KEPT_S) + timedelta(days=7)
"""Longer than the stream keeps events, so that a lost consumer that starts anew acts on none of them twice."""


class InboxRow(PlatformBase):
    __tablename__ = "inbox"

    consumer: Mapped[str] = mapped_column(Text, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID | None]
    handled_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


_TABLE: Final = cast("Table", InboxRow.__table__)
_NOTE: Final = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.event_id)


async def first_time(ctx: Context, consumer: str, event: Event) -> bool:
    """Note `event` as handled by this transaction; false when another one has.

    While another transaction handles the same event this waits for its end.
    """
    row = {"consumer": consumer, "event_id": event.id, "company_id": event.company_id, "handled_at": utc_now()}
    return await ctx.session.scalar(_NOTE, row) is not None


async def forget_old(platform: Platform) -> None:
    """Delete what is older than any event that can still come."""
    async with platform.work(system=True) as ctx:
        await ctx.session.execute(delete(InboxRow).where(InboxRow.handled_at < utc_now() - KEPT))
