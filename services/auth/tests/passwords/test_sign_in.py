"""Signing in: what it gives, what it refuses, and that it tells nothing."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from sqlalchemy import text

from etter_auth.passwords.tries import counters
from etter_common import crypto
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient

from ..conftest import later
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
    async def fail(self, client: CheckedClient, person: Person, *, ip: str | None = None) -> int:
        headers = {"x-forwarded-for": ip} if ip else {}
        body = {**person.credentials, "password": "not this one"}
        return (await client.post("/sessions", json=body, headers=headers)).status_code

    async def test_after_the_free_tries_the_next_must_wait(self, visitor: CheckedClient, person: Person) -> None:
        answers = [await self.fail(visitor, person) for _ in range(7)]
        assert answers == [401] * 6 + [429]

    async def test_the_right_password_must_wait_too_and_says_how_long(
        self, visitor: CheckedClient, person: Person
    ) -> None:
        for _ in range(6):
            await self.fail(visitor, person)
        response = await visitor.post("/sessions", json=person.credentials)
        assert (response.status_code, response.json()["code"]) == (429, "SIGN_IN_DELAYED")
        assert 1 <= int(response.headers["retry-after"]) <= 2

    async def test_the_delay_doubles_up_to_15_minutes(self, visitor: CheckedClient, person: Person) -> None:
        for _ in range(5):
            await self.fail(visitor, person)
        waits: list[int] = []
        while len(waits) < 12:
            with later(seconds=sum(waits) + len(waits)):
                assert await self.fail(visitor, person) == 401
                waits.append(int((await visitor.post("/sessions", json=person.credentials)).headers["retry-after"]))
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]

    async def test_parallel_tries_do_not_slip_under_the_limit(self, visitor: CheckedClient, person: Person) -> None:
        answers = await asyncio.gather(*(self.fail(visitor, person) for _ in range(30)))
        assert answers.count(401) == 6
        assert answers.count(429) == 24

    async def test_the_wait_ends(self, visitor: CheckedClient, person: Person) -> None:
        for _ in range(7):
            await self.fail(visitor, person)
        with later(seconds=3):
            assert (await visitor.post("/sessions", json=person.credentials)).status_code == 201

    async def test_unknown_addresses_are_slowed_alike(self, visitor: CheckedClient, person: Person) -> None:
        nobody = Person(person.id, person.company_id, "nobody" + person.email, "analyst")
        assert [await self.fail(visitor, nobody) for _ in range(7)] == [401] * 6 + [429]

    async def test_tries_from_many_addresses_slow_the_user(self, visitor: CheckedClient, person: Person) -> None:
        answers = [await self.fail(visitor, person, ip=f"2001:db8:{n:x}::{n:x}") for n in range(1, 23)]
        assert answers == [401] * 21 + [429]

    async def test_where_the_user_signed_in_before_others_tries_do_not_lock_out(
        self, visitor: CheckedClient, person: Person
    ) -> None:
        await sign_in(visitor, person)
        for n in range(1, 25):
            await self.fail(visitor, person, ip=f"2001:db8:{n:x}:1::{n:x}")
        await sign_in(visitor, person)

    async def test_one_network_is_slowed_over_all_users(
        self, visitor: CheckedClient, platform: Platform, company_id: str
    ) -> None:
        bodies = [{"email": f"n{n}-{company_id}@brightwater.example", "password": "wrong"} for n in range(102)]
        answers = [(await visitor.post("/sessions", json=body)).status_code for body in bodies]
        assert answers == [401] * 101 + [429]

    async def test_success_takes_its_own_try_back(
        self, visitor: CheckedClient, platform: Platform, person: Person, address: str
    ) -> None:
        for _ in range(3):
            await sign_in(visitor, person)
        keys = counters(person.email, address, key=platform.settings.signing_key)
        async with platform.db.transaction(None, system=True) as session:
            rows = await session.execute(
                text("SELECT tries FROM sign_in_tries WHERE key = ANY(:keys)"), {"keys": [c.key for c in keys.all()]}
            )
            assert [row.tries for row in rows] == [0, 0, 0]

    async def test_no_address_is_stored_in_the_clear(self, platform: Platform, person: Person, address: str) -> None:
        key = counters(person.email, address, key=platform.settings.signing_key).pair.key
        assert key == crypto.sign(
            f"pair {person.email} {address}".encode(), key=platform.settings.signing_key, purpose="sign-in-tries"
        )
