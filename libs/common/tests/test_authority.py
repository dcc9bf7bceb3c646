"""A service that is the authority about callers: its guard goes out with the beginning of each transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from etter_common.auth import Principal
from etter_common.errors import Unauthenticated
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient, TokenMint

from .test_requests import make


@dataclass
class Records:
    """Says yes until it says no, and notes whom it was asked about."""

    is_live: bool = True
    asked: list[Principal] = field(default_factory=list)

    def guard(self, principal: Principal) -> str:
        self.asked.append(principal)
        return f"SELECT 1 WHERE {self.is_live}"


@pytest.fixture
def records(platform: Platform) -> Iterator[Records]:
    platform.tokens.authority = records = Records()
    yield records
    platform.tokens.authority = None


@pytest.mark.principal("analyst")
class TestRequest:
    async def test_every_answer_is_confirmed_also_one_that_is_cached(
        self, client: CheckedClient, records: Records
    ) -> None:
        await make(client, "first")
        for _ in range(3):
            assert (await client.get("/things")).status_code == 200
        assert len(records.asked) == 4
        records.is_live = False
        for method, path in (("GET", "/things"), ("POST", "/things"), ("GET", f"/things/{UUID(int=0)}")):
            response = await client.request(method, path, json={"name": "x"} if method == "POST" else None)
            assert response.json()["code"] == "UNAUTHENTICATED", path
            assert client.last_statements == [], "nothing was asked for a caller who does not count"

    async def test_it_costs_no_statement(self, client: CheckedClient, records: Records) -> None:
        made = await make(client, "first")
        await client.get(f"/things/{made['id']}")
        assert len(client.last_statements) == 1
        assert records.asked

    async def test_loads_of_cached_answers_do_not_wait_for_connections_of_their_own_requests(
        self, client: CheckedClient, records: Records, platform: Platform
    ) -> None:
        """Each load takes a connection: with one held by its request, a full pool would never get on."""
        many = 2 * platform.settings.pool_size  # fewer than one caller may have open
        answers = await asyncio.gather(*(client.get("/things", params={"min_size": n}) for n in range(many)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(records.asked) == many

    async def test_anybody_may_have_what_is_public(self, client: CheckedClient, records: Records) -> None:
        records.is_live = False
        assert (await client.get("/things/public/answer")).status_code == 200
        assert records.asked == []


class TestConfirmCaller:
    @pytest.mark.parametrize("read_only", [False, True])
    async def test_a_refused_one_leaves_a_usable_pool(
        self, platform: Platform, records: Records, ctx_principal: Principal, read_only: bool
    ) -> None:
        records.is_live = False
        for _ in range(2 * platform.settings.pool_size):
            ctx = platform.context(principal=ctx_principal, read_only=read_only)
            with pytest.raises(Unauthenticated) as refused:
                await ctx.confirm_caller()
            await ctx.finish(refused.value)
        records.is_live = True
        async with platform.work(principal=ctx_principal) as ctx:
            await ctx.confirm_caller()

    async def test_what_only_reads_may_still_go_to_the_replica(
        self, platform: Platform, records: Records, ctx_principal: Principal
    ) -> None:
        """Whether the caller counts is asked of the primary, in a transaction that is over then."""
        ctx = platform.context(principal=ctx_principal, read_only=True)
        await ctx.confirm_caller()
        assert len(records.asked) == 1
        assert "session" not in ctx.__dict__
        await ctx.finish()


@pytest.fixture
def ctx_principal(mint: TokenMint, company_id: UUID) -> Principal:
    return mint.principal(Caller(new_id(), company_id, "analyst"))
