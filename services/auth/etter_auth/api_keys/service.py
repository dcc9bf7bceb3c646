"""What is done with API keys, and how the services hear of them: by the bucket they all watch."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from nats.js.errors import KeyWrongLastSequenceError

from etter_auth import foreign
from etter_auth.api_keys import events, repository
from etter_auth.api_keys.errors import ApiKeyRoleNotGrantable, TooManyApiKeys
from etter_auth.api_keys.models import ApiKey
from etter_auth.api_keys.repository import AllApiKeysRepository, ApiKeyRepository
from etter_auth.api_keys.schemas import ApiKeyCreate, ApiKeyQuery
from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import Ending
from etter_common import api_keys, crypto
from etter_common.buckets import Bucket, bucket, entries
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.errors import Unauthenticated
from etter_common.ids import new_id
from etter_common.permissions import permissions_of
from etter_common.platform import Platform
from etter_common.responses import Slice

MAX_LIVE: Final = 50
"""Keys of a company that are neither revoked nor expired."""
KEPT_AFTER_EXPIRY: Final = timedelta(days=90)
"""So long one can still look up what a key was."""


async def list_page(ctx: Context, query: ApiKeyQuery) -> Slice:
    return await ApiKeyRepository(ctx).list_page(query)


async def get(ctx: Context, key_id: UUID) -> ApiKey:
    return await ApiKeyRepository(ctx).get(key_id)


async def create(ctx: Context, data: ApiKeyCreate) -> tuple[ApiKey, str]:
    """The key's row, and the key, of which only a hash is kept. Services know it within a second."""
    keys = ApiKeyRepository(ctx)
    roles = await keys.lock_maker(ctx.user_id)
    if roles is None or ctx.principal is None:
        raise Unauthenticated
    if not permissions_of((data.role,)) <= permissions_of(tuple(roles)) & ctx.principal.permissions:
        raise ApiKeyRoleNotGrantable
    key_id = new_id()
    secret = api_keys.new(key_id)
    details = {"role": data.role, "expires_in_days": data.expires_in_days}
    entry = Entry("api_keys:create", ctx.company_id, target_id=key_id, details=details)
    made = await keys.make(_row(ctx, data, key_id=key_id, secret=secret), entry, most=MAX_LIVE)
    if made is None:
        raise TooManyApiKeys(f"a company has at most {MAX_LIVE} live API keys", max_live_keys=MAX_LIVE)
    await ctx.publish(events.api_key_created(made))
    ctx.invalidate(events.tag(ctx.company_id))
    return made, secret


async def revoke(ctx: Context, key_id: UUID) -> None:
    """It stops working everywhere within a second. Again changes nothing."""
    entry = Entry("api_keys:revoke", ctx.company_id, target_id=key_id)
    revoked = await ApiKeyRepository(ctx).revoke(key_id, entry)
    if revoked is not None:
        await announce_revoked(ctx, ctx.company_id, {str(key_id): str(revoked.user_id)}, reason="revoked")


def ending_of_user(company_id: UUID, user_id: UUID, *, reason: str, allowed: frozenset[str] = frozenset()) -> Ending:
    """For the statement of a change after which a user may do `allowed` at most; follow it by `announce_revoked`."""
    return repository.ending_of_user(company_id, user_id, reason=reason, allowed=allowed)


def ending_of_company(company_id: UUID) -> Ending:
    return repository.ending_of_company(company_id)


async def announce_revoked(ctx: Context, company_id: UUID, revoked: Mapping[str, str], *, reason: str) -> None:
    """Tell of revoked keys: {key id: user id}."""
    for key_id, user_id in revoked.items():
        await ctx.publish(
            events.api_key_revoked(UUID(key_id), user_id=UUID(user_id), company_id=company_id, reason=reason)
        )
    if revoked:
        ctx.invalidate(events.tag(company_id))


async def tell(ctx: Context, key_id: UUID) -> None:
    """Bring the bucket in line with one key of the context's company: there, revoked, or gone with the company."""
    key = await ApiKeyRepository(ctx).find_by_id(key_id)
    store = await _store(ctx.platform)
    if key is None:
        await store.delete(str(key_id))
    elif key.revoked_at is not None:
        await store.put(str(key_id), api_keys.REVOKED)
    else:
        await _add(store, str(key_id), _told(key))


async def align(platform: Platform) -> None:
    """Bring the whole bucket in line with the table; writes only what differs.

    The bucket is read before the table, and nothing that was written since is overwritten: a revocation that another
    replica tells of meanwhile stays. What the bucket says is revoked stays so, whatever an older table says.
    """
    store = await _store(platform)
    present = await entries(store)
    async with platform.work(system=True) as ctx:
        keys = AllApiKeysRepository(ctx)
        wanted = {str(key.id): _told(key) for key in await keys.unexpired(utc_now())}
        strays = await _foreign(keys, {kid: entry.value for kid, entry in present.items() if kid not in wanted})
    for key_id, value in wanted.items():
        there = present.get(key_id)
        if there is None:
            await _add(store, key_id, value)
        elif there.value not in (value, api_keys.REVOKED):
            foreign.report(api_keys.BUCKET, key_id)
            with suppress(KeyWrongLastSequenceError):
                await store.update(key_id, value, last=there.revision)
    for key_id in present.keys() - wanted.keys():
        await store.delete(key_id)
        if key_id in strays:
            foreign.report(api_keys.BUCKET, key_id)


async def _foreign(keys: AllApiKeysRepository, unwanted: Mapping[str, bytes | None]) -> set[str]:
    """Those that auth has not written. Others are expired, or of a company that has just been deleted."""
    told = {key_id: _read(value) for key_id, value in unwanted.items()}
    gone = {entry.company_id for entry in told.values() if entry} - await keys.companies()
    ours = {str(key_id) for key_id in await keys.ids()}
    ours |= {key_id for key_id, value in unwanted.items() if value == api_keys.REVOKED}
    return {key_id for key_id, entry in told.items() if key_id not in ours and not (entry and entry.company_id in gone)}


def _read(value: bytes | None) -> api_keys.Entry | None:
    try:
        return msgspec.json.decode(value or b"", type=api_keys.Entry | None)
    except msgspec.DecodeError:
        return None


async def prune(ctx: Context, now: datetime) -> None:
    await AllApiKeysRepository(ctx).forget_before(now - KEPT_AFTER_EXPIRY)


async def _store(platform: Platform) -> Bucket:
    return await bucket(platform.nats, api_keys.BUCKET, replicas=platform.settings.nats_replicas)


async def _add(store: Bucket, key_id: str, value: bytes) -> None:
    """Unless the bucket knows the key already: an entry changes only by being revoked."""
    with suppress(KeyWrongLastSequenceError):
        await store.create(key_id, value)


def _told(key: ApiKey) -> bytes:
    if key.revoked_at is not None:
        return api_keys.REVOKED
    entry = api_keys.Entry(
        sha256=key.hash,
        company_id=key.company_id,
        user_id=key.user_id,
        role=key.role,
        expires_at=int(key.expires_at.timestamp()),
    )
    return msgspec.json.encode(entry)


def _row(ctx: Context, data: ApiKeyCreate, *, key_id: UUID, secret: str) -> dict[str, object]:
    now = utc_now()
    return {
        "id": key_id,
        "company_id": ctx.company_id,
        "user_id": ctx.user_id,
        "name": data.name,
        "role": data.role,
        "hash": crypto.hash_token(secret),
        "created_at": now,
        "expires_at": now + timedelta(days=data.expires_in_days),
    }
