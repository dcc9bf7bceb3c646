"""Streams are backed up and come back; what is later than the databases is taken out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest
from nats.js.api import ConsumerConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from etter_common import auth
from etter_common.buckets import bucket
from etter_common.events import provision, streams
from etter_devstack.accounts import Accounts
from etter_devstack.servers import nats as nats_server_module
from etter_devstack.servers.nats import Nats

from .conftest import run

Start = Callable[[str], Nats]
COMPANY = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"


@asynccontextmanager
async def jetstream(server: Nats) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(server.url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def fill(js: JetStreamContext) -> None:
    for config in (streams.events_config(), streams.dead_letters_config(), streams.jobs_config("extraction")):
        await streams.ensure_stream(js, config)
    await js.add_consumer(streams.EVENTS, ConsumerConfig(durable_name="core"))
    await publish(js, "core.role.changed.v1", "1")
    await js.publish("etter.dead_letters.core.1", b"letter")
    await js.publish("etter.jobs.extraction.1", b"ticket")


async def publish(js: JetStreamContext, kind: str, thing: str) -> None:
    headers = {"ce-type": kind, "ce-companyid": COMPANY}
    await js.publish(f"etter.{kind}.{COMPANY}.{thing}", thing.encode(), headers=headers)


async def bodies(js: JetStreamContext, stream: str) -> list[bytes]:
    found: list[bytes] = []
    sequence = 0
    while True:
        try:
            message = await js.get_msg(stream, seq=sequence + 1, subject=">", next=True)
        except NotFoundError:
            return found
        found.append(message.data or b"")
        sequence = message.seq or 0


async def test_streams_that_are_gone_come_back_without_what_is_later(folder: Path, nats_server: Start) -> None:
    first = nats_server("first")
    async with jetstream(first) as js:
        await fill(js)
        moment = datetime.now(UTC)
        await publish(js, "core.role.changed.v1", "2")
        await publish(js, "auth.company.deleted.v1", "3")
    run("backup", "run", "--nats", first.url, "--to", folder / "backups")

    second = nats_server("second")
    place = ("--nats", second.url, "--from", folder / "backups", "--time", moment.isoformat())
    said = run("restore", "nats", *place)
    assert "2 later messages taken out" in said
    assert f"do it again: auth.company.deleted.v1 3 of {COMPANY}" in said
    async with jetstream(second) as js:
        assert await bodies(js, streams.EVENTS) == [b"1"]
        assert await bodies(js, streams.DEAD_LETTERS) == [b"letter"]
        assert await js.consumers_info(streams.EVENTS) == []
        assert not [info for info in await js.streams_info() if info.config.name == streams.jobs_stream("extraction")]
        # goes on as the same stream: numbers are not given twice
        await publish(js, "core.role.changed.v1", "4")
        assert (await js.stream_info(streams.EVENTS)).state.last_seq == 4


async def test_a_stream_that_is_there_is_newer_than_the_backup_and_stays(folder: Path, nats_server: Start) -> None:
    server = nats_server("only")
    async with jetstream(server) as js:
        await fill(js)
        run("backup", "run", "--nats", server.url, "--to", folder / "backups")
        await publish(js, "core.role.changed.v1", "2")
        now = datetime.now(UTC).isoformat()
        said = run("restore", "nats", "--nats", server.url, "--from", folder / "backups", "--time", now)
        assert "ETTER_EVENTS: exists, kept" in said
        assert await bodies(js, streams.EVENTS) == [b"1", b"2"]


async def test_nothing_is_touched_while_a_service_reads(folder: Path, nats_server: Start) -> None:
    server = nats_server("read")
    place = ("--nats", server.url, "--time", "2026-01-01T00:00:00Z")
    async with jetstream(server) as js:
        await fill(js)
    service = await nats.connect(server.url)
    asked = f"$JS.API.CONSUMER.MSG.NEXT.{streams.EVENTS}.core"
    inbox = service.new_inbox()
    await service.subscribe(inbox)
    await service.publish(asked, b'{"batch":500,"expires":60000000000}', reply=inbox)
    await service.flush()
    assert "stop services and workers first" in run("restore", "nats", *place, fails=True)
    async with jetstream(server) as js:
        assert await bodies(js, streams.EVENTS) == [b"1"]
    await service.close()
    run("restore", "nats", *place)
    async with jetstream(server) as js:
        assert await bodies(js, streams.EVENTS) == []


async def test_revocations_come_back_and_keys_do_not(folder: Path, nats_server: Start) -> None:
    first = nats_server("first")
    async with jetstream(first) as js:
        await (await bucket(js._nc, auth.KEYS_BUCKET)).put("kid", b"{}")
        await (await bucket(js._nc, auth.REVOCATIONS_BUCKET, ttl_s=600)).put("session.1", b"1")
    run("backup", "run", "--nats", first.url, "--to", folder / "backups")
    second = nats_server("second")
    run("restore", "nats", "--nats", second.url, "--from", folder / "backups", "--time", "2026-01-01T00:00:00Z")
    async with jetstream(second) as js:
        assert [info.config.name for info in await js.streams_info()] == [f"KV_{auth.REVOCATIONS_BUCKET}"]
        assert (await (await js.key_value(auth.REVOCATIONS_BUCKET)).get("session.1")).value == b"1"


async def test_backup_and_restore_work_as_operator_of_a_server_with_accounts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Accounts.for_tests()
    started = nats_server_module.start(folder / "own", log=folder / "own.log", accounts=users.nats_config)
    monkeypatch.setenv("NATS_OPERATOR_PASSWORD", users.nats["operator"])
    try:
        async with provision.connected(users.nats_url("operator", started.port)) as client:
            await provision.provision(client)
            await publish(client.jetstream(), "core.role.changed.v1", "1")
        place = ("--nats", started.url)
        run("backup", "run", *place, "--to", folder / "backups")
        now = datetime.now(UTC).isoformat()
        said = run("restore", "nats", *place, "--from", folder / "backups", "--time", now)
        assert "etter_common.events.provision" in said
        async with provision.connected(users.nats_url("provision", started.port)) as client:
            await provision.provision(client)
        async with provision.connected(users.nats_url("core", started.port)) as client:
            assert (await client.jetstream().consumer_info(streams.EVENTS, "core")).num_pending == 1
    finally:
        started.stop()
