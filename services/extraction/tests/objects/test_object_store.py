"""The service on a bucket: its settings, its start, and what callers and jobs see when the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from etter_common.health import Report
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient, TokenMint
from etter_common.testing.service import running as running_app
from etter_extraction import objects
from etter_extraction.main import create
from etter_extraction.objects import ObjectStore, open_store
from etter_extraction.settings import ExtractionSettings

from ..factories import JOB_TEXT, extracted, upload
from .conftest import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server
from .test_store import keys

pytestmark = pytest.mark.principal("analyst")


def on_bucket(settings: ExtractionSettings, server: S3Server, **other: str) -> ExtractionSettings:
    given = {
        "object_store_url": f"s3://{BUCKET}/documents", "object_store_endpoint": server.endpoint,
        "object_store_access_key": ACCESS_KEY, "object_store_secret_key": SECRET_KEY, **other,
    }  # fmt: skip
    return ExtractionSettings(**{**settings.model_dump(), **given})


class TestSettings:
    @pytest.mark.parametrize(
        ("given", "wrong"),
        [
            ({"object_store_url": "s3:///prefix"}, "must be s3://bucket/prefix"),
            ({"object_store_url": "file://relative/folder"}, "must be s3://bucket/prefix"),
            ({"object_store_url": "/folder"}, "must be s3://bucket/prefix"),
            ({"object_store_url": "gs://bucket"}, "must be s3://bucket/prefix"),
            ({"object_store_endpoint": "objects:9000"}, "must begin with https://"),
            ({"object_store_access_key": "only-one"}, "go together"),
            ({"object_store_secret_key": "only-one"}, "go together"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(
        self, settings: ExtractionSettings, given: dict[str, str], wrong: str
    ) -> None:
        with pytest.raises(ValidationError, match=wrong):
            ExtractionSettings(**{**settings.model_dump(), **given})

    def test_the_secret_is_not_shown(self, settings: ExtractionSettings, s3: S3Server) -> None:
        assert SECRET_KEY not in repr(on_bucket(settings, s3))


class TestOpen:
    async def test_a_bucket_that_is_there(self, settings: ExtractionSettings, s3: S3Server) -> None:
        assert str(await open_store(on_bucket(settings, s3))) == f"s3://{BUCKET}/documents at {s3.endpoint}"

    async def test_one_that_is_not_is_named_and_not_made(self, settings: ExtractionSettings, s3: S3Server) -> None:
        with pytest.raises(SystemExit, match=r"there is no bucket for s3://other/documents at http.* create it"):
            await open_store(on_bucket(settings, s3, object_store_url="s3://other/documents"))
        assert not (s3.root / "other").exists()

    async def test_wrong_credentials_are_named(self, settings: ExtractionSettings, s3: S3Server) -> None:
        with pytest.raises(SystemExit, match="refuses these credentials") as raised:
            await open_store(on_bucket(settings, s3, object_store_secret_key="wrong-secret"))
        assert "wrong-secret" not in str(raised.value)

    async def test_one_that_does_not_answer_is_waited_for(self, settings: ExtractionSettings, own_s3: S3Server) -> None:
        own_s3.kill()
        store = await open_store(on_bucket(settings, own_s3))
        await own_s3.start()
        await store.check()


class TestServiceOnABucket:
    async def test_documents_come_and_go(self, settings: ExtractionSettings, s3: S3Server, company_id: UUID) -> None:
        async with running_app(create(on_bucket(settings, s3))) as app:
            caller, mint = Caller(new_id(), company_id, "analyst"), TokenMint(app.state.platform.keys)
            client = CheckedClient(app, prefix="/api/extraction/v1", caller=caller, token=mint.token(caller))
            made = await upload(client)
            store = objects.of(app.state.platform)
            assert await keys(store, company_id) == {made["id"]}
            assert (await client.get(f"/documents/{made['id']}/content")).content == JOB_TEXT
            refused = await client.post("/documents", files={"file": ("fake.docx", b"PK\x03\x04" + bytes(100))})
            assert refused.json()["code"] == "DOCUMENT_DAMAGED"
            deleted = await client.delete(f"/documents/{made['id']}", headers={"If-Match": '"1"'})
            assert (deleted.status_code, await keys(store, company_id)) == (204, set())

    async def test_readiness_tells_when_it_is_away(self, settings: ExtractionSettings, own_s3: S3Server) -> None:
        async with running_app(create(on_bucket(settings, own_s3))) as app:
            health = app.state.platform.health
            health._cache_s = 0
            before: Report = await health.report()
            own_s3.kill()
            away: Report = await health.report()
            await own_s3.start()
            after: Report = await health.report()
        assert [(r.status, r.checks["objects"].status) for r in (before, away, after)] == [
            ("ready", "up"), ("degraded", "down"), ("ready", "up"),
        ]  # fmt: skip


class TestStoreAway:
    @pytest.fixture
    async def away(self, platform: Platform, own_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
        """The application keeps its documents on a server that is not there."""
        parts: dict[Any, Any] = platform.parts
        monkeypatch.setitem(parts, ObjectStore, own_s3.store())
        own_s3.kill()
        return own_s3

    async def test_an_upload_is_refused_for_now(self, client: CheckedClient, away: S3Server) -> None:
        response = await client.post("/documents", files={"file": ("a.txt", b"hello")})
        assert (response.status_code, response.json()["code"]) == (503, "OBJECT_STORE_AWAY")
        assert int(response.headers["retry-after"]) >= 1
        assert away.endpoint not in response.text
        assert (await client.get("/documents")).json()["data"] == []

    async def test_what_is_there_stays_and_can_be_had_later(self, client: CheckedClient, away: S3Server) -> None:
        await away.start()
        made = await upload(client)
        away.kill()
        for response in (
            await client.get(f"/documents/{made['id']}/content"),
            await client.delete(f"/documents/{made['id']}", headers={"If-Match": '"1"'}),
        ):
            assert (response.status_code, response.json()["code"]) == (503, "OBJECT_STORE_AWAY")
        await away.start()
        assert (await client.get(f"/documents/{made['id']}/content")).content == JOB_TEXT

    @pytest.mark.usefixtures("jobs")
    async def test_a_job_waits_for_it(self, client: CheckedClient, away: S3Server) -> None:
        await away.start()
        made = await upload(client)
        away.kill()
        path = "/extraction-jobs"
        path += "/" + (await client.post(path, json={"document_ids": [made["id"]]})).json()["data"]["id"]
        waiting = await job_when(client, path, lambda job: job["attempts"] > 0 and job["status"] == "queued")
        assert (waiting["results"], waiting["error_code"]) == ([], None)
        await away.start()
        done = await job_when(client, path, lambda job: job["status"] not in ("queued", "running"))
        assert (done["status"], done["results"][0]["status"]) == ("succeeded", "extracted")


async def job_when(client: CheckedClient, path: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            job: dict[str, Any] = (await client.get(path)).json()["data"]
            if is_so(job):
                return job


class TestMissing:
    async def test_a_document_without_its_file(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        made = await upload(client)
        await objects.of(platform).delete(company_id, UUID(made["id"]))
        response = await client.get(f"/documents/{made['id']}/content")
        assert (response.status_code, response.json()["code"]) == (404, "DOCUMENT_CONTENT_MISSING")

    @pytest.mark.usefixtures("jobs")
    async def test_a_job_says_so_of_it(self, client: CheckedClient, platform: Platform, company_id: UUID) -> None:
        made = await upload(client)
        await objects.of(platform).delete(company_id, UUID(made["id"]))
        job = await extracted(client, made["id"])
        assert [result["error_code"] for result in job["results"]] == ["DOCUMENT_DAMAGED"]
