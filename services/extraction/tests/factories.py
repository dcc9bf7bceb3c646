"""Builds valid objects; a test states only what matters to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.testing.client import CheckedClient
from etter_extraction.documents import service as documents
from etter_extraction.extraction_jobs import service as extraction_jobs
from etter_extraction.extraction_jobs.schemas import ExtractionJobCreate
from etter_extraction.extractions import service as extractions

JOB_TEXT = b"""Job title: Ledger Clerk
Department: Finance
Salary: $41,000 - $45,000 per year

Duties
- 60% Enter invoices into the ledger.
- 40% Advise managers on their budgets.

Skills
- Bookkeeping
"""


async def upload(client: CheckedClient, content: bytes = JOB_TEXT, filename: str = "clerk.txt") -> dict[str, Any]:
    response = await client.post("/documents", files={"file": (filename, content)})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()["data"]
    return made


async def extracted(client: CheckedClient, *ids: str) -> dict[str, Any]:
    """Run a job over the documents and wait for its end."""
    response = await client.post("/extraction-jobs", json={"document_ids": list(ids)})
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()["data"]
    started = monotonic()
    while job["status"] not in ("succeeded", "failed", "cancelled"):
        assert monotonic() - started < 60
        job = (await client.get(f"/extraction-jobs/{job['id']}")).json()["data"]
    return job


async def make_document(ctx: Context) -> UUID:
    async def chunks() -> AsyncIterator[bytes]:
        yield JOB_TEXT

    return (await documents.create(ctx, await documents.receive(ctx, "clerk.txt", chunks()))).id


async def make_job(ctx: Context) -> UUID:
    document = await make_document(ctx)
    return (await extraction_jobs.create(ctx, ExtractionJobCreate(document_ids=[document]))).id


async def make_extraction(ctx: Context) -> UUID:
    document = await make_document(ctx)
    await extractions.keep(ctx, document, job_id=document, kind="job_description", facts=[], pages=[])
    return (await extractions.of_document(ctx, document)).id
