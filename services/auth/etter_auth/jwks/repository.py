"""Every query about signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from etter_auth.jwks.models import SigningKey
from etter_common.db.repository import SharedRepository

_LOCK = 0x6A776B73  # "jwks": one replica at a time makes or rotates keys


class SigningKeyRepository(SharedRepository[SigningKey]):
    model = SigningKey

    async def lock(self) -> None:
        """Wait for the other replicas; held until the transaction ends."""
        await self.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def list_all(self) -> Sequence[SigningKey]:
        return (await self.session.scalars(self.select().order_by(SigningKey.created_at, SigningKey.kid))).all()

    async def forget_all(self) -> None:
        await self.session.execute(delete(SigningKey))

    async def forget_before(self, now: datetime) -> None:
        await self.session.execute(delete(SigningKey).where(SigningKey.published_until < now))
