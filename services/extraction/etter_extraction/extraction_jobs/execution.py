"""The job: read each document in the sandbox, keep what it says, go on where the last attempt ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.errors import AppError
from etter_common.jobs import Job, JobStatus, Stopped
from etter_extraction import metrics, objects, sandbox
from etter_extraction.answering import Answer, Request
from etter_extraction.documents import service as documents
from etter_extraction.documents.models import Document
from etter_extraction.extraction_jobs import events
from etter_extraction.extraction_jobs.repository import ExtractionJobRepository
from etter_extraction.extractions import service as extractions
from etter_extraction.facts.people.fields import Field
from etter_extraction.objects import ObjectMissing, StoreAway
from etter_extraction.settings import ExtractionSettings

log = structlog.get_logger(__name__)
_DONE = "done"
_BLANK: Final[dict[str, Any]] = {
    "original": None, "corrected_by": None, "corrected_at": None, "group": None, "time_share": None, "role": 0,
    "flags": [], "concept": None, "details": {},
}  # fmt: skip


async def execute(job: Job) -> None:
    """Each document is one transaction with its line in the checkpoint, so that a killed worker repeats none."""
    async with job.work() as ctx:
        row = await ExtractionJobRepository(ctx).get(job.id)
        ids = [UUID(str(id_)) for id_ in row.document_ids]
        open_ids = [id_ for id_ in ids if str(id_) not in _done(job)]
        found = await documents.start(ctx, open_ids)
        choices = await extractions.column_choices(ctx)
    await _Run(job, total=len(ids), choices=choices).all(found)
    results = list(_done(job).values())
    failed = sum(result["status"] == "failed" for result in results)
    async with job.succeed() as ctx:
        (await ExtractionJobRepository(ctx).get(job.id)).results = results
        await ctx.publish(events.job_completed(ctx.company_id, job.id, succeeded=len(results) - failed, failed=failed))


class _Run:
    """One attempt: as many documents at a time as the settings allow, progress after each."""

    def __init__(self, job: Job, *, total: int, choices: Mapping[str, Field]) -> None:
        settings = job.platform.settings
        assert isinstance(settings, ExtractionSettings)  # noqa: S101 - this service's worker runs it
        self._job = job
        self._total = total
        self._choices = choices
        self._wall_s = settings.parse_wall_s
        self._ocr = settings.ocr
        self._slots = asyncio.Semaphore(settings.parse_parallel)
        self._writing = asyncio.Lock()
        self._started = monotonic()
        self._first = len(_done(job))

    async def all(self, found: list[Document]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for document in found:
                    group.create_task(self._one(document))
        except ExceptionGroup as failures:  # one document's trouble stops the attempt; the runner wants it bare
            raise failures.exceptions[0] from failures

    async def _one(self, document: Document) -> None:
        async with self._slots:
            await self._job.raise_if_cancelled()
            result = await self._read(document)
        async with self._writing:
            await self._keep(document, result)
            done = len(_done(self._job))
            spent, finished = monotonic() - self._started, done - self._first
            eta = spent / max(finished, 1) * (self._total - done)
            await self._job.report(done / self._total, f"{done} of {self._total} documents", eta)

    async def _read(self, document: Document) -> Answer | AppError:
        store = objects.of(self._job.platform)
        try:
            async with store.local(self._job.company_id, document.id) as path:
                request = Request(document.created_at.date(), dict(self._choices))
                return await sandbox.extract(
                    path, document.kind, document.filename, request, wall_s=self._wall_s, ocr=self._ocr
                )
        except StoreAway:  # not the document's fault: the job waits
            raise
        except (ObjectMissing, FileNotFoundError):
            return documents.gone()
        except AppError as refused:
            log.info("document_refused", document_id=str(document.id), error_code=refused.code)
            return refused

    async def _keep(self, document: Document, result: Answer | AppError) -> None:
        async with self._job.work() as ctx:
            if isinstance(result, AppError):
                await documents.finish(ctx, document.id, "failed", result)
                line = _line(document, "failed", result.code, result.detail)
            else:
                await _keep_facts(ctx, self._job.id, document, result)
                await documents.finish(ctx, document.id, "extracted")
                line = _line(document, "extracted")
            done = {**_done(self._job), str(document.id): line}
            await self._job.checkpoint_in(ctx, {_DONE: done})
        metrics.DOCUMENTS.labels(line["status"]).inc()


async def _keep_facts(ctx: Context, job_id: UUID, document: Document, answer: Answer) -> None:
    notes = [{"count": 1, "examples": [], **note} for note in msgspec.to_builtins(answer.notes)]
    await extractions.keep(
        ctx, document.id, job_id=job_id, kind=answer.kind,
        facts=[{**_BLANK, **fact} for fact in msgspec.to_builtins(answer.facts)],
        pages=msgspec.to_builtins(answer.pages), report=notes,
        warnings=[note["message"] for note in notes if note["code"] != "ROWS_READ"],
        mappings=msgspec.to_builtins(answer.mappings),
    )  # fmt: skip


async def note_stop(ctx: Context, stopped: Stopped) -> None:
    """Announce a job that failed or was cancelled, and let its unfinished documents go."""
    row = await ExtractionJobRepository(ctx).get(stopped.job_id)
    row.results = list(((row.checkpoint or {}).get(_DONE) or {}).values())
    finished = {result["document_id"] for result in row.results}
    await documents.release(ctx, [UUID(str(id_)) for id_ in row.document_ids if id_ not in finished])
    if stopped.status == JobStatus.CANCELLED:
        await ctx.publish(events.job_cancelled(ctx.company_id, stopped.job_id))
    else:
        await ctx.publish(events.job_failed(ctx.company_id, stopped.job_id, stopped.error_code or "UNKNOWN"))


def _done(job: Job) -> dict[str, Any]:
    done: dict[str, Any] = job.checkpoint.get(_DONE) or {}
    return done


def _line(document: Document, status: str, code: str | None = None, detail: str | None = None) -> dict[str, Any]:
    return {"document_id": str(document.id), "status": status, "error_code": code, "error_detail": detail}
