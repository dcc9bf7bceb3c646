"""Every query about sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, delete, insert, literal, select, update

from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import AuditedRepository, Ending, change
from etter_auth.sessions.errors import SessionNotFound
from etter_auth.sessions.models import Session
from etter_auth.sessions.schemas import SessionOut, SessionQuery
from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import SharedRepository
from etter_common.pagination import Listing
from etter_common.responses import Slice

LISTING = Listing("sessions", {"created_at": Session.created_at}, default="-created_at", tie_breaker=Session.id)


class OpenSessionRepository(SharedRepository[Session]):
    """Sessions of any company, for who holds a refresh token or a password and has no access token yet."""

    model = Session

    async def start(self, values: Mapping[str, Any], entry: Entry, *, only_if: Select[Any], beside: list[CTE]) -> bool:
        """Insert the session if `only_if` has a row when its locks are held; with the audit entry."""
        table = Session.__table__
        guard = only_if.cte("guard")
        columns = [literal(value, table.c[name].type) for name, value in values.items()]
        started = insert(Session).from_select(list(values), select(*columns).select_from(guard))
        return await change(self, started, entry, beside=beside) is not None

    async def lock(self, session_id: UUID) -> Session | None:
        return await self.find(Session.id == session_id, for_update=True)

    async def rotate(self, session: Session, **values: Any) -> None:
        await self.session.execute(update(Session).where(Session.id == session.id).values(**values))

    async def end(self, session: Session, reason: str, entry: Entry) -> None:
        ending = update(Session).where(Session.id == session.id).values(ended_at=utc_now(), end_reason=reason)
        await change(self, ending, entry)

    async def ended_since(self, moment: datetime) -> Sequence[tuple[UUID, datetime]]:
        statement = select(Session.id, Session.ended_at).where(Session.ended_at >= moment)
        return [(row.id, row.ended_at) for row in await self.session.execute(statement)]

    async def forget_before(self, moment: datetime) -> None:
        """Drop sessions whose last token has expired by `moment`: nothing can refresh them, nothing to detect."""
        await self.session.execute(delete(Session).where(Session.expires_at < moment))


class SessionRepository(AuditedRepository[Session]):
    model = Session
    not_found = SessionNotFound

    async def list_page(self, query: SessionQuery, user_id: UUID, *, current: UUID, idle: timedelta) -> Slice:
        now = utc_now()
        where = [Session.user_id == user_id, *_live(), Session.expires_at > now, Session.last_used_at > now - idle]
        columns: dict[str, ColumnElement[Any]] = {
            name: (Session.id == current) if name == "is_current" else getattr(Session, name)
            for name in fieldsets.top_level(fieldsets.parse(query.fields, SessionOut), SessionOut)
        }
        return await self.page(LISTING, query, columns, where=where)

    async def end(self, session_id: UUID, entry: Entry, *, of_user: UUID | None) -> Session:
        """End one session of the company, of `of_user` only when given; raises `SessionNotFound`."""
        mine = [Session.user_id == of_user] if of_user else []
        ending = (
            update(Session)
            .where(self.visible(), Session.id == session_id, *_live(), *mine)
            .values(ended_at=utc_now(), end_reason="signed_out")
        )
        changed = await self.change(ending, entry)
        if changed is None:
            raise SessionNotFound
        return changed.row


def ending_of_user(company_id: UUID, user_id: UUID, *, reason: str, keep: UUID | None = None) -> Ending:
    """All live sessions of a user but `keep`, ended beside another change."""
    others = [Session.id != keep] if keep else []
    statement = (
        update(Session)
        .where(Session.company_id == company_id, Session.user_id == user_id, *_live(), *others)
        .values(ended_at=utc_now(), end_reason=reason)
        .returning(Session.id, Session.user_id)
        .cte("ended")
    )
    return Ending.of(statement)


def ending_of_company(company_id: UUID) -> Ending:
    """All live sessions of a company that is about to be deleted, and they with it."""
    statement = select(Session.id, Session.user_id).where(Session.company_id == company_id, *_live()).cte("ended")
    return Ending.of(statement)


def _live() -> tuple[ColumnElement[bool], ...]:
    return (and_(Session.ended_at.is_(None)),)
