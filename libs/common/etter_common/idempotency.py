"""`Idempotency-Key` on a POST: the same key and body give the same answer, and concurrent duplicates work once.

The key is a row in the request's own transaction. A second request with the key waits on that row until the first has
committed, then answers from it; if the first rolls back, the second does the work.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.db.models import PlatformBase
from etter_common.errors import Conflict, IdempotencyKeyReused, InvalidIdempotencyKey

if TYPE_CHECKING:
    from etter_common.platform import Platform

MAX_KEY_LENGTH = 255
KEY: Final = re.compile(r"^[!-~]([ -~]*[!-~])?$")
"""Printable ASCII; a header's value has no blank at its ends."""
KEPT = timedelta(days=1)
KEPT_HEADERS = ("content-type", "location", "etag")


class IdempotencyRow(PlatformBase):
    __tablename__ = "idempotency_keys"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)  # or an API key's id
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class Replay(Exception):  # control flow: the stored answer goes out instead of a new one
    """Carries the first request's answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__("answered before")
        self.status, self.headers, self.body = status, headers, body


class Claim:
    """A key this request has taken; `record` stores the answer beside it."""

    def __init__(self, ctx: Context, key: str) -> None:
        self._ctx, self._key = ctx, key

    async def record(self, status: int, headers: dict[str, str], body: bytes) -> None:
        row = IdempotencyRow
        await self._ctx.session.execute(
            update(row)
            .where(row.company_id == self._ctx.company_id, row.user_id == self._ctx.caller_id, row.key == self._key)
            .values(status=status, headers=headers, body=body)
        )


async def claim(ctx: Context, key: str, fingerprint: bytes) -> Claim:
    """Take the key for this request, or raise `Replay` with the answer it had, or say what is wrong with it."""
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not KEY.fullmatch(key):
        raise InvalidIdempotencyKey
    row = IdempotencyRow
    owner = {"company_id": ctx.company_id, "user_id": ctx.caller_id, "key": key}
    taken = insert(row).values(**owner, fingerprint=fingerprint, created_at=utc_now()).on_conflict_do_nothing()
    if (await ctx.session.execute(taken.returning(row.key))).scalar_one_or_none():
        return Claim(ctx, key)
    stored = (await ctx.session.scalars(select(row).filter_by(**owner))).one_or_none()
    if stored is None or stored.status is None:
        raise Conflict("a request with this idempotency key is being worked on")
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    raise Replay(stored.status, dict(stored.headers or {}), stored.body or b"")


async def forget_old(platform: Platform) -> None:
    """Delete keys older than `KEPT`: a client that comes back later than that does its work anew."""
    async with platform.work(system=True) as ctx:
        await ctx.session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < utc_now() - KEPT))


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
