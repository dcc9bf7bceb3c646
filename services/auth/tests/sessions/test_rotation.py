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


async def stored(platform: Platform, person: Person) -> list[tuple[object, ...]]:
    async with platform.db.transaction(person.company_id) as session:
        rows = await session.execute(text("SELECT * FROM sessions WHERE user_id = :id"), {"id": person.id})
        return [tuple(row) for row in rows]


class TestRotation:
    async def test_each_refresh_gives_the_next_token(self, visitor: CheckedClient, person: Person) -> None:
        first = await sign_in(visitor, person)
        second = await refresh(visitor, first.refresh)
        third = await refresh(visitor, second.refresh)
        assert len({first.refresh, second.refresh, third.refresh}) == 3
        assert first.session_id == second.session_id == third.session_id
        assert (await visitor.get("/me", headers=third.bearer)).status_code == 200

    async def test_twenty_at_once_from_many_clients_get_one_successor(
        self, visitor: CheckedClient, person: Person
    ) -> None:
        """A browser, its tabs and its own server: all go on, in one family."""
        first = await sign_in(visitor, person)
        answers = await asyncio.gather(
            *(refresh(visitor, first.refresh, **{"user-agent": f"client/{n % 5}"}) for n in range(20))
        )
        assert len({answer.refresh for answer in answers}) == 1
        assert {answer.session_id for answer in answers} == {first.session_id}
        for answer in answers:
            assert (await visitor.get("/me", headers=answer.bearer)).status_code == 200
        again = await asyncio.gather(
            *(refresh(visitor, answers[n].refresh, **{"user-agent": f"client/{n}"}) for n in range(2))
        )
        assert len({answer.refresh for answer in again}) == 1

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

    async def test_who_goes_on_from_a_grace_answer_is_found_out(self, visitor: CheckedClient, person: Person) -> None:
        """A thief who came within the grace holds the same successor, and there is only one to use."""
        first = await sign_in(visitor, person)
        mine = await refresh(visitor, first.refresh)
        stolen = await refresh(visitor, first.refresh, **{"user-agent": "a thief"})
        assert stolen.refresh == mine.refresh
        with later(minutes=9):
            next_one = await refresh(visitor, stolen.refresh, **{"user-agent": "a thief"})
        with later(minutes=10):
            assert await self.reuse(visitor, mine.refresh) == "REFRESH_TOKEN_REUSED"
            assert await self.reuse(visitor, next_one.refresh) == "INVALID_REFRESH_TOKEN"

    async def test_a_grace_answer_lengthens_nothing(
        self, visitor: CheckedClient, platform: Platform, person: Person
    ) -> None:
        first = await sign_in(visitor, person)
        await refresh(visitor, first.refresh)
        before = await stored(platform, person)
        with later(seconds=9):
            await refresh(visitor, first.refresh)
            assert len(visitor.last_statements) == 1
        assert await stored(platform, person) == before
        with later(seconds=11):
            assert await self.reuse(visitor, first.refresh) == "REFRESH_TOKEN_REUSED"

    async def test_a_grace_answer_to_another_client_is_in_the_audit_log(
        self, visitor: CheckedClient, person: Person, admin: CheckedClient
    ) -> None:
        first = await sign_in(visitor, person)
        for agent in ("browser/1", "browser/1", "server/1"):
            await refresh(visitor, first.refresh, **{"user-agent": agent})
        log = (await admin.get("/audit-events", params={"action": "sessions:grace"})).json()["data"]
        assert [(e["target_id"], e["user_agent"], e["details"]) for e in log] == [
            (first.session_id, "server/1", {"rotated_by": "browser/1"})
        ]

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
