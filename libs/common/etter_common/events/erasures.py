"""Which companies have really ended: auth's own word, in a bucket that only auth may write.

An event alone erases nothing: whoever can publish could forge it. Auth confirms an end by its database, after which a
service may erase. Entries stay for ever, so that an event that is replayed after years still counts, whatever keys and
passwords have changed since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import KeyNotFoundError

from etter_common.buckets import bucket

if TYPE_CHECKING:
    from etter_common.platform import Platform

BUCKET: Final = "auth-erasures"


class NotConfirmed(Exception):
    """Auth does not say that this company has ended."""


async def require(platform: Platform, company_id: UUID) -> None:
    """Raises `NotConfirmed`; tried again, as auth may be a moment behind the event."""
    store = await bucket(platform.nats, BUCKET, replicas=platform.settings.nats_replicas)
    try:
        await store.get(str(company_id))
    except KeyNotFoundError:
        raise NotConfirmed(f"auth does not confirm the end of company {company_id}") from None


async def confirm(nats: Client, company_id: UUID) -> None:
    """For auth alone."""
    store = await bucket(nats, BUCKET)
    await store.put(str(company_id), b"ended")
