"""Refresh tokens: single use, the grace, and the end of the family."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from etter_auth import metrics
from etter_auth import tokens as made
from etter_common import crypto
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import later
from ..factories import Person, refresh, sign_in


class TestRotation:
    async def test_each_refresh_gives_the_next_token(self, visitor: CheckedClient, person: Person) -> None:
        first = await sign_in(visitor, person)
        second = await refresh(visitor, first.refresh)
        third = await refresh(visitor, second.refresh)
        assert len({first.refresh, second.refresh, third.refresh}) == 3
        assert first.session_id == second.session_id == third.session_id
        assert (await visitor.get("/me", headers=third.bearer)).status_code == 200

    async def test_twenty_at_once_get_one_successor(self, visitor: CheckedClient, person: Person) -> None:
        first = await sign_in(visitor, person)
        answers = await asyncio.gather(*(refresh(visitor, first.refresh) for _ in range(20)))
        assert len({answer.refresh for answer in answers}) == 1
        await refresh(visitor, answers[0].refresh)

    async def test_takes_two_queries(self, visitor: CheckedClient, person: Person) -> None:
        await refresh(visitor, (await sign_in(visitor, person)).refresh)
        assert len(visitor.last_statements) == 2

    async def test_only_hashes_are_stored(self, visitor: CheckedClient, platform: Platform, person: Person) -> None:
        first = await sign_in(visitor, person)
        second = await refresh(visitor, first.refresh)
        async with platform.db.transaction(person.company_id) as session:
            row = (await session.execute(text("SELECT * FROM sessions WHERE id = :id"), {"id": first.session_id})).one()
        assert row.refresh_hash == crypto.hash_token(second.refresh)
        assert not any(token.encode() in bytes(row.successor_sealed) for token in (first.refresh, second.refresh))


class TestReuse:
    async def reuse(self, client: CheckedClient, token: str, **headers: str) -> str:
        response = await client.post("/sessions/refresh", json={"refresh_token": token}, headers=headers)
        assert response.status_code == 401
        return str(response.json()["code"])

    async def test_after_the_grace_the_family_ends(self, visitor: CheckedClient, person: Person) -> None:
        first = await sign_in(visitor, person)
        second = await refresh(visitor, first.refresh)
        with later(seconds=11):
            assert await self.reuse(visitor, first.refresh) == "REFRESH_TOKEN_REUSED"
            assert len(visitor.last_statements) <= 3
        assert await self.reuse(visitor, second.refresh) == "INVALID_REFRESH_TOKEN"

    async def test_an_older_token_has_no_grace(self, visitor: CheckedClient, person: Person) -> None:
        first = await sign_in(visitor, person)
        await refresh(visitor, (await refresh(visitor, first.refresh)).refresh)
        assert await self.reuse(visitor, first.refresh) == "REFRESH_TOKEN_REUSED"

    async def test_another_client_has_no_grace(self, visitor: CheckedClient, person: Person) -> None:
        first = await sign_in(visitor, person)
        await refresh(visitor, first.refresh)
        stolen = {"user-agent": "somebody else"}
        assert await self.reuse(visitor, first.refresh, **stolen) == "REFRESH_TOKEN_REUSED"

    async def test_is_counted(self, visitor: CheckedClient, person: Person) -> None:
        before = metrics.REFRESHES.labels("reused")._value.get()
        first = await sign_in(visitor, person)
        await refresh(visitor, first.refresh)
        with later(seconds=11):
            await self.reuse(visitor, first.refresh)
        assert metrics.REFRESHES.labels("reused")._value.get() == before + 1

    async def test_is_in_the_audit_log(self, visitor: CheckedClient, person: Person, admin: CheckedClient) -> None:
        first = await sign_in(visitor, person)
        await refresh(visitor, first.refresh)
        with later(seconds=11):
            await self.reuse(visitor, first.refresh)
        log = (await admin.get("/audit-events", params={"action": "sessions:reuse"})).json()["data"]
        assert [(e["outcome"], e["target_id"], e["actor_id"]) for e in log] == [
            ("failure", first.session_id, str(person.id))
        ]


class TestRefusal:
    async def test_what_was_never_issued_costs_no_query(self, visitor: CheckedClient, person: Person) -> None:
        session_id = (await sign_in(visitor, person)).session_id
        forged = made.new_refresh_token(new_id(), key=b"another key")
        for token in ("nonsense", "etr_", "etr_" + "A" * 86, forged, session_id, "é" * 50):
            response = await visitor.post("/sessions/refresh", json={"refresh_token": token})
            assert response.json()["code"] == "INVALID_REFRESH_TOKEN"
            assert visitor.last_statements == []

    async def test_a_guessed_session_id_ends_nobodys_session(self, visitor: CheckedClient, person: Person) -> None:
        mine = await sign_in(visitor, person)
        raw = made.new_refresh_token(new_id(), key=b"another key")
        await visitor.post("/sessions/refresh", json={"refresh_token": raw})
        await refresh(visitor, mine.refresh)

    async def test_unused_for_two_weeks_is_the_end(self, visitor: CheckedClient, person: Person) -> None:
        mine = await sign_in(visitor, person)
        with later(days=14, seconds=1):
            response = await visitor.post("/sessions/refresh", json={"refresh_token": mine.refresh})
        assert response.json()["code"] == "INVALID_REFRESH_TOKEN"

    async def test_no_session_lives_longer_than_thirty_days(self, visitor: CheckedClient, person: Person) -> None:
        token = (await sign_in(visitor, person)).refresh
        for day in (10, 20, 29):
            with later(days=day):
                token = (await refresh(visitor, token)).refresh
        with later(days=30, seconds=1):
            response = await visitor.post("/sessions/refresh", json={"refresh_token": token})
        assert response.json()["code"] == "INVALID_REFRESH_TOKEN"

    async def test_access_token_does_not_outlive_the_session(self, visitor: CheckedClient, person: Person) -> None:
        token = (await sign_in(visitor, person)).refresh
        for day in (13, 26):
            with later(days=day):
                token = (await refresh(visitor, token)).refresh
        with later(days=30, seconds=-60):
            response = await visitor.post("/sessions/refresh", json={"refresh_token": token})
        assert response.json()["data"]["expires_in"] <= 61
