"""What others write under auth's name goes again, is reported, and erases nothing; what they delete comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import pytest
from joserfc.jwk import OKPKey

from etter_auth import metrics
from etter_auth.companies import service as companies
from etter_auth.jwks import service as jwks
from etter_auth.sessions import service as sessions
from etter_common import api_keys, auth, responses
from etter_common.buckets import bucket, entries
from etter_common.events import dead_letters, erasures
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.messaging import Nats
from etter_common.platform import Platform
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient

from .conftest import later
from .factories import Person, sign_in


def reported(place: str) -> float:
    [family] = metrics.FOREIGN_ENTRIES.collect()
    return next(
        sample.value for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["place"] == place
    )  # fmt: skip


async def keys(operator: Nats, name: str) -> set[str]:
    return set(await entries(await bucket(operator, name)))


def gone(operator: Nats, name: str, key: str) -> Callable[[], Awaitable[bool]]:
    async def is_gone() -> bool:
        return key not in await keys(operator, name)

    return is_gone


def forged_key() -> tuple[str, bytes]:
    kid = "01ffffff-ffff-7fff-8fff-ffffffffffff"  # newer than any of ours
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": auth.ALGORITHM})
    return kid, responses.encode(key.as_dict(private=False))


class TestSigningKeys:
    async def test_a_foreign_one_is_removed_by_itself(self, app: object, operator: Nats) -> None:
        before = reported(auth.KEYS_BUCKET)
        kid, jwk = forged_key()
        await (await bucket(operator, auth.KEYS_BUCKET)).put(kid, jwk)
        await until(gone(operator, auth.KEYS_BUCKET, kid))
        assert reported(auth.KEYS_BUCKET) >= before + 1

    async def test_one_of_ours_that_was_overwritten_is_put_right(self, platform: Platform, operator: Nats) -> None:
        store = await bucket(operator, auth.KEYS_BUCKET)
        kid, right = next((kid, entry.value) for kid, entry in (await entries(store)).items())
        before = reported(auth.KEYS_BUCKET)
        await store.put(kid, forged_key()[1])
        await jwks.refresh(platform)
        assert msgspec.json.decode((await store.get(kid)).value or b"") == msgspec.json.decode(right or b"")
        assert reported(auth.KEYS_BUCKET) >= before + 1

    async def test_a_retired_one_is_no_foreign_one(self, platform: Platform) -> None:
        before = reported(auth.KEYS_BUCKET)
        await jwks.refresh(platform, rotate=True)
        with later(seconds=jwks.RETIRED_KEYS_STAY.total_seconds() + 1):
            await jwks.refresh(platform)
        assert reported(auth.KEYS_BUCKET) == before


class TestApiKeys:
    async def test_a_foreign_one_is_removed_by_itself(self, company: UUID, operator: Nats) -> None:
        before = reported(api_keys.BUCKET)
        key_id = new_id()
        entry = api_keys.Entry(
            sha256=b"x" * 32, company_id=company, user_id=new_id(), role="company_admin", expires_at=2**40
        )
        await (await bucket(operator, api_keys.BUCKET)).put(str(key_id), msgspec.json.encode(entry))
        await until(gone(operator, api_keys.BUCKET, str(key_id)))
        assert reported(api_keys.BUCKET) >= before + 1


class TestRevocations:
    async def test_a_deleted_one_comes_back_by_itself(
        self, visitor: CheckedClient, person: Person, operator: Nats
    ) -> None:
        mine = await sign_in(visitor, person)
        key = f"session.{mine.session_id}"
        await visitor.delete("/sessions/current", headers=mine.bearer)

        async def is_back() -> bool:
            return key in await keys(operator, auth.REVOCATIONS_BUCKET)

        await until(is_back)
        await (await bucket(operator, auth.REVOCATIONS_BUCKET)).delete(key)
        await until(is_back)

    async def test_one_that_was_there_long_ago_is_reported(
        self, visitor: CheckedClient, person: Person, platform: Platform, operator: Nats
    ) -> None:
        mine = await sign_in(visitor, person)
        await visitor.delete("/sessions/current", headers=mine.bearer)
        key, before = f"session.{mine.session_id}", reported(auth.REVOCATIONS_BUCKET)

        async def is_there() -> bool:
            return key in await keys(operator, auth.REVOCATIONS_BUCKET)

        await until(is_there)
        with later(seconds=90):
            await (await bucket(operator, auth.REVOCATIONS_BUCKET)).delete(key)
            await sessions.align(platform)
            assert await is_there()
        assert reported(auth.REVOCATIONS_BUCKET) >= before + 1


async def announce(operator: Nats, company_id: UUID) -> None:
    event = Event.of(CompanyDeleted(company_id=company_id), company_id=company_id, aggregate_id=company_id)
    await operator.jetstream().publish(event.subject, event.body(), headers=event.headers())


class TestEnds:
    async def test_of_a_company_that_is_there_is_not_confirmed(self, company: UUID, operator: Nats) -> None:
        before = reported("events")
        await announce(operator, company)

        async def is_buried() -> bool:
            letters = await dead_letters.list_letters(operator, consumer="auth", limit=1000)
            return str(company) in {letter.company_id for letter in letters}

        await until(is_buried)
        assert str(company) not in await keys(operator, erasures.BUCKET)
        assert reported("events") == before + 1

    async def test_of_a_company_that_is_gone_is_confirmed(self, app: object, operator: Nats) -> None:
        company_id = new_id()
        await announce(operator, company_id)

        async def is_confirmed() -> bool:
            return str(company_id) in await keys(operator, erasures.BUCKET)

        await until(is_confirmed)

    async def test_those_that_an_earlier_release_announced_are_confirmed_at_start(
        self, platform: Platform, company: UUID, operator: Nats
    ) -> None:
        ended = new_id()
        for company_id in (ended, company):
            await announce(operator, company_id)
        await companies.confirm_announced(platform)
        confirmed = await keys(operator, erasures.BUCKET)
        assert (str(ended) in confirmed, str(company) in confirmed) == (True, False)

    async def test_a_forged_word_is_withdrawn_by_itself(self, company: UUID, operator: Nats) -> None:
        before = reported(erasures.BUCKET)
        await erasures.confirm(operator, company)
        await until(gone(operator, erasures.BUCKET, str(company)))
        assert reported(erasures.BUCKET) >= before + 1


@pytest.mark.parametrize("name", ["core", "extraction-worker"])
async def test_a_service_cannot_even_try(name: str, nats_url: str) -> None:
    """With its own address it reaches neither the buckets nor the events of auth."""
    port = nats_url.rpartition(":")[2]
    client = Nats(f"nats://{name}:nats-{name}@127.0.0.1:{port}")
    await client.open(name="attacker")
    try:
        with pytest.raises(Exception, match=r"(?i)timeout|no response"):
            async with asyncio.timeout(10):
                await client.jetstream(timeout=0.5).publish("$KV.auth-keys.forged", b"{}")
    finally:
        await client.close()
