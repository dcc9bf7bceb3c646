"""Every query about signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from etter_auth.jwks.models import SigningKey
from etter_common.db.repository import SharedRepository

REMEMBERED = timedelta(days=1)
"""So long a retired key's row stays, so that no replica takes the key for a foreign one."""
_LOCK = 0x6A776B73  # "jwks": one replica at a time makes or rotates keys


class SigningKeyRepository(SharedRepository[SigningKey]):
    model = SigningKey

    async def lock(self) -> None:
        """Wait for the other replicas; held until the transaction ends."""
        await self.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def list_published(self, now: datetime) -> Sequence[SigningKey]:
        published = SigningKey.published_until.is_(None) | (SigningKey.published_until >= now)
        return (
            await self.session.scalars(self.select().where(published).order_by(SigningKey.created_at, SigningKey.kid))
        ).all()

    async def kids(self) -> frozenset[str]:
        """Of all keys that auth has made and not forgotten, retired ones too."""
        return frozenset(await self.session.scalars(select(SigningKey.kid)))

    async def forget_all(self) -> None:
        await self.session.execute(delete(SigningKey))

    async def forget_before(self, now: datetime) -> None:
        await self.session.execute(delete(SigningKey).where(SigningKey.published_until < now - REMEMBERED))
