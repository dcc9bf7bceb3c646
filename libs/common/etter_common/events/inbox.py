"""The inbox: a row per handled event in the handler's transaction, so that a second delivery does nothing.

A company whose data was erased has a row too, as long as the stream may still hold events of it: none of them is
handled any more, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from sqlalchemy import DateTime, Table, Text, Uuid, bindparam, delete, exists, select
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
_SHUT: Final = "company.erased"  # in the place of a consumer's name, with the company's id as the event's
_ROW: Final = (
    bindparam("consumer", type_=Text),
    bindparam("event_id", type_=Uuid),
    bindparam("company_id", type_=Uuid),
    bindparam("handled_at", type_=DateTime(timezone=True)),
)
_IS_SHUT: Final = exists().where(_TABLE.c.consumer == _SHUT, _TABLE.c.event_id == bindparam("company_id", type_=Uuid))
_NOTE: Final = (
    insert(_TABLE)
    .from_select([part.key for part in _ROW], select(*_ROW).where(~_IS_SHUT))
    .on_conflict_do_nothing()
    .returning(_TABLE.c.event_id)
)


async def first_time(ctx: Context, consumer: str, event: Event) -> bool:
    """Note `event` as handled by this transaction; false when another one has, or when its company was erased.

    While another transaction handles the same event this waits for its end.
    """
    row = {"consumer": consumer, "event_id": event.id, "company_id": event.company_id, "handled_at": utc_now()}
    return await ctx.session.scalar(_NOTE, row) is not None


async def shut(ctx: Context) -> None:
    """From the commit on no event of the context's company is handled any more."""
    row = {"consumer": _SHUT, "event_id": ctx.company_id, "company_id": ctx.company_id, "handled_at": utc_now()}
    await ctx.session.execute(insert(_TABLE).values(row).on_conflict_do_nothing())


async def shut_companies(platform: Platform) -> Sequence[UUID]:
    async with platform.work(system=True) as ctx:
        return (await ctx.session.scalars(select(InboxRow.event_id).where(InboxRow.consumer == _SHUT))).all()


async def forget_old(platform: Platform) -> None:
    """Delete what is older than any event that can still come."""
    async with platform.work(system=True) as ctx:
        await ctx.session.execute(delete(InboxRow).where(InboxRow.handled_at < utc_now() - KEPT))
