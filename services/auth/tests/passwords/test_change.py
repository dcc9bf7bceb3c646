"""Changing one's own password."""

from __future__ import annotations

import pytest

from etter_common.testing.client import CheckedClient

from ..factories import PASSWORD, Person, refresh, sign_in

NEW = "seven quiet herons wait"


class TestChange:
    async def change(self, client: CheckedClient, bearer: dict[str, str], **body: str) -> tuple[int, str | None]:
        sent = {"current_password": PASSWORD, "new_password": NEW} | body
        response = await client.post("/me/password", json=sent, headers=bearer)
        return response.status_code, response.json()["code"] if response.content else None

    async def test_new_password_signs_in_and_the_old_does_not(self, visitor: CheckedClient, person: Person) -> None:
        tokens = await sign_in(visitor, person)
        assert await self.change(visitor, tokens.bearer) == (204, None)
        old = await visitor.post("/sessions", json=person.credentials)
        new = await visitor.post("/sessions", json={**person.credentials, "password": NEW})
        assert (old.status_code, new.status_code) == (401, 201)

    async def test_other_sessions_end_and_this_one_goes_on(self, visitor: CheckedClient, person: Person) -> None:
        other, mine = await sign_in(visitor, person), await sign_in(visitor, person)
        await self.change(visitor, mine.bearer)
        assert (await visitor.post("/sessions/refresh", json={"refresh_token": other.refresh})).status_code == 401
        await refresh(visitor, mine.refresh)

    async def test_needs_the_current_one(self, visitor: CheckedClient, person: Person) -> None:
        tokens = await sign_in(visitor, person)
        assert await self.change(visitor, tokens.bearer, current_password="wrong") == (422, "WRONG_PASSWORD")
        await sign_in(visitor, person)

    async def test_guessing_the_current_one_is_limited(self, visitor: CheckedClient, person: Person) -> None:
        tokens = await sign_in(visitor, person)
        answers = [await self.change(visitor, tokens.bearer, current_password="wrong") for _ in range(11)]
        assert answers[-1] == (429, "SIGN_IN_DELAYED")

    @pytest.mark.parametrize(
        ("new", "code"),
        [
            ("short", "VALIDATION_FAILED"),
            ("x" * 129, "VALIDATION_FAILED"),
            ("password1234", "WEAK_PASSWORD"),
            ("maya.lindqvist!", "WEAK_PASSWORD"),
        ],
    )
    async def test_weak_ones_are_refused(self, visitor: CheckedClient, person: Person, new: str, code: str) -> None:
        tokens = await sign_in(visitor, person)
        assert await self.change(visitor, tokens.bearer, new_password=new) == (422, code)

    async def test_takes_three_queries_and_is_written_down(
        self, visitor: CheckedClient, person: Person, admin: CheckedClient
    ) -> None:
        tokens = await sign_in(visitor, person)
        await self.change(visitor, tokens.bearer)
        log = (await admin.get("/audit-events", params={"action": "passwords:change"})).json()["data"]
        assert [entry["actor_id"] for entry in log] == [str(person.id)]
