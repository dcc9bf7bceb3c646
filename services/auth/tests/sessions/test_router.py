"""Listing and ending sessions, and how far the end reaches."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from etter_auth.sessions import service
from etter_common import auth
from etter_common.auth import KeyRing, Revocations, TokenVerifier
from etter_common.buckets import bucket
from etter_common.errors import Unauthenticated
from etter_common.events.provision import provision
from etter_common.ids import new_id
from etter_common.messaging import Nats
from etter_common.platform import Platform, open_platform
from etter_common.testing.client import CheckedClient
from etter_common.watch import BucketWatch

from ..conftest import Clients
from ..factories import Person, make_person, sign_in


class TestList:
    async def test_shows_ones_own_live_sessions(self, visitor: CheckedClient, person: Person) -> None:
        ended, mine = await sign_in(visitor, person), await sign_in(visitor, person)
        await visitor.delete("/sessions/current", headers=ended.bearer)
        response = await visitor.get("/sessions", headers=mine.bearer)
        assert [(s["id"], s["is_current"]) for s in response.json()["data"]] == [(mine.session_id, True)]

    async def test_pages_and_fields(self, visitor: CheckedClient, person: Person) -> None:
        all_of_them = [(await sign_in(visitor, person)).session_id for _ in range(3)]
        bearer = (await sign_in(visitor, person)).bearer
        seen: list[str] = []
        params = {"limit": "2", "fields": "id"}
        while True:
            page = (await visitor.get("/sessions", params=params, headers=bearer)).json()
            seen += [row["id"] for row in page["data"]]
            assert all(list(row) == ["id"] for row in page["data"])
            if not page["meta"]["has_more"]:
                break
            params["cursor"] = page["meta"]["next_cursor"]
        assert seen[1:] == all_of_them[::-1]

    async def test_another_users_need_the_permission(
        self, visitor: CheckedClient, person: Person, platform: Platform, admin: CheckedClient
    ) -> None:
        theirs = await make_person(platform, person.company_id)
        session = await sign_in(visitor, theirs)
        mine = await sign_in(visitor, person)
        asked = {"user_id": str(theirs.id)}
        assert (await visitor.get("/sessions", params=asked, headers=mine.bearer)).status_code == 403
        shown = (await admin.get("/sessions", params=asked)).json()["data"]
        assert [row["id"] for row in shown] == [session.session_id]


class TestEnd:
    async def test_current_stops_refreshing(self, visitor: CheckedClient, person: Person) -> None:
        mine = await sign_in(visitor, person)
        assert (await visitor.delete("/sessions/current", headers=mine.bearer)).status_code == 204
        assert (await visitor.post("/sessions/refresh", json={"refresh_token": mine.refresh})).status_code == 401

    async def test_another_of_ones_own(self, visitor: CheckedClient, person: Person) -> None:
        other, mine = await sign_in(visitor, person), await sign_in(visitor, person)
        assert (await visitor.delete(f"/sessions/{other.session_id}", headers=mine.bearer)).status_code == 204
        again = await visitor.delete(f"/sessions/{other.session_id}", headers=mine.bearer)
        assert again.json()["code"] == "SESSION_NOT_FOUND"

    async def test_a_colleagues_is_not_found(self, visitor: CheckedClient, platform: Platform, person: Person) -> None:
        theirs = await sign_in(visitor, await make_person(platform, person.company_id))
        mine = await sign_in(visitor, person)
        response = await visitor.delete(f"/sessions/{theirs.session_id}", headers=mine.bearer)
        assert response.status_code == 404

    async def test_an_admin_ends_any_of_the_company(
        self, visitor: CheckedClient, person: Person, admin: CheckedClient, as_role: Clients
    ) -> None:
        mine = await sign_in(visitor, person)
        stranger = as_role("super_admin", company=new_id())
        assert (await stranger.delete(f"/sessions/{mine.session_id}")).status_code == 404
        assert (await admin.delete(f"/sessions/{mine.session_id}")).status_code == 204


class TestRevocation:
    async def test_reaches_another_services_verifier_by_itself(
        self, visitor: CheckedClient, person: Person, nats_url: str
    ) -> None:
        """A verifier of its own on a connection of its own, as core has one: it never asks auth."""
        connection = Nats(nats_url)
        await connection.open(name="verifier")
        keys, revocations = KeyRing(), Revocations()
        watches = [
            BucketWatch(connection, auth.KEYS_BUCKET, keys, on_delete=keys.drop),
            BucketWatch(connection, auth.REVOCATIONS_BUCKET, revocations),
        ]
        for watch in watches:
            await watch.start()
            await watch.loaded.wait()
        verifier = TokenVerifier(keys, revocations)
        mine = await sign_in(visitor, person)
        assert verifier.verify(mine.access).user_id == person.id
        assert (await visitor.delete("/sessions/current", headers=mine.bearer)).status_code == 204
        await _refused(verifier, mine.access, UUID(mine.session_id))
        for watch in watches:
            await watch.close()
        await connection.close()

    async def test_reaches_auth_itself(self, visitor: CheckedClient, person: Person, platform: Platform) -> None:
        mine = await sign_in(visitor, person)
        await visitor.delete("/sessions/current", headers=mine.bearer)
        await _refused(platform.tokens, mine.access, UUID(mine.session_id))
        assert (await visitor.get("/me", headers=mine.bearer)).status_code == 401


class TestLostBucket:
    async def test_a_process_that_starts_later_hears_of_the_end(
        self, visitor: CheckedClient, person: Person, platform: Platform, operator: Nats
    ) -> None:
        ended, live = await sign_in(visitor, person), await sign_in(visitor, person)
        await visitor.delete("/sessions/current", headers=ended.bearer)
        await _refused(platform.tokens, ended.access, UUID(ended.session_id))
        await operator.jetstream().delete_stream(f"KV_{auth.REVOCATIONS_BUCKET}")
        assert platform.revocations.ended(ended.session_id, str(person.id), 0), "it goes on with what it knows"
        await provision(operator)
        await service.align(platform)
        store = await bucket(platform.nats, auth.REVOCATIONS_BUCKET)
        assert (await store.status()).ttl == auth.REVOCATIONS_KEPT_S
        async with open_platform(platform.settings) as late:
            with pytest.raises(Unauthenticated):
                late.tokens.verify(ended.access)
            assert late.tokens.verify(live.access).user_id == person.id

    async def test_what_is_there_is_not_written_again(
        self, visitor: CheckedClient, person: Person, platform: Platform
    ) -> None:
        ended = await sign_in(visitor, person)
        await visitor.delete("/sessions/current", headers=ended.bearer)
        await _refused(platform.tokens, ended.access, UUID(ended.session_id))
        await service.align(platform)
        store = await bucket(platform.nats, auth.REVOCATIONS_BUCKET)
        before = (await store.get(f"session.{ended.session_id}")).revision
        await service.align(platform)
        assert (await store.get(f"session.{ended.session_id}")).revision == before


async def _refused(verifier: TokenVerifier, token: str, session_id: UUID) -> None:
    """Returns when the token is refused, long before it would expire by itself; fails when that never happens."""
    async with asyncio.timeout(60):
        while True:
            try:
                assert verifier.verify(token).session_id == session_id
            except Unauthenticated:
                return
            await asyncio.sleep(0.005)


async def test_a_revoked_session_stays_revoked_for_who_starts_later(
    visitor: CheckedClient, person: Person, platform: Platform, nats_url: str
) -> None:
    mine = await sign_in(visitor, person)
    await visitor.delete("/sessions/current", headers=mine.bearer)
    await _refused(platform.tokens, mine.access, UUID(mine.session_id))
    connection = Nats(nats_url)
    await connection.open(name="verifier")
    revocations = Revocations()
    watch = BucketWatch(connection, auth.REVOCATIONS_BUCKET, revocations)
    await watch.start()
    await watch.loaded.wait()
    late = TokenVerifier(platform.keys, revocations)
    with pytest.raises(Unauthenticated):
        late.verify(mine.access)
    await watch.close()
    await connection.close()
