"""Following a job over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from etter_common import metrics
from etter_common.jobs.progress import State
from etter_common.platform import Platform
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_extraction.extraction_jobs.models import ExtractionJob

from ..factories import upload

pytestmark = pytest.mark.principal("analyst")


async def follow(client: CheckedClient, job_id: str, after: str | None = None) -> list[dict[str, str]]:
    """Every server-sent event up to the last, by field."""
    headers = {"Last-Event-ID": after} if after else {}
    async with client.stream("GET", f"/extraction-jobs/{job_id}/events", headers=headers) as response:
        assert response.status_code == 200
        body = "\n".join([line async for line in response.aiter_lines()])
    blocks = [block for block in body.split("\n\n") if "data: " in block]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


async def queued(client: CheckedClient) -> str:
    document = await upload(client)
    response = await client.post("/extraction-jobs", json={"document_ids": [document["id"]]})
    assert response.status_code == 202, response.text
    job_id: str = response.json()["data"]["id"]
    return job_id


async def id_of_state(platform: Platform, company_id: UUID, job_id: str) -> str:
    async with platform.work(company_id=company_id) as ctx:
        row: Any = await ctx.session.get(ExtractionJob, UUID(job_id))
        return str(State.of(row).event().id)


class TestEvents:
    async def test_who_comes_back_with_the_last_id_is_not_told_the_same_again(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        job_id = await queued(client)
        known = await id_of_state(platform, company_id, job_id)
        open_before = metrics.SSE_STREAMS._value.get()
        following = asyncio.create_task(follow(client, job_id, known))
        await until(lambda: _is_open(open_before + 1))
        await client.post(f"/extraction-jobs/{job_id}/cancel")
        told = await following
        assert [event["event"] for event in told] == ["finished"]
        assert json.loads(told[-1]["data"])["status"] == "cancelled"
        assert known not in [event["id"] for event in told]

    async def test_the_end_comes_to_whoever_has_not_seen_it(self, client: CheckedClient) -> None:
        job_id = await queued(client)
        await client.post(f"/extraction-jobs/{job_id}/cancel")
        [once] = await follow(client, job_id)
        assert await follow(client, job_id, "0-1") == [once]
        again = await client.get(f"/extraction-jobs/{job_id}/events", headers={"Last-Event-ID": once["id"]})
        assert (again.status_code, again.content) == (204, b"")


async def _is_open(count: float) -> bool:
    return bool(metrics.SSE_STREAMS._value.get() == count)
