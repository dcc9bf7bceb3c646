"""Lists: keyset pages, sorts, filters, fields, cached and dropped by tag in every replica."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import AsyncIterator
from operator import itemgetter
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from etter_common.cache import tag
from etter_common.context import Context
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient, TokenMint
from etter_common.testing.sample import SampleSettings, Thing, create
from etter_common.testing.service import running

pytestmark = pytest.mark.principal("analyst")


async def fill(platform: Platform, company_id: UUID, sizes: list[int]) -> None:
    async with platform.work(company_id=company_id) as ctx:
        for number, size in enumerate(sizes):
            ctx.session.add(Thing(company_id=company_id, name=f"thing-{number:04}", size=size))
        ctx.invalidate(tag(company_id, "things"))


async def walk(client: CheckedClient, sort: str, limit: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/things", params={"sort": sort, "limit": limit, **cursor})).json()
        rows += page["data"]
        assert page["meta"]["has_more"] == (page["meta"]["next_cursor"] is not None)
        if not page["meta"]["has_more"]:
            return rows
        cursor = {"cursor": page["meta"]["next_cursor"]}


@pytest.mark.parametrize("sort", ["name", "-name", "size", "-size", "size,-name", "-size,name", "-created_at"])
async def test_every_row_comes_once_and_in_order(
    client: CheckedClient, platform: Platform, company_id: UUID, sort: str
) -> None:
    await fill(platform, company_id, [3, 1, 2, 2, 2, 1, 3, 3, 0, 5, 2])
    rows = await walk(client, sort, 3)
    assert len({row["id"] for row in rows}) == len(rows) == 11
    expected = rows
    for key in reversed([part for part in sort.split(",") if "created_at" not in part]):
        expected = sorted(expected, key=itemgetter(key.removeprefix("-")), reverse=key.startswith("-"))
    columns = [key.removeprefix("-") for key in sort.split(",") if "created_at" not in key]
    assert [[row[c] for c in columns] for row in rows] == [[row[c] for c in columns] for row in expected]


@pytest.mark.parametrize("seed", range(6))
async def test_rows_that_stay_are_seen_once_while_others_come_and_go(
    client: CheckedClient, platform: Platform, company_id: UUID, seed: int
) -> None:
    """Insert and delete between pages: nothing comes twice, nothing that was there throughout is missed."""
    chance = random.Random(seed)
    await fill(platform, company_id, [chance.randint(0, 4) for _ in range(20)])
    everything = (await client.get("/things", params={"limit": 200})).json()["data"]
    leaving = {UUID(row["id"]) for row in chance.sample(everything, 6)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for step in range(100):
        page = (await client.get("/things", params={"sort": "-size,name", "limit": 4, **cursor})).json()
        seen += [row["id"] for row in page["data"]]
        if not page["meta"]["has_more"]:
            break
        cursor = {"cursor": page["meta"]["next_cursor"]}
        async with platform.work(company_id=company_id) as ctx:
            ctx.session.add(Thing(company_id=company_id, name=f"late-{step}", size=chance.randint(0, 4)))
            if leaving:
                await ctx.session.execute(delete(Thing).where(Thing.id == leaving.pop()))
            ctx.invalidate(tag(company_id, "things"))
    staying = {row["id"] for row in everything} - {str(i) for i in leaving}
    assert len(seen) == len(set(seen))
    still_there = {row["id"] for row in (await client.get("/things", params={"limit": 200})).json()["data"]}
    assert (staying & still_there) <= set(seen)


async def test_total_only_when_asked(client: CheckedClient, platform: Platform, company_id: UUID) -> None:
    await fill(platform, company_id, [1, 2, 3])
    assert (await client.get("/things")).json()["meta"]["total"] is None
    first = (await client.get("/things", params={"include_total": True, "limit": 1})).json()["meta"]
    assert first["total"] == 3
    later = {"include_total": True, "limit": 1, "cursor": first["next_cursor"]}
    assert (await client.get("/things", params=later)).json()["meta"]["total"] == 3, "of the list, not of what is left"
    filtered = {"include_total": True, "min_size": 2}
    assert (await client.get("/things", params=filtered)).json()["meta"]["total"] == 2


async def test_fields_narrow_the_answer_and_the_sql(
    client: CheckedClient, platform: Platform, company_id: UUID
) -> None:
    await fill(platform, company_id, [1])
    response = await client.get("/things", params={"fields": "name"})
    assert response.json()["data"] == [{"name": "thing-0000"}]
    assert "things.size" not in client.last_statements[0]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"fields": "nope"}, "INVALID_FIELDS"),
        ({"sort": "nope"}, "INVALID_SORT"),
        ({"sort": "name,name"}, "INVALID_SORT"),
        ({"cursor": "!!"}, "INVALID_CURSOR"),
        ({"cursor": base64.urlsafe_b64encode(b"0" * 40).decode()}, "INVALID_CURSOR"),
        ({"limit": 0}, "VALIDATION_FAILED"),
        ({"sort": ""}, "INVALID_SORT"),
        ({"cursor": ""}, "INVALID_CURSOR"),
        ({"limit": 201}, "VALIDATION_FAILED"),
        ({"limit": 1001, "fields": "name"}, "VALIDATION_FAILED"),
        ({"unknown": 1}, "VALIDATION_FAILED"),
    ],
)
async def test_what_a_list_does_not_take(client: CheckedClient, params: dict[str, str], code: str) -> None:
    response = await client.get("/things", params=params)
    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_narrowed_a_page_may_hold_a_thousand(client: CheckedClient, platform: Platform, company_id: UUID) -> None:
    await fill(platform, company_id, list(range(201)))
    page = (await client.get("/things", params={"fields": "name", "limit": 1000})).json()
    assert (len(page["data"]), page["meta"]["limit"]) == (201, 1000)
    [error] = (await client.get("/things", params={"limit": 1000})).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/query", "limit_needs_fields")


@pytest.mark.parametrize(
    ("params", "valid"), [({"fields": "nope"}, "size"), ({"sort": "nope"}, "rank"), ({"nope": 1}, "min_size")]
)
async def test_an_unknown_name_is_refused_with_the_valid_ones(
    client: CheckedClient, params: dict[str, str], valid: str
) -> None:
    [error] = (await client.get("/things", params=params)).json()["errors"]
    assert valid in error["message"]


async def test_links_lead_to_the_neighbours(client: CheckedClient, platform: Platform, company_id: UUID) -> None:
    await fill(platform, company_id, [1, 2, 3, 4, 5])
    first = await client.get("/things", params={"limit": 2, "sort": "-size"})
    assert list(first.links) == ["next"]
    second = await client.get(first.links["next"]["url"].removeprefix("/api/sample/v1"))
    assert [row["size"] for row in second.json()["data"]] == [3, 2]
    assert set(second.links) == {"next", "prev"}
    back = await client.get(second.links["prev"]["url"].removeprefix("/api/sample/v1"))
    assert back.json()["data"] == first.json()["data"]
    again = await client.get(second.links["prev"]["url"].removeprefix("/api/sample/v1"))
    assert again.links == back.links, "also out of the cache"


async def test_a_cursor_opens_no_other_list(client: CheckedClient, platform: Platform, company_id: UUID) -> None:
    await fill(platform, company_id, [1, 2, 3])
    cursor = (await client.get("/things", params={"limit": 1})).json()["meta"]["next_cursor"]
    for changed in ({"sort": "size"}, {"min_size": 2}):
        response = await client.get("/things", params={"cursor": cursor, **changed})
        assert response.json()["code"] == "INVALID_CURSOR"


async def test_a_second_read_needs_no_database(client: CheckedClient, platform: Platform, company_id: UUID) -> None:
    await fill(platform, company_id, [1])
    for _ in range(20):  # the outbox drops the list once more, at a moment of its own
        await client.get("/things")
        if not client.last_statements:
            break
    assert client.last_statements == []


class TestReplicas:
    @pytest.fixture
    async def replica(self, app: FastAPI, settings: SampleSettings) -> AsyncIterator[FastAPI]:
        async with running(create(settings, background=(relay,))) as application:
            yield application

    async def test_a_write_is_visible_in_another_replicas_cached_reads(
        self, client: CheckedClient, replica: FastAPI, company_id: UUID
    ) -> None:
        mint, caller = TokenMint(replica.state.platform.keys), Caller(new_id(), company_id, "analyst")
        other = CheckedClient(replica, prefix="/api/sample/v1", caller=caller, token=mint.token(caller))
        async with other:
            assert (await other.get("/things")).json()["data"] == []
            for number in range(1, 11):
                await client.post("/things", json={"name": f"n{number:02}"})
                async with asyncio.timeout(60):  # of the 300 s they live
                    while len((await other.get("/things")).json()["data"]) < number:
                        pass


async def test_work_outside_a_request_drops_what_it_makes_stale(
    client: CheckedClient, platform: Platform, company_id: UUID, ctx: Context
) -> None:
    assert (await client.get("/things")).json()["data"] == []
    await fill(platform, company_id, [1])
    assert len((await client.get("/things")).json()["data"]) == 1
