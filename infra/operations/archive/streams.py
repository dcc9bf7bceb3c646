"""JetStream: streams into files by the server's own snapshots and back, and a stream brought to a moment.

What is kept here is what exists nowhere else: events that a service has published and another has not handled yet,
and dead letters. Work queues and keys are made anew from the databases, which are the truth about both.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoServersError
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from archive.manifest import Backup, BackupError

EVENTS = "ETTER_EVENTS"
KEPT = (EVENTS, "ETTER_DEAD_LETTERS", "KV_auth-revocations")
"""Backed up. Entries of revocations end after eleven minutes, in a backup as well."""
KEYS = "KV_auth-keys"
_JOBS = "ETTER_JOBS_"
_CHUNK = 128 * 1024
_TIMEOUT_S = 30.0
_DELETES_AT_ONCE = 100
_ENDINGS = (
    "auth.company.deleted.v1",
    "auth.user.deactivated.v1",
    "auth.session.revoked.v1",
    "auth.api_key.revoked.v1",
)
"""Endings that a restore undoes: they are told one by one, to be done again."""


@dataclass
class Cut:
    """What a restore has taken out of the streams."""

    by_type: Counter[str] = field(default_factory=Counter)
    endings: list[str] = field(default_factory=list)


@asynccontextmanager
async def connected(url: str, credentials: Path | None = None) -> AsyncIterator[Client]:
    try:
        client = await nats.connect(
            url.split(","),
            user_credentials=str(credentials) if credentials else None,
            **_operator(url),
            allow_reconnect=False,
            connect_timeout=5,
        )
    except (NoServersError, OSError) as error:
        places = ", ".join(server.rpartition("@")[2] for server in url.split(","))  # without a password
        raise BackupError(f"NATS does not answer at {places}") from error
    try:
        yield client
    finally:
        await client.close()


def _operator(url: str) -> dict[str, str]:
    """The operator's user and inbox, where a password is in the environment and none in the address."""
    password = os.environ.get("NATS_OPERATOR_PASSWORD")
    return {"user": "operator", "password": password} if password and "@" not in url else {}


async def back_up(client: Client, folder: Path) -> dict[str, Any]:
    """Snapshots of the streams of `KEPT` that exist, consumers and their positions included."""
    target = folder / "streams"
    target.mkdir()
    present = await _names(client)
    return {name: await _snapshot(client, name, target) for name in KEPT if name in present}


async def restore(client: Client, backup: Backup) -> dict[str, str]:
    """Each backed-up stream that does not exist is made from its snapshot; one that exists is newer, and stays."""
    backup.check()
    present = await _names(client)
    told = {}
    for name in backup.told["streams"]:
        if name in present:
            told[name] = "exists, kept"
        else:
            messages = await _load(client, name, backup.folder / "streams")
            told[name] = f"restored, {messages} messages"
    return told


async def rewind(client: Client, time: datetime) -> Cut:
    """Take out what is later than the databases, and make readers begin anew; services must be stopped.

    What was published after `time` is either in an outbox again or of a transaction that never was. Readers begin at
    the oldest event; their inbox tells what they have handled. A queue's jobs are pushed again from their rows.
    """
    js = client.jetstream()
    await _refuse_if_read(client)
    cut = Cut()
    present = await _names(client)
    for name in KEPT[:2]:
        if name in present:
            await _cut(client, name, time, cut)
    if EVENTS in present:
        for consumer in await js.consumers_info(EVENTS):
            await js.delete_consumer(EVENTS, consumer.name)
    for name in present:
        if name.startswith(_JOBS) or name == KEYS:
            await js.delete_stream(name)
    return cut


async def _names(client: Client) -> list[str]:
    names: list[str] = []
    while True:
        told = await _ask(client, "$JS.API.STREAM.NAMES", {"offset": len(names)})
        names += told.get("streams") or []
        if len(names) >= told["total"]:
            return names


async def _ask(client: Client, subject: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await client.request(subject, json.dumps(body).encode(), timeout=_TIMEOUT_S)
    told: dict[str, Any] = json.loads(reply.data)
    if "error" in told:
        raise BackupError(f"{subject}: {told['error'].get('description')}")
    return told


async def _snapshot(client: Client, name: str, folder: Path) -> dict[str, Any]:
    """The server sends chunks and goes on as each is acknowledged; an empty one is the end."""
    inbox = client.new_inbox()
    chunks = await client.subscribe(inbox)
    try:
        body = {"deliver_subject": inbox, "chunk_size": _CHUNK, "jsck": True}
        told = await _ask(client, f"$JS.API.STREAM.SNAPSHOT.{name}", body)
        with (folder / f"{name}.tar.s2").open("wb") as out:
            while True:
                chunk = await chunks.next_msg(timeout=_TIMEOUT_S)
                if not chunk.data:
                    _refuse_failed(name, chunk.headers)
                    break
                out.write(chunk.data)
                if chunk.reply:
                    await chunk.respond(b"")
    finally:
        await chunks.unsubscribe()
    (folder / f"{name}.json").write_text(json.dumps({"config": told["config"], "state": told["state"]}), "utf-8")
    return {key: told["state"][key] for key in ("messages", "bytes", "first_seq", "last_seq")}


def _refuse_failed(name: str, headers: dict[str, str] | None) -> None:
    status = (headers or {}).get("Status", "")
    if status and status != "204":
        raise BackupError(f"the snapshot of {name} broke off: {status} {(headers or {}).get('Description', '')}")


async def _load(client: Client, name: str, folder: Path) -> int:
    told = await _ask(
        client, f"$JS.API.STREAM.RESTORE.{name}", json.loads((folder / f"{name}.json").read_text("utf-8"))
    )
    with (folder / f"{name}.tar.s2").open("rb") as content:
        while chunk := content.read(_CHUNK):
            await client.request(told["deliver_subject"], chunk, timeout=_TIMEOUT_S)
    made = json.loads((await client.request(told["deliver_subject"], b"", timeout=_TIMEOUT_S)).data)
    if "error" in made:
        raise BackupError(f"{name} could not be restored: {made['error'].get('description')}")
    return int(made["state"]["messages"])


async def _refuse_if_read(client: Client) -> None:
    """A service that runs would take up what is about to go."""
    js = client.jetstream()
    for name in await _names(client):
        for consumer in await js.consumers_info(name):
            if consumer.num_waiting or consumer.push_bound:
                raise BackupError(f"{name} is being read by {consumer.name}; stop services and workers first")


async def _cut(client: Client, name: str, time: datetime, cut: Cut) -> None:
    """Message by message: a purge can only take what is older than something."""
    late = [message async for message in _since(client.jetstream(), name, time)]
    for message in late:
        headers = message.headers or {}
        kind = headers.get("ce-type", "?")
        cut.by_type[kind if name == EVENTS else "dead letter"] += 1
        if name == EVENTS and kind in _ENDINGS:
            cut.endings.append(f"{kind} {message.subject.rpartition('.')[2]} of {headers.get('ce-companyid', '-')}")
    sequences = [message.metadata.sequence.stream for message in late]
    for at in range(0, len(sequences), _DELETES_AT_ONCE):
        await asyncio.gather(*(_delete(client, name, seq) for seq in sequences[at : at + _DELETES_AT_ONCE]))


async def _delete(client: Client, name: str, sequence: int) -> None:
    """Without writing over its bytes first, which takes many times as long."""
    await _ask(client, f"$JS.API.STREAM.MSG.DELETE.{name}", {"seq": sequence, "no_erase": True})


async def _since(js: JetStreamContext, name: str, time: datetime) -> AsyncIterator[Msg]:
    """The messages from `time` on, without their bodies."""
    config = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=time, headers_only=True)
    reading = await js.subscribe(">", stream=name, ordered_consumer=True, config=config)
    try:
        info = await reading.consumer_info()
        left = (info.num_pending or 0) + (info.delivered.consumer_seq if info.delivered else 0)
        for _ in range(left):
            yield await reading.next_msg(timeout=_TIMEOUT_S)
    finally:
        await reading.unsubscribe()
