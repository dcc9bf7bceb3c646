"""Signing keys: made once, rotated, published, sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import httpx2
import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet
from pydantic import SecretStr
from sqlalchemy import text

from etter_auth import tokens
from etter_auth.jwks import service
from etter_auth.jwks.background import keys_kept
from etter_auth.jwks.service import SigningKeys
from etter_common import auth
from etter_common.buckets import bucket, entries
from etter_common.ids import new_id
from etter_common.platform import Platform, open_platform
from etter_common.testing.client import CheckedClient

from ..conftest import later
from ..factories import Person, refresh, sign_in


async def in_bucket(platform: Platform) -> set[str]:
    store = await bucket(platform.nats, auth.KEYS_BUCKET)
    return set(await entries(store))


async def until(platform: Platform, condition: Callable[[], bool]) -> None:
    """The watch of the bucket tells it within moments, and looks again by itself after 30 s."""
    async with asyncio.timeout(20):
        while not condition():
            await platform.nats.flush()
            await asyncio.sleep(0.01)


def published(platform: Platform) -> set[str]:
    return {str(key["kid"]) for key in platform.part(SigningKeys).published}


class TestEnsure:
    async def test_two_are_published_and_the_next_is_not_used_yet(self, platform: Platform) -> None:
        async with platform.work(system=True) as ctx:
            keys = await service.ensure(ctx)
        unused = [key for key in keys if key.active_from is None]
        signing = [key for key in keys if key.active_from and not key.published_until]
        assert (len(unused), len(signing)) == (1, 1)
        assert await in_bucket(platform) == {key.kid for key in keys}

    async def test_replicas_at_the_same_time_make_no_more(self, platform: Platform) -> None:
        before = published(platform)
        await asyncio.gather(*(service.refresh(platform) for _ in range(5)))
        assert published(platform) == before

    async def test_due_after_thirty_days(self, platform: Platform) -> None:
        before = platform.part(SigningKeys).current.kid
        with later(days=30, seconds=1):
            await service.refresh(platform)
        assert platform.part(SigningKeys).current.kid != before

    async def test_only_sealed_private_keys_are_stored(self, platform: Platform) -> None:
        async with platform.work(system=True) as ctx:
            keys = await service.ensure(ctx)
            with pytest.raises(InvalidTag):
                service.opened(keys, secrets=[b"another secret"])
        assert all(b'"d"' not in key.private_sealed and "d" not in key.public_jwk for key in keys)


class TestRotation:
    async def test_the_next_key_signs_and_older_tokens_go_on(
        self, platform: Platform, visitor: CheckedClient, person: Person
    ) -> None:
        old = await sign_in(visitor, person)
        following = published(platform) - {str(platform.part(SigningKeys).current.kid)}
        await service.refresh(platform, rotate=True)
        current = str(platform.part(SigningKeys).current.kid)
        assert current in following
        new = await sign_in(visitor, person)
        assert current in platform.keys  # it was published ahead of use
        for signed in (old, new):
            assert (await visitor.get("/me", headers=signed.bearer)).status_code == 200

    async def test_a_retired_key_goes_when_nothing_it_signed_can_live(self, platform: Platform) -> None:
        retired = str(platform.part(SigningKeys).current.kid)
        await service.refresh(platform, rotate=True)
        assert retired in await in_bucket(platform)
        with later(seconds=service.RETIRED_KEYS_STAY / timedelta(seconds=1) + 1):
            await service.refresh(platform)
            await until(platform, lambda: retired not in published(platform))  # also by what looks in the background
            assert retired not in await in_bucket(platform)

    async def test_a_replica_that_has_read_an_older_bucket_does_not_unpublish(self, platform: Platform) -> None:
        store = await bucket(platform.nats, auth.KEYS_BUCKET)
        present = {kid: entry.value for kid, entry in (await entries(store)).items()}
        await service.refresh(platform, rotate=True)
        async with platform.work(system=True) as ctx:
            view = await service.ensure(ctx)
        await service.announce(store, present, view, frozenset(key.kid for key in view))
        assert published(platform) <= await in_bucket(platform)

    async def test_is_announced(self, platform: Platform) -> None:
        await service.refresh(platform, rotate=True)
        async with platform.db.transaction(None, system=True) as session:
            stored = await session.scalar(text("SELECT count(*) FROM signing_keys WHERE published_until IS NULL"))
        assert stored == 2


class TestDistrust:
    async def test_no_token_of_an_earlier_key_counts_and_nobody_signs_in_again(
        self, platform: Platform, visitor: CheckedClient, person: Person
    ) -> None:
        old = await sign_in(visitor, person)
        assert (await visitor.get("/me", headers=old.bearer)).status_code == 200  # and is remembered as good
        before = published(platform)
        await service.refresh(platform, distrust=True)
        assert not before & published(platform)
        await until(platform, lambda: not any(kid in platform.keys for kid in before))
        assert (await visitor.get("/me", headers=old.bearer)).status_code == 401
        new = await refresh(visitor, old.refresh)
        assert (await visitor.get("/me", headers=new.bearer)).status_code == 200

    async def test_another_replica_signs_with_the_new_key_at_once(self, platform: Platform) -> None:
        await service.refresh(platform)  # what tests before did to the table and the bucket
        async with open_platform(platform.settings) as replica, keys_kept(replica):
            await until(replica, lambda: all(kid in replica.keys for kid in published(platform)))
            await service.refresh(platform, distrust=True)
            await until(replica, lambda: published(replica) == published(platform))
            assert replica.part(SigningKeys).current.kid == platform.part(SigningKeys).current.kid


class TestBackground:
    async def test_it_ends_when_asked_although_the_look_eats_it(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As the client's calls do when their answer has just come."""
        looks = asyncio.Event()

        async def look(_: Platform) -> None:
            looks.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

        async with asyncio.timeout(10):
            async with keys_kept(platform):
                monkeypatch.setattr(service, "refresh", look)
                platform.keys.on_drop[-1]()
                await looks.wait()


class TestSecretKey:
    """`SECRET_KEY` is changed in two releases: first the next one is accepted, then it is used (rotation.md)."""

    NEXT = SecretStr("the next secret key, as long as it must be")

    async def test_keys_are_sealed_anew_and_stay_the_same(self, platform: Platform) -> None:
        before = published(platform)
        now = platform.settings.secret_key
        for secret, other in (
            (now, self.NEXT),
            (self.NEXT, now),
            (self.NEXT, None),
            (self.NEXT, now),
            (now, self.NEXT),
        ):
            settings = platform.settings.model_copy(update={"secret_key": secret, "secret_key_accepted": other})
            async with open_platform(settings) as release:
                await service.refresh(release)
                assert published(release) == before

    async def test_another_one_alone_does_not_start(self, platform: Platform) -> None:
        settings = platform.settings.model_copy(update={"secret_key": self.NEXT})
        async with open_platform(settings) as release:
            with pytest.raises(InvalidTag):
                await service.refresh(release)

    def test_refresh_tokens_of_both_count(self) -> None:
        old, new = b"old", b"new"
        session_id = new_id()
        for key in (old, new):
            token = tokens.new_refresh_token(session_id, key=key)
            assert tokens.session_of(token, keys=[new, old]) == session_id
        assert tokens.session_of(tokens.new_refresh_token(session_id, key=old), keys=[new]) is None


class TestHttp:
    @pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/api/auth/v1/.well-known/jwks.json"])
    async def test_published_keys_verify_a_token_and_show_nothing_private(
        self, app: FastAPI, visitor: CheckedClient, person: Person, path: str
    ) -> None:
        signed = await sign_in(visitor, person)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://etter.test") as anybody:
            response = await anybody.get(path)
        assert response.headers["cache-control"] == "public, max-age=300"
        keys = msgspec.json.decode(response.content)
        assert all(set(key) == {"kid", "kty", "crv", "x", "use", "alg"} for key in keys["keys"])
        decoded = jwt.decode(signed.access, KeySet.import_key_set(keys), algorithms=[auth.ALGORITHM])
        assert decoded.header["typ"] == "at+jwt"
        assert decoded.claims["sub"] == str(person.id)
        assert decoded.claims["exp"] - decoded.claims["iat"] == 600
        assert decoded.claims["amr"] == ["pwd"]
        assert {"iss", "aud", "sid", "company_id", "roles", "jti", "auth_time"} <= set(decoded.claims)
