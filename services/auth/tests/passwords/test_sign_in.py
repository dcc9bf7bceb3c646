"""Signing in: what it gives, what it refuses, and that it tells nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from etter_auth.hashing import Hasher
from etter_auth.passwords.tries import buckets_of
from etter_auth.sessions import service as sessions
from etter_auth.settings import AuthSettings
from etter_common import crypto
from etter_common.errors import Unavailable
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import pass_time, rows_of
from ..factories import PASSWORD, Person, counted_hashes, make_person, sign_in


async def hash_of(platform: Platform, person: Person) -> str:
    async with platform.db.transaction(person.company_id) as session:
        return str(await session.scalar(text("SELECT hash FROM passwords WHERE user_id = :id"), {"id": person.id}))


class TestSignIn:
    async def test_tokens_open_the_api(self, visitor: CheckedClient, person: Person) -> None:
        tokens = await sign_in(visitor, person)
        me = await visitor.get("/me", headers=tokens.bearer)
        assert me.json()["data"]["email"] == person.email

    async def test_answer_holds_what_a_client_needs_and_is_not_stored(
        self, visitor: CheckedClient, person: Person
    ) -> None:
        response = await visitor.post("/sessions", json=person.credentials)
        data = response.json()["data"]
        assert response.headers["cache-control"] == "no-store"
        assert (data["token_type"], data["expires_in"]) == ("Bearer", 600)
        assert (data["user_id"], data["company_id"]) == (str(person.id), str(person.company_id))
        assert data["roles"] == ["analyst"]

    async def test_takes_three_queries_at_most(self, visitor: CheckedClient, person: Person) -> None:
        await sign_in(visitor, person)
        assert len(visitor.last_statements) <= 3

    async def test_a_wrong_password_takes_three_queries_at_most(self, visitor: CheckedClient, person: Person) -> None:
        await visitor.post("/sessions", json={**person.credentials, "password": "not this one"})
        assert len(visitor.last_statements) <= 3

    async def test_email_counts_whatever_its_case(self, visitor: CheckedClient, person: Person) -> None:
        response = await visitor.post("/sessions", json={"email": f" {person.email.upper()} ", "password": PASSWORD})
        assert response.status_code == 201

    async def test_stored_hash_is_argon2id_and_never_the_password(self, platform: Platform, person: Person) -> None:
        stored = await hash_of(platform, person)
        assert stored.startswith("$argon2id$")
        assert PASSWORD not in stored

    async def test_hash_of_other_parameters_is_renewed(
        self, visitor: CheckedClient, platform: Platform, person: Person
    ) -> None:
        old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
        async with platform.db.transaction(person.company_id) as session:
            await session.execute(
                text("UPDATE passwords SET hash = :h WHERE user_id = :id"), {"h": old, "id": person.id}
            )
        await sign_in(visitor, person)
        assert len(visitor.last_statements) <= 3
        assert "m=8,t=1,p=1" in await hash_of(platform, person)
        await sign_in(visitor, person)


class TestRefusal:
    async def test_wrong_unknown_deactivated_and_passwordless_get_the_same_answer(
        self, visitor: CheckedClient, platform: Platform, person: Person, admin: CheckedClient
    ) -> None:
        gone = await make_person(platform, person.company_id)
        await admin.delete(f"/users/{gone.id}", headers={"If-Match": "*"})
        made = await admin.post(
            "/users", json={"email": "p" + person.email, "name": "No Password", "roles": ["viewer"]}
        )
        tries = [
            {"email": person.email, "password": "not this one"},
            {"email": "nobody" + person.email, "password": PASSWORD},
            gone.credentials,
            {"email": made.json()["data"]["email"], "password": PASSWORD},
        ]
        answers = []
        for credentials in tries:
            response = await visitor.post("/sessions", json=credentials)
            body = response.json()
            answers.append((response.status_code, body["code"], body["detail"], sorted(body)))
        assert len(set(map(str, answers))) == 1
        assert answers[0][:2] == (401, "INVALID_CREDENTIALS")

    async def test_unknown_user_costs_a_hash_too(self, visitor: CheckedClient) -> None:
        with counted_hashes() as seen:
            await visitor.post("/sessions", json={"email": "nobody@brightwater.example", "password": PASSWORD})
        assert len(seen) == 1

    async def test_refusal_is_in_the_audit_log_without_the_address_typed(
        self, visitor: CheckedClient, person: Person, admin: CheckedClient
    ) -> None:
        await visitor.post("/sessions", json={**person.credentials, "password": "not this one"})
        log = (await admin.get("/audit-events", params={"action": "sessions:start"})).json()["data"]
        assert [(e["outcome"], e["target_id"]) for e in log] == [("failure", str(person.id))]
        assert "not this one" not in str(log)

    async def test_empty_and_extra_fields_are_refused(self, visitor: CheckedClient) -> None:
        for body in (
            {},
            {"email": "a@b.example", "password": ""},
            {"email": "a@b.example", "password": "x", "role": 1},
        ):
            response = await visitor.post("/sessions", json=body)
            assert response.json()["code"] == "VALIDATION_FAILED"

    async def test_refused_body_is_never_echoed(self, visitor: CheckedClient) -> None:
        response = await visitor.post("/sessions", json={"email": "a@b.example", "password": "hunter2" * 150})
        assert response.status_code == 422
        assert "hunter2" not in response.text

    async def test_deactivated_between_check_and_start_gets_no_session(
        self, platform: Platform, person: Person, address: str
    ) -> None:
        """The user is looked at again, locked, by the statement that starts the session."""
        from etter_auth.passwords.repository import still_valid

        stored = await hash_of(platform, person)
        async with platform.db.transaction(person.company_id) as session:
            await session.execute(text("UPDATE users SET is_active = false WHERE id = :id"), {"id": person.id})
        async with platform.work(system=True) as ctx:
            assert (await ctx.session.execute(still_valid(person.id, stored))).first() is None


class TestLimits:
    async def fail(self, client: CheckedClient, email: str, *, ip: str | None = None) -> int:
        headers = {"x-forwarded-for": ip} if ip else {}
        body = {"email": email, "password": "not this one"}
        return (await client.post("/sessions", json=body, headers=headers)).status_code

    async def test_after_the_free_tries_the_next_must_wait(self, visitor: CheckedClient, person: Person) -> None:
        answers = [await self.fail(visitor, person.email) for _ in range(12)]
        assert answers == [401] * 10 + [429] * 2

    async def test_the_right_password_must_wait_too_and_says_how_long(
        self, visitor: CheckedClient, platform: Platform, person: Person
    ) -> None:
        for _ in range(10):
            await self.fail(visitor, person.email)
        response = await visitor.post("/sessions", json=person.credentials)
        assert (response.status_code, response.json()["code"]) == (429, "SIGN_IN_DELAYED")
        wait_s = int(response.headers["retry-after"])
        assert 0 < wait_s <= 300
        assert response.json()["retry_after_s"] == wait_s
        await pass_time(platform, seconds=wait_s)
        assert (await visitor.post("/sessions", json=person.credentials)).status_code == 201

    async def test_wrong_tries_at_once_are_hashed_up_to_the_limit_and_all_counted(
        self, visitor: CheckedClient, platform: Platform, person: Person, address: str
    ) -> None:
        answers = await asyncio.gather(*(self.fail(visitor, person.email) for _ in range(60)))
        assert answers.count(401) == 10
        assert answers.count(429) == 50
        rows = await rows_of(platform, buckets_of(person.email, address, key=platform.settings.signing_key))
        assert [row["tries"] for row in rows.values()] == [60] * 3

    async def test_more_at_once_than_may_wait_are_503_and_those_leave_no_count(
        self, visitor: CheckedClient, platform: Platform, person: Person, address: str
    ) -> None:
        answers = await asyncio.gather(*(self.fail(visitor, person.email) for _ in range(300)))
        assert set(answers) == {401, 429, 503}
        assert answers.count(401) == 10
        rows = await rows_of(platform, buckets_of(person.email, address, key=platform.settings.signing_key))
        assert {row["tries"] for row in rows.values()} == {answers.count(401) + answers.count(429)}

    async def test_a_sign_in_that_breaks_leaves_no_count(
        self,
        visitor: CheckedClient,
        platform: Platform,
        person: Person,
        address: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def broken(*_: object, **__: object) -> None:
            raise Unavailable

        with monkeypatch.context() as patched:
            patched.setattr(sessions, "start", broken)
            answers = [await visitor.post("/sessions", json=person.credentials) for _ in range(10)]
        assert {answer.status_code for answer in answers} == {503}
        rows = await rows_of(platform, buckets_of(person.email, address, key=platform.settings.signing_key))
        assert {(row["level"], row["tries"]) for row in rows.values()} == {(0.0, 0)}
        await pass_time(platform, seconds=platform.settings.request_timeout_s)
        assert [await self.fail(visitor, person.email) for _ in range(11)] == [401] * 10 + [429]

    async def test_unknown_addresses_are_slowed_alike(self, visitor: CheckedClient, person: Person) -> None:
        answers = [await self.fail(visitor, "nobody" + person.email) for _ in range(11)]
        assert answers == [401] * 10 + [429]

    async def test_tries_from_many_networks_slow_the_account(self, visitor: CheckedClient, person: Person) -> None:
        answers = [await self.fail(visitor, person.email, ip=f"2001:db8:{n:x}::{n:x}") for n in range(1, 22)]
        assert answers == [401] * 20 + [429]

    async def test_where_the_person_signed_in_before_others_tries_do_not_lock_out(
        self, visitor: CheckedClient, person: Person
    ) -> None:
        await sign_in(visitor, person)
        for n in range(1, 23):
            await self.fail(visitor, person.email, ip=f"2001:db8:{n:x}:1::{n:x}")
        await sign_in(visitor, person)

    async def test_a_neighbour_address_of_a_known_network_is_known(
        self, visitor: CheckedClient, person: Person, address: str
    ) -> None:
        await sign_in(visitor, person)
        for n in range(1, 23):
            await self.fail(visitor, person.email, ip=f"2001:db8:{n:x}:2::{n:x}")
        visitor.headers["x-forwarded-for"] = address.replace("::7", "::1234")
        await sign_in(visitor, person)

    async def test_one_network_is_slowed_over_all_accounts_but_not_who_is_known_there(
        self, visitor: CheckedClient, person: Person
    ) -> None:
        await sign_in(visitor, person)
        answers = [await self.fail(visitor, f"n{n}-{person.email}") for n in range(101)]
        assert answers == [401] * 100 + [429]
        await sign_in(visitor, person)

    async def test_colleagues_who_sign_in_at_once_at_a_new_network_do_not_wait(
        self, visitor: CheckedClient, platform: Platform, company: UUID
    ) -> None:
        people = [await make_person(platform, company) for _ in range(12)]
        for each in (people, people[:1] * 4):
            answers = await asyncio.gather(*(visitor.post("/sessions", json=p.credentials) for p in each))
            assert {answer.status_code for answer in answers} == {201}

    async def test_five_typos_a_day_for_a_month_hold_no_colleague_back(
        self, visitor: CheckedClient, platform: Platform, person: Person
    ) -> None:
        for day in range(30):
            typos = [await self.fail(visitor, f"colleague{day}-{n}-{person.email}") for n in range(5)]
            assert typos == [401] * 5
            await sign_in(visitor, person)
            await pass_time(platform, hours=16)

    async def test_no_address_is_stored_in_the_clear(self, platform: Platform, person: Person, address: str) -> None:
        key = buckets_of(person.email, address, key=platform.settings.signing_key).account
        assert key == crypto.sign(
            f"account/ {person.email}".encode(), key=platform.settings.signing_key, purpose="sign-in-tries"
        )


class TestFlood:
    async def test_sign_ins_that_wait_to_be_hashed_take_neither_places_nor_connections(
        self, visitor: CheckedClient, platform: Platform, person: Person, settings: AuthSettings
    ) -> None:
        tokens = await sign_in(visitor, person)
        gate = platform.part(Hasher)._gate
        async with AsyncExitStack() as permits:
            for _ in range(settings.hash_threads + 1):
                await permits.enter_async_context(gate.permit())
            flood = [
                asyncio.create_task(visitor.post("/sessions", json={"email": f"{n}@x.example", "password": "wrong"}))
                for n in range(settings.max_concurrency + 60)
            ]
            async with asyncio.timeout(60):
                while len(gate._waiting) < len(flood):  # noqa: ASYNC110 - in this loop, no timer
                    await asyncio.sleep(0)
            pool = platform.db.engine.pool
            assert isinstance(pool, QueuePool)
            assert pool.checkedout() < 5, "those of the background alone"
            others = [
                await visitor.get("/me", headers=tokens.bearer),
                await visitor.get("/.well-known/jwks.json"),
                await visitor.post("/sessions/refresh", json={"refresh_token": tokens.refresh}),
            ]
            assert [answer.status_code for answer in others] == [200] * 3
        assert {(await task).status_code for task in flood} <= {401, 429}
