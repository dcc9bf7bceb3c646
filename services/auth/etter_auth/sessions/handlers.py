"""Carries ended sessions to every service's verifier, through the bucket they all watch (architecture.md)."""

from __future__ import annotations

from etter_common import auth
from etter_common.buckets import bucket
from etter_common.context import Context
from etter_common.events.contracts.auth import SessionRevoked
from etter_common.events.envelope import Event

BUCKET_TTL_S = auth.REVOCATIONS_KEPT_S


async def session_revoked(ctx: Context, event: Event) -> None:
    """Idempotent: the same key again. Redelivered until it is there, so no revocation is forgotten."""
    revoked = event.payload
    assert isinstance(revoked, SessionRevoked)  # noqa: S101 - the subscription names the type
    replicas = ctx.platform.settings.nats_replicas
    store = await bucket(ctx.platform.nats, auth.REVOCATIONS_BUCKET, ttl_s=BUCKET_TTL_S, replicas=replicas)
    await store.put(f"session.{revoked.session_id}", b"1")
