"""Three servers of NATS with streams on each of them: one may be lost."""

from __future__ import annotations

import sysconfig
from collections.abc import AsyncGenerator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import NotFoundError

from etter_common import api_keys, auth
from etter_common.events import streams
from etter_common.events.consumer import consumers, on
from etter_common.events.relay import relay
from etter_common.platform import open_platform
from etter_common.testing.backbone import Backbone, StepTaken, step, until
from etter_devstack.servers.ports import free_port, says
from etter_devstack.servers.process import Process

from .test_consumer import note, noted

NAMES = ("one", "two", "three")


@pytest.fixture
async def servers_of_a_cluster(tmp_path: Path) -> AsyncGenerator[dict[str, tuple[Process, int]]]:
    ports = {name: (free_port(None), free_port(None)) for name in NAMES}
    routes = ",".join(f"nats://127.0.0.1:{route}" for _, route in ports.values())
    with ExitStack() as stack:
        running = {}
        for name, (port, route) in ports.items():
            command: list[str | Path] = [
                Path(sysconfig.get_path("scripts")) / "nats-server", "-n", name, "-js", "-sd", tmp_path / name,
                "-a", "127.0.0.1", "-p", str(port), "--cluster_name", "test",
                "--cluster", f"nats://127.0.0.1:{route}", "--routes", routes,
            ]  # fmt: skip
            process = Process(command, log=tmp_path / f"{name}.log")
            stack.callback(process.kill)
            running[name] = (process, port)
        for process, port in running.values():
            process.wait_until(lambda port=port: says(port, b"", b'"jetstream":true'))  # type: ignore[misc]
        yield running


async def test_events_go_on_when_the_leader_of_the_stream_is_lost(
    backbone: Backbone, servers_of_a_cluster: dict[str, tuple[Process, int]]
) -> None:
    urls = ",".join(f"nats://127.0.0.1:{port}" for _, port in servers_of_a_cluster.values())
    settings = backbone.settings.model_copy(update={"nats_url": urls, "nats_replicas": 3})
    company, door = uuid4(), uuid4()

    async def heard(count: int) -> bool:
        return len(await noted(backbone, door)) >= count

    async with open_platform(settings) as platform, relay(platform), consumers(on(StepTaken, note))(platform):
        for number in range(2):
            async with platform.work(company_id=company) as ctx:
                await ctx.publish(step(door, number, company))
        await until(lambda: heard(2))
        js = platform.nats.jetstream()

        async def is_on_all(name: str) -> bool:
            with suppress(NotFoundError, NatsTimeout):  # made beside the first events
                return (await js.stream_info(name)).config.num_replicas == 3
            return False

        buckets = (auth.KEYS_BUCKET, auth.REVOCATIONS_BUCKET, api_keys.BUCKET)
        for name in (streams.EVENTS, streams.DEAD_LETTERS, *(f"KV_{bucket}" for bucket in buckets)):
            await until(partial(is_on_all, name))
        cluster = (await js.stream_info(streams.EVENTS)).cluster
        servers_of_a_cluster[str(cluster and cluster.leader)][0].kill()
        for number in range(2, 4):
            async with platform.work(company_id=company) as ctx:
                await ctx.publish(step(door, number, company))
        await until(lambda: heard(4))
    assert await noted(backbone, door) == [0, 1, 2, 3]
