"""A job's progress over HTTP: every `/events` route answers through `follow_job`."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from etter_common.context import Context
from etter_common.jobs import JobMixin, progress_events
from etter_common.jobs.progress import has_seen_end
from etter_common.sse import event_stream


async def follow_job(ctx: Context, model: type[JobMixin], job_id: UUID, last_event_id: str | None) -> Response:
    """Stream events `progress`, then `finished`, after the one named; 204 to a client that has the final one.

    An EventSource connects again whenever a stream ends, unless it gets a 204 (WHATWG HTML §9.2.3). Look first whether
    the company has the job.
    """
    if await has_seen_end(ctx, model, job_id, last_event_id):
        return Response(status_code=204)
    platform, company_id = ctx.platform, ctx.company_id
    return event_stream(
        lambda after: progress_events(platform, model, job_id, company_id=company_id, last_event_id=after),
        last_event_id=last_event_id,
        closing=platform.health.draining,
    )
