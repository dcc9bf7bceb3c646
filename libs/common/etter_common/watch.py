"""Follows a JetStream key-value bucket into memory, through lost connections, hung servers and lost buckets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import StreamInfo
from nats.js.kv import KeyValue

from etter_common import metrics
from etter_common.buckets import Bucket, Follower, bucket
from etter_common.clock import monotonic
from etter_common.events.supervisor import honour_cancel, stop
from etter_common.freshness import Freshness

log = structlog.get_logger(__name__)
PROBE_S: Final = 1.0
"""How often a watch makes sure that it misses nothing."""
_GRACE_S: Final = 0.25  # for entries that are on their way when the bucket is asked how far it goes
_RETRY_S: Final = 0.25
_ANSWER_S: Final = 1.0  # longest wait for an answer about a bucket
_SNAPSHOT_S: Final = 5.0  # longest silence while one is read


class Sink(Protocol):
    """Takes the bucket's entries, and hears how complete they are."""

    freshness: Freshness

    def put(self, key: str, value: bytes, /) -> None: ...


class _Goal(NamedTuple):
    """How far the bucket went when it was asked."""

    sequence: int
    asked_at: float


class _Reading:
    """One pass over a bucket: what was there, then what comes; and whether anything is missing.

    The bucket is asked again and again for its last sequence number. Once the entry with that number has arrived, the
    sink holds all there was when the question was asked. A silent watch proves nothing: its consumer may be gone, or
    the server may hang with the connection open.
    """

    def __init__(self, sink: Sink, stream: StreamInfo, *, asked_at: float, reconnects: int) -> None:
        self._sink = sink
        self._created, self._reconnects = stream.created, reconnects
        self._start = _Goal(stream.state.last_seq, asked_at)
        self._seen = 0
        self._goal: _Goal | None = None
        self.is_loaded = False
        if stream.state.messages == 0:
            self._load()

    def took(self, entry: KeyValue.Entry) -> None:
        self._seen = max(self._seen, entry.revision or 0)
        if entry.delta == 0 and not self.is_loaded:
            self._load()
        self._reach()

    def asked(self, stream: StreamInfo, *, asked_at: float, reconnects: int) -> bool:
        """Note how far the bucket goes. False when the pass misses something, or reads a bucket that is gone."""
        if self._goal is not None or stream.created != self._created or reconnects != self._reconnects:
            return False
        self._goal = _Goal(stream.state.last_seq, asked_at)
        self._reach()
        return True

    @property
    def ask_in_s(self) -> float:
        if not self.is_loaded:
            return _SNAPSHOT_S
        return PROBE_S if self._goal is None else _GRACE_S

    def _load(self) -> None:
        """Entries up to the start that have not come were deleted or have expired."""
        self.is_loaded = True
        self._seen = max(self._seen, self._start.sequence)
        self._sink.freshness.confirm(self._start.asked_at)

    def _reach(self) -> None:
        if self._goal is not None and self._seen >= self._goal.sequence:
            self._sink.freshness.confirm(self._goal.asked_at)
            self._goal = None


class BucketWatch:
    """Keeps a sink up to date with one bucket, and confirms its freshness about once a second while it is."""

    def __init__(
        self, nats: Client, name: str, sink: Sink, *, on_delete: Callable[[str], None] | None = None,
        ttl_s: float | None = None, replicas: int = 1,
    ) -> None:  # fmt: skip
        self._nats, self._name, self._sink = nats, name, sink
        self._on_delete = on_delete
        self._ttl_s = ttl_s
        self._replicas = replicas
        self._task: asyncio.Task[None] | None = None
        self._is_lost = False
        self.loaded = asyncio.Event()  # all that was there is in the sink

    async def start(self) -> None:
        metrics.BUCKET_AGE_S.labels(self._name).set_function(lambda: self._sink.freshness.age_s)
        self._task = asyncio.create_task(self._run(), name=f"watch-{self._name}")

    async def close(self) -> None:
        if self._task:
            await stop(self._task)

    async def _run(self) -> None:
        while True:
            honour_cancel()  # the client's own calls eat one now and then
            try:
                await self._follow()
            except (NatsError, OSError, TimeoutError) as error:
                if not self._is_lost:
                    log.warning("bucket_watch_lost", bucket=self._name, error=type(error).__name__)
                self._is_lost = True
            await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        """Read the snapshot, then changes, until something is missing; the caller starts again."""
        asked_at, reconnects = monotonic(), self._nats.stats["reconnects"]
        async with asyncio.timeout(_ANSWER_S):
            store = await bucket(self._nats, self._name, ttl_s=self._ttl_s, replicas=self._replicas)
            stream = (await store.status()).stream_info
        reading = _Reading(self._sink, stream, asked_at=asked_at, reconnects=reconnects)
        watcher = await store.watchall()
        try:
            await self._read(store, watcher, reading)
        finally:
            await watcher.stop()

    async def _read(self, store: Bucket, watcher: Follower, reading: _Reading) -> None:
        asked_at = monotonic()
        while True:
            honour_cancel()
            if reading.is_loaded:
                self._has_loaded()
            left_s = asked_at + reading.ask_in_s - monotonic()
            if left_s <= 0:
                if not reading.is_loaded or not await self._is_complete(store, reading):
                    return
                asked_at = monotonic()
                continue
            entry = await _next(watcher, left_s)
            if entry is not None:
                self._take(entry)
                reading.took(entry)
                asked_at = asked_at if reading.is_loaded else monotonic()

    async def _is_complete(self, store: Bucket, reading: _Reading) -> bool:
        asked_at = monotonic()
        async with asyncio.timeout(_ANSWER_S):
            stream = (await store.status()).stream_info
        return reading.asked(stream, asked_at=asked_at, reconnects=self._nats.stats["reconnects"])

    def _take(self, entry: KeyValue.Entry) -> None:
        if entry.operation is None:
            self._sink.put(entry.key, entry.value or b"")
        elif self._on_delete:
            self._on_delete(entry.key)

    def _has_loaded(self) -> None:
        self.loaded.set()
        if self._is_lost:
            log.info("bucket_watch_recovered", bucket=self._name)
        self._is_lost = False


async def _next(watcher: Follower, within_s: float) -> KeyValue.Entry | None:
    """The next entry. `None` when there is none in time, and for the mark after what is stored."""
    try:
        return await watcher.updates(timeout=within_s)
    except NatsTimeoutError:
        return None
