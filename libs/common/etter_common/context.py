"""Context: the session, the caller and `publish`; the same for a route, an event handler and a job."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from etter_common.errors import AppError, Forbidden, SessionRequired, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Delete, Insert, Update
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    from etter_common.auth import Principal
    from etter_common.cache import CacheKey, Entry, Terms
    from etter_common.db.pages import PageRead
    from etter_common.db.session import Tenant
    from etter_common.events.envelope import Event
    from etter_common.platform import Platform


@dataclass(frozen=True)
class Origin:
    """Where the work came from, kept on events and in logs."""

    request_id: str
    traceparent: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None


class Found(NamedTuple):
    """The cached value that work is answered with, and how it is kept."""

    key: CacheKey
    entry: Entry
    terms: Terms


class Context:
    """One unit of work of one company (or of the system) with its transaction, which opens at the first query."""

    def __init__(
        self,
        platform: Platform,
        *,
        origin: Origin,
        company_id: UUID | None = None,
        principal: Principal | None = None,
        system: bool = False,
        read_only: bool = False,
    ) -> None:
        self.platform = platform
        self.origin = origin
        self.principal = principal
        self.system = system
        self.read_only = read_only
        self._guard: str | None = None
        self._company_id = company_id or (principal.company_id if principal else None)
        self.events: list[Event] = []
        self.stale_tags: set[str] = set()
        self.stale_change: str | None = None  # the row that remembers them
        self.appended: list[Insert | Update | Delete] = []
        self.found: Found | None = None
        self.kept_body: bytes | None = None  # what an `Idempotency-Key` keeps in place of an answer with a secret

    @cached_property
    def session(self) -> AsyncSession:
        return self.platform.db.session(self._tenant())

    def _tenant(self) -> Tenant:
        from etter_common.db.session import Tenant

        return Tenant(self._company_id, self.system, self.read_only, guard=self._guard)

    async def confirm_caller(self) -> None:
        """Raise `Unauthenticated` unless the caller still counts, where this service is the authority about callers.

        There it begins the transaction, which asks on the way; elsewhere it does nothing. The primary is asked, also
        where what follows may go to the replica.
        """
        authority = self.platform.tokens.authority
        if authority is not None and self.principal is not None:
            self._guard = authority.guard(self.principal)
            await self.session.connection()
            if self.read_only:
                await self.release()

    async def release(self) -> None:
        """Give back the connection that `confirm_caller` took, for work that does without or takes its own."""
        if self._guard is not None:
            from etter_common.db import session

            await session.finish(self.session)
            del self.session
            self._guard = None

    async def read_page(self, read: PageRead) -> Sequence[Sequence[Any]]:
        """Rows of a list: in this work's transaction if it has begun one, else in one of their own."""
        db = self.platform.db
        shape = read.shape()
        plan = None if "session" in self.__dict__ else db.plans.find(shape)
        if plan is not None and shape is not None:
            return plan.rows(await db.fetch(self._tenant(), plan.sql, plan.arguments(shape, read.limit)))

        def within(session: Session) -> Sequence[Sequence[Any]]:
            session.flush()  # as before each of the session's own queries
            return db.plans.read(session.connection(), read, shape)

        return await self.session.run_sync(within)

    @property
    def company_id(self) -> UUID:
        """The company whose rows this work may touch; system work has none and must not ask."""
        if self._company_id is None:
            raise Forbidden("this needs a company")
        return self._company_id

    @property
    def user_id(self) -> UUID:
        """Who did it: the signed-in user, or the one whose API key acts."""
        return self._caller.user_id

    @property
    def caller_id(self) -> UUID:
        """Who calls: the user, or the API key itself."""
        return self._caller.caller_id

    @property
    def session_id(self) -> UUID:
        """The session the caller has signed in to; an API key has none."""
        if self._caller.session_id is None:
            raise SessionRequired
        return self._caller.session_id

    @property
    def _caller(self) -> Principal:
        if self.principal is None:
            raise Unauthenticated
        return self.principal

    @property
    def signing_key(self) -> bytes:
        return self.platform.settings.signing_key

    @property
    def accepted_keys(self) -> tuple[bytes, ...]:
        return self.platform.settings.accepted_keys

    async def publish(self, event: Event) -> None:
        """Announce `event` if and only if this transaction commits."""
        self.events.append(event)

    def append(self, statement: Insert | Update | Delete) -> None:
        """Write something that nothing in this work reads again (a line of history) together with the outbox's rows.

        All of it is one statement: none of its parts sees what another one writes.
        """
        self.appended.append(statement)

    def invalidate(self, *tags: str) -> None:
        """Drop cached reads by tag if and only if this transaction commits, here and in every replica."""
        self.stale_tags.update(tags)

    async def finish(self, error: BaseException | None = None) -> None:
        """End the transaction: commit, or roll back after an error that does not keep its writes."""
        kept = error is None or (isinstance(error, AppError) and error.keep_writes)
        if kept and (self.events or self.stale_tags or self.appended):
            await self._write_appended()
        if "session" in self.__dict__:
            from etter_common.db import session

            await session.finish(self.session, error)
        if kept and self.stale_tags:
            await self.platform.cache.invalidate(self.stale_tags, cause="write", change=self.stale_change)

    async def _write_appended(self) -> None:
        from etter_common.db import session
        from etter_common.events import outbox

        try:
            await outbox.write(self)
        except BaseException as failure:
            await session.finish(self.session, failure)
            raise session.translated(failure) from failure
