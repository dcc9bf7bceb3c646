"""An analysis as a job: handed over, carried out, ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from etter_common import jobs
from etter_common.context import Context
from etter_common.errors import NotFound
from etter_common.jobs import Job, Queue
from etter_common.responses import encode
from etter_simulation.analyses.analysis_repository import AnalysisRepository, AnalysisT

Repositories = Callable[[Context], AnalysisRepository[AnalysisT]]
Report = Callable[[float, str, float | None], Awaitable[None]]
Perform = Callable[[str, Report], Awaitable[dict[str, Any]]]


async def submit(analyses: AnalysisRepository[AnalysisT], queue: Queue, analysis: AnalysisT) -> AnalysisT:
    """Add the row and hand it to a worker, both or neither; the row as it was written."""
    return await analyses.submit(queue, analysis)


async def carry_out(job: Job, repository: Repositories[Any], perform: Perform) -> None:
    """Play the request and keep the answer. Nothing is written before the end, so a lost worker's job begins anew."""
    async with job.work() as ctx:
        request = await repository(ctx).request_of(job.id)
    result = await perform(encode(request).decode(), job.report)
    async with job.succeed() as ctx:
        await repository(ctx).put_result(job.id, result)


async def cancel(analyses: AnalysisRepository[AnalysisT], analysis_id: UUID) -> AnalysisT:
    """Ask for its end; one that waits ends at once, one that runs within moments."""
    try:
        found: AnalysisT = await jobs.request_cancel(analyses.ctx, analyses.model, analysis_id)
    except NotFound:
        raise analyses.not_found() from None
    await analyses.session.flush()
    return found
