"""Follows a JetStream key-value bucket into memory, through lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError

from etter_common.buckets import bucket
from etter_common.events.supervisor import honour_cancel, stop

log = structlog.get_logger(__name__)
_RETRY_S = 1.0
_REFRESH_S = 30.0


class Sink(Protocol):
    """What takes the bucket's entries."""

    def put(self, key: str, value: bytes, /) -> None: ...


class BucketWatch:
    """Keeps a sink up to date with one bucket. The watch is renewed after errors and every 30 s, so it heals."""

    def __init__(
        self, nats: Client, name: str, sink: Sink, *, on_delete: Callable[[str], None] | None = None,
        ttl_s: float | None = None, replicas: int = 1,
    ) -> None:  # fmt: skip
        self._nats, self._name, self._sink = nats, name, sink
        self._on_delete = on_delete
        self._ttl_s = ttl_s
        self._replicas = replicas
        self._task: asyncio.Task[None] | None = None
        self.loaded = asyncio.Event()  # all that was there is in the sink

    async def start(self) -> None:
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
                log.warning("bucket_watch_lost", bucket=self._name, error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        """Read the snapshot, then changes, until nothing has come for a while; the caller starts anew."""
        store = await bucket(self._nats, self._name, ttl_s=self._ttl_s, replicas=self._replicas)
        watcher = await store.watchall()
        try:
            while True:
                honour_cancel()
                try:
                    entry = await watcher.updates(timeout=_REFRESH_S)
                except NatsTimeoutError:
                    return
                if entry is None:  # the end of what is stored
                    self.loaded.set()
                    continue
                if entry.operation is None:
                    self._sink.put(entry.key, entry.value or b"")
                elif self._on_delete:
                    self._on_delete(entry.key)
        finally:
            await watcher.stop()
