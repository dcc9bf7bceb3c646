"""What a consumer holds: messages in one lane per aggregate, each lane strictly in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from etter_common.clock import monotonic
from etter_common.events.supervisor import stop


@dataclass
class Held:
    """A delivered message that is not settled yet; `message` is its newest delivery."""

    message: Msg
    sequence: int
    deliveries: int
    is_resting: bool = False  # waits for its next try

    @property
    def aggregate(self) -> str:
        return self.message.subject.rpartition(".")[2]

    @property
    def identity(self) -> tuple[int, str]:
        """A stream that was lost and made anew counts from one again, so the number alone is not enough."""
        return self.sequence, (self.message.headers or {}).get("ce-id", "")

    @classmethod
    def of(cls, message: Msg) -> Held:
        metadata = message.metadata
        return cls(message, metadata.sequence.stream, metadata.num_delivered)


@dataclass
class Recovery:
    """Redeliveries left over by an earlier reader come in any order: hold all back until they are here."""

    expected: int  # messages delivered before and not acknowledged
    delivered_up_to: int  # the highest sequence among them
    until: float  # monotonic; whatever has not come by then was acknowledged in between

    def is_over(self, held: list[Held]) -> bool:
        back = sum(1 for one in held if one.sequence <= self.delivered_up_to)
        return back >= self.expected or monotonic() >= self.until


class Lanes:
    """`settle` returns when its message is done with: handled, or buried. It must not raise."""

    def __init__(self, settle: Callable[[Held], Awaitable[None]], *, on_room: Callable[[], None]) -> None:
        self._settle = settle
        self._on_room = on_room
        self._held: dict[tuple[int, str], Held] = {}
        self._lanes: dict[str, deque[Held]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._back: list[Held] = []
        self._recovery: Recovery | None = None

    def __len__(self) -> int:
        return len(self._held)

    def recover(self, recovery: Recovery) -> None:
        self._recovery = recovery

    def add(self, message: Msg) -> None:
        held = Held.of(message)
        known = self._held.get(held.identity)
        if known is not None:  # delivered again while it is here: only its address is new
            known.message = message
            return
        self._held[held.identity] = held
        if self._recovery is None:
            self._enqueue(held)
        else:
            self._back.append(held)
            self.look_at_recovery()

    def look_at_recovery(self) -> None:
        if self._recovery is not None and self._recovery.is_over(self._back):
            self._recovery = None
            for held in sorted(self._back, key=lambda one: one.sequence):
                self._enqueue(held)
            self._back.clear()

    def _enqueue(self, held: Held) -> None:
        key = held.aggregate
        self._lanes.setdefault(key, deque()).append(held)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._run(key), name=f"lane-{key}")

    async def _run(self, key: str) -> None:
        lane = self._lanes[key]
        try:
            while lane:
                await self._settle(lane[0])
                self._held.pop(lane.popleft().identity, None)
                self._on_room()
        finally:
            self._lanes.pop(key, None)
            self._tasks.pop(key, None)

    async def keep_alive(self) -> None:
        """Tell the server that everything held is still in work."""
        for held in list(self._held.values()):
            with suppress(NatsError):
                await held.message.in_progress()

    async def hand_back(self, *, grace_s: float) -> None:
        """Let running handlers end for a while, then give back all that is not settled, oldest first."""
        for lane in self._lanes.values():
            while len(lane) > 1:  # a lane ends after the message it is at
                lane.pop()
        resting = [self._tasks[key] for key, lane in self._lanes.items() if lane and lane[0].is_resting]
        running = [task for task in self._tasks.values() if task not in resting]
        await stop(*resting)
        if running:
            await asyncio.wait(running, timeout=grace_s)
            await stop(*running)
        for held in sorted(self._held.values(), key=lambda one: one.sequence):
            with suppress(NatsError):
                await held.message.nak()
        self._held.clear()


MAX_HELD: Final = 256
