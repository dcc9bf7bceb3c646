"""A cached GET is answered before the router: the same answer, and never one that the route would not give."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from etter_common import api_keys, metrics
from etter_common.app import Application
from etter_common.cache import tag
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.request_state import MAX_HEADERS
from etter_common.testing.client import Caller, CheckedClient, TokenMint, plant_key

pytestmark = pytest.mark.principal("analyst")
Found = TypeVar("Found")
PERSONAL = {"x-request-id", "ratelimit", "ratelimit-policy"}


def taken() -> float:
    rows = ("200", "304")
    return sum(metrics.REGISTRY.get_sample_value("etter_http_shortcuts_total", {"status": s}) or 0 for s in rows)


def lent(policy: str = "default") -> float:
    labels = {"policy": policy, "outcome": "allowed_lent"}
    return metrics.REGISTRY.get_sample_value("etter_rate_limit_decisions_total", labels) or 0


def hits(tier: str) -> float:
    return metrics.REGISTRY.get_sample_value("etter_cache_hits_total", {"tier": tier, "resource": "things"}) or 0


def without(response: httpx2.Response, names: set[str]) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in names}


async def raw(client: CheckedClient, accepted: str) -> tuple[httpx2.Response, bytes]:
    """The answer and its bytes as they came, not unpacked."""
    async with client.stream("GET", "/things", headers={"accept-encoding": accepted}) as response:
        return response, b"".join([chunk async for chunk in response.aiter_raw()])


async def taken_by(ask: Callable[[], Awaitable[Found]]) -> Found:
    """The first answer that came before the router; what is told of earlier writes may empty the tier till then."""
    async with asyncio.timeout(15):
        while True:
            before = taken()
            found = await ask()
            if taken() > before:
                return found


async def fill(client: CheckedClient, count: int = 1) -> None:
    for number in range(count):
        response = await client.post("/things", json={"name": f"a thing with a rather long name {number:03}"})
        assert response.status_code == 201


class TestAnswer:
    @pytest.mark.parametrize("accepted", ["identity", "gzip", "zstd"])
    async def test_it_is_the_route_s_answer(self, client: CheckedClient, accepted: str) -> None:
        await fill(client, 20)
        first, first_body = await raw(client, accepted)
        second, second_body = await taken_by(lambda: raw(client, accepted))
        assert second_body == first_body
        assert without(second, PERSONAL) == without(first, PERSONAL)
        assert set(second.headers) == set(first.headers)
        assert client.last_statements == []

    async def test_304_for_what_the_client_has(self, client: CheckedClient) -> None:
        await fill(client)
        etag = (await client.get("/things")).headers["etag"]
        again = await taken_by(lambda: client.get("/things", headers={"If-None-Match": etag}))
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)

    async def test_head_gets_the_head(self, client: CheckedClient) -> None:
        await fill(client)
        whole = await client.get("/things")
        head = await taken_by(lambda: client.head("/things"))
        assert head.content == b""
        assert head.headers["content-length"] == whole.headers["content-length"]

    async def test_it_counts_against_the_limits(self, client: CheckedClient) -> None:
        await taken_by(lambda: client.get("/things"))
        counted = lent()
        response = await client.get("/things")
        assert lent() == counted + 1
        assert response.headers["ratelimit"].startswith('"default";r=')

    async def test_a_keys_request_counts_against_the_keys_limit(self, as_key: Any) -> None:
        """At once, out of what is lent to this process: no round trip for it."""
        client = as_key("analyst")
        await taken_by(lambda: client.get("/things"))
        counted, before = lent("key"), lent()
        response = await client.get("/things")
        assert (lent("key"), lent()) == (counted + 1, before)
        assert response.headers["ratelimit"].startswith('"key";r=')


class TestOutOfTheSecondTier:
    """The first tier has let go of it; the second holds the bytes that the route has sent."""

    @pytest.mark.parametrize("accepted", ["identity", "gzip", "zstd"])
    async def test_it_is_the_route_s_answer(self, client: CheckedClient, platform: Platform, accepted: str) -> None:
        await fill(client, 20)
        first, first_body = await taken_by(lambda: raw(client, accepted))

        async def forgotten() -> tuple[httpx2.Response, bytes]:
            platform.cache._memory.clear()
            return await raw(client, accepted)

        looked = hits("l2")
        second, second_body = await taken_by(forgotten)
        assert hits("l2") > looked
        assert second_body == first_body
        assert without(second, PERSONAL) == without(first, PERSONAL)
        assert client.last_statements == []
        before = taken()
        third, third_body = await raw(client, accepted)  # it is in the first tier again
        assert (taken(), third_body, without(third, PERSONAL)) == (before + 1, first_body, without(first, PERSONAL))

    async def test_many_at_once_share_one_look(
        self, client: CheckedClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(client)
        await taken_by(lambda: client.get("/things"))
        shared = platform.cache._shared
        assert shared is not None
        looks = 0
        fetch = shared.fetch

        async def counted(*given: Any, **more: Any) -> Any:
            nonlocal looks
            looks += 1
            return await fetch(*given, **more)

        monkeypatch.setattr(shared, "fetch", counted)
        platform.cache._memory.clear()
        before = taken()
        answers = await asyncio.gather(*(client.get("/things") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        assert (looks, taken()) == (1, before + 10)

    async def test_a_value_of_other_bytes_goes_by_the_route(
        self, app: FastAPI, client: CheckedClient, platform: Platform
    ) -> None:
        """Loaded anew by another replica, say, after its time was over."""
        await fill(client)
        await taken_by(lambda: client.get("/things"))
        platform.cache._memory.clear()
        assert isinstance(app, Application)
        forms = app._layer._shortcut._forms._values
        forms.update({key: form._replace(etag='"another"') for key, form in forms.items()})
        before = taken()
        assert len((await client.get("/things")).json()["data"]) == 1
        assert taken() == before

    async def test_what_was_invalidated_is_not_even_looked_for(self, client: CheckedClient, platform: Platform) -> None:
        await fill(client)
        await taken_by(lambda: client.get("/things"))
        looked = hits("l2")
        assert (await client.post("/things", json={"name": "another"})).status_code == 201
        assert len((await client.get("/things")).json()["data"]) == 2
        assert hits("l2") == looked


class TestWhenTheRouteIsNeeded:
    async def test_what_was_invalidated_is_not_served(self, client: CheckedClient, platform: Platform) -> None:
        await fill(client)
        await taken_by(lambda: client.get("/things"))
        before = taken()
        await platform.cache.invalidate([tag(client.caller.company_id if client.caller else None, "things")])
        assert len((await client.get("/things")).json()["data"]) == 1
        assert taken() == before

    async def test_nobody_gets_another_company_s(self, client: CheckedClient, as_role: Any) -> None:
        await fill(client)
        for _ in range(2):
            assert len((await client.get("/things")).json()["data"]) == 1
        stranger = as_role("analyst", company=new_id())
        for _ in range(2):
            assert (await stranger.get("/things")).json()["data"] == []

    async def test_a_caller_with_other_roles_is_looked_at_anew(
        self, app: FastAPI, mint: TokenMint, company_id: UUID
    ) -> None:
        user = new_id()
        for role, status in (("analyst", 200), ("analyst", 200), ("nobody", 403), ("nobody", 403)):
            caller = Caller(user, company_id, role)
            async with CheckedClient(app, prefix="/api/sample/v1", caller=caller, token=mint.token(caller)) as client:
                assert (await client.get("/things")).status_code == status

    async def test_another_query_is_another_answer(self, client: CheckedClient) -> None:
        await fill(client, 3)
        for _ in range(2):
            assert len((await client.get("/things")).json()["data"]) == 3
            assert len((await client.get("/things?limit=1")).json()["data"]) == 1
            assert (await client.get("/things?limit=0")).status_code == 422

    async def test_a_revoked_session_ends_here_too(self, app: FastAPI, mint: TokenMint, platform: Platform) -> None:
        session = new_id()
        token = mint.token(Caller(new_id(), new_id(), "analyst"), sid=str(session))
        async with CheckedClient(app, prefix="/api/sample/v1", caller=None) as client:
            headers = {"authorization": f"Bearer {token}"}
            for _ in range(2):
                assert (await client.get("/things", headers=headers)).status_code == 200
            platform.revocations.put(f"session.{session}", b"")
            assert (await client.get("/things", headers=headers)).status_code == 401

    async def test_a_revoked_key_ends_here_too(self, as_role: Any, platform: Platform, company_id: UUID) -> None:
        key_id, client = new_id(), as_role(None)
        key = plant_key(platform.api_keys, Caller(new_id(), company_id, "analyst"), key_id=key_id)
        client.headers["authorization"] = f"Bearer {key}"
        await taken_by(lambda: client.get("/things"))
        platform.api_keys.put(str(key_id), api_keys.REVOKED)
        assert (await client.get("/things")).status_code == 401

    async def test_a_key_and_its_maker_are_two_callers(self, as_role: Any, as_key: Any) -> None:
        user = new_id()
        person, key, weak = as_role("analyst", user=user), as_key("analyst", user=user), as_key("nobody", user=user)
        for client in (person, key):
            await taken_by(lambda client=client: client.get("/things"))  # type: ignore[misc]
        assert (await weak.get("/things")).status_code == 403
        before = taken()
        assert {(await client.get("/things")).status_code for client in (person, key)} == {200}
        assert taken() == before + 2, "neither has made the other's plan forgotten"

    async def test_what_every_request_is_refused_for_is_refused_here_too(self, client: CheckedClient) -> None:
        await taken_by(lambda: client.get("/things"))
        many = {f"x-{number}": "" for number in range(MAX_HEADERS)}
        assert (await client.get("/things", headers=many)).status_code == 431
        assert (await client.get("/things", headers={"content-encoding": "gzip"})).status_code == 415

    async def test_plans_are_bounded(self, app: FastAPI, client: CheckedClient) -> None:
        assert isinstance(app, Application)
        shortcut = app._layer._shortcut
        shortcut._plans._most, most = len(shortcut) + 5, shortcut._plans._most
        try:
            for number in range(20):
                await client.get(f"/things?min_size={number}")
            assert len(shortcut) <= shortcut._plans._most
        finally:
            shortcut._plans._most = most
