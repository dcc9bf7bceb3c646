"""Keys: published are the one that signs, the one that will, and retired ones as long as they verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from joserfc.jwk import OKPKey

from etter_auth import foreign
from etter_auth.jwks.models import SigningKey
from etter_auth.jwks.repository import SigningKeyRepository
from etter_auth.settings import AuthSettings
from etter_common import auth, crypto, responses
from etter_common.buckets import Bucket, bucket, entries
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.events.contracts.auth import KeyRotated
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.platform import Platform

_SEAL = "signing-key"
# a replica that has not looked yet signs with the old key, and its tokens live their whole life after that
RETIRED_KEYS_STAY = timedelta(hours=1)


@dataclass
class SigningKeys:
    """The keys in memory; `current` signs. One per process, renewed by `refresh`."""

    current: OKPKey
    published: list[dict[str, Any]]

    def jwks(self) -> dict[str, Any]:
        return {"keys": self.published}


async def ensure(ctx: Context, *, rotate: bool = False, distrust: bool = False) -> Sequence[SigningKey]:
    """All published keys. Makes the first two; retires the current one when its time is up or `rotate` says so.

    `distrust`: none there was counts any more, nor does any token it signed.
    """
    keys = SigningKeyRepository(ctx)
    await keys.lock()
    now = utc_now()
    await (keys.forget_all() if distrust else keys.forget_before(now))
    known = await keys.list_published(now)
    _seal_anew(ctx, known)
    current = next((key for key in known if key.active_from and not key.published_until), None)
    following = next((key for key in known if key.active_from is None), None) or keys.add(_made(ctx, now))
    if current is None:
        following.active_from = now
        keys.add(_made(ctx, now))
        if distrust:
            await _tell(ctx, following)
    elif rotate or now >= _due(ctx, current):
        await _hand_over(ctx, current, following, now)
        keys.add(_made(ctx, now))
    await ctx.session.flush()
    return await keys.list_published(now)


def opened(keys: Sequence[SigningKey], *, secrets: Sequence[bytes]) -> SigningKeys:
    """The keys ready to sign; raises `InvalidTag` when none of the secret keys is the one that sealed them."""
    current = next(key for key in keys if key.active_from and not key.published_until)
    secret = next(
        (key for key in secrets if crypto.is_sealed(current.private_sealed, key=key, purpose=_SEAL)), secrets[0]
    )
    private = msgspec.json.decode(crypto.unseal(current.private_sealed, key=secret, purpose=_SEAL))
    return SigningKeys(OKPKey.import_key(private), [key.public_jwk for key in keys])


async def announce(
    store: Bucket, present: Mapping[str, bytes | None], keys: Sequence[SigningKey], ours: frozenset[str]
) -> None:
    """Bring the bucket the other services watch in line with `keys`; writes only what differs.

    `present` was read before the keys, so that whatever another replica had published by then is among them. A key
    that is not among `ours` was not made by auth.
    """
    wanted = {key.kid: key.public_jwk for key in keys}
    for kid, jwk in wanted.items():
        if _read(present.get(kid)) != jwk:
            if kid in present:
                foreign.report(auth.KEYS_BUCKET, kid)
            await store.put(kid, responses.encode(jwk))
    for kid in present.keys() - wanted.keys():
        await store.delete(kid)
        if kid not in ours:
            foreign.report(auth.KEYS_BUCKET, kid)


def _read(entry: bytes | None) -> Any:  # Any: JSON
    """As it compares with a key of the database, which keeps no order of members."""
    try:
        return msgspec.json.decode(entry or b"null")
    except msgspec.DecodeError:
        return None


async def refresh(platform: Platform, *, rotate: bool = False, distrust: bool = False) -> None:
    """Look at the keys in the database, publish them, and sign with the current one from now on."""
    store = await bucket(platform.nats, auth.KEYS_BUCKET, replicas=platform.settings.nats_replicas)
    present = {kid: entry.value for kid, entry in (await entries(store)).items()}
    async with platform.work(system=True) as ctx:
        before = await SigningKeyRepository(ctx).kids()
        keys = await ensure(ctx, rotate=rotate, distrust=distrust)
        ours = before | await SigningKeyRepository(ctx).kids()
    await announce(store, present, keys, ours)
    platform.provide(opened(keys, secrets=platform.settings.accepted_keys))


async def _hand_over(ctx: Context, current: SigningKey, following: SigningKey, now: datetime) -> None:
    current.published_until = now + RETIRED_KEYS_STAY
    following.active_from = now
    await _tell(ctx, following)


async def _tell(ctx: Context, current: SigningKey) -> None:
    await ctx.publish(Event.of(KeyRotated(kid=current.kid), company_id=None, aggregate_id=new_id()))


def _seal_anew(ctx: Context, keys: Sequence[SigningKey]) -> None:
    """Under the secret key that is used now, where another accepted one has sealed them."""
    for key in keys:
        for other in ctx.accepted_keys[1:]:
            if crypto.is_sealed(key.private_sealed, key=other, purpose=_SEAL):
                private = crypto.unseal(key.private_sealed, key=other, purpose=_SEAL)
                key.private_sealed = crypto.seal(private, key=ctx.signing_key, purpose=_SEAL)


def _due(ctx: Context, current: SigningKey) -> datetime:
    settings = ctx.platform.settings
    assert isinstance(settings, AuthSettings)  # noqa: S101 - auth's platform has auth's settings
    return (current.active_from or current.created_at) + timedelta(days=settings.key_rotation_days)


def _made(ctx: Context, now: datetime) -> SigningKey:
    key = OKPKey.generate_key("Ed25519", {"kid": str(new_id()), "use": "sig", "alg": auth.ALGORITHM})
    private = responses.encode(key.as_dict(private=True))
    return SigningKey(
        kid=str(key.kid),
        private_sealed=crypto.seal(private, key=ctx.signing_key, purpose=_SEAL),
        public_jwk=dict(key.as_dict(private=False)),
        created_at=now,
    )
