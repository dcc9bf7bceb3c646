"""Starting, listing and ending sessions, and the tokens a live one gives out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Select

from etter_auth import foreign, tokens
from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import Ending
from etter_auth.jwks.service import SigningKeys
from etter_auth.sessions import events, repository
from etter_auth.sessions.models import Session
from etter_auth.sessions.repository import OpenSessionRepository, SessionRepository
from etter_auth.sessions.schemas import SessionQuery, TokensOut
from etter_auth.settings import AuthSettings
from etter_common import auth, crypto
from etter_common.buckets import Bucket, bucket, entries
from etter_common.clock import epoch_s, utc_now
from etter_common.context import Context
from etter_common.errors import Forbidden
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.responses import Slice

ANNOUNCED_WITHIN = timedelta(seconds=60)
"""A revocation that is missing for longer was not late: it was deleted."""


@dataclass(frozen=True)
class SignedIn:
    """Who has just proved who they are, and how (`amr`, RFC 8176)."""

    user_id: UUID
    company_id: UUID
    roles: Sequence[str]
    amr: Sequence[str]


def settings_of(ctx: Context) -> AuthSettings:
    settings = ctx.platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings
    return settings


async def start(ctx: Context, who: SignedIn, *, only_if: Select[Any], beside: Sequence[CTE] = ()) -> TokensOut | None:
    """A new session with its first tokens; `None` when `only_if` has no row any more (deactivated meanwhile)."""
    session_id = new_id()
    refresh_token = tokens.new_refresh_token(session_id, key=ctx.signing_key)
    session = _new(ctx, who, session_id=session_id, refresh_hash=crypto.hash_token(refresh_token))
    entry = Entry("sessions:start", who.company_id, target_id=session_id, actor_id=who.user_id)
    if not await OpenSessionRepository(ctx).start(session, entry, only_if=only_if, beside=list(beside)):
        return None
    return issue(ctx, Session(**session), refresh_token)


def issue(ctx: Context, session: Session, refresh_token: str) -> TokensOut:
    """A pair of tokens of a live session; the access token never outlives it."""
    now = int(epoch_s())
    expires_at = min(now + auth.ACCESS_TOKEN_LIFETIME_S, int(session.expires_at.timestamp()))
    subject = tokens.Subject(
        user_id=session.user_id,
        company_id=session.company_id,
        session_id=session.id,
        roles=session.roles,
        auth_time=int(session.created_at.timestamp()),
        amr=session.amr,
    )
    key = ctx.platform.part(SigningKeys).current
    return TokensOut(
        access_token=tokens.access_token(subject, key, issued_at=now, expires_at=expires_at),
        token_type="Bearer",  # noqa: S106 - RFC 6750's word
        expires_in=expires_at - now,
        refresh_token=refresh_token,
        session_id=session.id,
        session_expires_at=session.expires_at,
        user_id=session.user_id,
        company_id=session.company_id,
        roles=list(session.roles),
    )


async def list_page(ctx: Context, query: SessionQuery) -> Slice:
    """The caller's live sessions, or another user's for who manages users."""
    caller = _caller(ctx)
    user_id = query.user_id or caller.user_id
    if user_id != caller.user_id and not caller.may("users:write"):
        raise Forbidden("other users' sessions need the permission users:write", permission="users:write")
    idle = timedelta(days=settings_of(ctx).session_idle_days)
    return await SessionRepository(ctx).list_page(query, user_id, current=ctx.session_id, idle=idle)


async def end(ctx: Context, session_id: UUID) -> None:
    """End an own session, or any of the company's for who manages users; others are not found."""
    caller = _caller(ctx)
    own_only = None if caller.may("users:write") else caller.user_id
    entry = Entry("sessions:end", ctx.company_id, target_id=session_id)
    session = await SessionRepository(ctx).end(session_id, entry, of_user=own_only)
    await announce_ended(ctx, ctx.company_id, {str(session.id): str(session.user_id)}, reason="signed_out")


async def end_current(ctx: Context) -> None:
    await end(ctx, ctx.session_id)


def ending_of_user(company_id: UUID, user_id: UUID, *, reason: str, keep: UUID | None = None) -> Ending:
    """For the statement of a change that ends a user's sessions; follow it by `announce_ended`."""
    return repository.ending_of_user(company_id, user_id, reason=reason, keep=keep)


def ending_of_company(company_id: UUID) -> Ending:
    return repository.ending_of_company(company_id)


async def announce_ended(ctx: Context, company_id: UUID, ended: Mapping[str, str], *, reason: str) -> None:
    """Tell all services of ended sessions: {session id: user id}."""
    for session_id, user_id in ended.items():
        await ctx.publish(
            events.session_revoked(UUID(session_id), user_id=UUID(user_id), company_id=company_id, reason=reason)
        )


async def put_ended(platform: Platform, session_id: UUID) -> None:
    """Put an ended session into the bucket that every service watches."""
    await (await _store(platform)).put(_key(session_id), b"1")


async def align(platform: Platform) -> None:
    """Put back what the bucket lacks of the sessions whose access tokens could still be alive.

    Those of a deleted company are gone from the table. Their entries come back only with the events, if those were not
    handled before the loss.
    """
    now = utc_now()
    store = await _store(platform)
    present = await entries(store)
    async with platform.work(system=True) as ctx:
        ended = await OpenSessionRepository(ctx).ended_since(now - timedelta(seconds=auth.ACCESS_TOKEN_LIFETIME_S))
    for session_id, ended_at in ended:
        if _key(session_id) not in present:
            if now - ended_at > ANNOUNCED_WITHIN:
                foreign.report(auth.REVOCATIONS_BUCKET, _key(session_id))
            await store.put(_key(session_id), b"1")


async def prune(ctx: Context, now: datetime) -> None:
    await OpenSessionRepository(ctx).forget_before(now)


async def _store(platform: Platform) -> Bucket:
    return await bucket(platform.nats, auth.REVOCATIONS_BUCKET, replicas=platform.settings.nats_replicas)


def _key(session_id: UUID) -> str:
    return f"session.{session_id}"


def _caller(ctx: Context) -> auth.Principal:
    if ctx.principal is None:
        raise Forbidden("this needs a signed-in user")
    return ctx.principal


def _new(ctx: Context, who: SignedIn, *, session_id: UUID, refresh_hash: bytes) -> dict[str, Any]:
    now = utc_now()
    return {
        "id": session_id,
        "company_id": who.company_id,
        "user_id": who.user_id,
        "roles": list(who.roles),
        "amr": list(who.amr),
        "refresh_hash": refresh_hash,
        "client_ip": ctx.origin.client_ip,
        "user_agent": ctx.origin.user_agent,
        "created_at": now,
        "last_used_at": now,
        "expires_at": now + timedelta(days=settings_of(ctx).session_absolute_days),
    }
