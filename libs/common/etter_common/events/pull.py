"""Messages of one durable consumer, pulled by standing requests.

The client library's own `fetch` of several messages can stall for its whole timeout (nats-io/nats.py#986), so this
keeps requests of its own open: as many messages as there is room for, with idle heartbeats. Silence, a status, a
reconnect or a lost consumer make it ask again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from etter_common.clock import monotonic
from etter_common.events.supervisor import honour_cancel
from etter_common.logging import get_logger
from etter_common.messaging import api_of

_log = get_logger(__name__)
_EXPIRES_S: Final = 30.0
_HEARTBEAT_S: Final = 1.0
_SILENCE_S: Final = 3.0
_LOOK_S: Final = 0.5
_NANO: Final = 1_000_000_000


class Pull:
    """One process's reading of a consumer. `demand` says how many messages it can take beyond those it holds;
    `ensure` makes stream and consumer where they are missing. Call `wake` when the demand has grown.
    """

    def __init__(
        self, nats: Client, stream: str, consumer: str,
        *, demand: Callable[[], int], ensure: Callable[[], Awaitable[object]],
    ) -> None:  # fmt: skip
        self._nats = nats
        self._next_subject = f"{api_of(nats)}.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._demand = demand
        self._ensure = ensure
        self._arrived: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._open: dict[int, int] = {}  # request number -> messages it may still bring
        self._number = 0
        self._heard = monotonic()
        self._reconnects = nats.stats["reconnects"]

    def wake(self) -> None:
        if self._arrived.empty():
            self._arrived.put_nowait(None)

    async def messages(self) -> AsyncGenerator[Msg]:
        """Endless. What has arrived and was not yielded goes back to the server at the end."""
        inbox = self._nats.new_inbox()
        subscription = await self._nats.subscribe(f"{inbox}.*", cb=self._on_message)
        try:
            while True:
                await self._ask(inbox)
                honour_cancel()
                message = await self._next()
                if message is not None:
                    yield message
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()
                while not self._arrived.empty():
                    left = self._arrived.get_nowait()
                    if left is not None and left.reply:
                        await left.nak()

    async def _on_message(self, message: Msg) -> None:
        self._arrived.put_nowait(message)

    async def _ask(self, inbox: str) -> None:
        demand = self._demand()
        wanted = demand - sum(self._open.values())
        if wanted <= 0 or (self._open and wanted * 2 < demand) or not self._nats.is_connected:
            return
        self._number += 1
        request = {
            "batch": wanted,
            "expires": int(_EXPIRES_S * _NANO),
            "idle_heartbeat": int(_HEARTBEAT_S * _NANO),
        }
        if not self._open:
            self._heard = monotonic()
        self._open[self._number] = wanted
        await self._nats.publish(self._next_subject, json.dumps(request).encode(), reply=f"{inbox}.{self._number}")

    async def _next(self) -> Msg | None:
        try:
            async with asyncio.timeout(_LOOK_S):
                message = await self._arrived.get()
        except TimeoutError:
            await self._look_around()
            return None
        if message is None:
            return None
        self._heard = monotonic()
        if message.reply:
            self._count()
            return message
        await self._on_status(int(message.subject.rpartition(".")[2]), message.headers or {})
        return None

    def _count(self) -> None:
        """The server serves the oldest request first."""
        for number in list(self._open)[:1]:
            self._open[number] -= 1
            if self._open[number] == 0:
                del self._open[number]

    async def _on_status(self, number: int, headers: dict[str, str]) -> None:
        status = headers.get("Status")
        if status == "100":  # idle heartbeat
            return
        self._open.pop(number, None)
        if status not in ("404", "408"):  # neither "no messages" nor "expired": something is wrong
            _log.info("pull_interrupted", status=status, description=headers.get("Description"))
            await self._recover()

    async def _look_around(self) -> None:
        if not self._nats.is_connected:
            return
        reconnects = self._nats.stats["reconnects"]
        if reconnects != self._reconnects or (self._open and monotonic() - self._heard > _SILENCE_S):
            await self._recover()
            self._reconnects = reconnects

    async def _recover(self) -> None:
        """Forget the open requests, whose answers may never come, and see that the consumer is there."""
        self._open.clear()
        try:
            await self._ensure()
        except (NatsError, APIError, TimeoutError) as error:
            _log.warning("consumer_not_ready", error_type=type(error).__name__)
            await asyncio.sleep(_LOOK_S)
