"""Auth decides by its own tables: nothing here is announced to anybody, as if NATS hung."""

from __future__ import annotations

from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import text

from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient, TokenMint, plant_key
from etter_common.testing.surface import operations

from .. import test_surface
from ..conftest import Clients
from ..factories import Person, sign_in

ENDS = {
    "session ended": "UPDATE sessions SET ended_at = now() WHERE company_id = :company",
    "user deactivated": "UPDATE users SET is_active = false WHERE company_id = :company",
    "roles changed": "UPDATE users SET roles = '[\"viewer\"]' WHERE company_id = :company",
    "company deleted": "DELETE FROM companies WHERE id = :company",
}
KEY_ENDS = {
    "key revoked": "UPDATE api_keys SET revoked_at = now() WHERE company_id = :company",
    "key expired": "UPDATE api_keys SET expires_at = now() WHERE company_id = :company",
    "maker deactivated": ENDS["user deactivated"],
    "company deleted": ENDS["company deleted"],
}
ID = str(UUID(int=0))


async def silently(platform: Platform, company: UUID, statement: str) -> None:
    async with platform.work(system=True) as ctx:
        await ctx.session.execute(text(statement), {"company": company})


async def answers(app: FastAPI, client: CheckedClient, *, but: frozenset[tuple[str, str]]) -> dict[str, Response]:
    """What each route that knows callers says, without a body."""
    return {
        f"{method} {path}": await client.request(
            method, path.format(user_id=ID, session_id=ID, key_id=ID, company_id=ID), headers={"if-match": "*"}
        )
        for method, path in operations(app, "/api/auth/v1")
        if (method, path) not in but and (method, path) not in test_surface.TestSurface.public
    }


class TestEveryRoute:
    @pytest.mark.parametrize("how", ENDS.values(), ids=ENDS)
    async def test_refuses_a_token_at_once(
        self, app: FastAPI, platform: Platform, company_id: UUID, as_role: Clients, how: str
    ) -> None:
        client = as_role("super_admin")
        ends_itself = frozenset({("DELETE", "/sessions/current")})
        before = await answers(app, client, but=ends_itself)  # what can be cached now is
        assert 401 not in {answer.status_code for answer in before.values()}
        await silently(platform, company_id, how)
        after = await answers(app, client, but=frozenset())
        assert {answer.status_code for answer in after.values()} == {401}
        assert {answer.headers["www-authenticate"] for answer in after.values()} == {"Bearer"}

    @pytest.mark.parametrize("how", KEY_ENDS.values(), ids=KEY_ENDS)
    async def test_refuses_an_api_key_at_once(
        self, app: FastAPI, platform: Platform, company_id: UUID, as_key: Clients, how: str
    ) -> None:
        client = as_key("super_admin")
        before = await answers(app, client, but=test_surface.TestSurface.needs_session)
        assert not {401, 403} & {answer.status_code for answer in before.values()}
        await silently(platform, company_id, how)
        after = await answers(app, client, but=test_surface.TestSurface.needs_session)
        assert {answer.status_code for answer in after.values()} == {401}


class TestGuard:
    async def test_costs_no_query_of_its_own(self, as_role: Clients, person: Person) -> None:
        client = as_role("analyst", user=person.id)
        assert (await client.get("/me")).status_code == 200
        assert len(client.last_statements) == 1

    async def test_refusals_give_their_connections_back(
        self, platform: Platform, visitor: CheckedClient, person: Person
    ) -> None:
        ended, live = await sign_in(visitor, person), await sign_in(visitor, person)
        async with platform.work(system=True) as ctx:
            await ctx.session.execute(
                text("UPDATE sessions SET ended_at = now() WHERE id = :id"), {"id": UUID(ended.session_id)}
            )
        for _ in range(2 * platform.settings.pool_size):
            assert (await visitor.get("/me", headers=ended.bearer)).status_code == 401
        assert (await visitor.get("/me", headers=live.bearer)).status_code == 200

    async def test_a_forged_token_does_not_widen_a_session(
        self, visitor: CheckedClient, person: Person, mint: TokenMint
    ) -> None:
        """Whoever can plant a signing key in the bucket still has only the rows that are there."""
        mine = await sign_in(visitor, person)
        claims = {
            "roles": Caller(person.id, person.company_id, "super_admin"),
            "user": Caller(new_id(), person.company_id, person.role),
            "company": Caller(person.id, new_id(), person.role),
        }
        for what, caller in claims.items():
            forged = mint.token(caller, sid=mine.session_id)
            response = await visitor.get("/roles", headers={"authorization": f"Bearer {forged}"})
            assert response.status_code == 401, what
        kept = mint.token(person.caller, sid=mine.session_id)
        assert (await visitor.get("/roles", headers={"authorization": f"Bearer {kept}"})).status_code == 200

    async def test_a_role_nobody_has_never_reaches_the_database(
        self, visitor: CheckedClient, person: Person, mint: TokenMint
    ) -> None:
        mine = await sign_in(visitor, person)
        forged = mint.token(person.caller, sid=mine.session_id, roles=["analyst", "'; DROP TABLE users; --"])
        assert (await visitor.get("/roles", headers={"authorization": f"Bearer {forged}"})).status_code == 401
        assert (await visitor.get("/roles", headers=mine.bearer)).status_code == 200

    async def test_a_planted_key_is_none_of_ours(
        self, as_key: Clients, visitor: CheckedClient, platform: Platform
    ) -> None:
        client = as_key("viewer")
        assert (await client.get("/roles")).status_code == 200
        assert client.caller is not None
        real = platform.tokens.verify(client.headers["authorization"].removeprefix("Bearer "))
        for key_id in (new_id(), real.key_id):  # of no row, and with another secret than the row's
            planted = plant_key(platform.api_keys, client.caller, key_id=key_id)
            assert platform.tokens.verify(planted).key_id == key_id
            assert (await visitor.get("/roles", headers={"authorization": f"Bearer {planted}"})).status_code == 401
