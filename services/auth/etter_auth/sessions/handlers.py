"""Carries ended sessions to every service's verifier, through the bucket they all watch (architecture.md)."""

from __future__ import annotations

from etter_auth.sessions import service
from etter_common.context import Context
from etter_common.events.contracts.auth import SessionRevoked
from etter_common.events.envelope import Event


async def session_revoked(ctx: Context, event: Event) -> None:
    """Idempotent: the same key again. Redelivered until it is there, so no revocation is forgotten."""
    revoked = event.payload
    assert isinstance(revoked, SessionRevoked)  # noqa: S101 - the subscription names the type
    await service.put_ended(ctx.platform, revoked.session_id)
