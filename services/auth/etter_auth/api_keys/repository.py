"""Every query about API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Uuid, column, delete, func, insert, literal, select, table, update
from sqlalchemy.dialects.postgresql import JSONB

from etter_auth.api_keys.errors import ApiKeyNotFound
from etter_auth.api_keys.models import ApiKey
from etter_auth.api_keys.schemas import ApiKeyOut, ApiKeyQuery
from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import AuditedRepository, Ending
from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import SharedRepository
from etter_common.pagination import Listing
from etter_common.permissions import ROLE_PERMISSIONS
from etter_common.responses import Slice

LISTING = Listing(
    "api_keys",
    {"created_at": ApiKey.created_at, "name": ApiKey.name, "expires_at": ApiKey.expires_at},
    default="-created_at",
    tie_breaker=ApiKey.id,
)
_LOCK = 0x6B657973  # "keys": one company's keys are made one after the other, so that their number holds
# by name, since the slice of users calls this one
_COLUMNS = column("id", Uuid()), column("company_id", Uuid()), column("roles", JSONB()), column("is_active", Boolean())
_COMPANIES = table("companies", column("id", Uuid()))
_USERS = table("users", *_COLUMNS)


class AllApiKeysRepository(SharedRepository[ApiKey]):
    """Keys of all companies, for who tells the services of them."""

    model = ApiKey

    async def unexpired(self, now: datetime) -> Sequence[ApiKey]:
        """Revoked ones too."""
        return (await self.session.scalars(self.select().where(ApiKey.expires_at > now))).all()

    async def ids(self) -> Sequence[UUID]:
        return (await self.session.scalars(self.select(ApiKey.id))).all()

    async def companies(self) -> set[UUID]:
        return set(await self.session.scalars(select(_COMPANIES.c.id)))

    async def forget_before(self, moment: datetime) -> None:
        await self.session.execute(delete(ApiKey).where(ApiKey.expires_at < moment))


class ApiKeyRepository(AuditedRepository[ApiKey]):
    model = ApiKey
    not_found = ApiKeyNotFound

    async def find_by_id(self, key_id: UUID) -> ApiKey | None:
        return await self.find(ApiKey.id == key_id)

    async def list_page(self, query: ApiKeyQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, ApiKeyOut), ApiKeyOut)
        where: list[ColumnElement[bool]] = []
        if query.user_id is not None:
            where.append(ApiKey.user_id == query.user_id)
        if query.is_revoked is not None:
            where.append(ApiKey.revoked_at.is_not(None) if query.is_revoked else ApiKey.revoked_at.is_(None))
        return await self.page(LISTING, query, {name: getattr(ApiKey, name) for name in wanted}, where=where)

    async def lock_maker(self, user_id: UUID) -> Sequence[str] | None:
        """The roles of an active user, who has them until this transaction ends; `None` when there is no such user.

        Takes the company's turn to make keys, too.
        """
        turn = func.pg_advisory_xact_lock(func.hashtextextended(str(self.company_id), _LOCK))
        user = _USERS.c.company_id == self.company_id, _USERS.c.id == user_id, _USERS.c.is_active
        found = await self.session.execute(select(_USERS.c.roles, turn).where(*user).with_for_update(read=True))
        row = found.first()
        return None if row is None else row[0]

    async def make(self, values: Mapping[str, Any], entry: Entry, *, most: int) -> ApiKey | None:
        """`None` when the company has `most` live keys; call it in the company's turn."""
        live = select(func.count()).select_from(ApiKey).where(self.visible(), *_live(), ApiKey.expires_at > utc_now())
        columns = [literal(value, ApiKey.__table__.c[name].type) for name, value in values.items()]
        inserting = insert(ApiKey).from_select(list(values), select(*columns).where(live.scalar_subquery() < most))
        made = await self.change(inserting, entry)
        return made.row if made else None

    async def revoke(self, key_id: UUID, entry: Entry) -> ApiKey | None:
        """`None` when it was revoked before; raises `ApiKeyNotFound`."""
        revoking = (
            update(ApiKey)
            .where(self.visible(), ApiKey.id == key_id, *_live())
            .values(revoked_at=utc_now(), revoke_reason="revoked")
        )
        changed = await self.change(revoking, entry)
        if changed is None:
            await self.get(key_id)
            return None
        return changed.row


def ending_of_user(company_id: UUID, user_id: UUID, *, reason: str, allowed: frozenset[str]) -> Ending:
    """The live keys of a user that may do more than `allowed`, revoked beside another change."""
    within = [role for role, permissions in ROLE_PERMISSIONS.items() if permissions <= allowed]
    statement = (
        update(ApiKey)
        .where(ApiKey.company_id == company_id, ApiKey.user_id == user_id, *_live(), ApiKey.role.not_in(within))
        .values(revoked_at=utc_now(), revoke_reason=reason)
        .returning(ApiKey.id, ApiKey.user_id)
        .cte("revoked")
    )
    return Ending.of(statement)


def ending_of_company(company_id: UUID) -> Ending:
    """All keys of a company that is about to be deleted, and they with it."""
    return Ending.of(select(ApiKey.id, ApiKey.user_id).where(ApiKey.company_id == company_id).cte("revoked"))


def _live() -> tuple[ColumnElement[bool], ...]:
    return (ApiKey.revoked_at.is_(None),)
