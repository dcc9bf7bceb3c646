"""Events in: one message is one transaction with its inbox row inside; an aggregate's events strictly in order.

All replicas of a service share one durable consumer and one of them reads at a time (`lease`): two readers could
handle two events of one aggregate side by side. Within the reader, aggregates run concurrently. A failed event is
held and tried again after a growing delay while later events of its aggregate wait behind it; handing it back to the
server for the delay would let them overtake. After the last try, or at once where no try can help, it goes to the
dead letters and its aggregate goes on.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import asyncpg
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerInfo

from etter_common import metrics, tracing
from etter_common.clock import monotonic
from etter_common.context import Context, Origin
from etter_common.events import dead_letters, inbox, lease, streams
from etter_common.events.envelope import SUBJECT_ROOT, Event, EventPayload
from etter_common.events.lanes import MAX_HELD, Held, Lanes, Recovery
from etter_common.events.pull import Pull
from etter_common.events.retry import Kind, PermanentError, RetryPolicy, classify, reason
from etter_common.events.supervisor import first_to_end, honour_cancel, supervised
from etter_common.logging import bound, get_logger
from etter_common.work_trace import traced

if TYPE_CHECKING:
    from etter_common.platform import Platform

Handler = Callable[[Context, Event], Awaitable[None]]
Upkeep = Callable[["Platform"], Awaitable[None]]

MAX_DELIVERIES: Final = 20
_KEEP_ALIVE_S: Final = 3.0
_MEASURE_S: Final = 5.0
_HANDED_BACK_AFTER_S: Final = 5.0
_AWAY_FIRST_S: Final = 0.5
_AWAY_LONGEST_S: Final = 10.0
_CLEAN_EVERY_S: Final = 3600.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class Subscription:
    """One handler of one type of event; `upkeep` is what the reader does for it every hour."""

    payload_type: type[EventPayload]
    handler: Handler
    upkeep: Upkeep | None = None

    @property
    def subject(self) -> str:
        return f"{SUBJECT_ROOT}.{self.payload_type.type}.*.*"


def on(payload_type: type[EventPayload], handler: Handler) -> Subscription:
    """Call `handler(ctx, event)` once for each event of this type.

    `ctx` is the event's company's (an event of no company gets the system scope). Handlers of the same type run one
    after the other in the same transaction.
    """
    return Subscription(payload_type, handler)


def consumers(
    *subscriptions: Subscription, policy: RetryPolicy | None = None, concurrency: int = 8
) -> Callable[[Platform], AbstractAsyncContextManager[None]]:
    """This service's readers of events, as a `Background`. `concurrency` bounds the transactions at a time."""

    @asynccontextmanager
    async def background(platform: Platform) -> AsyncGenerator[None]:
        consumer = _Consumer(platform, subscriptions, policy or RetryPolicy(), concurrency)
        async with supervised("consumer", consumer.run):
            yield

    return background


class _Consumer:
    """The reading of one process; it reads while it holds the lease."""

    def __init__(
        self, platform: Platform, subscriptions: tuple[Subscription, ...], policy: RetryPolicy, concurrency: int
    ) -> None:  # fmt: skip
        self._platform = platform
        self._name = platform.settings.service
        self._policy = policy
        self._slots = asyncio.Semaphore(concurrency)
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        self._upkeep: list[Upkeep] = [inbox.forget_old]
        for subscription in subscriptions:
            self._handlers[subscription.payload_type.type].append(subscription.handler)
            if subscription.upkeep:
                self._upkeep.append(subscription.upkeep)
        self._config = streams.events_consumer(self._name, self._handlers)
        metrics.DEAD_LETTERS.labels(self._name)  # there from the start, so that the first one is an increase

    async def run(self) -> None:
        await lease.hold(self._platform, "consumer", self._serve)

    async def _ensure(self) -> ConsumerInfo:
        await streams.ensure(self._platform)
        return await streams.ensure_consumer(self._platform, streams.EVENTS, self._config)

    async def _serve(self, connection: asyncpg.Connection) -> None:
        info = await self._ensure()
        pull = Pull(
            self._platform.nats, streams.EVENTS, self._name,
            demand=lambda: MAX_HELD - len(lanes), ensure=self._ensure,
        )  # fmt: skip
        lanes = Lanes(self._settle, on_room=pull.wake)
        if info.num_ack_pending and info.delivered:
            until = monotonic() + streams.ACK_WAIT_S + 1
            lanes.recover(Recovery(info.num_ack_pending, info.delivered.stream_seq, until))
        try:
            await first_to_end(
                self._read(pull, lanes), self._keep_alive(lanes), self._measure(), self._clean_up(),
                lease.beat(connection),
            )  # fmt: skip
        finally:
            await lanes.hand_back(grace_s=_HANDED_BACK_AFTER_S)
            metrics.CONSUMER_LAG.labels(self._name).set(0)  # another replica tells it now

    async def _read(self, pull: Pull, lanes: Lanes) -> None:
        async for message in pull.messages():
            lanes.add(message)
            metrics.CONSUMER_LAG.labels(self._name).set(message.metadata.num_pending + len(lanes))

    async def _keep_alive(self, lanes: Lanes) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_S)
            lanes.look_at_recovery()
            await lanes.keep_alive()
            honour_cancel()

    async def _measure(self) -> None:
        """How much is not handled yet, told also while nothing comes: messages in hand say it only when they do."""
        js = self._platform.nats.jetstream()
        while True:
            with suppress(NatsError, OSError, TimeoutError):
                info = await js.consumer_info(streams.EVENTS, self._name)
                metrics.CONSUMER_LAG.labels(self._name).set((info.num_pending or 0) + (info.num_ack_pending or 0))
            honour_cancel()
            await asyncio.sleep(_MEASURE_S)

    async def _clean_up(self) -> None:
        while True:
            try:
                for upkeep in self._upkeep:
                    await upkeep(self._platform)
            except Exception as error:
                if classify(error) is not Kind.AWAY:
                    raise
            await asyncio.sleep(_CLEAN_EVERY_S)

    async def _settle(self, held: Held) -> None:
        """Try until it is handled or buried."""
        failures, away = held.deliveries - 1, 0
        while (error := await self._try(held)) is not None:
            kind = classify(error)
            if kind is Kind.AWAY:
                away += 1
                await _rest(held, min(_AWAY_LONGEST_S, _AWAY_FIRST_S * 2 ** min(away, 10)))
                continue
            failures += 1
            if kind is Kind.PERMANENT or failures >= self._policy.tries:
                if await self._bury(held, error, tries=failures):
                    return
                failures -= 1
            await _rest(held, self._policy.delay_s(max(failures, 1)))

    async def _try(self, held: Held) -> Exception | None:
        if held.deliveries > MAX_DELIVERIES:
            return PermanentError(f"delivered {held.deliveries} times without an end")
        try:
            event = _read(held.message)
        except ValueError as error:
            return PermanentError(str(error))
        started = monotonic()
        try:
            async with self._slots:
                outcome = await self._handle(event)
        except Exception as error:  # every failure of a handler is classified by the caller
            metrics.CONSUMER_MESSAGES.labels(self._name, "failed").inc()
            _log.warning("event_failed", event_id=event.id, event_type=event.type, reason=reason(error))
            if classify(error) is Kind.TRANSIENT:
                tracing.capture(error)
            return error
        metrics.CONSUMER_SECONDS.labels(self._name).observe(monotonic() - started)
        metrics.CONSUMER_MESSAGES.labels(self._name, outcome).inc()
        with suppress(NatsError):  # not acknowledged: it comes again, and the inbox knows it
            await held.message.ack()
        return None

    async def _handle(self, event: Event) -> str:
        request_id = event.request_id or str(event.id)
        origin = Origin(request_id=request_id, traceparent=event.traceparent)
        ids = {"event_id": event.id, "event_type": event.type, "company_id": event.company_id}
        with bound(request_id=request_id, **ids), traced(f"handle {event.type}", event.traceparent):
            async with self._platform.work(
                origin=origin, company_id=event.company_id, system=event.company_id is None
            ) as ctx:
                if not await inbox.first_time(ctx, self._name, event):
                    return "duplicate"
                for handler in self._handlers[event.type]:
                    await handler(ctx, event)
        return "handled"

    async def _bury(self, held: Held, error: Exception, *, tries: int) -> bool:
        """Whether the dead letter is written; without NATS it is tried again later."""
        try:
            await dead_letters.bury(
                self._platform.nats, held.message, consumer=self._name, reason=reason(error), tries=tries
            )
        except (NatsError, OSError, TimeoutError):
            return False
        metrics.DEAD_LETTERS.labels(self._name).inc()
        _log.error("event_given_up", subject=held.message.subject, tries=tries, reason=reason(error))
        return True


def _read(message: Msg) -> Event:
    """The event; whatever cannot be read is a `ValueError`."""
    try:
        return Event.read(message.headers or {}, message.data)
    except (KeyError, ValueError) as error:
        raise ValueError(f"unreadable event: {reason(error)}") from error


async def _rest(held: Held, delay_s: float) -> None:
    held.is_resting = True
    await asyncio.sleep(delay_s)
    held.is_resting = False
