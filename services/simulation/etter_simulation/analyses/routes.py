"""What the routes of every analysis share."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Header

from etter_common.context import Context
from etter_common.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidFields,
    InvalidIdempotencyKey,
    InvalidSort,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.jobs import JobMixin, progress_events
from etter_common.sse import EventStream, documented_stream, event_stream
from etter_simulation.analyses.errors import UnknownSubject
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles, TooManyRoleProfiles

COMMON: Final = (Unauthenticated, Forbidden, ValidationFailed)
STARTING: Final = (*COMMON, IdempotencyKeyReused, InvalidIdempotencyKey)
SUBJECT: Final = (*STARTING, UnknownSubject, NoRoleProfiles, TooManyRoleProfiles, MixedCurrencies)
LISTING: Final = (*COMMON, InvalidCursor, InvalidSort, InvalidFields)
STREAM: Final = documented_stream("the job's progress")
LastEventId = Annotated[str | None, Header(max_length=200)]


def follow(ctx: Context, model: type[JobMixin], analysis_id: UUID, last_event_id: str | None) -> EventStream:
    """Server-sent events `progress`, then `finished`; look first whether the company has it."""
    platform, company_id = ctx.platform, ctx.company_id
    return event_stream(
        lambda after: progress_events(platform, model, analysis_id, company_id=company_id, last_event_id=after),
        last_event_id=last_event_id,
        closing=platform.health.draining,
    )
