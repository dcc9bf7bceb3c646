"""A job's progress, live to any replica: core NATS for speed, the row for truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from sqlalchemy import select

from etter_common.errors import NotFound
from etter_common.events import streams
from etter_common.jobs.models import FINAL, JobMixin
from etter_common.server_event import ServerEvent

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from etter_common.context import Context
    from etter_common.platform import Platform

_NONE: Final = (-1, -1)  # the id of no state
LOOK_EVERY_S: Final = 5.0
"""A message over core NATS can be lost (a killed worker, a reconnect); the row is read this often beside."""


class State(msgspec.Struct, frozen=True):
    """What a follower sees. `id` only grows: the attempt, then the moment in µs."""

    id: tuple[int, int]
    status: str
    attempts: int
    progress: float
    stage: str | None
    eta_seconds: int | None
    error_code: str | None
    error_detail: str | None

    @classmethod
    def of(cls, row: JobMixin) -> State:
        moment = row.finished_at or row.heartbeat_at or row.queued_at
        return cls(
            id=(row.attempts, _micros(moment)),
            status=row.status,
            attempts=row.attempts,
            progress=row.progress,
            stage=row.stage,
            eta_seconds=row.eta_seconds,
            error_code=row.error_code,
            error_detail=row.error_detail,
        )

    @property
    def shown(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "progress": round(self.progress, 4),
            "stage": self.stage,
            "eta_seconds": self.eta_seconds,
            "attempts": self.attempts,
            "error_code": self.error_code,
            "error_detail": self.error_detail,
        }

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def event(self) -> ServerEvent:
        return ServerEvent(
            data=msgspec.json.encode(self.shown).decode(),
            event="finished" if self.is_final else "progress",
            id=f"{self.id[0]}-{self.id[1]}",
        )


async def publish(platform: Platform, job_id: UUID, state: State) -> None:
    """Tell whoever follows the job now; a loss is made good by their next look at the row."""
    subject = streams.progress_subject(platform.settings.service, job_id)
    with suppress(NatsError):
        await platform.nats.publish(subject, msgspec.json.encode(state))


async def progress_events(
    platform: Platform,
    model: type[JobMixin],
    job_id: UUID,
    *,
    company_id: UUID,
    last_event_id: str | None = None,
) -> AsyncGenerator[ServerEvent]:
    """The job's state, then every change, until its final state (event `finished`; before it `progress`).

    With `last_event_id` only what is newer; the final state always comes. Holds no connection while it waits. Raises
    `NotFound` at the first step for a job the company does not have.
    """
    arrived: asyncio.Queue[State] = asyncio.Queue(maxsize=1000)

    async def on_message(message: Msg) -> None:
        with suppress(msgspec.DecodeError, asyncio.QueueFull):
            arrived.put_nowait(msgspec.json.decode(message.data, type=State))

    subject = streams.progress_subject(platform.settings.service, job_id)
    subscription = await platform.nats.subscribe(subject, cb=on_message)
    try:
        with suppress(NatsError, TimeoutError):  # heard by the server before the row is read
            await platform.nats.flush(timeout=1)
        seen = _parse(last_event_id)
        state = await _look(platform, model, job_id, company_id)
        shown: dict[str, Any] | None = None
        while True:
            if state.is_final or (state.id > seen and state.shown != shown):
                yield state.event()
                seen, shown = max(seen, state.id), state.shown
            if state.is_final:
                return
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    state = await arrived.get()
            except TimeoutError:
                state = await _look(platform, model, job_id, company_id)
    finally:
        with suppress(NatsError):
            await subscription.unsubscribe()


async def has_seen_end(ctx: Context, model: type[JobMixin], job_id: UUID, last_event_id: str | None) -> bool:
    """Whether the job has ended and its final state was the last that this follower got."""
    seen = _parse(last_event_id)
    if seen == _NONE:
        return False
    state = await _read(ctx.session, model, job_id, ctx.company_id)
    return state.is_final and state.id == seen


async def _look(platform: Platform, model: type[JobMixin], job_id: UUID, company_id: UUID) -> State:
    async with platform.db.transaction(company_id) as session:
        return await _read(session, model, job_id, company_id)


async def _read(session: AsyncSession, model: Any, job_id: UUID, company_id: UUID) -> State:
    row = await session.scalar(select(model).where(model.id == job_id, model.company_id == company_id))
    if row is None:
        raise NotFound
    return State.of(row)


def _parse(event_id: str | None) -> tuple[int, int]:
    """An id we did not write counts as none."""
    attempt, _, moment = (event_id or "").partition("-")
    return (int(attempt), int(moment)) if attempt.isdecimal() and moment.isdecimal() else _NONE


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
