"""Key-value buckets of JetStream, read without a consumer.

A consumer's maker chooses where it delivers to, so no service may make one. A bucket's reader asks for what is stored
in batches, and hears of what comes then on the subject where the bucket republishes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import KeyValueConfig, RePublish
from nats.js.errors import BucketNotFoundError, NotFoundError
from nats.js.kv import KeyValue

from etter_common.messaging import REPUBLISHED, api_of, may_provision

_BATCH: Final = 500
_ANSWER_S: Final = 5.0


class Bucket(KeyValue):
    """A bucket whose `watchall` needs no consumer."""

    def __init__(self, nats: Client, name: str) -> None:
        super().__init__(f"{name}", f"KV_{name}", f"$KV.{name}.", nats.jetstream(), direct=True)
        self.nats, self.bucket = nats, name

    async def watchall(self, **_: object) -> Follower:  # type: ignore[override]
        """What is stored, in the order it was written, then `None`, then every change."""
        follower = Follower(self)
        await follower.start()
        return follower


class Follower:
    """One pass over a bucket; nothing is missed between what is stored and what comes."""

    def __init__(self, store: Bucket) -> None:
        self._store = store
        self._arrived: asyncio.Queue[KeyValue.Entry | None] = asyncio.Queue()
        self._stored_to = 0
        self._live: Subscription | None = None

    async def start(self) -> None:
        ready: asyncio.Queue[Msg] = asyncio.Queue()
        self._live = await self._store.nats.subscribe(f"{REPUBLISHED}.{self._store.bucket}.>", cb=ready.put)
        try:
            await self._store.nats.flush(timeout=int(_ANSWER_S))
            await self._read_stored()
        except BaseException:
            await self.stop()
            raise
        self._arrived.put_nowait(None)
        self._ready = ready

    async def updates(self, timeout: float = _ANSWER_S) -> KeyValue.Entry | None:
        """The next entry; raises the client's `TimeoutError` when there is none in time."""
        if not self._arrived.empty():
            return self._arrived.get_nowait()
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while True:
            try:
                async with asyncio.timeout_at(until):
                    entry = _entry(self._store.bucket, await self._ready.get())
            except TimeoutError:
                raise NatsTimeoutError from None
            if (entry.revision or 0) > self._stored_to:
                return entry

    async def stop(self) -> None:
        if self._live is not None and not self._store.nats.is_closed:
            await self._live.unsubscribe()

    async def _read_stored(self) -> None:
        inbox = self._store.nats.new_inbox()
        answers = await self._store.nats.subscribe(inbox)
        try:
            left = 1
            while left:
                left = await self._read_batch(answers, inbox)
        finally:
            await answers.unsubscribe()

    async def _read_batch(self, answers: Subscription, inbox: str) -> int:
        """How many are left behind this batch."""
        asked = {"seq": self._stored_to + 1, "next_by_subj": f"$KV.{self._store.bucket}.>", "batch": _BATCH}
        subject = f"{api_of(self._store.nats)}.DIRECT.GET.KV_{self._store.bucket}"
        await self._store.nats.publish(subject, json.dumps(asked).encode(), reply=inbox)
        while True:
            message = await answers.next_msg(timeout=_ANSWER_S)
            headers = message.headers or {}
            if (status := headers.get("Status")) == "204":
                return int(headers.get("Nats-Num-Pending", "0"))
            if status == "404":
                return 0
            if status is not None:
                raise NotFoundError(code=int(status), description=f"{subject} answers {status}")
            entry = _entry(self._store.bucket, message)
            self._stored_to = entry.revision or 0
            self._arrived.put_nowait(entry)


async def bucket(nats: Client, name: str, *, ttl_s: float | None = None, replicas: int = 1) -> Bucket:
    """The bucket; on a connection that may, made if it is missing and brought to its definition."""
    js = nats.jetstream()
    if not may_provision(nats):
        return Bucket(nats, name)
    republish = RePublish(src=f"$KV.{name}.>", dest=f"{REPUBLISHED}.{name}.>")
    try:
        found = (await js.stream_info(f"KV_{name}")).config
    except (BucketNotFoundError, NotFoundError):
        await js.create_key_value(
            KeyValueConfig(bucket=name, ttl=ttl_s, history=1, replicas=replicas, direct=True, republish=republish)
        )
        return Bucket(nats, name)
    copies = max(found.num_replicas or 1, replicas)
    wanted = replace(found, num_replicas=copies, allow_direct=True, republish=republish)
    if wanted != found:
        await js.update_stream(wanted)
    return Bucket(nats, name)


async def entries(store: Bucket) -> dict[str, KeyValue.Entry]:
    """What the bucket holds at the moment, by key, in one pass; without what was deleted."""
    found: dict[str, KeyValue.Entry] = {}
    follower = await store.watchall()
    try:
        while (entry := await follower.updates()) is not None:
            if entry.operation is None:
                found[entry.key] = entry
    finally:
        await follower.stop()
    return found


def _entry(name: str, message: Msg) -> KeyValue.Entry:
    headers: Mapping[str, str] = message.headers or {}
    return KeyValue.Entry(
        bucket=name,
        key=headers["Nats-Subject"].removeprefix(f"$KV.{name}."),
        value=message.data,
        revision=int(headers["Nats-Sequence"]),
        delta=int(headers.get("Nats-Num-Pending", "0")),
        created=None,
        operation=headers.get("KV-Operation"),
    )
