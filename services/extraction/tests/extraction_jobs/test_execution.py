"""Jobs: documents in, facts out, each document by itself."""

from __future__ import annotations

from uuid import UUID

import pytest

from etter_common.events.contracts.extraction import JobCompleted
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_extraction import metrics

from ..factories import extracted, upload

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.usefixtures("jobs")]


def counted(outcome: str) -> float:
    return float(metrics.DOCUMENTS.labels(outcome)._value.get())


class TestExecute:
    async def test_facts_stand_on_the_documents_own_words(self, client: CheckedClient) -> None:
        document = await upload(client)
        job = await extracted(client, document["id"])
        extraction = (await client.get(f"/documents/{document['id']}/extraction")).json()["data"]
        by_type = {fact["type"]: fact for fact in extraction["facts"]}
        assert (job["status"], job["progress"], extraction["kind"]) == ("succeeded", 1.0, "job_description")
        assert by_type["title"]["value"] == "Ledger Clerk"
        assert by_type["pay"]["value"] == {"low": 41000.0, "high": 45000.0, "currency": "USD", "period": "year"}
        assert [f["time_share"] for f in extraction["facts"] if f["type"] == "task"] == [0.6, 0.4]
        assert (await client.get(f"/documents/{document['id']}")).json()["data"]["status"] == "extracted"

    async def test_one_bad_document_does_not_fail_the_others(self, client: CheckedClient) -> None:
        before = counted("extracted"), counted("failed")
        good = await upload(client)
        bad = await upload(client, b"%PDF-1.7\nnot really", "broken.pdf")
        job = await extracted(client, bad["id"], good["id"])
        results = {result["document_id"]: result for result in job["results"]}
        assert job["status"] == "succeeded"
        assert results[bad["id"]]["error_code"] == "DOCUMENT_DAMAGED"
        assert results[good["id"]]["status"] == "extracted"
        assert (await client.get(f"/documents/{bad['id']}")).json()["data"]["error_code"] == "DOCUMENT_DAMAGED"
        assert counted("extracted") >= before[0] + 1  # jobs of tests before may end beside this one's
        assert counted("failed") >= before[1] + 1

    async def test_the_end_is_announced(self, client: CheckedClient, platform: Platform, company_id: UUID) -> None:
        document = await upload(client)
        heard = await platform.nats.subscribe(f"etter.{JobCompleted.type}.{company_id}.>")
        job = await extracted(client, document["id"])
        message = await heard.next_msg(timeout=60)
        await heard.unsubscribe()
        assert JobCompleted.model_validate_json(message.data).model_dump(mode="json") == {
            "job_id": job["id"], "succeeded": 1, "failed": 0,
        }  # fmt: skip

    async def test_extracting_again_replaces_what_nobody_has_accepted(self, client: CheckedClient) -> None:
        document = await upload(client)
        await extracted(client, document["id"])
        first = (await client.get(f"/documents/{document['id']}/extraction")).json()["data"]
        await extracted(client, document["id"])
        second = (await client.get(f"/documents/{document['id']}/extraction")).json()["data"]
        assert (second["id"], second["version"]) == (first["id"], first["version"] + 1)


class TestCreate:
    async def test_unknown_documents_are_named(self, client: CheckedClient) -> None:
        missing = str(new_id())
        response = await client.post("/extraction-jobs", json={"document_ids": [missing]})
        assert (response.status_code, response.json()["missing"]) == (404, [missing])

    async def test_a_job_has_one_to_500_documents(self, client: CheckedClient) -> None:
        for ids in ([], [str(new_id()) for _ in range(501)]):
            response = await client.post("/extraction-jobs", json={"document_ids": ids})
            assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")


class TestEnded:
    async def test_an_ended_job_is_neither_cancelled_nor_tried_again(self, client: CheckedClient) -> None:
        job = await extracted(client, (await upload(client))["id"])
        assert (await client.post(f"/extraction-jobs/{job['id']}/cancel")).json()["code"] == "JOB_NOT_CANCELLABLE"
        assert (await client.post(f"/extraction-jobs/{job['id']}/retry")).json()["code"] == "JOB_NOT_RETRYABLE"
