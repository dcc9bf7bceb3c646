"""Follows a JetStream key-value bucket into memory, through lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import KeyValueConfig
from nats.js.errors import BucketNotFoundError, NotFoundError
from nats.js.kv import KeyValue

from etter_common.events.supervisor import honour_cancel, stop

log = structlog.get_logger(__name__)
_RETRY_S = 1.0
_REFRESH_S = 30.0
_SNAPSHOT_S = 5.0  # longest silence while one is read


class Sink(Protocol):
    """What takes the bucket's entries."""

    def put(self, key: str, value: bytes, /) -> None: ...


async def bucket(nats: Client, name: str, *, ttl_s: float | None = None, replicas: int = 1) -> KeyValue:
    """The bucket, made if it is not there yet, and kept by at least so many servers."""
    js = nats.jetstream()
    try:
        found = await js.key_value(name)
    except (BucketNotFoundError, NotFoundError):
        return await js.create_key_value(KeyValueConfig(bucket=name, ttl=ttl_s, history=1, replicas=replicas))
    if replicas > 1:
        config = (await js.stream_info(f"KV_{name}")).config
        if (config.num_replicas or 1) < replicas:
            await js.update_stream(replace(config, num_replicas=replicas))
    return found


async def entries(store: KeyValue) -> dict[str, KeyValue.Entry]:
    """What the bucket holds at the moment, by key, in one pass; without what was deleted.

    Ends with the message behind which there is none, since the client's own mark of the end (an entry of `None`) may
    come before messages that are on their way. An entry that is written anew at this very moment may be missing. Raises
    `TimeoutError` when the last message is taken away meanwhile.
    """
    found: dict[str, KeyValue.Entry] = {}
    if (await store.status()).values == 0:
        return found
    watcher = await store.watchall()
    try:
        while True:
            entry = await watcher.updates(timeout=_SNAPSHOT_S)  # type: ignore[no-untyped-call]
            if entry is not None and entry.operation is None:
                found[entry.key] = entry
            if entry is not None and entry.delta == 0:
                return found
    finally:
        await watcher.stop()  # type: ignore[no-untyped-call]


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
        if (await store.status()).values == 0:
            self.loaded.set()
        watcher = await store.watchall()
        try:
            while True:
                honour_cancel()
                try:
                    entry = await watcher.updates(timeout=_REFRESH_S)  # type: ignore[no-untyped-call]
                except NatsTimeoutError:
                    return
                if entry is None:  # the client's mark of the snapshot's end, which may come too early
                    continue
                if entry.operation is None:
                    self._sink.put(entry.key, entry.value or b"")
                elif self._on_delete:
                    self._on_delete(entry.key)
                if entry.delta == 0:
                    self.loaded.set()
        finally:
            await watcher.stop()  # type: ignore[no-untyped-call]
