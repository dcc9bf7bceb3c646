"""JetStream streams and the subjects they hold, made if missing and brought to their definition at start.

| subject | stream |
|---|---|
| `etter.<service>.<noun>.<past tense>.<version>.<company>.<aggregate>` | `ETTER_EVENTS`, kept 30 days |
| `etter.jobs.<queue>.<job>` | `ETTER_JOBS_<QUEUE>`, a work queue: a message is gone once acknowledged |
| `etter.dead_letters.<consumer>.<sequence>` | `ETTER_DEAD_LETTERS`, kept 90 days |
| `etter.<service>.health` | `ETTER_HEALTH`, the last one of each: shows that messages are stored |
| `etter.progress.<service>.<job>`, `etter.signals.…` | none: heard by who listens at that moment |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from nats.js.api import ConsumerConfig, ConsumerInfo, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import BadRequestError, NotFoundError

from etter_common.events.envelope import SUBJECT_ROOT
from etter_common.messaging import may_provision

if TYPE_CHECKING:
    from etter_common.platform import Platform

EVENTS: Final = "ETTER_EVENTS"
DEAD_LETTERS: Final = "ETTER_DEAD_LETTERS"
HEALTH: Final = "ETTER_HEALTH"
EVENTS_KEPT_S: Final = 30 * 86_400
DEAD_LETTERS_KEPT_S: Final = 90 * 86_400
DUPLICATE_WINDOW_S: Final = 120
ACK_WAIT_S: Final = 10.0
JOB_ACK_WAIT_S: Final = 5.0
MAX_UNACKNOWLEDGED: Final = 512
WORKERS: Final = "workers"

_JOBS_PREFIX: Final = "etter.jobs."
_SIGNALS_PREFIX: Final = "etter.signals."
_NAME_TAKEN: Final = 10_058  # stream name already in use with a different configuration


def _config(name: str, subjects: list[str], *, kept_s: float, retention: RetentionPolicy) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=subjects,
        max_age=kept_s,
        retention=retention,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        duplicate_window=DUPLICATE_WINDOW_S,
    )


def events_config() -> StreamConfig:
    return _config(EVENTS, ["etter.*.*.*.*.*.*"], kept_s=EVENTS_KEPT_S, retention=RetentionPolicy.LIMITS)


def dead_letters_config() -> StreamConfig:
    subjects = ["etter.dead_letters.*.*"]
    return _config(DEAD_LETTERS, subjects, kept_s=DEAD_LETTERS_KEPT_S, retention=RetentionPolicy.LIMITS)


def health_config() -> StreamConfig:
    """On disk like the others, as it is the disk that fails."""
    config = _config(HEALTH, ["etter.*.health"], kept_s=EVENTS_KEPT_S, retention=RetentionPolicy.LIMITS)
    return replace(config, max_msgs_per_subject=1)


def health_subject(service: str) -> str:
    return f"etter.{service}.health"


def jobs_stream(queue: str) -> str:
    return f"ETTER_JOBS_{queue.upper()}"


def jobs_config(queue: str) -> StreamConfig:
    subjects = [jobs_subject(queue)]
    return _config(jobs_stream(queue), subjects, kept_s=EVENTS_KEPT_S, retention=RetentionPolicy.WORK_QUEUE)


def jobs_subject(queue: str) -> str:
    return f"{_JOBS_PREFIX}{queue}.*"


def job_subject(queue: str, job_id: UUID) -> str:
    return f"{_JOBS_PREFIX}{queue}.{job_id}"


def progress_subject(service: str, job_id: UUID) -> str:
    return f"etter.progress.{service}.{job_id}"


def cancel_subject(job_id: UUID | str) -> str:
    return f"{_SIGNALS_PREFIX}cancel.{job_id}"


def is_signal(subject: str) -> bool:
    """Whether it goes out over core NATS, to whoever listens now, instead of into a stream."""
    return subject.startswith(_SIGNALS_PREFIX)


def events_consumer(service: str, types: Iterable[str]) -> ConsumerConfig:
    """The one reader of a service, which all its replicas share."""
    return ConsumerConfig(
        durable_name=service,
        filter_subjects=sorted(f"{SUBJECT_ROOT}.{type_}.*.*" for type_ in types),
        ack_wait=ACK_WAIT_S,
        max_deliver=-1,
        max_ack_pending=MAX_UNACKNOWLEDGED,
    )


def jobs_consumer(ack_wait_s: float = JOB_ACK_WAIT_S) -> ConsumerConfig:
    """The one reader of a queue, which all its workers share."""
    return ConsumerConfig(durable_name=WORKERS, ack_wait=ack_wait_s, max_deliver=-1, max_ack_pending=10_000)


async def ensure_consumer(platform: Platform, stream: str, wanted: ConsumerConfig) -> ConsumerInfo:
    """The consumer; raises `NotFoundError` when it is missing and this process may not make it."""
    js = platform.nats.jetstream()
    if may_provision(platform.nats):
        made: ConsumerInfo = await js.add_consumer(stream, wanted)
        return made
    found: ConsumerInfo = await js.consumer_info(stream, wanted.durable_name or "")
    return found


async def ensure(platform: Platform) -> None:
    """Events and dead letters; a queue's stream is made by its first worker or its first message."""
    for wanted in (events_config(), dead_letters_config()):
        await _ensure(platform, wanted)


async def ensure_health(platform: Platform) -> None:
    await _ensure(platform, health_config())


async def ensure_queue(platform: Platform, queue: str) -> None:
    await _ensure(platform, jobs_config(queue))


async def ensure_for(platform: Platform, subject: str) -> None:
    """The stream that `subject` belongs to; what to do when a publish found none."""
    if subject.startswith(_JOBS_PREFIX):
        await ensure_queue(platform, subject.removeprefix(_JOBS_PREFIX).split(".", 1)[0])
    elif subject.startswith("etter.dead_letters."):
        await _ensure(platform, dead_letters_config())
    else:
        await _ensure(platform, events_config())


async def _ensure(platform: Platform, wanted: StreamConfig) -> None:
    """With accounts on the server `events.provision` has made it, and a service may not."""
    if not may_provision(platform.nats):
        return
    replicas = platform.settings.nats_replicas
    await ensure_stream(platform.nats.jetstream(), replace(wanted, num_replicas=replicas))


async def ensure_stream(js: JetStreamContext, wanted: StreamConfig) -> None:
    """Create or update; what an operator sets (more replicas, placement, sizes) is left as it is."""
    try:
        found = (await js.stream_info(wanted.name or "")).config
    except NotFoundError:
        try:
            await js.add_stream(wanted)
        except BadRequestError as error:  # another process was first
            if error.err_code != _NAME_TAKEN:
                raise
        return
    ours = replace(
        found,
        subjects=wanted.subjects,
        max_age=wanted.max_age,
        duplicate_window=wanted.duplicate_window,
        num_replicas=max(found.num_replicas or 1, wanted.num_replicas or 1),
    )
    if ours != found:
        await js.update_stream(ours)
