"""Refresh token rotation: single use, a short grace, and the end of the family on reuse.

The row of the session is locked while its token is looked at, so that concurrent refreshes come one after another.
Within the grace the answer holds the same successor: it is stored sealed under the token it follows, so that only
who presents that token can have it. A browser and its own server, which refresh at once, so go on with one token.

What bounds the grace: only the token before the newest, only for `refresh_grace_s`, only while the newest is unused.
It starts no second chain and lengthens nothing: of two who hold the same successor, the one who uses it second, and
later than the grace, ends the session. An answer to another client than the one that rotated is in the audit log.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from etter_auth import metrics, tokens
from etter_auth.audit_events import service as audit
from etter_auth.audit_events.entries import Entry
from etter_auth.sessions import events
from etter_auth.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from etter_auth.sessions.models import Session
from etter_auth.sessions.repository import OpenSessionRepository
from etter_auth.sessions.schemas import TokensOut
from etter_auth.sessions.service import issue, settings_of
from etter_common import crypto
from etter_common.clock import utc_now
from etter_common.context import Context


async def refresh(ctx: Context, presented: str) -> TokensOut:
    """The next pair of tokens; raises `InvalidRefreshToken`, or `RefreshTokenReused` after ending the session."""
    session = await _live_session(ctx, presented)
    if session is None:
        metrics.REFRESHES.labels("refused").inc()
        raise InvalidRefreshToken
    hashed = crypto.hash_token(presented)
    if hmac.compare_digest(hashed, session.refresh_hash):
        metrics.REFRESHES.labels("rotated").inc()
        return await _rotate(ctx, session, presented)
    if session.successor_sealed is not None and _is_graced(ctx, session, hashed):
        _note_grace(ctx, session)
        return issue(ctx, session, tokens.open_successor(session.successor_sealed, presented=presented))
    metrics.REFRESHES.labels("reused").inc()
    await _end_family(ctx, session)
    raise RefreshTokenReused


async def _live_session(ctx: Context, presented: str) -> Session | None:
    """The session the token was made for, locked; garbage does not reach the database."""
    session_id = tokens.session_of(presented, keys=ctx.accepted_keys)
    session = await OpenSessionRepository(ctx).lock(session_id) if session_id else None
    idle = timedelta(days=settings_of(ctx).session_idle_days)
    return None if session is None or session.has_ended(utc_now(), idle=idle) else session


async def _rotate(ctx: Context, session: Session, presented: str) -> TokensOut:
    successor = tokens.new_refresh_token(session.id, key=ctx.signing_key)
    now = utc_now()
    await OpenSessionRepository(ctx).rotate(
        session,
        refresh_hash=crypto.hash_token(successor),
        previous_hash=session.refresh_hash,
        successor_sealed=tokens.seal_successor(successor, presented=presented),
        rotated_at=now,
        rotated_by=ctx.origin.user_agent,
        last_used_at=now,
    )
    return issue(ctx, session, successor)


def _is_graced(ctx: Context, session: Session, hashed: bytes) -> bool:
    """The token before the newest one, again and soon: a lost answer, two tabs, or a browser and its server."""
    if session.previous_hash is None or session.rotated_at is None:
        return False
    recent = utc_now() - session.rotated_at <= timedelta(seconds=settings_of(ctx).refresh_grace_s)
    return recent and hmac.compare_digest(hashed, session.previous_hash)


def _note_grace(ctx: Context, session: Session) -> None:
    metrics.REFRESHES.labels("graced").inc()
    if session.rotated_by != ctx.origin.user_agent:
        details = {"rotated_by": session.rotated_by}
        audit.record(
            ctx,
            Entry(
                "sessions:grace", session.company_id, target_id=session.id, actor_id=session.user_id, details=details
            ),
        )


async def _end_family(ctx: Context, session: Session) -> None:
    entry = Entry(
        "sessions:reuse", session.company_id, target_id=session.id, actor_id=session.user_id, outcome="failure"
    )
    await OpenSessionRepository(ctx).end(session, "reuse", entry)
    await ctx.publish(
        events.session_revoked(session.id, user_id=session.user_id, company_id=session.company_id, reason="reuse")
    )
