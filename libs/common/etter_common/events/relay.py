"""Outbox to NATS: in order per aggregate, again and again until the stream has acknowledged.

Every replica runs it and one works at a time (`lease`). An event whose predecessor of the same aggregate is not
acknowledged yet is not sent, so that a connection lost in between cannot swap them; aggregates do not wait for each
other. A row goes when the stream has it: a crash in between publishes it again, and the stream drops the second copy
by its `Nats-Msg-Id` (within two minutes; after that the reader's inbox does).
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
from nats.errors import BadHeaderError, BadSubjectError, MaxPayloadError
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NoStreamResponseError

from etter_common import idempotency, metrics
from etter_common.clock import monotonic
from etter_common.events import lease, streams
from etter_common.events.envelope import known_types
from etter_common.events.supervisor import honour_cancel, supervised
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from etter_common.platform import Platform

SWEEP_S: Final = 1.0
STUCK_S: Final = 10.0
_AGAIN_S: Final = 1.0  # after what could not be published
BATCH: Final = 500
_IN_FLIGHT: Final = 128
_ACK_TIMEOUT_S: Final = 5.0
_STEP_TIMEOUT_S: Final = 10.0  # of one call as a whole: the client bounds the wait for an answer, not what leads to it
_MEASURE_S: Final = 5.0
_FORGET_S: Final = 3600.0
_REFUSED: Final = (MaxPayloadError, BadSubjectError, BadHeaderError)  # no later try can help
_log = get_logger(__name__)

_TAKE: Final = """
    SELECT id, aggregate_id, subject, headers, payload, tags FROM outbox
    WHERE aggregate_id IS NULL OR aggregate_id <> ALL($1::uuid[])
    ORDER BY seq LIMIT $2
"""
_DONE: Final = "DELETE FROM outbox WHERE id = ANY($1::uuid[])"
_MEASURE: Final = """
    SELECT count(*), coalesce(extract(epoch FROM now() - (SELECT created_at FROM outbox ORDER BY seq LIMIT 1)), 0)
    FROM outbox
"""


@asynccontextmanager
async def relay(platform: Platform, *, sweep_s: float = SWEEP_S) -> AsyncGenerator[None]:
    """Publish this service's outbox for the life of the process; a `Background`.

    A commit wakes it; it also looks every `sweep_s`, should it not have heard of one.
    """

    backlog = Backlog()
    platform.health.add("outbox", backlog.check, required=False)

    async def run() -> None:
        await lease.hold(platform, "relay", lambda connection: _Relay(platform, connection, sweep_s, backlog).run())

    async with supervised("relay", run):
        yield


class OutboxStuck(Exception):
    """NATS is connected and does not take events."""


class Backlog:
    """How the holder of the lease gets on; a health check of its process."""

    def __init__(self) -> None:
        self._failing_since: float | None = None

    def note(self, *, failing: bool) -> None:
        self._failing_since = (self._failing_since or monotonic()) if failing else None

    async def check(self) -> None:
        """Raise when no sweep has published all it had for `STUCK_S`."""
        if self._failing_since is not None and monotonic() - self._failing_since > STUCK_S:
            raise OutboxStuck


class _Relay:
    """The work of the lease's holder; its queries run on the lease's connection, so they end with the lease."""

    def __init__(self, platform: Platform, connection: asyncpg.Connection, sweep_s: float, backlog: Backlog) -> None:
        self._platform = platform
        self._connection = connection
        self._sweep_s = sweep_s
        self._backlog = backlog
        self._js = platform.nats.jetstream(timeout=_ACK_TIMEOUT_S)
        self._wake = asyncio.Event()
        self._in_flight = asyncio.Semaphore(_IN_FLIGHT)
        self._refused: set[UUID] = set()
        self._has_failed = False  # in the batch at hand, for a reason that may pass
        self._measured = self._forgot = float("-inf")
        metrics.OUTBOX_PUBLISHED.labels("refused")  # there from the start, so that the first one is an increase
        for event_type in known_types():
            if event_type.startswith(f"{platform.settings.service}."):
                metrics.EVENTS_PUBLISHED.labels(event_type)

    async def run(self) -> None:
        await self._connection.add_listener("outbox", lambda *_: self._wake.set())
        self._connection.add_termination_listener(lambda _: self._wake.set())  # to learn at once that it is lost
        try:
            while True:
                honour_cancel()
                self._wake.clear()
                await self._measure()
                await self._forget_keys()
                if not await self._sweep():
                    await self._pause()
        finally:
            self._backlog.note(failing=False)
            metrics.OUTBOX_PENDING.set(0)
            metrics.OUTBOX_AGE_S.set(0)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._sweep_s):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _sweep(self) -> bool:
        """Publish one batch; true when the next one should follow at once."""
        rows = await self._connection.fetch(_TAKE, list(self._refused), BATCH)
        if not rows or not self._platform.nats.is_connected:
            self._backlog.note(failing=False)
        if not rows:
            return False
        if not self._platform.nats.is_connected:
            await asyncio.sleep(_AGAIN_S)
            return False
        done = await lease.keep(self._connection, self._publish(rows))
        if done:
            await self._connection.execute(_DONE, done)
        self._backlog.note(failing=self._has_failed)
        if len(done) < len(rows):
            await asyncio.sleep(_AGAIN_S)
            return False
        return len(rows) == BATCH

    async def _publish(self, rows: Sequence[Any]) -> list[UUID]:
        """The ids of the rows that are done with; the others stay for the next sweep."""
        changes = {str(row["id"]): json.loads(row["tags"]) for row in rows if row["tags"] != "[]"}
        if changes:
            try:
                async with asyncio.timeout(_STEP_TIMEOUT_S):
                    await self._platform.cache.invalidate_rest(changes, cause="outbox")
            except TimeoutError:
                _log.warning("outbox_invalidation_stuck", changes=len(changes))
                return []
        self._has_failed = False
        chains: dict[UUID, list[Any]] = defaultdict(list)
        for row in rows:
            chains[row["aggregate_id"] or row["id"]].append(row)
        done = await asyncio.gather(*(self._publish_chain(chain) for chain in chains.values()))
        return [id_ for ids in done for id_ in ids]

    async def _publish_chain(self, rows: list[Any]) -> list[UUID]:
        """Rows of one aggregate, each after the acknowledgement of the one before; stops at the first failure."""
        done: list[UUID] = []
        for row in rows:
            try:
                async with self._in_flight, asyncio.timeout(_STEP_TIMEOUT_S):
                    await self._publish_row(row)
            except _REFUSED as error:
                self._refused.add(row["aggregate_id"] or row["id"])
                self._note_failure(row, error, "refused")
                break
            except NoStreamResponseError as error:
                self._note_failure(row, error, "failed")
                await self._make_stream(row["subject"])
                break
            except (NatsError, OSError, TimeoutError) as error:
                self._note_failure(row, error, "failed")
                break
            done.append(row["id"])
        return done

    async def _publish_row(self, row: Any) -> None:
        subject = row["subject"]
        if subject is None:
            return
        headers, payload = json.loads(row["headers"]), row["payload"] or b""
        if streams.is_signal(subject):
            await self._platform.nats.publish(subject, payload, headers=headers or None)
            return
        ack = await self._js.publish(subject, payload, headers=headers)
        metrics.OUTBOX_PUBLISHED.labels("duplicate" if ack.duplicate else "published").inc()
        if not ack.duplicate and (event_type := headers.get("ce-type")):
            metrics.EVENTS_PUBLISHED.labels(event_type).inc()

    async def _make_stream(self, subject: str) -> None:
        try:
            await streams.ensure_for(self._platform, subject)
        except (NatsError, APIError, OSError, TimeoutError) as error:
            _log.warning("stream_not_made", subject=subject, error_type=type(error).__name__)

    def _note_failure(self, row: Any, error: Exception, outcome: str) -> None:
        self._has_failed = self._has_failed or outcome == "failed"
        metrics.OUTBOX_PUBLISHED.labels(outcome).inc()
        _log.warning(
            "outbox_row_not_published", outbox_id=row["id"], subject=row["subject"], outcome=outcome,
            error_type=type(error).__name__,
        )  # fmt: skip

    async def _forget_keys(self) -> None:
        """Old idempotency keys; here because there is one holder of this lease beside each database."""
        if monotonic() - self._forgot < _FORGET_S:
            return
        self._forgot = monotonic()
        await idempotency.forget_old(self._platform)

    async def _measure(self) -> None:
        if monotonic() - self._measured < _MEASURE_S:
            return
        self._measured = monotonic()
        pending, age_s = await self._connection.fetchrow(_MEASURE)
        metrics.OUTBOX_PENDING.set(pending)
        metrics.OUTBOX_AGE_S.set(max(0.0, float(age_s)))
