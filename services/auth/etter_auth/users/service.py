"""What is done with users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from etter_auth.api_keys import service as api_keys
from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import together
from etter_auth.sessions import service as sessions
from etter_auth.users import events
from etter_auth.users.errors import OwnAccount, RoleNotGrantable, UserOutranksCaller
from etter_auth.users.models import User
from etter_auth.users.repository import AnyUserRepository, UserRepository
from etter_auth.users.schemas import MeUpdate, SuggestionQuery, UserCreate, UserQuery, UserUpdate
from etter_common import etags
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.permissions import permissions_of
from etter_common.responses import Slice


async def list_page(ctx: Context, query: UserQuery) -> Slice:
    return await UserRepository(ctx).list_page(query)


async def suggest(ctx: Context, query: SuggestionQuery) -> Sequence[Mapping[str, Any]]:
    return await UserRepository(ctx).suggest(query.q, limit=query.limit, fields=query.fields)


async def get(ctx: Context, user_id: UUID) -> User:
    return await UserRepository(ctx).get(user_id)


async def create(ctx: Context, data: UserCreate) -> User:
    """A user without a password, who cannot sign in before they have one or come by SSO."""
    _check_grantable(ctx, data.roles)
    user = await _new(ctx, ctx.company_id, data)
    made = await UserRepository(ctx).make(user, Entry("users:create", ctx.company_id, target_id=user.id))
    await _announce(ctx, made, events.user_created(made))
    return made


async def update(ctx: Context, user_id: UUID, data: UserUpdate, *, if_match: str | None) -> User:
    """Change a user the caller does not rank below; another set of roles ends their sessions, and keys beyond it."""
    user = await _manageable(ctx, user_id, if_match=if_match)
    values = data.model_dump(exclude_none=True)
    if "roles" in values and values["roles"] != user.roles:
        _check_not_self(ctx, user)
        _check_grantable(ctx, values["roles"])
    if "is_active" in values:
        values["deactivated_at"] = None
    return await _alter(ctx, user, values)


async def update_me(ctx: Context, data: MeUpdate, *, if_match: str | None) -> User:
    user = await UserRepository(ctx).get(ctx.user_id, for_update=True)
    etags.require_match(if_match, user.version)
    return await _alter(ctx, user, data.model_dump(exclude_none=True))


async def deactivate(ctx: Context, user_id: UUID, *, if_match: str | None) -> None:
    """The user can sign in no more, and their sessions and API keys end in this transaction. Again changes nothing."""
    user = await _manageable(ctx, user_id, if_match=if_match)
    _check_not_self(ctx, user)
    if not user.is_active:
        return
    values = {"is_active": False, "deactivated_at": utc_now()}
    entry = Entry("users:deactivate", ctx.company_id, target_id=user.id)
    deactivated = await _shut_out(ctx, user, values, entry, reason="deactivated")
    await _announce(ctx, deactivated, events.user_deactivated(deactivated))


async def provide(ctx: Context, company_id: UUID, data: UserCreate) -> tuple[User, bool]:
    """The company's user of this address, made if there is none; for the seed. The flag: made now."""
    users = AnyUserRepository(ctx)
    found = await users.find_of(company_id, email=data.email)
    if found is not None:
        return found, False
    user = await _new(ctx, company_id, data)
    made = await users.make(user, Entry("users:create", company_id, target_id=user.id))
    await _announce(ctx, made, events.user_created(made))
    return made, True


async def _alter(ctx: Context, user: User, values: dict[str, Any]) -> User:
    if not values:
        return user
    entry = Entry("users:change", ctx.company_id, target_id=user.id, details={"fields": sorted(values)})
    if "roles" not in values or values["roles"] == user.roles:
        changed = (await UserRepository(ctx).alter(user, values, entry)).row
    else:
        allowed = permissions_of(tuple(values["roles"]))
        changed = await _shut_out(ctx, user, values, entry, reason="roles_changed", allowed=allowed)
    await _announce(ctx, changed, events.user_changed(changed))
    return changed


async def _shut_out(
    ctx: Context, user: User, values: Mapping[str, Any], entry: Entry, *, reason: str,
    allowed: frozenset[str] = frozenset(),
) -> User:  # fmt: skip
    """Change a user, and end in the same statement their sessions, and their keys that may do more than `allowed`."""
    ending = sessions.ending_of_user(ctx.company_id, user.id, reason=reason)
    revoking = api_keys.ending_of_user(ctx.company_id, user.id, reason=reason, allowed=allowed)
    beside = [ending.statement, revoking.statement]
    changed = await UserRepository(ctx).alter(user, values, entry, beside=beside, extra=together(ending, revoking))
    ended, revoked = changed.extra
    await sessions.announce_ended(ctx, ctx.company_id, ended, reason=reason)
    await api_keys.announce_revoked(ctx, ctx.company_id, revoked, reason=reason)
    return changed.row


async def _manageable(ctx: Context, user_id: UUID, *, if_match: str | None) -> User:
    """The user, locked. Who manages users may not take over somebody who may do more than they."""
    user = await UserRepository(ctx).get(user_id, for_update=True)
    etags.require_match(if_match, user.version)
    if not permissions_of(tuple(user.roles)) <= _permissions(ctx):
        raise UserOutranksCaller
    return user


def _check_grantable(ctx: Context, roles: Sequence[str]) -> None:
    if not permissions_of(tuple(roles)) <= _permissions(ctx):
        raise RoleNotGrantable


def _check_not_self(ctx: Context, user: User) -> None:
    if user.id == ctx.user_id:
        raise OwnAccount


def _permissions(ctx: Context) -> frozenset[str]:
    return ctx.principal.permissions if ctx.principal else frozenset()


async def _new(ctx: Context, company_id: UUID, data: UserCreate) -> User:
    user_id = new_id()
    username = data.username or await _free_username(ctx, company_id, user_id, data.email.partition("@")[0])
    return User(
        id=user_id,
        company_id=company_id,
        email=data.email,
        username=username,
        name=data.name,
        roles=list(data.roles),
        is_active=True,
    )


async def _free_username(ctx: Context, company_id: UUID, user_id: UUID, wanted: str) -> str:
    """`wanted`, or where the company has it (the same name at two domains) that with some of the id's random digits."""
    taken = await AnyUserRepository(ctx).find_of(company_id, username=wanted)
    return f"{wanted[:57]}-{user_id.hex[-6:]}" if taken else wanted


async def present(ctx: Context, after: UUID | None, limit: int) -> Sequence[tuple[UUID, Event]]:
    """The next users as they are, to be told again (`events.snapshot`)."""
    return [(user.id, events.user_changed(user)) for user in await UserRepository(ctx).after(after, limit)]


async def _announce(ctx: Context, user: User, event: Event) -> None:
    await ctx.publish(event)
    ctx.invalidate(events.tag(user.company_id))
